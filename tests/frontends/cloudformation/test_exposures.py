"""Where the secret of a key leaves in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posturio_iac.core.evidence.remedy_text import describe
from tests.support.cloudformation_reading import key

if TYPE_CHECKING:
    from pathlib import Path

EXPOSED = """\
Resources:
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: ci}}
  X: %s
"""


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ("{Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Key.SecretAccessKey}}", "the plain SSM parameter X"),
        ("{Type: AWS::EC2::Instance, Properties: {UserData: !Base64 {Fn::Sub: '${Key.SecretAccessKey}'}}}", "the user data of X"),
        (
            (
                "{Type: AWS::EC2::LaunchTemplate, Properties: "
                "{LaunchTemplateData: {UserData: !Base64 {Fn::Sub: ['${S}', {S: !GetAtt Key.SecretAccessKey}]}}}}"
            ),
            "the user data of X",
        ),
        (
            "{Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {S: !GetAtt [Key, SecretAccessKey]}}}}",
            "the environment of X",
        ),
        (
            "{Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Environment: [{Value: !GetAtt Key.SecretAccessKey}]}]}}",
            "the environment of X",
        ),
        ("{Type: AWS::S3::Bucket, Properties: {Tags: [{Key: a, Value: !GetAtt Key.SecretAccessKey}]}}", "Tags of X (AWS::S3::Bucket)"),
        (
            "{Type: AWS::SecretsManager::Secret, Properties: {Description: !GetAtt Key.SecretAccessKey}}",
            "Description of X (AWS::SecretsManager::Secret)",
        ),
        ("{Type: AWS::EC2::Instance, Metadata: {'AWS::CloudFormation::Init': {a: !GetAtt Key.SecretAccessKey}}}", "the Metadata of X"),
        ("{Type: AWS::SSM::Parameter, Properties: {Type: SecureString, Value: !GetAtt Key.SecretAccessKey}}", None),
        ("{Type: AWS::SecretsManager::Secret, Properties: {SecretString: !GetAtt Key.SecretAccessKey}}", None),
        ("{Type: Custom::Vault, Properties: {Secret: !GetAtt Key.SecretAccessKey}}", None),
        ("{Type: Acme::Cluster::Manager, Properties: {Secret: !GetAtt Key.SecretAccessKey}}", None),
        ("{Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {Id: !Ref Key}}}}", None),
        ("{Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {Id: '${Key.SecretAccessKey}'}}}}", None),
        ("{Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {Id: !Sub '${!Key.SecretAccessKey}'}}}}", None),
        (
            "{Type: AWS::EC2::Instance, Properties: {UserData: !Base64 {Fn::Sub: ['${I}', {I: x, S: !GetAtt Key.SecretAccessKey}]}}}",
            None,
        ),
    ],
)
def test_the_secret_is_exposed_where_anybody_can_read_it(tmp_path: Path, resource: str, where: str | None) -> None:
    found = key(tmp_path, EXPOSED % resource)
    assert [e.where for e in found.exposures] == ([where] if where else [])
    assert all(e.span.line == 3 and describe(e.remedy) for e in found.exposures)


def test_outputs_expose_the_secret_and_not_the_id(tmp_path: Path) -> None:
    text = EXPOSED % "{Type: AWS::S3::Bucket}" + (
        "Outputs:\n  Id: {Value: !Ref Key}\n  Secret:\n    Value: !Join [':', [!Ref Key, !GetAtt Key.SecretAccessKey]]\n"
        "  Sub: {Value: !Sub 'a ${Key.SecretAccessKey} b'}\n"
    )
    found = key(tmp_path, text)
    assert [(e.where, e.span.line, e.span.column, e.span.end_column) for e in found.exposures] == [
        ("the output Secret", 7, 35, 62),
        ("the output Sub", 8, 24, 46),
    ]


def test_an_alias_and_an_escaped_name_hide_no_exposure(tmp_path: Path) -> None:
    text = (
        "x: &env {Variables: {S: !GetAtt Key.SecretAccessKey}}\n"
        + EXPOSED % "{Type: AWS::Lambda::Function, Properties: {Environment: *env}}"
    )
    assert [e.where for e in key(tmp_path, text).exposures] == ["the environment of X"]
    outputs = '{"O": {"Value": {"Fn::GetAtt": ["K\\u0065y", "SecretAccessKey"]}}}'
    escaped = f'{{"Resources": {{"Key": {{"Type": "AWS::IAM::AccessKey"}}}}, "Outputs": {outputs}}}'
    assert [e.where for e in key(tmp_path, escaped).exposures] == ["the output O"]
