"""Which Terraform modules changed files concern, by the calls between modules and by what their code refers to."""

from __future__ import annotations

import os
import posixpath
import re

from posturio_iac.core.closure import closure
from posturio_iac.search.module_calls import holding, local_calls, text

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from posturio_iac.core.model import AccessKey
    from posturio_iac.search import Selection

CODE = (".tf", ".tofu", ".tf.json", ".tofu.json")
ENDINGS = (*CODE, ".tfvars", ".tfvars.json")
_CALL = re.compile(rb'module[ \t]+"?([\w-]+)"?[ \t\r\n]*\{')
_SOURCE = re.compile(rb"""(?<![\w-])source["\s]*[=:]\s*"(\.\.?[/\\][^"\n]*)\"""")
_READS = (b"file(", b"filebase64(", b"fileset(")
"""Calls of functions that read files; ``templatefile(`` holds the first."""
_COMPUTED = re.compile(rb'fileset\(|file(?:base64)?\((?:[ \t]*[^"\s]|[^)\n]*\$\{(?!path\.))')
"""Calls whose files do not stand in the code: in a list, in a variable, or with a part that is filled in."""
_BORROWED = re.compile(rb'(?<![\w-])user(?:_name)?["\s]*[=:](?!\s*"?(?:\$\{\s*)?aws_iam_user\.)')
"""A user that is not one of the module's own blocks: a name, an input, the output of another module."""
_USER_NAME = re.compile(rb'(?<![\w-])name["\s]*[=:]\s*"([^"$%\n]+)"')
_USER_BLOCK = re.compile(rb'aws_iam_user"?[ \t]+"?[\w-]+"?[^{]*\{(.*?)(?:^\}|\Z)', re.DOTALL | re.MULTILINE)
_USERS_IN_JSON = re.compile(rb'"aws_iam_user"\s*:')


class Modules:
    """The modules of one selection, and which of them changed files concern."""

    __slots__ = (
        "_callers",
        "_calls",
        "_fed",
        "_folders",
        "_mentions",
        "_own",
        "_reach",
        "_texts",
        "_touched",
        "_users",
        "_whole",
        "_with_keys",
        "_with_users",
        "files",
        "selection",
    )

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
        self._own: set[str] = set()
        self._with_users: set[str] = set()
        self._folders: set[str] = set()
        self._reach: dict[str, set[str]] = {}
        self._mentions: set[str] = set()
        self._with_keys: dict[str, list[str]] = {}
        self.files = selection.terraform if whole else ()
        if selection.terraform and not whole:
            self._touch_by_data(changed)
            if self._touched:
                self._link()
                self._users = self._changed_users(changed)
                self.files = self._narrowed()

    def keeps(self, key: AccessKey) -> bool:
        """Tell whether a key counts: by its own module, by those that lead to it, and by those that feed these."""
        if self._whole or key.span is None:
            return True
        own = posixpath.dirname(key.span.path)
        if own in self._with_users and isinstance(key.user, str) and key.user in self._users:
            return True
        return self._concern(self._chain(self._from_root(key.scope), own))

    def roots(self) -> frozenset[str] | None:
        """Return the folders of the root modules whose keys can count; None when all can."""
        if self._whole:
            return None
        named = {above for folder in self._with_users for above in self._above(folder)}
        return frozenset(named | {root for own in self._own for root in self._above(own) if self._concern(self._chain(root, own))})

    def _chain(self, root: str, own: str) -> set[str]:
        """Return the modules on the ways from a root module to another one."""
        above = self._above(own)
        return {folder for folder in above if root in self._above(folder)} if root in above else {own, root}

    def _above(self, folder: str) -> set[str]:
        """Return a module and all that lead to it."""
        if folder not in self._reach:
            self._reach[folder] = closure(folder, self._callers)
        return self._reach[folder]

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
        for path in self.selection.terraform:
            self._with_keys.setdefault(posixpath.dirname(path), []).append(path)
        own = self._with_keys.keys()
        self._mentions = self._mentioning(self._users)
        self._with_users = {folder for folder in self._mentions & own if self._lacks_a_user(folder)}
        self._own = {folder for folder in own if folder in self._with_users or self._concern(self._above(folder))}
        self._folders = {above for folder in self._own for above in self._above(folder)}
        return tuple(path for path in self.selection.terraform if posixpath.dirname(path) in self._folders)

    def apart(self) -> frozenset[str]:
        """Return the folders with keys that neither count nor can share a user with one that does, so that nobody need read them."""
        if self._whole or any(self._borrows(folder) for folder in self._own):
            return frozenset()
        names = frozenset(name for folder in self._own for name in _users_in(self._text(folder)))
        sharing = self._mentions if names <= self._users else self._mentioning(names)
        others = self._with_keys.keys() - self._folders - sharing
        return frozenset(folder for folder in others if not self._borrows(folder))

    def _borrows(self, folder: str) -> bool:
        """Tell whether a key of a module may belong to a user that is none of the module's own blocks."""
        return any(_BORROWED.search(text(self.selection, path)) for path in self._with_keys[folder])

    def _concern(self, chain: Iterable[str]) -> bool:
        return any(folder in self._touched or self._is_fed(folder) for folder in chain)

    def _is_fed(self, folder: str) -> bool:
        """Tell whether a module refers to the outputs of a call that leads to a changed module."""
        if folder not in self._fed:
            self._fed[folder] = any(
                not self._touched.isdisjoint(closure(called, self._calls)) and self._refers(folder, called)
                for called in self._calls.get(folder, ())
            )
        return self._fed[folder]

    def _refers(self, folder: str, called: str) -> bool:
        """Tell whether the code of a module refers to one of its calls of ``called``. In JSON any reference to a module counts."""
        code = self._text(folder)
        labels = {label for label, target in _labelled(code, folder) if target == called}
        if not labels:
            return b"module." in code
        return any(re.search(rb"(?<![\w.-])module\." + re.escape(label) + rb"(?![\w-])", code) for label in labels)

    def _text(self, folder: str) -> bytes:
        """Return the code of a module in one piece."""
        if folder not in self._texts:
            self._texts[folder] = b"\n".join(text(self.selection, posixpath.join(folder, name)) for name in self._names(folder))
        return self._texts[folder]

    def _names(self, folder: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(os.path.join(self.selection.root, folder)) if name.endswith(CODE))
        except OSError:
            return []

    def _touch_by_data(self, changed: Collection[str]) -> None:
        """Count a module as changed when a file that its functions read has changed: it names the file, or computes names below it."""
        data = [path for path in changed if not path.endswith(ENDINGS)]
        if not data:
            return
        names = {os.fsencode(posixpath.basename(path)) for path in data}
        for path in holding(self.selection, _READS):
            code, folder = text(self.selection, path), posixpath.dirname(path)
            inside = f"{folder}/" if folder else ""
            if any(name in code for name in names) or (_COMPUTED.search(code) and any(p.startswith(inside) for p in data)):
                self._touched.add(folder)

    def _mentioning(self, users: frozenset[str]) -> set[str]:
        """Return the folders with code that names one of ``users``."""
        quoted = [b'"%s"' % os.fsencode(name) for name in users]
        return {posixpath.dirname(path) for path in holding(self.selection, quoted)} if quoted else set()

    def _lacks_a_user(self, folder: str) -> bool:
        """Tell whether a module uses the name of one of the users in question, which it does not declare."""
        code = self._text(folder)
        names = {name for name in self._users if re.search(rb'[=:,\[(]\s*"%s"' % re.escape(os.fsencode(name)), code)}
        return not names <= _declared(code)

    def _changed_users(self, changed: Collection[str]) -> frozenset[str]:
        """Return names in changed files that declare users: keys elsewhere may belong to them."""
        texts = (text(self.selection, path) for path in changed if path.endswith(CODE))
        return frozenset(name for code in texts for name in _declared(code))


def _declared(code: bytes) -> frozenset[str]:
    """Return the names that code with users in it gives to anything."""
    return frozenset(map(os.fsdecode, _USER_NAME.findall(code))) if b"aws_iam_user" in code else frozenset()


def _users_in(code: bytes) -> frozenset[str]:
    """Return the names that the blocks of users hold; in JSON all names."""
    blocks = [code] if _USERS_IN_JSON.search(code) else _USER_BLOCK.findall(code)
    return frozenset(os.fsdecode(name) for block in blocks for name in _USER_NAME.findall(block))


def _labelled(code: bytes, folder: str) -> Iterable[tuple[bytes, str]]:
    """Yield the calls in HCL by their label, with the folder that each calls."""
    calls = list(_CALL.finditer(code))
    for call, following in zip(calls, [*calls[1:], None], strict=True):
        found = _SOURCE.search(code, call.end(), following.start() if following else len(code))
        if found is not None:
            target = posixpath.normpath(posixpath.join(folder, os.fsdecode(found[1]).replace("\\", "/")))
            yield call[1], "" if target == "." else target
