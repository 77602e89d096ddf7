"""What the reports of joined results have in common: names of keys, and sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_date
from posturio_iac.core.finding import Verdict
from posturio_iac.posture.score import shown
from posturio_iac.posture.timelines import COUNTS, declared_end
from posturio_iac.render.nothing_found import count

if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.contract.records import SavedFinding, SavedKey, Suppressed
    from posturio_iac.posture.view import KeyRow, Posture

TITLE = "IAM access key posture"
NOT_KNOWN = "unknown"


def name(key: SavedKey) -> str:
    """What a key is called: its address, without what the account says already."""
    if not key.deployed:
        return key.address
    return key.address.partition(":user/")[2] or key.address.rpartition(":")[2]


def message(key: SavedKey, finding: SavedFinding) -> str:
    """Return what a finding says, with the key by its name in place of its whole address."""
    return finding.message.replace(key.address, name(key))


def place(key: SavedKey, finding: SavedFinding) -> str:
    """Return where a finding stands in code: its own line, or for a deployed key what declares that."""
    return key.place if key.deployed else finding.place or key.place


def when(moment: datetime | None) -> str:
    """Return a time to the minute, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else NOT_KNOWN


def day(moment: datetime | None) -> str:
    """Return the day of a moment."""
    return moment.date().isoformat() if moment else NOT_KNOWN


def last_day(end: datetime) -> str:
    """Return the last day before an end: that of a midnight is the day that it closes."""
    return describe_date(end) if end.time() == end.min.time() else day(end)


def days(number: int | None) -> str:
    """Return a number of days."""
    return count(number, "day") if number is not None else NOT_KNOWN


def used(key: SavedKey) -> str:
    """Return when a key was last used, as far as that is known."""
    if key.never_used:
        return "never"
    return day(key.last_used) if key.last_used else NOT_KNOWN if key.deployed else ""


def ends(key: SavedKey) -> str:
    """Return what ends a key, in a few words."""
    end = declared_end(key)
    if end is not None:
        return last_day(end)
    effects = {evidence.effect: evidence for evidence in key.lifetime}
    for effect in COUNTS:
        if effect in effects:
            value = effects[effect].value
            return f"{effects[effect].kind} {value}".strip()
    for effect, word in (("unknown", NOT_KNOWN), ("unreadable", "unreadable"), ("inert", "inert")):
        if effect in effects:
            return word
    return NOT_KNOWN if key.verdict is Verdict.UNDETERMINED and not key.deployed else "nothing"


def level(row: KeyRow) -> str:
    """Return the word that a key is marked with: its worst severity, or its verdict."""
    return row.worst.value if row.worst else row.key.verdict.value


def until(why: Suppressed) -> str:
    """Return when a suppression ends."""
    return describe_date(why.until) if why.until else "no end"


def looked_at(posture: Posture) -> str:
    """Return what the report is about, such as ``12 keys in 2 accounts and 40 files of code``."""
    accounts = len({part.unit for part in posture.parts if part.unit.kind == "account" and part.unit.name})
    places = [count(accounts, "account")] if accounts else []
    places += [f"{count(posture.files, 'file')} of code"] if any(part.unit.kind == "code" for part in posture.parts) else []
    return f"{count(len(posture.rows), 'access key')}{' in ' if places else ''}{' and '.join(places)}"


def verdict(posture: Posture) -> str:
    """Return the one sentence that says how it stands."""
    flagged, undetermined = posture.count(Verdict.FLAGGED), posture.count(Verdict.UNDETERMINED)
    total = len(posture.rows)
    if posture.score.value is None:
        things = count(posture.errors(), "thing")
        best = "" if posture.score.at_best is None else f" The score is {shown(posture.score.at_best)} at best."
        return f"Not known: {things} could not be read or decided.{best}"
    if not total:
        return "No access keys: there is nothing to mend."
    if not flagged and not undetermined:
        kept = posture.count(Verdict.SUPPRESSED)
        return f"Nothing else is wrong: {count(kept, 'key')} suppressed by decision." if kept else "Nothing is known to be wrong."
    worst = next(((severity.value, number) for severity, number in posture.severities().items() if number), None)
    first = (
        f"{flagged:,} of {count(total, 'key')} {'needs' if flagged == 1 else 'need'} work" if flagged else "No key is known to need work"
    )
    more = f", with {count(worst[1], f'{worst[0]} finding')}" if worst and flagged else ""
    return f"{first}{more}{f'; {undetermined:,} undetermined' if undetermined else ''}."


def not_asked(posture: Posture) -> list[tuple[str, str]]:
    """Return the units for which rules were left out, with a sentence that names these."""
    return [
        (
            part.unit.label,
            f"{count(len(part.left_out), 'rule')} left out by choice, of which nothing is known here: {', '.join(part.left_out)}.",
        )
        for part in posture.parts
        if part.left_out
    ]


SCORE = (
    "100 / (1 + d / 10), where d adds up one demerit a key: that of its worst finding (critical 3, high 2, medium 1, low 0.25), "
    "suppressed or not, and up to 1 for what is undetermined. It depends on the number of bad keys, not on their share: mending or "
    "deleting a key never lowers it, adding good keys never raises it. While anything could not be read there is no score."
)
"""How the score is computed, for readers."""
