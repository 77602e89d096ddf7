"""The command line of ``live``."""

from __future__ import annotations

import os
import re

from posturio_iac.commands.ci_environment import AUTO
from posturio_iac.commands.parser import Arguments, Command, own_option
from posturio_iac.commands.scan import FORMAT, OUTPUT
from posturio_iac.commands.settings import settings, split
from posturio_iac.config.option_table import LIVE_GROUPS, ROLE, Shape
from posturio_iac.errors import UsageError
from posturio_iac.render import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.config import Config

EVERY_FORMAT = own_option("format", Shape.CHOICE, FORMAT.help, FORMAT.metavar, FORMAT.default, (*FORMATS, AUTO), FORMAT.short)
GROUPS = LIVE_GROUPS | {"output": (EVERY_FORMAT, OUTPUT, *LIVE_GROUPS["output"])}
ABSENT = ("color", "stats", "depth", "select", "ignore", "answers")
COMMAND = Command(
    "live",
    "Finds deployed IAM access keys that are unused, overdue, expired or without an owner. It only reads.",
    "",
    "Options select the accounts; the default is the account of the default credentials",
    most=0,
    options=[option for options in GROUPS.values() for option in options],
    groups=[(title, [option.name for option in options]) for title, options in GROUPS.items()],
    absent=ABSENT,
)
TRUSTED_SCHEDULER = r"(?:tls|wss)://\S+|tcp://(?:localhost|127(?:\.\d+){3}|\[::1\]):\d+/?"
NOWHERE = "none"


class LiveArguments:
    """The command line, checked."""

    asks_by_key = False
    """True if an earlier result says which users are read, and so which accounts."""
    needs_trail = False
    """True if it is an error that CloudTrail does not tell which keys were switched on or off."""
    begins_ledger = True
    """True if nothing is missing where there is no ledger yet."""

    def __init__(self, given: Arguments) -> None:
        self.given = given
        self.profiles: tuple[str, ...] = tuple(dict.fromkeys(split(given.profile or ())))
        self.accounts = _account_ids("--account", given.account)
        self.excluded = frozenset(_account_ids("--exclude-account", given.exclude_account))
        self.units: tuple[str, ...] = tuple(dict.fromkeys(split(given.ou or ())))
        self.account_tags = tuple(map(_account_tag, given.account_tag or ()))
        self.organization = bool(given.organization)
        self.several = self.organization or bool(self.accounts)
        """True if accounts are read by assuming a role in them."""
        self.role = given.role_name or ROLE
        self.answers: tuple[str, ...] = tuple(given.answers or ())
        self.iac: tuple[str, ...] = tuple(dict.fromkeys(given.code or ()))
        self.states: tuple[str, ...] = tuple(given.state or ())
        self.stack_regions: tuple[str, ...] = tuple(dict.fromkeys(split(given.stack_region or ())))
        self.links = bool(self.iac or self.states)
        self._check()

    def config(self) -> Config:
        """The configuration with the command line laid over it, and without the rule that only judges code."""
        config = settings(self.given, ())
        if (missing := next((path for path in config.baseline if not os.path.isfile(path)), None)) is not None:
            raise UsageError(f"there is no baseline {missing}; name an existing file, or leave it out")
        if self.given.unused is not None:
            config = config.with_values(unused_days=whole("--unused", self.given.unused, 36500))
        if not config.select:
            from posturio_iac.live.request import ABOUT_CODE

            config = config.with_values(ignore=(*config.ignore, ABOUT_CODE))
        return config

    def _check(self) -> None:
        if (self.units or self.account_tags) and not self.organization:
            raise UsageError("--ou and --account-tag need --organization")
        for unit in self.units:
            if not re.fullmatch(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", unit, re.ASCII):
                raise UsageError(f'--ou must be the ids of organizational units, such as ou-abcd-12345678, not "{unit}"')
        if self.organization and self.accounts:
            raise UsageError("--organization and --account cannot be combined; --exclude-account leaves accounts out")
        if self.several and len(self.profiles) > 1:
            raise UsageError("--organization and --account take one --profile, which assumes the roles")
        if not (self.several or self.asks_by_key) and (self.given.role_name or self.given.external_id or self.excluded):
            raise UsageError("--role-name, --external-id and --exclude-account need --organization or --account")
        self._check_files()
        if self.given.quiet and self.given.verbose:
            raise UsageError("--quiet and --verbose cannot be combined")
        if self.given.dask is not None and not re.fullmatch(TRUSTED_SCHEDULER, self.given.dask, re.ASCII):
            raise UsageError(
                f"--dask must be the address of a scheduler over TLS (tls://…) or on this machine (tcp://127.0.0.1:…), not "
                f'"{self.given.dask}": whoever answers in its place can run code here with these credentials'
            )
        if not re.fullmatch(r"[\w+=,.@/-]+", self.role, re.ASCII):
            raise UsageError(f'--role-name must be the name of a role, not "{self.role}"')

    def _check_files(self) -> None:
        for flag, wanted in (("--resume", self.given.resume), ("--fail-on-new", self.given.fail_on_new)):
            if wanted and self.given.ledger is None:
                raise UsageError(f"{flag} needs --ledger, which remembers earlier runs")
        if self.given.ledger is not None and self.given.as_of is not None:
            raise UsageError("--ledger records the present; leave out --as-of")
        if self.states.count("-") > 1:
            raise UsageError("--state - was given twice, but standard input holds one state; name files for the others")
        if self.stack_regions and not self.links:
            raise UsageError("--stack-region needs --code or --state, which link keys to code")
        if NOWHERE in self.stack_regions and len(self.stack_regions) > 1:
            raise UsageError(f"--stack-region {NOWHERE} and a region cannot be combined")
        for region in self.stack_regions:
            if not re.fullmatch(r"[a-z0-9-]{2,40}", region, re.ASCII):
                raise UsageError(f'--stack-region must be the name of a region, or {NOWHERE}, not "{region}"')


def _account_ids(flag: str, values: tuple[str, ...] | None) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(split(values or ())))
    for account in ids:
        if not re.fullmatch(r"[0-9]{12}", account, re.ASCII):
            raise UsageError(f'{flag} must be ids of accounts, 12 digits each, not "{account}"')
    return ids


def _account_tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f'--account-tag must be a name and a value, such as environment=prod*, not "{text}"')
    return name, value


def whole(flag: str, text: str, most: int) -> int:
    """Read the whole number of an option, from 1 on. Raises `UsageError`."""
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise UsageError(f'{flag} must be a whole number from 1 to {most}, not "{text}"')
    return int(text)
