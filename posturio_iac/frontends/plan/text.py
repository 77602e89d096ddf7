"""The text of a plan: from bytes to data, and from addresses to places."""

from __future__ import annotations

import gc
import json
import re

from posturio_iac.core.model import Span
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import decode, not_text
from posturio_iac.core.text.json_nodes import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ADDRESS = lazy_pattern(r'"address"\s*:\s*("(?:[^"\\]|\\.)*")')
_SECTION = r"(?<!\\)%s\s*:"
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE = lazy_pattern(rf"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")


class PlanTextError(Exception):
    """A file is no JSON object; the message is a sentence without a full stop."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def text_of(data: bytes) -> str:
    """The text in ``data``: UTF-8, or UTF-16 with its mark, without the mark. Raises `PlanTextError`."""
    try:
        return decode(data)
    except UnicodeDecodeError as error:
        raise PlanTextError(f"the plan {not_text(error)}") from None


def parse(text: str) -> Any:
    """The data of a JSON text; a lone surrogate escape becomes U+FFFD. Raises `PlanTextError`."""
    if "\\ud" in text or "\\uD" in text:
        text = _LONE.sub(r"\\ufffd", text)
    collecting = gc.isenabled()
    gc.disable()  # garbage collections while many lasting objects are built would cost as much again and free nothing
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = not text[error.pos :].strip() or error.msg.startswith("Unterminated")
        why = "the plan is cut off; create it again" if cut else f"the plan is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        log = "other text stands before the plan; save only what terraform show -json prints"
        raise PlanTextError(why if text.lstrip()[:1] == "{" else log, *Lines(text).place(error.pos)) from None
    except RecursionError:
        raise PlanTextError("the plan is nested too deeply to be read") from None
    except ValueError:
        raise PlanTextError("the plan holds a number with too many digits") from None
    finally:
        if collecting:
            gc.enable()


class PlanPlaces:
    """Where addresses stand in the text of a plan. The text is searched once, when first asked."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text
        self._lines = Lines(text)
        self._found: dict[str, tuple[int, int]] | None = None

    def of(self, address: str) -> Span:
        """Where a resource's address stands: among the changes, else anywhere; the start of the file when it is not written out."""
        if self._found is None:
            self._found = self._search()
        return self._span(*self._found.get(address, (0, 1)))

    def member(self, *names: str) -> Span | None:
        """The place of a member's name, found by the names of the members around it, in their order."""
        at = end = 0
        for name in names:
            written = json.dumps(name, ensure_ascii=False)
            found = re.compile(_SECTION % re.escape(written)).search(self._text, end)
            if found is None:
                return None
            at, end = found.start(), found.start() + len(written)
        return self._span(at, end)

    def _search(self) -> dict[str, tuple[int, int]]:
        section = re.compile(_SECTION % '"resource_changes"').search(self._text)
        start = section.start() if section else 0
        found: dict[str, tuple[int, int]] = {}
        for begin, end in ((start, len(self._text)), (0, start)):
            for match in _ADDRESS.finditer(self._text, begin, end):
                written = match[1]
                address = json.loads(written) if "\\" in written else written[1:-1]
                found.setdefault(address, match.span(1))
        return found

    def _span(self, start: int, end: int) -> Span:
        return Span(self._path, *self._lines.place(start), *self._lines.place(end))
