"""Text on the page: what is cut, and where a name may break."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from posturio_iac.core.text.terminal import printable
from posturio_iac.render.report.document import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.render.report.document import Piece

LONGEST = 600
"""Longer texts are cut, with a note."""
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


def markup(pieces: Iterable[Piece], *, breaks: bool = False) -> Markup:
    """Pieces of a sentence as markup; with ``breaks`` plain text too may break between the parts of a name, as in a narrow cell."""
    return Markup("".join(_piece(piece, breaks=breaks) for piece in pieces))  # noqa: S704 - each text is escaped


def _piece(piece: Piece, *, breaks: bool) -> str:
    text: str
    match piece.role:
        case Role.BREAK:
            return "<br>"
        case Role.LEVEL:
            text = escape(shown(piece.text))
            return f'<span class="level {text}">{text}</span>'
        case Role.COPY:
            return f"<code{' data-copy' if shown(piece.text) == piece.text else ''}>{escape(shown(piece.text))}</code>"
        case Role.CODE:
            text = f"<code>{soft(piece.text)}</code>"
        case Role.STRONG:
            return f'<strong class="name">{soft(piece.text)}</strong>'
        case Role.SOFT:
            return f'<span class="meta">{soft(piece.text) if breaks else escape(shown(piece.text))}</span>'
        case _:
            text = soft(piece.text) if breaks else escape(shown(piece.text))
    return f'<a href="{escape(piece.url)}">{text}</a>' if piece.url else text
