"""Which root module a state belongs to, when the same address stands in several."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass
from posturio_iac.link.declared import is_alike, may_be

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey
    from posturio_iac.link.declared import Code
    from posturio_iac.link.state import StateKey, TerraformState


@dataclass(frozen=True, slots=True)
class StateEntry:
    """One key of a state, with the declarations that it can come from."""

    key: StateKey
    state: str
    """The name of the state for a reader."""
    code: tuple[AccessKey, ...]


def held(state: TerraformState, code: Code) -> tuple[StateEntry, ...]:
    """The keys of a state with their declarations, those of the root modules that fit the state best.

    A state belongs to one root module: the one whose folder it lies in; else the one that declares most of its addresses, and of
    those the one that names most of their users. Where several fit as well, all of them remain.
    """
    found = {key: [d for d in code.at(key.address) if may_be(d, key.user) and is_alike(d, key.kind, key.service)] for key in state.keys}
    best = _best(state, code, found)
    return tuple(
        StateEntry(key, state.label, tuple(declared for declared in candidates if declared.scope in best))
        for key, candidates in found.items()
    )


def _best(state: TerraformState, code: Code, found: dict[StateKey, list[AccessKey]]) -> frozenset[str]:
    declares: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for key, candidates in found.items():
        declares.update({declared.scope for declared in candidates})
        names.update({declared.scope for declared in candidates if key.user is not None and declared.user == key.user})
    home = code.folder_of(state.label)
    marks = {scope: ((scope or ".") == home, declares[scope], names[scope]) for scope in declares}
    most = max(marks.values(), default=None)
    return frozenset(scope for scope, mark in marks.items() if mark == most)
