"""What suppresses findings, what is said of what suppresses nothing, and what is judged and not shown."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from time import process_time
from typing import Any

import pytest

from posturio_iac.config import Config, Exemption
from posturio_iac.config.option_table import Option
from posturio_iac.core.finding import Diagnostic, Exit, Finding, Level, Severity, Suppression, Verdict
from posturio_iac.core.model import AccessKey
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED, NO_VALUE
from posturio_iac.judge.baseline import DOCUMENT, ENTRY, BaselineEntry
from posturio_iac.judge.engine import judge
from posturio_iac.judge.policy import Policy
from posturio_iac.judge.redaction import SHOWN, _hider, redacted, user_of
from tests.support.keys import AS_OF, UNKNOWN, access_key, day, enforced, expires, ignore, rotates, rules, run, said, span, tag, verdict
from tests.support.rule_cases import OWNERLESS, WITHOUT


def accepted(finding: Finding, until: datetime | None = None) -> BaselineEntry:
    end = until.isoformat() if until else None
    return BaselineEntry("", finding.address, finding.rule.id, finding.fingerprint, "adopted", until=end)


def test_a_directive_suppresses_its_rules_and_no_others() -> None:
    report = run(access_key(owner=None, directives=(ignore(OWNERLESS, until=day("2027-03-01")),)))
    assert rules(report) == [WITHOUT]
    (suppressed,) = (f for f in report.findings if f.suppressed)
    assert suppressed.suppressed == Suppression("moves to roles", day("2027-03-01"), "comment")
    assert report.keys[0].verdict is Verdict.FLAGGED
    assert said(report) == []


def test_a_key_whose_findings_are_all_suppressed() -> None:
    (judged,) = run(access_key(directives=(ignore(WITHOUT),))).keys
    assert judged.verdict is Verdict.SUPPRESSED
    assert judged.worst is Severity.MEDIUM


def test_suppressions_can_be_switched_off() -> None:
    exemption = Exemption(WITHOUT, "known", address="*")
    report = run(access_key(directives=(ignore(WITHOUT, OWNERLESS),)), suppress=False, suppressions=(exemption,))
    assert rules(report) == [WITHOUT]
    assert said(report) == []


OURS = f"posturio:ignore[iam.{WITHOUT}]"
MISSPELT = "iam.ownerless_acess_keys"
IDLE = "because there is no such finding; remove it"


@pytest.mark.parametrize(
    ("key", "level", "text"),
    [
        (
            access_key(directives=(ignore(WITHOUT, until=day("2026-11-23")),)),
            "warning",
            f"{OURS} ended on 2026-11-23 and suppresses nothing; fix the finding or set a later date",
        ),
        (
            access_key(directives=(ignore(WITHOUT, until=AS_STATED('"soon" is not a date')),)),
            "warning",
            f'{OURS} has an end that cannot be read and suppresses nothing: "soon" is not a date',
        ),
        (access_key(directives=(ignore(WITHOUT, reason="  "),)), "warning", f"{OURS} gives no reason and suppresses nothing; add one"),
        (
            access_key(enforced(), directives=(ignore(MISSPELT.removeprefix("iam.")),)),
            "warning",
            f'posturio:ignore[{MISSPELT}] suppresses nothing of {MISSPELT}: there is no rule "{MISSPELT}"; did you mean "iam.{OWNERLESS}"?',
        ),
        (
            access_key(enforced(), directives=(ignore(WITHOUT, source="metadata"),)),
            "note",
            f"the metadata that ignores iam.{WITHOUT} suppresses nothing, {IDLE}",
        ),
    ],
)
def test_what_suppresses_nothing_says_so_at_its_place(key: AccessKey, level: str, text: str) -> None:
    report = run(key)
    assert rules(report) == ([] if key.lifetimes else [WITHOUT])
    assert said(report) == [(level, text)]
    assert (report.diagnostics[0].path, report.diagnostics[0].line) == ("iam.tf", 4)


def test_a_date_holds_until_its_day_is_over() -> None:
    assert verdict(access_key(directives=(ignore(WITHOUT, until=day("2026-11-24")),))) is Verdict.SUPPRESSED


def test_a_directive_that_suppresses_nothing_is_noted() -> None:
    report = run(access_key(enforced(), directives=(ignore(WITHOUT, OWNERLESS), ignore(OWNERLESS, line=3))))
    assert said(report) == [
        ("note", "posturio:ignore[iam.ownerless_access_keys] suppresses nothing, because there is no such finding; remove it"),
        (
            "note",
            (
                "posturio:ignore[iam.access_keys_without_lifetime, iam.ownerless_access_keys] suppresses nothing, "
                "because there is no such finding; remove it"
            ),
        ),
    ]


def test_a_directive_of_which_one_rule_is_idle_names_that_one() -> None:
    report = run(access_key(directives=(ignore(WITHOUT, OWNERLESS),)))
    ((level, text),) = said(report)
    assert level == "note"
    assert "suppresses nothing of iam.ownerless_access_keys, because" in text


def test_a_directive_that_is_of_use_to_one_of_several_keys_is_of_use() -> None:
    above_module = ignore(WITHOUT)
    keys = access_key(directives=(above_module,)), access_key(enforced(), address="aws_iam_access_key.b", directives=(above_module,))
    assert said(run(*keys)) == []


def test_a_directive_for_a_rule_that_is_not_asked_is_left_alone() -> None:
    assert said(run(access_key(enforced(), directives=(ignore(OWNERLESS),)), ignore=(OWNERLESS,))) == []


@pytest.mark.parametrize(
    ("exemption", "root", "suppresses"),
    [
        (Exemption(WITHOUT, "known", path="infra/legacy/*.tf"), "infra", True),
        (Exemption(WITHOUT, "known", path="legacy/*.tf"), "infra", False),
        (Exemption(WITHOUT, "known", path="legacy/"), "", True),
        (Exemption(WITHOUT, "known", path="other/"), "", False),
        (Exemption(WITHOUT, "known", path="keys.tf"), "..", True),
        (Exemption(WITHOUT, "known", address="module.mail[*].aws_iam_access_key.*"), "", True),
        (Exemption(WITHOUT, "known", address="aws_iam_access_key.*"), "", False),
        (Exemption(WITHOUT, "known", path="legacy/", address="module.web.*"), "", False),
        (Exemption(f"iam.{WITHOUT}", "known", address="*", until=day("2026-12-31")), "", True),
        (Exemption(f"iam.{WITHOUT}", "known", address="*", until=day("2026-01-31")), "", False),
        (Exemption(OWNERLESS, "known", address="*"), "", False),
    ],
)
def test_the_configuration_suppresses_by_path_and_address(exemption: Exemption, root: str, suppresses: bool) -> None:
    key = access_key(address='module.mail["a"].aws_iam_access_key.this', span=span(5, "legacy/keys.tf"))
    policy = Policy(Config(suppressions=(exemption,)), root=root)
    report = judge([key], as_of=AS_OF, policy=policy)
    assert (report.keys[0].verdict is Verdict.SUPPRESSED) is suppresses
    if suppresses:
        assert report.findings[0].suppressed == Suppression("known", exemption.until, "configuration")


def test_an_entry_of_the_configuration_for_keys_that_are_not_here_is_left_alone() -> None:
    here, elsewhere = Exemption(OWNERLESS, "known", path="iam.tf"), Exemption(OWNERLESS, "known", path="other.tf")
    report = judge([access_key()], as_of=AS_OF, policy=Policy(Config(suppressions=(here, elsewhere))))
    ((level, text),) = said(report)
    assert level == "note"
    assert text.startswith("the suppression of iam.ownerless_access_keys for iam.tf in the configuration suppresses nothing")


def test_a_baseline_suppresses_by_fingerprint_while_it_lasts() -> None:
    (finding,) = run(access_key()).findings
    known = accepted(finding, until=day("2026-12-31"))
    report = judge([access_key()], as_of=AS_OF, policy=Policy(baseline={finding.fingerprint: known}))
    assert report.findings[0].suppressed == Suppression("adopted", day("2026-12-31"), "baseline")
    report = judge([access_key()], as_of=AS_OF, policy=Policy(baseline={finding.fingerprint: accepted(finding, until=day("2026-01-31"))}))
    assert rules(report) == [WITHOUT]
    assert [level for level, _ in said(report)] == ["warning"]


def test_an_open_question_can_be_accepted() -> None:
    report = run(access_key(unknown_sources=(UNKNOWN,), directives=(ignore(WITHOUT),)))
    (judged,) = report.keys
    assert judged.verdict is Verdict.SUPPRESSED
    assert judged.undecided == ()
    assert report.exit_code(Severity.LOW, strict=True) is Exit.CLEAN
    ((level, text),) = said(report)
    assert level == "note"
    assert UNKNOWN.reason in text
    assert "moves to roles" in text
    assert report.score() == run(access_key(unknown_sources=(UNKNOWN,))).score()


ENDED, SHORT, LONG = day("2026-11-01"), day("2026-12-31"), day("2027-12-31")


@pytest.mark.parametrize(
    ("directives", "exemptions", "known", "expected"),
    [
        # The first that holds counts: the code, then the configuration, then the baseline, each in the order of its text.
        ([("first", SHORT), ("second", LONG)], [], None, ("first", SHORT, "comment")),
        ([("first", LONG), ("second", SHORT)], [], None, ("first", LONG, "comment")),
        ([("first", None), ("second", SHORT)], [], None, ("first", None, "comment")),
        ([("ended", ENDED), ("second", SHORT)], [], None, ("second", SHORT, "comment")),
        ([("", LONG), ("second", SHORT)], [], None, ("second", SHORT, "comment")),
        ([("unreadable", AS_STATED("soon")), ("second", SHORT)], [], None, ("second", SHORT, "comment")),
        ([("code", SHORT)], [("configuration", LONG)], "baseline", ("code", SHORT, "comment")),
        ([("ended", ENDED)], [("configuration", LONG)], "baseline", ("configuration", LONG, "configuration")),
        ([], [("one", SHORT), ("other", LONG)], "baseline", ("one", SHORT, "configuration")),
        ([("ended", ENDED)], [("ended", ENDED)], "baseline", ("baseline", LONG, "baseline")),
    ],
)
def test_of_several_suppressions_the_first_that_holds_gives_reason_and_end(
    directives: list[tuple[str, Any]], exemptions: list[tuple[str, Any]], known: str | None, expected: tuple[str, Any, str]
) -> None:
    written = tuple(ignore(WITHOUT, reason=reason, until=until, line=line) for line, (reason, until) in enumerate(directives))
    configured = tuple(Exemption(WITHOUT, reason, until=until, address="*") for reason, until in exemptions)
    key = access_key(directives=written)
    (fingerprint,) = (finding.fingerprint for finding in run(key, suppress=False).findings)
    baseline = {fingerprint: BaselineEntry("", key.address, WITHOUT, fingerprint, known, until=LONG.isoformat())} if known else {}
    report = judge([key], as_of=AS_OF, policy=Policy(Config(suppressions=configured), baseline=baseline))
    assert report.findings[0].suppressed == Suppression(*expected)


def test_a_baseline_entry_ends_at_its_moment() -> None:
    (finding,) = run(access_key()).findings
    for until, suppressed in ((AS_OF, False), (AS_OF + timedelta(seconds=1), True)):
        known = accepted(finding, until=until)
        report = judge([access_key()], as_of=AS_OF, policy=Policy(baseline={finding.fingerprint: known}))
        assert (report.findings[0].suppressed == Suppression("adopted", until, "baseline")) is suppressed


@pytest.mark.promise("accepted")
@pytest.mark.parametrize(
    ("user", "accepted_user", "suppressed"),
    [
        ("ci", "ci", True),
        ("ci", "", True),
        ("admin", "ci", False),
        (NO_VALUE("var.who"), "aws_iam_user.ci var.who", True),
        (NO_VALUE("var.admin"), "aws_iam_user.ci var.who", False),
        (None, "ci", False),
    ],
)
def test_a_baseline_entry_holds_for_the_same_user(user: Any, accepted_user: str, suppressed: bool) -> None:
    key = access_key(user=user, user_address="aws_iam_user.ci")
    (finding,) = run(key).findings
    policy = Policy(baseline={finding.fingerprint: accepted(finding)._replace(user=accepted_user)})
    (found,) = judge([key], as_of=AS_OF, policy=policy).findings
    assert (found.suppressed is not None) is suppressed


def test_the_user_of_an_entry_is_no_secret() -> None:
    key = access_key(user="x-bob", secrets=("bob",))
    assert user_of(key) == user_of(redacted(run(key)).keys[0].key) == "(sensitive)"


@pytest.mark.parametrize("option", [*ENTRY, *DOCUMENT], ids=lambda option: option.name)
def test_the_text_of_a_field_of_a_baseline_reads_as_a_sentence(option: Option) -> None:
    assert re.fullmatch(r"[A-Z][^A-Z].*[^.X]", option.help)


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


def test_thousands_of_secrets_take_time_in_proportion() -> None:
    begun, names = process_time(), [f"name-of-{n}" for n in range(20_000)]
    assert {*map(_hider(names, set()), names)} == {SHOWN}
    assert process_time() - begun < 10


def test_of_two_secrets_the_longer_one_is_replaced_as_a_whole() -> None:
    report = run(access_key(user="falcon-two", secrets=("falcon", "falcon-two")))
    assert redacted(report).keys[0].key.user == SHOWN
