"""A scan leaves nothing behind: who calls the library often, such as an editor, needs no more memory from one to the next."""

from __future__ import annotations

import gc
import re
import weakref
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.trees import modules
from posturio_iac.commands.reporting import reports
from posturio_iac.config import Config
from posturio_iac.core import budget
from posturio_iac.frontends.cloudformation.build import Builder
from posturio_iac.frontends.cloudformation.evaluation.stack import Stack
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry
from posturio_iac.frontends.terraform.modules.call_graph import units_of
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
from posturio_iac.frontends.terraform.modules.tree import ModuleTree
from posturio_iac.frontends.terraform.terragrunt.terragrunt_file import TerragruntFile
from posturio_iac.scan import judge_paths
from posturio_iac.search import discover
from tests.support.command_line import Capture, Patch, run
from tests.support.fixture_tools import FIXTURES

USER = 'resource "aws_iam_user" "u" {\n  name = "ci"\n}\n'
KEY = 'resource "aws_iam_access_key" "k" {\n  user = "ci"\n}\n'
UNHURRIED = Config().with_values(timeout=600)  # looking through all objects takes long


def living(monkeypatch: Patch, kind: type[object]) -> weakref.WeakSet[object]:
    """The objects of one class that are made from now on, as long as they live."""
    made: weakref.WeakSet[object] = weakref.WeakSet()
    initialise: Any = kind.__init__

    def remembered(self: object, *given: Any, **named: Any) -> None:
        made.add(self)
        initialise(self, *given, **named)

    monkeypatch.setattr(kind, "__init__", remembered)
    return made


def left() -> set[int]:
    gc.collect()
    return {id(found) for found in gc.get_objects() if isinstance(found, ModuleInstance)}


def test_no_module_outlives_its_scan() -> None:
    folder: Path = FIXTURES / "access_keys_without_lifetime" / "clean_secret_rotation_in_a_module"
    before = left()
    report = judge_paths([str(folder)], as_of=datetime(2026, 11, 1, tzinfo=timezone.utc), cwd=str(folder), config=UNHURRIED)
    assert len(report.keys) == 1
    del report
    assert left() <= before


def test_each_root_module_is_forgotten_before_the_next(monkeypatch: Patch, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"root{number}").mkdir()
        (tmp_path / f"root{number}/main.tf").write_text(KEY if number % 2 else USER)
    instances, counts, load = living(monkeypatch, ModuleInstance), [], ModuleTree.root_module

    def counted(self: ModuleTree, path: str) -> ModuleInstance:
        counts.append(len(instances))
        return load(self, path)

    monkeypatch.setattr(ModuleTree, "root_module", counted)
    monkeypatch.setattr(budget, "_WORTH", 0)
    report = judge_paths([str(tmp_path)], as_of=datetime(2026, 11, 1, tzinfo=timezone.utc), cwd=str(tmp_path), config=UNHURRIED)
    assert len(report.keys) == 3
    assert counts == [0] * 6, "three root modules with keys, then three with users of the same name"


def test_a_template_without_keys_and_users_is_forgotten(monkeypatch: Patch, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"t{number}.yaml").write_text(
            "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n        ZipFile: iam.create_access_key()\n"
        )
    counts, build = [], Builder.stack

    def counted(self: Builder, *given: Any) -> Stack:
        counts.append(sum(isinstance(one, (Stack, TemplateEntry)) for one in gc.get_objects()))
        return build(self, *given)

    monkeypatch.setattr(Builder, "stack", counted)
    judge_paths([str(tmp_path)], as_of=datetime(2026, 11, 1, tzinfo=timezone.utc), cwd=str(tmp_path), config=UNHURRIED)
    assert counts[1:] == [counts[1]] * 5


def test_the_code_of_units_is_forgotten(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "module").mkdir()
    (tmp_path / "module/main.tf").write_text(KEY)
    (tmp_path / "root.hcl").write_text('locals {\n  team = "payments"\n}\n')
    for number in range(5):
        (tmp_path / f"unit{number}").mkdir()
        text = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "../module"\n}\n'
        (tmp_path / f"unit{number}/terragrunt.hcl").write_text(text)
    monkeypatch.setattr(budget, "_WORTH", 0)
    opened = living(monkeypatch, TerragruntFile)
    units, problems = units_of(discover([str(tmp_path)], cwd=str(tmp_path)), 1 << 20)
    assert (len(units), problems, len(opened)) == (5, [], 0)
    assert {path for unit in units.values() for path in unit.files if path.endswith("root.hcl")} == {"root.hcl"}
    monkeypatch.setattr("posturio_iac.frontends.terraform.terragrunt.units.MOST", 3)
    units, problems = units_of(discover([str(tmp_path)], cwd=str(tmp_path)), 1 << 20)
    assert (len(units), [(said.path, said.level.value) for said in problems]) == (3, [("unit3/terragrunt.hcl", "error")])
    assert problems[0].message == "this unit and 1 more were not read, since there are more than 3; scan a part at a time"


def test_reports_of_many_files_are_the_same_when_few_files_are_kept(monkeypatch: Patch, tmp_path: Path, capsys: Capture) -> None:
    modules(tmp_path, 5, files=1)
    (tmp_path / "modules").rename(tmp_path / "live")  # modules that nothing calls are given no end
    monkeypatch.chdir(tmp_path)
    targets = ("json", "text", "sarif", "markdown")
    asked = [word for name in targets for word in ("--format", name, "--output", f"made.{name}")]
    command = ("scan", "live", "--as-of", "2026-11-27", "--all", *asked)
    run(capsys, *command)
    before = {name: re.sub(r"\d+ ms|[\d.]+ s\b", "", (tmp_path / f"made.{name}").read_text()) for name in targets}
    assert before["json"].count('"edits"') == 5, "an edit a key: whoever owns it is no text that can be proposed"
    for module, name in ((reports, "_MOST_EDITED"), (reports, "_MOST_CHANGES"), (reports, "_MOST_FILES")):
        monkeypatch.setattr(module, name, 1)
    run(capsys, *command)
    assert {name: re.sub(r"\d+ ms|[\d.]+ s\b", "", (tmp_path / f"made.{name}").read_text()) for name in targets} == before
