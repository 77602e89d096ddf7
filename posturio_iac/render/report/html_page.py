"""The format ``html``: one page that needs no network and no script to be read. Needs the extra ``report`` (Jinja2)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac import __version__
from posturio_iac.core.text.terminal import XML_SHARP, inert
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from posturio_iac.contract import RenderContext
    from posturio_iac.core.finding import Report
    from posturio_iac.posture.view import Posture

LARGE = 500
"""With more keys a browser lays out sections further down only when they come into view."""
MOST = 20_000
"""How many rows a table has at most."""
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")


def render(report: Report, context: RenderContext) -> str:
    """The report of one run as a page."""
    require()
    from posturio_iac.contract.read import result
    from posturio_iac.contract.write import document
    from posturio_iac.posture.view import join

    return page(join([result(document(report, context), "this run")]))


def require() -> None:
    """Make sure that the extra is there. Raises `UsageError`, which says how to install it."""
    try:
        import jinja2  # noqa: F401 - only this format needs it
    except ImportError:
        raise UsageError('the format html needs Jinja2: pip install "posturio-iac[report]"') from None


def page(posture: Posture) -> str:
    """A joined view as a page."""
    from base64 import b64encode
    from hashlib import sha256

    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from posturio_iac.core.finding import Level, Verdict
    from posturio_iac.posture.score import shown as score
    from posturio_iac.render.report import wording as say
    from posturio_iac.render.report.charts import scale
    from posturio_iac.render.report.html_text import markup, shown
    from posturio_iac.render.report.sections import diagnostics, sections

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
        scale=Markup(scale(posture.ends)),  # noqa: S704 - our own picture, which escapes what it shows
        verdict=say.verdict(posture),
        score=score(posture.score.value),
        score_known=posture.score.value is not None,
        counts=[(verdict.value, posture.count(verdict)) for verdict in Verdict],
        severities=[(severity.value, number) for severity, number in posture.severities().items()],
        errors=[said for level, said in diagnostics(posture) if level is Level.ERROR],
        sections=sections(posture),
        large=len(posture.rows) > LARGE,
        most=MOST,
        svg=Markup,
        pieces=markup,
        style=style,
        script=script,
        policy=Markup(policy),  # noqa: S704 - our own hashes
    )
    return inert(made, XML_SHARP)
