"""Another value where metadata states one that cannot stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Array, Object
from posturio_iac.fixes.change import CannotFixError, ChangeLevel
from posturio_iac.fixes.hcl_maps import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node as HclNode

    from posturio_iac.core.remedy import ReplaceValue
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.hcl_source import HclSource
    from posturio_iac.fixes.node_source import NodeSource

_SAID = ("Metadata", "//")
_ELSEWHERE = CannotFixError("the value is computed; change what it comes from")


def _new(remedy: ReplaceValue) -> str:
    """Return the value to write. Raises `CannotFixError` when there are only words about it."""
    text = remedy.written or remedy.value
    if any(character.isspace() for character in text):
        raise CannotFixError("a person has to say which value")
    return text


def replaced_in_hcl(remedy: ReplaceValue, source: HclSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    """Return the edit of a literal, or of a value in a comment, that stands between two bytes of the file."""
    new, first, last = _new(remedy), start - source.base, end - source.base
    written = source.data[first:last].decode("utf-8", "replace")
    if written == quoted(remedy.old) or (written == remedy.old and written.replace(".", "").isdigit()):
        return ChangeLevel.IN_PLACE, [source.edit(first, last, quoted(new))]
    comment = next((n for n in _comments(source.root) if n.start_byte <= first and last <= n.end_byte), None)
    at = written.rfind(remedy.old) if comment is not None and remedy.old else -1
    if at < 0:
        raise _ELSEWHERE
    before = len(written[:at].encode())
    length = len(remedy.old.encode())
    return ChangeLevel.NOTHING, [source.edit(first + before, first + before + length, new)]


def _comments(root: HclNode) -> Iterator[HclNode]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "comment":
            yield node
        pending += node.children


def replaced_in_nodes(remedy: ReplaceValue, source: NodeSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    """Return the edit of a scalar, or of the value of a tag, that stands between two bytes of the file."""
    new, first, last = _new(remedy), source.offset(start), source.offset(end)
    found = [(n, said) for n, said in _scalars(source.roots) if first <= n.start and n.end <= last and str(n.value) == remedy.old]
    if len(found) != 1:
        raise _ELSEWHERE
    node, is_said = found[0]
    text = source.text[node.start : node.end]
    shown = json.dumps(new) if source.is_json or not text.startswith("'") else f"'{new}'"
    return ChangeLevel.NOTHING if is_said else ChangeLevel.IN_PLACE, [source.edit(node.start, node.end, shown)]


def _scalars(roots: tuple[Node, ...]) -> Iterator[tuple[Node, bool]]:
    """Yield the values that are no maps and no lists, and whether each is metadata that no resource reads."""
    pending = [(root, False) for root in roots]
    while pending:
        node, is_said = pending.pop()
        if isinstance(node.value, Object):
            pending += [(value, is_said or key.value in _SAID) for key, value in node.value]
        elif isinstance(node.value, Array):
            pending += [(item, is_said) for item in node.value]
        else:
            yield node, is_said
