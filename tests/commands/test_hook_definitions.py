"""What .pre-commit-hooks.yaml and action.yml promise, as far as no host is needed; tests/hosts runs them for real."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from posturio_iac.commands import COMMANDS, hook
from posturio_iac.commands.fix import arguments as fix_arguments
from posturio_iac.commands.parser import parse
from posturio_iac.commands.scan import COMMAND

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, dict[str, Any]] = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())

TERRAFORM = (
    "main.tf", "a/b/main.tofu", "x.tf.json", "x.tofu.json", "override.tf", "a_override.tf.json", "terraform.tfvars",
    "terraform.tfvars.json", "x.auto.tfvars", "with space.tf", "line\nbreak.tf", "ümläut/x.tf", "-dash.tf", "root.hcl",
    "live/prod/user/terragrunt.hcl", "terragrunt.stack.hcl", "x.tfcomponent.hcl",
)  # fmt: skip
TEMPLATES = ("a.yaml", "a/b.yml", "a.json", "x.template", "serverless.yml", "x.template.json", "A.YAML", "x.cfn", "cdk.out/a.template.json")
NEITHER = (
    "main.tf.bak", "main.tfstate", "tf", "a.tf/readme.md", "main.py", "README.md", "x.tfvarsx", "yaml", "a.yamlx", "template", "x.jsonl",
    ".terraform.lock.hcl", "notes.txt", "x.tf.j2", "image.png",
)  # fmt: skip
LIVE = "posturio-iac-live"
FIX = "posturio-iac-fix"
COMMAND_LINES = {"hook": hook.COMMAND, "fix": fix_arguments.COMMAND}


KINDS = ((TERRAFORM, ["posturio-iac", "posturio-iac-terraform", FIX]), (TEMPLATES, ["posturio-iac", "posturio-iac-cloudformation", FIX]))


@pytest.mark.parametrize(("path", "hooks"), [(path, hooks) for paths, hooks in (*KINDS, (NEITHER, [])) for path in paths])
def test_a_file_triggers_the_hooks_of_its_kind(path: str, hooks: list[str]) -> None:
    assert [name for name in HOOKS if name != LIVE and re.search(HOOKS[name]["files"], path)] == hooks


@pytest.mark.parametrize("name", [name for name in HOOKS if name != LIVE])
def test_hook_is_one_process_that_gets_the_names(name: str) -> None:
    definition = HOOKS[name]
    assert (definition["require_serial"], definition["pass_filenames"], definition["language"]) == (True, True, "python")
    program, command, *options = shlex.split(definition["entry"])
    assert program == "posturio-iac"
    assert command in COMMANDS
    parse(COMMAND_LINES[command], [*options, "--", "x.tf"])
    assert "additional_dependencies" not in definition


def test_live_hook_runs_only_when_it_is_asked_for_and_brings_what_it_needs() -> None:
    definition = HOOKS[LIVE]
    assert (definition["stages"], definition["pass_filenames"], definition["always_run"]) == (["manual"], False, True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert definition["additional_dependencies"] == project["optional-dependencies"]["live"]
    assert shlex.split(definition["entry"])[1] in COMMANDS


SCRIPTS = [step for step in ACTION["runs"]["steps"] if "run" in step]


def test_action_uses_only_githubs_cache_by_its_hash_and_puts_no_input_into_a_script() -> None:
    (other,) = (step for step in ACTION["runs"]["steps"] if "run" not in step)
    assert re.fullmatch(r"actions/cache@[0-9a-f]{40}", other["uses"])
    for step in SCRIPTS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_action_asks_for_options_that_exist() -> None:
    flags = COMMAND.flags()
    for step in SCRIPTS:
        for flag in re.findall(r"(?<=[( ])--[a-z-]+(?= )", step["run"]):
            assert flag in flags or "-m pip" in step["run"]
    assert {"path", "fail-on", "sarif-file", "args"} <= ACTION["inputs"].keys()
