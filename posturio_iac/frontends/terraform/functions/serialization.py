"""Functions that read and write JSON and YAML."""

from __future__ import annotations

from functools import lru_cache

from posturio_iac.frontends.terraform.functions import json_text, yaml_text
from posturio_iac.frontends.terraform.functions.signature import anything, function, limit_text, text
from posturio_iac.frontends.terraform.values import Value, normal


@function("jsondecode", text("str"))
def json_decode(document: str) -> Value:
    limit_text(len(document))
    return normal(json_text.read(document))


@function("jsonencode", anything())
def json_encode(value: Value) -> str:
    """Write JSON."""
    result = json_text.write(value)
    limit_text(len(result))
    return result


@function("yamldecode", text("src"))
def yaml_decode(document: str) -> Value:
    limit_text(len(document))
    return _yaml(document)


@lru_cache(maxsize=8)
def _yaml(document: str) -> Value:
    return normal(yaml_text.read(document))


@function("yamlencode", anything())
def yaml_encode(value: Value) -> str:
    """Write YAML."""
    result = yaml_text.write(value)
    limit_text(len(result))
    return result
