"""Letters to owners: everything that they need, for nobody else's eyes, and written into the ledger."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.live.cloud import Capsys, Cloud, at, live, retire
from tests.support.live.linked import Tree, stacks, tree
from tests.support.repository import CI
from tests.support.states import pulled

__all__ = ["stacks", "tree"]


def test_each_owner_gets_the_keys_the_dates_and_commands_that_can_be_run(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    mine = cloud.key("ci", age=70, used=60)
    cloud.user("b", owner="=cmd|' /C calc'![x](http://evil)\n# head")
    cloud.key("b", age=70, used=60)
    folder, ledger = tmp_path / "letters", tmp_path / "ledger.jsonl"
    answer = retire(capsys, "ask", str(folder), "--ledger", str(ledger), "--reply-to", "security@example.com")
    assert (answer.code, mine in answer.out) == (0, False)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (letter,) = folder.glob("payments-example-com-*.txt")
    text = letter.read_text(encoding="utf-8")
    assert text.startswith("To: payments@example.com\nSubject: 1 access key of yours: please answer by 2026-12-08\n")
    assert f"Fill in the last columns of {letter.stem}.csv, and send it to security@example.com by 2026-12-08:" in text
    assert f"aws iam update-access-key --user-name ci --access-key-id {mine} --status Inactive" in text
    assert "14 days later: keys that stayed off are deleted." in text
    assert "****" not in text
    (odd,) = (path for path in folder.glob("*.txt") if path != letter)
    assert "\n# head" not in odd.read_text(encoding="utf-8")
    assert not {"![", "<", "](http://"} & {mark for mark in ("![", "<", "](http://") if mark in odd.read_text(encoding="utf-8")}
    with next(folder.glob("payments*.csv")).open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["user"], row["key_id"], row["action"], row["answer_by"]) == ("ci", mine, "disable", "2026-12-08")
    asked = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines() if '"asked"' in line]
    assert {(line["owner"], line["how"], line["answer_by"]) for line in asked} >= {
        ("payments@example.com", "letter", "2026-12-08T12:00:00Z")
    }
    assert retire(capsys, "ask", str(folder), "--ledger", str(ledger)).code == 2


def test_a_file_names_owners_that_tags_do_not(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci")
    cloud.key("ci", age=20, used=1)
    path = tmp_path / "owners.csv"
    assert live(capsys).json["keys"][0]["owner"] is None
    for users in ("ci*", "/ci*"):
        path.write_text(f"users,owner\n{users},platform@example.com\n", encoding="utf-16")
        assert live(capsys, "--owners-file", str(path)).json["keys"][0]["owner"] == "platform@example.com"
    for text in ("users,owner\nci,\n", "name\nci\n", "\xff"):
        path.write_bytes(text.encode("latin-1"))
        answer = live(capsys, "--owners-file", str(path))
        assert (answer.code, answer.err.count("\n")) == (2, 1)


def test_the_owner_of_a_key_in_code_gets_the_change_of_the_code_and_no_command(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    key = cloud.key("ci", age=70, used=60)
    cloud.user("hand", owner="shop@example.com")
    cloud.key("hand", age=70, used=60)
    tree.write("infra/iam.tf", CI)
    state = tree.state(pulled(("aws_iam_access_key.ci", key, "ci")))
    retire(capsys, "ask", "exact", "--ledger", "l1", "--code", "infra", "--state", state)
    (text,) = (path.read_text(encoding="utf-8") for path in (tree.root / "exact").glob("payments*.txt"))
    place = "aws_iam_access_key.ci (infra/iam.tf:5)"
    assert "Change the code, merge and apply it, since changes by hand would be undone: the key is declared by " in text
    assert f"is declared by {place}, as state x.tfstate says." in text
    assert f'     Set status = "Inactive" for {place} and apply (' in text
    assert "aws iam " not in text
    with next((tree.root / "exact").glob("payments*.csv")).open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["command"], row["declared_as"]) == ("", place)
    assert "aws iam update-access-key" in next((tree.root / "exact").glob("shop*.txt")).read_text(encoding="utf-8")
    retire(capsys, "ask", "likely", "--ledger", "l2", "--code", "infra")
    (text,) = (path.read_text(encoding="utf-8") for path in (tree.root / "likely").glob("payments*.txt"))
    order = [text.index(part) for part in ("Change the code", "only if that code does not declare this key:", "aws iam update-access-key")]
    assert order == sorted(order)


def test_a_key_without_an_owner_is_asked_of_whoever_is_named(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci")
    cloud.key("ci", age=100, used=60)
    ledger = ("--ledger", str(tmp_path / "l"))
    answer = retire(capsys, "ask", str(tmp_path / "none"), *ledger)
    assert (answer.code, (tmp_path / "none").exists()) == (0, False)
    assert "1 key that nobody is known to own: nobody was asked; --ask-ownerless names who is" in answer.out
    assert retire(capsys, "ask", str(tmp_path / "letters"), *ledger, "--ask-ownerless", "security@example.com").code == 0
    (text,) = (path.read_text(encoding="utf-8") for path in (tmp_path / "letters").glob("*.txt"))
    assert text.startswith("To: security@example.com\nSubject: 1 access key without a known owner: please answer by ")
    assert "in AWS that nobody is known to own. Whose is it?\n" in text


def test_a_key_of_midnight_is_of_its_own_day(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.key("ci", age=100.5, used=60.5)
    retire(capsys, "ask", str(tmp_path / "letters"), "--ledger", str(tmp_path / "l"))
    (text,) = (path.read_text(encoding="utf-8") for path in (tmp_path / "letters").glob("*.txt"))
    assert "   created: 2026-08-16 00:00 UTC; last used: 2026-09-25 00:00 UTC (s3 in eu-west-1)" in text


def test_the_owner_of_a_key_in_use_is_told_when_to_run_the_command(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    """What whoever makes the plan may do all the same is nothing for its reader."""
    cloud.user("ci", owner="payments@example.com", expires="2026-10-01")
    cloud.key("ci", age=60, used=1)
    cloud.key("ci2", age=400, used=1)
    process(capsys, tmp_path)
    (text,) = (path.read_text(encoding="utf-8") for path in (tmp_path / "letters").glob("*.txt"))
    assert "It is in use, so it stays active." in text
    assert text.count("only once nothing needs it any more:\n     aws iam update-access-key") == 2
    assert ("--include-in-use" in text, "Ask its owner" in text) == (False, False)
    steps = json.loads((tmp_path / "plan/plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
    assert all("--include-in-use" in step["why"] for step in steps)


@pytest.mark.parametrize(
    ("keys", "owner", "why"),
    [
        (((400, 1),), "payments", ["Give its user a new key, move to it, and then switch this one off."]),
        (((400, 1), (5, 1)), "payments", ["Its user has another active key: move to that, and then switch this one off."]),
        (((70, 1), (60, 1)), "payments", ["Find out which keys of its user are needed, and then switch off the others."] * 2),
        (((70, 1),), "", [""]),
    ],
)
def test_a_key_in_use_gets_advice_that_helps(cloud: Cloud, capsys: Capsys, tmp_path: Path, keys: Any, owner: str, why: list[str]) -> None:
    """A user has two keys at most, and a new key changes nothing about a missing owner."""
    cloud.user("ci", **({"owner": owner} if owner else {}))
    for age, used in keys:
        cloud.key("ci", age=age, used=used)
    process(capsys, tmp_path)
    steps = json.loads((tmp_path / "plan/plan.json").read_text(encoding="utf-8"))["plan"]["steps"]
    told = [step["why"].removeprefix("It is in use, so it stays active.").partition("--include-in-use")[0].strip() for step in steps]
    assert told == why


def process(capsys: Capsys, tmp_path: Path) -> None:
    """Plan, and then ask: a plan after the letter would wait."""
    retire(capsys, "plan", str(tmp_path / "plan"), "--ledger", str(tmp_path / "l"))
    retire(capsys, "ask", str(tmp_path / "letters"), "--ledger", str(tmp_path / "l"))


def answered(folder: Path, owner: str, **cells: str) -> Path:
    """Fill in the CSV of a letter, and save it as some spreadsheets do: with semicolons, and account ids cut short."""
    (path,) = folder.glob(f"{owner}*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row | cells | {"account": "1,23457E+11"} for row in csv.DictReader(file)]
    target = folder.parent / f"{owner}.csv"
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return target


def test_what_owners_answer_is_kept_and_holds(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("old", owner="shop@example.com")
    needed, silent = cloud.key("ci", age=70, used=60), cloud.key("old", age=70, used=60)
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    retire(capsys, "ask", str(tmp_path / "letters"), *ledger)
    asked = live(capsys, *ledger, *at(1), json_format=False).out
    assert asked.count("answer by 2026-12-08") == 2
    file = answered(tmp_path / "letters", "payments", needed="Yes", note="the export\nof every quarter")
    assert retire(capsys, "plan", str(tmp_path / "plan"), *ledger, "--answers", str(file), *at(2)).code == 3, "no CloudTrail here"
    answer = live(capsys, *ledger, *at(2))
    life = {key["user"]: key["lifecycle"] for key in answer.json["keys"]}
    assert life["ci"] == {
        "asked_owner": "payments@example.com",
        "asked": "2026-11-24T12:00:00Z",
        "answer_by": "2026-12-08T12:00:00Z",
        "answered": "2026-11-26T12:00:00Z",
        "needed": True,
        "note": "the export of every quarter",
        "next": "needed (the export of every quarter)",
    }
    assert "needed" not in life["old"]
    (line,) = (line for line in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines() if '"answered"' in line)
    assert (json.loads(line)["needed"], json.loads(line)["note"]) == (True, "the export of every quarter")
    document = json.loads((tmp_path / "plan/plan.json").read_text(encoding="utf-8"))
    steps = {step["address"].rpartition("/")[2]: step for step in document["plan"]["steps"]}
    assert (steps[needed]["action"], steps[silent]["action"]) == ("keep", "wait")
    assert steps[needed]["why"].startswith("Its owner answered on 2026-11-26: needed (the export of every quarter). So it stays active")
    late = live(capsys, *ledger, *at(20), json_format=False).out
    assert ("needed (the export of every quarter)" in late, "answer late since 2026-12-08" in late) == (True, True)
    assert "1 owner answer late" in late
    retire(capsys, "ask", str(tmp_path / "again"), *ledger, *at(20))
    assert [path.name[:4] for path in (tmp_path / "again").glob("*.txt")] == ["shop"], "who has answered is not asked again"
    again = live(capsys, *ledger, *at(21), json_format=False).out
    assert ("needed (the export of every quarter)" in again, "answer late since 2026-12-08" in again) == (True, True), "no day is moved"


def test_answers_that_cannot_be_taken_are_refused_before_anything_is_asked(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    key, path, ledger = cloud.key("ci", age=70, used=60), tmp_path / "a.csv", ("--ledger", str(tmp_path / "ledger.jsonl"))
    live(capsys, *ledger)
    for text, why in (
        ("note\n", "has no column key_id and no column needed;"),
        (f"key_id,needed\n{key},maybe\n", 'line 2: needed must be yes or no, not "maybe"'),
        ("key_id,needed\n****ABCD,yes\n", "line 2: key_id must be a full key ID"),
        ("key_id,needed\nAKIAIOSFODNN7EXAMPLE,no\n", "line 2: the ledger does not know the key ****MPLE"),
        ("key_id,needed\n\xff,no\n", "line 2: the ledger does not know the key"),
        (f"key_id,needed,until\n{key},,2027-03-31\n", 'line 2: needed must be yes or no, not ""'),
        (f"key_id,needed,answered_by\n{key},,Ann\n", 'line 2: needed must be yes or no, not ""'),
        (f"key_id,needed,until\n{key},no,2027-03-31\n", "line 2: needed is no, and until 2027-03-31 says that it is needed"),
        (
            f"key_id,needed,until\n{key},yes,soon\n",
            'line 2: until must be a day such as 2027-03-31, or nothing if there is none, not "soon"',
        ),
        (f'key_id,needed\n"{key}"x,yes\n', "it is not a table: "),
        (f"key_id,needed,until\n{key},yes,2026-03-31\n", ": until 2026-03-31 has passed already"),
        (f"key_id,needed\n{key},yes\n{key},no\n", f"line 3: the key ****{key[-4:]} has another answer that is as new"),
        (f"key_id,needed,user\n{key},no,mailer\n", f"line 2: the key ****{key[-4:]} is one of user ci, not mailer"),
    ):
        path.write_bytes(text.encode("latin-1"))
        answer = retire(capsys, "ask", *ledger, "--answers", str(path))
        assert (answer.code, answer.err.count("\n"), why in answer.err) == (2, 1, True), answer.err
    assert retire(capsys, "ask", "--answers", str(path)).code == 2


def test_an_answer_is_of_its_time_and_its_owner_and_stays_with_its_key(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    key, ledger = cloud.key("ci", age=70, used=60), ("--ledger", str(tmp_path / "ledger.jsonl"))

    def needed(day: int) -> object:
        return live(capsys, *ledger, *at(day)).json["keys"][0]["lifecycle"].get("needed")

    def coming(day: int) -> object:
        return live(capsys, *ledger, *at(day)).json["keys"][0]["lifecycle"]["next"]

    def answer(day: int, name: str, needed: str, until: str = "", *others: str) -> int:
        (tmp_path / name).write_text(f"key_id,needed,until,user,note\n{key},{needed},{until},CI,{name} für alle\n", encoding="cp1252")
        files = (word for one in (name, *others) for word in ("--answers", str(tmp_path / one)))
        return retire(capsys, "ask", *ledger, *files, *at(day)).code

    def asked(day: int) -> list[str]:
        retire(capsys, "ask", str(tmp_path / f"letters{day}"), *ledger, *at(day))
        return [path.name[:4] for path in (tmp_path / f"letters{day}").glob("*.txt")]

    assert asked(0) == ["paym"]
    codes = [answer(day, name, word) for day, name, word in ((1, "z", "no"), (2, "a", "yes"), (3, "z", "no"), (4, "a", "yes"))]
    assert codes == [0, 0, 0, 0], "a file that is read again changes nothing"
    cloud.backend.update_user("ci", "/moved/", "ci")
    cloud.tag("ci", "owner", "payments@example.com")  # moto forgets it
    assert needed(5) is True, "a user that moves keeps its keys"
    answer(6, "b", "no")
    assert (needed(7), asked(7)) == (False, [])
    cloud.tag("ci", "owner", "shop@example.com")
    assert (needed(8), asked(8), needed(9)) == (None, ["shop"], None), "an earlier owner does not speak for this one"
    answer(10, "b", "no")
    assert needed(10) is None
    answer(11, "c", "no")
    assert needed(11) is False
    codes = [answer(12, "d", "yes", "2026-12-10"), answer(13, "e", "yes"), answer(14, "d", "yes", "2026-12-10")]
    assert (codes, coming(14)) == ([0, 0, 0], "needed (e f\ufffdr alle)"), "an older end that is read again is no newer one"
    (tmp_path / "x").write_bytes((tmp_path / "c").read_bytes() + b"\n")
    old = retire(capsys, "ask", *ledger, "--answers", str(tmp_path / "x"), *at(14))
    assert ("needed for longer" in old.err, "0 answers" in old.out, needed(14)) == (True, True, True), "nor is an older no"
    retire(capsys, "ask", str(tmp_path / "again"), *ledger, "--again", *at(14))
    codes = [answer(15, "g", "yes", "2026-12-20"), answer(16, "h", "yes", "2026-12-25", "g"), answer(17, "i", "yes", "2026-12-22")]
    assert (codes, coming(17)) == ([0, 0, 0], "needed until 2026-12-22 (i f\ufffdr alle)")
    (tmp_path / "j").write_text(f"key_id,needed,until,user,note\n{key},yes,2026-12-30,,\n{key},yes,2026-12-23,,\n", encoding="ascii")
    retire(capsys, "ask", *ledger, "--answers", str(tmp_path / "j"), *at(18))
    assert coming(18) == "needed until 2026-12-30", "of several of one run the longest counts"
    (tmp_path / "d").write_bytes((tmp_path / "d").read_bytes() + b"\n")
    assert (retire(capsys, "ask", *ledger, "--answers", str(tmp_path / "d"), *at(19)).code, coming(19)) == (0, "needed until 2026-12-30")
    cloud.backend.delete_access_key(key, "ci")
    assert [live(capsys, *ledger, *at(day)).code for day in (20, 150)] == [0, 0]
    late = retire(capsys, "ask", *ledger, "--answers", str(tmp_path / "e"), *at(150))
    assert (late.code, "of user ci is deleted: give what needs it a role" in late.err, "0 answers" in late.out) == (0, True, True), late.err
    assert "there was no ledger" in retire(capsys, "plan", str(tmp_path / "p"), "--ledger", str(tmp_path / "l"), *at(20)).err


def test_a_letter_tells_the_grace_and_the_day_of_each_key(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[[overrides]]\nusers = ["*/a"]\ngrace_days = 3\n', encoding="utf-8")
    words = ("--ledger", str(tmp_path / "ledger.jsonl"), "--config", str(tmp_path / "c.toml"))
    for day, user in ((0, "a"), (16, "b")):
        cloud.key(user, age=70, used=60)
        retire(capsys, "ask", str(tmp_path / user), *words, *at(day))
    first, both = ("".join(path.read_text(encoding="utf-8") for path in (tmp_path / user).glob("*.txt")) for user in "ab")
    assert ("\n  3 days later: keys that stayed off" in first, "\n  3 days or more later: keys" in both) == (True, True)
    assert re.findall("   (No answer since|Please answer by) (.*)[.]", both) == [
        ("No answer since", "2026-12-08"),
        ("Please answer by", "2026-12-24"),
    ]
