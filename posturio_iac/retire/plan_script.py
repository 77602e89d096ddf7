"""The scripts of a plan, in POSIX shell: each step checks the key again before it acts, and logs what it did. Pure."""

from __future__ import annotations

import shlex
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_time
from posturio_iac.core.model import KeyKind
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.live.reading.switches import TRAIL_REGIONS
from posturio_iac.retire.plan import Action
from posturio_iac.retire.plan_shell import COMMON, END, RUN, UNDO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.model import Attr
    from posturio_iac.retire.plan import Step

LOG = "log.jsonl"


class Validity(NamedTuple):
    """When a plan was made, and until when it may be run."""

    made: datetime
    until: datetime


def script(account: str, steps: Sequence[Step], validity: Validity) -> str:
    """The script that takes the steps for one account."""
    head = [
        "#!/bin/sh",
        f"# Account {printable(account)}: what to do about its access keys, by posturio-iac live as of {describe_time(validity.made)}.",
        f"# Nothing has been run, and nothing runs it but you. It is valid until {describe_time(validity.until)}.",
        "# Review it, ask the owners, and then:",
        "#   sh THIS_FILE          asks once for each owner",
        "#   sh THIS_FILE --yes    asks nobody",
        "# A step is skipped if AWS reports something else about the key than this plan. log.jsonl beside this file records what was done.",
        *_facts(account),
        f"made={int(validity.made.timestamp())} made_text={shlex.quote(describe_time(validity.made))}",
        f"until={int(validity.until.timestamp())} until_text={shlex.quote(describe_time(validity.until))}",
        f"trail={shlex.quote(_trail(steps))}",
    ]
    blocks = ["\n".join(_of_owner(owner, list(theirs), validity.made)) for owner, theirs in groupby(steps, key=lambda step: step.owner)]
    return "\n".join(head) + "\n" + COMMON + RUN + "".join(f"\n{block}\n" for block in blocks) + END


def undo(account: str, steps: Sequence[Step], validity: Validity) -> str:
    """The script that switches on again what the other one switched off. Deleted keys cannot be brought back."""
    head = [
        "#!/bin/sh",
        f"# Account {printable(account)}: switches on again what the plan of {describe_time(validity.made)} switched off, by its {LOG}.",
        *_facts(account),
    ]
    calls = [f"enable{_kind(step)} {_words(step)}" for step in steps if step.action is Action.DISABLE]
    return "\n".join(head) + "\n" + COMMON + UNDO + "".join(f"\n{call}" for call in calls) + "\n" + END


def _facts(account: str) -> list[str]:
    return [f"account={shlex.quote(account)}"]


def _trail(steps: Sequence[Step]) -> str:
    return next((TRAIL_REGIONS.get(step.key.address.split(":")[1], "") for step in steps), "")


def _of_owner(owner: str, steps: Sequence[Step], as_of: datetime) -> Iterator[str]:
    """Yield the lines about the keys of one owner: those with a step in an ``if``, and the others as comments."""
    live = [step for step in steps if step.action is not Action.KEEP]
    yield f"# Owner: {printable(owner)}"
    for step in steps:
        if step.action is Action.KEEP:
            yield from _comments(step, as_of, "")
    if live:
        yield f"if agreed {shlex.quote(printable(owner))} {shlex.quote(_counted(live))}; then"
        for step in live:
            yield from _comments(step, as_of, "  ")
            yield f"  {_call(step)}"
        yield "fi"


def _counted(live: Sequence[Step]) -> str:
    """Describe the steps: ``switch off 2 keys and delete 1 key``."""
    verbs = {Action.DISABLE: "switch off", Action.DELETE: "delete"}
    counts = {verb: sum(step.action is action for step in live) for action, verb in verbs.items()}
    return " and ".join(f"{verb} {number} key{'' if number == 1 else 's'}" for verb, number in counts.items() if number)


def _comments(step: Step, as_of: datetime, indent: str) -> Iterator[str]:
    yield f"{indent}# {printable(step.key.address)}"
    yield f"{indent}#   Owner: {printable(step.owner)}. Last use: {_last_use(step, as_of)}."
    yield from (f"{indent}#   {printable(finding.message)}" for finding in step.findings)
    if remark := step.remark():
        yield f"{indent}#   {printable(remark)}"
    if step.key.declaration is not None:
        yield from (f"{indent}#     {printable(finding.remediation)}" for finding in step.findings)
    if step.action is Action.DELETE:
        yield f"{indent}#   A deleted key cannot be brought back; its user would need a new one."


def _last_use(step: Step, as_of: datetime) -> str:
    used, (service, region) = step.key.last_used, step.key.used_for or ("", "")
    if not isinstance(used, datetime):
        untold = "not reported by AWS" if step.key.kind is KeyKind.SERVICE_CREDENTIAL else "unknown"
        return "never" if used is None else untold
    days = (as_of - used).days
    place = " in ".join(printable(word) for word in (service, region) if word)
    return f"{describe_time(used)} ({'today' if days < 1 else f'{days} d ago'}){f', {place}' if place else ''}"


def _call(step: Step) -> str:
    used = f" {_second(step.key.last_used)}" if step.key.kind is KeyKind.ACCESS_KEY else ""
    words = f"{step.action.value}{_kind(step)} {_words(step)}{used}"
    if step.action is Action.DISABLE:
        return words
    return f"{words} {shlex.quote(str(step.key.status))} {_second(step.key.disabled_since)}Z"


def _kind(step: Step) -> str:
    return "_credential" if step.key.kind is KeyKind.SERVICE_CREDENTIAL else ""


def _words(step: Step) -> str:
    """User, key and creation, as the functions of the scripts take them."""
    return f"{shlex.quote(str(step.key.user))} {shlex.quote(str(step.key.key_id))} {_second(step.key.created)}"


def _second(when: Attr[datetime | None]) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(when, datetime) else "-"
