"""The effect of a configuration that comes with the code on the verdict, in one line that every format shows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posturio_iac.config.locate import find
from posturio_iac.config.model import Config
from posturio_iac.config.option_table import OF_THE_RUN
from posturio_iac.core.finding import CONFIGURATION, Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.judge.policy import Policy
from posturio_iac.render.nothing_found import count
from posturio_iac.rules import all_rules
from posturio_iac.scan.configuration import nested

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from posturio_iac.core.finding import Report
    from posturio_iac.search import Selection

FAILS = {"high": "fails on high and critical only", "critical": "fails on critical only", "never": "never fails"}
"""The consequence of a severity above the default."""
LIMITS = {
    "max_lifetime_days": "lets keys live {} days",
    "unused_days": "lets keys go unused for {} days",
    "grace_days": "lets disabled keys stay for {} days",
}
"""The consequence of a limit looser than the default."""


def with_notices(
    report: Report, config: Config, selection: Selection, place: str, changed: Collection[str] = (), *, named: bool = False
) -> Report:
    """The report with notes on the configuration. ``place`` is the place of the scan root for its globs.

    ``changed`` are the files in question, relative to the scan root. A configuration that the command line has ``named`` is its own choice.
    """
    levels = _levels(config, nested(config, selection, place))
    weakened = _ignored(config, place) if named else (said for one in levels for said in _weakened(one, selection, config))
    said = [*weakened, *_changed(levels, selection, changed)]
    return replace(report, diagnostics=(*said, *report.diagnostics)) if said else report


def _levels(config: Config, below: list[Config]) -> list[Config]:
    """The configurations of all files that hold somewhere, those further up first."""
    found: dict[str | None, Config] = {}
    for one in (config, *below):
        up: Config | None = one
        while up is not None and up.path not in found:
            found[up.path] = up
            up = up.above
    return sorted(found.values(), key=lambda one: one.path or "")


def _ignored(config: Config, place: str) -> Iterator[Diagnostic]:
    """Say that the configuration beside the code is not used where the command line names another one."""
    beside = find(place)
    if beside is not None and config.path is not None and os.path.realpath(beside) != os.path.realpath(config.path):
        yield Diagnostic(Level.NOTE, f"{beside} is not used, nor are those below it, because --config names another one")


def _weakened(config: Config, selection: Selection, run: Config) -> Iterator[Diagnostic]:
    """Describe what a configuration leaves out, lowers and renames; ``run`` is the configuration of the run."""
    parts = list(_parts(config, config.above or Config(), selection, run))
    if config.path is not None and parts:
        path = _seen(config.path, selection)
        yield Diagnostic(Level.NOTE, f"{path} {_joined(parts)}; --no-config ignores it", path, about=CONFIGURATION)


def _parts(config: Config, above: Config, selection: Selection, run: Config) -> Iterator[str]:
    """Yield the settings that a file changes against the configuration above it."""
    amounts = _left_out(config, selection) if len(config.exclude) > len(above.exclude) else []
    if amounts:
        yield f"leaves out {' and '.join(amounts)}"
    yield from _of_the_run(config, run)
    if config.own_rules and (config.select, config.ignore) != (above.select, above.ignore):
        known = all_rules()
        yield f"checks only {len(Policy(config).selected(known))} of {count(len(known), 'rule')}"
    yield from (text.format(limit) for name, text in LIMITS.items() if (limit := getattr(config, name)) > getattr(above, name))
    if lowered := len(config.severity.items() - above.severity.items()):
        yield f"changes {count(lowered, 'severity', 'severities')}"
    if names := _size(config.names) - _size(above.names):
        yield f"adds {count(names, 'metadata name')}"
    if looser := sum(bool(override.reason) for override in config.overrides[len(above.overrides) :]):
        yield f"relaxes limits in {count(looser, 'override')}"
    if rules := len(config.suppressions) - len(above.suppressions):
        yield f"suppresses findings in {count(rules, 'place')}"


def _of_the_run(config: Config, run: Config) -> Iterator[str]:
    """Yield the settings that a file has for a whole run, or say that they do not count because the run started above it."""
    if config.above is not None:
        return
    if config.path == run.path or run.above is not None:
        if config.own_fail_on in FAILS:
            yield FAILS[config.own_fail_on]
        if modules := len(config.known_modules):
            yield f"adds {count(modules, 'known module')}"
    elif names := [name for name in OF_THE_RUN if getattr(config, name) not in (getattr(run, name), getattr(Config(), name))]:
        yield f"sets {_joined(names)} only for runs that start in its folder"


def _left_out(config: Config, selection: Selection) -> list[str]:
    """Return how many files and folders the exclusions of a file leave out: those of its own folder, for one below the scan root."""
    folder = os.path.dirname(_seen(config.path, selection)) if config.path is not None and config.above is not None else ""
    inside = [path for path in selection.finder.left_out if not folder or folder.startswith("..") or path.startswith(f"{folder}/")]
    folders = sum(path.endswith("/") for path in inside)
    return [count(n, noun) for n, noun in ((len(inside) - folders, "file"), (folders, "folder")) if n]


def _size(names: Mapping[str, tuple[str, ...]]) -> int:
    return sum(map(len, names.values()))


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _changed(levels: list[Config], selection: Selection, changed: Collection[str]) -> Iterator[Diagnostic]:
    """Warn of a configuration or baseline that changed together with the code that it judges."""
    files = [(file, "configuration") for one in levels for file in (one.path, *one.extends)]
    files += [(file, "baseline") for one in levels for file in one.baseline]
    for file, what in dict.fromkeys(files):
        if file is not None and (path := _seen(file, selection)) in changed:
            text = f"the {what} {path} changed together with the code that it applies to; review it, or ignore it with --no-config"
            yield Diagnostic(Level.WARNING, text, path, about=CONFIGURATION)


def _seen(path: str, selection: Selection) -> str:
    """A path relative to the scan root, as git names it: through no link of its folders."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        return os.path.relpath(os.path.join(os.path.realpath(folder), name), selection.root).replace(os.sep, "/")
    except ValueError:  # different drives
        return path
