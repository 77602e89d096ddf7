"""By which rules deployed keys are judged. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.model import KeyKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from posturio_iac.core.model import AccessKey
    from posturio_iac.judge.policy import Policy

ABOUT_CODE = "iam.access_keys_without_lifetime"
"""AWS does not know the code that may rotate an access key, so this rule judges deployed ones only where it is selected by name. The end of
an API key of a service is AWS's own, so it judges those."""


class PoliciesByKind:
    """What deployed keys are judged by: access keys by a policy, API keys of services also by `ABOUT_CODE` where that is left out of it."""

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
        """What access keys are judged by."""
        return self._general

    def of(self, key: AccessKey) -> Policy:
        """Return what ``key`` is judged by."""
        return self.of_kind(key.kind)

    def of_kind(self, kind: KeyKind) -> Policy:
        """Return what keys of a kind are judged by."""
        return self._of_credentials if kind is KeyKind.SERVICE_CREDENTIAL else self._general
