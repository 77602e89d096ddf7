"""Terraform's JSON syntax (``.tf.json``): the same blocks as HCL, its strings read as templates.

JSON does not tell blocks from attributes, so an object inside a block is offered as both.
"""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.metadata.comments import Comment
from posturio_iac.core.model import Span
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import UNRESOLVED, conflict_line
from posturio_iac.core.text.json_nodes import Array, JsonError, Node, Object, decode
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse as parse_hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LABELS: Mapping[str, int] = {"resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "check": 1}
"""How many labels a top-level block has; the others have none."""
_VERBATIM = frozenset({"depends_on", "ignore_changes", "replace_triggered_by", "provider", "providers", "type"})
"""Attributes whose strings are no templates."""


def parse_either(path: str, data: bytes, labels: Mapping[str, int], name: str = "") -> tuple[hcl.Body, tuple[Diagnostic, ...]]:
    """The same of HCL, unless the path, or the ``name``, ends as that of JSON; ``labels`` of its blocks add to Terraform's."""
    return parse(path, data, {**LABELS, **labels}) if (name or path).endswith(".json") else parse_hcl(path, data)


def parse(path: str, data: bytes, labels: Mapping[str, int] = LABELS) -> tuple[hcl.Body, tuple[Diagnostic, ...]]:
    """The top-level blocks and attributes of one JSON file, and what is wrong with it; ``labels`` as `LABELS` has them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return hcl.EMPTY, (Diagnostic(Level.ERROR, f"not UTF-8 at byte {error.start}; save the file as UTF-8", path),)
    try:
        root = decode(text)
    except JsonError as error:
        if (conflict := conflict_line(text)) is not None:
            return hcl.EMPTY, (Diagnostic(Level.ERROR, UNRESOLVED, path, conflict, 1),)
        return hcl.EMPTY, (Diagnostic(Level.ERROR, f"syntax error: {error.message}", path, error.line, error.column),)
    blocks: list[hcl.Block] = []
    attributes: dict[str, hcl.Attribute] = {}
    for key, value in _members(root):
        kind = str(key.value)
        attributes[kind] = _attribute(key, value, path)
        blocks.extend(_labelled(kind, (), key, value, labels.get(kind, 0), path))
    return hcl.Body(attributes, tuple(blocks)), ()


def _members(node: Node) -> Iterator[tuple[Node, Node]]:
    match node.value:
        case Object() as members:
            yield from members
        case Array() as items:
            for item in items:
                yield from _members(item)


def _labelled(kind: str, labels: tuple[str, ...], key: Node, value: Node, missing: int, path: str) -> Iterator[hcl.Block]:
    if missing:
        for label, inner in _members(value):
            if label.value != "//":
                yield from _labelled(kind, (*labels, str(label.value)), label, inner, missing - 1, path)
    elif isinstance(value.value, Object):
        yield _block(kind, labels, key, value, path)
    elif isinstance(value.value, Array):
        for item in value.value:
            if isinstance(item.value, Object):
                yield _block(kind, labels, key, item, path)


def _span(path: str, first: Node, last: Node) -> Span:
    return Span(path, first.line, first.column, last.end_line, last.end_column)


def _block(kind: str, labels: tuple[str, ...], key: Node, value: Node, path: str) -> hcl.Block:
    return hcl.Block(
        kind,
        labels,
        _span(path, key, key),
        _span(path, key, value),
        body=lambda: _body(value, path),
        comments=lambda: tuple(_comments(value, path)),
    )


def _body(node: Node, path: str) -> hcl.Body:
    attributes: dict[str, hcl.Attribute] = {}
    blocks: list[hcl.Block] = []
    for key, value in _members(node):
        name = str(key.value)
        if name == "//":
            continue
        attributes[name] = _attribute(key, value, path)
        blocks.extend(_labelled(name, (), key, value, 0, path))
    return hcl.Body(attributes, tuple(blocks))


def _comments(node: Node, path: str) -> Iterator[Comment]:
    for key, value in _members(node):
        if key.value == "//" and isinstance(value.value, str):
            yield Comment(f"// {value.value}", path, value.line, value.column, value.end_line, value.end_column)
        elif isinstance(value.value, (Object, Array)):
            yield from _comments(value, path)


def _attribute(key: Node, value: Node, path: str) -> hcl.Attribute:
    name = str(key.value)
    return hcl.Attribute(name, _span(path, key, value), lambda: _expression(value, path, verbatim=name in _VERBATIM))


def _expression(node: Node, path: str, *, verbatim: bool = False) -> hcl.Expr:
    span = _span(path, node, node)
    match node.value:
        case Object() as members:
            items = (
                (_expression(key, path, verbatim=verbatim), _expression(value, path, verbatim=verbatim))
                for key, value in members
                if key.value != "//"
            )
            return hcl.ObjectExpr(tuple(items), span)
        case Array() as elements:
            return hcl.TupleExpr(tuple(_expression(item, path, verbatim=verbatim) for item in elements), span)
        case str() as text if not verbatim and ("${" in text or "%{" in text):
            return replace(parse_template(path, text), span=span)
        case scalar:
            return hcl.Literal(scalar, span)
