"""Runs the live check in AWS Lambda: the result goes to S3, and the invocation fails when something was not read.

The event may hold ``{"arguments": ["--organization", "--role-name", "posturio-iac-live"]}``; without it the function reads its own account.
The environment names the bucket: ``REPORT_BUCKET``.
"""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3

from posturio_iac.cli import main

INCOMPLETE = 3
FORMATS = ("json", "asff")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Look at the keys, keep the result and return how many were found in what state.

    Raises:
        RuntimeError: the run was wrong or incomplete, so that Lambda counts an error and an alarm can tell. What was read is kept.

    """
    arguments = [str(word) for word in event.get("arguments", [])]
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"access-keys.{name}" for name in FORMATS}
        outputs = [word for name, path in files.items() for word in ("--format", name, "--output", str(path))]
        code = main(["live", "--no-config", *outputs, *arguments])
        kept = _keep([path for path in files.values() if path.exists()])
        summary = json.loads(files["json"].read_text(encoding="utf-8"))["summary"] if files["json"].exists() else {}
    if code not in (0, 1):
        raise RuntimeError(
            f"posturio-iac exited with {code}{' (incomplete)' if code == INCOMPLETE else ''}; the log says why. Kept: {kept}"
        )
    return {"exit_code": code, "summary": summary, "kept": kept}


def _keep(files: list[Path]) -> list[str]:
    """Put files into the bucket under the day and time of the run, and return their keys."""
    s3 = boto3.client("s3")
    day = datetime.now(timezone.utc).strftime("%Y/%m/%d/%H%M%S")
    for path in files:
        s3.put_object(Bucket=os.environ["REPORT_BUCKET"], Key=f"{day}/{path.name}", Body=path.read_bytes())
    return [f"{day}/{path.name}" for path in files]
