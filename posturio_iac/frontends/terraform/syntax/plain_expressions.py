"""Expressions of ordinary code, from its tokens."""

from __future__ import annotations

from posturio_iac.core.place import Span, span_of
from posturio_iac.core.text.hcl_tokens import HEREDOC, LINES, NUMBER, STRING, TEMPLATE, WORD, NotPlainError, TokenReader, add_tokens
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from posturio_iac.core.text.hcl_tokens import Token

    _Step = tuple[type[hcl.GetAttr | hcl.Index], Any, Token, bool]
    """What a step makes, its name or key, its last token, and whether it is an index behind a dot."""

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
RESERVED = frozenset(("for", "in", "if", "else", "endif", "endfor", *_CONSTANTS))
_PRECEDENCE = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<=": 4, ">=": 4, "<": 4, ">": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
DEEPEST, _MOST_OPERATORS = 20, 18
"""Brackets in one another, and operators in an argument: with more the grammar's builder may find an expression too deep."""
_LONGEST_NUMBER = 15


class ExpressionReader(TokenReader):
    """Reads expressions."""

    def __init__(self, path: str, lines: list[str], found: list[Token], row: int) -> None:
        super().__init__(path, lines, found, row)
        self.depth = self.operators = 0
        self.is_open = False  # True within brackets, where the end of a line ends no expression

    def span(self, first: Token) -> Span:
        """From a token to the last code that was taken."""
        at, row, tokens = self.at - 1, self.row + 1, self.tokens
        if tokens[at][0] in LINES:
            at = self.last()
        end = tokens[at]
        return span_of((self.path, row + first[2], first[3] + 1, row + end[2], end[4] + 1))

    def inside(self, row: int, start: int, end: int) -> hcl.Expr:
        """The expression between two columns of a row."""
        found: list[Token] = []
        if add_tokens(found, self.lines[row][:end], row, start) >= 0:
            raise NotPlainError
        inner = ExpressionReader(self.path, self.lines, found, self.row)
        inner.depth, inner.operators = self.depth, self.operators
        expression = inner.expression(is_open=True)
        if inner.at != len(found):
            raise NotPlainError
        self.operators = inner.operators
        return expression

    def expression(self, *, is_open: bool = False) -> hcl.Expr:
        """Operations, perhaps with conditions; all conditions in a row have the place of the whole, as the grammar takes them."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotPlainError
        outer, self.is_open = self.is_open, is_open
        if is_open:
            self.skip_lines()
        choices: list[tuple[hcl.Expr, hcl.Expr]] = []
        first = self.tokens[self.at]
        found = self._operation()
        while self._following() == "?":
            self._take_sign()
            choices.append((found, self._operation()))
            if self._following() != ":":
                raise NotPlainError
            self._take_sign()
            found = self._operation()
        span = self.span(first)
        for condition, yes in reversed(choices):
            found = hcl.Conditional(condition, yes, found, span)
        self.depth, self.is_open = self.depth - 1, outer
        if is_open:
            self.skip_lines()
        return found

    def _operation(self, least: int = 1) -> hcl.Expr:
        """Operands and the operators between them that bind as strongly as ``least``, from the left."""
        first, found = self.tokens[self.at], self._operand()
        while (binds := _PRECEDENCE.get(sign := self._following(), 0)) >= least:
            self._take_sign()
            found = hcl.Binary(sign, found, self._operation(binds + 1), self.span(first))
        return found

    def _following(self) -> str:
        """The kind of the next token; of the first of the next lines, where it goes on with an expression that may go on there."""
        at, tokens = self.at, self.tokens
        while self.is_open and tokens[at][0] in LINES:
            at += 1
        kind = tokens[at][0]
        if kind in _PRECEDENCE or kind in ("?", ":"):
            self.at = at
        return kind

    def _take_sign(self) -> None:
        self.at, self.operators = self.at + 1, self.operators + 1
        if self.operators > _MOST_OPERATORS:
            raise NotPlainError
        if self.is_open:
            self.skip_lines()

    def _operand(self) -> hcl.Expr:
        first = kind, text, *_ = self.next()
        if kind is WORD:
            return self._reference(first)
        if kind is STRING:
            return hcl.Literal(text[1:-1], self.span(first))
        if kind is TEMPLATE or kind is HEREDOC:
            from posturio_iac.frontends.terraform.syntax.plain_templates import heredoc, joined, quoted

            last = self.next() if kind is HEREDOC else first
            parts = quoted(first, self.inside) if kind is TEMPLATE else heredoc(self.lines, first, last, self.inside)
            return joined(parts, self.span(first))
        if kind is NUMBER:
            return hcl.Literal(self._number(text), self.span(first))
        if kind in ("!", "-"):
            self.at -= 1
            self._take_sign()
            return hcl.Unary(kind, self._operand(), self.span(first))
        if kind == "(":
            found = self.expression(is_open=True)
            self.take(")")
            return self._steps(found)
        if kind not in ("[", "{"):
            raise NotPlainError
        if self._takes_for():
            return self._steps(self._for(first))
        if kind == "[":
            return self._steps(hcl.TupleExpr(self._items("]")[0], self.span(first)))
        return self._steps(hcl.ObjectExpr(self._pairs(), self.span(first)))

    def _number(self, text: str) -> int | float:
        if not self.is_adjacent() or not self.takes("."):
            return _digits(text)
        fraction = self.take(NUMBER)[1] if self.is_adjacent() else ""
        _digits(fraction)
        value = float(f"{_digits(text)}.{fraction}")
        return int(value) if value.is_integer() else value

    def _takes_for(self) -> bool:
        self.skip_lines()
        is_for = self.tokens[self.at][:2] == (WORD, "for") and self.tokens[self.at + 1][0] is WORD
        self.at += is_for
        return is_for

    def _for(self, first: Token) -> hcl.Expr:
        names = [self._variable()]
        if self.takes(","):
            names.append(self._variable())
        if self.next()[1] != "in":
            raise NotPlainError
        over, key, condition, end = self.expression(is_open=True), None, None, "]"
        self.take(":")
        value = self.expression(is_open=True)
        if first[0] == "{":
            self.take("=>")
            key, value, end = value, self.expression(is_open=True), "}"
        group = end == "}" and self._expands()
        if self.tokens[self.at][:2] == (WORD, "if"):
            self.at += 1
            condition = self.expression(is_open=True)
        self.take(end)
        return hcl.For(names[0] if names[1:] else None, names[-1], over, key, value, condition, group, self.span(first))

    def _variable(self) -> str:
        name = self.take(WORD)[1]
        self.skip_lines()
        return name

    def _expands(self) -> bool:
        dots = self.tokens[self.at : self.at + 3]
        is_next = [dot[0] for dot in dots] == [".", ".", "."] and dots[2][4] - dots[0][3] == len("...")
        if is_next:
            self.at += 3
            self.skip_lines()
        return is_next

    def _reference(self, first: Token) -> hcl.Expr:
        name = first[1]
        if name in RESERVED:
            if name not in _CONSTANTS:
                raise NotPlainError
            return hcl.Literal(_CONSTANTS[name], self.span(first))
        if self.tokens[self.at][0] != "(" or not self.is_adjacent():
            return self._steps(hcl.Name(name, self.span(first)))
        self.at += 1
        arguments, expand = self._items(")")
        return self._steps(hcl.Call(name, arguments, expand, self.span(first)))

    def _steps(self, found: hcl.Expr) -> hcl.Expr:
        """What the attributes and indexes behind an operand lead to, and at most one splat among them."""
        steps: list[_Step] = []
        splat: tuple[int, Token] | None = None
        while (kind := self.tokens[self.at][0]) in (".", "[") and self.is_adjacent():
            first, following = self.next(), self.tokens[self.at]
            if kind == following[0] == ".":
                self.at -= 1
                break
            if following[0] == "*":
                if splat is not None or not self.is_adjacent():
                    raise NotPlainError
                splat, self.at = (len(steps), first), self.at + 1
                if kind == "[" and (not self.is_adjacent() or not self.takes("]")):
                    raise NotPlainError
            elif kind == "[":
                key = self.expression(is_open=True)
                steps.append((hcl.Index, key, self.take("]"), False))
            elif not self.is_adjacent():
                raise NotPlainError
            elif following[0] is NUMBER and not (steps and steps[-1][3]):
                self.at += 1
                steps.append((hcl.Index, hcl.Literal(_digits(following[1]), self.span(first)), following, True))
            else:
                steps.append((hcl.GetAttr, self.take(WORD)[1], following, False))
        if splat is None:
            return self._onward(found, steps)
        count, first = splat
        span, each, inside = self.span(first), steps[count:], len(steps) - count
        if first[0] == ".":  # an index in brackets is of the whole then
            inside = next((place for place, step in enumerate(each) if step[0] is hcl.Index and not step[3]), inside)
        name = hcl.Name("*", span)
        return self._onward(hcl.Splat(self._onward(found, steps[:count]), self._onward(name, each[:inside]), span), each[inside:])

    def _onward(self, found: hcl.Expr, steps: Iterable[_Step]) -> hcl.Expr:
        for make, value, end, _ in steps:
            span = found.span
            found = make(found, value, span_of((self.path, span.line, span.column, self.row + end[2] + 1, end[4] + 1)))
        return found

    def _items(self, end: str) -> tuple[tuple[hcl.Expr, ...], bool]:
        """The expressions up to a bracket, and whether the last of them is spread."""
        found: list[hcl.Expr] = []
        expand = False
        self.skip_lines()
        while not self.takes(end):
            found.append(self.expression(is_open=True))
            expand = end == ")" and self._expands()
            if self.tokens[self.at][0] != end:
                self.take("," if not expand else end)
                self.skip_lines()
        return tuple(found), expand

    def _pairs(self) -> tuple[tuple[hcl.Expr, hcl.Expr], ...]:
        found: list[tuple[hcl.Expr, hcl.Expr]] = []
        self.skip_lines()
        while not self.takes("}"):
            key = self._key()
            if not self.takes("="):
                self.take(":")
            found.append((key, self.expression()))
            if not self.takes(",") and self.tokens[self.at][0] not in (*LINES, "}"):
                raise NotPlainError
            self.skip_lines()
        return tuple(found)

    def _key(self) -> hcl.Expr:
        first = kind, text, *_ = self.tokens[self.at]
        before = self.last() if kind == "(" else 0
        if text == "for" or (kind == "(" and self.tokens[before][0] is WORD and self.tokens[before - 1][0] != "."):
            raise NotPlainError  # the grammar takes it for what it begins elsewhere, a call, whose name ends the line above
        if kind is WORD and (text in RESERVED or self.tokens[self.at + 1][0] not in (".", "[", "(")):
            self.at += 1
            return hcl.Literal(text == "true" if text in ("true", "false") else text, self.span(first))
        if kind not in (WORD, STRING, TEMPLATE, NUMBER, "("):
            raise NotPlainError
        key = self._operand()
        return hcl.AmbiguousKey(key, key.span) if kind is WORD and not isinstance(key, hcl.Call) else key


def _digits(text: str) -> int:
    if not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise NotPlainError
    return int(text)
