"""Writes the results of a live run: its own text, the formats that all commands share, and the verification of an earlier result."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from posturio_iac.commands.ci_environment import source_url
from posturio_iac.commands.coverage import left_out
from posturio_iac.commands.live.writing import text
from posturio_iac.commands.live.writing.table import Style
from posturio_iac.commands.output import STDOUT, write
from posturio_iac.commands.reporting.reports import emit as emit_common
from posturio_iac.core.text.terminal import columns_of_stdout, wants_color
from posturio_iac.live.by_kind import ABOUT_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.contract.resolved import ResolvedFinding

    class Shown(Protocol):
        """A verification, as the formats need it."""

        def mended(self) -> tuple[ResolvedFinding, ...]:
            """The findings that are gone."""

        def text(self, style: Style, *, quiet: bool) -> str:
            """It as text."""

        def document(self, run: Mapping[str, object]) -> str:
            """It as JSON."""


def emit(
    found: Findings,
    given: Arguments,
    targets: Sequence[tuple[str, str]],
    *,
    elapsed: float,
    code: int,
    config: Config,
    run: Mapping[str, object],
    verification: Shown | None = None,
) -> None:
    """Write each format to its target, files before standard output, after what must be said on standard error.

    ``run`` records how the run was made, and ``verification`` says what became of an earlier result.

    Raises:
        OutputError: a target cannot be written.

    """
    own = ("text",) if verification is None else ("text", "json")
    common = tuple(pair for pair in targets if pair[0] not in own)
    url = source_url(config.source_url, found.links.leading, os.environ) if found.links.root else ""
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
        scope=found.scope(rules_left_out(config), url) if verification is None else None,
        run=run,
        mended=verification.mended() if verification is not None else (),
        ages=found.ages,
        others=[target for name, target in targets if name in own],
    )
    for name, target in sorted((pair for pair in targets if pair[0] in own), key=lambda pair: pair[1] == STDOUT):
        color = target == STDOUT and wants_color("auto", sys.stdout, os.environ)
        style = Style(color=color, verbose=bool(given.verbose), columns=columns_of_stdout() if target == STDOUT else None)
        if verification is None:
            write(_text(found, given, style), target)
        else:
            write(verification.text(style, quiet=bool(given.quiet)) if name == "text" else verification.document(run), target)


def _text(found: Findings, given: Arguments, style: Style) -> str:
    read = text.RunCoverage(len(found.accounts), found.unread)
    return text.render(found.report, style, by_owner=given.group_by == "owner", quiet=bool(given.quiet), read=read, ages=found.ages)


def rules_left_out(config: Config) -> tuple[str, ...]:
    """The rules that a live run was told to leave out."""
    return tuple(rule for rule in left_out(config) if rule != ABOUT_CODE)
