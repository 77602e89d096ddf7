"""The answer of a check about one of checkov's blocks."""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING

from posturio_iac.adapters.checkov.matching import keys_of
from posturio_iac.adapters.checkov.scanning import by_key, scan
from posturio_iac.core.evidence.reason import crashed
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.adapters.checkov.scanning import Scan
    from posturio_iac.core.finding import Finding, JudgedKey

LIMIT = 255
"""How many characters GitHub takes of a rule's name, where checkov puts our message."""


class CheckResult(Enum):
    """The result in checkov's terms."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Suppressed, or undetermined: shown with the reason, and no failure."""
    UNKNOWN = "unknown"
    """checkov leaves it out: it is no key, or another one decides."""


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
    """Answer from our own scan where it reads the file, else from what checkov read."""
    if rule not in found.selected or found.is_ours(entity.file):
        return NOTHING
    if found.matters(entity.file):
        found.tell(entity.file)
        return _joined([_of_key(key, found.findings, rule) for key in keys_of(entity, found)])
    found.lacks_parser(entity.file)
    if entity.kind in KEY_TYPES:
        report = found.borrowed(entity)
        said = _joined([_of_key(key, by_key(report), rule) for key in report.keys])
        # What checkov read can show that something is wrong, but not that nothing is.
        return NOTHING if said.result is CheckResult.PASSED else said
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
    findings = [f for f in known.get((key.framework, key.scope, key.address), ()) if f.rule.id == rule]
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
    """Return what was found and, where there is room, the change that mends it."""
    said, change = printable(finding.message), printable(finding.remediation)
    whole = f"{said} {change}"
    return whole if len(whole) <= LIMIT else _cut(said)


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1].rstrip()}…"
