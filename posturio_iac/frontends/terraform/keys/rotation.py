"""Rotation that the code carries out: which evidence a key's own block gives, and whether the replacement leaves a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence import reason as why
from posturio_iac.core.evidence.origin import ChangeOrigin, DependsOnOrigin, IgnoreChangesOrigin, TriggerOrigin
from posturio_iac.core.evidence.remedy import INSTANCE, Advice, HoldTrigger, RemoveArgument, ReplaceTrigger
from posturio_iac.core.intervals import describe_interval
from posturio_iac.core.keys.resource_types import forcing
from posturio_iac.core.model import Effect, Kind, Lifetime, Replacement, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace
from posturio_iac.facts.schedulers import COMPUTED_ONCE, HOLDERS, ROTATING, SCHEDULERS
from posturio_iac.frontends.terraform.dataflow.cause import ChangeCause, ChangeKind
from posturio_iac.frontends.terraform.dataflow.causes import of_expression, of_trigger
from posturio_iac.frontends.terraform.dataflow.instance_keys import keys_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes, is_set, stated_triggers, stop_ignoring
from posturio_iac.frontends.terraform.dataflow.manual_rotation import by_hand, chosen_by_hand
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import listed, mentioned, references, spelled, walk
from posturio_iac.metadata.manual_rotation import mentions_rotation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.origin import Origin
    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import Span
    from posturio_iac.frontends.terraform.modules.engine_version import Engine
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

_NOT_MANAGED = {"var": "a variable", "local": "a local value", "data": "a data source", "module": "a module"}
_NAME_ONE = Advice("refer to a resource that changes")


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rotation in one key's block."""

    lifetimes: tuple[Lifetime, ...]
    notes: tuple[str, ...]
    replacement: Replacement | None
    turns: bool
    """True if the key takes turns with others by means of a scheduler."""
    schedules: frozenset[str]
    """Its drivers, to tell apart keys that change at different times."""


def rotation_of(block: hcl.Block, scope: ModuleScope, engine: Engine) -> Rotation:
    """The rotation that a key's block brings about, or seems to."""
    found = list(_through_triggers(block, scope, engine))
    replacing = [(lifetime, cause) for lifetime, cause in found if lifetime.effect is Effect.ENFORCED or lifetime.kind is Kind.ROTATED]
    forced = list(_through_arguments(block, scope, forcing(block.labels[0])))
    multiplied = list(_through_arguments(block, scope, tuple(INSTANCE)))
    lifetimes = [lifetime for lifetime, _ in (*found, *forced, *multiplied)] + list(_dependencies(block, scope))
    notes = list(by_hand(block, scope)) + ([] if lifetimes else list(chosen_by_hand(block, scope)))
    if not lifetimes and (outside := _out_of_band(block, scope)) is not None:
        lifetimes.append(outside)
    for argument, value, reason in (("prevent_destroy", True, why.PREVENTED()), ("destroy", False, why.FORGOTTEN())):
        if is_set(block, argument, scope, to=value):
            remedy = RemoveArgument(_key(block), argument, "its lifecycle block")
            lifetimes = [_without_effect(e, reason, remedy, block) if e.effect is Effect.ENFORCED else e for e in lifetimes]
            replacing, forced = [], []
    causes = [cause for _, cause in (*found, *forced, *multiplied)]
    turns = any(cause.turns > 1 for cause in causes)
    drivers = [*replacing, *(one for one in forced if one[0].effect is Effect.ENFORCED)]
    replacement = None
    if drivers:
        first = drivers[0]
        replacement = Replacement(first[0].span or first[1].span, _creates_first(block, scope), takes_turns=turns)
    return Rotation(tuple(dict.fromkeys(lifetimes)), tuple(dict.fromkeys(notes)), replacement, turns, frozenset(c.shown for c in causes))


def _without_effect(lifetime: Lifetime, reason: Reason, remedy: Remedy, block: hcl.Block) -> Lifetime:
    return replace(lifetime, effect=Effect.INERT, reason=reason, remedy=remedy, span=lifetime.span or block.header)


def _through_triggers(block: hcl.Block, scope: ModuleScope, engine: Engine) -> Iterator[tuple[Lifetime, ChangeCause]]:
    for trigger in stated_triggers(block):
        refused = _refused(trigger, block, scope)
        if refused is not None:
            yield refused, ChangeCause(ChangeKind.NEVER, spelled(trigger) or "its value", trigger.span, reason=refused.reason)
            continue
        for cause in of_trigger(trigger, scope):
            lifetime = _lifetime(cause, TriggerOrigin(spelled(trigger) or "its value"), trigger, engine, block, scope)
            if lifetime is not None:
                yield lifetime, cause


def _refused(trigger: hcl.Expr, block: hcl.Block, scope: ModuleScope) -> Lifetime | None:
    """The evidence of a trigger that Terraform does not accept."""
    words = references(trigger)
    text = (spelled(trigger) or "its value") if words else ""

    def inert(reason: Reason, remedy: Remedy) -> Lifetime:
        return Lifetime(Kind.ROTATION, Effect.INERT, TriggerOrigin(text), text, trigger.span, reason=reason, remedy=remedy)

    if not words:
        return inert(why.NO_REFERENCE(), Advice("write a plain list of resources"))
    if trigger.span.path != block.header.path:
        return inert(why.NOT_MERGED(), Advice(f"write it in the block at {block.header.path}:{block.header.line}"))
    if words[0] in _NOT_MANAGED or words[0] in ("each", "count", "path", "terraform"):
        what = _NOT_MANAGED.get(words[0], "not a resource")
        named = {one.name for one in walk(trigger) if isinstance(one, hcl.Name)}
        repeated = next((argument for argument, index in INSTANCE.items() if index.partition(".")[0] in named), "")
        return inert(why.NOT_MANAGED(text, what), HoldTrigger(_key(block), text, repeated))
    if words[0] != "self" and (words[0], words[1] if len(words) > 1 else "") not in scope.instance.folder.resources:
        return inert(why.MISSING_RESOURCE(".".join(words[:2])), _NAME_ONE)
    return None


def _follow_a_clock(trigger: hcl.Expr, text: str) -> Advice:
    words = references(trigger)
    if words[0] in HOLDERS or words[0] in COMPUTED_ONCE:
        return Advice(f"let {text} follow a {ROTATING} that has an interval")
    return Advice(f"refer to a resource that follows a {ROTATING}, such as a time_static with its rfc3339")


def _key(block: hcl.Block) -> Place:
    return Place(".".join(block.labels), block.header)


def _lifetime(
    cause: ChangeCause, origin: TriggerOrigin, trigger: hcl.Expr, engine: Engine, block: hcl.Block, scope: ModuleScope
) -> Lifetime | None:
    """The evidence that one cause gives when a trigger of a key's ``block`` reaches it."""
    span, text = trigger.span, spelled(trigger) or "its value"
    match cause.sort:
        case ChangeKind.SCHEDULE | ChangeKind.ONCE if cause.direct and not engine.counts_creation:
            if engine.may_count_creation:
                return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, span, interval=cause.interval, reason=why.OPENTOFU_ONLY())
            return Lifetime(
                Kind.ROTATION,
                Effect.INERT,
                origin,
                text,
                span,
                interval=cause.interval,
                reason=why.DIRECT_CLOCK(ROTATING, engine.suffix),
                remedy=_hop(trigger, block, scope),
            )
        case ChangeKind.SCHEDULE | ChangeKind.APPLY:
            return _scheduled(_via(origin, cause), span, cause)
        case ChangeKind.ONCE:
            return Lifetime(Kind.EXPIRY, Effect.ENFORCED, _via(origin, cause), cause.value, span, at=cause.at)
        case ChangeKind.DATE:
            return Lifetime(Kind.ROTATED, Effect.DECLARED, _via(origin, cause), cause.value, span, at=cause.at)
        case ChangeKind.UNKNOWN:
            return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, span, reason=cause.reason)
        case ChangeKind.NEVER:
            remedy = cause.remedy or _follow_a_clock(trigger, text)
            return Lifetime(Kind.ROTATION, Effect.INERT, origin, text, span, reason=cause.reason, remedy=remedy)
        case _:
            return None


def _via(origin: TriggerOrigin, cause: ChangeCause) -> TriggerOrigin:
    return replace(origin, via="" if cause.direct else cause.shown, clock=cause.what)


def _scheduled(origin: Origin, span: Span, cause: ChangeCause) -> Lifetime:
    """The evidence of a rotation that happens at an interval."""
    value = describe_interval(cause.interval) if cause.interval is not None else cause.value
    return Lifetime(
        Kind.ROTATION,
        Effect.ENFORCED,
        origin,
        value,
        span,
        interval=cause.interval,
        reason=cause.reason,
        setting=cause.setting,
        turns=cause.turns,
    )


def _hop(reference: hcl.Expr, block: hcl.Block, scope: ModuleScope, *, is_dependency: bool = False) -> ReplaceTrigger:
    words = references(reference)
    rotating = reference
    while isinstance(rotating, hcl.GetAttr) and len(references(rotating)) > 2:  # noqa: PLR2004 - type and name
        rotating = rotating.target
    clock = scope.instance.folder.resources[words[0], words[1]]
    repeated = next((name for name in INSTANCE if clock.get(name) is not None), "")
    return ReplaceTrigger(_key(block), spelled(rotating), words[1], is_dependency=is_dependency, repeated=repeated)


def _through_arguments(block: hcl.Block, scope: ModuleScope, names: tuple[str, ...]) -> Iterator[tuple[Lifetime, ChangeCause]]:
    """Yield evidence from arguments whose change replaces the key or its address."""
    ignored = ignored_changes(block)
    for name in names:
        expression = block.get(name)
        if expression is None:
            continue
        is_ignored = name not in INSTANCE and (ignored is None or name in ignored)
        parts = keys_of(expression, scope) if name == "for_each" else ((expression, scope),)
        for cause in (cause for part, where in parts for cause in _scheduled_causes(part, where)):
            origin = ChangeOrigin(name, cause.shown, cause.what)
            if is_ignored:
                address = ".".join(block.labels)
                reason, remedy = why.IGNORES_CHANGES(address), stop_ignoring(block, address, [name])
                yield Lifetime(Kind.ROTATION, Effect.INERT, origin, cause.shown, expression.span, reason=reason, remedy=remedy), cause
            elif cause.sort is ChangeKind.ONCE:
                yield Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, cause.value, expression.span, at=cause.at), cause
            else:
                yield _scheduled(origin, expression.span, cause), cause


def _scheduled_causes(expression: hcl.Expr, scope: ModuleScope) -> Iterator[ChangeCause]:
    for cause in of_expression(expression, scope):
        if cause.sort in (ChangeKind.SCHEDULE, ChangeKind.ONCE, ChangeKind.APPLY):
            yield cause


def _dependencies(block: hcl.Block, scope: ModuleScope) -> Iterator[Lifetime]:
    """Yield the inert evidence that ``depends_on`` gives, when it names something that keeps time."""
    expression = block.get("depends_on")
    if expression is None:
        return
    for item in listed(expression):
        words = references(item)
        if len(words) > 1 and (words[0] in (ROTATING, *SCHEDULERS) or words[0] in COMPUTED_ONCE):
            if words[:2] not in scope.instance.folder.resources:
                continue
            text = spelled(item)
            instead = Advice(f"use lifecycle {{ replace_triggered_by = [{text}] }} instead")
            remedy = _hop(item, block, scope, is_dependency=True) if words[0] == ROTATING else instead
            yield Lifetime(Kind.ROTATION, Effect.INERT, DependsOnOrigin(text), text, item.span, reason=why.ONLY_ORDERS(), remedy=remedy)


def _out_of_band(block: hcl.Block, scope: ModuleScope) -> Lifetime | None:
    """The unknown evidence of a key that Terraform ignores and that something else seems to rotate."""
    lifecycle = block.body.first("lifecycle")
    expression = lifecycle.get("ignore_changes") if lifecycle else None
    if expression is None or not any(references(item)[:1] in (("all",), ("*",)) for item in listed(expression)):
        return None
    comment = next((c for c in block.comments if mentions_rotation(c.text)), None)
    lambdas = (f"{kind}.{name}" for kind, name in scope.instance.folder.resources if "lambda" in kind and "rotat" in name.lower())
    rotator = next(lambdas, None)
    if comment is None and rotator is None:
        return None
    reason = why.COMMENT_SAYS() if rotator is None or comment is not None else why.SEEMS_TO_ROTATE(rotator)
    return Lifetime(Kind.ROTATION, Effect.UNKNOWN, IgnoreChangesOrigin(), span=expression.span, reason=reason)


def _creates_first(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    """True if a replacement comes before the deletion, by the key's own lifecycle or by that of a resource which needs the key."""
    own = _before_destroy(block, scope)
    if own is not False:
        return own
    target = (block.labels[0], block.labels[1])
    return target in _needed_by_such(scope.instance)


def _before_destroy(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    lifecycle = block.body.first("lifecycle")
    value = evaluate_or_unknown(lifecycle.get("create_before_destroy"), scope) if lifecycle else False
    return value if isinstance(value, Unknown) else value is True or value == "true"


def _needed_by_such(instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources that a ``create_before_destroy`` resource depends on: Terraform extends the order to them."""
    resources = instance.folder.resources
    pending = [b for b in resources.values() if _before_destroy(b, instance.scope()) is True]
    found: set[tuple[str, str]] = set()
    while pending:
        for target in _needs(pending.pop(), instance) - found:
            found.add(target)
            pending.append(resources[target])
    return found


def _needs(block: hcl.Block, instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources of the module that a block refers to, through local values as well."""
    folder = instance.folder
    pending = list(mentioned(block))
    seen = set(pending)
    while pending:
        kind, name = pending.pop()
        local = folder.locals.get(name) if kind == "local" else None
        fresh = {references(part)[:2] for part in walk(local.expression)} if local is not None else set()
        more = {(words[0], words[1]) for words in fresh if len(words) > 1} - seen
        seen |= more
        pending += more
    return seen & folder.resources.keys()
