"""Files of parameters for templates."""

from __future__ import annotations

from posturio_iac.core.text.json_nodes import JsonError, decode
from posturio_iac.core.text.textfile import UnreadableError, decoded, read_named
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def load(paths: Sequence[str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The parameters and the stack tags in files of one of three forms; later files win. Raises `UsageError`."""
    values: dict[str, str] = {}
    tags: dict[str, str] = {}
    for path in paths:
        try:
            data = decode(decoded(read_named(path))).data()
        except (UnreadableError, JsonError) as error:
            raise UsageError(f"{path}: {error}") from None
        match data:
            case {"Parameters": dict() as given}:
                values.update(_texts(given, path))
                tags.update(_texts(data["Tags"], path) if isinstance(data.get("Tags"), dict) else {})
            case dict():
                values.update(_texts(data, path))
            case _:
                values.update(_pairs(data, path))
    return values, tuple(tags.items())


def _pairs(data: Any, path: str) -> dict[str, str]:
    if not isinstance(data, list) or not all(isinstance(item, (dict, str)) for item in data):
        raise UsageError(f"{path}: parameters are a list of ParameterKey and ParameterValue, or a map")
    found: dict[str, Any] = {}
    for item in data:
        if isinstance(item, str):
            name, _, value = item.partition("=")
            found[name] = value
        elif "ParameterKey" not in item:
            raise UsageError(f"{path}: an item has no ParameterKey")
        elif "ParameterValue" in item:
            found[str(item["ParameterKey"])] = item["ParameterValue"]
    return _texts(found, path)


def _texts(data: dict[str, Any], path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in data.items():
        match value:
            case bool():
                found[name] = "true" if value else "false"
            case str() | int() | float():
                found[name] = str(value)
            case list():
                found[name] = ",".join(map(str, value))
            case _:
                raise UsageError(f"{path}: the value of {name} is neither text nor a list")
    return found
