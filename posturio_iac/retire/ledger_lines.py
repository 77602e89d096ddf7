"""One line of the ledger: a change of a key, with the times when it was first and last seen. Pure."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime

from posturio_iac.contract.write import moment as written
from posturio_iac.core import unknown
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import KeyKind, Privilege, Unknown
from posturio_iac.core.record import Enum
from posturio_iac.core.text.terminal import harmless_json
from posturio_iac.core.times import parse_date
from posturio_iac.core.unknown import OpenKind
from posturio_iac.link.declared import StackKey
from posturio_iac.live.inventory import Inventory
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, KeyEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DamagedLedgerError(Exception):
    """The text is no ledger of ours."""


class KeyChangeKind(str, Enum):
    """The kind of change."""

    SEEN = "seen"  # the key, for the first time: account, user, creation, and the end of its id
    ACTIVE = "active"
    INACTIVE = "inactive"
    DISABLED = "disabled"  # since when it has been off, who switched it off if CloudTrail tells, and from when on it may be deleted
    USED = "used"  # it was used although it had been switched off
    FLAGGED = "flagged"  # a finding, by its rule and fingerprint; ``resolved`` says since when it is gone
    ASKED = "asked"  # its owner was asked: who, how, and by when an answer is due
    ANSWERED = "answered"
    DELETED = "deleted"


@dataclass(slots=True)
class KeyChange:
    """A change of one key, or of a finding whose key an older file does not name."""

    at: datetime
    kind: KeyChangeKind
    key: str
    last: datetime
    detail: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        last = {} if self.last == self.at else {"last": written(self.last)}
        return harmless_json({"at": written(self.at), "change": self.kind.value, "key": self.key, **last, **self.detail})


def change_of(entry: dict[str, Any]) -> KeyChange:
    """Read one line. Raises `DamagedLedgerError`, and KeyError, TypeError or ValueError for a line of another shape."""
    given = dict(entry)
    at = moment(given.pop("at"))
    kind, key = KeyChangeKind(given.pop("change")), str(given.pop("key"))
    return KeyChange(at, kind, key, moment(given.pop("last")) if "last" in given else at, given)


def moment(value: object) -> datetime:
    """Read a time. Raises `DamagedLedgerError`."""
    found = parse_date(value) if isinstance(value, str) else None
    if found is None:
        raise DamagedLedgerError
    return found


TYPES = {
    kind.__name__: kind
    for kind in (Inventory, Account, DeployedUser, DeployedKey, KeyKind, Diagnostic, Level, Privilege, StackKey, KeyEvent)
}
OPEN_KINDS = {kind.name: kind for kind in vars(unknown).values() if isinstance(kind, OpenKind)}
KIND, VALUE = "~", "="


def encode(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, datetime):
        return {KIND: "time", VALUE: written(value)}
    if isinstance(value, Enum):
        return {KIND: type(value).__name__, VALUE: value.value}
    if isinstance(value, Unknown):
        return {KIND: "Unknown", VALUE: {"kind": value.kind.name, "arguments": [encode(one) for one in value.arguments]}}
    if isinstance(value, list):
        return [encode(one) for one in value]
    if isinstance(value, (tuple, set)):
        ordered = value if isinstance(value, tuple) else sorted(value)
        return {KIND: "set" if isinstance(value, set) else "tuple", VALUE: [encode(one) for one in ordered]}
    if isinstance(value, dict):
        return {KIND: "dict", VALUE: {name: encode(one) for name, one in value.items()}}
    return {KIND: type(value).__name__, VALUE: {name: encode(one) for name, one in _told(value)}}


def _told(value: Any) -> list[tuple[str, Any]]:
    names = (one.name for one in fields(value)) if is_dataclass(value) else value.__match_args__
    defaults = {one.name: one.default for one in fields(value) if one.default is not MISSING} if is_dataclass(value) else {}
    pairs = ((name, getattr(value, name)) for name in names)
    return [(name, one) for name, one in pairs if name not in defaults or one != defaults[name]]


def decode(value: Any) -> Any:
    """The value that `encode` was given. Raises `DamagedLedgerError`."""
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind, held = value.get(KIND), value.get(VALUE)
    match kind:
        case "time":
            return moment(held)
        case "tuple" | "set":
            made = tuple(decode(one) for one in held or ())
            return set(made) if kind == "set" else made
        case "dict" if isinstance(held, dict):
            return {name: decode(one) for name, one in held.items()}
        case "Unknown" if isinstance(held, dict) and (made_of := OPEN_KINDS.get(str(held.get("kind")))) is not None:
            return made_of(*map(decode, held["arguments"]))
        case str() if kind in TYPES:
            known: Any = TYPES[kind]
            return known(**{name: decode(one) for name, one in held.items()}) if isinstance(held, dict) else known(held)
    raise DamagedLedgerError
