"""Measures a scan against a bare interpreter, ripgrep and checkov on the same tree; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

CACHE = Path(__file__).parent / ".cache"
KEYS = "aws_iam_access_key|awsutils_expiring_iam_access_key|aws_iam_service_specific_credential|AWS::IAM::AccessKey"
CHECKOV_CHECK = "CKV_AWS_273"
ONE_KEY = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n\nresource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Without settings such as PYTHONDONTWRITEBYTECODE, which would have each run compile what an installed package holds compiled."""


@dataclass
class Contender:
    """A program under measurement, with what each of its runs took."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    kilobytes: list[int] = field(default_factory=list)
    cwd: Path | None = None

    def run(self, *, memory: bool = True) -> None:
        """Run and keep the wall time; then run again and keep the peak memory, so that watching costs no time."""
        started = time.perf_counter()
        with self._start() as process:
            process.wait()
        self.seconds.append(time.perf_counter() - started)
        if not memory:
            return
        with self._start() as process:
            self.kilobytes.append(peak(process))

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command, cwd=self.cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def wall(self) -> float:
        """The median wall time in seconds."""
        return median(self.seconds)

    @property
    def memory(self) -> float:
        """The median peak memory in kilobytes."""
        return median(self.kilobytes)


def peak(process: subprocess.Popen[bytes]) -> int:
    """Return the most memory that a program held, in kilobytes.

    On Linux the kernel counts what the parent held at the fork as the child's own, so there its status is read while it runs.
    """
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # wait4 has already taken it
        return usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    most = 0
    while process.poll() is None:
        if found := re.search(r"VmHWM:\s+(\d+)", status.read_text(encoding="ascii", errors="replace")):
            most = int(found[1])
        time.sleep(0.0005)
    return most


def main() -> None:
    """Measure and print."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        tree = given.tree or one_key(Path(folder))
        contenders = [
            Contender("posturio-iac", [*program(given.program), "scan", "--exit-zero", str(tree)]),
            Contender("python -c pass", [sys.executable, "-c", "pass"]),
        ]
        if ripgrep := shutil.which("rg"):
            contenders.append(Contender("rg -l", [ripgrep, "-l", KEYS, str(tree)]))
        if checkov := find_checkov(given):
            options = ["--quiet", "--compact", "--skip-download", "--framework", "terraform", "cloudformation", "--check", CHECKOV_CHECK]
            contenders.append(Contender("checkov", [checkov, "-d", str(tree), *options]))
        for turn in range(given.runs + 1):
            for contender in contenders:
                contender.run()
                if turn == 0:  # warms the caches
                    contender.seconds.clear()
                    contender.kilobytes.clear()
    report(contenders, tree, given.runs)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "tree", nargs="?", type=Path, metavar="DIRECTORY", help="what to scan; without it, or with --one-key, a file with one key"
    )
    parser.add_argument(
        "--one-key", action="store_const", const=None, dest="tree", help="scan a folder that holds one small file with one key"
    )
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument("--checkov", help="an installed checkov")
    parser.add_argument("--install-checkov", action="store_true", help="make an environment for checkov with uv")
    return parser.parse_args()


def program(given: str | None) -> list[str]:
    """Return the start of our command: the console script, as users run it."""
    script = Path(sys.executable).parent / "posturio-iac"
    return [given] if given else [str(script)] if script.exists() else [sys.executable, "-m", "posturio_iac"]


def one_key(folder: Path) -> Path:
    """Write the smallest tree that has a key."""
    (folder / "main.tf").write_text(ONE_KEY, encoding="utf-8")
    return folder


def find_checkov(given: argparse.Namespace) -> str | None:
    """Return the checkov to compare with, made when that was asked for."""
    if given.checkov or not given.install_checkov:
        return str(given.checkov) if given.checkov else None
    return installed("checkov")


def installed(name: str) -> str:
    """Return a peer in an environment of its own, made with uv when it is not there."""
    script = CACHE / name / "bin" / name
    if not script.exists():
        beside = Path(sys.executable).parent / "uv"
        uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
        if uv is None:
            sys.exit(f"uv is not on the PATH, so {name} cannot be installed: pip install uv, or name an installed one with --{name}")
        subprocess.run([uv, "venv", "--quiet", str(CACHE / name)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(CACHE / name), name], check=True)
    return str(script)


def report(contenders: list[Contender], tree: Path, runs: int) -> None:
    """Print a table of medians and ratios, and how the promises fare."""
    ours, *others = contenders
    print(f"{tree}, medians of {runs} interleaved runs\n")
    print(f"{'':16} {'wall':>10} {'ours is':>10} {'peak memory':>14} {'ours is':>10}")
    for c in contenders:
        ratios = (f"{ours.wall / c.wall:9.2f}x", f"{ours.memory / c.memory:9.2f}x") if c is not ours else ("", "")
        print(f"{c.name:16} {c.wall * 1000:7.1f} ms {ratios[0]:>10} {c.memory / 1024:11.1f} MiB {ratios[1]:>10}")
    measured = {c.name: c for c in others}
    for name, hint in (("rg -l", "ripgrep is not installed"), ("checkov", "give --checkov PATH or --install-checkov")):
        if name not in measured:
            print(f"{name:16} left out: {hint}")
    bare = measured["python -c pass"].wall
    print(f"\nof a bare interpreter start: {ours.wall / bare:.2f}x (with one key: at most 8)")
    if "rg -l" in measured:
        print(f"of rg -l plus that start:    {ours.wall / (measured['rg -l'].wall + bare):.2f}x (without keys: at most 3)")


if __name__ == "__main__":
    main()
