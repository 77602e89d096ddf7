"""Tells whether a change concerns the set-ups that the pages about other linters describe, which take minutes to do: 0 if so, 1 if not.

The argument is the commit that the change starts from. Without one it is where this branch left the main one, or else the commit before.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent.parent
CONCERNED = (
    "docs/cfn-lint.md",
    "docs/checkov.md",
    "noxfile.py",
    "policies/",
    "pyproject.toml",
    "tests/hosts/conftest.py",
    "tests/support/hosts/hosting.py",
    "tests/hosts/test_cfn_lint_setups.py",
    "tests/hosts/test_checkov_setups.py",
)
"""The pages, what they tell users to install or to load, and the tests that do so."""


def concerned(changed: Iterable[str]) -> list[str]:
    """Return which of the changed paths concern the set-ups."""
    return [path for path in changed if path.startswith(CONCERNED)]


def changed_since(base: str, root: Path) -> list[str] | None:
    """Return the paths that were changed since a commit, committed or not; None when git cannot tell."""
    tracked = _git(root, "diff", "--name-only", "--no-renames", base, "--")
    new = _git(root, "ls-files", "--others", "--exclude-standard")
    return None if tracked is None or new is None else [*tracked, *new]


def start(root: Path) -> str:
    """Return where this branch left the main one, or else the commit before."""
    here = _git(root, "rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        left = _git(root, "merge-base", "HEAD", main)
        if left and left != here:
            return left[0]
    return "HEAD~1"


def _git(root: Path, *arguments: str) -> list[str] | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607 - git, from the PATH
    except OSError:
        return None
    return done.stdout.splitlines() if done.returncode == 0 else None


def main(arguments: list[str]) -> int:
    """Say what was decided and why; return the exit code."""
    base = next(filter(None, arguments), None) or start(ROOT)
    changed = changed_since(base, ROOT)
    if changed is None:
        print(f"set-ups: done, because git cannot tell what has changed since {base}")  # noqa: T201 - this is its output
        return 0
    found = concerned(changed)
    why = f"done, because of {', '.join(found)}" if found else f"not done, because nothing has changed since {base} that concerns them"
    print(f"set-ups: {why}")  # noqa: T201 - this is its output
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
