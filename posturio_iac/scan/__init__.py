"""From paths to a report: search, read with each front end, judge."""

from __future__ import annotations

import os

from posturio_iac.core.record import replace
from posturio_iac.frontends import FRONT_ENDS, Reading
from posturio_iac.scan.reading import read_all, request_of, search_terms_of
from posturio_iac.search import Selection, discover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from posturio_iac.config import Config
    from posturio_iac.core.finding import Diagnostic, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.judge.policy import Policy
    from posturio_iac.scan.impact import Narrowed

MOST_PAIRS = 2_000_000  # how often entries of the configuration are compared with keys


def judge_paths(paths: Sequence[str], *, as_of: datetime, cwd: str | None = None, config: Config | None = None) -> Report:
    """The report on files and folders, which are relative to ``cwd``, at a time with its zone.

    The library's entry: it prints nothing, reads neither clock nor configuration (`configuration_near` does) and never exits. Raises
    `UsageError` for a path that does not exist, or a configuration that leaves nothing to judge by.
    """
    from posturio_iac.config import Config

    here, chosen = cwd or os.getcwd(), config or Config()
    selection = select(paths, here, chosen, ())
    return judged(selection, chosen, place=selection.root, as_of=as_of, suppressions=True)


def select(
    paths: Sequence[str],
    cwd: str,
    config: Config,
    exclude: Sequence[str],
    step: Callable[[str], object] | None = None,
    *,
    settles: Callable[[Fence], bool] = lambda _: True,
) -> Selection:
    """The files that can matter; ``exclude`` adds patterns relative to the scan root, ``step`` is told of each folder and file."""
    for baseline in config.baseline:
        if not os.path.isfile(baseline):
            from posturio_iac.errors import UsageError

            raise UsageError(f"there is no baseline {baseline}; `posturio-iac baseline` writes one")
    selection = discover(
        paths,
        cwd=cwd,
        exclude=exclude,
        configured=(config.exclude, config.folder),
        max_file_size=config.max_file_size,
        search_terms=search_terms_of(config),
        apart=config.baseline,
        step=step,
        settles=settles,
    )
    if config.exclude and config.path is not None and selection.search.leaves_out_everything():
        from posturio_iac.errors import UsageError

        raise UsageError(f"{config.path}: exclude leaves out everything; --no-config ignores it")
    return selection


def judged(
    selection: Selection,
    config: Config,
    *,
    place: str,
    as_of: datetime | None,
    suppressions: bool,
    narrowed: Narrowed | None = None,
    guarded: bool = True,
) -> Report:
    """Read the selected files and judge their keys at ``as_of``, by default now; ``place`` is where the root stands for globs."""
    from posturio_iac.core.times import now

    report = CodeScan(selection, config, place, as_of or now(), suppressions=suppressions, narrowed=narrowed, guarded=guarded).report()
    said = not_followed(selection, config, None if narrowed is None else narrowed.changed)
    return report if said is None else replace(report, diagnostics=(*report.diagnostics, said))


def not_followed(selection: Selection, config: Config, changed: Collection[str] | None) -> Diagnostic | None:
    """The note on calls that lead to code that is not here, and on programs that no code runs; of ``changed`` files if these are given."""
    from posturio_iac.search.idle_programs import may_miss

    if not may_miss(selection.search, changed):
        return None
    from posturio_iac.scan.skipped import unfollowed

    return unfollowed(selection, config, changed)


class CodeScan:
    """Reads the selected files and judges their keys, as they are or with edits, at any time; its keys are those of the last reading."""

    def __init__(
        self,
        selection: Selection,
        config: Config,
        place: str,
        as_of: datetime,
        *,
        suppressions: bool,
        narrowed: Narrowed | None,
        guarded: bool = True,
    ) -> None:
        self.selection, self.config, self.place, self.as_of = selection, config, place, as_of
        self._narrowed, self._guarded = narrowed, guarded
        self._policy = policy_of(config, place, suppressions=suppressions)
        self.keys: Sequence[AccessKey] = ()
        self.diagnostics: list[Diagnostic] = []

    def report(self) -> Report:
        """Read the files as they are, and judge all keys."""
        from posturio_iac.errors import UsageError
        from posturio_iac.judge.engine import judge
        from posturio_iac.rules import all_rules
        from posturio_iac.scan.configuration import complaints, found_again

        self.keys, self.diagnostics = self.read()
        config = self.config
        if (config.select or config.ignore) and not self._policy.selected(all_rules()):
            where, way = (f"{config.path}: ", "; --no-config checks all") if config.own & {"select", "ignore"} else ("", "")
            raise UsageError(f"{where}select and ignore leave no rule to check{way}")
        diagnostics = [*self.diagnostics, *complaints(config, self.selection, self.place), *self._bounded()]
        files = self.selection.searched
        report = judge(self.keys, as_of=self.as_of, diagnostics=diagnostics, files=files, policy=self._policy)
        if (again := found_again(report, self._policy, self.selection)) is not None:
            self._policy = again
            report = judge(self.keys, as_of=self.as_of, diagnostics=diagnostics, files=files, policy=again)
        return report if self._narrowed is None else _without_idle(report)

    def _bounded(self) -> Iterator[Diagnostic]:
        """Keep the comparisons of entries of the configuration with keys within bounds; yield why none of them counts."""
        config, number = self.config, len(self.config.overrides) + len(self.config.suppressions)
        if number * len(self.keys) <= MOST_PAIRS:
            return
        from posturio_iac.core.finding import Diagnostic, Level
        from posturio_iac.core.record import replace
        from posturio_iac.scan.configuration import seen_below

        self._policy = replace(self._policy, config=config.with_values(overrides=(), suppressions=()))
        text = f"{number:,} overrides and suppressions for {len(self.keys):,} keys are too many to compare, so none of them counts"
        yield Diagnostic(Level.ERROR, f"{text}; select more keys by one entry", seen_below(config.path or "", self.place))

    def judge(self, keys: Iterable[AccessKey], as_of: datetime) -> Report:
        """Judge some keys at a time."""
        from posturio_iac.judge.engine import judge

        return judge(keys, as_of=as_of, policy=self._policy)

    def _roots(self, front_end: str, scopes: Collection[str] | None) -> Collection[str] | None:
        if scopes is None:
            return None if self._narrowed is None else self._narrowed.roots(front_end)
        return {_path_of(scope, self.selection) for scope in scopes} if front_end == "terraform" else None

    def read(
        self, edited: Mapping[str, bytes] | None = None, scopes: Collection[str] | None = None
    ) -> tuple[Sequence[AccessKey], list[Diagnostic]]:
        """The keys, and what could not be read, with ``edited`` texts in place of files; of some ``scopes``, or all."""
        from posturio_iac.core.finding import Level
        from posturio_iac.facts.shared_code import with_own_remedies
        from posturio_iac.search.module_calls import local_calls

        selection, narrowed = self.selection, self._narrowed
        fence = selection.search.fence
        typed = fence.edited
        fence.edited = {**typed, **{os.path.realpath(os.path.join(selection.root, path)): text for path, text in (edited or {}).items()}}
        try:
            reading = read_all(
                selection, self.config, self.as_of, self.place, lambda name: self._roots(name, scopes), guarded=self._guarded
            )
        finally:
            fence.edited = typed
        keys: Sequence[AccessKey] = with_own_remedies(reading.keys, lambda: local_calls(selection), _top(selection))
        errors = {one.path for one in reading.diagnostics if one.level is Level.ERROR} - {None}  # beside which a warning says nothing
        diagnostics = [*(one for one in selection.diagnostics if one.path not in errors), *reading.diagnostics]
        if narrowed is not None:
            keys = [key for key in keys if narrowed.keeps(key)]
            diagnostics = [diagnostic for diagnostic in diagnostics if narrowed.concerns(diagnostic.path)]
        keys = _with_stable_scopes(keys, selection)
        if any(not isinstance(key.owner, str) for key in keys):
            from posturio_iac.core.metadata.owners import with_code_owners

            keys = [*with_code_owners(keys, selection.root, selection.repository, diagnostics)]
        if any(consumer.secret for key in keys for consumer in key.consumers):
            from posturio_iac.core.metadata.pipelines import with_uses

            keys = with_uses(keys, selection.root, selection.repository or selection.root, fence)
        return [_with_known_status(key, diagnostics) for key in keys if scopes is None or key.scope in scopes], diagnostics


def _path_of(scope: str, selection: Selection) -> str:
    path = os.path.normpath(os.path.join(_top(selection), scope)).replace(os.sep, "/")
    return "" if path == "." else path


def _top(selection: Selection) -> str:
    return os.path.relpath(selection.repository or selection.root, selection.root).replace(os.sep, "/")


def _with_known_status(key: AccessKey, diagnostics: list[Diagnostic]) -> AccessKey:
    """A key whose status is a word that AWS knows; any other is said, and judged as active."""
    from posturio_iac.core.model import STATUSES

    if not isinstance(key.status, str) or key.status in STATUSES:
        return key
    from posturio_iac.core.finding import Diagnostic, Level
    from posturio_iac.core.record import replace
    from posturio_iac.core.text import quote

    text = f"AWS rejects the status {quote(key.status)} of {key.address}, which is treated as active; write Active or Inactive"
    place = (key.span.path, key.span.line, key.span.column) if key.span else ()
    diagnostics.append(Diagnostic(Level.WARNING, text, *place))
    return replace(key, status=STATUSES[0])


def declared(selection: Selection, config: Config, as_of: datetime) -> Reading:
    """Read the keys that code declares, without judging them. Plans are left out: their keys are those of the code again."""
    from posturio_iac.core.metadata.owners import with_code_owners
    from posturio_iac.frontends import Reading

    request = request_of(config, as_of, selection, selection.root, None)
    own = [one for one in FRONT_ENDS.values() if one.impact and selection.of_kind(one.kind)]
    readings = [front_end.read(selection, request) for front_end in own]
    keys = with_code_owners([key for reading in readings for key in reading.keys], selection.root, selection.repository)
    return Reading(tuple(keys), (*selection.diagnostics, *(one for reading in readings for one in reading.diagnostics)))


def policy_of(config: Config, place: str, *, suppressions: bool) -> Policy:
    """What keys are judged by when the scan root stands at ``place``."""
    from posturio_iac.judge.policy import Policy
    from posturio_iac.scan.configuration import known_by, seen_from

    return Policy(config, seen_from(config.folder, place), suppressions, known_by(config) if suppressions else {})


def _with_stable_scopes(keys: Sequence[AccessKey], selection: Selection) -> Sequence[AccessKey]:
    """Name templates from the top of the repository, as root modules are: a fingerprint is the same from wherever the scan was started."""
    if selection.repository is None or selection.repository == selection.root or not selection.templates:
        return keys
    from posturio_iac.core.record import replace

    def stable(scope: str) -> str:
        return os.path.relpath(os.path.join(selection.root, scope), selection.repository).replace(os.sep, "/")

    return [replace(key, scope=stable(key.scope)) if key.framework == "cloudformation" else key for key in keys]


def _without_idle(report: Report) -> Report:
    """Leave out what is said of suppressions that stand beside no key: in a part of the code, most of them have nothing to do."""
    from posturio_iac.core.finding import Level
    from posturio_iac.core.record import replace

    return replace(report, diagnostics=tuple(d for d in report.diagnostics if d.level is not Level.NOTE or d.path is not None))
