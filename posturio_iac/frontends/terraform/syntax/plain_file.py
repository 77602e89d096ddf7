"""Reads small files of ordinary code without the grammar, which takes longer to load than many a module to read.

What is not certain to mean the same to the grammar raises `_NotPlainError`, and the file is parsed
(tests/frontends/terraform/test_plain_code.py compares both).
"""

from __future__ import annotations

from posturio_iac.core.model import Span
from posturio_iac.core.text.hcl_tokens import COMMENT, LINE_END, NUMBER, STRING, TEMPLATE, WORD, add_tokens, between, lines_of, tokens
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.core.text.hcl_tokens import Token

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_RESERVED = frozenset(("for", "in", "if", "else", "endif", "endfor", *_CONSTANTS))
_OPERATORS = frozenset(("==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%"))
_LINES = (LINE_END, COMMENT)
_DEEPEST = 40
_LONGEST_NUMBER = 15


class _NotPlainError(Exception):
    """Only the grammar can tell what code means, or whether it is sound."""


def plain_file(path: str, data: bytes, row: int = 0) -> hcl.Body | None:
    """The blocks and arguments of ordinary code, whose first line is at a row from 0; None where it is not, or may not be."""
    lines = lines_of(data)
    found = tokens(lines) if lines is not None else None
    if lines is None or found is None:
        return None
    try:
        return _Reader(path, lines, found, row).body("")
    except _NotPlainError:
        return None


class _Reader:
    """Reads tokens from the first to the last."""

    __slots__ = ("at", "comments", "depth", "lines", "path", "row", "tokens")

    def __init__(self, path: str, lines: list[str], found: list[Token], row: int) -> None:
        self.path, self.row, self.lines, self.tokens = path, row, lines, [*found, ("", "", len(lines), 0, 0)]
        self.comments: dict[int, Token] | None = None  # by their rows, once they are asked for
        self.at = self.depth = 0

    def body(self, end: str) -> hcl.Body:
        """The body up to a token of the kind ``end``, which is taken."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NotPlainError
        attributes: dict[str, hcl.Attribute] = {}
        blocks: list[hcl.Block] = []
        tokens = self.tokens
        while True:
            token = tokens[self.at]
            self.at += 1
            kind, name = token[:2]
            if kind in _LINES:
                continue
            if kind == end:
                break
            if kind is not WORD or name in _RESERVED:
                raise _NotPlainError
            if tokens[self.at][0] == "=":
                self.at += 1
                value = self._expression()
                attributes[name] = hcl.Attribute(name, self._span(token), value)
            else:
                blocks.append(self._block(token))
            if tokens[self.at][0] not in _LINES and tokens[self.at][0] != end:
                raise _NotPlainError
        self.depth -= 1
        return hcl.Body(attributes, tuple(blocks))

    def _block(self, first: Token) -> hcl.Block:
        labels: list[str] = []
        is_top = self.depth == 1
        while self.tokens[self.at][0] in (WORD, STRING):
            labels.append(self._next()[1].strip('"'))
        header = self._span(first)
        self._take("{")
        body = self.body("}")
        span, last = self._span(first), self.tokens[self.at - 1]
        return hcl.Block(
            first[1],
            tuple(labels),
            header,
            span,
            body=body,
            comments=(lambda: self._comments(first[2], last[2])) if is_top else (),
            text=lambda: between(self.lines, (first[2], first[3], first[3]), last),
        )

    def _comments(self, first: int, last: int) -> tuple[Comment, ...]:
        """The comments on the rows of a block, and those on rows of their own directly above."""
        if self.comments is None:
            self.comments = {token[2]: token for token in self.tokens if token[0] is COMMENT}
        while (above := self.comments.get(first - 1)) is not None and not self.lines[first - 1][: above[3]].strip():
            first -= 1
        found = [self.comments[row] for row in range(first, last + 1) if row in self.comments]
        if not found:
            return ()
        from posturio_iac.core.metadata.comments import Comment

        return tuple(Comment(text, self.path, row + 1, start + 1, row + 1, end + 1) for _, text, row, start, end in found)

    def _expression(self) -> hcl.Expr:
        """Operands with at most one operator, and at most one condition outside of parentheses."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NotPlainError
        first = self.tokens[self.at]
        found = self._operand()
        following = self.tokens[self.at][0]
        if following in _OPERATORS:
            self.at += 1
            found = hcl.Binary(following, found, self._operand(), self._span(first))
            following = self.tokens[self.at][0]
        if following == "?":
            self.at += 1
            yes = self._operand()
            self._take(":")
            found = hcl.Conditional(found, yes, self._operand(), self._span(first))
        self.depth -= 1
        return found

    def _operand(self) -> hcl.Expr:
        first = kind, text, *_ = self._next()
        if kind is WORD:
            return self._reference(first)
        if kind is STRING:
            return hcl.Literal(text[1:-1], self._span(first))
        if kind is TEMPLATE:
            return self._template(first)
        if kind is NUMBER and text.isdigit() and len(text) <= _LONGEST_NUMBER and self.tokens[self.at][0] != ".":
            return hcl.Literal(int(text), self._span(first))
        if kind == "[":
            return hcl.TupleExpr(self._items("]"), self._span(first))
        if kind == "{":
            return hcl.ObjectExpr(self._pairs(), self._span(first))
        if kind == "(":
            self._skip_lines()
            found = self._expression()
            self._skip_lines()
            self._take(")")
            if self._is_adjacent():
                raise _NotPlainError
            return found
        if kind == "!":
            return hcl.Unary(kind, self._operand(), self._span(first))
        raise _NotPlainError

    def _reference(self, first: Token) -> hcl.Expr:
        name = first[1]
        if name in _RESERVED:
            if name not in _CONSTANTS:
                raise _NotPlainError
            return hcl.Literal(_CONSTANTS[name], self._span(first))
        found: hcl.Expr
        if self.tokens[self.at][0] == "(" and self._is_adjacent():
            self.at += 1
            arguments = self._items(")")
            found = hcl.Call(name, arguments, expand=False, span=self._span(first))
        else:
            found = hcl.Name(name, self._span(first))
        while (kind := self.tokens[self.at][0]) in (".", "[") and self._is_adjacent():
            self.at += 1
            if kind == ".":
                step = self._take(WORD)
                found = hcl.GetAttr(found, step[1], self._span(first))
            else:
                self._skip_lines()
                key = self._expression()
                self._skip_lines()
                self._take("]")
                found = hcl.Index(found, key, self._span(first))
        return found

    def _items(self, end: str) -> tuple[hcl.Expr, ...]:
        found: list[hcl.Expr] = []
        self._skip_lines()
        while not self._takes(end):
            found.append(self._expression())
            self._skip_lines()
            if self.tokens[self.at][0] != end:
                self._take(",")
                self._skip_lines()
        return tuple(found)

    def _pairs(self) -> tuple[tuple[hcl.Expr, hcl.Expr], ...]:
        found: list[tuple[hcl.Expr, hcl.Expr]] = []
        self._skip_lines()
        while not self._takes("}"):
            first = kind, text, *_ = self._next()
            if kind not in (WORD, STRING, TEMPLATE) or text in _RESERVED:
                raise _NotPlainError
            key = self._template(first) if kind is TEMPLATE else hcl.Literal(text.strip('"'), self._span(first))
            if not self._takes("="):
                self._take(":")
            found.append((key, self._expression()))
            if not self._takes(",") and self.tokens[self.at][0] not in (*_LINES, "}"):
                raise _NotPlainError
            self._skip_lines()
        return tuple(found)

    def _template(self, first: Token) -> hcl.Expr:
        """A string that interpolates expressions, which hold neither strings nor braces."""
        _, text, row, start, _ = first
        span = self._span(first)
        if "%{" in text or "$${" in text:
            raise _NotPlainError
        literal, *interpolated = text[1:-1].split("${")
        parts: list[hcl.Expr] = [hcl.Literal(literal, span)] if literal else []
        column = start + 1 + len(literal)
        for part in interpolated:
            code, brace, literal = part.partition("}")
            found: list[Token] = []
            is_whole = add_tokens(found, self.lines[row][: column + 2 + len(code)], row, column + 2)
            inner = _Reader(self.path, self.lines, found, self.row)
            parts.append(inner._expression())
            if not brace or not is_whole or inner.at != len(found):
                raise _NotPlainError
            if literal:
                parts.append(hcl.Literal(literal, span))
            column += len("${") + len(part)
        return parts[0] if len(parts) == 1 else hcl.TemplateExpr(tuple(parts), span)

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _skip_lines(self) -> None:
        while self.tokens[self.at][0] in _LINES:
            self.at += 1

    def _takes(self, kind: str) -> bool:
        is_next = self.tokens[self.at][0] == kind
        self.at += is_next
        return is_next

    def _take(self, kind: str) -> Token:
        if not self._takes(kind):
            raise _NotPlainError
        return self.tokens[self.at - 1]

    def _is_adjacent(self) -> bool:
        last, following = self.tokens[self.at - 1 : self.at + 1]
        return last[4] == following[3] and last[2] == following[2]

    def _span(self, first: Token) -> Span:
        row, last = self.row + 1, self.tokens[self.at - 1]
        return Span(self.path, row + first[2], first[3] + 1, row + last[2], last[4] + 1)
