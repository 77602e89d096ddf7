"""What the lexical layer makes of HCL, beside what tree-sitter makes of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from posturio_iac.core.text import hcl_lexer
from posturio_iac.frontends.terraform.syntax.tree import is_sound, tree_of

TEXTS = ("quoted_template", "string_lit", "template_literal")
ODD = re.compile(rb'\$\$+\{|%%+\{|"(?:[^"\\\n]|\\.)*\n|<<-?[ \t]+\w|[^\x00-\x7f]|\r(?!\n)|[\x00\x0b\x0c]', re.DOTALL)
"""What tree-sitter reads otherwise than HashiCorp's lexer: escapes of interpolations, line ends in strings, odd blanks and markers."""


def by_tree(data: bytes) -> bytes | None:
    """The code of a file with spaces in place of comments and texts, as tree-sitter sees it; None where it sees an error."""
    root = tree_of(data).root_node
    if not is_sound(root):
        return None
    kept = bytearray(data)
    for begin, end in _without_code(root):
        kept[begin:end] = b" " * (end - begin)
    return bytes(kept)


def _without_code(node: Any) -> Iterator[tuple[int, int]]:
    if node.type in ("comment", "heredoc_identifier", *TEXTS):
        at = node.start_byte
        for inner in _interpolated(node):
            yield at, inner.start_byte
            yield from _without_code(inner)
            at = inner.end_byte
        yield at, node.end_byte
        return
    for child in node.children:
        yield from _without_code(child)


def _interpolated(node: Any) -> Iterator[Any]:
    """Yield the interpolations and the marks of directives in a text, outermost first."""
    for child in node.children:
        if child.type in (
            "template_interpolation",
            *(f"template_{k}" for k in ("if_intro", "else_intro", "if_end", "for_start", "for_end")),
        ):
            yield child
        else:
            yield from _interpolated(child)


def disagreement(data: bytes) -> str:
    """How the layer and tree-sitter differ about a file; empty where they agree, or where it is not for tree-sitter to say."""
    seen = None if ODD.search(data) else by_tree(data)
    if seen is None:
        hcl_lexer.masked(data)
        return ""
    found, sound = hcl_lexer.pieces(data)
    if not sound:
        return "torn for the layer, sound for tree-sitter"
    if any(one[1] > other[0] for one, other in itertools.pairwise(found)):
        return f"pieces that overlap: {found}"
    ours, theirs = (re.sub(rb"<<-?[\w-]*", b"", one).split() for one in (hcl_lexer.masked(data), seen))
    return "" if ours == theirs else f"{ours} here, {theirs} by tree-sitter"
