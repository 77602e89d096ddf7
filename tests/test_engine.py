"""From keys to a report: verdicts, suppressions, fingerprints, limits, crashes, the score and the exit code."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.config_load import Exemption, Override
from posturio_iac.engine import Policy, judge
from posturio_iac.errors import UsageError
from posturio_iac.finding import Diagnostic, Exit, JudgedKey, Level, Report, Severity, Suppression, Verdict
from posturio_iac.model import Kind, Unknown
from posturio_iac.rules import Registered, all_rules
from tests.keys import (
    AS_OF,
    UNKNOWN,
    access_key,
    day,
    enforced,
    expires,
    exposure,
    ignore,
    inert,
    open_evidence,
    rotates,
    span,
    unknown_key,
    unreadable,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from posturio_iac.finding import Finding, Rule, Violation
    from posturio_iac.model import AccessKey
    from posturio_iac.rules import Context

WITHOUT = "access_keys_without_lifetime"
OWNERLESS = "ownerless_access_keys"
PAST, SOON = expires("2026-08-31"), expires("2027-01-31")


def run(*keys: AccessKey, diagnostics: tuple[Diagnostic, ...] = (), suppress: bool = True, root: str = "", **config: Any) -> Report:
    """Judge ``keys`` by a configuration."""
    policy = Policy(Config(**config), root=root, suppressions=suppress)
    return judge(keys, as_of=AS_OF, diagnostics=diagnostics, files=1, policy=policy)


def verdict(*keys: AccessKey, **config: Any) -> Verdict:
    """The verdict of the first key."""
    return run(*keys, **config).keys[0].verdict


def rules(report: Report) -> list[str]:
    """The rules of the findings that are open, by the last part of their ids."""
    return [f.rule.id.partition(".")[2] for f in report.active()]


def said(report: Report) -> list[tuple[str, str]]:
    """Level and text of each diagnostic."""
    return [(d.level.value, d.message) for d in report.diagnostics]


# Verdicts


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (access_key(), Verdict.FLAGGED),
        (access_key(enforced()), Verdict.CLEAN),
        (access_key(SOON), Verdict.CLEAN),
        (access_key(enforced(), owner=None), Verdict.FLAGGED),
        (access_key(enforced(), owner=UNKNOWN), Verdict.CLEAN),
        (access_key(open_evidence()), Verdict.UNDETERMINED),
        (access_key(hiding_places=(UNKNOWN,)), Verdict.UNDETERMINED),
        (access_key(inert(), open_evidence()), Verdict.UNDETERMINED),
        (access_key(enforced(None)), Verdict.UNDETERMINED),
        (access_key(enforced(None), SOON), Verdict.CLEAN),
        (access_key(SOON, open_evidence()), Verdict.CLEAN),
        (access_key(rotates(365), open_evidence()), Verdict.UNDETERMINED),
        (access_key(SOON, hiding_places=(UNKNOWN,)), Verdict.CLEAN),
        (access_key(status=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(SOON, status=UNKNOWN), Verdict.CLEAN),
        (access_key(PAST, status=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(SOON, status="Inactive"), Verdict.CLEAN),
        (access_key(status="Inactive", hiding_places=(UNKNOWN,)), Verdict.UNDETERMINED),
        (access_key(SOON, created=day("2026-01-01")), Verdict.UNDETERMINED),
        (access_key(SOON, created=day("2026-11-01")), Verdict.CLEAN),
        (access_key(SOON, created=day("2026-01-01"), last_used=AS_OF), Verdict.CLEAN),
        (access_key(status="Inactive", created=day("2026-01-01"), disabled_since=UNKNOWN), Verdict.UNDETERMINED),
        (unknown_key(), Verdict.UNDETERMINED),
    ],
)
def test_what_becomes_of_a_key(key: AccessKey, expected: Verdict) -> None:
    assert verdict(key) is expected


def test_an_undetermined_key_says_what_is_unknown_and_nothing_that_does_not_matter() -> None:
    status, tags = Unknown("var.status is set by the caller"), Unknown("var.tags is set by the caller")
    assert run(access_key(hiding_places=(tags,))).keys[0].undecided == ("var.tags is set by the caller",)
    assert run(access_key(status=status)).keys[0].undecided == ("whether it is active: var.status is set by the caller",)
    both = run(access_key(status=status, hiding_places=(tags,))).keys[0].undecided
    assert both == ("whether it is active: var.status is set by the caller", "var.tags is set by the caller")
    assert run(access_key(inert(), status=status, hiding_places=(tags,))).keys[0].undecided == (both[0],)


def test_a_flagged_key_still_says_what_is_unknown() -> None:
    (judged,) = run(access_key(hiding_places=(UNKNOWN,), owner=None)).keys
    assert judged.verdict is Verdict.FLAGGED
    assert judged.undecided == (UNKNOWN.reason,)
    assert judged.worst is Severity.LOW


def test_what_no_selected_rule_asks_is_not_undetermined() -> None:
    assert verdict(access_key(hiding_places=(UNKNOWN,)), select=("ownerless_access_keys",)) is Verdict.CLEAN
    assert verdict(access_key(hiding_places=(UNKNOWN,)), ignore=("iam.access_keys_without_lifetime",)) is Verdict.CLEAN


# Selected rules


def test_selected_and_ignored_rules() -> None:
    key = access_key(owner=None)
    assert rules(run(key)) == [WITHOUT, OWNERLESS]
    assert rules(run(key, select=(OWNERLESS,))) == [OWNERLESS]
    assert rules(run(key, ignore=(f"iam.{OWNERLESS}",))) == [WITHOUT]
    assert rules(run(key, select=(OWNERLESS,), ignore=(OWNERLESS,))) == []


@pytest.mark.parametrize(
    "config",
    [
        {"select": ("ownerless_acess_keys",)},
        {"ignore": ("ownerless_acess_keys",)},
        {"suppressions": (Exemption("ownerless_acess_keys", "x"),)},
    ],
)
def test_a_rule_that_does_not_exist_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="ownerless_access_keys"):
        run(access_key(), **config)


# Suppressions


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


def test_a_date_that_has_passed_suppresses_nothing_and_says_so() -> None:
    report = run(access_key(directives=(ignore(WITHOUT, until=day("2026-11-23")),)))
    assert rules(report) == [WITHOUT]
    assert said(report) == [
        (
            "warning",
            (
                "posturio:ignore[iam.access_keys_without_lifetime] ended on 2026-11-23 and suppresses nothing; "
                "mend the finding or set a later date"
            ),
        )
    ]
    assert (report.diagnostics[0].path, report.diagnostics[0].line) == ("iam.tf", 4)


def test_a_date_holds_until_its_day_is_over() -> None:
    assert verdict(access_key(directives=(ignore(WITHOUT, until=day("2026-11-24")),))) is Verdict.SUPPRESSED


def test_an_end_that_cannot_be_read_suppresses_nothing_and_says_so() -> None:
    report = run(access_key(directives=(ignore(WITHOUT, until=Unknown('"soon" is not a date')),)))
    assert rules(report) == [WITHOUT]
    ((level, text),) = said(report)
    assert level == "warning"
    assert text.endswith('has an end that cannot be read and suppresses nothing: "soon" is not a date')


def test_a_reason_is_required() -> None:
    report = run(access_key(directives=(ignore(WITHOUT, reason="  "),)))
    assert rules(report) == [WITHOUT]
    assert [level for level, _ in said(report)] == ["warning"]


def test_a_directive_that_suppresses_nothing_is_noted() -> None:
    report = run(access_key(enforced(), directives=(ignore(WITHOUT, OWNERLESS), ignore(OWNERLESS, line=3))))
    assert said(report) == [
        ("note", "posturio:ignore[iam.ownerless_access_keys] suppresses nothing, because nothing of that kind was found; remove it"),
        (
            "note",
            (
                "posturio:ignore[iam.access_keys_without_lifetime, iam.ownerless_access_keys] suppresses nothing, "
                "because nothing of that kind was found; remove it"
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


def test_a_directive_that_names_no_rule_says_which_one_was_meant() -> None:
    report = run(access_key(enforced(), directives=(ignore("ownerless_acess_keys"),)))
    ((level, text),) = said(report)
    assert level == "warning"
    assert 'did you mean "iam.ownerless_access_keys"?' in text


def test_metadata_is_named_as_such() -> None:
    report = run(access_key(enforced(), directives=(ignore(WITHOUT, source="metadata"),)))
    assert said(report)[0][1].startswith("the metadata that ignores iam.access_keys_without_lifetime suppresses nothing")


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
    known = Suppression("adopted", day("2026-12-31"), "baseline")
    report = judge([access_key()], as_of=AS_OF, policy=Policy(baseline={finding.fingerprint: known}))
    assert report.findings[0].suppressed == known
    ended = replace(known, until=day("2026-01-31"))
    report = judge([access_key()], as_of=AS_OF, policy=Policy(baseline={finding.fingerprint: ended}))
    assert rules(report) == [WITHOUT]
    assert [level for level, _ in said(report)] == ["warning"]


def test_an_open_question_can_be_accepted() -> None:
    report = run(access_key(hiding_places=(UNKNOWN,), directives=(ignore(WITHOUT),)))
    (judged,) = report.keys
    assert judged.verdict is Verdict.SUPPRESSED
    assert judged.undecided == ()
    assert report.exit_code(Severity.LOW, strict=True) is Exit.CLEAN
    ((level, text),) = said(report)
    assert level == "note"
    assert UNKNOWN.reason in text
    assert "moves to roles" in text
    assert report.score() == run(access_key(hiding_places=(UNKNOWN,))).score()


# Fingerprints and order


def test_a_fingerprint_survives_moved_and_reformatted_code() -> None:
    before = run(access_key(), access_key(address="b")).findings
    moved = run(access_key(address="b", span=span(90, "other.tf")), access_key(span=span(70))).findings
    assert {f.fingerprint for f in before} == {f.fingerprint for f in moved}
    assert all(len(f.fingerprint) == 32 and int(f.fingerprint, 16) >= 0 for f in before)


@pytest.mark.parametrize("change", [{"address": "b"}, {"scope": "b"}, {"framework": "terraform-plan"}])
def test_a_fingerprint_tells_keys_apart(change: dict[str, str]) -> None:
    assert run(access_key()).findings[0].fingerprint != run(access_key(**change)).findings[0].fingerprint


def test_every_finding_has_a_fingerprint_of_its_own() -> None:
    places = tuple(exposure(f'output "{n}"') for n in "abc")
    twice = exposure('output "a"')
    report = run(access_key(unreadable(), unreadable(source="metadata"), exposures=(*places, twice), owner=None), access_key(owner=None))
    assert len({f.fingerprint for f in report.findings}) == len(report.findings) == 9


def test_a_place_more_leaves_the_other_fingerprints_as_they_are() -> None:
    first, second = exposure('output "a"'), exposure('output "b"')
    before = {f.fingerprint for f in run(access_key(SOON, exposures=(second,))).findings}
    assert before < {f.fingerprint for f in run(access_key(SOON, exposures=(first, second))).findings}


def keys_in_places() -> list[AccessKey]:
    """Keys in several files and lines, one of them in none."""
    places = [span(9), span(10), span(5, "a.tf"), span(5, "b/c.tf"), None]
    return [access_key(address=f"key{n}", span=place, owner=None, hiding_places=()) for n, place in enumerate(places)]


@given(st.randoms(use_true_random=False))
def test_the_order_of_a_report_does_not_depend_on_that_of_the_keys(shuffle: random.Random) -> None:
    keys = keys_in_places()
    shuffle.shuffle(keys)
    report = run(*keys)
    assert report == run(*keys_in_places())
    assert [k.key.address for k in report.keys] == ["key4", "key2", "key3", "key0", "key1"]
    assert [f.address for f in report.findings] == [a for k in report.keys for a in (k.key.address,) * 2]


def test_findings_are_where_the_value_is() -> None:
    assert [(f.span, f.rule.id) for f in run(access_key(PAST, owner=None)).findings] == [
        (span(2), "iam.expired_access_keys"),
        (span(), "iam.ownerless_access_keys"),
    ]


def test_what_the_front_ends_say_is_passed_on_once_and_in_order() -> None:
    first, second = Diagnostic(Level.WARNING, "b", "a.tf", 3), Diagnostic(Level.NOTE, "a", None)
    assert run(diagnostics=(first, second, first)).diagnostics == (second, first)


# Limits


def context_of(key: AccessKey, *overrides: Override, root: str = "", **config: Any) -> Context:
    """The limits that hold for a key."""
    return Policy(Config(overrides=overrides, **config), root=root).context_for(key, AS_OF)


def test_limits_come_from_the_configuration() -> None:
    context = context_of(access_key(), max_lifetime_days=30, unused_days=20, grace_days=10, require="enforced")
    assert (context.max_lifetime.days, context.window.days, context.grace.days) == (30, 20, 10)
    assert context.enforced_only
    assert context.as_of == AS_OF


@pytest.mark.parametrize(
    ("override", "days"),
    [
        (Override(paths=("prod/",), max_lifetime_days=30), 30),
        (Override(paths=("dev/",), max_lifetime_days=30), 90),
        (Override(paths=("dev/", "prod/**/*.tf"), max_lifetime_days=30), 30),
        (Override(tags={"tier": "gold"}, max_lifetime_days=30), 30),
        (Override(tags={"tier": "g*"}, max_lifetime_days=30), 30),
        (Override(tags={"tier": "silver"}, max_lifetime_days=30), 90),
        (Override(tags={"Tier": "gold"}, max_lifetime_days=30), 90),
        (Override(paths=("prod/",), tags={"tier": "silver"}, max_lifetime_days=30), 90),
        (Override(paths=("prod/",), unused_days=10), 90),
        (Override(paths=("prod/",), max_lifetime_days=365), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit"), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, until=day("2026-12-31")), 90),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit", until=day("2026-12-31")), 365),
        (Override(paths=("prod/",), max_lifetime_days=365, reason="audit", until=day("2026-11-23")), 90),
    ],
)
def test_an_override_holds_for_the_keys_that_it_selects(override: Override, days: int) -> None:
    key = access_key(span=span(5, "prod/eu/iam.tf"), tags=(("tier", "gold"),))
    assert context_of(key, override).max_lifetime == timedelta(days=days)


def test_the_last_override_decides_and_a_looser_one_needs_an_exception() -> None:
    strict, loose = Override(paths=("*.tf",), max_lifetime_days=30), Override(paths=("*.tf",), max_lifetime_days=60)
    assert context_of(access_key(), strict, loose).max_lifetime.days == 30
    assert context_of(access_key(), loose, strict).max_lifetime.days == 30
    excepted = replace(loose, reason="audit", until=day("2027-01-01"))
    assert context_of(access_key(), strict, excepted).max_lifetime.days == 60


def test_requiring_less_needs_an_exception_too() -> None:
    loose = Override(paths=("*.tf",), require="declared")
    assert context_of(access_key(), loose, require="enforced").enforced_only
    assert not context_of(access_key(), replace(loose, reason="audit", until=day("2027-01-01")), require="enforced").enforced_only
    assert context_of(access_key(), Override(paths=("*.tf",), require="enforced")).enforced_only


def test_an_override_by_path_leaves_deployed_keys_alone() -> None:
    assert context_of(access_key(span=None), Override(paths=("*",), max_lifetime_days=1)).max_lifetime.days == 90


def test_a_window_of_its_own_decides() -> None:
    key = access_key(SOON, created=day("2026-01-01"), last_used=day("2026-10-31"), tags=(("use", "quarterly"),))
    assert rules(run(key)) == []
    assert rules(run(key, overrides=(Override(tags={"use": "quarterly"}, unused_days=10),))) == ["unused_access_keys"]


# Crashes


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one rule crash on the key ``bad`` after it found something."""
    known = all_rules()
    inner = known["iam.ownerless_access_keys"]

    def check(key: AccessKey, context: Context) -> Iterator[Violation]:
        yield from inner.check(key, context)
        if key.address == "bad":
            raise KeyError("tags")

    broken = {**known, "iam.ownerless_access_keys": Registered(inner.rule, check, inner.page)}
    monkeypatch.setattr("posturio_iac.engine.all_rules", lambda: broken)


@pytest.mark.usefixtures("crashing")
def test_a_rule_that_crashes_is_reported_and_everything_else_is_judged() -> None:
    report = run(access_key(address="bad", owner=None), access_key(address="good", owner=None))
    assert rules(report) == [WITHOUT, WITHOUT, OWNERLESS, OWNERLESS]
    assert said(report) == [("error", "rule iam.ownerless_access_keys crashed on bad: KeyError: 'tags'; please report it")]
    assert report.exit_code(Severity.LOW) is Exit.INCOMPLETE
    assert report.score() is None


@pytest.mark.usefixtures("crashing")
def test_a_key_on_which_a_rule_crashed_is_not_clean() -> None:
    (judged,) = run(access_key(enforced(), address="bad", directives=(ignore(OWNERLESS),))).keys
    assert judged.verdict is Verdict.UNDETERMINED
    assert judged.undecided == ("iam.ownerless_access_keys crashed",)


@pytest.mark.usefixtures("crashing")
def test_a_suppression_of_a_rule_that_crashed_is_not_called_useless() -> None:
    report = run(access_key(enforced(), address="bad", directives=(ignore(OWNERLESS),)))
    assert [level for level, _ in said(report)] == ["error"]


# Exit code and score


def test_exit_codes() -> None:
    clean, low, medium = access_key(enforced()), access_key(enforced(), owner=None), access_key()
    vague = access_key(hiding_places=(UNKNOWN,))
    assert run(clean).exit_code(Severity.LOW, strict=True) is Exit.CLEAN
    assert run(low).exit_code(Severity.MEDIUM) is Exit.CLEAN
    assert run(low).exit_code(Severity.LOW) is Exit.FINDINGS
    assert run(medium).exit_code(Severity.MEDIUM) is Exit.FINDINGS
    assert run(medium).exit_code(None) is Exit.CLEAN
    assert run(vague).exit_code(Severity.LOW) is Exit.CLEAN
    assert run(vague).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS
    assert run(replace(vague, owner=None)).exit_code(Severity.MEDIUM, strict=True) is Exit.FINDINGS
    assert run(medium, diagnostics=(Diagnostic(Level.ERROR, "unread"),)).exit_code(Severity.LOW) is Exit.INCOMPLETE
    assert run(replace(medium, directives=(ignore(WITHOUT),))).exit_code(Severity.LOW, strict=True) is Exit.CLEAN


def test_scores() -> None:
    assert run().score() == 100
    assert run(access_key(enforced())).score() == 100
    assert run(access_key(enforced(), owner=None)).score() == 98
    assert run(access_key()).score() == 91
    assert run(access_key(PAST)).score() == 83
    assert run(access_key(is_root=True)).score() == 77
    assert run(access_key(hiding_places=(UNKNOWN,))).score() == 91
    assert run(access_key(directives=(ignore(WITHOUT),))).score() == 91
    assert run(*(access_key(address=str(n)) for n in range(10))).score() == 50
    assert run(diagnostics=(Diagnostic(Level.ERROR, "unread"),)).score() is None


def scored(keys: list[JudgedKey]) -> int:
    """The score of a complete run over ``keys``."""
    score = Report(AS_OF, tuple(keys), (), (), 1).score()
    assert score is not None
    return score


judged_keys = st.builds(
    lambda worst, undecided: JudgedKey(access_key(), Verdict.UNDETERMINED if undecided else Verdict.CLEAN, undecided, worst),
    st.sampled_from([None, *Severity]),
    st.sampled_from([(), ("var.tags",)]),
)


@given(st.lists(judged_keys, min_size=1), st.data())
def test_mending_never_lowers_the_score_and_a_good_key_more_never_raises_it(keys: list[JudgedKey], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(keys) - 1))
    better = [None, *(s for s in Severity if keys[at].worst is not None and s <= keys[at].worst)]
    milder = replace(keys[at], worst=data.draw(st.sampled_from(better)))
    decided = replace(milder, undecided=(), verdict=Verdict.CLEAN)
    before = scored(keys)
    assert 0 <= before <= 100
    for mended in ([milder], [decided], []):
        assert scored([*keys[:at], *mended, *keys[at + 1 :]]) >= before
    assert scored([*keys, JudgedKey(access_key(), Verdict.CLEAN)]) == before


EVIDENCE = (
    PAST,
    SOON,
    expires("2099-01-01"),
    rotates(365),
    enforced(),
    enforced(None),
    unreadable(),
    inert(),
    open_evidence(Kind.ROTATION),
)


@given(
    st.lists(st.sampled_from(EVIDENCE), max_size=3),
    st.sampled_from([(), (UNKNOWN,)]),
    st.sampled_from([None, UNKNOWN, "payments"]),
    st.booleans(),
    st.sampled_from([(), (ignore(WITHOUT),), (ignore(OWNERLESS),)]),
)
def test_mending_the_code_never_lowers_the_score(
    lifetimes: list[Any], hiding: tuple[Unknown, ...], owner: Any, exposed: bool, directives: tuple[Any, ...]
) -> None:
    key = access_key(
        *lifetimes,
        hiding_places=hiding,
        owner=owner,
        exposures=(exposure(),) if exposed else (),
        directives=directives,
        active_siblings=("b",),
    )
    before = run(key).score() or 0
    mended = [
        replace(key, lifetimes=(*key.lifetimes, enforced(30))),
        replace(key, lifetimes=(enforced(30),)),
        replace(key, owner="payments"),
        replace(key, exposures=()),
        replace(key, active_siblings=()),
        replace(key, directives=()),
    ]
    assert all((run(better).score() or 0) >= before for better in mended)
    assert (run().score() or 0) >= before


def test_judging_is_pure() -> None:
    keys = [access_key(owner=None), access_key(PAST, address="b", directives=(ignore(OWNERLESS),))]
    assert run(*keys) == run(*keys)


def test_a_finding_carries_what_a_format_needs() -> None:
    (finding,) = run(access_key()).findings
    rule: Rule = finding.rule
    expected: Finding = replace(finding, severity=Severity.MEDIUM, address="aws_iam_access_key.ci", framework="terraform", span=span())
    assert finding == expected
    assert rule.id == f"iam.{WITHOUT}"
    assert isinstance(run().as_of, datetime)
