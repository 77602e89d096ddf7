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
from tests.support import keys as k
from tests.support.rule_cases import OLD, OWNERLESS, PAST, SOON, WITHOUT

# Verdicts


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (k.access_key(), Verdict.FLAGGED),
        (k.access_key(k.enforced()), Verdict.CLEAN),
        (k.access_key(SOON), Verdict.CLEAN),
        (k.access_key(k.enforced(), owner=None), Verdict.FLAGGED),
        (k.access_key(k.enforced(), owner=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(), owner=k.UNKNOWN, is_root=k.UNKNOWN), Verdict.CLEAN),
        (k.access_key(SOON, active_siblings=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(), active_siblings=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.access_key(SOON, status="Inactive", active_siblings=k.UNKNOWN), Verdict.CLEAN),
        (k.access_key(k.enforced(), replacement=k.outage(create_before_destroy=k.UNKNOWN)), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(), replacement=k.outage(create_before_destroy=k.UNKNOWN, takes_turns=True)), Verdict.CLEAN),
        (k.access_key(k.enforced(), possible_exposures=(k.UNKNOWN,)), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(), status="Inactive", possible_exposures=(k.UNKNOWN,)), Verdict.FLAGGED),
        (k.access_key(k.open_evidence()), Verdict.UNDETERMINED),
        (k.access_key(unknown_sources=(k.UNKNOWN,)), Verdict.UNDETERMINED),
        (k.access_key(k.inert(), k.open_evidence()), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(None)), Verdict.UNDETERMINED),
        (k.access_key(k.enforced(None), SOON), Verdict.CLEAN),
        (k.access_key(SOON, k.open_evidence()), Verdict.CLEAN),
        (k.access_key(k.rotates(365), k.open_evidence()), Verdict.UNDETERMINED),
        (k.access_key(SOON, unknown_sources=(k.UNKNOWN,)), Verdict.CLEAN),
        (k.access_key(status=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.access_key(SOON, status=k.UNKNOWN), Verdict.CLEAN),
        (k.access_key(PAST, status=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.access_key(SOON, status="Inactive"), Verdict.CLEAN),
        (k.access_key(status="Inactive", unknown_sources=(k.UNKNOWN,)), Verdict.UNDETERMINED),
        (k.access_key(SOON, created=k.day("2026-01-01")), Verdict.UNDETERMINED),
        (k.access_key(SOON, created=k.day("2026-11-01")), Verdict.CLEAN),
        (k.access_key(SOON, created=k.day("2026-01-01"), last_used=k.AS_OF), Verdict.CLEAN),
        (k.access_key(status="Inactive", created=k.day("2026-01-01"), disabled_since=k.UNKNOWN), Verdict.UNDETERMINED),
        (k.unknown_key(), Verdict.UNDETERMINED),
    ],
)
def test_what_becomes_of_a_key(key: AccessKey, expected: Verdict) -> None:
    assert k.verdict(key) is expected


def test_an_undetermined_key_says_what_is_unknown_and_nothing_that_does_not_matter() -> None:
    status, tags = AS_STATED("var.status is set by the caller"), AS_STATED("var.tags is set by the caller")
    assert k.run(k.access_key(unknown_sources=(tags,))).keys[0].undecided == ("var.tags is set by the caller",)
    assert k.run(k.access_key(status=status)).keys[0].undecided == ("whether it is active: var.status is set by the caller",)
    both = k.run(k.access_key(status=status, unknown_sources=(tags,))).keys[0].undecided
    assert both == ("whether it is active: var.status is set by the caller", "var.tags is set by the caller")
    assert k.run(k.access_key(k.inert(), status=status, unknown_sources=(tags,))).keys[0].undecided == (both[0],)


@pytest.mark.parametrize(
    ("key", "reasons"),
    [
        (k.access_key(SOON, owner=k.UNKNOWN), ("whether it has an owner: {}",)),
        (k.access_key(SOON, active_siblings=k.UNKNOWN), ("whether its user has another active key: {}",)),
        (k.access_key(SOON, created=OLD, last_used=k.UNKNOWN), ("when it was last used: {}",)),
        (k.access_key(status="Inactive", disabled_since=k.UNKNOWN), ("since when it has been disabled: {}",)),
        (k.access_key(SOON, active_siblings=("b",), newest_active=k.UNKNOWN), ("whether its user is rotating its keys: {}",)),
        (k.access_key(SOON, quarantine=k.UNKNOWN), ("whether AWS found it in public: {}",)),
        (k.access_key(SOON, managed=k.UNKNOWN), ("whether code declares it: {}",)),
        (
            k.access_key(k.enforced(), replacement=k.outage(create_before_destroy=k.UNKNOWN)),
            ("whether its replacement exists before it is deleted: {}",),
        ),
        (
            k.access_key(k.enforced(), possible_exposures=(k.UNKNOWN, AS_STATED("sensitive = var.hide"))),
            ("whether its secret is protected: {}", "whether its secret is protected: sensitive = var.hide"),
        ),
        (
            k.access_key(SOON, owner=k.UNKNOWN, active_siblings=k.UNKNOWN),
            ("whether it has an owner and whether its user has another active key: {}",),
        ),
        # What hides the lifetime as well is one line, which needs no question.
        (k.access_key(unknown_sources=(k.UNKNOWN,), owner=k.UNKNOWN), ("{}",)),
        (k.access_key(owner=k.UNKNOWN, unknown_sources=(AS_STATED("local.tags"),)), ("local.tags", "whether it has an owner: {}")),
        (k.access_key(status=k.UNKNOWN, owner=k.UNKNOWN), ("whether it is active and whether it has an owner: {}",)),
    ],
)
def test_an_open_question_is_named_with_the_reason_and_each_reason_once(key: AccessKey, reasons: tuple[str, ...]) -> None:
    assert k.run(key).keys[0].undecided == tuple(reason.format(k.UNKNOWN.reason) for reason in reasons)


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
        assert k.verdict(k.access_key()) is Verdict.FLAGGED
    assert sorted(asked) == sorted(counted)


def test_whether_a_key_has_an_owner_is_open_only_where_the_rule_asks() -> None:
    key = k.access_key(SOON, owner=k.UNKNOWN)
    assert k.verdict(key, ignore=(OWNERLESS,)) is Verdict.CLEAN
    assert k.verdict(replace(key, directives=(k.ignore(OWNERLESS),))) is Verdict.SUPPRESSED
    assert k.run(key).exit_code(Severity.LOW) is Exit.CLEAN
    assert k.run(key).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS


def test_a_flagged_key_still_says_what_is_unknown() -> None:
    (judged,) = k.run(k.access_key(unknown_sources=(k.UNKNOWN,), owner=None)).keys
    assert judged.verdict is Verdict.FLAGGED
    assert judged.undecided == (k.UNKNOWN.reason,)
    assert judged.undecided_rules == ("iam.access_keys_without_lifetime",)
    assert judged.worst is Severity.LOW


def test_a_rule_that_a_suppression_accepts_in_advance_is_not_undecided() -> None:
    (judged,) = k.run(k.access_key(unknown_sources=(k.UNKNOWN,), owner=None, directives=(k.ignore(WITHOUT),))).keys
    assert judged.verdict is Verdict.FLAGGED
    assert judged.open_rules == ("iam.access_keys_without_lifetime",)
    assert (judged.undecided_rules, judged.undecided) == ((), ())


def test_an_end_whose_date_is_open_may_be_too_far() -> None:
    (judged,) = k.run(k.access_key(replace(k.expires("2027-01-31", Effect.ENFORCED, k.CLOCK), at=None))).keys
    assert judged.undecided == ("time_rotating.ci: how long it lets the key live",)
    assert judged.open_rules == ("iam.overlong_access_key_lifetimes",)


def test_what_no_selected_rule_asks_is_not_undetermined() -> None:
    assert k.verdict(k.access_key(unknown_sources=(k.UNKNOWN,)), select=("ownerless_access_keys",)) is Verdict.CLEAN
    assert k.verdict(k.access_key(unknown_sources=(k.UNKNOWN,)), ignore=("iam.access_keys_without_lifetime",)) is Verdict.CLEAN


# Selected rules


def test_selected_and_ignored_rules() -> None:
    key = k.access_key(owner=None)
    assert k.rules(k.run(key)) == [WITHOUT, OWNERLESS]
    assert k.rules(k.run(key, select=(OWNERLESS,))) == [OWNERLESS]
    assert k.rules(k.run(key, ignore=(f"iam.{OWNERLESS}",))) == [WITHOUT]
    assert k.rules(k.run(key, select=(OWNERLESS,), ignore=(OWNERLESS,))) == []


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
        k.run(k.access_key(), **config)


# Fingerprints and order


def test_a_fingerprint_survives_moved_and_reformatted_code() -> None:
    before = k.run(k.access_key(), k.access_key(address="b")).findings
    moved = k.run(k.access_key(address="b", span=k.span(90, "other.tf")), k.access_key(span=k.span(70))).findings
    assert {f.fingerprint for f in before} == {f.fingerprint for f in moved}
    assert all(len(f.fingerprint) == 32 and int(f.fingerprint, 16) >= 0 for f in before)


@pytest.mark.parametrize("change", [{"address": "b"}, {"scope": "b"}, {"framework": "terraform-plan"}])
def test_a_fingerprint_tells_keys_apart(change: dict[str, str]) -> None:
    assert k.run(k.access_key()).findings[0].fingerprint != k.run(k.access_key(**change)).findings[0].fingerprint


def test_every_finding_has_a_fingerprint_of_its_own() -> None:
    places = tuple(k.exposure(n) for n in "abc")
    twice = k.exposure("a")
    report = k.run(
        k.access_key(k.unreadable(), k.unreadable(origin=MetadataOrigin("Expires", "Key")), exposures=(*places, twice), owner=None),
        k.access_key(owner=None),
    )
    assert len({f.fingerprint for f in report.findings}) == len(report.findings) == 9


def test_a_place_more_leaves_the_other_fingerprints_as_they_are() -> None:
    first, second = k.exposure("a"), k.exposure("b")
    before = {f.fingerprint for f in k.run(k.access_key(SOON, exposures=(second,))).findings}
    assert before < {f.fingerprint for f in k.run(k.access_key(SOON, exposures=(first, second))).findings}


def keys_in_places() -> list[AccessKey]:
    """Keys in several files and lines, one of them in none."""
    places = [k.span(9), k.span(10), k.span(5, "a.tf"), k.span(5, "b/c.tf"), None]
    return [k.access_key(address=f"key{n}", span=place, owner=None, unknown_sources=()) for n, place in enumerate(places)]


@given(st.randoms(use_true_random=False))
def test_the_order_of_a_report_does_not_depend_on_that_of_the_keys(shuffle: random.Random) -> None:
    keys = keys_in_places()
    shuffle.shuffle(keys)
    report = k.run(*keys)
    assert report == k.run(*keys_in_places())
    assert [k.key.address for k in report.keys] == ["key4", "key2", "key3", "key0", "key1"]
    assert [f.address for f in report.findings] == [a for k in report.keys for a in (k.key.address,) * 2]


def test_findings_are_where_the_value_is() -> None:
    assert [(f.span, f.rule.id) for f in k.run(k.access_key(PAST, owner=None)).findings] == [
        (k.span(2), "iam.expired_access_keys"),
        (k.span(), "iam.ownerless_access_keys"),
    ]


def test_what_the_front_ends_say_is_passed_on_once_and_in_order() -> None:
    first, second = Diagnostic(Level.WARNING, "b", "a.tf", 3), Diagnostic(Level.NOTE, "a", None)
    assert k.run(diagnostics=(first, second, first)).diagnostics == (second, first)


@pytest.mark.parametrize(("errors", "rest"), [(0, Level.NOTE), (MOST_OF_A_FILE, Level.NOTE), (MOST_OF_A_FILE + 1, Level.ERROR)])
def test_what_one_file_says_beyond_the_limit_is_counted_as_grave_as_the_gravest_of_it(errors: int, rest: Level) -> None:
    said = [Diagnostic(Level.ERROR if n < errors else Level.NOTE, f"m{n}", "a.tf", n) for n in range(MOST_OF_A_FILE + 2)]
    shown = k.run(diagnostics=(*reversed(said), Diagnostic(Level.NOTE, "other", "b.tf"))).diagnostics
    assert len(shown) == MOST_OF_A_FILE + 2
    assert Diagnostic(rest, "2 more messages about this file are omitted", "a.tf") in shown
    assert sum(one.level is Level.ERROR for one in shown) == min(errors, MOST_OF_A_FILE) + (rest is Level.ERROR)
    assert k.run(diagnostics=tuple(said[:MOST_OF_A_FILE])).diagnostics == tuple(said[:MOST_OF_A_FILE])


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
    report = k.run(k.access_key(address="bad", owner=None), k.access_key(address="good", owner=None))
    assert k.rules(report) == [WITHOUT, WITHOUT, OWNERLESS, OWNERLESS]
    assert k.said(report) == [("error", "rule iam.ownerless_access_keys crashed on bad: KeyError: 'tags'; please report it")]
    assert report.exit_code(Severity.LOW) is Exit.INCOMPLETE
    assert report.score() is None


@pytest.mark.usefixtures("crashing")
def test_a_key_on_which_a_rule_crashed_is_not_clean() -> None:
    (judged,) = k.run(k.access_key(k.enforced(), address="bad", directives=(k.ignore(OWNERLESS),))).keys
    assert judged.verdict is Verdict.UNDETERMINED
    assert judged.undecided == ("iam.ownerless_access_keys crashed",)
    assert judged.undecided_rules == ("iam.ownerless_access_keys",)
    (judged,) = k.run(k.access_key(unknown_sources=(k.UNKNOWN,), address="bad")).keys
    assert (judged.suspected, set(judged.open_rules)) == (None, {f"iam.{WITHOUT}", f"iam.{OWNERLESS}"})


@pytest.mark.usefixtures("crashing")
def test_a_suppression_of_a_rule_that_crashed_is_not_called_useless() -> None:
    report = k.run(k.access_key(k.enforced(), address="bad", directives=(k.ignore(OWNERLESS),)))
    assert [level for level, _ in k.said(report)] == ["error"]


# Exit code and score


def test_exit_codes() -> None:
    clean, low, medium = k.access_key(k.enforced()), k.access_key(k.enforced(), owner=None), k.access_key()
    vague = k.access_key(unknown_sources=(k.UNKNOWN,))
    assert k.run(clean).exit_code(Severity.LOW, strict=True) is Exit.CLEAN
    assert k.run(low).exit_code(Severity.MEDIUM) is Exit.CLEAN
    assert k.run(low).exit_code(Severity.LOW) is Exit.FINDINGS
    assert k.run(medium).exit_code(Severity.MEDIUM) is Exit.FINDINGS
    assert k.run(medium).exit_code(None) is Exit.CLEAN
    assert k.run(vague).exit_code(Severity.LOW) is Exit.CLEAN
    assert k.run(clean, replace(vague, address="vague")).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS
    assert k.run(vague).exit_code(Severity.LOW, strict=True) is Exit.FINDINGS
    assert k.run(replace(vague, owner=None)).exit_code(Severity.MEDIUM, strict=True) is Exit.FINDINGS
    assert k.run(medium, diagnostics=(Diagnostic(Level.ERROR, "unread"),)).exit_code(Severity.LOW) is Exit.INCOMPLETE
    assert k.run(replace(medium, directives=(k.ignore(WITHOUT),))).exit_code(Severity.LOW, strict=True) is Exit.CLEAN


def test_findings_of_one_place_stand_in_the_order_of_their_root_modules() -> None:
    roots = [f"live/{name}" for name in "dbeca"]
    found = k.run(*(k.access_key(scope=root) for root in roots)).findings
    assert [finding.root for finding in found] == sorted(roots)


def test_every_rule_is_undetermined_while_it_is_open_whether_there_is_such_a_key() -> None:
    maybe = k.access_key(owner=None, existence=AS_STATED("some versions make no key"))
    report = k.run(maybe)
    assert report.findings == ()
    (judged,) = report.keys
    assert (judged.verdict, judged.undecided) == (Verdict.UNDETERMINED, ("some versions make no key",))
    assert {"iam.access_keys_without_lifetime", "iam.ownerless_access_keys"} <= set(judged.open_rules)
    assert k.verdict(replace(maybe, lifetimes=(SOON,), owner="ops")) is Verdict.CLEAN


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, {"access_keys_without_lifetime", "ownerless_access_keys"}),
        ({"owner": "ops"}, {"access_keys_without_lifetime"}),
        ({"status": "Inactive", "owner": "ops"}, {"lingering_inactive_access_keys"}),
        ({"lifetimes": (SOON,), "owner": "ops"}, set()),
        ({"lifetimes": (k.inert(),), "owner": "ops"}, set()),
    ],
)
def test_a_user_of_other_code_is_no_excuse_but_for_inert_rotation(change: dict[str, Any], found: set[str]) -> None:
    unseen = DECLARED_ELSEWHERE('the user "joe"')
    report = k.run(replace(k.access_key(owner=None, unseen_tags=unseen), **change))
    assert {finding.rule.id.partition(".")[2] for finding in report.findings} == found
    (judged,) = report.keys
    assert judged.undecided == ((unseen.reason,) if any(e.effect is Effect.INERT for e in judged.key.lifetimes) else ())
    assert all(unseen.reason in finding.message for finding in report.findings if "lingering" not in finding.rule.id)


@pytest.mark.parametrize("changes", [{"address": "aws_iam_access_key.\ud800"}, {"user": "\udfff"}, {"scope": "caf\udce9"}])
def test_half_a_character_in_a_name_is_fingerprinted_like_any_other(changes: dict[str, Any]) -> None:
    first, again, other = (k.run(k.access_key(**told)).findings[0].fingerprint for told in (changes, changes, {}))
    assert first == again
    assert (first == other) is ("user" in changes)


def test_half_a_character_in_the_name_of_a_user_is_content_of_a_baseline_like_any_other() -> None:
    files = CodeFiles(".", ".")
    contents = [files.content(k.access_key(user=user)) for user in ("\ud800", "\ud800", "\udfff", "ci")]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3
