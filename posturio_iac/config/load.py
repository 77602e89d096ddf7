"""Reads and checks a configuration file."""

from __future__ import annotations

import os
import sys

from posturio_iac.config import SHARED_FILE, TABLE, AllowedKey, Config, Exemption, Override, looser
from posturio_iac.config.check import Mistakes, check_table
from posturio_iac.config.option_table import LIMITS, OPTIONS
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.textfile import LIMIT, Fence, UnreadableError, decoded, read, read_named
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DEEP = lazy_pattern(r"\.(?:[^\n.=,]{1,80}\.){500}")  # for such a name the standard library takes a gigabyte
_FILES = ("var_files", "parameters", "baseline")


def load(path: str, fence: Fence | None = None, home: str | None = None) -> Config:
    """Read and check a configuration file; one found beside the code has a ``fence``, which holds what it names. Raises `UsageError`."""
    shown = _shown(path)
    own = check_table(_table(path, shown, fence), OPTIONS, shown)
    folder = os.path.dirname(os.path.abspath(path))
    for name in _FILES:
        if name in own:
            own[name] = tuple(dict.fromkeys(os.path.join(folder, file) for file in own[name]))
    if "source" in own:
        own["source"] = os.path.join(folder, own["source"])
    mistakes = Mistakes()
    with mistakes:
        _refuse_paths(own, fence, shown)
    if "overrides" in own:
        own["overrides"] = tuple(Override(**entry) for entry in own["overrides"])
        for n, override in enumerate(own["overrides"]):
            with mistakes:
                _check_override(override, own, f"{shown}: overrides[{n}]")
    if "suppressions" in own:
        own["suppressions"] = tuple(Exemption(**entry) for entry in own["suppressions"])
        for n, one in enumerate(own["suppressions"]):
            if one.path is None and one.address is None:
                what = f"{shown}: suppressions[{n}] would suppress its rule everywhere"
                mistakes.texts.append(f"{what}: give it a path or an address, or add the rule to ignore")
    if "forbidden" in own:
        own["forbidden"] = tuple(AllowedKey(**entry) for entry in own["forbidden"].get("allow", ()))
        for n, one in enumerate(own["forbidden"]):
            if one.user is None and one.address is None:
                what = f"{shown}: forbidden.allow[{n}] would allow every key"
                mistakes.texts.append(f"{what}: give it a user or an address, or delete [forbidden]")
    mistakes.tell()
    return Config(path, folder, home, **own)


def _refuse_paths(values: Mapping[str, Any], fence: Fence | None, shown: str) -> None:
    """Refuse files outside of the fence: the authors of the code must not decide which other files of this machine are read."""
    for name in (*_FILES, "source"):
        given = values.get(name, ())
        for path in (given,) if isinstance(given, str) else given:
            try:
                if "\0" in path:
                    raise UnreadableError("holds a NUL byte")
                if fence is not None:
                    fence.check(path)
            except UnreadableError as error:
                flag = next(option.flag for option in OPTIONS if option.name == name)
                more = f"; only the command line may name it: {flag}" if fence is not None and flag else ""
                raise UsageError(f"{shown}: {name}: {path!r} {error}{more}") from None


def has_table(path: str) -> bool:
    """True if a shared file has our table, or cannot be read as TOML."""
    try:
        tool = _parse(path, path, Fence(os.path.dirname(os.path.realpath(path)))).get("tool", {})
    except UsageError:
        return True
    return isinstance(tool, dict) and TABLE in tool


def _check_override(override: Override, values: Mapping[str, Any], where: str) -> None:
    """Refuse an override that selects nothing, changes nothing, or loosens a limit without saying why and until when."""
    if not override.paths and not override.tags and not override.users:
        raise UsageError(f"{where} selects nothing: give it paths, tags or users")
    defaults = Config()
    limits = {name: getattr(override, name) for name in (option.name for option in LIMITS)}
    if all(limit is None for limit in limits.values()) and not override.severity:
        raise UsageError(f"{where} changes nothing: give it one of {', '.join(limits)} or severity")
    for name, limit in limits.items():
        general = values.get(name, getattr(defaults, name))
        if limit is not None and looser(limit, general) and not (override.reason and override.until):
            raise UsageError(f"{where}.{name} is looser than {general}: add a reason and an until")


def _table(path: str, shown: str, fence: Fence | None) -> dict[str, Any]:
    document = _parse(path, shown, fence)
    if os.path.basename(path) != SHARED_FILE:
        return document
    tool = document.get("tool", {})
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{shown}: tool.{TABLE} must be a table")
    return table


def _parse(path: str, shown: str, fence: Fence | None) -> dict[str, Any]:
    try:
        return parse_toml(decoded(read_named(path) if fence is None else read(path, LIMIT, fence)), shown)
    except UnreadableError as error:
        raise UsageError(f"{shown}: {error}") from None


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """A TOML document; ``UsageError`` with the name ``shown`` when it is none."""
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError:  # missing in a linter that runs our rules from a checkout
        raise UsageError(f"{shown}: reading it on Python older than 3.11 needs tomli; run pip install tomli") from None
    if text.count(".") > 500 and _DEEP.search(text):  # noqa: PLR2004 - as in the pattern
        raise UsageError(f"{shown}: a name in it has more than 500 parts")
    try:
        return dict(tomllib.loads(text.replace("\r\n", "\n")))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: is not valid TOML: {error}") from None


def _shown(path: str) -> str:
    absolute, here = os.path.abspath(path), os.getcwd()
    return os.path.relpath(absolute, here) if absolute.startswith(here + os.sep) else absolute
