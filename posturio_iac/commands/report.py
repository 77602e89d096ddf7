"""``posturio-iac report``: from saved JSON results to one report for people."""

from __future__ import annotations

import os

from posturio_iac.commands.output import STDOUT, to_stderr, write
from posturio_iac.commands.parser import Arguments, Command, own_option, parse
from posturio_iac.commands.scan import apart, paired
from posturio_iac.config.option_table import Shape
from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.core import loaded
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.text.textfile import LARGE, STDIN, UnreadableError, decoded, read_named
from posturio_iac.errors import UsageError, system_reason
from posturio_iac.render import OTHER_ENDINGS, implied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posturio_iac.contract.records import SavedResult


def read(words: Sequence[str], *, show_key_ids: bool) -> tuple[list[SavedResult], list[Diagnostic]]:
    """The results, and diagnostics about files that could not be read."""
    results: list[SavedResult] = []
    unread: list[Diagnostic] = []
    for path, shown in _named(words, unread):
        try:
            results.append(load(decoded(read_named(path, LARGE)), shown, show_key_ids=show_key_ids))
        except NotAResultError as error:
            unread.append(Diagnostic(Level.ERROR, f"{shown} {error}", shown))
        except UnreadableError as error:
            unread.append(Diagnostic(Level.ERROR, f"{shown}: {error}", shown))
    return results, unread


def _named(words: Sequence[str], unread: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    """Yield each file once, with its name in the report, which tells no folder of this machine beyond those given."""
    seen: set[str] = set()
    taken: dict[str, int] = {}
    for path in _files(words, unread):
        real = path if path == STDIN else os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        shown = "standard input" if path == STDIN else os.path.basename(path) if os.path.isabs(path) else os.path.normpath(path)
        taken[shown] = taken.get(shown, 0) + 1
        yield path, shown.replace(os.sep, "/") if taken[shown] == 1 else f"{shown} ({taken[shown]})"


def _files(words: Sequence[str], unread: list[Diagnostic]) -> Iterator[str]:
    for word in words:
        if word != STDIN and not os.path.lexists(word):
            raise UsageError(f"there is no file or folder {word}; name results of --format json, or folders of them")
        if not os.path.isdir(word):
            yield word
            continue
        try:
            names = [name for name in sorted(os.listdir(word)) if name.endswith((".json", ".jsonl"))]
        except OSError as error:
            unread.append(Diagnostic(Level.ERROR, f"the folder {word} cannot be read: {system_reason(error)}", word))
            continue
        if not names:
            unread.append(Diagnostic(Level.ERROR, f"the folder {word} holds no .json or .jsonl file", word))
        yield from (os.path.join(word, name) for name in names)


DEFAULT_OUTPUT = "posturio-iac-report.html"
FORMATS = {"html": "posturio_iac.render.report.html_page:page", "markdown": "posturio_iac.render.report.markdown_report:page"}
HTML = "html"

COMMAND = Command(
    "report",
    "Joins saved JSON results of scan and live, for any accounts and dates, into one report.",
    "FILE",
    "Results of --format json or jsonl, or folders of them; - reads one from standard input",
    most=None,
    options=(
        own_option("format", Shape.CHOICE, "Repeatable, each with its own --output", "NAME", HTML, tuple(FORMATS), "-f"),
        own_option(
            "output",
            Shape.TEXT,
            f"Write the report to this file (default: {DEFAULT_OUTPUT} for html, standard output for markdown)",
            "FILE",
            short="-o",
        ),
        own_option("show_key_ids", Shape.SWITCH, "Show key IDs as in the results instead of masking them"),
        own_option("quiet", Shape.SWITCH, "Do not list the written files", short="-q"),
    ),
)


def targets(given: Arguments) -> tuple[tuple[str, str], ...]:
    """Formats with their targets, standard output last. Raises `UsageError` when two reports would go to one target."""
    pairs = []
    for stated, target in paired(given):
        meant = implied(target or STDOUT) or HTML
        if stated is None and target and (meant not in FORMATS or target.lower().endswith(OTHER_ENDINGS)):
            raise UsageError(f"the extension of --output {target} selects no format of a report; name one with --format")
        name = stated or meant
        pairs.append((name, target or (DEFAULT_OUTPUT if name == HTML else STDOUT)))
    return tuple(sorted(apart(pairs), key=lambda pair: pair[1] == STDOUT))


def run(argv: Sequence[str]) -> int:
    """Join the results, write the report and return the exit code: 3 when a file could not be read, else 0."""
    given = parse(COMMAND, argv)
    if not given.words:
        raise UsageError("report needs results to join: files written with --format json (see posturio-iac report --help)")
    wanted = targets(given)
    from posturio_iac.core.text.terminal import printable
    from posturio_iac.render.report.view import join

    results, unread = read(given.words, show_key_ids=bool(given.show_key_ids))
    for diagnostic in unread:
        to_stderr(f"error: {printable(diagnostic.message)}\n")
    if not results:
        to_stderr("posturio-iac: no result could be read, so no report was written\n")
        return 3
    if any(name == HTML for name, _ in wanted):
        from posturio_iac.render.report import require

        require()
    posture = join(results, unread)
    notes = [write(text, target) for text, target in [(loaded(FORMATS[name])(posture), target) for name, target in wanted]]
    if not given.quiet:
        to_stderr("".join(notes) + "".join(f"wrote {printable(target)}\n" for _, target in wanted if target != STDOUT))
    return 3 if unread else 0
