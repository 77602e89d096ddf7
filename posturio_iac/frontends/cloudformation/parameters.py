"""Files of parameters: the list that the AWS command line takes, the map that CodePipeline takes, and a plain map."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from posturio_iac.core.text.json_nodes import JsonError, decode
from posturio_iac.core.text.textfile import UnreadableError, read_named
from posturio_iac.errors import UsageError
from posturio_iac.frontends.cloudformation.syntax.source import decode as decode_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence


def load(paths: Sequence[str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The parameters and the stack tags in files; later files win.

    Paths are relative to the current directory. Raises `UsageError` when one cannot be read or has none of the three forms.
    """
    values: dict[str, str] = {}
    tags: dict[str, str] = {}
    for path in paths:
        data = _data(path)
        if isinstance(data, dict) and isinstance(data.get("Parameters"), dict):
            values.update(_texts(data["Parameters"], path))
            tags.update(_texts(data["Tags"], path) if isinstance(data.get("Tags"), dict) else {})
        elif isinstance(data, dict):
            values.update(_texts(data, path))
        else:
            values.update(_pairs(data, path))
    return values, tuple(tags.items())


def _data(path: str) -> Any:
    try:
        return decode(decode_bytes(read_named(os.fspath(path)))).data()
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}") from None
    except JsonError as error:
        raise UsageError(f"{path}: {error}") from None


def _pairs(data: Any, path: str) -> dict[str, str]:
    """Read the list that the command line takes."""
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
    """The values as text; a list is joined as CommaDelimitedList has it."""
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
