"""What git knows about files: those that differ from a revision, and those that it tracks."""

from __future__ import annotations

import os

from posturio_iac.errors import UsageError
from posturio_iac.search.git import run

TYPE_CHECKING = False  # importing typing would take longer than many a commit
if TYPE_CHECKING:
    from collections.abc import Iterable

_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "-c", "submodule.recurse=false", "-c", "core.hooksPath=/dev/null")
"""A repository's own configuration must not start programs."""
_DIFF = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative", "--no-color")
"""A renamed file is one that went and one that came: both places have changed."""
_DEEPEN = "run git fetch --unshallow, or let CI fetch the whole history"


def changed_since(revision: str, root: str, repository: str | None) -> frozenset[str]:
    """Return the files that differ from where the current branch left ``revision``, relative to ``root`` and with forward slashes.

    Staged and unstaged changes count, and files that are not tracked and not ignored; deleted files are named as well.

    Raises:
        UsageError: there is no repository, no commit, no such revision, or no history that joins both.

    """
    if repository is None:
        raise UsageError(f"--changed-since asks git, and {root} is in no git repository")
    base = _merge_base(revision, repository)
    outputs = [_ask(repository, *_DIFF, base, "--"), _ask(repository, "ls-files", "-z", "-o", "--exclude-standard")]
    return relative((name for output in outputs for name in names(output)), root, repository)


def uncommitted(root: str, repository: str) -> frozenset[str]:
    """Return the files with changes that no commit holds, those included that git does not track, relative to ``root``.

    Raises:
        UsageError: git does not say.

    """
    known = ("diff-index", "--name-only", "-z", "HEAD", "--") if _commit("HEAD", repository) else ("ls-files", "-z", "-c")
    outputs = [_ask(repository, *known), _ask(repository, "ls-files", "-z", "-o", "--exclude-standard")]
    return relative((name for output in outputs for name in names(output)), root, repository)


def tracked(repository: str) -> frozenset[str]:
    """Return the files that git tracks, relative to the top of the repository. Raises `UsageError` when git does not say."""
    return frozenset(names(_ask(repository, "ls-files", "-z", "-c")))


def names(output: bytes) -> list[str]:
    """Return the file names in what git says with ``-z``."""
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def relative(paths: Iterable[str], root: str, repository: str) -> frozenset[str]:
    """Return paths that are relative to the top of the repository as seen from ``root``, which may be below it."""
    if repository == root:
        return frozenset(paths)
    return frozenset(os.path.relpath(os.path.join(repository, path), root).replace(os.sep, "/") for path in paths)


def _merge_base(revision: str, repository: str) -> str:
    """Return the commit where the current branch and ``revision`` parted."""
    if _commit("HEAD", repository) is None:
        raise UsageError(f"--changed-since compares with a commit, and the repository {repository} has none yet")
    shallow = _ask(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"
    commit = _commit(revision, repository)
    if commit is None:
        more = f"; this clone is shallow and may lack it: {_DEEPEN}" if shallow else ""
        raise UsageError(f'--changed-since: there is no commit "{revision}" here{more}')
    code, output, _ = _git(repository, "merge-base", commit, "HEAD")
    if code != 0:
        why = (
            f"this clone is shallow and does not reach back to where they parted: {_DEEPEN}" if shallow else "they have no commit in common"
        )
        raise UsageError(f'--changed-since cannot compare with "{revision}": {why}')
    return os.fsdecode(output.split()[0])


def _commit(revision: str, repository: str) -> str | None:
    """Return the hash of the commit that a name means, or None when there is none."""
    code, output, errors = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if code not in (0, 1) and (b"dubious ownership" in errors or b"not a git repository" in errors):
        raise UsageError(_said(errors))
    return os.fsdecode(output.strip()) if code == 0 else None


def _ask(repository: str, *arguments: str) -> bytes:
    """Return what a git command prints. Raises `UsageError` when it fails."""
    code, output, errors = _git(repository, *arguments)
    if code != 0:
        raise UsageError(_said(errors))
    return output


def _git(repository: str, *arguments: str) -> tuple[int, bytes, bytes]:
    try:
        ((code, output, errors),) = run([["git", "-C", repository, *_OPTIONS, *arguments]])
    except (OSError, ValueError) as error:
        raise UsageError(f"git cannot be started: {getattr(error, 'strerror', None) or error}") from None
    return code, output, errors


def _said(errors: bytes) -> str:
    """Return the first line of git's own that says why it failed."""
    lines = [line.strip() for line in os.fsdecode(errors).splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return f"git says: {(fatal or lines or ['nothing'])[0]}"
