"""Input of cfn-lint as files that our scan can read: a template from standard input, and sets of parameters."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class ParameterSet(Protocol):
    """The part of cfn-lint's ``ParameterSet`` that is used here."""

    source: str | None
    """The file that it comes from."""
    parameters: dict[str, Any]


def write_template(template: dict[str, Any], folder: str) -> str:
    return _write(template, folder, "stdin.json")


def write_parameters(sets: Sequence[ParameterSet], folder: str) -> Iterator[tuple[str, ...]]:
    """Yield the files of each way in which the template is deployed: one without any file when cfn-lint was given no parameters."""
    if not sets:
        yield ()
    for number, one in enumerate(sets):
        content = {"Parameters": one.parameters, "Tags": _tags(one.source)}
        yield (_write(content, folder, f"parameters-{number}.json"),)


def _tags(source: str | None) -> dict[str, Any]:
    """The tags of the stack in a deployment file, which cfn-lint reads and leaves out of its set."""
    if source is None:
        return {}
    from cfnlint.decode import decode

    data = decode(source)[0]
    tags = data.get("tags") if isinstance(data, dict) else None
    return tags if isinstance(tags, dict) else {}


def _write(content: object, folder: str, name: str) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(_plain(content), file)
    return path


def _plain(value: object) -> object:
    """A value as JSON can hold it: an unquoted date is the text that it was."""
    if isinstance(value, dict):
        return {_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key)
