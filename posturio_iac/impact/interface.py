"""The interface by which a front end tells what changed files concern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from posturio_iac.config.model import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.search import Selection


class Impact(Protocol):
    """The keys and files of one front end that changed files concern."""

    files: tuple[str, ...]
    """The files with keys that have to be read."""

    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        """Work out what ``changed`` concerns; everything when ``whole``."""

    @staticmethod
    def inputs(config: Config) -> tuple[str, ...]:
        """The files that the configuration names, absolute, whose change concerns everything."""

    def keeps(self, key: AccessKey) -> bool:
        """True if a key counts."""

    def knows(self, path: str) -> bool:
        """True if a file or folder belongs to what changed files concern."""

    def roots(self) -> frozenset[str] | None:
        """The folders of the root modules whose keys can count; None when all can."""
