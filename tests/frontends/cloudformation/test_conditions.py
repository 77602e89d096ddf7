"""What a template says of a key is read as where the key's conditions hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.model import Unknown
from tests.support.cloudformation_reading import PLAIN, key, keys, reading

UNDER = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Size: {Type: String, AllowedValues: [small, large]}
Mappings:
  End: {dev: {On: 2027-01-31}, prod: {On: 2027-02-28}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOther: !Not [!Condition IsProd]
  IsTest: !Equals [test, !Ref Stage]
  IsLarge: !Equals [!Ref Size, large]
  IsHuge: !Equals [!Ref Size, huge]
  IsLargeProd: !And [!Condition IsLarge, !Condition IsProd]
  IsNeither: !Not [!Or [!Condition IsLarge, !Condition IsProd]]
Resources:
  Key:
    Type: AWS::IAM::AccessKey
    Condition: %s
    Properties: {UserName: %s}
"""


@pytest.mark.parametrize(
    ("condition", "expression", "value"),
    [
        ("IsProd", "!If [IsProd, a, b]", "a"),
        ("IsOther", "!If [IsProd, a, b]", "b"),
        ("IsTest", "!If [IsProd, a, b]", "b"),
        ("IsLargeProd", "!If [IsLarge, !If [IsProd, a, b], c]", "a"),
        ("IsNeither", "!If [IsLarge, a, !If [IsProd, b, c]]", "c"),
        ("IsProd", "!FindInMap [End, !Ref Stage, On]", "2027-02-28"),
        ("IsLarge", "!FindInMap [End, !Ref Stage, On]", "2027-01-31"),
        ("IsLarge", "!Ref Size", "large"),
    ],
)
def test_a_key_is_read_as_where_its_condition_holds(tmp_path: Path, condition: str, expression: str, value: str) -> None:
    assert key(tmp_path, UNDER % (condition, expression)).user == value


def test_a_condition_says_nothing_about_the_others_and_none_that_never_holds_has_a_key(tmp_path: Path) -> None:
    assert isinstance(key(tmp_path, UNDER % ("IsLarge", "!If [IsProd, a, b]")).user, Unknown)
    assert keys(tmp_path, UNDER % ("IsHuge", "a")) == {}


@pytest.mark.parametrize("other", ["IsProd", "IsLarge", "not IsOther", "not IsTest", "not IsNeither"])
def test_conditions_exclude_each_other_without_a_list_of_allowed_values(tmp_path: Path, other: str) -> None:
    second = f"  Second: {{Type: AWS::IAM::AccessKey, Condition: {other.removeprefix('not ')}, Properties: {{UserName: a}}}}\n"
    beside = () if other.startswith("not") else ("Second (template.yaml:19)",)
    assert keys(tmp_path, UNDER % ("IsProd", "a") + second)["Key"].active_siblings == beside


UNDER_A = PLAIN.replace("    Properties", "    Condition: A\n    Properties")


@pytest.mark.parametrize("body", ["x", "", "[x]", "!Not [x]", "!Not [[x]]", "!And [x, {}]", "!Or [!Not [x], ~]", "!Equals x", "{a: 1}"])
def test_what_is_no_condition_hides_no_key(tmp_path: Path, body: str) -> None:
    found = reading(tmp_path, {"template.yaml": f"Conditions:\n  A: {body}\n{UNDER_A}"})
    assert [one.address for one in found.keys] == ["Key"]


def test_an_attribute_of_a_user_is_not_its_name(tmp_path: Path) -> None:
    user = "Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties: {UserName: ci, Tags: [{Key: owner, Value: !GetAtt U.Arn}]}\n"
    found = key(tmp_path, user + "  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: !Ref U}\n")
    assert (found.user, isinstance(found.owner, Unknown)) == ("ci", True)
