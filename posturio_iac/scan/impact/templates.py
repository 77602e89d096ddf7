"""Which templates changed files concern, by the names of files that stand in them."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.closure import CallGraph
from posturio_iac.core.text import lazy_pattern
from posturio_iac.scan.impact.changed_code import leads_to, programs_among
from posturio_iac.search.kinds import NAMING, PROGRAMS, SETTINGS, TEMPLATE, TERRAFORM, kind_of
from posturio_iac.search.module_calls import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from posturio_iac.config import Config
    from posturio_iac.core.model import AccessKey
    from posturio_iac.search import Selection

ENDINGS = (".yaml", ".yml", ".json", ".template", ".cfn", ".txt")  # of most; the few with other names are looked for one by one
_NAMING = (*PROGRAMS, *NAMING[TEMPLATE])
_DRAWS = (b"AWS::CloudFormation::Stack", b"AWS::Serverless::Application", b"Modules", *_NAMING)
"""Texts without any of which a file includes no other."""
_WORD = lazy_pattern(rb"""[^\s"'/\\(){}\[\],:;$!=]+""")
_FEEDS = (b"Outputs.", *_NAMING)  # texts by which an included file matters to the file that includes it


def _may_set(settings: str, template: str) -> bool:
    folder = posixpath.dirname(settings)
    return settings.endswith(SETTINGS) and (not folder.strip("./") or template.startswith(f"{folder}/"))


def _may_name(path: str, code: bytes, other: str) -> bool:
    """True if the code at ``path`` holds the folders of another file from the nearest one on that both are in, as an address does too."""
    folder = posixpath.dirname(other)
    below = folder[len(posixpath.commonpath((posixpath.dirname(path), folder))) :]
    return all(os.fsencode(part) in code for part in below.split("/"))


class Templates:
    """The templates of one selection, and which of them changed files concern; all are read once one is, for any may declare its user."""

    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        """Work out what ``changed`` concerns; everything when ``whole``."""
        self.selection = selection
        self._whole = whole
        self._changed = {path for path in changed if kind_of(path) is not TERRAFORM}
        settings = [path for path in changed if path.endswith(SETTINGS)]
        self._changed.update(path for path in selection.templates if any(_may_set(one, path) for one in settings))
        self._texts: dict[str, bytes] = {}
        self._graph = CallGraph(())
        self._concerned: set[str] = set()
        self.files: tuple[str, ...] = ()  # those with keys that have to be read
        if whole or (self._changed and selection.templates):
            self._graph = CallGraph(self._drawn_in())
            drawn = self._graph.all_above(self._changed.difference(selection.templates))  # what they draw in may have any name
            self._concerned = {one for one in selection.templates if whole or one in drawn or self._is_concerned(self._graph.above(one))}
            self.files = selection.templates if self._concerned else ()
        self._files = self._graph.all_above(self._concerned)

    @staticmethod
    def inputs(config: Config) -> tuple[str, ...]:
        return config.parameters

    def roots(self) -> None:
        """Leave it open which stacks count: users of a key may be declared in any of them."""
        return

    def keeps(self, key: AccessKey) -> bool:
        """True if a key counts: by its own file, by those that nest it, and by those that these draw in."""
        if self._whole or key.span is None:
            return True
        return self._is_concerned(self._graph.between(key.scope, key.span.path))

    def knows(self, path: str) -> bool:
        return self._whole or path in self._files or any(_may_set(path, one) for one in self._concerned)

    def _is_concerned(self, chain: Iterable[str]) -> bool:
        return any(path in self._changed or self._is_fed(path) for path in chain)

    def _is_fed(self, path: str) -> bool:
        code = self._texts.get(path, b"")
        return any(mark in code for mark in _FEEDS) and not self._changed.isdisjoint(self._graph.below(path))

    def _drawn_in(self) -> Iterator[tuple[str, str]]:
        """Yield which files name which others: those with keys, those above them, and those that have changed."""
        from posturio_iac.frontends.cloudformation.files import Files, parents_of

        files = Files(self.selection, self.selection.search.max_file_size)
        parents = parents_of(self.selection.templates, files)
        changed = {path for path in self._changed if path.lower().endswith(ENDINGS)}
        for path in dict.fromkeys((*self.selection.templates, *parents, *changed)):
            self._texts[path] = text(self.selection, path)
        named: dict[bytes, list[str]] = {}
        programs = programs_among(self._changed, self.selection)
        for path in {*self._texts, *self._changed}:
            folder, name = posixpath.split(path)
            is_inside = path in programs and path not in self._texts  # where the handler or a folder names it
            ways = (name.partition(".")[0], *folder.split("/")) if is_inside else ()
            for one in filter(None, dict.fromkeys((name, *ways))):
                named.setdefault(os.fsencode(one), []).append(path)
        odd = [name for name in named if not _WORD.fullmatch(name)]
        for path, code in self._texts.items():
            if any(mark in code for mark in _DRAWS):
                words = _WORD.findall(code)
                names = {*words, *(word.partition(b".")[0] for word in words), *(name for name in odd if name in code)}
                others = (other for name in names & named.keys() for other in named[name] if other != path)
                yield from ((path, other) for other in others if other in programs or _may_name(path, code, other))
                if leads_to(programs, path, code, TEMPLATE, self.selection):
                    yield from ((path, other) for other in programs)
