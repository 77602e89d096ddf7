"""The request of a live run for every account."""

from __future__ import annotations

from dataclasses import dataclass, field

from posturio_iac.core.keys import looks_like_key_id
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.metadata.owners import owner_named
from posturio_iac.core.model import AccessKey, Attr, KeyKind, Unknown
from posturio_iac.core.record import replace
from posturio_iac.judge.policy import Policy
from posturio_iac.live.connection.calls import wait
from posturio_iac.live.model import UNTOLD_DESCRIPTION, DeployedKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from posturio_iac.core.finding import Level
    from posturio_iac.link.linker import Linker


@dataclass(frozen=True, slots=True)
class Request:
    """The request for every account. It holds nothing about a single account, and can be sent to other processes."""

    as_of: datetime
    policy: Policy = field(default_factory=Policy)
    names: Names = field(default_factory=Names.default)
    exact: bool = False
    workers: int = 1
    expected: Mapping[str, int] = field(default_factory=dict)
    linker: Linker | None = None
    sleep: Callable[[float], object] = wait
    switches: Level | None = None
    """CloudTrail is asked which keys were switched on or off, even where none is off: how bad it is if it does not answer; else None."""


ABOUT_CODE = "iam.access_keys_without_lifetime"
"""The rule that judges deployed access keys only where it is selected by name, since AWS does not know the code that may rotate them. It
judges API keys of services, whose end AWS itself sets."""


class PoliciesByKind:
    """Policies for deployed keys: one for access keys, and the same with `ABOUT_CODE` for API keys of services."""

    def __init__(self, policy: Policy, also: Collection[str] = ()) -> None:
        config, ignore = policy.config, list(policy.config.ignore)
        for name in {ABOUT_CODE, *also}:
            if name in ignore:  # once: whoever ignores it by the configuration has it there a second time
                ignore.remove(name)
        select = (*config.select, *sorted(also)) if config.select else ()
        self.general = policy
        self._of_credentials = replace(policy, config=config.with_values(ignore=tuple(ignore), select=select))

    def of(self, key: AccessKey) -> Policy:
        return self.of_kind(key.kind)

    def of_kind(self, kind: KeyKind) -> Policy:
        return self._of_credentials if kind is KeyKind.SERVICE_CREDENTIAL else self.general


LONGEST_LABEL = 60  # a longer description is prose rather than a name


def owner_in_description(key: DeployedKey) -> Attr[str | None]:
    """The owner in a key's description, a tag named by its id; None if it is no name, Unknown if the id is not known."""
    tags = () if isinstance(key.user.tags, Unknown) else key.user.tags
    if key.key_id is None and any(looks_like_key_id(name) and short_description(value) for name, value in tags):
        return UNTOLD_DESCRIPTION
    return short_description(dict(tags).get(key.key_id or "", ""))


def short_description(text: str) -> str | None:
    return owner_named(text) if len(text) <= LONGEST_LABEL else None
