"""``posturio-iac live --evidence``: keeps each run in a folder of its own, with digests that are chained to the run before."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from posturio_iac.commands.live.run_record import digest
from posturio_iac.commands.live.writing import verification_text
from posturio_iac.commands.live.writing.private_folder import write_folder
from posturio_iac.commands.output import refuse_links_out
from posturio_iac.contract import write
from posturio_iac.contract.context import RenderContext
from posturio_iac.errors import OutputError, UsageError, system_reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from posturio_iac.commands.live.arguments import LiveArguments
    from posturio_iac.commands.live.run import Findings

MANIFEST, RESULT, RUN = "manifest.json", "result.json", "run.json"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?")


def check_evidence(path: str) -> tuple[str, str] | None:
    """The name of the newest run in a folder of evidence, and the digest of its manifest; None where there is none.

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
        if any(os.path.basename(name) != name for name in files):
            raise ValueError
        changed = next((name for name, told in files.items() if digest(_bytes(os.path.join(path, runs[-1], name))) != told), None)
    except OSError as error:
        raise UsageError(f"--evidence {path} cannot be read: {system_reason(error)}") from None
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        raise UsageError(f"--evidence {path}: the manifest of {runs[-1]} is damaged; name another folder") from None
    if changed is not None:
        raise UsageError(f"--evidence {path}: {runs[-1]}/{changed} was changed after it was written; name another folder")
    return runs[-1], digest(manifest)


def write_evidence(
    found: Findings, arguments: LiveArguments, finished: datetime, run: Mapping[str, Any], left_out: tuple[str, ...]
) -> None:
    """Add the run to the folder, under the time when it ``finished``; ``run`` records how it was made.

    Raises:
        OutputError: it cannot be written.
        UsageError: the folder is not as it was written.

    """
    path = arguments.given.evidence
    before = check_evidence(path)
    shown = found if arguments.given.show_key_ids else found.masked()
    files = {RESULT: _canonical(_result(shown, run, left_out)), RUN: _canonical(_run(found, run))}
    if found.ledger is not None:
        files["ledger.jsonl"] = found.ledger.text()
    previous = None if before is None else {"run": before[0], "manifest_sha256": before[1]}
    digests = {name: digest(text.encode()) for name, text in sorted(files.items())}
    files[MANIFEST] = _canonical({"posturio-iac-evidence": 1, "files": digests, "previous": previous})
    refuse_links_out(path)
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write the evidence {path}: {system_reason(error)}") from None
    write_folder(files, os.path.join(path, _free(path, finished)), "the evidence")


def _result(shown: Findings, run: Mapping[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    if shown.verified is not None:
        known: dict[str, Any] = json.loads(verification_text.document(shown.report, shown.verified, shown.ages.first_seen, run))
        return known
    context = RenderContext(lambda _path, _line: None, "", 0.0, ages=shown.ages, scope=shown.scope(left_out), run=run)
    return write.document(shown.report, context)


def _run(found: Findings, run: Mapping[str, Any]) -> dict[str, Any]:
    """The record of the run and its scope, as a file that is readable without the result."""
    return {"as_of": write.moment(found.report.as_of), "accounts": list(found.accounts), "accounts_not_read": found.unread, **run}


def _free(path: str, when: datetime) -> str:
    """A name for the run that sorts behind the others."""
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


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
