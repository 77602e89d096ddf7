"""Rotation in Terraform's JSON syntax: clocks, the triggers that follow them, and lifecycle blocks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from posturio_iac.core.evidence.remedy import INSTANCE
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.fixes.change import CannotFixError
from posturio_iac.fixes.hcl.rotation import CLOCK, DATA, DATA_NAME, HOLDER, ORDER, OTHER_SYNTAX, TRIGGERED, instance_of
from posturio_iac.fixes.nodes.source import member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.evidence.remedy import HoldTrigger, ReplaceTrigger
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.nodes.source import NodeSource

Declared = dict[str, dict[str, dict[str, Any]]]
"""Resources: types with names with arguments."""

_LIFECYCLE, _IGNORED = "lifecycle", "ignore_changes"


def check_not_ignored(block: Node, argument: str) -> None:
    """Raise `CannotFixError` when the block ignores changes of an argument."""
    lifecycle = _lifecycle(block)
    ignored = member(lifecycle, _IGNORED) if lifecycle is not None else None
    names = ignored.data() if ignored is not None else []
    if any(str(name).partition("[")[0] in ("all", argument, f"{argument}_all") for name in ([names] if isinstance(names, str) else names)):
        raise CannotFixError(f"its ignore_changes keeps Terraform from applying new {argument}")


def create_first(source: NodeSource, block: Node, misspelt: str = "") -> list[Edit]:
    """The edits that let the new key exist before the old one goes."""
    lifecycle = _lifecycle(block)
    if lifecycle is None:
        return source.add(block, {_LIFECYCLE: {ORDER: True}})
    if misspelt and isinstance(lifecycle.value, Object):
        key, value = next(pair for pair in lifecycle.value if pair[0].value == misspelt)
        return [source.replace(key, ORDER), *([] if value.value is True else [source.replace(value, value=True)])]
    return source.put(lifecycle, ORDER, value=True)


def add_schedule(source: NodeSource, block: Node, taken: frozenset[str], name: str, days: int) -> list[Edit]:
    """The edits that let a key follow a new clock with a name that is not in ``taken``."""
    name = _free(name, taken)
    clock: Declared = {CLOCK: {name: {"rotation_days": days}}, HOLDER: {name: {**_held(f"{CLOCK}.{name}")}}}
    return [*_follow(source, block, f"{HOLDER}.{name}"), *_declare(source, clock)]


def insert_hop(
    source: NodeSource, block: Node, module: Sequence[NodeSource], taken: frozenset[str], remedy: ReplaceTrigger, max_days: int
) -> list[Edit]:
    """The edits that put a ``time_static`` between a key and the clock that it names itself."""
    clock, index = instance_of(remedy)
    clocks = [(held, body) for held in module for kind, named, body in resources(held) if [kind, named] == clock.split(".")]
    following = _held(clock)
    if remedy.repeated:
        if not clocks:
            raise CannotFixError(OTHER_SYNTAX)
        following = {**_repetition(clocks[0][1], remedy.repeated), **_held(f"{clock}[{INSTANCE[remedy.repeated]}]")}
    existing = next((n for held in module for kind, n, body in resources(held) if kind == HOLDER and body.data() == following), None)
    name = existing or _free(remedy.name, taken)
    edits = []
    depends = member(block, "depends_on")
    if remedy.is_dependency and depends is not None:
        edits += source.without(depends, lambda item: item == remedy.clock)
    edits += _follow(source, block, f"{HOLDER}.{name}{index}", instead_of=remedy.clock)
    edits += _declare(source, {HOLDER: {name: following}}) if existing is None else []
    for held, body in clocks:
        days = member(body, "rotation_days")
        if days is not None and isinstance(days.value, int) and days.value > max_days:
            edits.append(held.replace(days, max_days))
    return edits


def hold(source: NodeSource, block: Node, taken: frozenset[str], remedy: HoldTrigger) -> list[Edit]:
    """The edits that put a value that cannot be a trigger into a resource that can."""
    name = _free(DATA_NAME, taken)
    index = f"[{INSTANCE[remedy.repeated]}]" if remedy.repeated else ""
    edits = _follow(source, block, f"{DATA}.{name}{index}", instead_of=remedy.reference)
    return [*edits, *_declare(source, {DATA: {name: {**_repetition(block, remedy.repeated), "input": f"${{{remedy.reference}}}"}}})]


def _repetition(block: Node, argument: str) -> dict[str, Any]:
    """Return ``count`` or ``for_each`` of a block, as it stands there; nothing where no ``argument`` is named."""
    if not argument:
        return {}
    found = member(block, argument)
    if found is None:
        raise CannotFixError(f"the block has no {argument}; make the change by hand")
    return {argument: found.data()}


def remove_argument(source: NodeSource, block: Node, argument: str) -> list[Edit]:
    holders = (block, _lifecycle(block))
    return next((source.without(h, lambda name: name == argument) for h in holders if h is not None and member(h, argument)), [])


def stop_ignoring(source: NodeSource, block: Node, names: tuple[str, ...]) -> list[Edit]:
    """The edits that take names out of ``ignore_changes``; it goes with its last one."""
    lifecycle = _lifecycle(block)
    ignored = member(lifecycle, _IGNORED) if lifecycle is not None else None
    if lifecycle is None or ignored is None:
        return []
    unwanted = (*names, "*", "all")
    listed = ignored.data() if isinstance(ignored.value, Array) else [ignored.value]
    if all(item in unwanted for item in listed):
        return source.without(lifecycle, lambda name: name == _IGNORED)
    return source.without(ignored, lambda item: item in unwanted)


def resources(source: NodeSource) -> Iterator[tuple[str, str, Node]]:
    """Yield the type, the name and the body of each resource of a file; each level may be an object or a list of objects."""
    for root in source.roots:
        declared = member(root, "resource")
        for kind, held in _pairs(declared) if declared is not None else ():
            for name, body in _pairs(held):
                yield kind, name, body


def _pairs(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, Array):
        for item in node.value:
            yield from _pairs(item)
    elif isinstance(node.value, Object):
        yield from ((str(key.value), value) for key, value in node.value)


def _lifecycle(block: Node) -> Node | None:
    """The lifecycle block, which may stand in a list."""
    found = member(block, _LIFECYCLE)
    if found is None or isinstance(found.value, Object):
        return found
    if isinstance(found.value, Array) and len(found.value) == 1 and isinstance(found.value[0].value, Object):
        return found.value[0]
    raise CannotFixError("its lifecycle is not a block; make the change by hand")


def _held(clock: str) -> dict[str, Any]:
    return {"rfc3339": f"${{{clock}.rfc3339}}"}


def _follow(source: NodeSource, block: Node, trigger: str, instead_of: str = "") -> list[Edit]:
    """The edits that make something a trigger of a key, in place of another one, and let the new key exist first."""
    lifecycle = _lifecycle(block)
    if lifecycle is None:
        return source.add(block, {_LIFECYCLE: {ORDER: True, TRIGGERED: [trigger]}})
    order = source.put(lifecycle, ORDER, value=True)
    triggers = member(lifecycle, TRIGGERED)
    if triggers is None:
        return [*order, *source.add(lifecycle, {TRIGGERED: [trigger]})]
    items = triggers.value if isinstance(triggers.value, Array) else ()
    old = re.compile(rf"(?:\$\{{)?{re.escape(instead_of)}(?![\w-])") if instead_of else None
    found = next((i for i in items if old is not None and isinstance(i.value, str) and old.match(i.value)), None)
    if found is not None:
        return [*order, source.edit(found.start, found.end, json.dumps(trigger))]
    if not items:
        return [*order, source.edit(triggers.start, triggers.end, json.dumps([trigger]))]
    return [*order, *source.append(triggers, [trigger])]


def _declare(source: NodeSource, declared: Declared) -> list[Edit]:
    """The edits that add resources to a file."""
    found = member(source.roots[0], "resource")
    if found is not None and isinstance(found.value, Array):
        return source.append(found, [{kind: named} for kind, named in declared.items()])
    if found is None or any(isinstance(held.value, Array) for kind in declared if (held := member(found, kind)) is not None):
        raise CannotFixError("its resources are a list; make the change by hand")
    return source.add(found, declared)


def _free(name: str, taken: frozenset[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
