"""Which rules judge deployed keys of each kind. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.model import KeyKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.policy import Policy

ABOUT_CODE = "iam.access_keys_without_lifetime"
"""The rule that judges deployed access keys only where it is selected by name, since AWS does not know the code that may rotate them. It
judges API keys of services, whose end AWS itself sets."""


class PoliciesByKind:
    """Policies for deployed keys: one for access keys, and the same with `ABOUT_CODE` for API keys of services."""

    def __init__(self, policy: Policy, also: Collection[str] = ()) -> None:
        """Judge API keys of services by the rules ``also`` too."""
        config, ignore = policy.config, list(policy.config.ignore)
        for name in {ABOUT_CODE, *also}:
            if name in ignore:  # once: whoever ignores it by the configuration has it there a second time
                ignore.remove(name)
        select = (*config.select, *sorted(also)) if config.select else ()
        self._general = policy
        self._of_credentials = replace(policy, config=config.with_values(ignore=tuple(ignore), select=select))

    @property
    def general(self) -> Policy:
        return self._general

    def of(self, key: AccessKey) -> Policy:
        return self.of_kind(key.kind)

    def of_kind(self, kind: KeyKind) -> Policy:
        return self._of_credentials if kind is KeyKind.SERVICE_CREDENTIAL else self._general
