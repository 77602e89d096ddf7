"""From the blocks of a program to access keys."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime, Place, Replacement, Span, Unknown
from posturio_iac.core.origin import ArgumentOrigin
from posturio_iac.core.record import dataclass, replace
from posturio_iac.frontends.terraform.dataflow.causes import ignored_changes
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys import evidence
from posturio_iac.frontends.terraform.keys.exposures import exposures_of
from posturio_iac.frontends.terraform.keys.remedies import remedies_for
from posturio_iac.frontends.terraform.keys.rotation import Rotation, rotation_of
from posturio_iac.frontends.terraform.keys.secret_rotation import secret_rotation
from posturio_iac.frontends.terraform.keys.sensitive_values import secrets_of
from posturio_iac.frontends.terraform.keys.users import RootUsers, TerraformUser, find_user
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.metadata.directives import ParsedComments, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr
    from posturio_iac.frontends.terraform.modules.engine_version import Engine
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

KEY_TYPES = ("aws_iam_access_key", "awsutils_expiring_iam_access_key")
ROOT_USER = "root"
MAX_SIBLINGS = 100
"""Other keys of the same user that a key is compared with, active ones first; AWS allows a user two keys."""


@dataclass(frozen=True, slots=True)
class RootModuleContext:
    """What holds for all keys of one root module."""

    engine: Engine
    users: RootUsers
    """The users of the root module."""
    scope: str
    """The root module's folder, which becomes part of the fingerprint."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A key, and what is needed to compare it with others of its user."""

    key: AccessKey
    user: TerraformUser
    rotation: Rotation
    root: object
    """The root module or the plan, by identity: users of others are others, whatever they are called."""
    condition: hcl.Expr | None = None
    """The ``count`` or ``for_each`` that decides whether there is such a key at all; None when the code fixes that."""


def keys_of(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[Declared]:
    """Yield the keys that the resources of one module instance declare."""
    for (kind, _), block in instance.folder.resources.items():
        if kind not in KEY_TYPES:
            continue
        expansion = instances_of(block, instance)
        condition = (block.get("count") or block.get("for_each")) if expansion.unknown is not None else None
        for suffix, scope in expansion.instances:
            yield replace(_key(block, scope, suffix, setting), condition=condition)


def _key(block: hcl.Block, scope: ModuleScope, suffix: str, setting: RootModuleContext) -> Declared:
    scope.budget.add_instance(block.header)
    options = scope.instance.program.options
    user = find_user(block.get("user"), scope, setting.users)
    parsed = comments_for(block, scope.instance, user)
    rotation = rotation_of(block, scope, setting.engine)
    lifetimes = [
        *rotation.lifetimes,
        *secret_rotation(block, scope, suffix),
        *_max_age(block, scope),
        *evidence.of_tags(user, options.names),
        *evidence.of_comments(parsed, options.names),
    ]
    notes = [
        *rotation.notes,
        *evidence.notes_on(block.labels[1], user, options.names, options.as_of),
        *evidence.permission_note(user),
    ]
    places = list(exposures_of(block, scope.instance, suffix))
    status = evaluate_or_unknown(block.get("status"), scope)
    key = AccessKey(
        address=scope.instance.full(f"{block.labels[0]}.{block.labels[1]}{suffix}"),
        framework="terraform",
        span=place_of(block, scope.instance),
        user=user.name,
        user_address=user.address,
        status="Active" if status is None else status if isinstance(status, (str, Unknown)) else str(status),
        remedies=remedies_for(block, scope, user),
        lifetimes=tuple(dict.fromkeys(lifetimes)),
        unknown_sources=tuple(dict.fromkeys((*user.tags.hidden, *user.hidden))),
        unseen_tags=user.unseen,
        notes=tuple(dict.fromkeys(notes)),
        owner=evidence.owner_of(user, parsed, options.names),
        is_root=user.name == ROOT_USER and user.address is None,
        replacement=rotation.replacement,
        exposures=tuple(p for p in places if not isinstance(p, Unknown)),
        possible_exposures=tuple(p for p in places if isinstance(p, Unknown)),
        directives=parsed.directives,
        tags=tuple((t.name, t.value) for t in user.tags.items if isinstance(t.value, str)),
        scope=setting.scope,
        restores_status=_restores_status(block),
        secrets=tuple(dict.fromkeys(secrets_of(block.get("user"), scope, user))),
    )
    return Declared(key, user, rotation, scope.instance.root)


def _restores_status(block: hcl.Block) -> bool:
    """Tell whether Terraform sets the status of a key again after somebody has changed it."""
    ignored = ignored_changes(block)
    return ignored is not None and "status" not in ignored


def comments_for(block: hcl.Block, instance: ModuleInstance, user: TerraformUser | None = None) -> ParsedComments:
    """Return what the comments on a block say, and those on the module calls that lead to it; warnings are reported."""
    program = instance.program
    rules, names = program.options.rule_ids, program.options.names
    blocks = [block]
    outer: ModuleInstance | None = instance
    while outer is not None and outer.call is not None:
        blocks.append(outer.call)
        outer = outer.caller.instance if outer.caller else None
    found = [parse(b.comments, rules, names) for b in blocks]
    if user is not None and user.block is not None:
        at_user = parse(user.block.comments, rules, names)
        found.append(ParsedComments(at_user.metadata, (), at_user.problems))
    for parsed in found:
        for problem in parsed.problems:
            program.report(problem)
    return ParsedComments(tuple(m for p in found for m in p.metadata), tuple(d for p in found for d in p.directives))


def place_of(block: hcl.Block, instance: ModuleInstance) -> Span:
    """Return where a key is reported: its header, or the nearest module call that is the scan's own code."""
    span = block.header
    at: ModuleInstance | None = instance
    while at is not None and at.call is not None and not at.program.is_ours(span.path):
        span = at.call.header
        at = at.caller.instance if at.caller else None
    return span


def _max_age(block: hcl.Block, scope: ModuleScope) -> Iterator[Lifetime]:
    """Yield the rotation of ``awsutils_expiring_iam_access_key``: ``max_age`` in seconds, 0 turns it off."""
    expression = block.get("max_age")
    if block.labels[0] != "awsutils_expiring_iam_access_key":
        return
    place = expression.span if expression else block.header
    yield max_age_lifetime(evaluate_or_unknown(expression, scope), "max_age", ".".join(block.labels), place)


def max_age_lifetime(value: object, argument: str, owner: str, span: Span) -> Lifetime:
    """Return the lifetime that a maximum age in seconds states, as ``argument`` of ``owner``."""
    from posturio_iac.core.intervals import parse_interval

    origin = ArgumentOrigin(argument, owner)
    if isinstance(value, Unknown):
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, span=span, why=value.reason)
    interval = parse_interval(value, "s") if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    if interval:
        knob = f"set {argument} of {owner} to {{seconds}} or less ({{days}} days in seconds)"
        return Lifetime(Kind.ROTATION, Effect.ENFORCED, origin, str(value), span, interval=interval, knob=knob)
    if value is None or interval is not None:
        fix = f"set {argument} = 7776000 (90 days in seconds) in {owner}"
        why = "0 turns the expiry off" if value is not None else "it is not set, which turns the expiry off"
        return Lifetime(Kind.ROTATION, Effect.INERT, origin, "" if value is None else str(value), span, why=why, fix=fix)
    return Lifetime(Kind.ROTATION, Effect.UNREADABLE, origin, str(value), span, why="it must be a number of seconds")


def related(declared: list[Declared]) -> Iterator[AccessKey]:
    """Yield the keys with what they learn from the others: siblings that are active, and turns that they take."""
    groups: dict[object, list[Declared]] = {}
    for one in declared:
        if one.user.identity is not None:
            groups.setdefault((id(one.root), one.user.identity), []).append(one)
    for group in groups.values():
        group.sort(key=lambda one: one.key.status != "Active")
    for one in declared:
        others = list(islice((o for o in groups.get((id(one.root), one.user.identity), ()) if o is not one), MAX_SIBLINGS))
        if not others:
            yield one.key
            continue
        yield replace(one.key, active_siblings=_siblings(one, others), replacement=_with_turns(one, others))


def _siblings(one: Declared, others: list[Declared]) -> Attr[tuple[str, ...]]:
    rivals = [o for o in others if not _take_turns(one, o) and not _exclude_each_other(one.condition, o.condition)]
    active = [o for o in rivals if o.key.status == "Active" and _together(one, o)]
    if active:
        return tuple(Place(o.key.address, o.key.span).text() for o in active)
    unknown = next((o.key.status for o in rivals if isinstance(o.key.status, Unknown)), None)
    apart = next((o for o in rivals if o.key.status == "Active" and not _together(one, o)), None)
    if unknown is None and apart is not None:
        unknown = Unknown(f"the code does not fix whether it exists together with {apart.key.address}")
    return unknown if isinstance(unknown, Unknown) else ()


def _exclude_each_other(one: hcl.Expr | None, other: hcl.Expr | None) -> bool:
    """Tell whether of two conditions exactly one holds: ``var.pgp == "" ? 1 : 0`` and ``var.pgp != "" ? 1 : 0``."""
    first, second = _test(one), _test(other)
    if first is None or second is None:
        return False
    return hcl.same(first[0], second[0]) and first[1] is not second[1]


def _test(condition: hcl.Expr | None) -> tuple[hcl.Expr, bool] | None:
    """Return what decides whether there is one instance or none, and whether it must hold."""
    match condition:
        case hcl.Conditional(test, hcl.Literal(1), hcl.Literal(0)):
            holds = True
        case hcl.Conditional(test, hcl.Literal(0), hcl.Literal(1)):
            holds = False
        case _:
            return None
    while isinstance(test, hcl.Unary) and test.operator == "!":
        test, holds = test.operand, not holds
    if isinstance(test, hcl.Binary) and test.operator == "!=":
        test, holds = hcl.Binary("==", test.left, test.right, test.span), not holds
    return test, holds


def _together(one: Declared, other: Declared) -> bool:
    """Tell whether the other key certainly exists whenever this one does: always, or under the same condition."""
    return other.condition is None or (one.condition is not None and hcl.same(one.condition, other.condition))


def _take_turns(one: Declared, other: Declared) -> bool:
    """Tell whether two keys of a user overlap on purpose: both are rotated by the code."""

    def enforced(declared: Declared) -> bool:
        return any(e.effect is Effect.ENFORCED for e in declared.key.lifetimes)

    return enforced(one) and enforced(other)


def _with_turns(one: Declared, others: list[Declared]) -> Attr[Replacement | None]:
    replacement = one.key.replacement
    if not isinstance(replacement, Replacement) or replacement.takes_turns:
        return replacement
    turns = any(_take_turns(one, o) and o.rotation.schedules != one.rotation.schedules for o in others)
    return Replacement(replacement.span, replacement.create_before_destroy, takes_turns=turns)
