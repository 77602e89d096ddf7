"""A type that is written with escapes is that type: the search does not pass over what the parsers will read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.search.kinds import SEARCH_TERMS, TEMPLATE, TERRAFORM, SearchTerms
from tests.support.attacks import lay, put, report, scan
from tests.support.repository import Repository

pytestmark = pytest.mark.promise("escapes")

HCL = 'resource "aws_iam_access%skey" "k" {\n  user = aws_iam_user.u.name\n}\nresource "aws_iam_user" "u" {\n  name = "u"\n}\n'
YAML = 'Resources:\n  K:\n    Type: "AWS::IAM::%s"\n    Properties: {UserName: !Ref U}\n  U: {Type: AWS::IAM::User}\n'
JSON = '{"resource": {"aws_iam_access\\u005fkey": {"k": {"user": "joe"}}}}'
CFN = '{"Resources": {"K": {"Type": "AWS::IAM::AccessKe\\u0079", "Properties": {"UserName": "joe"}}}}'
CHANGE = {"address": "a.k", "mode": "managed", "type": "aws_iam_TYPE", "name": "k", "change": {"actions": ["create"], "after": {}}}
PLAN = {"format_version": "1.2", "resource_changes": [CHANGE]}
FILES = {
    "label.tf": HCL % "\\u005f",
    "label8.tf": HCL % "\\U0000005F",
    "json.tf.json": JSON,
    "u.yaml": YAML % "AccessKe\\u0079",
    "x.yml": YAML % "\\x41ccessKey",
    "U.yaml": YAML % "AccessKe\\U00000079",
    "folded.yaml": YAML % "Access\\\n      Key",
    "cfn.json": CFN,
    "plan.json": json.dumps(PLAN).replace("aws_iam_TYPE", "aws_iam_access\\u005fkey"),
}


@pytest.mark.parametrize("name", FILES)
def test_evasion_escapes(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, FILES[name])
    _, out, err = scan(tmp_path, "--format", "json", *(("--plan-only",) if name == "plan.json" else ()))
    assert (len(json.loads(out)["keys"]), err) == (1, "")


def test_a_nested_template_outside_of_what_is_scanned_is_named_when_its_property_is_escaped(tmp_path: Path) -> None:
    put(tmp_path, "key.yaml", YAML % "AccessKey")
    nested = '{"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"Template\\u0055RL": "../key.yaml"}}}}'
    put(tmp_path, "app/t.json", nested)
    assert "t.json N: ../key.yaml" in "".join(scan(tmp_path / "app")[1:])


@pytest.mark.parametrize("name", [name for name in FILES if name != "folded.yaml"])
def test_evasion_escapes_where_git_searches(tmp_path: Path, name: str) -> None:
    lay(tmp_path, {name: FILES[name]}, git=True)
    assert len(report(tmp_path)["keys"]) == 1


def test_a_module_with_an_escaped_type_is_found_where_the_search_does_not_go(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    put(repository.path, "modules/m/main.tf", HCL % "\\u005f")
    put(repository.path, "app/main.tf", 'module "m" {\n  source = "../modules/m"\n}\n')
    assert [key["address"] for key in report(repository.path / "app")["keys"]] == ["module.m.aws_iam_access_key.k"]


def test_letters_in_place_of_escapes() -> None:
    assert [spelled_out(text) for text in (rb"a\u0041\x42\U00000043", rb"\/", b"a\\\n   b")] == [b"aABC", b"/", b"ab"]
    for kept in (rb"\u00e9\u1234\xe9", rb"\u00", b"none"):
        assert spelled_out(kept) == kept


def test_a_file_of_escapes_without_a_key_does_not_matter() -> None:
    search_terms = SearchTerms(SEARCH_TERMS)
    assert not search_terms.are_in(rb'"\u003c\u0041\x41"' * 1000, TEMPLATE)
    assert not search_terms.are_in(rb'"\u003c"', TERRAFORM)


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
def test_a_source_in_json_may_stand_below_its_name(tmp_path: Path, git: bool) -> None:
    call = '{"module": {"m": {"source"\n: "./m"}}}'
    lay(tmp_path, {"main.tf.json": call, "m/main.tf": HCL % "_"}, git=git)
    assert [key["address"] for key in report(tmp_path)["keys"]] == ["module.m.aws_iam_access_key.k"]
