"""Lifetimes of a key in checkov's graph: from the resources that it connects by ``replace_triggered_by``, ``user`` and others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from posturio_iac.adapters.checkov.graph_fallback.value import value_of
from posturio_iac.core.evidence.origin import ChangeOrigin, DependsOnOrigin, IgnoreChangesOrigin, TriggerOrigin
from posturio_iac.core.evidence.reason import (
    GRAPH_LACKS_CHANGE,
    GRAPH_LACKS_EFFECT,
    GRAPH_LACKS_TARGET,
    MAY_BE_ROTATED,
    NEW_CLOCK,
    ONLY_ORDERS,
    OPENTOFU_VERSION,
)
from posturio_iac.core.evidence.remedy import INSTANCE, ReplaceTrigger
from posturio_iac.core.intervals import describe_interval, parse_interval
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Effect, Kind, Lifetime, Replacement, Unknown
from posturio_iac.core.open_kinds import MAY_ROTATE, NOT_SHOWN
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.facts.schedulers import COMPUTED_ONCE, ROTATING, ROTATION_ARGUMENTS, SCHEDULERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from posturio_iac.adapters.checkov.graph import Graph, Vertex
    from posturio_iac.core.model import Attr, Span

_CLOCKS = frozenset((ROTATING, *SCHEDULERS, *COMPUTED_ONCE))
_SECRETS = ("aws_secretsmanager_secret_rotation", "aws_secretsmanager_secret", "aws_lambda_function", "aws_scheduler_schedule")
"""Resources that may rotate a key from elsewhere."""


class GraphRotation(NamedTuple):
    """The lifetimes of a key in the graph."""

    lifetimes: tuple[Lifetime, ...]
    hidden: tuple[Unknown, ...]
    replacement: Attr[Replacement | None]


def rotation_of(key: Vertex, graph: Graph, span: Span, top: str | None) -> GraphRotation:
    """The rotations of a key. What does not follow from the graph for certain is unknown, never missing."""
    lifecycle = _lifecycle(key)
    lifetimes = [
        *_triggers(key, lifecycle, graph, span, top),
        *_repeated(key, graph, span),
        *_ordered(key, graph, span),
        *_alone(lifecycle, span),
    ]
    elsewhere = next((v.address for v in graph.around(key) if v.type in _SECRETS and _is_rotator(v)), None) or _rotating_call(key, graph)
    hidden = [MAY_ROTATE(elsewhere)] if elsewhere is not None else []
    if any(v is not key and (v.kind, v.name, v.top) == (key.kind, key.name, key.top) for v in graph.vertices.values()):
        hidden.append(NOT_SHOWN("checkov", f"which of several blocks of {key.address} counts"))
    return GraphRotation(tuple(lifetimes), tuple(hidden), _replacement(lifetimes, lifecycle, span))


def _lifecycle(vertex: Vertex) -> dict[str, Any]:
    block = vertex.first("lifecycle")
    return block if isinstance(block, dict) else {}


def _listed(value: object) -> Iterator[str]:
    """Yield the texts in lists of lists, as checkov keeps a list."""
    if isinstance(value, list):
        for inner in value:
            yield from _listed(inner)
    elif isinstance(value, str):
        yield value


def _by_name(vertices: Iterable[Vertex]) -> dict[str, Vertex]:
    """Return resources by type and name; of several instances, which checkov makes of ``count`` and ``for_each``, one."""
    return {v.name.partition("[")[0]: v for v in vertices if v.kind == "resource"}


def _triggers(key: Vertex, lifecycle: dict[str, Any], graph: Graph, span: Span, top: str | None) -> Iterator[Lifetime]:
    named = list(_listed(lifecycle.get("replace_triggered_by"))) or (["its value"] if "replace_triggered_by" in lifecycle else [])
    targets = _by_name(graph.targets(key, "lifecycle"))
    for text in named:
        origin = TriggerOrigin(text)
        target = targets.get(".".join(text.split(".")[:2]).partition("[")[0])
        if target is None:
            yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, span, reason=GRAPH_LACKS_TARGET())
        elif target.type == ROTATING:
            yield _direct(text, target, origin, span, top)
        else:
            yield _through(target, text, origin, graph, span)


def _direct(text: str, clock: Vertex, origin: TriggerOrigin, span: Span, top: str | None) -> Lifetime:
    """The evidence of a trigger that names the clock itself, which only newer versions of OpenTofu react to."""
    if top is None or _is_opentofu(top):
        return Lifetime(
            Kind.ROTATION,
            Effect.UNKNOWN,
            origin,
            text,
            span,
            reason=OPENTOFU_VERSION(),
        )
    return Lifetime(Kind.ROTATION, Effect.INERT, origin, text, span, reason=NEW_CLOCK(ROTATING), remedy=_hop(text, clock, span))


def _hop(text: str, clock: Vertex, span: Span, *, is_dependency: bool = False) -> ReplaceTrigger:
    """The change of a reference to a clock, such as ``time_rotating.k[0].id``."""
    address, bracket, rest = text.partition("[")
    address = ".".join(address.split(".")[:2])
    index = f"[{rest.rpartition(']')[0]}]" if bracket else ""
    repeated = next((argument for argument in INSTANCE if clock.config.get(argument) is not None), "")
    name = address.partition(".")[2]
    return ReplaceTrigger(Place(text, span), f"{address}{index}", name, is_dependency=is_dependency, repeated=repeated)


def _is_opentofu(top: str) -> bool:
    try:
        with open(os.path.join(top, ".terraform.lock.hcl"), encoding="utf-8", errors="replace") as lock:
            return "registry.opentofu.org" in lock.read()
    except OSError:
        return any(name.endswith((".tofu", ".tofu.json")) for name in os.listdir(top)) if os.path.isdir(top) else True


def _through(target: Vertex, text: str, origin: TriggerOrigin, graph: Graph, span: Span) -> Lifetime:
    """The evidence of a trigger that may follow a clock."""
    reached = [v for v in graph.behind([target]) if v.kind == "resource"]
    clocks = [v for v in reached if v.type == ROTATING]
    others = [v for v in reached if v.type in SCHEDULERS or (v.type not in _CLOCKS and v is not target) or _lifecycle(v)]
    interval = _interval(clocks[0], graph) if len(clocks) == 1 and not others else None
    if interval is None:
        return Lifetime(Kind.ROTATION, Effect.UNKNOWN, origin, text, span, reason=GRAPH_LACKS_CHANGE(target.address))
    value = describe_interval(interval)
    return Lifetime(Kind.ROTATION, Effect.ENFORCED, replace(origin, via=clocks[0].address), value, span, interval=interval)


def _interval(clock: Vertex, graph: Graph) -> timedelta | None:
    """The interval of a clock, when it is certain."""
    if any(clock.first(name) is not None for name in ("rfc3339", "rotation_rfc3339")):
        return None
    stated = ((value_of(clock, name, graph), unit) for name, unit in reversed(ROTATION_ARGUMENTS))
    value, unit = next(((value, unit) for value, unit in stated if value is not None), (None, ""))
    return parse_interval(value, unit) if isinstance(value, (int, float, str)) else None


def _repeated(key: Vertex, graph: Graph, span: Span) -> Iterator[Lifetime]:
    """Yield unknown evidence when the user or the number of keys may follow a clock."""
    for argument in (KEY_TYPES[key.type], "for_each", "count"):
        for reached in graph.behind(graph.targets(key, argument)):
            if reached.kind == "resource" and (reached.type in _CLOCKS or reached.type in ("null_resource", "terraform_data")):
                reason = GRAPH_LACKS_EFFECT(reached.address)
                yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, ChangeOrigin(argument), "", span, reason=reason)
                return


def _ordered(key: Vertex, graph: Graph, span: Span) -> Iterator[Lifetime]:
    """Yield the inert evidence of ``depends_on``."""
    clocks = {name: v for name, v in _by_name(graph.targets(key, "depends_on")).items() if v.type == ROTATING}
    for text in _listed(key.config.get("depends_on")):
        if text in clocks:
            hop = _hop(text, clocks[text], span, is_dependency=True)
            yield Lifetime(Kind.ROTATION, Effect.INERT, DependsOnOrigin(text), text, span, reason=ONLY_ORDERS(), remedy=hop)


def _alone(lifecycle: dict[str, Any], span: Span) -> Iterator[Lifetime]:
    """Yield unknown evidence when Terraform is told to leave the key alone."""
    if any(text in ("all", "*") for text in _listed(lifecycle.get("ignore_changes"))):
        yield Lifetime(
            Kind.ROTATION,
            Effect.UNKNOWN,
            IgnoreChangesOrigin(),
            span=span,
            reason=MAY_BE_ROTATED(),
        )


def _rotating_call(key: Vertex, graph: Graph) -> str | None:
    """A module call that is given the key and asked to rotate something, as terraform-aws-modules/secrets-manager is."""
    calls = (vertex for _, vertex in graph.sources(key) if vertex.kind == "module")
    return next((f"module.{call.name}" for call in calls if any("rotat" in name for name in call.config)), None)


def _is_rotator(vertex: Vertex) -> bool:
    return vertex.type == _SECRETS[0] or "rotat" in vertex.name.lower() or vertex.config.get("rotation_lambda_arn") is not None


def _replacement(lifetimes: list[Lifetime], lifecycle: dict[str, Any], span: Span) -> Attr[Replacement | None]:
    """Return how the rotation is carried out; the order may also come from what needs the key, so that its lack is unknown."""
    if any(e.effect is Effect.UNKNOWN for e in lifetimes):
        return NOT_SHOWN("checkov", "whether anything replaces the key")
    if not any(e.effect is Effect.ENFORCED for e in lifetimes):
        return None
    first = lifecycle.get("create_before_destroy")
    known = first[0] if isinstance(first, list) and first else first
    order = True if known in (True, "true") else NOT_SHOWN("checkov", "in which order the key is replaced")
    return Replacement(span, order, takes_turns=False)
