"""The command line in a fork of its own, which may take neither long nor much memory."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import environment
from tests.support.forks import python_in_fork

MEMORY = 1 << 30  # bytes of address space; the interpreter with all of its libraries takes a fifth of it
SECONDS = 60  # of the processor: ten times what the slowest takes, and far below what these inputs took without bounds
_CODE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
from posturio_iac.cli import main
code = main(sys.argv[1:])
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]  # getrusage tells of the parent as well
print(*peak, file=sys.stderr)
sys.exit(code)
"""


def scan(folder: Path, *arguments: str, memory: int = MEMORY, code: int | None = None) -> tuple[int, str, int]:
    program, command = _CODE.format(memory=memory, seconds=SECONDS), ["posturio-iac", "scan", str(folder), *arguments]
    done = python_in_fork(folder, program, command, environment(), imported=("tests.support.scanned",))
    errors, _, peak = done.stderr.rstrip().rpartition("\n")
    assert done.returncode >= 0, done.stderr[-1000:]
    assert "stopped on an internal error" not in errors, done.stderr[-1000:]
    if code is not None:
        assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done.returncode, done.stdout + errors, int(peak) >> 10
