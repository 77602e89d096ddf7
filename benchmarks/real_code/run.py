"""Scores a tool on labelled access keys of public repositories: found, false, and lifetime right.

``run.py bring DIRECTORY`` fetches the repositories with git, each at its commit; ``run.py score DIRECTORY -- COMMAND`` runs a tool in each
and reads the SARIF, or the JSON of posturio-iac, that it prints.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
GITHUB = "https://github.com/{owner}/{name}"
DECLARATIONS = {"terraform", "cloudformation", "module_call"}


@dataclass(frozen=True)
class Label:
    """One row of ``labels.tsv`` or ``decoys.tsv``; ``ends`` is yes, no, unknown or empty."""

    repo: str
    commit: str
    path: str
    line: int
    kind: str
    ends: str
    idiom: str

    @property
    def lifetime(self) -> bool | None:
        """True if the code ends the key; a counter that somebody has to raise by hand ends nothing. None where it is open."""
        by_hand = "Serial" in self.idiom
        return {"yes": not by_hand, "no": False}.get(self.ends)


@dataclass(frozen=True)
class Result:
    """One statement of a tool: lines are 1-based and include the last; ``rule`` is empty for a key that is only listed."""

    path: str
    first: int
    last: int
    rule: str
    is_open: bool = False

    def is_at(self, label: Label) -> bool:
        return self.path == label.path and self.first <= label.line <= self.last


def labels(name: str) -> list[Label]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Label(r["repo"], r["commit"], r["path"], int(r["line"]), r.get("kind") or "absent", r.get("ends") or "", r.get("idiom") or "")
            for r in rows
        ]


def folder(root: Path, repo: str, commit: str) -> Path:
    return root / f"{repo.replace('/', '+')}@{commit[:8]}"


def bring(root: Path, source: str) -> int:
    """Fetches each repository at its commits, without history; what is there already stays. Exits 1 when one cannot be had."""
    missing = 0
    for repo, commit in sorted({(label.repo, label.commit) for label in labels("labels.tsv")}):
        target = folder(root, repo, commit)
        if (target / ".git" / "HEAD").exists():
            continue
        owner, _, name = repo.partition("/")
        target.mkdir(parents=True, exist_ok=True)
        steps = (
            ["init", "--quiet"],
            ["fetch", "--quiet", "--depth", "1", source.format(owner=owner, name=name), commit],
            ["-c", "core.symlinks=false", "checkout", "--quiet", "--force", "FETCH_HEAD"],
        )
        for step in steps:
            done = subprocess.run(["git", "-C", str(target), *step], capture_output=True, text=True, check=False)  # noqa: S607 - git of the PATH
            if done.returncode:
                print(f"{repo}@{commit[:8]}: git {step[-2]}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                missing += 1
                break
    return 1 if missing else 0


def read(text: str, top: Path) -> Iterator[Result]:
    """Yields what a tool says in SARIF or in the JSON of posturio-iac. Raises `ValueError` for anything else."""
    document = json.loads(text)
    if isinstance(document, dict) and "runs" in document:
        for run in document["runs"]:
            for result in run.get("results", ()):
                yield from sarif_places(result, top)
    elif isinstance(document, dict) and "keys" in document:
        keys = [key for key in document["keys"] if key.get("path")]
        yield from (Result(key["path"], key["line"], key.get("end_line") or key["line"], "", bool(key.get("undecided"))) for key in keys)
        yield from (Result(f["path"], f["line"], f.get("end_line") or f["line"], f["rule"]) for f in document["findings"] if f.get("path"))
    else:
        raise ValueError("neither SARIF nor a result of posturio-iac")


def sarif_places(result: dict[str, Any], top: Path) -> Iterator[Result]:
    for location in result.get("locations", ()):
        place = location.get("physicalLocation", {})
        region = place.get("region", {})
        path = unquote(place.get("artifactLocation", {}).get("uri", "")).removeprefix("file://")
        path = path.removeprefix(str(top)).lstrip("/").removeprefix("./")
        first = region.get("startLine", 1)
        yield Result(path, first, region.get("endLine", first), result.get("ruleId") or "")


def run_tool(top: Path, command: Sequence[str], seconds: int, kept: Path | None = None) -> tuple[list[Result], str]:
    """What a tool says in a folder, and its complaint if it printed nothing that can be read. Nothing to look at is nothing said."""
    if not command:
        return [], ""
    if kept is not None and kept.exists():
        return list(read(kept.read_text(encoding="utf-8"), top)), ""
    try:
        done = subprocess.run(command, cwd=top, capture_output=True, text=True, timeout=seconds, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        return [], f"not done in {seconds} s"
    said = done.stdout[max(done.stdout.find("{"), 0) :]
    try:
        results = list(read(said, top))
    except (ValueError, KeyError) as error:
        return [], f"exit code {done.returncode}, {error}: {done.stderr.strip()[-200:]}"
    if kept is not None:
        kept.write_text(said, encoding="utf-8")
    return results, ""


def score(
    root: Path, command: Sequence[str], about: str, lifetime: str, *, seconds: int, show: bool, files: str = "", keep: Path | None = None
) -> int:
    """Prints the figures of one tool. A key is found where a result covers the line of its block; exits 1 when a repository failed."""
    every, decoys = labels("labels.tsv"), labels("decoys.tsv")
    tops = sorted({(label.repo, label.commit) for label in every})
    labelled: dict[tuple[str, str], set[str]] = {top: set() for top in tops}
    for label in (*every, *decoys):
        labelled[label.repo, label.commit].add(label.path)

    def answer(top: tuple[str, str]) -> tuple[list[Result], str]:
        given = sorted(path for path in labelled[top] if re.search(files, path)) if files else []
        place = folder(root, *top)
        return run_tool(place, [] if files and not given else [*command, *given], seconds, keep and keep / f"{place.name}.json")

    with ThreadPoolExecutor(1 if files else 2) as pool:
        answers = dict(zip(tops, pool.map(answer, tops), strict=True))
    counts: Counter[str] = Counter()
    for label in (*every, *decoys):
        results = [r for r in answers[label.repo, label.commit][0] if r.is_at(label) and (not r.rule or re.search(about, r.rule))]
        outcome = judge(label, results, lifetime)
        counts.update(outcome)
        if show and (mistakes := outcome & {"missed", "false", "wrong"}):
            rules = ", ".join(sorted({r.rule for r in results if r.rule})) or "no finding"
            print(f"{', '.join(sorted(mistakes))}: {label.repo}@{label.commit[:8]}:{label.path}:{label.line}, ends={label.ends}: {rules}")
    failed = {top: complaint for top, (_, complaint) in answers.items() if complaint}
    for (repo, commit), complaint in failed.items():
        print(f"{repo}@{commit[:8]}: {complaint}", file=sys.stderr)
    print(
        f"found {counts['found']} of {counts['declaration']} declarations, false at {counts['false']} of {counts['trap']} traps, ", end=""
    )
    said = f"lifetime right {counts['right']}, wrong {counts['wrong']}, open {counts['open']}" if lifetime else "nothing about lifetimes"
    print(said, end="")
    print(f"; {len(failed)} of {len(tops)} repositories failed")
    return 1 if failed else 0


def judge(label: Label, results: Sequence[Result], lifetime: str) -> set[str]:
    """What the results at one labelled place are worth: found or missed, trap, false, and right, wrong or open of its lifetime."""
    if label.kind not in DECLARATIONS:
        return {"trap", "false"} if results else {"trap"}
    if not results:
        return {"declaration", "missed"}
    outcome = {"declaration", "found"}
    if lifetime and label.lifetime is not None:
        says_no_end = any(r.rule and re.search(lifetime, r.rule) for r in results)
        undetermined = any(r.is_open for r in results) and not says_no_end
        outcome.add("open" if undetermined else "right" if says_no_end != label.lifetime else "wrong")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, dest="step")
    fetching = steps.add_parser("bring", help="fetch the repositories with git")
    fetching.add_argument("directory", type=Path)
    fetching.add_argument("--source", default=GITHUB, help="where git finds a repository (default: %(default)s)")
    scoring = steps.add_parser("score", help="run a tool in each repository: score DIRECTORY [options] -- COMMAND")
    scoring.add_argument("directory", type=Path)
    scoring.add_argument("--about", default="", metavar="REGEX", help="rules that speak of access keys (default: all)")
    scoring.add_argument("--lifetime", default="", metavar="REGEX", help="rules that say that a key has no end")
    scoring.add_argument("--files", default="", metavar="REGEX", help="give the tool the labelled files of such a name, not the repository")
    scoring.add_argument("--keep", type=Path, help="folder with what the tool said in each repository, which is not asked again")
    scoring.add_argument("--seconds", type=int, default=900, help="for one repository (default: %(default)s)")
    scoring.add_argument("--show", action="store_true", help="print each place that was missed, is false or has the wrong lifetime")
    scoring.add_argument("command", nargs="+")
    given = parser.parse_args()
    if given.step == "bring":
        return bring(given.directory.resolve(), given.source)
    program = shutil.which(given.command[0])
    if program is None:
        parser.error(f"there is no program {given.command[0]}")
    command = [str(Path(program).absolute()), *given.command[1:]]
    about, lifetime = given.about, given.lifetime
    how = {"seconds": given.seconds, "show": given.show, "files": given.files, "keep": given.keep}
    return score(given.directory.resolve(), command, about, lifetime, **how)


if __name__ == "__main__":
    sys.exit(main())
