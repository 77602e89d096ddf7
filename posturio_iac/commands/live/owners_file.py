"""Reads ``owners.csv``: who answers for users, where their tags do not say so."""

from __future__ import annotations

import csv

from posturio_iac.errors import UsageError, system_reason
from posturio_iac.live.ownership import Owner

COLUMNS = ("users", "owner")


def read_owners(path: str | None) -> tuple[Owner, ...]:
    """The owners of a CSV file; none where none is named. Raises `UsageError`."""
    if path is None:
        return ()
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--owners-file {path} cannot be read: {system_reason(error)}") from None
    found = []
    for number, row in enumerate(rows, start=2):
        users, owner = ((row.get(name) or "").strip() for name in COLUMNS)
        if not users or not owner:
            raise UsageError(f"--owners-file {path}, line {number}: every line needs users, such as /payments/*, and an owner")
        found.append(Owner(users if users.startswith("/") else f"/{users}", owner))
    return tuple(found)
