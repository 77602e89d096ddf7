"""Replaces values of metadata that cannot stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.fixes.change import CannotFixError, ChangeLevel
from posturio_iac.fixes.hcl.maps import quoted

if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import ReplaceValue
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.hcl.source import HclSource

ELSEWHERE = "the value is computed; change what it comes from"


def new_text(remedy: ReplaceValue) -> str:
    """The value to write. Raises `CannotFixError` when the remedy describes it only in words."""
    text = remedy.written or remedy.value
    if any(character.isspace() for character in text):
        raise CannotFixError("you have to choose the value")
    return text


def replaced_in_hcl(remedy: ReplaceValue, source: HclSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    """The edit of a literal, or of a value in a comment, that stands between two bytes of the file."""
    new, first, last = new_text(remedy), start - source.base, end - source.base
    written = source.data[first:last].decode("utf-8", "replace")
    if written == quoted(remedy.old) or (written == remedy.old and written.replace(".", "").isdigit()):
        return ChangeLevel.IN_PLACE, [source.edit(first, last, quoted(new))]
    at = written.rfind(remedy.old) if remedy.old and source.is_in_comment(first, last) else -1
    if at < 0:
        raise CannotFixError(ELSEWHERE)
    before = len(written[:at].encode())
    length = len(remedy.old.encode())
    return ChangeLevel.NOTHING, [source.edit(first + before, first + before + length, new)]
