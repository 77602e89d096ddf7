"""What the code marks as sensitive is shown in no format: names, owners and dates that come from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.attacks import FORMATS, lay, put, report, scan

pytestmark = pytest.mark.promise("secrets")

NAME, OWNER, DATE = "hidden-name", "hidden-team", "2025-03-04"
HIDDEN = (NAME, OWNER, DATE)
VALUES = f'name = "{NAME}"\nowner = "{OWNER}"\ndate = "{DATE}"\n'
VARIABLES = "".join(f'variable "{name}" {{\n  sensitive = true\n}}\n' for name in ("name", "owner", "date"))
USER = 'resource "aws_iam_user" "u" {\n  name = %s\n  tags = { owner = %s, expires = %s }\n}\n'
KEY = 'resource "aws_iam_access_key" "k" {\n  user = aws_iam_user.u.name\n}\n'


def terraform_of(name: str, owner: str, date: str) -> str:
    return USER % (name, owner, date) + KEY


DERIVED = ('"${lower(var.name)}-x"', 'join("-", [var.owner])', 'format("%s", var.date)')
LOCALS = "locals {\n  n = var.name\n  o = { a = var.owner }\n  d = [var.date]\n}\n"
SHOWN = terraform_of('"joe"', '"team"', '"2025-03-04"')
CHILD = """Parameters: {N: {Type: String, NoEcho: true%(n)s}, O: {Type: String, NoEcho: true%(o)s}, D: {Type: String, NoEcho: true%(d)s}}
Resources:
  K:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref U}
  U:
    Type: AWS::IAM::User
    Properties:
      UserName: !Ref N
      Tags: [{Key: owner, Value: !Ref O}, {Key: expires, Value: !Sub '${D}'}]
"""
CASES = {
    "variables": {"main.tf": VARIABLES + terraform_of("var.name", "var.owner", "var.date"), "terraform.tfvars": VALUES},
    "function": {"main.tf": terraform_of(*(f'sensitive("{text}")' for text in HIDDEN))},
    "made of it": {"main.tf": VARIABLES + terraform_of(*DERIVED), "terraform.tfvars": VALUES},
    "locals": {"main.tf": VARIABLES + LOCALS + terraform_of("local.n", "local.o.a", "local.d[0]"), "terraform.tfvars": VALUES},
    "module arguments": {
        "main.tf": VARIABLES + 'module "m" {\n  source = "./m"\n  n = var.name\n  o = var.owner\n  d = var.date\n}\n',
        "terraform.tfvars": VALUES,
        "m/main.tf": 'variable "n" {}\nvariable "o" {}\nvariable "d" {}\n' + terraform_of("var.n", "var.o", "var.d"),
    },
    "module outputs": {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n' + terraform_of("module.m.n", "module.m.o", "module.m.d"),
        "m/main.tf": "".join(
            f'output "{key}" {{\n  value = "{text}"\n  sensitive = true\n}}\n' for key, text in zip("nod", HIDDEN, strict=True)
        ),
    },
    "tags as a whole": {
        "main.tf": f'locals {{\n  tags = sensitive({{ owner = "{OWNER}", expires = "{DATE}" }})\n}}\n'
        'resource "aws_iam_user" "u" {\n  name = "joe"\n  tags = local.tags\n}\n' + KEY
    },
    "NoEcho of a nested stack": {
        "stack.yaml": "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n"
        "    Properties:\n      TemplateURL: child.yaml\n      Parameters:\n"
        + "".join(f'        {n}: !Join ["", ["{v[:2]}", "{v[2:]}"]]\n' for n, v in zip("NOD", HIDDEN, strict=True)),
        "child.yaml": CHILD % dict.fromkeys("nod", ""),
    },
    "NoEcho": {"stack.yaml": CHILD % {name: f', Default: "{value}"' for name, value in zip("nod", HIDDEN, strict=True)}},
}


def plan() -> str:
    tags = {"owner": OWNER, "expires": DATE}

    def change(kind: str, after: dict[str, Any], hidden: dict[str, Any]) -> dict[str, Any]:
        made = {"actions": ["create"], "before": None, "after": after, "after_sensitive": hidden}
        return {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "change": made}

    user = change("aws_iam_user", {"name": NAME, "tags": tags}, {"name": True, "tags": {"owner": True, "expires": True}})
    return json.dumps({"format_version": "1.2", "resource_changes": [user, change("aws_iam_access_key", {"user": NAME}, {"user": True})]})


CASES["plan"] = {"plan.json": plan()}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_sensitive_values_shown(tmp_path: Path, case: str, name: str) -> None:
    lay(tmp_path, CASES[case])
    alone = ("--plan-only",) if case == "plan" else ()
    code, out, err = scan(tmp_path, "--verbose", "--format", name, *alone)
    assert code in (0, 1)
    shown = out + err
    assert [text for text in HIDDEN if text in shown] == []


def test_what_is_hidden_is_still_judged(tmp_path: Path) -> None:
    lay(tmp_path, CASES["variables"])
    found = report(tmp_path)
    (key,) = found["keys"]
    assert (key["user"], key["owner"], key["lifetime"][0]["value"]) == ("(sensitive)", "(sensitive)", "(sensitive)")
    assert [finding["rule"] for finding in found["findings"]] == ["iam.expired_access_keys"]


UNUSED = 'variable "o" {\n  default = "x"\n  sensitive = true\n}\noutput "o" { value = var.o }\n'


@pytest.mark.parametrize("text", [SHOWN, UNUSED + SHOWN, SHOWN.replace('"joe"', 'nonsensitive(sensitive("joe"))')])
def test_what_is_not_sensitive_is_shown(tmp_path: Path, text: str) -> None:
    put(tmp_path, "main.tf", text)
    (key,) = report(tmp_path)["keys"]
    assert (key["user"], key["owner"], key["lifetime"][0]["value"]) == ("joe", "team", "2025-03-04")


IDLE = "Parameters:\n  Password: {Type: String, NoEcho: true, Default: admin}\n  Token: {Type: String, NoEcho: true}\nResources:\n"
ADMIN = 'resource "aws_iam_user" "admin" {\n  name = "admin"\n}\n' + KEY.replace(".u.", ".admin.")


def test_a_secret_that_no_key_uses_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, "main.tf", ADMIN)
    put(tmp_path, "stack.yaml", IDLE + "  K:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: ci}\n")
    text = scan(tmp_path)[1]
    assert "(sensitive)" not in text
    assert '| resource "aws_iam_access_key" "k" {' in text
    assert "|   K:" in text
    assert "+    Metadata:" in text
    assert [key["user"] for key in report(tmp_path)["keys"]] == ["admin", "ci"]
