"""The file for CloudFormation Guard, run by Guard itself, says of each template what our own rules say of its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfn_guard_rs.cfn_guard_rs import run_checks_rs

from tests.support.command_line import Capture, run

FILE = Path(__file__).parents[2] / "policies/guard_rails/access-keys.guard"
END, OWNER = "access_keys_state_an_end", "access_keys_name_an_owner"


def template(**metadata: Any) -> dict[str, Any]:
    key: dict[str, Any] = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "joe"}}
    return {"Resources": {"Key": key | ({"Metadata": {"Posturio": metadata}} if metadata else {})}}


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        (template(), {END, OWNER}),
        (template(Owner="payments"), {END}),
        (template(Expires="2027-01-31"), {OWNER}),
        (template(RotateEvery="60d", Team="payments"), set()),
        (template(Expires="2027-01-31", Owner="payments"), set()),
        ({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}, set()),
    ],
)
def test_guard_demands_what_our_rules_ask_for(given: dict[str, Any], broken: set[str], tmp_path: Path, capsys: Capture) -> None:
    written = run_checks_rs(json.dumps(given), FILE.read_text(encoding="utf-8"), False)
    report = json.loads(written)
    assert {rule["Rule"]["name"] for rule in report["not_compliant"]} == broken
    (tmp_path / "template.json").write_text(json.dumps(given), encoding="utf-8")
    out = run(capsys, "scan", "--no-config", "--format", "json", "--as-of", "2026-11-24", str(tmp_path / "template.json"))[1]
    found = {finding["rule"] for finding in json.loads(out)["findings"]}
    assert ("iam.access_keys_without_lifetime" in found, "iam.ownerless_access_keys" in found) == (END in broken, OWNER in broken)
