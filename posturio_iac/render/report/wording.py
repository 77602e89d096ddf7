"""Wording that the reports of joined results share: names of keys, and sentences."""

from __future__ import annotations

from urllib.parse import quote

from posturio_iac.core.finding import Suppression, Verdict
from posturio_iac.core.keys import user_path
from posturio_iac.core.times import describe_date
from posturio_iac.render import count
from posturio_iac.render.report.mends import COUNTS, Task, declared_end
from posturio_iac.render.report.parts import CODE, Unit
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.contract.records import SavedFinding, SavedKey
    from posturio_iac.render.report.view import KeyRow, Posture

TITLE = "IAM access key posture"
NOT_KNOWN = "unknown"
SOON = 30  # how many days before its end an exception is marked


def name(key: SavedKey) -> str:
    """The name of a key: its address, without the part that repeats the account."""
    return key.address if not key.deployed else user_path(key.address)[1:] or key.address.rpartition(":")[2]


def sentence(clause: str) -> str:
    """A clause with a capital letter, unless it begins with a path or an address."""
    first = clause.partition(" ")[0]
    return f"{clause if '/' in first or '.' in first else clause[:1].upper() + clause[1:]}."


def problem(task: Task) -> str:
    """What is wrong with the keys of a task: a finding, or what all findings share, if anything."""
    row = task.rows[0]
    if not task.findings:
        return "; ".join(row.key.undecided)
    told = {finding.problem for finding in task.findings}
    return told.pop() if len(told) == 1 else ""


def title(rule: str) -> str:
    return known.rule.title if (known := all_rules().get(rule)) else rule


def where(unit: Unit) -> str:
    """The name of a unit inside a sentence: ``iam-vulnerable``, ``account 111122223333``."""
    return unit.label.removeprefix("code ") if unit.kind == CODE else unit.label


def use(rows: Sequence[KeyRow]) -> list[str]:
    """When deployed keys were last used, in a few words; empty for keys in code."""
    asked = [row for row in rows if row.key.deployed]
    if not asked:
        return []
    if len(asked) == 1:
        return [_use(asked[0])]
    never = sum(row.key.never_used for row in asked)
    idle = [row.idle for row in asked if row.idle is not None and not row.key.never_used]
    unknown = len(asked) - never - len(idle)
    span = f"last used {min(idle):,} to {count(max(idle), 'day')} ago" if idle and min(idle) < max(idle) else ""
    span = span or (f"last used {_idle(max(idle))} ago" if idle else "")
    told = [span, f"{never:,} never used" if never else "", f"last use of {unknown:,} unknown" if unknown else ""]
    return [", ".join(filter(None, told))]


def _use(row: KeyRow) -> str:
    key = row.key
    if key.never_used:
        return "never used" if row.age is None else f"never used in the {count(row.age, 'day')} since it was created"
    if key.last_used is None or row.idle is None:
        return "last use unknown"
    what = f" ({key.used_for})" if key.used_for else ""
    return f"last used {_idle(row.idle)} ago, on {day(key.last_used)}{what}"


def _idle(number: int) -> str:
    return count(number, "day") if number else "less than a day"


def owners(rows: Sequence[KeyRow]) -> str:
    """The owners of keys, in a few words."""
    known = list(dict.fromkeys(row.key.owner for row in rows if row.key.owner))
    missing = sum(not row.key.owner for row in rows)
    if not known:
        return "no owner"
    told = f"owner {known[0]}" if len(known) == 1 else f"{len(known)} owners"
    return f"{told}, {missing:,} without" if missing else told


def place(key: SavedKey, finding: SavedFinding) -> str:
    """The place of a finding in code: its own line, or for a deployed key its declaration."""
    return key.place if key.deployed else finding.place or key.place


def when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def day(moment: datetime) -> str:
    return moment.date().isoformat()


def last_day(end: datetime) -> str:
    """The last day before an end: for a midnight, the day that ends with it."""
    return describe_date(end) if end.time() == end.min.time() else day(end)


def used(key: SavedKey) -> str:
    """When a key was last used, as far as that is known."""
    if key.never_used:
        return "never"
    return day(key.last_used) if key.last_used else NOT_KNOWN if key.deployed else ""


def ends(key: SavedKey) -> str:
    """The lifetimes of a key, in a few words."""
    end = declared_end(key)
    if end is not None:
        return last_day(end)
    effects = {evidence.effect: evidence for evidence in key.lifetime}
    for effect in COUNTS:
        if effect in effects:
            return f"{effects[effect].kind} {effects[effect].value}".strip()
    for effect, word in (("unknown", NOT_KNOWN), ("unreadable", "unreadable"), ("inert", "inert")):
        if effect in effects:
            return word
    return NOT_KNOWN if key.verdict is Verdict.UNDETERMINED and not key.deployed else "nothing"


def level(row: KeyRow) -> str:
    return row.worst.value if row.worst else row.key.verdict.value


def until(why: Suppression) -> str:
    return describe_date(why.until) if why.until else "no end"


def looked_at(posture: Posture) -> str:
    """The scope of the report, such as ``12 keys in 2 accounts and 40 files of code``."""
    accounts = len({part.unit for part in posture.parts if part.unit.kind == "account" and part.unit.name})
    places = [count(accounts, "account")] if accounts else []
    places += [f"{count(posture.files, 'file')} of code"] if any(part.unit.kind == "code" for part in posture.parts) else []
    return f"{count(len(posture.rows), 'access key')}{' in ' if places else ''}{' and '.join(places)}"


def verdict(posture: Posture) -> str:
    """The one sentence that sums up the posture."""
    flagged, undetermined = posture.count(Verdict.FLAGGED), posture.count(Verdict.UNDETERMINED)
    total = len(posture.rows)
    if posture.score is None:
        return f"Not known: {count(posture.errors(), 'thing')} could not be read or decided."
    if not total:
        return "No access keys: nothing to fix."
    if not flagged and not undetermined:
        kept = posture.count(Verdict.SUPPRESSED)
        return f"Nothing else is wrong: {count(kept, 'key')} suppressed by decision." if kept else "Nothing is known to be wrong."
    worst = next(((severity.value, number) for severity, number in posture.severities().items() if number), None)
    first = (
        f"{flagged:,} of {count(total, 'key')} {'needs' if flagged == 1 else 'need'} work" if flagged else "No key is known to need work"
    )
    more = f", with {count(worst[1], f'{worst[0]} finding')}" if worst and flagged else ""
    return f"{first}{more}{f'; {undetermined:,} undetermined' if undetermined else ''}."


def ending(posture: Posture) -> str:
    known = posture.ends
    return f"{known.holding:,} of {count(known.keys, 'usable key')} have an end that holds." if known.keys else ""


SCORE = (
    "100 / (1 + d / 10), where d adds up one demerit a key: that of its worst finding (critical 3, high 2, medium 1, low 0.25), "
    "suppressed or not, and up to 1 for what is undetermined. It depends on the number of bad keys, not on their share: fixing or "
    "deleting a key never lowers it, adding good keys never raises it. If anything could not be read, there is no score."
)


def source_link(row: KeyRow, path: str | None, line: int | None) -> str:
    """The URL of a line of code; empty where it is not known."""
    if not row.source_url or not path:
        return ""
    return row.source_url.replace("{path}", quote(path, errors="replace")).replace("{line}", str(line or 1))


def key_link(row: KeyRow) -> str:
    key = row.key
    return source_link(row, key.declared_path, key.declared_line) if key.deployed else source_link(row, key.path, key.line)


def finding_link(row: KeyRow, finding: SavedFinding) -> str:
    return source_link(row, finding.path, finding.line) or key_link(row)
