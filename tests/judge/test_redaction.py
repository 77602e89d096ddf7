"""What the code marks as sensitive is judged and not shown."""

from __future__ import annotations

from dataclasses import replace

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.judge.redaction import SHOWN, redacted
from tests.support.keys import access_key, day, expires, rotates, run, span, tag

BIRD = "falcon"


def test_every_text_of_a_report_hides_what_is_a_secret_of_one_of_its_keys() -> None:
    end = replace(expires("2027-12-31"), value="2027-12-31", readings=(BIRD, "other"))
    long = replace(rotates(400, origin=tag(BIRD)), value="400d")
    key = access_key(
        end,
        long,
        user=BIRD,
        owner=BIRD,
        notes=(f"the name {BIRD} is a bird",),
        tags=(("bird", BIRD), ("kind", "falconry")),
        secrets=(BIRD, "2027-12-31", "400d"),
    )
    said = Diagnostic(Level.ERROR, f"{BIRD} was not read", "iam.tf", 1, 1)
    report = run(key, access_key(user="ci", owner=None, address="aws_iam_access_key.other", span=span(30)), diagnostics=(said,))
    found = redacted(report)
    shown = repr(found)
    for secret in (f"'{BIRD}'", f"{BIRD} ", "2027-12-31", "400 days", "'400d'"):
        assert secret not in shown.replace("falconry", "")
    hidden = found.keys[0].key
    assert (hidden.user, hidden.owner, hidden.secrets, hidden.address) == (SHOWN, SHOWN, (), key.address)
    assert hidden.notes == (f"the name {SHOWN} is a bird",)
    assert hidden.tags == (("bird", SHOWN), ("kind", "falconry"))
    assert [e.value for e in hidden.lifetimes] == [SHOWN, SHOWN]
    assert hidden.lifetimes[0].readings == (SHOWN, "other")
    assert hidden.lifetimes[0].at == day("2027-12-31")
    assert found.diagnostics[0].message == f"{SHOWN} was not read"
    assert [judged.verdict for judged in found.keys] == [judged.verdict for judged in report.keys]
    assert {f.address: f.shows_code for f in found.findings} == {f.address: f.address != key.address for f in found.findings}
    assert any(SHOWN in f.message for f in found.findings)


def test_a_report_without_secrets_is_left_alone() -> None:
    report = run(access_key(user="ci", secrets=()))
    assert redacted(report) is report
    blank = run(access_key(user="ci", secrets=(" ",)))
    assert redacted(blank).findings == blank.findings


def test_of_two_secrets_the_longer_one_is_replaced_as_a_whole() -> None:
    report = run(access_key(user="falcon-two", secrets=("falcon", "falcon-two")))
    assert redacted(report).keys[0].key.user == SHOWN
