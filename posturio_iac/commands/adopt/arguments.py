"""The command line of ``adopt``, and what it asks for."""

from __future__ import annotations

from posturio_iac.commands.adopt.files import PLACES, REPO, REV
from posturio_iac.commands.baseline.command import ACCEPT
from posturio_iac.commands.parser import Arguments, Command
from posturio_iac.commands.settings import split
from posturio_iac.config import meant
from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.core.record import NamedTuple
from posturio_iac.errors import UsageError

FIX, BASELINE, CONFIG, HOOK = "fix", "baseline", "config", "hook"
PARTS = (FIX, BASELINE, CONFIG, HOOK, *(f"ci={service}" for service in PLACES))
_SHARED = ("select", "ignore", "exclude", "as_of", "config", "no_config", "color", "quiet")


def _option(name: str, shape: str, text: str, metavar: str = "") -> Option:
    return Option(name, shape, text, flag=f"--{name.replace('_', '-')}", metavar=metavar, in_file=False)


COMMAND = Command(
    "adopt",
    "Shows the findings, which of them can be fixed and what the next apply would then do, and what remains. Writes what --write names: "
    "the fixes, a baseline of the rest with owner, reason and end date, the configuration, the hook and a CI file. "
    "It writes nothing unless told to, and never overwrites a file.",
    "FOLDER",
    "A folder of the repository to set up (default: .)",
    most=1,
    options=(
        _option("write", Shape.LIST, f"Write these parts, separated by commas: {', '.join(PARTS)}", "PARTS"),
        _option("until", Shape.TEXT, "The last day on which findings in the baseline are accepted", "DATE"),
        _option("reason", Shape.TEXT, "Why those findings are accepted", "TEXT"),
        _option("owner", Shape.TEXT, "Who is responsible for keys that name no owner", "NAME"),
        ACCEPT,
        _option("unsafe", Shape.SWITCH, "Also make changes that add resources or replace keys at the next apply"),
        _option("expires", Shape.TEXT, "Fix keys without an end by letting them expire on this date", "DATE"),
        _option("in", Shape.TEXT, "Fix them by letting them expire after this time, such as 60d", "TIME"),
        _option("rotate", Shape.TEXT, "Fix them by declaring that they are rotated at this interval, such as 90d", "TIME"),
        _option("allow_dirty", Shape.SWITCH, "Also change files with uncommitted changes"),
        REPO,
        REV,
        *(option for option in ARGUMENTS if option.name in _SHARED),
    ),
)


class AdoptionPlan(NamedTuple):
    """The parts to write, and how findings are accepted."""

    parts: frozenset[str]
    reason: str
    until: str
    owner: str


def wanted_of(given: Arguments) -> AdoptionPlan:
    """The plan that the command line asks for. Raises `UsageError` for unknown parts, and for options that do not go with them."""
    parts = frozenset(split(given.write or ()))
    for part in sorted(parts - {*PARTS}):
        raise UsageError(f'--write takes {", ".join(PARTS)}, not "{part}"{meant(part, PARTS)}')
    if BASELINE in parts and not (given.reason and given.until):
        raise UsageError("a baseline needs a reason and a last day: add --reason TEXT and --until DATE")
    if parts and BASELINE not in parts and (given.reason or given.until):
        raise UsageError("--reason and --until need baseline in --write")
    if parts and FIX not in parts and (given.unsafe or given.expires or getattr(given, "in") or given.rotate):
        raise UsageError("--unsafe, --expires, --in and --rotate need fix in --write")
    return AdoptionPlan(parts, *((text or "").strip() for text in (given.reason, given.until, given.owner)))


def for_fix(given: Arguments) -> list[str]:
    """The command line of ``fix`` that does the same."""
    argv = ["--write"]
    argv += [flag for flag, value in (("--unsafe", given.unsafe), ("--allow-dirty", given.allow_dirty)) if value]
    named = {"--expires": given.expires, "--in": getattr(given, "in"), "--rotate": given.rotate}
    argv += [f"{flag}={value}" for flag, value in named.items() if value]
    return argv + ([f"--as-of={given.as_of.isoformat()}"] if given.as_of else [])
