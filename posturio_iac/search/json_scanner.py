"""Terraform's JSON syntax (``.tf.json``) as blocks and code of HCL, so that both can be scanned alike."""

from __future__ import annotations

from posturio_iac.core.text.hcl_lexer import LABELS
from posturio_iac.core.text.json_nodes import Array, JsonError, Node, Object, decode
from posturio_iac.search.hcl_scanner import ScannedBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
COMMENT = "//"  # the member that holds a comment, wherever it stands


def blocks(data: bytes) -> list[ScannedBlock]:
    """The top-level blocks of a JSON file, in their order; none of one that is broken."""
    root = _document(data)
    if root is None:
        return []
    return [block for kind, value in _members(root) for block in _labelled(kind, (), value, LABELS.get(kind, 0))]


def expressions(data: bytes) -> bytes:
    """The strings of a JSON file as code: each on a line, quoted, comments left out."""
    root = _document(data)
    return b"" if root is None else b"\n".join(quoted(text) for text in _strings(root))


def quoted(text: str) -> bytes:
    """A string of JSON as one of HCL, whose interpolations are kept."""
    return f'"{text.translate(_ESCAPES)}"'.encode("utf-8", "replace")


def _document(data: bytes) -> Node | None:
    try:
        return decode(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, JsonError):
        return None


def _members(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, Object):
        yield from ((str(key.value), value) for key, value in node.value if key.value != COMMENT)
    elif isinstance(node.value, Array):
        for item in node.value:
            yield from _members(item)


def _labelled(kind: str, labels: tuple[str, ...], value: Node, missing: int) -> Iterator[ScannedBlock]:
    if missing:
        for label, inner in _members(value):
            yield from _labelled(kind, (*labels, label), inner, missing - 1)
        return
    for body in value.value if isinstance(value.value, Array) else (value,):
        if isinstance(body.value, Object):
            yield ScannedBlock(kind, labels, _arguments(body), may_repeat=True)  # a member may be there twice


def _arguments(body: Node) -> Iterator[tuple[str, bytes]]:
    for name, value in _members(body):
        yield name, quoted(value.value) if isinstance(value.value, str) else b"\n".join(quoted(text) for text in _strings(value))


def _strings(node: Node) -> Iterator[str]:
    pending = [node]
    while pending:
        value = pending.pop().value
        if isinstance(value, str):
            yield value
        elif isinstance(value, Array):
            pending += value
        elif isinstance(value, Object):
            for key, member in value:
                if key.value != COMMENT:
                    pending += (key, member)
