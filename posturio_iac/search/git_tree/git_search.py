"""Searching with git: it knows which files are ignored, and searches the tracked ones faster than Python could."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.text.decoding import UTF16
from posturio_iac.core.text.textfile import LIMIT, UnreadableError, read
from posturio_iac.errors import system_reason
from posturio_iac.search import git_tree, kinds
from posturio_iac.search.git_tree import Listing, PathFilter, find_git, safe_path
from posturio_iac.search.locations import outermost, repository_of
from posturio_iac.search.written_sources import written_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from posturio_iac.search.file_search import FileSearch

_MARKS = (b"GITCRYPT", *UTF16, *kinds.ESCAPES)
"""Signs that a file needs a closer look: locked by git-crypt, UTF-16, or letters written as escapes."""
_DROPPED = {"GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX"}
_DROPPED |= {"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
_DROPPED |= {f"GIT_{how}_PATHSPECS" for how in ("GLOB", "ICASE", "LITERAL", "NOGLOB")}
"""Variables that a hook sets for its own git; the index of a commit in the making only differs in files that are found as untracked."""
_FORCED = {"LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_FORCED["GIT_ALLOW_PROTOCOL"] = "none"  # unlike the option protocol.allow, no configuration of the repository overrides it
_SETTINGS = ["core.fsmonitor=false", f"core.hooksPath={os.devnull}", "protocol.allow=never", "submodule.recurse=false"]
_SETTINGS += ["core.quotepath=off", "grep.fullName=false", "grep.lineNumber=false", "grep.column=false"]
OPTIONS = tuple(part for option in _SETTINGS for part in ("-c", option))
"""A repository's own configuration must neither start programs nor change what is searched."""
_AT_ONCE, _LINK_MODE = 8, b"120000"
SMALL_INDEX = 64 << 10  # in bytes: some 600 files
_CLOSED = "warning: could not open directory '"
_GREP = ("grep", "--no-recurse-submodules", "-z", "-a", "--no-color")
_SOURCE = b'source["\t\r\v\f ]*[=:/]|"source"[\t\r ]*$'
"""A line that may call a module; a class of characters by its name would take twice as long, a hundred addresses ten times."""
_OPEN = rb"(AWS[:IAMcesKy]*|Custom::)[\$]|[$][{][abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789]+[:(]"
"""A type that goes on behind a line's end in YAML or behind a value that is filled in, and a variable of the Serverless Framework.
A range such as ``a-z`` takes four times as long."""
_RARE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ$\\!"
"""Letters that begin few words: one pattern for the texts that begin with them takes less than a search for each."""
_SPECS = 16  # with more directories than this, git searches their common parent and the filter does the rest


def list_files(search: FileSearch, top: str, named: Sequence[str]) -> tuple[str, list[str]]:
    """Search directories, relative to the root; return why git could not do it, or nothing, and those that it ignores as a whole."""
    directories = outermost(named)
    base = posixpath.commonpath(directories)
    small, has_links = _look_at(top)
    options = ("-c", "-o") if small else ("-c", "-o", "-d")
    specs = (*_specs(base, directories), *_specs(base, directories, kinds.HCL)[1:])
    try:
        commands = [command(search, base, "ls-files", "-z", "-v", "-s", *options, "--exclude-standard", *specs)]
        commands += [command(search, base, "ls-files", "-z", "-s")] if has_links else []  # no pattern tells links from other files
        if not small:
            commands += _searches(search, base, directories)
        outcomes = run(commands)
    except OSError as error:
        return f"git cannot be started: {system_reason(error)}", []
    if failed := next((reason(errors) for code, _, errors in outcomes if code not in (0, 1)), ""):
        return failed, []
    listing, *hits = (output for _, output, _ in outcomes)
    links = [one.partition(b"\t")[2] for one in (hits.pop(0).split(b"\0") if has_links else ()) if one.startswith(_LINK_MODE)]
    keep = PathFilter(search, base, directories)
    listed = Listing(listing)
    search.hcl.update(path for path in keep.plain(listed.hcl) if kinds.calls_modules(path))
    _read(keep, listed.own)
    if small:
        _read(keep, listed.there)
    else:
        _take_hits(keep, listed, hits)
    search.symlinks.update(keep.files(listed.links))
    search.linked.update(path for path in keep.plain(map(os.fsdecode, links)) if kinds.kind_of(path) is None)
    if complaints := b"".join(errors for _, _, errors in outcomes):
        _take_complaints(keep, complaints.splitlines(), listed)
    return "", _ignored(search, base, named, listing)


def _look_at(top: str) -> tuple[bool, bool]:
    """Whether a repository has so few files that starting a search by git takes longer than reading them, and may have links."""
    try:
        index = read(f"{top}/.git/index", LIMIT, None)
    except UnreadableError:
        return False, True
    return len(index) < SMALL_INDEX, index.find(int(_LINK_MODE, 8).to_bytes(4, "big")) >= 0


def _searches(search: FileSearch, base: str, directories: Sequence[str]) -> list[list[str | bytes]]:
    terms = search.search_terms
    runs = {kind: (*kinds.CALLING, *kinds.RUNNING[kind], *kinds.NAMING[kind]) for kind in (kinds.TERRAFORM, kinds.TEMPLATE)}
    code = (*terms.terraform, *_MARKS, b"git-lfs", *runs[kinds.TERRAFORM], kinds.GIVEN)
    texts = _shortest((*terms.texts, *_MARKS, *kinds.LEADING[:-1], *runs[kinds.TEMPLATE]))
    joined = [text for text in texts if text[0] in _RARE]
    escaped = (b"".join(b"[%c]" % sign if sign in b"\\.[|(){}*+?$" else b"%c" % sign for sign in text) for text in joined)
    pattern = b"|".join((_OPEN, *escaped))
    patterns = [part for text in (pattern, *(text for text in texts if text not in joined)) for part in ("-e", text)]
    return [
        grep_command(search, base, code, _specs(base, directories, kinds.TERRAFORM)),
        command(search, base, *_GREP, "-l", "-E", *patterns, *_specs(base, directories, kinds.TEMPLATE)),
        command(search, base, *_GREP, "-E", "-e", _SOURCE, *_specs(base, directories, kinds.TERRAFORM)),
    ]


def _shortest(texts: Iterable[bytes]) -> list[bytes]:
    """The texts but those that hold another one: git looks for one after the other."""
    found: list[bytes] = []
    for text in sorted(dict.fromkeys(texts), key=len):
        if not any(part in text for part in found):
            found.append(text)
    return found


def _take_hits(keep: PathFilter, listed: Listing, outputs: Sequence[bytes]) -> None:
    search = keep.search
    counts = keep.directories or search.exclusions or search.read or listed.pruned  # which of them count
    search.searched += sum(path not in search.read for path, _ in keep.files(listed.there)) if counts else len(listed.there)
    names = _names(outputs[0] + outputs[1])
    names += map(os.fsdecode, _callers(search, keep.base, outputs[2]))
    for path, kind in keep.files(names):
        _examine_again(search, path, kind)
    keep.code = {name for name in listed.there if name.endswith(kinds.CODE) and not (listed.pruned and search.skips(keep.base + name))}
    search.trees.append(keep)


def _names(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")


def _callers(search: FileSearch, base: str, lines: bytes) -> Iterator[bytes]:
    """Yield the names of the files with a call that only a parser can read, or of a known module, from git's ``name NUL line LF``."""
    known: dict[bytes, tuple[bytes, ...]] = {}
    for record in lines.split(b"\n"):
        name, _, line = record.partition(b"\0")
        sources = known.get(line)
        if sources is None:
            before, key, rest = line.rpartition(b'"source"')
            is_torn = key and not rest.strip() and before.rstrip()[-1:] in (b"", b"{", b",")  # in JSON its value may stand below
            sources = known[line] = tuple(written_sources(line)) or ((b"",) if is_torn else ())
        for source in sources:
            search.note_calls(base + os.fsdecode(name), (source,))
            if not source or search.search_terms.holds_known_module(source):
                yield name


def run(commands: Sequence[list[str | bytes]], more: Mapping[str, str] | None = None) -> list[git_tree.Exited]:
    """Run git commands, undisturbed by a hook's variables and the user's language. Raises `OSError` when git is not there."""
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED and not name.startswith("GIT_TRACE")}
    environment.update(_FORCED, PATH=safe_path())
    environment.update(more or {})
    return git_tree.run(commands, environment)


def command(search: FileSearch, base: str, *arguments: str | bytes) -> list[str | bytes]:
    return [find_git(search.root, search.fence.top), "-C", search.prefix + base, *OPTIONS, *arguments]


def grep_command(search: FileSearch, base: str, search_terms: Sequence[bytes], specs: Sequence[str]) -> list[str | bytes]:
    patterns = [part for search_term in _shortest(search_terms) for part in ("-e", search_term)]
    return command(search, base, *_GREP, "-l", "-F", *patterns, *specs)


def _specs(base: str, directories: Sequence[str], only: str = "") -> list[str]:
    if len(directories) > _SPECS:
        directories = (base,)
    return ["--", *(spec for d in directories for spec in kinds.pathspecs(_below(base, d), only))]


def _below(base: str, directory: str) -> str:
    return directory[len(base) :].removeprefix("/")


def reason(errors: bytes) -> str:
    """The first line of git's own error message, and the way out where git only serves the owner of a repository."""
    lines = [line.strip() for line in os.fsdecode(errors).splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    trusted = next((f"; if you trust it: {line}" for line in lines if line.startswith("git config --global --add safe.directory ")), "")
    return f"{(fatal or lines or ['git failed and did not say why'])[0]}{trusted}"


def _read(keep: PathFilter, names: Iterable[str]) -> None:
    for path, kind in keep.files(names):
        keep.search.examine_itself(path, kind)


def _examine_again(search: FileSearch, path: str, kind: str) -> None:
    """Look closer at a file that git has searched, unless it, or a directory on the way, became a symbolic link."""
    if path not in search.read:
        search.searched -= 1
        search.examine_itself(path, kind)


def _take_complaints(keep: PathFilter, lines: Iterable[bytes], listed: Listing) -> None:
    """Turn git's error messages into diagnostics. It quotes file names loosely, so files are tried again one by one."""
    search = keep.search
    files = False
    for line in map(os.fsdecode, lines):
        if line.startswith("error: "):
            files = True
        elif line.startswith(_CLOSED):
            name, separator, why = line.removeprefix(_CLOSED).rpartition("/': ")
            if not separator:
                search.error(f"git says: {line}")
            elif any(keep.plain((f"{name}/",))):
                search.error(f"cannot be read: {why.lower()}", keep.base + name)
        elif line.startswith("warning: "):
            search.warn(f"git says: {line.removeprefix('warning: ')}")
    if files:
        for path, kind in keep.files(listed.there):
            _examine_again(search, path, kind)
        for path, kind in keep.files(listed.missing):
            search.examine(path, kind)


def holding(keep: PathFilter, search_terms: Sequence[bytes]) -> Iterator[str]:
    """Yield the tracked Terraform files that hold one of ``search_terms``. What git cannot search any more is not found."""
    base = keep.base.removesuffix("/")
    specs = _specs(base, [d.removesuffix("/") for d in keep.directories] or [base], kinds.TERRAFORM)
    terms = [term for term in search_terms if b"\0" not in term]  # which no argument of a program can hold
    output = run([grep_command(keep.search, base, terms, specs)])[0][1] if terms else b""
    return (path for path, kind in keep.files(_names(output)) if kind is kinds.TERRAFORM)


def _ignored(search: FileSearch, base: str, named: Sequence[str], listing: bytes) -> list[str]:
    """Those of the directories that git ignores: it lists nothing in them, and says so when asked."""
    empty: list[str] = []
    for directory in named:
        below = os.fsencode(_below(base, directory) + "/") if directory != base else b""
        if b"\t" + below not in listing and b"? " + below not in listing:
            empty.append(directory)
    ignored: list[str] = []
    for start in range(0, len(empty), _AT_ONCE):
        some = empty[start : start + _AT_ONCE]
        outcomes = run([command(search, d, "check-ignore", "-q", "--", ".") for d in some])
        ignored += [d for d, (code, _, _) in zip(some, outcomes, strict=True) if code == 0]
    return ignored


def is_ignored(search: FileSearch, path: str) -> bool:
    """True if git ignores an absolute path, which need not be there."""
    return _told_by_top(search, "check-ignore", "-q", "--", path)[0] == 0


def ignored_of(search: FileSearch, paths: Iterable[str]) -> set[str]:
    """Those of some paths, relative to the root, that are here and that git ignores."""
    top = repository_of(search.root) or search.root
    named = {os.path.relpath(search.prefix + path, top): path for path in paths}
    specs = (f":(literal){one}" for one in sorted(named))
    listed = _told_by_top(search, "ls-files", "-z", "-o", "-i", "--exclude-standard", "--", *specs)[1] if named else b""
    return {named[one] for one in _names(listed) if one in named}


def remotes(search: FileSearch) -> tuple[str, ...]:
    """The addresses of the repository that holds the scan root, as its configuration states them."""
    output = _told_by_top(search, "config", "--local", "--get-regexp", r"^remote\..*\.url$")[1]
    return tuple(line.partition(" ")[2] for line in os.fsdecode(output).splitlines())


def is_at(search: FileSearch, ref: str, folders: Collection[str]) -> bool:
    """True if folders, relative to the root, are here, and git finds no difference to a tag, branch or commit that it knows."""
    if not all(os.path.isdir(search.prefix + one) for one in folders):
        return False
    top = repository_of(search.root) or search.root
    paths = sorted(f":(literal){os.path.relpath(search.prefix + one, top)}" for one in folders)
    differ = ("diff-index", "--raw", "-z", "--no-renames", "--no-relative", "--ignore-submodules=dirty")
    names = (name for name in (ref, f"refs/remotes/origin/{ref}") if name[0] != "-")
    return any(_told_by_top(search, *differ, name, "--", *paths) == (0, b"") for name in names)


def _told_by_top(search: FileSearch, *arguments: str) -> tuple[int, bytes]:
    if (top := repository_of(search.root)) is None:
        return 1, b""
    try:
        ((code, output, _),) = run([[find_git(search.root, search.fence.top), "-C", top, *OPTIONS, *arguments]])
    except OSError:
        return 1, b""
    return code, output
