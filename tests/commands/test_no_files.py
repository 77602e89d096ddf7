"""A scan that searches nothing says so, and fails where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import KEY, Capture, Patch, run


@pytest.mark.parametrize(("more", "code", "warns"), [((), 0, True), (("--fail-on-no-files",), 2, True), (("--quiet",), 0, False)])
def test_no_code(capsys: Capture, tmp_path: Path, more: tuple[str, ...], code: int, *, warns: bool) -> None:
    (tmp_path / "notes.md").write_text("nothing\n", encoding="utf-8")
    found, _, err = run(capsys, "scan", str(tmp_path), *more)
    assert found == code
    assert ("no Terraform or CloudFormation files here" in err) is warns


def test_a_folder_with_code_is_no_such_case(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("locals {}\n", encoding="utf-8")
    assert run(capsys, "scan", str(tmp_path), "--fail-on-no-files")[0] == 0
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    code, _, err = run(capsys, "scan", str(tmp_path), "--fail-on-no-files")
    assert (code, err) == (1, "")


def test_files_that_could_not_be_read_are_not_called_missing(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    for more in ((), ("--fail-on-no-files",)):
        code, _, err = run(capsys, "scan", str(tmp_path / "main.tf"), "--max-file-size", "1", *more)
        assert (code, "exceeds the limit" in err, "no Terraform" in err) == (3, True, False)


def test_a_named_file_of_another_language_is_not_passed_over(capsys: Capture, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stack.ts").write_text('new iam.AccessKey(this, "Key", { user });\n', encoding="utf-8")
    (tmp_path / "main.txt").write_text(KEY, encoding="utf-8")
    (tmp_path / "main.tf").write_text("locals {}\n", encoding="utf-8")
    text = "is neither Terraform nor CloudFormation by its name, and holds no resource for a key, so nothing in it is checked"
    assert run(capsys, "scan", "stack.ts", "main.tf")[2] == f"warning: stack.ts {text}\n"
    assert run(capsys, "scan", "stack.ts", "--quiet")[2] == ""
    assert text not in run(capsys, "scan", "main.txt", "main.tf", ".")[2]
