"""What CloudFormation expressions are worth: known, unknown with the reason, or wrong."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.model import Unknown
from posturio_iac.errors import UsageError
from tests.support.cloudformation_reading import key, keys, reading

TEMPLATE = """\
Parameters:
  Name: {Type: String, Default: ci}
  Empty: {Type: String}
  Untyped: {Default: plain}
  OddlyTyped: {Type: [String], Default: plain}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /path}
Mappings:
  Map: {one: {two: three}}
Conditions:
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
  Open: !Equals [!Ref Empty, x]
  ByDefault: !Equals [!Ref Name, ci]
  Both: !And [!Condition Yes, !Condition Open]
  Any: !Or [!Condition Yes, !Condition Open]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Given: {Type: AWS::IAM::User, Properties: {UserName: named}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: %s
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("yes", "yes"),
        ("2027-01-31", "2027-01-31"),
        ("!Ref Name", "ci"),
        ("!Ref OddlyTyped", "plain"),
        ("{Ref: !Sub ['Na${S}', {S: me}]}", "ci"),
        ("{Ref: !Join ['', [Giv, en]]}", "named"),
        ("!Sub '${Name}-${!Name}'", "ci-${Name}"),
        ("!Sub ['${A}-${Name}', {A: !Ref Name}]", "ci-ci"),
        ("!Join ['-', !Ref Names]", "a-b"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select [1, !Split ['.', a.b.c]]", "b"),
        ("!FindInMap [Map, one, two]", "three"),
        ("!FindInMap [Map, one, four, {DefaultValue: five}]", "five"),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, b]", "b"),
        ("!If [Any, a, b]", "a"),
        ("!If [Open, same, same]", "same"),
        ("!Base64 text", "text"),
        ("{Fn::Length: !Ref Names}", "2"),
        ("{Fn::ToJsonString: {a: [!Ref Name]}}", '{"a": ["ci"]}'),
        ("!Sub ''", ""),
        ("!Sub 'a${Name}b'", "acib"),
        ("!Sub '${ Name }${Name}'", "cici"),
        ("!Sub '${}-$Name'", "${}-$Name"),
        ("!Join ['-', []]", ""),
        ("!Join ['-', [a]]", "a"),
        ("!Ref Given", "named"),
        ("!Sub '${Given}-x'", "named-x"),
        ("!FindInMap [Map, one, nine, {DefaultValue: !Ref Name}]", "ci"),
        ("!If [Yes, !If [No, a, b], c]", "b"),
        ("{Fn::Length: [a, b, c]}", "3"),
        ("{Fn::Length: !Split ['.', a.b]}", "2"),
        ("!Sub ['a${B}c', {B: !Ref AWS::NoValue}]", "ac"),
        ("!Equals [a, b]", "false"),
        ("!Not [!Equals [a, b]]", "true"),
        ("!And [!Condition No, !Condition Open]", "false"),
        ("!And [!Condition Yes]", "true"),
        ("!Or [!Condition No]", "false"),
        ("!Or [!Condition Open, !Condition Yes]", "true"),
        ("{Fn::ToJsonString: {a: [!Ref Given, 1, true, null]}}", '{"a": ["named", "1", "true"]}'),
    ],
)
def test_a_fixed_value_is_evaluated(tmp_path: Path, expression: str, value: str) -> None:
    assert key(tmp_path, TEMPLATE % expression).user == value


DEPLOYED = [f"Fn::{name}" for name in ("ImportValue", "GetAZs", "Cidr", "Transform", "RefAll", "ValueOf", "ValueOfAll", "GetStackOutput")]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("!Ref Empty", "the parameter Empty is chosen at deployment"),
        ("!Ref Nowhere", "Nowhere is not declared here"),
        ("!Sub '${AWS::Region}-x'", "AWS::Region depends"),
        ("!Sub '${Bucket}-x'", "Bucket is known only at deployment"),
        ("!GetAtt Bucket.Arn", "Bucket.Arn is known only at deployment"),
        ("!GetAtt [Bucket, Arn]", "Bucket.Arn is known only at deployment"),
        ("{Fn::Length: !Ref Bucket}", "Bucket is known only at deployment"),
        ("{Fn::Length: !Ref Empty}", "the parameter Empty is chosen at deployment"),
        ("!Join ['', [a, !Ref Empty]]", "the parameter Empty"),
        ("!Select [!Ref Empty, [a]]", "the parameter Empty"),
        ("!FindInMap [Map, !Ref AWS::Region, two]", "AWS::Region depends"),
        ("!FindInMap [Map, one, nine]", "the mapping Map has no entry one, nine"),
        ("!If [Open, a, b]", "the condition Open is known only at deployment"),
        ("!If [Both, a, b]", "the condition Both is known only at deployment"),
        ("!If [ByDefault, a, b]", "the condition ByDefault is known only at deployment"),
        ("!If [ByDefault, !If [ByDefault, a, b], c]", "the condition ByDefault is known only at deployment"),
        ("!If [Missing, a, b]", "the condition Missing is not declared here"),
        ("'{{ user }}'", "a template engine fills in {{ user }}"),
        ("{a: b}", "the value must be text, not a list or a map"),
        ("!Ref Image", "(INPUT: Image)"),
        ("!GetAtt Nowhere.Arn", "(ABSENT_CODE: Nowhere)"),
        ("!Ref AWS::StackName", "(APPLY: AWS::StackName)"),
        ("'{{resolve:ssm:/name}}-{{resolve:ssm:/end}}'", "(APPLY: {{resolve:ssm:/name}})"),
        ("!Frobnicate x", "(NOT_EVALUATED: Fn::Frobnicate)"),
        *((f"{{{name}: x}}", f"(APPLY: {name})") for name in DEPLOYED),
    ],
)
def test_what_code_does_not_fix_is_unknown_with_its_reason(tmp_path: Path, expression: str, reason: str) -> None:
    user = key(tmp_path, TEMPLATE % expression).user
    assert isinstance(user, Unknown)
    assert reason in f"{user.reason} ({user.cause.name if user.cause else ''}: {user.subject})"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        *((f"!Ref {wrong}", "Ref takes the name of a parameter or a resource") for wrong in ("[a]", "''")),
        *((f"!GetAtt {wrong}", "Fn::GetAtt takes a logical id and an attribute") for wrong in ("a", "[a]", "[a, b, c, d, e, f]")),
        *((f"!Join {wrong}", "Fn::Join takes a delimiter and a list") for wrong in ("[a]", "['', a]", "['', [a], b]", "[[a], [a]]")),
        ("!Select [1, [a]]", "Fn::Select asks for item 1 of a list of 1"),
        *((f"!Select [{wrong}]", "Fn::Select takes an index and a list") for wrong in ("0", "0, [a], b", "0, a", "-1, [a]", "x, [a]")),
        ("!Split ['', a]", "Fn::Split takes a delimiter and a text"),
        *((f"!FindInMap {wrong}", "Fn::FindInMap takes a map and two keys") for wrong in ("[a, b]", "[a, b, c, {}, d]")),
        ("!If [a, b]", "Fn::If takes a condition and two values"),
        ("!If [[a], b, c]", "Fn::If takes the name of a condition first"),
        *((f"!Sub {wrong}", "Fn::Sub takes a text, or a list of a text and a map") for wrong in ("{}", "[a, b]")),
        ("{Fn::Length: a}", "Fn::Length takes a list"),
        ("{Fn::ToJsonString: a}", "Fn::ToJsonString takes a map or a list"),
        ("!Equals [a]", "Fn::Equals takes two values"),
        *((f"!Not {wrong}", "Fn::Not takes a list of one condition") for wrong in ("a", "[a, b]")),
        *((f"!{name} a", f"Fn::{name} takes a list of up to ten conditions") for name in ("And", "Or")),
        ("!Condition [a]", "Condition takes the name of a condition"),
    ],
)
def test_wrong_arguments_are_one_error_at_their_place_and_the_key_is_judged(tmp_path: Path, expression: str, words: str) -> None:
    found = reading(tmp_path, {"template.yaml": TEMPLATE % expression})
    (problem,) = found.diagnostics
    assert problem.message == words
    assert (problem.line, problem.column) == (23, 17)
    assert isinstance(found.keys[0].user, Unknown)


def test_an_expression_that_refers_to_itself_is_unknown(tmp_path: Path) -> None:
    text = """\
    Conditions: {A: !Condition B, B: !Not [!Condition A]}
    Resources:
      User: {Type: AWS::IAM::User, Properties: {UserName: !Ref User}}
      Key: {Type: AWS::IAM::AccessKey, Condition: A, Properties: {UserName: !Ref User}}
    """
    assert isinstance(key(tmp_path, text).user, Unknown)


CONDITIONS = """\
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Make: {Type: String, Default: "false"}
Conditions:
  Never: !Equals [!Ref Env, test]
  Prod: !Equals [!Ref Env, prod]
  Make: !Equals [!Ref Make, "true"]
  Neither: !And [!Condition Prod, !Equals [!Ref Env, dev]]
  Constant: !Equals [a, b]
Resources:
  Key: {Type: AWS::IAM::AccessKey, Condition: %s, Properties: {UserName: ci}}
"""


@pytest.mark.parametrize("condition", ["Prod", "Make", "Undeclared", "Never", "Neither", "Constant"])
def test_a_key_exists_unless_its_condition_is_false_for_every_allowed_value(tmp_path: Path, condition: str) -> None:
    assert len(keys(tmp_path, CONDITIONS % condition)) == (condition in ("Prod", "Make", "Undeclared"))


BOOLEANS = """\
Parameters:
  Make: {Type: String, Default: False, AllowedValues: [True, False]}
Conditions:
  Make: !Equals [!Ref Make, %s]
  Not: !Not [!Equals [!Ref Make, %s]]
Resources:
  Key: {Type: AWS::IAM::AccessKey, Condition: Make, Properties: {UserName: ci}}
  Other: {Type: AWS::IAM::AccessKey, Condition: Not, Properties: {UserName: ci}}
"""


@pytest.mark.parametrize("word", ["true", "True", '"true"', "yes", "on", "TRUE", "'True'"])
def test_booleans_of_yaml_are_one_text_to_aws(tmp_path: Path, word: str) -> None:
    found = keys(tmp_path, BOOLEANS % (word, word))
    assert set(found) == {"Key", "Other"}


@pytest.mark.parametrize(
    ("one", "other", "exists"),
    [
        ("yes", "off", False),
        ("yes", "oui", False),
        ("a", "A", False),
        ("on", "no", False),
        ("True", "FALSE", False),
        *((one, other, True) for one, other in itertools.combinations(["no", "false", "off"], 2)),
        *((one, other, True) for one, other in itertools.combinations(["yes", "true", "on"], 2)),
    ],
)
def test_a_constant_comparison_drops_a_key_when_it_is_false_in_both_readings(tmp_path: Path, one: str, other: str, exists: bool) -> None:
    template = CONDITIONS.replace("[a, b]", f"[{one}, {other}]") % "Constant"
    assert len(keys(tmp_path, template)) == exists


LISTED = [{"ParameterKey": "Make", "ParameterValue": "false"}]


@pytest.mark.parametrize("parameters", [LISTED, {"Parameters": {"Make": False}, "Tags": {}}, {"Make": "false"}, ["Make=false"]])
def test_a_file_of_parameters_decides_a_condition(tmp_path: Path, parameters: Any) -> None:
    (tmp_path / "parameters.json").write_text(json.dumps(parameters))
    assert keys(tmp_path, CONDITIONS % "Make", parameters=(str(tmp_path / "parameters.json"),)) == {}


def test_stack_tags_of_a_file_of_parameters_are_tags_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"Parameters": {}, "Tags": {"team": "core", "n": 1}}))
    text = "Resources:\n  U: {Type: AWS::IAM::User}\n  K: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U}}\n"
    found = key(tmp_path, text, parameters=(str(tmp_path / "p.json"),))
    assert found.owner == "core"
    assert found.tags == (("team", "core"), ("n", "1"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1]", "are a list of"), ('[{"a": 1}]', "no ParameterKey"), ('{"a": {}}', "neither text nor"), ("{", "line 1"), (None, "be read")],
)
def test_a_file_of_parameters_that_is_wrong_ends_the_run_with_its_name(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "p.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        reading(tmp_path, {"t.yaml": ""}, parameters=(str(path),))
    assert str(path) in str(caught.value)
