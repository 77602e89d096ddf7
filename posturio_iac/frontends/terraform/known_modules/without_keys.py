"""Public modules that are called most and make no key, by globs of their addresses."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from posturio_iac.frontends.terraform.known_modules.module_source import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILT_IN = (
    "terraform-aws-modules/*",
    "github.com/terraform-aws-modules/*",
    "terraform-google-modules/*",
    "github.com/terraform-google-modules/*",
    "azure/*",
    "github.com/azure/*",
    "cloudposse/label/null",
    "github.com/cloudposse/terraform-null-label",
    "github.com/cloudposse/terraform-terraform-label",
    "cloudposse/stack-config/yaml",
    "cloudposse/ssm-parameter-store/aws",
    "github.com/cloudposse/terraform-aws-ssm-parameter-store",
    "cloudposse/security-group/aws",
    "cloudposse/helm-release/aws",
)
"""Of terraform-aws-modules only the submodules for users make keys."""
_USERS = ("terraform-aws-modules/iam/aws", "github.com/terraform-aws-modules/terraform-aws-iam")


def makes_no_key(source: str, configured: Iterable[Mapping[str, Any]] = ()) -> bool:
    """True if the module at ``source`` is one of those, or of those that a configuration names with ``creates = false``."""
    parsed = parse_source(source)
    if parsed.address in _USERS and "user" in parsed.submodule:
        return False
    full = f"{parsed.address}//{parsed.submodule}" if parsed.submodule else parsed.address
    globs = [*BUILT_IN, *_globs(configured)]
    return any(fnmatchcase(parsed.address, glob) or fnmatchcase(full, glob) for glob in globs)


def _globs(configured: Iterable[Mapping[str, Any]]) -> list[str]:
    given = (entry.get(name, ()) for entry in configured if entry.get("creates") is False for name in ("registry", "repository"))
    return [glob.lower() for value in given for glob in ([value] if isinstance(value, str) else value)]
