"""Mutants of the packages that decide: what mutmut's operators change in one place of a file, and a random sample of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

TERRAFORM, CLOUDFORMATION = "posturio_iac/frontends/terraform", "posturio_iac/frontends/cloudformation"
PACKAGES = {
    **{name: (f"posturio_iac/{name}",) for name in ("core", "metadata", "rules", "judge", "facts")},
    "Terraform's evaluation": (f"{TERRAFORM}/evaluation", f"{TERRAFORM}/operators.py"),
    "Terraform's functions": (f"{TERRAFORM}/functions",),
    "CloudFormation's evaluation": (f"{CLOUDFORMATION}/evaluation",),
}
"""The parts that are mutated, by the name that docs/security.md shows."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    path: str
    line: int
    before: str
    after: str
    source: str

    @cached_property
    def part(self) -> str:
        return next(name for name, paths in PACKAGES.items() if self.path.startswith(paths))

    def __str__(self) -> str:
        """The place, and the line before and after."""
        old, new = ((text.splitlines() or [""]) for text in (self.before, self.after))
        first = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        return f"{self.path}:{self.line}: {' ⏎ '.join(old[first : first + 3])}  →  {' ⏎ '.join(new[first : first + 3])}"


class _Places(cst.CSTVisitor):  # type: ignore[misc]  # libcst is not there when mypy runs
    """Collect each node that an operator changes; annotations, texts of documentation and what only type checkers read are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _no_code(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(node, changed) for changed in operator(node)]
        return True


def _no_code(node: cst.CSTNode) -> bool:
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True
        case cst.If(test=cst.Name("TYPE_CHECKING")) | cst.Assign(targets=[cst.AssignTarget(target=cst.Name("__all__"))]):
            return True
        case cst.Call(func=cst.Name("TypeVar" | "cast" | "isinstance" | "len")):
            return True
    return False


def _of_file(root: Path, path: str, place: int) -> Mutant | None:
    """One mutant of a file, by its place among all of them; None when Python compiles it to the same program or refuses it."""
    text = (root / path).read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    places = _Places()
    wrapper.module.visit(places)
    node, changed = places.found[place]
    line = wrapper.resolve(PositionProvider)[node].start.line
    mutated = wrapper.module.deep_replace(node, changed).code
    try:
        if compile(mutated, path, "exec") == compile(text, path, "exec"):
            return None
    except SyntaxError:
        return None
    before, after = (wrapper.module.code_for_node(one) for one in (node, changed))
    return Mutant(path, line, before, after, mutated)


def files(root: Path) -> list[str]:
    """The files of all parts."""
    paths = [root / path for part in PACKAGES.values() for path in part]
    found = [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])]
    return sorted(file.relative_to(root).as_posix() for file in found)


def sample(root: Path, seed: int, only: Container[int] | None = None) -> tuple[int, Iterator[tuple[int, Mutant]]]:
    """Return how many mutants there are, and all of them with their numbers in an order that the seed fixes.

    Any number of the first of them is a sample. ``only`` picks some by their numbers.
    """
    every = [(path, place) for path in files(root) for place in range(_count(root, path))]
    random.Random(seed).shuffle(every)  # noqa: S311 - a sample that can be drawn again
    chosen = ((number, one) for number, one in enumerate(every, 1) if only is None or number in only)
    return len(every), ((number, mutant) for number, one in chosen if (mutant := _of_file(root, *one)) is not None)


def _count(root: Path, path: str) -> int:
    places = _Places()
    cst.parse_module((root / path).read_text(encoding="utf-8")).visit(places)
    return len(places.found)
