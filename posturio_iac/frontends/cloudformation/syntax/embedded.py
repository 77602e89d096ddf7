"""Templates that stand in a string of another file, with their places in that file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.frontends.cloudformation.syntax.template import parse

if TYPE_CHECKING:
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.frontends.cloudformation.syntax.template import ParsedFile

_LITERAL = lazy_pattern(r"\|[-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")
_INDENT = lazy_pattern(r"^( +)\S", re.MULTILINE)


def embedded(node: Node, source: TemplateSource) -> ParsedFile | None:
    """The template in a property's text, or None when it is not text. ``Fn::Sub`` of a text counts as the text."""
    inner = node
    if isinstance(node.value, Object) and len(node.value) == 1 and node.value[0][0].value == "Fn::Sub":
        inner = node.value[0][1]
    if not isinstance(inner.value, str):
        return None
    outer = source.span(inner)
    written = source.text[inner.start : inner.end]
    indent = -1
    if source.within is None and (head := _LITERAL.match(written)) is not None and (found := _INDENT.search(written, head.end())):
        indent = len(found[1])
    return parse(TemplateSource(source.path, str(inner.value), serverless=source.serverless, within=(indent, outer)))
