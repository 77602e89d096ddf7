"""Files and folders that a search left out, each with the reason. Computed on request only, since git has to be asked again."""

from __future__ import annotations

import os

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.search import SKIPPED
from posturio_iac.search.kinds import kind_of
from posturio_iac.search.locations import holds_code, outermost, repository_of
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.search import Selection
    from posturio_iac.search.file_search import FileSearch

EXCLUDED, IGNORED, CACHE, SUBMODULE, REPOSITORY = "excluded", "ignored", "cache", "submodule", "repository"
UNREAD, MODULE, TEMPLATE, SOURCE, PROGRAMS = "unread", "module", "template", "source", "programs"
"""Left out by ``exclude`` or by git; a folder of tools such as ``.terraform``; a submodule; a repository inside the scanned one;
a file that could not be read; a call of a module, or a template or macro, whose code is not here; a source of CDK's or Pulumi's;
programs that are too many to look into each."""

_IGNORED = ("ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory")
_UNTRACKED = ("ls-files", "-z", "-o", "--exclude-standard")
_TRACKED = ("ls-files", "-z", "-s")
_SUBMODULE_MODE = b"160000"


class SkippedPlace(NamedTuple):
    """Something that was not checked."""

    kind: str
    path: str  # relative to the scan root; a folder ends with a slash
    text: str = ""  # details beside the path: the message of an error, or the call of a module and its source


def places(selection: Selection) -> Iterator[SkippedPlace]:
    """Yield the files and folders that were not searched. Files that hold no code, and copies of code below ``.git``, do not count."""
    search = selection.search
    yield from _sources(search)
    yield from (SkippedPlace(EXCLUDED, path) for path in search.left_out)
    yield from (SkippedPlace(CACHE, path) for path in search.passed_by if holds_code(search.prefix + path))
    searched = [place for place in search.places if repository_of(os.path.join(search.root, place)) is not None]
    for base in outermost((*searched, *search.repositories)) if searched or search.repositories else ():
        yield from _of_git(search, base)


def _of_git(search: FileSearch, base: str) -> Iterator[SkippedPlace]:
    """Yield the paths that git leaves out of the directory ``base``; none where git fails, which the scan has reported by then."""
    from posturio_iac.search.git_tree.git_search import command, run

    asked = (_IGNORED, _UNTRACKED, _TRACKED)
    try:
        outcomes = run([command(search, base, *arguments) for arguments in asked])
    except OSError:
        return
    ignored, untracked, tracked = (output.split(b"\0") for _, output, _ in outcomes)
    before = f"{base}/" if base else ""
    for name in map(os.fsdecode, ignored):
        path = before + name
        if (
            name not in ("", "./")
            and path not in search.read
            and (holds_code(search.prefix + path) if name.endswith("/") else kind_of(path))
        ):
            yield SkippedPlace(IGNORED, path)
    yield from (SkippedPlace(REPOSITORY, before + os.fsdecode(name)) for name in untracked if name.endswith(b"/"))
    for record in tracked:
        if record.startswith(_SUBMODULE_MODE):
            yield SkippedPlace(SUBMODULE, before + os.fsdecode(record.partition(b"\t")[2]) + "/")


_PROJECTS = frozenset(("cdk.json", "Pulumi.yaml", "Pulumi.yml", "serverless.ts", "serverless.js"))
_LANGUAGES = (".ts", ".js", ".mjs", ".py", ".java", ".go", ".cs", ".kt", ".fs")
_MAKES = lazy_pattern(rb"\b(?:(?:New)?CfnAccessKey|(?:New|iam\.|new\s+|AWS::IAM::|aws:iam[:/](?:accessKey:)?)AccessKey)\b")
_MOST_SOURCES = 10_000


def _sources(search: FileSearch) -> Iterator[SkippedPlace]:
    """Yield the sources of projects of CDK and Pulumi that make a key, by their text: what they come to is not here."""
    pending, seen = [(os.path.join(search.root, place), False) for place in search.places], 0
    while pending and seen < _MOST_SOURCES:
        folder, is_inside = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        is_inside = is_inside or not _PROJECTS.isdisjoint(entry.name for entry in entries)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not search.skips(f"{entry.path[len(search.prefix) :]}/x"):
                    pending.append((entry.path, is_inside))
            elif is_inside and (entry.name.endswith(_LANGUAGES) or entry.name in _PROJECTS):
                seen += 1
                if (found := _MAKES.search(content(entry.path, search.max_file_size, search.fence) or b"")) is not None:
                    yield SkippedPlace(SOURCE, entry.path[len(search.prefix) :].replace(os.sep, "/"), found[0].decode())
