"""The user of a key as far as checkov read it, with its tags and those that its provider adds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.adapters.checkov.graph_fallback.value import by_variable, certain, value_of
from posturio_iac.core.evidence.origin import TagOrigin, describe_origin
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.open_kinds import DECLARED_ELSEWHERE, MAY_BE_DECLARED_BY, NAMES_NO, NOT_FIXED, NOT_SHOWN, TAGS_UNSEEN
from posturio_iac.facts.describe import quoted
from posturio_iac.facts.model import MetadataItem, UserFacts
from posturio_iac.facts.namesakes import Namesake, namesake

if TYPE_CHECKING:
    from posturio_iac.adapters.checkov.graph import Graph, Vertex
    from posturio_iac.core.model import Span
    from posturio_iac.metadata.names import Names

USER = "aws_iam_user"
GraphTags = tuple[tuple[MetadataItem, ...], tuple[Unknown, ...]]
"""Tags, and why there may be others."""


def user_of(key: Vertex, graph: Graph, span: Span) -> UserFacts:
    """The user of a key. Places are those of the key."""
    name = value_of(key, KEY_TYPES[key.type], graph)
    linked = [v for v in graph.behind(graph.targets(key, KEY_TYPES[key.type]), lambda v: v.kind == "resource") if v.kind == "resource"]
    users = [v for v in linked if v.type == USER] or _by_name(name, key, graph)
    if len(users) == 1 and all(v.type == USER for v in linked):
        return _declared(users[0], graph, span)
    if isinstance(name, str) and name:
        if (call := _unread_call(name, key, graph)) is not None:
            reason = MAY_BE_DECLARED_BY(quoted(name), call.address)
            return UserFacts(name, identity=name, hidden=(reason,), unseen=reason)
        if (other := _named_alike(name, key, graph)) is not None:
            reason = NOT_SHOWN("checkov", f"the tags of {other.address}, which may be {quoted(name)}")
            return UserFacts(name, identity=name, hidden=(reason,), unseen=reason)
        return UserFacts(name, identity=name, unseen=DECLARED_ELSEWHERE(quoted(name)))
    why = name if isinstance(name, Unknown) else NAMES_NO("the key", "user")
    if (source := _data_source(key, graph)) is not None:
        return UserFacts(why, unseen=DECLARED_ELSEWHERE(f"the user that data.{source} reads"))
    reason = TAGS_UNSEEN(why)
    return UserFacts(why, hidden=(reason,), unseen=reason)


def _unread_call(name: str, key: Vertex, graph: Graph) -> Vertex | None:
    """A call in the same root module that gives the name to a module from elsewhere."""
    calls = (v for v in graph.vertices.values() if v.kind == "module" and v.top == key.top)
    unread = (v for v in calls if not str(v.first("source")).startswith((".", "/")))
    return next((v for v in unread if any(v.first(argument) == name for argument in v.config)), None)


def _named_alike(name: str, key: Vertex, graph: Graph) -> Vertex | None:
    """A user of another provider in the same root module that has the name."""
    users = (v for v in graph.vertices.values() if v.kind == "resource" and "iam_user" in v.type and v.type != USER and v.top == key.top)
    return next((v for v in users if name in (value_of(v, "user_name", graph), value_of(v, "name", graph))), None)


def namesakes_of(user: UserFacts, key: Vertex, graph: Graph, root: str, names: Names) -> list[Namesake]:
    """The users of the same name that other root modules declare. Paths are relative to ``root``."""
    if user.unseen is None or user.hidden or not isinstance(user.name, str):
        return []
    others = (v for v in graph.vertices.values() if v.kind == "resource" and v.type == USER and v.top != key.top)
    found = []
    for other in (v for v in others if value_of(v, "name", graph) == user.name):
        span = other.span(root)
        found.append(namesake(span, [(tag.name, tag.value) for tag in _declared(other, graph, span).tags], names))
    return found


def _data_source(key: Vertex, graph: Graph) -> str | None:
    """The data source that the user of a key is read from, unless a variable has a part in that."""
    reached = list(graph.behind(graph.targets(key, KEY_TYPES[key.type]), lambda v: v.kind == "resource"))
    if any(v.kind in ("variable", "resource", "module") for v in reached):
        return None
    return next((v.name for v in reached if v.kind == "data"), None)


def _by_name(name: object, key: Vertex, graph: Graph) -> list[Vertex]:
    """The users of that name in the same root module."""
    if not isinstance(name, str):
        return []
    return [v for v in graph.around(key) if v.type == USER and value_of(v, "name", graph) == name]


def _declared(user: Vertex, graph: Graph, span: Span) -> UserFacts:
    name, path = value_of(user, "name", graph), value_of(user, "path", graph)
    own, hidden = _tags(user, "tags", f"of {user.address}", graph, span)
    added, more = _defaults(user, graph, span)
    replaced = {tag.name for tag in own}
    return UserFacts(
        name if isinstance(name, (str, Unknown)) else NOT_FIXED(f"the name of {user.address}"),
        address=user.address,
        identity=user.key,
        path=path if path is None or isinstance(path, (str, Unknown)) else None,
        tags=(*own, *(tag for tag in added if tag.name not in replaced)),
        hidden=(*hidden, *more),
    )


def _tags(block: Vertex, argument: str, owner: str, graph: Graph, span: Span) -> GraphTags:
    """The tags that an argument of a block gives, a map; all of them unknown where a variable has a part in it."""
    value = block.first(argument)
    if value is None and block.config.get("dynamic") is None and not _ignores_tags(block):
        return (), ()
    open_ = by_variable(block, argument, graph)
    if not isinstance(value, dict) or _ignores_tags(block):
        why = open_ or NOT_SHOWN("checkov", f"the {argument} {owner}")
        return (), (why,)
    items = tuple(_tag(str(name), one, owner, span) for name, one in value.items() if not str(name).startswith("__"))
    if open_ is None:
        hidden = tuple(NOT_SHOWN("checkov", f"the name of a tag {owner}") for i in items if isinstance(certain(i.name, ""), Unknown))
        return items, hidden
    return tuple(item._replace(value=open_) for item in items), (open_,)


def _tag(name: str, value: object, owner: str, span: Span) -> MetadataItem:
    plain = value[0] if isinstance(value, list) and len(value) == 1 else value
    origin = TagOrigin(name, owner.removeprefix("of "))
    known = certain(plain, describe_origin(origin))
    return MetadataItem(name, known if isinstance(known, (str, int, float, bool, Unknown)) else None, origin, span)


def _ignores_tags(block: Vertex) -> bool:
    lifecycle = block.first("lifecycle")
    return isinstance(lifecycle, dict) and bool(lifecycle.get("ignore_changes"))


def _defaults(user: Vertex, graph: Graph, span: Span) -> GraphTags:
    """The tags that the user's provider adds to its own."""
    every = [v for v in graph.vertices.values() if v.kind == "provider" and v.name.partition(".")[0] == "aws" and v.top == user.top]
    default = [v for v in every if v.config.get("alias") is None]
    if user.config.get("provider") is not None or len(default) > 1 or (every and user.file and os.path.dirname(user.file) != user.top):
        return (), (NOT_SHOWN("checkov", f"which provider {user.address} has, and so which default tags"),)
    block = default[0].first("default_tags") if default else None
    if block is None:
        made = default and default[0].config.get("dynamic") is not None
        return (), (NOT_SHOWN("checkov", "whether a dynamic block gives the provider default tags"),) if made else ()
    inner = default[0]._replace(config=block if isinstance(block, dict) else {"tags": ["${}"]})
    open_ = by_variable(default[0], "default_tags", graph)
    tags = _tags(inner, "tags", "of the provider's default_tags", graph, span)
    return ((), (open_,)) if open_ is not None else tags
