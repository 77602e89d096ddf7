"""The format ``csv``: one row for each finding, undetermined key or rule, and error, as RFC 4180 and spreadsheets read it."""

from __future__ import annotations

import csv
import io

from posturio_iac.contract.write import moment
from posturio_iac.core.text.terminal import TEXT_SHARP, inert, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.aws.deployed import facts
from posturio_iac.render.wording import open_beside, undetermined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report
    from posturio_iac.core.model import AccessKey, Declaration, Span

PLACE = ("path", "line", "column", "end_line", "end_column")
SUPPRESSED = ("suppressed_reason", "suppressed_until", "suppressed_source")
ABOUT_KEY = ("user", "owner", "created", "last_used", "last_used_service", "last_used_region", "kind", "service", "account_name")
SUBJECT = ("status", "rule", "severity", "address", "framework", "root")
COLUMNS = (*SUBJECT, *PLACE, "message", "remediation", "fingerprint", *SUPPRESSED, "declared_as", "link", "account", *ABOUT_KEY)
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that a spreadsheet takes for the start of a formula (OWASP, CSV Injection). Tabs and line ends are escaped anyway."""


def render(report: Report, _context: RenderContext) -> str:
    """A header and the rows, each ending with CR LF. A cell that would be a formula starts with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return out.getvalue()


def _rows(report: Report) -> Iterator[dict[str, object]]:
    keys = {(judged.key.scope, judged.key.address): judged.key for judged in report.keys}
    for finding in report.findings:
        key = keys.get((finding.root, finding.address))
        yield {**_finding(finding), **(_about(key) if key else {})}
    for judged in undetermined(report):
        yield from ({**_undetermined(judged), "rule": rule, **_about(judged.key)} for rule in open_beside(judged) or ("",))
    yield from (_error(diagnostic) for diagnostic in report.diagnostics if diagnostic.is_always_shown)


def _finding(finding: Finding) -> dict[str, object]:
    row: dict[str, object] = {
        "status": "open",
        "rule": finding.rule.id,
        "severity": finding.severity.value,
        "address": finding.address,
        "framework": finding.framework,
        "root": finding.root,
        **_place(finding.span),
        "message": finding.message,
        "remediation": remediation(finding),
        "fingerprint": finding.fingerprint,
        **_declared(finding.declaration),
    }
    if (why := finding.suppressed) is not None:
        until = moment(why.until) if why.until else ""
        row |= {"status": "suppressed", "suppressed_reason": why.reason, "suppressed_until": until, "suppressed_source": why.source}
    return row


def _about(key: AccessKey) -> dict[str, object]:
    known = facts(key)
    return {"account": key.account or "", **{name: known[name] for name in ABOUT_KEY if name in known}}


def _undetermined(judged: JudgedKey) -> dict[str, object]:
    key = judged.key
    names = {"status": "undetermined", "address": key.address, "framework": key.framework, "root": key.scope}
    return {**names, **_place(key.span), "message": "; ".join(judged.undecided), **_declared(key.declaration)}


def _error(diagnostic: Diagnostic) -> dict[str, object]:
    where = {name: value for name in ("path", "line", "column", "account") if (value := getattr(diagnostic, name)) is not None}
    return {"status": diagnostic.level.value, **where, "message": diagnostic.message}


def _place(span: Span | None) -> dict[str, object]:
    return {name: getattr(span, name) for name in PLACE} if span else {}


def _declared(declaration: Declaration | None) -> dict[str, object]:
    if declaration is None:
        return {}
    shown = " or ".join(place.address for place in declaration.places)
    return {"declared_as": shown, "link": "exact" if declaration.exact else "likely"}


def harmless(value: object) -> str:
    """A cell that no spreadsheet takes for a formula and no terminal for a command."""
    text = inert(printable(str(value)), TEXT_SHARP)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
