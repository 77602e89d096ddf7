from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.render.csv_table import COLUMNS, render
from tests.support import canned


def rows(report: Report) -> list[dict[str, str]]:
    text = render(report, canned.context())
    assert text.endswith("\r\n")
    header, *found = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert tuple(header) == COLUMNS
    return [dict(zip(header, row, strict=True)) for row in found]


def test_each_finding_open_key_and_error_is_a_row() -> None:
    made = rows(canned.report())
    assert [(row["status"], row["rule"], row["path"], row["line"]) for row in made] == [
        ("open", canned.WITHOUT.id, "iam/ci.tf", "1"),
        ("open", canned.OWNERLESS.id, "iam/ci.tf", "1"),
        ("open", canned.EXPIRED.id, "iam/old.tf", "2"),
        ("suppressed", canned.OWNERLESS.id, "iam/é.tf", "1"),
        ("undetermined", "", "iam/ci.tf", "2"),
        ("error", "", "iam/broken.tf", "7"),
    ]
    assert [made[3][f"suppressed_{name}"] for name in ("reason", "until", "source")] == ["moves to OIDC", "2027-03-01T00:00:00Z", "comment"]


def test_a_row_tells_whose_a_deployed_key_is_and_what_it_was_used_for() -> None:
    names = ("account", "user", "owner", "created", "last_used", "last_used_service", "last_used_region")
    made = [tuple(row[name] for name in names) for row in rows(canned.deployed())]
    created = "2026-05-08T12:00:00Z"
    assert made[0] == ("123456789012", "payments/mailer", "payments@example.com", created, "2026-09-25T12:00:00Z", "ses", "eu-west-1")
    assert made[2] == ("123456789012", "<root_account>", "", created, "never", "", "")
    assert made[4] == ("123456789012", "open", "", "", "", "", "")
    assert [row[0] for row in made[5:]] == ["123456789012", ""]
    assert [rows(canned.report())[0][name] for name in names] == ["", "ci", "payments@example.com", "", "", "", ""]


@pytest.mark.parametrize("text", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", " =1", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_formulas_are_text(text: str) -> None:
    (row,) = rows(canned.empty(diagnostics=(Diagnostic(Level.ERROR, text),)))
    assert row["message"][0] in "'\\"


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_printable_cell(text: str) -> None:
    (row,) = rows(canned.empty(diagnostics=(Diagnostic(Level.ERROR, text),)))
    assert row["message"].isprintable()
