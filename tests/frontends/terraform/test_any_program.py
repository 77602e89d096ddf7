"""Programs of any shape: reading them has an end, raises nothing, and says of each key where it stands."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from posturio_iac.core.model import Span, Unknown
from tests.support.any_program import programs
from tests.support.command_line import environment
from tests.support.terraform_programs import keys, reading, write


@settings(max_examples=40)
@given(files=programs())
def test_any_program_is_read(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str | bytes]) -> None:
    root = tmp_path_factory.mktemp("any")
    found = reading(root, files)
    for key in found.keys:
        assert isinstance(key.span, Span)
        assert key.span.path in files
        assert isinstance(key.user, (str, Unknown))
        assert isinstance(key.status, (str, Unknown))
        assert key.owner is None or isinstance(key.owner, (str, Unknown))
        assert all(e.source for e in key.lifetimes)
        assert "\n" not in key.address
    assert len({(k.scope, k.address) for k in found.keys}) == len(found.keys)


HELD = 'resource "terraform_data" "d{}" {{ {} }}\n'
AHEAD = [f"terraform_data.d{i}.id" for i in range(30)]
TRIGGERED = 'user = "x"\n  lifecycle {\n    replace_triggered_by = [terraform_data.last]\n  }'


def doubling(twice: str, first: str = '["x"]') -> str:
    lines = "".join(f"  d{i + 1} = {twice.format(i)}\n" for i in range(40))
    return f"locals {{\n  d0 = {first}\n{lines}}}\n"


@pytest.mark.parametrize(
    "code",
    [
        "locals {\n  a = local.b\n  b = local.a\n}\n",
        'resource "terraform_data" "a" { input = terraform_data.b.output }\nresource "terraform_data" "b" { input = terraform_data.a.output }\nlocals { a = terraform_data.a.output }\n',
        'module "x" {\n  source = "./x"\n  in = module.x.out\n}\nlocals { a = module.x.out }\n',
        'resource "aws_iam_user" "a" { name = aws_iam_access_key.k.user }\nlocals { a = aws_iam_user.a.name }\n',
        'resource "aws_iam_user" "a" {\n  for_each = aws_iam_user.a\n  name = each.key\n}\nlocals { a = aws_iam_user.a["x"].name }\n',
        'resource "aws_iam_user" "a" {\n  count = length(aws_iam_user.a)\n  name = "x"\n}\nlocals { a = aws_iam_user.a[0].name }\n',
        "locals {\n  a = [for x in local.a : x]\n}\n",
        "locals {\n" + "".join(f"  l{i} = local.l{i + 1}\n" for i in range(3000)) + "  l3000 = 1\n  a = local.l0\n}\n",
        doubling('"${{local.d{0}}}${{local.d{0}}}"', '"x"') + "locals { a = local.d40 }\n",
        doubling("[local.d{0}, local.d{0}]") + "locals { a = flatten(local.d40)[0] }\n",
        doubling("concat(local.d{0}, local.d{0})") + "locals { a = local.d40[0] }\n",
        doubling("[local.d{0}, local.d{0}]") + "locals { a = (true ? local.d40 : [])[0] }\n",
        "".join(HELD.format(i, f"input = [terraform_data.d{i + 1}.output, terraform_data.d{i + 1}.id]") for i in range(40))
        + HELD.format(40, "input = 1")
        + "locals { a = terraform_data.d0.output }\n",
        "".join(HELD.format(i, f"triggers_replace = [{', '.join(AHEAD[(i + n) % 30] for n in (1, 7, 11))}]") for i in range(30))
        + 'locals { a = "${terraform_data.d0.id}" }\n',
        'locals { a = join("", [for x in range(100000) : "x"]) }\n',
        "locals { a = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : z]]][0] }\n",
    ],
)
@pytest.mark.parametrize("where", ["user = local.a", TRIGGERED, "user = aws_iam_user.tagged.name"], ids=["user", "trigger", "tag"])
def test_circles_and_explosions_have_an_end(tmp_path: Path, code: str, where: str) -> None:
    rest = 'resource "terraform_data" "last" { input = local.a }\nresource "aws_iam_user" "tagged" {\n  name = "x"\n  tags = { expires = local.a }\n}\n'
    write(tmp_path, {"main.tf": code + rest + f'resource "aws_iam_access_key" "k" {{\n  {where}\n}}\n'})
    write(tmp_path, {"x/main.tf": 'variable "in" {}\noutput "out" { value = var.in }\n'})
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode in (0, 1, 3), done.stderr[-500:]
    assert "internal error" not in done.stderr
    report = json.loads(done.stdout)
    assert report["keys"] or report["diagnostics"]


def limit() -> None:
    """Keep a run that has no end from taking the machine with it."""
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))


def test_keys_with_special_characters_lead_to_their_own_instance(tmp_path: Path) -> None:
    code = r"""
    locals {
      ends = { "a\"b" = "2027-01-01", "c\\d" = "2027-01-02", "e\nf" = "2027-01-03", "g$${h}" = "2027-01-04" }
    }
    resource "aws_iam_user" "u" {
      for_each = local.ends
      name     = each.key
      tags     = { expires = each.value }
    }
    resource "aws_iam_access_key" "k" {
      for_each = local.ends
      user     = aws_iam_user.u[each.key].name
    }
    """
    found = keys(tmp_path, code)
    assert {a: (k.user_address, [e.value for e in k.lifetimes]) for a, k in found.items()} == {
        f"aws_iam_access_key.k{suffix}": (f"aws_iam_user.u{suffix}", [f"2027-01-0{day}"])
        for day, suffix in enumerate((r'["a\"b"]', r'["c\\d"]', r'["e\nf"]', '["g$${h}"]'), start=1)
    }


@pytest.mark.parametrize("good", [20_000, 0])
def test_a_large_broken_file_is_read_in_time(tmp_path: Path, good: int) -> None:
    bad = 'resource "a" "b" {\n  a = = 1\n}\n'
    text = 'resource "aws_iam_access_key" "k" {\n  user = "x"\n}\n' + bad.replace("= =", "=") * good
    (tmp_path / "main.tf").write_text(text + bad * (1 if good else 5000))
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 3
    assert [k["address"] for k in json.loads(done.stdout)["keys"]] == ["aws_iam_access_key.k"]
