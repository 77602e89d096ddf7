"""The answer of a check about one of checkov's blocks."""

from __future__ import annotations

import os
import re
from enum import Enum

from posturio_iac.adapters.checkov.scanning import Scan, by_key, scan
from posturio_iac.core.evidence.reason import crashed
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.errors import UsageError
from posturio_iac.facts.keyless import remediation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.core.finding import Finding, JudgedKey

LIMIT = 255  # characters that GitHub takes of a rule's name, where checkov puts our message


class CheckResult(Enum):
    """The result in checkov's terms."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # suppressed, or undetermined: shown with the reason, and no failure
    UNKNOWN = "unknown"  # checkov leaves it out: it is no key, or another one decides


class Answer(NamedTuple):
    """A result, with a message for the reader."""

    result: CheckResult
    text: str = ""


NOTHING = Answer(CheckResult.UNKNOWN)


def answer(entity: Entity, rule: str) -> Answer:
    """The answer of ``rule`` about a block."""
    try:
        return _answer(entity, rule, scan(entity.root or entity.file, entity.root or os.getcwd(), entity.var_files))
    except UsageError as error:
        return Answer(CheckResult.FAILED, f"No access key was checked here: {printable(str(error))}.")


def _answer(entity: Entity, rule: str, found: Scan) -> Answer:
    if rule not in found.selected or found.is_ours(entity.file):
        return NOTHING
    if found.matters(entity.file):
        found.tell(entity.file)
        keys = keys_of(entity, found)
        if not keys and found.cut_short and entity.kind in (*KEY_TYPES, "AWS::IAM::AccessKey") and rule == min(found.selected):
            return Answer(CheckResult.FAILED, _cut(f"{entity.name} may not have been checked: {found.cut_short}"))
        return _joined([_of_key(key, found.findings, rule) for key in keys])
    found.tell_missing_parser(entity.file)
    if entity.kind in KEY_TYPES:
        report = found.borrowed(entity)
        joined = _joined([_of_key(key, by_key(report), rule) for key in report.keys])
        # What checkov read can show that something is wrong, but not that nothing is.
        return NOTHING if joined.result is CheckResult.PASSED else joined
    return NOTHING


def _joined(answers: Sequence[Answer]) -> Answer:
    """Join the answers of a rule about several keys: one finding is enough to fail, and all must be clean to pass."""
    for result in (CheckResult.FAILED, CheckResult.UNKNOWN, CheckResult.SKIPPED, CheckResult.PASSED):
        for one in answers:
            if one.result is result:
                return one
    return NOTHING


def _of_key(judged: JudgedKey, known: Mapping[tuple[str, str, str], Sequence[Finding]], rule: str) -> Answer:
    key = judged.key
    findings = [f for f in known.get(key.identity, ()) if f.rule.id == rule]
    for finding in findings:
        if finding.suppressed is None:
            return Answer(CheckResult.FAILED, text_of(finding))
    if crashed(rule) in (question.reason for question in judged.open_questions):
        return Answer(CheckResult.FAILED, f"{rule} crashed on {key.address} and checked nothing; please report it.")
    if findings:
        return Answer(CheckResult.SKIPPED, " ".join(printable(f.suppressed.reason) for f in findings[:1] if f.suppressed))
    if rule not in judged.open_rules:
        return Answer(CheckResult.PASSED)
    return Answer(CheckResult.SKIPPED, _cut(f"undetermined: {printable('; '.join(judged.undecided) or 'a suppression accepts that')}"))


def text_of(finding: Finding) -> str:
    """What was found and, where there is room, the change that mends it."""
    problem, change = printable(finding.message), printable(remediation(finding))
    whole = f"{problem} {change}"
    return whole if len(whole) <= LIMIT else _cut(problem)


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1].rstrip()}…"


MODULE = "module"
_INDEX = re.compile(r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]')


def keys_of(entity: Entity, scan: Scan) -> tuple[JudgedKey, ...]:
    """The keys that a block declares: several where our scan tells instances, parents or root modules apart and checkov does not."""
    here = scan.keys.get(entity.file, ())
    if "::" in entity.kind:
        ours = (k for k in here if k.key.framework == "cloudformation")  # that of a stack set stands inside the stack set
        return tuple(k for k in ours if k.key.address.partition(" (")[0].rpartition("/")[2] == entity.name or _within(entity, k))
    if planned := tuple(k for k in here if k.key.framework == "terraform-plan"):
        return tuple(k for k in planned if k.key.address == entity.address)
    if entity.kind == MODULE:  # a key stands at a call where the code of the module is elsewhere
        call = f"module.{plain(entity.name)}"
        return _narrowed(entity, scan, [k for k in here if _within(entity, k) and call in plain(k.key.address)])
    block = plain(f"{entity.kind}.{entity.name}")
    return _narrowed(entity, scan, [k for k in here if plain(k.key.address).endswith(block)] or _installed(entity, scan))


def plain(address: str) -> str:
    return _INDEX.sub("", address)


def _installed(entity: Entity, scan: Scan) -> list[JudgedKey]:
    """The keys of modules that Terraform has installed: our scan reports them at the call."""
    if f"{os.sep}.terraform{os.sep}" not in entity.file:
        return []
    return [k for keys in scan.keys.values() for k in keys if plain(k.key.address) == plain(entity.address)]


def _within(entity: Entity, judged: JudgedKey) -> bool:
    first, last = entity.lines
    return judged.key.span is not None and first <= judged.key.span.line <= last


def _narrowed(entity: Entity, scan: Scan, keys: list[JudgedKey]) -> tuple[JudgedKey, ...]:
    address = f"module.{entity.address}" if entity.kind == MODULE and not entity.address.startswith("module.") else entity.address
    tests: list[Callable[[JudgedKey], bool]] = []  # the weightier first; one that no key passes counts for nothing
    if entity.top is not None:
        tests.append(lambda k: os.path.realpath(os.path.join(scan.root, k.key.scope)) == entity.top)
    if address:
        tests.append(lambda k: plain(k.key.address).startswith(plain(address)))
        tests.append(lambda k: k.key.address.startswith(address))
    for means in tests:
        keys = [k for k in keys if means(k)] or keys
    return tuple(keys)
