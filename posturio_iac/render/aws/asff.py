"""The format ``asff``: findings for AWS Security Hub, in batches that ``batch-import-findings`` takes as they are.

Lengths are those of the AWS Security Finding Format's page on its top-level attributes; ``tests/live`` checks the shape with botocore's
own description of BatchImportFindings.
"""

from __future__ import annotations

import re
from itertools import groupby

from posturio_iac import DOCS
from posturio_iac.contract.write import moment
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Report, Verdict
from posturio_iac.core.keys import partition_of, user_path
from posturio_iac.core.model import AccessKey, KeyKind
from posturio_iac.core.text.terminal import harmless_json, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.aws import deployed
from posturio_iac.render.aws.deployed import cut
from posturio_iac.render.wording import describe_suppression, open_beside, open_sentence, page_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posturio_iac.contract import RenderContext, ResolvedFinding

BATCH = 100
TITLE, DESCRIPTION, REMEDY, REASON, FIELD = 256, 1024, 512, 1024, 2048
STATUSES = ("Active", "Inactive")
BEST_PRACTICES = "Software and Configuration Checks/AWS Security Best Practices"
STANDARD = "Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS Foundations Benchmark"


def render(report: Report, context: RenderContext) -> str:
    """One batch a line, each a JSON array of at most 100 findings of one account; no call takes an empty one."""
    by_account = groupby(sorted(_findings(report, context), key=_account), key=_account)
    batches = [rows[start : start + BATCH] for rows in (list(group) for _, group in by_account) for start in range(0, len(rows), BATCH)]
    return "".join(f"{harmless_json(batch)}\n" for batch in batches)


def _account(finding: dict[str, Any]) -> str:
    return str(finding["AwsAccountId"])


def _findings(report: Report, context: RenderContext) -> Iterator[dict[str, Any]]:
    now = moment(report.as_of)
    for judged, findings in deployed.keys_with_findings(report):
        yield from (_of_rule(finding, judged.key, now, context) for finding in findings)
        if judged.verdict is Verdict.UNDETERMINED or open_beside(judged):
            yield _undetermined(judged, now, context)
    yield from (_resolved(result, now, context) for result in deployed.mended(report, context))
    for diagnostic in report.errors():
        if diagnostic.account is not None and re.fullmatch(r"[0-9]{12}", diagnostic.account):
            yield _unread(diagnostic, diagnostic.account, now, context)


def _of_rule(finding: Finding, key: AccessKey, now: str, context: RenderContext) -> dict[str, Any]:
    rule, why = finding.rule, finding.suppressed
    made = _about_key(key, rule.id, finding.fingerprint, finding.severity.name, now, context)
    made |= {
        "Title": cut(printable(rule.title), TITLE),
        "Description": cut(printable(finding.message), DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": cut(printable(remediation(finding)), REMEDY), "Url": page_url(rule.id)}},
        "Compliance": {"Status": "FAILED"},
        "RecordState": "ACTIVE" if why is None else "ARCHIVED",
    }
    if rule.standards:
        made["Compliance"]["RelatedRequirements"] = [f"{name} {number}" for name, numbers in rule.standards.items() for number in numbers]
        made["FindingProviderFields"]["Types"] = made["Types"] = [STANDARD]
    made["ProductFields"] |= {f"posturio-iac/{field}": value for field, value in deployed.age(finding, context).items()}
    if why is not None:
        made["ProductFields"]["posturio-iac/suppressed"] = cut(f"Suppressed by {describe_suppression(why)}", FIELD)
    return made


def _undetermined(judged: JudgedKey, now: str, context: RenderContext) -> dict[str, Any]:
    """The finding about what is undetermined: information is missing, which Security Hub calls a warning."""
    key, text = judged.key, "; ".join(map(printable, judged.undecided))
    made = _about_key(key, deployed.OPEN, deployed.key_identity(deployed.OPEN, key), "INFORMATIONAL", now, context)
    advice = {"Text": "Grant the role the denied permission, or state the missing value.", "Url": f"{DOCS}/exit-codes.md"}
    return made | {
        "Title": deployed.open_title(judged),
        "Description": cut(open_sentence(judged), DESCRIPTION),
        "Remediation": {"Recommendation": advice},
        "Compliance": {"Status": "WARNING", "StatusReasons": [_reason("UNDETERMINED", text)]},
    }


def _resolved(result: ResolvedFinding, now: str, context: RenderContext) -> dict[str, Any]:
    """The outcome of an earlier finding under its own id: it is closed there, unless something has failed since."""
    partition = result.partition()
    region = context.region or deployed.REGIONS.get(partition, deployed.REGIONS["aws"])
    first = moment(result.first_seen) if result.first_seen else now
    made = _finding(result.account, partition, result.rule, result.fingerprint, (first, now), region)
    details = {"AccountId": result.account, "PrincipalName": printable(result.user).strip() or "-"}
    return made | {
        **_severity(result.severity.name),
        "Title": cut(printable(result.title()), TITLE),
        "Description": cut(f"{printable(result.address)} {printable(result.clause())}.", DESCRIPTION),
        "Compliance": {"Status": "PASSED"},
        "RecordState": "ARCHIVED",
        "Resources": [_resource("AwsIamAccessKey", printable(result.address), partition, region, details)],
        "ProductFields": {"posturio-iac/resolved": cut(printable(result.why), FIELD)},
    }


def _unread(diagnostic: Diagnostic, account: str, now: str, context: RenderContext) -> dict[str, Any]:
    region = context.region or deployed.REGIONS["aws"]
    partition, text = deployed.PARTITIONS.get(region.rsplit("-", 2)[0], "aws"), printable(diagnostic.message)
    made = _finding(account, partition, "incomplete", deployed.identity("incomplete", account, diagnostic.message), (now, now), region)
    return made | {
        **_severity("INFORMATIONAL"),
        "Title": "Access keys that could not all be read",
        "Description": cut(text, DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": "Fix what failed, and run again.", "Url": f"{DOCS}/exit-codes.md"}},
        "Compliance": {"Status": "NOT_AVAILABLE", "StatusReasons": [_reason("INCOMPLETE", text)]},
        "Resources": [_resource("AwsAccount", f"AWS::::Account:{account}", partition, region)],
    }


def _about_key(key: AccessKey, generator: str, name: str, severity: str, now: str, context: RenderContext) -> dict[str, Any]:
    account, partition = deployed.account_of(key), partition_of(key.address)
    region = context.region or deployed.REGIONS.get(partition, deployed.REGIONS["aws"])
    known = deployed.facts(key)
    first = context.ages.first_seen.get(name)
    return {
        **_finding(account, partition, generator, name, (moment(first) if first else now, now), region),
        **_severity(severity),
        "Resources": [_of_kind(key, account, partition, region, known), _user(key, partition, region, known)],
        "ProductFields": {f"posturio-iac/{field}": cut(value, FIELD) for field, value in known.items()},
    }


def _finding(account: str, partition: str, generator: str, name: str, seen: tuple[str, str], region: str) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"{deployed.PRODUCT}/{account}/{name}",
        "ProductArn": f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default",
        "CompanyName": deployed.VENDOR,
        "ProductName": deployed.PRODUCT,
        "GeneratorId": f"{deployed.PRODUCT}/{generator}",
        "AwsAccountId": account,
        "CreatedAt": seen[0],
        "UpdatedAt": seen[1],
        "FirstObservedAt": seen[0],
        "LastObservedAt": seen[1],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


def _severity(label: str) -> dict[str, Any]:
    """The severity in both places: updates are read from the second one only."""
    same = {"Severity": {"Label": label, "Original": label}, "Types": [BEST_PRACTICES]}
    return {**same, "FindingProviderFields": dict(same)}


def _resource(kind: str, name: str, partition: str, region: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    resource = {"Type": kind, "Id": cut(name, 512), "Partition": partition, "Region": region}
    return {**resource, "Details": {kind: details}} if details else resource


def _of_kind(key: AccessKey, account: str, partition: str, region: str, known: dict[str, str]) -> dict[str, Any]:
    if key.kind is KeyKind.ACCESS_KEY:
        return _resource("AwsIamAccessKey", printable(key.address), partition, region, _key_details(key, account, known))
    return _resource("Other", printable(key.address), partition, region, {name: cut(value, FIELD) for name, value in known.items()})


def _key_details(key: AccessKey, account: str, known: dict[str, str]) -> dict[str, Any]:
    details = {
        "AccountId": account,
        "PrincipalType": "Root" if key.is_root is True else "IAMUser",
        "PrincipalName": known.get("user"),
        "CreatedAt": known.get("created"),
        "Status": known["status"] if known.get("status") in STATUSES else None,
        "AccessKeyId": key.key_id if key.key_id and key.key_id.isalnum() else None,
    }
    return {name: value for name, value in details.items() if value}


def _user(key: AccessKey, partition: str, region: str, known: dict[str, str]) -> dict[str, Any]:
    if key.is_root is True:
        return _resource("AwsAccount", f"AWS::::Account:{deployed.account_of(key)}", partition, region)
    arn = printable(key.address.rpartition("/")[0])
    path = user_path(arn)
    details = {"UserName": known.get("user"), "Path": path[: path.rfind("/") + 1]}
    return _resource("AwsIamUser", arn, partition, region, {name: value for name, value in details.items() if value})


def _reason(code: str, text: str) -> dict[str, str]:
    return {"ReasonCode": code, "Description": cut(text, REASON)}
