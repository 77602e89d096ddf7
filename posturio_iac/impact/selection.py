"""What of a scan a set of changed files concerns: which files have to be read, and which keys and diagnostics count.

The unit is the context, not the line. A key counts when a file of its module changed, of a module that leads to it by calls, or of one
whose outputs these refer to; in templates, when its file changed, one that nests it, or one that these draw in. Everything else in the
same repository is left alone.
"""

from __future__ import annotations

import posixpath

from posturio_iac.impact.modules import Modules
from posturio_iac.impact.templates import Templates
from posturio_iac.search.selection import Selection

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from posturio_iac.config.model import Config
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import AccessKey
    from posturio_iac.search.file_search import FileSearch

TERRAFORM, CLOUDFORMATION = "terraform", "cloudformation"
FRAMEWORKS = (TERRAFORM, CLOUDFORMATION)


class PartialSelection(Selection):
    """A part of a selection."""

    __slots__ = ("apart", "candidates", "tracked")

    apart: Callable[[], frozenset[str]] | None
    """Tells which folders hold keys that have nothing to do with those that count."""
    candidates: tuple[str, ...]
    """The Terraform files with keys of the whole selection, which findings and remedies may point at."""
    tracked: Callable[[str], bool] | None
    """Which files may be read at all; None means all."""

    def __init__(
        self,
        finder: FileSearch,
        whole: Selection,
        tracked: Callable[[str], bool] | None = None,
        apart: Callable[[], frozenset[str]] | None = None,
    ) -> None:
        """Freeze what is left in ``finder`` of a ``whole`` selection."""
        super().__init__(finder, whole.repository)
        object.__setattr__(self, "candidates", whole.terraform)
        object.__setattr__(self, "apart", apart)
        object.__setattr__(self, "tracked", tracked)


class Narrowed:
    """A selection with only those files that changed files concern."""

    __slots__ = ("_modules", "_templates", "changed", "selection")

    def __init__(
        self,
        selection: Selection,
        modules: Modules | None,
        templates: Templates | None,
        changed: Collection[str],
        tracked: Callable[[str], bool] | None,
    ) -> None:
        """Keep what ``modules`` and ``templates`` say; None leaves out a framework."""
        self._modules, self._templates, self.changed = modules, templates, changed
        finder = selection.finder
        finder.terraform = set(modules.files) if modules else set()
        finder.templates = set(templates.files) if templates else set()
        finder.problems = [problem for problem in finder.problems if self._concerns(problem[2])]
        self.selection = PartialSelection(finder, selection, tracked, modules.apart if modules else None)

    @property
    def roots(self) -> frozenset[str] | None:
        """The folders of the root modules whose keys can count; None when all can."""
        return self._modules.roots() if self._modules else frozenset()

    def keeps(self, key: AccessKey) -> bool:
        """Tell whether a key counts."""
        parts = {CLOUDFORMATION: (self._templates,), TERRAFORM: (self._modules,)}.get(key.framework, (self._templates, self._modules))
        return any(part is not None and part.keeps(key) for part in parts)

    def keeps_diagnostic(self, diagnostic: Diagnostic) -> bool:
        """Tell whether something that was said about the reading counts."""
        return self._concerns(diagnostic.path)

    def _concerns(self, path: str | None) -> bool:
        """Tell whether a file or folder is one of those that changed, or of their contexts."""
        if path is None or path in self.changed:
            return True
        known = (self._modules and self._modules.knows(path)) or (self._templates and self._templates.knows(path))
        return bool(known)


def narrow(
    selection: Selection,
    changed: Collection[str],
    config: Config,
    frameworks: Collection[str] = FRAMEWORKS,
    tracked: Callable[[str], bool] | None = None,
) -> Narrowed:
    """Narrow a selection down to what ``changed`` files concern. They are relative to the scan root, and may be gone.

    A file of variable values or of parameters that the configuration names concerns every root module or template. ``tracked`` tells which
    files may be read at all.
    """
    everywhere = {posixpath.normpath(path) for path in changed}
    modules = Modules(selection, everywhere, whole=_named(selection, everywhere, config.var_files)) if TERRAFORM in frameworks else None
    with_templates = CLOUDFORMATION in frameworks
    templates = Templates(selection, everywhere, whole=_named(selection, everywhere, config.parameters)) if with_templates else None
    return Narrowed(selection, modules, templates, everywhere, tracked)


def _named(selection: Selection, changed: Collection[str], files: Collection[str]) -> bool:
    """Tell whether one of ``files``, which are absolute, has changed."""
    if not files:
        return False
    from os.path import realpath, relpath

    return any(relpath(realpath(file), selection.root).replace("\\", "/") in changed for file in files)
