"""Strings with escapes or interpolations, and heredocs, of ordinary code."""

from __future__ import annotations

from posturio_iac.core.text.hcl_lexer import SIMPLE_ESCAPES
from posturio_iac.core.text.hcl_tokens import NotPlainError, interpolated
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.model import Span
    from posturio_iac.core.text.hcl_tokens import Token

    Inside = Callable[[int, int, int], hcl.Expr]  # reads the expression between two columns of a row

_BLANK = " \t\r"


def quoted(token: Token, inside: Inside) -> Iterator[str | hcl.Expr]:
    """Yield the texts and expressions of a string. Raises `NotPlainError`."""
    _, text, row, start, _ = token
    pieces = _pieces(inside, row, text[:-1], 1, interpolated(text, 1, '"')[1], start)
    return (_unescaped(one) if isinstance(one, str) else one for one in pieces)


def heredoc(lines: list[str], first: Token, last: Token, inside: Inside) -> Iterator[str | hcl.Expr]:
    """Yield the texts and expressions of a heredoc whose interpolations end on their lines. Raises `NotPlainError`."""
    rows, margin = range(first[2] + 1, last[2]), 0
    if first[1].startswith("<<-"):
        margin = min((len(line) - len(line.lstrip(" \t")) for line in (lines[row] for row in rows) if line.strip(_BLANK)), default=0)
    for row in rows:
        line = lines[row]
        end, codes = interpolated(line, 0) if "{" in line else (0, [])
        if end < 0:
            raise NotPlainError
        yield from _pieces(inside, row, f"{line}\n", margin if line.strip(_BLANK) else 0, codes)


def _pieces(inside: Inside, row: int, text: str, at: int, codes: list[tuple[int, int]], column: int = 0) -> Iterator[str | hcl.Expr]:
    """Yield the texts and the interpolated expressions of a text at a column of a row."""
    for start, end in codes:
        yield _plain(text[at : start - len("${")])
        yield inside(row, column + start, column + end)
        at = end + 1
    yield _plain(text[at:])


def _plain(text: str) -> str:
    return text.replace("$${", "${").replace("%%{", "%{") if "{" in text else text


def _unescaped(text: str) -> str:
    found = ""
    while "\\" in text:
        before, _, text = text.partition("\\")
        if text[:1] not in SIMPLE_ESCAPES:
            raise NotPlainError
        found, text = found + before + SIMPLE_ESCAPES[text[0]], text[1:]
    return found + text


def joined(pieces: Iterable[str | hcl.Expr], span: Span) -> hcl.Expr:
    """The parts of a text as one expression; an expression alone is just that."""
    found: list[hcl.Expr] = []
    texts: list[str] = []
    for piece in (*pieces, None):
        if isinstance(piece, str):
            texts.append(piece)
            continue
        found += [hcl.Literal(text, span)] if (text := "".join(texts)) else ()  # joined once, whatever the number of lines
        found += [] if piece is None else [piece]
        texts.clear()
    return found[0] if len(found) == 1 else hcl.TemplateExpr(tuple(found), span) if found else hcl.Literal("", span)
