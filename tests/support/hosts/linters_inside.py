"""Checkov and cfn-lint without their starts, each in a fork of a process that has imported both.

This module imports nothing of ours: the pack under test must find it, as it must in their own programs.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.forks import python_in_fork

CHECKOV = (
    "import sys, warnings\n"
    "from checkov.main import Checkov\n"
    "with warnings.catch_warnings():\n"
    "    warnings.simplefilter('ignore', category=SyntaxWarning)\n"  # as its program does
    "    sys.exit(Checkov(sys.argv[1:]).run())\n"
)


def linter_in_fork(
    folder: Path, code: str, argv: Sequence[str], environment: Mapping[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run code as ``python -c`` does, where those of the linters that are installed have been imported."""
    return python_in_fork(folder, code, argv, environment, imported=("checkov.main", "cfnlint.runner"), path=_path(), given=given)


@functools.cache
def _path() -> list[str]:
    """Return where a program of this environment looks for modules, which is not where pytest does."""
    told = subprocess.run([sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"], capture_output=True, check=True)
    return [str(Path(sys.executable).parent), *json.loads(told.stdout)[1:]]
