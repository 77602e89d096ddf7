"""Which of the paths that git names count."""

from __future__ import annotations

from posturio_iac.search.kinds import kind_of

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from posturio_iac.search.file_search import FileSearch


class PathFilter:
    """Which of the paths that git names count, and what they are called from the root."""

    __slots__ = ("base", "code", "directories", "search")

    def __init__(self, search: FileSearch, base: str, directories: Sequence[str]) -> None:
        """Count what is in one of ``directories``."""
        self.search = search
        self.base = f"{base}/" if base else ""
        self.directories = () if list(directories) == [base] else tuple(f"{d}/" for d in directories)
        self.code: Collection[str] = ()
        """The Terraform files that git has searched, as it names them."""

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
        """True if a path from the root is one of the Terraform files that git has searched."""
        return path.startswith(self.base) and path[len(self.base) :] in self.code

    def folders(self) -> Iterator[str]:
        return ((self.base + folder).rstrip("/") for folder in {name.rpartition("/")[0] for name in self.code})

    def has_directory(self, path: str) -> bool:
        """True if a directory, which is relative to the root, counts."""
        return (not self.directories or f"{path}/".startswith(self.directories)) and not self.search.skips(f"{path}/")
