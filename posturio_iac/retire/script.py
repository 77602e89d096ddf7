"""The scripts of a plan, in POSIX shell: the facts of each step, for the functions in ``steps.sh``, which all scripts share. Pure."""

from __future__ import annotations

import json
import shlex
from datetime import datetime, timedelta
from itertools import groupby

from posturio_iac.core.model import Attr, KeyKind, Privilege
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.core.times import describe_time
from posturio_iac.live.context import regions_of
from posturio_iac.live.reading.events import MEMORY, TRAIL_REGIONS
from posturio_iac.retire.gate import Action
from posturio_iac.retire.key_lives import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from posturio_iac.retire.plan import Step

LOG, SHARED, RUNNER = "log.jsonl", "steps.sh", "run.sh"
SECOND = timedelta(seconds=1)
VERBS = {Action.DISABLE: "Update", Action.DELETE: "Delete"}
NAMES = {KeyKind.ACCESS_KEY: "AccessKey", KeyKind.SERVICE_CREDENTIAL: "ServiceSpecificCredential"}
HEAD = """\
#!/bin/sh
# Account {account}: {what}.
{text}
# shellcheck source=/dev/null
. "$(dirname -- "$0")/{shared}"
begin {kind} {facts} \\
  keys={keys} -- "$@"
"""
PLAN_TEXT = """\
# Nothing has been run, and nothing runs it but you. It is valid until {until}.
# Review it, and then:
#   sh THIS_FILE            asks once for each owner
#   sh THIS_FILE --yes      asks nobody
#   sh THIS_FILE KEY_ID...  takes the steps for these keys alone
# A step is skipped if AWS or the ledger tells something about the key that this plan did not know. {log} records what was done."""


class Validity(NamedTuple):
    """When a plan was made, and until when it may be run."""

    made: datetime
    until: datetime
    hold: datetime | None = None  # until when the plan has nothing unnamed switched off, since its ledger was damaged


def shared(name: str) -> str:
    """Return a file that is the same in every plan."""
    from importlib.resources import files

    return files("posturio_iac.retire").joinpath(name).read_text(encoding="utf-8")


def runner(accounts: Sequence[str], partition: str) -> str:
    facts = f"accounts={shlex.quote(' '.join(accounts))} partition={shlex.quote(partition)}"
    return shared(RUNNER).replace("\nset -u\n", f"\nset -u\n{facts}\n")


def permissions(steps: Sequence[Step], ledger: str) -> str:
    """The policy that whoever runs the scripts of one account needs, as IAM has it."""
    due = [step for step in steps if step.is_step]
    acts = {f"iam:{VERBS[step.action]}{NAMES[step.key.kind]}" for step in due} | {f"iam:List{NAMES[step.key.kind]}s" for step in due}
    looks = ["cloudtrail:LookupEvents", "sts:GetCallerIdentity"]
    if any(step.key.kind is KeyKind.ACCESS_KEY for step in due):
        looks.append("iam:GetAccessKeyLastUsed")
    users = sorted({step.key.address.rpartition("/")[0] for step in due})
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": sorted(acts), "Resource": users}] if users else []
    statements.append({"Effect": "Allow", "Action": sorted(looks), "Resource": "*"})
    if ledger.startswith("s3://"):
        place = f"arn:{_partition(steps)}:s3:::{ledger.removeprefix('s3://')}"
        statements.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": place})
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def _partition(steps: Sequence[Step]) -> str:
    return next((step.key.address.split(":")[1] for step in steps), "aws")


def script(account: str, steps: Sequence[Step], validity: Validity, ledger: str) -> str:
    """Return the script that takes the steps for one account; ``ledger`` is where newer answers of owners are found."""
    what = f"what to do about its access keys, by posturio-iac as of {describe_time(validity.made)}"
    text = PLAN_TEXT.format(until=describe_time(validity.until), log=LOG)
    head = _head("plan", account, what, text, [step for step in steps if step.is_step], validity, ledger)
    blocks = ["\n".join(_of_owner(owner, list(theirs), validity.made)) for owner, theirs in groupby(steps, key=lambda step: step.owner)]
    return head + "".join(f"\n{block}\n" for block in blocks) + "\nfinish\n"


def undo(account: str, steps: Sequence[Step], validity: Validity) -> str:
    """Return the script that switches on again what the other one switched off. Deleted keys cannot be brought back."""
    what = f"switches on again what the plan of {describe_time(validity.made)} switched off, by its {LOG}"
    text = "#   sh THIS_FILE            all of it\n#   sh THIS_FILE KEY_ID...  these keys alone"
    off = [step for step in steps if step.action is Action.DISABLE]
    # For so long CloudTrail tells whether somebody else has switched a key off since.
    head = _head("undo", account, what, text, off, Validity(validity.made, validity.made + MEMORY), "")
    return head + "".join(f"\nswitch_on {_words(step)}" for step in off) + "\n\nfinish\n"


def _head(kind: str, account: str, what: str, text: str, steps: Sequence[Step], validity: Validity, ledger: str) -> str:
    trail = TRAIL_REGIONS.get(_partition(steps), "")
    facts = {"account": account, "trail": trail, "made": f"{_second(validity.made)}Z", "until": f"{_second(validity.until)}Z"}
    facts |= {"ledger": ledger} if ledger else {}
    facts |= {"hold": str(validity.hold.date())} if validity.hold else {}
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in facts.items())
    keys = shlex.quote(" ".join(str(step.key.key_id) for step in steps))
    return HEAD.format(account=printable(account), what=what, text=text, shared=SHARED, kind=kind, facts=words, keys=keys)


def _of_owner(owner: str, steps: Sequence[Step], as_of: datetime) -> Iterator[str]:
    due = [step for step in steps if step.is_step]
    yield f"# Owner: {printable(owner)}"
    for step in steps:
        if not step.is_step:
            yield from _comments(step, as_of, "")
    if due:
        words = " ".join(f"{step.action.value}:{step.key.key_id}:{step.key.user}" for step in due)
        yield f"if agreed {shlex.quote(printable(owner))} {words}; then"
        for step in due:
            yield from _comments(step, as_of, "  ")
            yield f"  {_call(step, as_of)}"
        yield "fi"


def _comments(step: Step, as_of: datetime, indent: str) -> Iterator[str]:
    yield f"{indent}# {printable(step.key.address)}{' (of an administrator)' if step.key.privilege is Privilege.ADMIN else ''}"
    yield f"{indent}#   Owner: {printable(step.owner)}{_asked(step, as_of)}. Last use: {_last_use(step, as_of)}."
    yield from (f"{indent}#   {printable(finding.message)}" for finding in step.findings)
    if remark := step.remark():
        yield f"{indent}#   {step.action.value}: {printable(remark)}"
    if step.key.declaration is not None:
        yield from (f"{indent}#     {printable(finding.remediation)}" for finding in step.findings)
    if step.action is Action.DELETE:
        yield f"{indent}#   A deleted key cannot be brought back; its user would need a new one."


def _asked(step: Step, as_of: datetime) -> str:
    life = step.key.life
    if life is None or (life.asked is None and life.answered is None):
        return ", not asked"
    if life.answered is not None:
        return printable(f", answered on {life.answered.date()}: {life.answer()}")
    return f", asked on {life.asked.date()}, no answer{' in time' if life.is_late(as_of) else ' yet'}" if life.asked else ""


def _last_use(step: Step, as_of: datetime) -> str:
    used, (service, region) = step.key.last_used, step.key.used_for or ("", "")
    if not isinstance(used, datetime):
        unreported = "not reported by AWS" if step.key.kind is KeyKind.SERVICE_CREDENTIAL else "unknown"
        return "never" if used is None else unreported
    days = (as_of - used).days
    place = " in ".join(printable(word) for word in (service, region) if word)
    return f"{describe_time(used)} ({'today' if days < 1 else f'{days} d ago'}){f', {place}' if place else ''}"


def _call(step: Step, as_of: datetime) -> str:
    forced = f" forced={'public' if step.is_public else 'named'}" if step.is_forced and step.action is Action.DISABLE else ""
    used = ""
    if step.key.kind is KeyKind.ACCESS_KEY:
        regions = f" idle={_second(step.idle)}Z regions={shlex.quote(' '.join(regions_of(step.key)))}"
        used = f" last_use={_second(step.key.last_used)}{regions if step.action is Action.DISABLE and not forced else ''}"
    status = f" status={shlex.quote(str(step.key.status))}" if step.action is Action.DELETE else ""
    known = f" known={_second(step.known(as_of) + SECOND)}Z ledger_name={name_of(step.key)}"
    return f"{step.action.value} {_words(step)}{used}{status}{known}{forced}"


def _words(step: Step) -> str:
    kind = " kind=credential" if step.key.kind is KeyKind.SERVICE_CREDENTIAL else ""
    return f"user={shlex.quote(str(step.key.user))} key={shlex.quote(str(step.key.key_id))} created={_second(step.key.created)}{kind}"


def _second(when: Attr[datetime | None]) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S") if isinstance(when, datetime) else "-"
