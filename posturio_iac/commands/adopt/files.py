"""The files that are set up in a repository: all are planned and shown before any is written, and none replaces another one."""

from __future__ import annotations

import os
import sys

from posturio_iac import DOCS, __version__
from posturio_iac.commands.fix.summary import unified
from posturio_iac.commands.output import to_stdout, write
from posturio_iac.config import FILE as CONFIGURATION
from posturio_iac.config import SHARED_FILE
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import printable, wants_color
from posturio_iac.core.text.textfile import LIMIT, Fence, MissingError, UnreadableError, read
from posturio_iac.errors import UsageError
from posturio_iac.scan.configuration import in_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HOOKS = ".pre-commit-config.yaml"

PLACES = {"github": ".github/workflows/posturio-iac.yml", "gitlab": ".gitlab-ci.yml"}
REPOSITORY = "https://github.com/posturio/posturio-iac"


class FileChange(NamedTuple):
    """One file before and after."""

    path: str
    before: str
    after: str


def top_of(folder: str) -> str:
    """The top of the repository of a folder, or the folder itself. Raises `UsageError` when there is none."""
    from posturio_iac.search.locations import repository_of

    real = os.path.realpath(folder)
    if not os.path.isdir(real):
        raise UsageError(f"{folder}: no such folder")
    return repository_of(real) or real


def hook(top: str, repository: str | None, revision: str | None) -> Iterator[FileChange]:
    """Yield the change that adds the hook, unless it is there. Raises `UsageError` when nothing tells which version to fetch."""
    from posturio_iac.commands.adopt.texts import with_hook

    path = os.path.join(top, HOOKS)
    before = _read(path)
    found = revision or own_revision()
    after = with_hook(before, repository or REPOSITORY, found or "", os.path.relpath(path))
    if after == before:
        return
    if found is None:
        text = "this installation does not tell which commit it was made from"
        raise UsageError(f"{text}, so no hook was written: name a tag or commit with --rev")
    yield FileChange(path, before, after)


def own_revision() -> str | None:
    """The commit of the checkout or git address, or the tag of the release, that was installed; None where nothing tells."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import unquote

    try:
        record = json.loads(distribution("posturio-iac").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    if not record:
        return f"v{__version__}"  # from a package index
    commit = record.get("vcs_info", {}).get("commit_id")
    if isinstance(commit, str):
        return commit
    folder = unquote(str(record.get("url")).partition("file://")[2])
    if not folder or not os.path.lexists(os.path.join(folder, ".git")):
        return None
    from posturio_iac.search.git_tree.git_changes import commit_of

    return commit_of("HEAD", folder)


def configuration(top: str, baseline: str = "") -> Iterator[FileChange]:
    """Yield a configuration file, unless one is there."""
    if in_folder(top) is None and not os.path.lexists(path := os.path.join(top, CONFIGURATION)):
        from posturio_iac.commands.adopt.texts import short

        yield FileChange(path, "", short(baseline))


def named_baseline(path: str, baseline: str, top: str) -> FileChange:
    """The change that lets an existing configuration name a baseline. Raises `UsageError` where a person has to do that."""
    from posturio_iac.commands.adopt.texts import with_baseline

    before = _read(path)
    folder, name = os.path.split(path)
    after = with_baseline(before, baseline, shared=name == SHARED_FILE) if folder == top else None
    if after is None:
        raise UsageError(f'{os.path.relpath(path)} names no baseline; add baseline = "{baseline}" to it first')
    return FileChange(path, before, after)


def ci(top: str, service: str, revision: str | None, *, baseline: bool) -> FileChange:
    """The file of a CI service, with the version that runs here. Raises `UsageError` when there is one."""
    from posturio_iac.commands.adopt.texts import ci_file

    path = os.path.join(top, *PLACES[service].split("/"))
    if os.path.lexists(path):
        raise UsageError(f"nothing was written: {os.path.relpath(path)} already exists; {DOCS}/ci.md shows what to add")
    return FileChange(path, "", ci_file(service, REPOSITORY, revision or own_revision() or f"v{__version__}", baseline=baseline))


def show(changes: Iterable[FileChange], top: str) -> None:
    changed = {os.path.relpath(one.path, top): (one.before.encode(), one.after.encode()) for one in changes}
    to_stdout(unified(changed, color=wants_color("auto", sys.stdout, os.environ), exact=False))


def write_all_files(changes: Sequence[FileChange]) -> None:
    """Write the files, each in one step, and say so."""
    for change in changes:
        write(change.after, change.path)
        to_stdout(f"wrote {printable(os.path.relpath(change.path))}\n")
    if any(os.path.basename(change.path) == HOOKS for change in changes):
        to_stdout("run `pre-commit install` once, so that commits are checked\n")


def _read(path: str) -> str:
    folder = os.path.realpath(os.path.dirname(path))
    try:
        return read(path, LIMIT, Fence(folder)).decode("utf-8")
    except MissingError:
        return ""
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 at byte {error.start}") from None
