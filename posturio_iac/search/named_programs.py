"""The programs of the checkout that code names: files, archives and folders, and what scripts among them call."""

from __future__ import annotations

import os
from collections import deque
from itertools import islice

from posturio_iac.core.record import kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.search import checkout
from posturio_iac.search.checkout import ALL, COMPILED_FROM, MOST_FILES, NEXT, PACKED, RUN_TOOLS, WORDS, below, is_of_tests
from posturio_iac.search.programs import ENDINGS, HANDLED, MADE, NO_PROGRAMS, SCRIPTS, Program, looked_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from posturio_iac.core.text.textfile import Fence

_MARKED = bytes(36 if sign in b"$*{%#" else 125 if sign in b"[]}" else WORDS[sign] for sign in range(256))  # and for signs of open parts
_HERE, _LONGEST = r"(?:\$\{path\.\w+\}/*)?", 200  # a path
_SET = rf"[\"']?\s*[:=]\s{{0,99}}(?:[\[{{\s]{{0,99}}path\s*=\s*)?[\"'\[]*(?:file://)?{_HERE}([\w./@+-]+(?: [\w./@+-]+)*)"
_FOLDERS = ("source_dir", "source_path", "chart", "CodeUri", "Code", "Content", "ContentUri", "DockerContext", "context", "aws:asset:path")
_DAGS, _PROVISIONED = ("DagS3Path", "dag_s3_path"), r"provisioner(?=\W{1,99}file\W)(?s:.){0,500}?source"
_FOLDER = {one: lazy_pattern(rf"{one}(?<!\w{one}){_SET}") for one in (*_FOLDERS, *_DAGS)}
_FOLDER["provisioner"] = lazy_pattern(_PROVISIONED + _SET)
SERVERLESS, _GIVEN_CODE = "AWS::Serverless::Function", ("CodeUri", "InlineCode", "Image", "\nBucket")
_ASSET = lazy_pattern(r"S3Key(?<!\wS3Key)[\"']?\s*:\s*[\"']?([0-9a-f]+)\.zip")  # an archive of CDK's, whose folder lies beside the template
_LEAVING = ("cd ", "pushd ", "Set-Location", "working_dir", "chdir")  # signs of what runs in another folder, and of what may look into one
_AWAY = (*_LEAVING, "-C", "-d ", "-w", "-v", "dir:", "irector", "prefix", "cwd", "PATH", "sys.path", "includes:", "environment =", "Uri")
_OF_RUNNERS = {"go": rf"go\b{NEXT}run(?:{NEXT}-C{NEXT}[\w./-]+)?", "python": r"python[\d.]*", "node": "node", ".scripts]": r"\w\s*="}
_OF_RUNNERS |= {"require": r"require(?:_\w+)?(?=[ (]{0,9}[\"'])\(?", "import_": r"import_(?:module|_)\(f?"}
_RUNNERS = {word: lazy_pattern(rf"{one}{NEXT}(?:-[\w=]+{NEXT})*{_HERE}([\w./@+-]+)") for word, one in _OF_RUNNERS.items()}
"""What runs a whole folder, or a module by its name, each by a word without which it is not looked for."""
_NOTES, _FILESET = lazy_pattern(r"#[^\n]*"), lazy_pattern(rf"\bfileset{_SET}")
_BUCKET = lazy_pattern(r"(?:s3://(?:\$\{[^{}]*\}|[^/\s\"'])+|https?://[\w.${}:-]*\bs3[.-][\w.${}:-]*)/")  # before a path in the checkout
_JOINING = ("join(", "joinpath(", '" / "', "' / '", "__file__", "__dir", "Path(", "oin-Path")
_PARTS = lazy_pattern(r"[\"']\)?(?:\s{0,9}[,/]\s{0,9}|\s{1,9}|\.r?glob\()[\"']")  # of a path that a program joins
_OPEN_PART = lazy_pattern(r"[\"']\)?\s{0,9}[,/]\s{0,9}(?=[A-Za-z_$])")
_OPEN_SIGNS = ("$", "*", "{", "%", "#", '" +', "' +")  # of a part that is open
_SHUT = lazy_pattern(r"\$\{(?:each|var|local|module|data)\.|[\s\[,:(=][\"'][\w./@-]*/\*")  # what an evaluation gives, or no shell
_FILLED_IN = lazy_pattern(r"\{\{[^{}\n]{1,99}\}\}")
_LISTED = lazy_pattern(r"(?:join|Path|dir|Sync|glob|Dir)[(\[][^()\n]{0,99}?[\"']([\w./-]+?)(?:/\*[^\"'\n]{0,99})?[\"']")
_IMPORTS = lazy_pattern(r"import(?:[ \t]{1,9}(\w[\w., \t]*)|[ \t]{0,9}\(([^()]{1,2000})\))")  # of Python, and what stands before it
_FROM = lazy_pattern(r"(?:\A|[\n;:\"'])[ \t]*(?:from[ \t]{1,9}(\.{0,9})(\w[\w.]{0,99})?[ \t]{1,9})?\Z")
READ_FILE = lazy_pattern(r"file(?:base64)?\(\s*(\"[^\"\n]*\")")  # and one that a text names
CODE = lazy_pattern(r"Code(?<!\wCode)[\"']?\s*:\s*[^\n]*")  # of a function, in a template
_OF_IMAGES = {one: rf"{one}{NEXT}(?:build|install)\b" for one in ("docker", "buildx", "podman", "image", "packer", "go")}
_PROJECTS = {"mvn": r"mvnw?\b", "gradle": r"gradlew?\b", **{one: rf"{one}{NEXT}run" for one in ("dotnet", "cargo", "bazel")}}
_OF_FOLDERS = {"build:": r"build:(?=\s*[\w./-]+[\s,}])", "context": r"context\"?\s*[:=]", "kubectl": rf"kubectl{NEXT}(?:apply|create)"}
_OF_FOLDERS |= {"zip ": r"zip(?<!\wzip)(?=\s)", "run-parts": "run-parts", "rsync": "rsync", "pip": rf"pip3?{NEXT}install"}
_OF_FOLDERS |= {"file:": r"file:/*(?=\.)", "=> .": "=>", 'path = "..': r"path\s*=", 'path="..': r"path\s*="}  # packages and charts beside
_OF_FOLDERS |= {"cp -": r"cp(?=[^\n;&|]{0,99}\s-\w{0,9}[rRa])", "kubectl_": r"pattern\"?\s*=", "kustomization_": r"path\"?\s*="}
_OF_FOLDERS |= {"s3 sync": "s3 sync", "--recursive": r"s3 cp\b", "find ": r"find\b(?=[^\n]{0,200}-exec)", "ls-files": "ls-files"}
_OF_FOLDERS |= {"helm": rf"helm{NEXT}(?:install|upgrade|template)", "kustomize": "kustomize build", "oc apply": "oc apply"}
_OF_FOLDERS |= dict.fromkeys(("argoproj.io", "fluxcd.io", "argocd_app", "flux_"), r"(?:path|manifest)\"?\s*[=:]")
_OF_FOLDERS |= {"argocd ": "--path", "importpath": r"importpath\"?\s*="} | _PROJECTS | _OF_IMAGES
_BUILDS = {sign: lazy_pattern(rf"{one}((?:\\\s*\n|[^;&|\n])*)") for sign, one in _OF_FOLDERS.items()}
"""What builds an image or deploys from a whole folder, which is one of the words behind it."""
_FROM_TOP = lazy_pattern(r"(?:[bB]uild[sS]pec\"?\s*[=:]\s*\"?)([\w./@+-]+)")
_USUAL = {"buildspec": ("odebuild", "odeBuild"), "appspec": ("deploy_deployment_group", "odeDeploy::DeploymentGroup")}
_USUAL |= {"apprunner": ("_apprunner_service", "AppRunner::Service"), "amplify": ("_amplify_app", "Amplify::App")}
_PATHS_FROM_TOP = ("phases:", "AWS::CodePipeline", "aws_codepipeline", "argoproj.io", "argocd_app", "fluxcd.io", "argocd ", "flux_")
_AT_TOP = ("uildspec", "uildSpec", *(sign for signs in _USUAL.values() for sign in signs))
_EXCLUDED = lazy_pattern(r"(?m)^excludes = (\w[\w./-]*)$")  # a file or folder that an archive leaves out, of code that was evaluated
_LISTS = {"kustomization.": "kustomize build", "requirements": "pip install"}
_PACKAGES = lazy_pattern(r"\"[\w.-]+/([\w.-]+(?:/[\w.-]+)*)\"")  # of Go, behind the name of a host
_SHELL = r"\$(?:(?:env:)?\{?[A-Za-z_]\w*[^\s{}/\\]?(?:/\*)?\}?|\([^()\n]{1,99}\))[/\\]"
_VARIABLE = lazy_pattern(rf"(?:{_SHELL}|%(?:~dp0[/\\]?|\w+%[/\\]))(?=[\w.])")  # or a command, before a path
_BUNDLED = HANDLED[1:-1]  # of JavaScript, which bundlers pack with what it imports from checkout.elsewhere
_INDEX = ("__init__.py", "package.json", *("index" + one for one in _BUNDLED))  # what stands for a folder that is imported
_SOURCES = ("./", "", "src/", "packages/", "libs/")  # where an alias, or a package of the same repository, stands for a folder
_MANY, _MOST_NAMES, _MOST_AWAY = 100, 2000, 100  # names in a folder, too many to look for each in a text; paths, and folders, in one
_TESTING = ("moto", "mock", "unittest", "pytest", "jest", "Stubber", "Mock", "Moq", "RSpec", '"testing"', "vitest", "sinon")
_LISTING = ("listdir", "scandir", "iterdir", "readdir", "glob(", "Dir[")


def programs_named(text: str, homes: tuple[str, ...], fence: Fence, path: str = "") -> Iterator[tuple[str, Program]]:
    """Yield path and program of what code names: files, those that they name, and whole folders.

    ``homes`` are the folders (absolute) that paths may start from: that of the code, from which they are shown, and where it runs.
    What cannot be looked into is noted for the ``path`` of the code.
    """
    homes = (*homes, *(os.path.dirname(home) for home in homes if home.endswith(".ebextensions")))  # whose commands run in the folder above
    root, text = fence.top_of(homes[0]), _slashed(text, homes[0], fence)
    folders = ((home, name) for home in homes for name in _folders(text) if name or home == homes[0])
    dags = ((root, name) for sign in _DAGS if sign in text for name in _FOLDER[sign].findall(text))  # of a bucket with the whole checkout
    tops = dict.fromkeys(os.path.normpath(os.path.join(home, name.lstrip("/"))) for home, name in (*folders, *dags))
    packed, text = deque(_packed(text, tops, fence)), _EXCLUDED.sub("", text)
    pending = deque(_named_in(text, homes[:1], fence))
    pending += _named_in(text.replace("andler", ""), homes[1:], fence) if homes[1:] else ()  # which is no path
    at_top = _from_top(text)
    pending += (run_there := [*_named_in(at_top, (root,), fence)] if at_top else [])
    known: dict[Any, Any] = {} if fence.edited else fence.programs
    seen = set[str]()
    has_aliases = any(name in fence.names(home) for home in homes for name in ("tsconfig.json", "tsconfig.base.json", "packages"))
    while (pending or packed) and len(seen) < MOST_FILES:
        is_packed, file = not pending, (pending or packed).popleft()
        if file in seen or "README." in file:
            continue
        seen.add(file)
        program, said = kept(known, file, lambda one: looked_into(one, fence))
        name = os.path.relpath(file, homes[0]).replace(os.sep, "/")
        if path and program.unseen:
            fence.beyond.add((path, program.unseen.format(name)))
        if not is_packed or not is_of_tests(f"/{name}") or not any(sign in said for sign in _TESTING):
            yield name, program
        leads_out = file.endswith(".go") or "../" in said or "..\\" in said or (file.endswith(_BUNDLED) and (has_aliases or "@/" in said))
        packed += below(os.path.dirname(file), fence) if file.endswith(COMPILED_FROM) and not is_packed else ()
        if said and (not is_packed or leads_out or "vendor" in said or "node_modules" in said):
            if (asked := (file, homes, file in run_there)) not in known:
                said = next((f"{tool} {' '.join(checkout.words_of(said))}" for sign, tool in _LISTS.items() if sign in file), said)
                words, above = _slashed(said, homes[0], fence), ("..", "../..", "../../..")[: 3 if file.endswith(".go") else 1]
                own = (*(os.path.normpath(os.path.join(file, one)) for one in above), *homes)
                at_top = words if asked[2] else _from_top(words)
                known[asked] = [*_named_in(words, own, fence), *(_named_in(at_top, (root,), fence) if at_top else ())]
            pending += known[asked]


def that_matter(files: Iterable[str], fence: Fence) -> set[str]:
    """Those of some files (absolute) that are gone, or make or end keys, or name a program that does, from any folder above."""
    return {
        one for one in files if not one.endswith(NO_PROGRAMS) and kept(fence.programs, (one, "matters"), lambda of: _matters(of[0], fence))
    }


def _matters(file: str, fence: Fence) -> bool:
    if not os.path.lexists(file):
        return True
    program, said = looked_into(file, fence)
    homes, top = [os.path.dirname(file)], fence.top_of(os.path.dirname(file))
    while len(homes[-1]) > len(top) and not file.endswith((".yml", ".yaml")):  # a script may run in any folder above
        homes.append(os.path.dirname(homes[-1]))
    named = (one for _, one in programs_named(said, tuple(homes), fence)) if said else ()
    return any(any(one) for one in (program, *named))


def _folders(text: str) -> list[str]:
    """The folders that arguments name as a whole, and without a name that of the template, for a function without code of its own."""
    found = [one for sign, pattern in _FOLDER.items() if sign in text for one in pattern.findall(text)]
    is_beside = text.count(SERVERLESS) > sum(map(text.count, _GIVEN_CODE)) or 'CodeUri": ""' in text
    found += [""] * is_beside + [f"asset.{one}" for one in _ASSET.findall(text)]
    return found + (_FILESET.findall(text) if "archive_file" in text else [])


def _is_part(folder: str, fence: Fence) -> bool:
    """True if a project of the JVM is one of several, which the folder above builds."""
    names, above = fence.names(folder), fence.names(os.path.dirname(folder))
    return not names.isdisjoint(COMPILED_FROM) and not above.isdisjoint(("settings.gradle", "settings.gradle.kts", "pom.xml"))


def _packed(text: str, tops: Iterable[str], fence: Fence) -> Iterator[str]:
    """Yield the files in folders, but those that an archive of them leaves out."""
    tops = dict.fromkeys((*tops, *(os.path.dirname(one) for one in tops if _is_part(one, fence))))
    out = tuple(f"{top}{os.sep}{one}{os.sep}" for top in tops for one in (_EXCLUDED.findall(text) if "excludes" in text else ()))
    for top in tops:
        files = below(top, fence, endings=ALL if "Chart.yaml" in fence.names(top) else PACKED)
        yield from (one for one in files if not f"{one}{os.sep}".startswith(out))


def _slashed(text: str, home: str, fence: Fence) -> str:
    """A text, its lines again with paths of Windows as those of other systems, and all of it with the parts of a path as one."""
    for sign, top in ((fence.top, fence.top), ("get_repo_root()", fence.top_of(home))):  # of Terragrunt
        for before in " \"'=([{,:\n" if sign[1:] and sign in text else "":  # the beginning of a path
            text = text.replace(before + sign, before + os.path.relpath(top, home))
    lines = "".join(f"\n{line}" for line in text.split("\n") if "\\" in line).replace("\\", "/") if "\\" in text else ""
    stored = (_BUCKET.sub(" ", line) for line in _lines_with(("s3://", ".s3", "/s3"), text))
    parts = (_OPEN_PART.sub("/$ ", _PARTS.sub("/", line)) for line in _lines_with(_JOINING, text))
    return "\n".join((text + lines, *stored, *parts)).replace("${path.module}", ".")


def _lines_with(signs: Iterable[str], text: str) -> list[str]:
    held = [sign for sign in signs if sign in text]
    return [line for line in text.split("\n") if any(map(line.__contains__, held))] if held else []


def _from_top(text: str) -> str:
    """What a text names or runs from the top of the repository, where a build stands."""
    if (is_whole := any(sign in text for sign in _PATHS_FROM_TOP)) or not any(sign in text for sign in _AT_TOP):
        return text if is_whole else ""
    usual = [
        name for name, signs in _USUAL.items() if any(sign in text for sign in signs) and (name != "buildspec" or name not in text.lower())
    ]
    return " ".join((*_FROM_TOP.findall(text), *(f"{one}.{ending}" for one in usual for ending in ("yml", "yaml"))))


def _named_in(text: str, folders: Iterable[str], fence: Fence) -> Iterator[str]:
    """Yield the files that a text may name, seen from folders (absolute) and from those that it goes to."""
    homes = [*folders]
    text = _VARIABLE.sub("", text) if "$" in text or "%" in text else text
    gone = _folders_in(text, _LEAVING, 1, homes, fence)
    starts = list(dict.fromkeys((*homes, *gone, *_folders_in(text, _AWAY, 3, homes, fence))))
    del starts[_MOST_AWAY:]
    here = frozenset(name for start in starts for name in fence.names(os.path.normpath(start)))
    built, run, paths = _built(text, here), sorted(_run(text, here) | _opened(text, here)), _paths(text, here)
    for start in starts:
        lone = (bool(gone) if start in homes else start not in gone) or "phases:" in text  # where a dot is too much
        for folder in sorted({os.path.normpath(os.path.join(start, one)) for one in built if one.strip("./") or not lone}):
            yield from below(folder, fence, endings=ALL)
        for name, ends in run:
            beside, last = fence.names(os.path.dirname(there := os.path.normpath(os.path.join(start, name)))), os.path.basename(there)
            yield from (there + end for end in (".py", ".js", ".rb") if last + end in beside)
            ours = (own for own in sorted(fence.names(there)) if own.endswith(ends) or (ends is ENDINGS and "." not in own))
            yield from (os.path.join(there, own) for own in ours)
        for under, names in paths.items():
            there = os.path.normpath(os.path.join(start, under))
            yield from (os.path.join(there, name) for name in names if name in fence.names(there))


def _folders_in(text: str, signs: tuple[str, ...], most: int, homes: Iterable[str], fence: Fence) -> list[str]:
    """The folders that a text goes to, seen from ``homes`` (absolute), with one of the ``signs`` and by one of so many words behind it."""
    rests = (rest[:_LONGEST] for line in _lines_with(signs, text) for sign in signs for rest in line.split(sign)[1:])
    words = sorted({word.strip("/") for rest in rests for word in checkout.words_of(rest)[:most]})
    known = ((at, one) for at in homes for one in words if one[:2] in ("./", "..") or one.partition("/")[0] in fence.names(at))
    return [one for one in (os.path.normpath(os.path.join(*both)) for both in known) if one not in homes and fence.names(one)]


def _built(text: str, here: frozenset[str]) -> set[str]:
    """The folders that an image, an archive or a project is built from, or a chart is deployed from."""
    found = [(sign, one) for sign, pattern in _BUILDS.items() if sign in text for one in pattern.findall(text)]
    said, projects = (word.lstrip("/") for _, one in found for word in checkout.words_of(one)), (".xml", ".csproj", ".toml")
    words = {(os.path.dirname(word) or ".") if word.endswith(projects) else word for word in said}
    named = {word for word in words if word[:1] == "." or word.partition("/")[0] in here}
    return named | {"." for sign, _ in found if sign == "go" or (not named and sign in _PROJECTS)}


def _run(text: str, here: frozenset[str]) -> set[tuple[str, tuple[str, ...]]]:
    """What names a folder that is run, or a module, by itself or with dots for its folders."""
    found = {word for sign, one in _RUNNERS.items() if sign in text for word in one.findall(text)}
    imports = _IMPORTS.finditer(text) if "import" in text else ()
    begun = ((_FROM.search(text, max(text.rfind("\n", 0, one.start()), 0), one.start()), one) for one in imports)
    for (dots, package), (names, more) in ((start.groups(""), one.groups("")) for start, one in begun if start):
        above, modules = "../" * (len(dots) - 1), [one.split()[0] for one in (names or _NOTES.sub("", more)).split(",") if one.strip()]
        words = (package, *(f"{package}.{one}" for one in modules)) if package else modules
        known = (word for word in words if above or not here.isdisjoint((first := word.partition(".")[0], first + ".py")))
        found.update(above + word.replace(".", "/") for word in known)
    parts = [one.split("/") for one in (_PACKAGES.findall(text)[:_MOST_NAMES] if "package " in text and "import" in text else ())]
    parts += [word.split("/") for word in found if "." in word.partition("/")[0].strip(".")]  # that a host begins
    found |= {f"src/{word}" for word in found if "src" in here}
    found.update("/".join(one[n:]) for one in parts for n in range(min(len(one), 9)))
    return {
        (one, (*ENDINGS, "package.json", "go.mod")) for word in found for one in (word, word if "/" in word else word.replace(".", "/"))
    }


def _opened(text: str, here: frozenset[str]) -> set[tuple[str, tuple[str, ...]]]:
    """The folders of paths whose last part is open, with the endings that this may have, and those that a program lists."""
    found: list[Any] = [(one, ENDINGS) for one in (_LISTED.findall(text)[:_MOST_NAMES] if any(sign in text for sign in _LISTING) else ())]
    text = "\n".join(_lines_with(_OPEN_SIGNS, "\n".join(_lines_with("/", text))))
    text = _SHUT.sub("} ", text) if "/*" in text or "${" in text else text
    text = _FILLED_IN.sub("{}", text) if "{{" in text else text
    text = text.replace('/"$', "/$").replace('" +', "$ ").replace("' +", "$ ")
    marked = text.encode("utf-8", "replace").translate(_MARKED).split()
    for word in [one.decode() for one in marked if b"/" in one and b"$" in one][:_MOST_NAMES]:
        *starts, end = (part.rpartition("}")[2] for part in word.split("$"))
        endings = (f".{end.rpartition('.')[2]}",) if "." in end else ENDINGS
        found += ((one.rpartition("/")[0].lstrip("/"), endings) for one in starts if endings is ENDINGS or endings[0] in SCRIPTS)
    return {one for one in found if (top := one[0].partition("/")[0]) in here or (top and not top.strip("."))}


def _paths(text: str, here: frozenset[str]) -> dict[str, list[str]]:
    """The folders of paths, each with the names of files there; the empty one also has what a recipe runs by default."""
    handled = "andler" in text
    runs = not here.isdisjoint(MADE) and ("includes:" in text or "node --run" in text or not RUN_TOOLS.isdisjoint(checkout.names_in(text)))
    found: dict[str, list[str]] = {"": [*MADE] if runs else ["package.json"] if "'#" in text or '"#' in text else []}  # with its imports
    if handled or len(here) > _MANY or any(sign in text for sign in ("./", '"@', "'@", "dist/", *here)):
        for under, lasts in islice(_paths_in(text, here, handled=handled), _MOST_NAMES):
            found.setdefault(under, []).extend(lasts)
    return found


def _paths_in(text: str, here: frozenset[str], *, handled: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the folder and the names of each word that may be a path to what is ``here``."""
    imports = any(sign in text for sign in ("import", "require", "export "))
    words = {word.lstrip("/").rstrip("/.+-@") for word in {*checkout.words_of(text)}}
    words |= {word.lstrip("@+-") for word in words if word[:1] in ("@", "+", "-")}  # of a recipe
    aliased = (word for word in words if imports and "/" in word and word[:1] != ".")  # as compilers and bundlers are told
    words |= {start + one for word in aliased for one in (word.lstrip("@"), word.partition("/")[2]) for start in _SOURCES[word[0] != "@" :]}
    words |= {f"src/{word.partition('/')[2]}" for word in words if word.startswith(("dist/", "build/", "out/"))}  # of compilers
    paths = {word for word in words if "/" in word or (handled and "." in word)}
    paths |= {word.replace(".", "/", word.count(".") - 1) for word in words if handled and word.count(".") > 1}
    for name in sorted(paths | words & here):
        under, _, last = name.rpartition("/")
        top = under.partition("/")[0]
        if len(name) >= _LONGEST or (under and top not in here and top.strip(".")):
            continue
        stem, ending = os.path.splitext(last)
        lasts = (last, *(stem + one for one in HANDLED if handled or not ending or ending in _BUNDLED))  # the code of TypeScript
        lasts += tuple(last + one for one in _BUNDLED) if imports and ending and ending not in HANDLED else ()  # users.service
        if under or any(one in here for one in lasts):
            yield under, lasts
        if imports and not ending and name.strip("./"):
            yield from ((name, _INDEX), (f"{name}/src", _INDEX))
