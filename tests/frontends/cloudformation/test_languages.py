"""JSON and YAML versions of one template say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey
from posturio_iac.core.record import replace
from posturio_iac.frontends.cloudformation.syntax.template import is_other_json
from tests.support.cloudformation_reading import as_json, reading

EVERYTHING = """\
Parameters: {P: {Type: String, Default: x, AllowedValues: [x, y]}}
Conditions: {C: !Equals [!Ref P, y]}
Resources:
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: !Sub "${AWS::StackName}-ci"
      Path: /teams/core/
      Tags: [{Key: Expires, Value: 2027-01-31}, !If [C, {Key: rotation, Value: 90}, !Ref AWS::NoValue]]
  KeyV2:
    Type: AWS::IAM::AccessKey
    Condition: C
    Metadata: {Posturio: {Rotation: 60d, Ignore: [{Rule: iam.ownerless_access_keys, Reason: r}]}}
    Properties: {UserName: !Ref User, Serial: 1}
  Old: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User, Status: Inactive}}
  Gone: {Type: AWS::IAM::AccessKey, Condition: Off, Properties: {UserName: bob}}
Outputs:
  Secret: {Value: !GetAtt KeyV2.SecretAccessKey}
"""


def placeless(found: AccessKey) -> AccessKey:
    """A key without its places, and without what is worded for one language."""
    return replace(
        found,
        span=None,
        scope="",
        active_siblings=(),
        remedies=replace(found.remedies, declare=Advice(""), rotate=Advice(""), disable=Advice("")),
        lifetimes=tuple(replace(e, span=None, setting=None) for e in found.lifetimes),
        exposures=tuple(replace(e, span=None) for e in found.exposures),  # type: ignore[arg-type]
        directives=tuple(replace(d, span=None) for d in found.directives),  # type: ignore[arg-type]
    )


def test_json_and_yaml_say_the_same_except_for_places(tmp_path: Path) -> None:
    files = {"a/t.yaml": EVERYTHING, "b/t.json": as_json(EVERYTHING)}
    found = reading(tmp_path, files).keys
    yaml_keys, json_keys = ([placeless(k) for k in found if k.scope == path] for path in files)
    assert sorted(yaml_keys, key=lambda k: k.address) == sorted(json_keys, key=lambda k: k.address)
    assert len(yaml_keys) == 3


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("t.yaml", EVERYTHING.replace("Posturio:", "Other:"), 'Posturio: {Expires: "2027-01-31"} to the Metadata of'),
        ("t.json", as_json(EVERYTHING), '"Expires": "2027-01-31" to Posturio in the Metadata of'),
    ],
)
def test_remedies_speak_the_language_of_the_template_and_of_what_is_there(tmp_path: Path, name: str, text: str, shown: str) -> None:
    found = reading(tmp_path, {name: text}).keys[0]
    line = found.span.line if found.span else 0
    declare = found.remedies.stating("Expires", "2027-01-31")
    assert describe(declare) == f"add {shown} {found.address} ({name}:{line})"
    assert "AutomaticallyAfterDays of 60" in describe(found.remedies.rotating(60))


_KEY = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "ci"}}
_OTHER = {"note": "AWS::IAM::AccessKey", "Resources": {}}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (json.dumps({"note": _OTHER}), 0),
        (json.dumps([{"Resources": {"K": _KEY}}]), 0),
        (json.dumps({"K": _KEY}), 1),
        (json.dumps({"Resources": {"K": _KEY}}).replace("R", "\\u0052"), 1),
        ('{"Resources": {}, "Resources": {"K": ' + json.dumps(_KEY) + "}}", 1),
        ('{"Resources": {"K": ' + json.dumps(_KEY) + "},}", 1),
        ('{"n": NaN, ? Resources\n: {"K": ' + json.dumps(_KEY) + "}}", 1),
    ],
)
def test_json_that_is_no_template_is_told_apart(tmp_path: Path, text: str, keys: int) -> None:
    assert is_other_json(text, ("AWS::IAM::AccessKey",)) is (not keys)
    assert len(reading(tmp_path, {"t.json": text}).keys) == keys
