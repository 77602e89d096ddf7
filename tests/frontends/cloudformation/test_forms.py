"""Every form in which templates stand in files: SAM, CDK, Serverless, nested stacks, loops, stack sets, custom resources."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from tests.support.cloudformation_reading import PLAIN, keys, places, reading


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.template", "a.txt", "a.cfn", "a.json", "a"])
def test_a_template_is_known_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, {name: PLAIN})
    assert places(found) == {"Key": (name, 2, 3)}
    assert found.keys[0].framework == "cloudformation"
    assert found.keys[0].scope == name
    assert found.diagnostics == ()


@pytest.mark.parametrize("start", ["", "\ufeff", "# comment\n", "---\n", "AWSTemplateFormatVersion: 2010-09-09\n", "Transform: X\n"])
def test_what_stands_before_the_resources_does_not_matter(tmp_path: Path, start: str) -> None:
    found = reading(tmp_path, {"t.yaml": start + PLAIN})
    line = 2 + start.count("\n")
    assert places(found) == {"Key": ("t.yaml", line, 3)}


def test_line_ends_of_windows_and_utf16_read_the_same(tmp_path: Path) -> None:
    files = {"a.yaml": PLAIN.replace("\n", "\r\n").encode(), "b.yaml": PLAIN.encode("utf-16")}
    assert sorted(places(reading(tmp_path, files)).values()) == [("b.yaml", 2, 3)]
    assert len(reading(tmp_path, files).keys) == 2


def test_json_of_any_layout_is_read_with_its_places(tmp_path: Path) -> None:
    document = {"Resources": {"Key": {"Properties": {"UserName": "ci"}, "Type": "AWS::IAM::AccessKey"}}}
    found = reading(tmp_path, {"t.json": json.dumps(document, indent="\t")})
    assert places(found) == {"Key": ("t.json", 3, 3)}
    trailing = reading(tmp_path, {"t.json": '{"Resources": {"Key": {"Type": "AWS::IAM::AccessKey",},},}'})
    assert places(trailing) == {"Key": ("t.json", 1, 16)}


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: ConfigMap\ndata: {type: 'AWS::IAM::AccessKey'}\n",
        "- hosts: all\n  tasks:\n    - cloudformation:\n        template_body: |\n          Resources: {K: {Type: AWS::IAM::AccessKey}}\n",
        "{{- if .Values.x }}\n# AWS::IAM::AccessKey\na: {{ .b }}\n{{- end }}\n",
        "types: [AWS::IAM::AccessKey]\n",
        '{"typeName": "AWS::IAM::AccessKey", "properties": {}}',
        "rules:\n  - resource_types:\n      AWS::IAM::AccessKey: deny\n",
        "AWS::IAM::AccessKey is a type [of CloudFormation: {",
        "# AWS::IAM::AccessKey\n",
        '{"tree": {"children": {"Key": {"attributes": {"aws:cdk:cloudformation:type": "AWS::IAM::AccessKey"}}}}}',
    ],
)
def test_a_file_that_merely_mentions_the_type_is_left_alone(tmp_path: Path, text: str) -> None:
    found = reading(tmp_path, {"t.yaml": text})
    assert found.keys == ()
    assert found.diagnostics == ()


def test_a_map_of_resources_without_sections_is_judged(tmp_path: Path) -> None:
    assert places(reading(tmp_path, {"t.yaml": "Key:\n  Type: AWS::IAM::AccessKey\n"})) == {"Key": ("t.yaml", 1, 1)}


LOOPS = """\
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b"}, Open: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Users:
    - Name
    - [dev-1, ops-2]
    - User&{Name}: {Type: AWS::IAM::User, Properties: {UserName: !Sub "u-${Name}", Tags: [{Key: owner, Value: !Ref Name}]}}
      Key&{Name}:
        Type: AWS::IAM::AccessKey
        Properties: {UserName: !Ref "User&{Name}"}
  Fn::ForEach::Defaults:
    - N
    - !Ref Names
    - K${N}: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Sub "q-${N}"}}
  Fn::ForEach::Outer:
    - X
    - [x, y]
    - Fn::ForEach::Inner:
        - Y
        - ["1"]
        - In${X}${Y}: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref X}}
  Fn::ForEach::Open:
    - N
    - !Ref Open
    - O${N}: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref N}}
Outputs:
  Fn::ForEach::Out:
    - N
    - [a]
    - Out${N}: {Value: !GetAtt [!Sub "K${N}", SecretAccessKey]}
"""


def test_loops_are_written_out_as_far_as_their_lists_are_known(tmp_path: Path) -> None:
    found = keys(tmp_path, LOOPS)
    assert sorted(found) == ["Inx1", "Iny1", "Ka", "Kb", "Keydev1", "Keyops2", "O${N}"]
    assert (found["Keydev1"].user, found["Keydev1"].user_address, found["Keydev1"].owner) == ("u-dev-1", "Userdev1", "dev-1")
    assert found["Kb"].user == "q-b"
    assert found["Inx1"].user == "x"
    assert isinstance(found["O${N}"].user, Unknown)
    assert [e.where for e in found["Ka"].exposures] == ["the output Outa"]
    assert {k.span and k.span.line for k in (found["Keydev1"], found["Keyops2"])} == {8}


@pytest.mark.parametrize(
    ("loop", "words"),
    [
        ("{a: b}", "takes a name, a list and a map"),
        ("[N, [a]]", "takes a name, a list and a map"),
        ("[N, text, {}]", "is no list"),
        ("[N, [a], {Key: {Type: 'AWS::IAM::AccessKey'}}]", "repeats Key; the first one counts"),
        ("[N, [" + ",".join(map(str, range(600))) + "], {'K${N}': {Type: 'AWS::IAM::AccessKey'}}]", "more than 500 members"),
    ],
)
def test_a_loop_that_is_wrong_or_too_long_is_an_error(tmp_path: Path, loop: str, words: str) -> None:
    found = reading(tmp_path, {"t.yaml": f"{PLAIN}  Fn::ForEach::L: {loop}\n"})
    assert any(words in d.message and d.level is Level.ERROR for d in found.diagnostics)
    assert "Key" in {k.address for k in found.keys}


def test_a_template_inside_a_stack_set_has_places_in_the_outer_file(tmp_path: Path) -> None:
    text = """\
    Resources:
      Set:
        Type: AWS::CloudFormation::StackSet
        Properties:
          Parameters: [{ParameterKey: U, ParameterValue: zed}]
          TemplateBody: |
            Parameters: {U: {Type: String}}
            Resources:
              Key:
                Type: AWS::IAM::AccessKey
                Properties: {UserName: !Ref U}
      Quoted:
        Type: AWS::CloudFormation::StackSet
        Properties:
          TemplateBody: '{"Resources": {"Key": {"Type": "AWS::IAM::AccessKey"}}}'
    """
    found = reading(tmp_path, {"t.yaml": text})
    assert places(found) == {"Set/Key": ("t.yaml", 9, 11), "Quoted/Key": ("t.yaml", 15, 21)}
    assert {k.address: k.user for k in found.keys}["Set/Key"] == "zed"


def test_a_broken_template_inside_a_stack_set_is_reported_where_it_stands(tmp_path: Path) -> None:
    body = '  S: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateBody: \'{"Resources": {"K": [AWS::IAM::AccessKey\'}}\n'
    found = reading(tmp_path, {"t.yaml": PLAIN + body})
    assert [(d.level, d.line) for d in found.diagnostics] == [(Level.ERROR, 5)]
    assert list(places(found)) == ["Key"]


@pytest.mark.parametrize("body", ["true", "somewhere.yaml", "2027-01-31", "~", "!Sub plain", "''"])
def test_an_inline_template_without_quotes_is_none(tmp_path: Path, body: str) -> None:
    found = reading(tmp_path, {"t.yaml": f"{PLAIN}  S: {{Type: AWS::CloudFormation::StackSet, Properties: {{TemplateBody: {body}}}}}\n"})
    assert found.diagnostics == ()
    assert list(places(found)) == ["Key"]


def test_custom_resources_and_calls_of_the_api_make_keys(tmp_path: Path) -> None:
    text = """\
    Resources:
      User: {Type: AWS::IAM::User}
      Custom: {Type: Custom::AccessKey, Properties: {UserName: ci, Serial: 2, ServiceToken: x}}
      Mine: {Type: Custom::Mine, Properties: {User: !Ref User}}
      Call:
        Type: Custom::AWS
        Properties: {Create: !Join ["", ['{"service":"IAM","action":"createAccessKey","parameters":{"UserName":"', !Ref User, '"}}']]}
      Literal:
        Type: Custom::AWS
        Properties: {Create: '{"action":"createAccessKey","parameters":{"UserName":"bob"}}'}
      Else: {Type: Custom::AWS, Properties: {Create: '{"action":"createUser"}'}}
    Outputs: {Secret: {Value: !GetAtt Call.AccessKey.SecretAccessKey}}
    """
    found = keys(tmp_path, text, custom_types=("Custom::AccessKey", "Custom::Mine"))
    users = {name: k.user_address or k.user for name, k in found.items()}
    assert users == {"Custom": "ci", "Mine": "User", "Call": "User", "Literal": "bob"}
    assert [e.where for e in found["Call"].exposures] == ["the output Secret"]


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [1, 11_000_000])
def test_a_program_in_an_archive_beside_the_template_is_read_up_to_a_bound(tmp_path: Path, kind: int, size: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as archive:
        archive.writestr("app.py", "#" * size + "\nboto3.client('iam').create_access_key(UserName='x')\n")
    function = "{Type: AWS::Serverless::Function, Properties: {CodeUri: fn.zip, Handler: app.h}}"
    (tmp_path / "fn.zip").write_bytes(packed.getvalue()[: 10**6])
    assert list(places(reading(tmp_path, {"t.yaml": f"Resources:\n  F: {function}\n"}))) == ["F"] * (size == 1)
