"""What `posturio-iac fix` does about findings that it cannot mend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.commands.test_fix import AS_OF, INERT, KEY, USER, place
from tests.support.command_line import run

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED = USER.replace('"/payments/"', '"/old/"\n  tags = { expires = "2026-01-31" }') + KEY
REST = ("fix", "--write", "--baseline-rest", "--until", "2027-01-31", *AS_OF)


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_remains_goes_into_the_baseline_and_the_next_scan_passes(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree, USER + KEY, "a/main.tf")
    place(tree, EXPIRED, "b/main.tf")
    place(tree, INERT + USER, "c/main.tf")
    code, out, said = run(capsys, *REST, "--accept", "high", "--reason", "until the move to OIDC")
    assert code == 0
    assert "wrote posturio-iac-baseline.json: 2 entries (1 high), 2 new" in out
    assert "Fixed 1 finding" in said
    entries = json.loads((tree / "posturio-iac-baseline.json").read_text())["findings"]
    assert {(e["path"], e["rule"], e["reason"], e["until"]) for e in entries} == {
        ("b/main.tf", "iam.expired_access_keys", "until the move to OIDC", "2027-01-31"),
        ("c/main.tf", "iam.inert_access_key_rotation", "until the move to OIDC", "2027-01-31"),
    }
    assert run(capsys, "scan", "--baseline", "posturio-iac-baseline.json", *AS_OF)[0] == 0
    assert run(capsys, "scan", *AS_OF)[0] == 1


def test_nothing_is_written_where_nothing_remains(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree)
    assert run(capsys, *REST)[0] == 0
    assert not (tree / "posturio-iac-baseline.json").exists()


def test_entries_that_are_there_stay(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree, EXPIRED, "b/main.tf")
    run(capsys, "baseline", "--reason", "agreed", "--until", "2026-12-31", "--accept", "high", *AS_OF)
    place(tree, INERT + USER, "c/main.tf")
    code, out, _ = run(capsys, *REST, "--baseline", "posturio-iac-baseline.json", "--reason", "new")
    assert code == 0
    assert "2 entries (1 high), 1 new" in out
    entries = json.loads((tree / "posturio-iac-baseline.json").read_text())["findings"]
    assert {(e["reason"], e["until"]) for e in entries} == {("agreed", "2026-12-31"), ("new", "2027-01-31")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--baseline-rest", "--until", "2027-01-31"), "add --write"),
        (("--write", "--baseline-rest"), "needs the last day"),
        (("--write", "--baseline-rest", "--until", "2027-01-31", "--suppress-rest", "--reason", "x"), "cannot be combined"),
        (("--write", "--baseline-rest", "--until", "2027-01-31", "--address", "*"), "leave out --address"),
        (("--write", "--baseline-rest", "--until", "2026-01-31"), "has passed"),
        (("--write", "--until", "2027-01-31"), "belong to"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[str, ...], said: str, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree, EXPIRED)
    code, _, err = run(capsys, "fix", *options, *AS_OF)
    assert code == 2
    assert said in err
    assert (tree / "main.tf").read_text() == EXPIRED


OWNED = "/a/ @acme/payments @acme/sre\n/none/\n"


def test_owners_of_codeowners_go_into_the_code(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "CODEOWNERS").write_text(OWNED)
    unowned = USER.replace('  path = "/payments/"\n', "") + KEY
    first, second = place(tree, unowned, "a/main.tf"), place(tree, unowned, "none/main.tf")
    code, _, said = run(capsys, "fix", "--write", "--owner-from", "codeowners", *AS_OF)
    assert 'owner   = "@acme/payments @acme/sre"' in first.read_text()
    assert "owner" not in second.read_text()
    assert (code, "1 finding left for you" in said) == (1, True)
    run(capsys, "fix", "--write", "--owner-from", "codeowners", "--owner", "guild@acme.test", *AS_OF)
    assert 'owner   = "guild@acme.test"' in second.read_text()
    assert run(capsys, "fix", "--owner-from", "codeowners", *AS_OF)[:2] == (0, "")


def test_what_codeowners_says_is_not_written_unless_asked(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "CODEOWNERS").write_text("* @acme/payments\n")
    file = place(tree, USER.replace('  path = "/payments/"\n', "") + KEY)
    assert run(capsys, "fix", "--write", *AS_OF)[0] == 0
    assert "owner" not in file.read_text()


def test_without_codeowners_it_says_where_they_would_be(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree)
    code, _, said = run(capsys, "fix", "--owner-from", "codeowners", *AS_OF)
    assert code == 2
    assert ".github/CODEOWNERS" in said


def test_alike_leftovers_name_their_root_modules_and_none_is_sent_back_to_fix(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(
        tree,
        'variable "tags" {\n  default = {}\n}\n' + USER.replace('"/payments/"', '"/b/"\n  tags = var.tags') + KEY,
        "modules/bot/main.tf",
    )
    for unit in ("prod", "stage"):
        place(tree, 'terraform {\n  source = "../../modules/bot"\n}\ninputs = {}\n', f"live/{unit}/terragrunt.hcl")
    said = run(capsys, "fix", *AS_OF)[2]
    for unit in ("prod", "stage"):
        assert f"access_keys_without_lifetime (root module live/{unit})" in said
    assert "finds the place" not in said


def test_what_the_baseline_accepts_is_not_more_than_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tree, USER + KEY)
    assert run(capsys, "baseline", "--reason", "r", "--until", "2027-01-31", *AS_OF)[0] == 0
    said = run(capsys, "fix", "--baseline", "posturio-iac-baseline.json", *AS_OF)[2]
    assert said == "Nothing to fix.\n1 is in the baseline: --no-baseline fixes it too.\n"
