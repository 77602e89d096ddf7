"""The formats: each is a pure function of the report, and one line in a dictionary.

A format is a module here with ``render(report: Report, context: RenderContext) -> str``. It is imported only when it is asked for.
One whose text can be long has ``stream`` too, which yields the same text in pieces.
"""

from __future__ import annotations

from posturio_iac.core.loading import loaded, module

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.finding import Report

FORMATS = {
    "text": "posturio_iac.render.text.blocks:render",
    "concise": "posturio_iac.render.text:render",
    "json": "posturio_iac.contract.write:render",
    "jsonl": "posturio_iac.contract.lines:render",
    "sarif": "posturio_iac.render.sarif:render",
    "junit": "posturio_iac.render.junit:render",
    "github": "posturio_iac.render.github:render",
    "gitlab": "posturio_iac.render.gitlab:render",
    "markdown": "posturio_iac.render.markdown_page:render",
    "html": "posturio_iac.render.report.html_page:render",
    "csv": "posturio_iac.render.csv_table:render",
    "asff": "posturio_iac.render.aws.asff:render",
    "ocsf": "posturio_iac.render.aws.ocsf:render",
}
"""Where the function of each format is, as ``module:function``."""
DEPLOYED = ("jsonl", "asff", "ocsf")
STATS = "posturio_iac.render.text.overview:stats"
"""The format that ``--stats`` shows in place of ``text``."""
ENDINGS = {
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
}
"""The format of an output without a format, by the ending of its name; the first that fits."""


FOREIGN_ENDINGS = (".pdf", ".xls", ".xlsx", ".doc", ".docx", ".yaml", ".yml", ".toml", ".tsv", ".svg", ".png", ".gz", ".zip")
"""Endings that promise what no format of ours is; other names hold text."""


def implied(target: str) -> str | None:
    return next((name for ending, name in ENDINGS.items() if target.lower().endswith(ending)), None)


def renderer(name: str) -> Callable[[Report, RenderContext], str]:
    """Load the function of a format by its name, which must be in `FORMATS`. Its text is empty or ends with a newline."""
    function: Callable[[Report, RenderContext], str] = loaded(FORMATS[name])
    return function


def streamer(name: str, *, stats: bool = False) -> Callable[[Report, RenderContext], Iterable[str]]:
    """Load the function that returns the text of a format in pieces, where it can be long; with ``stats`` that of counts for ``text``."""
    if stats and name == "text":
        counts: Callable[[Report, RenderContext], Iterable[str]] = loaded(STATS)
        return counts
    found: Callable[[Report, RenderContext], Iterable[str]] | None = getattr(module(FORMATS[name].partition(":")[0]), "stream", None)
    render = renderer(name)
    return found or (lambda report, context: (render(report, context),))
