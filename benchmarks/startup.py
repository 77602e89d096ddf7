"""Prints which imports the start of a scan of one file with a key pays for, the slowest first."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ONE_KEY = 'resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n'
LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", re.MULTILINE)


def imports(code: str, *argv: str) -> dict[str, int]:
    """Return what each import of a run costs by itself, in microseconds; the run before it compiles what is new."""
    command = [sys.executable, "-X", "importtime", "-c", code, *argv]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(command, env=environment, capture_output=True, check=False)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return {name: int(cost) for cost, name in LINE.findall(done.stderr)}


def main() -> None:
    """Measure, leave out what a bare interpreter loads as well, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top", type=int, default=25, metavar="N", help="how many modules to print")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(ONE_KEY, encoding="utf-8")
        bare = imports("pass")
        ours = imports("import sys; from posturio_iac.cli import main; sys.exit(main(sys.argv[1:]))", "scan", folder)
    extra = {name: cost for name, cost in ours.items() if name not in bare}
    for name, cost in sorted(extra.items(), key=lambda item: -item[1])[: given.top]:
        print(f"{cost / 1000:8.2f} ms  {name}")
    packages = Counter[str]()
    for name, cost in extra.items():
        packages[name.partition(".")[0]] += cost
    print(f"\n{sum(extra.values()) / 1000:8.2f} ms  all {len(extra)} modules beyond a bare interpreter, by package:")
    for name, cost in packages.most_common(10):
        print(f"{cost / 1000:8.2f} ms  {name}")


if __name__ == "__main__":
    main()
