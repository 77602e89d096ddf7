"""Measures what writing a report of 100,000 findings costs: processor time and peak memory, each format in a process of its own.

``python benchmarks/findings.py`` makes 50,000 modules with a key each, and judges them before the clock starts. The seconds include the
change that each finding shows: its file is read, parsed and edited in memory. ``--without-changes`` leaves that out.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from measuring import peak  # type: ignore[import-not-found]  # a script beside this one
from trees import modules  # type: ignore[import-not-found]  # a script beside this one

from posturio_iac.commands.reporting.reports import Sources, shown_changes
from posturio_iac.config import Config
from posturio_iac.contract import RenderContext
from posturio_iac.core.record import replace
from posturio_iac.render import renderer
from posturio_iac.scan import judge_paths

SECONDS, MEGABYTES = 2.0, 200.0
"""The goals."""
FORMATS = ("text", "json", "sarif")


def main() -> None:
    """Measure each format, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=50_000)
    parser.add_argument("--without-changes", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("FORMAT", "DIRECTORY"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(written(given.one[0], Path(given.one[1]), changes=not given.without_changes)))
        return
    print("| format | findings | size | processor | goal | peak memory | goal |\n| --- | ---: | ---: | ---: | --- | ---: | --- |")
    with tempfile.TemporaryDirectory() as folder:
        modules(Path(folder), given.keys, files=1)
        (Path(folder) / "modules").rename(Path(folder) / "stacks")  # what is called from elsewhere shows no change
        for name in FORMATS:
            command = [sys.executable, __file__, "--one", name, folder, *(["--without-changes"] if given.without_changes else [])]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                memory = peak(process) / 1024
                took = json.loads(process.stdout.read() if process.stdout else "")
            size = f"{took['bytes'] / 1e6:.0f} MB"
            print(f"| {name} | {took['findings']:,} | {size} | {took['seconds']:.1f} s | ≤ {SECONDS:g} s", end="")
            print(f" | {memory:.0f} MiB | ≤ {MEGABYTES:g} MB |", flush=True)


def written(name: str, folder: Path, *, changes: bool) -> dict[str, Any]:
    """Judge the keys of a folder, write their report in one format, and return what the writing took."""
    gc.set_threshold(200_000)  # as the command line does
    report = judge_paths([str(folder)], as_of=datetime(2026, 11, 27, tzinfo=timezone.utc), cwd=str(folder))
    sources = Sources(str(folder))
    change = shown_changes(report, Config(), sources) if changes else None
    context = RenderContext(sources.line, str(folder), text=sources.text)
    context = replace(context, change=change) if change else context
    started, size = time.process_time(), 0
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        for piece in renderer(name)(report, context):
            size += nowhere.write(piece)
    return {"findings": len(report.findings), "bytes": size, "seconds": time.process_time() - started}


if __name__ == "__main__":
    main()
