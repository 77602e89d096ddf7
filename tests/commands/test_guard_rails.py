"""The page of the guard rails, and ``explain guard-rails``. What the policies do, ``tests/hosts/test_guard_rails.py`` asks an evaluator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from posturio_iac.commands.guard_rails import GUARD_RAILS, page
from tests.support.command_line import run

if TYPE_CHECKING:
    import pytest

MOST = 10_240
"""Characters of a service control policy: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "explain", "guard-rails")[:2] == (0, page())


def test_each_policy_stands_on_the_page_and_denies_only() -> None:
    documents = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page(), re.DOTALL)]
    assert documents == [rail.document() for rail in GUARD_RAILS]
    for document in documents:
        assert {statement["Effect"] for statement in document["Statement"]} == {"Deny"}
        assert len(json.dumps(document)) <= MOST
