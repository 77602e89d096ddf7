"""Which units of Terragrunt's and stacks of HCP Terraform changed files concern: those that read one of them."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.budget import BudgetError
from posturio_iac.search.kinds import IN_HCL, calls_modules

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.frontends.terraform.modules.call_graph import ModuleCaller
    from posturio_iac.search import Selection


class ChangedUnits:
    """The units of one selection as callers of modules."""

    __slots__ = ("_root", "_units")

    def __init__(self, selection: Selection) -> None:
        """Find the units; code without Terragrunt files has none."""
        self._root = selection.root
        self._units: list[ModuleCaller] = []
        if selection.search.hcl and selection.terraform:
            from posturio_iac.frontends.terraform.modules.call_graph import units_of

            units, _ = units_of(selection, selection.search.max_file_size)
            self._units = list(units.values())

    def calls(self) -> Iterator[tuple[str, str]]:
        yield from ((unit.folder, folder) for unit in self._units for folder in unit.folders() if folder != unit.folder)

    def with_keys(self, selection: Selection) -> Iterator[tuple[str, str]]:
        """Yield the folders and files of the units whose modules are not here and may make keys."""
        for unit in self._units:
            if any(selection.search.search_terms.name_known_module(source.encode()) for source, _ in unit.called()):
                yield unit.folder, unit.shown

    def concerned(self, changed: Collection[str], leading: Collection[str]) -> tuple[set[str], set[str]]:
        """The folders of those units, among the ``leading`` folders, that read a changed file, and all that these read.

        A deleted file concerns all units below it, since they may have found it.
        """
        files = {path for path in changed if not path.endswith(IN_HCL)}
        folders: set[str] = set()
        read: set[str] = set()
        for unit in self._units if files else ():
            if unit.folder in leading:
                try:
                    unit.read_all()
                except BudgetError:  # it may read files that are not known here, so any file may be one of them
                    folders.add(unit.folder)
                    continue
                gone = (posixpath.dirname(path) for path in files - unit.files if calls_modules(path) and self._lacks(path))
                if not files.isdisjoint(unit.files) or any(_is_above(folder, unit.folder) for folder in gone):
                    folders.add(unit.folder)
                    read |= unit.files
        return folders, read

    def _lacks(self, path: str) -> bool:
        return not os.path.exists(os.path.join(self._root, path))


def _is_above(folder: str, unit: str) -> bool:
    return not folder or unit == folder or unit.startswith(f"{folder}/")
