"""The tool says about every program in ``fixtures/`` what its golden file says, and every rule has programs that show it."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.rules import all_rules
from tests.support import fixture_tools, outputs
from tests.support.fixture_tools import AS_OF, FIXTURES, FORMS, KINDS, WITHOUT_PROGRAMS, Case, cases, forms, scan, scan_apart, summary
from tests.support.outputs import OUTPUTS, golden, told

ROOT = Path(__file__).parent.parent
CASES = cases()
SHOWN = sorted(all_rules().keys() - WITHOUT_PROGRAMS.keys())
BY_CONFIGURATION = {"iam.forbidden_access_keys"}
"""Rules that are off until a configuration asks for them, so that a scan of all programs without one shows none."""
ABOUT_LIFETIMES = frozenset(
    f"iam.{name}"
    for name in (
        "access_keys_without_lifetime",
        "expired_access_keys",
        "inert_access_key_rotation",
        "lingering_inactive_access_keys",
        "overdue_access_key_rotations",
        "overlong_access_key_lifetimes",
        "unreadable_access_key_lifetimes",
    )
)
"""Rules for which an unknown value leaves the key undetermined."""


@functools.cache
def plain(case: Case) -> tuple[int, dict[str, Any]]:
    return scan_apart(case)


@pytest.mark.parametrize("case", [*CASES, *forms()], ids=str)
def test_golden(case: Case) -> None:
    assert summary(*plain(case)) == case.golden.read_text(encoding="utf-8"), (
        "if it is right: python -m tests.support.fixture_tools --update"
    )


@pytest.mark.parametrize("name", OUTPUTS)
def test_output(name: str) -> None:
    pairs = zip_longest(told(name).split("\n"), golden(name).read_bytes().decode().split("\n"))
    assert next((pair for pair in pairs if pair[0] != pair[1]), None) is None, "if it is right: python -m tests.support.outputs"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_line_ends_and_a_byte_order_mark_change_nothing(case: Case) -> None:
    def windows(data: bytes) -> bytes:
        return b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    assert summary(*scan_apart(case, change=windows)) == summary(*plain(case))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_program_shows_of_its_rule_what_its_name_says(case: Case) -> None:
    def found(report: dict[str, Any]) -> list[bool]:
        """Whether each finding of the rule is suppressed."""
        return ["suppressed" in finding for finding in report["findings"] if finding["rule"] == case.rule]

    code, report = plain(case)
    match case.kind:
        case "flagged":
            assert False in found(report)
        case "suppressed":
            assert (code, set(found(report))) == (0, {True})
            assert True not in found(scan_apart(case, "--no-suppressions")[1])
        case _:
            assert found(report) == []
    if case.kind == "unknown" and case.rule in ABOUT_LIFETIMES:
        assert "undetermined" in {key["verdict"] for key in report["keys"]}
        assert scan_apart(case, "--strict")[0] == 1


@pytest.mark.parametrize("rule", SHOWN)
def test_every_rule_has_a_program_of_each_kind(rule: str) -> None:
    kinds = {case.name for case in CASES if case.rule == rule}
    assert {"flagged", "clean", "unknown"} <= kinds


def test_rules_modules_programs_and_pages_correspond() -> None:
    short = {rule.partition(".")[2] for rule in all_rules()}
    modules = {p.stem for p in (ROOT / "posturio_iac" / "rules").glob("[!_]*.py")}
    pages = {p.stem.partition(".")[2] for p in (ROOT / "docs" / "rules").glob("iam.*.md")}
    folders = {p.name for p in FIXTURES.iterdir() if p.is_dir()} - FORMS
    assert modules == short
    assert pages == short
    assert folders == short - {rule.partition(".")[2] for rule in WITHOUT_PROGRAMS}


def test_nothing_in_the_folders_of_rules_is_left_out() -> None:
    for folder in sorted({case.folder.parent for case in CASES}):
        expected = {p for case in CASES if case.folder.parent == folder for p in (case.folder, case.golden)}
        assert set(folder.iterdir()) - {folder / "edits.txt"} == expected
    assert {case.kind for case in CASES} == set(KINDS)
    assert {path.stem for path in golden("").parent.iterdir()} == OUTPUTS.keys()


def test_each_program_is_a_root_module_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan of the whole tree says about each program what a scan of it alone says."""
    monkeypatch.chdir(FIXTURES)
    folders = {case.folder.relative_to(FIXTURES).as_posix(): case for case in CASES if case.stands_alone}
    report = scan(Path())[1]
    for kind, facts in (("findings", ("rule", "address", "message")), ("keys", ("address", "verdict", "owner"))):
        together: dict[Case, Counter[tuple[str, ...]]] = {case: Counter() for case in folders.values()}
        for entry in report[kind]:
            case = folders.get("/".join(entry["path"].split("/")[:2]))
            if case is not None:
                folder = f"{'/'.join(entry['path'].split('/')[:2])}/"
                together[case][tuple(str(entry[fact]).replace(folder, "") for fact in facts)] += 1
        for case, seen in together.items():
            alone = Counter(tuple(str(entry[fact]) for fact in facts) for entry in plain(case)[1][kind])
            assert seen == alone, str(case)


def test_scan_of_everything_shows_every_rule() -> None:
    code, report = scan(FIXTURES)
    errors = [d for d in report["diagnostics"] if d["level"] == "error"]
    assert {d["path"].rpartition("/")[2] for d in errors} == {"plan.json"}, "a plan without its code is an error, and nothing else is"
    assert code == 3
    assert {f["rule"] for f in report["findings"] if "suppressed" not in f} == set(SHOWN) - BY_CONFIGURATION
    assert {key["verdict"] for key in report["keys"]} == {"flagged", "clean", "undetermined", "suppressed"}


def test_program_in_a_process_of_its_own() -> None:
    (case,) = (c for c in CASES if str(c) == "access_keys_without_lifetime/flagged")
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", "json", "--as-of", AS_OF, "."]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=case.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert summary(done.returncode, json.loads(done.stdout)) == case.golden.read_text(encoding="utf-8")


def test_update_writes_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "root_access_keys" / "flagged"
    program.mkdir(parents=True)
    (program / "main.tf").write_text('resource "aws_iam_access_key" "root" {\n  user = "root"\n}\n', encoding="utf-8")
    monkeypatch.setattr(fixture_tools, "FIXTURES", tmp_path)
    monkeypatch.setattr(outputs, "update", list)  # of this repository
    assert fixture_tools.main(["root_access_keys"]) == 0
    shown = capsys.readouterr().out
    assert fixture_tools.main(["--update"]) == 0
    written = (tmp_path / "root_access_keys" / "flagged.out").read_text(encoding="utf-8")
    assert "iam.root_access_keys critical aws_iam_access_key.root" in written
    assert shown == f"==> root_access_keys/flagged\n{written}\n"
    assert fixture_tools.main(["--update", "expired_access_keys"]) == 0
