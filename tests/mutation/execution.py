"""Run mutants: each in a fork of a process that has collected the tests, with the tests that run its line, until one fails.

The mutated file stands on the disk for tests that start the program. What is mutated inside functions is replaced in the loaded
modules; what runs at import, such as a table or a default, is imported anew by a process that has loaded none of the program. So is
what survives in a function, which may have made a table, and more tests are tried with it: those of what uses the function.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from importlib import import_module
from itertools import zip_longest
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutation.coverage_map import lessen_examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.mutation.mutants import Mutant
    from tests.mutation.selection import Selection

CPU = 15.0
"""Seconds of CPU time for the tests of one mutant; one that outlives them has survived."""
ONE_TEST = 10.0
"""Seconds of CPU time for a test and its fixtures beside twice what it takes: one that takes longer has found a mutant that never ends."""
SLOW = 0.3
"""Seconds: tests that take longer come last."""
FIRST_FILES = 4
"""Files of tests that a mutant of a table is tried with first, since collecting all takes longer than running some."""
FAR_TESTS = 2000
"""Tests of other files that it is tried with after those."""
ARGUMENTS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


def _static(code: CodeType) -> list[object]:
    """Return what of a module runs at its import: all but the bodies of functions."""
    parts: list[object] = [code.co_code, code.co_names, code.co_varnames]
    for constant in code.co_consts:
        match constant:
            case CodeType() if constant.co_flags & 2:  # CO_NEWLOCALS is a function's
                parts.append(constant.co_name)
            case CodeType():
                parts.append(_static(constant))
            case _:
                parts.append((type(constant), constant))
    return parts


def _functions(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 2:
                yield constant
            yield from _functions(constant)


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno  # type: ignore[attr-defined]  # new in Python 3.11


def runs_at_import(root: Path, mutant: Mutant) -> bool:
    """True if a mutant changes more than the bodies of functions."""
    text = (root / mutant.path).read_text(encoding="utf-8")
    return _static(compile(text, "", "exec")) != _static(compile(mutant.source, "", "exec"))


class Patch:
    """The functions of the loaded program by their place, and its caches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: dict[tuple[str, str, int], list[FunctionType]] = {}
        self.caches: list[Any] = []
        self.texts = {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in root.glob("posturio_iac/**/*.py")}
        gc.unfreeze()  # what the program froze when a test module ran it would not be seen
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                code = one.__code__
                if code.co_filename.startswith(str(root / "posturio_iac")):
                    self.known.setdefault((code.co_filename, *_place(code)), []).append(one)
            elif isinstance(one, functools._lru_cache_wrapper):
                self.caches.append(one)

    def apply(self, path: str, source: str) -> None:
        """Give each loaded function of the file its mutated body."""
        name = str(self.root / path)
        mutated = {_place(code): code for code in _functions(compile(source, name, "exec", dont_inherit=True))}
        for place in map(_place, _functions(compile(self.texts[path], name, "exec", dont_inherit=True))):
            for function in self.known.get((name, *place), []) if place in mutated else ():
                function.__code__ = mutated[place]
        for cache in self.caches:
            cache.cache_clear()


class Outcome:
    """Stop at the first failure, or when the time is up; tell what happened in the exit code and in a file."""

    def __init__(self, file: Path, seconds: dict[str, float]) -> None:
        self.file, self.seconds, self.test, self.count, self.started = file, seconds, "", 0, 0.0
        signal.signal(signal.SIGVTALRM, lambda *_: self.end("never ends"))

    def end(self, how: str) -> None:
        self.file.write_text(json.dumps([how, self.test, self.count]), encoding="utf-8")
        os._exit(0)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.started = self.started or time.process_time()
        if time.process_time() - self.started > CPU:
            self.end("survived")
        self.test = nodeid
        self.count += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, ONE_TEST + 2 * self.seconds.get(nodeid, 1))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.end("killed")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        # A test that cannot be collected has found the mutant as well.
        self.end("survived" if exitstatus in (0, 5) else "killed")


def _quiet() -> None:
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)


def _forked(work: Callable[[], None], file: Path) -> tuple[str, str, int]:
    file.unlink(missing_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if not child:
        import resource  # noqa: PLC0415 - Windows has no such module

        _quiet()
        resource.setrlimit(resource.RLIMIT_CPU, (120, 130))
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return _outcome(file)


def _outcome(file: Path) -> tuple[str, str, int]:
    try:
        how, test, count = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "killed", "(the process died)", 0
    return how, test, count


class Runner:
    """Run mutants of a copy of the tree, whose root is the current folder."""

    def __init__(self, root: Path, selection: Selection) -> None:
        """Start the process that has collected the tests; this one loads nothing of the program."""
        self.root, self.selection = root, selection
        self.seconds = dict(selection.tests)
        self.file = root / ".outcome.json"
        (self._asked, self._ask), (self._answer, self._answered) = os.pipe(), os.pipe()
        if not os.fork():
            os.close(self._ask)  # so that the end of the other process is seen
            os.close(self._answer)
            _quiet()
            try:
                pytest.main([*ARGUMENTS, *_files(list(self.seconds))], plugins=[_Collected(self)])
            finally:
                os._exit(0)
        os.read(self._answer, 1)

    def run(self, mutant: Mutant) -> tuple[str, str, int]:
        """Return whether a mutant is ``killed``, ``survived``, ``never ends`` or ``not run``; the last test; how many were run."""
        at_import = runs_at_import(self.root, mutant)
        with _Written(self.root, mutant):
            if not at_import and (tests := self.selection.of(mutant)):
                told = self._in_functions(mutant, tests)
                if told[0] != "survived":
                    return told
            tests = self.selection.around(mutant)
            if not tests:
                return "not run", "", 0
            chosen = _first_files(tests)
            near = [test for test in tests if test.partition("::")[0] in chosen]
            told = _forked(functools.partial(self._anew, near), self.file)
            far = [test for test in tests if test.partition("::")[0] not in chosen][:FAR_TESTS]
            return _forked(functools.partial(self._anew, far), self.file) if told[0] == "survived" and far else told

    def _in_functions(self, mutant: Mutant, tests: list[str]) -> tuple[str, str, int]:
        self.file.unlink(missing_ok=True)
        (self.root / ".mutant.json").write_text(json.dumps([mutant.path, mutant.source, tests]), encoding="utf-8")
        os.write(self._ask, b"\n")
        os.read(self._answer, 1)
        return _outcome(self.file)

    def _anew(self, tests: list[str]) -> None:
        pytest.main([*ARGUMENTS, *_files(tests)], plugins=[_Chosen(tests, self.seconds), Outcome(self.file, self.seconds)])

    def serve(self, session: pytest.Session) -> None:
        """Run what is asked for, each in a fork."""
        items = {item.nodeid: item for item in session.items}
        for file in sorted(self.root.glob("posturio_iac/**/*.py")):
            with suppress(ImportError):
                import_module(".".join(file.relative_to(self.root).with_suffix("").parts).removesuffix(".__init__"))
        patch = Patch(self.root)
        gc.freeze()
        os.write(self._answered, b"\n")
        while os.read(self._asked, 1):
            path, source, tests = json.loads((self.root / ".mutant.json").read_text(encoding="utf-8"))
            chosen = sorted((items[test] for test in tests if test in items), key=lambda item: _is_slow(item, self.seconds))
            _forked(functools.partial(self._one, session, patch, (path, source), chosen), self.file)
            os.write(self._answered, b"\n")

    def _one(self, session: pytest.Session, patch: Patch, mutated: tuple[str, str], chosen: list[pytest.Item]) -> None:
        try:
            outcome = Outcome(self.file, self.seconds)
            session.config.pluginmanager.register(outcome)
            patch.apply(*mutated)
            for item, after in zip_longest(chosen, chosen[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            outcome.end("survived")
        except BaseException as error:  # noqa: BLE001 - reported as what it is
            self.file.write_text(json.dumps([f"broken: {error!r}", "", 0]), encoding="utf-8")


def _files(tests: list[str]) -> list[str]:
    return sorted({test.partition("::")[0] for test in tests})


def _first_files(tests: list[str]) -> set[str]:
    """The files of the tests that come first, those with most of them before others."""
    return {file for file, _ in Counter(test.partition("::")[0] for test in tests[:60]).most_common(FIRST_FILES)}


class _Written:
    """The file of a mutant, until the end of the block."""

    def __init__(self, root: Path, mutant: Mutant) -> None:
        self.path, self.source = root / mutant.path, mutant.source
        self.text = self.path.read_text(encoding="utf-8")

    def __enter__(self) -> None:
        self.path.write_text(self.source, encoding="utf-8")

    def __exit__(self, *_: object) -> None:
        self.path.write_text(self.text, encoding="utf-8")


def _is_slow(item: pytest.Item, seconds: dict[str, float]) -> bool:
    """True if a test runs many examples or takes long, so that it comes after those that are quick."""
    return hasattr(getattr(item, "obj", None), "hypothesis") or seconds[item.nodeid] > SLOW


class _Chosen:
    def __init__(self, tests: list[str], seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = (item for item in items if item.nodeid in self.places)
        items[:] = sorted(chosen, key=lambda item: (_is_slow(item, self.seconds), self.places[item.nodeid]))
        lessen_examples(items)


class _Collected:
    """Run mutants in place of the tests."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        lessen_examples(items)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.runner.serve(session)
        return True
