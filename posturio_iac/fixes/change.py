"""Edits of files, and their effect at the next apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import Enum, dataclass

if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import ReplaceValue


class ChangeLevel(str, Enum):
    """The effect of a change of the code at the next apply."""

    NOTHING = "nothing"  # a comment, or metadata that no resource reads
    IN_PLACE = "in_place"  # it updates a resource and leaves the key as it is: a tag, an interval
    REPLACES = "replaces"  # it adds resources, or replaces the key once or at each interval


SAFE = (ChangeLevel.NOTHING, ChangeLevel.IN_PLACE)  # the levels that are written without being asked for


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Text in place of ``data[start:end]`` of a file."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeChange:
    """The edits that carry out one remedy. There are none where the code states it already."""

    level: ChangeLevel
    edits: tuple[Edit, ...]
    declares_in: str | None = None
    """The folder of the module to which it adds resources: a second change has to see them before it adds its own."""


PERSON = "you have to decide that"  # the reason where only a person can decide what to write


ELSEWHERE = "the value is computed; change what it comes from"


class CannotFixError(Exception):
    """A remedy cannot be carried out by an edit; the message is a clause that says why, and what to do."""


def apply(data: bytes, edits: tuple[Edit, ...] | list[Edit]) -> bytes:
    """Return ``data`` with edits that do not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        parts += [data[at : edit.start], edit.text.encode()]
        at = edit.end
    return b"".join((*parts, data[at:]))


def clash(one: Edit, other: Edit) -> bool:
    """True if two edits overlap, or are so close that the order of their texts would be ambiguous."""
    return one.path == other.path and one.start <= other.end and other.start <= one.end


def moved(offset: int, edits: tuple[Edit, ...] | list[Edit]) -> int:
    """The new offset of a place in a file after ``edits``; text inserted right before it moves it on."""
    return offset + sum(len(edit.text.encode()) - (edit.end - edit.start) for edit in edits if edit.end <= offset)


def new_text(remedy: ReplaceValue) -> str:
    """The value to write. Raises `CannotFixError` when the remedy describes it only in words."""
    text = remedy.written or remedy.value
    if any(character.isspace() for character in text):
        raise CannotFixError("you have to choose the value")
    return text
