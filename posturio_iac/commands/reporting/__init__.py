"""Reporting that commands share: formats and outputs, lines of code, changes, and notes about the run."""

from __future__ import annotations

from posturio_iac.commands.output import to_stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from posturio_iac.config import Config
    from posturio_iac.core.finding import Exit, Report

_PREFIX = "AKIA"  # of ids of users' keys


def exit_code(report: Report, config: Config, *, exit_zero: bool = False) -> Exit:
    """What a run of code exits with."""
    from posturio_iac.core.finding import Exit, Severity

    least = None if config.fail_on == "never" else Severity(config.fail_on)
    code = report.exit_code(least, strict=config.strict, strict_calls=config.strict_calls)
    return Exit.CLEAN if exit_zero and code is Exit.FINDINGS else code


def point_to_secrets(texts: Mapping[str, bytes]) -> None:
    """Point to secret scanners if a provider block in files that were read anyway has an access key, which no rule is about."""
    held = {path: data for path, data in texts.items() if _PREFIX.encode() in data}
    if not held:
        return
    from posturio_iac.core.text.terminal import printable

    if text := _first_key(held):
        to_stderr(f"note: {printable(text)}; secret scanners such as gitleaks find keys in code\n")


def _first_key(texts: Mapping[str, bytes]) -> str:
    from posturio_iac.core.keys import KeyIdMask
    from posturio_iac.search.written_sources import blocks_of

    mask = KeyIdMask(())
    for path, data in sorted(texts.items()):
        for value in (value for block in blocks_of(data, path, ("provider",)) for value in block.literals("access_key")):
            if value.startswith(_PREFIX) and (shown := mask.text(value)) != value:
                line = data.count(b"\n", 0, max(data.find(value.encode()), 0)) + 1
                return f"{path}:{line}: the provider block contains the access key {shown} itself"
    return ""
