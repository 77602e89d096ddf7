"""The configuration that holds for what is scanned."""

from __future__ import annotations

import os

from posturio_iac.config.locate import find, in_folder, is_top, second_in_folder, upwards
from posturio_iac.config.model import Config
from posturio_iac.core.text.textfile import Fence, is_inside
from posturio_iac.errors import UsageError
from posturio_iac.search.locations import repository_of

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.search import Selection


def seen_from(folder: str, root: str) -> str:
    """The scan root relative to the folder of the configuration, with forward slashes; empty where there is no way."""
    try:
        way = os.path.relpath(root, os.path.realpath(folder)) if folder else ""
    except ValueError:  # different drives
        return ""
    return "" if way == os.curdir else way.replace(os.sep, "/")


def configuration_near(folder: str) -> Config:
    """The configuration of a folder: what the files from the top of its repository down to it say.

    They come with the code, so what they name must be in the same repository.
    """
    tree = FolderTree(os.path.abspath(folder))
    found = tree.start()
    found.tree = tree
    return found


class FolderTree:
    """The configurations of folders: each file holds for its folder, laid over those above it."""

    def __init__(self, start: str) -> None:
        """Begin at an absolute folder: where it is in no repository, the nearest file above it is the first one."""
        self._start = os.path.realpath(start)
        self._known: dict[str, Config] = {}
        """By real path."""
        self._asked: dict[str, Config] = {}
        self._real: dict[str, str] = {}
        self._complaints: dict[tuple[str, bool], str] = {}
        self._differing: tuple[Selection, str, list[str]] | None = None

    def start(self) -> Config:
        """The configuration of the folder that the run begins at. Raises `UsageError` when a file there cannot be used."""
        folders = [*upwards(self._start)][::-1]
        if repository_of(self._start) is None:
            nearest = find(self._start)
            folders = [] if nearest is None else [f for f in folders if is_inside(f, os.path.dirname(nearest))]
        config = Config()
        for folder in folders:
            config = self._known[folder] = self._below(config, folder)
        return self._known.setdefault(self._start, config)

    def at(self, folder: str) -> Config:
        """The configuration of an absolute folder. A file that cannot be used is complained of, and those above it hold."""
        if folder not in self._asked:
            self._asked[folder] = self._found(self._real_of(folder))
        return self._asked[folder]

    def _real_of(self, folder: str) -> str:
        """The real path of an absolute folder, for which the folder above it need not be resolved again."""
        below = []
        while (real := self._real.get(folder)) is None:
            above, name = os.path.split(folder)
            if name in ("", os.curdir, os.pardir) or os.path.islink(folder):
                real = self._real[folder] = os.path.realpath(folder)
                break
            below.append((folder, name))
            folder = above
        for folder, name in reversed(below):
            real = self._real[folder] = os.path.join(real, name)
        return real

    def _found(self, real: str) -> Config:
        pending = []
        while real not in self._known:
            pending.append(real)
            parent = os.path.dirname(real)
            if parent == real or (not is_inside(real, self._start) and is_top(real)):
                self._known[real] = self._tried(Config(), pending.pop())
                break
            real = parent
        config = self._known[real]
        for below in reversed(pending):
            config = self._known[below] = self._tried(config, below)
        return config

    def _tried(self, above: Config, folder: str) -> Config:
        try:
            found = self._below(above, folder)
            if found is not above:
                check_rules(found)
        except UsageError as error:
            self._complaints[in_folder(folder) or folder, True] = f"{error}; this file was not used; those above it apply here"
            return above
        return found

    def _below(self, above: Config, folder: str) -> Config:
        """The configuration of a folder whose parent has the one ``above``."""
        path = in_folder(folder)
        if path is None:
            return above
        from posturio_iac.config.load import load

        if (second := second_in_folder(folder)) is not None:
            self._complaints[second, False] = f"this posturio-iac table is not used, because {os.path.basename(path)} is beside it"
        return load(path, Fence(repository_of(folder) or folder), above if above.path is not None else None)

    def differing(self, selection: Selection, place: str) -> list[str]:
        """The first folder of what was selected for each configuration that holds there. The last answer is kept."""
        if self._differing is None or self._differing[0] is not selection or self._differing[1] != place:
            files = (*selection.terraform, *selection.templates, *(path for paths in selection.others.values() for path in paths))
            first: dict[int, str] = {}
            for name in sorted({path.rpartition("/")[0] for path in files}):
                folder = os.path.join(place, name)
                first.setdefault(id(self.at(folder)), folder)
            self._differing = selection, place, list(first.values())
        return self._differing[2]

    def complaints(self) -> Iterator[tuple[str, bool, str]]:
        """Yield the files that are not used: each path, whether something is wrong with it, and what."""
        for (path, wrong), text in self._complaints.items():
            yield path, wrong, text


def check_rules(config: Config) -> None:
    """Raise `UsageError` when a configuration file names a rule that does not exist; the message names the file."""
    named = (*config.select, *config.ignore, *config.severity, *(one.rule for one in config.suppressions))
    if not named:
        return
    from posturio_iac.config.suggest import rule_id
    from posturio_iac.rules import all_rules

    try:
        for name in named:
            rule_id(name, all_rules())
    except UsageError as error:
        raise UsageError(f"{config.path}: {error}") from None


def nested(config: Config, selection: Selection, place: str) -> list[Config]:
    """The configurations of the folders of what was selected, but for the one of the run."""
    if not isinstance(config.tree, FolderTree):
        return []
    found = (config.at(folder) for folder in config.tree.differing(selection, place))
    return list({id(one): one for one in found if one is not config}.values())


def baselines_of(config: Config, selection: Selection, place: str) -> tuple[str, ...]:
    """The baselines of the run and of the folders of what was selected."""
    return tuple(dict.fromkeys(path for one in (config, *nested(config, selection, place)) for path in one.baseline))


def without_excluded(selection: Selection, config: Config, patterns: Sequence[str]) -> Selection:
    """A selection without the files that configurations below the scan root exclude; ``patterns`` are excluded already."""
    below = nested(config, selection, selection.root)
    if not any(one.exclude for one in below):
        return selection
    from posturio_iac.core.text.gitignore import Exclusions
    from posturio_iac.core.text.globs import rebase
    from posturio_iac.search import Selection as Made

    more = (pattern for one in below for pattern in rebase(one.exclude, one.folder, selection.root))
    finder = selection.finder
    finder.exclusions = Exclusions(dict.fromkeys((*patterns, *more)))
    finder.drop_excluded()
    return Made(finder, selection.repository)


def complaints(config: Config, selection: Selection, place: str) -> Iterator[Diagnostic]:
    """Yield what must be said of configuration files that are not used, and of baselines that are missing."""
    if not isinstance(config.tree, FolderTree):
        return
    from posturio_iac.core.finding import Diagnostic, Level

    for one in nested(config, selection, place):
        for path in one.baseline:
            if path not in config.baseline and not os.path.isfile(path):
                text = f"there is no baseline {path}; `posturio-iac baseline` writes one"
                yield Diagnostic(Level.ERROR, text, _seen(one.path or "", place))
    for path, wrong, text in config.tree.complaints():
        yield Diagnostic(Level.ERROR if wrong else Level.NOTE, text, _seen(path, place))


def _seen(path: str, place: str) -> str:
    """A path relative to the scan root, with forward slashes."""
    try:
        return os.path.relpath(path, os.path.realpath(place)).replace(os.sep, "/")
    except ValueError:  # different drives
        return path
