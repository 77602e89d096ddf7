"""Programs in the searched folders that make keys, and that no code was found to run."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.text.decoding import holds_any
from posturio_iac.core.text.textfile import MOST_PROGRAMS, is_inside, real_path
from posturio_iac.search.checkout import below, hinted, is_of_tests
from posturio_iac.search.kinds import TERRAFORM, kind_of, names_file
from posturio_iac.search.programs import ENDINGS, Program, content, declares_key, make_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from posturio_iac.search.file_search import FileSearch

_PROSE = (".txt", ".pyi", ".d.ts", ".mdx", ".patch", ".diff", ".graphql", "/README", "/CHANGELOG", "/LICENSE", "~")
_NAMES_OF_AWS = (b"iam", b"aws", b"amazon")  # one of which a program names that calls it, whatever its own methods are called


def may_miss(search: FileSearch, changed: Collection[str] | None) -> bool:
    """True if code, or that in ``changed`` files where these are given, may lead to what is not here, or was not seen to run."""
    return search.may_lead_elsewhere or bool(not_run(search, changed))


def not_run(search: FileSearch, changed: Collection[str] | None) -> set[str]:
    """The programs in searched folders that make keys and end none, tests apart, and that no code was found to run; paths from the root.

    With ``changed`` files, or named ones alone, those among them, and all if one of these may run a program and they are not too many.
    """
    if not search.searched:
        return set()
    whole = changed is None and bool(search.places)
    found = _makers_below(search, search.places) if whole else _makers_around(search, search.read if changed is None else changed)
    tops, names = [os.path.normpath(search.prefix + place) for place in search.places], dict[str, str]()
    for file in (one for one in sorted(found) if _is_idle(search, one, found[one])):
        real = real_path(file)
        names.setdefault(real, real if any(is_inside(real, top) for top in tops) else file)
    read = (search.prefix + link for link, kind in search.symlinks.items() if kind is TERRAFORM or search.has(link))
    run = (file for file, is_run in search.fence.run.items() if is_run)
    left = names.keys() - {real_path(file) for file in (*read, *run) if names}
    paths = {os.path.relpath(names[real], search.root).replace(os.sep, "/") for real in left}
    paths -= {path for path, _ in search.unfollowed}
    hidden = {path for path in paths if search.exclusions is not None and search.exclusions.cover(path)}
    search.left_out |= hidden
    return {path for path in paths - hidden if not (kind_of(path) is TERRAFORM or search.skips(path))}


def declares(search: FileSearch, path: str) -> bool:
    """True if a program is the text of a template with a key, which another program renders."""
    text = content(search.prefix + path, search.fence)[0].decode("utf-8", "replace")
    return kind_of(path) is None and not path.endswith(ENDINGS) and declares_key(text) and not make_keys(text)


def _makers_around(search: FileSearch, files: Iterable[str]) -> dict[str, Program]:
    """Those among some files that may make keys; if one of the files may run a program, those of the searched folders too."""
    fence, kinds = search.fence, {path: kind_of(path) for path in files}
    found = dict(hinted((search.prefix + path for path, kind in kinds.items() if kind is not TERRAFORM), fence))
    texts = ((search.texts.get(path) or content(search.prefix + path, fence)[0], kind) for path, kind in kinds.items() if kind)
    if any(names_file(text, kind) for text, kind in texts):
        found |= _makers_below(search, search.places or {posixpath.dirname(path) for path in kinds}, fence.most)
    return found


def _makers_below(search: FileSearch, places: Iterable[str], most: int | None = None) -> dict[str, Program]:
    """The programs in some folders that may make keys, tests apart; none of a folder that holds more than ``most`` files."""
    fence, found = search.fence, dict[str, Program]()
    for top in sorted(os.path.normpath(search.prefix + place) for place in places):
        if top not in fence.makers:
            files = below(top, fence, most or MOST_PROGRAMS, ())
            shown = ((file, file[len(top) :], fence.resolved(file)[len(fence.top) :]) for file in files)  # also behind a link
            ours = (file for file, *paths in shown if not all(map(is_of_tests, paths)))
            fence.makers[top] = dict(hinted(() if most and len(files) > most else ours, fence))
        found |= fence.makers[top]
    return found


def _is_idle(search: FileSearch, file: str, program: Program) -> bool:
    """True if a program makes a key of AWS, ends none, and nothing runs it, or reads it where it is a template."""
    run = search.fence.run
    if program.ends_keys or run.get(file, file.endswith(_PROSE)):
        return False
    makes = program.makes_keys or (program.deploys_key and file not in run)
    return makes and holds_any(content(file, search.fence)[0].lower(), _NAMES_OF_AWS)
