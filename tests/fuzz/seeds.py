"""What is fuzzed starts here: the programs of the fixtures, and small ones for the files that no fixture has."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from functools import cache
from typing import Any

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.live.inventory import Inventory
from posturio_iac.live.model import Account, DeployedKey, DeployedUser
from posturio_iac.retire.ledger_history import Ledger, UnfinishedRun, account_line
from posturio_iac.retire.ledger_lines import KeyChange, KeyChangeKind, encode
from tests.fuzz.execution import LONGEST
from tests.support.attacks import SOUND
from tests.support.command_line import ROOT
from tests.support.report_results import declared, deployed, finding, result
from tests.support.states import pulled, shown

Program = dict[str, bytes]
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
MODULE = 'variable "name" {\n  default = "ci"\n}\nresource "aws_iam_access_key" "k" {\n  user = var.name\n}\n'


@cache
def programs() -> tuple[Program, ...]:
    """The programs of the fixtures that are small enough to be changed thousands of times, and those below."""
    folders = sorted(folder for folder in (ROOT / "fixtures").glob("*/*") if folder.is_dir())
    found = [{p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()} for folder in folders]
    extra = ({name: text.encode() for name, text in program.items()} for program in EXTRA)
    return *(program for program in found if sum(map(len, program.values())) < LONGEST // 2), *extra


KNOWN = finding(declared("aws_iam_access_key.sound"), until="2027-01-31", reason="known", owner="payments", content="c" * 32)
EXTRA = (
    {
        "posturio-iac.toml": 'baseline = "known.json"\n',
        "main.tf": SOUND,
        "known.json": json.dumps(
            {"version": 1, "written": "2026-11-01", "findings_then": 2, "findings": [KNOWN, {**KNOWN, "until": None}]}
        ),
    },
    {
        "live/terragrunt.stack.hcl": 'locals {\n  team = "payments"\n}\nunit "user" {\n  source = "../units/user"\n  path = "user"\n'
        '  values = {\n    name = "${local.team}-ci"\n  }\n}\nstack "s" {\n  source = "../stacks/s"\n  path = "s"\n}\n',
        "units/user/terragrunt.hcl": 'terraform {\n  source = "../../modules/iam"\n}\n'
        'locals {\n  e = read_terragrunt_config("../env.hcl")\n}\n'
        'inputs = merge(local.e.inputs, {\n  name = "${values.name}-${basename(get_terragrunt_dir())}"\n})\n',
        "units/env.hcl": 'inputs = {\n  name = "env"\n}\n',
        "stacks/s/terragrunt.stack.hcl": 'unit "u" {\n  source = "../../units/user"\n  path = "u"\n}\n',
        "modules/iam/main.tf": MODULE,
    },
    {
        "stack/a.tfcomponent.hcl": 'variable "team" {\n  type = string\n}\nprovider "aws" "main" {\n  config {\n    default_tags {\n'
        "      tags = { owner = var.team }\n    }\n  }\n}\n"
        'component "user" {\n  for_each = toset(["a", "b"])\n  source = "../modules/iam"\n'
        '  inputs = {\n    name = "${var.team}-${each.key}"\n  }\n  providers = {\n    aws = provider.aws.main\n  }\n}\n',
        "stack/d.tfdeploy.hcl": 'locals {\n  team = "payments"\n}\ndeployment "dev" {\n  inputs = {\n    team = local.team\n  }\n}\n',
        "modules/iam/main.tf": MODULE,
    },
)
CONFIGURATIONS = [
    *(path.read_bytes() for path in sorted((ROOT / "fixtures").glob("*/*/posturio-iac.toml"))),
    *(
        block.encode()
        for page in sorted((ROOT / "docs").glob("*.md"))
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    ),
]
CI = ("aws_iam_access_key.ci", "AKIAIOSFODNN7EXAMPLE", "ci")
EACH = ('module.mail.module.users["a.b"].aws_iam_access_key.this["x"]', "AKIAIOSFODNN7EXAMPL2", "mail-x")
COUNTED = ("module.old.aws_iam_access_key.this[1]", "AKIAIOSFODNN7EXAMPL3", "old")
STATES = (pulled(CI, EACH, COUNTED), shown(CI, EACH, COUNTED), {"version": 4, "encrypted_data": "x"})
USED = "{0}_active,{0}_last_rotated,{0}_last_used_date,{0}_last_used_region,{0}_last_used_service"
CREDENTIAL_REPORT = (
    f"user,arn,user_creation_time,password_enabled,{USED.format('access_key_1')},{USED.format('access_key_2')}\n"
    "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A\n"
    "ci,arn:aws:iam::123456789012:user/ci,2020-01-01T00:00:00+00:00,false,true,2024-01-01T00:00:00+00:00,2026-01-01T00:00:00+00:00,"
    "us-east-1,s3,false,2023-01-01T00:00:00+00:00,no_information,N/A,N/A\n"
    '"a ""b""",arn:aws:iam::123456789012:user/x/a,2021-01-01T00:00:00+00:00,true,false,N/A,N/A,N/A,N/A,true,N/A,,,\n'
).encode()


def results() -> tuple[Any, ...]:
    first, second, third = deployed("ci"), deployed("old", account="444455556666", age=None), declared("aws_iam_access_key.k")
    ignored = finding(second, "ownerless", suppressed={"reason": "known", "source": "baseline", "until": None})
    said = [{"level": "error", "message": "x"}]
    return result([first, second, third], [finding(first), ignored, finding(third)]), result(), result([deployed("x")], [], said)


def ledger() -> bytes:
    user = DeployedUser("ci", "arn:aws:iam::123456789012:user/ci", (("owner", "x"),))
    key = DeployedKey(user, "****MPLE", "Active", AS_OF, None, key_id="AKIAIOSFODNN7EXAMPLE")
    told = encode(Inventory(Account("123456789012"), [key], diagnostics=[Diagnostic(Level.ERROR, "denied", account="123456789012")]))
    detail = {"finding": "f" * 32, "rule": "iam.unused_access_keys", "account": "123456789012", "user": user.arn}
    known = Ledger(last_run=AS_OF, unfinished=UnfinishedRun(AS_OF, "options", {"123456789012": told}))
    known.keys["a" * 32] = [KeyChange(AS_OF, kind, "a" * 32, AS_OF, dict(detail)) for kind in KeyChangeKind]
    known.saw_finding("f" * 32, AS_OF, key="a" * 32, detail=detail)
    begun = '{"at": "2026-11-24T00:00:00Z", "run": "begun", "options": "x"}'
    return f"{known.text(AS_OF)}{begun}\n{account_line('123456789012', told)}\n".encode()


OLD_LEDGER = {
    "posturio_iac_state": 2,
    "active": {"a" * 32: "2026-11-01T00:00:00Z"},
    "inactive": {"b" * 32: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]},
    "findings": {"f" * 32: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]},
}
