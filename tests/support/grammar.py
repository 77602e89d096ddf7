"""Text by a grammar, for any source of choices: hypothesis, or a generator of random numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

Grammar = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""For each kind of text its atoms, and its patterns, in which ``<name>`` stands for any text of the kind ``name``."""

KIND = re.compile(r"<(\w+)>")


def filled(choose: Callable[[Sequence[str]], str], grammar: Grammar, pattern: str, depth: int) -> str:
    """A pattern with text in place of its kinds, as deep as is said."""

    def made(kind: str) -> str:
        atoms, patterns = grammar[kind]
        if atoms and (depth <= 0 or not patterns or choose(["an atom", "", "", ""])):
            return choose(atoms)
        return filled(choose, grammar, choose(patterns), depth - 1)

    return KIND.sub(lambda found: made(found[1]), pattern)


def listed(text: str) -> list[str]:
    """The entries of a table, which two blanks or a line end part."""
    return [entry.strip() for entry in re.split(r"\s\s+", text.strip())]
