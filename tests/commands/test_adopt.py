"""From a first run to a passing hook: what ``adopt`` shows, writes, asks and refuses."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import Capture, Patch, run
from tests.support.readme import ROOT, blocks
from tests.support.repository import AS_OF, Repository, clean, flagged

PAGE = ROOT / "docs/adoption.md"
BASELINE, CONFIG, HOOKS = "posturio-iac-baseline.json", "posturio-iac.toml", ".pre-commit-config.yaml"
ACCEPT = ("--until", "2027-06-30", "--reason", "before the project")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: Patch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(top: Path) -> Repository:
    made = Repository(top)
    for name in "ab":
        made.write(f"{name}/iam.tf", flagged(name))
    made.write("c/iam.tf", clean("c"))
    made.commit()
    return made


def adopt(capsys: Capture, *argv: str) -> tuple[int, str, str]:
    return run(capsys, "adopt", "--as-of", AS_OF, *argv)


def state(top: Path) -> dict[str, bytes]:
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file() and ".git" not in p.relative_to(top).parts}


def keys_of(name: str, user: str, arguments: str) -> str:
    user = f'resource "aws_iam_user" "{name}" {{\n  name = "{name}-{user}"\n  {arguments}\n}}\n'
    return f'{user}\nresource "aws_iam_access_key" "{name}" {{\n  user = aws_iam_user.{name}.name\n}}\n\n'


def module(team: int, name: str) -> str:
    vendor = f'resource "aws_iam_access_key" "vendor" {{\n  # posturio: owner=vendors@example.com\n  user = "vendor-{name}"\n}}\n'
    return (
        f'locals {{\n  team = "team-{team:02}"\n}}\n\n'
        + keys_of("deploy", name, "tags = {\n    owner = local.team\n  }")
        + keys_of("mail", name, 'path = "/smtp/"')
        + keys_of("backup", name, 'tags = { owner = local.team, expires = "2027-01-31" }')
        + f'{vendor}\noutput "vendor_secret" {{\n  value     = aws_iam_access_key.vendor.secret\n  sensitive = true\n}}\n'
    )


def write_tree(top: Path, modules: int) -> list[str]:
    """Write a repository that has grown for years: many modules with four keys each."""
    repository = Repository(top)
    paths = [f"teams/team-{number % 20:02}/service-{number:04}/iam.tf" for number in range(modules)]
    for number, path in enumerate(paths):
        repository.write(path, module(number % 20, f"service-{number:04}"), add=False)
    repository.commit_all()
    return paths


def test_three_commands_of_the_page_lead_to_a_passing_and_honest_hook(top: Path, capsys: Capture) -> None:
    look, act, hook = map(shlex.split, blocks("sh", PAGE)[0].splitlines())
    files = write_tree(top, 6)
    code, out, err = adopt(capsys, *look[2:])
    assert (code, set(state(top))) == (1, set(files)), err
    assert "24 keys in 6 folders" in out
    assert adopt(capsys, *act[2:])[0] == 0
    assert hook[:5] == ["git", "ls-files", "-z", "|", "xargs"]
    listed = subprocess.run(hook[:3], capture_output=True, check=True, text=True).stdout.split("\0")[:-1]
    assert run(capsys, "hook", "--as-of", AS_OF, *listed) == (0, "", "")
    entries = json.loads((top / BASELINE).read_text())["findings"]
    assert len(entries) == 6
    assert {(entry["owner"], entry["reason"], entry["until"]) for entry in entries} == {
        ("platform@example.com", "before the rotation project", "2027-06-30")
    }
    (top / files[0]).write_text((top / files[0]).read_text() + flagged("new").replace('"ci"', '"new"').replace(".ci.", ".new."))
    assert run(capsys, "hook", "--as-of", AS_OF, files[0])[0] == 1, "a new key fails"
    assert run(capsys, "scan", "--as-of", "2027-07-01", "-q")[0] == 1, "exceptions end"


def test_looking_writes_nothing_and_says_how_to_go_on(repository: Repository, capsys: Capture) -> None:
    before = state(repository.path)
    code, out, _ = adopt(capsys)
    assert code == 1
    assert out.startswith("3 keys in 3 folders: 2 findings (2 medium)\n")
    assert re.search(r"^ +2 can be fixed by `posturio-iac fix --write`; the next apply updates a resource in place$", out, re.MULTILINE)
    assert out.endswith('next: posturio-iac adopt --write fix,baseline,config,hook --until DATE --reason "TEXT"\n')
    assert state(repository.path) == before


def test_all_of_it_is_written_and_the_hook_passes(repository: Repository, capsys: Capture) -> None:
    code, out, err = adopt(capsys, "--write", "baseline,config,hook,ci=github,ci=gitlab", *ACCEPT)
    assert code == 0, err
    assert out.endswith("the hook passes; 2 findings accepted until 2027-06-30, each with an owner\n")
    made = state(repository.path)
    assert set(made) >= {BASELINE, CONFIG, HOOKS, ".github/workflows/posturio-iac.yml", ".gitlab-ci.yml"}
    assert {entry["owner"] for entry in json.loads(made[BASELINE])["findings"]} == {"team"}
    assert len(made[CONFIG].splitlines()) < 6
    workflow = yaml.safe_load(made[".github/workflows/posturio-iac.yml"])
    assert workflow["jobs"]["access-keys"]["steps"][1]["with"]["args"] == "--fail-on-stale"
    assert "--fail-on-stale" in yaml.safe_load(made[".gitlab-ci.yml"])["access-keys"]["script"][0]
    assert run(capsys, "scan", "--as-of", AS_OF, "--fail-on-stale")[0] == 0
    assert adopt(capsys)[1].endswith("nothing to do: the hook and a configuration are in place, and no finding is open\n")


def test_mends_come_first_and_the_baseline_holds_the_rest(repository: Repository, capsys: Capture) -> None:
    repository.write("d/iam.tf", flagged("d").replace("team", "changeme"))
    repository.commit()
    code, _, err = adopt(capsys, "--write", "fix,baseline,config", "--in", "30d", "--owner", "me", *ACCEPT)
    assert code == 0, err
    assert ("Fixed 3 findings" in err, "1 key without an owner: me answers for the baseline" in err) == (True, True)
    assert 'expires = "20' in (repository.path / "a/iam.tf").read_text()
    (entry,) = json.loads((repository.path / BASELINE).read_text())["findings"]
    assert (entry["path"], entry["owner"]) == ("d/iam.tf", "me")


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("--write", "baseline,config"), "add --reason TEXT and --until DATE"),
        (("--write", "baseline,config", "--reason", "r", "--until", "2026-01-01"), "has passed"),
        (("--write", "baseline,config", "--reason", "r", "--until", "soon"), "must be a date"),
        (("--write", "baseline", *ACCEPT), "add config to --write"),
        (("--write", "config", *ACCEPT), "need baseline in --write"),
        (("--write", "config", "--unsafe"), "need fix in --write"),
        (("--write", "basline"), 'not "basline"; did you mean "baseline"?'),
        (("--write", "fix", "--in", "60d", "--rotate", "90d"), "cannot be combined"),
        (("nowhere",), "no such folder"),
    ],
)
def test_wrong_use_is_one_sentence_and_nothing_is_written(
    repository: Repository, capsys: Capture, argv: tuple[str, ...], complaint: str
) -> None:
    before = state(repository.path)
    code, _, err = adopt(capsys, *argv)
    assert (code, err.count("\n")) == (2, 1)
    assert complaint in err
    assert state(repository.path) == before


@pytest.mark.parametrize(
    ("path", "content", "parts", "complaint"),
    [
        (BASELINE, '{"version": 1, "findings": []}', "baseline,config", "already exists"),
        ("pyproject.toml", "[tool]\nposturio-iac = { strict = false }\n", "baseline", f'names no baseline; add baseline = "{BASELINE}"'),
        (".gitlab-ci.yml", "x: 1\n", "fix,config,ci=gitlab", "already exists"),
        (".github/workflows/posturio-iac.yml", "x: 1\n", "fix,config,ci=github", "already exists"),
        (HOOKS, "repos: [", "fix,config,hook", "is not valid YAML"),
        ("d/iam.tf", flagged("d").replace("team", "changeme"), "baseline,config", "name one with --owner NAME"),
    ],
)
def test_what_is_there_is_never_overwritten(
    repository: Repository, capsys: Capture, path: str, content: str, parts: str, complaint: str
) -> None:
    repository.write(path, content)
    repository.commit()
    before = state(repository.path)
    code, _, err = adopt(capsys, "--write", parts, *(ACCEPT if "baseline" in parts else ()))
    assert code == 2
    assert complaint in err
    assert state(repository.path) == before


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (CONFIG, "strict = false\n", 'baseline = "B"\nstrict = false\n'),
        (CONFIG, "# Ours.\r\n\r\n[names]\r\nowner = []\r\n", '# Ours.\r\n\r\nbaseline = "B"\r\n[names]\r\nowner = []\r\n'),
        (CONFIG, "# Ours.\n", '# Ours.\nbaseline = "B"\n'),
        ("pyproject.toml", "[a]\n[tool.posturio-iac]\nstrict = false", '[a]\n[tool.posturio-iac]\nbaseline = "B"\nstrict = false'),
        ("pyproject.toml", '[tool.posturio-iac]\n[b]\nc = """\n[tool.posturio-iac]\n"""\n', None),
    ],
)
def test_an_existing_configuration_gets_one_line_that_names_the_baseline(
    repository: Repository, capsys: Capture, path: str, before: str, after: str | None
) -> None:
    (repository.path / path).write_bytes(before.encode())
    repository.commit_all()
    assert adopt(capsys, "--write", "baseline", *ACCEPT)[0] == 0
    wanted = after or before.replace("]\n", ']\nbaseline = "B"\n', 1)
    assert (repository.path / path).read_bytes().decode() == wanted.replace('"B"', f'"{BASELINE}"')
    assert run(capsys, "scan", "--as-of", AS_OF)[0] == 0


def test_a_new_configuration_names_the_baseline_that_is_there(repository: Repository, capsys: Capture) -> None:
    assert run(capsys, "baseline", "--until", "2099-12-31")[0] == 0
    assert adopt(capsys, "--write", "config")[::2] == (0, "")
    assert f'baseline = "{BASELINE}"' in (repository.path / "posturio-iac.toml").read_text(encoding="utf-8")


def test_files_with_changes_are_not_mended(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged("changed"), add=False)
    before = state(repository.path)
    code, _, err = adopt(capsys, "--write", "fix,config")
    assert (code, "a/iam.tf has unstaged changes" in err) == (2, True)
    assert state(repository.path) == before
    assert adopt(capsys, "--write", "fix,config", "--allow-dirty")[0] == 0


def test_link_out_of_the_repository_is_refused(repository: Repository, capsys: Capture) -> None:
    (repository.path / ".github").symlink_to(repository.path.parent)
    code, _, err = adopt(capsys, "--write", "config,ci=github")
    assert code == 3
    assert "a symbolic link leads outside" in err
    assert not (repository.path / CONFIG).exists()


def test_what_cannot_be_read_is_said_and_the_hook_does_not_pass(repository: Repository, capsys: Capture) -> None:
    repository.write("broken/iam.tf", flagged("x") + "resource {{\n")
    repository.commit()
    code, out, _ = adopt(capsys, "--write", "baseline,config", *ACCEPT)
    assert code == 3
    assert ": error: " in out
    assert out.endswith(
        'the hook fails on 1 error: correct what could not be read, or leave it out with exclude = ["broken/iam.tf"]; '
        "3 findings accepted until 2027-06-30, each with an owner\n"
    )


def test_folder_without_git(top: Path, capsys: Capture) -> None:
    (top / "iam.tf").write_text(flagged())
    code, out, err = adopt(capsys, "--write", "fix,baseline,config", "--in", "30d", *ACCEPT)
    assert code == 0, err
    assert out.endswith("the hook passes; nothing is accepted\n")
    assert "expires" in (top / "iam.tf").read_text()
    assert json.loads((top / BASELINE).read_text())["findings"] == []


def test_repository_without_keys(top: Path, capsys: Capture) -> None:
    Repository(top)
    code, out, _ = adopt(capsys)
    assert code == 0
    assert "No access keys are declared" in out
    assert out.endswith("next: posturio-iac adopt --write config,hook\n")
