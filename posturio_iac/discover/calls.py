"""Further searches, once there is something to judge: who calls which local module, and where a text stands."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from posturio_iac.discover.kinds import TERRAFORM
from posturio_iac.textfile import UnreadableError, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.discover.selection import Selection
    from posturio_iac.textfile import Fence

_LOCAL = (b'"./', b'"../', b'".\\', b'"..\\')
"""How the source of a local module starts, on Windows too."""
_SOURCE = re.compile(rb"""(?<![\w-])source["\s]*[=:]\s*"(\.\.?[/\\][^"\n]*)\"""")


def grep(selection: Selection, needle: bytes) -> tuple[str, ...]:
    """Return the Terraform files of the whole scan that hold ``needle``, sorted."""
    return holding(selection, (needle,))


def local_calls(selection: Selection) -> tuple[tuple[str, str], ...]:
    """Return who calls which local module, by the text of the code: (directory of the caller, directory of the module), sorted.

    Both are relative to the root, which is ``.``. A module may be outside the root (``../x``), though not outside the repository.
    Comments that hold a call count as well: whoever evaluates the caller sees what is true. A source that is computed does not.
    """
    finder = selection.finder
    if finder.calls is None:
        finder.calls = tuple(sorted(_calls(selection)))
    return finder.calls


def _calls(selection: Selection) -> set[tuple[str, str]]:
    calls: set[tuple[str, str]] = set()
    for path in holding(selection, _LOCAL):
        caller = posixpath.dirname(path)
        calls.update((caller or ".", target) for target in sources(text(selection, path), caller) if _is_ours(selection, target))
    return calls


def sources(data: bytes, caller: str) -> Iterator[str]:
    """Yield the directories of the local modules that a file in the directory ``caller`` calls."""
    for source in _SOURCE.findall(data):
        text = os.fsdecode(source).replace("\\\\", "/").replace("\\", "/")
        if "${" not in text:
            yield posixpath.normpath(posixpath.join(caller, text))


def _is_ours(selection: Selection, target: str) -> bool:
    """Tell whether the directory is inside the root, or at least inside its repository."""
    if target != ".." and not target.startswith("../"):
        return True
    if selection.repository is None:
        return False
    absolute = os.path.normpath(os.path.join(selection.root, target))
    return absolute == selection.repository or absolute.startswith(os.path.join(selection.repository, ""))


def text(selection: Selection, path: str) -> bytes:
    """Return the bytes of a file as far as the limit, empty when it is gone."""
    finder = selection.finder
    kept = finder.texts.get(path)
    return kept if kept is not None else content(finder.prefix + path, finder.max_file_size, finder.fence) or b""


def content(name: str, max_size: int, fence: Fence | None = None) -> bytes | None:
    """Return the bytes of a file as far as the limit, or None when it cannot be read or is outside of ``fence``."""
    try:
        return read(name, max_size, fence, head=True)
    except UnreadableError:
        return None


def holding(selection: Selection, needles: Sequence[bytes]) -> tuple[str, ...]:
    """Return the Terraform files that hold one of ``needles``: git searches those it has searched before, we read the others."""
    finder = selection.finder
    texts = ((path, text(selection, path)) for path, kind in finder.read.items() if kind is TERRAFORM)
    found = {path for path, data in texts if any(needle in data for needle in needles)}
    if finder.trees:
        from posturio_iac.discover import git_search  # noqa: PLC0415 - not needed without a repository

        for keep in finder.trees:
            found.update(git_search.holding(keep, needles))
    return tuple(sorted(found))
