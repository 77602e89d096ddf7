"""Text that is filled in before or during deployment: template engines, Serverless variables, dynamic references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.unknown import AT_DEPLOYMENT, FILLED_IN

if TYPE_CHECKING:
    from posturio_iac.core.model import Unknown

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
    """The first dynamic reference in a text, or nothing."""
    start = text.find(_DYNAMIC)
    end = text.find("}", start) if start >= 0 else -1
    return "" if end < 0 else text[start : end + (2 if text.startswith("}}", end) else 1)]


def _markup(text: str) -> str:
    """The first piece of a template engine's markup in a text, or nothing."""
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
