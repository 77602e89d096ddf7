"""The result of a search: the files that can matter, relative to the scan root."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.search.file_search import FileSearch


class Selection:
    """The files of one scan that can matter; immutable. A plain class: importing `dataclasses` costs more than searching."""

    __slots__ = ("diagnostics", "links", "others", "repository", "root", "search", "searched", "templates", "terraform")

    root: str  # the scan root: absolute, without symbolic links
    repository: str | None
    """The top of the git work tree that holds the root, else of the one below it that holds all that is searched."""
    terraform: tuple[str, ...]
    """Terraform and OpenTofu files that hold a Terraform search_term: relative to the root, with forward slashes, sorted."""
    templates: tuple[str, ...]
    """YAML and JSON files, and files of unknown kind that were named, that hold a search term."""
    others: dict[str, tuple[str, ...]]
    """Files of kinds that front ends have added, by kind, that hold one of their search terms."""
    links: tuple[tuple[str, str], ...]
    """Symbolic links to selected files, which are listed under their real path alone: (link, real path)."""
    searched: int  # how many files were searched
    diagnostics: tuple[Diagnostic, ...]  # files that were not searched, with the reasons, sorted
    search: FileSearch  # where `local_calls` and `holding` search again

    def __init__(self, search: FileSearch, repository: str | None) -> None:
        put = object.__setattr__
        put(self, "root", search.root)
        put(self, "repository", repository)
        put(self, "terraform", tuple(sorted(search.terraform)))
        put(self, "templates", tuple(sorted(search.templates)))
        put(self, "others", {kind: tuple(sorted(paths)) for kind, paths in search.others.items()})
        put(self, "links", tuple(sorted(search.links)))
        put(self, "searched", search.searched)
        put(self, "diagnostics", search.diagnostics())
        put(self, "search", search)

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to read, and nothing to say."""
        return not (self.terraform or self.templates or any(self.others.values()) or self.diagnostics)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        return {"terraform": self.terraform, "template": self.templates}.get(kind) or self.others.get(kind, ())

    def with_text(self, path: str, data: bytes) -> Selection:
        """The selection as it is with ``data`` as the content of one file, whatever the disk holds."""
        self.search.put(path, data)
        return Selection(self.search, self.repository)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name}: a selection is frozen")

    def __repr__(self) -> str:
        return f"Selection(root={self.root!r}, terraform={self.terraform!r}, templates={self.templates!r}, searched={self.searched})"
