"""Puts the live check beside prowler and Cloud Custodian on one account whose truth is known; README.md beside it explains."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from live import ACCOUNT, NOW, environment, served  # type: ignore[import-not-found]  # scripts beside this one
from measuring import CACHE, program  # type: ignore[import-not-found]  # a script beside this one
from moto.cloudtrail.responses import CloudTrailResponse
from moto.iam.models import AccessKeyLastUsed, iam_backends

if TYPE_CHECKING:
    from collections.abc import Callable

UNUSED, OLD = "unused for 45 days", "older than 90 days"
PROWLER = {UNUSED: "iam_user_accesskey_unused", OLD: "iam_rotate_access_key_90_days"}
OURS = {UNUSED: "iam.unused_access_keys", OLD: "iam.overdue_access_key_rotations"}
ACTIVE = {"type": "credential", "key": "access_keys.active", "value": True}
AGED = {"type": "credential", "value_type": "age", "op": "greater-than"}
CUSTODIAN = {
    UNUSED: [
        ACTIVE,
        {
            "or": [
                {**AGED, "key": "access_keys.last_used_date", "value": 45},
                {
                    "and": [
                        {"type": "credential", "key": "access_keys.last_used_date", "value": "absent"},
                        {**AGED, "key": "access_keys.last_rotated", "value": 45},
                    ]
                },
            ]
        },
    ],
    OLD: [
        {"type": "access-key", "key": "Status", "value": "Active"},
        {"type": "access-key", "match-operator": "and", "key": "CreateDate", "value_type": "age", "value": 90, "op": "greater-than"},
    ],
}
"""The filters of its documentation, as exact as they allow: the credential report for the last use, which nothing else there tells."""


@dataclass(frozen=True)
class Kind:
    """Users that are alike: their keys as (age, days since the last use or None, status), and what is wrong with them."""

    name: str
    number: int
    keys: tuple[tuple[int, int | None, str], ...]
    wrong: tuple[str, ...] = ()


ACCOUNT_KINDS = (
    Kind("busy", 100, ((30, 1, "Active"),)),
    Kind("console", 10, ()),
    Kind("fresh", 10, ((5, None, "Active"),)),
    Kind("in-time", 10, ((80, 44, "Active"),)),
    Kind("off", 10, ((400, 200, "Inactive"),)),
    Kind("off-and-busy", 10, ((400, 200, "Inactive"), (30, 1, "Active"))),
    Kind("stale", 10, ((120, 60, "Active"),), (UNUSED, OLD)),
    Kind("never", 10, ((80, None, "Active"),), (UNUSED,)),
    Kind("second-stale", 10, ((30, 1, "Active"), (80, 60, "Active")), (UNUSED,)),
    Kind("old-and-busy", 20, ((400, 1, "Active"),), (OLD,)),
)


@dataclass
class Answer:
    """What a tool says: the users that it blames and the ids that it names, by question; its calls and its time."""

    tool: str
    version: str
    users: dict[str, set[str]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def main() -> None:
    """Ask each, and print what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument("--json", type=Path, help="write the result as JSON to this file, too")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    with (
        patch.object(CloudTrailResponse, "lookup_events", lambda _: json.dumps({"Events": []}), create=True),
        served() as (endpoint, counted),
    ):
        keys = populate()
        asked = (("posturio-iac", None, ours), ("prowler", "prowler", prowler), ("c7n", "custodian", custodian))
        answers, missing = [], {}
        for package, script, ask in asked:
            try:
                command = program(given.program) if script is None else [installed(package, script)]
                answers.append(measured(ask, command, endpoint, counted))
            except (OSError, subprocess.CalledProcessError, ValueError) as error:
                missing[package] = str(error)
    result = [document(answer, keys, answers[0]) for answer in answers]
    print(table(result, missing, sum(kind.number for kind in ACCOUNT_KINDS), len(keys)))
    if given.json:
        text = json.dumps({"date": f"{NOW:%Y-%m-%d}", "tools": result, "missing": missing}, indent=2)
        given.json.write_text(text + "\n", encoding="utf-8")


def populate() -> dict[str, str]:
    """Make the users and keys of the account; return the user of each key."""
    backend = iam_backends[ACCOUNT]["aws"]
    users = {}
    for kind in ACCOUNT_KINDS:
        for number in range(kind.number):
            name = f"{kind.name}-{number:03}"
            user = backend.create_user(backend.region_name, user_name=name, path="/", tags=[{"Key": "owner", "Value": "team@example.com"}])
            user.create_date = NOW - timedelta(days=400)
            for age, used, status in kind.keys:
                key = backend.create_access_key(user_name=name)
                key.create_date, key.status = NOW - timedelta(days=age), status
                key.last_used = None if used is None else AccessKeyLastUsed(NOW - timedelta(days=used), "s3", "us-east-1")
                users[key.access_key_id] = name
    return users


def truth(question: str) -> set[str]:
    """The users of whom the question is true."""
    return {f"{kind.name}-{number:03}" for kind in ACCOUNT_KINDS if question in kind.wrong for number in range(kind.number)}


def measured(ask: Callable[[list[str], str], Answer], command: list[str], endpoint: str, counted: Counter[str]) -> Answer:
    """Ask a tool, once its files are in the cache."""
    subprocess.run([*command, "--help"], capture_output=True, check=False)
    counted.clear()
    started = time.perf_counter()
    answer = ask(command, endpoint)
    answer.seconds, answer.calls = time.perf_counter() - started, Counter(counted)
    return answer


def installed(package: str, script: str) -> str:
    """The script of a package in an environment of its own, of this Python, made with uv when it is not there."""
    place = CACHE / package / "bin" / script
    if not place.exists():
        if (uv := shutil.which("uv")) is None:
            raise ValueError("uv, which installs it, is not on the PATH")
        python = str(Path(sys.executable).resolve())
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, str(CACHE / package)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(CACHE / package / "bin/python"), package], check=True)
    return str(place)


def version_of(package: str) -> str:
    argv = [str(CACHE / package / "bin/python"), "-c", f"from importlib.metadata import version as v; print(v({package!r}))"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def run(argv: list[str], endpoint: str, good: tuple[int, ...], **more: str) -> str:
    """Run a tool against the account and return what it prints; ``good`` are the exit codes of a run that did its work."""
    done = subprocess.run(argv, env=environment(endpoint) | more, capture_output=True, text=True, check=False)
    if done.returncode not in good:
        raise ValueError(f"it exited with {done.returncode}: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done.stdout


def ours(command: list[str], endpoint: str) -> Answer:
    """Ask the live check."""
    select = ",".join(OURS.values())
    out = json.loads(run([*command, "live", "--no-config", "--show-key-ids", "--format=json", f"--select={select}"], endpoint, (0, 1)))
    answer = Answer("posturio-iac", out["tool"]["version"])
    for question, rule in OURS.items():
        found = [finding["address"].rpartition("/") for finding in out["findings"] if finding["rule"] == rule]
        answer.users[question] = {arn.rpartition("/")[2] for arn, _, _ in found}
        answer.ids[question] = {key for _, _, key in found if key.startswith("AKIA")}
    return answer


def prowler(command: list[str], endpoint: str) -> Answer:
    """Ask prowler's two checks."""
    answer = Answer("prowler", version_of("prowler"))
    with tempfile.TemporaryDirectory() as folder:
        argv = [*command, "aws", "--checks", *PROWLER.values(), "--region", "us-east-1", "--output-formats", "csv", "--output-directory"]
        run([*argv, folder, "--output-filename", "found", "--no-banner", "--ignore-exit-code-3"], endpoint, (0,), HOME=folder)
        with (Path(folder) / "found.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter=";") if row["STATUS"] == "FAIL"]
    known = iam_backends[ACCOUNT]["aws"].access_keys
    for question, check in PROWLER.items():
        failed = [row for row in rows if row["CHECK_ID"] == check]
        answer.users[question] = {row["RESOURCE_UID"].rpartition("/")[2] for row in failed}
        text = " ".join(row["STATUS_EXTENDED"] for row in failed)
        answer.ids[question] = {key for key in known if key in text}
    return answer


def custodian(command: list[str], endpoint: str) -> Answer:
    """Ask a policy of Cloud Custodian for each question."""
    answer = Answer("Cloud Custodian (c7n)", version_of("c7n"))
    names = {question: question.replace(" ", "-") for question in CUSTODIAN}
    with tempfile.TemporaryDirectory() as folder:
        policies = [{"name": names[question], "resource": "aws.iam-user", "filters": filters} for question, filters in CUSTODIAN.items()]
        path = Path(folder) / "policies.json"
        path.write_text(json.dumps({"policies": policies}), encoding="utf-8")
        argv = [*command, "run", "--region", "us-east-1", "--cache-period", "0", "--output-dir", folder, str(path)]
        run(argv, endpoint, (0,), HOME=folder)
        for question, name in names.items():
            text = (Path(folder) / name / "resources.json").read_text(encoding="utf-8")
            answer.users[question] = {user["UserName"] for user in json.loads(text)}
            answer.ids[question] = {key for key in iam_backends[ACCOUNT]["aws"].access_keys if key in text}
    return answer


def document(answer: Answer, keys: dict[str, str], first: Answer) -> dict[str, Any]:
    """Return what an answer is worth."""
    questions = {}
    for question in OURS:
        real, blamed = truth(question), answer.users[question]
        questions[question] = {
            "of": len(real),
            "found": len(blamed & real),
            "false": len(blamed - real),
            "ids": len([key for key in answer.ids[question] if keys[key] in real]),
        }
    time_ratio = round(answer.seconds / first.seconds, 1)
    calls = dict(answer.calls.most_common())
    return {"tool": answer.tool, "version": answer.version, "questions": questions, "calls": calls, "time": time_ratio}


def table(result: list[dict[str, Any]], missing: dict[str, str], users: int, keys: int) -> str:
    """The result as Markdown."""
    lines = [f"{users} users, {keys} keys, {NOW:%Y-%m-%d}; time is that of posturio-iac times so much", ""]
    lines += ["| tool | question | found | false | ids named | calls | time |", "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for tool in result:
        for number, (question, told) in enumerate(tool["questions"].items()):
            head, calls, ratio = (f"{tool['tool']} {tool['version']}", f"{sum(tool['calls'].values()):,}", tool["time"])
            shown = (head, calls, ratio) if number == 0 else ("", "", "")
            cells = (shown[0], question, f"{told['found']} of {told['of']}", told["false"], told["ids"], *shown[1:])
            lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [f"\n{package} is left out: {why}" for package, why in missing.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
