"""Edits of templates and of Terraform's JSON: in the style of the file, nothing else, and clean then."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.text.json_nodes import Object
from posturio_iac.fixes.node_source import NodeSource, flow, members, scalar
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import member_at
from tests.support.fixing import OWNER, fix, mended
from tests.support.fixture_tools import FIXTURES, scan

END = '"2027-02-20"'


def told(margin: str, step: str = "  ") -> str:
    return f"{margin}Metadata:\n{margin}{step}Posturio:\n{margin}{step * 2}Expires: {END}\n{margin}{step * 2}Owner: {OWNER}\n"


HEAD = "  Key:\n    Type: AWS::IAM::AccessKey\n"
YAML = {
    kind: (text.replace("@", ""), text.replace("@", said))
    for kind, text, said in (
        ("block", f"{HEAD}@    Properties:\n      UserName: !Ref User # who\n", told("    ")),
        (
            "four spaces",
            "    Key:\n        Type: AWS::IAM::AccessKey\n@        Properties:\n            UserName: !Ref User\n",
            told(" " * 8, " " * 4),
        ),
        ("type last", "  Key:\n    Properties: {UserName: !Ref User}\n    Type: AWS::IAM::AccessKey@", f"\n{told('    ')}".rstrip()),
        (
            "braces",
            "  Key: {Type: AWS::IAM::AccessKey, @Properties: {UserName: !Ref User}}\n",
            f"Metadata: {{Posturio: {{Expires: {END}, Owner: {OWNER}}}}}, ",
        ),
        ("metadata", f"{HEAD}    Metadata:\n      Comment: x\n@    Properties: {{UserName: !Ref User}}\n", told("    ").partition("\n")[2]),
    )
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", YAML)
def test_metadata_of_yaml(tmp_path: Path, kind: str, end: str) -> None:
    step = 4 if kind == "four spaces" else 2
    before, after = (f"Resources:\n{' ' * step}User: {{Type: AWS::IAM::User}}\n{text}".replace("\n", end) for text in YAML[kind])
    assert declared(mended(tmp_path, before, name="t.yaml"), tmp_path) == after
    assert fix(tmp_path, "--owner", OWNER)[:2] == (0, "")


def declared(data: bytes, folder: Path) -> str:
    assert scan(folder)[1]["findings"] == []
    return data.decode()


USER = {"User": {"Type": "AWS::IAM::User"}}
TEMPLATE: dict[str, Any] = {"Resources": {**USER, "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "User"}}}}}


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
def test_metadata_of_json_in_its_own_indentation(tmp_path: Path, indent: int | str | None) -> None:
    found = declared(mended(tmp_path, json.dumps(TEMPLATE, indent=indent), name="t.json"), tmp_path)
    key = TEMPLATE["Resources"]["Key"]
    said = {"Posturio": {"Expires": "2027-02-20", "Owner": OWNER}}
    expected = {"Resources": {**USER, "Key": {"Type": key["Type"], "Metadata": said, "Properties": key["Properties"]}}}
    assert found == json.dumps(expected, indent=indent)


@pytest.mark.parametrize("indent", [None, 2])
def test_terraform_json(tmp_path: Path, indent: int | None) -> None:
    user = {"name": "ci", "tags": {"a": "b"}}
    data = {"resource": {"aws_iam_user": {"ci": user}, "aws_iam_access_key": {"ci": {"user": "${aws_iam_user.ci.name}"}}}}
    found = declared(mended(tmp_path, json.dumps(data, indent=indent), name="main.tf.json"), tmp_path)
    tags = {"a": "b", "expires": "2027-02-22", "owner": OWNER}
    data["resource"]["aws_iam_user"] = {"ci": {"name": "ci", "tags": tags}}
    assert found == json.dumps(data, indent=indent)


def test_serverless_and_sam(tmp_path: Path) -> None:
    text = "service: x\nprovider:\n  name: aws\nresources:\n  Resources:\n    User: {Type: AWS::IAM::User}\n    Key:\n"
    text += "      Type: AWS::IAM::AccessKey\n      Properties:\n"
    found = mended(tmp_path, f"{text}        UserName: !Ref User\n", name="serverless.yml").decode()
    assert '      Metadata:\n        Posturio:\n          Expires: "2027-02-17"\n' in found


MADE = "{Type: AWS::IAM::AccessKey, Properties: {UserName: u}}"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("t.yaml", f"Resources:\n  A: &a {MADE}\n  B: *a\n", "the resource is a YAML alias"),
        ("t.yaml", f"Metadata: &m {{A: b}}\nResources:\n  K: {MADE[:-1]}, Metadata: *m}}\n", "Metadata is a YAML alias"),
        ("k.tf.json", '{"resource": {"aws_iam_access_key": {"k": [{"user": "a"}, {"user": "b"}]}}}', "the block is a list of several"),
    ],
)
def test_what_cannot_be_written_is_left(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    assert f"\n    {why}; make the change by hand. " in fix(tmp_path, "--write", "--owner", OWNER)[2]
    assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize(
    ("text", "written"), [("a", "a"), ("2027-01-31", '"2027-01-31"'), ("yes", '"yes"'), ("a b", "a b"), ("a: b", '"a: b"'), ("", '""')]
)
def test_yaml_scalars_stay_text(text: str, written: str) -> None:
    assert scalar(text) == written
    assert flow([{"x": text}]) == f"[{{x: {written}}}]"


def test_a_member_alone_is_the_one_of_the_whole_file() -> None:
    files = [path.read_bytes() for path in sorted(FIXTURES.rglob("*.y*ml"))]
    seen = 0
    for data in [*files, *(f"Resources:\n{before}".encode() for before, _ in YAML.values())]:
        source = NodeSource("t.yaml", data)
        for key, value in members(source.roots):
            if (alone := member_at(source.text, key.start)) is not None and key.end <= value.start:
                assert repr(alone) == repr((key, value))
                assert (alone[1].line, alone[1].end_column) == (value.line, value.end_column)
                seen += isinstance(value.value, Object)
    assert seen > len(files)


@pytest.mark.parametrize(
    "text", ["A: {B: {C: 1}}\n", "Base: &b {Type: x}\nKey: *b\n", "Base: &b {Type: x}\nKey:\n  <<: *b\n  More: y\n", 'Key: "\n']
)
def test_a_member_that_needs_the_rest_of_the_file_is_not_read_alone(text: str) -> None:
    assert member_at(text, text.find("Key" if "Key" in text else "B")) is None


Program = dict[str, Any]
CLOCK, STATIC = {"r": {"rotation_days": 60}}, {"r": {"rfc3339": "${time_rotating.r.rfc3339}"}}
OWNED = {"u": {"name": "u", "tags": {"owner": OWNER}}}
ROTATES = {"create_before_destroy": True, "replace_triggered_by": ["time_static.r"]}


def program(lifecycle: Any = None, *, tags: Any = None, clock: Any = None, static: Any = None, **more: Any) -> Program:
    """A program with one key, which rotates unless its lifecycle says otherwise."""
    key = {"user": "${aws_iam_user.u.name}", **({"lifecycle": lifecycle} if lifecycle is not None else {})}
    users = {"u": {"name": "u", "tags": OWNED["u"]["tags"] if tags is None else tags}}
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
        {"resource": [{"aws_iam_user": {"u": [{"name": "u"}]}}, {"aws_iam_access_key": [{"k": [{"user": "${aws_iam_user.u.name}"}]}]}]},
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
                "aws_iam_user": OWNED,
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
