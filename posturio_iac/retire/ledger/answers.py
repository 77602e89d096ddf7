"""Owners' answers: two columns in the CSV of a letter, and the lines of the ledger that they become. Pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from posturio_iac.core.keys.ids import hidden
from posturio_iac.core.record import NamedTuple
from posturio_iac.retire.ledger.change import KeyChangeKind
from posturio_iac.retire.ledger.history import SHOWN, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from posturio_iac.retire.ledger.history import Ledger

NEEDED, NOTE, BY, KEY_ID = "needed", "note", "answered_by", "key_id"
ANSWERS = (NEEDED, NOTE, BY)
"""The columns for the owner."""
WORDS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
LONGEST_NOTE = 500


class NoAnswersError(Exception):
    """The text holds no valid answers; the message is a clause that says where and why."""


class OwnerAnswer(NamedTuple):
    """An owner's answer about one key."""

    line: int
    key_id: str
    is_needed: bool
    note: str
    by: str = ""


def read_answers(text: str) -> tuple[OwnerAnswer, ...]:
    """Read a table with the columns ``key_id``, ``needed`` and ``note``, with commas or, as some spreadsheets write it, semicolons.

    Lines in which ``needed`` and ``note`` are empty are no answers yet.

    Raises:
        NoAnswersError: a column is missing, or a line cannot be understood.

    """
    head, _, _ = text.partition("\n")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        missing = [name for name in (KEY_ID, NEEDED) if name not in (reader.fieldnames or ())]
        if missing:
            raise NoAnswersError(f"it has no column {' and no column '.join(missing)}; take the CSV of a letter")
        return tuple(found for row in reader if (found := _answer(reader.line_num, row)) is not None)
    except csv.Error as error:
        raise NoAnswersError(f"it is not a table: {error}") from None


def _answer(line: int, row: dict[str, str]) -> OwnerAnswer | None:
    key_id, needed, note = (str(row.get(name) or "").strip() for name in (KEY_ID, NEEDED, NOTE))
    by = " ".join(str(row.get(BY) or "").split())[:LONGEST_NOTE]
    if not needed and not note:
        return None
    if needed.lower() not in WORDS:
        raise NoAnswersError(f'line {line}: needed must be yes or no, not "{needed[:40]}"')
    if not key_id or "*" in key_id:
        raise NoAnswersError(f"line {line}: key_id must be a full key ID, as in the letter")
    return OwnerAnswer(line, key_id, WORDS[needed.lower()], " ".join(note.split())[:LONGEST_NOTE], by)


def note_answers(ledger: Ledger, answers: Sequence[OwnerAnswer], as_of: datetime, digest: str | None = None) -> None:
    """Add answers to a ledger, with the digest of the file that holds them.

    Raises:
        NoAnswersError: one is about a key that the ledger does not know.

    """
    seen: dict[str, list[tuple[str, str]]] = {}
    for name, user, end in _known(ledger):
        seen.setdefault(end, []).append((name, user))
    for answer in answers:
        alike = seen.get(answer.key_id[-SHOWN:], ())
        found = next((name for name, user in alike if digest_of(user, answer.key_id) == name), None)
        if found is None:
            raise NoAnswersError(
                f"line {answer.line}: the ledger does not know the key {hidden(answer.key_id)}; "
                "use the ledger that the letters were written with"
            )
        detail = {"needed": answer.is_needed, "note": answer.note or None, "by": answer.by or None, "file_sha256": digest}
        ledger.note(found, KeyChangeKind.ANSWERED, as_of, detail)


def _known(ledger: Ledger) -> Iterator[tuple[str, str, str]]:
    """Yield name, user and the end of the id of each key that the ledger has seen."""
    for name in ledger.keys:
        if (seen := ledger.of(name, KeyChangeKind.SEEN)) is not None:
            yield name, str(seen.detail.get("user", "")), str(seen.detail.get("id", "")).lstrip("*")
