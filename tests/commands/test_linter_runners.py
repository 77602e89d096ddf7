"""The descriptors by which MegaLinter and trunk run the tool: their commands do what the descriptors promise."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import posturio_iac
from tests.support.repository import Repository, flagged

ROOT = Path(__file__).parents[2]
MEGALINTER = ROOT / "mega-linter-plugin-posturio-iac/posturio-iac.megalinter-descriptor.yml"
TRUNK = ROOT / "plugin.yaml"


OF_DESCRIPTORS = {"descriptor_id", "descriptor_type", "descriptor_flavors", "file_extensions", "linters"}
OF_LINTERS = {
    "linter_name", "name", "linter_url", "examples", "cli_lint_mode", "cli_lint_extra_args", "cli_help_arg_name", "cli_version_arg_name",
    "cli_lint_errors_count", "cli_lint_errors_regex", "can_output_sarif", "cli_sarif_args", "install",
}  # fmt: skip
"""What MegaLinter's schema (megalinter-descriptor.jsonschema.json), which allows nothing else, calls what we use.

A validator found no fault in the descriptor by the schema of July 2024, November 2024 and February 2025; the names were compared with
commit 00f4c10 too. The schema itself is under the AGPL, so it is not here.
"""
OF_COMMANDS = {"name", "run", "output", "success_codes", "read_output_from", "is_security", "batch"}
"""What trunk's field reference (trunk-io/docs, commit 00fb590) calls what we use.

trunk publishes no schema in a repository. Each field of ours stands at the same place in several of trunk's own plugins (trunk-io/plugins,
commit bda8e3e), as do the values of ``output``, ``read_output_from`` and ``suggest_if``.
"""
FLAVORS = {"all_flavors", "all", "ci_light", "cupcake", "documentation", "dotnet", "go", "java", "javascript", "php", "python", "ruby"}
FLAVORS |= {"rust", "salesforce", "security", "swift", "terraform"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run(workspace: Repository, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "posturio_iac", *words]
    return subprocess.run(command, cwd=workspace.path, capture_output=True, text=True, timeout=60, check=False)


def workspace(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "workspace")
    made.write("infra/iam.tf", flagged())
    made.commit()
    return made


def test_megalinter_counts_findings_and_gets_sarif(tmp_path: Path) -> None:
    (linter,) = read(MEGALINTER)["linters"]
    place = workspace(tmp_path)
    plain = run(place, *linter["cli_lint_extra_args"])
    found = sum(map(int, re.findall(linter["cli_lint_errors_regex"], plain.stdout)))
    assert (plain.returncode, found) == (1, len(json.loads(run(place, "scan", "--format", "json").stdout)["findings"]))
    sarif = tmp_path / "posturio.sarif"
    words = [str(sarif) if word == "{{SARIF_OUTPUT_FILE}}" else word for word in linter["cli_sarif_args"]]
    assert run(place, *linter["cli_lint_extra_args"], *words).returncode == 1
    assert len(json.loads(sarif.read_text(encoding="utf-8"))["runs"][0]["results"]) == found
    assert run(place, linter["cli_version_arg_name"]).returncode == run(place, linter["cli_help_arg_name"]).returncode == 0


def test_trunk_gets_sarif_and_takes_other_exit_codes_for_a_crash(tmp_path: Path) -> None:
    (linter,) = read(TRUNK)["lint"]["definitions"]
    (command,) = linter["commands"]
    program, *words = shlex.split(command["run"].replace("${target}", "infra/iam.tf"))
    assert program in read(TRUNK)["tools"]["definitions"][0]["shims"]
    done = run(workspace(tmp_path), *words)
    assert done.returncode in command["success_codes"]
    assert json.loads(done.stdout)["runs"][0]["results"][0]["ruleId"] == "iam.access_keys_without_lifetime"


def test_both_install_this_version() -> None:
    assert read(MEGALINTER)["linters"][0]["install"]["pip"] == [f"posturio-iac=={posturio_iac.__version__}"]
    assert [tool["known_good_version"] for tool in read(TRUNK)["tools"]["definitions"]] == [posturio_iac.__version__]
    assert f"/v{posturio_iac.__version__}/{MEGALINTER.relative_to(ROOT).as_posix()}" in MEGALINTER.read_text(encoding="utf-8")


def test_descriptors_hold_what_their_schemas_allow() -> None:
    descriptor = read(MEGALINTER)
    assert descriptor.keys() == OF_DESCRIPTORS
    assert all(linter.keys() == OF_LINTERS for linter in descriptor["linters"])
    assert set(descriptor["descriptor_flavors"]) <= FLAVORS
    assert descriptor["descriptor_type"] in {"language", "format", "tooling_format", "other"}
    assert {linter["cli_lint_mode"] for linter in descriptor["linters"]} <= {"file", "project", "list_of_files"}
    assert {linter["cli_lint_errors_count"] for linter in descriptor["linters"]} <= {
        "regex_number",
        "regex_count",
        "regex_sum",
        "total_lines",
    }
    commands = [command for linter in read(TRUNK)["lint"]["definitions"] for command in linter["commands"]]
    assert [command.keys() for command in commands] == [OF_COMMANDS]
    assert commands[0]["read_output_from"] in {"stdout", "stderr", "tmp_file"}
    assert commands[0]["output"] in {"sarif", "pass_fail", "regex", "rewrite"}
    assert {linter["suggest_if"] for linter in read(TRUNK)["lint"]["definitions"]} <= {"files_present", "config_present", "never"}
