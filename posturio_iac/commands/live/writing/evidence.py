"""``posturio-iac live --evidence``: keeps each run in a folder of its own, with digests that are chained to the run before."""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.live.writing import verification_text
from posturio_iac.commands.live.writing.private_folder import write_folder
from posturio_iac.contract import write
from posturio_iac.contract.context import RenderContext, RunScope
from posturio_iac.errors import OutputError, UsageError
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.live.run import Findings
    from posturio_iac.config.model import Config

MANIFEST, RESULT, RUN = "manifest.json", "result.json", "run.json"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?")
LIMITS = ("max_lifetime_days", "unused_days", "grace_days", "warn_days", "require", "fail_on", "strict")
SECRET = "--external-id"  # noqa: S105 - the name of an option


def check_evidence(path: str) -> tuple[str, str] | None:
    """Return the name of the newest run in a folder of evidence, and the digest of its manifest; None where there is none.

    Raises:
        UsageError: the folder cannot be used, or its newest run is not as it was written.

    """
    if not os.path.lexists(path):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise UsageError(f"--evidence {path}: there is no folder {os.path.dirname(os.path.abspath(path))}")
        return None
    runs: list[str] = []
    try:
        runs = sorted((name for name in os.listdir(path) if NAME.fullmatch(name)), key=_order)
        if not runs:
            return None
        manifest = _bytes(os.path.join(path, runs[-1], MANIFEST))
        files = json.loads(manifest)["files"]
        changed = next((name for name, digest in files.items() if _digest(_bytes(os.path.join(path, runs[-1], name))) != digest), None)
    except OSError as error:
        raise UsageError(f"--evidence {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, LookupError, AttributeError, TypeError):
        raise UsageError(f"--evidence {path}: the manifest of {runs[-1]} is damaged; name another folder") from None
    if changed is not None:
        raise UsageError(f"--evidence {path}: {runs[-1]}/{changed} is not what was written; name another folder")
    return runs[-1], _digest(manifest)


def write_evidence(
    found: Findings, config: Config, arguments: LiveArguments, times: tuple[datetime, datetime], argv: Sequence[str], code: int
) -> None:
    """Add the run to the folder; ``times`` are those of its beginning and its end. Raises `OutputError` and `UsageError`."""
    path = arguments.given.evidence
    before = check_evidence(path)
    shown = found if arguments.given.show_key_ids else found.masked()
    files = {RESULT: _canonical(_result(shown)), RUN: _canonical(_run(found, config, arguments, times, argv, code))}
    if arguments.given.ledger:
        files["ledger.jsonl"] = found.ledger.ledger.text(found.report.as_of) if found.ledger is not None else ""
    previous = None if before is None else {"run": before[0], "manifest_sha256": before[1]}
    digests = {name: _digest(text.encode()) for name, text in sorted(files.items())}
    files[MANIFEST] = _canonical({"posturio-iac-evidence": 1, "files": digests, "previous": previous})
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write the evidence {path}: {error.strerror or error}") from None
    write_folder(files, os.path.join(path, _free(path, times[1])), "the evidence")


def _result(shown: Findings) -> dict[str, Any]:
    if shown.verified is not None:
        known: dict[str, Any] = json.loads(verification_text.document(shown.report, shown.verified, shown.ages.first_seen))
        return known
    context = RenderContext(lambda _path, _line: None, "", 0.0, ages=shown.ages, scope=RunScope(accounts=shown.accounts))
    return write.document(shown.report, context)


def _run(
    found: Findings, config: Config, arguments: LiveArguments, times: tuple[datetime, datetime], argv: Sequence[str], code: int
) -> dict[str, Any]:
    """Return how the run was made: by whom, when, with which options and limits, and what it left behind."""
    told = found.ledger.ledger.text(found.report.as_of) if found.ledger is not None else None
    return {
        "started": write.moment(times[0]),
        "finished": write.moment(times[1]),
        "as_of": write.moment(found.report.as_of),
        "as_of_given": arguments.given.as_of is not None,
        "caller": found.caller or None,
        "role": arguments.role if arguments.several else None,
        "options": _options(argv),
        "accounts": list(found.accounts),
        "accounts_not_read": found.unread,
        "calls": found.budget,
        "policy": {
            "rules": sorted(Policy(config).selected(all_rules())),
            "limits": {name: getattr(config, name) for name in LIMITS},
            "overrides": len(config.overrides),
            "suppressions": len(config.suppressions),
        },
        "config_sha256": _digest(_bytes(config.path)) if config.path is not None else None,
        "ledger_sha256": _digest(told.encode()) if told is not None else None,
        "exit_code": code,
    }


def _options(argv: Sequence[str]) -> list[str]:
    """Return the command line without the external id."""
    shown = [f"{SECRET}=****" if word.startswith(f"{SECRET}=") else word for word in argv]
    return ["****" if number and shown[number - 1] == SECRET else word for number, word in enumerate(shown)]


def _free(path: str, when: datetime) -> str:
    """Return a name for the run that sorts behind the others."""
    name, number = when.strftime("%Y%m%dT%H%M%SZ"), 1
    while os.path.lexists(os.path.join(path, name)):
        number += 1
        name = f"{when.strftime('%Y%m%dT%H%M%SZ')}-{number}"
    return name


def _order(name: str) -> tuple[str, int]:
    head, _, number = name.partition("-")
    return head, int(number or 1)


def _canonical(document: dict[str, Any]) -> str:
    """Return JSON that is the same for the same content: sorted, in ASCII, without spaces, with one end of line."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
