"""The files that templates name: read once, parsed once, and only inside the scan root."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.cloudformation.source import Source, read_text
from posturio_iac.cloudformation.template import parse
from posturio_iac.textfile import Fence, UnreadableError

if TYPE_CHECKING:
    from posturio_iac.cloudformation.template import Parsed


class Files:
    """The files below one scan root."""

    __slots__ = ("_parsed", "fence", "limit", "root", "used")

    def __init__(self, root: str, limit: int, fence: Fence | None = None) -> None:
        """Read below ``root``, files of at most ``limit`` bytes; ``fence`` says where links may lead, and is ``root`` unless given."""
        self.root = root
        self.fence = fence or Fence(os.path.realpath(root))
        self.limit = limit
        self.used: dict[str, set[str]] = {}
        """Files that others draw in, by who draws them in."""
        self._parsed: dict[tuple[str, bool], Parsed] = {}

    def parsed(self, path: str, *, serverless: bool = False) -> Parsed:
        """Return what the file at ``path`` holds. Raises `UnreadableError`."""
        if (known := self._parsed.get((path, serverless))) is None:
            text = read_text(self.root, path, self.limit, self.fence)
            known = self._parsed[path, serverless] = parse(Source(path, text, serverless=serverless))
        return known

    def locate(self, name: str, directory: str) -> str:
        """Return the path of a file that a template in ``directory`` names. Raises `UnreadableError` when it is outside the root."""
        path = posixpath.normpath(posixpath.join(directory, name.removeprefix("file://").replace("\\", "/")))
        inside = Fence(os.path.realpath(self.root)).holds(os.path.join(self.root, path))
        if path.startswith(("../", "/")) or path == ".." or not inside:
            raise UnreadableError("is outside the scan root and was not read")
        return path

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return os.path.isfile(os.path.join(self.root, path))

    def use(self, path: str, by: str) -> None:
        """Remember that ``by`` draws in ``path``."""
        self.used.setdefault(by, set()).add(path)
