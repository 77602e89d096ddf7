"""Masks key ids in a whole report. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import with_changed_texts
from posturio_iac.core.keys.ids import KeyIdMask
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import with_texts

if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report
    from posturio_iac.core.model import AccessKey, Declaration, Lifetime


class Mask(KeyIdMask):
    """Masks ids in reports as well as in text."""

    def diagnostic(self, said: Diagnostic) -> Diagnostic:
        return replace(said, template=self.text(said.template))

    def report(self, report: Report) -> Report:
        """A report without ids. Fingerprints stay: they are digests."""
        return replace(
            report,
            keys=tuple(self._judged(judged) for judged in report.keys),
            findings=tuple(self._finding(finding) for finding in report.findings),
            diagnostics=tuple(self.diagnostic(said) for said in report.diagnostics),
        )

    def _finding(self, finding: Finding) -> Finding:
        return replace(
            finding,
            message=self.text(finding.message),
            problem=self.text(finding.problem),
            remediation=self.text(finding.remediation),
            then=finding.then and self.text(finding.then),
            remedy=with_changed_texts(finding.remedy, self.text) if finding.remedy else None,
            address=self.text(finding.address),
            declaration=self._declaration(finding.declaration),
        )

    def _judged(self, judged: JudgedKey) -> JudgedKey:
        return replace(
            judged,
            key=self._key(judged.key),
            open_questions=tuple(question.with_changed_words(self.text) for question in judged.open_questions),
        )

    def _key(self, key: AccessKey) -> AccessKey:
        siblings = key.active_siblings
        return replace(
            key,
            address=self.text(key.address),
            key_id=self.text(key.key_id) if key.key_id else key.key_id,
            owner=self.text(key.owner) if isinstance(key.owner, str) else key.owner,
            created_by=self.text(key.created_by) if key.created_by else None,
            tags=tuple((self.text(name), self.text(value)) for name, value in key.tags),
            notes=tuple(map(self.text, key.notes)),
            evidence=tuple(map(self.text, key.evidence)),
            life=replace(key.life, asked_owner=self.text(key.life.asked_owner), note=self.text(key.life.note)) if key.life else None,
            lifetimes=tuple(map(self._lifetime, key.lifetimes)),
            active_siblings=siblings if isinstance(siblings, Unknown) else tuple(map(self.text, siblings)),
            remedies=replace(key.remedies, disable=with_changed_texts(key.remedies.disable, self.text)),
            declaration=self._declaration(key.declaration),
        )

    def _declaration(self, declaration: Declaration | None) -> Declaration | None:
        if declaration is None:
            return None
        return replace(declaration, places=tuple(replace(place, address=self.text(place.address)) for place in declaration.places))

    def _lifetime(self, evidence: Lifetime) -> Lifetime:
        return replace(
            evidence,
            origin=with_texts(evidence.origin, self.text),
            value=self.text(evidence.value),
            reason=evidence.reason and evidence.reason.with_changed_words(self.text),
            readings=tuple(map(self.text, evidence.readings)),
        )
