"""The place of a unit's module: the source in its ``terraform`` block, parsed as Terragrunt does."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from posturio_iac.core.model import Span

_CACHE = ".terragrunt-cache/0/0"
"""A name for the folder that Terragrunt copies a module to, two levels below its cache."""
_ELSEWHERE = lazy_pattern(
    r"[a-z0-9+.-]+::|(?!file:)[a-z0-9+.-]+://|[\w.-]+@[\w.-]+:|github\.com/|bitbucket\.org/|gitlab\.com/", re.IGNORECASE
)
_REGISTRY = lazy_pattern(r"tfr://(?P<host>[^/]*)/(?P<module>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UnitSource:
    """The module that a unit applies."""

    text: str
    """As Terraform would write it: registry modules without ``tfr://``."""
    span: Span
    version: str | None = None
    """The version of a registry module."""
    package: str = ""
    """Local: the folder that is copied as a whole, absolute; empty for one that is not here."""
    module: str = ""
    """Local: the folder of the module, absolute."""

    @property
    def is_local(self) -> bool:
        return bool(self.package)


def source_of(text: str, folder: str, span: Span) -> UnitSource:
    """Parse a source; ``folder`` is that of the unit, absolute."""
    registry = _REGISTRY.fullmatch(text)
    if registry is not None:
        host, module = registry["host"], registry["module"]
        version = next((v for k, _, v in (pair.partition("=") for pair in (registry["query"] or "").split("&")) if k == "version"), None)
        known = host in ("", "registry.terraform.io", "registry.opentofu.org")
        return UnitSource(module if known else f"{host}/{module}", span, version)
    if _ELSEWHERE.match(text):
        return UnitSource(text, span)
    path = text.partition("?")[0].removeprefix("file://")
    start = len(path) - len(path.lstrip("/"))
    package, _, inside = path[start:].partition("//")
    top = posixpath.normpath(posixpath.join(folder, path[: min(start, 1)] + package))
    return UnitSource(text, span, package=top, module=posixpath.normpath(posixpath.join(top, inside.strip("/"))))


def as_copied(package: str, unit: str, folder: str, source: str) -> str:
    """The folder that a local ``source`` means in ``folder``, a part of ``package``, which is copied below ``unit``."""
    cache = posixpath.join(unit, _CACHE)
    there = posixpath.normpath(posixpath.join(cache, posixpath.relpath(folder, package), source))
    if there == cache or there.startswith(f"{cache}/"):
        return posixpath.normpath(posixpath.join(package, posixpath.relpath(there, cache)))
    return there
