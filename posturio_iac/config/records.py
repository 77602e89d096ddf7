"""Entries of the configuration that are tables of their own. Apart from the settings, since most configurations hold none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Override:
    """Other limits for the keys that ``paths`` and ``tags`` select. None leaves a limit as it is."""

    paths: tuple[str, ...] = ()
    """Globs relative to the configuration's folder; empty selects every file."""
    tags: Mapping[str, str] = field(default_factory=dict)
    max_lifetime_days: int | None = None
    unused_days: int | None = None
    grace_days: int | None = None
    require: str | None = None
    severity: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    until: datetime | None = None
    users: tuple[str, ...] = ()
    """Globs of the path and name of deployed users; empty selects every user."""


@dataclass(frozen=True, slots=True)
class AllowedKey:
    """A key that may exist although keys are forbidden, by the name of its user or by its address."""

    reason: str
    until: datetime
    user: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """A suppression that configuration holds."""

    rule: str
    reason: str
    path: str | None = None
    """Glob relative to the configuration's folder."""
    address: str | None = None
    until: datetime | None = None
