"""Which users are asked about key by key: those whose verdict depends on a key of which only the credential report has told so far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.judge.engine import judge
from posturio_iac.live.build import access_keys, address
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.judge.policy import Policy
    from posturio_iac.link.linker import Linker
    from posturio_iac.live.model import Account, DeployedKey
    from posturio_iac.live.ownership import Owner
    from posturio_iac.metadata.names import Names

UNMANAGED = "iam.unmanaged_access_keys"
OF_THE_USER = frozenset({"iam.ownerless_access_keys", "iam.multiple_active_access_keys", "iam.access_keys_without_lifetime", UNMANAGED})
"""What a rule says about all keys of a user alike needs no key id."""


def shortlisted(
    keys: Sequence[DeployedKey],
    account: Account,
    policy: Policy,
    names: Names,
    owners: Sequence[Owner],
    as_of: datetime,
    linker: Linker | None = None,
) -> frozenset[str]:
    """Return the ARNs of the users that the rules, asked about what the report says, flag or cannot decide.

    So are those of keys whose id would tell whether code declares them, when that is asked.
    """
    config = policy.config.with_values(ignore=(*policy.config.ignore, *sorted(OF_THE_USER)))
    strict = replace(policy, config=config, suppressions=False)
    built = access_keys(keys, account, names, owners, as_of)
    asked = linker is not None and UNMANAGED in policy.selected(all_rules())
    open_ = linker.undecided(built) if linker is not None and asked else frozenset()
    report = judge(linker.linked(built) if linker is not None else built, as_of=as_of, policy=strict)
    wanted = open_ | {finding.address for finding in report.findings} | {judged.key.address for judged in report.keys if judged.undecided}
    return frozenset(key.user.arn for key in keys if address(key) in wanted)
