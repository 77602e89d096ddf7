"""One execution of what is fuzzed: in this process, watched for time and memory, and held against what the tool promises of every run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from posturio_iac.cli import main
from tests.support.attacks import SOUND
from tests.support.command_line import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

SECONDS = 3.0
"""CPU time of one execution: about a hundred times what the seeds take."""
MEGABYTES = 150
"""What one execution may take beyond what the process holds before it. Inputs have at most 64 kB."""
LONGEST = 64 << 10
STATUS = Path("/proc/self/status")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What no output for a terminal holds: control characters but for tabs and line ends, and those that turn the direction of text."""


class Broken(AssertionError):  # noqa: N818 - a promise that an execution broke
    """An execution broke a promise; the first line says which."""

    @property
    def key(self) -> str:
        """What tells it from other findings: the promise without numbers and names."""
        return re.sub(r"\d+|'[^']*'|\"[^\"]*\"", "_", str(self).partition("\n")[0])[:160]


@dataclass
class Figures:
    """What is counted of the executions of one target."""

    executions: int = 0
    cpu: float = 0.0
    slowest: float = 0.0
    largest: int = 0
    codes: dict[int, int] = field(default_factory=dict)


class _TimeUpError(BaseException):
    """An execution took longer than it may; nothing that catches `Exception` keeps it."""


@contextmanager
def watched(figures: Figures, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Iterator[None]:
    """Count an execution, and raise `Broken` when it takes too long or too much memory."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TimeUpError

    before, started = _memory(reset=True), time.process_time()
    handler = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 3 * seconds)
    try:
        yield
    except _TimeUpError as error:
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        where = f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else ""
        raise Broken(f"took more than {3 * seconds} seconds of CPU time\n{where}") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        taken, grown = time.process_time() - started, _memory() - before
        figures.executions += 1
        figures.cpu += taken
        figures.slowest, figures.largest = max(figures.slowest, taken), max(figures.largest, grown)
    if taken > seconds:
        raise Broken(f"took more than {seconds} seconds of CPU time\n{taken:.1f} s")
    if grown > megabytes:
        raise Broken(f"took more than {megabytes} MB\n{grown} MB")


def _memory(*, reset: bool = False) -> int:
    """The most memory since the last reset in MB; 0 where the system does not tell."""
    if not STATUS.exists():
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_bytes(b"5")
    found = re.search(r"VmHWM:\s+(\d+)", STATUS.read_text())
    return int(found[1]) >> 10 if found else 0


@contextmanager
def folder_of(files: Mapping[str, bytes]) -> Iterator[str]:
    """Make a folder with the files, and stand in it. Names that the file system does not take are left out."""
    here = Path.cwd()
    place = tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)  # noqa: S108 - in memory
    try:
        for name, data in files.items():
            path = Path(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        os.chdir(place)
        yield place
    finally:
        os.chdir(here)
        shutil.rmtree(place, ignore_errors=True)


def command(*arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process and return its exit code and what it wrote. Raises `Broken`."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except Exception as error:
            raise Broken(f"{type(error).__name__} left the command {arguments[0]}") from error
    shown, said = out.buffer.getvalue().decode(), err.buffer.getvalue().decode()
    if code not in (0, 1, 2, 3):
        raise Broken(f"exit code {code} of {arguments[0]}")
    if "Traceback" in said or "internal error" in said + shown:
        sentence = re.search(r".*internal error.*|.*Traceback.*", said + shown)
        raise Broken(f"a crash: {sentence[0] if sentence else ''}")
    if FORBIDDEN.search(said):
        raise Broken("a control character on standard error")
    if code == 2 and (shown or not re.fullmatch(r"posturio-iac: \S[^\n]*\n", said.splitlines(keepends=True)[-1] if said else "")):
        raise Broken(f"exit code 2 of {arguments[0]} without one sentence\n{shown[:200]}\n{said[:200]}")
    if code == 3 and not said and "error" not in shown:
        raise Broken(f"exit code 3 of {arguments[0]} without a sentence")
    return code, shown, said


def scan(figures: Figures, files: Mapping[str, bytes], *, sound: bool = True) -> None:
    """Scan the files beside a key that must be found, and hold the JSON against the contract."""
    with folder_of({**files, **({"sound/main.tf": SOUND.encode()} if sound else {})}):
        with watched(figures):
            code, shown, said = command("scan", "--as-of", "2026-11-24", "--format", "json")
        figures.codes[code] = figures.codes.get(code, 0) + 1
        if code == 2:
            if sound:
                raise Broken(f"nothing was scanned: {said}")
            return
        _hold_contract(code, shown)
        if sound and not any(key["path"] == "sound/main.tf" for key in json.loads(shown)["keys"]):
            raise Broken("the sound key was not found")


def also(figures: Figures, files: Mapping[str, bytes], *arguments: str) -> None:
    """Run another command over the same files: no output of it may hold what a terminal would obey, and no file changes outside."""
    with folder_of(files):
        with watched(figures):
            code, shown, _ = command(*arguments)
        figures.codes[code] = figures.codes.get(code, 0) + 1
        if FORBIDDEN.search(shown.replace("\r\n", "\n")) and arguments[0] != "fix":
            raise Broken(f"a control character in the output of {' '.join(arguments[:4])}")


@cache
def _schema() -> Any:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/report-1.json").read_text(encoding="utf-8")))


def _hold_contract(code: int, shown: str) -> None:
    """Check that the result parses, follows the schema, and agrees with the exit code."""
    try:
        result = json.loads(shown)
    except ValueError as error:
        raise Broken(f"the JSON does not parse: {error}") from None
    wrong = next(_schema().iter_errors(result), None)
    if wrong is not None:
        raise Broken(f"the JSON leaves its schema at {list(wrong.path)}: {wrong.message}")
    errors = [said for said in result["diagnostics"] if said["level"] == "error"]
    if (code == 3) != bool(errors):
        raise Broken(f"exit code {code} with {len(errors)} errors")
    if code == 1 and not any("suppressed" not in finding for finding in result["findings"]):
        raise Broken("exit code 1 without a finding")
    if any(not said["message"].strip() for said in result["diagnostics"]):
        raise Broken("a message without words")
