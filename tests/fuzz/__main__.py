"""Fuzzes all inputs guided by coverage: ``python -m tests.fuzz SECONDS [TARGET ...]``; needs atheris.

What is found is printed with its traceback, and ends the run: atheris writes its bytes to a file ``crash-…``.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import atheris
from hypothesis import HealthCheck, given, settings

with atheris.instrument_imports(include=["posturio_iac"]):
    from tests.fuzz.targets import targets

from collections.abc import Callable

from tests.fuzz.targets import Target

LIMITS = ("-timeout=60", "-rss_limit_mb=2048", "-max_len=8192", "-len_control=0")


def _reader(target: Target) -> Callable[[bytes], object]:
    """Return what makes an input of bytes by the target's own strategy, and executes it."""

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def execute(made: Any) -> None:
        target.run(made)

    reader: Callable[[bytes], object] = execute.hypothesis.fuzz_one_input  # type: ignore[attr-defined] # hypothesis adds it
    return reader


def main(seconds: str, *names: str) -> None:
    readers = [_reader(target) for target in targets() if not names or target.name in names]

    def one(data: bytes) -> None:
        if data:
            readers[data[0] % len(readers)](data[1:])

    with tempfile.TemporaryDirectory() as corpus:
        atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *LIMITS, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
