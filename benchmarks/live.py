"""Counts what the live check of one account asks AWS for, against asking naively and against prowler; README.md beside it explains."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from measuring import CACHE, installed, program  # type: ignore[import-not-found]  # a script beside this one
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.models import AccessKeyLastUsed, iam_backends
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
PROMISE = 20
CHECKS = ("iam_user_accesskey_unused", "iam_rotate_access_key_90_days")
NOW = datetime.now(timezone.utc).replace(microsecond=0)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--second-keys", type=int, default=400, help="how many users have two keys")
    parser.add_argument("--stale", type=int, default=20, help="how many users have a key that was not used for 60 days")
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument("--prowler", help="an installed prowler to compare with")
    parser.add_argument("--install-prowler", action="store_true", help="install prowler with uv into benchmarks/.cache (1.4 GB)")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with served() as (endpoint, counted):
        stale = populate(given.users, given.second_keys, given.stale)
        runs = [measure("posturio-iac", ours, endpoint, counted, program(given.program))]
        runs.append(measure("naive", naive, endpoint, counted, None))
        if prowler := find_prowler(given):
            runs.append(measure("prowler", theirs, endpoint, counted, prowler))
    print(f"{given.users:,} users, {given.users + given.second_keys:,} keys, {len(stale)} of them stale\n")
    report(runs, stale, given.users + given.second_keys, given.users)
    if not prowler:
        print("prowler       left out: give --prowler PATH or --install-prowler")


@contextmanager
def served() -> Iterator[tuple[str, Counter[str]]]:
    """Run moto on this machine and count the calls that reach it, by service and operation."""
    counted: Counter[str] = Counter()
    answer = BaseResponse.call_action

    def call_action(self: BaseResponse) -> Any:
        counted[f"{self.service_name}:{self._get_action()}"] += 1
        return answer(self)

    def no_credentials(_: IamResponse) -> ActionResult:
        return ActionResult({"ServiceSpecificCredentials": [], "IsTruncated": False})

    lacking = patch.object(IamResponse, "list_service_specific_credentials", no_credentials, create=True)
    with patch.object(BaseResponse, "call_action", call_action), lacking:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        try:
            yield f"http://{host}:{port}", counted
        finally:
            server.stop()


def populate(users: int, second: int, stale: int) -> set[str]:
    """Make users with an owner and one or two keys each; return the ids of the stale ones, half of which were never used."""
    backend = iam_backends[ACCOUNT]["aws"]
    ids: set[str] = set()
    for number in range(users):
        name = f"user-{number:04}"
        backend.create_user(backend.region_name, user_name=name, path="/", tags=[{"Key": "owner", "Value": "team@example.com"}])
        for place in range(2 if number < second else 1):
            old = place == 0 and number % (users // stale) == 0 and len(ids) < stale
            key = backend.create_access_key(user_name=name)
            key.create_date = NOW - timedelta(days=80 if old else 30)
            used = NOW - timedelta(days=60 if old else 1)
            key.last_used = None if old and number % 2 == 0 and len(ids) % 2 else AccessKeyLastUsed(used, "s3", "us-east-1")
            ids |= {key.access_key_id} if old else set()
    return ids


def measure(name: str, run: Any, endpoint: str, counted: Counter[str], command: Any) -> tuple[str, Counter[str], float, set[str], int]:
    """The calls that a run costs, how long it takes, which keys it names and how many users it blames."""
    counted.clear()
    started = time.perf_counter()
    keys, users = run(endpoint, command)
    return name, Counter(counted), time.perf_counter() - started, keys, len(users)


def environment(endpoint: str) -> dict[str, str]:
    """The environment of whoever talks to moto."""
    away = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return away | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def ours(endpoint: str, command: list[str]) -> tuple[set[str], set[str]]:
    """Run the live check, and return keys and users that show no recent use."""
    argv = [*command, "live", "--no-config", "--show-key-ids", "--format=json", "--fail-on=never"]
    done = subprocess.run(argv, env=environment(endpoint), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the run did not do what it should: {done.stderr}")
    found = json.loads(done.stdout)["findings"]
    parts = [finding["address"].rpartition("/") for finding in found]
    return {key for _, _, key in parts}, {user for user, _, _ in parts}


def naive(endpoint: str, _: None) -> tuple[set[str], set[str]]:
    """Ask about every user and every key, as a script does that lists users, their tags, their keys and the last use of each."""
    import boto3  # noqa: PLC0415 - the programs under measurement have theirs

    os.environ.update(environment(endpoint))
    iam = boto3.client("iam")
    keys, users = set(), set()
    for user in (user for page in iam.get_paginator("list_users").paginate() for user in page["Users"]):
        name = user["UserName"]
        iam.list_user_tags(UserName=name)
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"].get("LastUsedDate")
            if NOW - (used or key["CreateDate"]) > timedelta(days=45):
                keys.add(key["AccessKeyId"])
                users.add(name)
    return keys, users


def theirs(endpoint: str, prowler: str) -> tuple[set[str], set[str]]:
    """Run prowler's checks of unused and old keys; it names users, not keys."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [prowler, "aws", "--checks", *CHECKS, "--region", "us-east-1", "--output-formats", "csv", "--output-directory", folder]
        done = subprocess.run(
            [*argv, "--output-filename", "found", "--no-banner", "--ignore-exit-code-3"],
            env=environment(endpoint) | {"HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        path = Path(folder) / "found.csv"
        if done.returncode or not path.exists():
            sys.exit(f"prowler did not do what it should: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
    failed = [row for row in rows if row["STATUS"] == "FAIL" and row["CHECK_ID"] == CHECKS[0]]
    text = " ".join(row["STATUS_EXTENDED"] for row in failed)
    return {key for key in iam_backends[ACCOUNT]["aws"].access_keys if key in text}, {row["RESOURCE_UID"] for row in failed}


def find_prowler(given: argparse.Namespace) -> str | None:
    """The prowler to compare with, made when that was asked for."""
    if given.prowler or not given.install_prowler:
        return str(given.prowler) if given.prowler else next(map(str, CACHE.glob("prowler/bin/prowler")), None)
    return str(installed("prowler"))


def report(runs: list[tuple[str, Counter[str], float, set[str], int]], stale: set[str], keys: int, users: int) -> None:
    """Print the calls of each, and how the promise fares."""
    print(f"{'':12} {'calls':>7} {'ours is':>9} {'wall':>9}   {'stale keys named':>16} {'users blamed':>13}")
    first = runs[0][1].total()
    for name, calls, wall, named, blamed in runs:
        share = f"1/{calls.total() / first:.0f}" if calls is not runs[0][1] else ""
        print(f"{name:12} {calls.total():7,} {share:>9} {wall:7.1f} s   {len(named & stale):10} of {len(stale):3} {blamed:12}")
    print()
    for name, calls, *_ in runs:
        print(f"{name}: {', '.join(f'{operation} {count}' for operation, count in calls.most_common())}")
    print(f"\nnaive by formula, 1 + 2U + K: {1 + 2 * users + keys:,} calls")
    for name, calls, *_ in runs[1:]:
        print(f"of {name}'s calls: 1/{calls.total() / first:.1f} (at most 1/{PROMISE})")


if __name__ == "__main__":
    main()
