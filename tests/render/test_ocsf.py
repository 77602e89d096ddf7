"""The events of a key as a whole: what is open about it, and ids that an upgrade does not change."""

from __future__ import annotations

import json

import pytest

from posturio_iac.core.finding import JudgedKey, Report, Verdict
from posturio_iac.render.aws.ocsf import render
from tests.support import canned
from tests.support.keys import open_question


@pytest.mark.parametrize(
    ("verdict", "why", "detail", "uid"),
    [
        (Verdict.UNDETERMINED, ("a is open", "b is open"), "a is open; b is open", "e94f2da8acb180806957b498bdce8cdf"),
        (Verdict.CLEAN, (), None, "d8592147100d27f6568065fc2bdf4d11"),
    ],
)
def test_an_event_states_all_reasons_under_an_id_that_stays(verdict: Verdict, why: tuple[str, ...], detail: str | None, uid: str) -> None:
    judged = JudgedKey(canned.deployed_key("ci", last_used=canned.AS_OF), verdict, tuple(map(open_question, why)))
    (event,) = map(json.loads, render(Report(canned.AS_OF, (judged,), (), (), 0), canned.context()).splitlines())
    assert (event.get("status_detail"), event["finding_info"]["uid"]) == (detail, uid)
