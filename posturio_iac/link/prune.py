"""Decodes a state without its secrets: everything that is not needed is dropped while its object is being read."""

from __future__ import annotations

import json
from typing import Any

from posturio_iac.core.keys.resource_types import KEY_TYPES

KEY_ATTRIBUTES = ("id", "user", "status", "service_specific_credential_id", "user_name", "service_name")
"""All that is ever kept of a key."""
ELSEWHERE = frozenset({"provider_schemas", "configuration", "diagnostics", "valid"})
"""Members of other Terraform documents with a ``format_version``."""
LONGEST = 2048
"""Longer texts are dropped: no address, user name or key id is that long."""
_STRUCTURE = frozenset(
    [
        *("version", "format_version", "terraform_version", "resources", "instances", "modules", "path", "module", "mode", "type", "name"),
        *("index_key", "index", "deposed", "deposed_key", "address", "attributes", "attributes_flat", "values", "root_module"),
        *("child_modules", "primary", "backend", *KEY_ATTRIBUTES),
    ]
)
_PRESENCE = frozenset({"encrypted_data", "serial", "planned_values", "resource_changes", "planned_change", *ELSEWHERE})
"""Members whose mere presence matters."""
_KINDS = (("type", "instances"), ("type", "values"), ("type", "primary"))
"""Members of an object that describes one resource, in the three formats of states."""


def decoded(text: str) -> Any:
    """The needed parts of a JSON document.

    Raises:
        ValueError: it is not JSON. Do not show its text or its attributes, which may hold all of the document.
        RecursionError: it nests too deeply.

    """
    return json.loads(text, object_pairs_hook=_kept, parse_float=_nothing, parse_constant=_nothing)


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    """The needed parts of one object; None for a resource that is no access key."""
    found: dict[str, Any] = {name: True if name in _PRESENCE else value for name, value in pairs if _matters(name, value)}
    if not any(all(name in found for name in kind) for kind in _KINDS):
        return found
    if not isinstance(found["type"], str) or found["type"] not in KEY_TYPES:
        return None
    for place in ("values", "attributes"):
        if isinstance(found.get(place), dict):
            found[place] = {name: found[place][name] for name in KEY_ATTRIBUTES if name in found[place]}
    return found


def _matters(name: str, value: object) -> bool:
    if name not in _STRUCTURE and name not in _PRESENCE and not name.startswith(tuple(f"{kind}." for kind in KEY_TYPES)):
        return False
    return not isinstance(value, str) or len(value) <= LONGEST


def _nothing(_: str) -> None:
    """Drop a number that is not needed."""
