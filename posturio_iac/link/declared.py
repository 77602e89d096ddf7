"""The keys that code declares, indexed by address, by user and by logical id."""

from __future__ import annotations

import os
from collections import defaultdict

from posturio_iac.core.finding import Diagnostic, Level, of_account
from posturio_iac.core.keys import bare, calls, fits
from posturio_iac.core.model import AccessKey, Attr, KeyKind, Place, Unknown, called
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from posturio_iac.link.state import StateKey

TERRAFORM, CLOUDFORMATION = "terraform", "cloudformation"


class Code:
    """The declarations in the folders of ``--code``."""

    def __init__(self, keys: Iterable[AccessKey] = (), *, folders: Sequence[str] = (), root: str = "", unread: Sequence[str] = ()) -> None:
        """Index ``keys``. ``root`` is the folder that their scopes are relative to; ``unread`` names files that could not be read."""
        self.keys, self.folders, self.root, self.unread = tuple(keys), tuple(folders), root, tuple(unread)
        self._addresses: defaultdict[str, list[AccessKey]] = defaultdict(list)
        self._bare: defaultdict[str, list[AccessKey]] = defaultdict(list)
        self._users: defaultdict[str, list[AccessKey]] = defaultdict(list)
        self._logical: defaultdict[str, list[AccessKey]] = defaultdict(list)
        for key in self.keys:
            if isinstance(key.user, str):
                self._users[key.user].append(key)
            if key.framework == CLOUDFORMATION:
                self._logical[logical_id(key)].append(key)
            else:
                self._addresses[key.address].append(key)
                self._bare[bare(key.address)].append(key)

    def at(self, address: str) -> list[AccessKey]:
        """The declarations that an address of a state can belong to: its own, one without indexes, or the call of a module."""
        found = self._addresses.get(address) or [key for key in self._bare.get(bare(address), ()) if fits(key.address, address)]
        names = list(calls(address))
        while not found and names:
            found = self._bare.get("module." + ".module.".join(names), [])
            names.pop()
        return list(found)

    def of_user(self, name: str) -> list[AccessKey]:
        return list(self._users.get(name, ()))

    def logical(self, name: str) -> list[AccessKey]:
        return list(self._logical.get(name, ()))

    def folder_of(self, path: str) -> str | None:
        """The root module (``.`` for the top) that a state, or its ``terraform.tfstate.d``, lies in; None for a file elsewhere."""
        folder = os.path.dirname(os.path.realpath(path))
        head, name = os.path.split(os.path.dirname(folder))
        folder = head if name == "terraform.tfstate.d" else folder
        try:
            way = os.path.relpath(folder, self.root) if self.root else os.pardir
        except ValueError:  # different drives
            return None
        return None if way.startswith(os.pardir) else way.replace(os.sep, "/")


def logical_id(key: AccessKey) -> str:
    """The logical id of a key in a template, without the stacks around it and what CDK calls it."""
    return key.address.partition(" (")[0].rpartition("/")[2]


def may_be(key: AccessKey, user: str | None) -> bool:
    """True if nothing in the code contradicts that the key is of ``user``, which may not be known."""
    return user is None or not isinstance(key.user, str) or key.user == user


def is_alike(declared: AccessKey, kind: KeyKind, service: Attr[str | None]) -> bool:
    """True if nothing in the code contradicts that it declares a key of that kind, for that service."""
    known = isinstance(declared.service, str) and isinstance(service, str)
    return declared.kind is kind and (not known or declared.service == service)


def places(keys: Iterable[AccessKey]) -> tuple[Place, ...]:
    return tuple({key.span or key.address: Place(key.address, key.span) for key in keys}.values())


@dataclass(frozen=True, slots=True)
class StackKey:
    """A key that a stack holds."""

    stack: str
    region: str
    logical_id: str  # empty where CloudFormation names the stack and not the resource, as in a stack of more than 100 resources


@dataclass(frozen=True, slots=True)
class Stacks:
    """True if and where CloudFormation is asked."""

    ask: bool = True
    regions: tuple[str, ...] = ()  # where, as the user says; empty for the region of the other calls alone


StackAnswer: TypeAlias = "StackKey | Unknown | None"
"""The stack; None where no region knows one; or why it is unknown."""
TYPE = "AWS::IAM::AccessKey"

if TYPE_CHECKING:
    Answers = Mapping[str, StackAnswer]


@dataclass(frozen=True, slots=True)
class StateEntry:
    """One key of a state, with the declarations that it can come from."""

    key: StateKey
    state: str
    code: tuple[AccessKey, ...]


def returning(entries: Iterable[StateEntry], keys: Iterable[AccessKey]) -> Iterator[Diagnostic]:
    """Yield a warning for each key that was switched off by hand and that its code switches on again."""
    held = {one.key.key_id: one for one in entries}
    for key in keys:
        one = held.get(key.key_id) if key.status == "Inactive" and key.key_id else None
        if one is not None and _says_active(one):
            text = f'{key.address} is Inactive, and {_shown(one)} makes it Active again at the next apply; set status = "Inactive" there'
            yield of_account(Level.WARNING, text, key.account)


def missing(entries: Sequence[StateEntry], keys: Sequence[AccessKey]) -> tuple[tuple[StateEntry, ...], int]:
    """The keys of states that no scanned account contains, and the number of those whose ids were not compared."""
    seen = {key.key_id for key in keys if key.key_id}
    unasked = {key.user for key in keys if key.key_id is None}
    gone = [one for one in entries if one.key.kind is KeyKind.ACCESS_KEY and one.key.key_id not in seen and not one.key.deposed]
    sure = tuple(one for one in gone if one.key.user is not None and one.key.user not in unasked)
    return sure, len(gone) - len(sure)


def told(gone: Iterable[tuple[StateEntry, str | None]], accounts: Collection[str], *, complete: bool) -> Iterator[Diagnostic]:
    """Yield a note for each missing key of a state; ``accounts`` were read in full, and ``complete`` tells whether they are all."""
    elsewhere = 0
    for one, account in gone:
        what = called(one.key.kind, one.key.service)
        head = f"{_shown(one)} declares the {what} {one.key.key_id} of user {one.key.user} (state {one.state})"
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
    if one.code:
        return all(declared.status == "Active" and declared.restores_status for declared in one.code)
    return one.key.status == "Active"


def _shown(one: StateEntry) -> str:
    found = places(one.code)
    return Place(one.key.address, found[0].span if len(found) == 1 else None).text()
