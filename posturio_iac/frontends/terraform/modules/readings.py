"""Different readings of one folder: by Terraform, by OpenTofu, and by itself although a module calls it.

``.tofu`` files count on OpenTofu alone. Where the engine is not known both readings are judged, and the worse one holds.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.frontends.terraform.known_modules.module_source import local_folder
from posturio_iac.frontends.terraform.modules.files import TOFU
from posturio_iac.frontends.terraform.modules.folder import TABLES
from posturio_iac.frontends.terraform.syntax.references import mentioned, references, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.modules.tree import ModuleTree
    from posturio_iac.frontends.terraform.syntax import hcl

APART = "where the folder is applied by itself, as its backend or its files of values say"


def told_apart(opentofu: list[AccessKey], terraform: list[AccessKey]) -> list[AccessKey]:
    """The keys of both readings: those that are alike once, the others marked with the engine that makes them so."""
    if not terraform:
        return opentofu
    found = []
    for engine, ours, others in (("OpenTofu", opentofu, terraform), ("Terraform", terraform, opentofu)):
        same = {key.address: key for key in others}
        found += [marked(key, f"as {engine} reads the code") for key in ours if same.get(key.address) != key]
    return [*(key for key in opentofu if key in terraform), *found]


def marked(key: AccessKey, reading: str) -> AccessKey:
    return replace(key, reading=reading, notes=(*key.notes, f"this is so {reading}"))


def two_readings(folders: Iterable[Module], keys: Iterable[AccessKey]) -> Iterator[Diagnostic]:
    """Yield a note on each folder that Terraform and OpenTofu read in two ways, where that makes different ``keys``."""
    for folder in folders if any(key.reading for key in keys) else ():
        name = next((name for name in folder.names if name.endswith(TOFU)), None)
        if name is not None:
            text = "OpenTofu reads this file and Terraform does not; both readings are judged, since nothing says which one applies"
            advice = 'the code: set engine = "opentofu" or "terraform"'
            yield Diagnostic(Level.NOTE, f"{text} {advice}", posixpath.join(folder.path, name))


def is_torn(one: Module, other: Module) -> bool:
    """True if a reading of a folder refers to what only the other declares, so that no engine takes it."""
    return not (_used(one) & _declared(other)) <= _declared(one)


def _blocks(folder: Module) -> Iterator[hcl.Block]:
    for name in TABLES.values():
        yield from getattr(folder, name).values()
    yield from folder.providers


def _used(folder: Module) -> set[tuple[str, str]]:
    found = {pair for block in _blocks(folder) for pair in mentioned(block)}
    for attribute in folder.locals.values():
        found |= {(words[0], words[1]) for part in walk(attribute.expression) if len(words := references(part)) > 1}
    return found


def _declared(folder: Module) -> set[tuple[str, str]]:
    found = {("var", name) for name in folder.variables} | {("local", name) for name in folder.locals}
    return found | set(folder.resources) | {("module", name) for name in folder.calls} | {("data", kind) for kind, _ in folder.data}


def standing_alone(program: ModuleTree, called: Collection[str]) -> list[str]:
    """Those of the folders that modules call which are applied by themselves all the same."""
    applied = {folder for unit in program.units.values() for folder in unit.folders()}
    found = sorted(set(called) - set(program.units))
    for path in found:
        if path not in program.standing:
            program.folder(path)
    return [path for path in found if program.standing[path][path in applied]]


def is_refused(instance: ModuleInstance, block: hcl.Block, program: ModuleTree) -> bool:
    """True for a call that Terraform refuses: a module takes neither number nor order if it, or one below it, configures a provider."""
    if block.body.attributes.keys().isdisjoint(("count", "for_each", "depends_on")):
        return False
    source = program.source_of(block, instance)
    path = local_folder(instance.folder.path, source) if source is not None else None
    pending, seen = [path] if path is not None else [], set[str]()
    while pending:
        one = pending.pop()
        if program.folder(one).has_configured_provider:
            return True
        seen.add(one)
        pending += set(program.leading.get(one, ())) - seen
    return False


def inputs_given(program: ModuleTree, folder: str, callers: Collection[str]) -> frozenset[str]:
    """The inputs that the calls of a folder set."""
    found: set[str] = set()
    for caller in callers:
        for block in program.folder(caller).calls.values():
            source = program.source_of(block)
            if source is not None and local_folder(caller, source) == folder:
                found |= block.body.attributes.keys()
    return frozenset(found)
