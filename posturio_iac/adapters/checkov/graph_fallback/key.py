"""A key as far as checkov read it: from its configuration and its graph, for code that our own scan does not see.

That is Terraform where our parsers are not installed, and code that our scan leaves out, such as files that git ignores. checkov replaces
a variable by its default, although anyone may set another value. So every value that a variable reaches is unknown here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from posturio_iac.adapters.checkov.graph import Vertex, graph_of
from posturio_iac.adapters.checkov.graph_fallback.comment_scan import comments_on
from posturio_iac.adapters.checkov.graph_fallback.lifetime import rotation_of
from posturio_iac.adapters.checkov.graph_fallback.secret import exposures_of
from posturio_iac.adapters.checkov.graph_fallback.user import USER, namesakes_of, user_of
from posturio_iac.adapters.checkov.graph_fallback.value import certain, value_of
from posturio_iac.core.evidence.remedy import AddComment
from posturio_iac.core.keys.resource_types import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL
from posturio_iac.core.model import NOT_ACTIVE, KeyKind, Span, Unknown
from posturio_iac.core.open_kinds import HAS_NO, NOT_SHOWN
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.facts.access_key import access_key, status_of
from posturio_iac.facts.credential_age import age_lifetime
from posturio_iac.facts.max_age import max_age_lifetime
from posturio_iac.facts.metadata_items import items_of
from posturio_iac.facts.model import FactOptions, KeyFacts
from posturio_iac.facts.namesakes import left_open
from posturio_iac.facts.remedies import remedies_in_code
from posturio_iac.facts.siblings import Sibling, active_siblings
from posturio_iac.metadata.parsed_comments import ParsedComments, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.adapters.checkov.graph import Graph
    from posturio_iac.core.model import AccessKey, Attr, Lifetime
    from posturio_iac.metadata.names import Names

NOT_FOUND = HAS_NO("checkov's graph", "such key")


def exists(entity: Entity) -> bool:
    """True if there is such a key for certain: checkov has made every instance a block of its own, or kept what it cannot count."""
    lifecycle = entity.config.get("lifecycle")
    switched = isinstance(lifecycle, list) and any(isinstance(block, dict) and "enabled" in block for block in lifecycle)
    counted = any(entity.config.get(name) is not None for name in ("count", "for_each")) or isinstance(certain(entity.name, ""), Unknown)
    return not counted and not switched


def key_of(entity: Entity, root: str, names: Names, rules: Collection[str], as_of: datetime) -> AccessKey:
    """The key that a resource of checkov's declares. Paths are relative to ``root``."""
    graph = graph_of(entity.graph)
    found = graph.find(entity.kind, entity.name, entity.config, entity.file)
    own = found or Vertex(None, "resource", f"{entity.kind}.{entity.name}", entity.file, entity.config, entity.top or "")
    path = os.path.relpath(entity.file, root).replace(os.sep, "/")
    span = Span(path, *_header(entity))
    user = user_of(own, graph, span)
    parsed = _said(entity, own, graph, root, rules, names)
    ends = rotation_of(own, graph, span, entity.top)
    service = value_of(own, SERVICE, graph) if own.type == SERVICE_CREDENTIAL else None
    unseen = () if found is not None else (NOT_FOUND,)
    facts = KeyFacts(
        address=entity.address or own.name,
        framework="terraform",
        span=span,
        user=user,
        status=value_of(own, "status", graph),
        remedies=remedies_in_code(own.type, entity.name, AddComment(Place(own.name, span), target=own.name), service),
        label=entity.name,
        beside=items_of(parsed),
        lifetimes=(*ends.lifetimes, *_timed(own, service, graph, span)),
        hidden=(*ends.hidden, *unseen),
        existence=_existence(own, graph),
        is_root=None if found is not None else NOT_FOUND,
        replacement=ends.replacement,
        exposures=(*exposures_of(own, graph, span), *unseen),
        directives=parsed.directives,
        scope=os.path.relpath(entity.top or os.path.dirname(entity.file), root).replace(os.sep, "/"),
        kind=KeyKind.ACCESS_KEY if service is None else KeyKind.SERVICE_CREDENTIAL,
        service=service if service is None or isinstance(service, (str, Unknown)) else NOT_SHOWN("checkov", SERVICE),
    )
    key = replace(access_key(facts, FactOptions(names, as_of)), active_siblings=_siblings(own, graph, root))
    return left_open(key, namesakes_of(user, own, graph, root, names))


def _timed(own: Vertex, service: object, graph: Graph, span: Span) -> Iterator[Lifetime]:
    """Yield the lifetimes that arguments of the key itself state."""
    if own.type == EXPIRING_KEY:
        yield max_age_lifetime(value_of(own, "max_age", graph), "max_age", own.name, span)
    elif own.type == SERVICE_CREDENTIAL:
        age = age_lifetime(value_of(own, AGE, graph), service, Place(own.name, span), span)
        yield from () if age is None else (age,)


def _existence(own: Vertex, graph: Graph) -> Unknown | None:
    """Return why it is open whether there is such a key: a call on the way to it makes any number of instances, or is overridden."""
    calls = _calls(own, graph)
    counted = next((call for call in calls if any(call.config.get(name) is not None for name in ("count", "for_each"))), None)
    if counted is not None:
        return NOT_SHOWN("checkov", f"how many instances {counted.address} makes")
    if len({call.address for call in calls}) < len(calls):
        return NOT_SHOWN("checkov", "which of several blocks of the module call that leads to it counts")
    return None


def _header(entity: Entity) -> tuple[int, int, int, int]:
    """The place of a block's first word as far as it is known: its line."""
    line = entity.lines[0] or 1
    return line, 1, line, 2


def _said(entity: Entity, own: Vertex, graph: Graph, root: str, rules: Collection[str], names: Names) -> ParsedComments:
    """The statements of comments on the block and on its user; suppressions count on the block alone."""
    here = _parsed(entity.file, entity.lines, root, rules, names)
    users = [v for v in graph.targets(own, KEY_TYPES[own.type]) if v.kind == "resource" and v.type == USER]
    at_user = [_parsed(user.file, user.lines, root, rules, names) for user in users]
    calls = [_parsed(call.file, call.lines, root, rules, names) for call in _calls(own, graph)]
    metadata = (*here.metadata, *(m for p in (*calls, *at_user) for m in p.metadata))
    return ParsedComments(metadata, (*here.directives, *(d for p in calls for d in p.directives)))


def _calls(own: Vertex, graph: Graph) -> list[Vertex]:
    """The calls of modules that lead to a key, the nearest first."""
    names = own.address.split(".")[:-2]
    outer = [".".join(names[: end - 2] + names[end - 1 : end]) for end in range(len(names), 0, -2)]
    return [v for address in outer for v in graph.vertices.values() if v.kind == "module" and v.address == address and v.top == own.top]


def _parsed(file: str, lines: tuple[int, int], root: str, rules: Collection[str], names: Names) -> ParsedComments:
    path = os.path.relpath(file, root).replace(os.sep, "/")
    try:
        return parse(comments_on(file, lines, path), rules, names)
    except OSError:
        return ParsedComments()


def _siblings(own: Vertex, graph: Graph, root: str) -> Attr[tuple[str, ...]]:
    """The other keys of the same user, when each of them certainly exists and nothing rotates any of them."""
    plain = _is_plain(own, graph)
    others = []
    for other in (v for v in graph.around(own) if v.type in KEY_TYPES):
        same = _is_same(own, other, graph)
        if same is not False:
            status = status_of(value_of(other, "status", graph))
            is_sure = same and plain and _is_plain(other, graph)
            reason = NOT_SHOWN("checkov", f"whether {other.address} is of the same user and there at the same time")
            is_active = status if isinstance(status, Unknown) else status not in NOT_ACTIVE
            others.append(Sibling(Place(other.address, other.span(root)), is_active, is_sure or reason))
    return active_siblings(others)


def _is_same(one: Vertex, other: Vertex, graph: Graph) -> bool | None:
    """True if two keys are of one user, and for one service where they are for one; None when checkov does not show that."""
    if (one.type == SERVICE_CREDENTIAL) is not (other.type == SERVICE_CREDENTIAL):
        return False
    is_same_user = _is_same_user(one, other, graph)
    if one.type != SERVICE_CREDENTIAL or is_same_user is False:
        return is_same_user
    services = [value_of(v, SERVICE, graph) for v in (one, other)]
    return None if any(isinstance(service, Unknown) for service in services) else is_same_user and services[0] == services[1]


def _is_same_user(one: Vertex, other: Vertex, graph: Graph) -> bool | None:
    declared = [{u.key for u in graph.targets(v, KEY_TYPES[v.type]) if u.type == USER} for v in (one, other)]
    if all(declared):
        return not declared[0].isdisjoint(declared[1])
    named = [value_of(v, KEY_TYPES[v.type], graph) for v in (one, other)]
    return None if any(isinstance(name, Unknown) for name in named) else named[0] == named[1]


def _is_plain(vertex: Vertex, graph: Graph) -> bool:
    """True if a key exists once and for all, is active or not for certain, and nothing replaces it."""
    repeated: Any = "[" in vertex.name or any(vertex.config.get(name) is not None for name in ("count", "for_each", "lifecycle", "max_age"))
    return not repeated and "module." not in vertex.address and not isinstance(value_of(vertex, "status", graph), Unknown)
