"""Classes of characters and escapes, as RE2 has them."""

from __future__ import annotations

from posturio_iac.core.record import dataclass, field, replace
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.values import EvaluationError

_CATEGORY = lazy_pattern(r"\\([pP])(?:([A-Za-z])|\{(\^?)([A-Za-z_]+)\})")
_HEX = lazy_pattern(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_OCTAL = lazy_pattern(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_LETTERS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_GENERAL = lazy_pattern("C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
"""The general categories of Unicode."""

_MAX_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


class UnsupportedError(Exception):
    """The pattern uses what RE2 knows and what is not evaluated here; the message names it."""


@dataclass(frozen=True, slots=True)
class Chars:
    """A set of characters."""

    ranges: tuple[tuple[str, str], ...]
    """Both ends included."""
    parts: tuple[Chars, ...] = ()
    """Sets that belong to it."""
    negated: bool = False
    folded: bool = False
    """True if upper and lower case are the same."""
    general: str = ""
    """A general category of Unicode, such as ``L`` or ``Lu``, that belongs to it."""
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def matches(self, char: str) -> bool:
        """True if ``char`` belongs to the set."""
        found = self._known.get(char)
        if found is None:
            variants = {char, char.lower(), char.upper()} if self.folded else {char}
            found = any(self._holds(variant) for variant in variants if len(variant) == 1) != self.negated
            self._known[char] = found
        return found

    def _holds(self, char: str) -> bool:
        """True if ``char`` belongs to the set before it is negated."""
        if any(first <= char <= last for first, last in self.ranges) or any(part.matches(char) for part in self.parts):
            return True
        if not self.general:
            return False
        import unicodedata

        return unicodedata.category(char).startswith(self.general)

    def negate(self) -> Chars:
        """The set of all other characters."""
        return replace(self, negated=not self.negated, _known={})


def _ranges(text: str) -> Chars:
    """The set of the ranges that stand in ``text`` one after the other, both ends of each."""
    return Chars(tuple(zip(text[::2], text[1::2], strict=True)))


DOT = _ranges("\n\n").negate()
"""Any character but a newline."""

_DIGIT, _WORD, _SPACE = _ranges("09"), _ranges("09AZaz__"), _ranges("\t\n\f\r  ")
_PERL = {
    "d": _DIGIT,
    "D": _DIGIT.negate(),
    "w": _WORD,
    "W": _WORD.negate(),
    "s": _SPACE,
    "S": _SPACE.negate(),
}

POSIX = {
    "alnum": _ranges("09AZaz"),
    "alpha": _ranges("AZaz"),
    "ascii": _ranges("\x00\x7f"),
    "blank": _ranges("\t\t  "),
    "cntrl": _ranges("\x00\x1f\x7f\x7f"),
    "digit": _DIGIT,
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/:@[`{~"),
    "space": _ranges("\t\r  "),
    "upper": _ranges("AZ"),
    "word": _WORD,
    "xdigit": _ranges("09AFaf"),
}
"""The named classes, which hold ASCII alone."""


def escaped_class(pattern: str, place: int) -> tuple[Chars | None, int]:
    r"""Read ``\d`` or ``\p{Lu}`` at ``place``; return the set, None when there is none, and the place after it."""
    if not pattern.startswith("\\", place):
        return None, place
    if perl := _PERL.get(pattern[place + 1 : place + 2]):
        return perl, place + 2
    if pattern.startswith("\\C", place):
        raise UnsupportedError("\\C")
    match = _CATEGORY.match(pattern, place)
    if match is None:
        return None, place
    sign, short, inverted, long = match.groups()
    name = short or long
    found = Chars(()).negate() if name == "Any" else Chars((), general=name)
    if name != "Any" and not _GENERAL.fullmatch(name):
        raise UnsupportedError(match.group())
    return found.negate() if (sign == "P") != bool(inverted) else found, match.end()


def letter(pattern: str, place: int) -> tuple[str, int]:
    """Read the escape of one character at ``place``; return the character and the place after it."""
    if match := _HEX.match(pattern, place) or _OCTAL.match(pattern, place):
        digits = next(group for group in match.groups() if group)
        code = int(digits, 16 if pattern.startswith("\\x", place) else 8)
        if code > _MAX_CODE_POINT or code in _SURROGATES:
            raise EvaluationError(f"pattern: {match.group()} is no character")
        return chr(code), match.end()
    char = pattern[place + 1 : place + 2]
    if char in _LETTERS:
        return _LETTERS[char], place + 2
    if not char:
        raise EvaluationError("pattern: a backslash stands at the end")
    if char.isalnum() or not char.isascii():
        raise EvaluationError(f"pattern: \\{char} is not supported by Terraform")
    return char, place + 2
