"""The settings of one run: the command line laid over the configuration file."""

from __future__ import annotations

import os

from posturio_iac.config import Config
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.commands.parser import Arguments

PLAIN = ("max_lifetime_days", "fail_on", "strict", "strict_calls", "plan_only", "engine", "max_file_size", "timeout", "source_url")


def settings(given: Arguments, paths: Sequence[str]) -> Config:
    """The configuration for ``paths`` with the options of the command line laid over it.

    ``--select`` replaces the file's ``select`` and ``ignore``, and ``--baseline`` its baselines; other options that hold several values
    add theirs to the file's.
    """
    config = _configured(given, paths)
    changes = {name: value for name in PLAIN if (value := getattr(given, name, None)) is not None}
    if given.select:
        changes |= {"select": split(given.select), "ignore": ()}
    if files := getattr(given, "baseline", None):
        changes["baseline"] = tuple(map(os.path.abspath, files))
    if (path := getattr(given, "source", None)) is not None:
        if not os.path.isdir(path):
            raise UsageError(f"--source {path}: no such folder")
        changes["source"] = os.path.abspath(path)
    replaced = frozenset(changes)
    if given.ignore:
        changes["ignore"] = (*changes.get("ignore", config.ignore), *split(given.ignore))
    for name, flag in (("var_files", "--var-file"), ("parameters", "--parameters")):
        if files := getattr(given, name, None):
            if missing := next((path for path in files if not os.path.exists(path)), None):
                raise UsageError(f"{flag} {missing}: no such file")
            changes[name] = (*getattr(config, name), *map(os.path.abspath, files))
    made = config.with_values(**changes)
    made.own -= replaced
    return made


def split(values: Sequence[str]) -> tuple[str, ...]:
    """The names in values, each of which may hold several, separated by commas."""
    return tuple(name for value in values for part in value.split(",") if (name := part.strip()))


def _configured(given: Arguments, paths: Sequence[str]) -> Config:
    if given.no_config:
        if given.config:
            raise UsageError("--config and --no-config cannot be combined")
        return Config()
    from posturio_iac.scan.configuration import check_rules, configuration_near

    if given.config:
        from posturio_iac.config.load import load

        found = load(given.config)
    else:
        found = configuration_near(_common_folder(paths))
    check_rules(found)
    return found


def _common_folder(paths: Sequence[str]) -> str:
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in (os.path.abspath(path) for path in paths)]
    try:
        return os.path.commonpath(folders) if folders else os.getcwd()
    except ValueError:  # different drives
        return os.getcwd()
