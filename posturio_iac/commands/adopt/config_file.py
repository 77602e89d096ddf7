"""A short configuration file: the options that most repositories change, and where the rest is explained. Pure."""

from __future__ import annotations

from posturio_iac import DOCS
from posturio_iac.config.load import parse_toml
from posturio_iac.config.model import TABLE, Config
from posturio_iac.errors import UsageError


def short(baseline: str = "") -> str:
    """The file; it names a ``baseline`` where there is one."""
    default = Config()
    return f"""\
# Configuration of posturio-iac for this repository. Every option: {DOCS}/configuration.md
max_lifetime_days = {default.max_lifetime_days}
fail_on = "{default.fail_on}"
{f'baseline = "{baseline}"{chr(10)}' if baseline else ""}"""


def with_baseline(text: str, baseline: str, *, shared: bool) -> str | None:
    """A configuration with a line that names its ``baseline``, or None where it cannot be told where the line belongs.

    It stands before the first option, or below the header of the table in a file that other tools ``shared``.
    """
    lines = text.split("\n")
    header = f"[tool.{TABLE}]"
    places = [n + 1 for n, line in enumerate(lines) if line.strip() == header] if shared else [_first_option(lines)]
    wanted = parse_toml(text, "")
    (wanted["tool"][TABLE] if shared else wanted)["baseline"] = baseline
    end = "\r" if "\r\n" in text else ""
    for place in places:
        made = "\n".join([*lines[:place], f'baseline = "{baseline}"{end}', *lines[place:]])
        try:
            if parse_toml(made, "") == wanted:
                return made
        except UsageError:
            continue
    return None


def _first_option(lines: list[str]) -> int:
    return next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines) - 1)
