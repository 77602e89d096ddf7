"""How much work a scan and a hook do, as counts that are the same on every machine: a loop that became quadratic shows here."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import Mock

import pytest

from benchmarks.trees import ONE_KEY, TREES, modules
from posturio_iac.commands.reporting.reports import Sources, shown_changes
from posturio_iac.config import Config
from posturio_iac.contract import RenderContext
from posturio_iac.core.text import textfile
from posturio_iac.fixes.carry_out import carry_out
from posturio_iac.render import renderer
from posturio_iac.render import sarif as log
from posturio_iac.scan import judge_paths
from tests.support.repository import Repository

COUNTING = """
import collections, json, os, sys

tree, counts = os.getcwd() + os.sep, collections.Counter(opened=0, parsed=0, searched=0, compiled=0)
OTHERS = ("json/decoder.py", "difflib.py", "importlib/_bootstrap.py", "/_re.py")
OTHERS += tuple(f"{name}/{part}.py" for name in ("tomli", "tomllib") for part in ("__init__", "_parser"))
FUNCTIONS = {"tree_of": "parsed", "plain_file": "parsed", "are_in": "searched", "are_in_code": "searched", "text": "searched"}


def opened(event, arguments):
    if event == "open" and str(arguments[0]).startswith(tree):
        counts["opened"] += 1


def called(frame, event, _argument):
    if event != "call":
        return
    code = frame.f_code
    if code.co_name in FUNCTIONS and code.co_filename.endswith(("kinds.py", "module_calls.py", "syntax/tree.py", "plain_file.py")):
        counts[FUNCTIONS[code.co_name]] += 1
    elif code.co_name == "compile" and code.co_filename.endswith(("re/_compiler.py", "sre_compile.py")):
        while "posturio_iac" not in (name := frame.f_code.co_filename).replace(os.sep, "/") or name.endswith("lazy_pattern.py"):
            if frame.f_back is None or name.endswith(OTHERS):
                return
            frame = frame.f_back
        counts["compiled"] += 1


sys.addaudithook(opened)
from posturio_iac.cli import main
sys.setprofile(called)
main(sys.argv[1:])
sys.setprofile(None)
sys.stderr.write("\\n" + json.dumps(counts))
"""
AS_OF = ("--as-of", "2026-11-27")


def work(folder: Path, *arguments: str) -> dict[str, int]:
    command = [sys.executable, "-c", COUNTING, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    counts: dict[str, int] = json.loads(done.stderr.splitlines()[-1])
    return counts


COUNTED = ("opened", "parsed", "searched", "compiled")
ADOPTED = "adopt --write baseline,config,hook --rev v1 --until 2027-06-30 --reason x"


def written_out(root: Path, scale: int) -> None:
    """A root module of what most code is made of: one key, and much that has nothing to do with it."""
    block = """
locals {
  all%(n)d = { for k, v in var.zones : k => { for one in v : one.name => one.id if one.on } }
  one%(n)d = substr(terraform.workspace, length(local.name), 1) == "-" ? "a" : "b"
}
module "m%(n)d" {
  source    = "github.com/acme/m?ref=%(n)d" # v1
  providers = { aws.core = aws.core }
  tags      = merge(local.tags, { Name = "${local.name}-%(n)d" })
}
resource "aws_iam_policy" "p%(n)d" {
  policy = jsonencode({ Resource = ["${module.m%(n)d.arn}/*"], Action = "glue:create-action" })
}
"""
    (root / "main.tf").write_text(f'{ONE_KEY}variable "zones" {{\n}}\n')
    for n in range(scale):
        (root / f"f{n}.tf").write_text("".join(block % {"n": 20 * n + part} for part in range(20)))


@pytest.mark.parametrize(
    ("tree", "scale", "counts"),
    [
        ("modules", 10, (44, 30, 30, 2)),
        ("monorepo", 24, (150, 11, 165, 28)),
        ("monorepo", 96, (523, 26, 597, 31)),
        ("units", 20, (89, 24, 61, 17)),
        ("registry", 10, (62, 5, 70, 5)),
        ("noise", 10, (50, 0, 30, 3)),
        ("written-out", 10, (16, 2, 21, 36)),
    ],
)
def test_a_scan_does_this_much(tmp_path: Path, tree: str, scale: int, counts: tuple[int, ...]) -> None:
    {**TREES, "written-out": written_out}[tree](tmp_path, scale)
    assert work(tmp_path, "scan", *AS_OF) == dict(zip(COUNTED, counts, strict=True))


@pytest.mark.parametrize(
    ("command", "count", "caller", "changed", "counts"),
    [
        ("hook", 10, False, slice(None), (25, 10, 50, 2)),
        ("hook", 20, False, slice(None), (45, 20, 100, 2)),
        ("hook", 20, False, slice(3, 4), (26, 1, 43, 2)),
        ("hook", 10, True, slice(None), (46, 21, 54, 4)),
        ("hook", 20, True, slice(None), (86, 41, 104, 4)),
        ("adopt", 10, True, slice(0), (72, 52, 12, 40)),
        ("adopt", 20, True, slice(0), (132, 102, 22, 40)),
        (ADOPTED, 10, True, slice(0), (71, 52, 12, 11)),
        (ADOPTED, 20, True, slice(0), (131, 102, 22, 11)),
    ],
)
def test_a_hook_and_its_adoption_do_this_much(
    tmp_path: Path, command: str, count: int, changed: slice, counts: tuple[int, ...], *, caller: bool
) -> None:
    tree = modules(tmp_path, count, files=1, caller=caller)
    Repository(tmp_path).commit_all()
    assert work(tmp_path, *command.split(), *AS_OF, *tree.files[changed]) == dict(zip(COUNTED, counts, strict=True))


def test_a_hook_on_a_template_looks_into_each_program_once(tmp_path: Path) -> None:
    template = "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: app.h}}\n"
    for file in (f"{n}/{name}" for n in range(9) for name in ("t.yaml", "app.py")):
        Repository(tmp_path).write(file, template if file.endswith("t.yaml") else "import boto3\n")
    Repository(tmp_path).commit_all()
    assert work(tmp_path, "hook", *AS_OF, "0/t.yaml") == dict(zip(COUNTED, (41, 0, 18, 13), strict=True))


@pytest.mark.parametrize("name", ["text", "json", "sarif"])
def test_a_report_reads_each_file_and_plans_each_change_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    modules(tmp_path, 10, files=1)
    root = tmp_path.joinpath("modules").rename(tmp_path / "live")  # modules that nothing calls are given no end
    report = judge_paths([str(root)], as_of=datetime(2026, 11, 27, tzinfo=timezone.utc), cwd=str(root))
    read, plan = Mock(side_effect=textfile.read), Mock(side_effect=carry_out)
    monkeypatch.setattr("posturio_iac.commands.reporting.reports.read", read)
    monkeypatch.setattr("posturio_iac.fixes.planner.carry_out", plan)
    log._digest.cache_clear()
    sources = Sources(str(root))
    context = RenderContext(sources.line, str(root), 0.0, text=sources.text, change=shown_changes(report, Config(), sources))
    text = "".join(renderer(name)(report, context))
    assert text.count("expires = ") >= len(report.keys) == read.call_count == plan.call_count == 10
    assert log._digest.cache_info().misses == (1 if name == "sarif" else 0), "of alike lines, each is hashed once"
