"""``posturio-iac init``: sets up the pre-commit hook and a configuration file, after showing what it would write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from posturio_iac.commands.output import to_stdout, write
from posturio_iac.commands.parser import Command, help_text, parse
from posturio_iac.config.locate import find
from posturio_iac.config.model import FILE as CONFIGURATION
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.core.terminal import paint, printable, wants_color
from posturio_iac.core.textfile import LIMIT, Fence, MissingError, UnreadableError, read
from posturio_iac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOOKS = ".pre-commit-config.yaml"
REPOSITORY = "https://github.com/posturio/posturio-iac"
"""Where pre-commit fetches the hook from, unless --repo names another place."""

COMMAND = Command(
    "init",
    f"Adds the hook to {HOOKS} and writes a commented {CONFIGURATION}. Shows the changes first, and keeps all that is there.",
    "FOLDER",
    "A folder in the repository to set up (default: .)",
    most=1,
    options=(
        Option("yes", Shape.SWITCH, "Write without asking", flag="--yes", in_file=False),
        Option("repo", Shape.TEXT, f"Fetch the hook from here (default: {REPOSITORY})", flag="--repo", metavar="URL", in_file=False),
        Option("rev", Shape.TEXT, "Use this version of the hook (default: this one)", flag="--rev", metavar="TAG", in_file=False),
    ),
)


class FileChange(NamedTuple):
    """One file before and after."""

    path: str
    before: str
    after: str


def run(argv: Sequence[str]) -> int:
    """Show the changes, ask, and write them."""
    given = parse(COMMAND, argv)
    if given is None:
        to_stdout(help_text(COMMAND))
        return 0
    from posturio_iac.search.locations import repository_of

    folder = os.path.realpath(given.words[0] if given.words else os.curdir)
    if not os.path.isdir(folder):
        raise UsageError(f"{given.words[0]}: there is no such folder")
    top = repository_of(folder) or folder
    changes = [*_hook(top, given.repo or REPOSITORY, given.rev), *_configuration(top)]
    if not changes:
        to_stdout("there is nothing to do: the hook and a configuration are there\n")
        return 0
    to_stdout("".join(line for change in changes for line in _diff(change, top)))
    if not (given.yes or _agreed()):
        to_stdout("nothing was written\n")
        return 0
    for change in changes:
        write(change.after, change.path, within=top)
        to_stdout(f"wrote {printable(os.path.relpath(change.path))}\n")
    if any(os.path.basename(change.path) == HOOKS for change in changes):
        to_stdout("run `pre-commit install` once, so that commits are checked\n")
    return 0


def _hook(top: str, repository: str, revision: str | None) -> Iterator[FileChange]:
    """Yield what adds the hook, unless it is there."""
    from posturio_iac import __version__
    from posturio_iac.commands.init.hook_file import with_hook

    path = os.path.join(top, HOOKS)
    before = _read(path)
    after = with_hook(before, repository, revision or f"v{__version__}", os.path.relpath(path))
    if after != before:
        yield FileChange(path, before, after)


def _configuration(top: str) -> Iterator[FileChange]:
    """Yield a configuration file, unless one is there."""
    if find(top) is None and not os.path.lexists(path := os.path.join(top, CONFIGURATION)):
        from posturio_iac.commands.init.config_file import commented

        yield FileChange(path, "", commented())


def _read(path: str) -> str:
    """Return the text of a file with the ends of its lines as they are; empty when there is none."""
    folder = os.path.realpath(os.path.dirname(path))
    try:
        return read(path, LIMIT, Fence(folder)).decode("utf-8")
    except MissingError:
        return ""
    except UnreadableError as error:
        raise UsageError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 at byte {error.start}") from None


def _diff(change: FileChange, top: str) -> Iterator[str]:
    """Yield the lines of a unified diff, safe to print."""
    from difflib import unified_diff

    color = wants_color("auto", sys.stdout, os.environ)
    name = os.path.relpath(change.path, top)
    before, after = change.before.splitlines(), change.after.splitlines()
    for line in unified_diff(before, after, f"a/{name}" if change.before else os.devnull, f"b/{name}", lineterm=""):
        style = {"+": ("green",), "-": ("red",), "@": ("cyan",)}.get(line[:1], ())
        yield f"{paint(printable(line), *style, color=color)}\n"


def _agreed() -> bool:
    """Ask whoever sits at the terminal. Raises `UsageError` when nobody does."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("nothing was written, since there is no terminal to ask at; --yes writes without asking")
    to_stdout("write this? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
