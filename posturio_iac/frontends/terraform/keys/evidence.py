"""The user of a key as facts: its tags with the clocks that compute them, and the policies that end by date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.intervals import parse_interval
from posturio_iac.core.model import Place, Unknown
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import EACH_RUN
from posturio_iac.facts.model import MetadataItem, MovedByClock, SetByClock, UserFacts, ends_permission
from posturio_iac.facts.schedulers import ROTATING
from posturio_iac.facts.shared_code import Namesake, namesake
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of, ignored_changes
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.declared_users import USER_TYPES, UserOrigins
from posturio_iac.frontends.terraform.keys.users import declared_user
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.metadata import parse
from posturio_iac.metadata.names import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from posturio_iac.facts.model import ComputedValue
    from posturio_iac.frontends.terraform.keys.tags import Tag
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.metadata.names import Names

    UserPolicy = tuple[str, hcl.Block, ModuleScope]
    """The address and the block of a policy, in the scope of what attaches it."""


def user_facts(user: TerraformUser, names: Names) -> UserFacts:
    """The facts about a user in the code."""
    ignored = ignored_changes(user.block) if user.block is not None else frozenset()
    tags = []
    for tag in user.tags.items:
        kept = ignored is not None and not ignored & {"tags", "tags_all", f"tags.{tag.name}"}
        matters = isinstance(tag.value, Unknown) and classify(tag.name, names) is not None
        tags.append(MetadataItem(tag.name, tag.value, tag.origin, tag.span, tuple(_clocks(tag, applied_again=kept)) if matters else ()))
    return UserFacts(
        user.name,
        address=user.address,
        identity=user.identity,
        path=user.path,
        tags=tuple(tags),
        hidden=(*user.tags.hidden, *user.hidden),
        unseen=user.unseen,
    )


def _clocks(tag: Tag, *, applied_again: bool) -> Iterator[ComputedValue]:
    """Yield the clocks and functions that compute the value of a tag."""
    if applied_again and isinstance(tag.value, Unknown) and (function := _at_every_run(tag.value)) is not None:
        yield MovedByClock(function, at_every_apply=True)
    for end in tag.scope.instance.index(Origins, "time_offset", ROTATING).of(tag.expression, tag.scope) if tag.scope is not None else ():
        if end.kind == "time_offset":
            yield SetByClock(end.address, _offset(end))
        elif end.kind == ROTATING and applied_again and end.attribute == "rotation_rfc3339":
            yield MovedByClock(end.address, at_every_apply=False)


def _at_every_run(value: Unknown) -> str | None:
    if value.kind is EACH_RUN:
        return value.subject
    return next((found for one in value.arguments if isinstance(one, Unknown) and (found := _at_every_run(one))), None)


def _offset(reached: ValueOrigin) -> timedelta | None:
    units = (("offset_years", "y"), ("offset_months", "mo"), ("offset_days", "d"), ("offset_hours", "h"), ("offset_minutes", "min"))
    for name, unit in units:
        value = evaluate_or_unknown(reached.block.get(name) if reached.block is not None else None, reached.scope)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return parse_interval(value, unit)
    return None


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
    actions: set[str] = set()
    for blocks in texts:
        named = _ACTION.findall("\n".join(map(_literals, blocks)))
        if not named:
            return None
        actions.update(named)
    only = all(action.startswith(_REGISTRIES) for action in actions)
    return Place(".".join(user.block.labels[:2]), user.block.header) if only and any(map(_PUSHES.fullmatch, actions)) else None


def policies_of(user: TerraformUser) -> Iterator[UserPolicy]:
    """Yield the policies of a user that declare them, where its root module says anything of interest at all."""
    if user.scope is None or user.identity is None:
        return
    instance = user.scope.instance
    for (kind, name), block in instance.resources(*_POLICIES) if instance.index(_may_be_said, instance) else ():
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
