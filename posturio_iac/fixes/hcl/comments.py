"""Comments above blocks of HCL: metadata of ours, and instructions to ignore rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.hcl.source import Block, HclSource

_OURS = lazy_pattern(r"[ \t]*(?:#+|//+)[ \t]*posturio[ \t]*:(?![ \t]*ignore\b)(?P<body>.*)", re.IGNORECASE)
_PLAIN = lazy_pattern(r"[^\s\"'“”=\[\],;]+")


def item(name: str, value: str) -> str:
    """One piece of metadata as comments state it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{name}={value}" if _PLAIN.fullmatch(value) else f'{name}="{escaped}"'


def add_metadata(source: HclSource, block: Block, name: str, value: str) -> list[Edit]:
    """The edit that states metadata above a block: in the comment of ours that ends there, or in one of its own."""
    above, start = _line_above(source, block)
    found = _OURS.fullmatch(above)
    if found is None:
        return [add_comment(source, block, f"posturio: {item(name, value)}")]
    if re.search(rf"(?i)(?:^|[\s,;]){re.escape(name)}[ \t]*=", found["body"]):
        return []
    at = start + len(above.rstrip().encode())
    return [source.edit(at, at, f" {item(name, value)}")]


def add_comment(source: HclSource, block: Block, text: str) -> Edit:
    """The edit that puts a comment right above a block, with the marker of the comment that is there."""
    above, _ = _line_above(source, block)
    marker = "//" if above.lstrip().startswith("//") else "#"
    at = source.line_start(block.start_byte)
    return source.edit(at, at, f"{source.indent(block.start_byte)}{marker} {text}\n")


def _line_above(source: HclSource, block: Block) -> tuple[str, int]:
    """The line above a block and where it begins."""
    at = source.line_start(block.start_byte)
    start = source.line_start(at - 1) if at else 0
    return source.data[start : max(at - 1, 0)].decode("utf-8", "replace"), start
