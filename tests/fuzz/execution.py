"""One execution of what is fuzzed: in this process, watched for time and memory, and held against what the tool promises of every run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from posturio_iac.cli import main
from tests.support.attacks import SOUND, put
from tests.support.command_line import ROOT

SECONDS = 3.0  # CPU time of one execution: about a hundred times what the seeds take
MEGABYTES = 150  # what one execution may take beyond what the process holds before it. Inputs have at most 64 kB.
LONGEST = 64 << 10
STATUS = Path("/proc/self/status")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What no output for a terminal holds: control characters but for tabs and line ends, and those that turn the direction of text."""


class Broken(AssertionError):  # noqa: N818 - a promise that an execution broke
    """An execution broke a promise."""


class _TimeUpError(BaseException):
    """An execution took longer than it may; nothing that catches `Exception` keeps it."""


@contextmanager
def watched(seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TimeUpError

    before, started = _memory(reset=True), time.process_time()
    handler = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 3 * seconds)
    try:
        yield
    except _TimeUpError as error:
        raise Broken(f"took more than {3 * seconds} seconds of CPU time") from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
    if (taken := time.process_time() - started) > seconds:
        raise Broken(f"took more than {seconds} seconds of CPU time: {taken:.1f} s")
    if (grown := _memory() - before) > megabytes:
        raise Broken(f"took more than {megabytes} MB: {grown} MB")


def _memory(*, reset: bool = False) -> int:
    """The most memory since the last reset in MB; 0 where the system does not tell."""
    if not STATUS.exists():
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_bytes(b"5")
    found = re.search(r"VmHWM:\s+(\d+)", STATUS.read_text())
    return int(found[1]) >> 10 if found else 0


@contextmanager
def folder_of(files: Mapping[str, bytes]) -> Iterator[None]:
    here, memory = Path.cwd(), "/dev/shm"  # noqa: S108 - not a disk
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None, ignore_cleanup_errors=True) as place:
        for name, data in files.items():
            put(Path(place), name, data)
        os.chdir(place)
        try:
            yield
        finally:
            os.chdir(here)


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
    if sentence := re.search(r".*(?:internal error|Traceback).*", said + shown):
        raise Broken(f"a crash: {sentence[0]}")
    if FORBIDDEN.search(said):
        raise Broken("a control character on standard error")
    if code == 2 and (shown or not re.search(r"^posturio-iac: \S[^\n]*\n\Z", said, re.MULTILINE)):
        raise Broken(f"exit code 2 of {arguments[0]} without one sentence\n{shown[:200]}\n{said[:200]}")
    if code == 3 and not said and "error" not in shown:
        raise Broken(f"exit code 3 of {arguments[0]} without a sentence")
    return code, shown, said


def scan(files: Mapping[str, bytes], *, sound: bool = True) -> None:
    """Scan the files beside a key that must be found, and hold the JSON against the contract."""
    with folder_of({**files, **({"sound/main.tf": SOUND.encode()} if sound else {})}), watched():
        code, shown, said = command("scan", "--as-of", "2026-11-24", "--format", "json")
    if code != 2:
        _hold_contract(code, shown)
    if sound and (code == 2 or not any(key["path"] == "sound/main.tf" for key in json.loads(shown)["keys"])):
        raise Broken(f"the sound key was not found: {said}")


def also(files: Mapping[str, bytes], *arguments: str) -> None:
    """Run another command over the same files: no output of it may hold what a terminal would obey."""
    with folder_of(files), watched():
        _, shown, _ = command(*arguments)
    if FORBIDDEN.search(shown.replace("\r\n", "\n")) and arguments[0] != "fix":
        raise Broken(f"a control character in the output of {' '.join(arguments[:4])}")


@cache
def _schema() -> Any:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/report-1.json").read_text(encoding="utf-8")))


def _hold_contract(code: int, shown: str) -> None:
    try:
        result = json.loads(shown)
    except ValueError as error:
        raise Broken(f"the JSON does not parse: {error}") from None
    if wrong := next(_schema().iter_errors(result), None):
        raise Broken(f"the JSON leaves its schema at {list(wrong.path)}: {wrong.message}")
    if (code == 3) != any(said["level"] == "error" for said in result["diagnostics"]):
        raise Broken(f"exit code {code} does not agree with the errors")
    if code == 1 and not any("suppressed" not in finding for finding in result["findings"]):
        raise Broken("exit code 1 without a finding")
    if any(not said["message"].strip() for said in result["diagnostics"]):
        raise Broken("a message without words")
