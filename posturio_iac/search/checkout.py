"""What a checkout holds: its programs and packages by their names, and those that make keys. Nothing here follows paths."""

from __future__ import annotations

import os
from itertools import pairwise, tee

from posturio_iac.core.keys import IMAGES
from posturio_iac.core.record import grouped, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.search.programs import ENDINGS, MADE, NAMED_ONLY, NO_PROGRAMS, SCRIPTS, content, is_hinted, looked_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from posturio_iac.core.text.textfile import Fence

WORDS = bytes(sign if sign > 127 or chr(sign).isalnum() or sign in b"_./@+-" else 32 for sign in range(256))  # noqa: PLR2004 - ASCII
NEXT = r"[ \t\"',\\]+"
_TOOLS = "make gmake MAKE npm pnpm yarn bun task just rake tox nox poetry uv inv invoke fab pipenv pdm hatch poe deno nx turbo lerna mise"
_TOOLS += " uvx pipx npx mage earthly composer docker-compose podman-compose"
_OF_ENGINE = lazy_pattern(rf"(?:docker|podman)(?:-|{NEXT})(?:compose|bake|build\w*|run)(?![\w.-])")
_FOREIGN = lazy_pattern(r"(?:(?<!s3):/|(?<![\w.)}$/])/(?:opt|usr|etc))/[^\s\"']+")  # a path that leads to no file of a checkout
RUN_TOOLS, _RUNS_TOOL = frozenset(_TOOLS.split()), ("", "")  # and the part of a text that runs one of these
_IN_NAMES = bytes(sign if sign in WORDS and sign not in b"/@" else 32 for sign in range(256))  # of names in paths, and of modules
_IN_MODULES = bytes(47 if sign in b".:/\\" else sign if sign in WORDS and sign not in b"@+" else 32 for sign in range(256))
_MANIFESTS = ("package.json", "pyproject.toml", "project.json", "Cargo.toml")
_PACKAGE = lazy_pattern(r"(?:\"name\"\s*:|\bname\s*=)\s*\"([^\"]+)\"")
WORKSPACES = frozenset(("package.json", "pyproject.toml", "pnpm-workspace.yaml", "nx.json"))
_COMMON = frozenset(("index", "main", "handler", "app", "__init__", "cli", "run", "setup", "lambda_function"))  # names of many files
_ALIAS = lazy_pattern(r"\"@?([\w-]+)/([\w-]+)\"\s*:\s*\[\s*\"(?:\./)?([^\"*]+)\"")
MOST_FILES, _MOST_PROGRAMS = 200, 2000  # how many files are read of a folder of programs and of those that call each other; of a checkout
COMPILED_FROM = (".csproj", ".fsproj", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "go.mod")  # the whole folder
PACKED = (*ENDINGS, ".jar", *COMPILED_FROM, "package.json", "pyproject.toml", "requirements.txt")
_TEXTS = (".tpl", ".tftpl", ".tmpl", ".template", ".j2", ".in", ".txt", ".cfg", ".conf", ".init", ".cloudinit", ".userdata", ".asl", ".ksh")
ALL = (*PACKED, ".yml", ".yaml", ".json", ".zip", *_TEXTS)  # what may hold a program
_SKIPPED = frozenset(("node_modules", "vendor", ".git", ".terraform", "__pycache__", ".venv"))
OF_TESTS = lazy_pattern(r"[/\\](?:(?:__)?(?:tests?|specs?)(?:__)?[/\\]|test_|conftest\.py$)|(?:_test|\.spec|\.test)\.\w+$")
_NAMED_CODE = r"filename\s*=\s*\"[^\"\n]{0,200}\$\{(?!path)[^\"\n]{0,200}\.(?:zip|jar)\""
_IN_BUCKET = r"s3_existing_p|(?:s3_key|image_uri|filename)\s*=\s*(?:var|local)\.|(?:s3_key|image_uri)\s*=\s*[\"d]"
_IN_BUCKET += r"|(?:S3Key|ImageUri)\W?:|Uri\W{0,3}:[\s{\"]*(?:Bucket|Key)\b"
_REMOTE_CODE, _REMOTE = lazy_pattern(f"{_IN_BUCKET}|{_NAMED_CODE}"), ("g_package", "filename", "s3_key", "image_uri", "S3Key", "Uri")
_ARCHIVE = r"local_existing_package|filename(?=[^\n]*\.(?:zip|jar)\")|source_(?:dir|path|file)"
_LOCAL_CODE = lazy_pattern(rf"(?:{_ARCHIVE})\"?\s*[=:]\s*\"(?:\$\{{path\.\w+\}})?([^\"$]+)\"")
_BY_ITSELF = "turbo nx lerna rake artisan manage.py rails helmfile argocd sbt gradle gradlew mvn mvnw xargs pwsh ansible-playbook npx"
_BY_ITSELF += " dagger mise salt-call chef-client vagrant sceptre pulumi cdk serverless sls flask gulp copilot chalice zappa skaffold"
_BY_ITSELF += " tilt werf kapp ytt heroku foreman forego supervisord flyctl thor doit scons behave mage cmake ctest msbuild"
_BY_ITSELF += " nix lein cabal pixi devbox nuke ant bazelisk pants snakemake rush sst cue console"
_FINDS_ITSELF = lazy_pattern(rf"(?:[\"'`;&|(\n]|- )\s*(?:[\w./-]+ )?(?:\./)?(?:bin/)?({_BY_ITSELF.replace(' ', '|')})(?=[ \"',])")
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
_ABSENT_IMAGE = "an image whose code is not here"
_OPEN_IMAGE = lazy_pattern(r"[iI]mage\w*[\"']?\s*[:=]\s*(?:[\"']?\$\{|(?:var|local|data|each)\.|!Ref|!Sub|\{\s*\"(?:Ref|Fn))")
_BUILT = ("artifact", "Code(?:Uri|(?<!\\wCode))", "handler")
*_BUILT_CODE, _HANDLER = (lazy_pattern(rf"{one}[\"']?:[ \t]*[\"']?([\w./-]+(?: [\w./-]+)*)") for one in _BUILT)
_MANY, _FEW = 150, 10  # questions after which twice as many files are read, and which are answered apart; files that stand for a name


def elsewhere(parts: Iterable[set[Any]], starts: Iterable[str], found: set[str], fence: Fence) -> Iterator[str]:
    """Yield programs of the checkout that texts name by parts of their paths alone; names that were ``found`` stand for other files.

    A name that leads to no file from here may be any file of this name, if none is below ``starts``, where modules, and what a tool runs
    by default, have to be.
    """
    held: set[Any] = set().union(*parts)
    homes = tuple(starts)
    top = fence.top_of(homes[0])
    names, pairs, packages = by_name(top, fence)
    for one in sorted(packages.keys() & held, key=str):
        for folder in _nearest(packages[one], homes):
            yield from below(folder, fence, endings=ALL) if folder != top else ()
    for name in sorted(one for one in (names.keys() & held) - found if "." in one):
        is_common = name.partition(".")[0] in _COMMON or len(names[name]) > _FEW
        files = (one for one in names[name] if not is_common or os.path.basename(os.path.dirname(one)) in held)
        yield from _nearest([*files], homes)
    has_path = ("sys", "path") in held
    modules = {(one[1], file) for one in ([p for p in pairs if p[1] in held] if has_path else pairs.keys() & held) for file in pairs[one]}
    for stem, file in (*sorted(modules), *(("", file) for name in MADE for file in names.get(name, ()) if _RUNS_TOOL in held)):
        folder = os.path.dirname(file)
        for start in homes:
            if folder.startswith(start + os.sep):
                folders = folder[len(start) + 1 :].split(os.sep)
                above = [one for one in folders if one not in ("src", "lib")] or folders
                if (above[-1], stem) in held or ((has_path or not stem) and held.issuperset(folders)):
                    yield file


def _nearest(paths: list[str], homes: Sequence[str]) -> list[str]:
    """Those below the ``homes``, or else all of the paths, with those first that share most of their folders with one."""
    within = [path for path in paths if path.startswith(tuple(home + os.sep for home in homes))]
    return sorted(within or paths, key=lambda path: -max(len(os.path.commonpath((path, home))) for home in homes))


def parts_of(text: str) -> set[Any]:
    """The parts of paths in a text, and pairs of two, as names of modules have them."""
    names = names_in(text := _FOREIGN.sub(" ", text) if "://" in text or "/opt/" in text or "/usr/" in text or "/etc/" in text else text)
    modules = (module.split("/") for module in {*words_of(text, _IN_MODULES)} if "/" in module)
    pairs = {pair for module in modules for pair in pairwise(module) if all(pair)}
    pairs |= (
        {("roles", name) for name in names} if any(one in text for one in ("hosts:", "_role", "dependencies:")) else set()
    )  # of Ansible
    return {*names, *pairs, *(stem for _, stem in pairs), *(() if RUN_TOOLS.isdisjoint(names) else (_RUNS_TOOL,))}


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


def by_name(top: str, fence: Fence) -> tuple[dict[str, list[str]], dict[Any, list[str]], dict[Any, list[str]]]:
    """The programs of a checkout by their names, and by the folder and the stem of a module; the folders of packages by their names."""
    if (top, "names") not in fence.programs:
        files = [one for one in below(top, fence, 10 * _MOST_PROGRAMS, SCRIPTS) if not OF_TESTS.search(one[len(top) :])]
        names = grouped(files, os.path.basename)
        packages: list[tuple[Any, str]] = []
        for file in (file for manifest in _MANIFESTS for file in names.get(manifest, ())):
            if found := _PACKAGE.search(content(file, fence)[0].decode("utf-8", "replace")):
                *scope, name = found[1].lstrip("@").split("/")
                both = (name, name.replace("-", "_")) if scope or not name.isalnum() else ()
                packages += (((scope[-1], one) if scope else one, os.path.dirname(file)) for one in both)
        for config in ("tsconfig.json", "tsconfig.base.json"):
            text = content(os.path.join(top, config), fence)[0].decode("utf-8", "replace") if config in fence.names(top) else ""
            packages += (((scope, name), os.path.dirname(os.path.join(top, to))) for scope, name, to in _ALIAS.findall(text))
        for folder in {os.path.dirname(file) for one in ("main.yml", "main.yaml") for file in names.get(one, ())}:
            above, role = os.path.split(os.path.dirname(folder))
            packages += [(("roles", role), f"{above}{os.sep}{role}")] if os.path.basename(above) == "roles" else []
        folders = {one: [folder for _, folder in pairs] for one, pairs in grouped(packages, lambda pair: pair[0]).items()}
        pairs: dict[Any, list[str]] = {}
        for path in files:
            *way, name = path.split(os.sep)
            for folder in {way[-1], next((one for one in reversed(way) if one not in ("src", "lib")), "")}:
                pairs.setdefault((folder, name.partition(".")[0]), []).append(path)
        fence.programs[top, "names"] = names, pairs, folders
    names, pairs, folders = fence.programs[top, "names"]
    return names, pairs, folders


def note_absent(text: str, path: str, fence: Fence, *, served: bool | None, runs: bool) -> None:
    """Note what may make keys and is not here: code of functions in a template, ``served`` or not, and what a tool ``runs`` by itself."""
    folder, lacks = os.path.dirname(path), ""
    if served is not None and ("unction" in text or "existing_package" in text) and _lacks_code(text, folder, fence, served=served):
        lacks = "a function whose code is not here"
    elif served is not None and (any(sign.decode() in text for sign in IMAGES) or _OPEN_IMAGE.search(text)):
        lacks = _ABSENT_IMAGE
    elif runs and not names_in(text).isdisjoint(_BY_ITSELF.split()) and (tool := _FINDS_ITSELF.search(text)):
        lacks = f"{tool[1]}, which finds what it runs by itself"
    made = maker(folder, fence, () if "by itself" in lacks else (*ENDINGS, ".zip")) if lacks else ""
    if made and lacks == _ABSENT_IMAGE:
        places = map(os.path.dirname, by_name(fence.top_of(folder), fence)[0].get("Dockerfile", ()))
        found = (
            (one, kept(fence.programs, one, lambda file: looked_into(file, fence))[0]) for place in places for one in below(place, fence)
        )
        made = next((one for one, program in found if program.makes_keys), "")
    if os.path.isfile(made):
        fence.beyond.add((path, f"{lacks}, and {os.path.relpath(made, folder)} may make keys"))


def _lacks_code(text: str, folder: str, fence: Fence, *, served: bool) -> bool:
    """True if the code of a function may lie in a bucket or a registry, or where a build has still to put it."""
    named = (one.lstrip("/") for find in (_LOCAL_CODE, *_BUILT_CODE) for one in find.findall(text) if one.strip("./"))
    places = (os.path.split(os.path.normpath(os.path.join(folder, one))) for one in named)
    absent = [name for place, name in places if name not in fence.names(place)]
    is_beside = served and not any(sign in text for sign in ("artifact", "module:", 'module"'))  # where handlers are files
    for one in _HANDLER.findall(text) if is_beside else ():
        under, name = os.path.split(os.path.normpath(os.path.join(folder, one)))
        absent += () if any(own.partition(".")[0] == name.partition(".")[0] for own in fence.names(under)) else (name,)
    is_image = served and ".dkr.ecr" in text
    is_remote = any(sign in text for sign in _REMOTE) and _REMOTE_CODE.search(text) is not None
    return is_image or is_remote or any(text.count(name) == 1 or "output_path" not in text for name in absent)


def is_installed(file: str, fence: Fence) -> bool:
    """True if pip has put a module of Python there, by the record beside its package: it leads to nothing of ours."""

    def recorded(key: tuple[str, str]) -> set[str]:
        records = (os.path.join(key[0], one, "RECORD") for one in fence.names(key[0]) if one.endswith(".dist-info"))
        return {line.partition(",")[0] for one in records for line in content(one, fence)[0].decode("utf-8", "replace").splitlines()}

    ends = (at for at in range(len(fence.top), len(file)) if file[at] == os.sep and file.endswith(".py"))
    return any(file[at + 1 :] in kept(fence.programs, (file[:at], "installed"), recorded) for at in ends)


def words_of(text: str, signs: bytes = WORDS) -> list[str]:
    return text.encode("utf-8", "replace").translate(signs).decode().split()


def is_without_makers(text: str, folder: str, fence: Fence, *, asks: bool = False) -> bool:
    """True if nothing that code may name in the whole checkout makes keys, which is looked for if it ``asks``, or is asked often."""
    fence.questions += 1
    if fence.edited or not (asks or fence.makers or fence.questions > _FEW):
        return False
    if maker(folder, fence):
        return False
    words = words_of(text.replace("README.md", "")) if any(sign in text for sign in (*fence.passed, *NAMED_ONLY)) else []
    return not any(word.endswith(NAMED_ONLY) or not fence.passed.isdisjoint(word.split("/")) for word in words)


def maker(folder: str, fence: Fence, endings: tuple[str, ...] = (), *, fills: bool = True) -> str:
    """A program that may make keys, or the top of a tree with too many; without ``endings`` any file, also by what code ``fills`` in."""
    any_file = min(_MOST_PROGRAMS * 5 // 4 << fence.questions // _MANY, 10 * _MOST_PROGRAMS)
    top, most = fence.top_of(folder), _MOST_PROGRAMS if endings else any_file
    if (asked := (top, endings, fills, most)) not in fence.makers:
        whole, known = below(top, fence, most, endings), fence.programs
        files = (one for one in whole if not endings or not OF_TESTS.search(one[len(top) :]))  # no code of functions
        hinted = (one for one in files if kept(known, (one, ""), lambda of: is_hinted((read := content(of[0], fence))[0]) or read[1] != ""))
        programs = ((one, kept(known, one, lambda file: looked_into(file, fence))[0]) for one in hinted)
        found = (one for one, of in programs if of.makes_keys or of.deploys_key or of.unseen or (fills and of.in_parts and not endings))
        fence.makers[asked] = next(found, "") if len(whole) <= most else top
    return fence.makers[asked]


def below(top: str, fence: Fence, most: int = MOST_FILES, endings: tuple[str, ...] = PACKED) -> list[str]:
    """The files in a folder and those below it, by their endings, or without any all that may be a program; one more than ``most``."""
    found, known = list[str](), fence.programs
    walk, known[top, None] = tee(kept(known, (top, None), lambda _: fence.walk(top, _SKIPPED)))  # which others go on with
    for folder, names in walk:  # one more is found than is looked into
        ours = (one for one in names if (one.endswith(endings) or "." not in one if endings else not one.endswith(NO_PROGRAMS)))
        found += (os.path.join(folder, name) for name in ours)
        if len(found) > most:
            break
    return found[: most + 1]
