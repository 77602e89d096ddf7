"""Scripts of a plan, run by ``sh``: what they call ``aws`` is a double that answers from a file, and keeps the state of the world there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from posturio_iac.retire.plan import Step
from posturio_iac.retire.script import SHARED, Validity, script, shared, undo
from tests.support.command_line import executable
from tests.support.keys import AS_OF

ACCOUNT_ID, KEY = "123456789012", "AKIAIOSFODNN7EXAMPLE"
LATE = timedelta(minutes=15)

AWS = """\
#!{python} -SE
import os, sys  # what else is imported takes longer than all of the rest
path = {world!r}
world = eval(open(path).read())
words = sys.argv[1:]
value = lambda name: next(w.partition("=")[2] for w in words if w.startswith(name + "="))
def kept():
    with open(path, "w") as file:
        file.write(repr(world))
world["calls"] += 1
fault = world["fault"] if world["calls"] == world["at"] else ""
if fault == "kill before":
    kept()
    os.kill(os.getppid(), 9)
if fault in ("fail", "nothing"):
    kept()
    sys.exit("AccessDenied" if fault == "fail" else 0)
if words[1] == "get-caller-identity":
    print("123456789012\\tarn:aws:sts::123456789012:user/me")
elif words[1] in ("list-access-keys", "list-service-specific-credentials"):
    print(world["status"] + "\\t" + world["created"] if world["status"] else "")
elif words[1] == "get-access-key-last-used":
    print("ci\\t" + (world["used"] or "None"))
elif words[1] == "lookup-events":
    if world["denied"]:
        sys.exit("denied")
    since, asked = words[words.index("--start-time") + 1], next(w for w in words if w.startswith("AttributeKey="))
    seen = lambda when: since <= when <= world["settled"]
    if asked.startswith("AttributeKey=AccessKeyId"):
        print("\\n".join("GetObject" for when in world["called"] if seen(when)))
    else:
        assert words[words.index("--region") + 1] == "us-east-1"
        found = [e for e in world["events"] if e["name"] == asked.rpartition("=")[2] and seen(e["eventTime"])]
        if found:
            import json
        print("\\n".join(json.dumps(event) for event in found) or "None")
else:
    update = words[1].startswith("update-")
    world["status"] = value("--status") if update else ""
    world["did"].append(words[1])
    event = {{"name": "UpdateAccessKey" if update else "DeleteAccessKey", "eventTime": world["now"], "status": world["status"]}}
    caller = {{"arn": "arn:aws:sts::123456789012:user/me"}}
    world["events"].append({{**event, "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userIdentity": caller}})
kept()
if fault == "kill after":
    os.kill(os.getppid(), 9)
if fault == "answer lost":
    sys.exit("Connection was closed before we received a valid response")
"""


def written(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Played:
    """A folder with a plan of three days, and the world that its scripts see."""

    def __init__(self, folder: Path, steps: Sequence[Step], ledger: str = "", **world: Any) -> None:
        self.folder, self.world = folder, folder / "world"
        validity = Validity(AS_OF, AS_OF + timedelta(hours=72))
        for name, text in (
            (SHARED, shared(SHARED)),
            ("plan.sh", script(ACCOUNT_ID, steps, validity, ledger)),
            ("undo.sh", undo(ACCOUNT_ID, steps, validity)),
            ("aws", AWS.format(python=sys.executable, world=str(self.world))),
            ("world", repr({"denied": False, "called": [], "events": [], "did": [], **world})),
        ):
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "aws").chmod(0o755)
        executable(folder / "sleep", "")

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = ast.literal_eval(self.world.read_text(encoding="utf-8"))
        return found

    def run(self, name: str, now: datetime, *words: str, at: int = 0, fault: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script at a time; its call number ``at`` has the fault."""
        facts = {"now": written(now), "settled": written(now - LATE), "calls": 0, "at": at, "fault": fault}
        self.world.write_text(repr({**self.told(), **facts}), encoding="utf-8")
        executable(self.folder / "date", f"case $2 in +%s) echo {int(now.timestamp())} ;; *) echo {written(now)} ;; esac")
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        command = ["sh", str(self.folder / name), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
