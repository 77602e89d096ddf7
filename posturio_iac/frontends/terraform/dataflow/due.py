"""What Terraform plans when every clock is due: which resources change, and which attributes are unknown because of it.

The provider of a ``time_rotating`` that is due drops it from the state, so the plan creates it anew and all that it computes is unknown.
What becomes of that unknown decides: a resource whose arguments it reaches is updated or replaced, and what stays wholly known has not
changed. Terraform compares nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from posturio_iac.core.evidence.reason import EVERY_APPLY
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.unknown import AFTER_APPLY, INDEXED_OBJECT, REPLACEMENT_OPEN
from posturio_iac.facts.schedulers import COMPUTED_ONCE, FORCING, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.clocks import ARGUMENTS, PLAN_TIME, clocks_of, every_apply, rotating, scheduled, turn
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import (
    META,
    Dotted,
    Reached,
    ignored_changes,
    is_map,
    is_set,
    own_triggers,
    part_of,
    reached,
    repeated,
)
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, USUAL, View
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import Due, doubtful, due_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.unknown import Unknown
    from posturio_iac.frontends.terraform.dataflow.clocks import Clock
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)
_PROBES = (
    (timedelta(seconds=61), None),
    *((timedelta(hours=hours), timedelta(hours=hours)) for hours in (1, 12, 24)),
    (timedelta(days=31), timedelta(days=30)),
    (timedelta(days=365), timedelta(days=365)),
)
"""Times between two plans, and how often text that then differs changes."""


class Change(NamedTuple):
    """What a plan does to one resource when the clocks are due."""

    created: Due | None = None
    """It is a clock that is created anew."""
    replaced: Due | None = None
    updated: Due | None = None
    """In place, or by a replacement: which of both is not known for every type."""

    @property
    def noticed(self) -> Due | None:
        """What ``replace_triggered_by`` reacts to."""
        return due_of(self.replaced, self.updated)


class DuePlan:
    """The plan of one root module. As a `Planner` it answers for resources and impure functions."""

    def __init__(self, instant: datetime | None = None) -> None:
        """Plan at an ``instant``, or at none: then ``plantimestamp()`` counts as unknown too."""
        self.view = View(planner=self)
        self._instant = instant
        self._changes: dict[tuple[ModuleInstance, str], Change | None] = {}
        self._probes: list[tuple[DuePlan, timedelta | None]] = []

    def moved(self, call: hcl.Call) -> Value:
        """The value of an impure function: unknown in the plan, but for that of ``plantimestamp()``."""
        what = f"{call.name}()"
        if what == PLAN_TIME and self._instant is not None:
            return self._instant.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Due((every_apply(what, call.span),))

    def moving(self, expression: hcl.Expr | None, scope: ModuleScope) -> Due | None:
        """Why the value of an expression changes; None where it stands still."""
        due = due_of(evaluate_or_unknown(expression, scope))
        if expression is None or due is None or all(clock.what != PLAN_TIME for clock in clocks_of(due)):
            return due
        causes = [self._rounded(clock, expression, scope) if clock.what == PLAN_TIME else clock for clock in clocks_of(due)]
        return Due(filter(None, causes), due.doubt) if any(causes) else None

    def _rounded(self, cause: Clock, expression: hcl.Expr, scope: ModuleScope) -> Clock | None:
        """How often what is made of ``plantimestamp()`` differs between two plans; None for never."""
        if not self._probes:
            self._probes = [(DuePlan(_START), None), *((DuePlan(_START + step), interval) for step, interval in _PROBES)]
        first, *others = (evaluate_or_unknown(expression, scope.seen(plan.view)) for plan, _ in self._probes)
        for (_, interval), value in zip(self._probes[1:], others, strict=True):
            if value != first:
                return replace(cause, interval=interval, reason=EVERY_APPLY() if interval is None else None)
        return None

    def fires(self, trigger: hcl.Expr, scope: ModuleScope) -> Change:
        """What becomes of what an item of ``replace_triggered_by`` names in a block that ``scope`` belongs to."""
        moved: list[Due | None] = []
        direct: list[Due | None] = []
        for one in reached(trigger, scope, self.view):
            noticed = self._noticed(one)
            created = self.change(one.block, one.kind, one.local_address, one.scope).created
            moved.append(noticed.doubted(one.doubt) if noticed is not None and one.doubt is not None else noticed)
            direct.append(created.doubted(one.doubt) if created is not None and one.doubt is not None else created)
        return Change(due_of(*direct), due_of(*moved))

    def _noticed(self, one: Reached) -> Due | None:
        """Why a trigger notices a change of a resource, or of the part that its way leads to."""
        block, kind, address, scope, way, _ = one
        noticed = self.change(block, kind, address, scope).noticed
        if noticed is None or not way or not isinstance(way[0], str):
            return noticed
        value = self.attribute(block, kind, address, scope, way[0])
        argument = SAME.get((kind, way[0]), way[0])
        map_like = True if argument in _MAPS else is_map(hcl.setting(block, argument), scope)
        for step in way[1:]:
            # Terraform follows a dot only into objects, and a text in brackets only into maps.
            if isinstance(step, str) and map_like is isinstance(step, Dotted):
                return None
            if isinstance(step, str) and map_like is None:
                due = due_of(value)
                return due.doubted(INDEXED_OBJECT(address)) if due is not None else None
            value, map_like = part_of(value, step), False
        return due_of(value)

    def change(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Change:
        """What the plan does to a resource; nothing while that is being found out, in a circle."""
        key = (scope.instance, address)
        if key not in self._changes:
            scope.budget.spend()
            self._changes[key] = None
            self._changes[key] = self._change(block, kind, scope.instance.full(address), scope)
        return self._changes[key] or Change()

    def _change(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Change:
        ignored = ignored_changes(block)
        moving = {name: due for name, e in watched(block, ignored) if (due := self.moving(e, scope)) is not None}
        if kind == ROTATING:
            restarted = due_of(*(moving.get(name) for name in ("rfc3339", "triggers")))
            if restarted is not None and any(clock.reason == EVERY_APPLY() for clock in clocks_of(restarted)):
                return Change(replaced=Due((every_apply(f"{address} at timestamp()", block.header),), restarted.doubt))
            return Change(created=rotating(block, scope, address), replaced=restarted)
        if kind in SCHEDULERS:
            return Change(updated=scheduled(block, scope, address, moving.get(SCHEDULERS[kind].trigger or "")))
        forcing = FORCING.get(kind, () if kind not in HOLDERS and kind not in COMPUTED_ONCE else None)
        forced = due_of(*(due for name, due in moving.items() if forcing is None or name.partition(".")[0] in forcing))
        triggered = due_of(*(self.fires(trigger, scope).replaced for trigger in own_triggers(block)))
        replaced = due_of(forced, triggered)
        if replaced is not None and is_set(block, "prevent_destroy", scope):
            return Change()
        return Change(replaced=replaced, updated=due_of(*moving.values()))

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """The value of a module whose code is not here: clocks that it is given may move all of it."""
        if kind != "module" or why is None:
            return None
        given = scope.instance.folder.calls[name].body.attributes.values()
        inner = scope.instance.scope(self.view)
        return doubtful(why, *(evaluate_or_unknown(argument.expression, inner) for argument in given))

    def whole(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Due | None:
        return due_of(*self.change(block, kind, address, scope))

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """The planned value of an attribute."""
        argument = SAME.get((kind, name), name)
        expression = hcl.setting(block, argument)
        computed = expression is None or (kind == "terraform_data" and name == "output")
        if expression is not None and not computed:
            ignored = ignored_changes(block)
            view = USUAL if ignored is None or argument in ignored else self.view
            return scope.instance.cached(view, address, argument, lambda: evaluate_or_unknown(expression, scope.seen(view)))
        if (kind == ROTATING and name in ARGUMENTS) or (kind in HOLDERS and expression is None and name in _UNSET):
            return None
        change = self.change(block, kind, address, scope)
        if kind in SCHEDULERS and change.updated is not None:
            return turn(change.updated, name, block, scope, scope.instance.full(address))
        due = due_of(change.created, change.replaced)
        if kind.startswith("data.") or name == "output":
            due = due_of(due, change.updated)
        elif change.updated is not None and (due is None or due.doubt is not None) and kind not in HOLDERS:
            due = due_of(due, change.updated.doubted(REPLACEMENT_OPEN(scope.instance.full(address), name)))
        if due is not None:
            return due
        return AFTER_APPLY(f"{address}.{name}") if expression is None else evaluate_or_unknown(expression, scope)


_MAPS = ("triggers", "keepers", "tags")
"""Arguments that hold a map of texts."""


_UNSET = (*_MAPS, "input", "output", "triggers_replace")
"""Attributes of holders that are null where the argument is not set."""


def watched(block: hcl.Block, ignored: frozenset[str] | None) -> Iterator[tuple[str, hcl.Expr]]:
    """Yield the arguments whose change is noticed, with the names of the blocks around them, without those that are ignored."""
    pending: list[tuple[str, hcl.Body, tuple[hcl.Block, ...]]] = [("", block.body, ())] if ignored is not None else []
    while pending and ignored is not None:
        way, body, around = pending.pop()
        for name, argument in body.attributes.items():
            path = way + name
            if path not in META and path not in ignored:
                yield path, repeated(without(argument.expression, path, ignored), around)
        for inner in body.blocks:
            if inner.type == "dynamic" and inner.labels and way + inner.labels[0] not in ignored:
                content = inner.body.first("content")
                pending += [(f"{way}{inner.labels[0]}.", content.body, (*around, inner))] if content is not None else []
            elif way + inner.type not in META and way + inner.type not in ignored and inner.type not in body.attributes:
                pending.append((f"{way}{inner.type}.", inner.body, around))


def without(expression: hcl.Expr, name: str, ignored: frozenset[str]) -> hcl.Expr:
    """The value of an argument without the entries that are ignored one by one, where it is written as a map."""
    if not isinstance(expression, hcl.ObjectExpr):
        return expression
    kept = [item for item in expression.items if not (isinstance(item[0], hcl.Literal) and f"{name}.{item[0].value}" in ignored)]
    return hcl.ObjectExpr(tuple(kept), expression.span)
