"""Programs that make access keys, by the calls that they spell out.

Over 300 lines: what is said of a program in one place, pattern by pattern.
"""

from __future__ import annotations

import os

from posturio_iac.core.keys import CODED
from posturio_iac.core.record import NamedTuple, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import GIT_CRYPT, GIT_LFS, UTF16, decode, holds_any, spelled_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from posturio_iac.core.text.textfile import Fence

_VENDORED = ("service-2.json", ".json.gz", "zoneinfo.tar.gz")
NAMED_ONLY = (".md", ".rst", ".adoc", ".csv", ".html", ".log", ".lock", ".sql", ".sarif", ".bak", ".orig", *_VENDORED)
_OTHERS = ".rego .map .sum .css .scss .proto .h .tf .tofu .tfvars .svg .png .jpg .gif .pdf .ttf .woff .woff2 .dll .dylib .so .a .db"
NO_PROGRAMS = (*NAMED_ONLY, *_OTHERS.split())
"""Endings of what is no program, and of what is judged by itself."""
_SEARCHED = lazy_pattern(rb"(?i)([^${}]+\.(?:ya?ml|json|txt|template|cfn|config))")
_GIVING = ("mainSteps", "apiVersion", ".cloudformation:", " cloudformation:\n")  # signs of a template in another document
_KEY, _ANY_KEY = "(?:AccessKey|ServiceSpecificCredential)", "(?:access[-_]?key|service[-_]?specific[-_]?credential)"
_MAKES = lazy_pattern(
    rf"(?<!\w-)create[-_](?i:access[-_]key|service[-_]specific[-_]credential)(?!\s*=[^=]|\s+(?:help\b|--generate-cli))"
    rf"|(?<![:\w])create{_KEY}(?!\??:)|(?i:aws-sdk:iam:create{_KEY})|(?<![:\w])Create{_KEY}(?:Command(?!Input|Output)|Request|Async|Callable|WithContext|\()"
    rf"|(?:\bnew|:op +:|getCommand\([\"'])Create{_KEY}"
    rf"|(?i:\b(?:action|api|default)\b[\\\"'\s]*[:=][\\\"'\s]*create{_KEY})|(?i:New-IAM{_KEY})|(?i:\biam:action/create{_KEY})|_make_api_call\([\"'\s]*Create{_KEY}"
)
"""Calls, though not arguments of that name, nor the names of actions in policies (``iam:CreateAccessKey``) and in filters of events."""
_DECLARING = (b"IAM::AccessKey", b"iam_access_key", b"access_key_state", b"iam.aws.", b"identity.aws.", b"kind: AccessKey")
_OF_TASK = r"(?<![\w.]iam_access_key)[\"']?(?::\s| +(?=\w))[^#]{0,200}?\buser_?name[\"']?\s*[:=]"
_ABSENT_TASK = r"(?:(?!\n\s*- )[^#]){0,300}\bstate[\"']?\s*[:=]\s*[\"']?absent"
_WHOLE_TASK = r"(?:(?<=\bamazon\.aws\.iam_access_key)|(?<=\bcommunity\.aws\.iam_access_key))(?=[\"']?(?:\s*:| +-|[ \\\n]+[\"']?\w+=))"
_TASK = rf"iam_access_key(?!{_ABSENT_TASK})(?:{_WHOLE_TASK}|{_OF_TASK})"
_GIVEN_TASK = rf"(?:(?:action|module)[\\\"']*\s*[:=]|-m|-name)\s*[\\\"']*(?:amazon|community)\.aws\.iam_access_key\b(?!{_ABSENT_TASK})"
_TYPE_OF_KEY = r"Type(?<!\wType)[\\\"']*\s*[:=]\s*[\\\"']*AWS::IAM::AccessKey\b"
_STATE = r"access_key_state(?<!\waccess_key_state)\s*[:=]\s*[\\\"']*create"
_OF_KIND = lazy_pattern(r"\bkind[\\\"']*\s*[:=]\s*[\\\"']*(?:IAMAccessKey|AccessKey|ServiceSpecificCredential)\b")
_KIND = rf"(?:[:=\[(,-][ \t]*|\n|\A)[\\\"']*{_KEY}(?=[\\\"',\]}}]|[ \t]*(?:#|\r?\n|\Z))"
_VERSIONS = ("identity.aws.", "apiVersion: {{", "apiVersion: ${", 'apiVersion: "{{', 'apiVersion: "${')  # of Crossplane, or open ones
_MANIFESTS = {"iam.aws.": lazy_pattern(_KIND), **dict.fromkeys(_VERSIONS, _OF_KIND)}
_RESOURCE = r"resource(?:(?<!\wresource)|(?<=\\[nt]resource))\s+[\\\"]*aws_iam_access_key\b"
_DEPLOYS = tuple(map(lazy_pattern, (_TYPE_OF_KEY, _RESOURCE, _TASK, _GIVEN_TASK, _STATE)))
"""A resource in the text of a template, a task of Ansible, and a resource in code that is written out."""
_ENDS = lazy_pattern(
    rf"(?i:(?<!\w)(?<![^:]:)(?:delete|update)[-_]?{_ANY_KEY}|aws-sdk:iam:(?:delete|update){_ANY_KEY}|(?:Remove|Update)-IAM{_KEY})"
)
_ENDED = (lazy_pattern("ccess[-_]?[kK]ey"), lazy_pattern("pecific[-_]?[cC]redential"))  # with one of which each such call ends
_PART = lazy_pattern(r"cre(?<!\wcre)(?!ate[-_]?access[-_]?key)[A-Za-z_-]{0,14}[\"'$\\]")
"""What may be a part of a call, but no whole action in small letters. These patterns begin with letters, for which ``re`` looks first."""
_NO_LETTERS, _JOINED = lazy_pattern(r"[^A-Za-z]+"), ("createaccesskey", "createservicespecificcredential")  # as a program joins texts
_QUOTES = lazy_pattern(r"\\\r?\n|[\"'\\]")  # what a shell takes out of a word
_NO_QUOTES = dict.fromkeys(map(ord, "\\\r\n\"'"))  # takes out as much at least, and faster
_REST_OF_KEY = r"access(?:(?<=[\"'}]access)|(?<=[\"'}][-_]access))[-_]key(?![\w-])"
_RESTS = (lazy_pattern(_REST_OF_KEY), lazy_pattern(r"iam[\s\"',\\]+[\w-]*[$%]"))  # or an open one
_BEGUN = r"(?:(?:\A|\n|= )[ \t]*(?:#(?=[ \t#]|aws iam)|//)|[ \t]#(?=[ \t])|[;{},][ \t]*//(?=[ \t]))"  # also behind code
_REMARK = lazy_pattern(rf"(?:\bawslocal(?: -\S+)* iam c|{_BEGUN}(?:[\w \t.,:;()=#/@|&+-]|\"[^\"\n]*\"|'[^'\n]*')*)\Z")  # or LocalStack's
_SHOWN = r"\b(?:\w*echo|printf)\b[^\n;|&\\]*|\b(?:[pP]rint|log|console)\w*\b[^\n;\\]*[\"'`][^\"'`\n;\\]*"  # a text, up to what stands in it
_IMPORTED = r"^\s*(?:(?:import|from)\b(?:[^\n;]*|[^\n;({]*[({][^)}]*)|(?:const|let|var)\s*\{[^}]*)"  # also on several lines
_TOLD = lazy_pattern(rf"(?m)(?:{_SHOWN}|{_IMPORTED})\Z")
_LOGS = r"log(?:_(?:err|warn|info)\w*)?|(?:[\w.]*\b_?log(?:ger|ging)?|console|fmt)\.\w*(?:[eE]rr|warn|info|debug|log|[pP]rint)\w*"
_SAYS = rf"(?<![\w$(`.-])(?:\w*echo|print(?:f|ln!?)?|{_LOGS}|warn|err(?:or)?|die|fail|Write-\w+)"
_SAID = lazy_pattern(rf"{_SAYS}[ \t]*\(?[ \t]*(?:-\w+[ \t]+)*f?([\"'])((?:(?!\1)[^`$;|&\\\n{{]|\$(?=\w)|\$?\{{\w+\}})*)\Z")
_HANDED_ON = lazy_pattern(r"(?<!\|)\|(?!\|)|>(?!&|[ \t]*/dev/)")
"""The words of a text that is shown, up to a call that it speaks of, and a sign that something is given a text of the line."""
_HELD = lazy_pattern(r"(?m)^[ \t]*(?:for )?([\w.]+)[ \t]*(?:=|in\b)[^\n]{0,200}?\.(?:create_access_key(?:_pair)?\(|access_keys\b)")
_FREED = lazy_pattern(r"(?m)(?:^|[:;])[ \t]*([\w.]+)\.delete\(\)")  # of resources of boto3
_ACTIVE = lazy_pattern(r"\(?[^();]{0,200}?\bActive\b")
_DOCSTRING = lazy_pattern(r"(?s)(?:\A(?:#[^\n]*\n|\s)*|\b(?:def|class)\s[^\n]{0,300}:[ \t]*\n\s*)(\"\"\"|''').{0,5000}?\1")  # of Python
_COMMENT = lazy_pattern(r"(?m)^[ \t]*(?:/\*\*?[^\n*`]*(?:\n(?:[ \t]*\*(?!/)[^\n`]*\n)*[ \t]*)?\*/|<#[^#\"'$]*#>)")  # of others
GETTING = ("curl", "wget", "iwr", "irm", "s3 cp", "git clone", "Read-S3Object", "ansible-pull", "ourceInfo")  # a script from elsewhere
BOOTING = ("user_data", "UserData", "ourceInfo")  # and where one is run at a boot, or by Systems Manager
_GETS, _RUN = rf"(?:{'|'.join(GETTING)})\b", r"(?:sudo(?:\s+-\w+)*\s+)?(?:\w*sh|python[\d.]*|node|perl|ruby|iex)\b"
_PIPED = rf"{_GETS}[^|;&\n]{{0,500}}\|(?:[^|;&\n]{{1,99}}\|)?\s*{_RUN}"
_FETCHED = lazy_pattern(rf"(?:ansible-pull\b|ourceInfo)[^;\n]*|{_PIPED}|(?:<|\b(?:\w*sh\s+-c|eval)\s+[\\\"']*\$)\({_GETS}[^)\n]{{0,500}}")
_INTO = r"(?:>|\s-\w*[oO]\b|-[oO]ut|-remote-n|-File)"
_SAVED = lazy_pattern(rf"(?:(?:wget|s3 cp|git clone)\b|{_GETS}(?=[^;&|\n]{{0,500}}{_INTO}))[^;&|]{{1,500}}?(?=[;&|\n]|\",|$)")
_RUN_LATER = lazy_pattern(
    rf"(?:\b{_RUN}\s+(?:-\w+\s+)*|[\s;&\"']\.[/\\]+|[;&\n]\s*(?=\w?:?[/\\]))[\"'\\]*([\w./\\:~-]+)"
)  # one that runs a file
_MOVED = lazy_pattern(r"\b(?:mv|cp|install|ln)\s+(?:-\S+\s+(?:\d+\s+)?)*([^\s;&|]+)\s+([^\s;&|]+)")
_ADDRESS, _GZIPPED = lazy_pattern(r"(\w+://(?:(?!\$\()[^\s\"'`\\|)])+)(\$\(|`|)"), lazy_pattern(r"H4sI[A-Za-z0-9+/]{9,}")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_GIVEN = {one: lazy_pattern(rf"{one}(?<!\w{one})\"?[ \t]*[=:][ \t]*") for one in ("command", "program", "inline", "arguments")}
_REFERENCE, _FILLED = lazy_pattern(r"(?:\[(?:[^\]]{0,500},)?\s*)?[a-z][\w.]{0,99}[.(]"), lazy_pattern(r"\$\{(?!path\.\w+\})")
"""An argument that a command is given by, a value that begins with a reference or ends with one in a list, and a part that is filled in."""
_NAMES = "profile|region|zone|project|repository|namespace|names?|ids?|arns?|username"
_VALUES = lazy_pattern(rf"(?:\s--(?:[\w-]+-)?(?:{_NAMES})[= ]\s*|[^-]>\s*)[\\\"']*\$\{{[^{{}}\n]*\}}")
"""What a command gives to options that name things, and the file that it writes to: no program."""
_BLOCKS = ("l-exec", "te-exec", '"external"', "data external", "local_command", "r_hook", "ore_hook", "run_cmd")  # signs of such a command
_STEMS = {"ew-": "ew-(?i:iam)", "EW-": "EW-(?i:iam)", "reate": "reate(?:[-_]?a|A|ServiceS|[-_]service[-_]s|services)"}
_HINTS = tuple((sign, lazy_pattern(one)) for sign, one in _STEMS.items())
_AROUND, _BEHIND, _LATER, _HALF = 80, 400, 500, len("create-a")  # the rest of a torn call may be longer, with all its quotes
_RECIPES = ("Makefile", "makefile", "GNUmakefile", "Rakefile", "justfile", "Justfile", "package.json", "tox.ini", "noxfile.py", "tasks.py")
_TASKS = ("fabfile.py", "Pipfile", "deno.json", "Earthfile", "mise.toml", "composer.json", "pyproject.toml", "Dockerfile", "Containerfile")
_IN_YAML = (f"{name}.{ending}" for name in ("Taskfile", "compose", "docker-compose") for ending in ("yml", "yaml"))
MADE = (*_RECIPES, *_TASKS, *_IN_YAML, "docker-bake.hcl", "docker-bake.json", "deno.jsonc")
HANDLED = (".py", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".rb")
_COMPILED = (".java", ".cs", ".kt", ".rs", ".scala", ".groovy", ".gradle", ".kts", ".swift", ".fs", ".vb", ".cpp")
_SHELLS = (".sh", ".bash", ".zsh", ".fish", ".ps1", ".psm1", ".bat", ".cmd", ".mk", "akefile", "ockerfile", ".pkr.hcl", ".envrc", ".rake")
_RAN = (*HANDLED, *_SHELLS, ".env", ".php", ".go", ".pl", ".ex")
_PROJECTS = ("project.json", "Cargo.toml", ".csproj", ".fsproj", "pom.xml", "go.mod", "requirements.txt")
ENDINGS, SCRIPTS = (*_RAN, *_COMPILED), (*_RAN, ".yml", ".yaml", ".tpl", ".tftpl", ".tmpl", *MADE, *_PROJECTS)  # and what names others
_LARGE, LARGEST = 1 << 20, 10 << 20  # a file that is looked into only if it holds a hint, and the largest one
_TOO_LARGE = f"more than {LARGEST >> 20} MiB of programs in {{}}, which were not all looked into"
_CLOSED = "{}, an archive that cannot be looked into (broken, encrypted or no ZIP)"
_ABSENT = "{}, which Git LFS has not fetched or git-crypt has locked"
_MEMBERS, _SDKS = (*ENDINGS, ".class", ".pyc", "bootstrap"), (b"software/amazon/awssdk/", b"com/amazonaws/", b"botocore/")
_ARCHIVES, _OTHER_ARCHIVES = (".zip", ".jar"), (b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"(\xb5/\xfd")  # by name, and others
_GZIP, _DENSEST = b"\x1f\x8b", 20  # how many bytes programs may have for a packed one
_CALLS = tuple(map(lazy_pattern, (rb"reate[-_]?(?i:access|service)", rb"ew-(?i:iam)", _REST_OF_KEY.encode())))
_OPEN, _OF = (b"iam $", b'iam", "$'), (b"ccess", b"CCESS", b"pecific", b"PECIFIC")
_TORN = lazy_pattern(rb"cre(?:a(?:t(?:e(?:[-_]?[aAces]*)?)?)?)?[\"'$\\]")
"""What says by itself that a program may make keys, what does beside the name of what it makes, and what may be a part of a call."""


def make_keys(text: str, torn: list[re.Match[str]] | None = None) -> bool:
    """True if a program with this text makes access keys. Looking around the hints takes a tenth of a search by the pattern."""
    calls = (window for one in (text, *_decoded(text)) for window in _windows(one))
    return any(_MAKES.search(call) for call in calls) or any(_goes_on(text, found) for found in (_torn(text) if torn is None else torn))


def _may_name_key(text: str) -> bool:
    """True if a part of access or specific is there, of letters that have no other form than two cases."""
    return "cce" in (small := text.lower()) or "pec" in small


def _goes_on(text: str, found: re.Match[str]) -> bool:
    """True if a torn call is whole once its parts are joined. Most are ruled out by what stands next to them."""
    around, behind = text[max(found.start() - _AROUND, 0) : found.end() + _BEHIND], text[found.start() : found.end() + _BEHIND]
    if _may_name_key(around.translate(_NO_QUOTES)) and _MAKES.search(_QUOTES.sub("", around)):
        return True
    begun = _NO_LETTERS.sub("", behind[:_AROUND]).lower()
    return any(one.startswith(begun[: len(one)]) for one in _JOINED) and _NO_LETTERS.sub("", behind).lower().startswith(_JOINED)


def _decoded(text: str) -> Iterator[str]:
    for found in _GZIPPED.finditer(text) if "H4sI" in text else ():
        import zlib
        from base64 import b64decode

        try:
            yield zlib.decompressobj(31).decompress(b64decode(found[0][: len(found[0]) // 4 * 4]), _LARGE >> 4).decode("utf-8", "replace")
        except zlib.error:
            continue
    for hint in map(bytes.decode, CODED[:3]):
        at = text.find(hint)
        while at >= 0:
            from base64 import b64decode

            before, behind = text[max(at - _BEHIND, 0) : at], text[at : at + _BEHIND]
            coded = before[len(before.rstrip(_BASE64)) :] + behind[: len(behind) - len(behind.lstrip(_BASE64))] + "AAA"
            for first in range(4):  # what stands before it may look like a part
                yield b64decode(coded[first : first + (len(coded) - first) // 4 * 4]).decode("utf-8", "replace")
            at = text.find(hint, at + len(hint))


def fetched(text: str) -> str:
    """The address of a script that a command runs as it comes from elsewhere, or words for an open one; empty without one."""
    if not any(one in text for one in GETTING):
        return ""
    text = text.replace("\\\n", " ")
    found = _FETCHED.search(text) or next((one for one in _SAVED.finditer(text) if _runs_what_it_saved(text, one)), None)
    address = _ADDRESS.search(found[0]) if found is not None else None  # up to where a command makes the rest
    return "" if found is None else address[1] + "…" * bool(address[2]) if address else "a script that the code does not fix"


def _runs_what_it_saved(text: str, got: re.Match[str]) -> bool:
    moved = (word for both in _MOVED.findall(text, got.end(), got.end() + _LATER) if both[0].rpartition("/")[2] in got[0] for word in both)
    words = {word.strip("\"'\\>").rpartition("/")[2].removesuffix(".git") for word in (*got[0].replace("\\", "/").split(), *moved)} - {""}
    runs = _RUN_LATER.finditer(text, got.end(), got.end() + _LATER)
    words = {word for word in words if not word.endswith((".deb", ".rpm"))}  # packages, which are installed
    return any(not words.isdisjoint(run[1].replace("\\", "/").split("/")) for run in runs)


def _torn(text: str) -> list[re.Match[str]]:
    return [one for one in _PART.finditer(text) if _JOINED[0].startswith(one[0][:-1].replace("-", "").replace("_", "").lower())]


def deploys_key(text: str) -> bool:
    """True if a text that a program is given declares an access key."""
    if any(sign in text and one.search(text) for sign, one in _MANIFESTS.items()) and "CustomResourceDefinition" not in text:
        return True
    return any(sign in text for sign in map(bytes.decode, _DECLARING)) and any(one.search(text) for one in _DEPLOYS)


def declares_key(text: str) -> bool:
    """True if a text has an access key as a resource of a template."""
    return any(one.search(text) for one in _DEPLOYS[:2])


def _windows(text: str) -> Iterator[str]:
    seen = set[int]()
    for sign, one in _HINTS:
        for found in one.finditer(text) if sign in text else ():
            window = text[max((at := found.start()) - _AROUND, 0) : at + _AROUND]
            if not _may_name_key(window) or (told := hash((min(at, _BEHIND), text[max(at - _BEHIND, 0) : at + _LATER]))) in seen:
                continue
            seen.add(told)
            if not (_REMARK.search(text, at - _BEHIND, at) or _is_spoken_of(text, at)):
                yield window


def _is_spoken_of(text: str, at: int) -> bool:
    """True if a text that is shown names a call among words, which give no command: ``log "create-access-key has failed"``."""
    said, (rest, end, _) = _SAID.search(text, max(at - _BEHIND, 0), at), text[at : at + _LATER].partition("\n")
    if said is None or said[1] not in rest or not (end or at + _LATER >= len(text)) or _HANDED_ON.search(rest):
        return False
    return "iam" not in said[2] and " " in said[2].strip()


def end_keys(text: str) -> bool:
    """True if a program with this text ends access keys, not only in a remark, or as a custom resource does once its stack goes."""
    ends = (found.span() for one in _ENDED for found in one.finditer(text))
    calls = (call for start, end in ends for call in _ENDS.finditer(text, start - _AROUND, end))
    frees = ".delete()" in text and not {*_HELD.findall(text)}.isdisjoint(_FREED.findall(text))
    return "RequestType" not in text and (frees or not all(_is_said(text, call) for call in calls))


def _is_said(text: str, call: re.Match[str]) -> bool:
    """True if it is part of a remark, of a text that is shown, or of an import, or if it makes a key active."""
    at = call.start()
    if _TOLD.search(text, at - _LATER, at) or _REMARK.search(text, at - _BEHIND, at):
        return True
    return call[0][:6].lower() == "update" and _ACTIVE.match(text, call.end()) is not None


class Program(NamedTuple):
    """What the text of a program does."""

    makes_keys: bool
    deploys_key: bool
    ends_keys: bool
    in_parts: bool = False  # which only code that fills it in puts together
    unseen: str = ""  # what is said of a part that is not looked into, with braces for the file


def program_of(text: str) -> Program:
    """What a program with this text does, whose letters escapes may stand for."""
    is_escaped = len(text) <= _LARGE and ("\\u00" in text or "\\x" in text)
    text += "\n" + spelled_out(text.encode("utf-8", "replace")).decode("utf-8", "replace") if is_escaped else ""
    return Program(make_keys(text), deploys_key(text), end_keys(text), "${" in text and any(one.search(text) for one in _RESTS))


def may_make_keys(data: bytes, *, runs: bool, computed: bool = True) -> bool:
    """True if code makes keys by a program, or holds pieces of such a call: small ones count where it ``runs`` a program."""
    text = data.decode("utf-8", "replace")
    torn = _torn(text) if "cre" in text else []
    return (
        make_keys(text, torn)
        or ((runs or "user_data" in text) and deploys_key(text))
        or (":action" in text and any(f"reate{kind}" in text for kind in ("AccessKey", "ServiceSpecific")))  # joined by an API
        or any(len(found[0]) > _HALF for found in torn)
        or (runs and (bool(torn and _torn(_without_words(text))) or any(one.search(text) for one in _RESTS)))
        or (runs and computed and any(sign in text for sign in _BLOCKS) and _is_computed(text))
        or (computed and any(sign in text for sign in (*_BLOCKS, *BOOTING)) and bool(fetched(text)))
    )


def _without_words(text: str) -> str:
    """A text without the word create where it ends a line, names a variable, or is a whole string in a text without the rest of a call."""
    ended = text.replace('create"\n', "\n").replace('variable "create"', "")
    return ended if "ccess" in ended else ended.replace('"create"', "")


def _is_computed(text: str) -> bool:
    """True if a command in code may be put together. Each line is searched once, however many arguments it has."""
    for word, one in _GIVEN.items():
        searched = -1
        for found in one.finditer(text) if word in text else ():
            if _REFERENCE.match(text, found.end()):
                return True
            if found.end() > searched:
                searched = len(text) if (end := text.find("\n", found.end())) < 0 else end
                if _FILLED.search(_VALUES.sub(" ", text[found.end() : searched])):
                    return True
    return False


def content(file: str, fence: Fence) -> tuple[bytes, str]:
    """The text of a program, or those in an archive that make or end keys, and what is said of what cannot be looked into."""
    from posturio_iac.core.text.textfile import TooLargeError, UnreadableError, read

    try:
        data = read(file, LARGEST, fence)
    except UnreadableError as error:
        return b"", _TOO_LARGE if isinstance(error, TooLargeError) else ""
    if data.startswith((GIT_LFS, GIT_CRYPT)):
        return b"", "" if file.endswith(NO_PROGRAMS) else _ABSENT
    if not data.startswith((b"PK", _GZIP)):
        return data, _CLOSED if data.startswith(_OTHER_ARCHIVES) or (data and file.endswith(_ARCHIVES)) else ""
    known: dict[tuple[int, int], tuple[bytes, str]] = fence.programs
    unpack = _unpacked if data.startswith(_GZIP) else _packed
    return kept(known, (hash(data), len(data)), lambda _: unpack(data))  # which is asked for twice, and often copied


def is_hinted(data: bytes, *, is_spelled: bool = False) -> bool:
    """True if a text may be a program that makes keys, which its whole text decides."""
    if holds_any(data, _OF) and (holds_any(data, _DECLARING) or any(one.search(data) for one in _CALLS)):
        return True
    if data[:2] in UTF16 or holds_any(data, CODED) or (data.find(b"$") >= 0 and holds_any(data, _OPEN)) or _TORN.search(data) is not None:
        return True
    is_escaped = not is_spelled and len(data) <= _LARGE and data.find(b"\\") >= 0 and holds_any(data, (b"\\u00", b"\\x"))
    return is_escaped and is_hinted(spelled_out(data), is_spelled=True)


def looked_into(file: str, fence: Fence) -> tuple[Program, str]:
    """The program in a file, and the text of one that may name others."""
    data, unseen = content(file, fence)
    hinted, program = is_hinted(data), Program(makes_keys=False, deploys_key=False, ends_keys=False)
    is_script = file.endswith(SCRIPTS) or ("." not in os.path.basename(file) and data.find(b"\0") < 0)
    if not (hinted or is_script or holds_any(data, _OF)):
        return program._replace(unseen=unseen), ""
    text = decode(data, "replace") if hinted or len(data) <= _LARGE else ""
    text = (_DOCSTRING if file.endswith(".py") else _COMMENT).sub("", text) if hinted else text
    gives_template = any(sign in text for sign in _GIVING) or ("reateStack" in text and "emplateBody" in text)
    if file.endswith((".tf", ".tofu")) or (_SEARCHED.fullmatch(os.fsencode(file)) and not gives_template):  # it is judged by itself
        text = text.replace("AWS::IAM::", "")
        text = text.replace("aws_iam_", "") if file.endswith((".tf", ".tofu", ".json")) else text
    program = program_of(text) if hinted else program._replace(ends_keys=end_keys(text))
    return program._replace(unseen=unseen), text if is_script else ""


def _packed(data: bytes) -> tuple[bytes, str]:
    """The programs in an archive that make or end keys, and what is said of those that cannot be looked into."""
    import zipfile
    from io import BytesIO
    from zlib import error

    members, left, unseen = list[bytes](), LARGEST, ""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for one in archive.infolist():
                name = one.filename
                if name.endswith(_MEMBERS) and not name.endswith(".d.ts") and not holds_any(os.fsencode(name), _SDKS):
                    if one.file_size <= left:
                        left -= one.file_size
                        members.append(archive.read(one))
                    else:
                        unseen = _TOO_LARGE
    except (zipfile.BadZipFile, error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):  # or encrypted
        unseen = _CLOSED
    makers = [one for one in members if is_hinted(one)]
    if sum(map(len, makers)) > max(_LARGE, _DENSEST * len(data)):  # as only an attack has it
        makers, unseen = [], _TOO_LARGE
    return b"\n".join(makers + [one for one in members if makers and one not in makers and end_keys(decode(one, "replace"))]), unseen


def _unpacked(data: bytes) -> tuple[bytes, str]:
    """The text that is packed by gzip, that of all files where it is an archive of tar, and what is said of one not looked into."""
    from zlib import decompressobj, error

    try:
        text = (stream := decompressobj(31)).decompress(data, min(LARGEST, max(_LARGE, _DENSEST * len(data))))
    except error:
        return b"", _CLOSED
    unseen = _TOO_LARGE if stream.unconsumed_tail else "" if stream.eof and not stream.unused_data else _CLOSED
    return (b"", unseen or _TOO_LARGE) if holds_any(text, _SDKS) and is_hinted(text) else (text, unseen)
