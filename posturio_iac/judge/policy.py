"""The configuration as the engine uses it: which rules judge a key, which limits hold for it, and which keys an entry means."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta

from posturio_iac.config import AllowedKey, Config, Override, looser, rule_id
from posturio_iac.core.finding import Severity
from posturio_iac.core.keys import user_path
from posturio_iac.core.record import dataclass, field, replace
from posturio_iac.rules import Context, Registered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Protocol

    from posturio_iac.core.model import AccessKey
    from posturio_iac.core.text.gitignore import Exclusions
    from posturio_iac.judge.baseline import BaselineEntry

    class Policies(Protocol):
        """The policies of a run: which one judges which key."""

        @property
        def general(self) -> Policy:
            """What keys are judged by that stand in no file."""

        def of(self, key: AccessKey) -> Policy:
            """What ``key`` is judged by."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: rules and limits from a configuration."""

    config: Config = field(default_factory=Config)  # its limits, overrides, suppressions, ``select`` and ``ignore``
    root: str = ""
    """The scan root seen from the folder of the configuration, such as ``infra`` or ``..``: its globs are relative to that folder."""
    suppressions: bool = True  # anything is suppressed (``--no-suppressions`` says no)
    baseline: Mapping[str, BaselineEntry] = field(default_factory=dict)
    """The findings that are known already, by their fingerprints."""

    @property
    def general(self) -> Policy:
        return self

    def of(self, _key: AccessKey) -> Policy:
        """The policy itself: it judges every key."""
        return self

    def selected(self, ids: Collection[str]) -> frozenset[str]:
        """Those of the rules ``ids`` that judge. Raises `UsageError` when ``select`` or ``ignore`` names no rule."""
        chosen = frozenset(rule_id(name, ids) for name in self.config.select) or frozenset(ids)
        return chosen - {rule_id(name, ids) for name in self.config.ignore}

    def with_severities(self, rules: Mapping[str, Registered]) -> dict[str, Registered]:
        """``rules`` with the severities of the configuration. Raises `UsageError` when it names no rule."""
        changed = dict(rules)
        for name, severity in self.config.severity.items():
            entry = changed[found := rule_id(name, rules)]
            changed[found] = replace(entry, rule=replace(entry.rule, severity=Severity(severity)))
        return changed

    def context_for(self, key: AccessKey, as_of: datetime, *, loosest: bool | None = None) -> Context:
        """The time and limits for ``key``: the last override that matches decides, a looser one only while its exception lasts.

        If ``loosest`` is given, tags that are not known may be any: the limits are the loosest that may hold, or the strictest.
        """
        limits = {name: getattr(self.config, name) for name in _LIMITS}
        for override in self._overrides_of(key, unread=loosest is not None):
            changes = _changes(override, limits, as_of)
            limits.update(one for one in changes if loosest is None or looser(one[1], limits[one[0]]) is loosest)
        return Context(
            as_of=as_of,
            max_lifetime=timedelta(days=limits["max_lifetime_days"]),
            window=timedelta(days=limits["unused_days"]),
            grace=timedelta(days=limits["grace_days"]),
            enforced_only=limits["require"] == "enforced",
            warning=timedelta(days=self.config.warn_days),
            is_forbidden=self._forbids(key, as_of),
        )

    def _forbids(self, key: AccessKey, as_of: datetime) -> bool:
        allowed = self.config.forbidden
        return allowed is not None and key.account is None and not any(_allows(entry, key) for entry in allowed if entry.until > as_of)

    def severities_for(self, key: AccessKey, as_of: datetime, ids: Collection[str]) -> dict[str, tuple[Severity, bool]]:
        """The severities that overrides give rules for ``key``, and whether an exception lasts that may lower them."""
        found: dict[str, tuple[Severity, bool]] = {}
        for override in self._overrides_of(key) if any(one.severity for one in self.config.overrides) else ():
            excepted = _is_excepted(override, as_of)
            found |= {rule_id(name, ids): (Severity(text), excepted) for name, text in override.severity.items()}
        return found

    def in_paths(self, key: AccessKey, globs: tuple[str, ...]) -> bool:
        """True if the file of ``key`` matches one of ``globs``, which are written like those of ``--exclude``."""
        if key.span is None:
            return False
        return _covers(globs, f"{self.root}/{key.span.path}" if self.root else key.span.path)

    def _overrides_of(self, key: AccessKey, *, unread: bool = False) -> Iterator[Override]:
        if not self.config.overrides:
            return
        tags, user = dict(key.tags), user_path(key.address.rpartition("/")[0])
        for override in self.config.overrides:
            tagged = all(text_matches(glob, tags[name]) if name in tags else unread for name, glob in override.tags.items())
            named = not override.users or (user != "" and any(text_matches(glob, user) for glob in override.users))
            if tagged and named and (not override.paths or self.in_paths(key, override.paths)):
                yield override


def _allows(allowed: AllowedKey, key: AccessKey) -> bool:
    """True if an exception names a key; a user whose name is not known is named by nothing."""
    by_user = allowed.user is None or (isinstance(key.user, str) and text_matches(allowed.user, key.user))
    return by_user and (allowed.address is None or text_matches(allowed.address, key.address))


def text_matches(glob: str, text: str) -> bool:
    """True if all of ``text`` matches a glob in which ``*`` stands for any text and everything else for itself."""
    from posturio_iac.core.text.globs import of_text

    return of_text(glob).fullmatch(text) is not None


_LIMITS = ("max_lifetime_days", "unused_days", "grace_days", "require")


def _changes(override: Override, limits: dict[str, int | str], as_of: datetime) -> Iterable[tuple[str, int | str]]:
    """Yield the limits that an override sets: stricter ones, and looser ones while its exception lasts."""
    excepted = _is_excepted(override, as_of)
    for name in _LIMITS:
        value = getattr(override, name)
        if value is not None and (excepted or not looser(value, limits[name])):
            yield name, value


def _is_excepted(override: Override, as_of: datetime) -> bool:
    return bool(override.reason.strip()) and override.until is not None and override.until > as_of


@functools.lru_cache(maxsize=10_000)
def _covers(globs: tuple[str, ...], path: str) -> bool:
    from posixpath import normpath

    return _paths(globs).cover(normpath(path))


@functools.lru_cache(maxsize=10_000)
def _paths(globs: tuple[str, ...]) -> Exclusions:
    from posturio_iac.core.text.gitignore import Exclusions

    return Exclusions(globs)
