"""The data read from an account to JSON and back, so that an interrupted run can be resumed. Pure."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from posturio_iac.core import open_kinds
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import KeyKind, Privilege, Unknown
from posturio_iac.core.unknown import ABOUT, OpenKind
from posturio_iac.link.stack import StackKey
from posturio_iac.live.inventory import Inventory
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, KeyEvent
from posturio_iac.retire.ledger.change import DamagedLedgerError, moment, written

TYPES = {
    kind.__name__: kind
    for kind in (Inventory, Account, DeployedUser, DeployedKey, KeyKind, Diagnostic, Level, Privilege, StackKey, KeyEvent)
}
OPEN_KINDS = {kind.name: kind for kind in (ABOUT, *vars(open_kinds).values()) if isinstance(kind, OpenKind)}
KIND, VALUE = "~", "="
LEFT_OUT = frozenset({"failed"})
"""Fields that a run needs only while it reads an account."""


def encode(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, (bool, int, float)) or type(value) is str:
        return value
    if isinstance(value, datetime):
        return {KIND: "time", VALUE: written(value)}
    if isinstance(value, Enum):
        return {KIND: type(value).__name__, VALUE: value.value}
    if isinstance(value, Unknown):
        return {KIND: "Unknown", VALUE: {"kind": value.kind.name, "arguments": [encode(one) for one in value.arguments]}}
    if isinstance(value, list):
        return [encode(one) for one in value]
    if isinstance(value, (tuple, set, frozenset)):
        ordered = value if isinstance(value, tuple) else sorted(value)
        return {KIND: "set" if isinstance(value, set) else "tuple", VALUE: [encode(one) for one in ordered]}
    if isinstance(value, dict):
        return {KIND: "dict", VALUE: {name: encode(one) for name, one in value.items()}}
    return {KIND: type(value).__name__, VALUE: {name: encode(one) for name, one in _told(value)}}


def _told(value: Any) -> list[tuple[str, Any]]:
    """The fields of a record that differ from their defaults."""
    names = (one.name for one in fields(value)) if is_dataclass(value) else value.__match_args__
    defaults = {one.name: one.default for one in fields(value) if one.default is not MISSING} if is_dataclass(value) else {}
    pairs = ((name, getattr(value, name)) for name in names if name not in LEFT_OUT)
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
