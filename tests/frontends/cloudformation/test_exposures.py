"""Where the secret of a key leaves in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.evidence.remedy_text import describe
from tests.support.cloudformation_reading import key

EXPOSED = """\
Resources:
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: ci}}
  X: %s
"""


SUB = "UserData: !Base64 {Fn::Sub: %s}"


@pytest.mark.parametrize(
    ("kind", "properties", "where"),
    [
        ("AWS::SSM::Parameter", "Type: String, Value: SECRET", "the plain SSM parameter X"),
        ("AWS::EC2::Instance", SUB % "'${Key.SecretAccessKey}'", "the user data of X"),
        ("AWS::EC2::LaunchTemplate", "LaunchTemplateData: {" + SUB % "['${S}', {S: SECRET}]" + "}", "the user data of X"),
        ("AWS::Lambda::Function", "Environment: {Variables: {S: !GetAtt [Key, SecretAccessKey]}}", "the environment of X"),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions: [{Environment: [{Value: SECRET}]}]", "the environment of X"),
        ("AWS::S3::Bucket", "Tags: [{Key: a, Value: SECRET}]", "Tags of X (AWS::S3::Bucket)"),
        ("AWS::SecretsManager::Secret", "Description: SECRET", "Description of X (AWS::SecretsManager::Secret)"),
        ("AWS::EC2::Instance", "}, Metadata: {'AWS::CloudFormation::Init': {a: SECRET}", "the Metadata of X"),
        ("AWS::SSM::Parameter", "Type: SecureString, Value: SECRET", None),
        ("AWS::SecretsManager::Secret", "SecretString: SECRET", None),
        ("Custom::Vault", "Secret: SECRET", None),
        ("Acme::Cluster::Manager", "Secret: SECRET", None),
        ("AWS::Lambda::Function", "Environment: {Variables: {Id: !Ref Key}}", None),
        ("AWS::Lambda::Function", "Environment: {Variables: {Id: '${Key.SecretAccessKey}'}}", None),
        ("AWS::Lambda::Function", "Environment: {Variables: {Id: !Sub '${!Key.SecretAccessKey}'}}", None),
        ("AWS::EC2::Instance", SUB % "['${I}', {I: x, S: SECRET}]", None),
    ],
)
def test_the_secret_is_exposed_where_anybody_can_read_it(tmp_path: Path, kind: str, properties: str, where: str | None) -> None:
    given = properties.replace("SECRET", "!GetAtt Key.SecretAccessKey")
    found = key(tmp_path, EXPOSED % f"{{Type: {kind}, Properties: {{{given}}}}}")
    assert [e.where for e in found.exposures] == ([where] if where else [])
    assert all(e.span.line == 3 and describe(e.remedy) for e in found.exposures)


def test_outputs_expose_the_secret_and_not_the_id(tmp_path: Path) -> None:
    text = EXPOSED % "{Type: AWS::S3::Bucket}" + (
        "Outputs:\n  Id: {Value: !Ref Key}\n  Secret:\n    Value: !Join [':', [!Ref Key, !GetAtt Key.SecretAccessKey]]\n"
        "  Sub: {Value: !Sub 'a ${Key.SecretAccessKey} b'}\n"
    )
    found = key(tmp_path, text)
    places = [(e.where, e.span.line, e.span.column, e.span.end_column) for e in found.exposures]
    assert places == [("the output Secret", 7, 35, 62), ("the output Sub", 8, 24, 46)]


def test_an_alias_and_an_escaped_name_hide_no_exposure(tmp_path: Path) -> None:
    text = EXPOSED % "{Type: AWS::Lambda::Function, Properties: {Environment: *env}}"
    found = key(tmp_path, "x: &env {Variables: {S: !GetAtt Key.SecretAccessKey}}\n" + text)
    assert [e.where for e in found.exposures] == ["the environment of X"]
    outputs = '{"O": {"Value": {"Fn::GetAtt": ["K\\u0065y", "SecretAccessKey"]}}}'
    escaped = f'{{"Resources": {{"Key": {{"Type": "AWS::IAM::AccessKey"}}}}, "Outputs": {outputs}}}'
    assert [e.where for e in key(tmp_path, escaped).exposures] == ["the output O"]
