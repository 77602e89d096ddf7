"""What a scan did not check, for ``--show-skipped``: places that the search left out, unread files, and calls of modules elsewhere."""

from __future__ import annotations

import os

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level, Report
from posturio_iac.core.record import NamedTuple, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import holds_any
from posturio_iac.frontends.terraform import known_modules
from posturio_iac.frontends.terraform.known_modules.lookup import load
from posturio_iac.frontends.terraform.known_modules.module_source import OwnSources, makes_no_key
from posturio_iac.frontends.terraform.modules.call_graph import graph_of
from posturio_iac.frontends.terraform.modules.installed import InstalledModule, manifest
from posturio_iac.search import SKIPPED, Selection
from posturio_iac.search.idle_programs import declares, not_run
from posturio_iac.search.kinds import kind_of
from posturio_iac.search.locations import holds_code, outermost, repository_of
from posturio_iac.search.module_calls import call_blocks, content, local_calls
from posturio_iac.search.written_sources import CALLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from posturio_iac.config import Config
    from posturio_iac.core.closure import CallGraph
    from posturio_iac.search.file_search import FileSearch

_SHOWN = 3
_CREDENTIALS = lazy_pattern(r"//[^/@]*@")
_CALL = lazy_pattern(r"(?s)(?:module|component|unit|stack)\.[^.:]+: (.*)")  # among the templates that are not here
_COMPUTED = "a source that the code does not fix"


def skipped(selection: Selection, config: Config, report: Report) -> tuple[SkippedPlace, ...]:
    """Everything of ``selection`` that was not checked, sorted by kind and path."""
    failed = {one.path for one in report.errors()}
    diagnostics = (*(one for one in selection.diagnostics if one.path not in failed), *report.errors())
    unread = (SkippedPlace(UNREAD, d.path, d.message) for d in diagnostics if d.path is not None)
    return tuple(sorted({*places(selection), *unread, *_elsewhere(selection, config)}))


def unfollowed(selection: Selection, config: Config, changed: Collection[str] | None) -> Diagnostic | None:
    """The note on calls and templates that lead to what is not here, if there are any: with ``changed`` those in and to these files."""
    found = _elsewhere(selection, config, changed)
    if changed is not None:
        names = {os.path.basename(path) for path in changed}
        found = (
            one for one in found if one.kind == NOT_RUN or one.path in changed or not names.isdisjoint(one.text.replace("/", " ").split())
        )
    if not (places := sorted(set(found))):
        return None
    left = [(place, declares(selection.search, place.path)) for place in places if place.kind == NOT_RUN]
    idle, rendered = ([place for place, is_text in left if is_text is kind] for kind in (False, True))
    sources = [place.text.partition(": ")[2] for place in places if place.kind == MODULE]
    folders = sum(place.kind == PROGRAMS for place in places)
    calls, texts, is_local = len(sources), len(places) - len(left), all(source.startswith(known_modules.LOCAL) for source in sources)
    counted = ((calls, "module call"), (texts - calls - folders, _OF_TEXTS), (folders, _OF_PROGRAMS))
    subject = " and ".join(f"{n:,} {noun if n == 1 else _PLURAL[noun]}" for n, noun in counted if n)
    verb, object_ = ("was", "it makes") if texts == 1 else ("were", "they make")
    shown = _first([place for place in places if place.kind != NOT_RUN])
    told = [f"{subject} {verb} not followed, so it is not known whether {object_} keys ({shown})"] if texts else []
    who, them = ("program here makes", "it") if len(idle) == 1 else ("programs here make", "them")
    told += [f"{len(idle):,} {who} keys, and no code was found to run {them} ({_first(idle)})"] if idle else []
    what, these = ("template here declares", "it") if len(rendered) == 1 else ("templates here declare", "them")
    told += [f"{len(rendered):,} {what} keys, and no code was found to use {these} ({_first(rendered)})"] if rendered else []
    init = "check the paths and git submodules" if is_local else "run terraform init"
    few = not texts and max(len(idle), len(rendered)) <= _SHOWN
    scan, exclude = f"scan what another program renders of {these}", f"exclude {them} if people run {them}"
    advice = init if calls else scan if rendered else exclude if few else ""
    advice = advice if few else f"{advice}, or --show-skipped to list them" if advice else "--show-skipped lists them"
    return Diagnostic(Level.NOTE, f"{'; '.join(told)}: {advice}", about=CALLS_NOT_FOLLOWED)


def _first(places: Sequence[SkippedPlace]) -> str:
    return "; ".join((*(f"{place.path} {place.text}".rstrip() for place in places[:_SHOWN]), *("…" for _ in places[_SHOWN:][:1])))


_OF_TEXTS, _OF_PROGRAMS = "template or script", "program or archive"
_PLURAL = {"module call": "module calls", _OF_TEXTS: "templates and scripts", _OF_PROGRAMS: "programs and archives"}


def _elsewhere(selection: Selection, config: Config, changed: Collection[str] | None = None) -> Iterator[SkippedPlace]:
    yield from _module_calls(selection, config, changed)
    templates = ((path, text) for path, text in selection.search.unfollowed if not _CALL.fullmatch(text))
    yield from (SkippedPlace(TEMPLATE, path, _CREDENTIALS.sub("//", text)) for path, text in templates)
    from posturio_iac.search.git_tree.git_search import ignored_of

    if left := not_run(selection.search, changed):
        yield from (SkippedPlace(NOT_RUN, path) for path in left - ignored_of(selection.search, left))
    for path, said in selection.search.fence.beyond:
        yield SkippedPlace(PROGRAMS, os.path.relpath(path, selection.root).replace(os.sep, "/"), said.replace(os.sep, "/"))


def _module_calls(selection: Selection, config: Config, changed: Collection[str] | None) -> Iterator[SkippedPlace]:
    """Yield the calls of modules that are not here, known or installed. Sources of Terragrunt that are computed do not count.

    Of the files only those ``changed`` are read, if that is given.
    """
    known, graph = load(config.known_modules), graph_of(local_calls(selection))
    installed: dict[str, dict[str, list[InstalledModule]] | None] = {}
    search, told, own = selection.search, dict[str, bool](), OwnSources(selection.search, known.holds)

    def is_told(source: str) -> bool:
        if source not in told:
            address = source.removeprefix("tfr://").lstrip("/")
            here = own.folder(address)
            is_own = here is not None and own.is_at(address, graph.below(here))
            told[source] = is_own or known.holds(address) or makes_no_key(address, config.known_modules)
        return told[source]

    def is_here(source: str, folder: str) -> bool:
        return search.has_module(folder, source) if source.strip().startswith(known_modules.LOCAL) else is_told(source)

    concerns = changed.__contains__ if changed is not None else None  # None takes all
    called = {**search.elsewhere, **(search.installed if changed is None else {})}
    open_ = {path for path in filter(concerns, called) if not all(map(is_told, map(os.fsdecode, called[path])))}
    absent, evaluated = search.absent(), {(path, said.partition(":")[0]) for path, said in search.unfollowed}
    open_ |= {path for path, found in search.sources.items() if found and os.path.dirname(path) in absent}
    for path in filter(concerns, (*sorted({*open_, *search.computing}), *sorted(search.hcl))):
        folder = os.path.dirname(path)
        for block in call_blocks(selection, path):
            name, calls = ".".join((block.type, *block.labels)), block.type in CALLS
            is_open = calls and block.labels and block.expressions("source") and (path, name) not in evaluated
            for source in block.literals("source") or ([_COMPUTED] if is_open else ()):
                if source.endswith(".sentinel") or is_here(source, folder) or (not calls and search.has_module(folder, source)):
                    continue  # Sentinel's modules are policies, and to Terragrunt any path is one of a folder
                there = kept(installed, folder, lambda one: _installed(one, graph, selection))
                version = next(iter(block.literals("version")), None)
                fitting = None if there is None else there.get(".".join(block.labels), [])
                if fitting is not None and not any(source is _COMPUTED or one.fits(source, version) for one in fitting):
                    yield SkippedPlace(MODULE, path, f"{name}: {_CREDENTIALS.sub('//', source)}")
    for path, text_ in search.unfollowed:
        if (call := _CALL.fullmatch(text_)) is not None and not is_here(call[1], os.path.dirname(path)):
            yield SkippedPlace(MODULE, path, _CREDENTIALS.sub("//", text_))


def _installed(folder: str, graph: CallGraph, selection: Selection) -> dict[str, list[InstalledModule]] | None:
    """The installed modules that the calls in a folder may mean, by their names; None for an installed folder that no call leads to."""
    above, is_installed, _ = f"/{folder}/".partition("/.terraform/")
    fence, found = selection.search.fence, dict[str, list[InstalledModule]]()
    for root in (above[1:],) if is_installed else graph.above(folder):
        base = os.path.join(selection.root, root)
        listed = manifest(base, fence)[0]
        callers = {key for key, one in listed.items() if os.path.normpath(os.path.join(root, one.folder)) == folder}
        if is_installed and not callers:
            return None
        for key, one in listed.items():
            caller, _, name = key.rpartition(".")
            if (caller in callers or not is_installed) and one.is_here(base, fence):
                found.setdefault(name, []).append(one)
    return found


EXCLUDED, IGNORED, CACHE, SUBMODULE, REPOSITORY = "excluded", "ignored", "cache", "submodule", "repository"
UNREAD, MODULE, TEMPLATE, SOURCE, PROGRAMS, NOT_RUN = "unread", "module", "template", "source", "programs", "not_run"
"""Left out by ``exclude`` or by git; a folder of tools such as ``.terraform``; a submodule; a repository inside the scanned one;
a file that could not be read; a call of a module, or a template or script, whose code is not here; a source of CDK's or Pulumi's;
a program or archive that cannot be looked into; a program that makes keys, and that no code was found to run."""

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
        is_known = name in ("", "./") or (path := before + name) in search.read
        if not is_known and (holds_code(search.prefix + path) if name.endswith("/") else kind_of(path)):
            yield SkippedPlace(IGNORED, path)
    yield from (SkippedPlace(REPOSITORY, before + os.fsdecode(name)) for name in untracked if name.endswith(b"/"))
    for record in tracked:
        if record.startswith(_SUBMODULE_MODE):
            yield SkippedPlace(SUBMODULE, before + os.fsdecode(record.partition(b"\t")[2]) + "/")


_PROJECTS = frozenset(("cdk.json", "Pulumi.yaml", "Pulumi.yml", "serverless.ts", "serverless.js"))
_FRAMEWORKS = (b"aws-cdk", b"aws_cdk", b"awscdk", b"pulumi", b"platform/config.d.ts")  # what a source of theirs imports
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
            elif entry.name.endswith(_LANGUAGES) or (is_inside and entry.name in _PROJECTS):
                seen += 1
                data = content(entry.path, search.max_file_size, search.fence) or b""
                if (found := _MAKES.search(data)) is not None and (is_inside or holds_any(data, _FRAMEWORKS)):
                    yield SkippedPlace(SOURCE, entry.path[len(search.prefix) :].replace(os.sep, "/"), found[0].decode())
