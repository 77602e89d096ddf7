"""Tags as templates write them: lists of ``Key`` and ``Value``, or maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.conditions import branches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import StackScope


class TemplateTag(NamedTuple):
    """One tag, or a place that may hold tags."""

    name: str | Unknown
    value: str | Unknown
    node: Node
    """The whole tag."""
    unsure: Unknown | None = None
    """Why it may not be there."""


def read_tags(node: Node | None, ev: Evaluator, scope: StackScope, unsure: Unknown | None = None) -> Iterator[TemplateTag]:
    """Yield the tags that a property states; those that depend on a condition say so, and so do those that cannot be seen."""
    if node is None:
        return
    chosen, why = branches(ev, node, scope)
    if len(chosen) != 1 or chosen[0] is not node:
        for branch in chosen:
            yield from read_tags(branch, ev, scope, why if unsure is None else unsure)
        return
    match node.value:
        case Array() as items:
            for item in items:
                yield from read_tags(item, ev, scope, unsure)
        case Object() as members if (name := members.get("Key")) is not None:
            value = members.get("Value")
            yield TemplateTag(ev.text(ev.value(name, scope)), ev.text(ev.value(value, scope)) if value is not None else "", node, unsure)
        case Object() as members if len(members) == 1 and str(members[0][0].value).startswith(("Fn::", "Ref")):
            yield from _computed(node, ev, scope, unsure)
        case Object() as members:
            for key, value in members:
                yield TemplateTag(str(key.value), ev.text(ev.value(value, scope)), value, unsure)
        case _:
            return


def _computed(node: Node, ev: Evaluator, scope: StackScope, unsure: Unknown | None) -> Iterator[TemplateTag]:
    """Yield the tags that a function gives: none for ``AWS::NoValue``."""
    match ev.value(node, scope):
        case tuple() as items:
            values = [(i.get("Key"), i.get("Value")) for i in items if isinstance(i, dict)]
            yield from (TemplateTag(ev.text(name), ev.text(value), node, unsure) for name, value in values)
        case Unknown() as unknown:
            yield TemplateTag(unknown, unknown, node, unsure)
        case _:
            return


def read_pairs(node: Node | None, ev: Evaluator, scope: StackScope) -> tuple[tuple[str, str], ...]:
    tags = [t for t in read_tags(node, ev, scope) if t.unsure is None]
    return tuple((t.name, t.value) for t in tags if isinstance(t.name, str) and isinstance(t.value, str))
