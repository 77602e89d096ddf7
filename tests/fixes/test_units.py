"""Units of Terragrunt: the tag goes into the inputs of the unit, so that it ends no other one's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.fixing import OWNER, fix
from tests.support.fixture_tools import scan

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """\
variable "tags" {
  type    = map(string)
  default = {}
}

variable "name" {}

resource "aws_iam_user" "u" {
  name = var.name
  tags = var.tags
}

resource "aws_iam_access_key" "k" {
  user = aws_iam_user.u.name
}
"""
UNIT = """\
terraform {
  source = "../../mod"
}

inputs = {
  name = "ci"
  tags = {
    team = "payments" # who
  }
}
"""
SHARED = 'inputs = {\n  tags = {\n    team = "payments"\n  }\n}\n'
INCLUDING = """\
include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "../../mod"
}

inputs = {
  name = "b"
}
"""


def put(root: Path, **files: str) -> None:
    for name, text in {"mod/main.tf": MODULE, **{name.replace("__", "/") + ".hcl": text for name, text in files.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_each_unit_gets_its_own_end(tmp_path: Path) -> None:
    put(tmp_path, live__a__terragrunt=UNIT, live__b__terragrunt=UNIT.replace('"ci"', '"b"'))
    assert fix(tmp_path, "--write", "--in", "60d")[0] == 0
    ends = [(tmp_path / f"live/{name}/terragrunt.hcl").read_text() for name in "ab"]
    assert [text.count("    expires = ") for text in ends] == [1, 1]
    assert (tmp_path / "mod/main.tf").read_text() == MODULE
    assert scan(tmp_path)[1]["findings"] == []


def test_only_the_bytes_of_the_entry_change(tmp_path: Path) -> None:
    unit = UNIT.replace(" # who", "")
    put(tmp_path, live__a__terragrunt=unit)
    fix(tmp_path, "--write", "--expires", "2026-12-31")
    expected = unit.replace('team = "payments"', 'team    = "payments"\n    expires = "2026-12-31"')
    assert (tmp_path / "live/a/terragrunt.hcl").read_text() == expected
    assert fix(tmp_path, "--write")[0] == 0


def test_inputs_that_units_share_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, live__root=SHARED, live__b__terragrunt=INCLUDING)
    fix(tmp_path, "--write", "--in", "60d", "--owner", OWNER)
    assert (tmp_path / "live/root.hcl").read_text() == SHARED
    assert (tmp_path / "live/b/terragrunt.hcl").read_text() == INCLUDING
    assert "expires" in (tmp_path / "mod/main.tf").read_text()
