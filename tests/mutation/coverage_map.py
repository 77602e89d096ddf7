"""Which tests run which lines, measured once: ``python -m tests.mutation.coverage_map FILE`` writes it as JSON."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import coverage

TESTS = [
    *(f"tests/{folder}" for folder in ("core", "metadata", "rules", "judge", "facts", "config", "contract", "frontends")),
    *(f"tests/{folder}" for folder in ("fixes", "link", "live_pure", "posture", "render")),
    *(f"tests/commands/test_{name}.py" for name in ("baseline", "baseline_moves", "policies")),
    *(f"tests/test_{name}.py" for name in ("clauses", "docs_drift", "fixtures", "promises")),
    "tests/attack/test_secrets.py",
]
"""Those that call the packages in their own process; without those that limit time or memory, which fail on a busy machine."""
EXAMPLES = 10
"""Of a property: the lines that it runs are about the same after a thousand."""


def lessen_examples(items: list[pytest.Item]) -> None:
    """Let each property run a few examples only, so that a mutant which slows it down is told from one that never ends."""
    import hypothesis  # noqa: PLC0415 - pytest rewrites its assertions first

    for item in items:
        test = getattr(item, "obj", None)
        if found := getattr(test, "_hypothesis_internal_use_settings", None):
            fewer = hypothesis.settings(found, max_examples=EXAMPLES, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
            getattr(test, "__func__", test)._hypothesis_internal_use_settings = fewer  # type: ignore[union-attr]


class Recorder:
    """Switch the context of the measurement to each test, and note which of them pass."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.passed: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.measured.switch_context(item.nodeid)
        result = yield
        self.measured.switch_context("")
        return result

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        lessen_examples(items)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" and report.passed:
            self.passed[report.nodeid] = round(report.duration, 3)


def measure(root: Path, file: Path, tests: list[str]) -> None:
    """Run the tests and add to ``{"tests": [[id, seconds]], "lines": {path: {line: [indexes]}}}``; a test that fails is left out."""
    import coverage  # noqa: PLC0415 - what only runs mutants needs no such package

    measured = coverage.Coverage(data_file=None, source=[str(root / "posturio_iac")], config_file=False)
    recorder = Recorder(measured)
    measured.start()
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *(test for test in tests if (root / test).exists())], plugins=[recorder])
    measured.stop()
    data = measured.get_data()
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"tests": [], "lines": {}}
    seconds = {**dict(known["tests"]), **recorder.passed}
    names = [test for test, _ in known["tests"]]
    lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path, by_line in known["lines"].items():
        for line, numbers in by_line.items():
            lines[path][int(line)] |= {names[number] for number in numbers}
    for path in filter(lambda path: path.endswith(".py"), data.measured_files()):
        for line, contexts in data.contexts_by_lineno(path).items():
            lines[Path(path).relative_to(root).as_posix()][line] |= set(contexts) & set(recorder.passed)
    number = {test: place for place, test in enumerate(sorted(seconds))}
    told = {path: {line: sorted(map(number.__getitem__, of)) for line, of in by_line.items() if of} for path, by_line in lines.items()}
    file.write_text(json.dumps({"tests": sorted(seconds.items()), "lines": told}, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    measure(Path.cwd(), Path(sys.argv[1]), sys.argv[2:] or TESTS)
