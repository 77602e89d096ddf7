"""The content of a report as data: sections of paragraphs, lists, tables and pictures, which HTML and Markdown write each in their way."""

from __future__ import annotations

from posturio_iac.core.record import Enum, NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias


class Role(Enum):
    """What a piece of text is."""

    PLAIN = "plain"
    STRONG = "strong"
    SOFT = "soft"
    CODE = "code"
    COPY = "copy"  # code or a command that works exactly as it is shown
    LEVEL = "level"
    BREAK = "break"


class Piece(NamedTuple):
    """A piece of a sentence or a cell."""

    text: str
    role: Role = Role.PLAIN
    url: str = ""


Pieces = tuple[Piece, ...]
BREAK = Piece("", Role.BREAK)


class Paragraph(NamedTuple):
    """One or more sentences."""

    pieces: Pieces


class EntryList(NamedTuple):
    """A list; ``left`` is the number of entries that it leaves out."""

    entries: tuple[tuple[Block, ...], ...]
    left: int
    numbered: bool = False


class Commands(NamedTuple):
    """Lines for a shell, copied together."""

    lines: tuple[str, ...]


class Table(NamedTuple):
    """A table; the kind of a column is ``level``, ``text``, ``choice`` or ``num``, and the first text column names its rows."""

    id: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[Pieces, ...]]


class Picture(NamedTuple):
    """A picture of ours, as SVG, and what its signs mean, each as SVG and text."""

    name: str
    svg: str
    legend: tuple[tuple[str, str], ...] = ()


class Folded(NamedTuple):
    """What is read only by those who ask."""

    summary: str
    blocks: tuple[Block, ...]


Block: TypeAlias = "Paragraph | EntryList | Commands | Table | Picture | Folded"


class Section(NamedTuple):
    """One section; ``blocks`` is empty where there is nothing to say but ``nothing``, a sentence."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    nothing: str = ""
    number: int = 0
