"""Differences between states, code and AWS: keys that are gone, and keys that the next apply switches on again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.model import AccessKey, KeyKind, Place, called
from posturio_iac.link.declared import places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from posturio_iac.link.linker import Linker, StateEntry


def returning(linker: Linker, keys: Iterable[AccessKey]) -> Iterator[Diagnostic]:
    """Yield a warning for each key that was switched off by hand and that its code switches on again."""
    held = {one.key.key_id: one for one in linker.held}
    for key in keys:
        one = held.get(key.key_id) if key.status == "Inactive" and key.key_id else None
        if one is not None and _says_active(one):
            text = f'{key.address} is Inactive, and {_shown(one)} makes it Active again at the next apply; set status = "Inactive" there'
            yield of_account(Level.WARNING, text, key.account)


def missing(
    linker: Linker, keys: Sequence[AccessKey], kinds: Collection[KeyKind] = (KeyKind.ACCESS_KEY,)
) -> tuple[tuple[StateEntry, ...], int]:
    """The keys of states that no scanned account contains, and the number of those whose ids were not compared.

    ``kinds`` are the kinds of keys that were read.
    """
    seen = {key.key_id for key in keys if key.key_id}
    unasked = {key.user for key in keys if key.key_id is None}
    gone = [one for one in linker.held if one.key.kind in kinds and one.key.key_id not in seen and not one.key.deposed]
    sure = tuple(one for one in gone if one.key.user is not None and one.key.user not in unasked)
    return sure, len(gone) - len(sure)


def told(gone: Iterable[tuple[StateEntry, str | None]], accounts: Collection[str], *, complete: bool) -> Iterator[Diagnostic]:
    """Yield a note for each missing key of a state, with the account that it belongs to, or None where that is not known.

    ``accounts`` are those that were read in full; ``complete`` tells whether they are all accounts.
    """
    elsewhere = 0
    for one, account in gone:
        what = called(one.key.kind, one.key.service)
        head = f"{_shown(one)} declares the {what} {one.key.key_id} of user {one.key.user} ({_state(one)})"
        if account in accounts:
            yield of_account(Level.NOTE, f"{head}, but AWS does not have it: the next apply creates a new one", account)
        elif account is None and complete:
            yield Diagnostic(Level.NOTE, f"{head}, but no account that was read has it: it is gone, or belongs to another account")
        else:
            elsewhere += 1
    if elsewhere:
        what = f"{elsewhere} access keys of states belong" if elsewhere > 1 else "one access key of a state belongs"
        yield Diagnostic(Level.NOTE, f"{what} to accounts that were not read in full")


def _says_active(one: StateEntry) -> bool:
    """True if the code, or where it was not read the state, says that the key is active."""
    if one.code:
        return all(declared.status == "Active" and declared.restores_status for declared in one.code)
    return one.key.status == "Active"


def _shown(one: StateEntry) -> str:
    found = places(one.code)
    return Place(one.key.address, found[0].span if len(found) == 1 else None).text()


def _state(one: StateEntry) -> str:
    return f"state {one.state}"
