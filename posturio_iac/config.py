"""Configuration: the settings of a scan, and the file nearest the scan root that holds them.

That file is ``posturio-iac.toml``, or ``pyproject.toml`` with a table ``[tool.posturio-iac]``.
"""

from __future__ import annotations

import os

from posturio_iac.config_schema import OPTIONS

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from posturio_iac.config_load import Exemption, Override

FILE = "posturio-iac.toml"
SHARED_FILE = "pyproject.toml"
TABLE = "posturio-iac"


class Config:
    """Every setting of a scan. `posturio_iac.config_schema.OPTIONS` says what each means and holds its default.

    Immutable by agreement. A plain class, because importing `dataclasses` costs a scan that finds nothing more than searching does.
    """

    __slots__ = (*(option.name for option in OPTIONS), "folder", "own_fail_on", "own_rules", "path")

    max_lifetime_days: int
    unused_days: int
    grace_days: int
    require: str
    fail_on: str
    strict: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    exclude: tuple[str, ...]
    max_file_size: int
    engine: str
    engine_version: str | None
    var_files: tuple[str, ...]
    """Absolute paths."""
    parameters: tuple[str, ...]
    """Absolute paths."""
    source: str | None
    """Absolute path."""
    baseline: str | None
    """An absolute path."""
    custom_types: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    known_modules: tuple[dict[str, Any], ...]
    overrides: tuple[Override, ...]
    suppressions: tuple[Exemption, ...]
    owners: tuple[Mapping[str, str], ...]
    """Each with ``users`` and ``owner``."""
    path: str | None
    """The file that it was read from."""
    folder: str
    """The folder of that file, absolute: what its globs are relative to."""
    own_fail_on: str | None
    """What the file itself says of ``fail_on``, where the command line does not replace it."""
    own_rules: bool
    """Whether the file itself leaves rules out, and the command line does not choose them anew."""

    def __init__(self, path: str | None = None, folder: str = "", **values: Any) -> None:
        """Hold ``values`` by the name of their option, and the default of every other option."""
        for option in OPTIONS:
            setattr(self, option.name, values.pop(option.name, option.default))
        if values:
            raise TypeError(f"there is no option {next(iter(values))}")
        self.path, self.folder = path, folder
        self.own_fail_on = self.fail_on if path is not None else None
        self.own_rules = path is not None and bool(self.select or self.ignore)

    def with_values(self, **values: Any) -> Config:
        """Return a copy with other values."""
        made = Config(self.path, self.folder, **{o.name: getattr(self, o.name) for o in OPTIONS} | values)
        made.own_fail_on = None if "fail_on" in values else self.own_fail_on
        made.own_rules = self.own_rules and "select" not in values
        return made


def find(start: str) -> str | None:
    """Return the configuration file nearest the folder ``start``, going up to the top of its repository, or None."""
    folder = os.path.abspath(start)
    while True:
        own, shared = os.path.join(folder, FILE), os.path.join(folder, SHARED_FILE)
        if os.path.lexists(own) and not os.path.isdir(own):
            return own
        if os.path.isfile(shared) and _has_table(shared):
            return shared
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = parent


def _has_table(path: str) -> bool:
    """Whether a shared file has our table, or names us and is broken, which `load` reports."""
    from posturio_iac.textfile import LIMIT, UnreadableError, read  # noqa: PLC0415 - loaded by now in a scan

    try:
        if TABLE.encode() not in read(path, LIMIT, None):
            return False
    except UnreadableError:
        return False
    from posturio_iac.config_load import has_table  # noqa: PLC0415 - most files do not name us

    return has_table(path)
