"""The engine that applies the code: Terraform or OpenTofu, and its lowest version."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.textfile import LIMIT, UnreadableError, read
from posturio_iac.frontends.terraform.modules.files import TOFU
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.modules.folder import Module

_TOFU_VERSION = ".opentofu-version"
_COUNTS_CREATION = (1, 12)
"""https://github.com/opentofu/opentofu/pull/3848: from this OpenTofu on, ``replace_triggered_by`` reacts to creations."""
_LOWER = lazy_pattern(r"(?:>=|~>|=|>|^)\s*v?(\d{1,18})\.(\d{1,18})(?!\d)")


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine, as far as it is known."""

    name: str | None
    """``terraform`` or ``opentofu``; None when the code does not tell."""
    at_least: tuple[int, int] | None = None

    @property
    def counts_creation(self) -> bool:
        """True if ``replace_triggered_by`` certainly reacts to a resource that is created anew."""
        return self.name == "opentofu" and self.at_least is not None and self.at_least >= _COUNTS_CREATION

    @property
    def may_count_creation(self) -> bool:
        """True if it may do so, as OpenTofu of an unknown version may."""
        return self.name == "opentofu" and not self.counts_creation

    @property
    def suffix(self) -> str:
        """A reservation for messages when the engine is unknown."""
        return "" if self.name == "terraform" else " on Terraform"


def told_engine(root: str, folder: Module, configured: str, fence: Fence) -> str | None:
    """The engine that the configuration, the unit, the lock file or a file for version managers names; None when none does."""
    if configured in ("terraform", "opentofu"):
        return configured
    unit = folder.unit
    if unit is None:
        return _by_files(root, folder.path, folder.names, fence)
    # Terragrunt copies the unit's files over those of the module.
    own = _by_files(root, unit.folder, fence.names(os.path.join(root, unit.folder)), fence)
    return unit.unit.engine() or own or _by_files(root, folder.path, folder.names, fence)


def engine_of(root: str, folder: Module, found: str | None, version: str | None, fence: Fence) -> Engine:
    """The engine of a root module, of which ``found`` is what is told, and ``version`` comes from configuration.

    Files that cannot be read, or are outside of ``fence``, are ignored.
    """
    if found is None and any(n.endswith(TOFU) for n in folder.names):
        found = "opentofu"
    pinned = next((_text(root, folder.path, n, fence) for n in (_TOFU_VERSION, ".terraform-version") if n in folder.names), "")
    at_least = _version(version) if version else _lowest(folder) or (_version(pinned) if pinned else None)
    return Engine(found, at_least)


def decided_by_file(engine: Engine, folder: Module, configured: str) -> Iterator[Diagnostic]:
    """Yield the note on the file for version managers by which triggers count that Terraform ignores."""
    if engine.counts_creation and configured == "auto" and _TOFU_VERSION in folder.names:
        text = "this file decides that OpenTofu applies the code, where a trigger that is created anew counts; Terraform ignores it"
        yield Diagnostic(Level.NOTE, text, posixpath.join(folder.path, _TOFU_VERSION))


def _by_files(root: str, folder: str, names: Container[str], fence: Fence) -> str | None:
    if ".terraform.lock.hcl" in names:
        text = _text(root, folder, ".terraform.lock.hcl", fence)
        if '"registry.opentofu.org/' in text:
            return "opentofu"
        if '"registry.terraform.io/' in text:
            return "terraform"
    if _TOFU_VERSION in names:
        return "opentofu"
    return "terraform" if ".terraform-version" in names else None


def _text(root: str, folder: str, name: str, fence: Fence) -> str:
    try:
        return read(os.path.join(root, folder, name), LIMIT, fence).decode("utf-8", "replace")
    except UnreadableError:
        return ""


def _version(text: str) -> tuple[int, int] | None:
    found = re.match(r"\s*v?(\d{1,18})\.(\d{1,18})(?!\d)", text)
    return (int(found[1]), int(found[2])) if found else None


def _lowest(folder: Module) -> tuple[int, int] | None:
    lows = []
    for block in folder.settings:
        constraint = block.get("required_version")
        if isinstance(constraint, hcl.Literal) and isinstance(constraint.value, str):
            lows += [(int(m[1]), int(m[2])) for part in constraint.value.split(",") if (m := _LOWER.match(part.strip()))]
    return max(lows, default=None)
