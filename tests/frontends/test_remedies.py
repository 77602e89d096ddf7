"""Remedies mend the key that they are about, and no other one."""

# ruff: noqa: E501 - a remedy is one sentence

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixing import fix
from tests.support.fixture_tools import FIXTURES, scan

LIFETIME = "iam.access_keys_without_lifetime"
EXPIRED = "iam.expired_access_keys"
SEVERAL = "iam.multiple_active_access_keys"
EXPOSED = "iam.exposed_access_key_secrets"
ENDED = "# posturio: expires=2026-01-31 owner=a@example.com\n"


def advice(folder: Path, rule: str, files: dict[str, str]) -> dict[str, str]:
    """The remediation of each finding of a rule, by the address of its key."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _, report = scan(folder)
    return {f["address"]: f["remediation"] for f in report["findings"] if f["rule"] == rule}


def off(found: dict[str, str]) -> dict[str, str]:
    return {address: text.partition(", or ")[2].rstrip(".") for address, text in found.items()}


def key(more: str = "", loop: str = 'for_each = toset(["a", "b"])', user: str = "each.key") -> dict[str, str]:
    locals_ = 'locals {\n  s    = "Active"\n  keys = { a = { s = "Active" }, b = { s = "Active" } }\n}\n'
    return {"main.tf": f'{locals_}{ENDED}resource "aws_iam_access_key" "k" {{\n  {loop}\n  user = {user}\n  {more}\n}}\n'}


def test_what_is_advised_for_an_entry_switches_off_that_key_alone(tmp_path: Path) -> None:
    change = off(advice(tmp_path, EXPIRED, key()))['aws_iam_access_key.k["a"]']
    line = change.removeprefix("set ").removesuffix(" in aws_iam_access_key.k")
    assert set(advice(tmp_path, EXPIRED, key(line))) == {'aws_iam_access_key.k["b"]'}


INPUT = f'variable "on" {{\n  default = "Active"\n}}\n{ENDED}resource "aws_iam_access_key" "k" {{\n  user = "u"\n  status = var.on\n}}\n'
CALLS = 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n'


ONE = 'module "a" {\n  source = "../m"\n}\n'
REGISTRY = (
    f'{ENDED}module "m" {{\n  source   = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version  = "5.30.0"\n'
    '  for_each = toset(["a", "b"])\n  name     = each.key\n}\n'
)
INNER = 'Resources:\n  Key: {Type: AWS::IAM::AccessKey, Metadata: {Posturio: {Expires: "2026-01-31"}}, Properties: {UserName: u}}\n'
NESTED = "  %s:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: inner.yaml}\n"
OF_ONE_CALL = 'let the call of module.{} set status of aws_iam_access_key.k, and make it "Inactive" only there'
OF_ONE_STACK = "let the stack {} set the Status of Key, and make it Inactive only there"
EACH_KEY, IN_CALL = 'aws_iam_access_key.k["{}"]', "module.{}.aws_iam_access_key.k"
IS_KEY, IS_INDEX = 'each.key == "{}" ? "Inactive"', 'count.index == {} ? "Inactive"'
TWICE = 'module "a" {\n  source = "./m"\n  count = 2\n}\n'


def each(address: str, change: str, among: str = "ab") -> dict[str, str]:
    return {address.format(one): change.format(one) for one in among}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (key(), each(EACH_KEY, f'set status = {IS_KEY} : "Active" in aws_iam_access_key.k')),
        (key("status = local.s"), each(EACH_KEY, f"set status = {IS_KEY} : local.s in aws_iam_access_key.k")),
        (key("status = each.value.s", "for_each = local.keys"), each(EACH_KEY, 'set s to "Inactive" in the entry "{}" of local.keys')),
        (key(loop="", user='"u"'), {"aws_iam_access_key.k": 'set status = "Inactive"'}),
        (key(loop="count = 1", user='"u"'), {"aws_iam_access_key.k[0]": 'set status = "Inactive"'}),
        (key(loop='for_each = toset(["a"])'), {'aws_iam_access_key.k["a"]': 'set status = "Inactive"'}),
        ({"main.tf": CALLS, "m/main.tf": INPUT}, each(IN_CALL, 'set on = "Inactive" in module.{}')),
        ({"x/main.tf": ONE, "y/main.tf": ONE, "m/main.tf": INPUT}, each(IN_CALL, 'set on = "Inactive" in module.{}', "a")),
        ({"main.tf": TWICE, "m/main.tf": INPUT}, each(IN_CALL.format("a[{}]"), f'set on = {IS_INDEX} : "Active" in module.a', "01")),
        ({"main.tf": CALLS, "m/main.tf": INPUT.replace("status = var.on", "")}, each(IN_CALL, OF_ONE_CALL)),
        ({"main.tf": REGISTRY}, each('module.m["{}"]', f'set iam_access_key_status = {IS_KEY} : "Active" in module.m')),
        ({"outer.yaml": f"Resources:\n{NESTED % 'A'}{NESTED % 'B'}", "inner.yaml": INNER}, each("{}/Key", OF_ONE_STACK, "AB")),
    ],
)
def test_one_key_is_switched_off_alone(tmp_path: Path, files: dict[str, str], expected: dict[str, str]) -> None:
    assert off(advice(tmp_path, EXPIRED, files)) == expected


USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'
KEY = 'resource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.u.name\n  %s\n}\n'


def test_a_date_goes_to_the_key_where_its_user_has_another_one(tmp_path: Path) -> None:
    one = advice(tmp_path, LIFETIME, {"main.tf": USER + KEY % ("a", "")})
    assert one == {"aws_iam_access_key.a": 'Add tags = { expires = "2027-02-21" } to aws_iam_user.u (main.tf:1).'}
    two = advice(tmp_path, LIFETIME, {"main.tf": USER + KEY % ("a", "") + KEY % ("b", 'status = "Inactive"')})
    assert two == {"aws_iam_access_key.a": "Write # posturio: expires=2027-02-21 above the block."}


def test_an_owner_goes_to_the_user_however_many_keys_it_has(tmp_path: Path) -> None:
    found = advice(tmp_path, "iam.ownerless_access_keys", {"main.tf": USER + KEY % ("a", "") + KEY % ("b", "")})
    assert set(found.values()) == {'Add tags = { owner = "team@example.com" } to aws_iam_user.u (main.tf:1).'}


END = 'expires = "2027-02-22"'
MODULE = 'module "m" {\n  source  = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version = "5.30.0"\n  name    = "x"\n%s}\n'


@pytest.mark.parametrize(
    ("tags", "expected", "written"),
    [
        ("", f"Add tags = {{ {END} }} to", f"tags = {{\n    {END}\n  }}"),
        ('{ a = "b" }', f"Add {END} to the tags of", f'tags = {{ a = "b", {END} }}'),
        ("try(local.t, {})", f"Set tags = merge({{ {END} }}, …) in", f"tags = merge({{ {END} }}, try(local.t, {{}}))"),
        ("local.t", f"Set tags = merge({{ {END} }}, local.t) in", f"tags = merge({{ {END} }}, local.t)"),
        ('merge(local.t, { a = "b" })', f"Add {END} to the tags of", f'tags = merge(local.t, {{ a = "b", {END} }})'),
    ],
)
def test_tags_of_a_call_are_written_as_the_call_has_them(tmp_path: Path, tags: str, expected: str, written: str) -> None:
    files = {"main.tf": MODULE % (f"  tags = {tags}\n" if tags else ""), "locals.tf": "locals {\n  t = {}\n}\n"}
    assert f"{expected} module.m (main.tf:1)" in advice(tmp_path, LIFETIME, files)["module.m"]
    fix(tmp_path, "--write", "--select", LIFETIME)
    assert written in (tmp_path / "main.tf").read_text(encoding="utf-8")


def test_a_newer_version_of_the_module_without_a_key_comes_first(tmp_path: Path) -> None:
    code = 'module "m" {\n  source  = "boldlink/iam-user/aws"\n  version = "1.0.1"\n}\n'
    move = "Move to version 1.0.2 or later of boldlink/iam-user/aws, which creates no key, or "
    assert advice(tmp_path, LIFETIME, {"main.tf": code})["module.m"].startswith(move)
    # 6.0 and later of this one still make a key where an input asks for it.
    assert advice(tmp_path, LIFETIME, {"main.tf": MODULE % ""})["module.m"].startswith("Add tags")


ASKS, HAS = 'variable "v" {}\n', 'variable "v" {\n  default = "x"\n}\n'
TAKES_PROVIDERS = HAS + "terraform {\n  required_providers {\n    aws = { configuration_aliases = [aws.users] }\n  }\n}\n"


@pytest.mark.parametrize(
    ("variable", "beside", "is_for_others"),
    [
        (HAS, {}, False),
        (ASKS, {}, True),
        (ASKS, {"a/m/.terraform.lock.hcl": ""}, True),
        (ASKS, {"a/m/aws.tf": 'provider "aws" {}\n'}, False),
        (ASKS, {"a/m/prod.tfvars": 'v = "x"\n'}, False),
        (ASKS, {"a/m/backend.tf": 'terraform {\n  backend "s3" {}\n}\n'}, False),
        (ASKS, {"a/m/terraform.tfvars": 'v = "x"\n'}, False),
        (ASKS, {"a/m/call.tf": 'module "x" {\n  source = "../x"\n}\n', "a/x/main.tf": HAS}, False),
        (TAKES_PROVIDERS, {"a/m/call.tf": 'module "x" {\n  source = "../x"\n}\n', "a/x/main.tf": HAS}, True),
        (ASKS, {"a/m/call.tf": 'module "x" {\n  source = "./x"\n}\n', "a/m/x/main.tf": HAS}, True),
        (ASKS, {"root.tf": 'module "m" {\n  source = "./a/m"\n  v = "x"\n}\n'}, False),
        (ASKS, {"tests/root.tf": 'module "m" {\n  source = "../a/m"\n  v = "x"\n}\n'}, True),
        (HAS, {"a/other/main.tf": HAS}, False),
        (HAS, {"a/other/examples/main.tf": HAS}, True),
        (HAS, {"b/other/examples/main.tf": HAS}, False),
        ("", {"a/other/examples/main.tf": HAS}, False),
    ],
)
def test_a_module_for_callers_elsewhere_has_no_date(tmp_path: Path, variable: str, beside: dict[str, str], is_for_others: bool) -> None:
    found = advice(tmp_path, LIFETIME, {"a/m/main.tf": variable + USER + KEY % ("a", ""), **beside})
    assert {text.startswith("Run ") for text in found.values()} == {is_for_others}


def test_folders_side_by_side_are_looked_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    there = os.path.isdir

    def look(path: str) -> bool:
        looked.append(str(path))
        return there(path)

    monkeypatch.setattr(os.path, "isdir", look)
    advice(tmp_path, LIFETIME, {f"m{number}/main.tf": HAS + USER + KEY % ("a", "") for number in range(40)})
    assert sum(path.endswith("examples") for path in looked) <= 3 * 40


GOES = "Remove aws_iam_access_key.a: {}.r creates and rotates this user's keys itself"
TAKES = "Give {}.r a key that is not in code, and remove aws_iam_access_key.a: after a rotation"


def rotating(kind: str, arguments: str) -> dict[str, str]:
    rotator = f'variable "region" {{\n  default = null\n}}\nresource "{kind}" "r" {{\n  {arguments}\n}}\n'
    return {"main.tf": USER + KEY % ("a", "") + rotator}


@pytest.mark.parametrize(
    ("kind", "arguments", "advised"),
    [
        ("vault_aws_secret_backend_static_role", "username = USER", GOES),
        ("doppler_rotated_secret_aws_iam_user_keys", "username = USER", GOES),
        ("infisical_secret_rotation_aws_iam_user_secret", "parameters = { user_name = USER, region = var.region }", GOES),
        ("infisical_secret_rotation_aws_iam_user_secret", "for_each = toset([USER])\n  parameters = { user_name = each.value }", GOES),
        ("akeyless_rotated_secret_aws", "api_id = aws_iam_access_key.a.id", TAKES),
    ],
)
def test_a_key_beside_a_rotator_of_its_user_is_to_go(tmp_path: Path, kind: str, arguments: str, advised: str) -> None:
    found = advice(tmp_path, LIFETIME, rotating(kind, arguments.replace("USER", "aws_iam_user.u.name")))
    assert found["aws_iam_access_key.a"].startswith(advised.format(kind))
    another = arguments.replace("USER", '"another"').replace("aws_iam_access_key.a.id", '"AKIAIOSFODNN7EXAMPLE"')
    assert advice(tmp_path, LIFETIME, rotating(kind, another))["aws_iam_access_key.a"].startswith("Add tags")


def test_vcl_reads_a_dictionary(tmp_path: Path) -> None:
    code = 'resource "aws_iam_access_key" "k" {\n  user = "u"\n}\nresource "fastly_service_vcl" "s" {\n  vcl {\n    content = aws_iam_access_key.k.secret\n  }\n}\n'
    (text,) = advice(tmp_path, EXPOSED, {"main.tf": code}).values()
    assert "dictionary with write_only = true" in text
    assert "secretsmanager" not in text


HEAT = "HeatTemplateFormatVersion: '2012-12-12'\nResources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: u}\n"


def test_a_template_of_heat_has_no_keys_of_aws(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAT, encoding="utf-8")
    code, report = scan(tmp_path)
    assert (code, report["keys"], [d["level"] for d in report["diagnostics"]]) == (0, [], ["note"])
    assert "OpenStack Heat" in report["diagnostics"][0]["message"]


def template(path: str) -> str:
    members = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "u"}, **({"Metadata": {"aws:cdk:path": path}} if path else {})}
    return json.dumps({"Resources": {"Key1": members}}, indent=2)


@pytest.mark.parametrize(
    ("file", "path", "target"),
    [
        ("cdk.out/S.template.json", "S/Key/Resource", "the node.defaultChild of S/Key"),
        ("cdk.out/S.template.json", "S/Key", "S/Key"),
        ("cdk.out/S.template.json", "", "Key1"),
        ("checked_in.json", "S/Key", "S/Key"),
    ],
)
def test_the_output_of_cdk_is_changed_in_its_app(tmp_path: Path, file: str, path: str, target: str) -> None:
    (text,) = advice(tmp_path, LIFETIME, {file: template(path)}).values()
    day = text.split('"')[3]
    assert text == f'Call addMetadata("Posturio", {{ Expires: "{day}" }}) on {target} in the CDK app.'
    code, diff, said = fix(tmp_path, "--unsafe")
    assert (code, diff) == (0, "")
    assert "CDK" in said


BOOTSTRAP = {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}}
ANALYTICS = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:H4s"}}
MARKS = {"bootstrap": {"Parameters": BOOTSTRAP}, "metadata": {"Resources": {"CDKMetadata": ANALYTICS}}}


def synthesized(mark: Mapping[str, Any]) -> dict[str, Any]:
    """A template as CDK keeps it for tests: without paths of constructs, and the secret in an output."""
    document = {**mark, **json.loads(template(""))}
    document["Resources"] |= mark.get("Resources", {})
    return document | {"Outputs": {"Out": {"Value": {"Fn::GetAtt": ["Key1", "SecretAccessKey"]}}}}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_a_template_that_cdk_keeps_for_tests_is_changed_in_its_app(tmp_path: Path, mark: Mapping[str, Any]) -> None:
    found = advice(tmp_path, LIFETIME, {"integ.snapshot/S.template.json": json.dumps(synthesized(mark))})
    assert found == {"Key1": 'Call addMetadata("Posturio", { Expires: "2027-02-22" }) on Key1 in the CDK app.'}
    (text,) = advice(tmp_path, EXPOSED, {}).values()
    assert text == "In the CDK app, delete the output Out and pass the secret to a Secret as secretStringValue."


@pytest.mark.parametrize("default", ["/app/version", {"Ref": "X"}, None])
def test_a_parameter_of_that_name_alone_is_not_of_cdk(tmp_path: Path, default: object) -> None:
    mark = {"Parameters": {"BootstrapVersion": {"Type": "String", **({} if default is None else {"Default": default})}}}
    (text,) = advice(tmp_path, EXPOSED, {"S.template.json": json.dumps(synthesized(mark))}).values()
    assert text == "Delete the output Out and put the secret in the SecretString of an AWS::SecretsManager::Secret."


def test_the_metadata_that_cdk_is_told_to_write_counts(tmp_path: Path) -> None:
    document = json.loads(template("S/Key"))
    document["Resources"]["Key1"]["Metadata"]["Posturio"] = {"Expires": "2027-02-22"}
    assert advice(tmp_path, LIFETIME, {"S.template.json": json.dumps(document)}) == {}


def test_no_program_of_the_fixtures_is_told_to_switch_off_two_keys_by_one_change(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    copy = shutil.copytree(FIXTURES / "multiple_active_access_keys" / "flagged_count", tmp_path / "p")
    _, report = scan(copy)
    told = [f["remediation"] for f in report["findings"] if f["rule"] == SEVERAL]
    assert len(told) == len(set(told)) > 1
