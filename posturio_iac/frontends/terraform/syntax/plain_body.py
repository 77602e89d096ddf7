"""Bodies of blocks that hold nothing but constants and references, one a line, without the parser.

Half of the bodies that somebody asks for are such: of module calls, of variables, of units. All others are left to the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_code import NAME, PATH

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.syntax.source import SourceText

_ARGUMENT = rb'(%b)[ \t]*=[ \t]*("[^"\\\r\n$%%\0]*"|%b)[ \t]*\r?\n' % (NAME, PATH)
_body = lazy_pattern(rb"(?:[ \t]*\r?\n(?:[ \t]*(?:\r?\n|%b))*)?[ \t]*\}" % _ARGUMENT)
_argument = lazy_pattern(_ARGUMENT)
_CONSTANTS = {"true": True, "false": False, "null": None}


def plain_body(source: SourceText, start: int, end: int, row: int) -> hcl.Body | None:
    """The body between two bytes, the second behind its closing brace; None where it holds more than constants and references.

    ``row`` is that of ``start``, from 0.
    """
    data = source.data
    if _body.fullmatch(data, start, end) is None:
        return None
    attributes: dict[str, hcl.Attribute] = {}
    for found in _argument.finditer(data, start, end):
        at, value = found.span(1)[0], found[2].decode("utf-8", "replace")
        row += data.count(b"\n", start, at)
        line, start = data.rfind(b"\n", 0, at) + 1, at
        if value.partition(".")[0] in _CONSTANTS and value not in _CONSTANTS:
            return None
        name, begin, behind = found[1].decode(), found.start(2) - line, found.end(2) - line
        span = source.between((row, at - line), (row, behind))
        attributes[name] = hcl.Attribute(name, span, _Expression(source, value, row, begin, behind).build)
    return hcl.Body(attributes, ())


class _Expression:
    """The value of an argument, built when it is asked for."""

    __slots__ = ("begin", "behind", "row", "source", "value")

    def __init__(self, source: SourceText, value: str, row: int, begin: int, behind: int) -> None:
        self.source, self.value, self.row, self.begin, self.behind = source, value, row, begin, behind

    def build(self) -> hcl.Expr:
        """Return it as the parser's tree gives it."""
        row, begin = self.row, self.begin
        if self.value[0] == '"':
            return hcl.Literal(self.value[1:-1], self.source.between((row, begin), (row, self.behind)))
        if self.value in _CONSTANTS:
            return hcl.Literal(_CONSTANTS[self.value], self.source.between((row, begin), (row, self.behind)))
        first, *others = self.value.split(".")
        behind = begin + len(first)
        found: hcl.Expr = hcl.Name(first, self.source.between((row, begin), (row, behind)))
        for name in others:
            behind += 1 + len(name)
            found = hcl.GetAttr(found, name, self.source.between((row, begin), (row, behind)))
        return found
