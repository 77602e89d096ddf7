"""Measures a scan of a large CloudFormation template against cfn-lint on the same file; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from scan import Contender, installed, program  # type: ignore[import-not-found]  # a script beside this one

RESOURCES = 2000
FILLER = 420
"""Characters of description in each resource, so that the whole is about 1 MB."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", help="the posturio-iac to measure; by default that of this interpreter")
    parser.add_argument("--cfn-lint", help="an installed cfn-lint; by default one is installed with uv")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.yaml"
        path.write_text(template(), encoding="utf-8")
        ours = Contender("posturio-iac", [*program(given.program), "scan", "--exit-zero", str(path)])
        theirs = Contender("cfn-lint", [given.cfn_lint or installed("cfn-lint"), str(path)])
        for _ in range(given.runs):
            ours.run()
            theirs.run()
        print(f"{path.stat().st_size / 1e6:.2f} MB, {RESOURCES} resources and one key, medians of {given.runs} interleaved runs\n")
    for contender in (ours, theirs):
        print(f"{contender.name:14} {contender.wall:8.2f} s {contender.memory / 1024:10.1f} MiB")
    print(f"\nof cfn-lint's time: {ours.wall / theirs.wall:.3f} (at most 0.333)")


def template() -> str:
    """Return a template with many topics, a user and a key."""
    lines = ["Resources:", "  User:", "    Type: AWS::IAM::User", "  Key:", "    Type: AWS::IAM::AccessKey", "    Properties:"]
    lines.append("      UserName: !Ref User")
    for number in range(RESOURCES):
        lines += [f"  Topic{number}:", "    Type: AWS::SNS::Topic", "    Metadata:", f"      Note: {'x' * FILLER}", "    Properties:"]
        lines.append(f"      DisplayName: !Sub '${{AWS::StackName}}-{number}'")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
