"""The cards under "What to do first", and the findings by rule and module, as plain values."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from posturio_iac.posture.mends import Task, by_rule, likeness, tasks
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.html_text import BRIEF, copyable, cut, finding_link, key_link, mend
from posturio_iac.render.wording import page_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract.records import SavedFinding
    from posturio_iac.posture.mends import ModuleFindings, RuleFindings
    from posturio_iac.posture.view import KeyRow, Posture

FIRST = 10
"""How many cards are under "What to do first"."""
NAMED = 50
"""How many keys of a card are named, and how many commands it shows."""
FINDINGS = 1000
"""How many findings are listed in full; the table of keys names the rules of all."""
OPEN = 200
"""How many findings are unfolded at first."""
WRITTEN = ("nothing", "in_place")
"""The levels of changes that ``fix --write`` makes without ``--unsafe``."""


def first(posture: Posture) -> dict[str, Any]:
    every = tasks(posture.rows)
    return {"first": [_card(task) for task in every[:FIRST]], "more_tasks": max(len(every) - FIRST, 0)}


def _card(task: Task) -> dict[str, Any]:
    row, several = task.rows[0], len(task.rows) > 1
    finding = task.findings[0] if task.findings else None
    further = sorted(task.further.items(), key=lambda entry: (-entry[1], entry[0]))
    return {
        "level": finding.severity.value if finding else row.key.verdict.value,
        "count": len(task.rows),
        "name": "" if several else cut(say.name(row.key), BRIEF),
        "where": say.where(task.unit),
        "place": "" if several else say.place(row.key, finding) if finding else row.key.place,
        "href": "" if several else finding_link(row, finding) if finding else key_link(row),
        "title": say.title(finding.rule) if finding else "",
        "url": page_url(finding.rule) if finding else "",
        "facts": [*say.use(task.rows), say.owners(task.rows)],
        "message": say.problem(task),
        "mend": mend(finding) if finding and not several else [],
        "summary": say.mend(task.findings) if finding and several else "",
        "code": finding.remedy.code if finding and several and finding.remedy and copyable(finding.remedy.code) else "",
        "blocks": list(_commands(task)) if several else [],
        "fix": _fix(task),
        "keys": [_named(row) for row in task.rows[:NAMED]] if several else [],
        "more": max(len(task.rows) - NAMED, 0),
        "further": [(say.title(rule), number) for rule, number in further],
    }


def _commands(task: Task) -> Iterator[tuple[str, int]]:
    """Yield the commands for several keys as one text, with the number of those that are left out; nothing where there are none."""
    commands = dict.fromkeys(f.remedy.command for f in task.findings if f.remedy and copyable(f.remedy.command))
    if commands:
        yield "\n".join(list(commands)[:NAMED]), max(len(commands) - NAMED, 0)


def _fix(task: Task) -> str:
    """The command that lets a program mend all of a task, where it can."""
    levels = {finding.fix for finding in task.findings}
    if not levels or "" in levels:
        return ""
    unsafe = () if levels <= set(WRITTEN) else ("--unsafe",)
    paths = () if task.unit.paths in ((), (".",)) else task.unit.paths
    return shlex.join(("posturio-iac", "fix", "--select", task.findings[0].short_rule, "--write", *unsafe, *paths))


def _named(row: KeyRow) -> tuple[str, str, str, str]:
    return cut(say.name(row.key), BRIEF), cut(row.key.place, BRIEF), key_link(row), say.used(row.key)


def findings(posture: Posture) -> dict[str, Any]:
    """The findings by rule and module, the worst rule first, as many as are listed in full."""
    groups = by_rule(posture.rows)
    told, left = [], FINDINGS
    for group in groups:
        told.append(_group(group, left, unfolded=FINDINGS - left < OPEN))
        left -= told[-1]["told"]
    total = sum(group.count for group in groups)
    return {"findings": told, "finding_count": total, "told_count": FINDINGS - left}


def _group(group: RuleFindings, left: int, *, unfolded: bool) -> dict[str, Any]:
    """One rule, with at most ``left`` of its findings."""
    modules = []
    room = left
    for module in group.modules:
        if room > 0:
            modules.append(_module(module, room))
            room -= len(modules[-1]["rows"])
    told = left - room
    return {
        "rule": group.rule,
        "level": group.severity.value,
        "title": say.title(group.rule),
        "standards": say.standards(group.rule),
        "count": group.count,
        "told": told,
        "more": group.count - told,
        "unfolded": unfolded,
        "modules": modules,
    }


def _module(module: ModuleFindings, room: int) -> dict[str, Any]:
    pairs = module.pairs[:room]
    message, alike = _alike(pairs)
    kinds = {finding.severity for _, finding in pairs}
    return {
        "name": say.module(module.unit, module.root, module.module),
        "count": len(module.pairs),
        "message": message,
        "summary": say.mend([finding for _, finding in pairs]) if alike else "",
        "code": pairs[0][1].remedy.code if alike and pairs[0][1].remedy and copyable(pairs[0][1].remedy.code) else "",
        "columns": {
            "level": len(kinds) > 1,
            "place": any(say.place(row.key, finding) for row, finding in pairs),
            "used": any(row.key.deployed for row, _ in pairs),
            "owner": any(row.key.owner for row, _ in pairs),
            "message": not message,
            "mend": not alike,
        },
        "rows": [_row(row, finding) for row, finding in pairs],
    }


def _alike(pairs: Sequence[tuple[KeyRow, SavedFinding]]) -> tuple[str, bool]:
    """The message of all findings where it is the same, and whether all are mended alike other than by a command."""
    if len(pairs) == 1:
        return "", False
    told = {finding.problem for _, finding in pairs}
    alike = len({likeness(finding) for _, finding in pairs}) == 1 and not any(f.remedy and f.remedy.command for _, f in pairs)
    return told.pop() if len(told) == 1 else "", alike


def _row(row: KeyRow, finding: SavedFinding) -> dict[str, Any]:
    return {
        "level": finding.severity.value,
        "name": cut(say.name(row.key), BRIEF),
        "address": row.key.address if row.key.deployed else "",
        "place": say.place(row.key, finding),
        "href": finding_link(row, finding),
        "used": say.used(row.key),
        "owner": cut(row.key.owner or "", BRIEF),
        "message": finding.problem,
        "mend": mend(finding),
    }
