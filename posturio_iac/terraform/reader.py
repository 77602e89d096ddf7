"""Reading Terraform: from the files that can matter to the access keys they declare."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.discover.calls import local_calls
from posturio_iac.finding import Diagnostic, Level
from posturio_iac.model import Unknown
from posturio_iac.reading import Reading
from posturio_iac.terraform.dialect import engine_of
from posturio_iac.terraform.keys import Declared, Setting, keys_of, related
from posturio_iac.terraform.program import Program
from posturio_iac.terraform.users import literal_users
from posturio_iac.terraform.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.discover import Selection
    from posturio_iac.model import AccessKey
    from posturio_iac.terraform.instance import Instance
    from posturio_iac.terraform.options import Options

_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "demo", "test", "tests", "fixture", "fixtures", "integration_tests"})
"""Names of folders whose calls show or try a module and do not use it."""


def read(selection: Selection, options: Options) -> Reading:
    """Return every access key that the Terraform files of a selection declare, and what could not be read."""
    program = Program(selection, options)
    folders = _closure(selection)
    published = _published(folders)
    roots = [program.root_module(path) for path in (*_roots(folders), *published)]
    trees = {id(root): list(_tree(root, folders)) for root in roots}
    users = literal_users(instance for tree in trees.values() for instance in tree)
    keys: list[AccessKey] = []
    for root in roots:
        engine = engine_of(program.root, root.folder, options.engine, options.engine_version)
        setting = Setting(engine, users, program.stable_path(root.folder.path))
        declared: list[Declared] = []
        for instance in trees[id(root)]:
            declared += _guarded(instance, setting, program)
        found = [key for key in related(declared) if key.span is not None and program.is_ours(key.span.path)]
        if root.folder.path in published:
            # The calls of a published module are elsewhere: what its examples leave out is still judged.
            places = {key.span for key in keys}
            found = [key for key in found if key.span not in places]
        keys += found
    return Reading(tuple(keys), tuple(program.diagnostics))


def _published(folders: dict[str, set[str]]) -> list[str]:
    """Return the modules that nobody but examples and tests calls."""
    callers: dict[str, set[str]] = {}
    for folder, targets in folders.items():
        for target in targets - {folder}:
            callers.setdefault(target, set()).add(folder)
    return sorted(t for t, found in callers.items() if not _is_example(t) and all(map(_is_example, found)))


def _is_example(folder: str) -> bool:
    return any(part.strip("_").lower() in _EXAMPLES for part in folder.split("/"))


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
    for caller, target in local_calls(selection) if wanted else ():
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
