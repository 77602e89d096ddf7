"""The format ``ocsf``: Compliance Findings (class 2003) of the Open Cybersecurity Schema Framework 1.5, one event a line."""

from __future__ import annotations

from datetime import datetime

from posturio_iac import DOCS, __version__
from posturio_iac.core.finding import CIS, Diagnostic, Finding, JudgedKey, Report, Severity, Verdict
from posturio_iac.core.keys import partition_of
from posturio_iac.core.model import AccessKey, KeyKind
from posturio_iac.core.text.terminal import harmless_json, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.aws import deployed
from posturio_iac.render.wording import describe_suppression, open_beside, open_sentence, page_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posturio_iac.contract import RenderContext, ResolvedFinding

VERSION = "1.5.0"
NEW, SUPPRESSED, RESOLVED, RULE_ANALYTIC, AWS_ACCOUNT = 1, 3, 4, 1, 10
CREATE, UPDATE, CLOSE = (1, "Create"), (2, "Update"), (3, "Close")
PASS, WARNING, FAIL = (1, "Pass"), (2, "Warning"), (3, "Fail")
"""``compliance.status_id``: a warning is a check that had no result, because information is missing."""
INFORMATIONAL = (1, "Informational")
SEVERITIES = {Severity.LOW: (2, "Low"), Severity.MEDIUM: (3, "Medium"), Severity.HIGH: (4, "High"), Severity.CRITICAL: (5, "Critical")}
WHOLE = "every rule"


def render(report: Report, context: RenderContext) -> str:
    return "".join(f"{harmless_json(event)}\n" for event in _events(report, context))


def _events(report: Report, context: RenderContext) -> Iterator[dict[str, Any]]:
    now = _milliseconds(report.as_of)
    for judged, findings in deployed.keys_with_findings(report):
        yield from (_of_rule(finding, judged.key, now, context) for finding in findings)
        if judged.verdict is Verdict.UNDETERMINED or open_beside(judged) or not findings:
            yield _of_key(judged, now, context)
    yield from (_resolved(result, now, context) for result in deployed.mended(report, context))
    yield from (_unread(diagnostic, now, context) for diagnostic in report.errors())


def _of_rule(finding: Finding, key: AccessKey, now: int, context: RenderContext) -> dict[str, Any]:
    rule, why = finding.rule, finding.suppressed
    first = _first(finding.fingerprint, now, context)
    event = _event(finding.fingerprint, rule.id, printable(rule.title), printable(finding.message), FAIL, now, first=first)
    event |= {
        **_severity(SEVERITIES[finding.severity]),
        "status_id": NEW if why is None else SUPPRESSED,
        "status": "New" if why is None else "Suppressed",
        **({"status_detail": f"Suppressed by {describe_suppression(why)}"} if why is not None else {}),
        "remediation": {"desc": printable(remediation(finding)), "references": [page_url(rule.id)]},
        **_place(key, context),
    }
    if known := deployed.age(finding, context):
        event["unmapped"] = known
    event["finding_info"]["src_url"] = page_url(rule.id)
    event["compliance"]["standards"] = [deployed.BENCHMARK if CIS in rule.standards else deployed.PRODUCT]
    event["compliance"]["requirements"] = list(rule.standards.get(CIS, ()))
    return event


def _of_key(judged: JudgedKey, now: int, context: RenderContext) -> dict[str, Any]:
    """The event of a key as a whole: it passes, or something is open, which a suppression may accept."""
    key, address, reasons = judged.key, printable(judged.key.address), "; ".join(map(printable, judged.undecided))
    match judged.verdict:
        case Verdict.UNDETERMINED | Verdict.FLAGGED:
            title, text, status = deployed.open_title(judged), open_sentence(judged), WARNING
        case Verdict.SUPPRESSED:
            title, text, status = (
                "Access key with an accepted undetermined verdict",
                f"{address} is undetermined, which is accepted.",
                WARNING,
            )
        case _:
            title, text, status = "Access key that no rule flags", f"{address} is flagged by no rule.", PASS
    name = deployed.key_identity(deployed.OPEN if status == WARNING else "clean", key)
    event = _event(name, WHOLE, title, text, status, now, first=_first(name, now, context))
    if judged.verdict is Verdict.SUPPRESSED:
        event |= {"status_id": SUPPRESSED, "status": "Suppressed"}
    return event | {**({"status_detail": reasons} if reasons else {}), **_place(key, context)}


def _resolved(result: ResolvedFinding, now: int, context: RenderContext) -> dict[str, Any]:
    """The outcome of an earlier finding under its own id: it is closed there, unless something has failed since."""
    address, why = printable(result.address), printable(result.why)
    first = _milliseconds(result.first_seen) if result.first_seen else now
    text = f"{address} {printable(result.clause())}."
    status, activity = PASS, CLOSE
    event = _event(result.fingerprint, result.rule, printable(result.title()), text, status, now, activity, first=first)
    resource = {"uid": address, "name": printable(result.user).strip() or address, "type": "AwsIamAccessKey"}
    return event | {
        **_severity(SEVERITIES[result.severity]),
        "status_id": RESOLVED,
        "status": "Resolved",
        "status_detail": why,
        "unmapped": {"verification": "resolved"},
        "cloud": _cloud(result.account, context),
        "resources": [resource],
    }


def _unread(diagnostic: Diagnostic, now: int, context: RenderContext) -> dict[str, Any]:
    text, account = printable(diagnostic.message), printable(diagnostic.account or "")
    name = deployed.identity("incomplete", diagnostic.account or "", diagnostic.message)
    event = _event(name, WHOLE, "Access keys that could not all be read", text, WARNING, now)
    resource = {"uid": account, "type": "AwsAccount"} if account else {"name": "the run", "type": "Other"}
    return event | {"status_detail": text, "cloud": _cloud(account, context), "resources": [resource]}


def _first(name: str, now: int, context: RenderContext) -> int:
    first = context.ages.first_seen.get(name)
    return _milliseconds(first) if first is not None else now


def _event(
    name: str,
    control: str,
    title: str,
    text: str,
    status: tuple[int, str],
    now: int,
    activity: tuple[int, str] = CREATE,
    *,
    first: int | None = None,
) -> dict[str, Any]:
    first = now if first is None else first
    activity = UPDATE if activity == CREATE and first < now else activity
    return {
        "activity_id": activity[0],
        "activity_name": activity[1],
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200300 + activity[0],
        "type_name": f"Compliance Finding: {activity[1]}",
        "time": now,
        "timezone_offset": 0,
        **_severity(INFORMATIONAL),
        "status_id": NEW,
        "status": "New",
        "message": text,
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "event_code": control,
            "uid": name,
            "product": {"name": deployed.PRODUCT, "uid": deployed.PRODUCT, "vendor_name": deployed.VENDOR, "version": __version__},
        },
        "finding_info": {
            "uid": name,
            "title": title,
            "desc": text,
            "created_time": first,
            "first_seen_time": first,
            "last_seen_time": now,
            "types": ["IAM"],
            "analytic": {"name": control, "uid": control, "type": "Rule", "type_id": RULE_ANALYTIC},
            "src_url": f"{DOCS}/live.md",
        },
        "compliance": {"control": control, "standards": [deployed.PRODUCT], "status": status[1], "status_id": status[0]},
    }


def _severity(severity: tuple[int, str]) -> dict[str, Any]:
    return {"severity_id": severity[0], "severity": severity[1]}


def _place(key: AccessKey, context: RenderContext) -> dict[str, Any]:
    known = deployed.facts(key)
    partition = partition_of(key.address)
    common = {"cloud_partition": partition, "region": context.region or deployed.REGIONS.get(partition, deployed.REGIONS["aws"])}
    resource: dict[str, Any] = {
        "uid": printable(key.address),
        "name": known.get("user") or printable(key.address),
        "type": "AwsIamAccessKey" if key.kind is KeyKind.ACCESS_KEY else "AwsIamServiceSpecificCredential",
    }
    if "owner" in known:
        owner = {"name": known["owner"], "uid": known["owner"], "type": "Unknown", "type_id": 0}
        resource["owner"] = {**owner, "account": _account(deployed.account_of(key), key.account_name)}
    if isinstance(key.created, datetime):
        resource["created_time"] = _milliseconds(key.created)
    return {"cloud": _cloud(deployed.account_of(key), context, key.account_name), "resources": [{**resource, **common, "data": known}]}


def _cloud(account: str, context: RenderContext, name: str = "") -> dict[str, Any]:
    cloud: dict[str, Any] = {"provider": "AWS", **({"region": context.region} if context.region else {})}
    return {**cloud, "account": _account(account, name)} if account else cloud


def _account(account: str, name: str) -> dict[str, Any]:
    return {"uid": account, "name": printable(name) or account, "type": "AWS Account", "type_id": AWS_ACCOUNT}


def _milliseconds(when: datetime) -> int:
    return round(when.timestamp() * 1000)
