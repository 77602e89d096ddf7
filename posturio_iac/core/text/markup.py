"""Markup of template engines (Jinja, Go, ERB, cookiecutter) in text that they still have to render."""

from __future__ import annotations

from posturio_iac.core.text.lazy_pattern import lazy_pattern

_MARKUP = lazy_pattern(r"\{\{(?!resolve:)|\{%|<%|\{#")


def markup(text: str) -> int | None:
    """Return where the first markup stands in a text, or None. CloudFormation's dynamic references (``{{resolve:…``) are none."""
    found = _MARKUP.search(text)
    return found.start() if found else None
