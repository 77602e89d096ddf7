"""Evidence in metadata: tags of the user and comments, and the notes on what only looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.intervals import describe_interval, parse_interval
from posturio_iac.core.model import Effect, Kind, Lifetime, Unknown
from posturio_iac.core.origin import CommentOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.remedy import Advice
from posturio_iac.facts.namesakes import Namesake, namesake
from posturio_iac.frontends.terraform.dataflow.causes import ignored_changes
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.schedulers import ROTATING
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ANY, ResourceOrigin, Step, TerminalOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.users import declared_user, literals_in
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.metadata.directives import parse
from posturio_iac.metadata.lifetime import exemption, read, resembling
from posturio_iac.metadata.manual_rotation import date_in_name
from posturio_iac.metadata.names import Meaning, classify
from posturio_iac.metadata.owners import owner_in_path, owner_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from posturio_iac.frontends.terraform.keys.tags import Tag
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleScope
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.metadata.directives import ParsedComments
    from posturio_iac.metadata.names import Names


_DATE = Advice("write the date itself")
_FOLLOW_AS_WELL = Advice("let the key follow it as well")


def of_tags(user: TerraformUser, names: Names) -> Iterator[Lifetime]:
    """Yield the lifetimes that the user's tags state."""
    ignored = ignored_changes(user.block) if user.block is not None else frozenset()
    for tag in user.tags.items:
        lifetime = read(tag.name, tag.value, origin=tag.origin, span=tag.span, names=names)
        if lifetime is None:
            continue
        kept = ignored is not None and not ignored & {"tags", "tags_all", f"tags.{tag.name}"}
        yield _moving(lifetime, tag, applied_again=kept) or lifetime


def _moving(lifetime: Lifetime, tag: Tag, *, applied_again: bool) -> Lifetime | None:
    """Return what a tag says whose value is computed from a clock, or None when it is not."""
    if lifetime.effect is not Effect.UNKNOWN or tag.expression is None or tag.scope is None:
        return None
    for end in origins_of(tag.expression, tag.scope):
        if isinstance(end, TerminalOrigin) and end.kind == "function" and applied_again:
            why = f"it is computed from {end.text}, so every apply moves it"
            return Lifetime(lifetime.kind, Effect.INERT, replace(tag.origin, moved_by=end.text), end.text, tag.span, why=why, remedy=_DATE)
        if isinstance(end, ResourceOrigin) and end.kind == ROTATING and applied_again and end.attribute == "rotation_rfc3339":
            origin = replace(tag.origin, moved_by=end.address)
            why = f"{end.address} moves it on at every rotation, and the key stays"
            return Lifetime(lifetime.kind, Effect.INERT, origin, end.address, tag.span, why=why, remedy=_FOLLOW_AS_WELL)
        if isinstance(end, ResourceOrigin) and end.kind == "time_offset" and lifetime.kind is Kind.EXPIRY:
            interval = _offset(end)
            origin = replace(tag.origin, set_by=end.address)
            value = describe_interval(interval) if interval else ""
            return Lifetime(Kind.ROTATION, Effect.DECLARED, origin, value, tag.span, interval=interval)
    return None


def _offset(reached: ResourceOrigin) -> timedelta | None:
    units = (("offset_years", "y"), ("offset_months", "mo"), ("offset_days", "d"), ("offset_hours", "h"), ("offset_minutes", "min"))
    for name, unit in units:
        value = evaluate_or_unknown(reached.block.get(name), reached.scope)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return parse_interval(value, unit)
    return None


def of_comments(parsed: ParsedComments, names: Names) -> Iterator[Lifetime]:
    """Yield the lifetimes that comments state."""
    for name, value, span in parsed.metadata:
        lifetime = read(name, value, origin=CommentOrigin(name), span=span, names=names)
        if lifetime is not None:
            yield lifetime


def namesake_of(user: ResourceOrigin, options: TerraformOptions) -> Namesake:
    """Return what a user of another root module states about the ends and owners of its keys."""
    declared = declared_user(user, None)
    parsed = parse(user.block.comments, options.rule_ids, options.names)
    metadata = [*((tag.name, tag.value) for tag in declared.tags.items), *((name, value) for name, value, _ in parsed.metadata)]
    return namesake(user.block.header, metadata, options.names)


def owner_of(user: TerraformUser, parsed: ParsedComments, names: Names) -> str | Unknown | None:
    """Return who answers for the key: by a comment, a tag or the user's path; Unknown when hidden tags could say."""
    for name, value, _ in parsed.metadata:
        if classify(name, names) is Meaning.OWNER and (said := owner_named(value)) is not None:
            return said
    unknown: Unknown | None = None
    for tag in user.tags.items:
        if classify(tag.name, names) is not Meaning.OWNER:
            continue
        if isinstance(tag.value, Unknown):
            unknown = unknown or Unknown(f"{tag.source}: {tag.value.reason}")
        elif (said := owner_named(tag.value)) is not None:
            return said
    if isinstance(user.path, str) and (team := owner_in_path(user.path)) is not None:
        return team
    if unknown is not None:
        return unknown
    if isinstance(user.path, Unknown):
        return user.path
    return next(iter((*user.tags.hidden, *user.hidden)), None)


def notes_on(label: str, user: TerraformUser, names: Names, as_of: datetime) -> Iterator[str]:
    """Yield sentences about what was seen and is no lifetime."""
    for what, name in (("the resource name", label), ("the user name", user.name)):
        mark = date_in_name(name, as_of) if isinstance(name, str) else None
        if mark is not None:
            yield f'{what} "{name}" {mark.text}, which is rotation by hand without a schedule'
            break
    for tag in user.tags.items:
        text = exemption(tag.name, tag.value, origin=tag.origin, names=names)
        text = text or resembling(tag.name, tag.value, origin=tag.origin, names=names)
        if text is not None:
            yield text


def permission_note(user: TerraformUser) -> Iterator[str]:
    """Yield a sentence when a policy of the user ends by date: the permission ends, the key does not."""
    if user.scope is None or user.identity is None:
        return
    instance = user.scope.instance
    for (kind, name), block in instance.folder.resources.items():
        if kind not in _POLICIES:
            continue
        for _, scope in instances_of(block, instance).instances:
            target = block.get("user") or block.get("users")
            if target is not None and any(
                isinstance(r, ResourceOrigin) and r.key == user.identity for r in origins_of(target, scope, _steps(block))
            ):
                policies = {f"{kind}.{name}": block} if kind == "aws_iam_user_policy" else _attached(block, scope)
                for address, policy in policies.items():
                    if _ends_by_date(policy, scope):
                        yield f"the policy {address} ends the permission by date (aws:CurrentTime), and the key stays valid"


_POLICIES = ("aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_policy_attachment")


def _steps(block: hcl.Block) -> tuple[Step, ...]:
    return (ANY,) if block.get("user") is None else ()


def _attached(block: hcl.Block, scope: ModuleScope) -> dict[str, hcl.Block]:
    arn = block.get("policy_arn")
    return {r.address: r.block for r in origins_of(arn, scope) if isinstance(r, ResourceOrigin)} if arn is not None else {}


def _ends_by_date(block: hcl.Block, scope: ModuleScope) -> bool:
    texts = list(literals_in(block))
    policy = block.get("policy")
    for reached in origins_of(policy, scope) if policy is not None else ():
        if isinstance(reached, ResourceOrigin):
            texts += literals_in(reached.block)
    joined = "\n".join(texts).lower()
    return "aws:currenttime" in joined and "datelessthan" in joined
