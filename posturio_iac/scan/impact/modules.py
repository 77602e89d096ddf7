"""Which Terraform modules changed files concern, by the calls between modules and by what their code refers to."""

from __future__ import annotations

import os
import posixpath
from functools import cache, partial

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.closure import CallGraph
from posturio_iac.frontends.terraform.known_modules.module_source import OwnSources
from posturio_iac.scan.impact.changed_code import ChangedCode, leads_to, programs_among
from posturio_iac.search import kinds
from posturio_iac.search.kinds import HCL, IN_HCL, TERRAFORM, VALUES, VERSIONS, calls_modules, kind_of, names_file, runs_program
from posturio_iac.search.module_calls import explore, local_calls, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.config import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.frontends.terraform.modules.call_graph import ModuleCaller
    from posturio_iac.search import Selection


class ChangedUnits:
    """The units of one selection as callers of modules."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._units: list[ModuleCaller] = []
        if selection.search.hcl and selection.terraform:
            from posturio_iac.frontends.terraform.modules.call_graph import units_of

            units, _ = units_of(selection, selection.search.max_file_size)
            self._units = list(units.values())

    def calls(self) -> Iterator[tuple[str, str]]:
        yield from ((unit.folder, folder) for unit in self._units for folder in unit.folders() if folder != unit.folder)

    def with_keys(self, selection: Selection) -> Iterator[tuple[str, str]]:
        """Yield the folders and files of the units that write code, or whose modules are not here, and so may make keys."""
        written = {path for path in selection.terraform if calls_modules(path)}
        yield from ((posixpath.dirname(path), path) for path in written if path.endswith(".stack.hcl"))  # what it names may not be here
        texts = (text(selection, path) for path in written - {unit.shown for unit in self._units})
        shared = any(b"generate" in data or runs_program(data, TERRAFORM) or names_file(data, TERRAFORM) for data in texts)
        for unit in self._units:
            if (
                shared
                or not written.isdisjoint((unit.shown, *getattr(unit, "stack_files", ())))
                or any(selection.search.search_terms.name_known_module(source.encode()) for source, _ in unit.called())
            ):
                yield unit.folder, unit.shown

    def concerned(self, changed: Collection[str], leading: Collection[str]) -> tuple[set[str], set[str]]:
        """The folders of those units, among the ``leading`` folders, that read a changed file, and all that these read.

        A deleted file concerns all units below it, since they may have found it.
        """
        files = {path for path in changed if not path.endswith(IN_HCL)}
        folders, read = {posixpath.dirname(path) for path in files if path.endswith(".stack.hcl")}, set[str]()
        gone = (path for path in files if calls_modules(path) and not os.path.exists(os.path.join(self._selection.root, path)))
        above = tuple(path[: path.rfind("/") + 1] for path in gone)
        programs, code = programs_among(files, self._selection), cache(partial(text, self._selection))
        for unit in (one for one in self._units if files and one.folder in leading):
            try:
                unit.read_all()
            except BudgetError:  # it may read files that are not known here, so any file may be one of them
                folders.add(unit.folder)
                continue
            own = [path for path in unit.files if path.endswith(HCL)] if programs else ()
            runs = any(leads_to(programs, path, code(path), TERRAFORM, self._selection, unit.folder) for path in own)
            if runs or not files.isdisjoint(unit.files) or f"{unit.folder}/".startswith(above):
                folders.add(unit.folder)
                read |= unit.files
        return folders, read


class Modules:
    """The modules of one selection, and which of them changed files concern."""

    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        """Work out what ``changed`` concerns; everything when ``whole``."""
        self.selection = selection
        self._whole = whole
        self._code = ChangedCode(selection)
        self._graph = CallGraph(())
        self._with_keys: dict[str, list[str]] = {}
        self._named: dict[str, set[str]] = {}
        self._concerned, self._borrowing, self._own, self._folders, self._unit_files, self._elsewhere = (set[str]() for _ in range(6))
        self._touched = {posixpath.dirname(path) for path in changed if _is_code(path) or path.endswith(VERSIONS)}
        self._touched |= {above for path in changed if path.endswith(VALUES) for above in self._applied_with(path)}
        self.files: tuple[str, ...] = selection.terraform if whole else ()  # those with keys that have to be read
        if selection.terraform and not whole:
            self._touched |= self._code.readers([path for path in changed if not _is_code(path)])
            if self._touched or (selection.search.hcl and not all(map(_is_code, changed))):
                self._narrow(changed)

    @staticmethod
    def inputs(config: Config) -> tuple[str, ...]:
        return config.var_files

    def _applied_with(self, path: str) -> Iterator[str]:
        """Yield the folders of code that a file of values in a folder without code may be named for: ``env/prod.tfvars``."""
        folder, names = posixpath.dirname(path), self.selection.search.fence.names
        for _ in range(2):
            if not folder or any(kind_of(name) is TERRAFORM for name in names(os.path.normpath(os.path.join(self.selection.root, folder)))):
                return
            yield (folder := posixpath.dirname(folder))

    def _narrow(self, changed: Collection[str]) -> None:
        units = ChangedUnits(self.selection)
        calls = {*((_name(a), _name(b)) for a, b in local_calls(self.selection)), *units.calls()}
        calls.update(OwnSources(self.selection.search, lambda _: False).calls())
        computing = {posixpath.dirname(path) for path in self.selection.search.computing}  # which may call any of them
        calls.update((folder, touched) for folder in computing for touched in self._touched if folder != touched)
        holding, edges = explore(self.selection, elsewhere := {folder for _, folder in calls} - self.selection.search.folders())
        self._graph, self._with_keys = CallGraph(calls | edges), {folder: [] for folder in holding}
        self._elsewhere = self._graph.all_below(elsewhere)
        pairs = ((posixpath.dirname(path), path) for path in self.selection.terraform if _is_code(path))
        for folder, path in (*pairs, *units.with_keys(self.selection)):
            self._with_keys.setdefault(folder, []).append(path)
        folders, self._unit_files = units.concerned(changed, self._graph.all_above(self._with_keys))
        self._touched |= folders
        if not self._touched:
            return
        self._concerned = self._touched | set(self._fed())
        self._named = self._roots_that_name(frozenset(name for folder in self._concerned for name in self._code.users(folder)))
        below = self._graph.all_below(self._named)
        self._borrowing = self._code.borrowing({folder: paths for folder, paths in self._with_keys.items() if folder in below})
        self._named = {root: names for root, names in self._named.items() if not self._borrowing.isdisjoint(self._graph.below(root))}
        self._own = set(filter(self._holds, self._with_keys.keys() & self._graph.all_below(self._concerned))) | self._borrowing
        self._folders = self._graph.all_above(self._own)
        self.files = tuple(path for path in self.selection.terraform if not _is_code(path) or posixpath.dirname(path) in self._folders)

    def _holds(self, folder: str) -> bool:
        """False if all that speaks for keys in a folder names programs, of which none makes any."""
        search, held, late = self.selection.search, self._with_keys[folder], self.selection.search.naming or ()
        makes = (p not in late or kinds.names_program(text(self.selection, p), TERRAFORM, search.prefix + p, search.fence) for p in held)
        return not held or any(makes)

    def keeps(self, key: AccessKey) -> bool:
        """True if a key counts: by its own module, those that lead to it, those whose outputs these use, or its user's name."""
        if self._whole or key.span is None:
            return True
        root = self._from_root(key.scope)
        is_code = _is_code(key.span.path)
        own = posixpath.dirname(key.span.path) if is_code else root  # code that Terragrunt writes is the root module's
        if own in self._borrowing and key.user in self._named.get(root, ()):
            return True
        way = self._graph.between(root, own) or {root}  # a file of another folder, which a link makes part of this one
        if not is_code or key.address.startswith("module."):  # it may stand at the call of a module that was not searched
            way |= self._graph.below(own) & self._elsewhere
        return not self._concerned.isdisjoint(way)

    def roots(self) -> frozenset[str] | None:
        """The folders of the root modules whose keys can count; None when all can."""
        if self._whole:
            return None
        return frozenset(self._graph.all_above(self._concerned & self._folders)).union(self._named)

    def knows(self, path: str) -> bool:
        folder = posixpath.dirname(path)
        return self._whole or folder in self._folders or path in self._folders or folder in self._touched or path in self._unit_files

    def apart(self) -> frozenset[str]:
        """The folders with keys that neither count nor can share a user with one that does, so that they need not be read."""
        if self._whole or self._code.borrowing({folder: self._with_keys[folder] for folder in self._own}):
            return frozenset()
        others = {folder: paths for folder, paths in self._with_keys.items() if folder not in self._folders}
        return frozenset(others.keys() - self._code.borrowing(others))

    def _from_root(self, scope: str) -> str:
        top = self.selection.repository or self.selection.root
        return _name(os.path.relpath(os.path.join(top, scope), self.selection.root).replace(os.sep, "/"))

    def _fed(self) -> Iterator[str]:
        leading = self._graph.all_above(self._touched)
        for folder in leading - self._touched:
            labels = {label for label, target in self._code.calls(folder) if target in leading}
            if not labels.isdisjoint(self._code.references(folder)) or self._gives_secrets(folder, labels):
                yield folder

    def _gives_secrets(self, folder: str, labels: Collection[str]) -> bool:
        making = {label for label, target in self._code.calls(folder) if not self._graph.below(target).isdisjoint(self._with_keys)}
        may = bool(making) or folder in self._with_keys
        return may and any(label in labels and (keys or not making.isdisjoint(names)) for label, keys, names in self._code.given(folder))

    def _roots_that_name(self, users: frozenset[str]) -> dict[str, set[str]]:
        """The folders that lead to keys and name one of ``users``, which concerned modules declare, with the names that they share.

        A root module that declares a user of that name itself has its own, unless the concerned module is part of it.
        """
        graph = self._graph
        with_keys = graph.all_above(self._with_keys)
        mentions = self._code.mentions(users, graph.all_below(with_keys))
        found: dict[str, set[str]] = {}
        for root in graph.all_above(mentions) & with_keys:
            below = graph.below(root)
            names = {name for folder in below & mentions.keys() for name in mentions[folder]}
            shared = names & {name for folder in below & self._concerned for name in self._code.users(folder)}
            if names - shared:
                shared |= names - {name for folder in below for name in self._code.users(folder)}
            if shared:
                found[root] = shared
        return found


def _is_code(path: str) -> bool:
    return kind_of(path) is TERRAFORM or path.endswith(VALUES)


def _name(path: str) -> str:
    return "" if path == "." else path
