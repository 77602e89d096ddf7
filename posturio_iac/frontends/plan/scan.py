"""Reads the plans of a scan and the code that they were made from: in the given folder, else beside a plan or in the current one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import AccessKey, Effect
from posturio_iac.core.open_kinds import PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL, PLAN_WITHOUT_CODE
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

    from posturio_iac.frontends.terraform.options import TerraformOptions
    from posturio_iac.search import Selection


def read(
    selection: Selection,
    options: TerraformOptions,
    plans: Sequence[str],
    *,
    source: str | None,
    place: str,
    search_terms: Sequence[bytes],
    alone: bool = False,
) -> Reading:
    """The keys of ``plans``. ``source`` is the folder of their code; places in it become relative to ``place``.

    Without it, code beside a plan or in ``place`` counts if it declares keys of the plan; with ``alone`` nothing but the plan counts.

    Raises:
        UsageError: no such folder.

    """
    if alone:
        return read_plans(selection, options, plans, alone=True)
    if source is not None:
        code, said = _source(source, options, place, search_terms)
        return _judged(read_plans(selection, options, plans, code), said)
    found: list[Reading] = []
    for plan in plans:
        bare = read_plans(selection, options, [plan])
        folders = dict.fromkeys((os.path.dirname(os.path.join(selection.root, plan)), place)) if bare.keys else ()
        for folder in filter(os.path.isdir, folders):
            code, said = _source(folder, options, place, search_terms, exactly=True)
            if any(isinstance(code.find(key.address), AccessKey) for key in bare.keys):
                found.append(_judged(read_plans(selection, options, [plan], code), said))
                break
        else:
            found.append(_judged(bare))
    said = tuple(dict.fromkeys(one for reading in found for one in reading.diagnostics))
    return Reading(tuple(key for reading in found for key in reading.keys), said)


def _judged(reading: Reading, said: tuple[Diagnostic, ...] = ()) -> Reading:
    """A reading that says which keys cannot be judged, since neither the plan nor code shows an end of them."""
    reasons = {k.address: next((u for u in k.unknown_sources if u.kind in _APART), None) for k in reading.keys if _is_open(k)}
    apart = {address: reason for address, reason in reasons.items() if reason is not None}
    path = next((k.span.path for k in reading.keys if k.address in apart and k.span is not None), None)
    whole = [address for address, reason in apart.items() if reason.kind is PLAN_WITHOUT_CODE]
    texts = [f"{address} cannot be judged: {reason.reason}" for address, reason in apart.items() if address not in whole]
    if whole:
        keys = "1 key" if len(whole) == 1 else f"{len(whole)} keys"
        texts.append(f"{keys} cannot be judged from the plan alone: add --source DIR, the folder of its code, or --plan-only")
    return replace(reading, diagnostics=(*said, *reading.diagnostics, *(Diagnostic(Level.ERROR, text, path) for text in texts)))


_APART = (PLAN_WITHOUT_CODE, PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL)


def _is_open(key: AccessKey) -> bool:
    return key.is_active() is not False and not any(e.effect in (Effect.DECLARED, Effect.ENFORCED) for e in key.lifetimes)


def _source(
    folder: str, options: TerraformOptions, place: str, search_terms: Sequence[bytes], *, exactly: bool = False
) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
    """Read the keys of the code in ``folder``, an absolute path, and in root modules below unless ``exactly`` it is meant.

    Modules beside it in its repository belong to it.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"--source {folder}: no such folder")
    real = os.path.realpath(folder)
    top = repository_of(real) or real
    found = discover(tuple(dict.fromkeys((top, real))), cwd=place, max_file_size=options.max_file_size, search_terms=search_terms)
    inside = os.path.relpath(real, found.root).replace(os.sep, "/")
    reading = read_below(found, options, "" if inside == os.curdir else inside)
    wanted = (key for key in reading.keys if not exactly or (key.scope or os.curdir) == inside)
    keys = (rebased(key, found.root, os.path.realpath(place)) for key in wanted)
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
