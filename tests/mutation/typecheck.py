"""Mutants that mypy refuses: each commit is checked, so no program can hold one, whether or not a test runs it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Types:
    """What mypy says of the copy of the tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known = self._errors("posturio_iac")

    def refuse(self, path: str, source: str) -> bool:
        """Tell whether a file has errors with this text that the program does not have without it."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        file.write_text(source, encoding="utf-8")
        try:
            return bool(self._errors(path) - self.known)
        finally:
            file.write_text(text, encoding="utf-8")

    def _errors(self, path: str) -> set[str]:
        command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", path]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return {line.partition(": error: ")[2] for line in done.stdout.splitlines() if ": error: " in line}
