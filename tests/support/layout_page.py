"""The extensions that docs/layout.md shows as diffs.

``python -m tests.support.layout_page FOLDER`` makes what somebody has who followed the page: a copy of the project with the diffs applied,
the programs recorded and the documents generated.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {
    title: "".join(re.findall(r"^```diff\n(.*?)^```$", body, re.MULTILINE | re.DOTALL))
    for title, body in re.findall(
        r"^## (A new .*?)\n(.*?)(?=^## |\Z)", (ROOT / "docs/layout.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"PYTHONDONTWRITEBYTECODE": "1"}


def copied(away: Path) -> None:
    """Copy what git tracks or would track, without its history."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (away / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, away / name)
            (away / name).chmod((ROOT / name).stat().st_mode)


def apply(away: Path, title: str) -> None:
    command = ["git", "apply", "--whitespace=error", "-"]
    subprocess.run(command, cwd=away, env=ENVIRONMENT, input=SECTIONS[title].encode(), check=True, timeout=60)


def main(folder: str) -> None:
    away = Path(folder).resolve()
    copied(away)
    subprocess.run(["git", "init", "-q", str(away)], env=ENVIRONMENT, check=True)
    environment = ENVIRONMENT | {"PYTHONPATH": str(away)}
    for title in filter(SECTIONS.get, SECTIONS):
        apply(away, title)
    recorded = set(re.findall(r"^\+\+\+ b/fixtures/(\w+)/\w+/main.tf", "".join(SECTIONS.values()), re.MULTILINE))
    for command in (["-m", "tests.support.fixture_tools", "--update", *sorted(recorded)], ["docs/generate.py"]):
        subprocess.run([sys.executable, *command], cwd=away, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    main(sys.argv[1])
