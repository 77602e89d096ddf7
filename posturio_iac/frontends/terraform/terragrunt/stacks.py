"""Terragrunt stacks: the units that a ``terragrunt.stack.hcl`` generates from folders that are here, with their values."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.terragrunt.module_folders import source_of
from posturio_iac.frontends.terraform.terragrunt.terragrunt_file import TerragruntFile, UnitContext
from posturio_iac.frontends.terraform.terragrunt.unit import UNIT_FILE, TerragruntUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.frontends.terraform.terragrunt.documents import Documents
    from posturio_iac.frontends.terraform.values import Value

STACK_FILE = "terragrunt.stack.hcl"
_MAX_DEPTH = 10


class TerragruntStack:
    """One stack file, at the place where it is generated or stands."""

    def __init__(self, documents: Documents, path: str, budget: Callable[[], Budget], values: Value | None = None, depth: int = 0) -> None:
        """Stand for the file ``path``, absolute; ``values`` are those from the stack above."""
        self._documents, self._budget, self._depth = documents, budget, depth
        self.folder = posixpath.dirname(path)
        self._context = UnitContext(documents, budget(), self.folder, values)
        self._configuration = TerragruntFile(self._context, path)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return tuple(self._context.found.problems)

    @property
    def files(self) -> frozenset[str]:
        """The files that were read for it, relative to the scan root."""
        return frozenset(map(self._documents.shown, self._context.found.files))

    def units(self) -> Iterator[tuple[TerragruntUnit, frozenset[str]]]:
        """Yield the units that it generates, and those of the stacks in it, each with the files of the stacks that lead to it."""
        for block in self._configuration.body.all("unit"):
            place = self._generated(block)
            if place is not None and self._documents.has_file(f"{place}/{UNIT_FILE}"):
                yield TerragruntUnit(self._documents, f"{place}/{UNIT_FILE}", self._budget, self._values(block)), self.files
        for block in self._configuration.body.all("stack"):
            place = self._generated(block) if self._depth < _MAX_DEPTH else None
            if place is not None and self._documents.has_file(f"{place}/{STACK_FILE}"):
                inner = TerragruntStack(self._documents, f"{place}/{STACK_FILE}", self._budget, self._values(block), self._depth + 1)
                self._context.found.problems.update(dict.fromkeys(inner.problems))
                yield from ((unit, files | self.files) for unit, files in inner.units())

    def _values(self, block: hcl.Block) -> Value:
        expression = block.get("values")
        return {} if expression is None else self._configuration.value(expression)

    def _generated(self, block: hcl.Block) -> str | None:
        """The folder that a unit or stack is generated in; None when its source is not here."""
        expression = block.get("source")
        source, path = self._configuration.value(expression), self._configuration.value(block.get("path"))
        if expression is None or not isinstance(source, str) or not isinstance(path, str):
            return None
        found = source_of(source, self.folder, expression.span)
        if not found.is_local or not self._documents.has_folder(found.module):
            return None
        below = self.folder
        if self._configuration.value(block.get("no_dot_terragrunt_stack")) is not True:
            below = posixpath.join(below, ".terragrunt-stack")
        place = posixpath.normpath(posixpath.join(below, path))
        return place if self._documents.copy(self._documents.real(found.module), place) else None


def is_given_values(unit: TerragruntUnit) -> bool:
    """True if a file is made for stacks: it reads ``values``."""
    data = unit.documents.data(unit.path)
    return isinstance(data, bytes) and b"values." in data
