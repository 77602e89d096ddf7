"""Which templates changed files concern, by the names of files that stand in them."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.commands.changed_reach import reached
from posturio_iac.discover.calls import text

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from posturio_iac.discover import Selection
    from posturio_iac.model import AccessKey

ENDINGS = (".yaml", ".yml", ".json", ".template", ".cfn", ".txt")
_DRAWS = (b"AWS::CloudFormation::Stack", b"AWS::Serverless::Application", b"${file(")
"""Without one of these a file draws in no other."""
_FEEDS = (b"${file(", b"Outputs.")
"""What makes the content of a file that is drawn in matter to whoever draws it in."""


class Templates:
    """The templates of one selection, and which of them changed files concern.

    All of them are read once one is concerned, since the user of a key may be declared in any of them.
    """

    __slots__ = ("_above", "_below", "_changed", "_concerned", "_texts", "_whole", "files", "selection")

    files: tuple[str, ...]
    """The files with keys that have to be read."""

    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        """Find out what ``changed`` concerns; everything when ``whole``."""
        self.selection = selection
        self._whole = whole
        self._changed = {path for path in changed if path.lower().endswith(ENDINGS) or path in selection.templates}
        self._texts: dict[str, bytes] = {}
        self._above: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        self._concerned: set[str] = set()
        self.files: tuple[str, ...] = ()
        if whole or (self._changed and selection.templates):
            self._link()
            self._concerned = {path for path in selection.templates if whole or self._is_concerned(reached(path, self._above))}
            self.files = selection.templates if self._concerned else ()

    def keeps(self, key: AccessKey) -> bool:
        """Tell whether a key counts: by its own file, by those that nest it, and by those that these draw in."""
        if self._whole or key.span is None:
            return True
        above = reached(key.span.path, self._above)
        chain = {path for path in above if key.scope in reached(path, self._above)} if key.scope in above else {key.span.path, key.scope}
        return self._is_concerned(chain)

    def knows(self, path: str) -> bool:
        """Tell whether a file is part of a template that changed files concern."""
        return self._whole or path in self._concerned or any(path in reached(c, self._above) for c in self._concerned)

    def _is_concerned(self, chain: Iterable[str]) -> bool:
        """Tell whether a file of the chain has changed, or one that a file of the chain draws in and uses."""
        return any(path in self._changed or self._is_fed(path) for path in chain)

    def _is_fed(self, path: str) -> bool:
        code = self._texts.get(path, b"")
        return any(mark in code for mark in _FEEDS) and not self._changed.isdisjoint(reached(path, self._below))

    def _link(self) -> None:
        """Learn which files name which others: those with keys, those above them, and those that have changed."""
        from posturio_iac.cloudformation.files import Files  # noqa: PLC0415 - only for templates
        from posturio_iac.cloudformation.parents import parents_of  # noqa: PLC0415

        files = Files(self.selection.root, self.selection.finder.max_file_size, self.selection.finder.fence)
        parents = parents_of(self.selection.templates, self.selection, files)
        for path in dict.fromkeys((*self.selection.templates, *parents, *self._changed)):
            self._texts[path] = text(self.selection, path)
        names = {path: os.fsencode(posixpath.basename(path)) for path in self._texts}
        for path, code in self._texts.items():
            if not any(mark in code for mark in _DRAWS):
                continue
            for other, name in names.items():
                if other != path and name in code:
                    self._below.setdefault(path, set()).add(other)
                    self._above.setdefault(other, set()).add(path)
