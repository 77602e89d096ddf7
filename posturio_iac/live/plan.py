"""A script that disables and deletes keys, for somebody to review and run. Pure: nothing here, or anywhere in this program, runs it."""

from __future__ import annotations

import shlex
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.terminal import printable
from posturio_iac.judge.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Finding, JudgedKey, Report
    from posturio_iac.core.model import AccessKey

DISABLING = frozenset({"iam.unused_access_keys", "iam.expired_access_keys"})
"""Findings that say that nobody needs the key, or that it should have ended."""
LINGERING = "iam.lingering_inactive_access_keys"
HEAD = """\
#!/bin/sh
# Written by posturio-iac live as of {as_of}. It was not run, and nothing runs it but you.
# Review every line first: ask the owner, then disable, wait for the grace of {grace} days, and only then delete.
# Run the sections of one account with credentials of that account; others stop at once.
set -eu

in_account() {{
  here=$(aws sts get-caller-identity --query Account --output text)
  if [ "$here" != "$1" ]; then
    echo "these credentials belong to account $here, and the next steps to $1" >&2
    exit 1
  fi
}}

delete_if_inactive() {{
  state=$(aws iam list-access-keys --user-name="$1" --query "AccessKeyMetadata[?AccessKeyId=='$2'].Status" --output text)
  if [ "$state" != "Inactive" ]; then
    echo "kept $2 of $1: it is ${{state:-gone}}" >&2
    return 0
  fi
  aws iam delete-access-key --user-name="$1" --access-key-id="$2"
}}
"""


def script(report: Report, config: Config) -> str:
    """Return the script. Its report holds key ids in full."""
    policy = Policy(config)
    findings: dict[str, list[Finding]] = {}
    for finding in report.active():
        findings.setdefault(finding.address, []).append(finding)
    flagged = [judged for judged in report.keys if judged.key.address in findings]
    flagged.sort(key=lambda judged: (judged.key.account or "", _owner(judged.key), judged.key.address))
    parts = [HEAD.format(as_of=report.as_of.strftime("%Y-%m-%d %H:%M UTC"), grace=config.grace_days)]
    for account, keys in groupby(flagged, key=lambda judged: judged.key.account or ""):
        parts.append(f"\n# Account {_comment(account)}\nin_account {shlex.quote(account)}\n")
        for owner, theirs in groupby(keys, key=lambda judged: _owner(judged.key)):
            parts.append(f"\n# Owner: {_comment(owner)}\n")
            parts += ["\n" + "\n".join(_steps(judged, findings[judged.key.address], report.as_of, policy)) + "\n" for judged in theirs]
    if not flagged:
        parts.append("\n# Nothing was found.\n")
    return "".join(parts)


def _steps(judged: JudgedKey, findings: list[Finding], as_of: datetime, policy: Policy) -> Iterator[str]:
    """Yield the lines for one key: why, the step, and how to undo it."""
    key = judged.key
    yield f"# {_comment(key.address)}"
    yield from (f"#   {_comment(finding.message)}" for finding in findings)
    rules = {finding.rule.id for finding in findings}
    if key.is_root is True:
        yield "#   Only the root user can delete this key: sign in as it, or delete it from the management account."
    elif key.key_id is None:
        yield "#   Its id was not asked for, since nothing here ends it; posturio-iac live --exact shows it."
    elif key.declaration is not None and key.declaration.exact and (key.declaration.restores_status or not rules & DISABLING):
        yield from _of_code(key, findings)
    elif rules & DISABLING:
        yield from _perhaps_of_code(key)
        yield f"#   Undo: {_update(key, 'Active')}"
        yield _update(key, "Inactive")
    elif LINGERING in rules and _off_for_longer(key, as_of, policy):
        yield from _perhaps_of_code(key)
        yield "#   A deleted key cannot be brought back; its user would need a new one."
        yield f"delete_if_inactive {shlex.quote(str(key.user))} {shlex.quote(key.key_id)}"
    elif LINGERING in rules:
        yield "#   Kept: it is not known that it has been off for longer than the grace."
    else:
        yield from _perhaps_of_code(key)
        yield "#   In use, so nothing is switched off here. Give its user a new key, move to it, and then run:"
        yield f"#   {_update(key, 'Inactive')}"


def _of_code(key: AccessKey, findings: list[Finding]) -> Iterator[str]:
    """Yield what to do about a key that code declares: nothing by hand, since the code would undo it."""
    yield "#   Code declares it and undoes what is done by hand, so nothing is done here. Change the code:"
    yield from (f"#     {_comment(finding.remediation)}" for finding in findings)
    if any(finding.rule.id in DISABLING for finding in findings):
        yield f"#   In an emergency, and only until the next apply or deployment: {_update(key, 'Inactive')}"


def _perhaps_of_code(key: AccessKey) -> Iterator[str]:
    """Yield a warning when code may declare the key and undo what is done by hand."""
    if key.declaration is not None and key.declaration.restores_status:
        yield f"#   Look at the code first, which brings back what is changed by hand: the key {_comment(key.declaration.text())}"


def _off_for_longer(key: AccessKey, as_of: datetime, policy: Policy) -> bool:
    """Whether the key is known to have been disabled for longer than the grace that holds for it."""
    since = key.disabled_since
    return key.status == "Inactive" and isinstance(since, datetime) and as_of - since > policy.context_for(key, as_of).grace


def _update(key: AccessKey, status: str) -> str:
    """The command that switches a key on or off. ``=`` keeps a name that begins with a dash from being read as an option."""
    user, key_id = shlex.quote(str(key.user)), shlex.quote(str(key.key_id))
    return f"aws iam update-access-key --user-name={user} --access-key-id={key_id} --status={status}"


def _owner(key: AccessKey) -> str:
    return "unknown" if isinstance(key.owner, Unknown) or not key.owner else key.owner


def _comment(text: str) -> str:
    """Text that stays on the line of its comment."""
    return printable(text)
