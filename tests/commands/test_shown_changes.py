"""The change beside a finding is a help: a crash while it is planned hides no finding."""

from __future__ import annotations

from pathlib import Path

from posturio_iac.cli import main
from posturio_iac.fixes import shown
from tests.support.command_line import Capture, Patch
from tests.support.terraform_programs import write

KEY = 'resource "aws_iam_user" "%s" {\n  name = "%s"\n}\n\nresource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.%s.name\n}\n'


def test_a_crash_is_said_and_the_findings_are_shown(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    def broken(*_: object) -> None:
        raise IndexError("tuple index\x1b out of range")

    monkeypatch.setattr(shown, "shown", broken)
    write(tmp_path, {f"{name}.tf": KEY % (name, name, name, name) for name in "ab"})
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
