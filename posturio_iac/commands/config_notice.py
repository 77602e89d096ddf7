"""What a configuration that comes with the code does to the verdict, in one line that every format shows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.config.model import Config
from posturio_iac.core.finding import CONFIGURATION, Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.judge.policy import Policy
from posturio_iac.render.nothing_found import count
from posturio_iac.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from posturio_iac.core.finding import Report
    from posturio_iac.search import Selection

FAILS = {"high": "fails on high and critical only", "critical": "fails on critical only", "never": "never fails"}
"""What a severity that is above the default means."""
LIMITS = {
    "max_lifetime_days": "lets keys live {} days",
    "unused_days": "lets keys go unused for {} days",
    "grace_days": "lets disabled keys stay for {} days",
}
"""What a limit that is looser than the default means."""


def with_notices(report: Report, config: Config, selection: Selection, changed: Collection[str] = (), *, named: bool = False) -> Report:
    """Return the report with what must be said of the configuration.

    ``changed`` are the files in question, relative to the scan root. A configuration that the command line has ``named`` is its own choice.
    """
    said = [*(() if named else _weakened(config, selection)), *_changed(config, selection, changed)]
    return replace(report, diagnostics=(*said, *report.diagnostics)) if said else report


def _weakened(config: Config, selection: Selection) -> Iterator[Diagnostic]:
    """Say what a configuration leaves out, lowers and renames."""
    parts = list(_parts(config, selection))
    if config.path is not None and parts:
        path = _seen(config.path, selection)
        yield Diagnostic(Level.NOTE, f"{path} {_joined(parts)}; --no-config judges without it", path, about=CONFIGURATION)


def _parts(config: Config, selection: Selection) -> Iterator[str]:
    left_out = selection.finder.left_out
    folders = sum(path.endswith("/") for path in left_out)
    amounts = [count(n, noun) for n, noun in ((len(left_out) - folders, "file"), (folders, "folder")) if n]
    if config.exclude and amounts:
        yield f"leaves out {' and '.join(amounts)}"
    if config.own_fail_on in FAILS:
        yield FAILS[config.own_fail_on]
    if config.own_rules:
        known = all_rules()
        yield f"judges by {len(Policy(config).selected(known))} of {count(len(known), 'rule')}"
    default = Config()
    yield from (text.format(limit) for name, text in LIMITS.items() if (limit := getattr(config, name)) > getattr(default, name))
    if names := sum(map(len, config.names.values())):
        yield f"adds {count(names, 'name')} of metadata"
    if modules := len(config.known_modules):
        yield f"adds {count(modules, 'known module')}"
    if looser := sum(bool(override.reason) for override in config.overrides):
        yield f"excepts keys by {count(looser, 'override')}"
    if rules := len(config.suppressions):
        yield f"suppresses findings in {count(rules, 'place')}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _changed(config: Config, selection: Selection, changed: Collection[str]) -> Iterator[Diagnostic]:
    """Warn of a configuration or baseline that changed together with the code that it judges."""
    for file, what in ((config.path, "configuration"), *((file, "baseline") for file in config.baseline)):
        if file is not None and (path := _seen(file, selection)) in changed:
            text = f"the {what} {path} changed together with the code that it judges; review it, or judge without it (--no-config)"
            yield Diagnostic(Level.WARNING, text, path, about=CONFIGURATION)


def _seen(path: str, selection: Selection) -> str:
    """Return a path relative to the scan root, as git names it: through no link of its folders."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        return os.path.relpath(os.path.join(os.path.realpath(folder), name), selection.root).replace(os.sep, "/")
    except ValueError:  # different drives
        return path
