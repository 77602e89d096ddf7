"""Prints the command of README.md that installs and scans, or the one that tests (``install``, ``test``): CI runs what readers run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def commands(text: str) -> list[str]:
    """Return the shell commands of a Markdown text in order: the lines of ``sh`` blocks, and what follows ``$ `` in ``console`` blocks."""
    found: list[str] = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language in ("sh", "bash", "shell"):
            found += [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
        elif language == "console":
            found += [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return found


if __name__ == "__main__":
    word = {"install": "posturio-iac scan", "test": "nox"}[sys.argv[1]]
    print(next(line for line in commands(README.read_text(encoding="utf-8")) if word in line))  # noqa: T201 - this is its output
