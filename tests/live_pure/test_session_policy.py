"""What goes with every AssumeRole: the documented policy, and a name that AWS takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.live.connection.session_policy import POLICY, policy_text, session_name, source_identity


def test_the_policy_is_the_documented_one_and_short_enough() -> None:
    assert json.loads((Path(__file__).parents[2] / "docs/live-policy.json").read_text(encoding="utf-8")) == POLICY
    assert len(policy_text()) <= 2048


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("", "posturio-iac"),
        ("arn:aws:iam::111122223333:user/teams/ada", "ada"),
        ("arn:aws:sts::111122223333:assumed-role/Audit/ada@example.com", "ada@example.com"),
        ("arn:aws:iam::111122223333:root", "root"),
    ],
)
def test_the_caller_is_named(caller: str, expected: str) -> None:
    assert source_identity(caller) == expected


@given(st.text())
def test_aws_takes_every_name(caller: str) -> None:
    for name in (session_name(caller), source_identity(caller)):
        assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)
        assert not name.startswith("aws:")
