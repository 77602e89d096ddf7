"""The files that Terragrunt reads, parsed when they are asked for. Paths are absolute, with forward slashes."""

from __future__ import annotations

import os
import posixpath
import re
from stat import S_ISDIR, S_ISREG

from posturio_iac.core.finding import Diagnostic
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.json_syntax import parse_either

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.core.model import Span
    from posturio_iac.core.text.textfile import Fence

_CACHE = ".terragrunt-cache/0/0"  # a name for the folder that Terragrunt copies a module to, two levels below its cache
_ELSEWHERE = lazy_pattern(
    r"[a-z0-9+.-]+::|(?!file:)[a-z0-9+.-]+://|[\w.-]+@[\w.-]+:|github\.com/|bitbucket\.org/|gitlab\.com/", re.IGNORECASE
)
_REGISTRY = lazy_pattern(r"tfr://(?P<host>[^/]*)/(?P<module>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UnitSource:
    """The module that a unit applies."""

    text: str  # as Terraform would write it: registry modules without ``tfr://``
    span: Span
    version: str | None = None
    package: str = ""  # local: the folder that is copied as a whole, absolute; empty for one that is not here
    module: str = ""  # local: the folder of the module, absolute

    @property
    def is_local(self) -> bool:
        return bool(self.package)


def source_of(text: str, folder: str, span: Span) -> UnitSource:
    """Parse a source; ``folder`` is that of the unit, absolute."""
    registry = _REGISTRY.fullmatch(text)
    if registry is not None:
        host, module = registry["host"], registry["module"]
        version = next((v for k, _, v in (pair.partition("=") for pair in (registry["query"] or "").split("&")) if k == "version"), None)
        known = host in ("", "registry.terraform.io", "registry.opentofu.org")
        return UnitSource(module if known else f"{host}/{module}", span, version)
    if _ELSEWHERE.match(text):
        return UnitSource(text, span)
    path = text.partition("?")[0].removeprefix("file://")
    start = len(path) - len(path.lstrip("/"))
    package, _, inside = path[start:].partition("//")
    top = posixpath.normpath(posixpath.join(folder, path[: min(start, 1)] + package))
    return UnitSource(text, span, package=top, module=posixpath.normpath(posixpath.join(top, inside.strip("/"))))


def as_copied(package: str, unit: str, folder: str, source: str) -> str:
    """The folder that a local ``source`` means in ``folder``, a part of ``package``, which is copied below ``unit``."""
    cache = posixpath.join(unit, _CACHE)
    there = posixpath.normpath(posixpath.join(cache, posixpath.relpath(folder, package), source))
    if there == cache or there.startswith(f"{cache}/"):
        return posixpath.normpath(posixpath.join(package, posixpath.relpath(there, cache)))
    return there


Document = tuple[hcl.Body, tuple[Diagnostic, ...]]
MOST_COPIES = 1000
_MOST_PARSED = 200  # how many files are kept parsed; the least recently used ones are parsed again
_LABELS = {"generate": 1, "dependency": 1, "include": 1}
_NOTHING, _FILE, _FOLDER = range(3)


class Documents:
    """The files of one scan."""

    def __init__(self, root: str, repository: str | None, fence: Fence, read: Callable[[str], bytes | Diagnostic]) -> None:
        """Read below ``fence``. ``read`` takes a path relative to the scan root."""
        self.root = root.replace(os.sep, "/")
        self.has_repository = repository is not None
        self.repository = (repository or root).replace(os.sep, "/")
        """Where the repository begins; without one, the scan root stands for it."""
        self.fence, self._read = fence, read
        self._parsed: dict[str, Document] = {}
        self._there: dict[str, int] = {}
        self._copies: dict[str, str] = {}
        self._copied: dict[str, tuple[str, int] | None] = {}

    def copy(self, folder: str, to: str) -> bool:
        """Map a folder to the place where a stack generates a copy of it; tell whether there is room for one more."""
        if len(self._copies) >= MOST_COPIES and to not in self._copies:
            return False
        self._copies.setdefault(to, folder)
        self._copied.clear()
        return True

    def real(self, path: str) -> str:
        """The real place of the file that Terragrunt finds at ``path``: in the innermost of copies within copies."""
        path = posixpath.normpath(path)
        found = self._copy_above(path) if self._copies else None
        return path if found is None else found[0] + path[found[1] :]

    def _copy_above(self, path: str) -> tuple[str, int] | None:
        way: list[str] = []
        while path.strip("/") and path not in self._copied:
            way.append(path)
            path = posixpath.dirname(path)
        found = self._copied.get(path)
        for place in reversed(way):
            if (copied := self._copies.get(place)) is not None:
                found = (copied, len(place))
            self._copied[place] = found
        return found

    def shown(self, path: str) -> str:
        """A path relative to the scan root, empty for the root itself."""
        path = posixpath.normpath(path)
        if path.startswith(f"{self.root}/"):
            return path[len(self.root) + 1 :]
        shown = posixpath.relpath(path, self.root)
        return "" if shown == "." else shown

    def has_file(self, path: str) -> bool:
        return self._kind(path) == _FILE

    def has_folder(self, path: str) -> bool:
        return self._kind(path) == _FOLDER

    def holds(self, folder: str, endings: tuple[str, ...]) -> bool:
        """True if a file with one of some endings is in a folder."""
        return any(name.endswith(endings) for name in self.fence.names(self.real(folder)))

    def _kind(self, path: str) -> int:
        real = self.real(path)
        kind = self._there.get(real)
        if kind is None:
            try:
                mode = os.stat(real).st_mode
            except (OSError, ValueError):
                mode = 0
            kind = _FILE if S_ISREG(mode) else _FOLDER if S_ISDIR(mode) else _NOTHING
            self._there[real] = kind = kind if kind and self.fence.holds(real) else _NOTHING
        return kind

    def data(self, path: str) -> bytes | Diagnostic:
        """The bytes of a file, or why it cannot be read."""
        return self._read(self.shown(self.real(path)))

    def parsed(self, path: str) -> Document:
        """The syntax of a file, and its problems."""
        real = self.real(path)
        document = self._parsed.pop(real, None)
        if document is None:
            document = self._parse(path, real)
            self.fence.run[os.path.normpath(real)] = True
            if len(self._parsed) >= _MOST_PARSED:
                del self._parsed[next(iter(self._parsed))]
        self._parsed[real] = document
        return document

    def _parse(self, path: str, real: str) -> Document:
        data = self.data(path)
        if isinstance(data, Diagnostic):
            return hcl.EMPTY, (data,)
        body, problems = parse_either(self.shown(real), data, _LABELS)
        included = body.all("include")
        if real.endswith(".json") and (not all(block.get("path") for block in included) or ("include" in body.attributes and not included)):
            # it has no label: its members are arguments
            return parse_either(self.shown(real), data, {**_LABELS, "include": 0})
        return body, problems
