"""A configuration file in which every option is explained and none is set; it follows from the tables of options. Pure."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from posturio_iac.config.option_table import LIMITS, OPTIONS, Option, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100
_TABLES = (Shape.TABLE, Shape.TABLES, Shape.FREE)
_NAMED = {
    **{limit.name: limit for limit in LIMITS},
    "engine_version": "1.9.5",
    "baseline": "posturio-iac-baseline.json",
    "rule": "ownerless_access_keys",
    "path": "sandbox/**",
    "paths": ("prod/**",),
    "address": "module.ci_user.*",
    "reason": "everything in the sandbox belongs to the platform team",
}
"""Examples of options by their names, where the shape alone says little."""
_EXAMPLES = {
    Shape.DAYS: "90",
    Shape.SECONDS: "60",
    Shape.SWITCH: "false",
    Shape.TEXT: '"example"',
    Shape.MOMENT: "2027-03-31",
    Shape.LIST: "[]",
    Shape.RULES: "[]",
    Shape.FILES: "[]",
    Shape.MAPPING: "{}",
}
HEAD = """\
# Configuration of posturio-iac. Each line below shows a default or an example: remove the # to set it.
# It holds for this folder and all below; an unknown key is an error.
"""


def commented() -> str:
    """Return the file."""
    plain = [option for option in OPTIONS if option.shape not in _TABLES]
    parts = [HEAD, *("".join(_option(option)) for option in plain)]
    parts += ["".join(_table(option)) for option in OPTIONS if option.shape in (Shape.TABLE, Shape.TABLES)]
    return "\n".join(parts)


def _option(option: Option) -> Iterator[str]:
    """Yield the lines that explain one option and show its default."""
    yield from _words(f"{option.help}{_choices(option)}.")
    yield f"# {option.name} = {value(option)}\n"


def _table(option: Option) -> Iterator[str]:
    """Yield the lines that explain a table and its members."""
    yield from _words(f"{option.help}.")
    yield f"# [[{option.name}]]\n" if option.shape == Shape.TABLES else f"# [{option.name}]\n"
    for field in option.fields:
        yield f"# {field.name} = {value(field)}  # {field.help}{_choices(field)}{'; required' if field.required else ''}\n"


def _words(text: str) -> Iterator[str]:
    yield from (f"# {line}\n" for line in wrap(text, WIDTH, break_on_hyphens=False))


def _choices(option: Option) -> str:
    return f" ({', '.join(option.choices)})" if option.choices else ""


def value(option: Option) -> str:
    """Return the default of an option in TOML, or an example where it has none."""
    named = _NAMED.get(option.name)
    example = named.default if isinstance(named, Option) else named
    match example if option.default in (None, ()) else option.default:
        case bool() as switch:
            return str(switch).lower()
        case int() as size if option.shape == Shape.SIZE:
            return f'"{size // 1024**2}MB"'
        case int() as number:
            return str(number)
        case str() as text:
            return f'"{text}"'
        case (str() as text,):
            return f'["{text}"]'
        case _:
            return _EXAMPLES[option.shape]
