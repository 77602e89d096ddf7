"""``posturio-iac scan``: from paths to a report in the formats that were asked for."""

from __future__ import annotations

import os
import sys
import time

from posturio_iac.commands.output import STDOUT, to_stderr, to_stdout
from posturio_iac.commands.parser import help_text, parse
from posturio_iac.commands.progress_line import ProgressLine
from posturio_iac.commands.reporting.provider_note import point_to_secrets
from posturio_iac.commands.scan.arguments import COMMAND, DEFAULT_FORMAT, reports
from posturio_iac.core.text.decoding import decode
from posturio_iac.errors import UsageError

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Report
    from posturio_iac.fixes.shown import InDiff
    from posturio_iac.impact.selection import Narrowed
    from posturio_iac.search import Selection
    from posturio_iac.search.skipped import SkippedPlace

    Targets = tuple[tuple[str, str], ...]

STDIN = "-"
DEFAULT_NAME = "stdin.tf"
JSON_NAME = "stdin.json"
"""What begins with a brace is no HCL but JSON: a plan or a template."""
SHOWING_SKIPPED = frozenset(("text", "json"))
"""The formats that can hold what was not checked."""


def run(argv: Sequence[str]) -> int:
    """Scan, report and return the exit code."""
    started = time.perf_counter()
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    if given.quiet and given.verbose:
        raise UsageError("--quiet and --verbose cannot be combined")
    targets = reports(given)
    if given.show_skipped and SHOWING_SKIPPED.isdisjoint(name for name, _ in targets):
        raise UsageError("--show-skipped needs the format text or json; add one of them")
    if STDIN in given.words:
        return _scan_stdin(given, targets, started)
    if given.stdin_filename:
        raise UsageError("--stdin-filename names the file on standard input: add the path -")
    return _scan(given.words or (os.curdir,), os.getcwd(), given, targets, started)


def _scan(paths: Sequence[str], cwd: str, given: Arguments, targets: Targets, started: float) -> int:
    """Scan ``paths``, which are relative to ``cwd``."""
    progress = ProgressLine(quiet=bool(given.quiet), environment=os.environ)
    try:
        return _scan_seen(paths, cwd, given, targets, started, progress)
    finally:
        progress.erase()


def _scan_seen(paths: Sequence[str], cwd: str, given: Arguments, targets: Targets, started: float, progress: ProgressLine) -> int:
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select

    if given.fail_on_stale and given.changed_since:
        raise UsageError("--fail-on-stale needs a full scan, but --changed-since scans a part")
    config = settings(given, [path for path in given.words if path != STDIN])
    if config.select:
        _check_selected(config)
    selection = select(paths, cwd, config, given.exclude or (), progress.listener)
    progress.erase()
    narrowed = _narrowed(selection, config, given)
    if not selection.searched and all(level != "error" for level, _, _ in selection.search.problems):
        _warn_of_no_files(paths, given)
    elif given.words and not given.quiet:
        _warn_of_other_files(selection)
    if narrowed is not None:
        selection = narrowed.selection
    is_plain = config.path is None and not given.show_skipped and targets == ((DEFAULT_FORMAT, STDOUT),)
    if selection.is_empty and is_plain and (not selection.search.may_lead_elsewhere or _follows_all(selection, config, narrowed)):
        return _nothing(selection, given, started)
    return _report(selection, narrowed, config, given, targets, started, progress)


def _follows_all(selection: Selection, config: Config, narrowed: Narrowed | None) -> bool:
    from posturio_iac.scan.skipped import unfollowed

    return unfollowed(selection, config, None if narrowed is None else narrowed.changed) is None


def _warn_of_no_files(paths: Sequence[str], given: Arguments) -> None:
    """Say that a run which searched nothing passes whatever is wrong, or refuse it where that is asked for."""
    text = f"{', '.join(paths)}: no Terraform or CloudFormation files here, so nothing is checked"
    if given.fail_on_no_files:
        raise UsageError(f"{text}; --fail-on-no-files makes that an error")
    if not given.quiet:
        from posturio_iac.core.text.terminal import printable

        to_stderr(f"warning: {printable(text)}; name the folder of the code, or add --fail-on-no-files to make this an error\n")


def _warn_of_other_files(selection: Selection) -> None:
    """Say which of the named files are not what this program reads, such as the source of a CDK app: silence would pass for a verdict."""
    from posturio_iac.search.kinds import OTHER

    search = selection.search
    if OTHER not in search.read.values():
        return
    from posturio_iac.core.text.terminal import printable

    told = {*search.terraform, *search.templates, *(path for _, _, path in search.problems)}.union(*search.others.values())
    for path in sorted(path for path, kind in search.read.items() if kind is OTHER and path not in told):
        text = "is neither Terraform nor CloudFormation by its name, and holds no resource for a key"
        to_stderr(f"warning: {printable(path)} {text}, so nothing in it is checked\n")


def _check_selected(config: Config) -> None:
    """Refuse a selection of rules that no code can break: a scan by them would pass whatever it reads."""
    from posturio_iac.config.suggest import rule_id
    from posturio_iac.rules import all_rules

    known = all_rules()
    selected = {rule_id(name, known) for name in config.select}
    if all(known[name].rule.only_live for name in selected):
        raise UsageError(f"{', '.join(sorted(selected))} can flag only deployed keys, so a scan would always pass; use posturio-iac live")


def _diff_lines(selection: Selection, given: Arguments) -> InDiff | None:
    """Return which lines the diff of --changed-since shows, where it was asked for."""
    if given.changed_since is None or selection.repository is None:
        return None
    from posturio_iac.search.git_tree.git_changes import shown_in_diff

    return shown_in_diff(given.changed_since, selection.root, selection.repository)


def _narrowed(selection: Selection, config: Config, given: Arguments) -> Narrowed | None:
    """Return what --changed-since leaves of the selection."""
    if given.changed_since is None:
        return None
    if STDIN in given.words:
        raise UsageError("--changed-since uses git, which does not know standard input")
    from posturio_iac.impact.selection import narrow
    from posturio_iac.search.git_tree.git_changes import changed_since

    return narrow(selection, changed_since(given.changed_since, selection.root, selection.repository), config)


def _nothing(selection: Selection, given: Arguments, started: float) -> int:
    """Say that there is nothing to say, at the cost of neither model nor rules."""
    from posturio_iac.core.text.terminal import wants_color
    from posturio_iac.render.nothing_found import no_keys, took

    if not given.quiet:
        color = wants_color(given.color or "auto", sys.stdout, os.environ)
        line = no_keys(selection.searched, color=color, narrowed=given.changed_since is not None)
        to_stdout(f"{line}; {took(time.perf_counter() - started)}\n")
        point_to_secrets(selection.search.texts)
    return 0


def _report(
    selection: Selection,
    narrowed: Narrowed | None,
    config: Config,
    given: Arguments,
    targets: Targets,
    started: float,
    progress: ProgressLine,
) -> int:
    from posturio_iac.commands.ci_environment import prefix, source_url
    from posturio_iac.commands.coverage import scope
    from posturio_iac.commands.reporting.code_changes import shown_changes
    from posturio_iac.commands.reporting.reports import emit, screen
    from posturio_iac.commands.reporting.source_lines import Sources
    from posturio_iac.core.finding import Exit, Severity
    from posturio_iac.scan import judged

    place = os.getcwd() if STDIN in given.words else selection.root
    report = judged(selection, config, place=place, as_of=given.as_of, suppressions=not given.no_suppressions, narrowed=narrowed)
    progress.erase()
    stale = False
    if config.baseline and narrowed is None and STDIN not in given.words:
        from posturio_iac.commands.baseline.stale import Searched, with_stale

        report, stale = with_stale(report, Searched(selection, config, given.words), fail=bool(given.fail_on_stale))
    if config.path is not None or config.baseline:
        from posturio_iac.scan.notices import with_notices

        changed = () if narrowed is None else narrowed.changed
        report = with_notices(report, config, selection, place, changed)
    code = report.exit_code(
        None if config.fail_on == "never" else Severity(config.fail_on), strict=config.strict, strict_calls=config.strict_calls
    )
    code = Exit.FINDINGS if stale and given.fail_on_stale and code is Exit.CLEAN else code
    code = Exit.CLEAN if given.exit_zero and code is Exit.FINDINGS else code
    elapsed = time.perf_counter() - started
    leading = prefix(place, selection.repository, os.environ)
    url = source_url(config.source_url, leading, os.environ)
    where = scope(place, selection, given.words, config, narrowed=narrowed is not None, source_url=url)
    sources = Sources(selection.root)
    change = shown_changes(report, config, sources, _diff_lines(selection, given))
    emit(
        report,
        targets,
        given,
        root=selection.root,
        elapsed=elapsed,
        leading=leading,
        fail_on=config.fail_on,
        code=int(code),
        scope=where,
        sources=sources,
        change=change,
        screen=screen(given),
        skipped=_skipped(selection, config, report) if given.show_skipped else None,
    )
    if not (report.keys or narrowed or given.quiet):
        point_to_secrets(selection.search.texts)
    return int(code)


def _skipped(selection: Selection, config: Config, report: Report) -> tuple[SkippedPlace, ...]:
    from posturio_iac.scan.skipped import skipped

    return skipped(selection, config, report)


def _scan_stdin(given: Arguments, targets: Targets, started: float) -> int:
    """Scan standard input as the one file of a folder of its own."""
    if len(given.words) > 1:
        raise UsageError("- reads one file from standard input and cannot be combined with other paths")
    named = _relative(given.stdin_filename) if given.stdin_filename else None
    data = _stdin()
    name = named or (JSON_NAME if _is_json(data[:64]) else DEFAULT_NAME)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="posturio-iac-") as folder:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return _scan((name,), folder, given, targets, started)


def _is_json(head: bytes) -> bool:
    """True if a text begins with a brace, which may be UTF-16, as PowerShell writes it."""
    return decode(head, "ignore").lstrip()[:1] == "{"


def _relative(name: str) -> str:
    """The name of the file on standard input, which must be one below the current folder."""
    clean = os.path.normpath(name)
    if os.path.isabs(clean) or clean.split(os.sep)[0] in (os.pardir, os.curdir, "") or "\0" in clean:
        raise UsageError(f'--stdin-filename must be a relative path below this folder, not "{name}"')
    return clean


def _stdin() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:
        return sys.stdin.buffer.read()
    except (OSError, AttributeError, ValueError) as error:
        raise UsageError(f"standard input cannot be read: {error}") from None
