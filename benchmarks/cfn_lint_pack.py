"""Measures what our pack adds to cfn-lint's own time; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from measuring import ENVIRONMENT, installed  # type: ignore[import-not-found]  # a script beside this one

PACK = Path(__file__).parent.parent / "policies" / "cfn_lint"
MANY = 50
LIMIT = 1.15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cfn-lint", help="an installed cfn-lint; by default one is installed with uv")
    given = parser.parse_args()
    cfn_lint = given.cfn_lint or installed("cfn-lint")
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            "one template without keys": written(folder, "one", 1, keys=0),
            f"{MANY} templates without keys": written(folder, "many", MANY, keys=0),
            f"{MANY} templates with a key each": written(folder, "keys", MANY, keys=1),
        }
        for name, files in cases.items():
            measure(name, cfn_lint, files, given.runs)
    print(f"\nat most {LIMIT} without keys")


def measure(name: str, cfn_lint: str, files: list[str], runs: int) -> None:
    """Let cfn-lint run with and without the pack in turn, and print the ratio of the medians."""
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(runs):
        bare.append(seconds([cfn_lint, "--", *files]))
        ours.append(seconds([cfn_lint, "--append-rules", str(PACK), "--", *files]))
    print(f"{name:32} {median(bare):6.2f} s, with the pack {median(ours):6.2f} s: {median(ours) / median(bare):.3f} x")


def seconds(command: list[str]) -> float:
    """Return how long the processors worked for a program, which a busy machine changes less than the time on the wall."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def written(folder: str, name: str, count: int, *, keys: int) -> list[str]:
    """Write templates and return their paths."""
    place = Path(folder) / name
    place.mkdir()
    paths = [place / f"stack{number}.yaml" for number in range(count)]
    for path in paths:
        path.write_text(template(keys), encoding="utf-8")
    return list(map(str, paths))


def template(keys: int) -> str:
    """A template of ordinary size, with so many keys."""
    lines = ["Resources:", "  User:", "    Type: AWS::IAM::User"]
    for number in range(20):
        lines += [f"  Topic{number}:", "    Type: AWS::SNS::Topic", "    Properties:", f"      DisplayName: topic {number}"]
    for number in range(keys):
        lines += [f"  Key{number}:", "    Type: AWS::IAM::AccessKey", "    Properties:", "      UserName: !Ref User"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
