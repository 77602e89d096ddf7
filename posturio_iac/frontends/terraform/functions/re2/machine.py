"""Runs a parsed pattern in time bounded by the lengths of pattern and text, and finds the match that RE2 finds.

Paths through the program are tried in order of preference, and no instruction twice at one place of the text: what failed
there once, fails again. This is the bit-state search of RE2 and Go.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from posturio_iac.core.record import dataclass
from posturio_iac.frontends.terraform.functions.re2.chars import Chars
from posturio_iac.frontends.terraform.functions.re2.syntax import Alternation, Assertion, CaptureGroup, Node, Repeat, Sequence, parse
from posturio_iac.frontends.terraform.functions.signature import ResultTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_PROGRAM = 5_000
_MAX_PATTERN = 5_000
_MAX_STEPS = 400_000
"""About a third of a second."""

Match = tuple[int, ...]
"""Start and end of the match and of each group, -1 for one that took no part."""


class Op(Enum):
    """What an instruction does."""

    CHAR = auto()
    """Take a character of a set."""
    ASSERT = auto()
    """Require a condition."""
    SAVE = auto()
    """Note the place in a slot."""
    SPLIT = auto()
    """Try one instruction, then the other."""
    MATCH = auto()
    """Succeed."""


Instruction = tuple[Op, Any, int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    program: tuple[Instruction, ...]
    names: tuple[str | None, ...]
    """The names of the groups."""

    def find_all(self, text: str) -> Iterator[Match]:
        """Yield all matches that do not overlap; an empty one right after another match does not count."""
        search = _Search(self.program, 2 * len(self.names) + 2, text)
        place, before = 0, -1
        while place <= len(text) and (match := search.from_place(place)) is not None:
            start, end = match[:2]
            if end > start or start != before:
                yield match
            place = end if end > place else place + 1
            before = end


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern. Raise what `parse` raises."""
    if len(pattern) > _MAX_PATTERN:
        raise ResultTooLargeError
    tree, names = parse(pattern)
    program: list[Instruction] = []
    _emit(program, CaptureGroup(tree, 0))
    program.append((Op.MATCH, None, 0))
    return Pattern(tuple(program), names)


def _emit(program: list[Instruction], node: Node) -> None:
    """Append the instructions of a node."""
    if len(program) > _MAX_PROGRAM:
        raise ResultTooLargeError
    match node:
        case Chars():
            program.append((Op.CHAR, node, 0))
        case Assertion(kind):
            program.append((Op.ASSERT, kind, 0))
        case Sequence(items):
            for item in items:
                _emit(program, item)
        case CaptureGroup(item, number):
            program.append((Op.SAVE, 2 * number, 0))
            _emit(program, item)
            program.append((Op.SAVE, 2 * number + 1, 0))
        case Alternation(options):
            _emit_alternation(program, options)
        case Repeat():
            _emit_repeat(program, node)


def _emit_alternation(program: list[Instruction], options: tuple[Node, ...]) -> None:
    """Append options, the earlier ones preferred."""
    ends = []
    for option in options[:-1]:
        fork = _reserve(program)
        _emit(program, option)
        ends.append(_reserve(program))
        program[fork] = (Op.SPLIT, fork + 1, len(program))
    _emit(program, options[-1])
    for end in ends:
        program[end] = (Op.SPLIT, len(program), len(program))


def _reserve(program: list[Instruction]) -> int:
    """Append an instruction to be filled in later; return its place."""
    program.append((Op.SPLIT, 0, 0))
    return len(program) - 1


def _emit_repeat(program: list[Instruction], node: Repeat) -> None:
    """Append copies of what must come, then what may come."""
    if node.most is None:
        for _ in range(node.least - 1):
            _emit(program, node.item)
        if node.least or _is_nullable(node.item):
            forks = [] if node.least else [_reserve(program)]
            _emit_loop(program, node)
            _fill_forks(program, forks, lazy=node.lazy)
        else:
            fork = _reserve(program)
            _emit(program, node.item)
            program.append((Op.SPLIT, fork, fork))
            _fill_forks(program, [fork], lazy=node.lazy)
        return
    for _ in range(node.least):
        _emit(program, node.item)
    forks = []
    for _ in range(node.most - node.least):
        forks.append(_reserve(program))
        _emit(program, node.item)
    _fill_forks(program, forks, lazy=node.lazy)


def _emit_loop(program: list[Instruction], node: Repeat) -> None:
    """Append what comes at least once and may come again."""
    start = len(program)
    _emit(program, node.item)
    after = len(program) + 1
    program.append((Op.SPLIT, after, start) if node.lazy else (Op.SPLIT, start, after))


def _fill_forks(program: list[Instruction], forks: list[int], *, lazy: bool) -> None:
    """Make each reserved instruction choose between what follows it and the end."""
    end = len(program)
    for fork in forks:
        program[fork] = (Op.SPLIT, end, fork + 1) if lazy else (Op.SPLIT, fork + 1, end)


def _is_nullable(node: Node) -> bool:
    """True if a node can match nothing."""
    match node:
        case Chars():
            return False
        case Assertion():
            return True
        case Sequence(items):
            return all(_is_nullable(item) for item in items)
        case Alternation(options):
            return any(_is_nullable(option) for option in options)
        case CaptureGroup(item, _):
            return _is_nullable(item)
        case Repeat(item, least):
            return least == 0 or _is_nullable(item)


class _Search:
    """A search in one text, with a limit on its steps."""

    def __init__(self, program: tuple[Instruction, ...], slots: int, text: str) -> None:
        """Search for a program that notes places in ``slots``."""
        self._program = program
        self._nothing: Match = (-1,) * slots
        self._text = text
        self._steps = 0

    def from_place(self, place: int) -> Match | None:
        """The first match that starts at ``place`` or later."""
        visited: set[int] = set()
        for start in range(place, len(self._text) + 1):
            if (match := self._at(start, visited)) is not None:
                return match
        return None

    def _at(self, start: int, visited: set[int]) -> Match | None:
        """The preferred match that starts at ``start``."""
        size, text = len(self._program), self._text
        pending: list[tuple[int, int, Match]] = [(0, start, self._nothing)]
        while pending:
            at, place, slots = pending.pop()
            state = place * size + at
            if state in visited:
                continue
            visited.add(state)
            self._steps += 1
            if self._steps > _MAX_STEPS:
                raise ResultTooLargeError
            op, argument, target = self._program[at]
            if op is Op.CHAR:
                if place < len(text) and argument.matches(text[place]):
                    pending.append((at + 1, place + 1, slots))
            elif op is Op.SPLIT:
                pending += ((target, place, slots), (argument, place, slots))
            elif op is Op.SAVE:
                pending.append((at + 1, place, (*slots[:argument], place, *slots[argument + 1 :])))
            elif op is Op.MATCH:
                return slots
            elif _holds(argument, text, place):
                pending.append((at + 1, place, slots))
        return None


def _holds(kind: str, text: str, place: int) -> bool:
    """True if a condition holds at a place."""
    match kind:
        case "begin":
            return place == 0
        case "end":
            return place == len(text)
        case "line_begin":
            return place == 0 or text[place - 1] == "\n"
        case "line_end":
            return place == len(text) or text[place] == "\n"
        case _:
            before = place > 0 and _is_word(text[place - 1])
            after = place < len(text) and _is_word(text[place])
            return (before != after) == (kind == "word")


def _is_word(char: str) -> bool:
    """True if ``char`` is an ASCII letter, digit or underscore."""
    return char.isascii() and (char.isalnum() or char == "_")
