"""What names, tags and paths hold reaches no CI service as a command, and no output is lost in silence."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from posturio_iac.core.text.terminal import JSON_SHARP, inert
from tests.support.attacks import FORMATS, SOUND, put, scan
from tests.support.command_line import MISSING, environment, shown

COMMANDS = ("##vso[task.setvariable variable=x]y", "##[error]x", "###[group]", "a##[x]", "\\##[x]")


def hostile(root: Path, command: str) -> None:
    quoted = command.replace("\\", "\\\\")
    user = f'resource "aws_iam_user" "u" {{\n  name = "{quoted}"\n  tags = {{ owner = "{quoted}", expires = "{quoted}" }}\n}}\n'
    put(root, f"{command}/x{command}.tf", f'{user}resource "aws_iam_access_key" "k" {{\n  user = aws_iam_user.u.name\n}}\n')


@pytest.mark.promise("CI commands")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", FORMATS)
def test_ci_commands_in_formats(tmp_path: Path, name: str, command: str) -> None:
    hostile(tmp_path, command)
    _, out, err = scan(tmp_path, "--verbose", "--format", name)
    assert "##vso[" not in out + err
    assert "##[" not in out + err
    match name:
        case "json":
            assert json.loads(out)["keys"][0]["user"] == command
        case "sarif" | "gitlab":
            assert json.dumps(command)[1:-1] in json.dumps(json.loads(out))
        case "junit":
            assert len(ET.fromstring(out)) == 1  # noqa: S314 - made by us
        case "csv":
            assert next(csv.DictReader(io.StringIO(out)))["status"] == "open"


@pytest.mark.parametrize("text", ["#", "##", "## a", "#[", "\\u0023#[", "##a-b["])
def test_what_is_no_command_stays(text: str) -> None:
    assert json.loads(inert(json.dumps(text), JSON_SHARP)) == text


def run(root: Path, *arguments: str, stdout: Any = subprocess.PIPE, code: str = "", **more: str) -> tuple[int, str, str]:
    command = [sys.executable, *(["-c", code] if code else ["-m", "posturio_iac"]), *arguments]
    done = subprocess.run(command, cwd=root, env=environment(**more), stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=60)
    error = done.stderr.decode()
    assert "Traceback" not in error
    return done.returncode, (done.stdout or b"").decode(), error


@pytest.mark.promise("lost output")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", FORMATS)
def test_lost_output_on_full_disk(tmp_path: Path, name: str, unbuffered: str) -> None:
    put(tmp_path, "sound.tf", SOUND)
    with Path("/dev/full").open("wb") as full:
        code, _, error = run(tmp_path, "scan", "--format", name, stdout=full, PYTHONUNBUFFERED=unbuffered)
    assert (code, "cannot write to standard output: no space left on device" in error) == (3, True)


_LIMITED = """\
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from posturio_iac.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lost_output_when_the_disk_fills_in_the_middle(tmp_path: Path, unbuffered: str) -> None:
    """A file of at most 100 bytes takes the beginning of a report and refuses the rest."""
    put(tmp_path, "sound.tf", SOUND)
    with (tmp_path / "out").open("wb") as out:
        code, _, error = run(tmp_path, "scan", "--format", "json", stdout=out, code=_LIMITED, PYTHONUNBUFFERED=unbuffered)
    assert (code, "cannot write to standard output: file too large" in error) == (3, True)


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_large_report_reaches_a_slow_pipe_whole(tmp_path: Path, unbuffered: str) -> None:
    put(tmp_path, "sound.tf", "".join(SOUND.replace("sound", f"s{n}") for n in range(200)))
    assert len(json.loads(run(tmp_path, "scan", "--format", "json", PYTHONUNBUFFERED=unbuffered)[1])["keys"]) == 200


def shell(root: Path, command: str) -> tuple[int, str]:
    """Run a command as the installed program does, which ends otherwise than ``python -m``."""
    words = ["sh", "-c", f'"$0" -c "from posturio_iac.cli import program; program()" {command}', sys.executable]
    done = subprocess.run(words, cwd=root, env=environment(), capture_output=True, timeout=60, check=False)
    return done.returncode, done.stderr.decode()


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("command", ["scan", "scan --format json", "--version", "scan --help", "explain"])
def test_crash_closed_stdout(tmp_path: Path, command: str) -> None:
    put(tmp_path, "sound.tf", SOUND)
    assert shell(tmp_path, f"{command} >&-") == (3, "posturio-iac: cannot write to standard output: it is closed\n")


def test_a_report_in_a_file_needs_no_standard_output(tmp_path: Path) -> None:
    put(tmp_path, "sound.tf", SOUND)
    code, error = shell(tmp_path, "scan --format json --output r.json >&-")
    assert (code, error) == (1, "wrote r.json: 2 findings in 1 key\n")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["summary"]["flagged"] == 1


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("closing", ["2>&-", "<&-", "<&- >&- 2>&-"])
def test_crash_closed_streams(tmp_path: Path, closing: str) -> None:
    put(tmp_path, "sound.tf", SOUND)
    put(tmp_path, "broken.tf", "locals {\n")
    code, error = shell(tmp_path, f"scan --format json --output r.json {closing}")
    assert (code, "Traceback" in error) == (3, False)
    assert (tmp_path / "r.json").stat().st_size > 100


TEMPLATE = "Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: !Ref U, Status: %s}\n  U: {Type: AWS::IAM::User}\n"


@pytest.mark.parametrize("status", ["Activ", "Aktiv", "Expired ", "\u202e"])
@pytest.mark.parametrize("kind", ["terraform", "cloudformation", "plan"])
def test_schema_status(tmp_path: Path, kind: str, status: str) -> None:
    text = json.dumps(status)
    if kind == "terraform":
        put(tmp_path, "a.tf", SOUND.replace("sound.name", f"sound.name\n  status = {text}"))
    elif kind == "cloudformation":
        put(tmp_path, "a.yaml", TEMPLATE % text)
    else:
        after = {"user": "x", "status": status}
        change = {"address": "aws_iam_access_key.k", "mode": "managed", "type": "aws_iam_access_key", "name": "k"}
        change["change"] = {"actions": ["create"], "before": None, "after": after}  # type: ignore[assignment]
        put(tmp_path, "a.json", json.dumps({"format_version": "1.2", "resource_changes": [change]}))
    _, out, err = scan(tmp_path, "--format", "json")
    (key,) = json.loads(out)["keys"]
    assert key["status"] == "Active"
    assert "which is treated as active" in err


@pytest.mark.promise("messages")
def test_one_file_gives_no_more_than_a_hundred_messages(tmp_path: Path) -> None:
    put(tmp_path, "sound.tf", SOUND)
    lines = "".join(f"# posturio:ignore[iam.nothing_{n}] reason=x\n" for n in range(500))
    put(tmp_path, "many.tf", lines + SOUND.replace("sound", "many"))
    code, out, err = scan(tmp_path)
    assert (code, ("sound.tf:1:1", "MEDIUM", MISSING) in shown(out)) == (1, True)
    said = [line for line in err.splitlines() if line.startswith("many.tf")]
    assert len(said) == 101
    assert sum("more messages about this file are omitted" in line for line in said) == 1


@pytest.mark.promise("links out")
def test_folders_are_not_made_behind_a_link_that_leads_out(tmp_path: Path) -> None:
    """Missing folders of an output are made, but not where a link of the repository leads."""
    root, outside = tmp_path / "repository", tmp_path / "outside"
    outside.mkdir()
    put(root, "sound.tf", SOUND)
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    (root / "results").symlink_to(outside)
    code, _, error = run(root, "scan", "--output", "results/new/report.json")
    assert (code, "a symbolic link leads outside" in error) == (3, True)
    assert list(outside.iterdir()) == []
