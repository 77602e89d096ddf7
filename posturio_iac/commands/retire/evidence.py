"""``posturio-iac retire evidence``: keeps each run in a folder of its own, with digests chained to the run before, and checks them."""

from __future__ import annotations

import json
import os
import re

from posturio_iac.commands.live.output import rules_left_out
from posturio_iac.commands.live.run_record import digest
from posturio_iac.commands.output import refuse_links_out, to_stdout
from posturio_iac.commands.retire.folders import DOCUMENT, write_folder
from posturio_iac.contract import RenderContext, write
from posturio_iac.core.keys import KeyIdMask
from posturio_iac.core.text.terminal import printable
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.render import count
from posturio_iac.retire.script import LOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from posturio_iac.commands.live.run import Findings
    from posturio_iac.commands.retire.command import RetireTask

MANIFEST, RESULT, RUN = "manifest.json", "result.json", "run.json"
NOT_CHECKED = ["console passwords", "signing certificates", "roles and permissions"]  # what an auditor may look for here, and is in no file
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?")


def evidence(task: RetireTask) -> int:
    """Add a run to the folder, or check what is there; return the exit code. Raises `OutputError` and `UsageError`."""
    path, plans = task.arguments.path, task.arguments.paths[1:]
    before = check(path)
    if task.arguments.given.check:
        if not before:
            raise UsageError(f"{path} holds no evidence")
        span = before[0][0] if len(before) == 1 else f"{before[0][0]} to {before[-1][0]}"
        to_stdout(f"{count(len(before), 'run')} of {printable(path)}: all files are as they were written, {span}\n")
        return 0
    copies = {name: text for plan in plans for name, text in _of_plan(plan).items()}
    begun = task.now()
    found = task.look()
    finished = task.now()
    run = found.record.document((begun, finished), task.argv, int(found.report.exit_code(None)))
    shown = found if task.arguments.given.show_key_ids else found.masked()
    context = RenderContext(ages=shown.ages, scope=shown.scope(rules_left_out(task.config)), run=run)
    files = {RESULT: _canonical(write.document(shown.report, context)), RUN: _canonical(_run(found, run, copies))}
    mask = KeyIdMask([judged.key.key_id for judged in found.report.keys if judged.key.key_id])
    files |= {name: text if task.arguments.given.show_key_ids else mask.text(text) for name, text in copies.items()}
    if found.ledger is not None:
        files["ledger.jsonl"] = found.ledger.text()
    previous = {"run": before[-1][0], "manifest_sha256": before[-1][1]} if before else None
    digests = {name: digest(text.encode()) for name, text in sorted(files.items())}
    files[MANIFEST] = _canonical({"posturio-iac-evidence": 1, "files": digests, "previous": previous})
    refuse_links_out(path)
    name = _free(path, finished)
    write_folder(files, os.path.join(path, name), "the evidence")
    return task.close(found, [f"{printable(os.path.join(path, name))}: {', '.join(sorted(files))}"])


def check(path: str) -> list[tuple[str, str]]:
    """The runs in a folder, the oldest first, with the digests of their manifests. Raises `UsageError` (one was changed, or is missing)."""
    if not os.path.lexists(path):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise UsageError(f"retire evidence {path}: there is no folder {os.path.dirname(os.path.abspath(path))}")
        return []
    found: list[tuple[str, str]] = []
    try:
        for name in sorted((name for name in os.listdir(path) if NAME.fullmatch(name)), key=_order):
            manifest = _bytes(os.path.join(path, name, MANIFEST))
            _check_run(path, name, manifest, found[-1] if found else None)
            found.append((name, digest(manifest)))
    except OSError as error:
        raise UsageError(f"the evidence {error.filename or path} cannot be read: {system_reason(error)}") from None
    return found


def _check_run(path: str, name: str, text: bytes, before: tuple[str, str] | None) -> None:
    try:
        manifest = json.loads(text)
        files, previous = dict(manifest["files"]), manifest["previous"]
        linked = None if previous is None else (previous["run"], previous["manifest_sha256"])
        if any(os.path.basename(one) != one for one in files):
            raise ValueError
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        raise UsageError(f"the evidence in {path} is damaged: the manifest of {name} cannot be read") from None
    changed = next((one for one, told in files.items() if digest(_bytes(os.path.join(path, name, one))) != told), None)
    if changed is not None:
        raise UsageError(f"the evidence in {path} is damaged: {name}/{changed} was changed after it was written")
    if added := sorted({*os.listdir(os.path.join(path, name))} - {*files, MANIFEST}):
        raise UsageError(f"the evidence in {path} is damaged: {name}/{added[0]} was added after it was written")
    if linked != before:
        raise UsageError(f"the evidence in {path} is damaged: the run before {name} was changed, or runs are missing before it")


def _of_plan(plan: str) -> dict[str, str]:
    found = {}
    for file in (DOCUMENT, LOG):
        place = os.path.join(plan, file)
        try:
            if file == DOCUMENT or os.path.exists(place):
                found[f"{os.path.basename(os.path.abspath(plan))}-{file}"] = _bytes(place).decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"the plan {plan} cannot be read: {system_reason(error)}") from None
    return found


def _run(found: Findings, run: Mapping[str, Any], copies: Mapping[str, str]) -> dict[str, Any]:
    told = {"as_of": write.moment(found.report.as_of), "accounts": list(found.accounts), "accounts_not_read": found.unread}
    told |= {"plans_sha256": {name: digest(text.encode()) for name, text in copies.items()}, "not_checked": NOT_CHECKED}
    return {**told, **run, "remediation": list(found.ledger.ledger.remediated()) if found.ledger is not None else []}


def _free(path: str, when: datetime) -> str:
    name, number = when.strftime("%Y%m%dT%H%M%SZ"), 1
    while os.path.lexists(os.path.join(path, name)):
        number += 1
        name = f"{when.strftime('%Y%m%dT%H%M%SZ')}-{number}"
    return name


def _order(name: str) -> tuple[str, int]:
    head, _, number = name.partition("-")
    return head, int(number or 1)


def _canonical(document: dict[str, Any]) -> str:
    """JSON that is the same for the same content: sorted, in ASCII, without spaces, with one end of line."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
