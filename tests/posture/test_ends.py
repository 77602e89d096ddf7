"""The share of keys with an end that holds."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.render.report.html_page import page as html
from posturio_iac.render.report.markdown_report import page as markdown
from posturio_iac.rules import all_rules
from tests.support.report_results import deployed, finding, joined, result

END = [{"kind": "expiry", "value": "2027-01-01", "effect": "declared", "source": "tag", "path": None, "line": None}]
SUPPRESSED = {"reason": "known", "until": None, "source": "baseline"}


@pytest.mark.parametrize(
    ("good", "all_of_them", "percent"), [(1, 3, 33), (1, 400, 1), (399, 400, 99), (0, 2, 0), (2, 2, 100), (0, 0, None)]
)
def test_nothing_is_rounded_to_none_or_to_all(good: int, all_of_them: int, percent: int | None) -> None:
    keys = [deployed(f"u{n}", lifetime=END if n < good else []) for n in range(all_of_them)]
    view = joined(result(keys))
    assert view.ends.percent == percent
    shown = "no keys" if percent is None else f"{percent} %"
    assert f"<strong>{shown}</strong>" in html(view)
    assert percent is None or f"**{shown} of keys have an end that holds.**" in markdown(view)


@pytest.mark.parametrize("rule", [name for name, one in all_rules().items() if one.rule.denies_end])
@pytest.mark.parametrize("more", [{}, {"suppressed": SUPPRESSED}])
def test_an_end_that_a_finding_doubts_is_none(rule: str, more: dict[str, Any]) -> None:
    key = deployed("u", lifetime=END)
    found = finding(key, **more) | {"rule": rule}
    assert joined(result([key], [found])).ends.holding == 0
    assert joined(result([key], [])).ends.holding == 1


def test_inactive_keys_and_inert_ends_do_not_count() -> None:
    inert = [END[0] | {"effect": "inert"}]
    made = joined(result([deployed("a", status="Inactive", lifetime=END), deployed("b", lifetime=inert)]))
    assert (made.ends.keys, made.ends.holding) == (1, 0)
