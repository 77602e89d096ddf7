"""The effect of a configuration that comes with the code on the verdict, in one line that every format shows."""

from __future__ import annotations

import os

from posturio_iac.config import FILE, SHARED_FILE, TABLE, Config
from posturio_iac.config.option_table import LIMITS, OPTIONS, Option
from posturio_iac.core.finding import CONFIGURATION, SUBJECT, Diagnostic, Level, Report, by_severity
from posturio_iac.core.record import replace
from posturio_iac.core.times import plural
from posturio_iac.judge.policy import Policy
from posturio_iac.rules import all_rules
from posturio_iac.scan.configuration import configuration_file, seen_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from posturio_iac.search import Selection

    Was = Callable[[str], bytes] | None  # tells what a file (absolute) held before

STRICTER, RULES_LEFT = "only stricter", "checks only {} rules"
EFFECTS = {
    "max_lifetime_days": "lets keys live {}",
    "unused_days": "lets keys go unused for {}",
    "grace_days": "lets disabled keys stay for {}",
    "require": STRICTER,
    "warn_days": "reports an end only {} before",
    "fail_on": "fails on {} only",
    "strict": STRICTER,
    "strict_calls": STRICTER,
    "severity": "changes severities ({})",
    "select": RULES_LEFT,
    "ignore": RULES_LEFT,
    "exclude": "leaves out {}",
    "engine": "takes the engine to be {}",
    "engine_version": "takes its version to be {}",
    "var_files": "takes variables from {}",
    "source": "takes plans to be made from {}",
    "plan_only": "judges plans without their code",
    "parameters": "takes parameters from {}",
    "baseline": "takes known findings from {}",
    "custom_types": STRICTER,
    "names": "adds metadata names ({})",
    "known_modules": "adds known modules ({})",
    "overrides": "relaxes limits in overrides ({})",
    "suppressions": "suppresses findings by place ({})",
    "forbidden": "allows keys although they are forbidden ({})",
    "owners": "names owners of users ({})",
}
"""What an option of the file does to verdicts, as the notice of every report says it. Others have no effect on them."""

FAILS = {"high": "high and critical", "critical": "critical"}  # what is left to fail on, by severities above the default


def with_notices(report: Report, config: Config, selection: Selection, place: str, files: Collection[str] = (), was: Was = None) -> Report:
    """The report with notes on the configuration; ``files`` are those that changed, relative to ``place``, the scan root."""
    said = [*notices(config, selection, place), *_changed(config, place, files, was), *_accepted(report, config)]
    return replace(report, diagnostics=(*said, *report.diagnostics)) if said else report


def _accepted(report: Report, config: Config) -> Iterator[Diagnostic]:
    if not config.baseline:
        return
    from posturio_iac.judge.baseline import accepted

    known = accepted(report.findings)
    if known:
        number, told = sum(known.values()), by_severity(known)
        findings = "finding" if number == 1 else "findings"
        text = f"the baseline accepts {told} {findings}" if len(known) == 1 else f"the baseline accepts {number:,} {findings}: {told}"
        yield Diagnostic(Level.NOTE, text, about=CONFIGURATION)


def notices(config: Config, selection: Selection, place: str, *, without: str = "") -> Iterator[Diagnostic]:
    """Say what the file of the repository does to verdicts, ``without`` one setting. One that the command line names is its own choice."""
    if config.path is None:
        return
    if config.home is None:
        beside = configuration_file(place)
        if beside is not None and os.path.realpath(beside) != os.path.realpath(config.path):
            yield Diagnostic(Level.NOTE, f"{beside} is not used, because --config names another one")
        return
    told = [option for option in OPTIONS if option.name in config.own and option.name != without]
    parts = list(dict.fromkeys(filter(None, (_part(option, config, selection, place) for option in told))))
    if parts:
        said = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        path = seen_below(config.path, place)
        yield Diagnostic(Level.NOTE, f"{SUBJECT} {said}; --no-config ignores it", path, about=CONFIGURATION, subject=path)


def _part(option: Option, config: Config, selection: Selection, place: str) -> str:
    """What a setting of the file does; empty where it is the default or a stricter one."""
    value = getattr(config, option.name)
    effect = EFFECTS.get(option.name, STRICTER)
    if effect == STRICTER or value == option.default:
        return ""
    if option in LIMITS or option.name == "warn_days":
        looser = value < option.default if option.name == "warn_days" else value > option.default
        return effect.format(plural(value, "day")) if looser else ""
    if effect == RULES_LEFT:
        known = all_rules()
        return RULES_LEFT.format(f"{len(Policy(config).selected(known))} of {len(known)}")
    if option.name in _COUNTED:
        number = _COUNTED[option.name](value)
        return effect.format(f"{number:,}") if number else ""
    if option.name == "fail_on":
        return "never fails" if value == "never" else effect.format(FAILS[value]) if value in FAILS else ""
    if option.name == "exclude":
        amounts = _left_out(selection)
        return effect.format(amounts) if amounts else ""
    if value is True:
        return effect
    places = value if isinstance(value, tuple) else (value,)
    return effect.format(", ".join(seen_below(one, place) if os.path.isabs(one) else one for one in places))


_COUNTED: dict[str, Callable[[Any], int]] = {
    "severity": len,
    "names": lambda names: sum(map(len, names.values())),
    "known_modules": len,
    "overrides": lambda overrides: sum(bool(one.reason and one.until) for one in overrides),
    "suppressions": len,
    "forbidden": len,
    "owners": len,
}


def _left_out(selection: Selection) -> str:
    folders = sum(path.endswith("/") for path in selection.search.left_out)
    counted = ((len(selection.search.left_out) - folders, "file"), (folders, "folder"))
    return " and ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in counted if n)


def _changed(config: Config, place: str, changed: Collection[str], was: Was) -> Iterator[Diagnostic]:
    named = [*((path, "configuration") for path in (config.path,) if path), *((path, "baseline") for path in config.baseline)]
    at_top = [os.path.join(place, path) for path in changed if not os.path.dirname(path).strip("./")] if was is not None else ()
    gone = (path for path in at_top if os.path.basename(path) == FILE and not os.path.lexists(path))
    emptied = (path for path in at_top if os.path.basename(path) == SHARED_FILE and was is not None and TABLE.encode() in was(path))
    named += ((path, "configuration") for path in (*gone, *emptied))
    paths = {path: what for file, what in named for path in (seen_below(file, place), seen_below(os.path.realpath(file), place))}
    for path, what in paths.items():  # behind a link, the file that changes is another one than the one that is named
        if path in changed:
            text = f"the {what} {SUBJECT} changed together with the code that it applies to; review it, or ignore it with --no-config"
            yield Diagnostic(Level.WARNING, text, path, about=CONFIGURATION, subject=path)
