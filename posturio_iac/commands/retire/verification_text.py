"""A verification as text, as JSON for ticket systems, and as what trackers close. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from posturio_iac.contract import write
from posturio_iac.contract.context import FindingAges, RenderContext
from posturio_iac.contract.resolved import ResolvedFinding
from posturio_iac.core.text.terminal import harmless_json, paint, printable, without_commands, wrapped
from posturio_iac.render.nothing_found import count
from posturio_iac.render.wording import COLORS, NOBODY
from posturio_iac.retire.verify.baseline import KeyState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posturio_iac.commands.live.writing.table import Style
    from posturio_iac.core.finding import Report
    from posturio_iac.retire.verify.model import Verification, VerifiedKey

TITLES = {KeyState.OPEN: "Still open", KeyState.UNTOLD: "Cannot tell", KeyState.RESOLVED: "Resolved"}
PAINTS = {KeyState.OPEN: "yellow", KeyState.UNTOLD: "red", KeyState.RESOLVED: "green"}


@dataclass(frozen=True, slots=True)
class ShownVerification:
    """A verification and the report of the keys that are there now, as formats need them."""

    report: Report
    verification: Verification
    ages: FindingAges

    def mended(self) -> tuple[ResolvedFinding, ...]:
        """The findings that are gone, for formats that close them in other systems."""
        return tuple(
            ResolvedFinding(f.rule, f.severity, key.address, key.account, key.user, f.fingerprint, key.why, f.first_seen)
            for key in self.verification.keys
            if key.state is KeyState.RESOLVED
            for f in key.findings
        )

    def text(self, style: Style, *, quiet: bool) -> str:
        """Return a block for each state that occurs, a line a key, and one line that sums up; without resolved keys when ``quiet``."""
        blocks = []
        for state, title in TITLES.items():
            keys = [key for key in self.verification.keys if key.state is state]
            if keys and not (quiet and state is KeyState.RESOLVED):
                head = paint(f"{title}:", "bold", PAINTS[state], color=style.color)
                blocks.append([head, *(line for key in keys for line in _lines(key, style))])
        if not quiet:
            blocks.append([self._summary(style)])
        written = "\n\n".join("\n".join(block) for block in blocks)
        return without_commands(f"{written}\n" if written else "")

    def document(self, run: Mapping[str, object]) -> str:
        """The report of the keys that are there now as the JSON contract has it, with what became of each earlier finding."""
        context = RenderContext(lambda _path, _line: None, "", 0.0, ages=self.ages, run=run)
        verification = self.verification
        told: dict[str, Any] = {"earlier": write.moment(verification.earlier)}
        told |= {state.value: verification.count(state) for state in KeyState}
        told["results"] = [result for key in verification.keys for result in _results(key)]
        return harmless_json({**write.document(self.report, context), "verification": told}, indent=2) + "\n"

    def _summary(self, style: Style) -> str:
        verification = self.verification
        parts = [f"{verification.count(state)} {title.lower()}" for state, title in TITLES.items() if verification.count(state)]
        worst = next((state for state in (KeyState.UNTOLD, KeyState.OPEN) if verification.count(state)), KeyState.RESOLVED)
        line = f"{count(len(verification.keys), 'key')} of {write.moment(verification.earlier)}: {', '.join(parts)}"
        return paint(line if parts else "There was nothing to verify", "bold", PAINTS[worst], color=style.color)


def _results(key: VerifiedKey) -> Iterator[dict[str, Any]]:
    """Yield each earlier finding about a key, with what became of the key."""
    about = {
        "address": key.address,
        "account": key.account,
        "kind": key.kind.value,
        "user": key.user,
        "owner": key.owner,
        "status": key.status,
        **({"at": write.moment(key.at)} if key.at is not None else {}),
        **({"by": key.by} if key.by else {}),
        **({"event_id": key.event} if key.event else {}),
        **({"plan": dict(zip(key.plan._fields, key.plan, strict=True))} if key.plan is not None else {}),
    }
    for finding in key.findings:
        yield {
            "state": key.state.value,
            "why": key.why,
            "rule": finding.rule,
            "severity": finding.severity.value,
            "message": finding.message,
            "remediation": key.remediation or finding.remediation,
            "fingerprint": finding.fingerprint,
            "first_seen": write.moment(finding.first_seen),
            **about,
        }


def _lines(key: VerifiedKey, style: Style) -> Iterator[str]:
    severity = paint(key.severity.name, "bold", COLORS[key.severity], color=style.color)
    where = key.address.partition(":user/")[2] or key.address
    account = f"{key.account} " if key.account else ""
    yield f"  {severity} {account}{printable(where)}  owner {printable(key.owner) if key.owner else NOBODY}"
    yield from wrapped(printable(key.why), "    ", style.columns)
    if key.state is KeyState.OPEN and key.remediation:
        yield from wrapped(f"fix: {printable(key.remediation)}", "    ", style.columns)
