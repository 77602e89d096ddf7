"""Runs `posturio-iac fix` in tests."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from posturio_iac.cli import main
from tests.support.fixture_tools import AS_OF

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "payments@example.com"


def fix(folder: Path, *options: str) -> tuple[int, str, str]:
    """Mend a folder; return the exit code, the diff and what was said."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["fix", "--as-of", AS_OF, *options, str(folder)])
    assert "Traceback" not in err.getvalue()
    return code, out.getvalue(), err.getvalue()


def mended(folder: Path, text: str | bytes, *options: str, name: str = "main.tf") -> bytes:
    """A file after `fix --write`."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    fix(folder, "--write", "--owner", OWNER, *options)
    return file.read_bytes()
