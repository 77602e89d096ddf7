"""SARIF as others judge it: the official schema, and Microsoft's validator with GitHub's additional demands.

The nox session ``sarif`` installs the validator and names its folder in SARIF_MULTITOOL.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import FormatChecker, validators

from posturio_iac.cli import main
from posturio_iac.core.finding import Report
from tests.support import canned
from tests.support.canned import rendered

MULTITOOL = Path(os.environ["SARIF_MULTITOOL"])
FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
ACCEPTED = {
    "SARIF2002": "messages are whole texts, not templates with arguments",
    "SARIF2003": "where the code comes from is not known offline",
    "SARIF2006": "the addresses of schema and pages are not fetched",
    "SARIF2009": "rule ids follow their own scheme",
    "SARIF2010": "no snippets: the code is in the repository",
    "SARIF2011": "the same",
}
"""Notes about what is so on purpose, with the reason."""


def validator() -> Any:
    schema = json.loads((MULTITOOL / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    return validators.validator_for(schema)(schema, format_checker=FormatChecker())


def complaints(log: Path) -> list[tuple[str, str]]:
    """Return what the validator says about a file, without the notes that are accepted."""
    said = log.with_suffix(".validation.sarif")
    command = [str(MULTITOOL / "Sarif.Multitool"), "validate", str(log), "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
    done = subprocess.run([*command, "--output", str(said)], capture_output=True, text=True, check=False, timeout=120)
    assert said.exists(), done.stdout + done.stderr
    results = json.loads(said.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    found = [(r["ruleId"], r.get("level", "warning"), str(r["message"])) for r in results]
    return [(rule, message) for rule, level, message in found if level != "note" or rule not in ACCEPTED]


@pytest.mark.parametrize("report", [canned.report, canned.hostile, canned.repeated, canned.empty])
def test_canned_reports_satisfy_schema_and_validator(report: Callable[[], Report], tmp_path: Path) -> None:
    text = rendered("sarif", report(), canned.context(text=lambda _path: "\n" * 50, exit_code=1, prefix="infra/"))
    assert [error.message for error in validator().iter_errors(json.loads(text))] == []
    (tmp_path / "r.sarif").write_text(text, encoding="utf-8")
    assert complaints(tmp_path / "r.sarif") == []


def test_a_scan_of_the_fixtures_does(tmp_path: Path) -> None:
    log = tmp_path / "r.sarif"
    main(["scan", str(FIXTURES), "--format", "sarif", "--output", str(log)])
    made = json.loads(log.read_text(encoding="utf-8"))
    assert len(made["runs"][0]["results"]) > 100
    assert [error.message for error in validator().iter_errors(made)] == []
    assert complaints(log) == []


def test_the_validator_sees_what_is_wrong(tmp_path: Path) -> None:
    made = json.loads(rendered("sarif", canned.report(), canned.context()))
    made["runs"][0]["tool"]["driver"]["rules"][0]["id"] = ""
    del made["runs"][0]["results"][0]["locations"]
    (tmp_path / "r.sarif").write_text(json.dumps(made), encoding="utf-8")
    assert complaints(tmp_path / "r.sarif") != []
