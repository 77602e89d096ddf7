"""The format ``json``: the versioned contract that other programs, and our own reports, are built on.

Its schema is ``docs/schema/report-1.json``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from posturio_iac import __version__
from posturio_iac.core.evidence.remedy import place_of
from posturio_iac.core.evidence.remedy_text import command, outline
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Verdict, exact_score
from posturio_iac.core.model import Attr, Consumer, Declaration, Lifetime, Place, Span, Unknown
from posturio_iac.core.place import document_of, with_texts
from posturio_iac.core.text.json_text import pieces
from posturio_iac.core.text.terminal import FIRST_SURROGATE, JSON_SHARP, inert
from posturio_iac.facts.keyless import REPLACEMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from posturio_iac.contract import FindingAges, RenderContext
    from posturio_iac.core.evidence.lifetime import OpenQuestion
    from posturio_iac.core.evidence.reason import Reason
    from posturio_iac.core.evidence.remedy import Remedy
    from posturio_iac.core.keys.life import KeyLife, KeyUse
    from posturio_iac.fixes.shown import ShownEdit
    from posturio_iac.scan.skipped import SkippedPlace


class Totals:
    """The keys of reports, counted."""

    def __init__(self) -> None:
        self._verdicts: Counter[Verdict] = Counter()
        self._files, self._demerits, self._incomplete = 0, 0.0, False

    def add(self, report: Report) -> Totals:
        """Count the keys of one more report."""
        self._verdicts.update(judged.verdict for judged in report.keys)
        self._files += report.files
        self._demerits += sum(judged.demerit for judged in report.keys)
        self._incomplete |= any(diagnostic.level is Level.ERROR for diagnostic in report.diagnostics)
        return self

    def document(self) -> dict[str, int | None]:
        """The summary as the JSON contract has it."""
        counts = {verdict.value: self._verdicts[verdict] for verdict in Verdict}
        score = None if self._incomplete else round(exact_score(self._demerits))
        return {"files": self._files, "keys": self._verdicts.total(), **counts, "score": score}


VERSION = 1


def render(report: Report, context: RenderContext) -> str:
    return "".join(stream(report, context))


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield one document in ASCII, with no more than one key or finding in memory."""
    yield from (inert(piece, JSON_SHARP) for piece in pieces(_members(report, context), 1))
    yield "\n"


def document(report: Report, context: RenderContext) -> dict[str, Any]:
    return {name: list(held) if isinstance(held, Iterator) else held for name, held in _members(report, context).items()}


def _members(report: Report, context: RenderContext) -> dict[str, Any]:
    return {
        "version": VERSION,
        "tool": {"name": "posturio-iac", "version": __version__},
        "as_of": moment(report.as_of),
        **({"scope": context.scope.document()} if context.scope is not None else {}),
        **({"run": context.run} if context.run is not None else {}),
        "keys": map(_key, report.keys),
        "findings": (_finding(finding, context) for finding in report.findings),
        "diagnostics": map(_diagnostic, report.diagnostics),
        **({} if context.skipped is None else {"skipped": map(_skipped, context.skipped)}),
        "summary": Totals().add(report).document(),
    }


def moment(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _key(judged: JudgedKey) -> dict[str, Any]:
    key = judged.key
    return {
        "address": _text(key.address),
        "framework": key.framework,
        "root": _text(key.scope),
        **_lines(key.span),
        "kind": key.kind.value,
        **({"service": _known(key.service)} if key.service is not None else {}),
        "user": _known(key.user),
        "status": _known(key.status),
        "owner": _known(key.owner),
        "verdict": judged.verdict.value,
        "lifetime": [_lifetime(evidence) for evidence in key.lifetimes],
        **({"undecided": [_text(reason) for reason in judged.undecided]} if judged.undecided else {}),
        **({"open_questions": [_open_question(question) for question in judged.open_questions]} if judged.open_questions else {}),
        **({"open_rules": list(judged.undecided_rules)} if judged.undecided_rules else {}),
        **({"var_files": [_text(path) for path in files]} if (files := judged.var_files()) else {}),
        **({"demerit": judged.demerit} if judged.demerit else {}),
        **_deployed(judged),
    }


def _deployed(judged: JudgedKey) -> dict[str, Any]:
    key = judged.key
    facts: dict[str, Any] = {"account": key.account, "account_name": _text(key.account_name) or None, "key_id": key.key_id}
    for name, value in (("created", key.created), ("last_used", key.last_used), ("disabled_since", key.disabled_since)):
        facts[name] = None if value is None or isinstance(value, Unknown) else moment(value)
    if key.used_for is not None:
        facts["last_used_service"], facts["last_used_region"] = (_text(word) or None for word in key.used_for)
    facts["never_used"] = True if key.last_used is None else None
    facts["privilege"] = key.privilege.value if key.privilege is not None else None
    facts["quarantine"] = key.quarantine if isinstance(key.quarantine, str) else None
    facts["context"] = None if key.use is None else _use(key.use)
    facts["created_by"] = _text(key.created_by) if key.created_by else None
    facts["lifecycle"] = None if key.life is None else _life(key.life)
    facts["evidence"] = [_text(line) for line in key.evidence] or None
    facts["declared_as"] = None if key.declaration is None else _declared(key.declaration)
    facts["managed"] = None if isinstance(key.managed, Unknown) else key.managed
    return {name: value for name, value in facts.items() if value is not None}


def _life(life: KeyLife) -> dict[str, Any]:
    told: dict[str, Any] = {"asked_owner": _text(life.asked_owner) or None, "needed": life.is_needed, "note": _text(life.note) or None}
    told["next"] = _text(life.next) or None
    for name in ("asked", "answer_by", "answered", "delete_on"):
        told[name] = (when := getattr(life, name)) and moment(when)
    return {name: value for name, value in told.items() if value is not None}


def _use(use: KeyUse | Unknown) -> dict[str, Any]:
    if isinstance(use, Unknown):
        return {"verdict": None, "why": _text(use.reason)}
    head: dict[str, Any] = {
        "verdict": use.kind.value,
        "since": moment(use.since),
        "regions": list(use.regions),
        "events": use.events,
        "complete": use.complete,
    }
    for name in ("principals", "addresses", "agents", "calls", "errors"):
        head[name] = [{"name": _text(text), "events": number} for text, number in getattr(use, name)]
    return {**head, "event_ids": [_text(one) for one in use.event_ids]}


def _declared(declaration: Declaration) -> dict[str, Any]:
    one = declaration.place
    head: dict[str, Any] = {"address": _text(one.address) if one else None, **_at(one)}
    head |= {"link": "exact" if declaration.exact else "likely", "framework": declaration.framework, "source": _text(declaration.source)}
    candidates = [{"address": _text(place.address), **_at(place)} for place in declaration.places]
    return head if one else {**head, "candidates": candidates}


def _at(place: Place | None) -> dict[str, Any]:
    span = place.span if place else None
    return {"path": _text(span.path) if span else None, "line": span.line if span else None}


def _lifetime(evidence: Lifetime) -> dict[str, Any]:
    readings = {"readings": [_text(reading) for reading in evidence.readings]} if evidence.readings else {}
    return {
        "kind": evidence.kind.value,
        "value": _text(evidence.value),
        "effect": evidence.effect.value,
        "source": _text(evidence.source),
        "origin": document_of(with_texts(evidence.origin, _text)),
        **({"reason": {**_reason(evidence.reason), **readings}} if evidence.reason is not None else {}),
        "path": _text(evidence.span.path) if evidence.span else None,
        "line": evidence.span.line if evidence.span else None,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    """Why evidence does not count, or why something is open: data for programs and a clause for people."""
    more = {"cause": reason.cause and reason.cause.value, "subject": _text(reason.subject), "detail": reason.detail}
    return {"kind": reason.kind.value, "text": _text(reason.text), **{name: value for name, value in more.items() if value}}


def _open_question(question: OpenQuestion) -> dict[str, Any]:
    origin = {} if question.origin is None else {"origin": document_of(with_texts(question.origin, _text))}
    reason = {} if question.reason is None else {"reason": _reason(question.reason)}
    return {"questions": [one.value for one in question.questions], "text": _text(question.text), **origin, **reason}


def _finding(finding: Finding, context: RenderContext) -> dict[str, Any]:
    span, why = finding.span, finding.suppressed
    entry: dict[str, Any] = {
        "rule": finding.rule.id,
        "severity": finding.severity.value,
        "message": _text(finding.message),
        "problem": _text(finding.problem),
        "remediation": _text(finding.remediation),
        "address": _text(finding.address),
        "framework": finding.framework,
        "root": _text(finding.root),
        "path": _text(span.path) if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "fingerprint": finding.fingerprint,
    }
    if finding.remedy is not None:
        more = {"then": finding.then, "otherwise": finding.otherwise or None}
        entry["remedy"] = _remedy(finding.remedy) | {name: _text(text) for name, text in more.items() if text is not None}
    if finding.consumers:
        entry["instead"] = [_consumer(one) for one in finding.consumers]
    if why is None and (change := context.change(finding)) is not None:
        entry["fix"] = {"level": change.level.value, "edits": [_edit(edit) for edit in change.edits]}
    entry |= _age(finding, context.ages)
    if why is not None:
        entry["suppressed"] = {"reason": _text(why.reason), "until": moment(why.until) if why.until else None, "source": why.source}
    return entry


def _consumer(consumer: Consumer) -> dict[str, Any]:
    uses = [{"path": _text(span.path), "line": span.line} for span in consumer.uses]
    used, text = {"used_at": uses} if uses else {}, REPLACEMENTS[consumer.name].text
    return {"consumer": consumer.name, "text": text, "address": _text(consumer.place.address), **_at(consumer.place), **used}


def _age(finding: Finding, ages: FindingAges) -> dict[str, Any]:
    first = ages.first_seen.get(finding.fingerprint)
    known: dict[str, Any] = {"first_seen": moment(first)} if first is not None else {}
    return known if ages.new is None else {**known, "new": finding.fingerprint in ages.new}


def _remedy(remedy: Remedy) -> dict[str, Any]:
    place = place_of(remedy)
    summary, code = outline(remedy)
    head = {"kind": _kind(type(remedy).__name__), "address": _text(place.address) if place else None, **_at(place)}
    return (
        head | {"summary": _text(summary)} | {name: _text(value) for name, value in (("code", code), ("command", command(remedy))) if value}
    )


@cache
def _kind(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() and number else letter.lower() for number, letter in enumerate(name))


def _edit(edit: ShownEdit) -> dict[str, Any]:
    span = edit.span
    where = {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}
    return {"path": _text(span.path), **where, "replacement": _text(edit.text)}


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    entry: dict[str, Any] = {"level": diagnostic.level.value, "message": _text(diagnostic.message)}
    for name in ("path", "line", "column", "account"):
        if (value := getattr(diagnostic, name)) is not None:
            entry[name] = _text(value) if isinstance(value, str) else value
    return entry


def _skipped(place: SkippedPlace) -> dict[str, Any]:
    return {"kind": place.kind, "path": _text(place.path), **({"text": _text(place.text)} if place.text else {})}


def _lines(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"path": None, "line": None, "end_line": None}
    return {"path": _text(span.path), "line": span.line, "end_line": span.end_line}


def _known(value: Attr[str | None]) -> str | None:
    return None if value is None or isinstance(value, Unknown) else _text(value)


def _text(text: str) -> str:
    r"""Write bytes that are not UTF-8 as ``\xff`` and other lone surrogates as ``\ud800``: they are no valid JSON."""
    try:
        _ = text.isascii() or text.encode()
    except UnicodeEncodeError:
        return "".join(map(_whole, text))
    return text


def _whole(character: str) -> str:
    byte = ord(character) - FIRST_SURROGATE
    return f"\\x{byte:02x}" if byte in range(0x80, 0x100) else character.encode("utf-8", "backslashreplace").decode()
