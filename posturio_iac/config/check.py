"""Checks the content of a configuration file against the tables of options, and says what is wrong and where."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone

from posturio_iac.config import hint, meant
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.times import FIRST_YEAR, LAST_YEAR, parse_date
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

SIZE = lazy_pattern(r"(\d{1,18})\s*([kmg]?)i?b?", re.IGNORECASE)
FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
DAY = lazy_pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOST_DAYS = 36500
MOST_SECONDS = 86_400


class BadValueError(Exception):
    """A value is not what the option holds; the text completes ``"… must be"``."""


class Mistakes:
    """Collects what is wrong, ``with mistakes:`` around each check, so that a reader is told everything at once."""

    def __init__(self, place: str = "") -> None:
        self.place, self.texts = place, list[str]()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if isinstance(error, UsageError):
            self.texts += (self.place + text for text in error.args)
        return isinstance(error, UsageError)

    def tell(self) -> None:
        """Raise `UsageError` if something is wrong."""
        if self.texts:
            raise UsageError(*self.texts)


def check_table(table: dict[str, Any], options: Iterable[Option], file: str, where: str = "") -> dict[str, Any]:
    """The values of ``table`` by option, converted as their `Shape` says. Raises `UsageError`, which names the file and the key."""
    known = {option.name: option for option in options}
    found, mistakes = {}, Mistakes()
    for key, value in table.items():
        with mistakes:
            if key not in known:
                raise UsageError(f"{file}: unknown key {where}{key}{hint(key, known)}")
            found[key] = check_value(known[key], value, file, where + key)
    for option in known.values():
        if option.required and option.name not in table:
            mistakes.texts.append(f"{file}: {where.rstrip('.')} needs {option.name}: {option.help[0].lower()}{option.help[1:]}")
    mistakes.tell()
    return found


def check_value(option: Option, value: Any, file: str, where: str) -> Any:
    """One value converted to what its option holds."""
    if option.shape == Shape.TABLE:
        if not isinstance(value, dict):
            raise UsageError(f"{file}: {where} must be a table, not {describe(value)}")
        return check_table(value, option.fields, file, f"{where}.")
    if option.shape == Shape.TABLES:
        rows = {f"{where}[{n}]": entry for n, entry in enumerate(_tables(value, file, where))}
        return tuple(check_table(rows, [Option(name, Shape.TABLE, "", fields=option.fields) for name in rows], file).values())
    if option.shape == Shape.FREE:
        return _tables(value, file, where)
    if option.shape == Shape.MAPPING and option.choices and isinstance(value, dict):
        return check_table(value, [Option(name, Shape.CHOICE, "", choices=option.choices) for name in value], file, f"{where}.")
    try:
        return CHECKS[option.shape](value, option)
    except BadValueError as wrong:
        close = meant(value, option.choices) if isinstance(value, str) and option.shape == Shape.CHOICE else ""
        raise UsageError(f"{file}: {where} must be {wrong}, not {describe(value)}{close}") from None


def describe(value: Any) -> str:
    """Name a value in a message, shortened."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value[:60]}"'
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return str(value)[:60]


def _tables(value: Any, file: str, where: str) -> tuple[dict[str, Any], ...]:
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return tuple(value)
    raise UsageError(f"{file}: {where} must be an array of tables, written [[{where}]], not {describe(value)}")


def days(value: Any, _option: Option | None = None) -> int:
    """A number of days that a limit can be: 90, or text such as ``90d``."""
    return _whole(value, r"(\d{1,6})d?", MOST_DAYS, f"a whole number of days from 1 to {MOST_DAYS}, such as 90 or 90d")


def seconds(value: Any, _option: Option | None = None) -> int:
    """A number of seconds from an integer or its digits."""
    return _whole(value, r"(\d{1,5})", MOST_SECONDS, f"a whole number of seconds from 1 to {MOST_SECONDS}")


def _whole(value: Any, form: str, most: int, wanted: str) -> int:
    found = re.fullmatch(form, value.strip(), re.ASCII) if isinstance(value, str) else None
    number = int(found[1]) if found else value
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= most:
        return number
    raise BadValueError(wanted)


def _switch(value: Any, _option: Option) -> bool:
    if isinstance(value, bool):
        return value
    raise BadValueError("true or false")


def _text(value: Any, _option: Option) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise BadValueError("text")


def _choice(value: Any, option: Option) -> str:
    if isinstance(value, str) and value in option.choices:
        return value
    raise BadValueError(f"one of {', '.join(option.choices)}")


def size(value: Any, _option: Option | None = None) -> int:
    """A number of bytes from an integer or text such as ``10MB``."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and (match := SIZE.fullmatch(value.strip())) and int(match[1]):
        return int(match[1]) * FACTORS[match[2].lower()]
    raise BadValueError('bytes, or text such as "10MB"')


def _list(value: Any, _option: Option) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(entry, str) and entry.strip() for entry in value):
        return tuple(value)
    raise BadValueError("a list of text")


def _files(value: Any, option: Option) -> tuple[str, ...]:
    if isinstance(value, str) and value.strip():
        return (value,)
    if isinstance(value, list):
        return _list(value, option)
    raise BadValueError("text or a list of text")


def _mapping(value: Any, _option: Option) -> dict[str, str]:
    if isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values()):
        return value
    raise BadValueError("a table of text")


def moment(value: Any, *, end_of_day: bool) -> datetime:
    """A time in UTC from a date, a time or the text of either; a date alone is its start, or its end at 24:00 with ``end_of_day``."""
    match value:
        case str() if DAY.fullmatch(value.strip()) and not end_of_day:
            parsed = parse_date(f"{value.strip()}T00:00Z")
        case str() if DAY.match(value.strip()):
            parsed = parse_date(value)
        case datetime():
            parsed = _in_utc(value)
        case date():
            return moment(value.isoformat(), end_of_day=end_of_day)
        case _:
            parsed = None
    if parsed is None:
        raise BadValueError("a date such as 2027-03-01 or a time such as 2027-03-01T12:00:00Z")
    return parsed


def _in_utc(value: datetime) -> datetime | None:
    """A time in UTC; None for one in a year that `parse_date` does not take either, or that has no place in UTC at all."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


CHECKS: dict[str, Callable[[Any, Option], Any]] = {
    Shape.DAYS: days,
    Shape.SECONDS: seconds,
    Shape.SWITCH: _switch,
    Shape.TEXT: _text,
    Shape.CHOICE: _choice,
    Shape.SIZE: size,
    Shape.LIST: _list,
    Shape.RULES: _list,
    Shape.FILES: _files,
    Shape.MOMENT: lambda value, _: moment(value, end_of_day=True),
    Shape.MAPPING: _mapping,
}
