"""Mutates the package: ``python -m tests.mutation SEED COUNT`` draws mutants of mutmut's operators and shows which no test finds.

The tests, with those of the packs and against a played AWS, and the programs that they start, run once under coverage, in a copy of all.
Each mutant meets those that run its line, or all if only imports run that, and mypy. ``--record`` is for docs/security.md.
``--list`` shows the sample first: whoever reads it gives the numbers of those that change nothing that can be seen with ``--equivalent``.
"""

from __future__ import annotations

import argparse
import ast
import os
import py_compile
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from tests.support.figures import record, today
from tests.support.layout_page import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import libcst as cst
    import pytest

TOP = Path(__file__).parents[1]
FIRST_TESTS, MOST_TESTS = 30, 300
TOGETHER = 2  # mutants that are run at a time, each in a copy of its own
SECONDS, OF_ALL = 240, 1200  # of the processor, for the first tests of a mutant, and for the others; one that takes longer never ends
MYPY = (sys.executable, "-m", "mypy", "--disable-error-code=redundant-expr", "posturio_iac")  # the odd form of a mutant is no mistake
PYTEST = (sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--no-header")
UNTIMED = ("tests/attack/test_stops.py", "tests/fuzz")  # of time and memory: they fail on a busy machine
ALL = ["tests/test_fixtures.py", "tests", *(word for path in UNTIMED for word in ("--ignore", path))]
PACKS = [f"tests/hosts/test_{name}.py" for name in ("checkov", "checkov_parity", "cfn_lint", "cfn_lint_parity")]


class Tests(NamedTuple):
    """What gives those that run each line of a file, those that fail without a mutant, and the seconds that each takes."""

    of: Mapping[str, Callable[[], dict[int, list[str]]]]
    failing: set[str]
    took: dict[str, float]


class Mutant(NamedTuple):
    path: str
    line: int
    before: str
    after: str
    source: str


def places(module: cst.Module) -> list[tuple[cst.CSTNode, cst.CSTNode]]:
    """Each node that an operator changes, with its change; types, documentation and imports are left out."""
    import libcst as cst  # noqa: PLC0415 - the tests need it nowhere else
    from mutmut.mutation.mutators import mutation_operators  # noqa: PLC0415 - the same

    class Places(cst.CSTVisitor):  # type: ignore[misc]  # libcst is not there when mypy runs
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

        def on_visit(self, node: cst.CSTNode) -> bool:
            match node:
                case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
                    return False
                case cst.If(test=cst.Name("TYPE_CHECKING")) | cst.Call(func=cst.Name("TypeVar" | "cast" | "isinstance" | "len")):
                    return False
                case cst.Assign([cst.AssignTarget(cst.Name("TYPE_CHECKING"))]):
                    return False
            self.found += [(node, changed) for kind, operator in mutation_operators if isinstance(node, kind) for changed in operator(node)]
            return True

    visitor = Places()
    module.visit(visitor)
    return visitor.found


def behaviour(program: str) -> str:
    """A program without what changes nothing that it does: names of types, slots, that `zip` is strict, how characters are spelt."""
    tree = ast.parse(program)
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=ast.Name("TypeAlias")):
                node.value = None
            case ast.Call(func=ast.Name("zip" | "dataclass")):
                node.keywords = [given for given in node.keywords if given.arg not in ("strict", "slots")]
            case ast.Constant(value="utf-8" | "UTF-8"):
                node.value = "utf-8"
            case ast.Constant(value=str() | bytes() as text):
                shown = text if isinstance(text, str) else text.decode("latin-1")
                node.value = re.sub(r"\\[xuU][0-9A-Fa-f]+", lambda found: found[0].lower(), shown)
    return ast.dump(tree)


def mutants(root: Path, seed: int) -> Iterator[tuple[int, Mutant]]:
    """Yield mutants of the whole package, files by their size, in an order that the seed fixes: any number of the first is a sample."""
    import libcst as cst  # noqa: PLC0415 - the tests need it nowhere else
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415 - the same

    files = sorted((root / "posturio_iac").rglob("*.py"))
    sizes = [file.stat().st_size for file in files]
    chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again
    for number in count(1):
        (file,) = chance.choices(files, sizes)
        text = file.read_text(encoding="utf-8")
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        if not (found := places(wrapper.module)):
            continue
        node, changed = chance.choice(found)
        mutated = wrapper.module.deep_replace(node, changed).code
        try:
            is_one = bool(compile(mutated, "", "exec")) and behaviour(mutated) != behaviour(text)
        except SyntaxError:
            is_one = False
        if is_one:
            before, after = (wrapper.module.code_for_node(one) for one in (node, changed))
            line = wrapper.resolve(PositionProvider)[node].start.line
            yield number, Mutant(file.relative_to(root).as_posix(), line, before, after, mutated)


def pytest_runtest_logstart(nodeid: str) -> None:
    """As a plugin of pytest's, which tells coverage what test begins to run, in the programs that it starts too."""
    import coverage  # noqa: PLC0415 - the tests need it nowhere else

    os.environ.update(COVERAGE_PROCESS_START=str(TOP / ".started"), TESTED=nodeid)
    coverage.Coverage.current().switch_context(nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep how each test ends without a mutant, and its seconds."""
    if report.when == "call" or report.failed:
        with (TOP / ".reports").open("a", encoding="utf-8") as file:
            file.write(f"{report.outcome} {report.duration:.2f} {report.nodeid}\n")


def inside(away: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program in a copy; those that tests start run the copy of the package too."""
    return partial(subprocess.run, cwd=away, env={**os.environ, "PYTHONPATH": str(away)}, text=True, capture_output=True)


def measured(away: Path, data: Path) -> Tests:
    """The tests, without those that fail; ``data`` keeps what coverage measured."""
    import coverage  # noqa: PLC0415 - the tests need it nowhere else

    if not data.exists():
        options = f"[run]\ndata_file = {data}\nsource = {away / 'posturio_iac'}\n"
        (away / ".coveragerc").write_text(options)
        started = f"{options}parallel = true\ncontext = ${{TESTED-}}\n"
        (away / "sitecustomize.py").write_text("import coverage\n\ncoverage.process_startup()\n")
        command = ["coverage", "run", "--append", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.mutation"]
        for tests in (ALL, ["tests/live"], PACKS):
            (away / ".started").write_text(f"{started}patch = fork, _exit\n" if tests is PACKS else started)  # checkov forks
            inside(away)([sys.executable, "-m", *command, *tests])
        inside(away)([sys.executable, "-m", "coverage", "combine", "-q", "--append"])
        (away / "sitecustomize.py").unlink()
        shutil.move(away / ".reports", data.with_suffix(".reports"))
    reports = [line.split(" ", 2) for line in data.with_suffix(".reports").read_text(encoding="utf-8").splitlines()]
    failing = {test for how, _, test in reports if how == "failed"}
    found = coverage.CoverageData(str(data))
    found.read()

    def tests_of(path: str) -> dict[int, list[str]]:
        return {line: [test for test in tests if test and test not in failing] for line, tests in found.contexts_by_lineno(path).items()}

    names = {f"posturio_iac/{path.rpartition('/posturio_iac/')[2]}": path for path in found.measured_files()}
    of = {name: partial(tests_of, path) for name, path in names.items()}
    return Tests(of, failing, {test: float(seconds) for _, seconds, test in reports})


def chosen(path: str, text: str, line: int, every: Tests) -> tuple[list[str], bool]:
    """The tests that run a line, or its module, those that run most of it in a second first, and whether it belongs to a function."""
    known = every.of.get(path, dict)()
    run = Counter(test for tests in known.values() for test in tests)
    bodies = [node.body for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    called = any(body[0].lineno <= line <= (body[-1].end_lineno or 0) for body in bodies)
    tests = known.get(line, []) if called else []
    turns = Counter[str]()

    def turn(test: str) -> int:
        turns[name := test.partition("[")[0]] += 1
        return turns[name]

    ordered = sorted(sorted(tests or run, key=lambda test: (-run[test] / (0.1 + every.took.get(test, 9)), test)), key=turn)
    own = f"tests/{path.split('/')[1]}/"
    return [*ordered[:FIRST_TESTS], *sorted(ordered[FIRST_TESTS:], key=lambda test: not test.startswith(own))], called


def finding(away: Path, tests: list[str], seconds: int) -> str:
    """Return ``killed`` or ``never ends``, or nothing; a test that fails among others and not alone failed for want of time."""
    while tests:
        (away / ".tests").write_text("\n".join(tests), encoding="utf-8")  # which may be many
        done = inside(away)(["prlimit", f"--cpu={seconds}", *PYTEST, "@.tests"], timeout=10 * seconds)
        if done.returncode in (0, 5):
            break
        failed = re.findall(r"(?m)^FAILED (.+?)(?: - .*)?$", done.stdout)
        if not failed or inside(away)([*PYTEST, *failed]).returncode:
            return "never ends" if done.returncode == -signal.SIGXCPU else "killed"
        tests = [*tests, *(f"--deselect={test}" for test in failed)]
    return ""


def outcome(away: Path, mutant: Mutant, every: Tests) -> str:
    """Run mypy and the tests that can find a mutant; return ``killed``, ``never ends``, ``refused by mypy`` or ``survived``."""
    file = away / mutant.path
    text = file.read_text(encoding="utf-8")
    tests, called = chosen(mutant.path, text, mutant.line, every)
    file.write_text(mutant.source, encoding="utf-8")
    py_compile.compile(str(file))  # some tests see that a program writes a file
    try:
        rest = tests[MOST_TESTS:] if called else [*ALL, *(f"--deselect={test}" for test in every.failing)]
        for some in (tests[:FIRST_TESTS], tests[FIRST_TESTS:MOST_TESTS]):
            if found := finding(away, some, SECONDS):
                return found
        if inside(away)(MYPY).returncode:
            return "refused by mypy"
        return finding(away, rest, OF_ALL) or "survived"
    except subprocess.TimeoutExpired:
        return "never ends"
    finally:
        file.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--equivalent", type=int, nargs="+", default=[], metavar="NUMBER", help="read before: they change nothing")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--data", type=Path, help="where coverage's measurement is kept for another run")
    given = parser.parse_args()
    sample = islice((one for one in mutants(TOP, given.seed) if one[0] not in given.equivalent), given.count)
    shown = "{0} {1} {2.path}:{2.line} {2.before!r:.90} -> {2.after!r:.90}\n"
    if given.list:
        sys.stdout.writelines(shown.format(number, "", mutant) for number, mutant in sample)
        return 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(TOGETHER) as pool:
        free = SimpleQueue[Path]()
        for away in (copies := [Path(folder).resolve() / str(number) for number in range(TOGETHER)]):
            copied(away)
            subprocess.run(["git", "init", "-q", str(away)], check=True)
            subprocess.run(MYPY, cwd=away, check=True)  # it complains of nothing but mutants
            free.put(away)
        every = measured(copies[0], (given.data or copies[0] / ".measured").resolve())

        def judge(drawn: tuple[int, Mutant]) -> str:
            number, mutant = drawn
            away = free.get()
            how = outcome(away, mutant, every)
            free.put(away)
            sys.stdout.write(shown.format(number, how, mutant))
            sys.stdout.flush()
            return how

        outcomes = Counter(pool.map(judge, sample))
    sys.stdout.write(f"{dict(outcomes)}, seed {given.seed}\n")
    if given.record:
        record("mutation", {"day": today(), "seed": given.seed, "equivalent": given.equivalent, "outcomes": outcomes})
    return 0


if __name__ == "__main__":
    sys.exit(main())
