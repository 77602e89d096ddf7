"""Files as git knows them: those that differ from a revision, and those that it tracks."""

from __future__ import annotations

import os

from posturio_iac.core.record import kept
from posturio_iac.core.text.textfile import MIB, UnreadableError, read
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.search.git_tree import find_git
from posturio_iac.search.git_tree.git_search import OPTIONS, reason, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_WHOLE = ("-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")  # whatever .gitmodules ignores
_STAGED = ("diff-index", "--cached", "--name-only", "--no-relative", *_WHOLE)
"""A renamed file counts as one deleted and one added: both places have changed."""
_UNSTAGED = ("diff-files", "--raw", "--no-abbrev", *_WHOLE)
"""It compares times and sizes. ``git diff`` compares contents, after a program that the repository's own configuration may name."""
_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"
_LINK = b"120000"
_MOST_BYTES = 10 * MIB  # a larger file whose time has changed counts as changed without a look at its content
_CONTEXT = 3  # how many lines around a change a diff shows
_DEEPEN = "run git fetch --unshallow, or let CI fetch the whole history"


def changed_since(revision: str, root: str, repository: str | None) -> frozenset[str]:
    """The files, relative to ``root``, that differ from where the branch left ``revision``, untracked and deleted ones included."""
    if repository is None:
        raise UsageError(f"--changed-since uses git, but {root} is not in a git repository")
    base = _merge_base(revision, repository)
    outputs = [_ask(repository, *_STAGED, base, "--"), _ask(repository, "ls-files", "-z", "-o", "--exclude-standard")]
    return relative([*[name for output in outputs for name in names(output)], *_unstaged(repository)], root, repository)


def shown_in_diff(revision: str, root: str, repository: str) -> Callable[[str, int, int], bool]:
    """A function of a path, first and last line: whether all is part of the diff, with its context, against where the branch left."""
    base = _merge_base(revision, repository)
    known: dict[str, list[tuple[int, int]]] = {}

    def is_shown(path: str, first: int, last: int) -> bool:
        hunks = kept(known, path, lambda one: _hunks(base, os.path.join(root, one), repository))
        return any(start <= first and last <= end for start, end in hunks)

    return is_shown


def told_before(revision: str, path: str, repository: str) -> bytes:
    """The content of a file (absolute) where the branch left ``revision``; empty where there was none."""
    return _before(_merge_base(revision, repository), path, repository)


def _before(base: str, path: str, repository: str) -> bytes:
    name = os.path.relpath(path, repository).replace(os.sep, "/")
    code, before, _ = _git(repository, "cat-file", "blob", f"{base}:{name}")
    return before if code == 0 else b""


def _hunks(base: str, path: str, repository: str) -> list[tuple[int, int]]:
    from difflib import SequenceMatcher

    try:
        now = read(path, MIB, None).splitlines()
    except UnreadableError:
        return []
    before = _before(base, path, repository)
    is_long = len(now) > 1000  # noqa: PLR2004 - lines; of many that are alike, comparing each with each would take quadratic time
    groups = SequenceMatcher(None, before.splitlines(), now, autojunk=is_long).get_grouped_opcodes(_CONTEXT)
    return [(group[0][3] + 1, group[-1][4]) for group in groups]


def _unstaged(repository: str) -> Iterator[str]:
    """Yield the tracked files whose content, mode or existence differs from what is staged."""
    records = _ask(repository, *_UNSTAGED, more=_without_filters(repository)).split(b"\0")
    for head, name in zip(records[::2], records[1::2], strict=False):
        before, after, blob, *_ = head.removeprefix(b":").split()
        path = os.fsdecode(name)
        if before != after or not _holds(os.path.join(repository, path), after, blob):
            yield path


def _holds(path: str, mode: bytes, blob: bytes) -> bool:
    """True if a file has the content that git keeps under a hash, as it is or with the line ends of Windows."""
    from hashlib import new

    try:
        data = os.fsencode(os.readlink(path)) if mode == _LINK else read(path, _MOST_BYTES, None)
    except (OSError, UnreadableError):
        return False
    kind = "sha1" if len(blob) == 40 else "sha256"  # noqa: PLR2004 - hexadecimal digits
    texts = (data, data.replace(b"\r\n", b"\n"))
    return any(new(kind, b"blob %d\0%b" % (len(text), text), usedforsecurity=False).hexdigest().encode() == blob for text in texts)


def _without_filters(repository: str) -> dict[str, str]:
    """Variables that switch off filter programs: git reads a file that was changed in the second of its staging even to compare times."""
    code, output, _ = _git(repository, "config", "-z", "--name-only", "--get-regexp", _FILTERS)
    found = dict.fromkeys(names(output)) if code == 0 else {}
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(found))}
    for number, name in enumerate(found, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": "false" if name.endswith("required") else ""}
    return variables if found else {}


def unstaged(root: str, repository: str) -> frozenset[str]:
    """The files, relative to ``root``, with changes that git does not hold, untracked ones included."""
    untracked = names(_ask(repository, "ls-files", "-z", "-o", "--exclude-standard"))
    return relative([*untracked, *_unstaged(repository)], root, repository)


def tracked(repository: str) -> frozenset[str]:
    return frozenset(names(_ask(repository, "ls-files", "-z", "-c")))


def knew(paths: Iterable[str], repository: str) -> bool:
    """True if the index or some commit has one of the files, which are relative to the top."""
    literal = [f":(literal){path}" for path in paths]
    return bool(_ask(repository, "ls-files", "-c", "--", *literal) or _ask(repository, "rev-list", "--all", "-1", "--", *literal))


def git_folder(repository: str) -> str:
    """Where git keeps what belongs to this work tree. Raises `UsageError` when git fails."""
    return os.path.realpath(os.fsdecode(_ask(repository, "rev-parse", "--absolute-git-dir").rstrip(b"\n")))


def names(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def relative(paths: Iterable[str], root: str, repository: str) -> frozenset[str]:
    """Paths that are relative to the top of the repository as seen from ``root``, which may be below it."""
    if repository == root:
        return frozenset(paths)
    return frozenset(os.path.relpath(os.path.join(repository, path), root).replace(os.sep, "/") for path in paths)


def _merge_base(revision: str, repository: str) -> str:
    if commit_of("HEAD", repository) is None:
        raise UsageError(f"--changed-since compares with a commit, but the repository {repository} has none yet")
    shallow = _ask(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"
    commit = commit_of(revision, repository)
    if commit is None:
        more = f"; this clone is shallow and may lack it: {_DEEPEN}" if shallow else ""
        raise UsageError(f'--changed-since: there is no commit "{revision}" here{more}')
    code, output, _ = _git(repository, "merge-base", commit, "HEAD")
    if code != 0:
        why = (
            f"this clone is shallow and does not reach back to their merge base: {_DEEPEN}" if shallow else "they have no commit in common"
        )
        raise UsageError(f'--changed-since cannot compare with "{revision}": {why}')
    return os.fsdecode(output.split()[0])


def commit_of(revision: str, repository: str) -> str | None:
    """The hash of the commit that a name means, or None when there is none."""
    code, output, errors = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if code not in (0, 1) and (b"dubious ownership" in errors or b"not a git repository" in errors):
        raise UsageError(f"git says: {reason(errors)}")
    return os.fsdecode(output.strip()) if code == 0 else None


def _ask(repository: str, *arguments: str, more: Mapping[str, str] | None = None) -> bytes:
    code, output, errors = _git(repository, *arguments, more=more)
    if code != 0:
        raise UsageError(f"git says: {reason(errors)}")
    return output


def _git(repository: str, *arguments: str, more: Mapping[str, str] | None = None) -> tuple[int, bytes, bytes]:
    try:
        ((code, output, errors),) = run([[find_git(os.path.realpath(repository)), "-C", repository, *OPTIONS, *arguments]], more)
    except (OSError, ValueError) as error:
        raise UsageError(f"git cannot be started: {system_reason(error)}") from None
    return code, output, errors
