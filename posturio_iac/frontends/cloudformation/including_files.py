"""Files beside and above the selected ones that include them: parent stacks and Serverless Framework files."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.frontends.cloudformation.syntax.source import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from posturio_iac.frontends.cloudformation.files import Files

MAX_FILES = 500
"""How many files of one directory are searched."""

_ENDINGS = (".yaml", ".yml", ".json", ".template", ".cfn", ".txt")
_MARKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application", "${file(")


def parents_of(paths: Sequence[str], selection: object, files: Files) -> tuple[str, ...]:
    """The files that name one of ``paths``, or one of their own kind that does, in the same directories and those above."""
    skips = getattr(getattr(selection, "search", None), "skips", None)
    found: dict[str, None] = {}
    pending, seen = list(paths), set(paths)
    while pending:
        names = {posixpath.basename(path) for path in pending}
        candidates = [c for c in _around(pending, files.root) if c not in seen and not (skips is not None and skips(c))]
        pending = [c for c in candidates if _names(c, names, files)]
        seen.update(pending)
        found.update(dict.fromkeys(pending))
    return tuple(sorted(found))


def _around(paths: Iterable[str], root: str) -> Iterator[str]:
    """Yield the files in the directories of ``paths`` and in those above, up to the root."""
    directories: set[str] = set()
    for path in paths:
        directory = posixpath.dirname(path)
        while directory not in directories:
            directories.add(directory)
            if not directory:
                break
            directory = posixpath.dirname(directory)
    for directory in sorted(directories):
        try:
            names = sorted(name for name in os.listdir(os.path.join(root, directory)) if name.lower().endswith(_ENDINGS))
        except OSError:
            continue
        yield from (posixpath.join(directory, name) for name in names[:MAX_FILES])


def _names(path: str, names: set[str], files: Files) -> bool:
    """True if a file includes others, and names one of ``names``."""
    try:
        text = read_text(files.root, path, files.limit, files.fence)
    except UnreadableError:
        return False
    return any(mark in text for mark in _MARKS) and any(name in text for name in names)
