"""What ``fix`` and ``adopt`` say: the diff, which findings are mended, held back or left to a person, and how many there are."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta

from posturio_iac.commands.output import to_stderr
from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.finding import Finding, Level, Report, Verdict, by_severity
from posturio_iac.core.text.terminal import paint, printable, without_commands
from posturio_iac.fixes.proof import claim_of
from posturio_iac.fixes.wanted import NAME_OWNER, ChangeLevel
from posturio_iac.judge.baseline import accepted
from posturio_iac.render import count, no_keys
from posturio_iac.render.wording import scope_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posturio_iac.commands.parser import Arguments
    from posturio_iac.fixes.planner import Outcome

SHOWN = 10
_EFFECTS = {
    ChangeLevel.NOTHING: ("changes nothing", "change nothing"),
    ChangeLevel.IN_PLACE: ("updates a resource in place", "update resources in place"),
    ChangeLevel.REPLACES: ("adds resources or replaces keys", "add resources or replace keys"),
}
"""The effect of one change, and of several."""
PLAN = "terraform-plan"  # a framework whose files are not edited
_PLAIN = range(0x20, 0x7F)
_ESCAPED = {ord(c): f"\\{name}" for c, name in zip('"\\\a\b\t\n\v\f\r', '"\\abtnvfr', strict=True)}
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def say(report: Report, outcomes: Sequence[Outcome], given: Arguments, *, written: bool, accepter: str = "") -> None:
    """Print errors of the run, and the outcome of each finding, with who accepts the rest in a baseline; only errors with ``--quiet``."""
    lines = list(_errors(report))
    if not given.quiet:
        lines += _lines(report, outcomes, accepter, written=written)
        known = sum(accepted(report.findings).values())
        they_are, them = ("is", "it") if known == 1 else ("are", "them")
        more = "more " if outcomes else ""
        planned = count(sum(f.framework == PLAN for f in report.active()), "finding")
        lines += [f"{planned} in plans: change the code that they were made from."] * (planned[:2] != "0 ")
        lines += [f"{known:,} {more}{they_are} in the baseline: --no-baseline fixes {them} too."] * (known > 0)
    to_stderr(without_commands("".join(f"{printable(line)}\n" for line in lines)))


def _lines(report: Report, outcomes: Sequence[Outcome], accepter: str, *, written: bool) -> Iterator[str]:
    mended = [o for o in outcomes if o.is_made]
    held = [o for o in outcomes if o.is_held]
    rest = [o for o in outcomes if o.level is None]
    if not outcomes:
        yield "Nothing to fix." if report.keys or report.errors() else f"Nothing to fix. {no_keys(report.files)}."
        return
    verb = "Fixed" if written else "Would fix"
    yield f"{verb} {count(len(mended), 'finding')}{_effects(mended)}."
    days = sorted(end for o in mended if o.remedy is not None and (end := claim_of(o.finding, o.remedy).end) is not None)
    if len(days) > 1:
        first, last = ((day - timedelta(seconds=1)).date().isoformat() for day in (days[0], days[-1]))
        when = f"on {first}" if first == last else f"from {first} to {last}"
        yield f"{len(days):,} ends fall due {when}; from the day after, each is a HIGH finding."
    if held:
        yield f"{len(held):,} more with --unsafe; the next apply would then add resources or replace keys:"
        yield from _listed([(o.finding, "") for o in held])
    if rest:
        yield f"{count(len(rest), 'finding')} left for you:"
        told = sorted((o for o in rest if o.why_not != NAME_OWNER), key=lambda o: -o.finding.severity.rank)
        yield from _listed([(o.finding, _why(o)) for o in told])
        if ownerless := len(rest) - len(told):
            answer = f"{accepter} answers for the baseline" if accepter else NAME_OWNER
            yield f"  {count(ownerless, 'key')} without an owner: {answer}"


def _effects(mended: Sequence[Outcome]) -> str:
    """The effect of the mends at the next apply, as the end of a sentence: ``: at the next apply 2 change nothing``."""
    levels = Counter(o.level for o in mended if o.level is not None)
    if not levels:
        return ""
    if len(levels) == 1:
        who = "this" if len(mended) == 1 else "they"
        return f": at the next apply {who} {_EFFECTS[next(iter(levels))][len(mended) > 1]}"
    *head, last = [f"{levels[level]:,} {_EFFECTS[level][levels[level] > 1]}" for level in ChangeLevel if levels[level]]
    return f": at the next apply {', '.join(head)} and {last}"


def _head(finding: Finding) -> str:
    where = f"{finding.span.path}:{finding.span.line}: " if finding.span else ""
    return f"  {where}{finding.address}: {finding.rule.id}"


def _why(outcome: Outcome) -> str:
    why, advice = outcome.why_not, outcome.finding.remediation
    if isinstance(one := outcome.finding.remedy, (r.AddTag, r.MergeTags, r.AddComment)) and one.is_shared:
        return why  # its advice is to run fix
    return advice if why in ("", advice) else f"{why}. {advice}"


def _listed(found: Sequence[tuple[Finding, str]]) -> Iterator[str]:
    heads = Counter(map(_head, (finding for finding, _ in found)))
    for finding, why in found[:SHOWN]:
        head = _head(finding)
        yield f"{head} ({scope_word(finding.framework)} {finding.root or '.'})" if heads[head] > 1 else head
        if why:
            yield f"    {why}"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN:,} more, which `posturio-iac scan --all` lists"


def unified(changed: Mapping[str, tuple[bytes, bytes]], *, color: bool = False, exact: bool = True) -> str:
    """The diff of files, their paths with ``a/`` and ``b/`` before them.

    What is not ``exact`` is for a reader: characters that are invisible or move a terminal are escapes.
    """
    return "".join(line for path, pair in changed.items() for line in _file(path, *pair, color=color, exact=exact))


def _file(path: str, before: bytes, after: bytes, *, color: bool, exact: bool) -> Iterator[str]:
    from difflib import unified_diff

    old, new = (_split(data.decode("utf-8", "replace")) for data in (before, after))
    for line in unified_diff(old, new, _name_in_diff(f"a/{path}") if before else os.devnull, _name_in_diff(f"b/{path}")):
        text = line.removesuffix("\n") if exact else _visible(line.removesuffix("\n"))
        head = text[:1]
        style = "bold" if text.startswith(("--- ", "+++ ")) else _COLORS.get(head, "")
        shown = paint(text, style, color=color) if style else text
        yield f"{shown}\n" if line.endswith("\n") else f"{shown}\n\\ No newline at end of file\n"


def _name_in_diff(path: str) -> str:
    """A file name as git writes it in a diff: in quotes, with escapes, where it holds what could end it or begin another line."""
    end = "\t" if " " in path else ""  # without it, patch takes the name to end at the first space
    if path.isprintable() and not set(path) & set('"\\'):
        return path + end
    data = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(_ESCAPED.get(byte, chr(byte) if byte in _PLAIN else f"\\{byte:03o}") for byte in data) + f'"{end}'


def _visible(line: str) -> str:
    text = line.removesuffix("\r")
    return "\t".join(map(printable, text.split("\t"))) + line[len(text) :]


def _split(text: str) -> list[str]:
    """Lines with their ends, as a diff counts them: only a line feed ends one."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def without_owner(report: Report, findings: Sequence[Finding]) -> list[Finding]:
    owned = {judged.key.identity for judged in report.keys if isinstance(judged.key.owner, str)}
    return [finding for finding in findings if finding.identity not in owned]


def overview(report: Report, outcomes: Sequence[Outcome], owner: str) -> Iterator[str]:
    """Yield the lines that ``adopt`` prints first."""
    active = report.active()
    if not report.keys:
        yield no_keys(report.files, errors=any(_errors(report)))
    else:
        folders = len({os.path.dirname(judged.key.span.path) for judged in report.keys if judged.key.span})
        told = by_severity(Counter(finding.severity for finding in active))
        where = f"{count(len(report.keys), 'key')} in {count(folders, 'folder')}"
        yield f"{where}: {count(len(active), 'finding')}{f' ({told})' if told else ''}"
    if active:
        yield ""
        yield from _mends(outcomes, len(active))
        ownerless = len(without_owner(report, active))
        if ownerless and not owner:
            yield f"  {ownerless:,} of {count(len(active), 'finding')}: the key has no owner; name one with --owner"
    if undetermined := report.count(Verdict.UNDETERMINED):
        yield f"  {count(undetermined, 'key')} undetermined, which fails the run only with --strict"
    errors = list(_errors(report))
    yield from (f"  {line}" for line in errors[:SHOWN])
    if len(errors) > SHOWN:
        yield f"  and {len(errors) - SHOWN} more errors; posturio-iac scan lists them"


def _mends(outcomes: Sequence[Outcome], total: int) -> Iterator[str]:
    levels = Counter(outcome.level for outcome in outcomes if outcome.level is not None)
    for level, (effect, _) in _EFFECTS.items():
        if not levels[level]:
            continue
        flag = "" if level is not ChangeLevel.REPLACES else " --unsafe"
        yield f"  {levels[level]:>7,} can be fixed by `posturio-iac fix --write{flag}`; the next apply {effect}"
    yield f"  {total - sum(levels.values()):>7,} left for you to fix, or to accept in a baseline with owner, reason and end date"


def _errors(report: Report) -> Iterator[str]:
    for said in report.diagnostics:
        if said.level is Level.ERROR:
            yield ":".join(printable(str(part)) for part in (said.path, said.line, f" error: {said.message}") if part is not None).lstrip()
