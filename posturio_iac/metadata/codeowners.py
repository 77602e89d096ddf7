"""CODEOWNERS, the file of GitHub and GitLab that names the owners of paths: the last resort for a key's owner."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.textfile import Fence, UnreadableError, read
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.core.model import AccessKey
    from posturio_iac.core.text.gitignore import Exclusions

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it is looked for, in this order; the first one counts.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/
"""
MOST_BYTES = 3 << 20
"""GitHub passes over a larger file."""
_SECTION = lazy_pattern(r"\^?\[[^\]]+\](?:\[\d+\])?(.*)")
_SPACE = lazy_pattern(r"(?<!\\)\s+")


class CodeOwners:
    """The rules of one file. Of those that match a path the last one counts; one without owners takes the owners away."""

    def __init__(self, text: str) -> None:
        """Read the text of a CODEOWNERS file; lines that cannot be read are passed over, as GitHub does."""
        self._rules = list(_rules(text))

    def of(self, path: str) -> str | None:
        """The owners of a path relative to the repository, separated by spaces."""
        return next((owners or None for patterns, owners in reversed(self._rules) if patterns.cover(path)), None)


def _rules(text: str) -> Iterator[tuple[Exclusions, str]]:
    from posturio_iac.core.text.gitignore import Exclusions

    default = ""
    for line in text.splitlines():
        stripped = re.split(r"(?<!\\)(?:^|\s)#", line.strip())[0].strip()
        if not stripped:
            continue
        if section := _SECTION.fullmatch(stripped):
            default = section[1].strip()
            continue
        pattern, *owners = _SPACE.split(stripped)
        try:
            yield Exclusions([pattern.replace("\\ ", " ").removeprefix("!")]), " ".join(owners) or default
        except UsageError:
            continue


def find(root: str) -> CodeOwners | None:
    """The code owners of the repository at ``root``, an absolute path, or None when it has no such file."""
    fence = Fence(os.path.realpath(root))
    for place in PLACES:
        try:
            return CodeOwners(read(os.path.join(root, place), MOST_BYTES, fence, head=True).decode("utf-8", "replace"))
        except UnreadableError:
            continue
    return None


def owner_by_file(root: str, repository: str | None) -> Callable[[str], str | None]:
    """A function from a path relative to ``root`` to its owners, by the CODEOWNERS of ``repository``.

    Raises:
        UsageError: there is none.

    """
    top = repository or root
    owners = find(top)
    if owners is None:
        raise UsageError(f"there is no CODEOWNERS in {top}: it would be {', '.join(PLACES)}")
    return _by_file(owners, root, top)


def with_code_owners(keys: Iterable[AccessKey], root: str, repository: str | None) -> tuple[AccessKey, ...]:
    """Give keys without an owner the one of their file. Paths of keys are relative to ``root``, those of CODEOWNERS to ``repository``."""
    keys = tuple(keys)
    top = repository or root
    if not any(_ownerless(key) for key in keys) or (owners := find(top)) is None:
        return keys
    owner_of = _by_file(owners, root, top)
    return tuple(_owned(key, owner_of) if _ownerless(key) else key for key in keys)


def _by_file(owners: CodeOwners, root: str, top: str) -> Callable[[str], str | None]:
    base = os.path.relpath(root, top)
    return lambda path: owners.of(os.path.normpath(os.path.join(base, path)).replace(os.sep, "/"))


def _ownerless(key: AccessKey) -> bool:
    return key.span is not None and (key.owner is None or isinstance(key.owner, Unknown))


def _owned(key: AccessKey, owner_of: Callable[[str], str | None]) -> AccessKey:
    owner = owner_of(key.span.path if key.span else "")
    return key if owner is None else replace(key, owner=owner)
