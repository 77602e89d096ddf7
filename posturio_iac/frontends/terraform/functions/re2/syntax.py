"""The syntax of RE2, which Terraform's patterns are written in.

Terraform's engine takes time linear in the text whatever the pattern; Python's own does not, and reads some patterns in
another way (``$`` before a last newline, Unicode digits, look-around). So patterns are parsed here and run by `regex_machine`.
"""

from __future__ import annotations

from posturio_iac.core.record import dataclass
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.functions.re2.chars import DOT, POSIX, Chars, escaped_class, letter
from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError
from posturio_iac.frontends.terraform.values import EvaluationError

_REPEAT = lazy_pattern(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_GROUP_NAME = lazy_pattern(r"\(\?P?<([A-Za-z0-9_]+)>")
_FLAGS = lazy_pattern(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_POSIX = lazy_pattern(r"\[:(\^?)([a-z]+):\]")
_MAX_REPEAT = 1_000
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Assertion:
    """A condition on a place in the text: ``begin``, ``end``, ``line_begin``, ``line_end``, ``word`` or ``not_word``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One node after another."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of several nodes, the first that leads to a match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A node several times, as often as possible or, when lazy, as rarely as possible."""

    item: Node
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class CaptureGroup:
    """A node whose match is kept under a number from 1."""

    item: Node
    number: int


Node = Chars | Assertion | Sequence | Alternation | Repeat | CaptureGroup


def parse(pattern: str) -> tuple[Node, tuple[str | None, ...]]:
    """Parse a pattern into its tree and the names of its groups, None for one without a name.

    Raise EvaluationError for what RE2 refuses, `UnsupportedError` and `ResultTooLargeError` for what is not evaluated here.
    """
    parser = _Parser(pattern)
    node = parser.alternation(0)
    if parser.place < len(pattern):
        raise EvaluationError("pattern: a closing parenthesis has no opening one")
    return node, tuple(parser.names)


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        """Read ``pattern``."""
        self.pattern = pattern
        self.place = 0
        self.names: list[str | None] = []
        self.flags: frozenset[str] = frozenset()

    def alternation(self, depth: int) -> Node:
        """Read up to a closing parenthesis or the end."""
        if depth > _MAX_DEPTH:
            raise ResultTooLargeError
        options = [self._sequence(depth)]
        while self._take("|"):
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Alternation(tuple(options))

    def _take(self, text: str) -> bool:
        """Skip ``text`` when it comes next."""
        if not self.pattern.startswith(text, self.place):
            return False
        self.place += len(text)
        return True

    def _sequence(self, depth: int) -> Node:
        """Read up to a bar, a closing parenthesis or the end."""
        items: list[Node] = []
        repeated = False
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            if (limits := self._quantifier()) is not None:
                if not items or repeated:
                    raise EvaluationError("pattern: a repetition has nothing to repeat")
                lazy = self._take("?") != ("U" in self.flags)
                items[-1] = Repeat(items[-1], *limits, lazy)
                repeated = True
            else:
                items += self._atoms(depth)
                repeated = False
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _quantifier(self) -> tuple[int, int | None] | None:
        """Read how often the node before is repeated, when that comes next."""
        for char, limits in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(char):
                return limits
        match = _REPEAT.match(self.pattern, self.place)
        if match is None:
            return None
        self.place = match.end()
        least = int(match.group(1)[:9])
        most = least if match.group(2) is None else int(match.group(3)[:9]) if match.group(3) else None
        if max(least, most or 0) > _MAX_REPEAT or (most is not None and most < least):
            raise EvaluationError(f"pattern: {match.group()} is not a valid repetition")
        return least, most

    def _atoms(self, depth: int) -> list[Node]:
        """Read the next node; quoted text is several, a change of flags none."""
        char = self.pattern[self.place]
        if char == "(":
            return self._group(depth)
        if self._take("\\Q"):
            text, found, _ = self.pattern[self.place :].partition("\\E")
            self.place += len(text) + len(found) // 2 * 2
            return [self._literal(quoted) for quoted in text]
        return [self._escape() if char == "\\" else self._single(char)]

    def _single(self, char: str) -> Node:
        """Read the node that starts with ``char``, which is neither a group nor an escape."""
        self.place += 1
        match char:
            case "[":
                return self._class()
            case ".":
                return Chars(()).negate() if "s" in self.flags else DOT
            case "^" | "$":
                side = "begin" if char == "^" else "end"
                return Assertion(f"line_{side}" if "m" in self.flags else side)
            case _:
                return self._literal(char)

    def _literal(self, char: str) -> Chars:
        return Chars(((char, char),), folded="i" in self.flags)

    def _group(self, depth: int) -> list[Node]:
        """Read a group, or a change of flags."""
        outer = self.flags
        number = 0
        if match := _FLAGS.match(self.pattern, self.place):
            self.place = match.end()
            self.flags = (self.flags | set(match.group(1))) - set(match.group(2) or "")
            if match.group(3) == ")":
                return []
        else:
            number = self._start_group()
        item = self.alternation(depth + 1)
        if not self._take(")"):
            raise EvaluationError("pattern: a parenthesis is not closed")
        self.flags = outer
        return [CaptureGroup(item, number) if number else item]

    def _start_group(self) -> int:
        """Read the opening of a group that keeps its match; return its number."""
        name = None
        if match := _GROUP_NAME.match(self.pattern, self.place):
            self.place, name = match.end(), match.group(1)
            if name in self.names:
                raise EvaluationError(f'pattern: two groups have the name "{name}"')
        elif self.pattern.startswith("(?", self.place):
            raise EvaluationError("pattern: look-around and other extensions after (? are not supported by Terraform")
        else:
            self.place += 1
        self.names.append(name)
        return len(self.names)

    def _escape(self) -> Node:
        """Read a backslash and what follows it, outside of a class."""
        for text, kind in (("\\A", "begin"), ("\\z", "end"), ("\\b", "word"), ("\\B", "not_word")):
            if self._take(text):
                return Assertion(kind)
        return self._special() or self._literal(self._escaped_char())

    def _special(self) -> Chars | None:
        r"""Read a class written with a backslash, such as ``\d`` or ``\p{Lu}``, when one comes next."""
        found, self.place = escaped_class(self.pattern, self.place)
        return found

    def _escaped_char(self) -> str:
        """Read a backslash and the character that it stands for."""
        char, self.place = letter(self.pattern, self.place)
        return char

    def _class(self) -> Chars:
        """Read a class from after its bracket."""
        negated = self._take("^")
        ranges: list[tuple[str, str]] = []
        parts: list[Chars] = []
        while not (self._take("]") if ranges or parts else False):
            part = self._class_part()
            if part is not None:
                parts.append(part)
                continue
            first = last = self._class_char()
            if self.pattern.startswith("-", self.place) and not self.pattern.startswith("-]", self.place):
                self.place += 1
                last = self._class_char()
            if last < first:
                raise EvaluationError(f"pattern: the range {first}-{last} is out of order")
            ranges.append((first, last))
        return Chars(tuple(ranges), tuple(parts), negated, folded="i" in self.flags)

    def _class_part(self) -> Chars | None:
        """Read a named class inside of a class, when one comes next."""
        match = _POSIX.match(self.pattern, self.place)
        if match is None:
            return self._special()
        if match.group(2) not in POSIX:
            raise EvaluationError(f"pattern: there is no class {match.group()}")
        self.place = match.end()
        named = POSIX[match.group(2)]
        return named.negate() if match.group(1) else named

    def _class_char(self) -> str:
        """Read one character of a class."""
        if self.place >= len(self.pattern):
            raise EvaluationError("pattern: a bracket is not closed")
        if self.pattern[self.place] == "\\":
            return self._escaped_char()
        self.place += 1
        return self.pattern[self.place - 1]
