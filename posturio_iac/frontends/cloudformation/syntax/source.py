"""One file of templates: its text, its language, and its places as spans."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.model import Span
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import decoding
from posturio_iac.core.text.textfile import Fence, TooLargeError, UnreadableError, read

if TYPE_CHECKING:
    from posturio_iac.core.text.json_nodes import Node


@dataclass(frozen=True, slots=True, eq=False)
class TemplateSource:
    """The text of a file, or of a template that stands inside one."""

    path: str
    """Relative to the scan root, with forward slashes."""
    text: str
    """Without byte order mark."""
    language: str = "YAML"
    """``YAML`` or ``JSON``."""
    serverless: bool = False
    """Its strings may hold variables of the Serverless Framework."""
    within: tuple[int, Span] | None = None
    """For a template inside a string: the indentation of a literal block, or -1 for any other string, and the place of the string."""

    def span(self, node: Node) -> Span:
        """The place of a node of this source."""
        if self.within is not None:
            return self._shifted(node)
        line, column = node.lines.place(node.start)
        return Span(self.path, line, column, *node.lines.place(node.end))

    def _shifted(self, node: Node) -> Span:
        """The place in the file that holds this text: of the node in a literal block, else of the whole string."""
        assert self.within is not None  # noqa: S101 - narrows the type
        indent, outer = self.within
        if indent < 0:
            return outer
        line, column = node.lines.place(node.start)
        end_line, end_column = node.lines.place(node.end)
        return Span(self.path, outer.line + line, column + indent, outer.line + end_line, end_column + indent)

    def slice(self, node: Node) -> str:
        return self.text[node.start : node.end]


def read_text(root: str, path: str, limit: int, fence: Fence | None = None) -> str:
    """The text of the file at ``path`` below ``root``, without byte order mark.

    Raises `UnreadableError` when it is missing, too large, no text, or outside of ``fence``; without a fence ``root`` is one.
    """
    try:
        return decode(read(os.path.join(root, path), limit, fence or Fence(os.path.realpath(root))))
    except TooLargeError:
        raise UnreadableError(f"is larger than {limit:,} bytes and was not read") from None


def decode(data: bytes) -> str:
    """The text in ``data``: UTF-8, or UTF-16 with its mark. Raises `UnreadableError` when it is neither."""
    try:
        return decoding.decode(data)
    except UnicodeDecodeError as error:
        raise UnreadableError(decoding.not_text(error)) from None
