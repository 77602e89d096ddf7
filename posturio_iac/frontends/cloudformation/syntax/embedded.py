"""Templates that stand in a string of another file, with their places in that file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.frontends.cloudformation.syntax.template import ParsedFile, parse

if TYPE_CHECKING:
    from collections.abc import Callable


_LITERAL = lazy_pattern(r"\|[-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")
_INDENT = lazy_pattern(r"^( +)\S", re.MULTILINE)


def written(node: Node, known: Callable[[Node], object] = lambda _: None) -> str | None:
    """The text that an expression writes, with a gap for each part that is computed and not ``known``; None when it writes none.

    ``Fn::Sub`` of a text counts as the text.
    """
    if isinstance(node.value, str):
        return str(node.value)
    if not isinstance(node.value, Object) or len(node.value) != 1:
        return None
    if isinstance(text := known(node), str):
        return text
    name, given = str(node.value[0][0].value), node.value[0][1]
    items = given.value if isinstance(given.value, Array) else ()
    if name in ("Fn::Sub", "Fn::Base64"):
        return written(items[0] if items else given, known)
    if name == "Fn::Join" and len(items) > 1 and isinstance(items[0].value, str) and isinstance(items[1].value, Array):
        return str(items[0].value).join(written(item, known) or "" for item in items[1].value)
    return None


def embedded(node: Node, source: TemplateSource) -> ParsedFile | None:
    """The template in a property's text, or None when it is not text."""
    inner = node
    if isinstance(node.value, Object) and len(node.value) == 1 and node.value[0][0].value == "Fn::Sub":
        inner = node.value[0][1]
    if not isinstance(inner.value, str):
        text = written(node)
        return parse(TemplateSource(source.path, text, serverless=source.serverless, within=(-1, source.span(node)))) if text else None
    outer = source.span(inner)
    raw = source.text[inner.start : inner.end]
    indent = -1
    if source.within is None and (head := _LITERAL.match(raw)) is not None and (found := _INDENT.search(raw, head.end())):
        indent = len(found[1])
    return parse(TemplateSource(source.path, str(inner.value), serverless=source.serverless, within=(indent, outer)))
