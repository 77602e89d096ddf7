"""The blocks of a Markdown page that readers run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def blocks(language: str, page: Path = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def block(beginning: str, language: str = "sh", page: Path = README) -> str:
    (found,) = (text for text in blocks(language, page) if text.startswith(beginning))
    return found


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


INSTALL, RELEASED, REPOSITORY = "# find the keys", "uvx ", ". .venv/bin/activate"
ACCOUNT, TEST = 'pip install --quiet ".[live', "# run the tests"
"""How the blocks of the README begin: installing from a clone, installing a release, scanning, live with a report, and testing."""
