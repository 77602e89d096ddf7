"""From AWS's answers about keys to the common model that the rules judge. Pure."""

from __future__ import annotations

import shlex
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice, Remedies, RunCommand, TagUser, UseRole
from posturio_iac.core.keys.resource_types import takes_age
from posturio_iac.core.model import Effect, Kind, Lifetime, Privilege, Unknown
from posturio_iac.core.place import ArgumentOrigin, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.facts.access_key import access_key
from posturio_iac.facts.model import FactOptions, KeyFacts, MetadataItem, UserFacts
from posturio_iac.facts.siblings import KeyOfUser, with_siblings
from posturio_iac.live.request import configured_owners, owner_in_description

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.model import AccessKey, Attr
    from posturio_iac.live.model import Account, AwsTags, DeployedKey, DeployedUser
    from posturio_iac.live.request import Owner
    from posturio_iac.metadata.names import Names

FRAMEWORK = "aws"


def access_keys(
    seen: Iterable[DeployedKey], account: Account, names: Names, owners: Sequence[Owner], as_of: datetime, *, show_ids: bool = False
) -> tuple[AccessKey, ...]:
    """The keys of one account, all of them with their full ids.

    Remedies hold commands with the id of a key only with ``show_ids``: with a masked id they could not be run.
    """
    by_user: defaultdict[str, list[DeployedKey]] = defaultdict(list)
    for key in seen:
        by_user[key.user.arn].append(key)
    options = FactOptions(names, as_of)
    built = []
    for arn, keys in by_user.items():
        for key in keys:
            alike = [other for other in keys if (other.kind, other.service) == (key.kind, key.service)]
            made = _built(key, account, owners, options, show_ids=show_ids)
            built.append(KeyOfUser(replace(made, newest_active=_newest(alike)), arn))
    return tuple(with_siblings(built, lambda _one, _other: True))


def address(key: DeployedKey) -> str:
    """The user's ARN, a slash, and the key's id or its place in the report."""
    return f"{key.user.arn}/{key.label}"


def _built(key: DeployedKey, account: Account, owners: Sequence[Owner], options: FactOptions, *, show_ids: bool) -> AccessKey:
    facts = KeyFacts(
        address=address(key),
        framework=FRAMEWORK,
        span=None,
        user=_user_facts(key.user, account, owners),
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
    """Yield the end that AWS itself sets for a service credential."""
    if key.expires is not None:
        age = key.expires - key.created if isinstance(key.created, datetime) else None
        origin = ArgumentOrigin("ExpirationDate", address(key))
        yield Lifetime(Kind.EXPIRY, Effect.ENFORCED, origin, key.expires.date().isoformat(), at=key.expires, interval=age)


def _user_facts(user: DeployedUser, account: Account, owners: Sequence[Owner]) -> UserFacts:
    if user.is_root:
        return UserFacts(user.name)
    holder = f"user {user.name}"
    return UserFacts(
        user.name,
        path=user.path,
        tags=() if isinstance(user.tags, Unknown) else _items(user.tags, holder),
        hidden=(user.tags,) if isinstance(user.tags, Unknown) else (),
        configured_owners=tuple(configured_owners(user, owners)),
        account_tags=account.tags if isinstance(account.tags, Unknown) else _items(account.tags, f"account {account.id}"),
    )


def _newest(keys: list[DeployedKey]) -> Attr[datetime | None]:
    """When the youngest active key was created, where there are several."""
    times = [key.created for key in keys if key.status == "Active"]
    if len(times) == 1:
        return None
    unsure = next((time for time in times if isinstance(time, Unknown)), None)
    return unsure or max((time for time in times if isinstance(time, datetime)), default=None)


def _items(tags: AwsTags, holder: str) -> tuple[MetadataItem, ...]:
    return tuple(MetadataItem(name, value, TagOrigin(name, holder)) for name, value in tags)


def _remedies(key: DeployedKey, *, show_ids: bool) -> Remedies:
    """The shortest changes, as commands."""
    if key.is_credential:
        return _remedies_of_credential(key, show_ids=show_ids)
    name = key.user.name
    if key.user.is_root:
        role = Advice("use a role in its place")
        return Remedies(declare=role, rotate=role, disable=Advice("delete the key as the root user"))
    off = ("aws", "iam", "update-access-key", "--user-name", name, "--access-key-id", key.key_id or "ID", "--status", "Inactive")
    disable: Remedy = RunCommand("switch it off", off)
    if key.key_id is None:
        disable = RunCommand(f"switch it off (aws iam list-access-keys --user-name {shlex.quote(name)} shows its id)", off)
    elif not show_ids:
        disable = Advice("switch it off (posturio-iac retire plan DIR writes the command, --show-key-ids shows it)")
    adopt = f"terraform import aws_iam_access_key.NAME {key.key_id}" if show_ids else "terraform import (--show-key-ids shows its id)"
    return Remedies(
        declare=TagUser(name),
        rotate=UseRole(name),
        disable=disable,
        stated_by=f"the tags of user {key.user.name} state",
        adopt=f"import this one: {adopt}" if key.key_id else "",
    )


def _remedies_of_credential(key: DeployedKey, *, show_ids: bool) -> Remedies:
    """The same for an API key of a service, whose end is set when it is made."""
    name, service = key.user.name, key.service or ""
    ids = ("--user-name", name, "--service-specific-credential-id", key.key_id or "ID")
    off = ("aws", "iam", "update-service-specific-credential", *ids, "--status", "Inactive")
    disable: Remedy = RunCommand("switch it off", off)
    if not show_ids:
        disable = Advice("switch it off (posturio-iac retire plan DIR writes the command, --show-key-ids shows it)")
    anew = f"aws iam create-service-specific-credential --user-name {shlex.quote(name)} --service-name {shlex.quote(service)}"
    age = Advice(f"make another one that ends ({anew} --credential-age-days 90), move to it, and delete this one")
    return Remedies(
        declare=TagUser(name),
        rotate=UseRole(name),
        disable=disable,
        stated_by=f"AWS and the tags of user {name} state",
        age=age if takes_age(service) else None,
    )
