"""Checkov and cfn-lint without their starts: in a fork of one process that has imported them, so that no run sees what another one left.

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
    return python_in_fork(folder, f"{first}\n{code}", ["checkov", *arguments], {**os.environ, **environment})


def cfn_lint_in_fork(folder: Path, arguments: Sequence[str], given: str) -> subprocess.CompletedProcess[str]:
    """Run cfn-lint in a folder, with ``given`` on its standard input; return what its program would."""
    return python_in_fork(folder, "from cfnlint.runner import main; main()", ["cfn-lint", *arguments], os.environ, given)


def python_in_fork(
    folder: Path, code: str, argv: Sequence[str], environment: Mapping[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run code as ``python -c`` does, where those of the linters that are installed have been imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["checkov.main", "cfnlint.runner"])
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("in", "out", "err")]
        streams[0].write_text(given, encoding="utf-8")
        process = context.Process(target=_child, args=(str(folder), code, list(argv), dict(environment), _path(), streams))
        process.start()
        process.join()
        said = [stream.read_text(encoding="utf-8") if stream.exists() else "" for stream in streams[1:]]
    return subprocess.CompletedProcess(list(argv), process.exitcode or 0, *said)


@functools.cache
def _path() -> list[str]:
    """Return where a program of this environment looks for modules, which is not where pytest does."""
    told = subprocess.run([sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"], capture_output=True, check=True)
    return [str(Path(sys.executable).parent), *json.loads(told.stdout)[1:]]


def _child(folder: str, code: str, argv: list[str], environment: dict[str, str], path: list[str], streams: list[Path]) -> None:
    for number, stream in enumerate(streams):
        opened = os.open(stream, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing has closed it
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv, sys.path[:] = argv, path
    try:
        exec(compile(code, "<fork>", "exec"), {"__name__": "in_fork"})  # noqa: S102 - the code of a test
    finally:
        atexit._run_exitfuncs()  # a fork leaves without it, and without removing what checkov has cloned
