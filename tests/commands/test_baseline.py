from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.judge.baseline import Baseline, BaselineEntry, load
from tests.support.command_line import MISSING, Capture, Patch, ends, run
from tests.support.report_results import A as ACCOUNT
from tests.support.report_results import B, accounts, deployed, finding, result
from tests.support.repository import AS_OF, KEY, TEMPLATE, USER, Repository, clean, flagged

FILE = "posturio-iac-baseline.json"
REASON = "existed when the baseline was written on 2026-12-01"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A folder with one module with a finding and one without, which is the current one."""
    for name, text in (("a/iam.tf", flagged("a")), ("b/iam.tf", clean("b"))):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(capsys: Capture, *argv: str, code: int = 0) -> str:
    found, out, err = run(capsys, "baseline", "--as-of", AS_OF, *ends(argv))
    assert found == code, err
    return out


def scan(capsys: Capture, *argv: str, as_of: str = AS_OF) -> tuple[int, str, str]:
    return run(capsys, "scan", "--as-of", as_of, "--baseline", FILE, *argv)


def entries(folder: Path, name: str = FILE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / name).read_text())["findings"]
    return found


def edit(tree: Path, **values: Any) -> None:
    document = json.loads((tree / FILE).read_text())
    document["findings"][0].update(values)
    (tree / FILE).write_text(json.dumps(document))


def test_known_findings_no_longer_fail_and_new_ones_do(tree: Path, capsys: Capture) -> None:
    assert write(capsys) == f"wrote {FILE}: 1 entry, 1 new\n"
    code, out, _ = scan(capsys)
    assert code == 0
    assert "note: the baseline accepts 1 medium finding\n" in out
    (tree / "b/iam.tf").write_text(flagged("b"))
    code, out, _ = scan(capsys)
    assert code == 1
    assert "b/iam.tf" in out
    assert "a/iam.tf" not in out


def test_entry_says_what_a_reviewer_needs_and_no_line(tree: Path, capsys: Capture) -> None:
    write(capsys)
    (entry,) = entries(tree)
    assert len(entry.pop("fingerprint")) == 32
    assert len(entry.pop("content")) == 16
    assert entry == {
        "rule": MISSING,
        "address": "aws_iam_access_key.ci",
        "path": "a/iam.tf",
        "root": "a",
        "user": "a",
        "reason": REASON,
        "owner": "team",
        "until": "2099-12-31",
    }


def test_options_fill_new_entries(tree: Path, capsys: Capture) -> None:
    write(capsys, "--reason", "legacy", "--owner", "payments", "--until", "2026-12-31")
    assert [(e["reason"], e["owner"], e["until"]) for e in entries(tree)] == [("legacy", "team", "2026-12-31")]
    assert scan(capsys)[0] == 0
    assert scan(capsys, as_of="2026-12-31T23:00Z")[0] == 0
    code, _, err = scan(capsys, as_of="2027-01-01")
    assert code == 1
    assert f"the baseline's entry for aws_iam_access_key.ci in a/iam.tf ({MISSING}) ended on 2026-12-31 and suppresses nothing" in err


@pytest.mark.parametrize(
    ("answer", "code", "until"), [("2027-06-30\n", 0, "2027-06-30"), ("soon\n", 2, None), ("2026-01-01\n", 2, None), ("", 2, None)]
)
def test_a_terminal_is_asked_for_the_last_day(
    tree: Path, capsys: Capture, monkeypatch: Patch, answer: str, code: int, until: str | None
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    code_of_a_pipe, _, err = run(capsys, "baseline", "--as-of", AS_OF)
    assert (code_of_a_pipe, "a last day: add --until DATE" in err) == (2, True)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    found, _, err = run(capsys, "baseline", "--as-of", AS_OF)
    assert (found, "the last day, such as" in err) == (code, True)
    assert (tree / FILE).exists() is (until is not None)
    assert [entry["until"] for entry in entries(tree)] == [until] if until else True


def test_entries_that_end_on_one_day_are_not_all_named(tree: Path, capsys: Capture) -> None:
    (tree / "a/more.tf").write_text("".join(KEY.replace('"ci"', f'"k{n}"') for n in range(8)))
    write(capsys, "--until", "2026-12-31")
    _, _, err = scan(capsys, as_of="2027-01-01")
    assert err.count("ended on 2026-12-31 and suppresses nothing") == 5
    assert "warning: 18 entries of the baseline have ended and suppress nothing; 5 of them are named\n" in err


def test_moved_and_reformatted_code_keeps_its_entry(tree: Path, capsys: Capture) -> None:
    write(capsys)
    (tree / "a/iam.tf").write_text("\n\n# moved\n")
    (tree / "a/users.tf").write_text(USER % ("a", ""))
    (tree / "a/keys.tf").write_text("\n\n\n" + KEY.replace("  user = ", "\tuser   =   "))
    assert scan(capsys)[0] == 0
    assert write(capsys) == f"wrote {FILE}: 1 entry\n"
    assert entries(tree)[0]["path"] == "a/keys.tf"


def test_what_people_wrote_stays(tree: Path, capsys: Capture) -> None:
    write(capsys)
    edit(tree, reason="die Ämter brauchen ihn", owner="payments", until="2027-06-30")
    (tree / "b/iam.tf").write_text(flagged("b"))
    assert write(capsys, "--reason", "new", "--owner", "new", "--until", "2028-01-01") == (
        f"wrote {FILE}: 2 entries, 1 new; 1 more than when it was written on {AS_OF}\n"
    )
    assert [(e["path"], e["reason"], e["owner"], e["until"]) for e in entries(tree)] == [
        ("a/iam.tf", "die Ämter brauchen ihn", "payments", "2027-06-30"),
        ("b/iam.tf", "new", "team", "2028-01-01"),
    ]


def test_entry_follows_its_module(tree: Path, capsys: Capture) -> None:
    write(capsys)
    edit(tree, reason="kept")
    (tree / "a").rename(tree / "c")
    code, _, err = scan(capsys)
    assert code == 0
    assert "1 entry of the baseline matches code that was moved; `posturio-iac baseline` records where it is now" in err
    assert write(capsys) == f"wrote {FILE}: 1 entry, 1 moved\n"
    assert [(e["path"], e["reason"]) for e in entries(tree)] == [("c/iam.tf", "kept")]
    assert scan(capsys)[0] == 0


def test_second_run_changes_nothing(tree: Path, capsys: Capture) -> None:
    write(capsys)
    before = (tree / FILE).read_bytes()
    assert write(capsys) == f"nothing to change in {FILE}: 1 entry\n"
    assert (tree / FILE).read_bytes() == before


def test_stale_entry_is_said_and_pruned(tree: Path, capsys: Capture) -> None:
    write(capsys)
    (tree / "a/iam.tf").write_text(clean("a"))
    code, _, err = scan(capsys)
    assert code == 0
    assert f"note: the baseline's entry for aws_iam_access_key.ci in a/iam.tf ({MISSING}) no longer matches anything" in err
    assert write(capsys) == f"nothing to change in {FILE}: 1 entry, 1 stale, which --prune removes\n"
    assert write(capsys, "--prune") == f"wrote {FILE}: 0 entries, 1 removed; 1 fewer than when it was written on {AS_OF}\n"
    assert scan(capsys)[2] == f"note: {FILE} has 0 known findings left, 1 fewer than when it was written on {AS_OF}\n"


def test_prune_adds_nothing(tree: Path, capsys: Capture) -> None:
    write(capsys)
    (tree / "b/iam.tf").write_text(flagged("b"))
    assert write(capsys, "--prune") == f"nothing to change in {FILE}: 1 entry\n"
    assert len(entries(tree)) == 1


def test_many_stale_entries_are_counted(tree: Path, capsys: Capture) -> None:
    some = tuple(BaselineEntry("a/iam.tf", f"aws_iam_access_key.k{n}", MISSING, f"{n:032x}", "r") for n in range(13))
    (tree / FILE).write_text(Baseline(some).text())
    assert scan(capsys)[2].count("note: ") == 11


@pytest.mark.parametrize("argv", [["b"], ["--exclude", "a/"], ["--ignore", MISSING], ["--select", "root_access_keys"]])
def test_entry_that_a_run_could_not_see_is_not_stale(tree: Path, capsys: Capture, argv: list[str]) -> None:
    write(capsys)
    (tree / "a/iam.tf").write_text(clean("a"))
    assert scan(capsys, *argv)[2] == ""
    write(capsys, "--prune", *argv)
    assert len(entries(tree)) == 1


def test_incomplete_run_prunes_nothing(tree: Path, capsys: Capture) -> None:
    write(capsys)
    (tree / "a/iam.tf").write_text(clean("a"))
    (tree / "b/iam.tf").write_text(flagged("b") + "resource {{\n")
    code, _, err = run(capsys, "baseline", "--as-of", AS_OF, "--prune")
    assert code == 3
    assert "nothing was pruned" in err
    assert len(entries(tree)) == 1
    assert "no longer matches" not in scan(capsys)[2]


def test_incomplete_run_still_writes_what_it_saw(tree: Path, capsys: Capture) -> None:
    (tree / "b/iam.tf").write_text(flagged("b") + "resource {{\n")
    write(capsys, code=3)
    assert len(entries(tree)) >= 1


def test_configuration_names_the_file_for_scan_baseline_and_hook(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    repository = Repository(tmp_path)
    repository.write("posturio-iac.toml", 'baseline = "known.json"\n')
    repository.write("ci/iam.tf", flagged())
    repository.write("ci/stack.yaml", TEMPLATE)
    monkeypatch.chdir(tmp_path / "ci")
    assert run(capsys, "scan", "--as-of", AS_OF)[0] == 2
    assert write(capsys) == f"wrote {tmp_path / 'known.json'}: 2 entries, 2 new\n"
    assert run(capsys, "scan", "--as-of", AS_OF)[0] == 0
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "scan", "ci", "--as-of", AS_OF)[0] == 0
    assert run(capsys, "hook", "--as-of", AS_OF, "ci/iam.tf")[0] == 0


def test_hook_says_nothing_of_stale_entries(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    repository = Repository(tmp_path)
    repository.write("a/iam.tf", flagged("a"))
    monkeypatch.chdir(tmp_path)
    write(capsys)
    repository.write("a/iam.tf", clean("a"))
    assert run(capsys, "hook", "--as-of", AS_OF, "--baseline", FILE, "a/iam.tf") == (0, "", "")


def test_no_suppressions_shows_known_findings(tree: Path, capsys: Capture) -> None:
    assert tree.is_dir()
    write(capsys)
    assert scan(capsys, "--no-suppressions")[0] == 1


def test_json_report_says_why(tree: Path, capsys: Capture) -> None:
    write(capsys, "--until", "2027-03-01")
    edit(tree, reason="legacy")
    _, out, _ = scan(capsys, "--format", "json")
    (finding,) = json.loads(out)["findings"]
    assert finding["suppressed"] == {"reason": "legacy (owner: team)", "until": "2027-03-02T00:00:00Z", "source": "baseline"}


@pytest.mark.parametrize("content", ["{", "[" * 100_000])
def test_broken_baseline_is_one_sentence(tree: Path, capsys: Capture, content: str) -> None:
    (tree / FILE).write_text(content)
    code, out, err = scan(capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"posturio-iac: {FILE}: is not valid JSON" in err
    before = (tree / FILE).read_bytes()
    assert run(capsys, "baseline")[0] == 2
    assert (tree / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("scan", "--baseline", "none.json"), "there is no baseline"),
        (("hook", "--baseline", "none.json", "a/iam.tf"), "there is no baseline"),
        (("baseline", "--prune"), "to prune"),
        (("baseline", "--until", "soon"), "--until must be a date"),
        (("baseline", "--until", "2020-01-01"), "--until 2020-01-01 has passed; name a day in the future"),
        (("baseline", "-"), "standard input"),
        (("baseline", "nowhere"), "nowhere"),
    ],
)
def test_wrong_use_is_one_sentence(tree: Path, capsys: Capture, argv: tuple[str, ...], complaint: str) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
    assert not (tree / FILE).exists()


def test_grave_findings_are_accepted_by_name(tree: Path, capsys: Capture) -> None:
    exposed = 'output "secret" {\n  value = nonsensitive(aws_iam_access_key.k.secret)\n}\n'
    (tree / "exposed.tf").write_text('resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n' + exposed)
    code, out, _ = run(capsys, "baseline", "--as-of", AS_OF, "--until", "2027-01-31")
    assert code == 1
    assert "1 high not accepted: fix, or accept with `posturio-iac baseline --accept high --until DATE`" in out
    assert run(capsys, "scan", "--as-of", AS_OF, "--baseline", FILE)[0] == 1
    code, out, _ = run(capsys, "baseline", "--as-of", AS_OF, "--until", "2027-01-31", "--accept", "high")
    assert code == 0
    assert "(1 high)" in out
    assert run(capsys, "scan", "--as-of", AS_OF, "--baseline", FILE)[0] == 0


def test_unwritable_file_is_one_sentence(tree: Path, capsys: Capture) -> None:
    (tree / "nowhere").write_text("a file")
    code, _, err = run(capsys, "baseline", *ends(()), "--baseline", "nowhere/known.json")
    assert code == 3
    assert "cannot write" in err
    assert (tree / "nowhere").read_text() == "a file"


def test_file_survives_a_round_trip(tmp_path: Path) -> None:
    made = Baseline(
        (
            BaselineEntry("a b/ü.tf", 'x["k"]', MISSING, "1", "why", "", None),
            BaselineEntry("", "y", MISSING, "2", "why", "me", "2027-01-01T00:00Z"),
        )
    )
    (tmp_path / FILE).write_text(made.text(), encoding="utf-16")
    read = load(str(tmp_path / FILE))
    assert sorted(read.entries) == sorted(made.entries)
    assert read.text() == made.text()
    assert "ü.tf" in read.text()


def test_a_baseline_may_be_larger_than_other_files(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(Baseline().text() + " " * (11 << 20), encoding="utf-8")
    assert load(str(tmp_path / FILE)) == Baseline()


@pytest.mark.parametrize(
    ("then", "left", "said"),
    [(3, 1, "2 fewer than when it was written on 2026-11-01"), (1, 3, "2 more than when it was written on 2026-11-01"), (2, 2, "")],
)
def test_entries_are_compared_with_those_that_were_written_first(then: int, left: int, said: str) -> None:
    assert Baseline(written="2026-11-01", findings_then=then).shrinkage(left) == said
    assert Baseline(findings_then=then).shrinkage(left) == ""


@pytest.mark.promise("accepted")
@pytest.mark.parametrize(("name", "kept"), [("%s", "%s"), ("%s-${terraform.workspace}", "aws_iam_user.ci terraform.workspace the run %s-")])
def test_entry_holds_for_the_user_that_it_was_written_for(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, name: str, kept: str
) -> None:
    repository = Repository(tmp_path)
    monkeypatch.chdir(tmp_path)
    repository.write("iam.tf", flagged(name % "old"))
    write(capsys, "--reason", "agreed")
    assert [entry["user"] for entry in entries(tmp_path)] == [kept % "old"]
    repository.write("iam.tf", flagged(name % "admin"))
    assert scan(capsys, "--baseline", FILE)[0] == 1
    assert run(capsys, "hook", "--as-of", AS_OF, "--baseline", FILE, "iam.tf")[0] == 1
    write(capsys)
    assert [(entry["user"], entry["reason"]) for entry in entries(tmp_path)] == [(kept % "admin", "agreed")]
    assert scan(capsys, "--baseline", FILE)[0] == 0


def test_older_entry_gets_its_user_when_the_file_is_written(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    repository = Repository(tmp_path)
    monkeypatch.chdir(tmp_path)
    repository.write("iam.tf", flagged("old"))
    write(capsys)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(text.replace('      "user": "old",\n', ""), encoding="utf-8")
    repository.write("iam.tf", flagged("admin"))
    assert scan(capsys, "--baseline", FILE)[0] == 0
    write(capsys)
    assert [entry["user"] for entry in entries(tmp_path)] == ["admin"]


def test_of_an_account_in_several_live_results_the_latest_counts(tmp_path: Path, capsys: Capture) -> None:
    gone, stays, other = deployed("gone"), deployed("stays"), deployed("other", account=B)
    old = result([gone, stays], [finding(gone), finding(stays)], days=1, scope=accounts(ACCOUNT))
    new = result([stays], [finding(stays)], scope=accounts(ACCOUNT))
    third = result([other], [finding(other)], days=2, scope=accounts(B))
    files = []
    for name, document in {"old": old, "new": new, "third": third}.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(document), encoding="utf-8")
    path = tmp_path / "known.json"
    words = [word for file in files for word in ("--live", str(file))]
    until = ("--until", "2027-01-31", "--reason", "known", "--owner", "payments")
    assert run(capsys, "baseline", "--no-config", "--as-of", "2026-11-24", "--baseline", str(path), *until, *words)[0] == 0
    entries = json.loads(path.read_text(encoding="utf-8"))["findings"]
    assert sorted(entry["address"].split("/")[1] for entry in entries) == ["other", "stays"]
