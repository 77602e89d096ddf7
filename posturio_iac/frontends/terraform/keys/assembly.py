"""From the blocks of a program to access keys."""

from __future__ import annotations

from posturio_iac.core.keys import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL
from posturio_iac.core.metadata import ParsedComments, parse
from posturio_iac.core.metadata.names import Names, classify
from posturio_iac.core.model import Attr, KeyKind, Lifetime, Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import MUST_BE, NOT_FIXED, SET_BY_CALLS
from posturio_iac.facts import ComputedValue, FactOptions, KeyFacts, MetadataItem, MovedByClock, SetByClock, UserFacts, ends_permission
from posturio_iac.facts.access_key import age_lifetime, items_of, key_of_user, max_age_lifetime
from posturio_iac.facts.shared_code import KeyOfUser, Namesake, namesake
from posturio_iac.frontends.terraform.dataflow.due import DuePlan, clocks_of, interval_of
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of, ignored_changes
from posturio_iac.frontends.terraform.dataflow.origin import DATA, Origins, ValueOrigin, is_sensitive, may_say, sources
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.remedies import remedies_for
from posturio_iac.frontends.terraform.keys.rotation import rotation_of
from posturio_iac.frontends.terraform.keys.secret_ends import ends_of, exposures_of, rotations_of, rotators_of
from posturio_iac.frontends.terraform.keys.users import USER_TYPES, TerraformUser, declared_user, find_user
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk
from posturio_iac.frontends.terraform.values import Value, due_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.terraform.keys.tags import Tag
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.readings import Engine

_MOST_WRITTEN = 100  # references that are followed in a name


@dataclass(frozen=True, slots=True)
class RootModuleContext:
    """The facts that all keys of one root module share."""

    engine: Engine
    scope: str  # the root module's folder, which becomes part of the fingerprint
    runs: Callable[[Module], bool | None]  # tells which of its modules may run programs that make keys: False if only their own blocks do


def keys_of(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    """Yield the keys that the resources of one module instance declare."""
    for _, block in instance.resources(*KEY_TYPES):
        expansion = instances_of(block, instance)
        condition = (block.get("count") or block.get("for_each")) if expansion.unknown is not None else None
        usual = expand(block, instance.scope()).instances if condition is not None else ()
        several = NOT_FIXED(f"how many keys {'.'.join(block.labels)} makes") if len(usual) > 1 else None
        for suffix, scope in expansion.instances:
            found = _key(block, scope, suffix, setting)._replace(condition=condition, several=several)
            if expansion.unknown is not None and expansion.unknown.kind == SET_BY_CALLS:
                found = found._replace(key=replace(found.key, existence=expansion.unknown))
            yield found


def _key(block: hcl.Block, scope: ModuleScope, suffix: str, setting: RootModuleContext) -> KeyOfUser:
    scope.budget.add_instance(block.header, steps=600)
    request = scope.instance.program.request
    kind, address = block.labels[0], ".".join(block.labels)
    named = block.get(KEY_TYPES[kind])
    user = find_user(named, scope, block)
    service = evaluate_or_unknown(block.get(SERVICE), scope) if kind == SERVICE_CREDENTIAL else None
    parsed = comments_for(block, scope.instance, user)
    rotation = rotation_of(block, scope, setting.engine)
    policies = policies_of(user)
    ignored, ends = ignored_changes(block), ends_of(block, scope.instance, suffix)
    stored = tuple(one for end in ends for one in rotations_of(end)) or rotators_of(user.name, scope.instance)
    facts = KeyFacts(
        address=scope.instance.full(address + suffix),
        framework="terraform",
        span=own_place(block.header, scope.instance),
        user=user_facts(user, request.names),
        status=_status(block, scope),
        remedies=remedies_for(block, address, scope, user, service),
        label=block.labels[1],
        beside=items_of(parsed),
        lifetimes=(*rotation.lifetimes, *stored, *_ages(block, scope, service)),
        notes=(*rotation.notes, *(ends_permission(at) for at, text in policies.items() if all(w in text.lower() for w in _END_BY_DATE))),
        replacement=rotation.replacement,
        exposures=tuple(exposures_of(block, scope.instance, ends)),
        pusher=_pusher(user, policies.values()),
        directives=parsed.directives,
        scope=setting.scope,
        restores_status=ignored is not None and "status" not in ignored,
        secrets=tuple(dict.fromkeys(_secrets_of(named, scope, user))),
        kind=KeyKind.SERVICE_CREDENTIAL if kind == SERVICE_CREDENTIAL else KeyKind.ACCESS_KEY,
        service=service if service is None or isinstance(service, (str, Unknown)) else MUST_BE(SERVICE, "text"),
        open_values=tuple(scope.instance.root.folder.open_values.items()),
    )
    return key_of_user(facts, FactOptions(request.names, request.as_of), rotation.schedules)


def _status(block: hcl.Block, scope: ModuleScope) -> Value:
    """The status; open where only the default of a variable says that the key is inactive."""
    usual = evaluate_or_unknown(written := block.get("status"), scope)
    return usual if usual in (None, "Active") else evaluate_or_unknown(written, scope.seen(STRICT))


def _secrets_of(expression: hcl.Expr | None, scope: ModuleScope, user: TerraformUser) -> Iterator[str]:
    if isinstance(user.name, str) and is_sensitive(expression, scope):
        yield user.name
    tags = user.block.get("tags") if user.block is not None else None
    whole = tags is not None and user.scope is not None and not isinstance(tags, hcl.ObjectExpr) and is_sensitive(tags, user.scope)
    for tag in user.tags.items:
        if isinstance(tag.value, (str, int, float)) and (whole or (tag.scope is not None and is_sensitive(tag.expression, tag.scope))):
            yield str(tag.value)


def comments_for(block: hcl.Block, instance: ModuleInstance, user: TerraformUser | None = None) -> ParsedComments:
    """The statements of comments on a block, and on the module calls and the unit that lead to it; warnings are reported."""
    program, unit = instance.program, instance.root.folder.unit
    rules, names = program.request.rule_ids, program.request.names
    calls = (at.call for at in instance.lineage if at.call is not None)
    headers = unit.unit.headers() if unit is not None and unit.module is not None else ()
    found = [parse(b.comments, rules, names) for b in (block, *calls, *headers)]
    if user is not None and user.block is not None:
        at_user = parse(user.block.comments, rules, names)
        found.append(ParsedComments(at_user.metadata, (), at_user.problems))
    for parsed in found:
        for problem in parsed.problems:
            program.report(problem)
    return ParsedComments(tuple(m for p in found for m in p.metadata), tuple(d for p in found for d in p.directives))


def _ages(block: hcl.Block, scope: ModuleScope, service: object) -> Iterator[Lifetime]:
    """Yield the rotation of ``awsutils_expiring_iam_access_key``, in seconds, or the end that AWS gives a service credential, in days."""
    kind, address = block.labels[0], ".".join(block.labels)
    expression = block.get("max_age" if kind == EXPIRING_KEY else AGE)
    value, place = evaluate_or_unknown(expression, scope), expression.span if expression else block.header
    if kind == EXPIRING_KEY:
        yield max_age_lifetime(value, "max_age", address, place, block.header)
    elif kind == SERVICE_CREDENTIAL and (lifetime := age_lifetime(value, service, Place(address, block.header), place)) is not None:
        yield lifetime


def is_beside(one: KeyOfUser, other: KeyOfUser) -> Attr[bool]:
    """True if the second key exists whenever the first does, by the conditions of both; False when they cannot be combined."""
    first, second = _test(one.condition), _test(other.condition)
    if first is not None and second is not None and hcl.same(first[0], second[0]) and first[1] is not second[1]:
        return False  # ``var.pgp == "" ? 1 : 0`` and ``var.pgp != "" ? 1 : 0``
    follows = other.condition is None or (one.condition is not None and hcl.same(one.condition, other.condition))
    return follows or NOT_FIXED(f"whether it exists together with {other.key.address}")


def _test(condition: hcl.Expr | None) -> tuple[hcl.Expr, bool] | None:
    match condition:
        case hcl.Conditional(test, hcl.Literal((0 | 1) as first), hcl.Literal((0 | 1) as second)) if first != second:
            holds = bool(first)
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
    hidden, written = (*user.tags.hidden, *user.hidden), tuple(_written(user)) if isinstance(user.name, Unknown) else ()
    return UserFacts(user.name, user.address, user.identity, user.path, tuple(tags), hidden, user.unseen, written)


def _written(user: TerraformUser) -> Iterator[str]:
    """Yield the texts in the name of a declared user, and in what it refers to, unless something of it is sensitive."""
    name = user.block.get(USER_TYPES[user.block.labels[0]]) if user.block is not None else None
    seen, pending = set[object](), [(name, user.scope)] if not (user.scope is None or is_sensitive(name, user.scope)) else []
    while pending and len(seen) < _MOST_WRITTEN:
        expression, scope = pending.pop()
        for part in walk(expression) if expression is not None else ():
            if isinstance(part, hcl.Literal) and isinstance(part.value, str):
                yield part.value
            if (words := references(part)) and (place := (words, scope.instance)) not in seen:
                seen.add(place)
                pending += [(one, at.scope()) for one, at in sources(words, scope.instance)]


_OFFSETS = (("offset_minutes", "min"), ("offset_hours", "h"), ("offset_days", "d"), ("offset_months", "mo"), ("offset_years", "y"))

_MOMENT: dict[str, Value] = {"year": 2031, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 58, "unix": 1956527998}
_MOMENT |= dict.fromkeys(("id", "rfc3339"), "2031-12-31T23:59:58Z")


class _Example(Origins):
    """A reading in which all of one kind show one moment, which tells whether a text that is made of it is a date."""

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        shown = _MOMENT.get(name) if kind in self.kinds else None
        return shown or super().attribute(block, kind, address, scope, name)


def _clocks(tag: Tag, *, applied_again: bool) -> Iterator[ComputedValue]:
    if tag.scope is None or tag.expression is None:
        return
    planned = evaluate_or_unknown(tag.expression, tag.scope.seen(tag.scope.instance.index(DuePlan).view))
    for clock, _ in clocks_of(due_of(planned)) if applied_again else ():
        yield MovedByClock(clock.what, at_every_apply=clock.what.endswith(")"))
    for end in tag.scope.instance.index(Origins, "time_offset").of(tag.expression, tag.scope):
        if end.block is not None:
            is_added_to = any(isinstance(part, hcl.Call) and part.name == "timeadd" for part in walk(tag.expression))
            offset = None if is_added_to or end.block.get("base_rfc3339") else interval_of(_OFFSETS, end.block, end.scope, end.address)
            example = evaluate_or_unknown(tag.expression, tag.scope.seen(tag.scope.instance.index(_Example, "time_offset").view))
            if isinstance(example, Unknown) and end.attribute == "rfc3339" and not end.is_conditional:
                example = _MOMENT[end.attribute]  # of an instance that the code does not fix
            yield SetByClock(end.address, None if isinstance(offset, Unknown) else offset, example)


def namesake_of(user: ValueOrigin, request: ReadRequest) -> Namesake:
    """A user of another root module with its statements about ends and owners of its keys."""
    declared = declared_user(user, None)
    assert user.block is not None  # noqa: S101 - it is declared
    parsed = parse(user.block.comments, request.rule_ids, request.names)
    metadata = [*((tag.name, tag.value) for tag in declared.tags.items), *((name, value) for name, value, _ in parsed.metadata)]
    return namesake(user.block.header, metadata, request.names)


_POLICIES = ("aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_policy_attachment")
_DOCUMENTS = ("aws_iam_policy", "data.aws_iam_policy", "data.aws_iam_policy_document")
_END_BY_DATE = ("aws:currenttime", "datelessthan")
_ACTION = lazy_pattern(r"(?<![\w:/-])(?:[a-z0-9-]+:[A-Za-z*]+(?![\w:/-])|arn:aws[\w-]*:iam::aws:policy/[\w/-]+)")
_REGISTRIES = ("ecr:", "ecr-public:", "sts:GetServiceBearerToken", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry")
_PUSHES = lazy_pattern(r"ecr(?:-public)?:(?:\*|Put(?:\*|Image))|arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry(?:PowerUser|FullAccess)")


def policies_of(user: TerraformUser) -> dict[str, str]:
    """The constant texts of a user's policies by their addresses, where the module says anything of interest at all."""
    found: dict[str, str] = {}
    if user.scope is None or user.identity is None or not (attached := user.scope.instance.resources(*_POLICIES)):
        return found
    instance = user.scope.instance
    for (kind, name), block in attached if may_say(instance, b"datelessthan", b"ecr:", b"ecr-public:", b"containerregistry") else ():
        for _, scope in instances_of(block, instance).instances:
            users = instance.index(Origins, *USER_TYPES, DATA).of(block.get("user") or block.get("users"), scope)
            if any(one.key == user.identity for one in users):
                policies = _documents(block.get("policy_arn"), scope) or {f"{kind}.{name}": block}
                found |= {address: "\n".join(_literals(policy, scope)) for address, policy in policies.items()}
    return found


def _documents(expression: hcl.Expr | None, scope: ModuleScope) -> dict[str, hcl.Block]:
    return {one.address: one.block for one in scope.instance.index(Origins, *_DOCUMENTS).of(expression, scope) if one.block is not None}


def _literals(policy: hcl.Block, scope: ModuleScope) -> Iterator[str]:
    for block in (policy, *_documents(policy.get("policy"), scope).values()):
        parts = (part for _, expression in arguments_of(block) for part in walk(expression) if isinstance(part, hcl.Literal))
        yield from (part.value for part in parts if isinstance(part.value, str))


def _pusher(user: TerraformUser, policies: Iterable[str]) -> Place | None:
    named = [_ACTION.findall(text) for text in policies]
    actions = {action for actions in named for action in actions}
    if user.block is None or not actions or not all(named) or not all(action.startswith(_REGISTRIES) for action in actions):
        return None
    return Place(".".join(user.block.labels), user.block.header) if any(map(_PUSHES.fullmatch, actions)) else None
