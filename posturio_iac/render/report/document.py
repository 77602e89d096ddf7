"""The content of a report as data: sections of paragraphs, lists, tables and pictures, which HTML and Markdown write each in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.record import Enum, dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence


class Role(Enum):
    """What a piece of text is."""

    PLAIN = "plain"
    STRONG = "strong"
    SOFT = "soft"
    CODE = "code"
    COPY = "copy"
    """Code or a command that works exactly as it is shown."""
    LEVEL = "level"
    """A severity or a verdict."""
    BREAK = "break"
    """A new line inside a cell or an entry."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence or a cell."""

    text: str
    role: Role = Role.PLAIN
    url: str = ""


Pieces = tuple[Piece, ...]
BREAK = Piece("", Role.BREAK)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences."""

    pieces: Pieces


@dataclass(frozen=True, slots=True)
class EntryList:
    """A list; ``left`` is the number of entries that it leaves out."""

    entries: tuple[tuple[Block, ...], ...]
    numbered: bool = False
    left: int = 0


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines for a shell, copied together."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the kind of a column is ``level``, ``text``, ``choice`` or ``num``, and the first text column names its rows."""

    id: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[Pieces, ...]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ours, as SVG, and what its signs mean, each as SVG and text."""

    name: str
    svg: str
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """What is read only by those who ask."""

    summary: str
    blocks: tuple[Block, ...]


Block = Union[Paragraph, EntryList, Commands, Table, Picture, Folded]


@dataclass(frozen=True, slots=True)
class Section:
    """One section; ``blocks`` is empty where there is nothing to say but ``nothing``, a sentence."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    nothing: str = ""
    number: int = 0
