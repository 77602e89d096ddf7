"""Reading Terraform: from the files that can matter to the access keys they declare."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.discover.calls import grep, local_calls
from posturio_iac.discover.outside import explore
from posturio_iac.errors import UsageError
from posturio_iac.finding import Diagnostic, Level
from posturio_iac.model import Unknown
from posturio_iac.reading import Reading
from posturio_iac.terraform.dialect import engine_of
from posturio_iac.terraform.keys import Declared, Setting, keys_of, related
from posturio_iac.terraform.program import Program
from posturio_iac.terraform.users import named_users
from posturio_iac.terraform.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.discover import Selection
    from posturio_iac.model import AccessKey
    from posturio_iac.terraform.instance import Instance
    from posturio_iac.terraform.options import Options
    from posturio_iac.terraform.reached import Reached

MAX_NAMES = 200
"""Names of users that are looked for elsewhere in the scan."""
_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "demo", "test", "tests", "fixture", "fixtures", "integration_tests"})
"""Names of folders whose calls show or try a module and do not use it."""


def read(selection: Selection, options: Options, roots_wanted: Collection[str] | None = None) -> Reading:
    """Return every access key that the Terraform files of a selection declare, and what could not be read.

    ``roots_wanted`` holds the folders of the root modules that matter; None means all.
    """
    folders = _closure(selection)
    roots, published = ([p for p in paths if roots_wanted is None or p in roots_wanted] for paths in (_roots(folders), _published(folders)))
    reader = _Reader(selection, options, folders)
    found = {path: reader.guarded(path) for path in (*roots, *published)}
    if users := reader.users_elsewhere():
        found |= {path: reader.guarded(path, users) for path in reader.waiting}
    keys: list[AccessKey] = []
    for path in (*roots, *published):
        # The calls of a published module are elsewhere: what its examples leave out is still judged.
        places = {key.span for key in keys} if path in published else set()
        keys += [key for key in found[path] if key.span not in places]
    return Reading(tuple(keys), tuple(reader.program.diagnostics))


def read_below(selection: Selection, options: Options, folder: str) -> Reading:
    """Return the keys of the root module in ``folder``, whoever else calls it, or when it leads to none those of the roots below it."""
    folders = _closure(selection)
    inside = [path for path in _roots(folders) if not folder or path.startswith(f"{folder}/")]
    reader = _Reader(selection, options, folders)
    found = {path: reader.guarded(path) for path in ([folder] if folder in folders else inside)}
    if users := reader.users_elsewhere():
        found |= {path: reader.guarded(path, users) for path in reader.waiting}
    return Reading(tuple(key for keys in found.values() for key in keys), tuple(reader.program.diagnostics))


class _Reader:
    """Reads root modules one after the other, so that a repository of thousands needs the memory of one."""

    def __init__(self, selection: Selection, options: Options, folders: dict[str, set[str]]) -> None:
        self.program = Program(selection, options)
        self.selection = selection
        self.folders = folders
        self.shared = {target for targets in folders.values() for target in targets}
        self.waiting: dict[str, set[str]] = {}
        """Names of users that a root module does not declare, by the root module's folder."""

    def guarded(self, path: str, users: dict[str, Reached] | None = None) -> list[AccessKey]:
        """Return the keys of a root module and of all that it calls; a crash of ours there is said, and hides no other module."""
        try:
            return self.keys_below(path, users)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - one module that we fail on must not end the scan of all others
            text = f"reading this root module stopped by an error of its own ({type(error).__name__}: {error}); its keys were not judged"
            self.program.report(Diagnostic(Level.ERROR, f"{text}. Please report it", path or "."))
            return []

    def keys_below(self, path: str, users: dict[str, Reached] | None = None) -> list[AccessKey]:
        """Return the keys of a root module and of all that it calls."""
        program = self.program
        root = program.root_module(path)
        engine = engine_of(program.root, root.folder, program.options.engine, program.options.engine_version, program.fence)
        setting = Setting(engine, users or {}, program.stable_path(path))
        declared = [one for instance in _followed(root, self.folders) for one in _guarded(instance, setting, program)]
        names = {one.user.name for one in declared if isinstance(one.user.name, str) and one.user.block is None}
        if names and users is None:
            self.waiting[path] = names
        if path not in self.shared:
            program.forget(path)
        return [key for key in related(declared) if key.span is not None and program.is_ours(key.span.path)]

    def users_elsewhere(self) -> dict[str, Reached]:
        """Return the users that exactly one other block of the scan declares by the names that are waited for."""
        found: dict[str, Reached] = {}
        for name in sorted({name for names in self.waiting.values() for name in names})[:MAX_NAMES]:
            folders = sorted({posixpath.dirname(path) for path in grep(self.selection, f'"{name}"'.encode())})
            users = [user for folder in folders for user in named_users(self.program.root_module(folder), name)]
            if len(users) == 1:
                found[name] = users[0]
        return found


def _published(folders: dict[str, set[str]]) -> list[str]:
    """Return the modules that nobody but examples and tests calls."""
    callers: dict[str, set[str]] = {}
    for folder, targets in folders.items():
        for target in targets - {folder}:
            callers.setdefault(target, set()).add(folder)
    return sorted(target for target, found in callers.items() if all(_is_example(caller, target) for caller in found))


def _is_example(caller: str, target: str) -> bool:
    """Tell whether a caller stands in a folder for examples that its module does not stand in."""
    shared = len(posixpath.commonprefix([caller.split("/"), target.split("/")]))
    return any(part.strip("_").lower() in _EXAMPLES for part in caller.split("/")[shared:])


def _followed(root: Instance, folders: dict[str, set[str]]) -> Iterator[Instance]:
    """Yield a root module and all below it that can hold keys, as far as calls can be followed; where they cannot, that is said."""
    try:
        yield from _tree(root, folders)
    except RecursionError:
        text = "modules call one another too deeply to follow from here; keys further down were not judged"
        root.program.report(Diagnostic(Level.ERROR, text, root.folder.path or "."))


def _guarded(instance: Instance, setting: Setting, program: Program) -> list[Declared]:
    """Read one module instance; code that nests or refers beyond all bounds is said, and the rest is still read."""
    try:
        return [*keys_of(instance, setting), *_foreign(instance, setting)]
    except RecursionError:
        text = "the references in this module are too deeply nested to follow; its keys were not judged"
        program.report(Diagnostic(Level.ERROR, text, instance.folder.path or "."))
        return []


def _foreign(instance: Instance, setting: Setting) -> Iterator[Declared]:
    """Yield the keys of known modules that this one calls."""
    for block in instance.folder.calls.values():
        match = instance.program.known_module(instance, block)
        if match is not None:
            from posturio_iac.terraform.foreign import keys_of_call  # noqa: PLC0415 - most code calls no such module

            yield from keys_of_call(match, instance, block, setting)


def _closure(selection: Selection) -> dict[str, set[str]]:
    """Return the folders with candidates and all that lead to them, each with the folders it calls."""
    wanted = {posixpath.dirname(path) for path in selection.terraform}
    calls: dict[str, set[str]] = {}
    callers: dict[str, set[str]] = {}
    found = set(local_calls(selection)) if wanted else set()
    # What the search does not enter is read here: submodules, ignored modules, modules above the root.
    elsewhere = {target for _, target in found} - wanted - {"."}
    apart = getattr(selection, "apart", None) if elsewhere else None
    holding, edges = explore(selection, elsewhere, apart() if apart else frozenset())
    wanted |= holding
    for caller, target in found | edges:
        source, called = ("" if path == "." else path for path in (caller, target))
        calls.setdefault(source, set()).add(called)
        callers.setdefault(called, set()).add(source)
    pending = list(wanted)
    while pending:
        for caller in callers.get(pending.pop(), ()):
            if caller not in wanted:
                wanted.add(caller)
                pending.append(caller)
    return {folder: calls.get(folder, set()) & wanted for folder in wanted}


def _roots(folders: dict[str, set[str]]) -> list[str]:
    """Return the folders that nobody else calls; of modules that only call each other, the first."""
    called = {target for folder, targets in folders.items() for target in targets if target != folder}
    roots = sorted(set(folders) - called)
    reached = _reachable(roots, folders)
    for folder in sorted(folders):
        if folder not in reached:
            roots.append(folder)
            reached |= _reachable([folder], folders)
    return roots


def _reachable(start: list[str], folders: dict[str, set[str]]) -> set[str]:
    found = set(start)
    pending = list(start)
    while pending:
        fresh = folders.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found


def _tree(instance: Instance, folders: dict[str, set[str]]) -> Iterator[Instance]:
    """Yield a module instance and all that it calls which can hold keys."""
    yield instance
    for name, block in instance.folder.calls.items():
        if not instance.program.may_hold_keys(instance, block, folders):
            continue
        try:
            children = instance.children(name)
        except EvaluationError:
            continue
        if not isinstance(children, Unknown):
            for child in children[1]:
                yield from _tree(child, folders)
