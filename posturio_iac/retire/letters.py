"""One letter for each owner: which keys, why, what happens when, and the commands, with ids in full. Pure."""

from __future__ import annotations

import csv
import io
import re
import shlex
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_time
from posturio_iac.core.key_words import called
from posturio_iac.core.model import KeyKind
from posturio_iac.render.csv_table import harmless
from posturio_iac.render.markdown_text import code, fenced, plain
from posturio_iac.retire.gate import OF_CODE, Action
from posturio_iac.retire.ledger.answers import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.core.model import AccessKey, Declaration
    from posturio_iac.retire.plan import Step

COLUMNS = (
    *("account", "account_name", "user", "key_id", "created", "last_used", "rules", "action", "answer_by", "command", "declared_as"),
    *ANSWERS,
)
MAY_BE_RUN = re.compile(r"[A-Za-z0-9_+=,.@-]+")


def letters(made: Sequence[Step], as_of: datetime, grace: timedelta) -> dict[str, str]:
    """The files of all letters by name: for each owner one in Markdown, to send or to put into a ticket, and one in CSV."""
    files = {}
    for owner in dict.fromkeys(step.owner for step in made):
        theirs = [step for step in made if step.owner == owner]
        name = file_name(owner)
        files[f"{name}.md"] = _markdown(owner, theirs, as_of, grace)
        files[f"{name}.csv"] = _table(theirs, as_of + grace)
    return files


def file_name(owner: str) -> str:
    safe = re.sub(r"[^a-z0-9]+", "-", owner.lower()).strip("-")[:40] or "owner"
    return f"{safe}-{sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def command_of(step: Step) -> str:
    """The command for the owner; empty where no command helps, or where code declares the key and would undo it."""
    key = step.key
    if key.declaration is not None and key.declaration.exact and not step.is_public:
        return ""
    if key.is_root is True or not key.key_id or not isinstance(key.user, str):
        return ""
    if not MAY_BE_RUN.fullmatch(key.user) or not MAY_BE_RUN.fullmatch(key.key_id):
        return ""
    what = "access-key" if key.kind is KeyKind.ACCESS_KEY else "service-specific-credential"
    of_key = ("--user-name", key.user, f"--{what}-id", key.key_id)
    if key.status == "Active":
        return shlex.join(("aws", "iam", f"update-{what}", *of_key, "--status", "Inactive"))
    return shlex.join(("aws", "iam", f"delete-{what}", *of_key)) if step.action is Action.DELETE else ""


def _markdown(owner: str, made: Sequence[Step], as_of: datetime, grace: timedelta) -> str:
    what = "access key" if all(step.key.kind is KeyKind.ACCESS_KEY for step in made) else "key"
    answer, count = min(step.answer_by(as_of + grace) for step in made), f"{len(made)} {what}{'' if len(made) == 1 else 's'}"
    whose, ask = f" of {plain(owner)}", "that you are responsible for. Please tell us for each whether it is needed, and by what."
    if not isinstance(made[0].key.owner, str) or not made[0].key.owner:
        whose = f", owner {plain(owner)}"
        ask = "that nobody is known to own. Please tell us for each whose it is, whether it is needed, and by what."
    lines = [
        f"# {count}{whose}: please answer by {answer.date()}",
        "",
        f"On {as_of.date()} posturio-iac found {count} in AWS {ask}",
        "",
        f"- Until {answer.date()}: answer, or make the change below yourself.",
        f"- After that: keys that are not in use are switched off. This can be undone for {grace.days} days.",
        f"- From {(answer + grace).date()} on: keys that stayed switched off without causing a failure are deleted. This cannot be undone.",
        "",
    ]
    for step in made:
        lines += _about(step)
    return "\n".join(lines)


def _about(step: Step) -> Iterator[str]:
    key = step.key
    account = f"{key.account} ({key.account_name})" if key.account_name else key.account or ""
    what = "" if key.kind is KeyKind.ACCESS_KEY else f", {called(key.kind, key.service)},"
    yield from (f"## {code(key.address.rpartition('/')[2])}{plain(what)} of user {code(str(key.user))} in account {plain(account)}", "")
    yield f"- created: {_time(key.created)}; last used: {_used(key)}"
    yield from (f"- {plain(finding.message)}" for finding in step.findings)
    if step.decision.why not in ("", OF_CODE):  # which follows
        yield f"- {plain(step.decision.why)}"
    if key.declaration is not None:
        yield from _in_code(step, key.declaration)
    yield ""
    if command := command_of(step):
        if step.is_public:
            yield from ("At once, even if something still needs it:", "")
        elif key.declaration is not None:
            yield from ("Only if that code does not declare this key:", "")
        elif not step.is_step:
            yield from ("Only once nothing needs it any more:", "")
        yield fenced(command, "sh")


def _in_code(step: Step, declaration: Declaration) -> Iterator[str]:
    """Yield the changes of the code, each once, with places: changes by hand would be undone, or differ from the code."""
    yield f"- **Change the code**, merge and apply it: the key {plain(declaration.text())}."
    yield from (f"  - {plain(text)}" for text in dict.fromkeys(finding.remediation for finding in step.findings))


def _table(made: Iterable[Step], answer: datetime) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for step in made:
        key = step.key
        rules = " ".join(sorted({finding.rule.id for finding in step.findings}))
        about = (key.account or "", key.account_name, str(key.user), key.key_id or "", _time(key.created), _used(key), rules)
        declared = key.declaration.shown() if key.declaration is not None else ""
        row = (*about, step.action.value, str(step.answer_by(answer).date()), command_of(step), declared, *("" for _ in ANSWERS))
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def _used(key: AccessKey) -> str:
    place = " in ".join(word for word in key.used_for or () if word)
    if key.kind is KeyKind.SERVICE_CREDENTIAL:
        return "not reported by AWS"
    return "never" if key.last_used is None else f"{_time(key.last_used)}{f' ({place})' if place else ''}"


def _time(when: object) -> str:
    return describe_time(when) if isinstance(when, datetime) else "not known"
