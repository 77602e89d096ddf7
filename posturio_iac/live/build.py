"""From what AWS says about keys to the common model, which the rules judge. Pure."""

from __future__ import annotations

import shlex
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from posturio_iac.core.model import AccessKey, Privilege, Unknown
from posturio_iac.core.origin import TagOrigin
from posturio_iac.core.remedy import Advice, Remedies, Remedy, RunCommand, TagUser, UseRole
from posturio_iac.live.ownership import owner_of
from posturio_iac.metadata.lifetime import exemption, read
from posturio_iac.metadata.manual_rotation import date_in_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.model import Attr
    from posturio_iac.live.model import Account, DeployedKey, Tags
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
    return tuple(
        _built(key, _siblings(key, keys), _newest(keys), account, names, owners, as_of, show_ids=show_ids)
        for keys in by_user.values()
        for key in keys
    )


def address(key: DeployedKey) -> str:
    """The user's ARN, a slash, and the key's id or its place in the report."""
    return f"{key.user.arn}/{key.label}"


def _built(
    key: DeployedKey,
    siblings: Attr[tuple[str, ...]],
    newest: Attr[datetime | None],
    account: Account,
    names: Names,
    owners: Sequence[Owner],
    as_of: datetime,
    *,
    show_ids: bool,
) -> AccessKey:
    tags: Tags = () if isinstance(key.user.tags, Unknown) else key.user.tags
    described = [(name, value, _origin(name, key)) for name, value in tags]
    evidence = (read(name, value, origin=origin, names=names) for name, value, origin in described)
    return AccessKey(
        address=address(key),
        framework=FRAMEWORK,
        span=None,
        user=key.user.name,
        user_address=None,
        status=key.status,
        remedies=_remedies(key, show_ids=show_ids),
        lifetimes=tuple(lifetime for lifetime in evidence if lifetime is not None),
        unknown_sources=(key.user.tags,) if isinstance(key.user.tags, Unknown) else (),
        notes=tuple(_notes(key, described, names, as_of)),
        owner=owner_of(key, account, names, owners),
        is_root=key.user.is_root,
        active_siblings=siblings,
        tags=tags,
        account=account.id,
        key_id=key.key_id,
        created=key.created,
        last_used=key.last_used,
        disabled_since=key.disabled_since,
        evidence=key.evidence,
        used_for=key.used_for,
        quarantine=None if key.user.is_root else key.user.quarantine,
        privilege=Privilege.ADMIN if key.user.is_root else key.user.privilege,
        newest_active=newest,
    )


def _newest(keys: list[DeployedKey]) -> Attr[datetime | None]:
    """Return when the youngest active key was created, where there are several."""
    times = [key.created for key in keys if key.status == "Active"]
    if len(times) == 1:
        return None
    unsure = next((time for time in times if isinstance(time, Unknown)), None)
    return unsure or max((time for time in times if isinstance(time, datetime)), default=None)


def _siblings(key: DeployedKey, keys: list[DeployedKey]) -> Attr[tuple[str, ...]]:
    others = [other for other in keys if other is not key]
    unsure = next((other.status for other in others if isinstance(other.status, Unknown)), None)
    active = tuple(address(other) for other in others if other.status == "Active")
    return unsure if unsure is not None and not active else active


def _origin(name: str, key: DeployedKey) -> TagOrigin:
    return TagOrigin(name, f"user {key.user.name}")


def _notes(key: DeployedKey, tags: list[tuple[str, str, TagOrigin]], names: Names, as_of: datetime) -> Iterator[str]:
    for name, value, origin in tags:
        if (said := exemption(name, value, origin=origin, names=names)) is not None:
            yield said
    if not key.user.is_root and (mark := date_in_name(key.user.name, as_of)) is not None:
        yield f"the user name {key.user.name} {mark.text}, which is not a lifetime"


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
