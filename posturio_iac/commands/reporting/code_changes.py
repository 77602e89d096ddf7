"""Files below a scan root for planning edits, and the changes that reports show."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from posturio_iac.commands.output import to_stderr
from posturio_iac.commands.reporting.source_lines import MOST_BYTES, Sources
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.text.textfile import Fence, UnreadableError
from posturio_iac.core.text.textfile import read as read_file
from posturio_iac.scan import policy_of

_MOST_FILES = 100
_MOST_CHANGES = 5_000

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Finding, Report
    from posturio_iac.fixes.shown import InDiff, ShownChange
    from posturio_iac.fixes.working_files import WorkingFiles


def files_below(root: str, edited: Mapping[str, bytes]) -> WorkingFiles:
    """The files below a folder, none of them read yet; ``edited`` has texts that stand for some of them."""
    fence = Fence(os.path.realpath(root))

    def read(path: str) -> bytes | None:
        try:
            return edited[path] if path in edited else read_file(os.path.join(root, path), MOST_BYTES, fence)
        except UnreadableError:
            return None

    return _files(root, read)


def _files(root: str, read: Callable[[str], bytes | None]) -> WorkingFiles:
    from posturio_iac.commands.guard import Guard
    from posturio_iac.fixes.working_files import WorkingFiles

    def names(folder: str) -> list[str]:
        try:
            return os.listdir(os.path.join(root, folder))
        except OSError:
            return []

    return WorkingFiles(read, names, Guard(root, read).refusal)


def limits(report: Report, config: Config, root: str) -> Callable[[Finding], int]:
    """How many days the key of a finding may live."""
    policy = policy_of(config, root, suppressions=False)
    keys = {(k.key.address, k.key.scope): k.key for k in report.keys}

    def days(finding: Finding) -> int:
        key = keys.get((finding.address, finding.root))
        return max(policy.of(key).context_for(key, report.as_of).max_lifetime.days, 1) if key is not None else 1

    return days


def shown_changes(
    report: Report, config: Config, sources: Sources, is_in_diff: InDiff | None = None
) -> Callable[[Finding], ShownChange | None]:
    """A function to the change that mends a finding, planned when called; ``is_in_diff`` tells which lines a pull request shows."""
    plans = cache(lambda: _Changes(report, config, sources, is_in_diff))
    return lambda finding: plans().of(finding)


class _Changes:
    """Plans changes of files that are kept with them, for the next format that asks."""

    def __init__(self, report: Report, config: Config, sources: Sources, is_in_diff: InDiff | None) -> None:
        from posturio_iac.core.evidence.remedy import ReplaceTrigger
        from posturio_iac.fixes.shown import shown
        from posturio_iac.fixes.wanted import RemedyChoice, Wishes

        self._shown, self._asks_days = shown, ReplaceTrigger
        self._files, self._is_in_diff = _files(sources.root, sources.data), is_in_diff
        active = [finding for finding in report.findings if _is_shown(finding)]
        self._choice = RemedyChoice(report, active, Wishes(report.as_of))
        self._asked = report, config, sources.root
        self._days: Callable[[Finding], int] | None = None
        self._planned: dict[int, ShownChange | None] = {}

    def of(self, finding: Finding) -> ShownChange | None:
        place = id(finding)
        if place in self._planned:
            return self._planned[place]
        if len(self._files.before) >= _MOST_FILES or len(self._planned) >= _MOST_CHANGES:
            self._files.forget()
            self._planned.clear()
        self._planned[place] = found = self._plan(finding) if _is_shown(finding) else None
        return found

    def _plan(self, finding: Finding) -> ShownChange | None:
        """Plan the change; a crash of ours there is said, and hides no finding."""
        try:
            limit = 1
            if isinstance(finding.remedy, self._asks_days):  # no other asks for it
                self._days = self._days or limits(*self._asked)
                limit = self._days(finding)
            return self._shown(self._choice.of(finding), self._files, limit, self._choice, self._is_in_diff)
        except Exception as error:
            if os.environ.get("POSTURIO_IAC_DEBUG") == "1":
                raise
            what = f"warning: planning the change for {finding.address} stopped on an internal error ({type(error).__name__}: {error})"
            to_stderr(f"{printable(what)}; it is not shown. Please report it\n")
            return None


def _is_shown(finding: Finding) -> bool:
    return finding.suppressed is None and finding.shows_code and finding.framework != "terraform-plan"
