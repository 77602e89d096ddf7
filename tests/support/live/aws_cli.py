"""Runs the scripts of a plan with a clock, and with the AWS CLI as a part of this process: it starts once, and not at every call."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import socketserver
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import environment, executable

_LOADERS: dict[str, Any] = {}
_DRIVERS: dict[tuple[str | None, ...], Any] = {}
READ = ("AWS_ENDPOINT_URL", "AWS_MAX_ATTEMPTS", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE")
BIN = Path(__file__).parents[3] / ".venv/bin"
CALL = """\
import _socket, sys  # socket and json take twice as long to import as Python to start
there = _socket.socket()
there.connect(("127.0.0.1", {port}))
there.sendall(repr(sys.argv[1:]).encode() + b"\\n")
code, out, err = b"".join(iter(lambda: there.recv(1 << 16), b"")).split(b"\\0")
sys.stdout.buffer.write(out)
sys.stderr.buffer.write(err)
sys.exit(int(code))
"""


def run(
    script: Path, shims: Path, now: datetime, address: str, words: Sequence[str], *, installed: bool
) -> subprocess.CompletedProcess[str]:
    with shell(shims, now, address, installed=installed) as environment:
        return subprocess.run(
            ["sh", str(script), *words], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=240, check=False
        )


def typed(script: str, cwd: Path, more: str = "", **given: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's runner does, with our command, to which words may be added, and the AWS CLI on the PATH."""
    (cwd / "bin").mkdir(exist_ok=True)
    for name, module, words in (("posturio-iac", "posturio_iac", more), ("aws", "awscli", "")):
        executable(cwd / "bin" / name, f'exec "{sys.executable}" -m {module} "$@" {words}')
    known = environment(PATH=f"{cwd / 'bin'}:{os.environ['PATH']}", **given)
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(argv, cwd=cwd, env=known, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def shell(shims: Path, now: datetime, address: str, *, installed: bool = False) -> Iterator[dict[str, str]]:
    shims.mkdir(exist_ok=True)
    shown = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    executable(shims / "date", f"case $2 in +%s) echo {int(now.timestamp())} ;; *) echo {shown} ;; esac")
    executable(shims / "sleep", "")
    with contextlib.ExitStack() as stack:
        if installed:
            aws = Path(os.path.realpath(BIN / "aws")) if (BIN / "aws").exists() else Path("aws")
            (shims / "aws").unlink(missing_ok=True)
            path = f"{shims}:{aws.parent}:{os.environ['PATH']}"
        else:
            port = stack.enter_context(_answering())
            (shims / "aws.py").write_text(CALL.format(port=port), encoding="utf-8")
            executable(shims / "aws", f'exec {sys.executable} -I -S {shims}/aws.py "$@"')
            path = f"{shims}:{os.environ['PATH']}"
        yield os.environ | {"PATH": path, "AWS_ENDPOINT_URL": address}


class _Call(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        if line := self.rfile.readline():
            out, err, code = _called(ast.literal_eval(line.decode()))
            with contextlib.suppress(OSError):  # whoever called was killed meanwhile
                self.wfile.write(f"{code}\0{out}\0{err}".encode())


def _called(words: list[str]) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        code = _driver(patch).main(words)
    return out.getvalue(), err.getvalue(), code


def _driver(patch: pytest.MonkeyPatch) -> Any:
    """The AWS CLI, made once for what it reads of the environment."""
    import awscli.clidriver as cli  # noqa: PLC0415 - only where a plan is run

    place = tuple(os.environ.get(name) for name in READ)
    if place in _DRIVERS:
        return _DRIVERS[place]
    _DRIVERS.clear()
    patch.setenv("AWS_DATA_PATH", str(Path(cli.__file__).parent / "data"))  # it sets it itself, once
    driver = cli.create_clidriver()
    driver.session.register_component("data_loader", _LOADERS.setdefault("one", driver.session.get_component("data_loader")))
    _DRIVERS[place] = driver
    return driver


@contextlib.contextmanager
def _answering() -> Iterator[int]:
    with socketserver.TCPServer(("127.0.0.1", 0), _Call) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
