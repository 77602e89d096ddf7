"""Asks at the terminal, one question at a time. Only a clear yes counts as one."""

from __future__ import annotations

import sys

from posturio_iac.commands.output import to_stdout
from posturio_iac.errors import UsageError


def is_at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def agreed(question: str) -> bool:
    """Ask whether to do something. Raises `UsageError` where nobody can be asked."""
    if not is_at_terminal():
        raise UsageError("nothing was written: there is no terminal to ask at; --yes writes without asking")
    return _answer(f"{question} [y/N] ").lower() in ("y", "yes")


def text(question: str, default: str = "") -> str:
    return _answer(f"{question}{f' [{default}]' if default else ''}: ") or default


def _answer(question: str) -> str:
    to_stdout(question)
    return sys.stdin.readline().strip()
