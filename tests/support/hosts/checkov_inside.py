"""Checkov without its start: in a fork of one process that has imported it, so that no run sees what another one left behind.

This module imports nothing of ours: the pack under test must find it, as it must in checkov's own program.
"""

from __future__ import annotations

import atexit
import functools
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def checkov_in_fork(folder: Path, arguments: Sequence[str], environment: Mapping[str, str], first: str) -> subprocess.CompletedProcess[str]:
    """Run checkov in a folder, after the code ``first`` was run; return what its program would."""
    code = (
        "import sys, warnings\n"
        "from checkov.main import Checkov\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('ignore', category=SyntaxWarning)\n"  # as its program does
        "    sys.exit(Checkov(sys.argv[1:]).run())\n"
    )
    return python_in_fork(folder, f"{first}\n{code}", arguments, {**os.environ, **environment})


def python_in_fork(folder: Path, code: str, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run code as ``python -c`` does, where checkov.main has been imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["checkov.main"])
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("out", "err")]
        given = (str(folder), code, ["checkov", *arguments], dict(environment), _path(), streams)
        process = context.Process(target=_child, args=given)
        process.start()
        process.join()
        said = [stream.read_text(encoding="utf-8") if stream.exists() else "" for stream in streams]
    return subprocess.CompletedProcess(["checkov", *arguments], process.exitcode or 0, *said)


@functools.cache
def _path() -> list[str]:
    """Return where a program of this environment looks for modules, which is not where pytest does."""
    told = subprocess.run([sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"], capture_output=True, check=True)
    return [str(Path(sys.executable).parent), *json.loads(told.stdout)[1:]]


def _child(folder: str, code: str, argv: list[str], environment: dict[str, str], path: list[str], streams: list[Path]) -> None:
    for number, stream in enumerate(streams, start=1):
        opened = os.open(stream, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv, sys.path[:] = argv, path
    try:
        exec(compile(code, "<checkov>", "exec"), {"__name__": "checkov_in_fork"})  # noqa: S102 - the code of a test
    finally:
        atexit._run_exitfuncs()  # a fork leaves without it, and without removing what checkov has cloned
