"""Serverless Framework files: resources in the file itself and in those that it draws in."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Level
from posturio_iac.core.model import Unknown
from tests.support.cloudformation_reading import places, reading

SERVERLESS = """\
service: shop
provider:
  name: aws
  stackTags: {owner: team}
  environment: {A: !GetAtt Key.SecretAccessKey}
functions:
  f: {handler: a, environment: {B: {Fn::GetAtt: [Key, SecretAccessKey]}}}
resources:
  - Resources:
      User: {Type: AWS::IAM::User, Properties: {UserName: "${self:service}-user"}}
      Key:
        Type: AWS::IAM::AccessKey
        Properties: {UserName: "${self:service}-user"}
      Part: ${file(res/part.yml):Part}
      Whole: ${file(res/whole.yml)}
  - ${file(./res/all.yml)}
  - Outputs: {Secret: {Value: !GetAtt Part.SecretAccessKey}}
"""
SERVERLESS_FILES: dict[str, str | bytes] = {
    "serverless.yml": SERVERLESS,
    "res/part.yml": 'Part:\n  Type: AWS::IAM::AccessKey\n  Properties: {UserName: !Ref User, Status: "${self:custom.status}"}\n',
    "res/whole.yml": "\nType: AWS::IAM::AccessKey\nProperties: {UserName: bob}\n",
    "res/all.yml": "Resources:\n  All: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User}}\n",
}


def test_resources_of_a_serverless_file_and_of_the_files_it_names_are_one_template(tmp_path: Path) -> None:
    found = reading(tmp_path, SERVERLESS_FILES)
    assert found.diagnostics == ()
    apart = {"Part": ("res/part.yml", 1, 1), "Whole": ("res/whole.yml", 2, 1), "All": ("res/all.yml", 2, 3)}
    assert places(found) == {"Key": ("serverless.yml", 11, 7), **apart}
    by_address = {k.address: k for k in found.keys}
    assert {k.scope for k in found.keys} == {"serverless.yml"}
    assert by_address["Key"].user_address == "User"
    assert by_address["Key"].owner == "team"
    assert isinstance(by_address["Key"].user, Unknown)
    assert "${self:service}" in by_address["Key"].user.reason
    assert isinstance(by_address["Part"].status, Unknown)
    assert [e.where for e in by_address["Key"].exposures] == ["the environment of provider", "the environment of functions.f"]
    assert [e.where for e in by_address["Part"].exposures] == ["the output Secret"]


def test_a_serverless_file_is_found_from_a_file_that_it_draws_in(tmp_path: Path) -> None:
    found = reading(tmp_path, SERVERLESS_FILES, selected=("res/all.yml",))
    assert {k.address: k.scope for k in found.keys}["All"] == "serverless.yml"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("${file(../x.yml)}", "is outside the scan root"),
        ("${file(gone.yml)}", "cannot be read"),
        ("7", "not a map or a list"),
        ("{Resources: [a]}", "Resources is text, not a map"),
    ],
)
def test_a_part_of_a_serverless_file_that_cannot_be_read_is_said(tmp_path: Path, part: str, words: str) -> None:
    text = f"service: x\nresources:\n  - Resources: {{Key: {{Type: AWS::IAM::AccessKey}}}}\n  - {part}\n"
    found = reading(tmp_path, {"serverless.yml": text})
    assert places(found) == {"Key": ("serverless.yml", 3, 17)}
    told = [d for d in found.diagnostics if d.about != CALLS_NOT_FOLLOWED]
    assert [d.level for d in told] == [Level.ERROR]
    assert all(words in d.message and d.line == 4 for d in told)


def test_variables_that_double_each_other_end_at_a_bound(tmp_path: Path) -> None:
    doubling = "".join(f"  a{n}: ${{self:custom.a{n + 1}}}${{self:custom.a{n + 1}}}\n" for n in range(30))
    resources = "resources: {Resources: {Key: {Type: AWS::IAM::AccessKey}, Other: {Type: '${self:custom.a0}'}}}\n"
    started = time.process_time()
    found = reading(tmp_path, {"serverless.yml": f"service: x\nprovider: {{name: aws}}\ncustom:\n{doubling}  a30: x\n{resources}"})
    assert [one.address for one in found.keys] == ["Key"]
    assert time.process_time() - started < 1
