"""Replaces values that the code marks as sensitive in everything that a report shows. Pure."""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import with_changed_texts
from posturio_iac.core.place import with_texts
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.times import describe_date, describe_interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.finding import JudgedKey, Report
    from posturio_iac.core.model import AccessKey, Lifetime

SHOWN = "(sensitive)"
_PART = lazy_pattern(r"\w+|\W")


def user_of(key: AccessKey) -> str:
    """The user that an entry of a baseline accepts: the name, the expression of an open one, or that it is `SHOWN` as sensitive."""
    if isinstance(key.user, str):
        return SHOWN if SHOWN in key.user or any(secret and secret in key.user for secret in key.secrets) else key.user
    return " ".join(filter(None, (key.user_address, *(map(str, key.user.arguments) if key.user is not None else ()), *key.user_texts)))


def redacted(report: Report) -> Report:
    """The report with `SHOWN` in place of each secret that it would show of a key; one that its key does not use hides nothing."""
    used = {(judged.key.scope, judged.key.address): found for judged in report.keys if judged.key.secrets and (found := _used(judged))}
    if not used:
        return report
    hide = _hider(set().union(*used.values()), set())
    keys = tuple(_judged(judged, hide) for judged in report.keys)
    findings = tuple(
        replace(
            f,
            message=hide(f.message),
            problem=hide(f.problem),
            remediation=hide(f.remediation),
            then=f.then and hide(f.then),
            otherwise=hide(f.otherwise),
            remedy=with_changed_texts(f.remedy, hide) if f.remedy else None,
            shows_code=(f.root, f.address) not in used,
        )
        for f in report.findings
    )
    diagnostics = tuple(replace(diagnostic, template=hide(diagnostic.template)) for diagnostic in report.diagnostics)
    return replace(report, keys=keys, findings=findings, diagnostics=diagnostics)


def _used(judged: JudgedKey) -> set[str]:
    """The secrets in the name, tags and lifetimes of a key and in what is open about it, in all forms that messages show."""
    found: set[str] = set()
    _judged(judged, _hider(filter(str.strip, judged.key.secrets), found))
    return found.union(*(_forms(evidence) for evidence in judged.key.lifetimes if evidence.value in found))


def _judged(judged: JudgedKey, hide: Callable[[str], str]) -> JudgedKey:
    questions = tuple(question.with_changed_words(hide) for question in judged.open_questions)
    return replace(judged, key=_key(judged.key, hide), open_questions=questions)


def _forms(evidence: Lifetime) -> Iterator[str]:
    """Yield how messages write the date or interval that a secret states."""
    if evidence.at is not None:
        yield from (describe_date(evidence.at), evidence.at.isoformat(), evidence.at.date().isoformat())
    if evidence.interval is not None:
        yield describe_interval(evidence.interval)


def _hider(secrets: Iterable[str], found: set[str]) -> Callable[[str], str]:
    """A function that replaces the secrets where they stand as whole words, the longest first, and adds them to ``found``."""
    import re

    by_part: dict[str, list[str]] = {}  # by that part of each secret which fewest others stand under: only a text with it can show it
    for secret in secrets:
        by_part.setdefault(min(_PART.findall(secret), key=lambda part: len(by_part.get(part, ()))), []).append(secret)

    def hide(text: str) -> str:
        there = [secret for part in by_part.keys() & _PART.findall(text) for secret in by_part[part] if secret in text]
        if not there:
            return text
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(there, key=len, reverse=True)))})(?!\w)")
        found.update(pattern.findall(text))
        return pattern.sub(SHOWN, text)

    return hide


def _key(key: AccessKey, hide: Callable[[str], str]) -> AccessKey:
    """A key without its secrets; its address stays, since Terraform allows nothing sensitive in one."""
    lifetimes = tuple(
        replace(
            e,
            value=hide(e.value),
            origin=with_texts(e.origin, hide),
            reason=e.reason and e.reason.with_changed_words(hide),
            readings=tuple(map(hide, e.readings)),
        )
        for e in key.lifetimes
    )
    return replace(
        key,
        user=hide(key.user) if isinstance(key.user, str) else key.user,
        owner=hide(key.owner) if isinstance(key.owner, str) else key.owner,
        lifetimes=lifetimes,
        notes=tuple(map(hide, key.notes)),
        tags=tuple((name, hide(value)) for name, value in key.tags),
        secrets=(),
    )
