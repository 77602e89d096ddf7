"""What a checkout holds: its programs and packages by their names, and those that make keys. Nothing here follows paths."""

from __future__ import annotations

import os
from itertools import tee

from posturio_iac.core.record import kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.search.programs import ENDINGS, NAMED_ONLY, NO_PROGRAMS, Program, content, is_hinted, looked_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.text.textfile import Fence

WORDS = bytes(sign if sign > 127 or chr(sign).isalnum() or sign in b"_./@+-" else 32 for sign in range(256))  # noqa: PLR2004 - ASCII
NEXT = r"[ \t\"',\\]+"
_TOOLS = "make gmake MAKE npm pnpm yarn bun task just rake tox nox poetry uv inv invoke fab pipenv pdm hatch poe deno nx turbo lerna mise"
_TOOLS += " uvx pipx npx mage earthly composer docker-compose podman-compose"
_OF_ENGINE = lazy_pattern(rf"(?:docker|podman)(?:-|{NEXT})(?:compose|bake|build\w*|run)(?![\w.-])")
RUN_TOOLS = frozenset(_TOOLS.split())
_IN_NAMES = bytes(sign if sign in WORDS and sign not in b"/@" else 32 for sign in range(256))  # of names in paths, and of modules
MOST_FILES = 200  # how many are read of a folder of programs, and of those that call each other
COMPILED_FROM = (".csproj", ".fsproj", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "go.mod")  # the whole folder
PACKED = (*ENDINGS, ".jar", *COMPILED_FROM, "package.json", "pyproject.toml", "requirements.txt")
_TEXTS = (".tpl", ".tftpl", ".tmpl", ".template", ".j2", ".in", ".txt", ".cfg", ".conf", ".init", ".cloudinit", ".userdata", ".asl", ".ksh")
ALL = (*PACKED, ".yml", ".yaml", ".json", ".zip", *_TEXTS)  # what may hold a program
_SKIPPED = frozenset(("node_modules", "vendor", ".git", ".terraform", "__pycache__", ".venv"))
_OF_TESTS = lazy_pattern(r"[/\\](?:(?:__)?(?:tests?|specs?)(?:__)?[/\\]|test_|conftest\.py$)|(?:_test|\.spec|\.test)\.\w+$")
_OPEN_FILE = lazy_pattern(r"file(?:base64)?\((?!\s*\"(?:\$\{path\.[mr]\w+\}|[^\"$%\n]|[$%](?!\{))*\")")  # which no text names
_PATH = lazy_pattern(r"(?:source_(?:dir|file|path)|context|working_dir|buildspec)\"?\s*[=:]\s*(?:\"(\$\{path\.module\}/*)?([^\"$%]*)\")?")
"""An argument that names a program: the folder of the code, if that stands before it, and a path, if there is one."""
_GIVEN = r"\"?\s*[=:](?:\s*\[.{0,99}\"-c\",)?[\[\"${\s]{0,99}(?:local|var|each|module)\."
_FILLED = {sign: lazy_pattern(rf"{sign}(?<=\.)(?:zip|sh|py|m?js)\"") for sign in ("}.", "%s.")}
_FILLED |= {word: lazy_pattern(word + _GIVEN) for word in ("command", "program", "inline", "execute")}
_WHOLES = {'_object"': "source", "helm_release": "chart", "_playbook": "playbook"}
_FILLED |= {sign: lazy_pattern(rf"{one}(?<!\w{one})\s*=(?!\s*\"(?:\$\{{path\.[mr]\w+\}})?[^\"$%\n]*\")") for sign, one in _WHOLES.items()}
"""What an evaluation gives a name: `${local.name}.zip`, that of a format, and a whole command."""
_BY_PATH, _BY_NAME = ("source_", "docker_", "working_dir", "buildspec"), (".sh", ".bash", ".py", ".js", ".ps1")
_OPEN = r"[\"']?[ \t]*:\s{0,99}(?:[>|&!*]|\{?\s{0,99}[\"']?(?:Fn::|Ref\b)|[\"']?[\w./-]+ [\w./-])"
OPEN_URI = lazy_pattern(rf"(?:Uri(?:(?<=CodeUri)|(?<=ContentUri)|(?<=DefinitionUri))|Co(?<!\wCo)(?:de|ntent)){_OPEN}")
"""What takes a parser in a template: an expression, or a text in several parts."""


def names_in(text: str) -> set[str]:
    names = {name.strip(".-") for name in {*words_of(text, _IN_NAMES)}}
    return names | {"docker-compose"} if not names.isdisjoint(("docker", "podman")) and _OF_ENGINE.search(text) else names


def is_open(text: str, folders: Sequence[str], fence: Fence, *, runs: bool) -> bool:
    """True if Terraform code may name a program by what only an evaluation tells; ``runs`` if it has commands."""
    fills = any(sign in text and pattern.search(text) is not None for sign, pattern in _FILLED.items())
    if fills or "fileset(" in text or (runs and '"-m"' in text) or _OPEN_FILE.search(text):
        return True
    named = _PATH.findall(text) if any(sign in text for sign in _BY_PATH) else []
    words = words_of(text.replace("${path.module}/", "")) if runs else ()
    named += (("", word) for word in words if word.endswith(_BY_NAME) or word[:2] == "./")
    tops = {path.removeprefix("./").partition("/")[0] for own, path in named if not own}
    return all(not tops <= fence.names(folder) for folder in folders)


def is_of_tests(path: str) -> bool:
    return ("test" in path or "spec" in path) and _OF_TESTS.search(path) is not None


def words_of(text: str, signs: bytes = WORDS) -> list[str]:
    return text.encode("utf-8", "replace").translate(signs).decode().split()


def is_without_makers(text: str, folder: str, fence: Fence) -> bool:
    """True if nothing that code may name in the whole checkout makes keys."""
    if fence.edited or has_maker(folder, fence):
        return False
    words = words_of(text.replace("README.md", "")) if any(sign in text for sign in (*_SKIPPED, *NAMED_ONLY)) else []
    return all(fence.passed.isdisjoint(word.split("/")) for word in words)


def has_maker(folder: str, fence: Fence, *, fills: bool = True) -> bool:
    """True if a program of the checkout may make keys, also by what code ``fills`` in, or if there are too many files to tell."""
    top = fence.top_of(folder)
    if (asked := (top, fills)) not in fence.makers:
        files = below(top, fence, fence.most, ())
        may = (of.makes_keys or of.deploys_key or of.unseen or (fills and of.in_parts) for _, of in hinted(files, fence))
        fence.makers[asked] = len(files) > fence.most or any(may)
    return bool(fence.makers[asked])


def hinted(files: Iterable[str], fence: Fence) -> Iterator[tuple[str, Program]]:
    """Yield those of some files that may make keys, each with what it does."""
    for file in files:
        if kept(fence.programs, (file, ""), lambda of: is_hinted((read := content(of[0], fence))[0]) or read[1] != ""):
            yield file, kept(fence.programs, file, lambda one: looked_into(one, fence))[0]


def note_run(programs: Sequence[tuple[str, Program]], folder: str, fence: Fence) -> None:
    """Remember the programs that code in a folder (absolute) runs, each with its path; that of its own text, without one, comes first."""
    fence.run |= {os.path.normpath(os.path.join(folder, name)): True for name, _ in programs if name}
    fence.run |= dict.fromkeys(fence.run if programs[0][1].makes_keys else (), True)


def below(top: str, fence: Fence, most: int = MOST_FILES, endings: tuple[str, ...] = PACKED) -> list[str]:
    """The files in a folder and those below it, by their endings, or without any all that may be a program; one more than ``most``."""
    found, known = list[str](), fence.programs
    walk, known[top, None] = tee(kept(known, (top, None), lambda _: fence.walk(top, _SKIPPED)))  # which others go on with
    for folder, names in walk:  # one more is found than is looked into
        fence.passed.update(one for one in names if not endings and one.endswith(NAMED_ONLY))
        ours = (one for one in names if (one.endswith(endings) or "." not in one if endings else not one.endswith(NO_PROGRAMS)))
        start = os.path.join(folder, "")
        found += (start + name for name in ours)
        if len(found) > most:
            break
    return found[: most + 1]
