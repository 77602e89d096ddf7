"""The name of a scan of code, by which a later result of the same code is recognised wherever it was checked out."""

from __future__ import annotations

import os

from posturio_iac.contract.context import RunScope

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.config.model import Config
    from posturio_iac.search import Selection

STDIN = "-"


def scope(place: str, selection: Selection, words: Sequence[str], config: Config, *, narrowed: bool, source_url: str) -> RunScope:
    """The scope of a scan: the name of the folder ``place`` in its repository, the scanned paths in it, and the URL of its lines.

    The name starts with the folder of the repository, or is that of the scan root without one: it tells no path of this machine.
    """
    top = selection.repository
    real = os.path.realpath(place)
    inside = os.path.relpath(real, os.path.realpath(top)) if top and STDIN not in words else os.curdir
    name = os.path.basename(os.path.realpath(top) if top and STDIN not in words else real)
    full = name if inside == os.curdir or inside.startswith(os.pardir) else os.path.join(name, inside)
    return RunScope(
        full.replace(os.sep, "/"), _paths(selection.root, words), narrowed=narrowed, left_out=left_out(config), source_url=source_url
    )


def left_out(config: Config) -> tuple[str, ...]:
    """The ids of the rules that the configuration, with the command line laid over it, leaves out."""
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    known = all_rules()
    return tuple(sorted(known.keys() - Policy(config).selected(known)))


def _paths(root: str, words: Sequence[str]) -> tuple[str, ...]:
    """The scanned paths, relative to the scan root."""
    if STDIN in words:
        return (STDIN,)
    found = {os.path.relpath(os.path.realpath(word), root).replace(os.sep, "/") for word in words or (os.curdir,)}
    return tuple(sorted(found))
