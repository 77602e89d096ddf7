"""``posturio-iac scan``: from paths to a report in the formats that were asked for."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from posturio_iac.commands.output import STDOUT, ProgressLine, to_stderr, to_stdout
from posturio_iac.commands.parser import Arguments, parse
from posturio_iac.commands.reporting import exit_code, point_to_secrets
from posturio_iac.commands.scan import COMMAND, DEFAULT_FORMAT, reports
from posturio_iac.core.text.decoding import decode
from posturio_iac.core.text.textfile import STDIN
from posturio_iac.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.config import Config
    from posturio_iac.scan.impact import Narrowed
    from posturio_iac.search import Selection

    Targets = tuple[tuple[str, str], ...]

DEFAULT_NAME = "stdin.tf"
JSON_NAME = "stdin.json"  # what begins with a brace is no HCL but JSON: a plan or a template
SHOWING_SKIPPED = frozenset(("text", "json"))


def run(argv: Sequence[str]) -> int:
    """Scan, report and return the exit code."""
    started = time.perf_counter()
    given = parse(COMMAND, argv)
    targets = reports(given)
    if given.show_skipped and SHOWING_SKIPPED.isdisjoint(name for name, _ in targets):
        raise UsageError("--show-skipped needs the format text or json; add one of them")
    if given.fail_on_stale and given.changed_since:
        raise UsageError("--fail-on-stale needs a full scan, but --changed-since scans a part")
    scan = _Scan(given, targets, started)
    try:
        if STDIN in given.words:
            return scan.of_stdin()
        if given.stdin_filename:
            raise UsageError("--stdin-filename names the file on standard input: add the path -")
        return scan.of(given.words or (os.curdir,), os.getcwd())
    finally:
        scan.progress.erase()


class _Scan:
    def __init__(self, given: Arguments, targets: Targets, started: float) -> None:
        self.given, self.targets, self.started = given, targets, started
        self.progress = ProgressLine(quiet=bool(given.quiet), environment=os.environ)

    def of(self, paths: Sequence[str], cwd: str, typed: tuple[str, bytes] | None = None) -> int:
        """Scan ``paths``, which are relative to ``cwd``; of ``typed``, a name and a text, only what that file concerns."""
        from posturio_iac.commands.settings import settings
        from posturio_iac.scan import not_followed, select

        given = self.given
        config = settings(given, [path for path in given.words if path != STDIN])
        if config.select:
            _check_selected(config)
        selection = select(paths, cwd, config, given.exclude or (), self.progress.listener)
        self.progress.erase()
        if typed is not None:
            selection = selection.with_text(*typed)
        narrowed = self._narrowed(selection, config, typed)
        if not selection.searched and all(level != "error" for level, _, _ in selection.search.problems):
            self._warn_of_no_files(paths)
        elif given.words and not given.quiet:
            _warn_of_other_files(selection)
        if narrowed is not None:
            selection = narrowed.selection
        is_plain = config.path is None and not given.show_skipped and self.targets == ((DEFAULT_FORMAT, STDOUT),)
        if selection.is_empty and is_plain and not_followed(selection, config, None if narrowed is None else narrowed.changed) is None:
            return self._nothing(selection)
        return self._report(selection, narrowed, config)

    def of_stdin(self) -> int:
        """Scan a text: as a file among the others of its folder where it has a name, else alone."""
        given = self.given
        if len(given.words) > 1:
            raise UsageError("- reads one file from standard input and cannot be combined with other paths")
        if given.changed_since is not None:
            raise UsageError("--changed-since uses git, which does not know standard input")
        name = _relative(given.stdin_filename) if given.stdin_filename else None
        data = _stdin()
        from posturio_iac.frontends.plan import looks_like_plan

        if name is not None and not looks_like_plan(data):
            return self.of((os.curdir,), os.getcwd(), (name, data))
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="posturio-iac-") as folder:
            name = name or (JSON_NAME if decode(data[:64], "ignore").lstrip()[:1] == "{" else DEFAULT_NAME)  # PowerShell writes UTF-16
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            return self.of((name,), folder)

    def _narrowed(self, selection: Selection, config: Config, typed: tuple[str, bytes] | None) -> Narrowed | None:
        if typed is None and self.given.changed_since is None:
            return None
        from posturio_iac.scan.impact import narrow

        if typed is not None:
            return narrow(selection, {typed[0]}, config)
        from posturio_iac.search.git_tree.git_changes import changed_since

        return narrow(selection, changed_since(self.given.changed_since, selection.root, selection.repository), config)

    def _warn_of_no_files(self, paths: Sequence[str]) -> None:
        """Say that a run which searched nothing passes whatever is wrong, or refuse it where that is asked for."""
        text = f"{', '.join(paths)}: no Terraform or CloudFormation files here, so nothing is checked"
        if self.given.fail_on_no_files:
            raise UsageError(f"{text}; --fail-on-no-files makes that an error")
        if not self.given.quiet:
            from posturio_iac.core.text.terminal import printable

            to_stderr(f"warning: {printable(text)}; name the folder of the code, or add --fail-on-no-files to make this an error\n")

    def _nothing(self, selection: Selection) -> int:
        from posturio_iac.core.text.terminal import wants_color
        from posturio_iac.render import no_keys

        if not self.given.quiet:
            color = wants_color(self.given.color or "auto", sys.stdout, os.environ)
            line = no_keys(selection.searched, color=color, narrowed=self.given.changed_since is not None)
            to_stdout(f"{line}; {time.perf_counter() - self.started:.2f} s\n")
            point_to_secrets(selection.search.texts)
        return 0

    def _report(self, selection: Selection, narrowed: Narrowed | None, config: Config) -> int:
        from posturio_iac.commands.ci_environment import prefix, scope, source_url
        from posturio_iac.commands.reporting.reports import Sources, emit, screen, shown_changes
        from posturio_iac.contract import RenderContext
        from posturio_iac.core.finding import Exit
        from posturio_iac.scan import judged

        given, is_stdin = self.given, STDIN in self.given.words
        place = os.getcwd() if is_stdin else selection.root
        report = judged(selection, config, place=place, as_of=given.as_of, suppressions=not given.no_suppressions, narrowed=narrowed)
        self.progress.erase()
        stale = False
        if config.baseline and narrowed is None and not is_stdin:
            from posturio_iac.commands.baseline.stale import Searched, with_stale

            report, stale = with_stale(report, Searched(selection, config, given.words), fail=bool(given.fail_on_stale))
        is_in_diff = was = None
        if given.changed_since is not None and selection.repository is not None:
            from posturio_iac.search.git_tree.git_changes import shown_in_diff, told_before

            is_in_diff = shown_in_diff(given.changed_since, selection.root, selection.repository)
            was = partial(told_before, given.changed_since, repository=selection.repository)
        if config.path is not None or config.baseline or (narrowed is not None and not given.no_config):
            from posturio_iac.scan.notices import with_notices

            report = with_notices(report, config, selection, place, () if narrowed is None else narrowed.changed, was)
        code = exit_code(report, config, exit_zero=bool(given.exit_zero))
        if stale and given.fail_on_stale and code is Exit.CLEAN and not given.exit_zero:
            code = Exit.FINDINGS
        leading = prefix(place, selection.repository, os.environ)
        url = source_url(config.source_url, leading, os.environ)
        sources = Sources(selection.root, selection.search.fence)
        skipped = None
        if given.show_skipped:
            from posturio_iac.scan.skipped import skipped as places

            skipped = places(selection, config, report)
        known = RenderContext(
            root=selection.root,
            elapsed=time.perf_counter() - self.started,
            prefix=leading,
            fail_on=config.fail_on,
            exit_code=int(code),
            scope=scope(place, selection, given.words, config, narrowed=narrowed is not None, source_url=url),
            change=shown_changes(report, config, sources, is_in_diff),
            screen=screen(given),
            skipped=skipped,
        )
        emit(report, self.targets, given, known, sources)
        if not (report.keys or narrowed or given.quiet):
            point_to_secrets(selection.search.texts)
        return int(code)


def _warn_of_other_files(selection: Selection) -> None:
    """Say which of the named files are not what this program reads, such as the source of a CDK app: silence would pass for a verdict."""
    from posturio_iac.search.kinds import OTHER

    search = selection.search
    if OTHER not in search.read.values():
        return
    from posturio_iac.core.text.terminal import printable

    told = {*search.terraform, *search.templates, *(path for _, _, path in search.problems)}.union(*search.others.values())
    for path in sorted(path for path, kind in search.read.items() if kind is OTHER and path not in told):
        text = "is neither Terraform nor CloudFormation by its name, and holds no resource for a key"
        to_stderr(f"warning: {printable(path)} {text}, so nothing in it is checked\n")


def _check_selected(config: Config) -> None:
    """Refuse a selection of rules that no code can break: a scan by them would pass whatever it reads."""
    from posturio_iac.config import rule_id
    from posturio_iac.rules import all_rules

    known = all_rules()
    selected = {rule_id(name, known) for name in config.select}
    if all(known[name].rule.only_live for name in selected):
        raise UsageError(f"{', '.join(sorted(selected))} can flag only deployed keys, so a scan would always pass; use posturio-iac live")


def _relative(name: str) -> str:
    clean = os.path.normpath(name)
    if os.path.isabs(clean) or clean.split(os.sep)[0] in (os.pardir, os.curdir, "") or "\0" in clean:
        raise UsageError(f'--stdin-filename must be a relative path below this folder, not "{name}"')
    return clean.replace(os.sep, "/")


def _stdin() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    try:
        return sys.stdin.buffer.read()
    except (OSError, AttributeError, ValueError) as error:
        raise UsageError(f"standard input cannot be read: {error}") from None
