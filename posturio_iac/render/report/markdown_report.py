"""A report of joined results as Markdown, for wikis, tickets and mail: the same sections as the page, without its pictures."""

from __future__ import annotations

from textwrap import indent

from posturio_iac.core.finding import Verdict
from posturio_iac.core.text.terminal import printable
from posturio_iac.render.markdown_page import code, fenced, plain
from posturio_iac.render.report import wording as say
from posturio_iac.render.report.document import Block, Commands, EntryList, Folded, Paragraph, Picture, Piece, Role, Table
from posturio_iac.render.report.parts import shown
from posturio_iac.render.report.sections import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.render.report.view import Posture

ROWS = 200  # how many rows a table and how many entries a list has at most; the last line says how many more there are
LONGEST = 400


def page(posture: Posture) -> str:
    """The report."""
    parts = [*_head(posture)]
    for section in sections(posture):
        parts.append(f"## {section.heading}{f' ({section.number:,})' if section.number else ''}")
        parts += [part for block in section.blocks for part in _block(block)] or [section.nothing]
    return "\n\n".join(parts) + "\n"


def _head(posture: Posture) -> Iterator[str]:
    yield f"# {say.TITLE}"
    yield f"{plain(say.looked_at(posture))}, as of {say.when(posture.as_of)}."
    percent, score = posture.ends.percent, posture.score
    share = "" if percent is None else f"**{percent} % of keys have an end that holds.** "
    yield f"{share}{plain(say.verdict(posture))} Score: {shown(score)}{' of 100' if score is not None else ''}."
    verdicts = " · ".join(f"{verdict.value} {posture.count(verdict):,}" for verdict in Verdict)
    found = " · ".join(f"{severity.value} {number:,}" for severity, number in posture.severities().items())
    yield f"Keys: {verdicts}. Open findings: {found}."


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield _line(block.pieces)
        case Commands():
            yield fenced("\n".join(map(printable, block.lines)), "sh").rstrip("\n")
        case Table():
            yield _table(block)
        case EntryList():
            marks = (f"{number}." if block.numbered else "-" for number in range(1, ROWS + 1))
            yield "\n".join(_entry(mark, entry) for mark, entry in zip(marks, block.entries, strict=False))
            left = max(block.left, 0) + max(len(block.entries) - ROWS, 0)
            yield from [f"… and {left:,} more."] if left else []
        case Folded():
            yield f"**{plain(block.summary)}**"
            yield from (part for inner in block.blocks for part in _block(inner))
        case Picture():
            return


def _entry(mark: str, blocks: Iterable[Block]) -> str:
    first, *others = [part for block in blocks if not isinstance(block, Folded) for part in _block(block)]
    return "\n".join([f"{mark} {first}", *(f"\n{indent(other, ' ' * (len(mark) + 1), lambda _: True)}" for other in others)])


def _table(table: Table) -> str:
    head = [name.lower() for name, _ in table.columns]
    rows = ([_line(cell, in_table=True) for cell in row] for row in table.rows[:ROWS])
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    left = len(table.rows) - ROWS
    return "\n".join([*lines, *([f"\n… and {left:,} more."] if left > 0 else [])])


def _line(pieces: Iterable[Piece], *, in_table: bool = False) -> str:
    return "".join(_piece(piece, in_table=in_table, is_first=n == 0) for n, piece in enumerate(pieces)).strip()


def _piece(piece: Piece, *, in_table: bool, is_first: bool) -> str:
    text = piece.text if len(piece.text) <= LONGEST else f"{piece.text[:LONGEST]}… ({len(piece.text) - LONGEST:,} more characters)"
    if piece.role is Role.BREAK:
        return "; " if in_table else "\n"
    if piece.role in (Role.CODE, Role.COPY):
        return f"[{code(text)}]({piece.url})" if piece.url else code(text)
    words = text.strip(" ")
    before, _, after = text.partition(words) if words else (text, "", "")
    told = plain(words) if is_first else plain(f"x{words}")[1:]  # what begins a line is escaped only there
    if piece.url:
        told = f"[{told}]({piece.url})"
    return f"{before}{f'**{told}**' if piece.role in (Role.STRONG, Role.LEVEL) else told}{after}"
