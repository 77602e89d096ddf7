"""Reading Terraform: from the files that can matter to the access keys they declare."""

from __future__ import annotations

import posixpath
from collections import Counter
from itertools import chain

from posturio_iac.core.budget import BudgetError, free_last_part
from posturio_iac.core.closure import closure
from posturio_iac.core.finding import CRASH, Diagnostic, Level, too_costly
from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.errors import UsageError
from posturio_iac.facts.shared_code import KeyOfUser, Namesake, left_open, with_siblings
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext, is_beside, keys_of, namesake_of
from posturio_iac.frontends.terraform.keys.made_inside import keys_made_inside
from posturio_iac.frontends.terraform.keys.users import users_below
from posturio_iac.frontends.terraform.known_modules.module_source import local_folder
from posturio_iac.frontends.terraform.modules import call_graph, readings
from posturio_iac.frontends.terraform.modules.tree import ModuleTree
from posturio_iac.search.module_calls import holding_each, local_calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.syntax.hcl import Block
    from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    """Every access key that the Terraform and OpenTofu files of a selection declare, in the root modules that are asked for."""
    reader = _Reader(selection, request)
    program, units, folders = reader.program, reader.units, reader.folders

    def wanted(paths: list[str]) -> list[str]:
        return [path for path in paths if request.roots is None or (units[path].folder if path in units else path) in request.roots]

    reader.reached |= readings.parts_of_others(program)
    roots, published = (
        wanted([path for path in call_graph.roots_of(folders) if path not in reader.reached]),
        wanted(call_graph.published_in(folders)),
    )
    # The module that a broken file applies may make keys.
    broken = (problem for unit in units.values() for problem in unit.problems)
    for problem in (*reader.problems, *broken, *call_graph.unread_units(units, program.unread_module)):
        program.report(problem)
    found = reader.all_of([*roots, *published])
    alone = wanted(readings.standing_alone(program, {target for targets in folders.values() for target in targets}))
    found |= reader.all_of([path for path in alone if path not in found], apart=True)
    # A call that evaluation does not reach, such as one in a block with a syntax error, does not make a module another one's.
    while left := wanted(
        call_graph.roots_of({path: called - reader.reached for path, called in folders.items() if path not in reader.reached})
    ):
        found |= reader.all_of(left)
    found = reader.with_namesakes(found)
    keys: list[AccessKey] = []
    for path in found:
        # The calls of a published module are elsewhere: parts that its examples do not use are still judged.
        places = {key.span for key in keys} if path in published else set()
        keys += [key for key in found[path] if key.span not in places]
    return Reading(tuple(keys), tuple(program.diagnostics))


def read_below(selection: Selection, request: ReadRequest, folder: str, *, exactly: bool) -> Reading:
    """The keys of the root module in ``folder``, whoever else calls it, or unless ``exactly`` it is meant those of the roots below it."""
    reader = _Reader(selection, request)
    below = () if exactly or folder in reader.folders else call_graph.roots_of(reader.folders)
    inside = [path for path in below if not folder or path.startswith(f"{folder}/")]
    found = reader.with_namesakes(reader.all_of([folder] if folder in reader.folders else inside))
    return Reading(tuple(key for keys in found.values() for key in keys), tuple(reader.program.diagnostics))


class _Reader:
    """Reads root modules one after the other, so that a repository of thousands needs the memory of one."""

    def __init__(self, selection: Selection, request: ReadRequest) -> None:
        self.selection = selection
        self.programs = readings.Programs(selection.search, request.config.var_files)
        self.program = ModuleTree(selection, request)
        self.program.units, self.problems = call_graph.units_of(selection, request.config.max_file_size, request.budget)
        self.program.leading = call_graph.calls_that_matter(self.program)
        self.units, self.folders = self.program.units, self.program.leading
        self.reached: set[str] = set()
        """The folders of modules that were read, or that nobody has: whoever calls them makes no instance."""
        self.visited: set[str] = set()  # the folders of the modules below the root module that is being read

    def with_namesakes(self, found: dict[str, list[AccessKey]]) -> dict[str, list[AccessKey]]:
        """The keys of root modules by their folders: a user of one leaves open what a key of another that repeats its name lacks."""
        names = {key.user for keys in found.values() for key in keys if key.unseen_tags is not None and isinstance(key.user, str)}
        if not names:
            return found
        elsewhere = self.namesakes(names)

        def completed(key: AccessKey, path: str) -> AccessKey:
            same = elsewhere.get(key.user, ()) if key.unseen_tags is not None and isinstance(key.user, str) else ()
            return left_open(key, [user for top, user in same if top != path])

        return {path: [completed(key, path) for key in keys] for path, keys in found.items()}

    def all_of(self, paths: list[str], *, apart: bool = False) -> dict[str, list[AccessKey]]:
        """The keys of some root modules by their folders. A module is let go when no other of these leads to it."""
        below = {path: closure([path, *(self.units[path].own_folders() if path in self.units else ())], self.folders) for path in paths}
        left = Counter(chain.from_iterable(below.values()))
        found = {}
        for path in paths:
            found[path] = self.guarded(path, apart=apart)
            for folder in below.pop(path):
                left[folder] -= 1
                if not left[folder]:
                    del left[folder]
            self.program.keep(left)
        return found

    def guarded(self, path: str, *, apart: bool) -> list[AccessKey]:
        """The keys of a root module and of all that it calls; a crash there is reported, and hides no other module.

        One that is read ``apart`` is a module of others as well.
        """
        if self.reached:
            free_last_part()
        self.reached.add(path)  # also when it fails: modules that were not reached are read again
        try:
            return self.keys_apart(path) if apart else self.keys_below(path)
        except (UsageError, ImportError):
            raise
        except BudgetError as error:
            self.program.report(too_costly(f"the root module {path or '.'}", error, path or "."))
            return []
        except Exception as error:  # noqa: BLE001 - a crash in one module must not end the scan of all others
            text = f"reading this root module stopped on an internal error ({type(error).__name__}: {error}); its keys were not checked"
            self.program.report(Diagnostic(Level.ERROR, f"{text}. Please report it", path or ".", about=CRASH))
            return []

    def keys_apart(self, path: str) -> list[AccessKey]:
        """The keys of a folder by itself, whose calls set some of its inputs."""
        callers = [caller for caller, called in self.folders.items() if path in called and caller not in self.units]
        self.program.folder(path).given = readings.inputs_given(self.program, path, callers)
        return [readings.marked(key, readings.APART) for key in self.keys_below(path)]

    def keys_below(self, path: str) -> list[AccessKey]:
        """The keys of a root module and of all that it calls, by each engine that may apply it."""
        self.visited.clear()
        found, told = self._keys_below(path, self.program)
        folders = [self.program.folder(one) for one in sorted(self.visited & self.program.with_tofu)]
        if not folders or told == "opentofu":
            return self._by_values(path, found, self.program)
        other = ModuleTree(self.selection, self.program.request, opentofu=False)
        other.leading, other.units = self.folders, self.units
        if path not in self.units:
            other.folder(path).given = self.program.folder(path).given
        by_terraform, _ = self._keys_below(path, other, "terraform")
        if told is None and any(readings.is_torn(other.folder(folder.path), folder) for folder in folders):
            return self._by_values(path, found, self.program)
        self.program.diagnostics.update(other.diagnostics)
        if told == "terraform" or any(readings.is_torn(folder, other.folder(folder.path)) for folder in folders):
            return self._by_values(path, by_terraform, other, "terraform")
        found, by_terraform = self._by_values(path, found, self.program), self._by_values(path, by_terraform, other, "terraform")
        both = readings.told_apart(*([key for key in keys if not key.reading] for keys in (found, by_terraform)))
        for note in readings.two_readings(folders, both):
            self.program.report(note)
        return [*(key for key in (*found, *by_terraform) if key.reading), *both]

    def _keys_below(self, path: str, program: ModuleTree, engine_name: str = "") -> tuple[list[AccessKey], str | None]:
        """The keys as one engine reads the code, and the engine that the code names."""
        unit = self.units.get(path)
        own = unit.own_folders() if unit is not None else ()
        self.reached.update((path, *own))
        self.visited.update(own)
        configured = engine_name or program.request.config.engine
        declared: list[KeyOfUser] = []
        notes: Iterable[Diagnostic] = ()
        told = None
        try:
            root = program.root_module(path)
            told = readings.told_engine(program.root, root.folder, configured, program.fence)
            engine = readings.engine_of(program.root, root.folder, told, program.request.config.engine_version, program.fence)
            notes = readings.decided_by_file(engine, root.folder, configured)
            runs = self.programs.below(root.folder, closure([path] if unit is None else own or self.folders[path], self.folders))
            setting = RootModuleContext(engine, program.stable_path(path if unit is None else unit.folder), runs)
            for instance in self._tree(root):
                declared.extend(_guarded(instance, setting, program))
        except BudgetError as error:
            program.report(too_costly(f"the root module {path or '.'}", error, path or "."))
        except RecursionError:
            text = "module calls are nested too deeply to follow from here; keys further down were not checked"
            program.report(Diagnostic(Level.ERROR, text, path or "."))
        program.diagnostics.update(dict.fromkeys(notes if declared else ()))
        if unit is not None:
            unit.forget()
        return [key for key in with_siblings(declared, is_beside) if key.span is not None and program.is_ours(key.span.path)], told

    def _by_values(self, path: str, usual: list[AccessKey], program: ModuleTree, engine_name: str = "") -> list[AccessKey]:
        if not usual or path in self.units or program.request.config.var_files or not (folder := program.folder(path)).variables:
            return usual
        from posturio_iac.frontends.terraform.modules.values_given import MOST_FILES, by_each_file, unread_values

        given = unread_values(folder, program.root, program.request.config.max_file_size, program.fence)
        program.diagnostics.update(dict.fromkeys(folder.torn_values))
        if len(given) > MOST_FILES:
            text = f"{len(given)} files of values, of which only {MOST_FILES} are read in turn; name others with --var-file"
            program.report(Diagnostic(Level.WARNING, text, path or "."))
        return by_each_file(
            folder, usual, lambda: self._keys_below(path, program, engine_name)[0], is_published=program.is_for_others(path)
        )

    def _tree(self, instance: ModuleInstance) -> Iterator[ModuleInstance]:
        self.reached.add(instance.folder.path)
        self.visited.add(instance.folder.path)
        yield instance
        for name, block in instance.folder.calls.items():
            if not instance.program.may_hold_keys(instance, block) or readings.is_refused(instance, block, self.program):
                continue
            try:
                children = instance.children(name)
            except BudgetError as error:
                error.span = error.span or block.header
                raise
            if isinstance(children, Unknown):
                continue
            for child in children[1]:
                yield from self._tree(child)
            if not children[1]:
                self._pass_over(instance.folder.path, block)

    def _pass_over(self, folder: str, block: Block) -> None:
        """Count a module as reached, and all that it calls, whose call in ``folder`` makes no instance."""
        pending = [(folder, block)]
        while pending:
            base, call = pending.pop()
            source = self.program.source_of(call)
            path = local_folder(base, source) if source is not None else None
            if path in self.folders and path not in self.reached:
                self.reached.add(path)
                pending += ((path, inner) for inner in self.program.folder(path).calls.values())

    def namesakes(self, names: set[str]) -> dict[str, list[tuple[str, Namesake]]]:
        """The users of the whole scan that have one of these names, by name, each with the folder of its root module."""
        found: dict[str, list[tuple[str, Namesake]]] = {}
        graph = call_graph.graph_of(local_calls(self.selection))
        holding = holding_each(self.selection, (b"iam_user",), [f'"{name}"'.encode() for name in sorted(names)])
        users, named = ({top for path in paths for top in call_graph.tops_above(posixpath.dirname(path), graph)} for paths in holding)
        # Diagnostics of a root module are reported where its own keys are read.
        program = ModuleTree(self.selection, self.program.request)
        for top in sorted(users & named):
            free_last_part()
            below, _ = users_below(program.root_module(top))
            program.keep(())
            for name in names & below.keys():
                found.setdefault(name, []).extend((top, namesake_of(user, program.request)) for user in below[name])
            del below  # which holds the whole root module
        return found


def _guarded(instance: ModuleInstance, setting: RootModuleContext, program: ModuleTree) -> Iterator[KeyOfUser]:
    """Read one module instance; code that nests or refers too deeply is reported, and the rest is still read."""
    try:
        yield from keys_of(instance, setting)
        yield from _foreign(instance, setting)
        yield from keys_made_inside(instance, setting)
    except RecursionError:
        text = "the references in this module are too deeply nested to follow; its keys were not checked"
        program.report(Diagnostic(Level.ERROR, text, instance.folder.path or "."))


def _foreign(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    program = instance.program
    for block in instance.folder.calls.values():
        match = program.known_module(instance, block)
        if match is None:
            source = program.source_of(block, instance)
            if source is not None and (name := program.unread_module(source)) and isinstance(instance.children(block.labels[0]), Unknown):
                program.report(call_graph.unread_call(f"{block.type}.{block.labels[0]}", source, name, block.header))
            continue
        from posturio_iac.frontends.terraform.keys.known_module_inputs import is_applied
        from posturio_iac.frontends.terraform.keys.known_module_keys import keys_of_call

        if not is_applied(instance):  # Terragrunt gives inputs as variables of the environment, and Terraform ignores unknown ones.
            match = match.fitting(block.body.attributes)
        for misspelt, meant in match.misspelt(block.body.attributes):
            program.report(call_graph.misspelt_input(match, misspelt, meant, block.body.attributes[misspelt].span))
        yield from keys_of_call(match, instance, block, setting)
