"""Measures what a report of 20,000 keys costs: seconds to write, size, and seconds until a browser has painted it.

``python benchmarks/report.py`` needs Jinja2 (the extra ``report``); the browser is Debian's or any other Chromium on the PATH, driven by
Playwright (PyPI), and is left out where either is missing.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
SECONDS, MEGABYTES, PAINT = 5.0, 15.0, 2.0
"""The promises."""
PAINTED = """new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries()[0].startTime)).observe({ type: "paint", buffered: true });
})"""
"""When a page was first painted, in milliseconds."""
RULES = {
    "unused_access_keys": ("medium", "Access key {key} of user {user} has shown no use for {idle} days, which is longer than 45 days."),
    "overdue_access_key_rotations": (
        "medium",
        "Access key {key} of user {user} is {age} days old, which is older than the 90 days allowed.",
    ),
    "ownerless_access_keys": ("low", "Nobody answers for access key {key} of user {user}: no tag of the user names an owner."),
    "expired_access_keys": ("high", "Access key {key} of user {user} should have ended on 2026-05-01 and is still active."),
    "root_access_keys": ("critical", "Access key {key} belongs to the root user, which no policy restricts."),
}


def result(keys: int, *, as_of: datetime = AS_OF, seed: int = 20_000, bad: float = 0.5) -> dict[str, Any]:
    """A made-up result of a live run with so many keys in up to 40 accounts, about as varied as real ones."""
    chance = random.Random(seed)  # noqa: S311 - the same keys in each run
    made: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    accounts = [f"{100_000_000_000 + n * 7_919_191:012d}" for n in range(min(40, max(keys // 5, 1)))]
    for number in range(keys):
        account, user = accounts[number % len(accounts)], f"{chance.choice(('ci', 'svc', 'app', 'backup', 'etl'))}-{number:05d}"
        address = f"arn:aws:iam::{account}:user/{chance.choice(('', 'teams/payments/', 'legacy/'))}{user}/****{number:04X}"
        age, idle = chance.randint(1, 1900), chance.randint(0, 700)
        owner = chance.choice((None, "payments@example.com", "platform", f"team-{number % 60}"))
        key: dict[str, Any] = {
            "address": address,
            "framework": "aws",
            "root": "",
            "path": None,
            "line": None,
            "end_line": None,
            "user": user,
        }
        key |= {"status": chance.choice(("Active",) * 5 + ("Inactive",)), "owner": owner, "verdict": "clean", "lifetime": []}
        key |= {"account": account, "key_id": f"****{number:04X}", "created": _time(as_of - timedelta(days=age))}
        key |= {"never_used": True} if idle > age else {"last_used": _time(as_of - timedelta(days=idle)), "last_used_service": "s3"}
        key["evidence"] = [
            "credential report of 2026-11-24 09:00 UTC" if number % 3 else "ListAccessKeys and GetAccessKeyLastUsed of this run"
        ]
        if chance.random() < bad:
            _flag(key, findings, chance, {"key": key["key_id"], "user": user, "age": age, "idle": idle})
        elif chance.random() < bad / 5:
            key |= {
                "verdict": "undetermined",
                "undecided": ["the tags of the user were not read: iam:ListUserTags is denied"],
                "demerit": 1.0,
            }
        if chance.random() < 0.2:  # noqa: PLR2004 - a share
            end = (as_of + timedelta(days=chance.randint(-200, 300))).date().isoformat()
            source = f'tag "expires" of user {user}'
            key["lifetime"] = [{"kind": "expiry", "value": end, "effect": "declared", "source": source, "path": None, "line": None}]
        made.append(key)
    verdicts = {v: sum(key["verdict"] == v for key in made) for v in ("flagged", "clean", "undetermined", "suppressed")}
    return {
        "version": 1,
        "tool": {"name": "posturio-iac", "version": "0.1.0"},
        "as_of": _time(as_of),
        "scope": {"kind": "aws", "accounts": accounts},
        "keys": made,
        "findings": findings,
        "diagnostics": [],
        "summary": {"files": 0, "keys": keys, **verdicts, "score": None},
    }


def _flag(key: dict[str, Any], findings: list[dict[str, Any]], chance: random.Random, words: dict[str, Any]) -> None:
    """Give a key one to three findings, of which a few are suppressed."""
    chosen = dict.fromkeys(chance.choices(list(RULES), weights=(10, 8, 6, 3, 0.1), k=chance.randint(1, 3)))
    suppressed = chance.random() < 0.04  # noqa: PLR2004 - a share
    costs = {"low": 0.25, "medium": 1.0, "high": 2.0, "critical": 3.0}
    for rule in chosen:
        severity, message = RULES[rule]
        finding: dict[str, Any] = {"rule": f"iam.{rule}", "severity": severity, "message": message.format(**words)}
        finding["remediation"] = (
            f"Switch it off: aws iam update-access-key --user-name {words['user']} --access-key-id {words['key']} --status Inactive."
        )
        finding |= {"address": key["address"], "framework": "aws", "root": "", "path": None, "line": None, "column": None}
        finding |= {"end_line": None, "end_column": None, "fingerprint": f"{len(findings):032x}"}
        if suppressed:
            finding["suppressed"] = {"reason": "moves to roles in spring", "until": "2027-03-01T00:00:00Z", "source": "configuration"}
        findings.append(finding)
    key |= {"verdict": "suppressed" if suppressed else "flagged", "demerit": max(costs[RULES[rule][0]] for rule in chosen)}


def _time(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def first_paint(page: Path) -> float | None:
    """Return after how many seconds a browser has painted a page first; None where there is no browser or no driver."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - may be missing
    except ImportError:
        return None
    if chromium is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(page.as_uri(), wait_until="load")
        painted = float(opened.evaluate(PAINTED)) / 1000
        browser.close()
    return painted


def written(source: Path, target: Path) -> float:
    """Return how many seconds it takes to write a report."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "posturio_iac", "report", str(source), "--output", str(target), "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True)
    return time.perf_counter() - started


def main() -> int:
    """Measure and compare with the promises."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "result.json"), Path(folder, "report.html")
        source.write_text(json.dumps(result(given.keys), indent=2), encoding="utf-8")
        seconds = statistics.median(written(source, target) for _ in range(given.runs))
        megabytes = target.stat().st_size / 1e6
        painted = first_paint(target)
    kept = seconds < SECONDS and megabytes < MEGABYTES and (painted is None or painted < PAINT)
    print(f"{given.keys:,} keys: written in {seconds:.2f} s (at most {SECONDS:g}), {megabytes:.1f} MB (at most {MEGABYTES:g})")
    print("first paint: no Chromium or no Playwright here" if painted is None else f"first paint after {painted:.2f} s (at most {PAINT:g})")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
