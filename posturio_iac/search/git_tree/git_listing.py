"""Listings of git, sorted by how each file is to be treated."""

from __future__ import annotations

import os

from posturio_iac.search.file_search import PRUNED
from posturio_iac.search.kinds import STACK_JSON, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from posturio_iac.search.file_search import FileSearch


class PathFilter:
    """Which of the paths that git names count, and what they are called from the root."""

    __slots__ = ("base", "code", "directories", "search")

    def __init__(self, search: FileSearch, base: str, directories: Sequence[str]) -> None:
        self.search = search
        self.base = f"{base}/" if base else ""
        self.directories = () if list(directories) == [base] else tuple(f"{d}/" for d in directories)
        self.code: Collection[str] = ()  # the Terraform files that git has searched, as it names them

    @property
    def narrow(self) -> bool:
        return bool(self.directories or self.search.exclusions)

    def files(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the paths from the root that count, with their kinds. Names come from git, relative to the base."""
        for name in names:
            path = self.base + name
            kind = kind_of(path)
            if kind and (not self.directories or path.startswith(self.directories)) and not self.search.skips(path):
                yield path, kind

    def plain(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the paths from the root that count, of whatever kind."""
        for name in names:
            path = self.base + name
            if (not self.directories or path.startswith(self.directories)) and not self.search.skips(path):
                yield path

    def has_code(self, path: str) -> bool:
        return path.startswith(self.base) and path[len(self.base) :] in self.code

    def folders(self) -> Iterator[str]:
        return ((self.base + folder).rstrip("/") for folder in {name.rpartition("/")[0] for name in self.code})

    def has_directory(self, path: str) -> bool:
        return (not self.directories or f"{path}/".startswith(self.directories)) and not self.search.skips(f"{path}/")


_HCL = (".hcl", *STACK_JSON)


class Listing:
    """The files that git lists, by how they are to be treated; names are relative to the directory that git ran in."""

    __slots__ = ("hcl", "links", "missing", "own", "pruned", "there")

    def __init__(self, output: bytes) -> None:
        """Sort the records of ``git ls-files -v -s -c -o -d``: ``H 100644 0123abcd 0 TAB name``, ``? name``."""
        self.own: list[str] = []
        """Files that git does not search as they are: it does not track them, or assumes that they are unchanged."""
        self.links: list[str] = []
        self.missing: list[str] = []  # tracked files that were deleted, or cannot be seen
        self.hcl: list[str] = []  # files in HCL that Terraform itself does not read
        self.pruned = any(directory.encode() in output for directory in PRUNED)
        """True if some may be in directories that are never entered."""
        tracked: list[str] = []
        for record in os.fsdecode(output).split("\0"):
            state, _, name = record.partition("\t")
            untracked = record.startswith("? ")
            if record.endswith(_HCL):
                self.hcl.append(record[2:] if untracked else name)
            elif untracked:
                self.own.append(record[2:])
            elif state.startswith("H 10"):
                tracked.append(name)
            elif state[2:8] == "120000":
                self.links.append(name)
            elif state.startswith("R"):
                self.missing.append(name)
            elif state.startswith("M 10"):
                tracked.append(name)
            elif state.startswith(("h 10", "m 10")):
                self.own.append(name)
        self.there = set(tracked).difference(self.missing)  # other tracked files
