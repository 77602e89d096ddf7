"""Replaces values that the code marks as sensitive in everything that a report shows. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.core.dates import describe_date
from posturio_iac.core.evidence.origin import with_texts
from posturio_iac.core.evidence.remedy import with_changed_texts
from posturio_iac.core.intervals import describe_interval
from posturio_iac.core.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.finding import Report
    from posturio_iac.core.model import AccessKey

SHOWN = "(sensitive)"


def redacted(report: Report) -> Report:
    """Return the report with `SHOWN` in place of each secret of its keys."""
    hide = _hider(secret for judged in report.keys if judged.key.secrets for secret in _forms(judged.key))
    if hide is None:
        return report
    keys = tuple(
        replace(
            judged,
            key=_key(judged.key, hide),
            open_questions=tuple(question.with_changed_words(hide) for question in judged.open_questions),
        )
        for judged in report.keys
    )
    apart = {(judged.key.scope, judged.key.address) for judged in report.keys if judged.key.secrets}
    findings = tuple(
        replace(
            f,
            message=hide(f.message),
            remediation=hide(f.remediation),
            remedy=with_changed_texts(f.remedy, hide) if f.remedy else None,
            shows_code=(f.root, f.address) not in apart,
        )
        for f in report.findings
    )
    diagnostics = tuple(replace(said, message=hide(said.message)) for said in report.diagnostics)
    return replace(report, keys=keys, findings=findings, diagnostics=diagnostics)


def _forms(key: AccessKey) -> Iterator[str]:
    """Yield the secrets of a key, and how messages write the dates and intervals that they state."""
    yield from key.secrets
    for evidence in key.lifetimes:
        if evidence.value in key.secrets:
            yield from () if evidence.at is None else (describe_date(evidence.at), evidence.at.isoformat(), evidence.at.date().isoformat())
            yield from () if evidence.interval is None else (describe_interval(evidence.interval),)


def _hider(secrets: Iterable[str]) -> Callable[[str], str] | None:
    """Return a function that replaces the secrets where they stand as whole words, the longest first; None without secrets."""
    found = sorted({secret for secret in secrets if secret.strip()}, key=lambda secret: (-len(secret), secret))
    if not found:
        return None
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(secret)}(?!\w)" for secret in found))
    return lambda text: pattern.sub(SHOWN, text)


def _key(key: AccessKey, hide: Callable[[str], str]) -> AccessKey:
    """Return a key without its secrets; its address stays, since Terraform allows nothing sensitive in one."""
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
