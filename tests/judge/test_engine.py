"""From keys to a report: verdicts, selected rules, fingerprints, order, crashes and the exit code."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.config import Exemption
from posturio_iac.core.finding import Diagnostic, Exit, Level, Severity, Verdict, Violation
from posturio_iac.core.model import AccessKey, Effect
from posturio_iac.core.place import MetadataOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED, DECLARED_ELSEWHERE
from posturio_iac.errors import UsageError
from posturio_iac.judge.engine import MOST_OF_A_FILE
from posturio_iac.judge.known import CodeFiles
from posturio_iac.rules import Context, Registered, all_rules
from tests.support.keys import (
    AS_OF,
    CLOCK,
    UNKNOWN,
    access_key,
    day,
    enforced,
    expires,
    exposure,
    ignore,
    inert,
    open_evidence,
    outage,
    rotates,
    rules,
    run,
    said,
    span,
    unknown_key,
    unreadable,
    verdict,
)
from tests.support.rule_cases import OLD, OWNERLESS, PAST, SOON, WITHOUT

# Verdicts


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (access_key(), Verdict.FLAGGED),
        (access_key(enforced()), Verdict.CLEAN),
        (access_key(SOON), Verdict.CLEAN),
        (access_key(enforced(), owner=None), Verdict.FLAGGED),
        (access_key(enforced(), owner=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(enforced(), owner=UNKNOWN, is_root=UNKNOWN), Verdict.CLEAN),
        (access_key(SOON, active_siblings=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(enforced(), active_siblings=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(SOON, status="Inactive", active_siblings=UNKNOWN), Verdict.CLEAN),
        (access_key(enforced(), replacement=outage(create_before_destroy=UNKNOWN)), Verdict.UNDETERMINED),
        (access_key(enforced(), replacement=outage(create_before_destroy=UNKNOWN, takes_turns=True)), Verdict.CLEAN),
        (access_key(enforced(), possible_exposures=(UNKNOWN,)), Verdict.UNDETERMINED),
        (access_key(enforced(), status="Inactive", possible_exposures=(UNKNOWN,)), Verdict.FLAGGED),
        (access_key(open_evidence()), Verdict.UNDETERMINED),
        (access_key(unknown_sources=(UNKNOWN,)), Verdict.UNDETERMINED),
        (access_key(inert(), open_evidence()), Verdict.UNDETERMINED),
        (access_key(enforced(None)), Verdict.UNDETERMINED),
        (access_key(enforced(None), SOON), Verdict.CLEAN),
        (access_key(SOON, open_evidence()), Verdict.CLEAN),
        (access_key(rotates(365), open_evidence()), Verdict.UNDETERMINED),
        (access_key(SOON, unknown_sources=(UNKNOWN,)), Verdict.CLEAN),
        (access_key(status=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(SOON, status=UNKNOWN), Verdict.CLEAN),
        (access_key(PAST, status=UNKNOWN), Verdict.UNDETERMINED),
        (access_key(SOON, status="Inactive"), Verdict.CLEAN),
        (access_key(status="Inactive", unknown_sources=(UNKNOWN,)), Verdict.UNDETERMINED),
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
    status, tags = AS_STATED("var.status is set by the caller"), AS_STATED("var.tags is set by the caller")
    assert run(access_key(unknown_sources=(tags,))).keys[0].undecided == ("var.tags is set by the caller",)
    assert run(access_key(status=status)).keys[0].undecided == ("whether it is active: var.status is set by the caller",)
    both = run(access_key(status=status, unknown_sources=(tags,))).keys[0].undecided
    assert both == ("whether it is active: var.status is set by the caller", "var.tags is set by the caller")
    assert run(access_key(inert(), status=status, unknown_sources=(tags,))).keys[0].undecided == (both[0],)


@pytest.mark.parametrize(
    ("key", "reasons"),
    [
        (access_key(SOON, owner=UNKNOWN), ("whether it has an owner: {}",)),
        (access_key(SOON, active_siblings=UNKNOWN), ("whether its user has another active key: {}",)),
        (access_key(SOON, created=OLD, last_used=UNKNOWN), ("when it was last used: {}",)),
        (access_key(status="Inactive", disabled_since=UNKNOWN), ("since when it has been disabled: {}",)),
        (access_key(SOON, active_siblings=("b",), newest_active=UNKNOWN), ("whether its user is rotating its keys: {}",)),
        (access_key(SOON, quarantine=UNKNOWN), ("whether AWS found it in public: {}",)),
        (access_key(SOON, managed=UNKNOWN), ("whether code declares it: {}",)),
        (
            access_key(enforced(), replacement=outage(create_before_destroy=UNKNOWN)),
            ("whether its replacement exists before it is deleted: {}",),
        ),
        (
            access_key(enforced(), possible_exposures=(UNKNOWN, AS_STATED("sensitive = var.hide"))),
            ("whether its secret is protected: {}", "whether its secret is protected: sensitive = var.hide"),
        ),
        (
            access_key(SOON, owner=UNKNOWN, active_siblings=UNKNOWN),
            ("whether it has an owner and whether its user has another active key: {}",),
        ),
        # What hides the lifetime as well is one line, which needs no question.
        (access_key(unknown_sources=(UNKNOWN,), owner=UNKNOWN), ("{}",)),
        (access_key(owner=UNKNOWN, unknown_sources=(AS_STATED("local.tags"),)), ("local.tags", "whether it has an owner: {}")),
        (access_key(status=UNKNOWN, owner=UNKNOWN), ("whether it is active and whether it has an owner: {}",)),
    ],
)
def test_an_open_question_is_named_with_the_reason_and_each_reason_once(key: AccessKey, reasons: tuple[str, ...]) -> None:
    assert run(key).keys[0].undecided == tuple(reason.format(UNKNOWN.reason) for reason in reasons)


def test_each_rule_is_asked_once_about_a_key_that_only_code_declares() -> None:
    asked: list[str] = []

    def counting(name: str, registered: Registered) -> Registered:
        def check(key: AccessKey, context: Context) -> Any:
            asked.append(name)
            return registered.check(key, context)

        return replace(registered, check=check)

    with pytest.MonkeyPatch.context() as patch:
        counted = {name: counting(name, registered) for name, registered in all_rules().items()}
        patch.setattr("posturio_iac.judge.engine.all_rules", lambda: counted)
        assert verdict(access_key()) is Verdict.FLAGGED
    assert sorted(asked) == sorted(counted)


def test_whether_a_key_has_an_owner_is_open_only_where_the_rule_asks() -> None:
    key = access_key(SOON, owner=UNKNOWN)
    assert verdict(key, ignore=(OWNERLESS,)) is Verdict.CLEAN
    assert verdict(replace(key, directives=(ignore(OWNERLESS),))) is Verdict.SUPPRESSED
    assert run(key).exit_code(Severity.LOW) is Exit.CLEAN
    assert run(key).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS


def test_a_flagged_key_still_says_what_is_unknown() -> None:
    (judged,) = run(access_key(unknown_sources=(UNKNOWN,), owner=None)).keys
    assert judged.verdict is Verdict.FLAGGED
    assert judged.undecided == (UNKNOWN.reason,)
    assert judged.undecided_rules == ("iam.access_keys_without_lifetime",)
    assert judged.worst is Severity.LOW


def test_a_rule_that_a_suppression_accepts_in_advance_is_not_undecided() -> None:
    (judged,) = run(access_key(unknown_sources=(UNKNOWN,), owner=None, directives=(ignore(WITHOUT),))).keys
    assert judged.verdict is Verdict.FLAGGED
    assert judged.open_rules == ("iam.access_keys_without_lifetime",)
    assert (judged.undecided_rules, judged.undecided) == ((), ())


def test_an_end_whose_date_is_open_may_be_too_far() -> None:
    (judged,) = run(access_key(replace(expires("2027-01-31", Effect.ENFORCED, CLOCK), at=None))).keys
    assert judged.undecided == ("time_rotating.ci: how long it lets the key live",)
    assert judged.open_rules == ("iam.overlong_access_key_lifetimes",)


def test_what_no_selected_rule_asks_is_not_undetermined() -> None:
    assert verdict(access_key(unknown_sources=(UNKNOWN,)), select=("ownerless_access_keys",)) is Verdict.CLEAN
    assert verdict(access_key(unknown_sources=(UNKNOWN,)), ignore=("iam.access_keys_without_lifetime",)) is Verdict.CLEAN


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
    with pytest.raises(UsageError, match=r'^there is no rule "ownerless_acess_keys"; did you mean "iam\.ownerless_access_keys"\?$'):
        run(access_key(), **config)


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
    places = tuple(exposure(n) for n in "abc")
    twice = exposure("a")
    report = run(
        access_key(unreadable(), unreadable(origin=MetadataOrigin("Expires", "Key")), exposures=(*places, twice), owner=None),
        access_key(owner=None),
    )
    assert len({f.fingerprint for f in report.findings}) == len(report.findings) == 9


def test_a_place_more_leaves_the_other_fingerprints_as_they_are() -> None:
    first, second = exposure("a"), exposure("b")
    before = {f.fingerprint for f in run(access_key(SOON, exposures=(second,))).findings}
    assert before < {f.fingerprint for f in run(access_key(SOON, exposures=(first, second))).findings}


def keys_in_places() -> list[AccessKey]:
    """Keys in several files and lines, one of them in none."""
    places = [span(9), span(10), span(5, "a.tf"), span(5, "b/c.tf"), None]
    return [access_key(address=f"key{n}", span=place, owner=None, unknown_sources=()) for n, place in enumerate(places)]


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


@pytest.mark.parametrize(("errors", "rest"), [(0, Level.NOTE), (MOST_OF_A_FILE, Level.NOTE), (MOST_OF_A_FILE + 1, Level.ERROR)])
def test_what_one_file_says_beyond_the_limit_is_counted_as_grave_as_the_gravest_of_it(errors: int, rest: Level) -> None:
    said = [Diagnostic(Level.ERROR if n < errors else Level.NOTE, f"m{n}", "a.tf", n) for n in range(MOST_OF_A_FILE + 2)]
    shown = run(diagnostics=(*reversed(said), Diagnostic(Level.NOTE, "other", "b.tf"))).diagnostics
    assert len(shown) == MOST_OF_A_FILE + 2
    assert Diagnostic(rest, "2 more messages about this file are omitted", "a.tf") in shown
    assert sum(one.level is Level.ERROR for one in shown) == min(errors, MOST_OF_A_FILE) + (rest is Level.ERROR)
    assert run(diagnostics=tuple(said[:MOST_OF_A_FILE])).diagnostics == tuple(said[:MOST_OF_A_FILE])


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
    monkeypatch.setattr("posturio_iac.judge.engine.all_rules", lambda: broken)


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
    assert judged.undecided_rules == ("iam.ownerless_access_keys",)
    (judged,) = run(access_key(unknown_sources=(UNKNOWN,), address="bad")).keys
    assert (judged.suspected, set(judged.open_rules)) == (None, {f"iam.{WITHOUT}", f"iam.{OWNERLESS}"})


@pytest.mark.usefixtures("crashing")
def test_a_suppression_of_a_rule_that_crashed_is_not_called_useless() -> None:
    report = run(access_key(enforced(), address="bad", directives=(ignore(OWNERLESS),)))
    assert [level for level, _ in said(report)] == ["error"]


# Exit code and score


def test_exit_codes() -> None:
    clean, low, medium = access_key(enforced()), access_key(enforced(), owner=None), access_key()
    vague = access_key(unknown_sources=(UNKNOWN,))
    assert run(clean).exit_code(Severity.LOW, strict=True) is Exit.CLEAN
    assert run(low).exit_code(Severity.MEDIUM) is Exit.CLEAN
    assert run(low).exit_code(Severity.LOW) is Exit.FINDINGS
    assert run(medium).exit_code(Severity.MEDIUM) is Exit.FINDINGS
    assert run(medium).exit_code(None) is Exit.CLEAN
    assert run(vague).exit_code(Severity.LOW) is Exit.CLEAN
    assert run(clean, replace(vague, address="vague")).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS
    assert run(vague).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS
    assert run(replace(vague, owner=None)).exit_code(Severity.MEDIUM, strict=True) is Exit.FINDINGS
    assert run(medium, diagnostics=(Diagnostic(Level.ERROR, "unread"),)).exit_code(Severity.LOW) is Exit.INCOMPLETE
    assert run(replace(medium, directives=(ignore(WITHOUT),))).exit_code(Severity.LOW, strict=True) is Exit.CLEAN


def test_findings_of_one_place_stand_in_the_order_of_their_root_modules() -> None:
    roots = [f"live/{name}" for name in "dbeca"]
    found = run(*(access_key(scope=root) for root in roots)).findings
    assert [finding.root for finding in found] == sorted(roots)


def test_every_rule_is_undetermined_while_it_is_open_whether_there_is_such_a_key() -> None:
    maybe = access_key(owner=None, existence=AS_STATED("some versions make no key"))
    report = run(maybe)
    assert report.findings == ()
    (judged,) = report.keys
    assert (judged.verdict, judged.undecided) == (Verdict.UNDETERMINED, ("some versions make no key",))
    assert {"iam.access_keys_without_lifetime", "iam.ownerless_access_keys"} <= set(judged.open_rules)
    assert verdict(replace(maybe, lifetimes=(SOON,), owner="ops")) is Verdict.CLEAN


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, {"access_keys_without_lifetime", "ownerless_access_keys"}),
        ({"owner": "ops"}, {"access_keys_without_lifetime"}),
        ({"status": "Inactive", "owner": "ops"}, {"lingering_inactive_access_keys"}),
        ({"lifetimes": (SOON,), "owner": "ops"}, set()),
        ({"lifetimes": (inert(),), "owner": "ops"}, set()),
    ],
)
def test_a_user_of_other_code_is_no_excuse_but_for_inert_rotation(change: dict[str, Any], found: set[str]) -> None:
    unseen = DECLARED_ELSEWHERE('the user "joe"')
    report = run(replace(access_key(owner=None, unseen_tags=unseen), **change))
    assert {finding.rule.id.partition(".")[2] for finding in report.findings} == found
    (judged,) = report.keys
    assert judged.undecided == ((unseen.reason,) if any(e.effect is Effect.INERT for e in judged.key.lifetimes) else ())
    assert all(unseen.reason in finding.message for finding in report.findings if "lingering" not in finding.rule.id)


@pytest.mark.parametrize("changes", [{"address": "aws_iam_access_key.\ud800"}, {"user": "\udfff"}, {"scope": "caf\udce9"}])
def test_half_a_character_in_a_name_is_fingerprinted_like_any_other(changes: dict[str, Any]) -> None:
    first, again, other = (run(access_key(**told)).findings[0].fingerprint for told in (changes, changes, {}))
    assert first == again
    assert (first == other) is ("user" in changes)


def test_half_a_character_in_the_name_of_a_user_is_content_of_a_baseline_like_any_other() -> None:
    files = CodeFiles(".", ".")
    contents = [files.content(access_key(user=user)) for user in ("\ud800", "\ud800", "\udfff", "ci")]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3
