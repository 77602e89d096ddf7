"""``posturio-iac adopt``: from a first run to a passing hook, with every exception dated and owned."""

from __future__ import annotations

import os

from posturio_iac.commands.adopt import files
from posturio_iac.commands.baseline.command import ACCEPT
from posturio_iac.commands.fix.summary import overview, say, without_owner
from posturio_iac.commands.output import refuse_links_out, to_stdout, write
from posturio_iac.commands.parser import JUDGING, Arguments, Command, own_option, parse, shared_options
from posturio_iac.commands.reporting import exit_code
from posturio_iac.commands.settings import split
from posturio_iac.config import Config, meant
from posturio_iac.config.option_table import Shape
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.errors import UsageError
from posturio_iac.fixes.wanted import ChangeLevel
from posturio_iac.render import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.fix.command import FixRun
    from posturio_iac.core.finding import Report
    from posturio_iac.fixes.planner import Outcome
    from posturio_iac.scan import CodeScan
    from posturio_iac.search import Selection

FIX, BASELINE, CONFIG, HOOK = "fix", "baseline", "config", "hook"
PARTS = (FIX, BASELINE, CONFIG, HOOK, *(f"ci={service}" for service in files.PLACES))

COMMAND = Command(
    "adopt",
    "Shows the findings, which of them can be fixed and what the next apply would then do, and what remains. Writes what --write names: "
    "the fixes, a baseline of the rest with owner, reason and end date, the configuration, the hook and a CI file. "
    "It writes nothing unless told to, and never overwrites a file.",
    "FOLDER",
    "A folder of the repository to set up (default: .)",
    most=1,
    options=(
        own_option("write", Shape.LIST, f"Write these parts, separated by commas: {', '.join(PARTS)}", "PARTS"),
        own_option("until", Shape.TEXT, "The last day on which findings in the baseline are accepted", "DATE"),
        own_option("reason", Shape.TEXT, "Why those findings are accepted", "TEXT"),
        own_option("owner", Shape.TEXT, "Who is responsible for keys that name no owner", "NAME"),
        ACCEPT,
        own_option("unsafe", Shape.SWITCH, "Also make changes that add resources or replace keys at the next apply"),
        own_option("expires", Shape.TEXT, "Fix keys without an end by letting them expire on this date", "DATE"),
        own_option("in", Shape.TEXT, "Fix them by letting them expire after this time, such as 60d", "TIME"),
        own_option("rotate", Shape.TEXT, "Fix them by declaring that they are rotated at this interval, such as 90d", "TIME"),
        own_option("allow_dirty", Shape.SWITCH, "Also change files with unstaged changes"),
        own_option("repo", Shape.TEXT, f"Fetch the hook from here (default: {files.REPOSITORY})", "URL"),
        own_option("rev", Shape.TEXT, "Use this tag or commit of the hook (default: the one running)", "REV"),
        *shared_options(*JUDGING, "color", "quiet"),
    ),
)


class AdoptionPlan(NamedTuple):
    """The parts to write, and how findings are accepted."""

    parts: frozenset[str]
    reason: str
    until: str
    owner: str


def wanted_of(given: Arguments) -> AdoptionPlan:
    """The plan that the command line asks for. Raises `UsageError` for unknown parts, and for options that do not go with them."""
    parts = frozenset(split(given.write or ()))
    for part in sorted(parts - {*PARTS}):
        raise UsageError(f'--write takes {", ".join(PARTS)}, not "{part}"{meant(part, PARTS)}')
    if BASELINE in parts and not (given.reason and given.until):
        raise UsageError("a baseline needs a reason and a last day: add --reason TEXT and --until DATE")
    if parts and BASELINE not in parts and (given.reason or given.until):
        raise UsageError("--reason and --until need baseline in --write")
    if parts and FIX not in parts and (given.unsafe or given.expires or getattr(given, "in") or given.rotate):
        raise UsageError("--unsafe, --expires, --in and --rotate need fix in --write")
    return AdoptionPlan(parts, *((text or "").strip() for text in (given.reason, given.until, given.owner)))


def for_fix(given: Arguments) -> list[str]:
    """The command line of ``fix`` that does the same."""
    argv = ["--write"]
    argv += [flag for flag, value in (("--unsafe", given.unsafe), ("--allow-dirty", given.allow_dirty)) if value]
    named = {"--expires": given.expires, "--in": getattr(given, "in"), "--rotate": given.rotate}
    argv += [f"{flag}={value}" for flag, value in named.items() if value]
    return argv + ([f"--as-of={given.as_of.isoformat()}"] if given.as_of else [])


class RepositoryToAdopt(NamedTuple):
    """The folder that is adopted, and its settings."""

    top: str
    config: Config
    selection: Selection
    given: Arguments

    def report(self, config: Config) -> Report:
        """Judge the code as it is now."""
        from posturio_iac.scan import judged

        return judged(self.selection, config, place=self.selection.root, as_of=self.given.as_of, suppressions=True)


def run(argv: Sequence[str]) -> int:
    """Show the findings, write the wanted parts, and return the exit code that the hook would have."""
    given = parse(COMMAND, argv)
    wanted = wanted_of(given)
    place = _place(given)
    made, report, outcomes = _planned(place)
    if not given.quiet:
        to_stdout("".join(f"{line}\n" for line in overview(report, outcomes, wanted.owner)))
    if not wanted.parts:
        to_stdout("" if given.quiet else _next(place, report, outcomes))
        return int(exit_code(report, place.config))
    return _adopt(place, wanted, report, made)


def _place(given: Arguments) -> RepositoryToAdopt:
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select

    top = files.top_of(given.words[0] if given.words else os.curdir)
    config = settings(given, (top,))
    there = tuple(filter(os.path.isfile, config.baseline))
    return RepositoryToAdopt(top, config, select((top,), top, config.with_values(baseline=there), given.exclude or ()), given)


def _planned(place: RepositoryToAdopt) -> tuple[FixRun, Report, tuple[Outcome, ...]]:
    """What reads the code, its report, and the outcome for each finding if every level of change were allowed; nothing is written."""
    from posturio_iac.commands.fix import command as fix
    from posturio_iac.commands.fix.arguments import wishes

    made = _fix_run(place, unsafe=True)
    report = made.report()
    return made, report, fix.planned(made, report, wishes(made.given, report.as_of, place.config))[0]


def _fix_run(place: RepositoryToAdopt, code: CodeScan | None = None, *, unsafe: bool = False) -> FixRun:
    from posturio_iac.commands.fix import arguments, command

    given = parse(arguments.COMMAND, [*for_fix(place.given), *(["--unsafe"] if unsafe else [])])
    arguments.checked(given)
    return command.FixRun(place.selection, place.config, None, given, code)


def _next(place: RepositoryToAdopt, report: Report, outcomes: Sequence[Outcome]) -> str:
    from posturio_iac.scan.configuration import in_folder

    parts = [FIX] if any(outcome.level is not None and outcome.level is not ChangeLevel.REPLACES for outcome in outcomes) else []
    parts += [BASELINE] if report.active() else []
    parts += [CONFIG] if in_folder(place.top) is None else []
    parts += [HOOK] if any(files.hook(place.top, place.given.repo, place.given.rev)) else []
    if not parts:
        return "\nnothing to do: the hook and a configuration are in place, and no finding is open\n"
    accept = ' --until DATE --reason "TEXT"' if report.active() else ""
    owner = " --owner NAME" if without_owner(report, report.active()) else ""
    return f"\nnothing was written; next: posturio-iac adopt --write {','.join(parts)}{accept}{owner}\n"


def _adopt(place: RepositoryToAdopt, wanted: AdoptionPlan, report: Report, made: FixRun) -> int:
    """Write the wanted parts. Everything that can be refused is refused before the first file is written."""
    baseline = _baseline_path(place, wanted) if BASELINE in wanted.parts else ""
    if baseline:
        _check_exceptions(wanted, report)
    changes = _naming(place, baseline)
    if CONFIG in wanted.parts:
        place = place if baseline else _with_known(place)
        changes += files.configuration(place.top, os.path.basename(baseline or next(iter(place.config.baseline), "")))
    if HOOK in wanted.parts:
        changes += files.hook(place.top, place.given.repo, place.given.rev)
    services, revision = [service for service in files.PLACES if f"ci={service}" in wanted.parts], place.given.rev
    changes += [files.ci(place.top, service, revision, baseline=bool(baseline)) for service in services]
    for path in (*(change.path for change in changes), *([baseline] if baseline else [])):
        refuse_links_out(path, place.top)
    if FIX in wanted.parts:
        report = _mend(place, report, made, wanted.owner if baseline else "")
    if baseline:
        _accept(place, wanted, baseline, report)
    if not place.given.quiet:
        files.show(changes, place.top)
    files.write_all_files(changes)
    return _verified(place, wanted, baseline)


def _baseline_path(place: RepositoryToAdopt, wanted: AdoptionPlan) -> str:
    from posturio_iac.commands.baseline.command import FILE
    from posturio_iac.scan.configuration import in_folder

    path = place.config.baseline[0] if place.config.baseline else os.path.join(place.top, FILE)
    if os.path.lexists(path):
        raise UsageError(f"nothing was written: {os.path.relpath(path)} already exists; `posturio-iac baseline` adds to it")
    if in_folder(place.top) is None and CONFIG not in wanted.parts:
        raise UsageError("a baseline only counts if a configuration names it: add config to --write")
    return path


def _with_known(place: RepositoryToAdopt) -> RepositoryToAdopt:
    """With the baseline that is there, if no configuration says which one counts."""
    from posturio_iac.commands.baseline.command import FILE
    from posturio_iac.scan.configuration import in_folder

    path = os.path.join(place.top, FILE)
    is_known = in_folder(place.top) is None and os.path.isfile(path)
    return place._replace(config=place.config.with_values(baseline=(path,))) if is_known else place


def _naming(place: RepositoryToAdopt, baseline: str) -> list[files.FileChange]:
    from posturio_iac.scan.configuration import in_folder

    own = in_folder(place.top)
    if not baseline or own is None or place.config.baseline:
        return []
    return [files.named_baseline(own, os.path.basename(baseline), place.top)]


def _check_exceptions(wanted: AdoptionPlan, report: Report) -> None:
    from posturio_iac.commands.fix.arguments import date

    date(wanted.until, "--until", report.as_of)
    if not wanted.owner and (open_ := without_owner(report, report.active())):
        first = open_[0]
        raise UsageError(
            f"{len(open_)} findings have a key without an owner, the first {first.address}"
            f"{f' in {first.span.path}' if first.span else ''}; name one with --owner NAME, or in CODEOWNERS"
        )


def _mend(place: RepositoryToAdopt, report: Report, planned: FixRun, accepter: str) -> Report:
    from posturio_iac.commands.fix import command as fix
    from posturio_iac.commands.fix.arguments import wishes

    made = _fix_run(place, planned.code)
    outcomes, changed = fix.planned(made, report, wishes(made.given, report.as_of, place.config))
    last = fix.written(made, changed) if changed else report
    if not place.given.quiet:
        say(report, outcomes, made.given, written=True, accepter=accepter)
    return last


def _accept(place: RepositoryToAdopt, wanted: AdoptionPlan, path: str, report: Report) -> None:
    from posturio_iac.commands.baseline.command import updated
    from posturio_iac.commands.baseline.entries import NewEntryFields, accepted_severities
    from posturio_iac.commands.baseline.stale import Searched
    from posturio_iac.judge.baseline import Baseline, BaselineFile

    new = NewEntryFields(wanted.reason, wanted.owner, wanted.until, accepted_severities(place.given.accept))
    (made,) = updated([BaselineFile(path, Baseline())], report, Searched(place.selection, place.config, (place.top,)), new)
    write(made.baseline.text(), path, within=os.path.dirname(path))
    to_stdout(f"wrote {os.path.relpath(path)}: {made.summary()}\n")


def _verified(place: RepositoryToAdopt, wanted: AdoptionPlan, baseline: str) -> int:
    from posturio_iac.core.finding import Severity, by_severity
    from posturio_iac.judge.baseline import accepted

    paths = [path for path in (*place.config.baseline, baseline) if os.path.isfile(path)]
    config = place.config.with_values(baseline=tuple(dict.fromkeys(paths)))
    report = place.report(config)
    code = int(exit_code(report, config))
    failing = [f for f in report.active() if config.fail_on != "never" and f.severity >= Severity(config.fail_on)]
    text = {
        0: "the hook passes",
        1: f"the hook fails on {count(len(failing), 'finding')}",
        3: f"the hook fails on {count(len(report.errors()), 'error')}: correct what could not be read, or leave it out{_left_out(report)}",
    }[code]
    if baseline:
        known = accepted(report.findings)
        grave = by_severity(known, Severity.HIGH)
        held = f"{count(sum(known.values()), 'finding')}{f' ({grave})' if grave else ''} accepted until {wanted.until}"
        text += f"; {held}, each with an owner" if known else "; nothing is accepted"
    to_stdout(f"{text}\n")
    return code


def _left_out(report: Report) -> str:
    paths = [said.path for said in report.errors()]
    named = ", ".join(f'"{printable(path)}"' for path in dict.fromkeys(paths) if path is not None)
    return f" with exclude = [{named}]" if named and None not in paths else " with exclude"
