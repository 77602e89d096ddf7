"""Text on the page: line breaks, code and links inside sentences, and links to lines of code."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup, escape

from posturio_iac.core.text.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.contract.records import SavedFinding
    from posturio_iac.posture.view import KeyRow

LONGEST = 600
"""Longer texts are cut, with a note."""
BRIEF = 120
"""Longer names in tables are cut, with a note."""
_BREAK = re.compile(r"(?<=[./_:@\\-])(?=[^\s./_:@\\-])(?!(?<=\d-)\d)(?!\d+$)|(?<=[a-z0-9])(?=[A-Z])")
"""Where an address or a path may go on in the next line: between its parts, yet neither in a date nor before the number of a line."""
_ENDLESS = re.compile(r"[^\s\0]{40}(?=[^\s\0])")
"""Texts without such a place, which may break anywhere."""
_DATE = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_MARKS = (("\0", "<wbr>"), ("\1", '<span class="nb">'), ("\2", "</span>"))
"""What stands for markup until the text is escaped: no text that is shown holds these characters."""


def cut(text: str, most: int) -> str:
    """Return at most ``most`` characters of a text, with the number of those left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def shown(value: Any) -> Any:
    """A value for a template: markup as it is, text with every character visible and cut where it is too long."""
    if type(value) is not str:
        return "" if value is None else value
    return printable(cut(value, LONGEST))


def soft(value: Any) -> Any:
    """A text that a table may break between the parts of a name, and nowhere else."""
    return _soft(value) if type(value) is str else shown(value)


@lru_cache(maxsize=65_536)
def _soft(text: str) -> Markup:
    marked = _DATE.sub("\1\\g<0>\2", _ENDLESS.sub("\\g<0>\0", _BREAK.sub("\0", shown(text))))
    made = str(escape(marked))
    for mark, markup in _MARKS:
        made = made.replace(mark, markup)
    return Markup(made)  # noqa: S704 - escaped above


def source_link(row: KeyRow, path: str | None, line: int | None) -> str:
    """The URL of a line of code; empty where it is not known."""
    if not row.source_url or not path:
        return ""
    return row.source_url.replace("{path}", quote(path, errors="replace")).replace("{line}", str(line or 1))


def key_link(row: KeyRow) -> str:
    key = row.key
    return source_link(row, key.declared_path, key.declared_line) if key.deployed else source_link(row, key.path, key.line)


def finding_link(row: KeyRow, finding: SavedFinding) -> str:
    return source_link(row, finding.path, finding.line) or key_link(row)


def mend(finding: SavedFinding) -> list[tuple[str, bool]]:
    """The remedy of a finding in pieces, each with whether it is code that a reader may want to copy."""
    remedy = finding.remedy
    return list(_pieces(finding.remediation, (remedy.command, remedy.code) if remedy is not None else ()))


def _pieces(text: str, code: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Take a text apart at the first piece of ``code`` that it holds."""
    found = next((piece for piece in code if copyable(piece) and piece in text), None)
    if found is None:
        yield text, False
        return
    before, _, after = text.partition(found)
    yield before, False
    yield found, True
    yield after, False


def copyable(code: str) -> bool:
    """True if the page shows a piece of code exactly as it is, so that a copy of it does what it says."""
    return bool(code) and shown(code) == code
