"""The format ``sarif``: SARIF 2.1.0 as GitHub code scanning reads it.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
import sys
from array import array
from functools import lru_cache
from operator import mul
from urllib.parse import quote

from posturio_iac import DOCS, __version__
from posturio_iac.core.finding import Diagnostic, Finding, Report, Rule, Severity
from posturio_iac.core.text.json_text import pieces
from posturio_iac.core.text.terminal import JSON_SHARP, inert, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.wording import open_sentence, page_url, repository_path, undetermined
from posturio_iac.rules import all_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from posturio_iac.contract import RenderContext
    from posturio_iac.core.model import Span
    from posturio_iac.fixes.shown import ShownChange, ShownEdit

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
LIMIT = 25_000  # GitHub refuses more results in one run
BASE = "SRCROOT"
GENERAL, UNDETERMINED = range(2)
NOTIFICATIONS = [
    {
        "id": name,
        "name": title,
        "help": {"text": advice},
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "helpUri": f"{DOCS}/exit-codes.md",
    }
    for name, title, text, advice in (
        ("run", "AboutTheRun", "Something to know about the run, which is incomplete after an error.", "See the page on exit codes."),
        (
            "undetermined",
            "UndeterminedKey",
            "A key that the code alone does not decide, or not for every rule: the message names the values that are unknown.",
            "Set the value in the code, or state a lifetime beside the key. With --strict, it fails the run.",
        ),
    )
]
SECURITY_SEVERITY = {Severity.LOW: "3.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""GitHub: critical above 9.0, high from 7.0, medium from 4.0, low below. It wants text."""


def _descriptor(rule: Rule, page: str) -> dict[str, Any]:
    standards = "".join(f"\n\n{name}: {', '.join(numbers)}." for name, numbers in rule.standards.items())
    (title, _, text), level = page.partition("\n"), LEVELS[rule.severity]
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.rpartition(".")[2].split("_")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": first_paragraph(text) or title},
        "helpUri": page_url(rule.id),
        "help": {"text": _plain(page) + standards, "markdown": f"# {title.rstrip('.')}\n{text}{standards}"},
        "defaultConfiguration": {"level": level},
        "properties": {
            "security-severity": SECURITY_SEVERITY[rule.severity],
            "precision": "high",
            "problem.severity": "recommendation" if level == "note" else level,
            "tags": ["security", "aws", "iam", "access-keys"],
            **({"standards": {name: list(numbers) for name, numbers in rule.standards.items()}} if rule.standards else {}),
        },
    }


def first_paragraph(text: str) -> str:
    """The first paragraph without a last sentence that introduces the following text."""
    return re.sub(r"(?<=\.)[^.]*:$", "", " ".join(_plain(text.strip().partition("\n\n")[0]).split()))


def _plain(page: str) -> str:
    return re.sub(r"(?m)^#+ ", "", page).replace("`", "")


WINDOW = 100
FACTOR = 37
END = "\uffff"
MASK = 2**64 - 1
_POWERS = [pow(FACTOR, exponent, 2**64) for exponent in reversed(range(WINDOW))]


class LineHashes:
    """The fingerprints by which GitHub recognises an alert whose line has moved; only those that are asked for are computed.

    The algorithm is that of github/codeql-action (src/fingerprints.ts): each line is hashed over the 100 UTF-16 units that follow its
    start, spaces and tabs left out, every line end as LF, 65535 for the end of the file, then zeros. GitHub complains about another value.
    """

    def __init__(self, text: str) -> None:
        """Find the units that each line is hashed over, and how often the same ones came before; lone carriage returns end lines too."""
        self._windows: list[tuple[str, int]] = []
        seen: dict[str, int] = {}
        units, start = _units(text), 0
        for line in units.split("\n"):
            window = units[start : start + WINDOW]
            seen[window] = occurrence = seen.get(window, 0) + 1
            self._windows.append((window, occurrence))
            start += len(line) + 1

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, place: int) -> str:
        window, occurrence = self._windows[place]
        return f"{_digest(window)}:{occurrence}"


@lru_cache(maxsize=64)
def _digest(window: str) -> str:
    """The hash of some units; those that are missing at the end of a file count as zeros. Findings of one key share a line."""
    return f"{sum(map(mul, map(ord, window), _POWERS)) & MASK:x}"


def _units(text: str) -> str:
    """The UTF-16 units that count, as a character each. A line feed counts with the carriage return directly before it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    if not plain.isascii():
        plain = "".join(map(chr, array("H", plain.encode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass"))))
    return plain + END


def stream(report: Report, context: RenderContext) -> Iterator[str]:
    """Yield one log in ASCII, with no more than one result in memory; without suppressed findings, which GitHub would show as open."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, context)]}
    yield from (inert(piece, JSON_SHARP) for piece in pieces(log, 5))
    yield "\n"


def _run(report: Report, context: RenderContext) -> dict[str, Any]:
    rules = [_descriptor(entry.rule, entry.page) for entry in all_rules().values()]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    kept, cut = _kept(report.active())

    @lru_cache(maxsize=1)  # findings come in the order of their files
    def hashes(path: str) -> LineHashes | None:
        return None if (text := context.text(path)) is None else LineHashes(text)

    return {
        "tool": {
            "driver": {
                "name": "posturio-iac",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": DOCS,
                "rules": rules,
                "notifications": NOTIFICATIONS,
            }
        },
        "automationDetails": {"id": f"posturio-iac/{'live' if context.region else 'static'}/"},
        "invocations": [
            {
                "executionSuccessful": not report.errors(),
                **({} if context.exit_code is None else {"exitCode": context.exit_code}),
                "toolExecutionNotifications": _notifications(report, context, cut),
            }
        ],
        "originalUriBaseIds": {BASE: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": (_result(finding, places, hashes, context) for finding in kept),
    }


def _kept(findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], int]:
    """As many findings as GitHub takes, the worst ones in their order, and how many are left out."""
    worst = sorted(range(len(findings)), key=lambda n: -findings[n].severity.rank)[:LIMIT]
    return tuple(findings[n] for n in sorted(worst)), len(findings) - len(worst)


def _result(finding: Finding, places: dict[str, int], hashes: Callable[[str], LineHashes | None], context: RenderContext) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": places[finding.rule.id],
        "level": LEVELS[finding.severity],
        "message": {"text": _unlinked(f"{printable(finding.message)} Fix: {printable(remediation(finding))}")},
        "fingerprints": {"posturioIac/v1": finding.fingerprint},
        "properties": {"address": printable(finding.address), "framework": finding.framework, "root": printable(finding.root)},
    }
    if (change := context.change(finding)) is not None:
        result["fixes"] = [_fix(change, finding, context)]
    logical = [{"fullyQualifiedName": printable(name), "kind": "resource"} for name in _names(finding)]
    if finding.span is None:
        return {**result, "locations": [{"logicalLocations": logical}]}
    physical = {"artifactLocation": _artifact(repository_path(finding.span, context)), "region": _region(finding.span)}
    if (lines := hashes(finding.span.path)) is not None and finding.span.line <= len(lines):
        result["partialFingerprints"] = {"primaryLocationLineHash": lines[finding.span.line - 1]}
    return {**result, "locations": [{"physicalLocation": physical, "logicalLocations": logical}]}


def _fix(change: ShownChange, finding: Finding, context: RenderContext) -> dict[str, Any]:
    paths = dict.fromkeys(edit.span.path for edit in change.edits)
    changes = [
        {
            "artifactLocation": _artifact(context.prefix + path),
            "replacements": [_replacement(edit) for edit in change.edits if edit.span.path == path],
        }
        for path in paths
    ]
    return {"description": {"text": _unlinked(printable(finding.remediation))}, "artifactChanges": changes}


def _replacement(edit: ShownEdit) -> dict[str, Any]:
    span = edit.span
    region = {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _names(finding: Finding) -> Iterator[str]:
    yield finding.address
    if finding.declaration is not None and finding.declaration.place is not None:
        yield finding.declaration.place.address


def _region(span: Span) -> dict[str, int]:
    """The first line of a region: GitHub shows an alert in a pull request only when all of its lines are in the diff."""
    start = {"startLine": span.line, "startColumn": span.column}
    return start if span.end_line > span.line else {**start, "endLine": span.line, "endColumn": max(span.end_column, span.column)}


@lru_cache(maxsize=64)  # findings come in the order of their files
def _artifact(path: str) -> dict[str, str]:
    """A place relative to the top of the repository. Bytes that are not UTF-8 are encoded as they are."""
    try:
        encoded = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no bytes
        encoded = path.encode("utf-8", "surrogatepass")
    return {"uri": quote(encoded), "uriBaseId": BASE}


def _unlinked(text: str) -> str:
    """Keep what somebody wrote into the code from becoming a link (SARIF 2.1.0, 3.11.6)."""
    return text.replace("](", "] (")


def _notifications(report: Report, context: RenderContext, cut: int) -> Iterator[dict[str, Any]]:
    if cut:
        text = f"{cut:,} of {LIMIT + cut:,} findings, the least severe ones, are left out: GitHub takes no more than {LIMIT:,}."
        yield _notification(GENERAL, "warning", text)
    for diagnostic in report.diagnostics:
        yield _notification(GENERAL, diagnostic.level.value, diagnostic.message, **_where(diagnostic, context))
    for judged in undetermined(report):
        place = judged.key.span
        where = {"artifactLocation": _artifact(repository_path(place, context)), "region": _region(place)} if place else {}
        yield _notification(UNDETERMINED, "note", open_sentence(judged), **where)


def _notification(kind: int, level: str, text: str, **physical: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "descriptor": {"id": NOTIFICATIONS[kind]["id"], "index": kind},
        "level": level,
        "message": {"text": _unlinked(printable(text))},
    }
    return {**made, "locations": [{"physicalLocation": physical}]} if physical else made


def _where(diagnostic: Diagnostic, context: RenderContext) -> dict[str, Any]:
    if diagnostic.path is None:
        return {}
    column = {"startColumn": diagnostic.column} if diagnostic.column else {}
    region = {"region": {"startLine": diagnostic.line, **column}} if diagnostic.line else {}
    return {"artifactLocation": _artifact(context.prefix + diagnostic.path), **region}
