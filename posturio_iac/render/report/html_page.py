"""The format ``html``: one page that needs no network and no script to be read. Needs the extra ``report`` (Jinja2)."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from posturio_iac import __version__
from posturio_iac.core.finding import Level, Report, Verdict
from posturio_iac.core.text.terminal import XML_SHARP, inert, printable
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.document import Piece, Role
from posturio_iac.render.report.parts import shown as score
from posturio_iac.render.report.sections import diagnostics, sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from posturio_iac.contract import RenderContext
    from posturio_iac.render.report.view import Posture

LARGE = 500  # with more keys a browser lays out sections further down only when they come into view
MOST = 20_000
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")


def render(report: Report, context: RenderContext) -> str:
    """The report of one run as a page."""
    from posturio_iac.contract.read import result
    from posturio_iac.contract.write import document
    from posturio_iac.render.report.view import join

    return page(join([result(document(report, context), "this run")]))


LONGEST = 600
_BREAK = re.compile(r"(?<=[./_:@\\-])(?=[^\s./_:@\\-])(?!(?<=\d-)\d)(?!\d+$)|(?<=[a-z0-9])(?=[A-Z])")
"""Where an address or a path may go on in the next line: between its parts, yet neither in a date nor before the number of a line."""
_ENDLESS = re.compile(r"[^\s\0]{40}(?=[^\s\0])")  # texts without such a place, which may break anywhere
_DATE = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_WHOLE = re.compile(rf"{_DATE.pattern}|(?<![\w-])--[a-z][a-z-]*|\bposturio-iac\b")
"""What stays on one line of a paragraph: dates, and words of a command."""
_MARKS = (("\0", "<wbr>"), ("\1", '<span class="nb">'), ("\2", "</span>"))
"""What stands for markup until the text is escaped: no text that is shown holds these characters."""


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def shown(value: Any) -> Any:
    """A value for a template: markup as it is, text with every character visible and cut where it is too long."""
    return printable(cut(value, LONGEST)) if type(value) is str else "" if value is None else value


def soft(value: Any) -> Any:
    """A text that a table may break between the parts of a name, and nowhere else."""
    return _soft(value) if type(value) is str else shown(value)


@lru_cache(maxsize=65_536)
def _soft(text: str) -> Markup:
    return _marked(_DATE.sub("\1\\g<0>\2", _ENDLESS.sub("\\g<0>\0", _BREAK.sub("\0", shown(text)))))


def _marked(text: str) -> Markup:
    made = str(escape(text))
    for mark, markup in _MARKS:
        made = made.replace(mark, markup)
    return Markup(made)  # noqa: S704 - escaped above


def _text(text: str, *, breaks: bool) -> Markup:
    return _soft(text) if breaks else _marked(_WHOLE.sub("\1\\g<0>\2", shown(text)))


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
            return f'<span class="meta">{_text(piece.text, breaks=breaks)}</span>'
        case _:
            text = _text(piece.text, breaks=breaks)
    return f'<a href="{escape(piece.url)}">{text}</a>' if piece.url else text


def page(posture: Posture) -> str:
    """A joined view as a page."""

    def inline(name: str) -> tuple[Markup, str]:
        """A file of the page, and the source expression by which its policy allows it."""
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            text = file.read()
        return Markup(text), f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"  # noqa: S704 - our own file

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=shown,
    )
    (style, style_hash), (script, script_hash) = inline("report.css"), inline("report.js")
    policy = f"default-src 'none'; style-src {style_hash}; script-src {script_hash}; img-src data:; base-uri 'none'; form-action 'none'"
    made = environment.get_template("report.html").render(
        title=say.TITLE,
        version=__version__,
        as_of=say.when(posture.as_of),
        looked_at=say.looked_at(posture),
        percent=posture.ends.percent,
        ending=say.ending(posture),
        verdict=say.verdict(posture),
        score=score(posture.score),
        score_known=posture.score is not None,
        counts=[(verdict.value, posture.count(verdict)) for verdict in Verdict],
        severities=[(severity.value, number) for severity, number in posture.severities().items()],
        errors=[said for level, said in diagnostics(posture) if level is Level.ERROR],
        sections=sections(posture),
        large=len(posture.rows) > LARGE,
        most=MOST,
        svg=Markup,
        pieces=markup,
        commands=lambda lines: Markup("\n").join(map(shown, lines)),
        style=style,
        script=script,
        policy=Markup(policy),  # noqa: S704 - our own hashes
    )
    return inert(made, XML_SHARP)
