"""A few executions of each target of the fuzzer, the same in every run; ``nox -s fuzz`` goes on for as long as it is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.execution import STATUS, Broken, command, watched
from tests.fuzz.targets import Target, targets

TARGETS = {target.name: target for target in targets()}


@pytest.mark.promise("any input")
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_any_input_keeps_the_promises(target: Target) -> None:
    @settings(max_examples=2, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def execute(made: Any) -> None:
        target.run(made)

    execute()


def test_an_execution_that_does_not_end_is_stopped() -> None:
    with pytest.raises(Broken, match="took more than"), watched(seconds=0.05):
        any(one for one in iter(int, 1))


@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell how much memory was taken")
def test_an_execution_that_takes_memory_is_seen() -> None:
    with pytest.raises(Broken, match="took more than 20 MB"), watched(megabytes=20):
        bytearray(60 << 20)


def test_a_crash_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: object) -> int:
        raise LookupError("boom")

    monkeypatch.setattr("posturio_iac.cli._dispatch", crash)
    with pytest.raises(Broken, match=r"a crash: .*LookupError"):
        command("scan")
