"""Where the results of a scan go, and that a scan which searches nothing says so."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import KEY, Capture, Patch, environment, run

pytest_plugins = ["tests.support.cli_fixtures"]


@pytest.mark.usefixtures("tree", "found")
class TestOutputs:
    def test_an_output_before_its_format_and_text_by_itself(self, capsys: Capture, tree: Path) -> None:
        assert run(capsys, "scan", "--output", "r.json", "--format", "json")[1] == ""
        assert run(capsys, "scan", "--output", "r.json", "--output", "r.csv")[1:] == ("", "wrote r.json, r.csv: 2 findings in 1 key\n")
        assert run(capsys, "scan", "--output", "r.json", "--quiet")[1:] == ("", "")
        assert run(capsys, "scan", "--output", "r.json", "--format", "text")[1].startswith("iam.tf:1:1:")
        assert json.loads((tree / "r.json").read_text())["version"] == 1
        assert run(capsys, "scan", "--output", "r.txt")[1] == ""
        assert (tree / "r.txt").read_text().startswith("iam.tf:1:1:")

    def test_a_file_is_replaced_with_its_mode(self, capsys: Capture, tree: Path) -> None:
        report = tree / "r.txt"
        report.write_text("old")
        report.chmod(0o604)
        inode = report.stat().st_ino
        (tree / "link").symlink_to("r.txt")
        run(capsys, "scan", "--output", "link")
        assert report.read_text().startswith("iam.tf:1:1:")
        assert stat.S_IMODE(report.stat().st_mode) == 0o604
        assert report.stat().st_ino != inode
        assert sorted(path.name for path in tree.iterdir()) == ["iam.tf", "link", "r.txt"]

    @pytest.mark.parametrize(
        ("name", "start"),
        [
            ("r.json", '{"version":'),
            ("R.SARIF", '{\n  "$schema"'),
            ("r.sarif.json", '{\n  "$schema"'),
            ("r.md", "#"),
            ("r.csv", "status,"),
            ("r.xml", "<?xml"),
            ("r", "iam.tf:1:1:"),
            ("json", "iam.tf:1:1:"),
        ],
    )
    def test_the_ending_of_a_file_names_its_format(self, capsys: Capture, tree: Path, name: str, start: str) -> None:
        assert run(capsys, "scan", "-o", name)[:2] == (1, "")
        assert "".join((tree / name).read_text().split()).startswith("".join(start.split()))

    def test_several_endings_make_several_reports_and_a_format_wins_over_an_ending(self, capsys: Capture, tree: Path) -> None:
        run(capsys, "scan", "-f", "gitlab", "-o", "c.json", "-o", "a.json", "-o", "b.csv")
        assert json.loads((tree / "a.json").read_text())["version"] == 1
        assert (tree / "b.csv").read_text().startswith("status,")
        assert json.loads((tree / "c.json").read_text())[0]["severity"]

    def test_a_device_is_written_and_not_replaced(self, capsys: Capture) -> None:
        assert run(capsys, "scan", "--output", os.devnull)[0] == 1
        assert Path(os.devnull).is_char_device()

    def test_what_cannot_be_written_is_incomplete(self, capsys: Capture) -> None:
        code, out, err = run(capsys, "scan", "--output", "iam.tf/r.txt", "--format", "json")
        assert (code, out, err) == (3, "", "posturio-iac: cannot write iam.tf/r.txt: not a directory\n")

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (("--format", "text", "--format", "json"), "two reports would go to standard output; give each --format its own --output"),
            (("--format", "text", "--output", "a", "--format", "json", "--output", "a"), "two reports would go to a;"),
            (
                ("--format", "json", "--output", "a", "--output", "b"),
                "--output b has no --format before it, and its extension selects none",
            ),
            (("--format", "jsno"), 'auto, not "jsno"; did you mean "json"?'),
        ],
    )
    def test_reports_that_do_not_pair_are_refused(self, capsys: Capture, argv: tuple[str, ...], message: str) -> None:
        code, out, err = run(capsys, "scan", *argv)
        assert (code, out) == (2, "")
        assert message in err


class TestNothingFound:
    def test_it_is_one_line(self, capsys: Capture, tree: Path) -> None:
        (tree / "iam.tf").write_text('resource "aws_iam_user" "ci" {}')
        code, out, err = run(capsys, "scan")
        assert code == 0
        assert out.startswith("No access keys are declared in 1 file; ")
        assert err == ""
        assert run(capsys, "scan", "--quiet") == (0, "", "")
        assert json.loads(run(capsys, "scan", "--format", "json")[1])["summary"]["files"] == 1

    def test_it_loads_neither_model_nor_rules(self, tree: Path) -> None:
        (tree / "iam.tf").write_text("")
        unneeded = "argparse dataclasses json pathlib subprocess tomllib typing posturio_iac.core.model"
        code = (
            "import sys; before = set(sys.modules); from posturio_iac.cli import main; assert main(['scan']) == 0;"
            f"print(sorted((set({unneeded.split()!r}) & sys.modules.keys()) - before))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tree, env=environment())
        assert done.stdout.splitlines()[1] == "[]"


class TestProcess:
    def test_a_terminal_that_knows_only_ascii_gets_escapes(self, tree: Path) -> None:
        (tree / "é.tf").write_text("")
        command = [sys.executable, "-m", "posturio_iac", "scan", "gé"]
        done = subprocess.run(command, capture_output=True, cwd=tree, env=environment(PYTHONIOENCODING="ascii"), check=False)
        assert done.returncode == 2
        assert done.stderr == b"posturio-iac: g\\xe9: no such file or directory\n"


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
