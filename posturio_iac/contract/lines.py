"""The format ``jsonl``: a line for each account that was read, and a last one about the run, so that neither side holds all accounts.

The line of an account is the JSON contract of this account alone; the last line has all of it but keys and findings. The schema is
``docs/schema/accounts-1.json``.
"""

from __future__ import annotations

from posturio_iac.contract import FindingAges, RenderContext, RunScope, write
from posturio_iac.contract.write import Totals
from posturio_iac.core.finding import Report
from posturio_iac.core.keys import account_of
from posturio_iac.core.record import grouped
from posturio_iac.core.text.terminal import harmless_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeVar

    T = TypeVar("T")


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield the lines of a whole report one by one; diagnostics about accounts that were not read go into the last one."""
    scope = context.scope or RunScope(accounts=tuple(sorted({judged.key.account or "" for judged in report.keys})))
    keys = grouped(report.keys, lambda judged: judged.key.account or "")
    findings = grouped(report.findings, lambda finding: account_of(finding.address))
    diagnostics = grouped(report.diagnostics, lambda one: one.account or "")
    for account in scope.accounts:
        alone = Report(
            report.as_of, tuple(keys.get(account, ())), tuple(findings.get(account, ())), tuple(diagnostics.pop(account, ())), files=0
        )
        yield account_line(alone, context.ages, scope.of_account(account))
    rest = tuple(one for group in diagnostics.values() for one in group)
    yield closing_line(Report(report.as_of, (), (), rest, report.files), Totals().add(report), scope, context.run)


def account_line(report: Report, ages: FindingAges, scope: RunScope) -> str:
    return _line(write.document(report, RenderContext(ages=ages, scope=scope)))


def closing_line(report: Report, totals: Totals, scope: RunScope, run: Mapping[str, object] | None) -> str:
    """The last line: ``report`` holds only diagnostics that concern no account that was read; all else is about the whole run."""
    document = write.document(report, RenderContext(scope=scope, run=run))
    return _line({name: held for name, held in document.items() if name not in ("keys", "findings")} | {"summary": totals.document()})


def _line(document: dict[str, Any]) -> str:
    return harmless_json(document, separators=(",", ":")) + "\n"
