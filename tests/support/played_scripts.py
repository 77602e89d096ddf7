"""Scripts of a plan, run by ``sh``: what they call ``aws`` is a double that answers from a file, and keeps the state of the world there."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from posturio_iac.retire.plan import Step
from posturio_iac.retire.script import SHARED, Validity, script, shared, undo
from tests.support.command_line import executable
from tests.support.keys import AS_OF

ACCOUNT_ID, KEY = "123456789012", "AKIAIOSFODNN7EXAMPLE"
LATE = timedelta(minutes=15)

AWS = r"""#!/bin/sh
world={world}
. "$world"  # what is called thousands of times has no time to start Python
kept() {{
  printf "%s='%s'\n" status "$status" created "$created" used "$used" denied "$denied" called "$called" events "$events" \
    did "$did" calls "$calls" at "$at" fault "$fault" now "$now" settled "$settled" >"$world"
}}
seen() {{ [ ! "$1" \< "$since" ] && [ ! "$1" \> "$settled" ]; }}
[ "$((calls = calls + 1))" != "$at" ] || hit=$fault
case $hit in
  'kill before') kept; kill -9 "$PPID" ;;
  fail) kept; echo AccessDenied >&2; exit 1 ;;
  nothing) kept; exit 0 ;;
esac
for word; do
  case $word in --status=*) switched=${{word#*=}} ;; AttributeKey=*) asked=$word ;; esac
  case $last in --start-time) since=$word ;; --region) region=$word ;; esac; last=$word
done
case $2 in
  get-caller-identity) printf '123456789012\tarn:aws:sts::123456789012:user/me\n' ;;
  list-*) [ -z "$status" ] || printf '%s\t%s\n' "$status" "$created" ;;
  get-access-key-last-used) printf 'ci\t%s\n' "${{used:-None}}" ;;
  lookup-events)
    [ -z "$denied" ] || {{ echo denied >&2; exit 1; }}
    case $asked in
      AttributeKey=AccessKeyId*) echo array; for when in $called; do seen "$when" && echo GetObject; done ;;
      *)
        [ "$region" = us-east-1 ] || {{ echo "no events of IAM in $region" >&2; exit 1; }}
        found=$(printf %s "$events" | while read -r name when event; do
          [ "$name" = "${{asked##*=}}" ] && seen "$when" && printf '%s\n' "$event"
        done)
        printf 'array\n%s\n' "$found"
        ;;
    esac
    ;;
  *)
    status=$switched did="$did $2"
    case $2 in update-*) name=UpdateAccessKey ;; *) name=DeleteAccessKey ;; esac
    event='{{"name": "'$name'", "eventTime": "'$now'", "status": "'$status'", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userIdentity": '
    events="$events$name $now $event{{\"arn\": \"arn:aws:sts::123456789012:user/me\"}}}}
"
    ;;
esac
kept
case $hit in 'kill after') kill -9 "$PPID" ;; 'answer lost') echo "Connection was closed before a valid response" >&2; exit 1 ;; esac
exit 0
"""


def written(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Played:
    """A folder with a plan of three days, and the world that its scripts see: words, and lines of events (name, time, JSON)."""

    def __init__(self, folder: Path, steps: Sequence[Step], ledger: str = "", **world: str) -> None:
        self.folder, self.world = folder, folder / "world"
        validity = Validity(AS_OF, AS_OF + timedelta(hours=72))
        for name, text in (
            (SHARED, shared(SHARED)),
            ("plan.sh", script(ACCOUNT_ID, steps, validity, ledger)),
            ("undo.sh", undo(ACCOUNT_ID, steps, validity)),
            ("aws", AWS.format(world=shlex.quote(str(self.world)))),
        ):
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "aws").chmod(0o755)
        executable(folder / "sleep", "")
        self.tell(**world)

    def told(self) -> dict[str, str]:
        return {name: value for name, _, value in (one.partition("=") for one in shlex.split(self.world.read_text(encoding="utf-8")))}

    def tell(self, **world: object) -> None:
        self.world.write_text("".join(f"{name}='{value}'\n" for name, value in world.items()), encoding="utf-8")

    def run(self, name: str, now: datetime, *words: str, at: int = 0, fault: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script at a time; its call number ``at`` has the fault."""
        facts = {"now": written(now), "settled": written(now - LATE), "calls": 0, "at": at, "fault": fault}
        self.tell(**{**self.told(), **facts})
        executable(self.folder / "date", f"case $2 in +%s) echo {int(now.timestamp())} ;; *) echo {written(now)} ;; esac")
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        command = ["sh", str(self.folder / name), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
