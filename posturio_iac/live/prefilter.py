"""Which users AWS is asked about beyond the credential report: those with a key that is flagged or cannot be checked by it alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import NOT_LISTED
from posturio_iac.judge.engine import judge
from posturio_iac.live.build import access_keys, address
from posturio_iac.live.request import short_description
from posturio_iac.rules import all_rules, multiple_active_access_keys, unmanaged_access_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.finding import JudgedKey
    from posturio_iac.live.model import Account, DeployedKey, DeployedUser
    from posturio_iac.live.request import Request

KEY_ID = re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,124}")
TOGETHER = timedelta(minutes=1)
"""The report cannot be wrong about the age of a key that it dates so soon after the creation of its user."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """ARNs of users."""

    asked: frozenset[str]
    """Every key of theirs is asked about."""
    named: frozenset[str]
    """Their keys are listed for their ids and the times of creation."""


def shortlisted(keys: Sequence[DeployedKey], account: Account, request: Request) -> Shortlist:
    """The users to ask about, by the rules' verdicts on the keys of the report.

    The report tells when a key was created *or last activated*. So keys that would be flagged if they were as old as their user are
    listed too, as are those of users with several active ones, which may be in the middle of a rotation. And so are those of users with
    a tag that is named after a key id and may name an owner.
    """
    strict, linker = replace(request.policy, suppressions=False), request.linker
    built = access_keys(keys, account, request.names, request.owners, request.as_of)
    about_code = linker is not None and unmanaged_access_keys.RULE.id in strict.selected(all_rules())
    asked = set(linker.undecided(built) if linker is not None and about_code else ())
    report = judge(linker.linked(built) if linker is not None else built, as_of=request.as_of, policy=strict)
    named: set[str] = set()
    for finding in report.findings:
        (named if not finding.rule.needs_use else asked).add(finding.address)
    asked |= {judged.key.address for judged in report.keys if _is_open(judged)}
    named |= _older(keys, account, request)
    named |= {one.address for one in built if one.active_siblings and multiple_active_access_keys.RULE.id in strict.selected(all_rules())}
    arns = {address(key): key.user.arn for key in keys}
    chosen = frozenset(arns[one] for one in asked)
    described = {key.user.arn for key in keys if _is_described(key.user)}
    return Shortlist(chosen, frozenset({arns[one] for one in named} | described) - chosen)


def _about_users() -> frozenset[str]:
    """The rules whose verdict does not depend on when a key was used."""
    return frozenset(name for name, entry in all_rules().items() if not entry.rule.needs_use)


def _is_open(judged: JudgedKey) -> bool:
    """True if something is open that asking about the key could settle."""
    return bool(judged.undecided) and not (judged.open_rules and _about_users().issuperset(judged.open_rules))


def _older(keys: Sequence[DeployedKey], account: Account, request: Request) -> set[str]:
    """The addresses of keys that would be flagged, or could not be judged, if they were as old as their users."""
    older = [replace(key, created=made) for key in keys if (made := _earlier(key)) is not None]
    built = access_keys(older, account, request.names, request.owners, request.as_of)
    policy = replace(
        request.policy,
        config=request.policy.config.with_values(ignore=(*request.policy.config.ignore, *sorted(_about_users()))),
        suppressions=False,
    )
    linker = request.linker
    report = judge(linker.linked(built) if linker is not None else built, as_of=request.as_of, policy=policy)
    return {finding.address for finding in report.findings} | {judged.key.address for judged in report.keys if judged.undecided}


def _earlier(key: DeployedKey) -> datetime | None:
    """When the user was made, if that is before the key's time in the report."""
    made = key.user.created
    return made if made is not None and isinstance(key.created, datetime) and made + TOGETHER < key.created else None


def of_unsure_age(key: DeployedKey) -> DeployedKey:
    """A key of the report whose user could not be listed: it may be as old as the user."""
    if _earlier(key) is None:
        return key
    return replace(key, created=NOT_LISTED())


def _is_described(user: DeployedUser) -> bool:
    """True if a tag of the user is named after a key id, as the console names descriptions, and may name an owner."""
    return not isinstance(user.tags, Unknown) and any(
        KEY_ID.fullmatch(name) and short_description(value) is not None for name, value in user.tags
    )
