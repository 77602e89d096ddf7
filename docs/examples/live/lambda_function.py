"""Runs the live check in AWS Lambda: the result goes to S3, a summary to SNS and EventBridge; an incomplete run is an error.

The event may hold ``{"arguments": ["--organization", "--role-name", "posturio-iac-live"]}``; without it the function reads its own account.
The environment names the bucket, ``REPORT_BUCKET``, and where there is one to be told, ``TOPIC_ARN`` and ``EVENT_BUS``.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3

from posturio_iac.cli import main

INCOMPLETE = 3
FORMATS = ("json", "asff")
TITLE = "Access keys in AWS"


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
        result = json.loads(files["json"].read_text(encoding="utf-8")) if files["json"].exists() else {}
    if result:
        _tell(_summed_up(result), result["summary"], kept)
    if code not in (0, 1):
        raise RuntimeError(
            f"posturio-iac exited with {code}{' (incomplete)' if code == INCOMPLETE else ''}; the log says why. Kept: {kept}"
        )
    return {"exit_code": code, "summary": result.get("summary", {}), "kept": kept}


def _keep(files: list[Path]) -> list[str]:
    """Put files into the bucket under the day and time of the run, and return their keys."""
    s3 = boto3.client("s3")
    day = datetime.now(timezone.utc).strftime("%Y/%m/%d/%H%M%S")
    for path in files:
        s3.put_object(Bucket=os.environ["REPORT_BUCKET"], Key=f"{day}/{path.name}", Body=path.read_bytes())
    return [f"{day}/{path.name}" for path in files]


def _summed_up(result: dict[str, Any]) -> str:
    """Return what a result says, in one line without ids of keys."""
    severities = Counter(finding["severity"] for finding in result["findings"] if "suppressed" not in finding)
    found = ", ".join(f"{severities[name]} {name}" for name in ("critical", "high", "medium", "low") if severities[name]) or "no findings"
    unread = result["scope"].get("not_read", 0)
    errors = any(said["level"] == "error" for said in result["diagnostics"])
    parts = [f"{result['summary']['keys']} access keys in {len(result['scope']['accounts'])} accounts: {found}"]
    parts += [f"{unread} accounts could not be read"] if unread else []
    parts += ["the run is incomplete"] if errors else []
    return "; ".join(parts)


def _tell(text: str, summary: dict[str, Any], kept: list[str]) -> None:
    """Publish a summary where the environment names a topic or an event bus.

    The message is a custom notification of Amazon Q Developer in chat applications, which carries it to Slack and Teams; whoever subscribed
    by e-mail gets the text.
    """
    place = f"s3://{os.environ['REPORT_BUCKET']}/{kept[0]}" if kept else ""
    if topic := os.environ.get("TOPIC_ARN"):
        content = {"textType": "client-markdown", "title": TITLE, "description": f"{text}\n{place}"}
        message = {"default": json.dumps({"version": "1.0", "source": "custom", "content": content}), "email": f"{text}\n{place}"}
        boto3.client("sns").publish(TopicArn=topic, Subject=TITLE, MessageStructure="json", Message=json.dumps(message))
    if bus := os.environ.get("EVENT_BUS"):
        detail = json.dumps({"text": text, "summary": summary, "kept": kept})
        entry = {"Source": "posturio-iac", "DetailType": "Live check finished", "Detail": detail, "EventBusName": bus}
        answer = boto3.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"EventBridge did not take the event: {answer['Entries']}")
