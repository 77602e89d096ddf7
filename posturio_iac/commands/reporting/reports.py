"""Hands a report to its formats with the code and the changes that they show, and diagnostics of the run to standard error."""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache

from posturio_iac.commands.output import STDOUT, to_stderr, write
from posturio_iac.core.finding import SUBJECT, Diagnostic, Finding, Level, Report
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import UTF16, decode
from posturio_iac.core.text.terminal import columns_of_stdout, lines_of_stdout, paint, printable, wants_color, without_commands
from posturio_iac.core.text.textfile import MIB, Fence, UnreadableError, read
from posturio_iac.frontends.plan import looks_like_plan
from posturio_iac.render import count, renderer
from posturio_iac.render.wording import among_keys, once
from posturio_iac.scan import policy_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config import Config
    from posturio_iac.contract import RenderContext
    from posturio_iac.fixes.shown import InDiff, ShownChange
    from posturio_iac.fixes.working_files import WorkingFiles

MOST_BYTES = 256 * MIB  # what is shown was read before, so that this is only for a file that grows meanwhile
_MOST_FILES = 100


class Sources:
    """Reads files below a root when something of them is asked for, and keeps the last ones."""

    def __init__(self, root: str, fence: Fence | None = None) -> None:
        """Read below the folder ``root``; a ``fence`` may have texts that are not on the disk."""
        self.root, self._fence = root, fence
        self.data = lru_cache(_MOST_FILES)(self._read)
        self._lines = lru_cache(_MOST_FILES)(self._split)

    def line(self, path: str, number: int) -> str | None:
        """Line ``number`` (from 1) without its end, or None where there is none."""
        lines = self._lines(path)
        return lines[number - 1].removesuffix("\r") if 0 < number <= len(lines) else None

    def text(self, path: str) -> str | None:
        """A whole file as UTF-8 with its line ends and its byte order mark, or None where it is none or cannot be read."""
        data = self.data(path)
        return None if data is None or data.startswith(UTF16) else data.decode("utf-8", "replace")

    def _read(self, path: str) -> bytes | None:
        """The bytes of a whole file; None where it cannot be read, and for a plan: it holds secrets, on one line perhaps."""
        try:
            data = read(os.path.join(self.root, path), MOST_BYTES, self._fence)
        except UnreadableError:
            return None
        return None if looks_like_plan(data) else data

    def _split(self, path: str) -> list[str]:
        data = self.data(path)
        return decode(data, "replace").split("\n") if data else []


COLORS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def emit(
    report: Report,
    targets: Sequence[tuple[str, str]],
    given: Arguments,
    known: RenderContext,
    sources: Sources | None = None,
    others: Sequence[str] = (),
) -> None:
    """Write each format to its target, files before standard output; the caller writes ``others`` itself. Raises `OutputError`."""
    choice, names = given.color or "auto", known.scope.names if known.scope else None
    shown = any(target == STDOUT and name in ("text", "github") for name, target in targets)
    diagnostics = [d for d in report.diagnostics if d.level is Level.ERROR or not (shown and d.is_always_shown)]
    diagnose(diagnostics, quiet=bool(given.quiet), color=wants_color(choice, sys.stderr, os.environ), names=names)
    sources = sources or Sources(known.root)
    context = replace(
        known,
        lines=sources.line,
        text=sources.text,
        by_owner=given.group_by == "owner",
        depth=int(given.depth or 0),
        verbose=bool(given.verbose),
        quiet=bool(given.quiet),
        color=choice == "always",
        screen=None,
    )
    on_screen = replace(context, color=wants_color(choice, sys.stdout, os.environ), columns=columns_of_stdout(), screen=known.screen)
    made = [
        (renderer(name, stats=bool(given.stats))(report, on_screen if target == STDOUT else context), target) for name, target in targets
    ]
    notes = [write(text, target) for text, target in sorted(made, key=lambda pair: pair[1] == STDOUT)]
    if not given.quiet:
        to_stderr("".join(notes))
        files = [*(target for _, target in targets), *others]
        if STDOUT not in files:  # a run that fails without a word helps nobody
            found = f"{count(len(report.active()), 'finding')} in {among_keys(report)}"
            to_stderr(f"wrote {', '.join(map(printable, files))}: {found}\n")


def screen(given: Arguments, elsewhere: int | None = None) -> int | None:
    """How many lines of text are shown: as many as the terminal has, ``elsewhere`` where there is none, else all."""
    return None if given.all or given.verbose else lines_of_stdout() or elsewhere


def diagnose(diagnostics: Sequence[Diagnostic], *, quiet: bool, color: bool, names: Mapping[str, str] | None = None) -> None:
    """Print diagnostics of the run, errors only when ``quiet``; ``names`` are those of accounts, by their ids."""
    lines = [_line(d, names or {}, color=color) for d in once(diagnostics) if d.is_always_shown or not quiet]
    if lines:
        to_stderr(without_commands("".join(lines)))


def _line(diagnostic: Diagnostic, names: Mapping[str, str], *, color: bool) -> str:
    account = diagnostic.account
    if account is not None and account in names:
        account = f"{account} ({names[account]})"
    elif account is not None and diagnostic.template.startswith(SUBJECT):
        account = None  # the message names it
    path = None if diagnostic.path == diagnostic.subject else diagnostic.path  # the message names it
    parts = [account, path, diagnostic.line, diagnostic.column]
    where = ":".join(printable(str(part)) for part in parts if part is not None)
    level = paint(diagnostic.level.value, "bold", COLORS[diagnostic.level], color=color)
    return f"{where}{': ' if where else ''}{level}: {printable(diagnostic.message)}\n"


_MOST_EDITED = 100
_MOST_CHANGES = 5_000


def files_below(root: str, edited: Mapping[str, bytes]) -> WorkingFiles:
    """The files below a folder, none of them read yet; ``edited`` has texts that stand for some of them."""
    fence = Fence(os.path.realpath(root))

    def content(path: str) -> bytes | None:
        try:
            return edited[path] if path in edited else read(os.path.join(root, path), MOST_BYTES, fence)
        except UnreadableError:
            return None

    return _files(root, content)


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
        if (place := id(finding)) not in self._planned:
            if len(self._files.before) >= _MOST_EDITED or len(self._planned) >= _MOST_CHANGES:
                self._files.forget()
                self._planned.clear()
            self._planned[place] = self._plan(finding) if _is_shown(finding) else None
        return self._planned[place]

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
