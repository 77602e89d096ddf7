"""Decides file by file which ones matter, and keeps the results."""

from __future__ import annotations

import os

from posturio_iac.core.text.decoding import GIT_CRYPT, GIT_LFS, UTF16, decode, holds_any, spelled_out
from posturio_iac.core.text.textfile import MIB, Fence, LinkError, UnreadableError, open_regular
from posturio_iac.errors import more_than, system_reason
from posturio_iac.search import kinds
from posturio_iac.search.locations import holds_above, holds_code
from posturio_iac.search.written_sources import NESTING, sources_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.text.gitignore import Exclusions
    from posturio_iac.search.hcl_scanner import ScannedBlock

SAVED_PLAN = (b"PK\3\4", b"tfplan")
"""The first bytes of a file of ``terraform plan -out``, which is an archive, and the name of its first member."""
_ODD = frozenset((GIT_CRYPT[:1], GIT_LFS[:1], SAVED_PLAN[0][:1], *(mark[:1] for mark in UTF16)))  # first bytes of what is no plain text
_LOCKED = "encrypted with git-crypt; unlock the repository, or exclude the file"
_ABSENT = "stored in Git LFS and not fetched; run git lfs pull, or exclude the file"
_BINARY = "a saved plan in binary form; pass the output of terraform show -json instead"
LOCAL = (b'"./', b'"../', b'".\\', b'"..\\')  # beginnings of the source of a local module, on Windows too
PRUNED = frozenset((".git", ".terraform", ".terragrunt-cache"))
"""Directories that are never entered: they hold copies of other people's code, or no code at all."""
MOST_SEARCHED = 256  # MiB of a large file; no host of git takes one of half of that
KEPT = 16 * MIB
"""How many bytes of Terraform code are kept in memory, so that later searches for calls and texts need not open each file again."""
_FOR_CALLS = MIB  # of these for files that call local modules, all of which are searched again
_OVERLAP = 1024  # of the parts of a large file, longer than any search term, so that none is missed at an edge


class FileSearch:
    """Searches files one at a time. Paths are relative to the scan root."""

    def __init__(self, root: str, search_terms: kinds.SearchTerms, exclusions: Exclusions | None, max_file_size: int, fence: Fence) -> None:
        self.root = root
        self.fence = fence
        self.prefix = root if root.endswith(os.sep) else root + os.sep
        self.search_terms = search_terms
        self.exclusions = exclusions
        self.max_file_size = max_file_size
        self._linked: dict[str, bool] = {"": False}
        self.terraform: set[str] = set()
        self.templates: set[str] = set()
        self.others: dict[str, set[str]] = {}  # files of kinds that front ends have added
        self.apart: frozenset[str] = frozenset()  # baselines, which hold addresses of keys and are no code
        self.hcl: set[str] = set()  # files in HCL that Terraform itself does not read, such as Terragrunt's
        self.symlinks: dict[str, str] = {}  # to files, with the kind of each
        self.linked: set[str] = set()  # those that may lead to folders
        self.left_out: set[str] = set()  # files of a searched kind that are excluded; folders that were not entered end with a slash
        self.passed_by: set[str] = set()  # folders of tools, such as ``node_modules``, that a walk did not enter, with a slash
        self.aliases: dict[str, str] = {}  # symbolic links to files that matter, each with the path that these are shown under
        self.read: dict[str, str] = {}  # files that this process has read, with the kind of each; git has searched the others
        self.texts: dict[str, bytes] = {}  # the bytes of Terraform files that this process has read, up to `KEPT` in all
        self._room = KEPT
        self.calling: set[str] = set()  # Terraform files that may call local modules
        self.local: dict[str, set[bytes]] = {}  # the sources of local modules in the files of a folder, comments included
        self.elsewhere: dict[str, set[bytes]] = {}  # the sources in each Terraform file that may be of a registry or of git
        self.installed: dict[str, list[bytes]] = {}  # the sources in each Terraform file that ``terraform init`` has installed
        self.nesting: dict[str, bytes] = {}  # templates that matter only if one that they name does, each with its text
        self.naming: dict[str, str] | None = None  # files that may name programs, each with its kind, if that is asked later
        self.computing: set[str] = set()  # Terraform files with a source that only a parser can read; they matter whatever they hold
        self.unfollowed: set[tuple[str, str]] = set()  # what is named and not here: the path, and the place with what it names
        self.calls: tuple[tuple[str, str], ...] | None = None  # the calls of local modules, once they were needed
        self.blocks: dict[str, list[ScannedBlock]] = {}  # those of each file scanned so far that call modules
        self.sources: dict[str, tuple[tuple[str, str], ...]] = {}  # and the local modules among what they call
        self.reached: dict[str, bool] = {}  # the Terraform files outside of what is searched that calls lead to, and if each matters
        self.trees: list[Any] = []  # the `PathFilter` of each work tree that git has searched; its type would close a circle of imports
        self.places: tuple[str, ...] = ("",)  # the directories that are searched; named files apart
        self.repositories: set[str] = set()  # the tops of searched work trees at or below the root; others below it are not ours
        self.searched = self.size = 0  # files, and bytes of those that this process has read
        self.step: Callable[[str], object] | None = None  # told of each ``folder`` and ``file`` that is searched: it shows how far a run is
        self.problems: list[tuple[str, str, str | None]] = []

    def skips(self, path: str) -> bool:
        """True if the file is in a directory that is never entered, or excluded."""
        if path.startswith(".") or "/." in path:
            directories = path.split("/")
            directories.pop()
            if not PRUNED.isdisjoint(directories):
                return True
        if self.exclusions is None or not self.exclusions.cover(path):
            return False
        if kinds.kind_of(path):
            self.left_out.add(path)
        return True

    def passes_over(self, path: str) -> bool:
        """True if a Terraform file in a searched folder was left out, since git ignores it or an exclusion covers it."""
        if kinds.kind_of(path) is not kinds.TERRAFORM or self.prefix + path in self.fence.named:
            return False
        if path in self.symlinks or self.has_searched(path):
            return self.skips(path)
        return "" in self.places or path.startswith(tuple(f"{place}/" for place in self.places))

    def has_searched(self, path: str) -> bool:
        return path in self.read or any(keep.has_code(path) for keep in self.trees)

    def folders(self) -> set[str]:
        return {path.rpartition("/")[0] for path in self.read}.union(*(keep.folders() for keep in self.trees))

    def leaves_out_everything(self) -> bool:
        return not self.searched and any(not path.endswith("/") or holds_code(self.prefix + path) for path in sorted(self.left_out))

    def examine_itself(self, path: str, kind: str) -> None:
        """Search one file as `examine` does, unless it, or a directory on the way, is a symbolic link: it is remembered as one."""
        if path not in self.read and holds_above(path.rpartition("/")[0], self._linked, lambda above: os.path.islink(self.prefix + above)):
            self.symlinks[path] = kind
        else:
            self.examine(path, kind, follow=False)

    def examine(self, path: str, kind: str, *, follow: bool = True) -> None:
        """Search one file, once, and remember it when it matters. A symbolic link is followed, or remembered as one."""
        if path in self.read or path in self.apart:
            return
        self.read[path] = kind
        if self.step:
            self.step("file")
        try:
            descriptor, size = open_regular(self.prefix + path, None, follow=follow)
        except LinkError:
            del self.read[path]
            self.symlinks[path] = kind
            return
        except OSError as error:
            self._not_read(path, error)
            return
        except UnreadableError:  # a pipe or a folder that took the place of a file
            return
        try:
            self._judge(descriptor, size, path, kind)
        except OSError as error:
            self._not_read(path, error)
        finally:
            os.close(descriptor)

    def _judge(self, descriptor: int, size: int, path: str, kind: str) -> None:
        self.searched += 1
        if size > self.max_file_size:
            self._judge_large(descriptor, path, kind, size)
            return
        self.size += size
        self._judge_text(os.read(descriptor, size + 1), path, kind)

    def keep(self, path: str, data: bytes, *, calls: bool = False) -> None:
        """Keep the bytes of a file in HCL, if there is room; some is only for those that call modules."""
        if len(data) <= self._room - (0 if calls else _FOR_CALLS):
            self.texts[path] = data
            self._room -= len(data)

    def put(self, path: str, data: bytes) -> None:
        """Take ``data`` for the content of a file, in place of what the disk holds."""
        for found in (self.terraform, self.templates, self.calling, self.computing, *self.others.values()):
            found.discard(path)
        for known in (self.elsewhere, self.blocks, self.sources, self.texts, self.reached):
            known.pop(path, None)
        self.calls, self.problems = None, [problem for problem in self.problems if problem[2] != path]
        self.fence.edited = {os.path.realpath(self.prefix + path): data}
        self.searched += path not in self.read
        kind = self.read[path] = kinds.kind_of(path) or kinds.OTHER
        self._judge_text(data, path, kind)

    def _judge_text(self, data: bytes, path: str, kind: str) -> None:
        if kind is kinds.TERRAFORM:
            if calls := data.find(b'".') >= 0 and any(start in data for start in LOCAL):
                self.calling.add(path)
            self.keep(path, data, calls=calls)
        if data[:1] in _ODD:
            is_plan = data[:4] == SAVED_PLAN[0] and SAVED_PLAN[1] in data[:100]
            is_absent = kind is kinds.TERRAFORM and data.startswith(GIT_LFS)
            if is_plan or is_absent or data[:10] == GIT_CRYPT:
                self.error(_BINARY if is_plan else _ABSENT if is_absent else _LOCKED, path)
                return
            if data[:2] in UTF16:
                data = decode(data, "replace").encode()
        if self.matters(path, kind, data):
            self.of_kind(kinds.kind_by_text(data) if kind is kinds.OTHER else kind).add(path)

    def matters(self, path: str, kind: str, data: bytes, *, installed: bool = False) -> bool:
        """True if a file with this content matters, whether it was searched or code names it; what it names itself is remembered.

        A state that was named always does: it must not be passed over in silence.
        """
        place = self.prefix + path
        if kind is kinds.TERRAFORM:
            sources = sources_in(data, path)
            if installed:
                self.installed[path] = sources
            else:
                self.note_calls(path, sources)
                self.computing.update(() if all(sources) else (path,))
            return self.search_terms.are_in_code(data, sources) or self._names_program(path, kind, data)
        if self.search_terms.are_in(data, kind, os.path.dirname(place)) or self._names_program(path, kind, data):
            return True
        self.nesting |= {path: data} if holds_any(data, NESTING) else {}
        return kind in (kinds.JSON, kinds.OTHER) and place in self.fence.named and kinds.looks_like_state(data)

    def _names_program(self, path: str, kind: str, data: bytes) -> bool:
        if self.naming is None:
            return kinds.names_program(data, kind, self.prefix + path, self.fence)
        self.naming |= {path: kind} if kinds.names_file(spelled_out(data), kind) else {}
        return path in self.naming

    @property
    def may_lead_elsewhere(self) -> bool:
        return bool(self.elsewhere or self.computing or self.hcl or self.unfollowed or self.fence.beyond or self.absent())

    def absent(self) -> set[str]:
        """Folders with a call of a local module that may not be here."""
        return {folder for folder, found in self.local.items() if not all(self.has_module(folder, os.fsdecode(one)) for one in found)}

    def has_module(self, folder: str, source: str) -> bool:
        """True if the local module that code in ``folder`` calls by ``source`` is here, where it may be read; a submodule may be empty."""
        place = os.path.normpath(os.path.join(self.prefix + folder, source.replace("\\", "/")))
        try:
            return self.fence.holds(place) and any(name[0] != "." for name in os.listdir(place))
        except (OSError, ValueError):  # a NUL byte
            return False

    def note_calls(self, path: str, sources: Iterable[bytes]) -> None:
        """Remember the modules that a file may call, by the text of its sources."""
        for source in sources:
            if source.startswith(b"."):
                self.calling.add(path)
                self.local.setdefault(path.rpartition("/")[0], set()).add(source)
            elif source.count(b"/") > 1 or b"::" in source or b"@" in source:
                self.elsewhere.setdefault(path, set()).add(source)

    def _judge_large(self, descriptor: int, path: str, kind: str, size: int) -> None:
        tail = b""
        wide: str | None = None
        for _ in range(MOST_SEARCHED):
            if not (chunk := os.read(descriptor, MIB)):
                return
            if not tail:
                if chunk[:10] == GIT_CRYPT:
                    self.error(_LOCKED, path)
                    return
                wide = "utf-16-be" if chunk[:2] == UTF16[1] else "utf-16-le" if chunk[:2] == UTF16[0] else None
            text = tail + (chunk.decode(wide, "replace").encode() if wide else chunk)
            if self.matters(path, kind, text):
                self.error(f"{more_than(size, self.max_file_size)}; raise --max-file-size to read it", path)
                return
            tail = text[-_OVERLAP:]
        self.error(f"the first {MOST_SEARCHED} MiB contain no key, and the rest was not searched; exclude it", path)

    def of_kind(self, kind: str) -> set[str]:
        """The files of a kind that matter; JSON counts as a template until it is looked at more closely."""
        found = {kinds.TERRAFORM: self.terraform, kinds.TEMPLATE: self.templates, kinds.JSON: self.templates}.get(kind)
        return self.others.setdefault(kind, set()) if found is None else found

    def has(self, path: str) -> bool:
        return path in self.terraform or path in self.templates or any(path in paths for paths in self.others.values())

    def _not_read(self, path: str, error: OSError) -> None:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError)):
            self.error(f"cannot be read: {system_reason(error)}", path)

    def error(self, message: str, path: str | None = None) -> None:
        self.problems.append(("error", message, path))

    def warn(self, message: str, path: str | None = None) -> None:
        self.problems.append(("warning", message, path))

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The problems, sorted."""
        if not self.problems:
            return ()
        from posturio_iac.core.finding import Diagnostic, Level

        ordered = sorted(set(self.problems), key=lambda p: (p[2] or "", p[0], p[1]))
        return tuple(Diagnostic(Level(level), message, path) for level, message, path in ordered)
