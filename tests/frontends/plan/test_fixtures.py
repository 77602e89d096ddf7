"""The tool says about every plan in ``fixtures/plan/`` what its golden file says, and never what is secret in it."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator

from posturio_iac.render import DEPLOYED, FORMATS
from tests.support import plan_fixtures
from tests.support.command_line import SCHEMA, run
from tests.support.fixture_tools import AS_OF, scan
from tests.support.plan_fixtures import CODE, PLAN, PLANS, cases, golden, said

PLANTED = re.compile(r"Planted\w+")
HOW = f"if it is right: python -m {plan_fixtures.__name__} --update"


@pytest.mark.parametrize("case", cases())
def test_golden(case: str) -> None:
    assert said(case) == golden(case).read_text(encoding="utf-8"), HOW


@pytest.mark.parametrize("case", cases())
def test_the_report_follows_the_contract(case: str) -> None:
    _, report = scan(PLANS / case / PLAN)
    Draft202012Validator(SCHEMA).validate(report)
    assert {key["framework"] for key in report["keys"]} == {"terraform-plan"}


def _secrets(case: str) -> set[str]:
    data = (PLANS / case / PLAN).read_bytes()
    return set(PLANTED.findall(data.decode("utf-16" if data[:2] == b"\xff\xfe" else "utf-8")))


@pytest.mark.promise("states")
@pytest.mark.parametrize("name", sorted({*FORMATS} - {*DEPLOYED}))
@pytest.mark.parametrize("case", [c for c in cases() if _secrets(c)])
def test_secrets_are_in_no_format(case: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = PLANS / case
    for more in ((), ("--source", str(folder / CODE))):
        _, out, err = run(capsys, "scan", "--verbose", "--format", name, "--as-of", AS_OF, "--strict", *more, str(folder / PLAN))
        assert out or name == "concise"
        assert not PLANTED.search(out + err)
        assert not PLANTED.search((out + err)[::-1])


def test_no_line_of_a_plan_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "scan", "--as-of", AS_OF, str(PLANS / "modules" / PLAN))
    assert '"address"' not in out
