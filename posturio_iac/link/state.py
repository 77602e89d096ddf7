"""The keys in a state of Terraform or OpenTofu: address, id, user, service and status, and nothing else.

Formats: https://developer.hashicorp.com/terraform/internals/json-format#state-representation for ``terraform show -json``; the
file itself is that of ``terraform state pull``, version 4 since Terraform 0.12.
"""

from __future__ import annotations

import json
import os
import re

from posturio_iac.core.keys import KEY_TYPES, SERVICE, SERVICE_CREDENTIAL, index
from posturio_iac.core.model import STATUSES, KeyKind
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.textfile import LARGE, STDIN, MissingError, TooLargeError, UnreadableError, read_named
from posturio_iac.core.text.textfile import decoded as text_of
from posturio_iac.errors import UsageError, describe_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

KEY_ATTRIBUTES = ("id", "user", "status", "service_specific_credential_id", "user_name", "service_name")
ELSEWHERE = frozenset({"provider_schemas", "configuration", "diagnostics", "valid"})
"""Members of other Terraform documents with a ``format_version``."""
LONGEST = 2048  # longer texts are dropped: no address, user name or key id is that long
_STRUCTURE = frozenset(
    [
        *("version", "format_version", "terraform_version", "resources", "instances", "modules", "path", "module", "mode", "type", "name"),
        *("index_key", "index", "deposed", "deposed_key", "address", "attributes", "attributes_flat", "values", "root_module"),
        *("child_modules", "backend", *KEY_ATTRIBUTES),
    ]
)
_PRESENCE = frozenset({"encrypted_data", "serial", "planned_values", "resource_changes", "planned_change", *ELSEWHERE})

_COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_PLAN = b"PK\x03\x04"


def decoded(text: str) -> Any:
    """The needed parts of JSON. Raises RecursionError, and ValueError, which must not be shown: it may hold all of the document."""
    return json.loads(text, object_pairs_hook=_kept, parse_float=lambda _: None, parse_constant=lambda _: None)


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    short = ((name, value) for name, value in pairs if not isinstance(value, str) or len(value) <= LONGEST)
    found: dict[str, Any] = {name: True if name in _PRESENCE else value for name, value in short if name in _STRUCTURE | _PRESENCE}
    if "type" not in found or not ("instances" in found or "values" in found):  # no resource of either format
        return found
    return found if isinstance(found["type"], str) and found["type"] in KEY_TYPES else None


_ID = lazy_pattern(r"[A-Z0-9]{16,128}")
_SERVICE = lazy_pattern(r"[\w.-]{1,128}", re.ASCII)
_USER = lazy_pattern(r"[\w+=,.@-]{1,128}", re.ASCII)
_PULL = "`terraform state pull` or `terraform show -json`"


class StateError(Exception):
    """A document is not a state, or not a readable one. The text says which and what to do; it quotes nothing of the document."""


@dataclass(frozen=True, slots=True)
class StateKey:
    """One access key of a state."""

    address: str
    key_id: str | None
    user: str | None
    status: str | None
    deposed: bool = False  # it is replaced already, and the next apply deletes it
    kind: KeyKind = KeyKind.ACCESS_KEY
    service: str | None = None


@dataclass(frozen=True, slots=True)
class TerraformState:
    """One state that was read."""

    label: str
    keys: tuple[StateKey, ...]


def parse(text: str, label: str) -> TerraformState:
    """The keys of a state. Raises `StateError` (it is not a state)."""
    return TerraformState(label, tuple(_keys(_document(text, label), label)))


def _document(text: str, label: str) -> dict[str, Any]:
    trouble = ""
    document: Any = None
    try:
        document = decoded(text)
    except RecursionError:
        trouble = "nests too deeply to be a state"
    except ValueError as error:
        line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
        where = f" after line {line}, column {column}" if line else ""
        trouble = f"is not complete JSON{where}; pass a state file, or the output of {_PULL}"
    if not trouble and not isinstance(document, dict):
        trouble = f"is JSON but not a state; pass the output of {_PULL}"
    if trouble:
        raise StateError(f"{label} {trouble}")
    found: dict[str, Any] = document
    return found


def _keys(document: dict[str, Any], label: str) -> Iterator[StateKey]:
    match document:
        case {"encrypted_data": _}:
            raise StateError(f"{label} is an encrypted OpenTofu state; pass the output of `tofu state pull` or `tofu show -json` instead")
        case {"planned_values": _} | {"resource_changes": _} | {"planned_change": _}:
            how = f"pass the output of {_PULL} without a plan file, and scan the plan with `scan`"
            raise StateError(f"{label} is a plan, not a state; {how}")
        case {"format_version": str() as version} if ELSEWHERE.isdisjoint(document):
            if version.partition(".")[0] not in ("0", "1"):
                text = f"has the format {version[:20]}, which this version of posturio-iac does not know; update posturio-iac"
                raise StateError(f"{label} {text}")
            return _shown(document, label)
        case {"version": 4, "resources": list() as resources}:
            return _version_4(resources, label)
        case {"backend": _}:
            raise StateError(f"{label} only names the backend that holds the state; run `terraform state pull` there and pass its output")
        case {"version": int() as version} if "modules" in document or "resources" in document or "serial" in document:
            raise StateError(f"{label} is a state of version {version}, but only version 4 is read; pass the output of {_PULL}")
        case _:
            raise StateError(f"{label} is JSON but not a state; pass the output of {_PULL}")


def _shown(document: dict[str, Any], label: str) -> Iterator[StateKey]:
    values = document.get("values") or {}
    pending = [*_objects([values.get("root_module") if isinstance(values, dict) else None], label)]
    while pending:
        module = pending.pop()
        for resource in _objects(module.get("resources"), label):
            if _is_key(resource):
                address, deposed = resource.get("address"), resource.get("deposed_key")
                if not isinstance(address, str):
                    raise _broken(label)
                yield _key(resource["type"], address, resource.get("values"), deposed)
        pending += _objects(module.get("child_modules"), label)


def _version_4(resources: list[Any], label: str) -> Iterator[StateKey]:
    for resource in _objects(resources, label):
        if not _is_key(resource):
            continue
        if not isinstance(resource.get("name"), str):
            raise _broken(label)
        module = resource.get("module")
        head = f"{module}." if isinstance(module, str) and module else ""
        for instance in _objects(resource.get("instances"), label):
            address = f"{head}{resource['type']}.{resource['name']}{index(instance.get('index_key'))}"
            yield _key(resource["type"], address, instance.get("attributes") or instance.get("attributes_flat"), instance.get("deposed"))


def _objects(entries: Any, label: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list; None stands for an object that was dropped while reading."""
    if entries is not None and not isinstance(entries, list):
        raise _broken(label)
    for entry in entries or ():
        if isinstance(entry, dict):
            yield entry
        elif entry is not None:
            raise _broken(label)


def _is_key(resource: dict[str, Any]) -> bool:
    return resource.get("type") in tuple(KEY_TYPES) and resource.get("mode", "managed") == "managed"


def _key(kind: str, address: str, attributes: Any, deposed: Any) -> StateKey:
    found = attributes if isinstance(attributes, dict) else {}
    is_credential = kind == SERVICE_CREDENTIAL
    status = found.get("status")
    return StateKey(
        address,
        _text(found.get("service_specific_credential_id" if is_credential else "id"), _ID),
        _text(found.get(KEY_TYPES.get(kind, "user")), _USER),
        status if status in STATUSES else None,
        deposed=bool(deposed),
        kind=KeyKind.SERVICE_CREDENTIAL if is_credential else KeyKind.ACCESS_KEY,
        service=_text(found.get(SERVICE), _SERVICE) if is_credential else None,
    )


def _text(value: Any, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _broken(label: str) -> StateError:
    return StateError(f"{label} looks like a state but is not structured like one; pass the output of {_PULL}")


def read_state(path: str) -> TerraformState:
    """The state in a file, or on standard input for ``-``. Raises `UsageError` (no such file) and `StateError`."""
    label = "standard input" if path == STDIN else path
    return parse(_content(path, label), label)


def _inside(folder: str) -> str:
    workspaces = os.path.join(folder, "terraform.tfstate.d")
    found = [os.path.join(folder, "terraform.tfstate")]
    if os.path.isdir(workspaces):
        found += [os.path.join(workspaces, name, "terraform.tfstate") for name in sorted(os.listdir(workspaces))]
    there = [path for path in found if os.path.isfile(path)]
    if there:
        return f"name the files: {' '.join(f'--state {path}' for path in there[:5])}"
    return "run `terraform state pull` in it and pass the output: --state -"


def _content(path: str, label: str) -> str:
    try:
        data = read_named(path, LARGE)
    except MissingError:
        raise UsageError(f"--state {path}: there is no such file") from None
    except TooLargeError:
        raise StateError(f"{label} has more than {describe_size(LARGE)} and was not read; pass the states of its parts") from None
    except UnreadableError as error:
        if os.path.isdir(path):
            raise UsageError(f"--state {path} is a folder; {_inside(path)}") from None
        raise StateError(f"{label}: {error}") from None
    if not data.strip():
        raise StateError(f"{label} is empty; `terraform state pull` prints nothing if nothing has been applied yet")
    if data.startswith(_PLAN):
        raise StateError(f"{label} is a saved plan or an archive, not a state; pass the output of `terraform state pull`")
    for mark, name in _COMPRESSED:
        if data.startswith(mark):
            raise StateError(f"{label} is compressed with {name}; pass the decompressed state, for example with --state -")
    try:
        return text_of(data)
    except UnreadableError as error:
        raise StateError(f"{label} {error}, so not a state; pass the output of `terraform state pull`") from None
