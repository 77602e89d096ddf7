"""Checks a value against what botocore knows about the input of an operation, and harder than botocore itself does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


def complaints(service: str, operation: str, value: dict[str, Any]) -> list[str]:
    """Return what is wrong: types, members that are missing or unknown, and, which botocore leaves to AWS, enums, patterns and lengths."""
    shape = botocore.session.Session().get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(value, shape)
    return [report.generate_report()] if report.has_errors() else list(_strict(shape, value, ""))


def _strict(shape: Any, value: Any, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from _strict(shape.members[name], member, f"{at}.{name}")
        case "list":
            for number, member in enumerate(value):
                yield from _strict(shape.member, member, f"{at}[{number}]")
        case "map":
            for name, member in value.items():
                yield from (*_strict(shape.key, name, f"{at} key"), *_strict(shape.value, member, f"{at}.{name}"))
        case "string" if shape.enum and value not in shape.enum:
            yield f"{at}: {value!r} is none of {shape.enum}"
    limits = shape.metadata
    if "pattern" in limits and not re.search(limits["pattern"], value):
        yield f"{at}: {value!r} does not match {limits['pattern']}"
    if isinstance(value, (str, list)) and not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        yield f"{at}: length {len(value)} is not allowed"
