"""``posturio-iac scan``: from paths to a report in the formats that were asked for."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.scan_args import parser, reports
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.finding import Report


def run(argv: Sequence[str]) -> int:
    """Scan, report and return the exit code."""
    started = time.perf_counter()
    try:
        given = parser().parse(argv)
    except SystemExit:  # --help
        return 0
    if given.quiet and given.verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    targets = reports(given.reports)
    from posturio_iac.commands.settings import settings, threshold  # noqa: PLC0415 - not for --help

    config = settings(given, [p for p in given.paths if p != "-"])
    with _paths(given) as (paths, cwd):
        report, root = judged(paths, cwd, config, given)
        from posturio_iac.commands.reports import emit  # noqa: PLC0415

        emit(report, targets, given, root=root, elapsed=time.perf_counter() - started)
    code = report.exit_code(threshold(config.fail_on), strict=config.strict)
    return 0 if given.exit_zero and code == 1 else int(code)
