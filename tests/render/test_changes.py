"""The change of a finding in each format: the same edits as `posturio-iac fix` makes, and what is shown of them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import validate

from posturio_iac.cli import main
from posturio_iac.core.place import Span
from posturio_iac.fixes import shown
from posturio_iac.fixes.shown import ShownChange, ShownEdit
from posturio_iac.fixes.wanted import Edit
from tests.support.command_line import SCHEMA, Capture, Patch, run
from tests.support.fixture_tools import FIXTURES
from tests.support.terraform_programs import write

HCL = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  path = "/payments/"\n  tags = {\n    a = "ä"\n  }\n}\n\n%s'
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
YAML = "Resources:\n  User: {Type: AWS::IAM::User, Properties: {Path: /payments/}}\n  Key:\n    Type: AWS::IAM::AccessKey\n"
PROGRAMS = {"main.tf": HCL % KEY, "t.yaml": f"{YAML}    Properties: {{UserName: !Ref User}}\n"}


@pytest.fixture(params=sorted(PROGRAMS))
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / request.param).write_text(PROGRAMS[request.param], encoding="utf-8")
    return tmp_path / str(request.param)


def report(capsys: Capture, name: str) -> Any:
    _, out, _ = run(capsys, "scan", "--format", name, "--as-of", "2026-11-24", ".")
    return json.loads(out) if name in ("json", "sarif") else out


def applied(text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]) -> str:
    lines = text.splitlines(keepends=True)

    def offset(place: tuple[int, int]) -> int:
        return sum(map(len, lines[: place[0] - 1])) + place[1] - 1

    for start, end, new in sorted(edits, reverse=True):
        text = text[: offset(start)] + new + text[offset(end) :]
    return text


def mended(file: Path, capsys: Capture) -> str:
    assert run(capsys, "fix", "--write", "--as-of", "2026-11-24", ".")[0] == 0
    return file.read_text(encoding="utf-8")


def test_the_edits_in_json_are_those_of_fix(file: Path, capsys: Capture) -> None:
    made = report(capsys, "json")
    validate(made, SCHEMA)
    (found,) = made["findings"]
    assert found["remedy"]["kind"] in ("add_tag", "add_metadata")
    assert found["fix"]["level"] == ("in_place" if file.suffix == ".tf" else "nothing")
    edits = [((e["line"], e["column"]), (e["end_line"], e["end_column"]), e["replacement"]) for e in found["fix"]["edits"]]
    assert applied(file.read_text(encoding="utf-8"), edits) == mended(file, capsys)


def test_the_replacements_in_sarif_are_those_of_fix(file: Path, capsys: Capture) -> None:
    (result,) = report(capsys, "sarif")["runs"][0]["results"]
    ((change,),) = (fix["artifactChanges"] for fix in result["fixes"])
    assert change["artifactLocation"]["uri"] == file.name
    regions = [(one["deletedRegion"], one["insertedContent"]["text"]) for one in change["replacements"]]
    edits = [((r["startLine"], r["startColumn"]), (r["endLine"], r["endColumn"]), text) for r, text in regions]
    assert applied(file.read_text(encoding="utf-8"), edits) == mended(file, capsys)


def test_text_and_markdown_show_the_lines_that_change(file: Path, capsys: Capture) -> None:
    shown = '      +    expires = "2027-02-19"' if file.suffix == ".tf" else "      +    Metadata:"
    text = report(capsys, "text")
    assert shown in text.splitlines()
    assert '-    a = "ä"' not in text  # only aligned anew
    assert f"```diff\n{shown.strip().replace('+', '+', 1)}" in report(capsys, "markdown")


def test_a_finding_that_a_person_has_to_mend_shows_none(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "main.tf").write_text(HCL.replace('a = "ä"', 'expires = "2026-01-31"') % KEY, encoding="utf-8")
    _, out, _ = run(capsys, "scan", "--format", "json", "--as-of", "2026-11-24", str(tmp_path))
    (found,) = json.loads(out)["findings"]
    assert found["remedy"]["kind"] == "replace_value"
    assert "fix" not in found


def test_an_output_of_a_root_is_shown_as_hidden(capsys: Capture) -> None:
    out = run(capsys, "scan", str(FIXTURES / "exposed_access_key_secrets/flagged_legacy_output_of_module"))[1]
    assert "      +  sensitive = true" in out.splitlines()


NAMED = 'resource "aws_iam_user" "%s" {\n  name = "%s"\n}\n\nresource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.%s.name\n}\n'


def test_a_crash_is_said_and_the_findings_are_shown(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    def broken(*_: object) -> None:
        raise IndexError("tuple index\x1b out of range")

    monkeypatch.setattr(shown, "shown", broken)
    write(tmp_path, {f"{name}.tf": NAMED % (name, name, name, name) for name in "ab"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTURIO_IAC_DEBUG", raising=False)
    assert main(["scan", "."]) == 1
    out, err = capsys.readouterr()
    assert out.count("iam.access_keys_without_lifetime") == 2
    assert "fix: Add tags" in out
    assert "planning the change for aws_iam_access_key.a stopped on an internal error (IndexError: tuple index" in err
    assert "\x1b" not in err
    monkeypatch.setenv("POSTURIO_IAC_DEBUG", "1")
    assert main(["scan", "."]) == 3
    assert "Traceback" in capsys.readouterr().err


DATA = b"one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize(
    ("old", "new", "first", "last", "text"),
    [("one", "1", 1, 1, "1"), ("two", "2", 2, 2, "2"), ("o\nthr", "-", 2, 3, "tw-ee"), ("four", "4", 4, 4, "4")],
)
def test_a_suggestion_stands_at_the_lines_that_it_replaces(old: str, new: str, first: int, last: int, text: str) -> None:
    at = DATA.index(old.encode())
    files: Any = SimpleNamespace(data=lambda _: DATA)
    change: Any = SimpleNamespace(level=None, edits=(Edit("a.tf", at, at + len(old), new),))
    shown = ShownChange(change, files, lambda *lines: lines == ("a.tf", first, last))
    assert shown.suggestion == ShownEdit(Span("a.tf", first, 1, last, 1), text)
