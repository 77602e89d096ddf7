"""The programs of the checkout that code names: files, archives and folders, and what scripts among them call."""

from __future__ import annotations

import os
from collections import deque
from itertools import islice

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.search.programs import SEARCHED, Program, program_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.text.textfile import Fence

_WORDS = bytes(sign if sign > 127 or chr(sign).isalnum() or sign in b"_./@+-" else 32 for sign in range(256))  # noqa: PLR2004 - ASCII
"""What stands for each byte, so that paths are the words of a text."""
_NO_PATHS = ("var.", "local.", "data.", "module.", "each.", "self.", "aws_", "null_", "path.", "terraform.", "...", "//")
"""Beginnings of what has dots and slashes, and is no path."""
_LONGEST, _LARGEST = 200, 1 << 20  # a path, and a file
_HERE = r"(?:\$\{path\.\w+\}/*)?"
_SET = rf"[\"']?\s*[:=]\s*(?:[\[{{\s]*path\s*=\s*)?[\"'\[]*(?:file://)?{_HERE}([\w./@+-]+)"
_FOLDERS = ("source_dir", "source_path", "CodeUri", "Code", "Content", "ContentUri", "DockerContext", "context", "aws:asset:path")
_FOLDER = lazy_pattern(rf"\b(?:{'|'.join(_FOLDERS)}){_SET}")
_ASSET = lazy_pattern(r"\bS3Key[\"']?\s*:\s*[\"']?([0-9a-f]+)\.zip")
"""The name of an archive of CDK's, whose folder lies beside the template."""
_FILESET = lazy_pattern(rf"fileset\(\s*[\"']{_HERE}([\w./@+-]+)")
_AWAY = lazy_pattern(rf"\bworking_dir{_SET}|(?:\b(?:cd|pushd)|\s-[Cd]|\s--prefix)[\s=]+{_HERE}([\w./@+-]+)")
_NEXT = r"[ \t\"',\\]+"
_RUNNERS = tuple(
    map(lazy_pattern, (rf"{one}{_NEXT}(?:-\w+{_NEXT})*{_HERE}([\w./@+-]+)" for one in (rf"go\b{_NEXT}run", r"python[\d.]*", "node")))
)
"""What runs a whole folder, or a module by its name."""
_MAKE = lazy_pattern(r"[\"'\s](?:make|npm|pnpm|yarn|task|just)\s")
_MADE = ("Makefile", "makefile", "GNUmakefile", "package.json", "Taskfile.yml", "Taskfile.yaml", "justfile", "Justfile")
_CODE = (
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".mts",
    ".sh",
    ".bash",
    ".rb",
    ".go",
    ".java",
    ".ps1",
    ".cs",
    ".kt",
    ".php",
    ".tsx",
    ".cts",
    ".rs",
)
_ENDINGS = (*_CODE, "ockerfile", "akefile")
_HANDLED, _SCRIPTS = _ENDINGS[:6], (".sh", ".bash", ".py", ".js", ".ps1", "akefile", *_MADE[3:])
MOST_FILES = 200  # how many files of one folder of programs are read, and of those that call each other
_MANY, _MOST_NAMES, _MOST_AWAY = 100, 1000, 10  # names in a folder, too many to look for each in a text; paths, and folders, in one
_SKIPPED = frozenset(("node_modules", ".git", ".terraform", "__pycache__", ".venv"))


class _Known(NamedTuple):
    """A file that was looked into, and the paths that it names."""

    program: Program
    calls: list[str]


def programs_named(text: str, folder: str, fence: Fence) -> Iterator[tuple[str, Program]]:
    """Yield path, seen from ``folder`` (absolute), and program of what code there names: files, those that they name, and whole folders."""
    text = text.replace(fence.top, os.path.relpath(fence.top, folder)) if len(fence.top) > 1 else text
    pending = deque(_named_in(text, (folder,), fence))
    folders = _FOLDER.findall(text) if any(sign in text for sign in _FOLDERS) else []
    folders += _FILESET.findall(text) if "archive_file" in text and "fileset(" in text else []
    folders += [one[1] for one in _AWAY.findall(text) if one[1]] if "zip " in text else []
    assets = (f"asset.{one}" for one in (_ASSET.findall(text) if "S3Key" in text else ()))
    tops = dict.fromkeys(os.path.normpath(os.path.join(folder, name.lstrip("/"))) for name in (*folders, *assets))
    packed = deque(file for top in tops if fence.folder(top) is not None for file in _below(top))  # these call only one another
    known: dict[tuple[str, str], _Known | None] = {} if fence.edited else fence.programs
    seen: set[str] = set()
    while (pending or packed) and len(seen) < MOST_FILES:
        caller, file = folder if pending else "", (pending or packed).popleft()
        if file in seen:
            continue
        seen.add(file)
        if (file, caller) not in known:
            known[file, caller] = _looked_into(file, caller, fence)
        if (found := known[file, caller]) is not None:
            yield os.path.relpath(file, folder).replace(os.sep, "/"), found.program
            pending += found.calls


def _looked_into(file: str, caller: str, fence: Fence) -> _Known | None:
    """The program in a file, and the files that it names for code in the folder ``caller``; None for what cannot be read."""
    from posturio_iac.core.text.textfile import UnreadableError, read

    try:
        data = read(file, _LARGEST, fence)
    except UnreadableError:
        return None
    if data.startswith(b"PK"):
        return _Known(program_of("\n".join(_packed(data))), [])
    text = data.decode("utf-8", "replace")
    if file.endswith((".tf", ".tofu")) or SEARCHED.fullmatch(os.fsencode(file)):  # it is judged by itself
        text = text.replace("AWS::IAM::", "").replace("aws_iam_", "")
    is_read = file.endswith(_SCRIPTS) or (file.endswith((".yml", ".yaml")) and "handler" in text)
    calls = _named_in(text, (os.path.dirname(file), caller), fence) if caller and is_read else ()
    return _Known(program_of(text), [*calls])


def _packed(data: bytes) -> Iterator[str]:
    import io
    import zipfile
    import zlib

    left = _LARGEST
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.infolist():
                if one.filename.endswith(_ENDINGS) and one.file_size <= left:
                    left -= one.file_size
                    yield archive.read(one).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return


def _named_in(text: str, folders: Iterable[str], fence: Fence) -> Iterator[str]:
    goes = any(sign in text for sign in ("working_dir", "cd ", "cd\t", "pushd ", " -C ", " -d ", "--prefix"))
    away = [one.lstrip("/") for groups in (_AWAY.findall(text) if goes else ()) for one in groups if one]
    starts = dict.fromkeys(os.path.join(folder, one) if one else folder for folder in folders for one in ("", *away[:_MOST_AWAY]))
    here = frozenset(name for start in starts for name in fence.names(os.path.normpath(start)))
    handled = "andler" in text
    inner: dict[str, list[str]] = {"": [*_MADE] if not here.isdisjoint(_MADE) and _MAKE.search(text) else []}
    if handled or len(here) > _MANY or "./" in text or any(name in text for name in here):
        for below, lasts in islice(_paths_in(text, here, handled=handled), _MOST_NAMES):
            inner.setdefault(below, []).extend(lasts)
    run = {name for one in _RUNNERS for word in one.findall(text) for name in (word, word.replace(".", "/"))}
    for start in starts:
        for name in sorted(run):
            there = os.path.normpath(os.path.join(start, name))
            inside = (os.path.join(there, own) for own in sorted(fence.names(there)) if own.endswith(_ENDINGS))
            yield from (there + ".py", *inside)
        for below, names in inner.items():
            there = os.path.normpath(os.path.join(start, below))
            yield from (os.path.join(there, name) for name in names if name in fence.names(there))


def _paths_in(text: str, here: frozenset[str], *, handled: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the folder and the names of each word that may be a path to what is ``here``."""
    words = set(text.encode("utf-8", "replace").translate(_WORDS).decode().split())
    words = {word.lstrip("/").rstrip("/.+-@") for word in words}
    paths = {word for word in words if "/" in word or (handled and "." in word)}
    paths |= {word.replace(".", "/", word.count(".") - 1) for word in words if handled and word.count(".") > 1}
    for name in sorted(paths | words & here):
        below, _, last = name.rpartition("/")
        top = below.partition("/")[0]
        if below and top not in here and top.strip("."):
            continue
        lasts = (last, *(_handled(last) if handled else ()))
        if (below or any(one in here for one in lasts)) and len(name) < _LONGEST and not name.startswith(_NO_PATHS):
            yield below, lasts


def _handled(name: str) -> list[str]:
    stem, ending = os.path.splitext(name)
    return [] if not ending or ending in _ENDINGS else [stem + one for one in _HANDLED]


def _below(top: str) -> list[str]:
    found: list[str] = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(set(folders) - _SKIPPED)
        found += (os.path.join(folder, name) for name in sorted(names) if name.endswith(_ENDINGS))
        if len(found) >= MOST_FILES:
            break
    return found[:MOST_FILES]
