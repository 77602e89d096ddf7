"""Reads and checks a configuration file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from posturio_iac.config.check import check_table
from posturio_iac.config.merge import laid_over, with_globs_from
from posturio_iac.config.model import SHARED_FILE, TABLE, Config
from posturio_iac.config.option_table import LIMITS, OF_THE_RUN, OPTIONS
from posturio_iac.config.records import Exemption, Override
from posturio_iac.core.text.textfile import LIMIT, Fence, UnreadableError, read, read_named
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FILES = 100
"""How many files one configuration may read by ``extends``, each as often as it is named."""


def load(path: str, fence: Fence | None = None, above: Config | None = None) -> Config:
    """Read and check one configuration file, and lay it over ``above``, the configuration of the folders above it.

    A file that was found beside the code, rather than named by the caller, has a ``fence``: it and the files that it names must be inside.

    Raises:
        UsageError: it cannot be read, is not TOML, has a wrong key or value, or names a file outside of ``fence``.

    """
    shown = _shown(path)
    own = _values(path, fence, (), [])
    upper = {} if above is None else {option.name: getattr(above, option.name) for option in OPTIONS}
    limits = laid_over(upper, own)
    for n, override in enumerate(own["overrides"]):
        _check_override(override, limits, f"{shown}: overrides[{n}]")
    folder = os.path.dirname(os.path.abspath(path))
    if above is None:
        return Config(path, folder, **own)
    _refuse_loosening(own, above, shown)
    return Config(path, above.folder, above, **laid_over(upper, with_globs_from(own, folder, above.folder)))


def _values(path: str, fence: Fence | None, through: tuple[str, ...], read: list[str]) -> dict[str, Any]:
    """The values of a file, laid over those of the files that it extends; each is added to ``read``. Paths become absolute."""
    shown, here = _shown(path), os.path.realpath(path)
    if here in through:
        raise UsageError(f"{shown}: extends refers back to this file")
    read.append(here)
    if len(read) > MOST_FILES:
        raise UsageError(f"{shown}: extends reads more than {MOST_FILES} files; merge some of them")
    own = check_table(_table(path, shown, fence), OPTIONS, shown)
    folder = os.path.dirname(os.path.abspath(path))
    own["overrides"] = tuple(Override(**entry) for entry in own.get("overrides", ()))
    own["suppressions"] = tuple(
        _exemption(Exemption(**entry), f"{shown}: suppressions[{n}]") for n, entry in enumerate(own.get("suppressions", ()))
    )
    for name in ("var_files", "parameters", "baseline", "extends"):
        own[name] = tuple(os.path.join(folder, file) for file in own.get(name, ()))
    if "source" in own:
        own["source"] = os.path.join(folder, own["source"])
    _refuse_paths(own, fence, shown)
    values: dict[str, Any] = {}
    for base in own["extends"]:
        if not os.path.isfile(base):
            raise UsageError(f"{shown}: extends: there is no file {_shown(base)}")
        values = laid_over(values, _values(base, fence, (*through, here), read))
    return laid_over(values, own)


def _refuse_paths(values: Mapping[str, Any], fence: Fence | None, shown: str) -> None:
    """Refuse files outside of the fence: the authors of the code must not decide which other files of this machine are read."""
    for name in ("extends", "var_files", "parameters", "baseline", "source"):
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
    if all(limit is None for limit in limits.values()):
        raise UsageError(f"{where} changes nothing: give it one of {', '.join(limits)}")
    for name, limit in limits.items():
        general = values.get(name, getattr(defaults, name))
        if limit is not None and _looser(limit, general) and not (override.reason and override.until):
            raise UsageError(f"{where}.{name} is looser than {general}: add a reason and an until")


def _looser(limit: int | str, than: int | str) -> bool:
    if isinstance(limit, int) and isinstance(than, int):
        return limit > than
    return limit == "declared" and than == "enforced"


def _refuse_loosening(own: Mapping[str, Any], above: Config, shown: str) -> None:
    """Refuse what a file in a subfolder may not set: options of the whole run, and limits looser than those of the folders above."""
    upper = _shown(above.path or "")
    for name in OF_THE_RUN:
        if own.get(name):
            raise UsageError(f"{shown}: {name} applies to a whole run and belongs in {upper}")
    for option in LIMITS:
        limit, general = own.get(option.name), getattr(above, option.name)
        if limit is not None and _looser(limit, general):
            raise UsageError(
                f"{shown}: {option.name} is looser than {general}, which {upper} sets above it; "
                "write [[overrides]] with paths, reason and until"
            )


def _exemption(exemption: Exemption, where: str) -> Exemption:
    if exemption.path is None and exemption.address is None:
        raise UsageError(f"{where} would suppress its rule everywhere: give it a path or an address, or add the rule to ignore")
    return exemption


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
        data = read_named(path) if fence is None else read(path, LIMIT, fence)
        return parse_toml(data.decode("utf-8-sig"), shown)
    except UnreadableError as error:
        raise UsageError(f"{shown}: {error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: is not UTF-8 at byte {error.start}") from None


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """A TOML document; ``UsageError`` with the name ``shown`` when it is none."""
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError:  # missing in a linter that runs our rules from a checkout
        raise UsageError(f"{shown}: reading it on Python older than 3.11 needs tomli; run pip install tomli") from None
    try:
        document: dict[str, Any] = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: is not valid TOML: {error}") from None
    return document


def _shown(path: str) -> str:
    """The path as a reader would write it: relative to the current folder where it is inside."""
    absolute, here = os.path.abspath(path), os.getcwd()
    return os.path.relpath(absolute, here) if absolute.startswith(here + os.sep) else absolute
