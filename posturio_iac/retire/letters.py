"""Letters to owners: which keys, why, how to answer, what then; and answers. Ids in full. Pure. Over 300 lines: both are of one table."""

from __future__ import annotations

import csv
import io
import re
import shlex
from datetime import datetime, timedelta
from hashlib import sha256

from posturio_iac.core.keys import hidden
from posturio_iac.core.model import AccessKey, KeyKind, called
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.times import describe_time, parse_date, plural
from posturio_iac.render.csv_table import harmless
from posturio_iac.retire.gate import OF_CODE, Action
from posturio_iac.retire.ledger_history import SHOWN, Ledger, digest_of
from posturio_iac.retire.ledger_lines import KeyChange, KeyChangeKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from posturio_iac.retire.plan import Step

NEEDED, UNTIL, NOTE, BY, KEY_ID = "needed", "until", "note", "answered_by", "key_id"
ANSWERS = (NEEDED, UNTIL, NOTE, BY)
COLUMNS = (
    *("account", "account_name", "user", "key_id", "created", "last_used", "rules", "action", "answer_by", "command", "declared_as"),
    *ANSWERS,
)
MAY_BE_RUN = re.compile(r"[A-Za-z0-9_+=,.@-]+")
ACTIVE = re.compile(r"[<>\[\]!`]|(?<=:)(?=//)|(?<![\w.+-])@")
"""What would be a link, an image, a tag or a mention where a letter is pasted into a ticket; addresses stay as they are."""
BEFORE = """\
To: {to}
Subject: {count}{whose}: {subject}

On {day} posturio-iac found {count} in AWS {known}
For each: is it needed, and by what?

How to answer
  Fill in the last columns of {table}, and send it{back}{by}:
    needed       yes or no
    until        the last day on which it is needed, such as {example}; nothing if there is none
    note         what needs it
    answered_by  your name
  A mail that names the key and says the same is enough.

What happens
  Until {answer}: nothing is switched off or deleted{public}.
  After that: keys that nobody needs and nobody uses are switched off. This can be undone.
  {grace} later: keys that stayed off are deleted. This cannot be undone.
  A key that you say is needed is never deleted, unless the last day that you name has passed.
"""


class Asking(NamedTuple):
    """Who is asked, when, and by when an answer is due."""

    as_of: datetime
    grace: timedelta
    ownerless: str  # who is asked about keys that nobody is known to own; empty where nobody is
    reply_to: str
    again: bool = False  # True if those are asked too who have answered, and everybody gets a new day

    def is_asked(self, step: Step) -> bool:
        """Tell whose owner is to be asked: who has not answered, about any key but one of the root user."""
        life = step.key.life
        answered = life is not None and life.stands(self.as_of)
        return step.key.is_root is not True and step.key.key_id is not None and (self.again or not answered)

    def recipient(self, step: Step) -> str:
        return step.key.owner if isinstance(step.key.owner, str) and step.key.owner else self.ownerless

    def answer_by(self, step: Step) -> datetime:
        """By when an answer is due: a reminder moves no day, but whoever needed a key until a day is asked anew after it."""
        life = step.key.life
        if life is None or life.answer_by is None or self.again or life.asked_owner not in ("", self.recipient(step)):
            return self.as_of + self.grace
        is_over = life.asked is not None and life.asked.date().isoformat() <= life.needed_until < str(self.as_of.date())
        return self.as_of + self.grace if is_over else life.answer_by


def letters(made: Sequence[Step], asking: Asking) -> dict[str, str]:
    """The files of all letters by name: for each owner the text, to send, and a table, to be filled in."""
    files = {}
    for owner in dict.fromkeys(asking.recipient(step) for step in made):
        theirs = [step for step in made if asking.recipient(step) == owner]
        name = file_name(owner)
        files[f"{name}.txt"] = _text(owner, theirs, asking, f"{name}.csv")
        files[f"{name}.csv"] = _table(theirs, asking)
    return files


def file_name(owner: str) -> str:
    safe = re.sub(r"[^a-z0-9]+", "-", owner.lower()).strip("-")[:40] or "owner"
    return f"{safe}-{sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def command_of(step: Step) -> str:
    """The command for the owner; empty where no command helps, or where code declares the key and would undo it."""
    key = step.key
    if key.declaration is not None and key.declaration.exact and not step.is_public:
        return ""
    if key.is_root is True or not key.key_id or not isinstance(key.user, str) or not all(map(MAY_BE_RUN.fullmatch, (key.user, key.key_id))):
        return ""
    what = "access-key" if key.kind is KeyKind.ACCESS_KEY else "service-specific-credential"
    of_key = ("--user-name", key.user, f"--{what}-id", key.key_id)
    if key.status == "Active":
        return shlex.join(("aws", "iam", f"update-{what}", *of_key, "--status", "Inactive"))
    return shlex.join(("aws", "iam", f"delete-{what}", *of_key)) if step.action is Action.DELETE else ""


def _plain(text: str) -> str:
    return ACTIVE.sub(lambda found: {"@": "(at)", "": " "}.get(found[0], "?"), printable(text))


def _text(owner: str, made: Sequence[Step], asking: Asking, table: str) -> str:
    what = "access key" if all(step.key.kind is KeyKind.ACCESS_KEY for step in made) else "key"
    days, graces = {asking.answer_by(step).date() for step in made}, {step.grace.days for step in made}
    answer, count = min(days), f"{len(made)} {what}{'' if len(made) == 1 else 's'}"
    owned = isinstance(made[0].key.owner, str) and made[0].key.owner
    late = answer < asking.as_of.date()
    head = BEFORE.format(
        to=_plain(owner),
        count=count,
        whose=" of yours" if owned else " without a known owner",
        subject=f"no answer since {answer}" if late else f"please answer by {answer}",
        day=asking.as_of.date(),
        known="that you are responsible for."
        if owned
        else f"that nobody is known to own. Whose {'is it' if len(made) == 1 else 'are they'}?",
        table=table,
        back=f" to {_plain(asking.reply_to)}" if asking.reply_to else " back",
        by="" if late else f" by {answer}",
        answer=answer,
        public=", but for keys that AWS found in public" if any(step.is_public for step in made) else "",
        grace=plural(min(graces), "day") + (" or more" if len(graces) > 1 else ""),
        example=(asking.as_of + timedelta(days=90)).date(),
    )
    by_key = asking if len(days) > 1 else None
    blocks = ["\n".join(_about(number, step, by_key)) for number, step in enumerate(made, start=1)]
    return "\n".join((head, *(f"{block}\n" for block in blocks)))


def _about(number: int, step: Step, asking: Asking | None) -> Iterator[str]:
    key = step.key
    account = f"{key.account} ({_plain(key.account_name)})" if key.account_name else key.account or ""
    what = "Key" if key.kind is KeyKind.ACCESS_KEY else called(key.kind, key.service)
    yield f"{number}. {_plain(what)} {_plain(key.address.rpartition('/')[2])} of user {_plain(str(key.user))} in account {account}"
    yield f"   created: {_time(key.created)}; last used: {_plain(_used(key))}"
    yield from (f"   {_plain(finding.problem)}" for finding in step.findings)
    if asking is not None:
        yield f"   {'No answer since' if (day := asking.answer_by(step).date()) < asking.as_of.date() else 'Please answer by'} {day}."
    if key.created_by and not (isinstance(key.owner, str) and key.owner):
        yield f"   It was created by {_plain(key.created_by)}."
    if step.decision.why not in ("", OF_CODE) and not step.decision.asks:  # code follows, and the letter itself asks
        yield f"   {_plain(step.decision.why)}"
    if key.declaration is not None:
        yield f"   Change the code, merge and apply it, since changes by hand would be undone: the key {_plain(key.declaration.text())}."
        yield from (f"     {_plain(text)}" for text in dict.fromkeys(finding.remediation for finding in step.findings))
    if command := command_of(step):
        when = "only once nothing needs it any more"
        if step.is_public:
            when = "at once, even if something still needs it"
        elif key.declaration is not None:
            when = "only if that code does not declare this key"
        yield f"   To do it yourself, {when}:"
        yield f"     {command}"


def _table(made: Iterable[Step], asking: Asking) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for step in made:
        key = step.key
        rules = " ".join(sorted({finding.rule.id for finding in step.findings}))
        about = (key.account or "", key.account_name, str(key.user), key.key_id or "", _time(key.created), _used(key), rules)
        declared = key.declaration.shown() if key.declaration is not None else ""
        row = (*about, step.action.value, str(asking.answer_by(step).date()), command_of(step), declared, *("" for _ in ANSWERS))
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _used(key: AccessKey) -> str:
    place = " in ".join(word for word in key.used_for or () if word)
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return "not reported by AWS"
    return "never" if key.last_used is None else f"{_time(key.last_used)}{f' ({place})' if place else ''}"


def _time(when: object) -> str:
    return describe_time(when) if isinstance(when, datetime) else "not known"


WORDS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
LONGEST_NOTE = 500


class NoAnswersError(Exception):
    """The text holds no valid answers; the message is a clause that says where and why."""


class OwnerAnswer(NamedTuple):
    """An owner's answer about one key."""

    line: int
    key_id: str
    is_needed: bool
    note: str
    by: str = ""
    until: str = ""  # the last day on which it is needed; empty where none is named
    user: str = ""


def read_answers(text: str) -> tuple[OwnerAnswer, ...]:
    """Read a letter's table, with commas or a spreadsheet's semicolons; a line that says nothing about need is no answer yet."""
    head, _, _ = text.partition("\n")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        missing = [name for name in (KEY_ID, NEEDED) if name not in (reader.fieldnames or ())]
        if missing:
            raise NoAnswersError(f"it has no column {' and no column '.join(missing)}; take the CSV of a letter")
        return tuple(found for row in reader if (found := _answer(reader.line_num, row)) is not None)
    except csv.Error as error:
        raise NoAnswersError(f"it is not a table: {error}") from None


def _answer(line: int, row: dict[str, str]) -> OwnerAnswer | None:
    key_id, needed, until, note, user = (str(row.get(name) or "").strip() for name in (KEY_ID, NEEDED, UNTIL, NOTE, "user"))
    by = " ".join(str(row.get(BY) or "").split())[:LONGEST_NOTE]
    if not (needed or note or until or by):
        return None
    if needed.lower() not in WORDS:
        raise NoAnswersError(f'line {line}: needed must be yes or no, not "{needed[:40]}"')
    if not key_id or "*" in key_id:
        raise NoAnswersError(f"line {line}: key_id must be a full key ID, as in the letter")
    if until and not (re.fullmatch(r"\d{4}-\d\d-\d\d", until, re.ASCII) and parse_date(until)):
        raise NoAnswersError(f'line {line}: until must be a day such as 2027-03-31, or nothing if there is none, not "{until[:40]}"')
    if until and not WORDS[needed.lower()]:
        raise NoAnswersError(f"line {line}: needed is no, and until {until} says that it is needed")
    return OwnerAnswer(line, key_id, WORDS[needed.lower()], " ".join(note.split())[:LONGEST_NOTE], by, until, user.lstrip("'"))


def note_answers(ledger: Ledger, answers: Sequence[OwnerAnswer], as_of: datetime, digest: str | None = None) -> tuple[int, list[str]]:
    """Add answers to a ledger, with their file's digest: how many are new, and sentences on those that come too late or count no more.

    Raises `NoAnswersError` (no such key, or not what its owner says now).
    """
    living, added, said = {name for name, _ in ledger.living()}, 0, list[str]()
    seen: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(ledger.keys, key=lambda name: name not in living):
        if (known := ledger.of(name, KeyChangeKind.SEEN) or ledger.of(name, KeyChangeKind.DELETED)) is not None:
            seen.setdefault(str(known.detail.get("id", "")).lstrip("*"), []).append((name, str(known.detail.get("user", ""))))
    for answer in answers:
        where, key = f"line {answer.line}: ", f"the key {hidden(answer.key_id)}"
        alike = [held for held in seen.get(answer.key_id[-SHOWN:], ()) if digest_of(held[1], answer.key_id) == held[0]]
        if not alike:
            raise NoAnswersError(f"{where}the ledger does not know {key}; use the ledger that the letters were written with")
        found, user = alike[0][0], alike[0][1].rpartition("/")[2]
        users = {str(change.detail.get("user", "")) for held, _ in alike for change in ledger.keys[held]}  # of a renamed one too
        if answer.user.lower() not in {"", *(arn.rpartition("/")[2].lower() for arn in users)}:
            raise NoAnswersError(f"{where}{key} is one of user {user}, not {answer.user}; was one column sorted without the others?")
        told = {"needed": answer.is_needed, "until": answer.until, "note": answer.note, "by": answer.by, "file_sha256": digest}
        detail = {name: value for name, value in told.items() if value not in (None, "")}
        earlier = [change for change in ledger.keys[found] if change.kind is KeyChangeKind.ANSWERED]
        if found not in living:
            said += [f"{where}{key} of user {user} is deleted: give what needs it a role or a new key"] if answer.is_needed else ()
        elif (why := _left_out(detail, earlier, as_of, f"{where}{key}")) is None:
            ledger.note(found, KeyChangeKind.ANSWERED, max([as_of, *(change.at for change in earlier)]), detail)
            added += 1
        elif why:
            said.append(f"{where}{why}")
    return added, said


def _left_out(told: dict[str, object], earlier: Sequence[KeyChange], as_of: datetime, place: str) -> str | None:
    """Why an answer is left out, empty where nothing is said; of those that nothing puts in order, what keeps for longest counts."""
    is_known = any({**change.detail, "file_sha256": 0} == {**told, "file_sha256": 0} for change in earlier)
    until = str(told.get("until", ""))
    if until and until < str(as_of.date()):
        if is_known:
            return ""
        raise NoAnswersError(f"{place}: until {until} has passed already")
    if not earlier or not (is_known or earlier[-1].at == as_of):
        return None
    newest = earlier[-1].detail
    if not is_known and newest.get("needed") is not told["needed"]:
        raise NoAnswersError(f"{place} has another answer that is as new; leave only the newest")
    if _end(told) > _end(newest):
        return None
    older = "this was answered before, and then that the key is needed for longer: if it is the newest word, change its note"
    return older if is_known and _end(told) < _end(newest) else ""


def _end(told: Mapping[str, object]) -> str:
    """The last day for which an answer keeps a key: nothing before all days, and a tilde after them."""
    return str(told.get("until", "~")) if told.get("needed") is True else ""
