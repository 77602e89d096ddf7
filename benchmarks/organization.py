"""Measures how the live check of an organization scales with --workers; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from measuring import program  # type: ignore[import-not-found]  # a script beside this one

PROMISE = 10
SERVER = Path(__file__).parent / "slow_aws.py"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--account", type=int, default=50)
    parser.add_argument("--users", type=int, default=100, help="users of each account, with a key each")
    parser.add_argument("--stale", type=int, default=5, help="how many of them are asked about one by one")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that each answer takes")
    parser.add_argument("--workers", default="1,8,16,32", help="numbers of workers, with commas; the first is the measure of the others")
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    given = parser.parse_args()
    options = [f"--{name}={getattr(given, name)}" for name in ("accounts", "users", "stale", "delay")]
    with subprocess.Popen([sys.executable, str(SERVER), *options], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            endpoint = f"http://127.0.0.1:{port}"
            numbers = [int(number) for number in given.workers.split(",")]
            times = {number: run([*program(given.program)], endpoint, number, given.accounts * given.users) for number in numbers}
        finally:
            server.terminate()
    print(f"{given.accounts} accounts of {given.users} users, answers after {given.delay * 1000:.0f} ms\n")
    for number, seconds in times.items():
        print(f"--workers {number:<4} {seconds:7.2f} s {times[numbers[0]] / seconds:7.1f} times")
    best = max(times[numbers[0]] / seconds for seconds in times.values())
    print(f"\nthe most: {best:.1f} times (at least {PROMISE})")


def run(command: list[str], endpoint: str, workers: int, keys: int) -> float:
    """Return how long the whole program takes, from start to exit."""
    away = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    credentials = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    argv = [*command, "live", "--no-config", "--organization", f"--workers={workers}", "--as-of=2026-11-24", "--format=json"]
    started = time.perf_counter()
    done = subprocess.run(argv, env=away | credentials, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    if done.returncode != 1 or len(json.loads(done.stdout)["keys"]) != keys:
        sys.exit(f"the run did not do what it should: {done.stderr}")
    return elapsed


if __name__ == "__main__":
    main()
