"""Every option of a scan, once: the command line, the configuration file, its validation and its reference come from these tables.

Over 300 lines, since it holds one entry an option.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Shape:
    """What an option can hold, as the reference shows it. Plain classes here, since importing `enum` and `dataclasses` is slow."""

    DAYS = "whole number of days"
    SECONDS = "whole number of seconds"
    SWITCH = "true or false"
    TEXT = "text"
    CHOICE = "one of"
    SIZE = "bytes, or text such as 10MB"
    LIST = "list of text"
    FILES = "text or list of texts"
    RULES = "list of rules"
    MOMENT = "date or RFC 3339 time"
    MAPPING = "table of text"
    TABLE = "table"
    TABLES = "array of tables"
    FREE = "array of tables, as docs/known-modules.md describes them"


class Option:
    """One option: where it can stand, what it holds and what it means. Immutable by agreement."""

    def __init__(  # noqa: PLR0913 - one for each column of the tables below
        self,
        name: str,
        shape: str,
        text: str,
        default: Any = None,
        choices: tuple[str, ...] = (),
        *,
        flag: str = "",
        short: str = "",
        metavar: str = "",
        in_file: bool = True,
        required: bool = False,
        fields: tuple[Option, ...] = (),
        elsewhere: dict[str, str] | None = None,
    ) -> None:
        """Describe the option ``name``; ``shape`` is one of `Shape`, ``text`` one sentence without a full stop.

        ``flag`` and ``short`` are its names on the command line; ``in_file`` says whether the configuration file may hold it; ``fields``
        are the keys of its table, or of each of its tables; ``elsewhere`` tells where to set values that are no choice here.
        """
        self.name, self.shape, self.help, self.default, self.choices = name, shape, text, default, choices
        self.flag, self.short, self.metavar, self.in_file, self.required, self.fields = flag, short, metavar, in_file, required, fields
        self.elsewhere = elsewhere or {}


SEVERITIES = ("low", "medium", "high", "critical")
FAIL_ON = (*SEVERITIES, "never")
ENGINES = ("auto", "terraform", "opentofu")
REQUIRE = ("declared", "enforced")

LIMITS = (
    Option("max_lifetime_days", Shape.DAYS, "How many days a key may live", 90, flag="--max-lifetime", metavar="DAYS"),
    Option("unused_days", Shape.DAYS, "How long an active key may go unused (live)", 45),
    Option("grace_days", Shape.DAYS, "How long a disabled key may stay before it is deleted", 14),
    Option(
        "require",
        Shape.CHOICE,
        "Which lifetimes count: declared ones too, which people act on, or only those that the code enforces",
        "declared",
        REQUIRE,
    ),
)
"""The options that an override may change for some keys."""

UNTIL = Option("until", Shape.MOMENT, "The last day on which it applies")
REASON = Option("reason", Shape.TEXT, "Why, for later readers")

OVERRIDE = (
    Option("paths", Shape.LIST, "Globs of files, relative to this file's folder; one match is enough", ()),
    Option("tags", Shape.MAPPING, "Tags of the key's user, values as globs; all of them must match", {}),
    *(Option(o.name, o.shape, o.help, None, o.choices) for o in LIMITS),
    Option("severity", Shape.MAPPING, "Severities of rules for these keys", {}, SEVERITIES),
    REASON,
    UNTIL,
    Option("users", Shape.LIST, "Globs of the path and name of deployed users, such as `/payments/*` (live); one match is enough", ()),
)

SUPPRESSION = (
    Option("rule", Shape.TEXT, "The rule, by its id or its last part", required=True),
    Option("path", Shape.TEXT, "Glob of files, relative to this file's folder"),
    Option("address", Shape.TEXT, "Glob of the key's address; `*` matches any text"),
    Option(REASON.name, REASON.shape, REASON.help, required=True),
    Option(UNTIL.name, UNTIL.shape, UNTIL.help, required=True),
)

NAMES = (
    Option("prefixes", Shape.LIST, "More prefixes to drop before names are compared", ()),
    Option("expiry", Shape.LIST, "More names of a date on which the key ends", ()),
    Option("rotation", Shape.LIST, "More names of an interval at which the key is replaced", ()),
    Option("rotate_by", Shape.LIST, "More names of a date by which the key must be replaced", ()),
    Option("rotated_on", Shape.LIST, "More names of the date on which the key was last replaced", ()),
    Option("owner", Shape.LIST, "More names of tags that name the owner", ()),
    Option("exempt", Shape.LIST, "More names of an exemption from rotation, which is not a lifetime", ()),
)

OWNERS = (
    Option("users", Shape.TEXT, "Glob of the user's path and name, such as `/payments/*`; `*` matches any text", required=True),
    Option("owner", Shape.TEXT, "Who is responsible for the keys of these users", required=True),
)

FORBIDDEN = (
    Option(
        "allow",
        Shape.TABLES,
        "Keys that may exist for a while",
        (),
        fields=(
            Option("user", Shape.TEXT, "Glob of the user's name; `*` matches any text"),
            Option("address", Shape.TEXT, "Glob of the key's address; `*` matches any text"),
            Option(REASON.name, REASON.shape, REASON.help, required=True),
            Option(UNTIL.name, UNTIL.shape, UNTIL.help, required=True),
        ),
    ),
)

OPTIONS = (
    *LIMITS,
    Option("warn_days", Shape.DAYS, "How many days before its stated end a key is reported", 14),
    Option(
        "fail_on", Shape.CHOICE, "The lowest severity that makes the exit code 1", "medium", FAIL_ON, flag="--fail-on", metavar="SEVERITY"
    ),
    Option("strict", Shape.SWITCH, "Exit with 1 for undetermined keys too", False, flag="--strict"),
    Option("strict_calls", Shape.SWITCH, "Exit with 1 for module calls whose code is not here too", False, flag="--strict-calls"),
    Option("severity", Shape.MAPPING, "Severities that replace those of rules, by the rule's id or its last part", {}, SEVERITIES),
    Option("select", Shape.RULES, "Check only these rules", (), flag="--select", metavar="RULE"),
    Option("ignore", Shape.RULES, "Skip these rules", (), flag="--ignore", metavar="RULE"),
    Option("exclude", Shape.LIST, "Globs of files and folders to leave out", (), flag="--exclude", metavar="GLOB"),
    Option("max_file_size", Shape.SIZE, "Skip larger files and report them", 10 * 1024 * 1024, flag="--max-file-size", metavar="SIZE"),
    Option(
        "timeout",
        Shape.SECONDS,
        "Stop reading after this many seconds of processor time and report it; by default 1.5, and 1 for each 200 kB that it reads",
        flag="--timeout",
        metavar="SECONDS",
    ),
    Option(
        "engine",
        Shape.CHOICE,
        "What runs the code; auto decides by file names and lock files",
        "auto",
        ENGINES,
        flag="--engine",
        metavar="ENGINE",
    ),
    Option("engine_version", Shape.TEXT, "The version of that engine, where neither required_version nor a lock file sets it"),
    Option("var_files", Shape.LIST, "Files of variable values for root modules", (), flag="--var-file", metavar="FILE"),
    Option(
        "source",
        Shape.TEXT,
        "Folder of the code that the plans were made from: a plan does not show what rotates a key",
        flag="--source",
        metavar="DIR",
    ),
    Option("plan_only", Shape.SWITCH, "Judge plans by themselves: one that shows no end of a key is a finding", False, flag="--plan-only"),
    Option("parameters", Shape.LIST, "Files of parameter values for templates", (), flag="--parameters", metavar="FILE"),
    Option("baseline", Shape.FILES, "Files of known findings", (), flag="--baseline", metavar="FILE"),
    Option(
        "source_url",
        Shape.TEXT,
        "Link places in results to this URL: it contains {path} and {line}, or is the folder of a revision on GitHub or similar; "
        "CI services set it themselves",
        flag="--source-url",
        metavar="URL",
    ),
    Option("custom_types", Shape.LIST, "More types of custom resources that create access keys, such as Custom::Key", ()),
    Option("names", Shape.TABLE, "Names of tags and metadata, in addition to the built-in ones", {}, fields=NAMES),
    Option("known_modules", Shape.FREE, "Modules elsewhere that create keys, in addition to the built-in table", ()),
    Option("overrides", Shape.TABLES, "Other limits for some keys; looser ones need `reason` and `until`", (), fields=OVERRIDE),
    Option("suppressions", Shape.TABLES, "Findings that do not count, by rule and place", (), fields=SUPPRESSION),
    Option(
        "forbidden", Shape.TABLE, "Forbids declared access keys (`iam.forbidden_access_keys`), also as an empty table", fields=FORBIDDEN
    ),
    Option("owners", Shape.TABLES, "Who is responsible for users with a given path and name", (), fields=OWNERS),
)
"""What the configuration file may hold, in the order of the reference."""

CHANGED_SINCE = Option(
    "changed_since",
    Shape.TEXT,
    "Check only modules and templates that changed since the current branch left this revision",
    flag="--changed-since",
    metavar="REV",
    in_file=False,
)

GROUP_BY = Option(
    "group_by", Shape.CHOICE, "Group the format text", "none", ("none", "owner"), flag="--group-by", metavar="WHAT", in_file=False
)

ARGUMENTS = (
    *(o for o in OPTIONS if o.flag),
    CHANGED_SINCE,
    Option(
        "fail_on_stale",
        Shape.SWITCH,
        "Exit with 1 for baseline entries that no longer match anything",
        flag="--fail-on-stale",
        in_file=False,
    ),
    Option("fail_on_no_files", Shape.SWITCH, "Exit with 2 when there are no files to search", flag="--fail-on-no-files", in_file=False),
    Option("exit_zero", Shape.SWITCH, "Exit with 0 even if there are findings", flag="--exit-zero", in_file=False),
    Option("no_suppressions", Shape.SWITCH, "Count suppressed findings too", flag="--no-suppressions", in_file=False),
    Option("as_of", Shape.MOMENT, "Check as if it were this time", flag="--as-of", metavar="TIME", in_file=False),
    Option("config", Shape.TEXT, "Read only this configuration file", flag="--config", metavar="FILE", in_file=False),
    Option("no_config", Shape.SWITCH, "Read no configuration file", flag="--no-config", in_file=False),
    Option(
        "stdin_filename",
        Shape.TEXT,
        "Name of the file on standard input, which is then judged with the rest of its module",
        flag="--stdin-filename",
        metavar="NAME",
        in_file=False,
    ),
    Option("color", Shape.CHOICE, "Colour the text", "auto", ("auto", "always", "never"), flag="--color", metavar="WHEN", in_file=False),
    GROUP_BY,
    Option("stats", Shape.SWITCH, "Show counts by folder, owner and rule instead of findings", flag="--stats", in_file=False),
    Option("depth", Shape.TEXT, "Show every folder of --stats, cut to so many levels", flag="--depth", metavar="N", in_file=False),
    Option("show_skipped", Shape.SWITCH, "Also list what was not checked (text, json)", flag="--show-skipped", in_file=False),
    Option("all", Shape.SWITCH, "List every finding, even if they fill more than one screen", flag="--all", in_file=False),
    Option("verbose", Shape.SWITCH, "Also list clean keys and suppressed findings", flag="--verbose", short="-v", in_file=False),
    Option("quiet", Shape.SWITCH, "List only findings and errors", flag="--quiet", short="-q", in_file=False),
)
"""What the command line of ``scan`` may hold, in the order of its help."""

_BY_NAME = {option.name: option for option in ARGUMENTS}


def _live(name: str, shape: str, text: str, metavar: str = "", choices: tuple[str, ...] = (), default: str | None = None) -> Option:
    flag = f"--{name.replace('_', '-')}"
    return Option(name, shape, text, default, choices, flag=flag, metavar=metavar, in_file=False)


ROLE = "OrganizationAccountAccessRole"
WHICH_ACCOUNTS = (
    _live("profile", Shape.LIST, "Read the account of this AWS profile", "NAME"),
    _live("organization", Shape.SWITCH, "Read every active account of the organization"),
    _live("account", Shape.LIST, "Read this account, or several separated by commas", "ID"),
    _live("exclude_account", Shape.LIST, "Leave out this account, or several separated by commas", "ID"),
    _live("ou", Shape.LIST, "Read only the organization's accounts in these organizational units, at any depth", "OU_ID"),
    _live("account_tag", Shape.LIST, "Read only the organization's accounts with this tag; * matches any text", "NAME=VALUE"),
    _live("role_name", Shape.TEXT, f"Role to assume in each account (default: {ROLE})", "NAME"),
    _live("external_id", Shape.TEXT, "External ID that the role requires", "ID"),
)
_LEDGER = _live("ledger", Shape.TEXT, "Remember keys and findings between runs in this file or S3 object", "FILE|s3://BUCKET/KEY")
_CODE = (
    _live("code", Shape.LIST, "Look in this folder for the code that declares the keys", "DIR"),
    _live("state", Shape.LIST, "Read from this Terraform or OpenTofu state which keys it holds; - is standard input", "FILE"),
    _live(
        "stack_region",
        Shape.LIST,
        "With --code or --state, ask CloudFormation in this region which stack holds a key; none asks nowhere",
        "NAME",
    ),
)
_OWNERS = _live("owners_file", Shape.TEXT, "Read more owners from this CSV file with the columns users and owner", "FILE")
_SHOWN = (
    _live("show_key_ids", Shape.SWITCH, "Show full key IDs, not only their last four characters"),
    _BY_NAME["verbose"],
    _BY_NAME["quiet"],
)
_FILES = (_BY_NAME["config"], _BY_NAME["no_config"])
LIVE_GROUPS = {
    "which accounts": (*WHICH_ACCOUNTS, _live("dask", Shape.TEXT, "Read the accounts on the workers of this Dask scheduler", "ADDRESS")),
    "what counts": (
        _live("unused", Shape.TEXT, "How many days an active key may go unused; overrides unused_days", "DAYS"),
        _live("exact", Shape.SWITCH, "Ask AWS about every key instead of using the credential report"),
        _live("context", Shape.SWITCH, "Ask CloudTrail who uses each flagged key: a workload, a person, or whoever tries what it may do"),
        *_CODE,
        _OWNERS,
        *(_BY_NAME[name] for name in ("baseline", "fail_on", "as_of")),
        *_FILES,
    ),
    "from run to run": (
        _LEDGER,
        _live("resume", Shape.SWITCH, "Continue the interrupted run in the ledger: read only the accounts that it did not read"),
        _live("fail_on_new", Shape.SWITCH, "Exit with 1 only for findings that the last run in the ledger did not have"),
    ),
    "output": (GROUP_BY, *_SHOWN),
}
"""What the command line of ``live`` may hold, by the titles of its help; formats are added to the last one."""
RETIRE_GROUPS = {
    "which accounts": WHICH_ACCOUNTS,
    "the process": (
        _live("ledger", Shape.TEXT, "The ledger that the process rests on; verify can do without it", "FILE|s3://BUCKET/KEY"),
        _live("answers", Shape.LIST, "First record answers: the CSV of a letter, filled in; ask then needs no DIR", "FILE"),
        _live("again", Shape.SWITCH, "ask: also write to those who have answered, and give everybody a new day to answer by"),
        _live("ask_ownerless", Shape.TEXT, "ask: who is asked about keys that nobody is known to own", "ADDRESS"),
        _live("reply_to", Shape.TEXT, "ask: where owners send their answers", "ADDRESS"),
        _live("include_in_use", Shape.LIST, "plan: switch off this key, or this user's keys, although they are in use", "KEY_ID|USER"),
        _live("valid", Shape.TEXT, "plan: how many hours its scripts may be run (default: 72)", "HOURS"),
        _live("check", Shape.SWITCH, "evidence: check the whole chain in the folder instead of adding to it; asks AWS nothing"),
    ),
    "what counts": (*_CODE, _OWNERS, _BY_NAME["baseline"], *_FILES),
    "output": _SHOWN,
}
"""The same for ``retire``."""
