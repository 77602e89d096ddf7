"""The command line parser: argparse, with mistakes as errors of ours and a help that is the same on every Python."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from posturio_iac.config_schema import Option, Shape
from posturio_iac.errors import UsageError
from posturio_iac.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class _Formatter(argparse.HelpFormatter):
    """Help of fixed width, so that documentation can quote it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` and names the option that was probably meant."""

    def __init__(self, prog: str, description: str, usage: str) -> None:
        """Name the command, say what it does in a sentence and show its form."""
        super().__init__(prog=prog, description=description, usage=usage, allow_abbrev=False, add_help=False, formatter_class=_Formatter)
        self.color = False
        self.add_argument("--help", "-h", action="help", help="Print this help")

    def error(self, message: str) -> NoReturn:
        """Turn a mistake into an exception."""
        raise UsageError(f"{message[:1].lower()}{message[1:]} (see {self.prog} --help)")

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse all of ``argv``."""
        arguments, rest = self.parse_known_args(list(argv))
        for word in rest:
            if word.startswith("-"):
                name = word.partition("=")[0]
                self.error(f"there is no option {name}{hint(name, self.flags())}")
            self.error(f'unexpected "{word}"')
        return arguments

    def flags(self) -> tuple[str, ...]:
        """Every long option."""
        return tuple(flag for action in self._actions for flag in action.option_strings if flag.startswith("--"))


def add_options(parser: Parser, options: Iterable[Option]) -> None:
    """Give ``parser`` an option for each entry of the table that has a flag."""
    for option in options:
        text = option.help.replace("%", "%%")
        if option.shape is Shape.SWITCH:
            parser.add_argument(option.flag, dest=option.name, action="store_true", default=None, help=text)
        else:
            several = option.shape in (Shape.LIST, Shape.RULES)
            parser.add_argument(
                option.flag,
                dest=option.name,
                action="append" if several else "store",
                type=_converter(option),
                metavar=option.metavar or None,
                help=f"{text}{_ending(option)}",
            )


def _ending(option: Option) -> str:
    """What the help of an option ends with: its choices and its default, or that it repeats."""
    if option.choices:
        return f": {', '.join(option.choices)} ({option.default})"
    if option.shape is Shape.SIZE:
        return f" ({option.default // 1024**2}MB)"
    return {Shape.RULES: "; repeatable, or with commas", Shape.LIST: "; repeatable"}.get(option.shape, "")


def _converter(option: Option) -> Callable[[str], object]:
    match option.shape:
        case Shape.CHOICE:
            return lambda text: _choice(text, option)
        case Shape.SIZE | Shape.MOMENT:
            return lambda text: _checked(text, option.shape)
        case _:
            return str


def _choice(text: str, option: Option) -> str:
    if text in option.choices:
        return text
    raise argparse.ArgumentTypeError(f'"{text}" is not one of {", ".join(option.choices)}{_meant(text, option.choices)}')


def _meant(text: str, choices: tuple[str, ...]) -> str:
    meant = hint(text, choices)
    return meant if "did you mean" in meant else ""


def _checked(text: str, shape: Shape) -> object:
    from posturio_iac.config_check import BadValue, moment, size  # noqa: PLC0415 - dates are slow to load and rarely given

    try:
        return size(text) if shape is Shape.SIZE else moment(text, end_of_day=False)
    except BadValue as wrong:
        raise argparse.ArgumentTypeError(f'must be {wrong}, not "{text}"') from None
