"""The format ``asff``: what Security Hub takes, and what the documented commands import into it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto.iam.models import AccessKeyLastUsed
from moto.securityhub.models import securityhub_backends

from posturio_iac.contract import ResolvedFinding
from posturio_iac.core.finding import JudgedKey, Report, Verdict
from posturio_iac.core.model import Declaration, Place
from posturio_iac.core.record import replace
from posturio_iac.render.aws.asff import render
from tests.support import canned
from tests.support.keys import open_question
from tests.support.live.aws_cli import typed
from tests.support.live.cloud import ACCOUNT, AS_OF, Capsys, Cloud, ago, live, retire

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/formats.md"
LIMITS = {"Title": 256, "Description": 1024, "Id": 512, "GeneratorId": 512}
"""The AWS Security Finding Format documents these; the shape of the call does not hold them."""


@pytest.fixture(autouse=True)
def hub() -> None:
    """An empty Security Hub."""
    for backends in securityhub_backends.values():
        for backend in backends.values():
            backend.reset()


def batches(report: Report, region: str = "eu-central-1", mended: tuple[ResolvedFinding, ...] = ()) -> list[list[dict[str, Any]]]:
    return [json.loads(line) for line in render(report, canned.context(region=region, mended=mended)).splitlines()]


@pytest.mark.parametrize("report", [canned.deployed(), canned.hostile_deployed()], ids=["deployed", "hostile"])
def test_findings_have_the_shape_and_the_lengths_that_security_hub_takes(report: Report) -> None:
    made = batches(report, mended=(canned.MENDED, *canned.hostile_mended()))
    assert all(made)
    for batch in made:
        assert complaints("securityhub", "BatchImportFindings", {"Findings": batch}) == []
        for finding in batch:
            assert all(len(finding[name]) <= most for name, most in LIMITS.items())
            assert 0 < len(finding.get("Remediation", {}).get("Recommendation", {}).get("Text", "-")) <= 512
            assert all(len(resource["Id"]) <= 512 for resource in finding["Resources"])
            assert all(len(name) <= 128 and len(value) <= 2048 for name, value in finding.get("ProductFields", {}).items())
            assert len(json.dumps(finding).encode()) < 240 * 1024
    ids = [finding["Id"] for batch in made for finding in batch]
    assert len(set(ids)) == len(ids)


def test_the_check_of_shapes_would_complain() -> None:
    (batch,) = batches(canned.deployed())
    wrong: tuple[dict[str, Any], ...] = (
        {"RecordState": "GONE"}, {"News": "x"}, {"Title": " "}, {"Resources": {}}, {"Compliance": {"Status": "BAD"}},
    )  # fmt: skip
    for broken in wrong:
        assert complaints("securityhub", "BatchImportFindings", {"Findings": [batch[0] | broken]}), broken
    assert complaints("securityhub", "BatchImportFindings", {"Findings": [{k: v for k, v in batch[0].items() if k != "Resources"}]})
    assert complaints("securityhub", "BatchImportFindings", {"Findings": batch[:1] * 101})


def test_what_is_found_open_suppressed_and_unread_differs() -> None:
    (batch,) = batches(canned.deployed())
    said = [(f["GeneratorId"], f["Compliance"]["Status"], f["RecordState"], f["Severity"]["Label"]) for f in batch]
    assert said == [
        ("posturio-iac/iam.expired_access_keys", "FAILED", "ACTIVE", "HIGH"),
        ("posturio-iac/iam.ownerless_access_keys", "FAILED", "ACTIVE", "LOW"),
        ("posturio-iac/iam.expired_access_keys", "FAILED", "ACTIVE", "HIGH"),
        ("posturio-iac/iam.access_keys_without_lifetime", "FAILED", "ARCHIVED", "MEDIUM"),
        ("posturio-iac/undetermined", "WARNING", "ACTIVE", "INFORMATIONAL"),
        ("posturio-iac/incomplete", "NOT_AVAILABLE", "ACTIVE", "INFORMATIONAL"),
    ]
    assert [resource["Type"] for resource in batch[0]["Resources"]] == ["AwsIamAccessKey", "AwsIamUser"]
    assert [resource["Type"] for resource in batch[2]["Resources"]] == ["AwsIamAccessKey", "AwsAccount"]
    assert batch[0]["ProductArn"] == f"arn:aws:securityhub:eu-central-1:{ACCOUNT}:product/{ACCOUNT}/default"
    assert batch[0]["ProductFields"]["posturio-iac/owner"] == "payments@example.com"
    assert batch[3]["ProductFields"]["posturio-iac/suppressed"] == "Suppressed by configuration until 2027-02-28: moves to OIDC"
    key = batch[3]["Resources"][0]["Details"]["AwsIamAccessKey"]
    assert (key["AccessKeyId"], key["Status"], key["PrincipalName"]) == ("AKIAIOSFODNN7EXAMPLE", "Active", "spare")


@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws", "us-east-1")])
def test_another_partition_has_arns_and_a_region_of_its_own(partition: str, region: str) -> None:
    def there(text: str) -> str:
        return text.replace("arn:aws:", f"arn:{partition}:")

    report = canned.deployed()
    keys = tuple(replace(judged, key=replace(judged.key, address=there(judged.key.address))) for judged in report.keys)
    moved = replace(report, keys=keys, findings=tuple(replace(f, address=there(f.address)) for f in report.findings))
    (batch,) = batches(replace(moved, diagnostics=()), region="")
    assert {finding["ProductArn"] for finding in batch} == {f"arn:{partition}:securityhub:{region}:{ACCOUNT}:product/{ACCOUNT}/default"}
    assert {resource["Partition"] for finding in batch for resource in finding["Resources"]} == {partition}
    (errors,) = batches(replace(report, keys=(), findings=()), region=region)
    assert errors[0]["Resources"][0]["Partition"] == partition


def test_the_code_of_a_linked_key_is_told() -> None:
    places = (Place("aws_iam_access_key.mailer", canned.span("iam/mailer.tf", 3)),)
    key = canned.deployed_key("mailer", declaration=Declaration(places, True, "state prod.tfstate"))
    report = replace(canned.deployed(), keys=(JudgedKey(key, Verdict.FLAGGED),), findings=(canned.of_deployed(canned.EXPIRED, key, "x"),))
    fields = batches(replace(report, diagnostics=()))[0][0]["ProductFields"]
    assert fields["posturio-iac/declared_as"] == places[0].text()
    assert "iam/mailer.tf:3" in fields["posturio-iac/declared_as"]
    assert fields["posturio-iac/link"] == "exact"


def test_ids_stay_whether_or_not_keys_are_masked() -> None:
    made = [
        batches(
            replace(canned.deployed(), keys=(JudgedKey(key, Verdict.UNDETERMINED, (open_question("why"),)),), findings=(), diagnostics=())
        )[0][0]["Id"]
        for key in (canned.deployed_key("a", "AKIAIOSFODNN7EXAMPLE"), canned.deployed_key("a", "****MPLE"))
    ]
    assert made[0] == made[1]


def test_accounts_and_full_batches_have_lines_of_their_own() -> None:
    report = canned.deployed()
    keys, findings = [], []
    for number, account in enumerate(["111111111111"] * 150 + ["222222222222"] * 60):
        about = canned.deployed_key(f"u{number}", account=account)
        about = replace(about, address=about.address.replace(ACCOUNT, account))
        keys.append(JudgedKey(about, Verdict.FLAGGED))
        findings.append(canned.of_deployed(canned.EXPIRED, about, "x"))
    made = batches(replace(report, keys=tuple(keys), findings=tuple(findings), diagnostics=()))
    assert [Counter(finding["AwsAccountId"] for finding in batch) for batch in made] == [
        {"111111111111": 100}, {"111111111111": 50}, {"222222222222": 60},
    ]  # fmt: skip


def test_the_documented_commands_import_every_finding(cloud: Cloud, capsys: Capsys, tmp_path: Path, server: str) -> None:
    for number in range(70):
        cloud.user(f"u{number}")
        cloud.key(f"u{number}", age=200, used=100)
    expected = {finding["fingerprint"] for finding in live(capsys).json["findings"]}
    shell = next(text for text in re.findall(r"(?s)```sh\n(.*?)```", PAGE.read_text(encoding="utf-8")) if "batch-import-findings" in text)
    done = typed(f"set +e +o pipefail\n{shell}", tmp_path, f"--no-config --as-of {AS_OF.isoformat()}", AWS_DEFAULT_REGION="eu-central-1")
    answers = [json.loads(text) for text in re.findall(r"(?s)\{.*?\}", done.stdout)]
    assert (done.returncode, [answer["SuccessCount"] for answer in answers]) == (0, [100, 100, 10]), done.stderr
    hub = boto3.client("securityhub", region_name="eu-central-1", endpoint_url=server)
    stored = [finding for page in hub.get_paginator("get_findings").paginate() for finding in page["Findings"]]
    assert {finding["Id"].rpartition("/")[2] for finding in stored} == expected


def test_what_is_resolved_is_closed_under_its_name_and_opened_again_when_it_comes_back(
    cloud: Cloud, capsys: Capsys, tmp_path: Path, server: str
) -> None:
    hub = boto3.client("securityhub", region_name="us-east-1", endpoint_url=server)

    def kept(verify: str = "") -> tuple[int, list[tuple[str, str, str]]]:
        words = ("--format", "asff", "--output", str(tmp_path / "a.asff"))
        answer = retire(capsys, "verify", verify, *words, json_format=False) if verify else live(capsys, *words, json_format=False)
        code = answer.code
        for line in (tmp_path / "a.asff").read_text(encoding="utf-8").splitlines():
            assert complaints("securityhub", "BatchImportFindings", {"Findings": json.loads(line)}) == []
            hub.batch_import_findings(Findings=json.loads(line))
        found = [finding for page in hub.get_paginator("get_findings").paginate() for finding in page["Findings"]]
        return code, [(f["Id"].rpartition("/")[2], f["Compliance"]["Status"], f["RecordState"]) for f in found]

    key = cloud.key("ci", age=70, used=60)
    result = live(capsys)
    (tmp_path / "earlier.json").write_text(result.out, encoding="utf-8")
    (fingerprint,) = (finding["fingerprint"] for finding in result.json["findings"])
    assert kept() == (1, [(fingerprint, "FAILED", "ACTIVE")])
    cloud.backend.access_keys[key].last_used = AccessKeyLastUsed(ago(1), "s3", "eu-west-1")
    assert kept(verify=str(tmp_path / "earlier.json")) == (0, [(fingerprint, "PASSED", "ARCHIVED")])
    answer = retire(capsys, "verify", str(tmp_path / "earlier.json"), "--format", "ocsf", json_format=False)
    closed = [event for event in map(json.loads, answer.out.splitlines()) if event["activity_name"] == "Close"]
    assert [(e["finding_info"]["uid"], e["status"], e["compliance"]["status"]) for e in closed] == [(fingerprint, "Resolved", "Pass")]
    cloud.backend.access_keys[key].last_used = AccessKeyLastUsed(ago(60), "s3", "eu-west-1")
    assert kept() == (1, [(fingerprint, "FAILED", "ACTIVE")])


def test_a_clean_account_is_no_batch(cloud: Cloud, capsys: Capsys) -> None:
    cloud.key("fine", age=1, used=1)
    assert live(capsys, "--format", "asff", json_format=False).out == ""
    answer = live(capsys, "--format", "ocsf", "--region", "eu-central-1", json_format=False)
    (event,) = map(json.loads, answer.out.splitlines())
    assert (event["compliance"]["status"], event["cloud"]["region"]) == ("Pass", "eu-central-1")


def complaints(service: str, operation: str, value: dict[str, Any]) -> list[str]:
    """Return what is wrong: types, members that are missing or unknown, and, which botocore leaves to AWS, enums, patterns and lengths."""
    shape = botocore.session.Session().get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(value, shape)
    return [report.generate_report()] if report.has_errors() else list(_strict(shape, value, ""))


def _strict(shape: Any, value: Any, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from _strict(shape.members[name], member, f"{at}.{name}")
        case "list":
            for number, member in enumerate(value):
                yield from _strict(shape.member, member, f"{at}[{number}]")
        case "map":
            for name, member in value.items():
                yield from (*_strict(shape.key, name, f"{at} key"), *_strict(shape.value, member, f"{at}.{name}"))
        case "string" if shape.enum and value not in shape.enum:
            yield f"{at}: {value!r} is none of {shape.enum}"
    limits = shape.metadata
    if "pattern" in limits and not re.search(limits["pattern"], value):
        yield f"{at}: {value!r} does not match {limits['pattern']}"
    if isinstance(value, (str, list)) and not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        yield f"{at}: length {len(value)} is not allowed"
