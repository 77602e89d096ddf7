"""Writes the results of a live run: its own text, the formats that all commands share, and the verification of an earlier result."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.ci_environment import source_url
from posturio_iac.commands.coverage import left_out
from posturio_iac.commands.live.writing import text, verification_text
from posturio_iac.commands.live.writing.table import Style
from posturio_iac.commands.output import STDOUT, write
from posturio_iac.commands.reporting.reports import emit as emit_common
from posturio_iac.core.text.terminal import columns_of_stdout, wants_color
from posturio_iac.live.by_kind import ABOUT_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config


def emit(
    found: Findings,
    given: Arguments,
    targets: Sequence[tuple[str, str]],
    *,
    elapsed: float,
    code: int,
    config: Config,
    run: Mapping[str, object],
) -> None:
    """Write each format to its target, files before standard output, after what must be said on standard error.

    ``run`` records how the run was made.

    Raises:
        OutputError: a target cannot be written.

    """
    own = ("text",) if found.verified is None else ("text", "json")
    common = tuple(pair for pair in targets if pair[0] not in own)
    url = source_url(config.source_url, found.links.leading, os.environ) if found.links.root else ""
    scope = found.scope(rules_left_out(config), url) if found.verified is None else None
    emit_common(
        found.report,
        common,
        given,
        root=found.links.root or os.getcwd(),
        elapsed=elapsed,
        leading=found.links.leading,
        fail_on=config.fail_on,
        code=code,
        region=found.region,
        scope=scope,
        run=run,
        mended=verification_text.mended(found.verified) if found.verified is not None else (),
        ages=found.ages,
        others=[target for name, target in targets if name in own],
    )
    for name, target in sorted((pair for pair in targets if pair[0] in own), key=lambda pair: pair[1] == STDOUT):
        write(_document(found, run) if name == "json" else _text(found, given, target), target)


def _text(found: Findings, given: Arguments, target: str) -> str:
    choice = given.color or "auto"
    color = wants_color(choice, sys.stdout, os.environ) if target == STDOUT else choice == "always"
    style = Style(color=color, verbose=bool(given.verbose), columns=columns_of_stdout() if target == STDOUT else None)
    if found.verified is not None:
        return verification_text.text(found.verified, style, quiet=bool(given.quiet))
    read = text.RunCoverage(len(found.accounts), found.unread)
    if given.stats:
        from posturio_iac.render.text.stats import tables

        end = "" if given.quiet else f"{text.summary(found.report, read, found.ages, color=color)}\n"
        return "".join(tables(found.report, wide=style.columns, color=color)) + end
    return text.render(
        found.report,
        style,
        by_owner=given.group_by == "owner",
        quiet=bool(given.quiet),
        read=read,
        ages=found.ages,
        planned=bool(given.plan),
    )


def _document(found: Findings, run: Mapping[str, object]) -> str:
    return verification_text.document(found.report, found.verified, found.ages.first_seen, run) if found.verified is not None else ""


def rules_left_out(config: Config) -> tuple[str, ...]:
    """The rules that a live run was told to leave out."""
    return tuple(rule for rule in left_out(config) if rule != ABOUT_CODE)
