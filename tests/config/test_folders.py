"""Configuration files below one another: each holds for its folder, laid over those above it; and what a file extends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.rules import all_rules
from tests.support.command_line import MISSING, run
from tests.support.repository import AS_OF, KEY, TEMPLATE, USER, Repository, clean, flagged

if TYPE_CHECKING:
    from pathlib import Path

LONG = "iam.overlong_access_key_lifetimes"
END = USER % ("%s", ', expires = "2027-01-31"') + KEY
"""A key that ends in 61 days."""
SUNSET = USER % ("%s", ', sunset = "2027-01-31"') + KEY


def tagged(tag: str) -> str:
    return TEMPLATE.replace("Value: team}", f"Value: team}}\n        - {{Key: {tag}}}")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repo")
    monkeypatch.chdir(tmp_path / "repo")
    return made


def scanned(capsys: pytest.CaptureFixture[str], *argv: str, code: int | None = None) -> dict[str, Any]:
    found, out, err = run(capsys, "scan", "--as-of", AS_OF, "--format", "json", *argv)
    assert code in (None, found), err
    document: dict[str, Any] = json.loads(out)
    return document


def found(capsys: pytest.CaptureFixture[str], *argv: str) -> list[tuple[str, str]]:
    return [(f["path"], f["rule"]) for f in scanned(capsys, *argv)["findings"] if "suppressed" not in f]


def said(document: dict[str, Any]) -> list[str]:
    return [d["message"] for d in document["diagnostics"]]


def test_file_holds_for_its_folder_wherever_the_scan_starts(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("posturio-iac.toml", "max_lifetime_days = 80\n")
    repository.write("teams/a/posturio-iac.toml", "max_lifetime_days = 30\n")
    for team in "ab":
        repository.write(f"teams/{team}/live/iam.tf", END % team)
        repository.write(f"teams/{team}/stack.yaml", tagged("expires, Value: 2027-01-31"))
    assert found(capsys) == [("teams/a/live/iam.tf", LONG), ("teams/a/stack.yaml", LONG)]
    assert found(capsys, "teams/a") == [("teams/a/live/iam.tf", LONG), ("teams/a/stack.yaml", LONG)]
    assert found(capsys, "teams/b") == []
    assert found(capsys, "--no-config") == []
    assert found(capsys, "--max-lifetime", "20") == [(f"teams/{t}/{f}", LONG) for t in "ab" for f in ("live/iam.tf", "stack.yaml")]
    for team, code in (("a", 1), ("b", 0)):
        assert run(capsys, "hook", "--as-of", AS_OF, f"teams/{team}/live/iam.tf")[0] == code
    monkeypatch.chdir(repository.path / "teams/a/live")
    assert found(capsys) == [("iam.tf", LONG)]
    assert run(capsys, "hook", "--as-of", AS_OF, "../../b/live/iam.tf")[0] == 0


@pytest.mark.promise("folders")
def test_looser_limit_below_is_refused_and_the_rest_is_scanned(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("posturio-iac.toml", "max_lifetime_days = 30\n")
    repository.write("a/posturio-iac.toml", "max_lifetime_days = 80\n")
    repository.write("a/iam.tf", END % "a")
    repository.write("b/iam.tf", END % "b")
    document = scanned(capsys, code=3)
    (complaint,) = [d for d in document["diagnostics"] if d["level"] == "error"]
    assert complaint["path"] == "a/posturio-iac.toml"
    assert "max_lifetime_days is looser than 30, which posturio-iac.toml sets above it; write [[overrides]]" in complaint["message"]
    assert [f["path"] for f in document["findings"]] == ["a/iam.tf", "b/iam.tf"]
    code, _, err = run(capsys, "scan", "a", "--as-of", AS_OF)
    assert code == 2
    assert "a/posturio-iac.toml: max_lifetime_days is looser" in err
    repository.write(
        "a/posturio-iac.toml", '[[overrides]]\npaths = ["*.tf"]\nmax_lifetime_days = 80\nreason = "vendor"\nuntil = 2027-06-30\n'
    )
    document = scanned(capsys)
    assert [f["path"] for f in document["findings"]] == ["b/iam.tf"]
    assert "a/posturio-iac.toml relaxes limits in 1 override; --no-config ignores it" in said(document)


@pytest.mark.promise("folders")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('fail_on = "never"\n', "fail_on applies to a whole run and belongs in posturio-iac.toml"),
        ("timeout = 3\n", "timeout applies to a whole run"),
        ('require = "declared"\n', "require is looser than enforced"),
        ('[[overrides]]\ntags = { a = "b" }\nmax_lifetime_days = 99\n', "overrides[0].max_lifetime_days is looser than 90"),
        ('ignore = ["nothing"]\n', 'there is no rule "nothing"'),
        ("max_lifetime = 1\n", "unknown key max_lifetime"),
        ('extends = "../../outside.toml"\n', "leads outside of the scanned folder and its repository"),
        ('extends = "posturio-iac.toml"\n', "extends refers back to this file"),
        ('extends = "none.toml"\n', "extends: there is no file a/none.toml"),
        ('baseline = "none.json"\n', "there is no baseline"),
        ("[", "is not valid TOML"),
    ],
)
def test_file_that_cannot_be_used_is_said_and_those_above_hold(
    repository: Repository, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    repository.write("posturio-iac.toml", 'require = "enforced"\n')
    repository.write("a/posturio-iac.toml", text)
    (repository.path.parent / "outside.toml").write_text("")
    repository.write("a/iam.tf", flagged())
    document = scanned(capsys, code=3)
    assert [f["path"] for f in document["findings"]] == ["a/iam.tf"]
    (error,) = [d for d in document["diagnostics"] if d["level"] == "error"]
    assert error["path"] == "a/posturio-iac.toml"
    assert complaint in error["message"]


@pytest.mark.promise("folders")
def test_settings_of_a_whole_run_below_its_start_are_said_not_to_count(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("a/posturio-iac.toml", 'fail_on = "never"\nstrict = true\n')
    repository.write("a/iam.tf", flagged())
    text = "a/posturio-iac.toml sets fail_on and strict only for runs that start in its folder; --no-config ignores it"
    assert [d["message"] for d in scanned(capsys, code=1)["diagnostics"]] == [text]
    code, out, _ = run(capsys, "scan", "a", "--as-of", AS_OF)
    assert (code, "a/posturio-iac.toml never fails; --no-config ignores it" in out) == (0, True)


@pytest.mark.promise("folders")
def test_link_out_of_the_repository_is_not_followed(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (repository.path.parent / "outside.toml").write_text(f'ignore = ["{MISSING}"]\n')
    repository.write("a/iam.tf", flagged())
    (repository.path / "a/posturio-iac.toml").symlink_to(repository.path.parent / "outside.toml")
    document = scanned(capsys, code=3)
    assert [f["path"] for f in document["findings"]] == ["a/iam.tf"]
    (error,) = [d for d in document["diagnostics"] if d["level"] == "error"]
    assert "leads outside of the scanned folder and its repository" in error["message"]


def test_rules_and_severities_of_a_folder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("posturio-iac.toml", "")
    repository.write("a/posturio-iac.toml", f'ignore = ["{MISSING}"]\n')
    repository.write("b/posturio-iac.toml", '[severity]\naccess_keys_without_lifetime = "low"\n')
    for name in "abc":
        repository.write(f"{name}/iam.tf", flagged(name))
    fewer = f"a/posturio-iac.toml checks only {len(all_rules()) - 1} of {len(all_rules())} rules"
    document = scanned(capsys)
    assert [(f["path"], f["severity"]) for f in document["findings"]] == [("b/iam.tf", "low"), ("c/iam.tf", "medium")]
    assert [text for text in said(document) if "--no-config" in text] == [
        f"{fewer}; --no-config ignores it",
        "b/posturio-iac.toml changes 1 severity; --no-config ignores it",
    ]
    for name in ("sarif", "junit", "markdown", "gitlab", "github", "csv"):
        _, out, err = run(capsys, "scan", "--as-of", AS_OF, "--format", name)
        assert fewer in out + err, name


def test_names_variables_and_parameters_of_a_folder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Code is read by the configuration of its root module or template."""
    repository.write("a/posturio-iac.toml", 'var_files = ["a.tfvars"]\nparameters = ["p.json"]\n[names]\nexpiry = ["sunset"]\n')
    repository.write("a/a.tfvars", 'end = "2027-01-31"\n')
    repository.write("a/p.json", '{"End": "2027-01-31"}\n')
    open_end = 'variable "end" {}\n' + USER % ("%s", ", sunset = var.end") + KEY
    stack = "Parameters:\n  End: {Type: String}\n" + TEMPLATE.replace(
        "Value: team}", "Value: team}\n        - {Key: sunset, Value: !Ref End}"
    )
    for name in "ab":
        repository.write(f"{name}/one/iam.tf", SUNSET % f"{name}-one")
        repository.write(f"{name}/two/iam.tf", open_end % f"{name}-two")
        repository.write(f"{name}/stack.yaml", stack)
    document = scanned(capsys)
    verdicts = {(key["path"]): key["verdict"] for key in document["keys"]}
    assert {path: verdict for path, verdict in verdicts.items() if path.startswith("a/")} == {
        "a/one/iam.tf": "clean",
        "a/two/iam.tf": "clean",
        "a/stack.yaml": "clean",
    }
    assert {path: verdict for path, verdict in verdicts.items() if path.startswith("b/")} == {
        "b/one/iam.tf": "flagged",
        "b/two/iam.tf": "flagged",
        "b/stack.yaml": "flagged",
    }
    assert len(document["keys"]) == 6


def test_root_module_without_a_key_of_its_own_is_read_by_its_own_folder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("modules/u/iam.tf", 'variable "end" {}\n' + USER % ("u", ", sunset = var.end") + KEY)
    for name in "ab":
        repository.write(f"live/{name}/main.tf", 'module "u" {\n  source = "../../modules/u"\n  end = "2027-01-31"\n}\n')
    repository.write("live/a/posturio-iac.toml", '[names]\nexpiry = ["sunset"]\n')
    keys = scanned(capsys)["keys"]
    assert [(key["root"], key["verdict"]) for key in keys] == [("live/a", "clean"), ("live/b", "flagged")]


def test_exclusions_and_suppressions_count_from_their_folder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("posturio-iac.toml", 'exclude = ["/gone/"]\n')
    repository.write(
        "a/posturio-iac.toml",
        'exclude = ["/old/"]\n[[suppressions]]\nrule = "access_keys_without_lifetime"\n'
        'address = "aws_iam_access_key.ci"\npath = "/lab/"\nreason = "r"\n',
    )
    for path in ("gone", "old", "lab", "a/old", "a/lab", "a/gone", "b/old"):
        repository.write(f"{path}/iam.tf", flagged(path.replace("/", "-")))
    document = scanned(capsys)
    counted = [f["path"] for f in document["findings"] if "suppressed" not in f]
    assert counted == ["a/gone/iam.tf", "b/old/iam.tf", "lab/iam.tf", "old/iam.tf"]
    assert [text for text in said(document) if "--no-config" in text] == [
        "a/posturio-iac.toml leaves out 1 file and suppresses findings in 1 place; --no-config ignores it",
        "posturio-iac.toml leaves out 2 files; --no-config ignores it",
    ]
    assert not [text for text in said(document) if "suppresses nothing" in text]


def test_baseline_of_a_folder_covers_that_folder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("posturio-iac.toml", 'baseline = "known.json"\n')
    repository.write("teams/a/posturio-iac.toml", 'baseline = "known.json"\n')
    for name in ("teams/a", "teams/b"):
        repository.write(f"{name}/iam.tf", flagged())
    code, out, err = run(capsys, "baseline", "--as-of", AS_OF)
    assert (code, out) == (0, "wrote known.json: 1 entry, 1 new\nwrote teams/a/known.json: 1 entry, 1 new\n"), err
    assert found(capsys) == []
    assert found(capsys, "teams/a") == []
    assert run(capsys, "hook", "--as-of", AS_OF, "teams/a/iam.tf") == (0, "", "")
    (repository.path / "teams/c").mkdir()
    repository.git("mv", "teams/a/iam.tf", "teams/c/iam.tf")
    assert [path for path, _ in found(capsys)] == ["teams/c/iam.tf"]


def test_extended_file_counts_as_if_it_stood_there(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write(
        "policy/base.toml",
        'max_lifetime_days = 20\nexclude = ["/old/"]\nbaseline = "known.json"\n'
        '[[suppressions]]\nrule = "ownerless_access_keys"\npath = "lab/**"\nreason = "r"\n',
    )
    repository.write("policy/known.json", '{"version": 1, "findings": []}')
    repository.write("posturio-iac.toml", 'extends = ["policy/base.toml"]\nmax_lifetime_days = 30\n')
    repository.write("old/iam.tf", END % "old")
    repository.write("lab/iam.tf", END.replace('owner = "team"', 'purpose = "x"') % "lab")
    document = scanned(capsys, "--verbose")
    assert [(f["path"], f["rule"], "suppressed" in f) for f in document["findings"]] == [
        ("lab/iam.tf", LONG, False),
        ("lab/iam.tf", "iam.ownerless_access_keys", True),
    ]
    assert any("30 days" in f["message"] for f in document["findings"])


def test_file_that_is_not_used_is_said(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("posturio-iac.toml", "")
    repository.write("pyproject.toml", "[tool.posturio-iac]\nmax_lifetime_days = 20\n")
    repository.write("iam.tf", END % "a")
    (note,) = scanned(capsys, code=0)["diagnostics"]
    assert (note["level"], note["path"]) == ("note", "pyproject.toml")
    assert note["message"] == "this posturio-iac table is not used, because posturio-iac.toml is beside it"
    repository.write("a/iam.tf", clean("x"))
    repository.write("a/posturio-iac.toml", "max_lifetime_days = 20\n")
    (repository.path.parent / "central.toml").write_text("max_lifetime_days = 80\n")
    document = scanned(capsys, "--config", "../central.toml", code=0)
    assert any("is not used, nor are those below it, because --config names another one" in text for text in said(document))
    assert document["findings"] == []
    assert scanned(capsys, "--no-config", code=0)["diagnostics"] == []


@pytest.mark.promise("folders")
def test_configuration_of_a_folder_that_changed_with_its_code_is_a_warning(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("a/iam.tf", flagged())
    repository.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one")
    repository.write("a/posturio-iac.toml", f'ignore = ["{MISSING}"]\n')
    repository.write("a/iam.tf", flagged("changed"))
    document = scanned(capsys, "--changed-since", "HEAD")
    assert any(text.startswith("the configuration a/posturio-iac.toml changed together with the code") for text in said(document))
