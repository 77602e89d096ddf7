"""Words, signs and strings of ordinary Terraform code, without patterns: `re` takes longer to import than small modules to read.

Code with anything else, such as directives and comments within a line, has no tokens here and is left to patterns and to the parser.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Token = tuple[str, str, int, int, int]
    """The kind, which is the sign itself for signs, the text, the row from 0, the column from 0, and the column behind it."""

WORD, NUMBER, STRING, TEMPLATE, COMMENT, LINE_END = "word", "1", '"', "${", "#", "\n"
HEREDOC, MARKER = "<<", "EOT"
"""How a heredoc begins, and the word that ends it, on a later line."""
LINES = (LINE_END, COMMENT)
_LONGEST_LINE = 1000
_UNUSUAL = (b"\0", b"\f", b"\v")
_BLANK = " \t"
_ENDING = " \t\r"
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_IN_WORDS = _LETTERS + _DIGITS + "-"
_ALONE = "{}[]().,:?"
_PLAIN = _IN_WORDS + " .,:;=()[]+*<>!?&|@'"  # what means nothing in a text, nor opens or ends anything in an interpolation
_TWO = ("==", "!=", "<=", ">=", "&&", "||", "=>")


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
    """All tokens, with the ends of lines, each in the row where it ends; None where a line holds anything that is not ordinary."""
    found: list[Token] = []
    row = 0
    while row < len(lines):
        at = add_tokens(found, lines[row], row)
        if at >= 0:
            is_comment = lines[row].startswith("/*", at) and not lines[row][:at].strip(_BLANK)
            row = (_add_comment if is_comment else _add_heredoc)(found, lines, row, at)
            if row < 0:
                return None
        found.append((LINE_END, "", row, len(lines[row]), len(lines[row])))
        row += 1
    return found


def _add_comment(found: list[Token], lines: list[str], row: int, at: int) -> int:
    start, begin = row, at + len("/*")
    while row < len(lines) and (end := lines[row].find("*/", begin if row == start else 0)) < 0:
        row += 1
    if row == len(lines) or lines[row][end + len("*/") :].strip(_ENDING):
        return -1
    text = "\n".join(lines[start : row + 1])
    found.append((COMMENT, text[at : len(text) - len(lines[row]) + end + len("*/")], row, at, end + len("*/")))
    return row


def _add_heredoc(found: list[Token], lines: list[str], row: int, at: int) -> int:
    sign, word = lines[row][at : at + 2], lines[row][at + 2 :].removeprefix("-").rstrip(_ENDING)
    if sign != HEREDOC or not word or word[0] not in _LETTERS or word.strip(_IN_WORDS):
        return -1
    last = next((below for below in range(row + 1, len(lines) - 1) if lines[below].strip(_ENDING) == word), -1)  # a line end follows
    if last >= 0:
        found.append((HEREDOC, lines[row][at:], row, at, len(lines[row])))
        end = len(lines[last].rstrip(_ENDING))
        found.append((MARKER, word, last, end - len(word), end))
    return last


def between(lines: list[str], first: tuple[int, int, int], last: Token) -> bytes:
    """The code behind one place, a row and the two columns of a token there, up to the end of a token."""
    found = lines[first[0] : last[2] + 1]
    found[-1] = found[-1][: last[4]]
    return "\n".join(found)[first[2] :].encode()


def add_tokens(found: list[Token], line: str, row: int, column: int = 0) -> int:
    """Add the tokens of a line from a column on; return the column of what is not ordinary, or -1."""
    rest, whole = line[column:].lstrip(_BLANK), len(line)
    while rest:
        sign = rest[0]
        if sign in _LETTERS:
            kind, behind = WORD, rest.lstrip(_IN_WORDS)
        elif sign in _ALONE:
            kind, behind = sign, rest[1:]
        elif sign == '"':
            text, end, behind = rest[1:].partition('"')
            kind = STRING
            if not end or "\\" in text or "${" in text or "%{" in text:
                kind, (size, _) = TEMPLATE, interpolated(rest, 1, '"')
                behind = rest[size:]
                if size < 0:
                    return whole - len(rest)
        elif sign == "#" or rest.startswith("//"):
            kind, behind = COMMENT, ""
        elif rest == "\r":
            return -1
        elif sign in _DIGITS:
            kind, behind = NUMBER, rest.lstrip(_IN_WORDS)
        elif rest.startswith(("<<", "/*")):
            return whole - len(rest)
        else:
            kind = rest[:2] if rest[:2] in _TWO else sign
            behind = rest[len(kind) :]
        size, left = len(rest), len(behind)
        found.append((kind, rest[: size - left], row, whole - size, whole - left))
        rest = behind.lstrip(_BLANK)
    return -1


def interpolated(line: str, at: int, end: str = "") -> tuple[int, list[tuple[int, int]]]:
    """Where the text from ``at`` on ends, behind the sign ``end`` or with the line, and the code of each interpolation between its braces.

    -1 where it has no end, and where it holds a directive, a comment, or an escape of an interpolation that is in question.
    """
    found: list[tuple[int, int]] = []
    opened = [end]  # the text, the interpolations, and what is open in them: braces and strings
    start = at
    while opened and (rest := line[at:].lstrip(_PLAIN)):
        at, sign, size = len(line) - len(rest), rest[0], 1
        if opened[-1] != "}":
            size = _size_in_text(line, at, is_quoted=bool(opened[-1]))
            if sign == "$" and size == len("${"):
                start = start if opened[1:] else at + size
                opened.append("}")
            elif sign == opened[-1]:
                opened.pop()
        elif sign in '{"':
            opened.append("}" if sign == "{" else sign)
        elif sign == "}":
            opened.pop()
            if not opened[1:]:
                found.append((start, at))
        elif sign == "#" or line.startswith(("//", "/*"), at):
            size = -1
        if size < 0:
            return -1, []
        at += size
    return (-1, []) if "".join(opened) else (len(line) if opened else at, found)


def _size_in_text(line: str, at: int, *, is_quoted: bool) -> int:
    """How many signs belong together in a text: two that begin an interpolation, one or more of the text; -1 as above."""
    sign = line[at]
    if sign == "\\" and is_quoted:
        return len(r"\n")
    if sign not in "$%" or not line.startswith(("${", "%{", "$${", "%%{"), at):
        return 1
    is_escape = line[at + 1] == sign
    if line[at - 1 : at] == sign or (sign == "%" and not is_escape):
        return -1
    return len("$${") if is_escape else len("${")


class NotPlainError(Exception):
    """Only the grammar can tell what code means, or whether it is sound."""


class TokenReader:
    """Takes tokens from the first to the last."""

    def __init__(self, path: str, lines: list[str], found: list[Token], row: int) -> None:
        self.path, self.row, self.lines, self.tokens = path, row, lines, [*found, ("", "", len(lines), 0, 0)]
        self.at = 0

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def skip_lines(self) -> None:
        while self.tokens[self.at][0] in LINES:
            self.at += 1

    def takes(self, kind: str) -> bool:
        self.at += (is_next := self.tokens[self.at][0] == kind)
        return is_next

    def take(self, kind: str) -> Token:
        """Take a token of a kind. Raises `NotPlainError`."""
        if not self.takes(kind):
            raise NotPlainError
        return self.tokens[self.at - 1]

    def is_adjacent(self) -> bool:
        last, following = self.tokens[self.at - 1], self.tokens[self.at]
        return last[4] == following[3] and last[2] == following[2]

    def last(self) -> int:
        """Where the last code is that was taken."""
        at = self.at - 1
        while self.tokens[at][0] in LINES:
            at -= 1
        return at
