"""A short configuration file: the options that most repositories change, and where the rest is explained. Pure."""

from __future__ import annotations

from posturio_iac.config.model import Config
from posturio_iac.render.wording import DOCS


def short(baseline: str = "") -> str:
    """Return the file; it names a ``baseline`` where there is one."""
    default = Config()
    return f"""\
# Configuration of posturio-iac, for this folder and all below. Every option: {DOCS}/configuration.md
max_lifetime_days = {default.max_lifetime_days}
fail_on = "{default.fail_on}"
{f'baseline = "{baseline}"{chr(10)}' if baseline else ""}"""
