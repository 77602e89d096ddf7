"""Splits results into parts that are followed over time, and scores them: an account each for deployed keys, a scanned folder for code."""

from __future__ import annotations

from posturio_iac.core.finding import Diagnostic, Level, exact_score
from posturio_iac.core.keys import account_of, hidden
from posturio_iac.core.record import dataclass, field, grouped, replace
from posturio_iac.core.text import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.contract.records import SavedFinding, SavedKey, SavedResult

    SavedIdentity = tuple[str, ...]

CODE, ACCOUNT = "code", "account"
_EXACT_BELOW = 10
_FULL_ID = lazy_pattern(r"[A-Za-z0-9_]{16,128}$")


@dataclass(frozen=True, slots=True)
class Unit:
    """The subject of results: results of the same unit are one series."""

    kind: str
    name: str  # the account's id, or where the code is; empty when the result does not say
    paths: tuple[str, ...] = ()
    narrowed: bool = False
    title: str = field(default_factory=str, compare=False)  # the account's name in its organization; empty where that is not known

    @property
    def label(self) -> str:
        """Its name in a report."""
        if self.kind == ACCOUNT:
            title = f" ({self.title})" if self.title else ""
            return f"account {self.name}{title}" if self.name else "no account"
        paths = "" if self.paths in ((), (".",)) else f": {', '.join(self.paths)}"
        return f"code {self.name}{paths}{' (changes only)' if self.narrowed else ''}" if self.name else "code"


@dataclass(frozen=True, slots=True)
class ResultPart:
    """The content of one result about one unit."""

    unit: Unit
    as_of: datetime
    source: str
    tool: str
    keys: tuple[SavedKey, ...]
    found: tuple[SavedFinding, ...]
    diagnostics: tuple[Diagnostic, ...]
    users: frozenset[str] | None
    left_out: tuple[str, ...]
    general: tuple[Diagnostic, ...]  # diagnostics of the result about no part in particular, such as a profile that leads to no account
    source_url: str
    older: Mapping[SavedIdentity, datetime] = field(default_factory=dict)
    """Keys that this result did not see and an earlier one did, with the time of that."""

    @property
    def errors(self) -> int:
        return sum(diagnostic.level is Level.ERROR for diagnostic in self.diagnostics)

    @property
    def failed(self) -> bool:
        """True if something of this part was not read, called or decided."""
        return self.errors > 0

    @property
    def score(self) -> float | None:
        return None if self.failed else exact_score(demerits(self))


def split(result: SavedResult) -> list[ResultPart]:
    """The parts of a result. Diagnostics about no account in particular belong to the part, if there is only one."""

    def of_account(account: str) -> Unit:
        return Unit(ACCOUNT, account, title=result.covered.names.get(account, ""))

    keys: dict[Unit, list[SavedKey]] = {of_account(account): [] for account in result.covered.accounts}
    code = Unit(CODE, result.covered.name or "", result.covered.paths, result.covered.narrowed)
    for key in result.keys:
        keys.setdefault(of_account(key.account or account_of(key.address)) if key.deployed else code, []).append(key)
    found = grouped(result.found, lambda one: of_account(account_of(one.address)) if one.framework == "aws" else code)
    diagnostics = grouped((one for one in result.diagnostics if one.account is not None), lambda one: of_account(one.account or ""))
    live = any(unit.kind == ACCOUNT for unit in (*keys, *diagnostics)) or (result.covered.name is None and not keys and not result.files)
    units = dict.fromkeys((*keys, *found, *diagnostics)) or {Unit(ACCOUNT, "") if live else code: None}
    general = tuple(entry for entry in result.diagnostics if entry.account is None)
    alone = len(units) == 1
    return [
        ResultPart(
            unit,
            result.as_of,
            result.source,
            result.tool,
            tuple(keys.get(unit, ())),
            tuple(found.get(unit, ())),
            (*diagnostics.get(unit, ()), *(general if alone else ())),
            users=result.users,
            left_out=result.covered.left_out,
            general=() if alone else general,
            source_url=result.covered.source_url,
        )
        for unit in units
    ]


def identities(keys: Iterable[SavedKey]) -> Iterator[tuple[SavedIdentity, SavedKey]]:
    """Yield each key with its identity across results.

    A deployed key is known by its user and the second in which it was created, because results may mask its id, show it or have none. A
    key in code is known by its address in its root module.
    """
    seen: dict[SavedIdentity, int] = {}
    for key in keys:
        made = _identity(key)
        number = seen.get(made, 0)
        seen[made] = number + 1
        yield (*made, str(number)), key


def _identity(key: SavedKey) -> SavedIdentity:
    if not key.deployed:
        return (key.framework, key.root, key.address)
    user, _, label = key.address.rpartition("/")
    return (key.framework, user, key.created.isoformat() if key.created else (hidden(label) if _FULL_ID.match(label) else label))


def carried(part: ResultPart, before: ResultPart | None) -> ResultPart:
    """A part completed from the one before it with the keys that it could not see or did not read. A complete part lacks none."""
    if before is None or part.unit.narrowed or not (part.failed or part.users is not None):
        return part
    there = {identity for identity, _ in identities(part.keys)}
    seen = () if part.failed or part.users is None else part.users
    unseen = (one for one in identities(before.keys) if one[1].address.rpartition("/")[0] not in seen)
    kept = {identity: key for identity, key in unseen if identity not in there}
    names = {(key.framework, key.root, key.address) for key in kept.values()}
    older = {identity: before.older.get(identity, before.as_of) for identity in kept}
    found = tuple(f for f in before.found if (f.framework, f.root, f.address) in names)
    rest = () if part.users is None else before.diagnostics
    diagnostics = tuple(dict.fromkeys((*part.diagnostics, *rest)))
    return replace(part, keys=(*part.keys, *kept.values()), found=(*part.found, *found), diagnostics=diagnostics, older=older)


def score(parts: Sequence[ResultPart], *, unread: bool = False) -> float | None:
    """The score of joined results, not rounded; None while something could not be read: ``unread`` is a result as a whole."""
    is_incomplete = unread or any(one.level is Level.ERROR for part in parts for one in (*part.diagnostics, *part.general))
    return None if is_incomplete else exact_score(sum(map(demerits, parts)))


def demerits(part: ResultPart) -> float:
    return sum(key.demerit for key in part.keys)


def shown(value: float | None) -> str:
    """A score for readers: a whole number, with one decimal where it is small, or the word for unknown."""
    return "unknown" if value is None else f"{value:.1f}" if value < _EXACT_BELOW else str(round(value))
