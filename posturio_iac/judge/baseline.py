"""Baseline files: findings that are known already, so that only new ones fail a run.

A baseline is JSON that people review and edit. Each entry names a finding by its fingerprint, which survives moved and reformatted code
(where it does not, ``known`` goes by what else the entry says), and says why it is accepted, who answers for it and until when.
"""

from __future__ import annotations

import os
from collections import Counter

from posturio_iac.config.check import BadValueError, check_table, describe, moment
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.core.finding import Finding, Severity, Suppression
from posturio_iac.core.record import NamedTuple, dataclass
from posturio_iac.core.text.textfile import MIB, UnreadableError, decoded, read_named
from posturio_iac.errors import UsageError
from posturio_iac.judge.redaction import user_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from posturio_iac.core.model import AccessKey

VERSION = 1
SOURCE = "baseline"
MOST_BYTES = 64 * MIB  # limit in bytes: some 150,000 findings

ENTRY = (
    Option("rule", Shape.TEXT, "The rule", required=True),
    Option("address", Shape.TEXT, "The key's address", required=True),
    Option("path", Shape.TEXT, "The file, relative to the folder of the baseline"),
    Option("root", Shape.TEXT, "The root module or template, relative to the folder of the baseline"),
    Option("fingerprint", Shape.TEXT, "What the finding is known by", required=True),
    Option("content", Shape.TEXT, "What the key is known by once its folder has another name"),
    Option("user", Shape.TEXT, "The user whose key it is, or the expression of an open one"),
    Option("reason", Shape.TEXT, "Why it is accepted", required=True),
    Option("owner", Shape.TEXT, "Who answers for it"),
    Option("until", Shape.TEXT, "The last day on which it is accepted"),
)
DOCUMENT = (
    Option("version", Shape.TEXT, "The version of the format", required=True),
    Option("written", Shape.TEXT, "The day on which the file was first written"),
    Option("findings_then", Shape.TEXT, "How many findings it held on that day"),
    Option("findings", Shape.TABLES, "The findings", (), fields=ENTRY),
)
_OPTIONAL = tuple(option.name for option in ENTRY if not option.required)


def accepted(findings: Iterable[Finding]) -> Counter[Severity]:
    return Counter(f.severity for f in findings if f.suppressed is not None and f.suppressed.source == SOURCE)


class BaselineEntry(NamedTuple):
    """One known finding."""

    path: str  # relative to the folder of the baseline, with forward slashes; empty where it is not stated
    address: str
    rule: str
    fingerprint: str
    reason: str
    owner: str = ""
    until: str | None = None  # the end of the exception as written
    root: str = ""  # relative to the folder of the baseline, with forward slashes; empty in older files
    content: str = ""  # a digest that stays the same when the folder of the code is moved; empty in older files

    user: str = ""  # as `user_of` has it; empty in older files, where it holds for whatever user the key has

    def holds_for(self, key: AccessKey | None) -> bool:
        return not self.user or key is None or self.user == user_of(key)

    def suppression(self) -> Suppression:
        """The suppression of its finding. Raises `BadValueError` for an end that is not a date."""
        owner = f" (owner: {self.owner})" if self.owner else ""
        return Suppression(self.reason + owner, None if self.until is None else moment(self.until, end_of_day=True), SOURCE)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of one file."""

    entries: tuple[BaselineEntry, ...] = ()
    written: str = ""  # the day on which the file was first written; empty in older files
    findings_then: int = 0  # how many entries it had on that day

    def shrinkage(self, left: int) -> str:
        """Compare ``left`` entries with the number that was written first, for a reader; empty where that is not known."""
        if not self.written or left == self.findings_then:
            return ""
        change = f"{abs(self.findings_then - left)} {'fewer' if left < self.findings_then else 'more'}"
        return f"{change} than when it was written on {self.written}"

    def text(self) -> str:
        """The content of the file, the same for the same entries."""
        from json import dumps

        rows = [{option.name: getattr(entry, option.name) for option in ENTRY} for entry in sorted(self.entries)]
        head = {"version": VERSION, "written": self.written, "findings_then": self.findings_then}
        return dumps({**head, "findings": rows}, indent=2, ensure_ascii=False) + "\n"


class BaselineFile(NamedTuple):
    """One file, read."""

    path: str  # absolute
    baseline: Baseline

    @property
    def folder(self) -> str:
        return os.path.dirname(os.path.realpath(self.path))


def load(path: str) -> Baseline:
    """Read and check a baseline. Raises `UsageError`, which names the file and the entry."""
    shown = _shown(path)
    document = _document(path, shown)
    findings = document.get("findings")
    if not isinstance(findings, list):
        raise UsageError(f"{shown}: findings must be a list of entries, not {describe(findings)}")
    entries = tuple(_entry(entry, f"findings[{number}]", shown) for number, entry in enumerate(findings))
    seen: set[str] = set()
    for entry in entries:
        if entry.fingerprint in seen:
            raise UsageError(f"{shown}: two entries have the fingerprint {entry.fingerprint} ({entry.rule} for {entry.address}); keep one")
        seen.add(entry.fingerprint)
    written, count = document.get("written") or "", document.get("findings_then", 0)
    if not isinstance(written, str) or isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise UsageError(f"{shown}: written must be a date and findings_then a number of findings")
    return Baseline(entries, written, count)


def load_all(paths: Sequence[str]) -> tuple[BaselineFile, ...]:
    """Read several baselines as `load` does; no two may have an entry about one finding."""
    files = tuple(BaselineFile(path, load(path)) for path in dict.fromkeys(paths))
    seen: dict[str, str] = {}
    for file in files:
        for entry in file.baseline.entries:
            other = seen.setdefault(entry.fingerprint, file.path)
            if other != file.path:
                names = f"{_shown(other)} and {_shown(file.path)}"
                raise UsageError(f"{names} both have the fingerprint {entry.fingerprint} ({entry.rule} for {entry.address}); keep one")
    return files


def _shown(path: str) -> str:
    return os.path.relpath(path) if os.path.abspath(path).startswith(os.path.join(os.getcwd(), "")) else path


def _document(path: str, shown: str) -> dict[str, Any]:
    from json import loads

    try:
        document = loads(decoded(read_named(path, MOST_BYTES)))
    except UnreadableError as error:
        raise UsageError(f"{shown}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{shown}: must hold an object with version and findings, not {describe(document)}")
    if document.get("version") != VERSION:
        raise UsageError(
            f"{shown}: version must be {VERSION}, not {describe(document.get('version'))}; a newer posturio-iac may have written it"
        )
    check_table({key: [] if key == "findings" else str(value) or "-" for key, value in document.items()}, DOCUMENT, shown)
    return document


def _entry(value: Any, where: str, shown: str) -> BaselineEntry:
    if not isinstance(value, dict):
        raise UsageError(f"{shown}: {where} must be an entry, not {describe(value)}")
    given = {key: text for key, text in value.items() if key not in _OPTIONAL or text not in (None, "")}
    entry = BaselineEntry(**({"path": ""} | check_table(given, ENTRY, shown, f"{where}.")))
    try:
        entry.suppression()
    except BadValueError as wrong:
        raise UsageError(f"{shown}: {where}.until must be {wrong}, not {describe(entry.until)}") from None
    return entry
