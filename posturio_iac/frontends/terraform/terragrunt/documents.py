"""The files that Terragrunt reads, parsed when they are asked for. Paths are absolute, with forward slashes."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic
from posturio_iac.core.text.textfile import OUTSIDE
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.core.text.textfile import Fence

Document = tuple[hcl.Body, tuple[Diagnostic, ...]]
MOST_COPIES = 1000
"""The most folders that stacks may generate."""
_MOST_PARSED = 200
"""How many files are kept parsed; the least recently used ones are parsed again."""


class Documents:
    """The files of one scan."""

    def __init__(self, root: str, repository: str | None, fence: Fence, read: Callable[[str], bytes | Diagnostic]) -> None:
        """Read below ``fence``. ``read`` takes a path relative to the scan root."""
        self.root = root.replace(os.sep, "/")
        self.has_repository = repository is not None
        self.repository = (repository or root).replace(os.sep, "/")
        """Where the repository begins; without one, the scan root stands for it."""
        self._fence, self._read = fence, read
        self._parsed: dict[str, Document] = {}
        self._there: dict[str, bool] = {}
        self._copies: dict[str, tuple[int, str]] = {}

    def copy(self, folder: str, to: str) -> bool:
        """Map a folder to the place where a stack generates a copy of it; tell whether there is room for one more."""
        if len(self._copies) >= MOST_COPIES and to not in self._copies:
            return False
        self._copies.setdefault(to, (len(self._copies), folder))
        return True

    def real(self, path: str) -> str:
        """Return the real place of the file that Terragrunt finds at ``path``: in the first of several copies that hold it."""
        path = posixpath.normpath(path)
        found: tuple[int, str, str] | None = None
        place = path if self._copies else ""
        while place.strip("/"):
            if (copy := self._copies.get(place)) is not None and (found is None or copy[0] < found[0]):
                found = (*copy, path[len(place) :])
            place = posixpath.dirname(place)
        return path if found is None else found[1] + found[2]

    def shown(self, path: str) -> str:
        """Return a path relative to the scan root, empty for the root itself."""
        shown = posixpath.relpath(path, self.root)
        return "" if shown == "." else shown

    def has_file(self, path: str) -> bool:
        """Tell whether there is a file that may be read."""
        real = self.real(path)
        if real not in self._there:
            self._there[real] = os.path.isfile(real) and self._fence.holds(real)
        return self._there[real]

    def has_folder(self, path: str) -> bool:
        """Tell whether there is a folder that may be read."""
        real = self.real(path)
        return os.path.isdir(real) and self._fence.holds(real)

    def data(self, path: str) -> bytes | Diagnostic:
        """Return the bytes of a file, or why it cannot be read."""
        real = self.real(path)
        shown = self.shown(real)
        if os.path.exists(real) and not self._fence.holds(real):
            from posturio_iac.core.finding import Level

            return Diagnostic(Level.ERROR, OUTSIDE, shown)
        return self._read(shown)

    def parsed(self, path: str) -> Document:
        """Return the syntax of a file, and its problems."""
        real = self.real(path)
        document = self._parsed.pop(real, None)
        if document is None:
            document = self._parse(path, real)
            if len(self._parsed) >= _MOST_PARSED:
                del self._parsed[next(iter(self._parsed))]
        self._parsed[real] = document
        return document

    def _parse(self, path: str, real: str) -> Document:
        data = self.data(path)
        if isinstance(data, Diagnostic):
            return hcl.EMPTY, (data,)
        if real.endswith(".json"):
            from posturio_iac.frontends.terraform.syntax import json_syntax

            return json_syntax.parse(self.shown(real), data)
        return parse(self.shown(real), data)
