"""The command line of ``fix``."""

from __future__ import annotations

from posturio_iac.commands.parser import JUDGING, Arguments, Command, own_option, shared_options
from posturio_iac.config.option_table import Shape
from posturio_iac.core.times import plural
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.fixes.wanted import Wishes

HOOK, _LONGEST_TAG = "--hook", 256

COMMAND = Command(
    "fix",
    "Shows the changes that fix findings in Terraform and CloudFormation as a diff; --write makes them. Changes that add resources or "
    "replace keys at the next apply need --unsafe.",
    "PATH",
    "Folders and files to fix (default: .)",
    most=None,
    options=(
        own_option("write", Shape.SWITCH, "Write the changes; the exit code is 0 if no finding remains"),
        own_option("unsafe", Shape.SWITCH, "Also make changes that add resources or replace keys at the next apply"),
        own_option("address", Shape.LIST, "Fix only keys with this address; * matches any text", "GLOB"),
        own_option("expires", Shape.TEXT, "Let keys without an end expire on this date", "DATE"),
        own_option("in", Shape.TEXT, "Let them expire after this time, such as 60d, spread over a week for each owner", "TIME"),
        own_option("rotate", Shape.TEXT, "Declare that they are rotated at this interval, such as 90d", "TIME"),
        own_option("owner", Shape.TEXT, "Write this owner where there is none", "NAME"),
        own_option("suppress_rest", Shape.SWITCH, "Suppress what cannot be fixed; needs --reason and --until"),
        own_option("accept", Shape.LIST, "Baseline findings of these severities as well: critical, high", "SEVERITIES"),
        own_option("no_baseline", Shape.SWITCH, "Also fix findings that the baseline accepts"),
        own_option("baseline_rest", Shape.SWITCH, "Write what remains into the baseline; needs --write and --until"),
        own_option("reason", Shape.TEXT, "Why findings are suppressed or added to the baseline", "TEXT"),
        own_option("until", Shape.TEXT, "The last day on which that holds", "DATE"),
        own_option("allow_dirty", Shape.SWITCH, "Also change files with unstaged changes"),
        own_option(
            HOOK[2:], Shape.SWITCH, "Treat PATHs as changed files, as pre-commit passes them: write safe changes, fail if there were any"
        ),
        *shared_options(*JUDGING, "max_file_size", "engine", "var_files", "parameters", "baseline", "no_suppressions", "color", "quiet"),
    ),
)


def checked(given: Arguments) -> None:
    """Raise `UsageError` when options do not go together."""
    ends = [flag for flag, value in (("--expires", given.expires), ("--in", _within(given)), ("--rotate", given.rotate)) if value]
    suppress, rest = given.suppress_rest, given.baseline_rest
    is_partial = given.address or given.no_suppressions or given.no_baseline
    for is_wrong, why in (
        (len(ends) > 1, f"{' and '.join(ends)} cannot be combined"),
        (suppress and not (given.reason or "").strip(), "a suppression needs a reason: add --reason TEXT"),
        (suppress and not given.until, "--suppress-rest needs the last day of the exceptions: add --until DATE"),
        (rest and suppress, "--baseline-rest and --suppress-rest cannot be combined"),
        (rest and not given.write, "--baseline-rest writes a file: add --write"),
        (rest and is_partial, "--baseline-rest covers everything that remains; leave out --address, --no-suppressions and --no-baseline"),
        (rest and not given.until, "--baseline-rest needs the last day of the exceptions: add --until DATE"),
        ((given.reason or given.until) and not (suppress or rest), "--reason and --until belong to --suppress-rest or --baseline-rest"),
    ):
        if is_wrong:
            raise UsageError(why)


def _within(given: Arguments) -> str | None:
    value: str | None = getattr(given, "in")
    return value


def wishes(given: Arguments, as_of: datetime, config: Config) -> Wishes:
    """The declarations that the command line asks for. Raises `UsageError` for invalid or too late ones."""
    from datetime import timedelta

    from posturio_iac.core.times import parse_date, parse_interval
    from posturio_iac.core.unreadable_times import FORMS
    from posturio_iac.fixes.wanted import Wishes

    within = parse_interval(_within(given) or "", "d") if _within(given) else None
    if _within(given) and not within:
        raise UsageError(f'--in must be {FORMS}, not "{_within(given)}"')
    if within is not None and within.days < 1:
        raise UsageError("--in must be at least one day")
    rotate = parse_interval(given.rotate or "", "d") if given.rotate else None
    if given.rotate and not rotate:
        raise UsageError(f'--rotate must be {FORMS}, not "{given.rotate}"')
    expires = date(given.expires, "--expires", as_of) if given.expires else ""
    longest = max([within or timedelta(), rotate or timedelta(), (parse_date(expires) or as_of) - as_of - timedelta(days=1)])
    if longest > timedelta(days=config.max_lifetime_days) and not config.overrides:
        last = (as_of + timedelta(days=config.max_lifetime_days)).date().isoformat()
        raise UsageError(f"the lifetime exceeds max_lifetime_days ({config.max_lifetime_days}); a key may live until {last} at most")
    warned = min(config.warn_days, config.max_lifetime_days // 2)
    if longest <= timedelta(days=warned) and (within or expires):
        raise UsageError(f"that end is too near: a key is reported {plural(warned, 'day')} before its end (warn_days)")
    owner = (given.owner or "").strip()
    if len(owner) > _LONGEST_TAG or not all(sign.isalnum() or sign in " _.:/=+-@" for sign in owner):
        raise UsageError(f'--owner "{owner}" cannot be a tag in IAM: it takes {_LONGEST_TAG} letters, digits, spaces and _.:/=+-@ at most')
    return Wishes(as_of, expires, within, given.rotate or "", owner)


def date(text: str, flag: str, as_of: datetime) -> str:
    """A date that is still to come. Raises `UsageError` when it is none."""
    from posturio_iac.core.times import parse_date

    found = parse_date(text)
    if found is None:
        raise UsageError(f'{flag} must be a date such as 2027-01-31, not "{text}"')
    if found <= as_of:
        raise UsageError(f"{flag} {text} has passed; name a day in the future")
    return text.strip()
