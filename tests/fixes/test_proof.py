"""An edit changes what its finding is about, and no other key, now or on the day after an end that it states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.fixing import fix
from tests.support.fixture_tools import scan

if TYPE_CHECKING:
    from pathlib import Path

BOT = """\
variable "tags" {
  type    = map(string)
  default = {}
}

resource "aws_iam_user" "bot" {
  name = "bot"
  tags = var.tags
}

resource "aws_iam_access_key" "bot" {
  user = aws_iam_user.bot.name
}
"""
UNIT = 'terraform {\n  source = "../../modules/bot"\n}\n\ninputs = {%s}\n'
EACH = """\
resource "aws_iam_user" "bot" {
  for_each = { old = { expires = "2024-02-01" }, mailer = { expires = "2026-12-01" }, nobody = {} }
  name     = each.key
  tags     = each.value
}

resource "aws_iam_access_key" "bot" {
  for_each = aws_iam_user.bot
  user     = each.value.name
}
"""
OLD_AND_NEW = """\
locals {
  keys = {
    old = "Inactive"
    new = "Active"
  }
}

resource "aws_iam_user" "ci" {
  name = "ci"
  tags = { owner = "ci@example.com" }
}

resource "aws_iam_access_key" "ci" {
  for_each = local.keys
  user     = aws_iam_user.ci.name
  status   = each.value
}
"""
TWO = """\
resource "aws_iam_user" "ci" {
  name = "ci"
  tags = { owner = "ci@example.com" }
}

resource "aws_iam_access_key" "v1" {
  user = aws_iam_user.ci.name
}

resource "aws_iam_access_key" "v2" {
  user = aws_iam_user.ci.name
}
"""


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_tf", ".tf").replace("_hcl", ".hcl").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_an_end_in_a_module_does_not_revive_the_expired_key_of_another_unit(tmp_path: Path) -> None:
    put(tmp_path, modules__bot__main_tf=BOT, live__prod__terragrunt_hcl=UNIT % '\n  tags = { expires = "2026-03-01" }\n')
    put(tmp_path, live__stage__terragrunt_hcl=UNIT % "")
    expired = {f["fingerprint"] for f in scan(tmp_path)[1]["findings"] if f["rule"] == "iam.expired_access_keys"}
    fix(tmp_path, "--write")
    assert len(expired) == 1
    assert expired <= {f["fingerprint"] for f in scan(tmp_path)[1]["findings"]}


def test_an_end_beside_computed_tags_overrules_none_of_them(tmp_path: Path) -> None:
    put(tmp_path, main_tf=EACH)
    findings = scan(tmp_path)[1]["findings"]
    assert not any("merge(" in f["remediation"] for f in findings)
    fix(tmp_path, "--write")
    assert "merge({ expires" in (tmp_path / "main.tf").read_text(encoding="utf-8")
    left = {f["fingerprint"] for f in findings if f["rule"] != "iam.access_keys_without_lifetime"}
    assert {f["fingerprint"] for f in scan(tmp_path)[1]["findings"]} == left


def test_the_end_of_a_disabled_key_does_not_end_an_active_one(tmp_path: Path) -> None:
    put(tmp_path, main_tf=OLD_AND_NEW)
    assert fix(tmp_path, "--select", "iam.lingering_inactive_access_keys")[:2] == (0, "")


def test_two_keys_of_one_user_get_no_rotation(tmp_path: Path) -> None:
    put(tmp_path, main_tf=TWO, **{"posturio-iac_toml": 'require = "enforced"\n'})
    code, diff, said = fix(tmp_path, "--unsafe")
    assert (code, diff) == (0, "")
    assert "its user has two keys" in said
