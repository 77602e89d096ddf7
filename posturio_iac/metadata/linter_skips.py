"""Comments that tell checkov to skip checks: ids of our pack count in our own scan too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.host_ids import CHECKOV, IN_CHECKOV
from posturio_iac.core.model import Directive, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.metadata.comments import Comment

RULES = {check: rule for rule, check in CHECKOV.items()}
_SKIP = r"(?:checkov|bridgecrew|cortex):skip= *(?P<ids>[\w-]+(?:,[\w-]+)*)(?::(?P<reason>[^\n]*))?"
"""The form that checkov searches for in each line of a block (checkov/common/comment/enum.py)."""


def skips_in(comment: Comment) -> Iterator[Directive]:
    """Yield the instructions in one comment. One that gives no reason has an empty one here."""
    for row, line in enumerate(comment.text.split("\n")):
        found = re.search(_SKIP, line)
        rules = tuple(RULES[check] for check in found["ids"].split(",") if check in RULES) if found else ()
        if found and rules:
            start = found.start() + (comment.column if row == 0 else 1)
            at = Span(comment.path, comment.line + row, start, comment.line + row, start + len(found[0]))
            yield Directive(rules, _reason(found["reason"] or ""), None, at, IN_CHECKOV)


def _reason(text: str) -> str:
    """A reason without the end of the comment around it."""
    return " ".join(text.removesuffix("*/").split())
