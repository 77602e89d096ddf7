"""Which results belong together, and what is known now."""

from __future__ import annotations

import pytest

from posturio_iac.core.finding import Diagnostic, Level, Verdict
from posturio_iac.render.report.changes import ChangeCategory
from tests.support.report_results import A, B, C, accounts, at, code, declared, deployed, error, finding, joined, result, users


def changed(posture: object) -> dict[ChangeCategory, list[str]]:
    return {what: [c.key.user or c.key.address for c in found] for what, found in posture.changed.items()}  # type: ignore[attr-defined]


def test_results_of_different_scopes_are_joined() -> None:
    view = joined(result([deployed("a")]), result([deployed("b", account=B)]), result([declared("aws_iam_access_key.c")], scope=code()))
    assert users(view) == ["a", "aws_iam_access_key.c", "b"]
    assert [part.unit.label for part in view.parts] == [f"account {A}", f"account {B}", "code infra"]


def test_of_an_account_in_several_results_the_newest_counts_whatever_the_order() -> None:
    old, new = result([deployed("old")], days=7), result([deployed("new")])
    assert users(joined(new, old)) == users(joined(old, new)) == ["new"]


def test_an_organization_and_a_later_result_of_one_of_its_accounts() -> None:
    whole = result([deployed("a"), deployed("b", account=B)], days=1)
    view = joined(whole, result([deployed("b2", account=B)]))
    assert users(view) == ["a", "b2"]
    assert [point.units for point in view.trend] == [2, 2]


def test_an_account_without_a_key_any_more_is_known_to_be_without() -> None:
    view = joined(result([deployed("a")], days=7), result(scope=accounts(A)))
    assert (users(view), changed(view)) == ([], {ChangeCategory.REMOVED: ["a"]})
    assert view.score == 100


def test_shards_of_one_day_are_one_point_and_overlapping_ones_count_once() -> None:
    first = result([deployed("a"), deployed("b", account=B)], days=0.2, scope=accounts(A, B))
    second = result([deployed("b", account=B), deployed("c", account=C)], days=0.1, scope=accounts(B, C))
    earlier = result([deployed("a")], days=7, scope=accounts(A, B, C))
    view = joined(earlier, first, second)
    assert users(view) == ["a", "b", "c"]
    assert [(sum(point.verdicts.values()), point.units) for point in view.trend] == [(1, 3), (3, 3)]
    assert changed(view) == {ChangeCategory.NEW_KEY: ["c", "b"]}


def test_results_of_one_day_alone_are_compared_by_their_times() -> None:
    view = joined(result([deployed("a"), deployed("b")], days=0.2), result([deployed("a")]))
    assert (len(view.trend), changed(view)) == (2, {ChangeCategory.REMOVED: ["b"]})


def test_results_of_one_day_that_are_about_different_things_are_one_point() -> None:
    view = joined(result([deployed("a")], days=0.2), result([deployed("b", account=B)], days=0.1), result([declared("k")], scope=code()))
    assert [(sum(point.verdicts.values()), point.units, point.when.hour) for point in view.trend] == [(3, 3, 12)]


def test_at_the_same_time_one_without_errors_counts_then_the_last_one_named() -> None:
    whole, broken = result([deployed("a")]), result([], [], [error(account=A)])
    assert users(joined(whole, broken)) == users(joined(broken, whole)) == ["a"]
    assert joined(whole, broken).score == 100
    assert users(joined(whole, result([deployed("b")]))) == ["b"]


def test_an_account_that_could_not_be_read_keeps_its_keys_and_has_no_score() -> None:
    old = deployed("a")
    view = joined(result([old], [finding(old)], days=7), result([], [], [error(account=A)]))
    assert users(view) == ["a"]
    assert (view.rows[0].older, view.rows[0].as_of.isoformat()) == (True, "2026-11-17T12:00:00+00:00")
    assert view.rows[0].worst is not None
    assert view.score is None
    assert changed(view) == {ChangeCategory.UNSEEN: ["a"]}
    assert [point.score is None for point in view.trend] == [False, True]


def test_what_was_last_seen_before_two_failures_keeps_its_date() -> None:
    view = joined(result([deployed("a")], days=14), result([], [], [error(account=A)], days=7), result([], [], [error(account=A)]))
    assert view.rows[0].as_of.isoformat() == "2026-11-10T12:00:00+00:00"


def test_a_complete_result_forgets_what_an_incomplete_one_kept() -> None:
    view = joined(result([deployed("a")], days=14), result([], [], [error(account=A)], days=7), result(scope=accounts(A)))
    assert (users(view), view.score) == ([], 100)


def test_an_error_about_no_account_holds_until_its_accounts_are_read_again() -> None:
    general = error("the state file is gone")
    assert joined(result([deployed("a")], [], [general])).errors() == 1
    assert joined(result([deployed("a")], [], [general], days=1), result([deployed("a")])).errors() == 0
    assert joined(result([deployed("a"), deployed("b", account=B)], [], [general], days=1), result([deployed("a")])).errors() == 1


def test_an_error_about_no_account_is_held_against_the_whole_and_not_against_what_was_read() -> None:
    before = result([deployed("a"), deployed("gone"), deployed("b", account=B)], days=7)
    view = joined(before, result([deployed("a"), deployed("b", account=B)], [], [error("profile x leads to no account")]))
    assert (users(view), changed(view)) == (["a", "b"], {ChangeCategory.REMOVED: ["gone"]})
    assert view.score is None
    assert [(part.score, part.errors) for part in view.parts] == [(100, 0), (100, 0)]


def test_an_organization_that_could_not_be_listed_is_superseded_by_any_later_look() -> None:
    nothing = result([], [], [error("nothing was read: organizations:ListAccounts is denied")], days=1)
    assert joined(nothing).score is None
    assert joined(nothing, result([deployed("a")])).score == 100
    assert joined(result([deployed("a")], days=2), nothing).score is None


def test_the_same_error_in_several_parts_is_told_once() -> None:
    view = joined(result([deployed("a"), deployed("b", account=B)], [], [error("the report is late")]))
    assert [said.message for _, said in view.diagnostics] == ["the report is late"]


def test_code_of_the_same_name_is_one_series() -> None:
    view = joined(result([declared("k")], days=7, scope=code()), result([declared("k"), declared("l")], scope=code()))
    assert (users(view), changed(view)) == (["k", "l"], {ChangeCategory.NEW_KEY: ["ci"]})
    assert [sum(point.verdicts.values()) for point in view.trend] == [1, 2]


def test_code_of_other_repositories_is_told_apart_though_addresses_are_the_same() -> None:
    view = joined(result([declared("k")], scope=code("web")), result([declared("k")], scope=code("api")))
    assert users(view) == ["k", "k"]
    assert view.changed == {}


def test_a_folder_scanned_by_itself_and_as_part_of_the_whole_counts_once() -> None:
    whole = result([declared("k", "envs/prod/main.tf"), declared("other", "lib.tf")], days=1, scope=code("infra"))
    part = result([declared("k2", "main.tf")], scope=code("infra/envs/prod"))
    assert users(joined(whole, part)) == ["k2", "other"]
    assert users(joined(part | {"as_of": at(2)}, whole)) == ["k", "other"]


def test_an_incomplete_scan_hides_nothing_of_another_one() -> None:
    whole = result([declared("k", "envs/prod/main.tf")], days=1, scope=code("infra"))
    part = result([], [], [error(path="main.tf")], scope=code("infra/envs/prod"))
    assert users(joined(whole, part)) == ["k"]


def test_a_scan_of_named_files_covers_those_alone() -> None:
    whole = result([declared("k", "a.tf"), declared("l", "b.tf")], days=1, scope=code("infra"))
    assert users(joined(whole, result([declared("k2", "a.tf")], scope=code("infra", "a.tf")))) == ["k2", "l"]


def test_what_judged_changes_alone_counts_only_without_the_whole() -> None:
    narrow = result([declared("k")], scope=code(narrowed=True))
    assert users(joined(narrow)) == ["k"]
    assert users(joined(narrow, result([declared("k"), declared("l")], days=3, scope=code()))) == ["k", "l"]


def test_a_result_without_a_scope_is_followed_by_what_it_holds() -> None:
    view = joined(result([declared("k")], days=1, files=3), result([declared("l")], files=4))
    assert (users(view), view.files) == (["l"], 4)


def test_a_scan_of_code_without_keys_is_code() -> None:
    assert [part.unit.label for part in joined(result(files=3)).parts] == ["code"]
    assert [part.unit.label for part in joined(result(scope=code("web"))).parts] == ["code web"]


class TestKeys:
    def test_are_recognised_though_one_result_masks_ids_and_another_shows_them(self) -> None:
        before, now = deployed("a", label="****ABCD"), deployed("a", label="AKIAIOSFODNN7EXABCD")
        assert joined(result([before], days=7), result([now])).changed == {}
        undated = [deployed("a", label=label, age=None) for label in ("****ABCD", "AKIAIOSFODNN7EXABCD")]
        assert joined(result(undated[:1], days=7), result(undated[1:])).changed == {}

    def test_are_recognised_when_the_report_knew_them_by_their_place(self) -> None:
        now = deployed("a", label="****ABCD")
        view = joined(result([deployed("a", label="key-1")], days=7), result([now], [finding(now)]))
        assert changed(view) == {ChangeCategory.NEW_FINDING: ["a"]}

    def test_of_one_user_are_two_even_when_created_in_the_same_second(self) -> None:
        twins = [deployed("a", label="****AAAA"), deployed("a", label="****BBBB")]
        assert joined(result(twins, days=7), result(twins)).changed == {}
        assert changed(joined(result(twins, days=7), result(twins[:1]))) == {ChangeCategory.REMOVED: ["a"]}

    def test_that_replace_another_are_new(self) -> None:
        view = joined(result([deployed("a", label="****AAAA", age=400)], days=7), result([deployed("a", label="****BBBB", age=2)]))
        assert changed(view) == {ChangeCategory.NEW_KEY: ["a"], ChangeCategory.REMOVED: ["a"]}

    def test_switched_off_and_on(self) -> None:
        on, off = deployed("a"), deployed("a", status="Inactive")
        assert changed(joined(result([on], days=7), result([off]))) == {ChangeCategory.DISABLED: ["a"]}
        assert changed(joined(result([off], days=7), result([on]))) == {ChangeCategory.ACTIVATED: ["a"]}
        assert joined(result([on], days=7), result([deployed("a", status=None)])).changed == {}


class TestFindings:
    def test_that_are_new_mended_and_suppressed(self) -> None:
        before, now = deployed("a"), deployed("a")
        old = [finding(before, "unused"), finding(before, "ownerless")]
        new = [finding(now, "expired"), finding(now, "ownerless", suppressed={"reason": "known", "until": None, "source": "baseline"})]
        view = joined(result([before], old, days=7), result([now], new))
        assert {what: [c.finding.rule for c in found if c.finding] for what, found in view.changed.items()} == {
            ChangeCategory.NEW_FINDING: ["iam.expired"],
            ChangeCategory.SUPPRESSED: ["iam.ownerless"],
            ChangeCategory.MENDED: ["iam.unused"],
        }

    def test_whose_suppression_ended_are_new(self) -> None:
        before, now = deployed("a"), deployed("a")
        accepted = finding(before, suppressed={"reason": "known", "until": at(1), "source": "comment"})
        view = joined(result([before], [accepted], days=7), result([now], [finding(now)]))
        assert [(c.what, c.note) for c in view.changed[ChangeCategory.NEW_FINDING]] == [
            (ChangeCategory.NEW_FINDING, "was suppressed before")
        ]

    def test_are_the_same_by_key_and_rule_when_the_fingerprint_is_another(self) -> None:
        before, now = deployed("a", label="key-1"), deployed("a", label="****ABCD")
        view = joined(result([before], [finding(before)], days=7), result([now], [finding(now)]))
        assert view.changed == {}

    def test_of_a_key_that_is_gone_are_not_mended_but_gone_with_it(self) -> None:
        before = deployed("a")
        assert changed(joined(result([before], [finding(before)], days=7), result(scope=accounts(A)))) == {ChangeCategory.REMOVED: ["a"]}

    def test_of_the_same_address_in_two_root_modules_belong_to_their_own(self) -> None:
        prod, test = declared("k", root="prod"), declared("k", root="test")
        view = joined(result([prod, test], [finding(prod)], scope=code()))
        assert {row.key.root: len(row.active) for row in view.rows} == {"prod": 1, "test": 0}


def test_the_worst_keys_come_first() -> None:
    keys = [deployed(name) for name in ("clean", "low", "two", "high", "open")]
    keys[4] |= {"verdict": "undetermined", "undecided": ["?"]}
    found = [finding(keys[1], "ownerless"), finding(keys[2], "unused"), finding(keys[2], "ownerless"), finding(keys[3], "expired")]
    assert [row.key.user for row in joined(result(keys, found)).rows] == ["high", "two", "low", "open", "clean"]


def test_a_file_that_could_not_be_read_leaves_no_score() -> None:
    view = joined(result([deployed("a")]), unread=(Diagnostic(Level.ERROR, "b.json is not valid JSON", "b.json"),))
    assert view.score is None
    assert view.errors() == 1


def test_points_before_an_account_joined_say_so() -> None:
    view = joined(result([deployed("a")], days=7), result([deployed("a"), deployed("b", account=B)]))
    assert [(point.units, point.verdicts[Verdict.CLEAN]) for point in view.trend] == [(1, 1), (2, 2)]


@pytest.mark.parametrize("seen", [[], [deployed("b")]])
def test_an_account_of_which_only_a_part_was_read_keeps_the_rest(seen: list[dict[str, object]]) -> None:
    view = joined(result([deployed("a"), deployed("b")], days=7), result(seen, [], [error(account=A)]))
    assert users(view) == ["a", "b"]
    assert {row.key.user for row in view.rows if row.older} == {"a", "b"} - {str(key["user"]) for key in seen}


def verified(*keys: dict[str, object], gone: tuple[str, ...] = (), **more: object) -> dict[str, object]:
    """A verification: it looked at the users of these keys, and at some who have none any more."""
    known = ("rule", "message", "remediation", "fingerprint")
    entry = {"state": "resolved", "severity": "medium", "status": None, "owner": None} | dict.fromkeys(known, "x")
    results = [{**entry, "address": f"arn:aws:iam::{A}:user/{user}/****ABCD"} for user in gone]
    return result(list(keys), **more) | {"verification": {"results": results}}  # type: ignore[arg-type, no-any-return]


def test_a_verification_renews_what_it_looked_at_and_nothing_else() -> None:
    first = result([deployed("a"), deployed("b"), deployed("c")], [finding(deployed("c"))], days=3, scope=accounts(A))
    view = joined(first, verified(deployed("b", status="Inactive"), gone=("a",)))
    assert users(view) == ["b", "c"]
    assert changed(view) == {ChangeCategory.REMOVED: ["a"], ChangeCategory.DISABLED: ["b"]}
    assert {row.key.user: row.as_of.day for row in view.rows} == {"b": 24, "c": 21}
    assert [len(row.found) for row in view.rows if row.key.user == "c"] == [1]
    assert view.score is not None


def test_a_verification_of_an_incomplete_result_leaves_it_incomplete() -> None:
    first = result([deployed("a")], [], [error(account=A)], days=3)
    assert joined(first, verified(deployed("a"))).score is None
    assert joined(first, result([deployed("a")])).score == 100


def test_a_verification_that_failed_forgets_nothing() -> None:
    view = joined(result([deployed("a")], days=3), verified(gone=("a",), said=[error(account=A)]))
    assert users(view) == ["a"]
    assert view.score is None


def test_a_finding_of_a_rule_that_was_not_asked_again_is_not_mended() -> None:
    before, now = deployed("a"), deployed("a")
    found = [finding(before, "unused"), finding(before, "ownerless")]
    scope = accounts(A) | {"left_out": ["iam.unused"]}
    view = joined(result([before], found, days=7, scope=accounts(A)), result([now], [], scope=scope))
    assert {what: [c.finding.rule for c in cs if c.finding] for what, cs in view.changed.items()} == {
        ChangeCategory.MENDED: ["iam.ownerless"]
    }
    assert view.parts[0].left_out == ("iam.unused",)


def test_a_finding_of_a_rule_that_was_not_asked_before_says_so() -> None:
    now = deployed("a")
    scope = accounts(A) | {"left_out": ["iam.unused"]}
    view = joined(result([deployed("a")], days=7, scope=scope), result([now], [finding(now)], scope=accounts(A)))
    assert [c.note for c in view.changed[ChangeCategory.NEW_FINDING]] == ["was not checked before"]
