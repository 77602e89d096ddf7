"""The part of a scan that changed files concern: which files have to be read, and which keys and diagnostics count.

The unit is the context, not the line. A key counts when a file of its module changed, of a module that leads to it by calls, or of one
whose outputs these refer to; in templates, when its file changed, one that nests it, or one that these draw in.
"""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core import loaded
from posturio_iac.frontends import FRONT_ENDS, frameworks
from posturio_iac.scan.configuration import seen_below
from posturio_iac.search import Selection, with_callers
from posturio_iac.search.kinds import TERRAFORM, VALUES, kind_of, names_program
from posturio_iac.search.module_calls import local_calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Union

    from posturio_iac.config import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.scan.impact.modules import Modules
    from posturio_iac.scan.impact.templates import Templates
    from posturio_iac.search.file_search import FileSearch

    Impact = Union[Modules, Templates]

_INSTALLED = "/.terraform/modules/"


class Narrowed:
    """A selection reduced to the files that changed files concern."""

    def __init__(
        self, selection: Selection, impacts: Mapping[str, Impact], changed: Collection[str], tracked: Callable[[str], bool] | None
    ) -> None:
        """Hold ``impacts`` by the names of their front ends; a front end without one is left out."""
        self._impacts, self.changed = impacts, changed
        search = selection.search
        for kind in {front_end.kind for front_end in FRONT_ENDS.values()}:
            ours = (impact for name, impact in impacts.items() if FRONT_ENDS[name].kind == kind)
            search.of_kind(kind).intersection_update({path for impact in ours for path in impact.files})
        self._settle(search)
        search.problems = [problem for problem in search.problems if self.concerns(problem[2])]
        apart = next((found for impact in impacts.values() if (found := getattr(impact, "apart", None)) is not None), None)
        self.selection = Selection(search, selection.repository)
        self.selection.candidates, self.selection.apart, self.selection.tracked = selection.terraform, apart, tracked

    def _settle(self, search: FileSearch) -> None:
        """Ask what a search put off: of the files that are left, those go that name no program that makes keys, and templates apart."""
        from posturio_iac.search.programs import content

        asked, search.naming = search.naming or {}, None
        for path, kind in asked.items():
            found, place = search.of_kind(kind), search.prefix + path
            is_asked = path in found and (kind is TERRAFORM or self.concerns(path))
            if not (is_asked and names_program(content(place, search.fence)[0], kind, place, search.fence)):
                found.discard(path)

    def roots(self, front_end: str) -> frozenset[str] | None:
        """The folders of the root modules whose keys can count; None when all can."""
        impact = self._impacts.get(front_end)
        return impact.roots() if impact is not None else frozenset()

    def keeps(self, key: AccessKey) -> bool:
        """True if a key counts: by the impact of its own front end, or by any where that one has none."""
        own = next((one for one in FRONT_ENDS.values() if key.framework in one.frameworks and one.impact), None)
        parts = self._impacts.values() if own is None else (self._impacts.get(own.name),)
        return any(part is not None and part.keeps(key) for part in parts)

    def concerns(self, path: str | None) -> bool:
        """True if a file or folder is one of those that changed, or of their contexts."""
        if path is None or path in self.changed or any(impact.knows(path) for impact in self._impacts.values()):
            return True
        return any(changed.startswith(f"{path}/") for changed in self.changed)  # a folder that cannot be read hides what is in it


def narrow(
    selection: Selection,
    changed: Collection[str],
    config: Config,
    wanted: Collection[str] | None = None,
    tracked: Callable[[str], bool] | None = None,
) -> Narrowed:
    """Narrow a selection down to what ``changed`` files concern, relative to the scan root, for the ``wanted`` front ends, by default all.

    A file of values that the configuration names concerns every root module or template. ``tracked`` tells which files may be read.
    """
    everywhere, selection = {posixpath.normpath(path) for path in changed}, with_callers(selection)
    everywhere |= _linked(selection, everywhere)
    moved = _moves_folder(selection, everywhere) or any(_INSTALLED in f"/{path}" for path in everywhere)
    impacts: dict[str, Impact] = {}
    for name in frameworks() if wanted is None else wanted:
        made = loaded(FRONT_ENDS[name].impact)
        named = any(seen_below(os.path.realpath(file), selection.root) in everywhere for file in made.inputs(config))
        impacts[name] = made(selection, everywhere, whole=moved or named)
    return Narrowed(selection, impacts, everywhere, tracked)


def _linked(selection: Selection, changed: Collection[str]) -> set[str]:
    """The symbolic links to changed files: code, and values of variables beside code with keys or that calls modules."""
    top = os.path.join(selection.root, "")
    links = {*selection.search.symlinks, *(path for path in selection.search.hcl if os.path.islink(top + path))}
    if selection.terraform and any(kind_of(path) is not TERRAFORM for path in changed):
        folders = {posixpath.dirname(path) for path in selection.terraform} | {caller for caller, _ in local_calls(selection)}
        for folder in folders:
            names = selection.search.fence.names(os.path.normpath(top + folder))
            links |= {posixpath.join(folder, name) for name in names if name.endswith(VALUES)}
    return {link for link in links if any(step in changed for step in _way(top + link, top))}


def _way(path: str, top: str) -> Iterator[str]:
    """Yield where a link leads, step by step, as paths relative to the root."""
    for _ in range(40):  # Linux follows no more
        if not os.path.islink(path):
            return
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.readlink(path))
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        yield seen_below(path, top)


def _moves_folder(selection: Selection, changed: Collection[str]) -> bool:
    """True if code changed that no path of a module tells: in a submodule, or behind a link to a folder."""
    top = os.path.join(selection.root, "")
    written = {os.path.normpath(top + target) for _, target in local_calls(selection)} if selection.search.local else ()
    linked = tuple(os.path.join(real, "") for path in written if (real := os.path.realpath(path)) != path)
    return any(os.path.isdir(top + path) or os.path.normpath(top + path).startswith(linked) for path in changed)
