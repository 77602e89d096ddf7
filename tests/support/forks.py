"""Code in a fork of a process that has imported what takes long, so that no run pays for its start or sees what another one left behind.

This module imports nothing of ours: a pack under test must find it, as it must in its host's own program.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from typing import NoReturn

ROOT = str(Path(__file__).parents[2])
MEASURED = "COVERAGE_PROCESS_START"  # names the configuration with which each fork is measured, like a program of its own


def python_in_fork(
    folder: Path,
    code: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    imported: tuple[str, ...],
    path: Sequence[str] = (),
    given: str = "",
    seconds: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run code as ``python -c`` does, where those of the modules ``imported`` that are installed have been imported.

    ``path`` is where it looks for modules if not where this process does, and ``given`` is its standard input.
    """
    server = _server(imported)
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("in", "out", "err")]
        streams[0].write_text(given, encoding="utf-8")
        wanted = [str(folder), code, [*argv], dict(environment), [*path], [*map(str, streams)]]
        server.stdin.write(json.dumps(wanted).encode() + b"\n")
        server.stdin.flush()
        process = int(server.stdout.readline())
        if not select([server.stdout], [], [], seconds)[0]:
            os.kill(process, 9)
            server.stdout.readline()  # its exit code, which is not the next one's
            raise subprocess.TimeoutExpired([*argv], seconds)
        code_of_exit = int(server.stdout.readline())
        return subprocess.CompletedProcess([*argv], code_of_exit, *(stream.read_bytes().decode() for stream in streams[1:]))


@functools.cache
def _server(imported: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start the process whose forks run the code, and end it with this one."""
    command = [sys.executable, "-c", "from tests.support.forks import serve; serve()", *imported]
    unmeasured = {name: value for name, value in os.environ.items() if name != MEASURED}
    server = subprocess.Popen(command, env={**unmeasured, "PYTHONPATH": ROOT}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    atexit.register(server.communicate)
    return server


def serve() -> None:
    """Fork for each line of standard input, and answer with the number of the process and, when it has ended, its exit code."""
    for name in sys.argv[1:]:
        with suppress(ImportError):
            import_module(name)
    for line in iter(sys.stdin.buffer.readline, b""):
        process = os.fork()
        if process == 0:
            _run(*json.loads(line))
        os.write(1, b"%d\n" % process)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _run(folder: str, code: str, argv: list[str], environment: dict[str, str], path: list[str], streams: list[str]) -> NoReturn:
    for number, stream in enumerate(streams):
        opened = os.open(stream, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the other one reads requests
    os.environ.clear()
    os.environ.update(environment)
    if MEASURED in environment:
        import_module("coverage").process_startup()
    os.chdir(folder)
    sys.argv, sys.path[:] = argv, path or sys.path
    status: object = 0
    try:
        exec(compile(code, "<fork>", "exec"), {"__name__": "in_fork"})  # noqa: S102 - the code of a test
    except SystemExit as leaving:
        status = leaving.code
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))
