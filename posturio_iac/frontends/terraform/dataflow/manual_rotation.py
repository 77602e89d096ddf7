"""Rotation by hand: triggers and lists that people edit, schedulers that only choose. None of it is a lifetime; notes say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.facts.schedulers import SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.cause import ChangeKind
from posturio_iac.frontends.terraform.dataflow.causes import of_trigger
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import own_triggers
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import TerminalOrigin
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope


def by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on triggers that people change by hand."""
    for trigger in own_triggers(block):
        words = references(trigger)
        if (words[:2]) not in scope.instance.folder.resources:
            continue
        if any(c.sort is ChangeKind.HAND for c in of_trigger(trigger, scope)):
            yield f"its trigger {'.'.join(words[:2])} changes only when somebody edits the code: manual rotation without a schedule"


def chosen_by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on things that only choose among keys: a variable that lists them, a scheduler that picks the one to show."""
    multiplier = block.get("for_each") or block.get("count")
    user = block.get(KEY_TYPES[block.labels[0]])
    varies = user is not None and any(references(part)[:1] in (("each",), ("count",)) for part in walk(user))
    if multiplier is not None and not varies and not isinstance(multiplier, hcl.Conditional):
        names = [
            end.text for end in origins_of(multiplier, scope.instance.scope()) if isinstance(end, TerminalOrigin) and end.kind == "variable"
        ]
        if names:
            yield f"{names[0]} decides which of its keys exist: manual rotation without a schedule"
    if not (schedulers := scope.instance.resources(*SCHEDULERS)):
        return
    folder = scope.instance.folder
    places = [o.get("value") for o in folder.outputs.values()] + [a.expression for a in folder.locals.values()]
    for (kind, name), _ in schedulers:
        if any(_mentions_both(place, (kind, name), (block.labels[0], block.labels[1])) for place in places):
            yield f"the scheduler {kind}.{name} only chooses which key is shown and replaces none"


def _mentions_both(place: hcl.Expr | None, one: tuple[str, str], other: tuple[str, str]) -> bool:
    found = {references(part)[:2] for part in walk(place)} if place is not None else set()
    return one in found and other in found
