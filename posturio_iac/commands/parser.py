"""Reads a command line by the tables of options, and prints the help that follows from them.

Not argparse: it takes as long to load as a search that finds nothing, its help differs from one Python to the next, and its
messages do not suggest the option that was probably meant.
"""

from __future__ import annotations

from posturio_iac.config.option_table import ARGUMENTS, Option, Shape
from posturio_iac.core.record import NamedTuple
from posturio_iac.errors import HelpAskedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

SEVERAL = (Shape.LIST, Shape.RULES, Shape.FILES)
WIDTH = 100
LEAST = 30
HELP = ("-h", "--help")
JUDGING = ("select", "ignore", "exclude", "as_of", "config", "no_config")  # the options of every command that judges code
GROUPS = (
    ("what is read", "exclude max_file_size timeout changed_since stdin_filename source engine var_files parameters config no_config"),
    ("what counts", "max_lifetime_days select ignore baseline no_baseline no_suppressions plan_only as_of"),
    ("exit code", "fail_on strict strict_calls fail_on_stale fail_on_no_files exit_zero"),
    ("output", "format output source_url color group_by stats depth show_skipped all verbose quiet"),
)
"""Titles in the help of what commands that read code have in common, each with names of options; a command's own come first."""


def own_option(
    name: str, shape: str, text: str, metavar: str = "", default: str | None = None, choices: tuple[str, ...] = (), short: str = ""
) -> Option:
    """An option of a command that no file can hold."""
    flag = f"--{name.replace('_', '-')}"
    return Option(name, shape, text, default, choices, flag=flag, short=short, metavar=metavar, in_file=False)


def shared_options(*names: str) -> tuple[Option, ...]:
    return tuple(option for option in ARGUMENTS if option.name in names)


class Command(NamedTuple):
    """The command line of a subcommand."""

    name: str
    description: str
    word: str
    word_help: str
    most: int | None
    """How many words it takes; None for any number."""
    options: Sequence[Option] = ()
    groups: Sequence[tuple[str, Sequence[str]]] = ()
    """Titles of its options in the help, each with their names."""
    absent: Sequence[str] = ()
    """Options of like commands, which nobody can give here."""
    choices: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        more = " ..." if self.most is None else ""
        return f"posturio-iac {self.name}{' [OPTION ...]' if self.options else ''}{f' [{self.word}{more}]' if self.word else ''}"

    def flags(self) -> dict[str, Option]:
        long = {option.flag: option for option in self.options}
        return long | {option.short: option for option in self.options if option.short}


class Arguments:
    """A parsed command line. Each option is an attribute by its name, None where it is not given."""

    words: tuple[str, ...]
    order: tuple[tuple[str, Any], ...]

    def __init__(self, command: Command, words: Sequence[str], order: Sequence[tuple[Option, Any]]) -> None:
        self.words = tuple(words)
        self.order = tuple((option.name, value) for option, value in order)
        self._values: dict[str, Any] = dict.fromkeys((*command.absent, *(option.name for option in command.options)))
        for option, value in order:
            self._values[option.name] = (*(self._values[option.name] or ()), value) if option.shape in SEVERAL else value

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None


def parse(command: Command, argv: Sequence[str]) -> Arguments:
    """Parse ``argv``. Raises `HelpAskedError`, or `UsageError`, whose text says what is right."""
    words: list[str] = []
    order: list[tuple[Option, Any]] = []
    rest = iter(argv)
    for word in rest:
        if word in HELP:
            raise HelpAskedError(help_text(command))
        if word == "--":
            words.extend(rest)
        elif word.startswith("-") and word != "-":
            order.append(_option(command, word, rest))
        else:
            words.append(word)
    if command.most is not None and len(words) > command.most:
        raise _mistake(command, f'unexpected "{words[command.most]}"')
    if command.choices and not (words and words[0] in command.choices):
        from posturio_iac.config import meant

        wrong = f', not "{words[0]}"{meant(words[0], command.choices)}' if words else ""
        raise UsageError(f"{command.name} needs {command.word_help[:1].lower()}{command.word_help[1:]}{wrong}")
    return Arguments(command, words, order)


def _option(command: Command, word: str, rest: Iterator[str]) -> tuple[Option, Any]:
    flag, equals, value = word.partition("=")
    option = command.flags().get(flag)
    if option is None:
        from posturio_iac.config import meant

        known = (*(option.flag for option in command.options), HELP[1])
        chosen = [option.flag for option in command.options if option.name == "format" and flag[2:] in option.choices]
        likely = f'; did you mean "{chosen[0]} {flag[2:]}"?' if chosen else meant(flag, known, cutoff=0.6)
        raise _mistake(command, f"there is no option {flag}{likely}")
    if option.shape == Shape.SWITCH:
        if equals:
            raise _mistake(command, f'{flag} takes no value, not "{value}"')
        return option, True
    text = value if equals else next(rest, None)
    if text is None or not text.strip() or (not equals and text in command.flags()):
        raise _mistake(command, f"{flag} needs a value: {flag} {option.metavar}")
    return option, _value(command, option, text)


def _value(command: Command, option: Option, text: str) -> Any:
    if text in option.elsewhere:
        raise _mistake(command, f"{option.flag} {text} {option.elsewhere[text]}")
    if option.choices and text.lower() in option.choices:
        return text.lower()
    if option.choices:
        from posturio_iac.config import meant

        likely = meant(text, option.choices, cutoff=0.6)
        raise _mistake(command, f'{option.flag} must be one of {", ".join(option.choices)}, not "{text}"{likely}')
    if option.shape not in (Shape.DAYS, Shape.SIZE, Shape.SECONDS, Shape.MOMENT):
        return text
    from posturio_iac.config.check import BadValueError, days, moment, seconds, size

    try:
        if option.shape == Shape.MOMENT:
            return moment(text, end_of_day=False)
        if option.shape == Shape.DAYS:
            return days(text)
        return size(text) if option.shape == Shape.SIZE else seconds(text)
    except BadValueError as wrong:
        raise _mistake(command, f'{option.flag} must be {wrong}, not "{text}"') from None


def _mistake(command: Command, text: str) -> UsageError:
    return UsageError(f"{text} (see posturio-iac {command.name} --help)")


def help_text(command: Command) -> str:
    """The help of a command, as wide as the terminal; `WIDTH` at most, and where there is none."""
    from textwrap import fill

    from posturio_iac.core.text.terminal import columns_of_stdout

    wide = min(columns_of_stdout() or WIDTH, WIDTH)
    last = (", ".join(HELP), "Print this help")
    heads = {one.name: f"{one.short + ',' if one.short else '':<3} {one.flag} {one.metavar}".rstrip() for one in command.options}
    rows = {option.name: (heads[option.name], f"{option.help}{_ending(option)}") for option in command.options}
    left = max(len(head) for head, _ in [*rows.values(), last, (command.word, "")]) + 4
    shared = [(title, names.split()) for title, names in GROUPS if "exclude" in rows]
    grouped = {name for _, names in (*command.groups, *shared) for name in names}
    groups = (*command.groups, ("options", [name for name in rows if name not in grouped]), *shared)
    groups = tuple((title, [name for name in names if name in rows]) for title, names in groups)
    parts = [f"{title}:\n" + "\n".join(_row(*rows[name], left, wide) for name in names) for title, names in groups if names]
    about = _row(command.word, command.word_help, left, wide) if command.word else fill(f"{command.word_help}.", max(wide, LEAST))
    description = fill(command.description, max(wide, LEAST), break_on_hyphens=False)
    options = "\n\n".join(parts)
    return f"usage: {command.usage}\n\n{description}\n\n{about}\n\n{options or 'options:'}\n{_row(*last, left, wide)}\n"


def _row(head: str, text: str, left: int, columns: int) -> str:
    from textwrap import fill

    if columns < left + LEAST:
        return f"  {head}\n" + fill(text, max(columns, LEAST), initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False)
    return fill(text, columns, initial_indent=f"  {head}".ljust(left), subsequent_indent=" " * left, break_on_hyphens=False)


def _ending(option: Option) -> str:
    if option.choices:
        return f": {', '.join(option.choices)} (default: {option.default})"
    if option.shape == Shape.SIZE:
        return f" (default: {option.default // 1024**2}MB)"
    if option.shape == Shape.DAYS:
        return f" (default: {option.default})"
    return {Shape.RULES: "; repeatable, or with commas", Shape.LIST: "; repeatable", Shape.FILES: "; repeatable"}.get(option.shape, "")
