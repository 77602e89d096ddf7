"""Writes the results of a live run: its own text, the formats that all commands share, and the verification of an earlier result."""

from __future__ import annotations

import os
import sys
from collections import Counter

from posturio_iac.commands.ci_environment import left_out, source_url
from posturio_iac.commands.live.table import Style, TableRow, account_of, entries, owner_of, tables, user_of
from posturio_iac.commands.output import STDOUT, to_stderr, write
from posturio_iac.commands.reporting.reports import emit as emit_common
from posturio_iac.contract import FindingAges, RenderContext
from posturio_iac.core.finding import Report, Verdict, by_severity
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import columns_of_stdout, paint, printable, wants_color, without_commands, wrapped
from posturio_iac.live.request import ABOUT_CODE
from posturio_iac.render import count, no_deployed_keys
from posturio_iac.render.wording import among_keys, describe_suppression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.parser import Arguments
    from posturio_iac.config import Config


def emit(
    found: Findings,
    given: Arguments,
    targets: Sequence[tuple[str, str]],
    *,
    elapsed: float,
    code: int,
    config: Config,
    run: Mapping[str, object],
    verified: Mapping[str, Callable[[Style], str]] | None = None,
) -> None:
    """Write each format, files first, after what goes to stderr; ``verified`` makes those of a verification. Raises `OutputError`."""

    def table(style: Style) -> str:
        read = RunCoverage(len(found.accounts), found.unread)
        return render(found.report, style, by_owner=given.group_by == "owner", quiet=bool(given.quiet), read=read, ages=found.ages)

    own = {"text": table} if verified is None else verified
    common = tuple(pair for pair in targets if pair[0] not in own)
    url = source_url(config.source_url, found.links.leading, os.environ) if found.links.root else ""
    emit_common(
        found.report,
        common,
        given,
        RenderContext(
            root=found.links.root or os.getcwd(),
            elapsed=elapsed,
            prefix=found.links.leading,
            fail_on=config.fail_on,
            exit_code=code,
            region=found.region,
            scope=found.scope(rules_left_out(config), url) if verified is None else None,
            run=run,
            mended=found.mended,
            ages=found.ages,
        ),
        others=[target for name, target in targets if name in own],
    )
    for name, target in sorted((pair for pair in targets if pair[0] in own), key=lambda pair: pair[1] == STDOUT):
        color = target == STDOUT and wants_color("auto", sys.stdout, os.environ)
        style = Style(color=color, verbose=bool(given.verbose), columns=columns_of_stdout() if target == STDOUT else None)
        note = write(own[name](style), target)
        if note and not given.quiet:
            to_stderr(note)


def rules_left_out(config: Config) -> tuple[str, ...]:
    return tuple(rule for rule in left_out(config) if rule != ABOUT_CODE)


NAMED = 20  # how many keys are named that are undetermined for the same reason; ``--verbose`` names them all
HINT = "--verbose shows why and what to do; posturio-iac retire writes letters to owners and the commands for review."


class RunCoverage(NamedTuple):
    """How many accounts were read, and how many could not be."""

    read: int
    unread: int = 0


def render(report: Report, style: Style, *, by_owner: bool, quiet: bool, read: RunCoverage, ages: FindingAges) -> str:
    """The keys, what is undetermined, and one line that sums up."""
    lives = [(entry, entry.judged.key.life) for entry in entries(report, ages)]
    shown = (entry for entry, life in lives if entry.findings or (life is not None and life.delete_on) or style.verbose)
    listed = [entry for entry in shown if entry.findings or entry.judged.verdict is not Verdict.UNDETERMINED]
    blocks = [*_keys(listed, style, by_owner=by_owner)]
    if not quiet:
        blocks += [_undetermined(report, style), *([_suppressed(report, style)] if style.verbose else [])]
        hint = [HINT] if any(entry.findings for entry in listed) and not style.verbose else []
        blocks.append([summary(report, read, ages, color=style.color), *hint])
    text = "\n\n".join("\n".join(block) for block in blocks if block)
    return without_commands(f"{text}\n" if text else "")


def summary(report: Report, read: RunCoverage, ages: FindingAges, *, color: bool) -> str:
    """One line: findings, keys, accounts, and what is open."""
    active = report.active()
    errors = len(report.errors())
    found = f"{count(len(active), 'finding')} ({by_severity(Counter(f.severity for f in active))})" if active else "No findings"
    accounts = len({judged.key.account for judged in report.keys})
    among = f"{found} in {among_keys(report)} of {count(accounts, 'account')}"
    lives = (judged.key.life for judged in report.keys if judged.key.status == "Active")
    late = sum(life is not None and life.is_late(report.as_of) for life in lives)
    first = among if report.keys else no_deployed_keys(read.read, errors=bool(errors))
    rest = [
        f"{read.read} of {read.read + read.unread} accounts read" if read.unread and read.read else "",
        f"{sum(f.fingerprint in ages.new for f in active)} new since the last run" if ages.new is not None and report.keys else "",
        f"{count(late, 'owner answer')} late" if late else "",
        f"incomplete, {count(errors, 'error')}" if errors else "",
        ", ".join(f"{report.count(v)} {v.value}" for v in (Verdict.UNDETERMINED, Verdict.SUPPRESSED) if report.count(v)),
    ]
    style = "red" if errors else "yellow" if active else "green"
    return "; ".join(part for part in (paint(first, "bold", style, color=color), *rest) if part)


def _keys(listed: Sequence[TableRow], style: Style, *, by_owner: bool) -> Iterator[list[str]]:
    accounts = {account_of(entry.judged.key) for entry in listed}
    one = [paint(f"Account {account}", "bold", color=style.color) for account in accounts if account and len(accounts) == 1]
    if not by_owner:
        yield [*one, *tables([listed], style)[0]] if listed else []
        return
    owners = {owner: [e for e in listed if owner_of(e.judged.key) == owner] for owner in (owner_of(e.judged.key) for e in listed)}
    yield one
    for (owner, theirs), lines in zip(owners.items(), tables(list(owners.values()), style, without=("owner",)), strict=True):
        yield [paint(f"{owner}: {count(len(theirs), 'key')}", "bold", color=style.color), *lines]


def _undetermined(report: Report, style: Style) -> list[str]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for judged in report.keys:
        if judged.verdict is Verdict.UNDETERMINED:
            name = f"{user_of(judged.key)}/{printable(judged.key.address.rpartition('/')[2])}"
            groups.setdefault(judged.undecided, []).append(f"{judged.key.account} {name}" if judged.key.account else name)
    lines = [paint("Undetermined:", "bold", color=style.color)] if groups else []
    for reasons, names in groups.items():
        shown = names if style.verbose else names[:NAMED]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        lines += [line for reason in reasons for line in wrapped(printable(reason), "  ", style.columns)]
        lines += wrapped(f"{', '.join(shown)}{more}", "    ", style.columns)
    return lines


def _suppressed(report: Report, style: Style) -> list[str]:
    lines = []
    for finding in report.findings:
        if (why := finding.suppressed) is not None:
            lines += wrapped(f"{printable(finding.address)}: {finding.rule.id}", "  ", style.columns)
            lines += wrapped(describe_suppression(why), "    ", style.columns)
    return [paint("Suppressed:", "bold", color=style.color), *lines] if lines else []
