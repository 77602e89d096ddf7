"""Fuzzes for as long as asked: ``python -m tests.fuzz SECONDS [TARGET ...]`` prints the figures, and the inputs that broke a promise.

``--record`` writes the figures down for docs/security.md.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
from contextlib import suppress
from itertools import cycle
from multiprocessing import get_context
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.execution import Broken
from tests.fuzz.targets import targets
from tests.support.figures import record, today

if TYPE_CHECKING:
    from typing import Any

    from tests.fuzz.execution import Figures
    from tests.fuzz.targets import Target

MEMORY = 2 << 30
ROUND = 100
"""Executions of one target before the next one has its turn."""
PHASES = (Phase.generate, Phase.shrink)
QUIET = list(HealthCheck)


def round_of(target: Target, number: int, known: set[str]) -> str:
    """Execute a target some times, and return what is new: the smallest input that was found for it. Empty when nothing is."""
    last: list[tuple[Any, Broken]] = []

    @seed(number)
    @settings(max_examples=ROUND, database=None, deadline=None, phases=PHASES, suppress_health_check=QUIET, report_multiple_bugs=False)
    @given(target.inputs)
    def execute(made: Any) -> None:
        try:
            target.once(made)
        except Broken as error:
            if error.key not in known:
                last[:] = [(made, error)]
                raise

    try:
        execute()
    except Broken:
        made, error = last[0]
        known.add(error.key)
        return f"{target.name}: {error}\n{made!r}\n{''.join(traceback.format_exception(error.__cause__)) if error.__cause__ else ''}"
    return ""


def round_apart(target: Target, number: int, known: set[str]) -> str:
    """Do what `round_of` does in a process of its own, which takes with it what Hypothesis remembers of each input."""
    told, tell = get_context("fork").Pipe(duplex=False)
    process = get_context("fork").Process(target=lambda: tell.send((round_of(target, number, known), known, target.figures)))
    process.start()
    tell.close()
    found, known_now, figures = f"{target.name}: the process died in the round of seed {number}", {*known, target.name}, target.figures
    with suppress(EOFError):
        found, known_now, figures = told.recv()
    process.join()
    known |= known_now
    target.figures = figures
    return found


def _told(figures: Figures) -> dict[str, float]:
    return {name: round(getattr(figures, name), 2) for name in ("executions", "cpu", "slowest", "largest")}


def main(seconds: float, *names: str) -> int:
    """Fuzz all targets in turn, print the figures as a table, and return 1 when something was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = [target for target in targets() if set(names) <= {"--record"} or target.name in names]
    known: set[str] = set()
    started, number = time.monotonic(), int(time.time())
    sys.stdout.write(f"first seed {number}\n")
    for target in cycle(chosen):
        if time.monotonic() - started > seconds:
            break
        if found := round_apart(target, number, known):
            sys.stdout.write(f"\nFOUND {found}\n")
            sys.stdout.flush()
        number += 1
    sys.stdout.write(f"\n| input | executions | CPU | slowest | most memory | exit codes |\n{'| --- ' * 6}|\n")
    for target in chosen:
        f = target.figures
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(f.codes.items()))
        sys.stdout.write(f"| {target.name} | {f.executions:,} | {f.cpu / 60:.1f} min | {f.slowest:.2f} s | {f.largest} MB | {codes} |\n")
    minutes = round((time.monotonic() - started) / 60)
    executions = sum(target.figures.executions for target in chosen)
    sys.stdout.write(f"\n{executions:,} executions in {minutes} minutes, {len(known)} found\n")
    if "--record" in names:
        inputs = {target.name: _told(target.figures) for target in chosen}
        record("fuzz", {"day": today(), "minutes": minutes, "found": len(known), "inputs": inputs})
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), *sys.argv[2:]))
