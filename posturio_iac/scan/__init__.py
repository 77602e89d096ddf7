"""From paths to a report: discover, read each framework that is there, judge."""

from __future__ import annotations

import os

from posturio_iac.frontends.table import FRONT_ENDS
from posturio_iac.search import SEARCH_TERMS, discover

TYPE_CHECKING = False  # importing typing would take longer than many a search
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from posturio_iac.config.model import Config
    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic, Report
    from posturio_iac.core.model import AccessKey
    from posturio_iac.frontends.reading import Reading, ReadRequest
    from posturio_iac.impact.selection import Narrowed
    from posturio_iac.judge.policy import Policy
    from posturio_iac.metadata.names import Names
    from posturio_iac.search import Selection

LIBRARIES = {"tree_sitter": "tree-sitter", "tree_sitter_hcl": "tree-sitter-hcl", "yaml": "PyYAML"}
"""What reads code, by the name that it is imported by."""
TEMPLATE_SEARCH_TERMS = (b"Custom::AccessKey", b"Custom::IAMAccessKey", b"Custom::IamAccessKey", b"createAccessKey")
"""Texts without which no template creates a key by a custom resource or by CDK's calls of the API."""


def judge_paths(paths: Sequence[str], *, as_of: datetime, cwd: str | None = None, config: Config | None = None) -> Report:
    """Return the report on files and folders, which are relative to ``cwd``, by default the current folder.

    The library's entry: it prints nothing, reads no clock and never exits. ``as_of`` is the time to judge at, with its time zone.
    ``config`` is read from nowhere: without it, the defaults hold; `configuration_near` finds what the command line would use.

    Raises:
        UsageError: a path does not exist, or the configuration leaves nothing to judge by.

    """
    from posturio_iac.config.model import Config

    here, chosen = cwd or os.getcwd(), config or Config()
    selection = select(paths, here, chosen, ())
    return judged(selection, chosen, place=selection.root, as_of=as_of, suppressions=True)


def select(paths: Sequence[str], cwd: str, config: Config, exclude: Sequence[str]) -> Selection:
    """Return the files that can matter. ``exclude`` adds patterns relative to the scan root to those of the configuration."""
    for baseline in config.baseline:
        if not os.path.isfile(baseline):
            from posturio_iac.errors import UsageError

            raise UsageError(f"there is no baseline {baseline}; `posturio-iac baseline` writes one")
    patterns = tuple(exclude)
    if config.exclude:
        from posturio_iac.core.globs import rebase

        patterns = (*rebase(config.exclude, config.folder, _root(paths, cwd)), *patterns)
    selection = discover(
        paths,
        cwd=cwd,
        exclude=patterns,
        max_file_size=config.max_file_size,
        search_terms=_search_terms(config),
        apart=config.baseline,
    )
    if config.exclude and config.path is not None and selection.finder.leaves_out_everything():
        from posturio_iac.errors import UsageError

        raise UsageError(f"{config.path}: exclude leaves out everything that could be scanned; --no-config scans without it")
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
    """Read what was selected and judge it at ``as_of``, which is now when it is None.

    ``place`` is where the scan root stands for the globs of the configuration: the root itself, unless that is a stand-in.
    ``narrowed`` says which of the keys and diagnostics count, when not all of them do. Without ``guarded`` a crash of ours goes up.
    """
    from functools import partial

    from posturio_iac.core.record import replace
    from posturio_iac.errors import UsageError
    from posturio_iac.facts.shared_code import with_own_remedies
    from posturio_iac.judge.engine import judge
    from posturio_iac.rules import all_rules

    time = as_of or now()
    keys: list[AccessKey] = []
    diagnostics: list[Diagnostic] = list(selection.diagnostics)
    for front_end in FRONT_ENDS.values():
        if selection.of_kind(front_end.kind):
            roots = None if narrowed is None else narrowed.roots(front_end.name)
            read = partial(front_end.read, selection, _request(config, time, place, roots))
            reading = _guarded(front_end.label, read) if guarded else read()
            keys = [*(key for key in keys if (key.span, key.scope) not in reading.replaced), *reading.keys]
            diagnostics += reading.diagnostics
    keys = with_own_remedies(keys)
    if narrowed is not None:
        keys = [key for key in keys if narrowed.keeps(key)]
        diagnostics = [said for said in diagnostics if narrowed.keeps_diagnostic(said)]
    keys = _with_stable_scopes(keys, selection)
    if any(not isinstance(key.owner, str) for key in keys):
        from posturio_iac.metadata.codeowners import with_code_owners

        keys = [*with_code_owners(keys, selection.root, selection.repository)]
    keys = [_with_known_status(key, diagnostics) for key in keys]
    policy = policy_of(config, place, suppressions=suppressions)
    if config.own_rules and not policy.selected(all_rules()):
        raise UsageError(f"{config.path}: select and ignore leave no rule to judge by; --no-config judges by all")
    report = judge(keys, as_of=time, diagnostics=diagnostics, files=selection.searched, policy=policy)
    from posturio_iac.scan.baselines import found_again

    if policy.baseline and (found := found_again(report, config, selection)).keys() - policy.baseline.keys():
        policy = replace(policy, baseline=found)
        report = judge(keys, as_of=time, diagnostics=diagnostics, files=selection.searched, policy=policy)
    return report if narrowed is None else _without_idle(report)


def _guarded(what: str, read: Callable[[], Reading]) -> Reading:
    """Return what one front end reads; a crash of ours there is said, and hides nothing that the others read."""
    from posturio_iac.core.finding import CRASH, Diagnostic, Level
    from posturio_iac.errors import UsageError
    from posturio_iac.frontends.reading import Reading

    try:
        return read()
    except UsageError:
        raise
    except Exception as error:
        if isinstance(error, ImportError) and (library := (error.name or "").partition(".")[0]) in LIBRARIES:
            text = f"{what[:1].upper()}{what[1:]} cannot be read, since {LIBRARIES[library]} is not installed or does not fit this machine and this Python"
            return Reading((), (Diagnostic(Level.ERROR, f"{text}; no key in them was judged. Run: pip install {LIBRARIES[library]}"),))
        if os.environ.get("POSTURIO_IAC_DEBUG") == "1":
            raise
        # one kind of code that we fail on must not hide the others
        text = f"reading {what} stopped by an error of its own ({type(error).__name__}: {error}); no key in them was judged"
        return Reading((), (Diagnostic(Level.ERROR, f"{text}. Please report it", about=CRASH),))


def _with_known_status(key: AccessKey, diagnostics: list[Diagnostic]) -> AccessKey:
    """Return a key whose status is a word that AWS knows; any other is said, and judged as active."""
    from posturio_iac.core.model import STATUSES

    if not isinstance(key.status, str) or key.status in STATUSES:
        return key
    from posturio_iac.core.dates import quote
    from posturio_iac.core.finding import Diagnostic, Level
    from posturio_iac.core.record import replace

    text = f"AWS refuses the status {quote(key.status)} of {key.address}, which is judged as active; write Active or Inactive"
    place = (key.span.path, key.span.line, key.span.column) if key.span else ()
    diagnostics.append(Diagnostic(Level.WARNING, text, *place))
    return replace(key, status=STATUSES[0])


def declared(selection: Selection, config: Config, as_of: datetime) -> Reading:
    """Read the keys that code declares, without judging them. Plans are left out: their keys are those of the code again."""
    from posturio_iac.frontends.reading import Reading
    from posturio_iac.metadata.codeowners import with_code_owners

    request = _request(config, as_of, selection.root, None)
    own = [one for one in FRONT_ENDS.values() if one.impact and selection.of_kind(one.kind)]
    readings = [front_end.read(selection, request) for front_end in own]
    keys = with_code_owners([key for reading in readings for key in reading.keys], selection.root, selection.repository)
    return Reading(tuple(keys), (*selection.diagnostics, *(said for reading in readings for said in reading.diagnostics)))


def policy_of(config: Config, place: str, *, suppressions: bool) -> Policy:
    """Return what a run is judged by, when the scan root stands at ``place`` for the globs of the configuration."""
    from posturio_iac.judge.policy import Policy
    from posturio_iac.scan.baselines import known
    from posturio_iac.scan.configuration import seen_from

    return Policy(config, seen_from(config.folder, place), suppressions, known(config) if suppressions else {})


def _with_stable_scopes(keys: list[AccessKey], selection: Selection) -> list[AccessKey]:
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


def _search_terms(config: Config) -> tuple[bytes, ...]:
    from posturio_iac.frontends.terraform.known_modules._search_terms import SEARCH_TERMS as KNOWN_SEARCH_TERMS

    search_terms = (*SEARCH_TERMS, *TEMPLATE_SEARCH_TERMS, *(name.encode() for name in config.custom_types), *KNOWN_SEARCH_TERMS)
    if not config.known_modules:
        return search_terms
    from posturio_iac.frontends.terraform.known_modules.lookup import search_terms as search_terms_of
    from posturio_iac.frontends.terraform.known_modules.table import read_modules

    return (*search_terms, *search_terms_of(read_modules(config.known_modules, "known_modules")))


def _request(config: Config, as_of: datetime, place: str, roots: Collection[str] | None) -> ReadRequest:
    """Return what every front end is told."""
    from posturio_iac.frontends.reading import ReadRequest

    return ReadRequest(config, as_of, names_of(config), _rule_ids(), _budget(config), place, _search_terms(config), roots)


def _budget(config: Config) -> Callable[[], Budget]:
    """Return what makes the budget of one root module or template."""
    from posturio_iac.core.budget import Budget

    if config.timeout is None:
        return Budget
    from functools import partial
    from time import monotonic

    return partial(Budget, config.timeout, monotonic)


def names_of(config: Config) -> Names:
    """Return the names of metadata that the configuration knows."""
    from posturio_iac.metadata.names import Names

    return Names.default().with_extra(**config.names) if config.names else Names.default()


def _rule_ids() -> frozenset[str]:
    from posturio_iac.rules import all_rules

    return frozenset(all_rules())


def now() -> datetime:
    """Return the time; the one place of a scan that reads the clock."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).replace(microsecond=0)


def _root(paths: Sequence[str], cwd: str) -> str:
    """Return the scan root as `discover` will choose it: the current folder when all is inside, else the common parent."""
    here = os.path.realpath(cwd)
    places = [os.path.realpath(p if os.path.isdir(p) else os.path.dirname(p)) for p in (os.path.join(cwd, path) for path in paths)]
    if all(place == here or place.startswith(os.path.join(here, "")) for place in places):
        return here
    try:
        return os.path.commonpath(places)
    except ValueError:  # different drives, which `discover` refuses
        return here
