"""A command that a signal, or a full disk, meets at each step of its writing: the files are the old ones or the new ones, whole.

`RUNNER`, for a process of its own, lets the command come to the first call of C that our commands make while they write, and goes on in
forks, each over a fresh copy of the folder: the n-th of these calls is the last that is done in peace, for each n until the command ends.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.command_line import environment
from tests.support.forks import python_in_fork

RUNNER = """
import json, os, resource, shutil, signal, sys

signal.alarm(600)
signal.signal(signal.SIGINT, signal.default_int_handler)  # which `nohup` and shells in the background ignore
signal.signal(signal.SIGHUP, signal.SIG_DFL)
pristine, work, kind, prelude = sys.argv[1:5]
size, stride, argv = int(sys.argv[5]), int(sys.argv[6]), sys.argv[7:]
from posturio_iac.cli import main


def is_whole(name, data):
    return False


exec(prelude)

CALLS = set("open fdopen write writelines flush fsync close chmod replace rename unlink mkdir __exit__".split())
WRITING = ("output.py", "guard.py", "private_folder.py", "ledger_store.py", "files.py")


def fresh():
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(pristine, work, symlinks=True)
    os.chdir(work)


def at_steps(meet):
    def hook(frame, event, arg):
        if event in ("c_call", "c_return") and arg.__name__ in CALLS and os.path.basename(frame.f_code.co_filename) in WRITING:
            meet()

    sys.setprofile(hook)


def go_on(last):
    log = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    left = [last]

    def meet():
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), getattr(signal, kind))

    if kind == "FULL":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    else:
        at_steps(meet)
        meet()


def files():
    found = {}
    for folder, folders, names in os.walk(work):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, work)] = file.read()
    return found


def run_here():
    fresh()
    sys.stdout, sys.stderr = open("/dev/null", "w"), open("/dev/null", "w")
    main(argv)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def each():  # returns in a fork for each step, which goes on from there, and says in the end what they left behind
    sys.setprofile(None)
    wrong, codes, number = [], [], 1 - stride
    while True:
        number += stride
        fresh()
        child = os.fork()
        if child == 0:
            return go_on(number)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        codes.append(code)
        now = files()
        for name in now:
            if name not in before and name not in after:
                wrong.append([number, code, name, "is left"])
            elif now[name] not in (before.get(name), after.get(name)) and not is_whole(name, now[name]):
                wrong.append([number, code, name, "is damaged"])
        wrong += [[number, code, name, "is gone"] for name in before if name not in now]
        with open(said, errors="replace") as file:
            text = file.read()
        if "Traceback" in text or "internal error" in text:
            wrong.append([number, code, text[-500:], "is said"])
        if kind == "FULL" or code in (0, 1, 2, 3) or number > 400:
            break
    told = {"wrong": wrong, "codes": codes, "said": text, "changed": sorted(n for n in after if after[n] != before.get(n))}
    os.write(1, json.dumps(told).encode())
    os._exit(0)


run_here()
after = files()
fresh()
before = files()
said = os.path.join(os.path.dirname(work), "said")
at_steps(each)
code = main(argv)
sys.setprofile(None)
sys.stdout.flush()
os._exit(code if code != 130 else 99)
"""


def interrupted(
    folder: Path, place: Path, kind: str, arguments: Sequence[str], size: int = 0, prelude: str = "", stride: int = 1, **more: str
) -> dict[str, Any]:
    """Run a command over copies of ``folder`` in ``place``, and return what was wrong, the exit codes, and what the command changes.

    ``kind`` is the name of a signal, or ``FULL`` for files of ``size`` bytes at most. ``prelude`` is code that runs first, and may define
    ``is_whole(name, data)``, about a file that is neither the old nor the new one. Every ``stride``-th of the steps is tried.
    """
    place.mkdir(exist_ok=True)
    words = ["posturio-iac", str(folder), str(place / "work"), kind, prelude, str(size), str(stride), *arguments]
    done = python_in_fork(place, RUNNER, words, environment(**more), imported=("tests.support.scanned",), seconds=650)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
