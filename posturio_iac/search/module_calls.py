"""Further searches, once there is something to judge: for calls of local modules, programs, and HCL that Terraform does not read."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.record import kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.core.text.textfile import Fence, UnreadableError, read, real_path
from posturio_iac.search.file_search import LOCAL, FileSearch
from posturio_iac.search.kinds import TEMPLATE, TERRAFORM, kind_of, names_program
from posturio_iac.search.written_sources import CALLS, blocks_of, templates_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from posturio_iac.search import Selection
    from posturio_iac.search.hcl_scanner import ScannedBlock

_APPLYING = (*CALLS, "terraform", "unit", "stack")
_APPLIES = lazy_pattern(rb"\b(?:source|include)\b")
_BUILT = lazy_pattern(rb"""\bsource"?\s*[=:]\s*(?:"(?:\$\{[^}]*\})?[^"?\n]*[$%]\{|[^\s"])|\bcontents"?\s*[=:]\s*(?!<<|")""")
"""A source or a generated text that is put together, so that none of its words need stand in the file."""
_LOCAL = lazy_pattern(rb"""\bsource"?\s*[=:]\s*"(\.[^"$]*)\"""")
_WRITES = lazy_pattern(rb"""\b(?:resource|module)\b[\s"\\]""")


def local_calls(selection: Selection) -> tuple[tuple[str, str], ...]:
    """The calls of local modules, by the text of the code: pairs of directories relative to the root, inside the repository, sorted."""
    search = selection.search
    if search.calls is None:
        search.calls = tuple(sorted(_calls(selection)))
    return search.calls


def _calls(selection: Selection) -> set[tuple[str, str]]:
    calls: set[tuple[str, str]] = set()
    search = selection.search
    for path in search.calling:
        if path in search.read or (search.has_searched(path) and not search.skips(path)):
            caller = posixpath.dirname(path)
            calls.update((caller or ".", target) for _, target in calls_in(selection, path) if is_ours(selection, target))
    return calls


def calls_in(selection: Selection, path: str) -> tuple[tuple[str, str], ...]:
    """The local modules that a file calls: the name of each call, and the directory of the module."""
    return kept(selection.search.sources, path, lambda one: tuple(_local_sources(selection, one)))


def _local_sources(selection: Selection, path: str) -> Iterator[tuple[str, str]]:
    if (blocks := selection.search.blocks.get(path)) is None:
        data = text(selection, path)
        blocks = call_blocks(selection, path, data) if any(start in data for start in LOCAL) else []
    folder = posixpath.dirname(path)
    for block in blocks:
        if block.labels:
            for source in block.literals("source"):
                if (local := source.replace("\\", "/")).startswith(("./", "../")):
                    yield block.labels[0], posixpath.normpath(posixpath.join(folder, local))


def call_blocks(selection: Selection, path: str, data: bytes | None = None) -> list[ScannedBlock]:
    """The blocks of a file that call modules, and in HCL that Terraform does not read what applies one. It is scanned once."""
    kinds = _APPLYING if path in selection.search.hcl else CALLS
    return kept(selection.search.blocks, path, lambda one: blocks_of(text(selection, one) if data is None else data, one, kinds))


def code_of(data: bytes, path: str) -> bytes:
    """The code of a Terraform file in either syntax, without comments."""
    if not path.endswith(".json"):
        return data
    from posturio_iac.search import json_scanner

    return json_scanner.expressions(data)


def is_ours(selection: Selection, target: str) -> bool:
    """True if the directory is inside the root, or at least inside its repository."""
    if target != ".." and not target.startswith("../"):
        return True
    if selection.repository is None:
        return False
    absolute = os.path.normpath(os.path.join(selection.root, target))
    return absolute == selection.repository or absolute.startswith(os.path.join(selection.repository, ""))


def text(selection: Selection, path: str) -> bytes:
    """The bytes of a file up to the limit, empty when it is gone."""
    search = selection.search
    kept = search.texts.get(path)
    return kept if kept is not None else content(search.prefix + path, search.max_file_size, search.fence) or b""


def content(name: str, max_size: int, fence: Fence | None = None) -> bytes | None:
    """The bytes of a file up to the limit, or None when it cannot be read or is outside of ``fence``."""
    try:
        return read(name, max_size, fence, head=True)
    except UnreadableError:
        return None


def holding(selection: Selection, search_terms: Sequence[bytes]) -> tuple[str, ...]:
    """The Terraform files that hold one of ``search_terms``: git searches those it searched before, and the others are read."""
    return holding_each(selection, search_terms)[0]


def holding_each(selection: Selection, *groups: Sequence[bytes]) -> tuple[tuple[str, ...], ...]:
    """The same for several groups of search terms, for which each file is read once."""
    found: tuple[set[str], ...] = tuple(set() for _ in groups)
    for path, kind in selection.search.read.items():
        if kind is TERRAFORM:
            data = text(selection, path)
            for group, paths in zip(groups, found, strict=True):
                if any(map(data.__contains__, group)):
                    paths.add(path)
    for keep in selection.search.trees:
        from posturio_iac.search.git_tree import git_search

        for group, paths in zip(groups, found, strict=True):
            paths.update(git_search.holding(keep, group))
    return tuple(tuple(sorted(paths)) for paths in found)


def add_units(search: FileSearch, *, whole: bool) -> None:
    """Add the files that name a module which makes keys, or write out code that may; with ``whole`` those that apply any module."""
    search_terms, searched = search.search_terms, search.folders()
    for path in search.hcl:
        data = content(search.prefix + path, search.max_file_size, search.fence)
        if data is None:
            continue
        search.searched += 1
        search.keep(path, data)
        data = spelled_out(data)
        if (
            (whole and _APPLIES.search(data))
            or search_terms.make_keys(data, TERRAFORM)
            or search_terms.name_known_module(data)
            or _BUILT.search(data)
            or (path.endswith(".stack.hcl") and data.find(b"${") >= 0)
            or names_program(data, TERRAFORM, search.prefix + path, search.fence)
            or _leads_beside(data, path, search, searched)
            or (b"generate" in data and _WRITES.search(data))
        ):
            search.terraform.add(path)


def add_nesting(search: FileSearch) -> None:
    """Add the templates that name one which matters and was not searched, such as one that git ignores, or name one that does so."""
    for path in tuple(search.nesting):
        pending, seen = [path], {path}
        while pending:
            folder = posixpath.dirname(path_ := pending.pop())
            named = {posixpath.normpath(posixpath.join(folder, name)) for name in templates_named(search.nesting[path_])}
            for target in named - seen - search.read.keys():
                data = content(search.prefix + target, search.max_file_size, search.fence) or b""
                if search.matters(target, kind_of(target) or TEMPLATE, data):
                    search.templates.add(path)
                pending += [target] if target in search.nesting else []
            seen |= named


def _leads_beside(data: bytes, path: str, search: FileSearch, searched: set[str]) -> bool:
    folder = posixpath.dirname(path)
    named = (os.fsdecode(source).partition("?")[0].replace("//", "/") for source in _LOCAL.findall(data))
    targets = {posixpath.normpath(posixpath.join(folder, one)) for one in named}
    return any(target not in searched and os.path.isdir(search.prefix + target) for target in targets)


def add_linked(search: FileSearch, skipped: frozenset[str]) -> None:
    """Add the files in folders that symbolic links lead to and that are not searched by themselves."""
    searched = tuple(f"{search.prefix}{one}/" for one in search.folders()) if search.linked else ()
    for path in sorted(one for one in search.linked if os.path.islink(place := search.prefix + one) and os.path.isdir(place)):
        if (top := search.fence.folder(search.prefix + path)) is None:
            search.warn("a symbolic link to a folder outside of the scan root; not read", path)
        elif not any(one.startswith(f"{top}/") for one in searched):
            for folder, names in search.fence.walk(search.prefix + path, skipped):
                base = folder[len(search.prefix) :].replace(os.sep, "/")
                search.symlinks |= {f"{base}/{name}": kind for name in names if (kind := kind_of(name))}


def resolve(search: FileSearch) -> None:
    """Read the symbolic links that a search has met: each real file once, under its own path where that was searched."""
    chosen: dict[str, str] = {}
    for path, kind in sorted(search.symlinks.items()):
        real = real_path(search.prefix + path)
        if not os.path.isfile(real):
            if kind is TERRAFORM and not os.path.lexists(real):
                search.warn("a symbolic link to a file that is not here; not read", path)
            continue
        if not search.fence.holds(real):
            if path not in search.read:
                search.warn("a symbolic link to a file outside of the scan root; not read", path)
            continue
        target = real[len(search.prefix) :].replace(os.sep, "/") if real.startswith(search.prefix) else real
        name = chosen.get(target, target)
        if name == path or not search.has(name):
            search.examine(path, kind)
            chosen[target] = path
        else:
            for found in (search.terraform, search.templates, *search.others.values()):
                found.discard(path)
            search.aliases[path] = name
            if kind is TERRAFORM and posixpath.dirname(path) != posixpath.dirname(name) and os.path.islink(search.prefix + path):
                search.terraform.add(path)  # of another module, which has its own values


MAX_FOLDERS = 10_000


def explore(selection: Selection, folders: Iterable[str], apart: Collection[str] = ()) -> tuple[set[str], set[tuple[str, str]]]:
    """Read ``folders`` and the local modules that they call, but those ``apart``: return which hold a search term, and the calls."""
    search = selection.search
    holding: set[str] = set()
    edges: set[tuple[str, str]] = set()
    left_out = set(selection.candidates).difference(selection.terraform)  # by a hook, though they may be of the same root module
    pending = [folder for folder in folders if folder not in apart]
    seen = {_real(selection, folder) for folder in (*pending, *apart)}
    while pending and len(seen) < MAX_FOLDERS:
        folder = pending.pop()
        there = os.path.join(selection.root, folder)
        for name in _names(there) if search.fence.folder(there) is not None else ():
            path = posixpath.join(folder, name)
            if search.calls is not None and search.has_searched(path) and not search.skips(path):
                called, holds = search.sources.get(path, ()), path in left_out
            else:
                holds, called = kept(search.reached, path, lambda one: _reads(selection, one)), calls_in(selection, path)
            if holds:
                holding.add(folder)
            for _, target in called:
                edges.add((folder, target))
                if (real := _real(selection, target)) not in seen:
                    seen.add(real)
                    pending.append(target)
    return holding, edges


def _reads(selection: Selection, path: str) -> bool:
    search, data = selection.search, text(selection, path)
    search.keep(path, data)
    return search.matters(path, TERRAFORM, data)


def _real(selection: Selection, folder: str) -> str:
    path = os.path.join(selection.root, folder)
    return selection.search.fence.folder(path) or path


def callers(selection: Selection, unseen: Mapping[str, Iterable[str]]) -> set[str]:
    """The files of the scan in whose folders a module is called that is not searched (``unseen``) and holds a key, or leads to one."""
    calls = {(caller or ".", target) for target, found in unseen.items() if is_ours(selection, target) for caller in found}
    holding, edges = explore(selection, {target for _, target in calls})
    if not holding:
        return set()
    calls.update(local_calls(selection))
    while more := {caller for caller, target in edges | calls if target in holding} - holding:
        holding |= more
    folders = {"" if caller == "." else caller for caller, target in calls if target in holding}
    found = (posixpath.join(folder, name) for folder in folders for name in _names(os.path.join(selection.root, folder)))
    return {path for path in found if not selection.search.skips(path)}


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if kind_of(name) is TERRAFORM)
    except OSError:
        return []
