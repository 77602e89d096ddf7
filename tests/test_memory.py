"""A scan leaves nothing behind: who calls the library often, such as an editor, needs no more memory from one to the next."""

from __future__ import annotations

import gc
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
from posturio_iac.scan import judge_paths
from tests.support.fixture_tools import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path


def left() -> set[int]:
    """Return the module instances that live."""
    gc.collect()
    return {id(found) for found in gc.get_objects() if isinstance(found, ModuleInstance)}


def test_no_module_outlives_its_scan() -> None:
    folder: Path = FIXTURES / "access_keys_without_lifetime" / "clean_secret_rotation_in_a_module"
    before = left()
    report = judge_paths([str(folder)], as_of=datetime(2026, 11, 1, tzinfo=timezone.utc), cwd=str(folder))
    assert len(report.keys) == 1
    del report
    assert left() <= before
