"""Reads small files of ordinary code without the grammar, which takes longer to load than many a module to read.

What is not certain to mean the same to the grammar raises `NotPlainError`, and is parsed (test_plain_code.py compares both).
"""

from __future__ import annotations

from posturio_iac.core.text.hcl_tokens import COMMENT, LINES, STRING, WORD, NotPlainError, between, lines_of, tokens
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.plain_expressions import DEEPEST, RESERVED, ExpressionReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.metadata.comments import Comment
    from posturio_iac.core.text.hcl_tokens import Token


def plain_file(path: str, data: bytes, row: int = 0) -> hcl.Body | None:
    """The blocks and arguments of ordinary code, whose first line is at a row from 0; None where it is not, or may not be."""
    lines = lines_of(data)
    found = tokens(lines) if lines is not None else None
    if lines is None or found is None:
        return None
    try:
        return _Reader(path, lines, found, row).body("")
    except NotPlainError:
        return None


class _Reader(ExpressionReader):
    """Reads the tokens of a file."""

    def __init__(self, path: str, lines: list[str], found: list[Token], row: int) -> None:
        super().__init__(path, lines, found, row)
        self.comments: dict[int, Token] | None = None  # by their last rows, once they are asked for

    def body(self, end: str) -> hcl.Body:
        """The body up to a token of the kind ``end``, which is taken."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotPlainError
        attributes: dict[str, hcl.Attribute] = {}
        blocks: list[hcl.Block] = []
        tokens = self.tokens
        while True:
            token = tokens[self.at]
            self.at += 1
            kind, name = token[:2]
            if kind in LINES:
                continue
            if kind == end:
                break
            if kind is not WORD:
                raise NotPlainError
            if tokens[self.at][0] == "=":
                self.at, self.operators = self.at + 1, 0
                value = self.expression()
                attributes[name] = hcl.Attribute(name, self.span(token), value)
            elif name in RESERVED:
                raise NotPlainError
            else:
                blocks.append(self._block(token))
            if tokens[self.at][0] not in LINES and tokens[self.at][0] != end:
                raise NotPlainError
        self.depth -= 1
        return hcl.Body(attributes, tuple(blocks))

    def _block(self, first: Token) -> hcl.Block:
        labels: list[str] = []
        is_top = self.depth == 1
        while self.tokens[self.at][0] in (WORD, STRING):
            labels.append(self.next()[1].strip('"'))
        header = self.span(first)
        self.take("{")
        body = self.body("}")
        span, last = self.span(first), self.tokens[self.at - 1]
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
        if self.comments is None:
            self.comments = {token[2]: token for token in self.tokens if token[0] is COMMENT}
        while (above := self.comments.get(first - 1)) is not None and not self.lines[_first_row(above)][: above[3]].strip():
            first = _first_row(above)
        found = [self.comments[row] for row in range(first, last + 1) if row in self.comments]
        if not found:
            return ()
        from posturio_iac.core.metadata.comments import Comment

        row = self.row + 1
        return tuple(Comment(one[1], self.path, row + _first_row(one), one[3] + 1, row + one[2], one[4] + 1) for one in found)


def _first_row(comment: Token) -> int:
    return comment[2] - comment[1].count("\n")
