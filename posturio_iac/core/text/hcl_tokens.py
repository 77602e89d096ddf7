"""Words, signs and strings of ordinary Terraform code, without patterns: `re` takes longer to import than small modules to read.

Code with anything else, such as escapes, heredocs and block comments, has no tokens here and is left to patterns and to the parser.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Token = tuple[str, str, int, int, int]
    """The kind, which is the sign itself for signs, the text, the row from 0, the column from 0, and the column behind it."""

WORD, NUMBER, STRING, TEMPLATE, COMMENT, LINE_END = "word", "1", '"', "${", "#", "\n"
_LONGEST_LINE = 1000
_UNUSUAL = (b"\r", b"\0", b"\f", b"\v")
_BLANK = " \t"
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_IN_WORDS = _LETTERS + _DIGITS + "-"
_ALONE = "{}[]().,:?"
_TWO = ("==", "!=", "<=", ">=", "&&", "||")


def lines_of(data: bytes) -> list[str] | None:
    """The lines of code that may be ordinary; None where it is not."""
    if any(sign in data for sign in _UNUSUAL):
        return None
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return None
    return lines if len(max(lines, key=len)) <= _LONGEST_LINE else None


def tokens(lines: list[str]) -> list[Token] | None:
    """All tokens, with the ends of lines; None where a string or what is interpolated in it has no end on its line."""
    found: list[Token] = []
    for row, line in enumerate(lines):
        if not add_tokens(found, line, row):
            return None
        found.append((LINE_END, "", row, len(line), len(line)))
    return found


def between(lines: list[str], first: tuple[int, int, int], last: Token) -> bytes:
    """The code behind one place, a row and the two columns of a token there, up to the end of a token."""
    found = lines[first[0] : last[2] + 1]
    found[-1] = found[-1][: last[4]]
    return "\n".join(found)[first[2] :].encode()


def add_tokens(found: list[Token], line: str, row: int, column: int = 0) -> bool:
    """Add the tokens of a line from a column on; False as above."""
    rest, whole = line[column:].lstrip(_BLANK), len(line)
    while rest:
        sign = rest[0]
        if sign in _LETTERS:
            kind, behind = WORD, rest.lstrip(_IN_WORDS)
        elif sign in _ALONE:
            kind, behind = sign, rest[1:]
        elif sign == '"':
            text, end, behind = rest[1:].partition('"')
            kind = TEMPLATE if "${" in text or "%{" in text else STRING
            if not end or "\\" in text or (kind is TEMPLATE and text.count("{") != text.count("}")):
                return False
        elif sign == "#" or rest.startswith("//"):
            kind, behind = COMMENT, ""
        elif sign in _DIGITS:
            kind, behind = NUMBER, rest.lstrip(_IN_WORDS)
        elif rest.startswith(("<<", "/*")):
            return False
        else:
            kind = rest[:2] if rest[:2] in _TWO else sign
            behind = rest[len(kind) :]
        size, left = len(rest), len(behind)
        found.append((kind, rest[: size - left], row, whole - size, whole - left))
        rest = behind.lstrip(_BLANK)
    return True
