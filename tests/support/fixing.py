"""Runs `posturio-iac fix` in tests."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from posturio_iac.cli import main
from tests.support.fixture_tools import AS_OF

OWNER = "payments@example.com"
OPTIONS = ("--unsafe", "--owner", OWNER)


def fix(folder: Path, *options: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["fix", "--as-of", AS_OF, *options, str(folder)])
    assert "Traceback" not in err.getvalue()
    return code, out.getvalue(), err.getvalue()


def mended(folder: Path, text: str | bytes, *options: str, name: str = "main.tf") -> bytes:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    fix(folder, "--write", "--owner", OWNER, *options)
    return file.read_bytes()


def edited(data: bytes, edits: list[dict[str, Any]]) -> bytes:
    """A file with the edits that a JSON report shows for it."""
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.removeprefix(mark).decode()
    lines = text.split("\n")
    new_line = "\r\n" if "\r\n" in text else "\n"

    def offset(line: int, column: int) -> int:
        return sum(len(one) + 1 for one in lines[: line - 1]) + column - 1

    for edit in sorted(edits, key=lambda e: (e["line"], e["column"]), reverse=True):
        start, end = offset(edit["line"], edit["column"]), offset(edit["end_line"], edit["end_column"])
        text = text[:start] + edit["replacement"].replace("\r\n", "\n").replace("\n", new_line) + text[end:]
    return mark + text.encode()
