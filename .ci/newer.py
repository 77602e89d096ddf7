"""Prints tags of known modules that are newer than the last one that the table's evidence names: what to read before a release.

    python .ci/newer.py [PART_OF_A_NAME]

Asks each repository once, by ``git ls-remote``.
"""

from __future__ import annotations

import re
import subprocess
import sys

from posturio_iac.frontends.terraform.known_modules.lookup import load

VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])")


def version(text: str) -> tuple[int, ...]:
    return max((tuple(int(part or 0) for part in found) for found in VERSION.findall(text)), default=())


def newer(repository: str, evidence: str) -> list[str]:
    """The tags of a repository after the last version in ``evidence``. Raises ``CalledProcessError``."""
    command = ["git", "ls-remote", "--tags", "--refs", f"https://{repository}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603 - git, with addresses of our table
    tags = {line.rpartition("refs/tags/")[2] for line in told.splitlines()}
    return sorted((tag for tag in tags if version(tag) > version(evidence)), key=version)


def main(part: str = "") -> int:
    lines = []
    for module in load().modules:
        repositories = sorted({"/".join(name.split("//")[0].split("/")[:3]) for name in module.repositories if part in module.name})
        for repository in repositories:
            try:
                tags = newer(repository, " ".join(module.evidence))
            except (subprocess.SubprocessError, OSError) as error:
                lines.append(f"{module.name}: cannot ask {repository}: {type(error).__name__}")
            else:
                lines += [f"{module.name}: {', '.join(tags)}"] if tags else []
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
