"""Measures scans, hooks and reports in one run, against a bare start of Python, peers and other revisions of ours.

README.md beside it says how to read the output.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Contender, in_turn, installed, program, revision  # type: ignore[import-not-found]  # a script beside this one
from trees import TREES, Tree, modules  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = "aws_iam_access_key|awsutils_expiring_iam_access_key|aws_iam_service_specific_credential|AWS::IAM::AccessKey"
BARE = "python -c pass"
CHECKOV = ["--quiet", "--compact", "--skip-download", "--framework", "terraform", "cloudformation", "--check", "CKV_AWS_273", "-d", "."]
"""One check of checkov's own about keys."""
TRIVY = ["config", "--quiet", "--skip-check-update", "--skip-version-check", "."]
PEERS = ("rg", "checkov", "trivy", "cfn-lint")
CASES = (
    "one-key",
    "modules",
    "monorepo",
    "units",
    "registry",
    "noise",
    "mixed",
    "template",
    "hook",
    "hook-clean",
    "hook-caller",
    "hook-all",
    "growth",
)


@dataclass
class Goal:
    """At most so many times what ``of`` takes, all of its programs together."""

    of: tuple[str, ...]
    at_most: float


GOALS = {
    "one-key": Goal((BARE,), 8),
    "noise": Goal(("rg", BARE), 3),
    "mixed": Goal(("rg", BARE), 3),
    "monorepo": Goal(("rg",), 5),
    "modules": Goal(("checkov",), 1 / 40),
    "template": Goal(("cfn-lint",), 1 / 3),
    "hook": Goal((BARE,), 5),
    "hook-clean": Goal((BARE,), 2.5),
    "hook-caller": Goal((BARE,), 10),
    "hook-all": Goal(("scan of the same",), 2),
    "growth": Goal(("a tenth of the files",), 10.5),
}


def main() -> None:
    """Measure, print, and write what was asked for."""
    given = arguments()
    ours = {"posturio-iac": program(given.program), **{name: [revision(name)] for name in given.compare}}
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in [str(given.tree)] if given.tree else given.cases:
            results.append(measured(name, Path(folder) / Path(name).name, ours, given))
            print(markdown(results[-1:], head=len(results) == 1), end="", flush=True)
    record = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "runs": given.runs,
        "clock": given.clock,
        "cases": results,
    }
    if given.json:
        given.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if given.markdown:
        given.markdown.write_text(markdown(results, head=True), encoding="utf-8")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", nargs="?", type=Path, metavar="DIRECTORY", help="what to scan in place of the cases")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES, metavar="CASE", help=f"some of: {', '.join(CASES)}")
    parser.add_argument("--scale", type=float, default=1, help="how much larger the made-up trees are")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: seconds of the processors, on a busy machine")
    parser.add_argument("--compare", action="append", default=[], metavar="REV", help="measure this revision of ours in turn")
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=["rg"], help="by default rg; all but trivy are installed where missing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    return parser.parse_args()


def measured(name: str, place: Path, ours: dict[str, list[str]], given: argparse.Namespace) -> dict[str, Any]:
    """Let all programs run on one case in turn, and return what they took."""
    commands, files, where = prepared(name, place, given)
    contenders = [Contender(label, [*start, *commands["ours"]], where) for label, start in ours.items()]
    contenders.append(Contender(BARE, [sys.executable, "-c", "pass"]))
    contenders += [Contender(label, command, where) for label, command in commands.items() if label != "ours"]
    in_turn(contenders, given.runs)
    shutil.rmtree(place, ignore_errors=True)
    seconds = {one.name: max(one.cpu if given.clock == "cpu" else one.wall, 0.001) for one in contenders}
    first = seconds["posturio-iac"]
    taken = {
        one.name: {
            "seconds": round(seconds[one.name], 4),
            "mebibytes": round(one.memory, 1),
            "ratio": round(first / seconds[one.name], 3),
        }
        for one in contenders
    }
    found: dict[str, Any] = {"case": name, "files": files, "programs": taken}
    if (goal := GOALS.get(name)) and all(part in taken for part in goal.of):
        found["goal"] = {"of": list(goal.of), "at_most": goal.at_most}
        found["goal"]["measured"] = round(first / sum(seconds[part] for part in goal.of), 3)
    return found


def prepared(name: str, place: Path, given: argparse.Namespace) -> tuple[dict[str, list[str]], int, Path]:
    """Make the tree of a case. Return the commands by program, those of ours without their start, how many files there are, and where."""
    scan = ["scan", "--exit-zero", "."]
    if given.tree:
        return {"ours": scan, **peers(given.peers)}, sum(path.is_file() for path in given.tree.rglob("*")), given.tree
    if name.startswith("hook"):
        tree = hook_tree(name, place, given.scale)
        changed = tree.files if name == "hook-all" else [next(f for f in tree.files if f.endswith("m0007/main.tf"))]
        same = {"scan of the same": [*program(given.program), *scan]} if name == "hook-all" else {}
        return {"ours": ["hook", "--exit-zero", *changed], **same}, len(tree.files), place
    if name == "growth":
        parts = max(int(2 * given.scale), 1)
        TREES["mixed"](place / "tenth", parts)
        tree = TREES["mixed"](place / "whole", parts * 10)
        tenth = [*program(given.program), "scan", "--exit-zero", "tenth"]
        return {"ours": ["scan", "--exit-zero", "whole"], "a tenth of the files": tenth}, len(tree.files), place
    make = TREES[name]
    (sized,) = make.__defaults__[:1] if make.__defaults__ else (1,)
    tree = make(place, max(int(sized * given.scale), 1))
    return {"ours": scan, **peers(given.peers, templates=tree.files if name == "template" else [])}, len(tree.files), place


def hook_tree(name: str, place: Path, scale: float) -> Tree:
    """Make a repository of modules that all hold a key, but for the one that changes in ``hook-clean``."""
    if name == "hook-all":
        tree = modules(place, int(1000 * scale), files=1)
    else:
        tree = modules(place, int(200 * scale), caller=name == "hook-caller")
    if name == "hook-clean":
        for file in (path for path in tree.files if path.endswith(("main.tf", "outputs.tf"))):
            (place / file).write_text('resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n', encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "all modules"]):
        subprocess.run(["git", *words], cwd=place, check=True)  # noqa: S607 - the git of the PATH, as the hook takes it
    return tree


def peers(names: list[str], templates: Sequence[str] = ()) -> dict[str, list[str]]:
    """The commands of other programs on a tree, cfn-lint on templates; trivy is measured only where it is installed."""
    found = {}
    if "rg" in names:
        found["rg"] = [shutil.which("rg") or installed("rg"), "-l", KEYS, "."]
    if "checkov" in names:
        found["checkov"] = [shutil.which("checkov") or installed("checkov"), *CHECKOV]
    if "trivy" in names and (trivy := shutil.which("trivy")):
        found["trivy"] = [trivy, *TRIVY]
    if "cfn-lint" in names and templates:
        found["cfn-lint"] = [shutil.which("cfn-lint") or installed("cfn-lint"), *templates]
    return found


def markdown(results: list[dict[str, Any]], *, head: bool) -> str:
    """A table with a row for each program of each case."""
    lines = (
        ["| case | program | time | ours is | memory | goal | measured |", "| --- | --- | ---: | ---: | ---: | --- | ---: |"]
        if head
        else []
    )
    for one in results:
        goal = one.get("goal")
        for number, (name, taken) in enumerate(one["programs"].items()):
            case = f"{one['case']}, {one['files']:,} files" if number == 0 else ""
            wanted = f"≤ {goal['at_most']:.3g} x {' + '.join(goal['of'])}" if goal and number == 0 else ""
            ratio = f"{taken['ratio']:.2f} x" if number else ""
            reached = f"{goal['measured']:.3g} x" if goal and number == 0 else ""
            time = f"{taken['seconds'] * 1000:,.0f} ms"
            lines.append(f"| {case} | {name} | {time} | {ratio} | {taken['mebibytes']:.0f} MiB | {wanted} | {reached} |")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
