"""Which Terraform modules changed files concern, by the calls between modules and by what their code refers to."""

from __future__ import annotations

import os
import posixpath
import re

from posturio_iac.discover.calls import local_calls

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from posturio_iac.discover import Selection
    from posturio_iac.model import AccessKey

CODE = (".tf", ".tofu", ".tf.json", ".tofu.json")
ENDINGS = (*CODE, ".tfvars", ".tfvars.json")
_CALL = re.compile(rb'module[ \t]+"?([\w-]+)"?[ \t\r\n]*\{')
_SOURCE = re.compile(rb"""(?<![\w-])source["\s]*[=:]\s*"(\.\.?[/\\][^"\n]*)\"""")
_USER_NAME = re.compile(rb'(?<![\w-])name["\s]*[=:]\s*"([^"$%\n]+)"')


class Modules:
    """The modules of one selection, and which of them changed files concern."""

    __slots__ = ("_callers", "_calls", "_fed", "_folders", "_texts", "_touched", "_users", "_whole", "files", "selection")

    files: tuple[str, ...]
    """The files with keys that have to be read."""

    def __init__(self, selection: Selection, changed: Collection[str], *, whole: bool = False) -> None:
        """Find out what ``changed`` concerns; everything when ``whole``."""
        self.selection = selection
        self._whole = whole
        self._texts: dict[str, bytes] = {}
        self._fed: dict[str, bool] = {}
        self._calls: dict[str, set[str]] = {}
        self._callers: dict[str, set[str]] = {}
        self._touched = {posixpath.dirname(path) for path in changed if path.endswith(ENDINGS)}
        self._users: frozenset[str] = frozenset()
        self._folders: set[str] = set()
        self.files = selection.terraform if whole else ()
        if selection.terraform and not whole:
            self._link()
            self._touch_by_data(changed)
            self._users = self._changed_users(changed)
            self.files = self._narrowed()

    def keeps(self, key: AccessKey) -> bool:
        """Tell whether a key counts: by its own module, by those that lead to it, and by those that feed these."""
        if self._whole or key.span is None or (isinstance(key.user, str) and key.user in self._users):
            return True
        own, root = posixpath.dirname(key.span.path), self._from_root(key.scope)
        above = _reached(own, self._callers)
        chain = {folder for folder in above if root in _reached(folder, self._callers)} if root in above else {own, root}
        return self._concern(chain)

    def knows(self, path: str) -> bool:
        """Tell whether a file or folder belongs to a module that changed files concern."""
        return self._whole or posixpath.dirname(path) in self._folders or path in self._folders or posixpath.dirname(path) in self._touched

    def _from_root(self, scope: str) -> str:
        """Return a root module's folder, which is named from the top of the repository, as seen from the scan root."""
        repository, root = self.selection.repository, self.selection.root
        if repository is None or repository == root:
            return scope
        seen = os.path.relpath(os.path.join(repository, scope), root).replace(os.sep, "/")
        return "" if seen == "." else seen

    def _link(self) -> None:
        """Learn who calls whom."""
        for caller, target in local_calls(self.selection):
            source, called = ("" if path == "." else path for path in (caller, target))
            self._calls.setdefault(source, set()).add(called)
            self._callers.setdefault(called, set()).add(source)

    def _narrowed(self) -> tuple[str, ...]:
        """Return the files with keys in the modules concerned, and in all that lead to them."""
        for folder in {posixpath.dirname(path) for path in self.selection.terraform}:
            above = _reached(folder, self._callers)
            if self._concern(above) or (self._users and self._names_a_user(folder)):
                self._folders |= above
        return tuple(path for path in self.selection.terraform if posixpath.dirname(path) in self._folders)

    def _concern(self, chain: Iterable[str]) -> bool:
        return any(folder in self._touched or self._is_fed(folder) for folder in chain)

    def _is_fed(self, folder: str) -> bool:
        """Tell whether a module refers to the outputs of a call that leads to a changed module."""
        if folder not in self._fed:
            self._fed[folder] = any(
                not self._touched.isdisjoint(_reached(called, self._calls)) and self._refers(folder, called)
                for called in self._calls.get(folder, ())
            )
        return self._fed[folder]

    def _refers(self, folder: str, called: str) -> bool:
        """Tell whether the code of a module refers to one of its calls of ``called``. In JSON any reference to a module counts."""
        text = self._text(folder)
        labels = {label for label, target in _labelled(text, folder) if target == called}
        if not labels:
            return b"module." in text
        return any(re.search(rb"(?<![\w.-])module\." + re.escape(label) + rb"(?![\w-])", text) for label in labels)

    def _text(self, folder: str) -> bytes:
        """Return the code of a module in one piece."""
        if folder not in self._texts:
            self._texts[folder] = b"\n".join(_read(self.selection, posixpath.join(folder, name)) for name in self._names(folder))
        return self._texts[folder]

    def _names(self, folder: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(os.path.join(self.selection.root, folder)) if name.endswith(CODE))
        except OSError:
            return []

    def _touch_by_data(self, changed: Collection[str]) -> None:
        """Count a module as changed when a file that its functions read has changed: it names the file, or lists files around it."""
        data = [path for path in changed if not path.endswith(ENDINGS)]
        if not data:
            return
        for folder in {above for path in self.selection.terraform for above in _reached(posixpath.dirname(path), self._callers)}:
            text = self._text(folder)
            inside = f"{folder}/" if folder else ""
            lists = b"fileset(" in text
            if any(os.fsencode(posixpath.basename(p)) in text or (lists and p.startswith(inside)) for p in data):
                self._touched.add(folder)

    def _changed_users(self, changed: Collection[str]) -> frozenset[str]:
        """Return names in changed files that declare users: keys elsewhere may belong to them."""
        texts = (_read(self.selection, path) for path in changed if path.endswith(CODE))
        return frozenset(os.fsdecode(name) for text in texts if b"aws_iam_user" in text for name in _USER_NAME.findall(text))

    def _names_a_user(self, folder: str) -> bool:
        text = self._text(folder)
        return any(b'"%s"' % os.fsencode(name) in text for name in self._users)


def _labelled(text: bytes, folder: str) -> Iterable[tuple[bytes, str]]:
    """Yield the calls in HCL by their label, with the folder that each calls."""
    calls = list(_CALL.finditer(text))
    for call, following in zip(calls, [*calls[1:], None], strict=True):
        found = _SOURCE.search(text, call.end(), following.start() if following else len(text))
        if found is not None:
            target = posixpath.normpath(posixpath.join(folder, os.fsdecode(found[1]).replace("\\", "/")))
            yield call[1], "" if target == "." else target


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return what edges lead to from ``start``, which is part of it."""
    found = {start}
    pending = [start]
    while pending:
        fresh = edges.get(pending.pop(), set()) - found
        found |= fresh
        pending += fresh
    return found


def _read(selection: Selection, path: str) -> bytes:
    """Return the bytes of a file, empty when it is gone."""
    try:
        with open(os.path.join(selection.root, path), "rb") as file:
            return file.read(selection.finder.max_file_size)
    except (OSError, ValueError):
        return b""
