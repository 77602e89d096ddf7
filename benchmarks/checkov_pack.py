"""Measures what our pack adds to checkov's own time; README.md beside it says how to read the output."""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from measuring import ENVIRONMENT, installed  # type: ignore[import-not-found]  # a script beside this one

PACK = Path(__file__).parent.parent / "policies" / "checkov"
MANY = 100
LIMIT = 1.15
SKIPPED = ["--skip-framework", "json,yaml"]
"""What docs/checkov.md sets: checkov's frameworks that do nothing without a pack, and read every JSON and YAML file with any."""
MODULE = """\
variable "name" {{
  type = string
}}

resource "aws_s3_bucket" "this" {{
  bucket = "${{var.name}}-{number}"
}}

resource "aws_iam_user" "this" {{
  name = var.name
}}
"""
ROOT = """\
module "part{number}" {{
  source = "./modules/part{number}"
  name   = "part{number}"
}}

module "vpc{number}" {{
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.0.0"
}}
"""
KEY = """
resource "aws_iam_access_key" "this" {
  user = aws_iam_user.this.name
}
"""
TOPIC = "  Topic{number}:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: topic {number}}}\n"
TEMPLATE = "Resources:\n" + "".join(TOPIC.format(number=number) for number in range(20))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--checkov", help="an installed checkov; by default one is installed with uv")
    given = parser.parse_args()
    checkov = str(Path(given.checkov).absolute()) if given.checkov else installed("checkov")
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            "one module without keys": written(Path(folder, "one"), 1, key=""),
            f"{MANY} modules without keys": written(Path(folder, "many"), MANY, key=""),
            f"{MANY} modules with a key each": written(Path(folder, "keys"), MANY, key=KEY),
        }
        empty = Path(folder, "empty")
        empty.mkdir()
        (empty / "__init__.py").touch()
        (empty / "nothing.py").touch()
        for name, place in cases.items():
            measure(name, checkov, place, empty, given.runs)
    print(f"\nours as documented : none at most {LIMIT} without keys")


def measure(name: str, checkov: str, place: Path, empty: Path, runs: int) -> None:
    """Let checkov run in turn without a pack, with one that holds nothing, and with ours, and print the ratios of the medians."""
    command = [checkov, "--directory", ".", "--skip-download", "--compact", "--quiet"]
    nothing, pack = (["--external-checks-dir", str(path)] for path in (empty, PACK))
    contenders: dict[str, list[str]] = {
        "none": [],
        "none, skipping": SKIPPED,
        "ours as documented": [*pack, *SKIPPED],
        "ours": pack,
        "empty": nothing,
    }
    taken: dict[str, list[tuple[float, float]]] = {at: [] for at in contenders}
    for _ in range(runs):
        for at, options in contenders.items():
            taken[at].append(seconds([*command, *options], place))
    cpu, wall = ({at: median(run[part] for run in series) for at, series in taken.items()} for part in (0, 1))
    print(f"{name:30} {cpu['none']:6.2f} s without a pack, wall {wall['none']:6.2f} s")
    pairs = [("ours as documented", "none"), ("ours as documented", "none, skipping")]
    pairs += [("ours", "none"), ("empty", "none"), ("ours", "empty")]
    for at, than in pairs:
        print(f"  {at:18} : {than:14}  {cpu[at] / cpu[than]:.3f} x, on the wall {wall[at] / wall[than]:.3f} x", flush=True)


def seconds(command: list[str], place: Path) -> tuple[float, float]:
    """Return how long the processors worked for a program, which a busy machine changes less, and how long it took on the wall."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command, cwd=place, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, time.perf_counter() - started


def written(place: Path, count: int, *, key: str) -> Path:
    """Write a root module that calls modules of its own and published ones, and templates, and return its folder."""
    for number in range(count):
        part = place / "modules" / f"part{number}"
        part.mkdir(parents=True)
        (part / "main.tf").write_text(MODULE.format(number=number) + key, encoding="utf-8")
        (place / f"stack{number}.yaml").write_text(TEMPLATE, encoding="utf-8")
    (place / "main.tf").write_text("".join(ROOT.format(number=number) for number in range(count)), encoding="utf-8")
    return place


if __name__ == "__main__":
    main()
