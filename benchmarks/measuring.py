"""What all benchmarks share: running programs in turn, and peers and revisions in environments of their own."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).parent / ".cache"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Without settings such as PYTHONDONTWRITEBYTECODE, which would have each run compile what an installed package holds compiled."""
PACKAGES = {"rg": "ripgrep"}
"""Peers whose package has another name than their program."""


@dataclass
class Contender:
    """A program under measurement, with what each of its runs took."""

    name: str
    command: list[str]
    cwd: Path | None = None
    seconds: list[float] = field(default_factory=list)
    """On the wall."""
    worked: list[float] = field(default_factory=list)
    """Seconds of the processors, which a busy machine changes less."""
    kilobytes: list[int] = field(default_factory=list)

    def run(self, *, memory: bool = True) -> None:
        """Run and keep the times; then run again and keep the peak memory, so that watching costs no time."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with self._start() as process:
            process.wait()
        self.seconds.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.worked.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
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
    def cpu(self) -> float:
        """The median processor time in seconds."""
        return median(self.worked)

    @property
    def memory(self) -> float:
        return median(self.kilobytes) / 1024


def in_turn(contenders: list[Contender], runs: int, *, memory: bool = True) -> None:
    """Let programs take turns, so that a busy minute hurts all alike; a first round warms the caches and is thrown away."""
    for turn in range(runs + 1):
        for contender in contenders:
            contender.run(memory=memory)
            if turn == 0:
                for taken in (contender.seconds, contender.worked, contender.kilobytes):
                    taken.clear()


def peak(process: subprocess.Popen[bytes]) -> int:
    """The most memory that a program held, in kilobytes.

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


def program(given: str | None) -> list[str]:
    """The start of our command: the console script, as users run it."""
    script = Path(sys.executable).parent / "posturio-iac"
    return [given] if given else [str(script)] if script.exists() else [sys.executable, "-m", "posturio_iac"]


def installed(name: str) -> str:
    """A peer in an environment of its own, made with uv when it is not there."""
    script = CACHE / name / "bin" / name
    if not script.exists():
        environment(CACHE / name, PACKAGES.get(name, name))
    return str(script)


def revision(name: str) -> str:
    """Return our program as it was in a revision, in an environment of its own."""
    commit = subprocess.run(["git", "rev-parse", "--short=12", name], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S607 - the program of the PATH
    place = CACHE / f"revision-{commit}"
    script = place / "bin" / "posturio-iac"
    if not script.exists():
        source = place.with_name(f"source-{commit}")
        source.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607 - the program of the PATH
        subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)  # noqa: S607 - the program of the PATH
        environment(place, str(source))
        shutil.rmtree(source)
    return str(script)


def environment(place: Path, *packages: str) -> None:
    """Make an environment with uv that holds packages, compiled."""
    beside = Path(sys.executable).parent / "uv"
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if uv is None:
        sys.exit(f"uv is not on the PATH, so {packages[0]} cannot be installed: pip install uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(place), *packages], check=True)
