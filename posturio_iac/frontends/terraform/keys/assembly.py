"""From the blocks of a program to access keys."""

from __future__ import annotations

from posturio_iac.core.keys import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL
from posturio_iac.core.model import KeyKind, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import EACH_RUN, MUST_BE, NOT_FIXED, SET_BY_CALLS
from posturio_iac.facts import FactOptions, KeyFacts, MetadataItem, MovedByClock, SetByClock, UserFacts, ends_permission
from posturio_iac.facts.access_key import age_lifetime, items_of, key_of_user, max_age_lifetime
from posturio_iac.facts.schedulers import ROTATING
from posturio_iac.facts.shared_code import Namesake, namesake
from posturio_iac.frontends.terraform.dataflow.clocks import interval_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of, ignored_changes
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin, is_sensitive
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.remedies import remedies_for
from posturio_iac.frontends.terraform.keys.rotation import rotation_of
from posturio_iac.frontends.terraform.keys.secret_ends import ends_of, exposures_of, secret_rotation
from posturio_iac.frontends.terraform.keys.users import USER_TYPES, TerraformUser, UserOrigins, declared_user, find_user
from posturio_iac.frontends.terraform.modules.instance import instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.metadata import ParsedComments, parse
from posturio_iac.metadata.names import classify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.model import Attr, Lifetime
    from posturio_iac.facts import ComputedValue
    from posturio_iac.facts.shared_code import KeyOfUser
    from posturio_iac.frontends.terraform.keys.tags import Tag
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.modules.readings import Engine
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.metadata.names import Names

    UserPolicy = tuple[str, hcl.Block, ModuleScope]
    """The address and the block of a policy, in the scope of what attaches it."""


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
    kind, address = block.labels[0], ".".join(block.labels)
    named = block.get(KEY_TYPES[kind])
    user = find_user(named, scope)
    service = evaluate_or_unknown(block.get(SERVICE), scope) if kind == SERVICE_CREDENTIAL else None
    parsed = comments_for(block, scope.instance, user)
    rotation = rotation_of(block, scope, setting.engine)
    policies = tuple(policies_of(user))
    ignored, ends = ignored_changes(block), ends_of(block, scope.instance, suffix)
    facts = KeyFacts(
        address=scope.instance.full(address + suffix),
        framework="terraform",
        span=own_place(block.header, scope.instance),
        user=user_facts(user, options.names),
        status=evaluate_or_unknown(block.get("status"), scope),
        remedies=remedies_for(block, address, scope, user, service),
        label=block.labels[1],
        beside=items_of(parsed),
        lifetimes=(*rotation.lifetimes, *secret_rotation(ends), *filter(None, (_age(block, scope, service),))),
        notes=(*rotation.notes, *permission_note(policies)),
        replacement=rotation.replacement,
        exposures=tuple(exposures_of(block, scope.instance, ends)),
        pusher=pusher(user, policies),
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


def user_facts(user: TerraformUser, names: Names) -> UserFacts:
    """The facts about a user in the code."""
    ignored = ignored_changes(user.block) if user.block is not None else frozenset()
    tags = []
    for tag in user.tags.items:
        kept = ignored is not None and not ignored & {"tags", "tags_all", f"tags.{tag.name}"}
        matters = isinstance(tag.value, Unknown) and classify(tag.name, names) is not None
        tags.append(MetadataItem(tag.name, tag.value, tag.origin, tag.span, tuple(_clocks(tag, applied_again=kept)) if matters else ()))
    hidden = (*user.tags.hidden, *user.hidden)
    return UserFacts(user.name, user.address, user.identity, user.path, tuple(tags), hidden, user.unseen)


_OFFSETS = (("offset_minutes", "min"), ("offset_hours", "h"), ("offset_days", "d"), ("offset_months", "mo"), ("offset_years", "y"))


def _clocks(tag: Tag, *, applied_again: bool) -> Iterator[ComputedValue]:
    """Yield the clocks and functions that compute the value of a tag."""
    if applied_again and isinstance(tag.value, Unknown) and (function := _at_every_run(tag.value)) is not None:
        yield MovedByClock(function, at_every_apply=True)
    for end in tag.scope.instance.index(Origins, "time_offset", ROTATING).of(tag.expression, tag.scope) if tag.scope is not None else ():
        if end.kind == "time_offset":
            offset = interval_of(_OFFSETS, end.block, end.scope, end.address) if end.block is not None else None
            yield SetByClock(end.address, None if isinstance(offset, Unknown) else offset)
        elif end.kind == ROTATING and applied_again and end.attribute == "rotation_rfc3339":
            yield MovedByClock(end.address, at_every_apply=False)


def _at_every_run(value: Unknown) -> str | None:
    if value.kind is EACH_RUN:
        return value.subject
    return next((found for one in value.arguments if isinstance(one, Unknown) and (found := _at_every_run(one))), None)


def namesake_of(user: ValueOrigin, options: TerraformOptions) -> Namesake:
    """A user of another root module with its statements about ends and owners of its keys."""
    declared = declared_user(user, None)
    assert user.block is not None  # noqa: S101 - it is declared
    parsed = parse(user.block.comments, options.rule_ids, options.names)
    metadata = [*((tag.name, tag.value) for tag in declared.tags.items), *((name, value) for name, value, _ in parsed.metadata)]
    return namesake(user.block.header, metadata, options.names)


def _literals(block: hcl.Block) -> str:
    """The constant strings in a block, a line each."""
    parts = (part for _, expression in arguments_of(block) for part in walk(expression) if isinstance(part, hcl.Literal))
    return "\n".join(part.value for part in parts if isinstance(part.value, str))


def permission_note(policies: Iterable[UserPolicy]) -> Iterator[str]:
    """Yield a sentence when a policy of the user ends by date: the permission ends, the key does not."""
    for address, policy, scope in policies:
        joined = "\n".join(_literals(one) for one in _blocks_of(policy, scope) if _may_say(one, _END_BY_DATE)).lower()
        if all(word in joined for word in _END_BY_DATE):
            yield ends_permission(address)


def pusher(user: TerraformUser, policies: Iterable[UserPolicy]) -> Place | None:
    """The user, if its policies allow it to push images to ECR, and nothing else."""
    texts = [_blocks_of(policy, scope) for _, policy, scope in policies]
    if user.block is None or not any(_may_say(block, _PUSHING) for blocks in texts for block in blocks):
        return None
    named = [_ACTION.findall("\n".join(map(_literals, blocks))) for blocks in texts]
    actions = {action for actions in named for action in actions}
    only = all(named) and all(action.startswith(_REGISTRIES) for action in actions)
    return Place(".".join(user.block.labels), user.block.header) if only and any(map(_PUSHES.fullmatch, actions)) else None


def policies_of(user: TerraformUser) -> Iterator[UserPolicy]:
    """Yield the policies of a user that declare them, where its root module says anything of interest at all."""
    if user.scope is None or user.identity is None:
        return
    instance = user.scope.instance
    is_said = bool(instance.resources(*_POLICIES)) and instance.index(_may_be_said, instance)
    for (kind, name), block in instance.resources(*_POLICIES) if is_said else ():
        for _, scope in instances_of(block, instance).instances:
            users = instance.index(UserOrigins, *USER_TYPES).of(block.get("user") or block.get("users"), scope)
            if any(one.key == user.identity for one in users):
                attached = _declared(block.get("policy_arn"), scope) or {f"{kind}.{name}": block}
                yield from ((address, policy, scope) for address, policy in attached.items())


_POLICIES = ("aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_policy_attachment")


def _declared(expression: hcl.Expr | None, scope: ModuleScope) -> dict[str, hcl.Block]:
    """The policies of the code that a value comes from."""
    kinds = ("aws_iam_policy", "data.aws_iam_policy", "data.aws_iam_policy_document")
    return {one.address: one.block for one in scope.instance.index(Origins, *kinds).of(expression, scope) if one.block is not None}


def _blocks_of(policy: hcl.Block, scope: ModuleScope) -> list[hcl.Block]:
    return [policy, *_declared(policy.get("policy"), scope).values()]


_END_BY_DATE = ("aws:currenttime", "datelessthan")
_PUSHING = ("ecr", "containerregistry")
_ACTION = lazy_pattern(r"(?<![\w:/-])(?:[a-z0-9-]+:[A-Za-z*]+(?![\w:/-])|arn:aws[\w-]*:iam::aws:policy/[\w/-]+)")
_REGISTRIES = ("ecr:", "ecr-public:", "sts:GetServiceBearerToken", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry")
_PUSHES = lazy_pattern(r"ecr(?:-public)?:(?:\*|Put(?:\*|Image))|arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry(?:PowerUser|FullAccess)")


def _may_say(block: hcl.Block, words: tuple[str, ...]) -> bool:
    """True if a block says one of these words, or where only a parser can tell; most are not parsed for that."""
    text = block.text.lower() if block.text is not None else None
    return text is None or b"\\u" in text or any(word.encode() in text for word in words)


def _may_be_said(instance: ModuleInstance) -> bool:
    """True if a block of a module says something of interest, or where a call or a caller may; most do not, and are not parsed."""
    folder = instance.folder
    blocks = (*folder.resources.values(), *folder.data.values())
    return instance.caller is not None or bool(folder.calls) or any(_may_say(block, (*_END_BY_DATE, *_PUSHING)) for block in blocks)
