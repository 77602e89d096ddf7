"""Measures what a commit costs in a repository of 200 modules with keys, against a bare interpreter and checkov's hooks.

What a run over all files costs is measured against a scan: with the number of modules, the two must grow alike.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from scan import ONE_KEY, Contender, installed, program  # type: ignore[import-not-found]  # a script beside this one

MODULES = 200
FILES = {
    "main.tf": ONE_KEY.replace('name = "ci"', 'name = "service-%d"'),
    "variables.tf": 'variable "tags" {\n  type    = map(string)\n  default = {}\n}\n',
    "outputs.tf": 'output "key_id" {\n  value = aws_iam_access_key.ci.id\n}\n',
}
CHANGED = "modules/m007/main.tf"
CHECKOV_HOOKS = {"checkov": "checkov -d .", "checkov_diff": "checkov --enable-secret-scan-all-files -f"}
"""The hooks that checkov's own .pre-commit-hooks.yaml defines in Python, with their entries."""
BARE, ALONE, CALLED = "python -c pass", "hook, 200 modules", "hook, one caller"
MANY = (600, 1000)
"""Modules of one file each, in runs over all files."""
HOOKED, SCANNED = "hook, all %d files", "scan, %d files"
MOST_SCANS = 2


def main() -> None:
    """Measure and print."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        alone, called = Path(folder) / "alone", Path(folder) / "called"
        repository(alone)
        repository(called, caller=True)
        ours = [*program(given.program), "hook", CHANGED]
        contenders = [
            Contender(BARE, [sys.executable, "-c", "pass"]),
            Contender(ALONE, ours, cwd=alone),
            Contender(CALLED, ours, cwd=called),
        ]
        if checkov := given.checkov or (installed("checkov") if given.install_checkov else None):
            for name, entry in CHECKOV_HOOKS.items():
                words = [str(checkov), *shlex.split(entry)[1:], *([CHANGED] if name == "checkov_diff" else [])]
                contenders.append(Contender(name, words, cwd=alone))
        for number in MANY:
            many = Path(folder) / str(number)
            files = repository(many, modules=number, files={"main.tf": FILES["main.tf"]})
            contenders.append(Contender(HOOKED % number, [*program(given.program), "hook", *files], cwd=many))
            contenders.append(Contender(SCANNED % number, [*program(given.program), "scan"], cwd=many))
        for turn in range(given.runs + 1):
            for contender in contenders:
                contender.run(memory=False)
                if turn == 0:  # warms the caches
                    contender.seconds.clear()
    report({contender.name: contender.wall for contender in contenders}, given.runs)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument("--checkov", help="an installed checkov")
    parser.add_argument("--install-checkov", action="store_true", help="make an environment for checkov with uv")
    return parser.parse_args()


def repository(place: Path, *, modules: int = MODULES, files: dict[str, str] = FILES, caller: bool = False) -> list[str]:
    """Make a repository of modules that all hold a key, and return its files; with a caller, one root module calls all of them."""
    made = []
    for number in range(modules):
        for name, text in files.items():
            made.append(f"modules/m{number:03}/{name}")
            path = place / made[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("%d", str(number)), encoding="utf-8")
    if caller:
        (place / "live").mkdir()
        calls = (f'module "m{number:03}" {{\n  source = "../modules/m{number:03}"\n}}\n' for number in range(modules))
        (place / "live/main.tf").write_text("".join(calls), encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "all modules"]):
        subprocess.run(["git", *words], cwd=place, check=True)  # noqa: S607 - the git of the PATH, as the hook takes it
    return made


def report(walls: dict[str, float], runs: int) -> None:
    """Print the medians, and how the promises fare."""
    print(f"{CHANGED} changed, medians of {runs} interleaved runs\n")
    for name, wall in walls.items():
        print(f"{name:18} {wall * 1000:8.1f} ms {wall / walls[BARE]:8.1f} bare starts")
    print(f"\nof a bare interpreter start: {walls[ALONE] / walls[BARE]:.2f}x (at most 10)")
    for number in MANY:
        ratio = walls[HOOKED % number] / walls[SCANNED % number]
        print(f"all {number} files, of a scan of the same: {ratio:.2f}x (at most {MOST_SCANS})")
    for name in CHECKOV_HOOKS:
        if name in walls:
            print(f"of the hook {name}: 1/{walls[name] / walls[ALONE]:.0f} (at most 1/15)")
    if "checkov" not in walls:
        print("checkov's hooks left out: give --checkov PATH or --install-checkov")


if __name__ == "__main__":
    main()
