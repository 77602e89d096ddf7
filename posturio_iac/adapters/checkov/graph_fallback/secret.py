"""Where the secret of a key leaves, as far as checkov's graph shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.adapters.checkov.graph import argument_of
from posturio_iac.adapters.checkov.graph_fallback.value import value_of
from posturio_iac.core.evidence.remedy import SetArgument
from posturio_iac.core.evidence.secret_holder import HolderKind, SecretHolder
from posturio_iac.core.keys.resource_types import secrets_of
from posturio_iac.core.model import Exposure, Unknown
from posturio_iac.core.open_kinds import NOT_SHOWN
from posturio_iac.core.place import Place
from posturio_iac.facts.sinks import SINKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.adapters.checkov.graph import Graph, Vertex
    from posturio_iac.core.model import Span

_PARAMETER = "aws_ssm_parameter"


def exposures_of(key: Vertex, graph: Graph, span: Span) -> tuple[Exposure | Unknown, ...]:
    """The places that show the secret, and those of which checkov does not tell whether they do."""
    if key.config.get("pgp_key") is not None:
        return ()
    found: list[Exposure | Unknown] = []
    for label, user in graph.sources(key):
        argument = argument_of(label)
        if argument in ("depends_on", "lifecycle") or not _may_hold_secret(user, key):
            continue
        if user.kind == "resource" and user.type == _PARAMETER and argument == "value":
            found.extend(_parameter(user, key, graph, span))
        elif user.kind != "resource" or user.type in SINKS:
            found.append(NOT_SHOWN("checkov", f"whether {user.kind} {user.name} shows the secret"))
    return tuple(dict.fromkeys(found))


def _may_hold_secret(vertex: Vertex, key: Vertex) -> bool:
    text = str(dict(vertex.config))
    return any(name in text for name in secrets_of(key.type))


def _parameter(parameter: Vertex, key: Vertex, graph: Graph, span: Span) -> Iterator[Exposure | Unknown]:
    """Sort a parameter of Systems Manager by its type."""
    kind, value = value_of(parameter, "type", graph), parameter.first("value")
    if kind == "SecureString":
        return
    plain = isinstance(value, str) and value.strip("${}") in {f"{key.name}.{name}" for name in secrets_of(key.type)}
    always = parameter.config.get("count") is None and parameter.config.get("for_each") is None and "[" not in parameter.name
    if kind in ("String", "StringList") and plain and always:
        yield Exposure(
            span,
            SecretHolder(HolderKind.ARGUMENT, parameter.address, "value"),
            SetArgument(Place(parameter.address), "type", '"SecureString"'),
        )
    else:
        yield NOT_SHOWN("checkov", f"whether {parameter.address} shows the secret")
