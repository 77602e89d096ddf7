"""From what AWS says about keys to the common model, which the rules judge. Pure."""

from __future__ import annotations

import shlex
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from posturio_iac.core.model import Privilege, Unknown
from posturio_iac.core.origin import TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.remedy import Advice, Remedies, Remedy, RunCommand, TagUser, UseRole
from posturio_iac.facts.access_key import access_key
from posturio_iac.facts.model import FactOptions, KeyFacts, MetadataItem, UserFacts
from posturio_iac.facts.siblings import KeyOfUser, with_siblings
from posturio_iac.live.ownership import configured_owners, owner_in_description

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posturio_iac.core.model import AccessKey, Attr
    from posturio_iac.live.model import Account, DeployedKey, DeployedUser, Tags
    from posturio_iac.live.ownership import Owner
    from posturio_iac.metadata.names import Names

FRAMEWORK = "aws"


def access_keys(
    seen: Iterable[DeployedKey], account: Account, names: Names, owners: Sequence[Owner], as_of: datetime, *, show_ids: bool = False
) -> tuple[AccessKey, ...]:
    """Return the keys of one account, all of them with their full ids.

    Advice holds a command with the id of a key only with ``show_ids``: masked later, it could not be run.
    """
    by_user: defaultdict[str, list[DeployedKey]] = defaultdict(list)
    for key in seen:
        by_user[key.user.arn].append(key)
    options = FactOptions(names, as_of)
    built = []
    for arn, keys in by_user.items():
        newest = _newest(keys)
        made = (_built(key, account, owners, options, show_ids=show_ids) for key in keys)
        built += [KeyOfUser(replace(key, newest_active=newest), arn) for key in made]
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
    """Return when the youngest active key was created, where there are several."""
    times = [key.created for key in keys if key.status == "Active"]
    if len(times) == 1:
        return None
    unsure = next((time for time in times if isinstance(time, Unknown)), None)
    return unsure or max((time for time in times if isinstance(time, datetime)), default=None)


def _items(tags: Tags, holder: str) -> tuple[MetadataItem, ...]:
    return tuple(MetadataItem(name, value, TagOrigin(name, holder)) for name, value in tags)


def _remedies(key: DeployedKey, *, show_ids: bool) -> Remedies:
    """The shortest changes, as commands for whoever may make them."""
    name = key.user.name
    if key.user.is_root:
        role = Advice("use a role in its place")
        return Remedies(declare=role, rotate=role, disable=Advice("delete the key as the root user"))
    off = ("aws", "iam", "update-access-key", "--user-name", name, "--access-key-id", key.key_id or "ID", "--status", "Inactive")
    disable: Remedy = RunCommand("switch it off", off)
    if key.key_id is None:
        disable = RunCommand(f"switch it off (aws iam list-access-keys --user-name {shlex.quote(name)} shows its id)", off)
    elif not show_ids:
        disable = Advice("switch it off (--plan DIR writes the command, --show-key-ids shows it)")
    adopt = f"terraform import aws_iam_access_key.NAME {key.key_id}" if show_ids else "terraform import (--show-key-ids shows its id)"
    return Remedies(
        declare=TagUser(name),
        rotate=UseRole(name),
        disable=disable,
        witness=f"the tags of user {key.user.name} state",
        adopt=f"take this one over: {adopt}" if key.key_id else "",
    )
