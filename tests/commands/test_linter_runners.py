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
