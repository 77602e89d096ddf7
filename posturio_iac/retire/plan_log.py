"""The log that the scripts of a plan write: the steps for each key, with times. Pure."""

from __future__ import annotations

import json

from posturio_iac.core.dates import parse_date
from posturio_iac.core.record import NamedTuple

NOT_TAKEN = ("kept", "refused")
WORDS = {"disable": "switch it off", "delete": "delete it", "enable": "switch it on again"}
DONE = {"disable": "switched off", "delete": "deleted", "enable": "switched on again"}


class Entry(NamedTuple):
    """The last line of the log about one key that shows what became of it."""

    at: str
    step: str
    """``disable``, ``delete`` or ``enable``."""
    outcome: str
    """``begun``, ``done``, ``kept``, ``failed`` or ``refused``."""
    why: str
    caller: str = ""
    """The ARN of whoever ran the script."""

    def text(self) -> str:
        """Describe the step: a clause without a full stop."""
        day = self.at[:16].replace("T", " ")
        match self.outcome:
            case "done":
                return f"{DONE[self.step]} by the plan on {day} UTC{f', run by {self.caller}' if self.caller else ''}"
            case "begun":
                return f"the plan began to {WORDS[self.step]} on {day} UTC, and its log does not show whether it did"
            case "refused":
                return f"whoever was asked did not let the plan {WORDS[self.step]} on {day} UTC"
            case _:
                return f"the plan did not {WORDS[self.step]} on {day} UTC: {self.why or 'its log does not show why'}"


def read_log(text: str) -> tuple[dict[str, Entry], int]:
    """The last entry about each key by its id, and how many lines cannot be read.

    A step that was kept does not replace the same step when it was done or begun before: it is known only by that.
    """
    found: dict[str, Entry] = {}
    lost = 0
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            words = {name: str(entry[name]) for name in ("at", "step", "outcome", "why")}
            told = Entry(**words, caller=str(entry.get("caller", "")))
            key_id = str(entry["key_id"])
        except (ValueError, RecursionError, LookupError, TypeError):
            lost += 1
            continue
        if told.step not in WORDS or told.outcome not in ("begun", "done", "kept", "failed", "refused") or parse_date(told.at) is None:
            lost += 1
            continue
        before = found.get(key_id)
        if before is not None and before.step == told.step and _is_told(before, told):
            continue  # a second run of the script found that the first one had taken the step
        found[key_id] = told
    return found, lost


def _is_told(before: Entry, after: Entry) -> bool:
    """Whether what is known of a step stays as it was: it was done, or begun and then not taken once more."""
    return before.outcome == "done" or (before.outcome == "begun" and after.outcome in NOT_TAKEN)
