"""Nested stacks: parameters, outputs, tags and secrets that cross from one template to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.model import Unknown
from tests.support.cloudformation_reading import PLAIN, places, reading

PARENT = """\
Resources:
  User: {Type: AWS::IAM::User, Properties: {Tags: [{Key: owner, Value: me}]}}
  One:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./nested/child.yaml, Parameters: {Name: !Ref User, Make: "true"}}
  Two: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested/child.yaml, Parameters: {Name: bob}}}
  Three: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested/child.yaml, Parameters: {Name: eve, Make: "no"}}}
  Remote: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://example.com/child.yaml"}}
"""
REMOTE = "https://example.com/d.yaml"
CHILD = """\
Parameters: {Name: {Type: String}, Make: {Type: String, Default: "no"}}
Conditions: {Make: !Equals [!Ref Make, "true"]}
Resources:
  Key: {Type: AWS::IAM::AccessKey, Condition: Make, Properties: {UserName: !Ref Name}}
Outputs:
  Secret: {Value: !GetAtt Key.SecretAccessKey}
"""


def test_nested_stacks_are_judged_once_for_each_use_with_its_parameters(tmp_path: Path) -> None:
    found = reading(tmp_path, {"parent.yaml": PARENT, "nested/child.yaml": CHILD}, selected=("nested/child.yaml",))
    assert found.diagnostics == ()
    assert places(found) == {"One/Key": ("nested/child.yaml", 4, 3), "Two/Key": ("nested/child.yaml", 4, 3)}
    one, two = found.keys
    assert (one.scope, one.user_address, one.owner) == ("parent.yaml", "User", "me")
    assert [e.where for e in one.exposures] == ["the output Secret"]
    assert (two.user, two.user_address) == ("bob", None)


def test_tags_of_the_stack_that_holds_the_user_count(tmp_path: Path) -> None:
    child = "Resources:\n  U: {Type: AWS::IAM::User}\n  K: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U}}\n"
    tags = "[{Key: expires, Value: 2027-01-31}]"
    parent = f"Resources:\n  C: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: c.yaml, Tags: {tags}}}}}\n"
    (found,) = reading(tmp_path, {"c.yaml": child, "p.yaml": parent}).keys
    assert [e.source for e in found.lifetimes] == ['tag "expires" of the stack']


@pytest.mark.parametrize(
    ("url", "attribute", "user"),
    [("c.yaml", "Outputs.Name", "C/U"), ("c.yaml", "Outputs.Other", None), (REMOTE, "Outputs.Name", None), (REMOTE, "Arn", None)],
)
def test_a_value_of_a_nested_stack_is_followed_as_far_as_it_is_here(tmp_path: Path, url: str, attribute: str, user: str | None) -> None:
    child = "Resources: {U: {Type: AWS::IAM::User, Properties: {UserName: ci}}}\nOutputs: {Name: {Value: !Ref U}}\n"
    parent = f"""\
    Resources:
      C: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: "{url}"}}}}
      K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: !GetAtt C.{attribute}}}}}
    """
    (found,) = reading(tmp_path, {"c.yaml": child, "p.yaml": parent}, selected=("p.yaml",)).keys
    assert (found.address, found.user_address) == ("K", user)
    assert isinstance(found.user, Unknown) if user is None else found.user == "ci"


GIVEN, SHOWN = "{S: !GetAtt K.SecretAccessKey}", ["the parameter S of the stack C", "the output O"]


@pytest.mark.parametrize("parameters", [GIVEN, f"!If [Always, {GIVEN}, {{}}]"])
@pytest.mark.parametrize(("echo", "where"), [("", SHOWN), (", NoEcho: true", ["the output O"])])
def test_a_secret_is_followed_into_a_nested_stack(tmp_path: Path, parameters: str, echo: str, where: list[str]) -> None:
    child = f"Parameters: {{S: {{Type: String{echo}}}}}\nResources: {{}}\nOutputs: {{O: {{Value: !Ref S}}}}\n"
    parent = f"""\
    Conditions: {{Always: !Equals [a, a]}}
    Resources:
      C: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: c.yaml, Parameters: {parameters}}}}}
      K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: ci}}}}
    """
    (found,) = reading(tmp_path, {"c.yaml": child, "p.yaml": parent}, selected=("p.yaml",)).keys
    assert [e.where for e in found.exposures] == where


LISTED = "[{ParameterKey: S, ParameterValue: !GetAtt K.SecretAccessKey}]"


@pytest.mark.parametrize(("kind", "given", "what"), [("Stack", GIVEN, "S"), ("StackSet", LISTED, "a parameter")])
def test_what_becomes_of_a_secret_that_a_stack_is_given(tmp_path: Path, kind: str, given: str, what: str) -> None:
    child = "Parameters: {T: {Type: String}, S: {Type: String}}\nResources: {}\nOutputs: {O: {Value: !Ref S}}\n"
    parent = f"""\
    Resources:
      C: {{Type: AWS::CloudFormation::{kind}, Properties: {{TemplateURL: %s, Parameters: {given}}}}}
      K: {{Type: AWS::IAM::AccessKey, Properties: {{UserName: ci}}}}
    """
    (found,) = reading(tmp_path, {"p.yaml": parent % "https://example.com/gone.yaml"}).keys
    why = f"{what} of C is given the secret, and the code of C is not here"
    assert (found.exposures, [str(e) for e in found.possible_exposures]) == ((), [why])
    (found,) = reading(tmp_path, {"p.yaml": parent % "c.yaml", "c.yaml": child}).keys
    assert [e.where for e in found.exposures] == SHOWN


@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        ("https://bucket.s3.amazonaws.com/shop/templates/c.yaml?versionId=1", True),
        ('!Sub "https://${Bucket}.s3.${AWS::URLSuffix}/${Prefix}templates/c.yaml"', True),
        ('!Sub ["https://${B}/templates/c.yaml", {B: !Ref Bucket}]', True),
        ('!Join ["", ["https://", !Ref Bucket, "/", !Ref Prefix, "templates/c.yaml"]]', True),
        ('!Join ["/", ["https:/", !Ref Bucket, "templates", "c.yaml"]]', True),
        ('!Sub "${Prefix}c.yaml"', True),
        ("https://bucket.s3.amazonaws.com/c.yaml", True),
        ("https://bucket.s3.amazonaws.com/other/e.yaml", True),
        ("https://bucket.s3.amazonaws.com/e.yaml", False),
        ("https://bucket.s3.amazonaws.com/other/c.yaml", True),
        ('!Sub "${Prefix}-c.yaml"', False),
        ('!Sub "https://${Bucket}/templates/${Name}"', False),
        ("!Ref Bucket", False),
        ("https://bucket.s3.amazonaws.com/templates/", False),
    ],
)
def test_the_end_of_a_url_names_a_template_that_is_here(tmp_path: Path, url: str, *, is_found: bool) -> None:
    parent = f"""\
    Parameters: {{Bucket: {{Type: String}}, Prefix: {{Type: String}}, Name: {{Type: String}}}}
    Resources:
      C: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}
    """
    found = reading(tmp_path, {"shop/templates/p.yaml": parent, "shop/templates/c.yaml": PLAIN, "other/e.yaml": PLAIN})
    assert ("C/Key" in places(found)) is is_found
    assert found.diagnostics == ()


def test_a_sam_application_and_a_cdk_asset_are_nested_stacks(tmp_path: Path) -> None:
    parent = """\
    Resources:
      App: {Type: AWS::Serverless::Application, Properties: {Location: app.yaml}}
      Asset:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: !Join ["", ["https://", !Ref AWS::URLSuffix]]}
        Metadata: {aws:asset:path: asset.yaml}
      Listed: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: arn:x, SemanticVersion: "1"}}}
    """
    found = reading(tmp_path, {"p.yaml": parent, "app.yaml": PLAIN, "asset.yaml": PLAIN})
    assert sorted(places(found)) == ["App/Key", "Asset/Key"]
    assert found.diagnostics == ()


def test_stacks_that_nest_each_other_end_in_an_error(tmp_path: Path) -> None:
    nest = "  C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s.yaml}}\n"
    found = reading(tmp_path, {"a.yaml": PLAIN + nest % "b", "b.yaml": PLAIN + nest % "a"})
    assert sorted(places(found)) == ["C/Key", "Key"]
    assert any("nests itself" in d.message for d in found.diagnostics)


def test_an_instruction_at_the_nested_stack_holds_for_its_keys(tmp_path: Path) -> None:
    parent = """\
    Resources:
      # posturio:ignore[iam.ownerless_access_keys] reason="shared"
      C:
        Type: AWS::CloudFormation::Stack
        Metadata: {Posturio: {Ignore: {Rule: iam.expired_access_keys, Reason: old}}}
        Properties: {TemplateURL: c.yaml}
    """
    (found,) = reading(tmp_path, {"p.yaml": parent, "c.yaml": PLAIN}).keys
    ignored = [(("iam.expired_access_keys",), "p.yaml", 5), (("iam.ownerless_access_keys",), "p.yaml", 2)]
    assert [(d.rules, d.span.path, d.span.line) for d in found.directives] == ignored
