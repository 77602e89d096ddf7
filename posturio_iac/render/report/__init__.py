"""The report for people: one HTML page or one Markdown document of joined results. Needs the extra ``report``."""

from __future__ import annotations

from posturio_iac.errors import UsageError


def require() -> None:
    """Make sure that the extra is there. Raises `UsageError`, which says how to install it."""
    try:
        import jinja2  # noqa: F401 - only this format needs it
    except ImportError:
        raise UsageError("the format html needs Jinja2: pip install Jinja2") from None
