"""Mutants that mypy refuses: each commit is checked, so no program can hold one, whether or not a test runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


OF_STYLE = ("[redundant-expr]", "[truthy-bool]")
"""What is no error of types: an operator adds ``and False`` to conditions."""


class Types:
    """What mypy says of the copy of the tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written = time.time()
        self.known = self._errors("posturio_iac")

    def refuse(self, path: str, source: str) -> bool:
        """True if a file has errors with this text that the program does not have without it."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        self._write(file, source)
        try:
            return bool(self._errors(path) - self.known)
        finally:
            self._write(file, text)

    def _write(self, file: Path, text: str) -> None:
        """Write with a time of its own: mypy takes a file of the same second and size for unchanged."""
        file.write_text(text, encoding="utf-8")
        self.written += 10
        os.utime(file, (self.written, self.written))

    def _errors(self, path: str) -> set[str]:
        command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", path]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        errors = {line.partition(": error: ")[2] for line in done.stdout.splitlines() if ": error: " in line}
        return {error for error in errors if not error.endswith(OF_STYLE)}
