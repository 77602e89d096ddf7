"""Rotation by hand: triggers and lists that people edit, schedulers that only choose. A date that people edit says when they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import leading_date, parse_date
from posturio_iac.core.evidence.reason import NOT_HERE, READ_AT_RUN
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import NamedTuple
from posturio_iac.facts.schedulers import HOLDERS, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.due import watched
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes, own_triggers
from posturio_iac.frontends.terraform.dataflow.mentions import mentions
from posturio_iac.frontends.terraform.dataflow.triggers import Reached, reached
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import USUAL
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk
from posturio_iac.frontends.terraform.values import EvaluationError, first_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

_WHOLE = frozenset({"triggers", "triggers_replace", "keepers"})
"""Arguments that change as a whole: reading one entry of them is reading what all entries change."""


class HandEdit(NamedTuple):
    """Something that people edit and that a trigger notices."""

    text: str
    """For a reader: ``"2026-10-01"``, ``var.rotated``."""
    span: Span
    """Where its value stands, if that is known."""
    at: datetime | None = None
    """The date that it states."""
    value: str = ""
    reason: Reason | None = None
    """Why it is open what it says."""


def edits(trigger: hcl.Expr, scope: ModuleScope, *, only_dates: bool) -> list[HandEdit]:
    """What people edit behind an item of ``replace_triggered_by``; what is open comes without a date and with a reason."""
    found: dict[HandEdit, None] = {}
    for one in reached(trigger, scope, USUAL):
        expressions = list(_compared(one))
        is_open = not only_dates and any(first_unknown(evaluate_or_unknown(e, one.scope)) is not None for e in expressions)
        for current, instance, words in mentions([(e, one.instance) for e in expressions], computed=True):
            for edit in _edit(current, instance, words):
                if is_open if edit.reason is not None else edit.at is not None or not only_dates:
                    found[edit] = None
        if only_dates:
            continue
        written = mentions([(e, one.instance) for e in expressions], computed=True, only_held=True)
        if one.kind in HOLDERS and any(isinstance(e, (hcl.Literal, hcl.ObjectExpr, hcl.TupleExpr)) for e, _, _ in written):
            found[HandEdit(one.address, one.block.header)] = None
    return list(found)


def _compared(one: Reached) -> Iterator[hcl.Expr]:
    """Yield the arguments of a resource that a trigger compares."""
    own = one.expression()
    if own is not None and one.attribute not in _WHOLE:
        yield own
        return
    only = "triggers_replace" if one.kind == "terraform_data" and one.attribute == "id" else None
    yield from (e for name, e in watched(one.block, ignored_changes(one.block)) if only in (None, name))
    yield from own_triggers(one.block)


def _edit(expression: hcl.Expr, instance: ModuleInstance, words: tuple[str, ...]) -> Iterator[HandEdit]:
    match expression, words:
        case hcl.Literal(str() as text, span), _:
            if (date := _date_in(text)) is not None:
                yield HandEdit(f'"{text}"', span, date, text)
        case _, ("var", name):
            if instance.call is not None and instance.call.get(name) is not None:
                return
            try:
                value = instance.scope().attribute("var", name)
            except EvaluationError:
                return
            if isinstance(value, Unknown):
                yield HandEdit(f"var.{name}", expression.span, reason=value.as_reason())
            elif isinstance(value, str) and (date := _date_in(value)) is not None:
                yield HandEdit(f"var.{name}", _set_by(name, instance.folder, expression).span, date, value)
            elif instance.caller is None:
                yield HandEdit(f"var.{name}", expression.span)
        case _, ("data", kind, name):
            yield HandEdit(f"data.{kind}.{name}", expression.span, reason=READ_AT_RUN(instance.full(f"data.{kind}.{name}")))
        case _, ("module", name, _) if name in instance.folder.calls and isinstance(instance.children(name), Unknown):
            yield HandEdit(f"module.{name}", expression.span, reason=NOT_HERE())


def _set_by(name: str, folder: Module, otherwise: hcl.Expr) -> hcl.Expr:
    """What sets a variable that no call sets: a file of values, or its default."""
    given, block = folder.tfvars.get(name), folder.variables.get(name)
    return given.expression if given is not None else (block.get("default") if block is not None else None) or otherwise


def _date_in(text: str) -> datetime | None:
    return parse_date(text) or leading_date(text)


def chosen_by_hand(block: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    """Yield notes on things that only choose among keys: a variable that lists them, a scheduler that picks the one to show."""
    multiplier = block.get("for_each") or block.get("count")
    user = block.get(KEY_TYPES[block.labels[0]])
    varies = user is not None and any(references(part)[:1] in (("each",), ("count",)) for part in walk(user))
    if multiplier is not None and not varies and not isinstance(multiplier, hcl.Conditional):
        mentioned = mentions([(multiplier, scope.instance)])
        name = next((words[1] for _, at, words in mentioned if words[:1] == ("var",) and _is_edited(words[1], at)), None)
        if name is not None:
            yield f"var.{name} decides which of its keys exist: manual rotation without a schedule"
    if not (schedulers := scope.instance.resources(*SCHEDULERS)):
        return
    folder = scope.instance.folder
    places = [o.get("value") for o in folder.outputs.values()] + [a.expression for a in folder.locals.values()]
    for (kind, name), _ in schedulers:
        if any(_mentions_both(place, (kind, name), (block.labels[0], block.labels[1])) for place in places):
            yield f"the scheduler {kind}.{name} only chooses which key is shown and replaces none"


def _is_edited(name: str, instance: ModuleInstance) -> bool:
    """True if whoever applies a root module sets one of its variables, and no file does."""
    return instance.caller is None and name not in instance.folder.tfvars


def _mentions_both(place: hcl.Expr | None, one: tuple[str, str], other: tuple[str, str]) -> bool:
    found = {references(part)[:2] for part in walk(place)} if place is not None else set()
    return one in found and other in found
