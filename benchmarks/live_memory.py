"""Measures how much memory the live check of an organization needs, by format; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import program  # type: ignore[import-not-found]  # a script beside this one

PROMISE = 250
"""MB at most, for ``--format jsonl``."""
SERVER = Path(__file__).parent / "slow_aws.py"
UNITS = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the kernel counts the peak of a process."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--account", type=int, default=400)
    parser.add_argument("--users", type=int, default=250, help="users of each account, with a key each")
    parser.add_argument("--stale", type=int, default=5, help="how many of them are asked about one by one")
    parser.add_argument("--formats", default="jsonl,json", help="formats to measure, with commas")
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    given = parser.parse_args()
    options = [f"--{name}={getattr(given, name)}" for name in ("accounts", "users", "stale")]
    with subprocess.Popen([sys.executable, str(SERVER), *options, "--delay=0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            formats = given.formats.split(",")
            keys = given.accounts * given.users
            peaks = {name: run([*program(given.program)], f"http://127.0.0.1:{port}", name, keys) for name in formats}
        finally:
            server.terminate()
    print(f"{given.accounts} accounts of {given.users} users with a key each\n")
    for name, peak in peaks.items():
        print(f"--format {name:<8} {peak / 10**6:7.0f} MB" + (f" (at most {PROMISE})" if name == "jsonl" else ""))


def run(command: list[str], endpoint: str, name: str, keys: int) -> int:
    """The peak resident size of the whole program in bytes."""
    away = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    credentials = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result"
        argv = [*command, "live", "--no-config", "--organization", "--as-of=2026-11-24", f"--format={name}", f"--output={path}"]
        process = subprocess.Popen(argv, env=away | credentials, stderr=subprocess.PIPE, text=True)  # noqa: S603, RUF100 - our own program
        said = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 1 or counted(path, name) not in (keys, None):
            sys.exit(f"the run did not do what it should: {said}")
    return usage.ru_maxrss * UNITS


def counted(path: Path, name: str) -> int | None:
    """Return how many keys a result tells of; None for a format that does not say."""
    text = path.read_text(encoding="utf-8")
    if name == "jsonl":
        return int(json.loads(text.splitlines()[-1])["summary"]["keys"])
    return len(json.loads(text)["keys"]) if name == "json" else None


if __name__ == "__main__":
    main()
