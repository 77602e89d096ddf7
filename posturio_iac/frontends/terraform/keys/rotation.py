"""Rotation of a key by its own block: what replaces it when the clocks are due, and what only looks like it."""

from __future__ import annotations

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.remedy import INSTANCE, Advice, HoldTrigger, RemoveArgument, ReplaceTrigger
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.keys import forcing
from posturio_iac.core.metadata.lifetime import mentions_rotation
from posturio_iac.core.model import Effect, Kind, Lifetime, Replacement, Span, Unknown
from posturio_iac.core.place import ChangeOrigin, DependsOnOrigin, IgnoreChangesOrigin, Place, TriggerOrigin
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.core.times import describe_interval
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.due import Clock, DuePlan, clocks_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import creates_first, ignored_changes, is_set, stated, stop_ignoring
from posturio_iac.frontends.terraform.dataflow.origin import of_instance
from posturio_iac.frontends.terraform.dataflow.standstill import chosen_by_hand, clock_in, edits, why_trigger_stands, why_value_stands
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import listed, references, spelled, walk
from posturio_iac.frontends.terraform.values import PartialMap, due_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.place import Origin
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.modules.readings import Engine

_NOT_MANAGED = {"var": "a variable", "local": "a local value", "data": "a data source", "module": "a module"}
_NOT_MANAGED |= dict.fromkeys(("each", "count", "path", "terraform"), "not a resource")


class Rotation(NamedTuple):
    """The rotation in one key's block."""

    lifetimes: tuple[Lifetime, ...]
    notes: tuple[str, ...]
    replacement: Replacement | None
    schedules: frozenset[str]  # its drivers, to tell apart keys that change at different times


class _Found(NamedTuple):
    """One thing that replaces a key, or seems to."""

    lifetime: Lifetime | None
    clock: Clock | None = None
    note: str = ""


def rotation_of(block: hcl.Block, scope: ModuleScope, engine: Engine) -> Rotation:
    """The rotation that a key's block brings about, or seems to."""
    plan = scope.instance.index(DuePlan)
    found = [one for trigger in stated(block, "replace_triggered_by") for one in _through_trigger(trigger, block, scope, engine, plan)]
    found += _through_arguments(block, scope, plan)
    kept = [one.lifetime for one in found if one.lifetime is not None]
    notes = (*(one.note for one in found if one.note), *(() if kept else chosen_by_hand(block, scope)))
    kept += (*scope.instance.index(_multiplied, block, scope.instance), *_dependencies(block, scope))
    kept += () if kept else _out_of_band(block, scope)
    drivers = [one for one in found if one.lifetime and (one.lifetime.effect is Effect.ENFORCED or one.lifetime.kind is Kind.ROTATED)]
    for argument, value, reason in (("prevent_destroy", True, why.PREVENTED()), ("destroy", False, why.FORGOTTEN())):
        if is_set(block, argument, scope, to=value):
            remedy = RemoveArgument(_key(block), argument, "its lifecycle block")
            for at, one in enumerate(kept):
                if one.effect is Effect.ENFORCED:
                    kept[at] = replace(one, effect=Effect.INERT, reason=reason, remedy=remedy, span=one.span or block.header)
            drivers = []
    clocks = [one.clock for one in drivers if one.clock is not None]
    span = next((one.lifetime.span for one in drivers if one.lifetime is not None), None) or block.header
    takes_turns = any(clock.turns > 1 for clock in clocks)
    replacement = Replacement(span, creates_first(block, scope), takes_turns=takes_turns) if drivers else None
    schedules = frozenset(clock.output or clock.shown for clock in clocks)
    return Rotation(tuple(dict.fromkeys(kept)), tuple(dict.fromkeys(notes)), replacement, schedules)


def _through_trigger(trigger: hcl.Expr, block: hcl.Block, scope: ModuleScope, engine: Engine, plan: DuePlan) -> Iterator[_Found]:
    if (refused := _refused(trigger, block, scope)) is not None:
        yield _Found(refused)
        return
    text = spelled(trigger)
    origin = TriggerOrigin(text)
    fired = plan.fires(trigger, scope.seen(plan.view))
    for clock, doubt in clocks_of(fired.created):
        yield _Found(_direct(clock, doubt, trigger, engine, block, scope), clock)
    for clock, doubt in clocks_of(fired.replaced):
        yield _Found(_moved(replace(origin, via=clock.shown, clock=clock.what), trigger.span, clock, doubt, text), clock)
    if fired.replaced is not None and fired.replaced.doubt is not None:
        return
    fires = fired.replaced is not None or fired.created is not None
    edited = edits(trigger, scope, only_dates=fires)
    for edit in edited:
        if edit.at is not None:
            via = replace(origin, via=edit.text, clock=edit.text)
            yield _Found(Lifetime(Kind.ROTATED, Effect.DECLARED, via, edit.value, trigger.span, edit.span, at=edit.at))
        elif edit.reason is not None:
            yield _Found(Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, trigger.span, reason=edit.reason))
    if fires:
        return
    stands = why_trigger_stands(trigger, scope, plan)
    if edited and not stands.despite_clock:
        if all(edit.at is None and edit.reason is None for edit in edited):
            words = ".".join(references(trigger)[:2])
            yield _Found(None, note=f"its trigger {words} changes only when somebody edits the code: manual rotation without a schedule")
    else:
        follow = f"refer to a resource that follows a {ROTATING}, such as a time_static with its rfc3339"
        if references(trigger)[0] in HOLDERS | COMPUTED_ONCE:
            follow = f"let {text} follow a {ROTATING} that has an interval"
        remedy = stands.remedy or Advice(follow)
        yield _Found(Lifetime(Kind.ROTATION, Effect.INERT, origin, text, trigger.span, reason=stands.reason, remedy=remedy))


def _refused(trigger: hcl.Expr, block: hcl.Block, scope: ModuleScope) -> Lifetime | None:
    words = references(trigger)
    text = spelled(trigger) if words else ""
    remedy: Remedy
    if not words:
        reason, remedy = why.NO_REFERENCE(), Advice("write a plain list of resources")
    elif trigger.span.path != block.header.path:
        reason, remedy = why.NOT_MERGED(), Advice(f"write it in the block at {block.header.path}:{block.header.line}")
    elif words[0] in _NOT_MANAGED:
        named = {one.name for one in walk(trigger) if isinstance(one, hcl.Name)}
        repeated = next((argument for argument, index in INSTANCE.items() if index.partition(".")[0] in named), "")
        reason, remedy = why.NOT_MANAGED(text, _NOT_MANAGED[words[0]]), HoldTrigger(_key(block), text, repeated)
    elif words[0] != "self" and words[:2] not in scope.instance.folder.resources:
        reason, remedy = why.MISSING_RESOURCE(".".join(words[:2])), Advice("refer to a resource that changes")
    else:
        return None
    return Lifetime(Kind.ROTATION, Effect.INERT, TriggerOrigin(text), text, trigger.span, reason=reason, remedy=remedy)


def _key(block: hcl.Block) -> Place:
    return Place(".".join(block.labels), block.header)


def _direct(clock: Clock, doubt: Unknown | None, trigger: hcl.Expr, engine: Engine, block: hcl.Block, scope: ModuleScope) -> Lifetime:
    span, text = trigger.span, spelled(trigger)
    if doubt is None and engine.counts_creation and scope.instance.program.request.config.engine == "auto":
        said = f"the rotation of {'.'.join(block.labels)} counts since files say OpenTofu 1.12 or later; on Terraform it would never happen"
        scope.instance.program.report(Diagnostic(Level.NOTE, said, span.path, span.line))
    if doubt is not None or engine.counts_creation:
        return _moved(TriggerOrigin(text, clock=clock.what), span, clock, doubt, text)
    origin = TriggerOrigin(text)
    if engine.may_count_creation:
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, span, interval=clock.interval, reason=why.OPENTOFU_ONLY())
    reason, remedy = why.DIRECT_CLOCK(ROTATING, engine.suffix), _hop(trigger, block, scope)
    return Lifetime(Kind.ROTATION, Effect.INERT, origin, text, span, interval=clock.interval, reason=reason, remedy=remedy)


def _moved(origin: Origin, span: Span, clock: Clock, doubt: Unknown | None, text: str) -> Lifetime:
    if doubt is not None:
        plain = TriggerOrigin(text) if isinstance(origin, TriggerOrigin) else origin
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, plain, text, span, reason=doubt.as_reason())
    if clock.at is not None:
        return Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, clock.value, span, at=clock.at)
    value = describe_interval(clock.interval) if clock.interval is not None else clock.value
    lifetime = Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, value, span, interval=clock.interval, reason=clock.reason)
    return replace(lifetime, setting=clock.setting, turns=clock.turns)


def _hop(reference: hcl.Expr, block: hcl.Block, scope: ModuleScope, *, is_dependency: bool = False) -> ReplaceTrigger:
    kind, name, *attributes = references(reference)
    rotating = spelled(reference).removesuffix("".join(f".{attribute}" for attribute in attributes))
    clock = scope.instance.folder.resources[kind, name]
    repeated = next((argument for argument in INSTANCE if clock.get(argument) is not None), "")
    return ReplaceTrigger(_key(block), rotating, name, is_dependency=is_dependency, repeated=repeated)


def _through_arguments(block: hcl.Block, scope: ModuleScope, plan: DuePlan) -> Iterator[_Found]:
    ignored = ignored_changes(block)
    for name in forcing(block.labels[0]):
        expression = block.get(name)
        if expression is None or (mentioned_clock := clock_in(expression, scope)) is None:
            continue
        span, address = expression.span, ".".join(block.labels)
        due = plan.moving(expression, scope.seen(plan.view))
        for clock, doubt in clocks_of(due):
            origin = ChangeOrigin(name, clock.shown, clock.what)
            if ignored is None or name in ignored:
                reason, remedy = why.IGNORES_CHANGES(address), stop_ignoring(block, address, [name])
                yield _Found(Lifetime(Kind.ROTATION, Effect.INERT, origin, clock.shown, span, reason=reason, remedy=remedy))
            else:
                yield _Found(_moved(origin, span, clock, doubt, clock.shown), clock)
        if due is None:
            yield _Found(_still(ChangeOrigin(name), mentioned_clock, expression, scope, plan))


def _still(origin: Origin, shown: str, value: hcl.Expr, scope: ModuleScope, plan: DuePlan, reason: why.Reason | None = None) -> Lifetime:
    remedy = Advice(f"let replace_triggered_by name a time_static that follows {shown}")
    reason = reason or why_value_stands(list(of_instance(value, scope)), plan).reason
    return Lifetime(Kind.ROTATION, Effect.INERT, origin, shown, value.span, reason=reason, remedy=remedy)


def _multiplied(block: hcl.Block, instance: ModuleInstance) -> list[Lifetime]:
    """The inert evidence of ``for_each`` and ``count``: Terraform refuses a plan in which clocks make the instances unknown."""
    found, scope, plan = [], instance.scope(), instance.index(DuePlan)
    for name in INSTANCE:
        expression = block.get(name)
        if expression is None or (mentioned_clock := clock_in(expression, scope, ("keys", "length"))) is None:
            continue
        value = evaluate_or_unknown(expression, instance.scope(plan.view))
        due = due_of(value.rest if isinstance(value, PartialMap) else None if isinstance(value, dict) else value)
        if due is not None and due.doubt is not None:
            reason = due.doubt.as_reason()
            found.append(Lifetime(Kind.ROTATION, Effect.UNKNOWN, ChangeOrigin(name), span=expression.span, reason=reason))
        elif due is not None:
            clock = next((c.shown for c, _ in clocks_of(due)), mentioned_clock)
            found.append(_still(ChangeOrigin(name, clock, clock), clock, expression, scope, plan, why.REFUSED_PLAN(name)))
        elif due_of(value) is None:
            found.append(_still(ChangeOrigin(name), mentioned_clock, expression, scope, plan))
    return found


def _dependencies(block: hcl.Block, scope: ModuleScope) -> Iterator[Lifetime]:
    expression = block.get("depends_on")
    for item in listed(expression) if expression is not None else ():
        words, text = references(item), spelled(item)
        if words[:2] in scope.instance.folder.resources and words[0] in {ROTATING, *SCHEDULERS, *COMPUTED_ONCE}:
            instead = Advice(f"use lifecycle {{ replace_triggered_by = [{text}] }} instead")
            remedy = _hop(item, block, scope, is_dependency=True) if words[0] == ROTATING else instead
            yield Lifetime(Kind.ROTATION, Effect.INERT, DependsOnOrigin(text), text, item.span, reason=why.ONLY_ORDERS(), remedy=remedy)


def _out_of_band(block: hcl.Block, scope: ModuleScope) -> Iterator[Lifetime]:
    lifecycle = block.first("lifecycle")
    expression = lifecycle.get("ignore_changes") if lifecycle else None
    if expression is not None and ignored_changes(block) is None:
        lambdas = (f"{kind}.{name}" for kind, name in scope.instance.folder.resources if "lambda" in kind and "rotat" in name.lower())
        says_so = any(mentions_rotation(comment.text) for comment in block.comments)
        rotator = next(lambdas, None)
        if reason := why.COMMENT_SAYS() if says_so else why.SEEMS_TO_ROTATE(rotator) if rotator else None:
            yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, IgnoreChangesOrigin(), span=expression.span, reason=reason)
