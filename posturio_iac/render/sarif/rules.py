"""Descriptors of the rules in SARIF: their titles, their pages and their severities for GitHub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import Severity
from posturio_iac.render.wording import page_url
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.core.finding import Rule

SECURITY_SEVERITY = {Severity.LOW: "3.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""GitHub: critical above 9.0, high from 7.0, medium from 4.0, low below. It wants text."""


def descriptors(found: Mapping[str, Rule], levels: Mapping[Severity, str]) -> list[dict[str, Any]]:
    """A descriptor for each rule in the order of the ids: those that there are, and any other that was ``found``."""
    registered = all_rules()
    pages = {name: (found.get(name, entry.rule), entry.page) for name, entry in registered.items()}
    others = {name: (rule, f"{rule.title}.") for name, rule in found.items() if name not in registered}
    return [_descriptor(rule, page, levels) for _, (rule, page) in sorted({**pages, **others}.items())]


def _descriptor(rule: Rule, page: str, levels: Mapping[Severity, str]) -> dict[str, Any]:
    standards = "".join(f"\n\n{name}: {', '.join(numbers)}." for name, numbers in rule.standards.items())
    title, _, text = page.partition("\n")
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.rpartition(".")[2].split("_")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": first_paragraph(text) or title},
        "helpUri": page_url(rule.id),
        "help": {"text": _plain(page) + standards, "markdown": f"# {title.rstrip('.')}\n{text}{standards}"},
        "defaultConfiguration": {"level": levels[rule.severity]},
        "properties": {
            "security-severity": SECURITY_SEVERITY[rule.severity],
            "precision": "high",
            "problem.severity": {"note": "recommendation"}.get(levels[rule.severity], levels[rule.severity]),
            "tags": ["security", "aws", "iam", "access-keys"],
            **({"standards": {name: list(numbers) for name, numbers in rule.standards.items()}} if rule.standards else {}),
        },
    }


def first_paragraph(text: str) -> str:
    """The first paragraph without a last sentence that introduces the following text."""
    return re.sub(r"(?<=\.)[^.]*:$", "", " ".join(_plain(text.strip().partition("\n\n")[0]).split()))


def _plain(page: str) -> str:
    """Return Markdown without the marks of headings and code spans."""
    return re.sub(r"(?m)^#+ ", "", page).replace("`", "")
