"""From AWS's answers about keys to the common model that the rules judge. Pure."""

from __future__ import annotations

import re
import shlex
from datetime import datetime, timedelta

from posturio_iac.core.evidence.remedy import Advice, Remedies, RunCommand, TagUser, UseRole
from posturio_iac.core.keys import takes_age
from posturio_iac.core.model import AccessKey, Attr, Effect, Kind, Lifetime, Privilege, Unknown
from posturio_iac.core.place import ArgumentOrigin, TagOrigin
from posturio_iac.core.record import dataclass, grouped, replace
from posturio_iac.core.unknown import NOT_LISTED
from posturio_iac.facts import FactOptions, KeyFacts, MetadataItem, UserFacts
from posturio_iac.facts.access_key import access_key
from posturio_iac.facts.shared_code import KeyOfUser, with_siblings
from posturio_iac.judge.engine import judge
from posturio_iac.live.request import Request, owner_in_description, short_description
from posturio_iac.rules import all_rules, multiple_active_access_keys, unmanaged_access_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.metadata.names import Names
    from posturio_iac.live.model import Account, AwsTags, DeployedKey, DeployedUser

FRAMEWORK = "aws"


def access_keys(
    seen: Iterable[DeployedKey], account: Account, names: Names, as_of: datetime, *, show_ids: bool = False
) -> tuple[AccessKey, ...]:
    """The keys of one account with full ids. Remedies hold commands only with ``show_ids``: with a masked id they could not be run."""
    options = FactOptions(names, as_of)
    built = []
    for arn, keys in grouped(seen, lambda key: key.user.arn).items():
        for key in keys:
            alike = [other for other in keys if (other.kind, other.service) == (key.kind, key.service)]
            made = _built(key, account, options, show_ids=show_ids)
            built.append(KeyOfUser(replace(made, newest_active=_newest(alike)), arn))
    return tuple(with_siblings(built, lambda _one, _other: True))


def address(key: DeployedKey) -> str:
    return f"{key.user.arn}/{key.label}"


def _built(key: DeployedKey, account: Account, options: FactOptions, *, show_ids: bool) -> AccessKey:
    facts = KeyFacts(
        address=address(key),
        framework=FRAMEWORK,
        span=None,
        user=_user_facts(key.user, account),
        status=key.status,
        remedies=_remedies(key, show_ids=show_ids),
        owner=account.name if key.user.is_root else owner_in_description(key),
        is_root=key.user.is_root,
        lifetimes=tuple(_end(key)),
        kind=key.kind,
        service=key.service,
    )
    return replace(
        access_key(facts, options),
        account=account.id,
        account_name=account.name,
        key_id=key.key_id,
        created=key.created,
        last_used=key.last_used,
        disabled_since=key.disabled_since,
        evidence=key.evidence,
        used_for=key.used_for,
        quarantine=None if key.user.is_root else key.user.quarantine,
        privilege=Privilege.ADMIN if key.user.is_root else key.user.privilege,
    )


def _end(key: DeployedKey) -> Iterator[Lifetime]:
    if key.expires is not None:
        age = key.expires - key.created if isinstance(key.created, datetime) else None
        origin = ArgumentOrigin("ExpirationDate", address(key))
        yield Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, key.expires.date().isoformat(), at=key.expires, interval=age)


def _user_facts(user: DeployedUser, account: Account) -> UserFacts:
    if user.is_root:
        return UserFacts(user.name)
    holder = f"user {user.name}"
    return UserFacts(
        user.name,
        path=user.path,
        tags=() if isinstance(user.tags, Unknown) else _items(user.tags, holder),
        hidden=(user.tags,) if isinstance(user.tags, Unknown) else (),
        account_tags=account.tags if isinstance(account.tags, Unknown) else _items(account.tags, f"account {account.id}"),
    )


def _newest(keys: list[DeployedKey]) -> Attr[datetime | None]:
    times = [key.created for key in keys if key.status == "Active"]
    if len(times) == 1:
        return None
    unsure = next((time for time in times if isinstance(time, Unknown)), None)
    return unsure or max((time for time in times if isinstance(time, datetime)), default=None)


def _items(tags: AwsTags, holder: str) -> tuple[MetadataItem, ...]:
    return tuple(MetadataItem(name, value, TagOrigin(name, holder)) for name, value in tags)


def _remedies(key: DeployedKey, *, show_ids: bool) -> Remedies:
    name, service = key.user.name, key.service or ""
    if key.user.is_root:
        role = Advice("use a role in its place")
        return Remedies(declare=role, rotate=role, disable=Advice("delete the key as the root user"))
    verb, flag = ("update-service-specific-credential", "--service-specific-credential-id"), ("update-access-key", "--access-key-id")
    act, named = verb if key.is_credential else flag
    off = ("aws", "iam", act, "--user-name", name, named, key.key_id or "ID", "--status", "Inactive")
    disable: Remedy = RunCommand("switch it off", off)
    if key.key_id is None:
        disable = RunCommand(f"switch it off (aws iam list-access-keys --user-name {shlex.quote(name)} shows its id)", off)
    elif not show_ids:
        disable = Advice("switch it off (posturio-iac retire plan DIR --ledger FILE writes the command, --show-key-ids shows it)")
    if key.is_credential:
        anew = f"aws iam create-service-specific-credential --user-name {shlex.quote(name)} --service-name {shlex.quote(service)}"
        age = Advice(f"make another one that ends ({anew} --credential-age-days 90), move to it, and delete this one")
        stated, replaced = f"AWS and the tags of user {name} state", age if takes_age(service) else None
        return Remedies(declare=TagUser(name), rotate=UseRole(name), disable=disable, stated_by=stated, age=replaced)
    adopt = f"terraform import aws_iam_access_key.NAME {key.key_id}" if show_ids else "terraform import (--show-key-ids shows its id)"
    return Remedies(
        declare=TagUser(name),
        rotate=UseRole(name),
        disable=disable,
        stated_by=f"the tags of user {name} state",
        adopt=f"import this one: {adopt}" if key.key_id else "",
    )


KEY_ID = re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,124}")
TOGETHER = timedelta(minutes=1)  # the report cannot be wrong about the age of a key that it dates so soon after the creation of its user


@dataclass(frozen=True, slots=True)
class Shortlist:
    """ARNs of users."""

    asked: frozenset[str]  # every key of theirs is asked about
    named: frozenset[str]


def shortlisted(keys: Sequence[DeployedKey], account: Account, request: Request) -> Shortlist:
    """The users to ask about, by the rules' verdicts on the keys of the report.

    The report tells when a key was created *or last activated*. So keys that would be flagged if they were as old as their user are listed
    too, as are those of users with several active ones, or with a tag that is named after a key id and may name an owner.
    """
    strict, linker = replace(request.policy, suppressions=False), request.linker
    built = access_keys(keys, account, request.names, request.as_of)
    about_code = linker is not None and unmanaged_access_keys.RULE.id in strict.selected(all_rules())
    asked = set(linker.undecided(built) if linker is not None and about_code else ())
    report = judge(linker.linked(built) if linker is not None else built, as_of=request.as_of, policy=strict)
    named: set[str] = set()
    for finding in report.findings:
        (named if not finding.rule.needs_use else asked).add(finding.address)
    about_users = _about_users()
    asked |= {one.key.address for one in report.keys if one.undecided and not (one.open_rules and about_users.issuperset(one.open_rules))}
    named |= _older(keys, account, request)
    named |= {one.address for one in built if one.active_siblings and multiple_active_access_keys.RULE.id in strict.selected(all_rules())}
    arns = {address(key): key.user.arn for key in keys}
    chosen = frozenset(arns[one] for one in asked)
    tags = ((key.user.arn, tag) for key in keys if not isinstance(key.user.tags, Unknown) for tag in key.user.tags)
    described = {arn for arn, (name, value) in tags if KEY_ID.fullmatch(name) and short_description(value) is not None}
    return Shortlist(chosen, frozenset({arns[one] for one in named} | described) - chosen)


def _about_users() -> frozenset[str]:
    return frozenset(name for name, entry in all_rules().items() if not entry.rule.needs_use)


def _older(keys: Sequence[DeployedKey], account: Account, request: Request) -> set[str]:
    older = [replace(key, created=made) for key in keys if (made := _earlier(key)) is not None]
    built = access_keys(older, account, request.names, request.as_of)
    policy = replace(
        request.policy,
        config=request.policy.config.with_values(ignore=(*request.policy.config.ignore, *sorted(_about_users()))),
        suppressions=False,
    )
    linker = request.linker
    report = judge(linker.linked(built) if linker is not None else built, as_of=request.as_of, policy=policy)
    return {finding.address for finding in report.findings} | {judged.key.address for judged in report.keys if judged.undecided}


def _earlier(key: DeployedKey) -> datetime | None:
    made = key.user.created
    return made if made is not None and isinstance(key.created, datetime) and made + TOGETHER < key.created else None


def of_unsure_age(key: DeployedKey) -> DeployedKey:
    """A key of the report whose user could not be listed: it may be as old as the user."""
    return key if _earlier(key) is None else replace(key, created=NOT_LISTED())
