"""A key as far as checkov read it: from its configuration and its graph, for code that our own scan does not see.

That is Terraform where our parsers are not installed, and code that our scan leaves out, such as files that git ignores. checkov replaces
a variable by its default, although anyone may set another value. So whatever a variable reaches is unknown here.
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
from posturio_iac.core.model import AccessKey, Place, Span, Unknown
from posturio_iac.facts.namesakes import left_open
from posturio_iac.frontends.terraform.keys import evidence
from posturio_iac.frontends.terraform.keys.assembly import KEY_TYPES, ROOT_USER, max_age_lifetime
from posturio_iac.frontends.terraform.keys.remedies import remedies_in_code
from posturio_iac.metadata.directives import ParsedComments, parse

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.adapters.checkov.graph import Graph
    from posturio_iac.core.model import Attr
    from posturio_iac.metadata.names import Names

NOT_FOUND = Unknown("checkov's graph does not hold it")


def exists(entity: Entity) -> bool:
    """Tell whether there is such a key for certain: checkov has made every instance a block of its own, or kept what it cannot count."""
    lifecycle = entity.config.get("lifecycle")
    switched = isinstance(lifecycle, list) and any(isinstance(block, dict) and "enabled" in block for block in lifecycle)
    counted = any(entity.config.get(name) is not None for name in ("count", "for_each")) or isinstance(certain(entity.name, ""), Unknown)
    return not counted and not switched


def key_of(entity: Entity, root: str, names: Names, rules: Collection[str], as_of: datetime) -> AccessKey:
    """Return the key that a resource of checkov's declares. Paths are relative to ``root``."""
    graph = graph_of(entity.graph)
    found = graph.find(entity.kind, entity.name, entity.config, entity.file)
    own = found or Vertex(None, "resource", f"{entity.kind}.{entity.name}", entity.file, entity.config, entity.top or "")
    path = os.path.relpath(entity.file, root).replace(os.sep, "/")
    span = Span(path, *_header(entity))
    user = user_of(own, graph, span)
    parsed = _said(entity, own, graph, root, rules, names)
    address = entity.address or own.name
    ends = rotation_of(own, graph, span, entity.top)
    timed = [max_age_lifetime(value_of(own, "max_age", graph), "max_age", own.name, span)] if own.type != KEY_TYPES[0] else []
    lifetimes = [*ends.lifetimes, *timed, *evidence.of_tags(user, names), *evidence.of_comments(parsed, names)]
    status = value_of(own, "status", graph)
    shown, possible = exposures_of(own, graph, span)
    unseen = () if found is not None else (NOT_FOUND,)
    key = AccessKey(
        address=address,
        framework="terraform",
        span=span,
        user=user.name,
        user_address=user.address,
        status="Active" if status is None else status if isinstance(status, (str, Unknown)) else str(status),
        remedies=remedies_in_code(entity.name, f"write # posturio: {{name}}={{value}} above {own.name}"),
        lifetimes=tuple(dict.fromkeys(lifetimes)),
        unknown_sources=tuple(dict.fromkeys((*user.tags.hidden, *user.hidden, *ends.hidden, *unseen))),
        unseen_tags=user.unseen,
        notes=tuple(dict.fromkeys(evidence.notes_on(entity.name, user, names, as_of))),
        owner=evidence.owner_of(user, parsed, names),
        is_root=(user.name == ROOT_USER and user.address is None) if found is not None else NOT_FOUND,
        replacement=ends.replacement,
        active_siblings=_siblings(own, graph, root),
        exposures=shown,
        possible_exposures=(*possible, *unseen),
        directives=parsed.directives,
        tags=tuple((t.name, t.value) for t in user.tags.items if isinstance(t.value, str)),
        scope=os.path.relpath(entity.top or os.path.dirname(entity.file), root).replace(os.sep, "/"),
    )
    return left_open(key, namesakes_of(user, own, graph, root, names))


def _header(entity: Entity) -> tuple[int, int, int, int]:
    """Return the place of a block's first word as far as it is known: its line."""
    line = entity.lines[0] or 1
    return line, 1, line, 2


def _said(entity: Entity, own: Vertex, graph: Graph, root: str, rules: Collection[str], names: Names) -> ParsedComments:
    """Return what comments on the block and on its user say; suppressions count on the block alone."""
    here = _parsed(entity.file, entity.lines, root, rules, names)
    users = [v for v in graph.targets(own, "user") if v.kind == "resource" and v.type == USER]
    at_user = [_parsed(user.file, user.lines, root, rules, names) for user in users]
    calls = [_parsed(call.file, call.lines, root, rules, names) for call in _calls(own, graph)]
    metadata = (*here.metadata, *(m for p in (*calls, *at_user) for m in p.metadata))
    return ParsedComments(metadata, (*here.directives, *(d for p in calls for d in p.directives)))


def _calls(own: Vertex, graph: Graph) -> list[Vertex]:
    """Return the calls of modules that lead to a key, the nearest first."""
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
    """Return the other keys of the same user, when each of them certainly exists and nothing rotates any of them."""
    same = {v: _is_same(own, v, graph) for v in graph.around(own) if v.type in KEY_TYPES}
    others = [v for v, certain in same.items() if certain is True]
    if others and all(_is_plain(v, graph) for v in (own, *others)):
        return tuple(Place(v.address, v.span(root)).text() for v in others if value_of(v, "status", graph) in (None, "Active"))
    maybe = next((v for v, certain in same.items() if certain is not False), None)
    return () if maybe is None else Unknown(f"checkov does not show whether {maybe.address} is of the same user and there at the same time")


def _is_same(one: Vertex, other: Vertex, graph: Graph) -> bool | None:
    """Tell whether two keys are of one user; None when checkov does not show that."""
    declared = [{u.key for u in graph.targets(v, "user") if u.type == USER} for v in (one, other)]
    if all(declared):
        return not declared[0].isdisjoint(declared[1])
    named = [value_of(v, "user", graph) for v in (one, other)]
    return None if any(isinstance(name, Unknown) for name in named) else named[0] == named[1]


def _is_plain(vertex: Vertex, graph: Graph) -> bool:
    """Tell whether a key exists once and for all, is active or not for certain, and nothing replaces it."""
    repeated: Any = "[" in vertex.name or any(vertex.config.get(name) is not None for name in ("count", "for_each", "lifecycle", "max_age"))
    return not repeated and "module." not in vertex.address and not isinstance(value_of(vertex, "status", graph), Unknown)
