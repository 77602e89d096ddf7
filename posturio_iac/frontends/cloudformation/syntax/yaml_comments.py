"""Comments in YAML, and the resources that they belong to."""

from __future__ import annotations

import re
from bisect import bisect_right

from posturio_iac.core.metadata.comments import Comment, line_end
from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

_COMMENT = lazy_pattern(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)
_OURS = lazy_pattern(r"posturio|rotat", re.IGNORECASE)


class Comments:
    """The comments of one source, found when first asked for."""

    def __init__(self, source: TemplateSource) -> None:
        self._source = source
        self._found: list[tuple[int, int]] | None = None

    def of(self, entry: TemplateEntry) -> tuple[Comment, ...]:
        """The comments on, above and inside an entry, where one of them speaks to us."""
        source = self._source
        if source.language != "YAML" or "#" not in source.text:
            return ()
        first, last = self._extent(entry)
        if _OURS.search(source.text, first, last) is None:
            return ()
        return tuple(self._comment(entry.key._replace(start=start, end=end)) for start, end in self._all() if first <= start < last)

    def _extent(self, entry: TemplateEntry) -> tuple[int, int]:
        """The offsets of its comments: lines above that are not indented deeper, its own, and those after it that are."""
        text = self._source.text
        first = text.rfind("\n", 0, entry.key.start) + 1
        indent = entry.key.start - first
        while first and (line := text[text.rfind("\n", 0, first - 1) + 1 : first])[: indent + 1].lstrip().startswith("#"):
            first -= len(line)
        last = line_end(text, max(entry.body.end, entry.key.end))
        while last < len(text):
            line = text[last + 1 : line_end(text, last + 1)]
            if line[: indent + 1].strip() or line.lstrip()[:1] not in ("", "#"):
                break
            last += 1 + len(line)
        return first, last

    def _comment(self, node: Node) -> Comment:
        at = self._source.span(node)
        return Comment(self._source.slice(node), at.path, at.line, at.column, at.end_line, at.end_column)

    def _all(self) -> list[tuple[int, int]]:
        if self._found is None:
            from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents

            nodes = (one for d in documents(self._source.text)[0] for n in d.root.walk() for one in (n, *(key for key, _ in n.members)))
            scalars = sorted((one.start, one.end) for one in nodes if isinstance(one.value, str) and "#" in one.value)
            starts = [start for start, _ in scalars]
            self._found = [m.span() for m in _COMMENT.finditer(self._source.text) if not _covered(m.start(), starts, scalars)]
        return self._found


def _covered(offset: int, starts: list[int], scalars: list[tuple[int, int]]) -> bool:
    at = bisect_right(starts, offset) - 1
    return at >= 0 and offset < scalars[at][1]
