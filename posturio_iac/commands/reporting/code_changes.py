"""Files below a scan root for planning edits, and the changes that reports show."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.commands.reporting.source_lines import MOST_BYTES
from posturio_iac.core.text.textfile import Fence, UnreadableError
from posturio_iac.core.text.textfile import read as read_file
from posturio_iac.scan import policies_of

_MOST_FILES = 100
"""How many files are kept that changes were planned in; findings come in the order of files."""
_MOST_CHANGES = 5_000
"""How many changes are kept for the next format that asks."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.fixes.shown import InDiff, ShownChange
    from posturio_iac.fixes.working_files import WorkingFiles


def files_below(root: str) -> WorkingFiles:
    """Return the files below a folder, none of them read yet."""
    from posturio_iac.commands.guard import Guard
    from posturio_iac.fixes.working_files import WorkingFiles

    fence = Fence(os.path.realpath(root))

    def read(path: str) -> bytes | None:
        try:
            return read_file(os.path.join(root, path), MOST_BYTES, fence)
        except UnreadableError:
            return None

    def listing(folder: str) -> list[str]:
        try:
            return os.listdir(os.path.join(root, folder))
        except OSError:
            return []

    return WorkingFiles(read, listing, Guard(root).refusal)


def limits(report: Report, config: Config, root: str) -> Callable[[Finding], int]:
    """Return how many days the key of a finding may live."""
    policies = policies_of(config, root, suppressions=False)
    keys = {(k.key.address, k.key.scope): k.key for k in report.keys}

    def days(finding: Finding) -> int:
        key = keys.get((finding.address, finding.root))
        return max(policies.of(key).context_for(key, report.as_of).max_lifetime.days, 1) if key is not None else 1

    return days


def shown_changes(report: Report, config: Config, root: str, is_in_diff: InDiff | None = None) -> Callable[[Finding], ShownChange | None]:
    """Return a function to the change that mends a finding of a scan of the folder ``root``; changes are planned at its first call.

    ``is_in_diff`` tells which lines the diff of a pull request shows, where there is one.
    """
    planned: dict[int, ShownChange | None] = {}
    plans: list[Callable[[Finding], ShownChange | None]] = []

    def change(finding: Finding) -> ShownChange | None:
        if not plans:
            plans.append(_planner(report, config, root, is_in_diff))
        if id(finding) not in planned:
            if len(planned) >= _MOST_CHANGES:
                planned.clear()
            planned[id(finding)] = plans[0](finding)
        return planned[id(finding)]

    return change


def _planner(report: Report, config: Config, root: str, is_in_diff: InDiff | None) -> Callable[[Finding], ShownChange | None]:
    from posturio_iac.core.evidence.remedy import ReplaceTrigger
    from posturio_iac.fixes.shown import shown
    from posturio_iac.fixes.wanted import Wishes, wanted

    files, days = files_below(root), limits(report, config, root)
    active = [f for f in report.active() if f.framework != "terraform-plan" and f.shows_code]
    found = {id(one.finding): one for one in wanted(report, active, Wishes(report.as_of))}

    def plan(finding: Finding) -> ShownChange | None:
        one = found.get(id(finding))
        if one is None:
            return None
        if len(files.before) >= _MOST_FILES:
            files.forget()
        limit = days(finding) if any(isinstance(remedy, ReplaceTrigger) for remedy in one.remedies) else 1  # no other asks for it
        return shown(one, files, limit, is_in_diff)

    return plan
