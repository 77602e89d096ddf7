"""Facts about the code of a module that decide which changes concern it: calls, references, users, files that it reads."""

from __future__ import annotations

import os
import posixpath
from functools import cache, partial

from posturio_iac.core.closure import CallGraph
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import holds_any, spelled_out
from posturio_iac.core.text.hcl_lexer import masked
from posturio_iac.scan.configuration import seen_below
from posturio_iac.search.kinds import PROGRAMS, TERRAFORM, kind_of, may_name_maker, names_file
from posturio_iac.search.module_calls import calls_in, code_of, holding, local_calls, text
from posturio_iac.search.written_sources import CALLS, blocks_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from posturio_iac.search import Selection
    from posturio_iac.search.hcl_scanner import ScannedBlock

USERS = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}  # resources that declare a user, and the argument that names it
_OWN_USER = lazy_pattern(rb'\s*(?:"\$\{\s*)?awsc?c?_iam_user\.')
_MODULE = lazy_pattern(rb"(?<![\w.-])(?:module|component)[ \t]*\.[ \t]*([A-Za-z_\x80-\xff][\w\x80-\xff-]*)")
_READS = (b"file(", b"fileset(", b"fileexists(", b"filebase64", b"filemd5(", b"filesha")
"""Calls of functions that read files; ``templatefile(`` holds the first."""
_READ = lazy_pattern(rb"fileset\(|file(?:exists|base64)?\(")  # but for digests, of which no verdict tells one from another
_PLAIN_NAME = lazy_pattern(rb'\s*"(?:\$\{path\.\w+\}|[^"$%\n]|[$%](?!\{))*"')  # a file's name that stands in the code
_FILLED, _PATTERN = lazy_pattern(rb'\s*"([^"\n]*)"\s*[,)]'), lazy_pattern(rb'[^,\n]*,\s*"([^"\n]*)"\s*\)')
_OPEN_PART = lazy_pattern(rb"[]}*?]")  # the end of one, behind which a name or a pattern of names is known
_IN_WORDS = frozenset(b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_SEARCHED_BY_GIT = 20
"""The most names that git is asked to find. It compares each line with each of them, so for more names the code is read instead."""


class ChangedCode:
    """The code of one selection, folder by folder; each is read once."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.files, self.users = cache(self._read), cache(self._users_of)
        self.calls, self._borrows = cache(self._calls_of), cache(self._is_borrowing)

    def _read(self, folder: str) -> list[tuple[str, bytes]]:
        names = self.selection.search.fence.names(os.path.join(self.selection.root, folder))
        paths = (posixpath.join(folder, name) for name in sorted(names) if kind_of(name) is TERRAFORM)
        return [(path, text(self.selection, path)) for path in paths]

    def _users_of(self, folder: str) -> frozenset[str]:
        blocks = (block for path, data in self.files(folder) if b"iam_user" in data for block in blocks_of(data, path))
        named = ((block, USERS.get(block.labels[0])) for block in blocks if block.type == "resource" and block.labels)
        return frozenset(name for block, argument in named if argument is not None for name in block.literals(argument))

    def _calls_of(self, folder: str) -> list[tuple[str, str]]:
        found = (one for path, _ in self.files(folder) for one in calls_in(self.selection, path))
        return [(label, "" if target == "." else target) for label, target in found]

    def given(self, folder: str) -> Iterator[tuple[str, bool, set[str]]]:
        """Yield of the inputs of each call: its name, whether they may hold a key, also by a local value, and whose outputs they use."""
        holding = (*(kind.encode() for kind in KEY_TYPES), b"local.", b"terraform_data.", b"null_resource.")
        for path, data in self.files(folder):
            for block in blocks_of(data, path, CALLS) if b"module" in data or b"component" in data else ():
                code = b"\n".join(expression for _, expression in block.arguments())
                names = {label.decode("utf-8", "replace") for label in _MODULE.findall(code)}
                given = holds_any(code, holding)
                yield from ((label, given, names) for label in block.labels[:1])

    def references(self, folder: str) -> set[str]:
        texts = (masked(code_of(data, path)) for path, data in self.files(folder) if _MODULE.search(data))
        return {label.decode("utf-8", "replace") for code in texts for label in _MODULE.findall(code)}

    def borrowing(self, folders: Mapping[str, Iterable[str]]) -> set[str]:
        """Those of the folders, each with its files, whose keys may belong to users that the module's own blocks do not declare."""
        return {folder for folder, paths in folders.items() if any(map(self._borrows, paths))}

    def _is_borrowing(self, path: str) -> bool:
        data = text(self.selection, path)
        return _names_some_user(data) and any(map(_is_borrowed, blocks_of(data, path)))

    def mentions(self, names: frozenset[str], folders: Collection[str]) -> dict[str, set[str]]:
        """The folders whose code mentions one of ``names``, among ``folders``, each with those that it mentions."""
        found: dict[str, set[str]] = {}
        wanted = frozenset(map(os.fsencode, names))
        if len(names) <= _SEARCHED_BY_GIT:
            paths = holding(self.selection, [b'"%s"' % name for name in sorted(wanted)]) if names else ()
            texts = ((path, text(self.selection, path)) for path in paths)
        else:
            texts = (one for folder in folders for one in self.files(folder))
        for path, data in texts:
            if mentioned := wanted.intersection(_quoted(data)):
                found.setdefault(posixpath.dirname(path), set()).update(map(os.fsdecode, mentioned))
        return {folder: mentioned for folder, mentioned in found.items() if folder in folders}

    def _names(self, names: Collection[str]) -> bool:
        """True if an argument somewhere may end with one of the names of files and folders, which the module that is called may read."""
        ends = tuple(b'%s"' % os.fsencode(name) for name in names)
        return bool(holding(self.selection, ends)) or any(holds_any(text(self.selection, path), ends) for path in self.selection.search.hcl)

    def readers(self, files: Collection[str]) -> set[str]:
        """The folders of modules whose functions read one of ``files``: by its name, or by a computed one below the module."""
        if not files:
            return set()
        names, ways = {posixpath.basename(path) for path in files}, [path.split("/") for path in files]
        inside = {os.curdir, *("/".join(way[:depth]) for way in ways for depth in range(len(way)))}
        found, parts = set[str](), {part for way in ways for part in way}
        programs = programs_among(files, self.selection)
        is_escaped = any('"' in name or "\\" in name or not name.isprintable() for name in names)
        is_given = cache(partial(self._names, {name for way in ways for name in way[-2:]}))
        graph = CallGraph(local_calls(self.selection))
        for path in holding(self.selection, (*_READS, *PROGRAMS)):
            folder, data = posixpath.dirname(path), spelled_out(text(self.selection, path))
            quoted = _quoted(data)
            if b"templatefile(" in data:  # a template may read files too
                named = (posixpath.join(folder, os.fsdecode(one.rpartition(b"}/")[2])) for one in quoted if b"." in one)
                quoted += [word for name in named for word in _quoted(text(self.selection, name))]
            spelled = {os.fsdecode(one.rpartition(b"/")[2]) for one in quoted}
            words = b" ".join(quoted).replace(b"/", b" ").split() if holds_any(data, PROGRAMS) else ()  # where a program may stand
            is_named = is_escaped or not names.isdisjoint(spelled) or not parts.isdisjoint(map(os.fsdecode, words))
            leads_there = b".." in data or not inside.isdisjoint(graph.above(folder))
            is_read = is_named or (_computes(code_of(data, path), files) and (leads_there or is_given()))
            if is_read or (folder not in found and leads_to(programs, path, data, TERRAFORM, self.selection)):
                found.add(folder)
        return found


def programs_among(files: Collection[str], selection: Selection) -> set[str]:
    """Those of some files that are programs which may decide about a key."""
    from posturio_iac.search.named_programs import that_matter

    search = selection.search
    return {path[len(search.prefix) :] for path in that_matter((search.prefix + path for path in files), search.fence)}


def leads_to(programs: set[str], path: str, data: bytes, kind: str, selection: Selection, *homes: str) -> bool:
    """True if the code at ``path``, run in ``homes``, leads to one of ``programs``, or may by a name that takes an evaluation."""
    if not programs or not names_file(data, kind):
        return False
    from posturio_iac.search.checkout import MOST_FILES, is_without_makers
    from posturio_iac.search.named_programs import programs_named

    code, folder, fence = data.decode("utf-8", "replace"), posixpath.dirname(path), selection.search.fence
    places = tuple(os.path.normpath(os.path.join(selection.root, home)) for home in (folder, *homes))
    if is_without_makers(code + path, places[0], fence):
        return False
    if not programs.issubset(selection.templates) and may_name_maker(data, code, kind, places, fence):
        return True
    named = [posixpath.normpath(posixpath.join(folder, name)) for name, _ in programs_named(code, places, fence)]
    real = (seen_below(os.path.realpath(os.path.join(selection.root, one)), selection.root) for one in named)  # behind links
    return len(named) >= MOST_FILES or not programs.isdisjoint((*named, *real))


def _quoted(data: bytes) -> list[bytes]:
    """Every text between two quotes, also between two strings: it may be too much, and lacks no quoted text without escapes."""
    return data.split(b'"')[1:-1]


def _names_some_user(data: bytes) -> bool:
    """True if code has the argument without which every user is declared by the module's own blocks."""
    at = -1
    while (at := data.find(b"user", at + 1)) >= 0:
        behind = data[at + len("user") : at + 100].removeprefix(b"_name")
        gap, _, value = behind.partition(b"=")
        if _IN_WORDS.isdisjoint(data[at - 1 : at] + behind[:1]) and (gap.strip() or not value.lstrip().startswith(b"aws_iam_user.")):
            return True
    return False


def _is_borrowed(block: ScannedBlock) -> bool:
    if block.type == "module":
        if any(source.startswith(("./", "../")) for source in block.literals("source")):
            return False  # the key stands in the code of that module
        return bool(block.expressions("user") or block.expressions("user_name"))
    argument = KEY_TYPES.get(block.labels[0]) if block.type == "resource" and block.labels[:1] else None
    return argument is not None and any(not _OWN_USER.match(user) for user in block.expressions(argument))


def _computes(data: bytes, files: Collection[str]) -> bool:
    """True if code reads files whose names it does not spell out, and which may be some: from a list, a variable, or put together."""
    ends, code = tuple(map(os.fsencode, files)), b""
    for call in _READ.finditer(data):
        is_set = call[0] == b"fileset("
        if is_set or not _PLAIN_NAME.match(data, call.end()):
            given = (_PATTERN if is_set else _FILLED).match(data, call.end())
            if given is None or any(one.endswith(_OPEN_PART.split(given[1])[-1]) for one in ends):
                code = code or masked(data)
                if code.startswith(call[0], call.start()):
                    return True
    return False
