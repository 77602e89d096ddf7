"""The configuration that holds for a run: one file, at the top of the repository."""

from __future__ import annotations

import os

from posturio_iac.config import FILE, SHARED_FILE, TABLE, Config
from posturio_iac.core.text.textfile import Fence, is_inside
from posturio_iac.errors import UsageError
from posturio_iac.search.locations import repository_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from posturio_iac.core.finding import Diagnostic, Report
    from posturio_iac.judge.baseline import BaselineEntry, BaselineFile
    from posturio_iac.judge.known import CodeFiles, KnownFindings
    from posturio_iac.judge.policy import Policy
    from posturio_iac.search import Selection


def known_by(config: Config) -> Mapping[str, BaselineEntry]:
    """The entries of the baselines of a configuration that are there, by fingerprint."""
    return {entry.fingerprint: entry for file in files_of(config) for entry in file.baseline.entries}


def files_of(config: Config) -> tuple[BaselineFile, ...]:
    """The baselines that a configuration names and that are there."""
    paths = tuple(filter(os.path.isfile, config.baseline))
    if not paths:
        return ()
    from posturio_iac.judge.baseline import load_all

    return load_all(paths)


def found_again(report: Report, policy: Policy, selection: Selection) -> Policy | None:
    """A policy that knows findings of the baselines under changed fingerprints too; None when there are none of these."""
    if not policy.baseline:
        return None
    from posturio_iac.core.record import replace

    matched = known_findings(report, files_of(policy.config), selection).matched
    renamed = {f: one.entry for f, one in matched.items() if f != one.entry.fingerprint}
    return replace(policy, baseline={**policy.baseline, **renamed}) if renamed else None


def known_findings(report: Report, files: Sequence[BaselineFile], selection: Selection) -> KnownFindings:
    """Which entry of the baselines each finding has."""
    from posturio_iac.judge.known import match

    return match(files, report, code_files(selection))


def code_files(selection: Selection) -> CodeFiles:
    """The files that the findings of a scan are about."""
    from posturio_iac.judge.known import CodeFiles

    return CodeFiles(selection.root, selection.repository or selection.root)


MOST = 10  # how many files that are not used are named one by one
ELSEWHERE = (
    "this file is not used: a repository has one configuration, at its top ({}). Limits and severities belong there in [[overrides]] with "
    'paths = ["{}"], exclude patterns and suppressions with {} before the pattern, all else as it is'
)


def configuration_near(folder: str) -> Config:
    """The configuration of a folder: at the top of its git work tree, or without git of the current folder or the folder itself."""
    home = _home(folder)
    path = in_folder(home)
    if path is None:
        return Config(home=home)
    from posturio_iac.config.load import load

    return load(path, Fence(home), home)


def configuration_file(folder: str) -> str | None:
    return in_folder(_home(folder))


def _home(folder: str) -> str:
    found, here = os.path.realpath(folder), os.path.realpath(os.curdir)
    return repository_of(found) or (here if is_inside(found, here) else found)


def in_folder(folder: str) -> str | None:
    """The configuration file of a folder itself."""
    beginning = os.path.join(folder, "")
    own, shared = beginning + FILE, beginning + SHARED_FILE
    return own if os.path.lexists(own) and not os.path.isdir(own) else shared if _has_table(shared) else None


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
    """Raise `UsageError` for a rule that does not exist, and for an override that lowers a severity without saying why."""
    named = (*config.select, *config.ignore, *config.severity, *(one.rule for one in config.suppressions))
    if not named and not any(one.severity for one in config.overrides):
        return
    from posturio_iac.config import rule_id
    from posturio_iac.config.check import Mistakes
    from posturio_iac.core.finding import Severity
    from posturio_iac.judge.policy import Policy
    from posturio_iac.rules import all_rules

    rules, mistakes = all_rules(), Mistakes(f"{config.path}: ")
    for name in named:
        with mistakes:
            rule_id(name, rules)
    mistakes.tell()
    general = Policy(config).with_severities(rules)
    for n, override in enumerate(config.overrides):
        for name, severity in override.severity.items():
            with mistakes:
                usual = general[rule_id(name, rules)].rule.severity
                if Severity(severity) < usual and not (override.reason and override.until):
                    raise UsageError(f"overrides[{n}].severity.{name} is lower than {usual.value}: add a reason and an until")
    mistakes.tell()


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
    files = (*selection.terraform, *selection.templates, *(path for paths in selection.others.values() for path in paths))
    known, real = {home}, selection.search.fence.folder
    folders = {real(os.path.normpath(os.path.join(place, folder))) for folder in {os.path.dirname(path) for path in files}}
    for folder in sorted(filter(None, folders)):
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
