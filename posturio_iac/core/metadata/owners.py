"""Owners of keys: values and paths that name one, and CODEOWNERS of GitHub and GitLab as the last resort."""

from __future__ import annotations

import os

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.metadata.lifetime import as_text
from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern, normalise
from posturio_iac.core.text.textfile import Fence, UnreadableError, read
from posturio_iac.core.unreadable_times import silence
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_NOBODY = {"default", "example", "nobody", "noowner", "unassigned", "changeme", "owner", "terraform", "true", "yourname", "yourteam"}
"""Values that name nobody, besides the placeholders of dates."""
GENERIC = frozenset(
    {"access", "account", "accounts", "app", "application", "applications", "apps", "automation", "aws", "bot", "bots", "cd", "cf", "ci"}
    | {"deploy", "dev", "development", "human", "humans", "iam", "key", "keys", "machine", "machines", "people", "person", "persons"}
    | {"prod", "production", "robot", "robots", "s3", "sandbox", "service", "serviceaccount", "serviceaccounts", "services", "ses", "smtp"}
    | {"stage", "staging", "svc", "system", "systems", "tech", "terraform", "test", "testing", "tests", "tf", "user", "users"}
)
"""Words in a path that name a kind of user or an environment rather than an owner."""
_REGION = lazy_pattern(r"[a-z]{2}(-[a-z]+)+-\d")


def owner_named(value: object) -> str | None:
    """The owner that a value names; None where it is empty, a placeholder or not text."""
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(owner_named, value))) or None
    text = (as_text(value) or "").strip()
    return None if silence(text) is not None or normalise(text) in _NOBODY else text


def owner_in_path(path: str, name: object, users: Iterable[tuple[str, str]]) -> str | None:
    """The owner of a user by the first glob that matches, else the path when one of its segments can be the name of a team."""
    whole = f"{path}{name}" if isinstance(name, str) else path
    for glob, owner in users:
        from posturio_iac.core.text.globs import of_text

        if of_text(glob).fullmatch(whole):
            return owner_named(owner)
    return path if any(map(_names_somebody, filter(None, path.split("/")))) else None


def _names_somebody(segment: str) -> bool:
    words = segment.lower().replace("_", "-").split("-")
    if segment.isdecimal() or _REGION.fullmatch(segment):
        return False
    return words[-1] not in ("user", "users") and not GENERIC.issuperset(words)


PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it is looked for, in this order; the first one counts.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/
"""
MOST_BYTES = 3 << 20  # GitHub passes over a larger file
_SECTION = lazy_pattern(r"\^?\[[^\]]+\](?:\[\d+\])?(.*)")
_COMMENT = lazy_pattern(r"(?<!\\)(?:^|\s)#")
_SPACE = lazy_pattern(r"(?<!\\)\s+")


class CodeOwners:
    """The rules of one file. Of those that match a path the last one counts; one without owners takes the owners away."""

    def __init__(self, text: str, place: str = PLACES[1]) -> None:
        """Read the text of the CODEOWNERS file at ``place``; lines that cannot be read are passed over, as GitHub does."""
        self.place = place
        self.problem = ""  # why not all of the file counts
        import re

        from posturio_iac.core.text.gitignore import Patterns  # most repositories have no such file

        self._patterns, self._owners = Patterns(), list[str]()
        self._directories: dict[str, int] = {"": -1}
        for pattern, owners in _rules(text):
            try:
                self._patterns.add(len(self._owners), pattern)
            except (re.error, IndexError):
                continue
            except UsageError as error:
                self.problem = self.problem or str(error).partition(";")[0]
            self._owners.append(owners)

    def of(self, path: str) -> str | None:
        """The owners of a path relative to the repository, separated by spaces."""
        folder, pending = path.rpartition("/")[0], []
        while (found := self._directories.get(folder)) is None:
            pending.append(folder)
            folder = folder.rpartition("/")[0]
        for below in reversed(pending):
            found = self._directories[below] = max(found, self._patterns.last(below, directory=True))
        found = max(found, self._patterns.last(path, directory=False))
        if self._patterns.spent:
            from posturio_iac.core.text.gitignore import MOST_COMPARISONS

            self.problem = self.problem or f"its patterns with wildcards need more than {MOST_COMPARISONS:,} comparisons with files"
            return None
        return (self._owners[found] or None) if found >= 0 else None


def _rules(text: str) -> Iterator[tuple[str, str]]:
    default = ""
    for line in text.splitlines():
        stripped = _COMMENT.split(line.strip())[0].strip() if "#" in line else line.strip()
        if not stripped:
            continue
        if section := _SECTION.fullmatch(stripped):
            default = section[1].strip()
            continue
        pattern, *owners = _SPACE.split(stripped)
        yield pattern.replace("\\ ", " ").removeprefix("!").removeprefix("./"), " ".join(owners) or default


def find(root: str) -> CodeOwners | None:
    """The code owners of the repository at ``root``, an absolute path, or None when it has no such file."""
    fence = Fence(os.path.realpath(root))
    for place in PLACES:
        try:
            return CodeOwners(read(os.path.join(root, place), MOST_BYTES, fence, head=True).decode("utf-8", "replace"), place)
        except UnreadableError:
            continue
    return None


def with_code_owners(
    keys: Iterable[AccessKey], root: str, repository: str | None, problems: list[Diagnostic] | None = None
) -> tuple[AccessKey, ...]:
    """Give keys (relative to ``root``) without an owner the one of their file; ``problems`` takes why not all of CODEOWNERS counts."""
    keys = tuple(keys)
    top = repository or root
    if not any(_ownerless(key) for key in keys) or (owners := find(top)) is None:
        return keys
    owner_of = _by_file(owners, root, top)
    owned = tuple(_owned(key, owner_of) if _ownerless(key) else key for key in keys)
    if owners.problem and problems is not None:
        place = os.path.relpath(os.path.join(top, owners.place), root).replace(os.sep, "/")
        text = f"{owners.problem}, so not all owners are known; name whole files and folders"
        problems.append(Diagnostic(Level.ERROR, text, place))
    return owned


def _by_file(owners: CodeOwners, root: str, top: str) -> Callable[[str], str | None]:
    base = os.path.relpath(root, top)
    return lambda path: owners.of(os.path.normpath(os.path.join(base, path)).replace(os.sep, "/"))


def _ownerless(key: AccessKey) -> bool:
    return key.span is not None and (key.owner is None or isinstance(key.owner, Unknown))


def _owned(key: AccessKey, owner_of: Callable[[str], str | None]) -> AccessKey:
    owner = owner_of(key.span.path if key.span else "")
    return key if owner is None else replace(key, owner=owner)
