"""Mends in the JSON syntax of Terraform, and intervals in templates: what is written, and that it is clean then."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixing import OWNER, fix
from tests.support.fixture_tools import scan

Program = dict[str, Any]
CLOCK, STATIC = {"r": {"rotation_days": 60}}, {"r": {"rfc3339": "${time_rotating.r.rfc3339}"}}
USER = {"u": {"name": "u", "tags": {"owner": OWNER}}}
ROTATES = {"create_before_destroy": True, "replace_triggered_by": ["time_static.r"]}


def program(lifecycle: Any = None, *, tags: Any = None, clock: Any = None, static: Any = None, **more: Any) -> Program:
    """A program with one key, which rotates unless its lifecycle says otherwise."""
    key = {"user": "${aws_iam_user.u.name}", **({"lifecycle": lifecycle} if lifecycle is not None else {})}
    users = {"u": {"name": "u", "tags": USER["u"]["tags"] if tags is None else tags}}
    held = {"time_static": static} if static is not None else {}
    return {"resource": {"time_rotating": clock or CLOCK, **held, "aws_iam_user": users, "aws_iam_access_key": {"k": key}}, **more}


CASES: dict[str, tuple[Program, Callable[[Program], Any], Any]] = {
    "an interval": (
        program(ROTATES, clock={"r": {"rotation_days": 365}}, static=STATIC),
        lambda p: p["resource"]["time_rotating"]["r"],
        {"rotation_days": 90},
    ),
    "tags of an expression": (
        program(tags="${local.t}", locals={"t": {"owner": OWNER}}),
        lambda p: p["resource"]["aws_iam_user"]["u"]["tags"],
        '${merge({ expires = "2027-02-22" }, local.t)}',
    ),
    "blocks in lists": (
        {
            "resource": [
                {"aws_iam_user": {"u": [{"name": "u"}]}},
                {"aws_iam_access_key": [{"k": [{"user": "${aws_iam_user.u.name}"}]}]},
            ]
        },
        lambda p: p["resource"][0]["aws_iam_user"]["u"],
        [{"name": "u", "tags": {"expires": "2027-02-22", "owner": OWNER}}],
    ),
    "an output": (
        program(ROTATES, static=STATIC, output={"s": {"value": "${nonsensitive(aws_iam_access_key.k.secret)}"}}),
        lambda p: p["output"]["s"],
        {"value": "${aws_iam_access_key.k.secret}", "sensitive": True},
    ),
    "a maximum age": (
        {
            "resource": {
                "aws_iam_user": USER,
                "awsutils_expiring_iam_access_key": {"k": {"user": "${aws_iam_user.u.name}", "max_age": 31536000}},
            }
        },
        lambda p: p["resource"]["awsutils_expiring_iam_access_key"]["k"]["max_age"],
        7776000,
    ),
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", CASES)
def test_terraform_json_is_mended(tmp_path: Path, name: str, indent: int | None) -> None:
    before, seen, expected = copy.deepcopy(CASES[name])
    file = tmp_path / "main.tf.json"
    file.write_text(json.dumps(before, indent=indent), encoding="utf-8")
    assert fix(tmp_path, "--unsafe", "--write", "--owner", OWNER)[0] == 0
    after = json.loads(file.read_text(encoding="utf-8"))
    assert seen(after) == expected
    assert scan(tmp_path)[1]["findings"] == []
    assert fix(tmp_path, "--unsafe", "--owner", OWNER)[:2] == (0, "")


SCHEDULE = """\
Resources:
  User: {Type: AWS::IAM::User, Properties: {Tags: [{Key: owner, Value: a}]}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref User}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: !GetAtt Key.SecretAccessKey}
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties:
      SecretId: !Ref Secret
      RotationLambdaARN: arn:aws:lambda:eu-west-1:123456789012:function:r
      RotationRules: RULES
"""


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("{AutomaticallyAfterDays: 365} # yearly", "{AutomaticallyAfterDays: 90} # yearly"),
        ("{AutomaticallyAfterDays: '365'}", '{AutomaticallyAfterDays: "90"}'),
        ("\n        ScheduleExpression: rate(365 days)", "\n        ScheduleExpression: rate(90 days)"),
        (
            "\n        ScheduleExpression: 'rate(8760 hours)'\n        Duration: 2h",
            '\n        ScheduleExpression: "rate(90 days)"\n        Duration: 2h',
        ),
    ],
)
def test_a_schedule_of_a_template_is_shortened(tmp_path: Path, rules: str, expected: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(SCHEDULE.replace("RULES", rules), encoding="utf-8")
    fix(tmp_path, "--unsafe", "--write")
    assert file.read_text(encoding="utf-8") == SCHEDULE.replace("RULES", expected)
    assert scan(tmp_path)[1]["findings"] == []
