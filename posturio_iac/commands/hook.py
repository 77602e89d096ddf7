"""``posturio-iac hook``: the entry of pre-commit. File names are triggers; whole modules and templates are judged."""

from __future__ import annotations

import os
import time

from posturio_iac.commands.ci_environment import chosen
from posturio_iac.commands.output import STDOUT, to_stderr
from posturio_iac.commands.parser import Arguments, Command, own_option, parse
from posturio_iac.commands.reporting import exit_code, point_to_secrets
from posturio_iac.commands.scan import DEFAULT_FORMAT, FORMAT, OUTPUT, reports
from posturio_iac.config.option_table import ARGUMENTS, Shape
from posturio_iac.core.text.textfile import is_inside
from posturio_iac.errors import UsageError
from posturio_iac.frontends import frameworks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from posturio_iac.config import Config
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.search import Selection
    from posturio_iac.search.file_search import FileSearch

FRAMEWORKS = ("all", *frameworks())
PLAIN = ((DEFAULT_FORMAT, STDOUT),)
_LEFT_OUT = ("stdin_filename", "changed_since", "fail_on_stale", "fail_on_no_files", "source_url", "show_skipped")
SCREEN = 100  # how many lines are shown without a terminal: pre-commit prints everything that a hook prints

COMMAND = Command(
    "hook",
    "Checks the Terraform modules and CloudFormation templates that the files belong to, with the modules that call them and those that "
    "they call. Leaves out files that git does not track, and reports no findings elsewhere in the repository.",
    "FILE",
    "Changed files, including deleted ones",
    most=None,
    options=(
        own_option("framework", Shape.CHOICE, "What to check", "NAME", "all", FRAMEWORKS),
        FORMAT,
        OUTPUT,
        *(option for option in ARGUMENTS if option.name not in _LEFT_OUT),
    ),
)


def run(argv: Sequence[str]) -> int:
    """Judge the modules and templates that the files of ``argv`` concern, report, and return the exit code."""
    started = time.perf_counter()
    given = parse(COMMAND, with_marked_files(COMMAND, argv))
    targets = chosen(reports(given), os.environ)
    if not given.words:
        to_stderr(
            "note: no files were given, so nothing was checked; the hook checks the files that it is given, scan checks whole folders\n"
        )
        return 0
    from posturio_iac.commands.settings import settings
    from posturio_iac.scan import select
    from posturio_iac.search.idle_programs import may_miss
    from posturio_iac.search.locations import repository_of
    from posturio_iac.search.named_programs import that_matter

    here = os.path.realpath(os.curdir)
    top = repository_of(here) or here
    config = settings(given, (top,))
    changed = triggers(given.words, top)

    def settles(fence: Fence) -> bool:
        return bool(that_matter((os.path.join(top, path) for path in changed), fence))  # which what names programs may lead to

    selection = select((top,), top, config, given.exclude or (), settles=settles)
    if not given.quiet:
        point_to_secrets({path: data for path, data in selection.search.texts.items() if path in changed})
    hides = "exclude" in config.own and any(map(selection.search.skips, changed))
    if selection.is_empty and targets == PLAIN and not hides and not may_miss(selection.search, changed):
        return 0
    return _judge(selection, changed, config, given, targets, started, hides=hides)


def with_marked_files(command: Command, argv: Sequence[str]) -> list[str]:
    """Put ``--`` before the first file whose name looks like an option, since pre-commit passes file names as they are."""
    known = command.flags()
    for index, word in enumerate(argv):
        if word == "--":
            break
        before = argv[index - 1] if index else ""
        is_value = before in known and known[before].shape != Shape.SWITCH
        if word.startswith("-") and word not in known and not is_value and os.path.lexists(word):
            return [*argv[:index], "--", *argv[index:]]
    return list(argv)


def triggers(files: Sequence[str], top: str) -> frozenset[str]:
    """The files relative to the top of the repository. Raises `UsageError` when one is outside of it, is a folder, or never was."""
    found = {}
    for file in files:
        # An empty folder is a submodule that is not checked out.
        is_folder = os.path.isdir(file) and not os.path.islink(file) and bool(os.listdir(file))
        if is_folder and (os.path.realpath(file) == top or not os.path.isfile(os.path.join(file, ".git"))):
            raise UsageError(f"{file} is a folder, but a hook takes the files that changed; scan checks folders")
        folder, name = os.path.split(os.path.abspath(file))
        path = os.path.join(os.path.realpath(folder), name)
        if not is_inside(path, top):
            raise UsageError(f"{file} is outside of {top}, which the hook checks")
        found[file] = os.path.relpath(path, top).replace(os.sep, "/")
    if absent := [file for file in found if not os.path.lexists(file)]:
        _refuse_unknown(absent, [found[file] for file in absent], top)
    return frozenset(found.values())


def _refuse_unknown(absent: Sequence[str], paths: Collection[str], top: str) -> None:
    """Raise `UsageError` if none of the files that are not there was ever known to git: those count as deleted."""
    from posturio_iac.search.git_tree.git_changes import knew
    from posturio_iac.search.locations import is_repository

    if not is_repository(top) or not knew(paths, top):
        more = f"; there is one below {top}, so run this there" if os.path.lexists(os.path.join(top, absent[0])) else ""
        raise UsageError(f"{absent[0]}: no such file or directory, and git knows none that was deleted{more}")


def _judge(
    selection: Selection,
    triggers: frozenset[str],
    config: Config,
    given: Arguments,
    targets: Sequence[tuple[str, str]],
    started: float,
    *,
    hides: bool,
) -> int:
    """Judge what the triggers concern; print nothing if there is nothing to report, unless the configuration ``hides`` a trigger."""
    from posturio_iac.scan import judged, not_followed
    from posturio_iac.scan.impact import narrow

    wanted = None if given.framework in (None, "all") else (given.framework,)
    ours, is_ours = tracked_part(selection, triggers)
    narrowed = narrow(ours, triggers, config, wanted, is_ours)
    part = narrowed.selection
    if part.is_empty and targets == PLAIN and not hides and not_followed(part, config, narrowed.changed) is None:
        return 0
    from posturio_iac.core.finding import Verdict

    report = judged(part, config, place=part.root, as_of=given.as_of, suppressions=not given.no_suppressions, narrowed=narrowed)
    speaks = bool(report.active() or report.diagnostics or report.count(Verdict.UNDETERMINED))
    if config.path is not None:
        from posturio_iac.scan.notices import notices, with_notices

        speaks = speaks or any(notices(config, part, part.root, without="baseline"))
        report = with_notices(report, config, part, part.root)
    code = exit_code(report, config, exit_zero=bool(given.exit_zero))
    if speaks or given.verbose or targets != PLAIN:
        from posturio_iac.commands.reporting.reports import Sources, emit, screen, shown_changes
        from posturio_iac.contract import RenderContext

        sources = Sources(part.root)
        known = RenderContext(
            root=part.root,
            elapsed=time.perf_counter() - started,
            fail_on=config.fail_on,
            exit_code=int(code),
            change=shown_changes(report, config, sources),
            screen=screen(given, SCREEN),
        )
        emit(report, targets, given, known, sources)
    return int(code)


def tracked_part(selection: Selection, triggers: frozenset[str]) -> tuple[Selection, Callable[[str], bool] | None]:
    """Leave out files that git does not track, and return a test for tracked ones; the named files are tracked, or were."""
    if selection.repository is None:
        return selection, None
    from posturio_iac.search import Selection as Made
    from posturio_iac.search.git_tree.git_changes import tracked

    ours = tracked(selection.repository) | triggers
    keep_only(selection.search, ours)
    return Made(selection.search, selection.repository), ours.__contains__


def keep_only(search: FileSearch, ours: frozenset[str]) -> None:
    """Forget the files that are not among ``ours``, and what was wrong with them."""
    for found in (search.terraform, search.templates, *search.others.values(), search.hcl, search.calling, search.computing):
        found.intersection_update(ours)
    search.read = {path: kind for path, kind in search.read.items() if path in ours}
    search.problems = [p for p in search.problems if p[2] is None or p[2] in ours or any(o.startswith(f"{p[2]}/") for o in ours)]
    search.calls = None
