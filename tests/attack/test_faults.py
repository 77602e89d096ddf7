"""Full disks, signals, closed pipes, locales, owners, wrong clocks, trees that change: nothing is lost, and nothing is silent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.attacks import FORMATS, SOUND, lay, posturio, put, tracked
from tests.support.attacks import bounded_scan as scan
from tests.support.command_line import environment
from tests.support.forks import python_in_fork
from tests.support.interrupted import interrupted
from tests.support.report_results import deployed, finding, result

DAY = ("--as-of", "2026-11-24")
KEY = deployed("ci")
ADOPTION = ("--until", "2027-06-30", "--reason", "x", "--in", "60d", "--owner", "x")
WRITERS: dict[str, tuple[tuple[str, ...], int]] = {
    "scan": (("scan", *DAY, "--format", "json", "--output", "r.json", "--format", "sarif", "--output", "s.sarif"), 2),
    "baseline": (("baseline", *DAY, "--reason", "known", "--until", "2099-12-31"), 1),
    "adopt": (("adopt", *DAY, "--write", "fix,baseline,config,hook,ci=github", *ADOPTION), 4),
    "fix": (("fix", *DAY, "--in", "60d", "--write"), 2),
    "report": (("report", "saved.json", "--output", "r.md"), 1),
}
"""The commands that write, and how many files each of them changes at least."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"sound.tf": SOUND, "m/main.tf": SOUND.replace("sound", "other"), "r.json": '{"old": true}\n', "r.md": "old\n"}
    files |= {"saved.json": json.dumps(result([KEY], [finding(KEY)]))}
    made = tracked(tmp_path / "root", files)
    made.commit()
    return made.path


@pytest.mark.promise("whole files")
@pytest.mark.parametrize(("name", "kind"), [*((name, "SIGTERM") for name in WRITERS), ("fix", "SIGINT"), ("scan", "SIGHUP")])
def test_a_signal_at_each_step_of_writing(root: Path, tmp_path: Path, name: str, kind: str) -> None:
    arguments, count = WRITERS[name]
    told = interrupted(root, tmp_path / "place", kind, arguments, stride=1 if name == "scan" else 2)  # the others take the most
    assert told["wrong"] == []
    assert len(told["changed"]) >= count
    assert len(told["codes"]) > 5 * count
    assert set(told["codes"][:-1]) <= ({99} if kind == "SIGINT" else {-15, -1})


@pytest.mark.promise("whole files")
@pytest.mark.parametrize("size", [0, 100])
@pytest.mark.parametrize(("arguments", "count"), WRITERS.values(), ids=WRITERS)
def test_a_full_disk(root: Path, tmp_path: Path, arguments: tuple[str, ...], count: int, size: int) -> None:
    told = interrupted(root, tmp_path / "place", "FULL", arguments, size)
    assert (told["wrong"], told["codes"], len(told["changed"]) >= count) == ([], [3], True)


def piped(root: Path, closed: str, *arguments: str) -> tuple[int, str]:
    """Run a command whose standard output or error is a pipe that nobody reads any more; return its exit code and the other stream."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "posturio_iac", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: writer}
    done = subprocess.run(command, cwd=root, env=environment(), check=False, timeout=60, **streams)  # type: ignore[call-overload] # streams
    os.close(writer)
    return done.returncode, (done.stderr if closed == "stdout" else done.stdout).decode()


PIPED = "scan | fix --in 60d | adopt | explain | report saved.json --format markdown | scan --format json | --help | completion bash"


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("command", PIPED.split(" | "))
def test_a_reader_that_has_gone_away_is_no_error(root: Path, command: str) -> None:
    code, said = piped(root, "stdout", *command.split())
    assert code in (0, 1)
    assert "Traceback" not in said
    assert "posturio-iac:" not in said


@pytest.mark.promise("lost output")
@pytest.mark.parametrize("command", ["scan", "fix --in 60d", "adopt", "scan --no-such-option", "baseline", "hook sound.tf broken.tf"])
def test_messages_that_nobody_reads_change_no_result(root: Path, command: str) -> None:
    put(root, "broken.tf", "locals {\n")
    wanted = posturio(root, *command.split())
    subprocess.run(["git", "clean", "-qf", "posturio-iac-baseline.json"], cwd=root, check=True)
    code, shown = piped(root, "stderr", *command.split())
    assert (code, _untimed(shown)) == (wanted[0], _untimed(wanted[1]))


def _untimed(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "", text)


@pytest.mark.parametrize("name", FORMATS)
def test_a_locale_that_knows_ascii_only(tmp_path: Path, name: str) -> None:
    put(tmp_path, "m\u00fcnchen/\u65e5.tf", SOUND.replace('"sound"\n}', '"\u00fcser"\n}'))
    stubborn = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    code, _, err = scan(tmp_path, "--format", name, more=stubborn)
    assert code == 1, err
    if name not in ("text", "html", "github", "markdown"):  # which tell how long the scan took
        assert scan(tmp_path, "--format", name, more={"LC_ALL": "C"})[:2] == scan(tmp_path, "--format", name)[:2]


@pytest.mark.parametrize("when", ["1970-01-01", "1999-12-31T23:59:59Z", "2014-12-31", "0001-01-02", "9999-12-30"])
def test_a_clock_that_is_wrong(root: Path, when: str) -> None:
    code, out, err = posturio(root, "scan", "--as-of", when, "--format", "json")
    assert (code, len(json.loads(out)["keys"]) if out else "must be" in err or "as-of" in err) in ((1, 2), (2, True))
    for path in root.glob("*.tf"):
        os.utime(path, (-(10**9), -(10**9)))
    assert scan(root, "--changed-since", "HEAD")[0] in (0, 1)


_CLOCK = """\
import sys, datetime
class Wrong(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls({}, tzinfo=tz)
datetime.datetime = Wrong
from posturio_iac.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("now", ["1970, 1, 1", "2014, 12, 31", "9999, 12, 31"])
@pytest.mark.parametrize("command", ["scan", "fix --in 60d", "baseline --reason x", "adopt"])
def test_the_clock_of_the_machine_is_wrong(root: Path, now: str, command: str) -> None:
    words, imported = ["posturio-iac", *command.split()], ("tests.support.scanned",)
    done = python_in_fork(root, _CLOCK.format(now), words, environment(), imported=imported, seconds=60)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.returncode in (0, 1, 2)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files to another user")
def test_the_checkout_of_another_user_is_searched_without_its_git(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    code, out, err = scan(root)
    assert (code, "sound.tf:1:1" in out, "Traceback" in err) == (1, True, False)
    code, out, err = scan(root, "--changed-since", "HEAD")
    assert (code, out) == (2, "")
    assert "dubious ownership" in err
    assert f"; if you trust it: git config --global --add safe.directory {root}\n" in err


_AGAIN = """\
import io, sys
from contextlib import redirect_stderr, redirect_stdout
from posturio_iac.cli import main
for _ in range(12):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["scan", "--format", "json"])
    assert code in (0, 1, 3), (code, err.getvalue())
    assert "internal error" not in err.getvalue(), err.getvalue()
    assert '"sound/main.tf"' in out.getvalue()
"""


@pytest.mark.promise("the rest")
def test_a_tree_that_changes_meanwhile(tmp_path: Path) -> None:
    lay(tmp_path, {f"{name}/main.tf": SOUND for name in ("sound", *(f"m{number}" for number in range(60)))})
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            path = tmp_path / f"m{number % 60}" / "main.tf"
            made = tmp_path / "made"
            match number // 60 % 5:
                case 0:
                    os.mkfifo(made)
                case 1:
                    made.symlink_to("/dev/zero")
                case 2:
                    made.symlink_to("../m0/main.tf")
                case 3:
                    made.write_text(SOUND[: number % 100])
                case _:
                    made.write_text(SOUND)
            made.replace(path)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        again = [sys.executable, "-c", _AGAIN]
        ran = subprocess.run(again, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=120)
    finally:
        done.set()
        changing.join()
    assert ran.returncode == 0, ran.stderr
