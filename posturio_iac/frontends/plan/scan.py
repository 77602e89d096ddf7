"""Reads the plans of a scan and the code that they were made from: in the given folder, else beside a plan or in the current one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import AccessKey, Effect
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import PLAN_OF_OTHER_CODE, PLAN_OF_SEVERAL, PLAN_WITHOUT_CODE
from posturio_iac.errors import UsageError
from posturio_iac.frontends.plan.code_join import PlannedCode, rebased
from posturio_iac.frontends.plan.reader import read as read_plans
from posturio_iac.frontends.reading import Reading
from posturio_iac.frontends.terraform.reader import read_below
from posturio_iac.search import Selection, discover
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.locations import repository_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.frontends.terraform.options import TerraformOptions


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
    sources = _Sources(options, place, search_terms)
    if source is not None:
        code, said = sources.of(source)
        return _judged(read_plans(selection, options, plans, code), said)
    found: list[Reading] = []
    for plan in plans:
        bare = read_plans(selection, options, [plan])
        folders = dict.fromkeys((os.path.dirname(os.path.join(selection.root, plan)), place)) if bare.keys else ()
        for folder in filter(_holds_code, folders):
            code, said = sources.of(folder, exactly=True)
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


def _holds_code(folder: str) -> bool:
    """True if the folder itself holds files of Terraform or OpenTofu."""
    try:
        return any(kind_of(name) == TERRAFORM for name in os.listdir(folder))
    except OSError:
        return False


class _Sources:
    """The code that plans are made from: each repository is searched once, and each folder read once."""

    def __init__(self, options: TerraformOptions, place: str, search_terms: Sequence[bytes]) -> None:
        self._options, self._place, self._search_terms = options, place, search_terms
        self._found: dict[tuple[str, ...], Selection] = {}
        self._read: dict[tuple[str, bool], tuple[PlannedCode, tuple[Diagnostic, ...]]] = {}

    def of(self, folder: str, *, exactly: bool = False) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
        """The keys of the code in ``folder``, an absolute path, and in root modules below unless ``exactly`` it is meant.

        Modules beside it in its repository belong to it.
        """
        if not os.path.isdir(folder):
            raise UsageError(f"--source {folder}: no such folder")
        asked = os.path.realpath(folder), exactly
        if asked not in self._read:
            self._read[asked] = self._code(folder, asked[0], exactly=exactly)
        return self._read[asked]

    def _code(self, folder: str, real: str, *, exactly: bool) -> tuple[PlannedCode, tuple[Diagnostic, ...]]:
        place = self._place
        top = repository_of(real) or real
        found = self._selection((top,))
        below = os.path.relpath(real, found.root).replace(os.sep, "/") + "/"
        if real != top and not any(path.startswith(below) for path in found.terraform):  # an ignored folder is read because it is named
            found = self._selection((top, real))
        inside = os.path.relpath(real, found.root).replace(os.sep, "/")
        reading = read_below(found, self._options, "" if inside == os.curdir else inside, exactly=exactly)
        wanted = (key for key in reading.keys if not exactly or (key.scope or os.curdir) == inside)
        keys = (rebased(key, found.root, os.path.realpath(place)) for key in wanted)
        shown = os.path.relpath(real, place) if real.startswith(os.path.join(place, "")) else folder
        return PlannedCode(keys, shown), tuple(_moved(said, found.root, place) for said in reading.diagnostics)

    def _selection(self, tops: tuple[str, ...]) -> Selection:
        if tops not in self._found:
            limit = self._options.max_file_size
            self._found[tops] = discover(tops, cwd=self._place, max_file_size=limit, search_terms=self._search_terms)
        return self._found[tops]


def _moved(said: Diagnostic, old: str, new: str) -> Diagnostic:
    if said.path is None or old == new:
        return said
    try:
        path = os.path.relpath(os.path.join(old, said.path), new).replace(os.sep, "/")
    except ValueError:  # different drives
        path = os.path.join(old, said.path)
    return replace(said, path=path)
