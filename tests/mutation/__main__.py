"""Mutates the packages that decide: ``python -m tests.mutation SEED COUNT`` draws mutants and shows which of them no test finds.

It works on a copy of the tree. ``FILE`` keeps which tests run which lines; measuring that takes longer than running 400 mutants.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from tests.mutation.mutants import PACKAGES, sample
from tests.support.figures import record, today

ROOT = Path(__file__).parents[2]


def _copy(away: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (away / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, away / name)
    subprocess.run(["git", "init", "-q", str(away)], check=True)


def _run(away: Path, given: argparse.Namespace, tests: Path) -> dict[str, list[int]]:
    """Run in the copy, print each mutant, and return for each part how many were run, found by tests, and else refused by mypy."""
    from tests.mutation.execution import Runner  # noqa: PLC0415 - what imports pytest comes after the copy is the current folder
    from tests.mutation.selection import Selection  # noqa: PLC0415 - it comes after the copy is the current folder, too
    from tests.mutation.typecheck import Types  # noqa: PLC0415 - it comes after the copy is the current folder, too

    started = time.monotonic()
    runner, types = Runner(away, Selection(away, tests)), Types(away)
    every, mutants = sample(away, given.seed, given.only)
    figures = {part: [0, 0, 0] for part in PACKAGES}
    for number, mutant in islice(mutants, given.count):
        how, test, ran = runner.run(mutant)
        if how == "survived" and types.refuse(mutant.path, mutant.source):
            how = "refused by mypy"
        figures[mutant.part][0] += 1
        figures[mutant.part][1] += how in ("killed", "never ends")
        figures[mutant.part][2] += how == "refused by mypy"
        sys.stdout.write(f"{number} {how} ({ran}) {mutant}   {test}\n")
        sys.stdout.flush()
        if time.monotonic() - started > given.seconds:
            break
    run, found, refused = (sum(one[place] for one in figures.values()) for place in range(3))
    sys.stdout.write(f"{found} of {run} killed, {refused} more refused by mypy; {every} mutants in all, seed {given.seed}\n")
    return figures


def main() -> int:
    """Measure the tests where that is not done, run the mutants, and write the figures down where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="draw no more after this time")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the mutants to run again")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--tests", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        away = Path(folder).resolve()
        away.chmod(0o755)  # tests that give up root's rights import from it
        _copy(away)
        tests = (given.tests or away / ".tests.json").resolve()
        os.environ.update(CI="1", PYTHONPATH=str(away), PYTHONDONTWRITEBYTECODE="1")
        if not tests.exists():
            subprocess.run([sys.executable, "-m", "tests.mutation.coverage_map", str(tests)], cwd=away, check=True)
        os.chdir(away)
        sys.path[:] = [str(away), *(one for one in sys.path if one not in ("", str(ROOT)))]
        figures = _run(away, given, tests)
        os.chdir(ROOT)
    if given.record:
        record("mutation", {"day": today(), "seed": given.seed, "parts": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
