"""The command line: finds the subcommand, and is the one place that turns exceptions into exit codes."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from posturio_iac import __version__
from posturio_iac.commands import COMMANDS
from posturio_iac.commands.output import to_stderr, to_stdout
from posturio_iac.core import module
from posturio_iac.errors import HelpAskedError, OutputError, UnreachableError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DEBUG = "POSTURIO_IAC_DEBUG"
CLEAN, USAGE, INCOMPLETE, INTERRUPTED = 0, 2, 3, 130
"""As `posturio_iac.core.finding.Exit`, which is not imported for a message."""


def program() -> None:
    """Run one command as a process. It ends without giving back its memory, and without threads that wait for AWS."""
    code = main()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a closed one is None
        try:
            stream.flush()
        except (OSError, ValueError):  # what could not be written was said before
            pass
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing is raised."""
    gc.set_threshold(400_000)  # a short run keeps most of what it makes, so collecting garbage often would find none
    atexit.register(gc.freeze)  # nor is garbage collected at exit, which took a tenth of a small run
    try:
        _reconfigure()
        return _dispatch(list(sys.argv[1:] if argv is None else argv))
    except UsageError as error:
        return _complain(error.args, USAGE)
    except (OutputError, UnreachableError) as error:
        return _complain([str(error)], INCOMPLETE)
    except KeyboardInterrupt:
        return _complain(["interrupted"], INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last seam: a crash must be a sentence and an exit code, never a traceback
        return _crashed(error)


def _dispatch(argv: list[str]) -> int:
    match argv:
        case ["--version" | "-V", *_]:
            to_stdout(f"posturio-iac {__version__}\n")
            return CLEAN
        case ["help", name, *_] if name in COMMANDS:
            return _dispatch([name, "--help"])
        case ["--help" | "-h" | "help", *_]:
            to_stdout(usage())
            return CLEAN
        case []:
            to_stderr(usage())
            return USAGE
        case [name, *rest] if name in COMMANDS:
            try:
                code: int = module(COMMANDS[name][0]).run(rest)
            except HelpAskedError as asked:
                to_stdout(str(asked))
                return CLEAN
            return code
        case _:
            raise UsageError(_unknown(argv[0]))


def usage() -> str:
    """The help of the program as a whole."""
    rows = "".join(f"  {name:<11} {summary}\n" for name, (_, summary) in COMMANDS.items())
    return (
        "usage: posturio-iac COMMAND [OPTION ...] [ARGUMENT ...]\n\n"
        f"{(module('posturio_iac').__doc__ or '').strip()}\n\n"
        f"commands:\n{rows}\n"
        "options:\n  -h, --help     Print this help; `posturio-iac COMMAND --help` prints that of COMMAND\n"
        "  -V, --version  Print the version\n\n"
        "exit codes:\n  0 clean, 1 findings, 2 wrong usage or configuration, 3 could not finish, 130 interrupted\n"
    )


def _unknown(name: str) -> str:
    from posturio_iac.config import hint, meant

    if name.startswith("-"):
        if close := meant(name, ("--help", "--version"), cutoff=0.7):
            return f"there is no option {name}{close}"
        return f"there is no option {name} here; options follow the command, as in `posturio-iac scan {name}`"
    if os.path.exists(name):
        return f'there is no command "{name}"; to scan that path, run `posturio-iac scan {name}`'
    return f'there is no command "{name}"{meant(name, ("--version",), cutoff=0.8) or hint(name, COMMANDS)}'


def _complain(texts: Sequence[str], code: int) -> int:
    from posturio_iac.core.text.terminal import printable

    to_stderr("".join(f"posturio-iac: {printable(text)}\n" for text in texts))
    return code


def _crashed(error: Exception) -> int:
    if os.environ.get(DEBUG) == "1":
        import traceback

        traceback.print_exc()
    if isinstance(error, FileNotFoundError) and error.filename is None:  # of os.getcwd, which names none
        return _complain(["the current folder no longer exists; change to one that does"], INCOMPLETE)
    detail = str(error).partition("\n")[0][:200]
    what = f"stopped on an internal error ({type(error).__name__}{': ' if detail else ''}{detail}); nothing was checked. "
    return _complain([f"{what}Please report it with the output of {DEBUG}=1"], INCOMPLETE)


def _reconfigure() -> None:
    """Let output neither fail on characters that the encoding lacks nor go to a file that took the number of a closed stream."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004 - the last of the three streams
            pass
        os.close(descriptor)
        sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
