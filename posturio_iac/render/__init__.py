"""The formats: each is a pure function of the report, and one line in a dictionary. And the one line of a scan that found no access key.

Its text is empty or ends with a newline; where it can be long, it comes in pieces. A module is imported only when it is asked for.
"""

from __future__ import annotations

from posturio_iac.core import loaded
from posturio_iac.core.text.terminal import paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.finding import Report

FORMATS = {
    "text": "posturio_iac.render.text.blocks:stream",
    "concise": "posturio_iac.render.text:stream",
    "json": "posturio_iac.contract.write:stream",
    "jsonl": "posturio_iac.contract.lines:stream",
    "sarif": "posturio_iac.render.sarif:stream",
    "junit": "posturio_iac.render.junit:render",
    "github": "posturio_iac.render.github:render",
    "gitlab": "posturio_iac.render.gitlab:render",
    "markdown": "posturio_iac.render.markdown_page:render",
    "html": "posturio_iac.render.report.html_page:render",
    "csv": "posturio_iac.render.csv_table:render",
    "asff": "posturio_iac.render.aws.asff:render",
    "ocsf": "posturio_iac.render.aws.ocsf:render",
}
DEPLOYED = ("jsonl", "asff", "ocsf")
STATS = "posturio_iac.render.text.overview:stats"
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

_DOCUMENTS = (".pdf", ".xls", ".xlsx", ".doc", ".docx", ".tsv", ".svg", ".png", ".gz", ".zip", ".jsonl")
OTHER_ENDINGS = (*_DOCUMENTS, ".yaml", ".yml", ".toml", ".tf", ".tofu", ".hcl", ".tfvars", ".template", ".py", ".sh", "/")
"""Endings that promise what no format of ours is, or another than each command has; other names hold text."""


def implied(target: str) -> str | None:
    return next((name for ending, name in ENDINGS.items() if target.lower().endswith(ending)), None)


def renderer(name: str, *, stats: bool = False) -> Callable[[Report, RenderContext], Iterable[str]]:
    """Load the function of a format by its name; with ``stats`` that of counts for ``text``."""
    function: Callable[[Report, RenderContext], Iterable[str]] = loaded(STATS if stats and name == "text" else FORMATS[name])
    return function


def no_deployed_keys(accounts: int, *, errors: bool) -> str:
    """The line for so many accounts that were read; with ``errors`` it does not sound like good news."""
    if not errors:
        return "No access keys"
    return "No access keys were seen" if accounts else "No account could be read"


def no_keys(files: int, *, color: bool = False, errors: bool = False, narrowed: bool = False) -> str:
    """The line for ``files`` searched files; with ``errors`` it does not sound like good news, ``narrowed`` is a scan of changes alone."""
    nothing = "No access keys were found" if errors else "No access keys are declared: there were no files to search"
    text = f"No access keys are declared in {count(files, 'file')}" if files else nothing
    text = "No change concerns an access key" if narrowed else text
    return paint(text, "bold", "red" if errors else "green", color=color)


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
