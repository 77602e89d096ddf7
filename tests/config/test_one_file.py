"""A repository has one configuration, at its top: what its settings do, and what is said of those further down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from posturio_iac.config.option_table import LIMITS, OPTIONS
from posturio_iac.scan.notices import EFFECTS, STRICTER
from tests.support.attacks import FORMATS
from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.repository import AS_OF, KEY, USER, Repository, flagged

pytest_plugins = ["tests.support.cli_fixtures"]

LONG = "iam.overlong_access_key_lifetimes"
END = USER % ("%s", ', expires = "2027-01-31"') + KEY  # a key that ends in 61 days


def scanned(capsys: Capture, *argv: str, code: int | None = None) -> dict[str, Any]:
    found, out, err = run(capsys, "scan", "--as-of", AS_OF, "--format", "json", *argv)
    assert code in (None, found), err
    document: dict[str, Any] = json.loads(out)
    return document


def found(capsys: Capture, *argv: str) -> list[tuple[str, str]]:
    return [(f["path"], f["rule"]) for f in scanned(capsys, *argv)["findings"] if "suppressed" not in f]


def said(document: dict[str, Any]) -> list[str]:
    return [d["message"] for d in document["diagnostics"]]


def test_it_holds_wherever_the_scan_starts(repository: Repository, capsys: Capture, monkeypatch: Patch) -> None:
    repository.write("posturio-iac.toml", '[[overrides]]\npaths = ["teams/a/**"]\nmax_lifetime_days = 30\n')
    for team in "ab":
        repository.write(f"teams/{team}/live/iam.tf", END % team)
    assert found(capsys) == found(capsys, "teams/a") == [("teams/a/live/iam.tf", LONG)]
    assert found(capsys, "teams/b") == []
    for team, code in (("a", 1), ("b", 0)):
        assert run(capsys, "hook", "--as-of", AS_OF, f"teams/{team}/live/iam.tf")[0] == code
    monkeypatch.chdir(repository.path / "teams/a/live")
    assert found(capsys) == [("iam.tf", LONG)]


DEEPER = [
    'exclude = ["**"]',
    'exclude = ["iam.tf"]',
    f'ignore = ["{MISSING}"]',
    "max_lifetime_days = 36500",
    'fail_on = "never"',
    'baseline = "known.json"',
    '[names]\nexpiry = ["Name"]',
    "[",
    'extends = "../../outside.toml"',
    "not toml",
]


@pytest.mark.promise("one configuration")
@pytest.mark.parametrize("file", ["posturio-iac.toml", "pyproject.toml"])
@pytest.mark.parametrize("text", DEEPER)
@pytest.mark.parametrize("top", [False, True])
def test_one_below_does_nothing_and_is_named_in_every_format(
    repository: Repository, capsys: Capture, file: str, text: str, *, top: bool
) -> None:
    if top:
        repository.write("posturio-iac.toml", "warn_days = 20\n")
    repository.write("a/iam.tf", flagged("a"))
    repository.write(f"a/{file}", text if file == "posturio-iac.toml" else f"[tool.posturio-iac]\n{text}\n")
    document = scanned(capsys, code=1)
    assert [f["path"] for f in document["findings"]] == ["a/iam.tf"]
    (one,) = document["diagnostics"]
    assert (one["level"], one["path"]) == ("warning", f"a/{file}")
    assert "this file is not used: a repository has one configuration, at its top (posturio-iac.toml)" in one["message"]
    assert 'in [[overrides]] with paths = ["a/**"], exclude patterns and suppressions with a/ before the pattern' in one["message"]
    if text == DEEPER[0]:
        for name in FORMATS:
            _, out, err = run(capsys, "scan", "--as-of", AS_OF, "--quiet", "--format", name)
            assert "is not used" in out + err, name
        code, out, _ = run(capsys, "hook", "--as-of", AS_OF, "a/iam.tf")
        assert (code, "is not used" in out) == (1, True)


@pytest.mark.promise("one configuration")
def test_a_thousand_below_are_counted(repository: Repository, capsys: Capture) -> None:
    for number in range(30):
        repository.write(f"d{number:02}/posturio-iac.toml", "")
        repository.write(f"d{number:02}/iam.tf", flagged(f"u{number}"))
    texts = said(scanned(capsys))
    assert len(texts) == 11
    assert "20 more configuration files below the top are not used" in texts


@pytest.mark.promise("one configuration")
def test_link_out_of_the_repository_is_not_followed(repository: Repository, capsys: Capture) -> None:
    (repository.path.parent / "outside.toml").write_text(f'ignore = ["{MISSING}"]\n')
    repository.write("a/iam.tf", flagged())
    (repository.path / "posturio-iac.toml").symlink_to(repository.path.parent / "outside.toml")
    code, out, err = run(capsys, "scan")
    assert (code, out, "leads outside of the scanned folder and its repository" in err) == (2, "", True)


def test_a_note_names_its_file_once(repository: Repository, capsys: Capture) -> None:
    repository.write("posturio-iac.toml", 'exclude = ["legacy/"]\n')
    repository.write("iam.tf", flagged())
    repository.write("legacy/iam.tf", flagged("b"))
    for name in ("text", "concise"):
        _, out, err = run(capsys, "scan", "--as-of", AS_OF, "--format", name)
        (line,) = (line for line in (out + err).splitlines() if "--no-config ignores it" in line)
        assert line.count("posturio-iac.toml") == 1


def test_table_that_is_not_used_is_said(repository: Repository, capsys: Capture) -> None:
    repository.write("posturio-iac.toml", "")
    repository.write("pyproject.toml", "[tool.posturio-iac]\nmax_lifetime_days = 20\n")
    repository.write("iam.tf", END % "a")
    (note,) = scanned(capsys, code=0)["diagnostics"]
    assert (note["level"], note["path"]) == ("note", "pyproject.toml")
    assert note["message"] == "this posturio-iac table is not used, because posturio-iac.toml is beside it"
    (repository.path.parent / "central.toml").write_text("max_lifetime_days = 80\n")
    document = scanned(capsys, "--config", "../central.toml", code=0)
    assert any("is not used, because --config names another one" in text for text in said(document))
    assert scanned(capsys, "--no-config", code=0)["diagnostics"] == []


@pytest.mark.promise("one configuration")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('ignore = ["nothing"]\n', 'there is no rule "nothing"'),
        ('[[overrides]]\npaths = ["a"]\nseverity = { ownerless_access_keys = "low", expired_access_keys = "low" }\n', "is lower than high"),
        ('[[overrides]]\npaths = ["a"]\nseverity = { nothing = "low" }\n', 'there is no rule "nothing"'),
        ('baseline = "none.json"\n', "there is no baseline"),
        ('var_files = ["../../x.tfvars"]\n', "leads outside of the scanned folder and its repository"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(repository: Repository, capsys: Capture, text: str, complaint: str) -> None:
    repository.write("posturio-iac.toml", text)
    repository.write("iam.tf", flagged())
    code, out, err = run(capsys, "scan")
    assert (code, out, complaint in err) == (2, "", True), err


VALUES = {
    "max_lifetime_days": "91",
    "unused_days": "46",
    "grace_days": "15",
    "warn_days": "1",
    "fail_on": '"high"',
    "severity": '{ ownerless_access_keys = "high" }',
    "select": f'["{MISSING}"]',
    "ignore": f'["{MISSING}"]',
    "exclude": '["legacy/"]',
    "engine": '"opentofu"',
    "engine_version": '"1.12.0"',
    "var_files": '["x.tfvars"]',
    "source": '"legacy"',
    "plan_only": "true",
    "parameters": '["x.json"]',
    "baseline": '"known.json"',
    "names": '{ owner = ["guild"] }',
    "known_modules": '[{ registry = "acme/user/aws", evidence = ["x"], versions = [{ range = "*", creates = false }] }]',
    "overrides": '[{ paths = ["a"], max_lifetime_days = 99, reason = "r", until = 2027-01-01 }]',
    "suppressions": '[{ rule = "ownerless_access_keys", path = "nowhere", reason = "r", until = 2027-01-01 }]',
    "forbidden": '{ allow = [{ user = "*", reason = "r", until = 2027-01-01 }] }',
    "owners": '[{ users = "/a/*", owner = "a" }]',
}
"""A value of each setting that can turn a finding into silence."""


def test_each_setting_says_what_it_does_to_verdicts() -> None:
    assert EFFECTS.keys() <= {option.name for option in OPTIONS}
    assert {name for name, effect in EFFECTS.items() if effect != STRICTER} == VALUES.keys()
    assert {option.name for option in LIMITS} <= EFFECTS.keys()
    assert {option.name for option in OPTIONS} - EFFECTS.keys() == {"max_file_size", "timeout", "source_url"}


@pytest.mark.promise("configuration")
@pytest.mark.parametrize("name", VALUES)
def test_a_setting_that_can_hide_a_key_is_in_the_notice_of_scan_and_hook(repository: Repository, capsys: Capture, name: str) -> None:
    repository.write("iam.tf", END % "a")
    repository.write("legacy/iam.tf", END % "b")
    repository.write("x.tfvars", "")
    repository.write("x.json", "{}")
    repository.write("known.json", '{"version": 1, "findings": []}')
    repository.write("posturio-iac.toml", f"{name} = {VALUES[name]}\n")
    head = EFFECTS[name].partition("{")[0].strip()
    for argv in (("scan", "--quiet"), ("hook", "--verbose", "iam.tf")):
        _, out, err = run(capsys, *argv, "--as-of", AS_OF)
        assert f"posturio-iac.toml {head}" in out + err, argv
        assert " 1 days" not in out + err


@pytest.mark.promise("configuration")
def test_the_hook_says_that_a_changed_file_is_left_out(repository: Repository, capsys: Capture) -> None:
    repository.write("posturio-iac.toml", 'exclude = ["/legacy/"]\n')
    repository.write("legacy/iam.tf", flagged())
    repository.write("other.tf", "")
    code, out, _ = run(capsys, "hook", "legacy/iam.tf")
    assert (code, "posturio-iac.toml leaves out 1 file; --no-config ignores it" in out) == (0, True)
    assert run(capsys, "hook", "other.tf") == (0, "", "")


def test_the_hook_is_silent_about_a_baseline_that_covers_all(repository: Repository, capsys: Capture) -> None:
    repository.write("posturio-iac.toml", 'baseline = "known.json"\n')
    repository.write("iam.tf", flagged())
    assert run(capsys, "baseline", "--as-of", AS_OF, "--baseline", "known.json", "--until", "2099-12-31")[0] == 0
    assert run(capsys, "hook", "--as-of", AS_OF, "iam.tf") == (0, "", "")
