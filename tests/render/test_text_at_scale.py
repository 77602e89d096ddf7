"""What people see of many keys: instances together, one line a finding, counts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.commands import COMMANDS
from posturio_iac.contract import write
from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Suppression, Verdict, of_account
from posturio_iac.core.model import Effect, Kind, Lifetime
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.text.terminal import width
from posturio_iac.core.unknown import BEYOND
from posturio_iac.render import markdown_page
from posturio_iac.render.text import overview, summary
from posturio_iac.render.text.key_entries import entries
from posturio_iac.render.text.tally import Tallies, Tally, rolled_up
from posturio_iac.render.wording import once
from tests.support import canned
from tests.support.canned import rendered
from tests.support.keys import open_question

PAST = Lifetime(Kind.EXPIRY, Effect.DECLARED, TagOrigin("expires", "aws_iam_user.ci"), "2026-01-31", at=canned.AS_OF)
Flagged = tuple[JudgedKey, tuple[Finding, ...]]


def report_of(*keys: Flagged) -> Report:
    return Report(canned.AS_OF, tuple(k for k, _ in keys), tuple(f for _, found in keys for f in found), (), len(keys))


def flagged(address: str, path: str, message: str = "{} has no end", *, root: str = "", **more: object) -> Flagged:
    where = canned.span(path)
    found = replace(canned.finding(canned.WITHOUT, address, where, message.format(address)), root=root)
    return JudgedKey(canned.key(address, where, scope=root, **more), Verdict.FLAGGED), (found,)


def instances(*indexes: str) -> Report:
    return report_of(*(flagged(f"aws_iam_access_key.k{index}", "iam/ci.tf") for index in indexes))


def test_instances_of_one_block_are_one_entry() -> None:
    text = rendered("text", instances('["a"]', '["b"]', '["c"]'), canned.context())
    assert text.startswith('iam/ci.tf:1:1: aws_iam_access_key.k (3 instances: ["a"], ["b"], ["c"])\n')
    assert text.count("has no end") == 1
    assert "3 findings (3 medium) in 3 keys" in text


def test_of_many_instances_the_first_are_named_unless_verbose() -> None:
    many = instances(*(f"[{n}]" for n in range(9)))
    assert "(9 instances: [0], [1], [2] and 6 more)" in rendered("text", many, canned.context())
    assert "[7], [8])" in rendered("text", many, canned.context(verbose=True))


def test_of_instances_that_an_index_does_not_tell_apart_all_are_named_in_full() -> None:
    calls = report_of(*(flagged(f"module.{name}.aws_iam_access_key.k", "m/main.tf") for name in ("a", "b")))
    assert [rendered("text", one, canned.context()).partition("\n")[0] for one in (calls, instances("", "[0]"))] == [
        "m/main.tf:1:1: module.a.aws_iam_access_key.k (2 instances, also module.b.aws_iam_access_key.k)",
        "iam/ci.tf:1:1: aws_iam_access_key.k (2 instances, also aws_iam_access_key.k[0])",
    ]


def with_open(one: Flagged, why: str) -> Flagged:
    return replace(one[0], open_questions=(open_question(why),), open_rules=("iam.ownerless_access_keys",)), one[1]


def test_what_is_open_beside_a_finding_is_said_under_it_unless_quiet() -> None:
    report = report_of(with_open(flagged("k", "a.tf"), "local.tags is not known"))
    rows = rendered("text", report, canned.context()).splitlines()
    at = rows.index("  undetermined iam.ownerless_access_keys")
    assert rows[at + 1] == "    local.tags is not known"
    assert "undetermined" not in rendered("text", report, canned.context(quiet=True))


def test_instances_of_which_different_things_are_open_stand_apart() -> None:
    alike = [with_open(flagged(f"k[{n}]", "a.tf"), "local.tags is not known") for n in (0, 1)]
    other = with_open(flagged("k[2]", "a.tf"), "var.owner is not known")
    assert [entry.size for entry in entries(report_of(*alike, other, flagged("k[3]", "a.tf")))] == [2, 1, 1]


def test_of_many_root_modules_the_first_are_named_unless_verbose() -> None:
    many = canned.repeated(tuple("abcdefgh"))
    assert "(in 8 root modules: a, b, c and 5 more)" in rendered("text", many, canned.context())
    assert "(in 8 root modules: a, b, c, d, e, f, g, h)" in rendered("text", many, canned.context(verbose=True))


def test_entries_of_one_address_name_their_root_modules() -> None:
    alike = [flagged("module.m.k", "m/a.tf", root=root) for root in ("dev", "test")]
    other = flagged("module.m.k", "m/a.tf", root="prod", lifetimes=(PAST,))
    names = [entry.name() for entry in entries(report_of(*alike, other))]
    assert names == ["module.m.k (in 2 root modules: dev, test)", "module.m.k (in root module prod)"]


def test_the_roots_of_nested_templates_are_templates() -> None:
    nested = [
        (replace(judged, key=replace(judged.key, framework="cloudformation")), (replace(one, framework="cloudformation"),))
        for judged, (one,) in (flagged("Child/Key", "child.yaml", root=root) for root in ("a.yaml", "b.yaml"))
    ]
    assert [entry.name() for entry in entries(report_of(*nested))] == ["Child/Key (in 2 templates: a.yaml, b.yaml)"]
    assert rendered("concise", report_of(*nested), canned.context()).endswith(" (in 2 templates: a.yaml, b.yaml)\n")


def test_concise_prints_no_line_twice_for_root_modules_that_differ_in_the_fix() -> None:
    two = [flagged("module.m.k", "m/main.tf", root=root) for root in ("prod", "stage")]
    two[1] = (two[1][0], tuple(replace(one, remediation="Another.") for one in two[1][1]))
    (line,) = rendered("concise", report_of(*two), canned.context()).splitlines()
    assert line.endswith(" (in 2 root modules: prod, stage)")


@pytest.mark.parametrize("other", [
    flagged('aws_iam_access_key.k["b"]', "iam/ci.tf", lifetimes=(PAST,)),
    flagged('aws_iam_access_key.k["b"]', "iam/ci.tf", owner="payments"),
    flagged('aws_iam_access_key.k["b"]', "iam/other.tf"),
])  # fmt: skip
def test_what_differs_in_more_than_the_instance_stays_apart(other: Flagged) -> None:
    assert len(entries(report_of(flagged('aws_iam_access_key.k["a"]', "iam/ci.tf"), other))) == 2


def test_users_and_modules_of_instances_are_no_difference() -> None:
    unknown = Lifetime(Kind.EXPIRY, Effect.UNKNOWN, TagOrigin("expires", "u"))
    made = [
        flagged(
            f"module.{n}.k", "a.tf", user=f"ci-{n}", lifetimes=(replace(unknown, reason=BEYOND(f"module.{n}.u", f"ci-{n}").as_reason()),)
        )
        for n in "ab"
    ]
    assert [entry.size for entry in entries(report_of(*made))] == [2]


@given(
    st.lists(
        st.tuples(st.sampled_from(["", '["a"]', '["b"]', "[0]"]), st.sampled_from(["a.tf", "b.tf"]), st.sampled_from(["", "r"])),
        unique=True,
    )
)
def test_no_key_is_lost_and_none_counted_twice(chosen: list[tuple[str, str, str]]) -> None:
    report = report_of(*(flagged(f"aws_iam_access_key.k{index}", path, root=path + root) for index, path, root in chosen))
    assert sum(entry.size for entry in entries(report)) == len(chosen)
    assert len(rendered("concise", report, canned.context()).splitlines()) == len({(index, path) for index, path, _ in chosen})


def test_on_a_terminal_the_concise_format_ends_with_a_line_that_sums_up() -> None:
    assert rendered("concise", canned.report(), canned.context(columns=90)).endswith(f"\n{summary(canned.report(), canned.context())}\n")


def many(number: int = 40) -> Report:
    return report_of(*(flagged(f"aws_iam_access_key.k{n}", f"live/team{n % 3}/app{n}/main.tf") for n in range(number)))


def test_more_than_a_screen_is_counted_with_the_worst_ten_and_the_next_step() -> None:
    judged, (found,) = flagged("aws_iam_access_key.worst", "zzz/main.tf")
    worst = judged, (replace(found, severity=canned.EXPIRED.severity, rule=canned.EXPIRED),)
    report = many()
    report = replace(report, keys=(*report.keys, worst[0]), findings=(*report.findings, *worst[1]))
    lines = rendered("text", report, canned.context(screen=40, columns=100)).splitlines()
    assert len(lines) < 40
    assert lines[0].split() == ["folder", "keys", "open", "findings", "worst"]
    assert [line.split() for line in lines[1:5]] == [
        ["zzz", "1", "1", "1", "HIGH"],
        *(["live/team0", *["14"] * 3, "MEDIUM"], ["live/team1", *["13"] * 3, "MEDIUM"], ["live/team2", *["13"] * 3, "MEDIUM"]),
    ]
    first = next(n for n, line in enumerate(lines) if line == "The worst 10 keys:") + 1
    assert lines[first] == "  HIGH     zzz/main.tf:1 aws_iam_access_key.worst: expired_access_keys"
    assert lines[first + 10] == ""
    assert "--all lists every key" in lines[-1]
    assert lines[-1].partition("posturio-iac ")[2].split()[0] in COMMANDS


@pytest.mark.parametrize(("screen", "number"), [(None, 400), (10_000, 400), (5, 10)])
def test_what_fits_the_screen_or_is_few_is_listed(screen: int | None, number: int) -> None:
    text = rendered("text", many(number), canned.context(screen=screen))
    assert text.count("MEDIUM iam.access_keys_without_lifetime\n") == number


def test_undetermined_keys_fill_a_screen_too() -> None:
    names = [(f"k{n}", f"f{n}/a.tf", f"open {n}") for n in range(30)]
    keys = tuple(JudgedKey(canned.key(name, canned.span(path)), Verdict.UNDETERMINED, (open_question(why),)) for name, path, why in names)
    text = rendered("text", Report(canned.AS_OF, keys, (), (), 1), canned.context(screen=20))
    assert "Undetermined:" not in text
    assert text.splitlines()[0].split() == ["folder", "keys", "undetermined"]


@pytest.mark.parametrize(("size", "last"), [(1, "+ 0"), (7, "+ 6"), (8, "… 2 more lines"), (20, "… 14 more lines")])
def test_a_change_is_shown_whole_unless_it_is_long(size: int, last: str) -> None:
    change = SimpleNamespace(diff=tuple(f"+ {number}" for number in range(size)))
    rows = rendered("text", report_of(flagged("k", "a.tf")), canned.context(change=lambda _finding: change)).splitlines()
    shown = [row.strip() for row in rows if row.startswith("      ")]
    assert shown[-1] == last
    assert shown[:-1] == [f"+ {number}" for number in range(len(shown) - 1)]


def test_nothing_is_made_that_is_not_shown() -> None:
    asked: list[Finding] = []
    report = many(400)
    context = canned.context(change=asked.append, screen=50)
    rendered("text", report, context)
    assert asked == []
    page = markdown_page.render(report, context)
    assert len(page) < markdown_page.LIMIT + 1000
    assert len(asked) <= len(report.findings)


@given(st.integers(20, 200), st.integers(11, 60))
def test_no_line_is_wider_than_the_terminal(columns: int, number: int) -> None:
    text = rendered("text", many(number), canned.context(screen=11, columns=columns))
    assert max(width(line) for line in text.splitlines()[:-3]) <= max(columns, 60)


def test_stats_count_ends_and_verdicts() -> None:
    def end(effect: Effect) -> Lifetime:
        return Lifetime(Kind.EXPIRY, effect, TagOrigin("expires", "aws_iam_user.u"), "2027-01-01", None, at=canned.AS_OF)

    def one(name: str, verdict: Verdict, source: str = "", **more: object) -> Flagged:
        why = Suppression("known", None, source) if source else None
        where = canned.span("a/main.tf")
        found = canned.finding(canned.WITHOUT, name, where, "no end", why)
        return JudgedKey(canned.key(name, where, owner="payments", **more), verdict), (
            found,
        ) if source or verdict is Verdict.FLAGGED else ()

    report = report_of(
        one("e", Verdict.CLEAN, lifetimes=(end(Effect.ENFORCED), end(Effect.DECLARED))),
        one("d", Verdict.FLAGGED, lifetimes=(end(Effect.DECLARED),)),
        one("s", Verdict.SUPPRESSED, "comment"), one("b", Verdict.SUPPRESSED, "baseline"), one("b2", Verdict.SUPPRESSED, "baseline"),
        one("u", Verdict.UNDETERMINED),
    )  # fmt: skip
    rows = [line.split() for line in "".join(overview.stats(report, canned.context())).splitlines()]
    names = ["keys", "enforced", "declared", "undetermined", "suppressed", "baselined", "open"]
    assert rows[0] == ["folder", *names]
    assert rows[1] == ["a", "6", "1", "1", "1", "1", "2", "1"]
    assert ["payments", "6", "1", "1", "1", "1", "2", "1"] in rows
    assert ["iam.access_keys_without_lifetime", "4", "0", "1", "2", "1"] in rows


def test_where_ages_are_known_the_oldest_come_first() -> None:
    def deployed(account: str, days: int) -> JudgedKey:
        return JudgedKey(canned.deployed_key(account, account=account, created=canned.AS_OF - timedelta(days=days)), Verdict.CLEAN)

    report = Report(canned.AS_OF, (deployed("111122223333", 10), deployed("444455556666", 700)), (), (), 0)
    assert [tally.name for tally in Tallies(report).by_folder] == ["444455556666", "111122223333"]
    text = "".join(overview.stats(report, canned.context()))
    assert text.splitlines()[0].split()[-1] == "oldest"
    assert text.splitlines()[1].endswith("700 d")


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), unique=True), st.integers(1, 6))
def test_folders_are_rolled_up_without_a_loss(names: list[str], most: int) -> None:
    folders = [Tally(name) for name in names]
    for folder in folders:
        folder.counts["keys"], folder.oldest = 1, datetime(2026, 1, 1, tzinfo=timezone.utc)
    rolled = rolled_up(folders, most)
    assert sum(folder.counts["keys"] for folder in rolled) == len(names)
    assert all(folder.oldest for folder in rolled)
    depth = max((name.name.count("/") for name in rolled), default=0)
    above = {"/".join(name.split("/")[:depth]) for name in names}
    assert len(rolled) <= most or len(above) <= 1 or depth == 0


def test_folders_that_have_one_above_them_are_told_apart() -> None:
    folders = [Tally(f"live/app{n}/eu") for n in range(20)]
    assert {folder.name for folder in rolled_up(folders, 8)} == {f"live/app{n}" for n in range(20)}
    assert [folder.name for folder in rolled_up([*folders, Tally("tools")], 8)] == ["live", "tools"]
    assert rolled_up([], 8) == []
    assert {folder.name for folder in rolled_up([*folders, Tally("tools")], 8, 2)} == {*(f"live/app{n}" for n in range(20)), "tools"}
    assert len(rolled_up(folders, 8, 9)) == 20


def test_keys_that_are_undetermined_for_the_same_reason_share_it() -> None:
    open_ = (open_question("open"),)
    keys = tuple(JudgedKey(canned.key(f"k{n}", canned.span(f"f{n}/a.tf")), Verdict.UNDETERMINED, open_) for n in range(30))
    report = Report(canned.AS_OF, keys, (), (), 1)
    lines = rendered("text", report, canned.context()).splitlines()
    assert lines[:2] == ["Undetermined:", "  f0/a.tf:1:1: k0"]
    assert lines[10:14] == ["  f9/a.tf:1:1: k9", "  … and 20 more, for the same reason (--verbose lists them all):", "    open", ""]
    every = rendered("text", report, canned.context(verbose=True))
    assert (every.count(": k"), every.count("    open")) == (30, 1)


def test_undetermined_keys_of_one_block_are_one_line() -> None:
    span, open_ = canned.span("m/a.tf"), (open_question("open"),)
    keys = [replace(canned.key(f"module.m.k[{n}]", span), scope=root) for root in ("", "examples/a") for n in range(2)]
    report = Report(canned.AS_OF, tuple(JudgedKey(key, Verdict.UNDETERMINED, open_) for key in keys), (), (), 1)
    lines = rendered("text", report, canned.context()).splitlines()
    assert lines[1] == "  m/a.tf:1:1: module.m.k (2 instances: [0], [1]; in 2 root modules: ., examples/a)"
    assert lines[2] == "    open"
    assert "4 undetermined" in lines[-1]


UNITS = [f"live/{n}/terragrunt.hcl" for n in range(100)]
WHY = "the unit applies a module that is not known: get_env() depends on the environment"
NOTES = [Diagnostic(Level.NOTE, WHY, unit) for unit in UNITS]


def test_a_note_about_many_files_is_one() -> None:
    (said,) = once(NOTES)
    assert said.path == UNITS[0]
    assert said.message == f"{WHY}; the same holds for 99 more files, such as {UNITS[1]}, {UNITS[2]}; --format json lists all"


def test_few_notes_other_notes_and_notes_of_one_file_stay_apart() -> None:
    other = Diagnostic(Level.NOTE, "something else", UNITS[50])
    of_one_file = [Diagnostic(Level.NOTE, WHY, UNITS[0], line) for line in range(1, 9)]
    assert once([*NOTES[:3], other]) == [*NOTES[:3], other]
    assert once(of_one_file) == of_one_file
    assert len(once([*NOTES, other])) == 2


def test_each_file_that_could_not_be_read_is_named() -> None:
    errors = [Diagnostic(Level.ERROR, "cannot be read", unit) for unit in UNITS]
    assert once(errors) == errors


def test_a_message_that_names_its_account_is_the_same_for_another() -> None:
    errors = [of_account(Level.ERROR, f"{n:012}: access denied", f"{n:012}") for n in range(1, 6)]
    (said,) = once(errors)
    assert said.message == ("000000000001: access denied; the same holds for 4 more accounts: 000000000002, 000000000003 and 2 more")


def test_markdown_has_it_once_and_json_all() -> None:
    report = Report(canned.AS_OF, (), (), tuple(NOTES), 100)
    assert markdown_page.render(report, canned.context()).count(WHY) == 1
    assert [said["path"] for said in json.loads(write.render(report, canned.context()))["diagnostics"]] == UNITS
