"""What is fuzzed starts here: the programs of the fixtures, and small ones for the files that no fixture has."""

# ruff: noqa: E501 - a block stands on one line of its program

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.live.inventory import Inventory
from posturio_iac.live.model import Account, DeployedKey, DeployedUser
from posturio_iac.retire.ledger_history import Ledger, UnfinishedRun, account_line
from posturio_iac.retire.ledger_lines import KeyChange, KeyChangeKind, encode
from tests.fuzz.execution import LONGEST
from tests.support.fixture_tools import FIXTURES
from tests.support.report_results import declared, deployed, finding, result
from tests.support.states import ancient, pulled, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Program = dict[str, bytes]
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
KEY = 'resource "aws_iam_user" "u" {\n  name = var.name\n  tags = { owner = var.name }\n}\n'
KEY += 'resource "aws_iam_access_key" "k" {\n  user = aws_iam_user.u.name\n}\n'
MODULE = 'variable "name" {\n  type = string\n  default = "ci"\n}\n' + KEY + 'output "secret" {\n  value = aws_iam_access_key.k.secret\n}\n'


@cache
def programs() -> tuple[Program, ...]:
    """The programs of the fixtures, each small enough to be changed thousands of times, with the files of the others."""
    return (*(program for folder in _folders() if (program := _program(folder))), *map(_encoded, EXTRA))


def _folders() -> Iterator[Path]:
    for group in sorted(FIXTURES.iterdir()):
        yield from sorted(folder for folder in group.iterdir() if folder.is_dir()) if group.is_dir() else ()


def _program(folder: Path) -> Program:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return files if sum(map(len, files.values())) < LONGEST // 2 else {}


def _encoded(program: dict[str, Any]) -> Program:
    return {name: (text if isinstance(text, str) else json.dumps(text, indent=1)).encode() for name, text in program.items()}


EXTRA: tuple[dict[str, Any], ...] = (
    {
        "main.tf.json": {
            "variable": {"name": {"type": "string", "default": "ci"}},
            "locals": [{"all": ["a", "b"]}],
            "resource": {
                "aws_iam_user": {"u": {"for_each": "${toset(local.all)}", "name": "${var.name}-${each.key}", "tags": {"owner": "x"}}},
                "aws_iam_access_key": {
                    "//": 'posturio: expires="2027-01-31"',
                    "k": [{"user": '${aws_iam_user.u["a"].name}', "lifecycle": {"replace_triggered_by": ["time_rotating.r.id"]}}],
                },
                "time_rotating": {"r": {"rotation_days": 30}},
            },
            "module": {"m": {"source": "./m", "name": "${var.name}", "count": 2}},
            "output": {"o": {"value": "${aws_iam_access_key.k.secret}", "sensitive": True}},
        },
        "m/main.tf": MODULE,
    },
    {
        "main.tf": 'variable "name" {}\nvariable "ends" {\n  type = map(object({ day = string, on = optional(bool, true) }))\n}\n' + KEY,
        "terraform.tfvars": 'name = "ci"\nends = {\n  a = { day = "2027-01-31" }\n  "b" = { day = "x", on = false }\n}\n',
        "prod.auto.tfvars": "name = <<EOT\nci\nEOT\n",
        "more.auto.tfvars.json": {"name": "json", "ends": {"a": {"day": "2027-01-31", "on": None}}},
    },
    {
        "posturio-iac.toml": 'baseline = "known.json"\n',
        "main.tf": MODULE,
        "known.json": {
            "version": 1,
            "written": "2026-11-01",
            "findings_then": 2,
            "findings": [
                {
                    "rule": "iam.access_keys_without_lifetime",
                    "address": "aws_iam_access_key.k",
                    "path": "main.tf",
                    "root": "",
                    "fingerprint": "f" * 32,
                    "content": "c" * 32,
                    "reason": "known",
                    "owner": "payments",
                    "until": "2027-01-31",
                },
                {"rule": "iam.ownerless_access_keys", "address": "x", "fingerprint": "e" * 32, "reason": "known", "until": None},
            ],
        },
    },
    {
        "CODEOWNERS": "# all\n* @all\n/infra/ @infra @acme/team mail@example.com\n*.tf @tf\n/a/**/b*.tf @b\ndocs/* \n[Section][2] @s\n^[Optional]\n!x @y\n",
        "infra/main.tf": MODULE,
    },
    {
        "live/root.hcl": 'generate "provider" {\n  path = "p.tf"\n  contents = <<EOT\nprovider "aws" {\n  default_tags {\n'
        '    tags = { Owner = "x", expires = "${local.end}" }\n  }\n}\nEOT\n}\nlocals {\n  end = "2027-01-31"\n}\n',
        "live/dev/iam/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n  expose = true\n}\nterraform {\n'
        '  source = "../../../modules//iam"\n}\nlocals {\n  e = read_terragrunt_config("../env.hcl")\n}\ndependency "d" {\n  config_path = "../d"\n}\n'
        'inputs = merge(local.e.inputs, {\n  name = "ci-${basename(get_terragrunt_dir())}"\n})\n',
        "live/dev/env.hcl": 'inputs = {\n  name = "env"\n}\n',
        "live/dev/terragrunt.stack.hcl": 'locals {\n  team = "payments"\n}\nunit "user" {\n  source = "../../units/user"\n  path = "user"\n'
        '  values = {\n    name = "${local.team}-ci"\n  }\n}\nstack "s" {\n  source = "../../stacks/s"\n  path = "s"\n  values = { name = "s" }\n}\n',
        "units/user/terragrunt.hcl": 'terraform {\n  source = "../../modules/iam"\n}\ninputs = {\n  name = values.name\n}\n',
        "stacks/s/terragrunt.stack.hcl": 'unit "u" {\n  source = "../../units/user"\n  path = "u"\n  values = { name = values.name }\n}\n',
        "modules/iam/main.tf": MODULE,
    },
    {
        "stack/a.tfcomponent.hcl": 'variable "team" {\n  type = string\n}\nprovider "aws" "main" {\n  config {\n    default_tags {\n'
        "      tags = { owner = var.team }\n    }\n  }\n}\n"
        'component "user" {\n  for_each = toset(["a", "b"])\n  source = "../modules/iam"\n  inputs = {\n    name = "${var.team}-${each.key}"\n  }\n'
        '  providers = {\n    aws = provider.aws.main\n  }\n}\noutput "s" {\n  type = string\n  value = component.user["a"].secret\n}\n',
        "stack/d.tfdeploy.hcl": 'locals {\n  team = "payments"\n}\ndeployment "dev" {\n  inputs = {\n    team = local.team\n  }\n}\n'
        'deployment "prod" {\n  inputs = {\n    team = "payments"\n  }\n}\n',
        "modules/iam/main.tf": MODULE,
    },
    {
        "main.tf": 'module "m" {\n  source = "acme/keys/aws"\n  version = "~> 1.0"\n  name = "x"\n}\n'
        'module "n" {\n  source = "git::https://github.com/acme/x.git//a?ref=v1"\n}\n',
        ".terraform/modules/modules.json": {
            "Modules": [
                {"Key": "", "Source": "", "Dir": "."},
                {"Key": "m", "Source": "registry.terraform.io/acme/keys/aws", "Version": "1.2.3", "Dir": ".terraform/modules/m"},
                {"Key": "m.inner", "Source": "./inner", "Dir": ".terraform/modules/m/inner"},
                {"Key": "n", "Source": "git::https://github.com/acme/x.git//a?ref=v1", "Dir": ".terraform/modules/n/a"},
            ]
        },
        ".terraform/modules/m/main.tf": 'module "inner" {\n  source = "./inner"\n}\n',
        ".terraform/modules/m/inner/main.tf": MODULE,
        ".terraform/modules/n/a/main.tf": MODULE,
    },
)
OPTIONS: tuple[dict[str, Any], ...] = (
    {
        "max_lifetime_days": 60,
        "unused_days": 45,
        "grace_days": 14,
        "require": "declared",
        "warn_days": 14,
        "fail_on": "low",
        "strict": False,
        "severity": {"ownerless_access_keys": "medium"},
        "select": ["ownerless_access_keys", "iam.access_keys_without_lifetime"],
        "exclude": ["vendor/", "*.generated.tf", "/a/**/b"],
        "max_file_size": "10MB",
        "timeout": 5,
        "engine": "terraform",
        "engine_version": "1.9.8",
    },
    {
        "ignore": ["expiring_access_keys"],
        "var_files": ["x.tfvars"],
        "parameters": ["p.json"],
        "baseline": ["known.json"],
        "source_url": "https://github.com/acme/x/blob/main/{path}#L{line}",
        "custom_types": ["Custom::Key"],
        "names": {
            "prefixes": ["acme"],
            "expiry": ["end"],
            "rotation": [],
            "rotate_by": [],
            "rotated_on": [],
            "owner": ["guild"],
            "exempt": [],
        },
        "overrides": [
            {"paths": ["prod/**"], "max_lifetime_days": 30},
            {"tags": {"system": "legacy-*"}, "max_lifetime_days": 180, "reason": "twice a year", "until": "2027-06-30"},
            {"users": ["/payments/*"], "require": "enforced"},
        ],
        "suppressions": [{"rule": "ownerless_access_keys", "path": "s/**", "address": "*", "reason": "sandbox", "until": "2027-03-31"}],
        "owners": [{"users": "/payments/*", "owner": "payments"}],
    },
    {
        "known_modules": [
            {
                "registry": ["acme/keys/aws", "app.terraform.io/acme/keys/aws"],
                "repository": "github.com/acme/x//a",
                "versions": [
                    {
                        "range": "< 2.0",
                        "keys": [
                            {
                                "resource": "aws_iam_access_key.this",
                                "enabled_by": ["enabled"],
                                "disabled_by": ["off"],
                                "defaults": {"enabled": True, "off": False, "name": "x"},
                                "user": ["ci-{name}"],
                                "path": "/x/",
                                "tags": ["tags"],
                                "fixed_tags": {"owner": "x"},
                                "max_age": "age",
                                "secrets": ["secret"],
                            }
                        ],
                    },
                    {"range": ">= 2.0", "creates": False},
                ],
            }
        ]
    },
)
"""Configurations in which each option stands once with a value that is right."""
CI = ("aws_iam_access_key.ci", "AKIAIOSFODNN7EXAMPLE", "ci")
EACH = ('module.mail.module.users["a.b"].aws_iam_access_key.this["x"]', "AKIAIOSFODNN7EXAMPL2", "mail-x")
COUNTED = ("module.old.aws_iam_access_key.this[1]", "AKIAIOSFODNN7EXAMPL3", "old")
STATES = (pulled(CI, EACH, COUNTED), shown(CI, EACH, COUNTED), ancient(CI, COUNTED), {"version": 4, "encrypted_data": "x"})
CREDENTIAL_REPORT = (
    b"user,arn,user_creation_time,password_enabled,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    b"access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    b"access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service\n"
    b"<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A\n"
    b"ci,arn:aws:iam::123456789012:user/ci,2020-01-01T00:00:00+00:00,false,true,2024-01-01T00:00:00+00:00,2026-01-01T00:00:00+00:00,"
    b"us-east-1,s3,false,2023-01-01T00:00:00+00:00,no_information,N/A,N/A\n"
    b'"a ""b""",arn:aws:iam::123456789012:user/x/a,2021-01-01T00:00:00+00:00,true,false,N/A,N/A,N/A,N/A,true,N/A,,,\n'
)


def results() -> tuple[Any, ...]:
    """Return saved results: of code, of accounts, suppressed, incomplete."""
    first, second, third = deployed("ci"), deployed("old", account="444455556666", age=None), declared("aws_iam_access_key.k")
    found = [
        finding(first),
        finding(second, "ownerless", suppressed={"reason": "known", "source": "baseline", "until": None}),
        finding(third),
    ]
    return result([first, second, third], found), result(), result([deployed("x")], [], [{"level": "error", "message": "x"}])


def ledger() -> bytes:
    """A ledger with a change of each kind, and a run that was interrupted."""
    user = DeployedUser("ci", "arn:aws:iam::123456789012:user/ci", (("owner", "x"),))
    key = DeployedKey(user, "****MPLE", "Active", AS_OF, None, key_id="AKIAIOSFODNN7EXAMPLE")
    told = encode(Inventory(Account("123456789012"), [key], diagnostics=[Diagnostic(Level.ERROR, "denied", account="123456789012")]))
    detail = {"finding": "f" * 32, "rule": "iam.unused_access_keys", "account": "123456789012", "user": user.arn}
    known = Ledger(last_run=AS_OF, unfinished=UnfinishedRun(AS_OF, "options", {"123456789012": told}))
    for kind in KeyChangeKind:
        known.keys.setdefault("a" * 32, []).append(KeyChange(AS_OF, kind, "a" * 32, AS_OF, dict(detail)))
    known.saw_finding("f" * 32, AS_OF, key="a" * 32, detail=detail)
    return f"{known.text(AS_OF)}{json.dumps({'at': '2026-11-24T00:00:00Z', 'run': 'begun', 'options': 'x'})}\n{account_line('123456789012', told)}\n".encode()


OLD_LEDGER = {
    "posturio_iac_state": 2,
    "active": {"a" * 32: "2026-11-01T00:00:00Z"},
    "inactive": {"b" * 32: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]},
    "findings": {"f" * 32: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]},
}
