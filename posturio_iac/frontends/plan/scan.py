"""Reads the plans of a scan, and the code that they were made from if its folder is given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.record import replace
from posturio_iac.errors import UsageError
from posturio_iac.frontends.plan.code_join import PlannedCode, rebased
from posturio_iac.frontends.plan.reader import read as read_plans
from posturio_iac.frontends.reading import Reading
from posturio_iac.frontends.terraform.reader import read_below
from posturio_iac.search import discover
from posturio_iac.search.locations import repository_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.search import Selection


def read(
    selection: Selection, options: TerraformOptions, plans: Sequence[str], *, source: str | None, place: str, search_terms: Sequence[bytes]
) -> Reading:
    """The keys of ``plans``. ``source`` is the folder of their code; places in it become relative to ``place``.

    Raises:
        UsageError: no such folder.

    """
    if source is None:
        return read_plans(selection, options, plans)
    code, said = _source(source, options, place, search_terms)
    reading = read_plans(selection, options, plans, code)
    return Reading(reading.keys, (*said, *reading.diagnostics))


def _source(
    folder: str, options: TerraformOptions, place: str, search_terms: Sequence[bytes]
) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
    """Read the keys of the code in ``folder``, an absolute path. Modules beside it in its repository belong to it."""
    if not os.path.isdir(folder):
        raise UsageError(f"--source {folder}: no such folder")
    real = os.path.realpath(folder)
    top = repository_of(real) or real
    found = discover(tuple(dict.fromkeys((top, real))), cwd=place, max_file_size=options.max_file_size, search_terms=search_terms)
    inside = os.path.relpath(real, found.root).replace(os.sep, "/")
    reading = read_below(found, options, "" if inside == os.curdir else inside)
    keys = (rebased(key, found.root, os.path.realpath(place)) for key in reading.keys)
    shown = os.path.relpath(real, place) if real.startswith(os.path.join(place, "")) else folder
    return PlannedCode(keys, shown), tuple(_moved(said, found.root, place) for said in reading.diagnostics)


def _moved(said: Diagnostic, old: str, new: str) -> Diagnostic:
    if said.path is None or old == new:
        return said
    try:
        path = os.path.relpath(os.path.join(old, said.path), new).replace(os.sep, "/")
    except ValueError:  # different drives
        path = os.path.join(old, said.path)
    return replace(said, path=path)
