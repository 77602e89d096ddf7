"""The configuration that holds for a run: one file, at the top of the repository."""

from __future__ import annotations

import os

from posturio_iac.config.model import FILE, SHARED_FILE, TABLE, Config
from posturio_iac.core.text.textfile import Fence, is_inside
from posturio_iac.errors import UsageError
from posturio_iac.search.locations import repository_of

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.search import Selection

MOST = 10
"""How many files that are not used are named one by one."""
ELSEWHERE = (
    "this file is not used: a repository has one configuration, at its top ({}). Limits and severities belong there in [[overrides]] with "
    'paths = ["{}"], exclude patterns and suppressions with {} before the pattern, all else as it is'
)


def configuration_near(folder: str) -> Config:
    """The configuration for a folder: the file at the top of its git work tree.

    Without git, it is that of the current folder if it holds the folder, else of the folder itself. The file comes with the code, so
    what it names must be in the same repository.

    Raises:
        UsageError: it cannot be used.

    """
    home = _home(folder)
    path = in_folder(home)
    if path is None:
        return Config(home=home)
    from posturio_iac.config.load import load

    return load(path, Fence(home), home)


def configuration_file(folder: str) -> str | None:
    """The file that `configuration_near` reads."""
    return in_folder(_home(folder))


def _home(folder: str) -> str:
    found, here = os.path.realpath(folder), os.path.realpath(os.curdir)
    return repository_of(found) or (here if is_inside(found, here) else found)


def in_folder(folder: str) -> str | None:
    """The configuration file of a folder itself."""
    beginning = os.path.join(folder, "")
    own, shared = beginning + FILE, beginning + SHARED_FILE
    if os.path.lexists(own) and not os.path.isdir(own):
        return own
    return shared if _has_table(shared) else None


def _has_table(path: str) -> bool:
    """True if a shared file has our table, or names us and is broken, which `load` reports."""
    if not os.path.isfile(path):
        return False
    from posturio_iac.core.text.textfile import LIMIT, UnreadableError, read

    try:
        if TABLE.encode() not in read(path, LIMIT, None):
            return False
    except UnreadableError:
        return False
    from posturio_iac.config.load import has_table

    return has_table(path)


def seen_from(folder: str, root: str) -> str:
    """The scan root relative to the folder of the configuration, with forward slashes; empty where there is no way."""
    try:
        way = os.path.relpath(root, os.path.realpath(folder)) if folder else ""
    except ValueError:  # different drives
        return ""
    return "" if way == os.curdir else way.replace(os.sep, "/")


def check_rules(config: Config) -> None:
    """Raise `UsageError` when a configuration names a rule that does not exist, or an override lowers a severity without saying why.

    The message names the file.
    """
    named = (*config.select, *config.ignore, *config.severity, *(one.rule for one in config.suppressions))
    if not named and not any(one.severity for one in config.overrides):
        return
    from posturio_iac.config.suggest import rule_id
    from posturio_iac.core.finding import Severity
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    try:
        rules = all_rules()
        for name in named:
            rule_id(name, rules)
        general = Policy(config).with_severities(rules)
        for n, override in enumerate(config.overrides):
            for name, severity in override.severity.items():
                usual = general[rule_id(name, rules)].rule.severity
                if Severity(severity) < usual and not (override.reason and override.until):
                    raise UsageError(f"overrides[{n}].severity.{name} is lower than {usual.value}: add a reason and an until")
    except UsageError as error:
        raise UsageError(f"{config.path}: {error}") from None


def complaints(config: Config, selection: Selection, place: str) -> Iterator[Diagnostic]:
    """Yield the configuration files beside the code that are not used, and where their settings belong."""
    if config.home is None:
        return
    from posturio_iac.core.finding import CONFIGURATION, Diagnostic, Level

    shared = os.path.join(config.home, SHARED_FILE)
    if config.path is not None and config.path != shared and _has_table(shared):
        text = f"this posturio-iac table is not used, because {FILE} is beside it"
        yield Diagnostic(Level.NOTE, text, seen_below(shared, place))
    found = list(_deeper(config.home, selection, place))
    for path in found[:MOST]:
        folder = seen_from(config.home, os.path.dirname(path))
        text = ELSEWHERE.format(FILE, f"{folder}/**", f"{folder}/")
        yield Diagnostic(Level.WARNING, text, seen_below(path, place), about=CONFIGURATION)
    if len(found) > MOST:
        yield Diagnostic(Level.WARNING, f"{len(found) - MOST} more configuration files below the top are not used", about=CONFIGURATION)


def _deeper(home: str, selection: Selection, place: str) -> Iterator[str]:
    """Yield the configuration files between the top and the files that matter."""
    files = (*selection.terraform, *selection.templates, *(path for paths in selection.others.values() for path in paths))
    known = {home}
    for folder in sorted({os.path.realpath(os.path.join(place, os.path.dirname(path))) for path in files}):
        way = folder
        while way not in known and is_inside(way, home):
            known.add(way)
            if (path := in_folder(way)) is not None:
                yield path
            way = os.path.dirname(way)


def seen_below(path: str, root: str) -> str:
    """A path relative to the scan root, as git names it: with forward slashes and through no link of its folders."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        return os.path.relpath(os.path.join(os.path.realpath(folder), name), os.path.realpath(root)).replace(os.sep, "/")
    except ValueError:  # different drives
        return path
