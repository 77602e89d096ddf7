"""A key by what checkov read of it: its arguments, the tags of its user, its comments. For code that our own scan does not see.

That is Terraform where our parsers are not installed, and files that git ignores. Where a trigger, a secret, another key or another module
would decide, the answer is unknown, never missing. So is every value that a variable reaches, which checkov replaces by its default.
"""

from __future__ import annotations

import os
import re

from posturio_iac.adapters.checkov.graph import Graph, Vertex, graph_of
from posturio_iac.core.evidence.reason import GRAPH_LACKS_EFFECT
from posturio_iac.core.evidence.remedy import AddComment
from posturio_iac.core.keys import AGE, EXPIRING_KEY, KEY_TYPES, SERVICE, SERVICE_CREDENTIAL, secrets_of
from posturio_iac.core.metadata import ParsedComments, parse
from posturio_iac.core.metadata.comments import Comment
from posturio_iac.core.model import AccessKey, Effect, KeyKind, Kind, Lifetime, Span, Unknown
from posturio_iac.core.place import ChangeOrigin, Place, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.text.hcl_lexer import COMMENT, pieces
from posturio_iac.core.text.textfile import UnreadableError, read_named
from posturio_iac.core.unknown import HAS_NO, MAY_BE_SET, MAY_ROTATE, NOT_FIXED, NOT_SHOWN
from posturio_iac.facts import FactOptions, KeyFacts, MetadataItem, UserFacts
from posturio_iac.facts.access_key import access_key, age_lifetime, items_of, max_age_lifetime, remedies_in_code
from posturio_iac.facts.schedulers import ROTATING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.core.metadata.names import Names

_USER = "aws_iam_user"
_NOT_FOUND = HAS_NO("checkov's graph", "such key")
_REFERENCE = re.compile(
    r"""(?x) \$\{ | %\{ | ^\w+\( | \?.*: | ==
      | ^(?:var|local|data|module|each|count|path|self|terraform)\.
      | ^[a-z][a-z0-9]*_\w+\.[\w\[\]"'.*-]+$"""
)
GraphTags = tuple[tuple[MetadataItem, ...], tuple[Unknown, ...]]
"""Tags, and why there may be others."""


def exists(entity: Entity) -> bool:
    """True if there is such a key for certain: checkov has made every instance a block of its own, or kept what it cannot count."""
    lifecycle = entity.config.get("lifecycle")
    switched = isinstance(lifecycle, list) and any(isinstance(block, dict) and "enabled" in block for block in lifecycle)
    counted = any(entity.config.get(name) is not None for name in ("count", "for_each")) or isinstance(_certain(entity.name, ""), Unknown)
    return not counted and not switched


def key_of(entity: Entity, root: str, names: Names, rules: Collection[str], as_of: datetime) -> AccessKey:
    """The key that a resource of checkov's declares. Paths are relative to ``root``."""
    graph = graph_of(entity.graph)
    found = graph.find(entity.kind, entity.name, entity.config, entity.file)
    own = found or Vertex(None, "resource", f"{entity.kind}.{entity.name}", entity.file, entity.config, entity.top or "")
    line = entity.lines[0] or 1
    span = Span(os.path.relpath(entity.file, root).replace(os.sep, "/"), line, 1, line, 2)
    users = [v for v in graph.behind(graph.targets(own, KEY_TYPES[own.type]), lambda v: v.kind == "resource") if v.kind == "resource"]
    calls = _calls(own, graph)
    here = _parsed(entity.file, entity.lines, root, rules, names)
    others = [_parsed(v.file, v.lines, root, rules, names) for v in (*calls, *users)]
    service = _value(own, SERVICE, graph) if own.type == SERVICE_CREDENTIAL else None
    unseen = () if found is not None else (_NOT_FOUND,)
    rotations = tuple(_rotations(own, graph, span))
    facts = KeyFacts(
        address=entity.address or own.name,
        framework="terraform",
        span=span,
        user=_user(own, users, graph, span),
        status=_value(own, "status", graph),
        remedies=remedies_in_code(own.type, entity.name, AddComment(Place(own.name, span), target=own.name), service),
        label=entity.name,
        beside=items_of(ParsedComments((*here.metadata, *(m for p in others for m in p.metadata)))),
        lifetimes=(*rotations, *_timed(own, service, graph, span)),
        hidden=(*_elsewhere(own, graph), *unseen),
        existence=_existence(calls),
        is_root=_is_root(found, users, graph),
        replacement=NOT_SHOWN("checkov", "whether anything replaces the key") if rotations else None,
        exposures=(*_exposures(own, graph), *unseen),
        directives=(*here.directives, *(d for p in others[: len(calls)] for d in p.directives)),
        scope=os.path.relpath(entity.top or os.path.dirname(entity.file), root).replace(os.sep, "/"),
        kind=KeyKind.ACCESS_KEY if service is None else KeyKind.SERVICE_CREDENTIAL,
        service=service if service is None or isinstance(service, (str, Unknown)) else NOT_SHOWN("checkov", SERVICE),
    )
    siblings = NOT_SHOWN("checkov", "other keys of its user") if any(v.type in KEY_TYPES for v in graph.around(own)) else ()
    return replace(access_key(facts, FactOptions(names, as_of)), active_siblings=siblings)


def _timed(own: Vertex, service: object, graph: Graph, span: Span) -> Iterator[Lifetime]:
    if own.type == EXPIRING_KEY:
        yield max_age_lifetime(_value(own, "max_age", graph), "max_age", own.name, span)
    elif own.type == SERVICE_CREDENTIAL:
        age = age_lifetime(_value(own, AGE, graph), service, Place(own.name, span), span)
        yield from () if age is None else (age,)


def _is_root(found: Vertex | None, users: list[Vertex], graph: Graph) -> Unknown | None:
    """Why it is open whether the key is the root user's, beyond its name: a user who is declared may be called root too."""
    if found is None:
        return _NOT_FOUND
    namesakes = not users and any(v.kind == "resource" and "iam_user" in v.type for v in graph.vertices.values())
    return NOT_SHOWN("checkov", "the user of the key") if namesakes else None


def _rotations(key: Vertex, graph: Graph, span: Span) -> Iterator[Lifetime]:
    causes = [name for name in ("lifecycle", "depends_on") if key.config.get(name) is not None]
    causes += [v.name for v in graph.behind(graph.targets(key, KEY_TYPES[key.type])) if v.kind == "resource" and v.type != _USER]
    for cause in causes:
        reason = GRAPH_LACKS_EFFECT(cause)
        yield Lifetime(Kind.ROTATION, Effect.UNKNOWN, ChangeOrigin(cause), "", span, reason=reason)


def _elsewhere(key: Vertex, graph: Graph) -> Iterator[Unknown]:
    around = (v for v in graph.around(key) if v.type != ROTATING and ("rotat" in v.name.lower() or v.config.get("rotation_lambda_arn")))
    rotators = [*(v.address for v in around), *(f"module.{v.name}" for _, v in graph.sources(key) if v.kind == "module")]
    yield from map(MAY_ROTATE, rotators[:1])
    if any(v is not key and (v.kind, v.name, v.top) == (key.kind, key.name, key.top) for v in graph.vertices.values()):
        yield NOT_SHOWN("checkov", f"which of several blocks of {key.address} counts")


def _exposures(key: Vertex, graph: Graph) -> Iterator[Unknown]:
    given = (v for label, v in graph.sources(key) if not label.startswith(("depends_on", "lifecycle")))
    if key.config.get("pgp_key") is None and any(secret in str(dict(v.config)) for v in given for secret in secrets_of(key.type)):
        yield NOT_SHOWN("checkov", "where the secret goes")


def _existence(calls: list[Vertex]) -> Unknown | None:
    """Why it is open whether there is such a key: a call on the way to it makes any number of instances, or is overridden."""
    counted = next((call for call in calls if any(call.config.get(name) is not None for name in ("count", "for_each"))), None)
    if counted is not None:
        return NOT_SHOWN("checkov", f"how many instances {counted.address} makes")
    if len({call.address for call in calls}) < len(calls):
        return NOT_SHOWN("checkov", "which of several blocks of the module call that leads to it counts")
    return None


def _calls(own: Vertex, graph: Graph) -> list[Vertex]:
    names = own.address.split(".")[:-2]
    outer = [".".join(names[: end - 2] + names[end - 1 : end]) for end in range(len(names), 0, -2)]
    return [v for address in outer for v in graph.vertices.values() if v.kind == "module" and v.address == address and v.top == own.top]


def _parsed(file: str, lines: tuple[int, int], root: str, rules: Collection[str], names: Names) -> ParsedComments:
    try:
        code = read_named(file).replace(b"\r\n", b"\n")
    except UnreadableError:
        return ParsedComments()
    found = list(_comments(code, os.path.relpath(file, root).replace(os.sep, "/")))
    first, last = lines
    inside = [comment for comment in found if first <= comment.line <= last]
    rows = code.split(b"\n")
    above: list[Comment] = []
    for comment in reversed(found if first else ()):
        is_alone = not rows[comment.line - 1][: comment.column - 1].strip(b" \t\xef\xbb\xbf")
        if comment.line < first and comment.end_line == first - 1 and is_alone:
            above.insert(0, comment)
            first = comment.line
    return parse((*above, *inside), rules, names)


def _comments(code: bytes, path: str) -> Iterator[Comment]:
    line, at = 1, 0
    for begin, end, kind in pieces(code)[0]:
        if kind == COMMENT:
            line, at = line + code.count(b"\n", at, begin), begin
            text = code[begin:end].decode("utf-8", "replace")
            column = len(code[code.rfind(b"\n", 0, begin) + 1 : begin].decode("utf-8-sig", "replace")) + 1
            below = text.count("\n")
            yield Comment(text, path, line, column, line + below, len(text) - text.rfind("\n") if below else column + len(text))


def _user(key: Vertex, linked: list[Vertex], graph: Graph, span: Span) -> UserFacts:
    if len(linked) == 1 and linked[0].type == _USER:
        user = linked[0]
        name, path = _value(user, "name", graph), _value(user, "path", graph)
        own, hidden = _tags(user, "tags", f"of {user.address}", graph, span)
        added, more = _defaults(user, graph, span)
        stated = {tag.name for tag in own}
        return UserFacts(
            name if isinstance(name, (str, Unknown)) else NOT_FIXED(f"the name of {user.address}"),
            address=user.address,
            identity=user.key,
            path=path if path is None or isinstance(path, (str, Unknown)) else None,
            tags=(*own, *(tag for tag in added if tag.name not in stated)),
            hidden=(*hidden, *more),
        )
    reason = NOT_SHOWN("checkov", "the user of the key")
    name = _value(key, KEY_TYPES[key.type], graph)
    return UserFacts(name if isinstance(name, (str, Unknown)) else reason, hidden=(reason,), unseen=reason)


def _tags(block: Vertex, argument: str, owner: str, graph: Graph, span: Span) -> GraphTags:
    value, lifecycle = block.first(argument), block.first("lifecycle")
    ignored = isinstance(lifecycle, dict) and bool(lifecycle.get("ignore_changes"))
    if value is None and block.config.get("dynamic") is None and not ignored:
        return (), ()
    open_ = _by_variable(block, argument, graph)
    if not isinstance(value, dict) or ignored or open_ is not None:
        return (), (open_ or NOT_SHOWN("checkov", f"the {argument} {owner}"),)
    items = tuple(_tag(str(name), one, owner, span) for name, one in value.items() if not str(name).startswith("__"))
    return items, tuple(NOT_SHOWN("checkov", f"the name of a tag {owner}") for i in items if isinstance(_certain(i.name, ""), Unknown))


def _tag(name: str, value: object, owner: str, span: Span) -> MetadataItem:
    plain = value[0] if isinstance(value, list) and len(value) == 1 else value
    known = _certain(plain, "")
    return MetadataItem(
        name, known if isinstance(known, (str, int, float, bool, Unknown)) else None, TagOrigin(name, owner.removeprefix("of ")), span
    )


def _defaults(user: Vertex, graph: Graph, span: Span) -> GraphTags:
    every = [v for v in graph.vertices.values() if v.kind == "provider" and v.name.partition(".")[0] == "aws" and v.top == user.top]
    default = [v for v in every if v.config.get("alias") is None]
    if user.config.get("provider") is not None or len(default) > 1 or (every and user.file and os.path.dirname(user.file) != user.top):
        return (), (NOT_SHOWN("checkov", f"which provider {user.address} has, and so which default tags"),)
    block = default[0].first("default_tags") if default else None
    if block is None:
        made = default and default[0].config.get("dynamic") is not None
        return (), (NOT_SHOWN("checkov", "whether a dynamic block gives the provider default tags"),) if made else ()
    if (open_ := _by_variable(default[0], "default_tags", graph)) is not None:
        return (), (open_,)
    inner = default[0]._replace(config=block if isinstance(block, dict) else {"tags": ["${}"]})
    return _tags(inner, "tags", "of the provider's default_tags", graph, span)


def _value(vertex: Vertex, argument: str, graph: Graph) -> object:
    value = vertex.first(argument)
    return None if value is None else _by_variable(vertex, argument, graph) or _certain(value, f"{argument} of {vertex.address}")


def _by_variable(vertex: Vertex, argument: str, graph: Graph) -> Unknown | None:
    """Why the value of an argument is not certain: a variable, of which checkov takes the default, or the data of a provider."""
    for reached in graph.behind(graph.targets(vertex, argument), lambda v: v.kind == "resource"):
        if reached.kind == "variable":
            return MAY_BE_SET(f"var.{reached.name}").about(f"{argument} of {vertex.address}")
        if reached.kind == "data":
            return NOT_FIXED(f"data.{reached.name}").about(f"{argument} of {vertex.address}")
    return None


def _certain(value: object, what: str) -> object:
    is_open = isinstance(value, str) and _REFERENCE.search(value)
    if not is_open and (isinstance(value, (str, int, float, bool)) or value is None):
        return value
    found = NOT_SHOWN("checkov", f"the value of {value}" if is_open else "its value")
    return found.about(what) if what else found
