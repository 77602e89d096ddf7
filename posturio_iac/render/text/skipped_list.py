"""The list that ``--show-skipped`` adds to the text: files and calls that were not checked, by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import paint, printable, without_commands
from posturio_iac.search import skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.contract.context import RenderContext

HEADS = {
    skipped.UNREAD: "could not be read in full",
    skipped.EXCLUDED: "excluded",
    skipped.IGNORED: "ignored by git",
    skipped.CACHE: "folders of tools",
    skipped.SUBMODULE: "submodules",
    skipped.REPOSITORY: "other repositories inside this one",
    skipped.MODULE: "modules that are not known and whose code is not here",
}
"""The heading of each kind, in the order of the list."""


def section(context: RenderContext) -> Iterator[str]:
    """Yield the list with an empty line after it; nothing where it was not asked for."""
    if context.skipped is None:
        return
    lines = [paint("Not checked:", "bold", color=context.color)]
    for kind, head in HEADS.items():
        if places := [place for place in context.skipped if place.kind == kind]:
            lines.append(f"  {head}:")
            lines += [f"    {printable(place.path)}{f'  {printable(place.text)}' if place.text else ''}" for place in places]
    if not context.skipped:
        lines = [paint("Not checked: nothing was left out.", "bold", color=context.color)]
    yield without_commands("\n".join(lines) + "\n\n")
