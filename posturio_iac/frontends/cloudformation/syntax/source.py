"""One file of templates: its text, its language, and its places as spans."""

from __future__ import annotations

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import AT_DEPLOYMENT, FILLED_IN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.text.json_nodes import Node

_DYNAMIC = "{{resolve:"

_MARKUP = (("{{", "}}"), ("{%", "%}"), ("<%", "%>"))

_BRACE = lazy_pattern(r"[{}]")


def filled_in(text: str, *, serverless: bool) -> Unknown | None:
    """Why a text is not final, or None when it is."""
    if "{{" in text or "{%" in text or "<%" in text:
        if found := _dynamic(text):
            return AT_DEPLOYMENT(found)
        if found := _markup(text):
            return FILLED_IN("a template engine", " ".join(found.split()))
    if serverless and "${" in text and (found := _serverless(text)):
        return FILLED_IN("the Serverless Framework", found)
    return None


def _dynamic(text: str) -> str:
    start = text.find(_DYNAMIC)
    end = text.find("}", start) if start >= 0 else -1
    return "" if end < 0 else text[start : end + (2 if text.startswith("}}", end) else 1)]


def _markup(text: str) -> str:
    pieces = []
    for opening, closing in _MARKUP:
        start = text.find(opening)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end >= 0:
            pieces.append((start, end + len(closing)))
    return text[slice(*min(pieces))] if pieces else ""


def _serverless(text: str) -> str:
    """The first variable of the Serverless Framework in a text, or nothing.

    It names its source: ``${self:service}``, ``${file(x.yml)}``, ``${opt:stage, 'dev'}``. Others may stand in it, one level deep.
    """
    start = text.find("${")
    while start >= 0:
        brace = _BRACE.search(text, start + 2)
        source = text[start + 2 : brace.start()] if brace else ""
        if (":" in source or "(" in source) and not source.startswith("AWS::"):
            while brace and brace[0] == "{":
                inner = _BRACE.search(text, brace.end())
                brace = _BRACE.search(text, inner.end()) if inner and inner[0] == "}" else None
            if brace:
                return text[start : brace.end()]
        start = text.find("${", start + 2)
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateSource:
    """The text of a file, or of a template that stands inside one."""

    path: str  # relative to the scan root, with forward slashes
    text: str  # without byte order mark
    language: str = "YAML"  # ``YAML`` or ``JSON``
    serverless: bool = False  # its strings may hold variables of the Serverless Framework
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
