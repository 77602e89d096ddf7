"""Functions that read and write JSON and YAML."""

from __future__ import annotations

from functools import lru_cache

from posturio_iac.frontends.terraform.functions import json_text, yaml_text
from posturio_iac.frontends.terraform.functions.signature import TEXT, Environment, anything, function, limit_text
from posturio_iac.frontends.terraform.values import Value, normal


@function("jsondecode", TEXT, environment=True)
def json_decode(environment: Environment, document: str) -> Value:
    """Read JSON."""
    limit_text(len(document))
    environment.spend(len(document) // 8)
    return normal(json_text.read(document))


@function("jsonencode", anything())
def json_encode(value: Value) -> str:
    """Write JSON."""
    result = json_text.write(value)
    limit_text(len(result))
    return result


@function("yamldecode", TEXT, environment=True)
def yaml_decode(environment: Environment, document: str) -> Value:
    """Read YAML, which costs something when it was not read before."""
    limit_text(2 * len(document))  # its nodes take more memory than those of JSON
    before = _yaml.cache_info().misses
    try:
        return _yaml(document)
    finally:
        environment.spend((_yaml.cache_info().misses - before) * len(document) // 4)


@lru_cache(maxsize=8)
def _yaml(document: str) -> Value:
    return normal(yaml_text.read(document))


@function("yamlencode", anything())
def yaml_encode(value: Value) -> str:
    """Write YAML."""
    result = yaml_text.write(value)
    limit_text(len(result))
    return result
