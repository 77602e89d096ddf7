"""From the blocks of a program to access keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.resource_types import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import MUST_BE, NOT_FIXED, SET_BY_CALLS
from posturio_iac.facts.access_key import items_of, key_of_user
from posturio_iac.facts.ages import age_lifetime, max_age_lifetime
from posturio_iac.facts.model import FactOptions, KeyFacts
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes
from posturio_iac.frontends.terraform.dataflow.origin import is_sensitive
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys import evidence
from posturio_iac.frontends.terraform.keys.exposures import exposures_of
from posturio_iac.frontends.terraform.keys.remedies import remedies_for
from posturio_iac.frontends.terraform.keys.rotation import rotation_of
from posturio_iac.frontends.terraform.keys.secret_rotation import secret_rotation
from posturio_iac.frontends.terraform.keys.users import TerraformUser, find_user
from posturio_iac.frontends.terraform.modules.instance import instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.metadata import ParsedComments, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.model import Attr, Lifetime
    from posturio_iac.facts.siblings import KeyOfUser
    from posturio_iac.frontends.terraform.modules.engine_version import Engine
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope


def secrets_of(expression: hcl.Expr | None, scope: ModuleScope, user: TerraformUser) -> Iterator[str]:
    """Yield the name of a key's user and the values of the user's tags, those that come from something sensitive."""
    if isinstance(user.name, str) and is_sensitive(expression, scope):
        yield user.name
    tags = user.block.get("tags") if user.block is not None else None
    whole = tags is not None and user.scope is not None and not isinstance(tags, hcl.ObjectExpr) and is_sensitive(tags, user.scope)
    for tag in user.tags.items:
        if isinstance(tag.value, (str, int, float)) and (whole or (tag.scope is not None and is_sensitive(tag.expression, tag.scope))):
            yield str(tag.value)


@dataclass(frozen=True, slots=True)
class RootModuleContext:
    """The facts that all keys of one root module share."""

    engine: Engine
    scope: str
    """The root module's folder, which becomes part of the fingerprint."""


def keys_of(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    """Yield the keys that the resources of one module instance declare."""
    for _, block in instance.resources(*KEY_TYPES):
        expansion = instances_of(block, instance)
        condition = (block.get("count") or block.get("for_each")) if expansion.unknown is not None else None
        for suffix, scope in expansion.instances:
            found = _key(block, scope, suffix, setting)._replace(condition=condition)
            if expansion.unknown is not None and expansion.unknown.kind == SET_BY_CALLS:
                found = found._replace(key=replace(found.key, existence=expansion.unknown))
            yield found


def _key(block: hcl.Block, scope: ModuleScope, suffix: str, setting: RootModuleContext) -> KeyOfUser:
    scope.budget.add_instance(block.header)
    options = scope.instance.program.options
    kind = block.labels[0]
    address = f"{kind}.{block.labels[1]}"
    named = block.get(KEY_TYPES[kind])
    user = find_user(named, scope)
    service = evaluate_or_unknown(block.get(SERVICE), scope) if kind == SERVICE_CREDENTIAL else None
    parsed = comments_for(block, scope.instance, user)
    rotation = rotation_of(block, scope, setting.engine)
    policies = tuple(evidence.policies_of(user))
    ignored = ignored_changes(block)
    facts = KeyFacts(
        address=scope.instance.full(address + suffix),
        framework="terraform",
        span=own_place(block.header, scope.instance),
        user=evidence.user_facts(user, options.names),
        status=evaluate_or_unknown(block.get("status"), scope),
        remedies=remedies_for(block, address, scope, user, service),
        label=block.labels[1],
        beside=items_of(parsed),
        lifetimes=(*rotation.lifetimes, *secret_rotation(block, scope, suffix), *filter(None, (_age(block, scope, service),))),
        notes=(*rotation.notes, *evidence.permission_note(policies)),
        replacement=rotation.replacement,
        exposures=tuple(exposures_of(block, scope.instance, suffix)),
        pusher=evidence.pusher(user, policies),
        directives=parsed.directives,
        scope=setting.scope,
        restores_status=ignored is not None and "status" not in ignored,
        secrets=tuple(dict.fromkeys(secrets_of(named, scope, user))),
        kind=KeyKind.SERVICE_CREDENTIAL if kind == SERVICE_CREDENTIAL else KeyKind.ACCESS_KEY,
        service=service if service is None or isinstance(service, (str, Unknown)) else MUST_BE(SERVICE, "text"),
        open_values=tuple(scope.instance.root.folder.open_values.items()),
    )
    return key_of_user(facts, FactOptions(options.names, options.as_of), rotation.schedules)


def comments_for(block: hcl.Block, instance: ModuleInstance, user: TerraformUser | None = None) -> ParsedComments:
    """The statements of comments on a block, and on the module calls that lead to it; warnings are reported."""
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


def _age(block: hcl.Block, scope: ModuleScope, service: object) -> Lifetime | None:
    """The rotation of ``awsutils_expiring_iam_access_key``, in seconds, or the end that AWS gives a service credential, in days."""
    kind, address = block.labels[0], ".".join(block.labels)
    if kind == EXPIRING_KEY:
        expression = block.get("max_age")
        place = expression.span if expression else block.header
        return max_age_lifetime(evaluate_or_unknown(expression, scope), "max_age", address, place, block.header)
    expression = block.get(AGE) if kind == SERVICE_CREDENTIAL else None
    place = expression.span if expression else block.header
    return age_lifetime(evaluate_or_unknown(expression, scope), service, Place(address, block.header), place)


def is_beside(one: KeyOfUser, other: KeyOfUser) -> Attr[bool]:
    """True if the second key exists whenever the first does, by the conditions of both; False when they cannot be combined."""
    first, second = _test(one.condition), _test(other.condition)
    if first is not None and second is not None and hcl.same(first[0], second[0]) and first[1] is not second[1]:
        return False  # ``var.pgp == "" ? 1 : 0`` and ``var.pgp != "" ? 1 : 0``
    follows = other.condition is None or (one.condition is not None and hcl.same(one.condition, other.condition))
    return follows or NOT_FIXED(f"whether it exists together with {other.key.address}")


def _test(condition: hcl.Expr | None) -> tuple[hcl.Expr, bool] | None:
    """The condition for there being an instance, and whether it must be true or false."""
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
