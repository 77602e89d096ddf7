"""The files that Terragrunt reads, each opened and parsed once. Paths are absolute, with forward slashes."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic
from posturio_iac.core.textfile import OUTSIDE
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.core.textfile import Fence

Document = tuple[hcl.Body, tuple[Diagnostic, ...]]


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
        self._copies: list[tuple[str, str]] = []

    def copy(self, folder: str, to: str) -> None:
        """Let a folder stand at another place as well, where a stack generates it."""
        if (to, folder) not in self._copies:
            self._copies.append((to, folder))

    def real(self, path: str) -> str:
        """Return where the file stands that Terragrunt finds at ``path``."""
        path = posixpath.normpath(path)
        for to, folder in self._copies:
            if path == to or path.startswith(f"{to}/"):
                return folder + path[len(to) :]
        return path

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
        """Return the bytes of a file, or why they cannot be had."""
        real = self.real(path)
        shown = self.shown(real)
        if os.path.exists(real) and not self._fence.holds(real):
            from posturio_iac.core.finding import Level

            return Diagnostic(Level.ERROR, OUTSIDE, shown)
        return self._read(shown)

    def parsed(self, path: str) -> Document:
        """Return what a file holds, and what is wrong with it."""
        real = self.real(path)
        if real not in self._parsed:
            data = self.data(path)
            if isinstance(data, Diagnostic):
                self._parsed[real] = (hcl.EMPTY, (data,))
            elif real.endswith(".json"):
                from posturio_iac.frontends.terraform.syntax import json_syntax

                self._parsed[real] = json_syntax.parse(self.shown(real), data)
            else:
                self._parsed[real] = parse(self.shown(real), data)
        return self._parsed[real]
