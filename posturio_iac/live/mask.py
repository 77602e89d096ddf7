"""Hides key ids but for their last four characters, wherever they stand in a report. Pure.

``*`` stands for what is hidden, so that a masked address, put into a suppression as it is, still means its key.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.remedy import with_texts

if TYPE_CHECKING:
    from collections.abc import Collection

    from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report
    from posturio_iac.core.model import AccessKey, Declaration, Lifetime
    from posturio_iac.live.verify.compare import Verification, Verified

SHOWN = 4
_LIKELY = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}(?![A-Za-z0-9])")
_WORD = re.compile(r"[A-Za-z0-9_]{16,128}")


class Mask:
    """Hides the ids that it was given, and whatever looks like one."""

    def __init__(self, ids: Collection[str]) -> None:
        """Hide ``ids``."""
        self._ids = frozenset(ids)

    def text(self, text: str) -> str:
        """Return ``text`` without ids."""
        return _LIKELY.sub(_hidden, _WORD.sub(lambda found: _hidden(found) if found[0] in self._ids else found[0], text))

    def diagnostic(self, said: Diagnostic) -> Diagnostic:
        """Return a diagnostic without ids."""
        return replace(said, message=self.text(said.message))

    def report(self, report: Report) -> Report:
        """Return a report without ids. Fingerprints stay: they are digests."""
        return replace(
            report,
            keys=tuple(self._judged(judged) for judged in report.keys),
            findings=tuple(self._finding(finding) for finding in report.findings),
            diagnostics=tuple(self.diagnostic(said) for said in report.diagnostics),
        )

    def verification(self, verification: Verification) -> Verification:
        """Return what became of an earlier result without ids."""
        return replace(verification, results=tuple(map(self._verified, verification.results)))

    def _verified(self, result: Verified) -> Verified:
        return replace(
            result,
            address=self.text(result.address),
            owner=self.text(result.owner) if result.owner else None,
            why=self.text(result.why),
            message=self.text(result.message),
            remediation=self.text(result.remediation),
        )

    def _finding(self, finding: Finding) -> Finding:
        return replace(
            finding,
            message=self.text(finding.message),
            remediation=self.text(finding.remediation),
            remedy=with_texts(finding.remedy, self.text) if finding.remedy else None,
            address=self.text(finding.address),
            declaration=self._declaration(finding.declaration),
        )

    def _judged(self, judged: JudgedKey) -> JudgedKey:
        return replace(judged, key=self._key(judged.key), undecided=tuple(map(self.text, judged.undecided)))

    def _key(self, key: AccessKey) -> AccessKey:
        siblings = key.active_siblings
        return replace(
            key,
            address=self.text(key.address),
            key_id=self.text(key.key_id) if key.key_id else key.key_id,
            owner=self.text(key.owner) if isinstance(key.owner, str) else key.owner,
            tags=tuple((self.text(name), self.text(value)) for name, value in key.tags),
            notes=tuple(map(self.text, key.notes)),
            evidence=tuple(map(self.text, key.evidence)),
            lifetimes=tuple(map(self._lifetime, key.lifetimes)),
            active_siblings=siblings if isinstance(siblings, Unknown) else tuple(map(self.text, siblings)),
            remedies=replace(key.remedies, disable=with_texts(key.remedies.disable, self.text)),
            declaration=self._declaration(key.declaration),
        )

    def _declaration(self, declaration: Declaration | None) -> Declaration | None:
        if declaration is None:
            return None
        return replace(declaration, places=tuple(replace(place, address=self.text(place.address)) for place in declaration.places))

    def _lifetime(self, evidence: Lifetime) -> Lifetime:
        return replace(evidence, source=self.text(evidence.source), value=self.text(evidence.value), why=self.text(evidence.why))


def _hidden(found: re.Match[str]) -> str:
    return f"****{found[0][-SHOWN:]}"
