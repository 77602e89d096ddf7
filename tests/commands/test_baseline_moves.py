"""A baseline whose fingerprints no longer lead to the code: moved folders, other starting points, no git; and several baselines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from posturio_iac.judge.baseline import Baseline, BaselineEntry
from tests.commands.test_baseline import FILE, entries, scan, write
from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.repository import AS_OF, Repository, clean, flagged

pytest_plugins = ["tests.support.cli_fixtures"]

OPEN_USER = 'variable "name" {}\n' + flagged().replace('"ci"\n', "var.name\n")  # a module whose key has a user of an open name


def reasons(folder: Path) -> dict[str, str]:
    return {entry["path"]: entry["reason"] for entry in entries(folder)}


def with_reasons(path: Path) -> None:
    """Let each entry give the folder that it was written for as its reason."""
    document = json.loads(path.read_text())
    for entry in document["findings"]:
        entry["reason"] = entry["root"]
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("text", [flagged("same"), OPEN_USER], ids=["equal users", "open names"])
def test_moved_folders_with_equal_addresses_keep_their_own_entries(repository: Repository, capsys: Capture, text: str) -> None:
    for name in ("dev", "prod", "test"):
        repository.write(f"envs/{name}/iam.tf", text)
    write(capsys)
    with_reasons(repository.path / FILE)
    repository.commit()
    repository.git("mv", "envs", "environments")
    code, _, err = scan(capsys)
    assert code == 0, err
    assert run(capsys, "hook", "--as-of", AS_OF, "--baseline", FILE, "environments/dev/iam.tf", "envs/dev/iam.tf")[0] == 0
    count = len(entries(repository.path))
    assert f"{count} entries, {count} moved" in write(capsys)
    assert reasons(repository.path) == {f"environments/{name}/iam.tf": f"envs/{name}" for name in ("dev", "prod", "test")}
    assert scan(capsys)[2] == ""


def test_folders_that_share_no_name_are_told_apart_by_their_users(repository: Repository, capsys: Capture) -> None:
    for name in ("a", "b"):
        repository.write(f"{name}/iam.tf", flagged(f"user-{name}"))
    write(capsys)
    with_reasons(repository.path / FILE)
    repository.git("mv", "a", "z")
    repository.git("mv", "b", "y")
    assert scan(capsys)[0] == 0
    write(capsys)
    assert reasons(repository.path) == {"z/iam.tf": "a", "y/iam.tf": "b"}


def test_copy_is_a_new_finding(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    write(capsys)
    repository.write("b/iam.tf", flagged())
    assert scan(capsys)[0] == 1


def test_moved_folder_with_a_copy_covers_one_of_them(repository: Repository, capsys: Capture) -> None:
    repository.write("live/a/iam.tf", flagged())
    write(capsys)
    repository.git("mv", "-f", "live", "moved")
    repository.write("moved/b/iam.tf", flagged())
    code, out, _ = scan(capsys)
    assert code == 1
    assert "moved/b/iam.tf" in out
    assert "moved/a/iam.tf" not in out


def test_other_key_of_the_same_name_is_a_new_finding(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged("old"))
    write(capsys)
    repository.git("rm", "-qf", "a/iam.tf")
    repository.write("b/iam.tf", flagged("new"))
    assert scan(capsys)[0] == 1


@pytest.mark.parametrize("text", [flagged(), OPEN_USER])
def test_baseline_holds_wherever_the_scan_is_started_and_without_git(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, text: str
) -> None:
    repository = Repository(tmp_path / "here")
    for name in ("a", "b"):
        repository.write(f"infra/{name}/iam.tf", text)
    monkeypatch.chdir(tmp_path / "here")
    write(capsys)
    shutil.copytree(tmp_path / "here", tmp_path / "there", ignore=shutil.ignore_patterns(".git"))
    for top in ("here", "there"):
        for start, file in ((".", FILE), ("infra", f"../{FILE}"), ("infra/a", f"../../{FILE}")):
            monkeypatch.chdir(tmp_path / top / start)
            assert run(capsys, "scan", "--as-of", AS_OF, "--baseline", file)[0] == 0, (top, start)
            assert "nothing to change" in write(capsys, "--baseline", file)


def test_one_root_module_too_many_is_new_without_git_too(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    """Two root modules call one module, and the key in it is known for one of them."""
    call = 'module "u" {\n  source = "../../modules/u"\n}\n'
    for name, text in (("modules/u/iam.tf", flagged()), ("live/a/main.tf", call)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    write(capsys)
    (tmp_path / "live/b").mkdir()
    (tmp_path / "live/b/main.tf").write_text(call)
    monkeypatch.chdir(tmp_path / "live")
    code, out, _ = run(capsys, "scan", "..", "--as-of", AS_OF, "--baseline", f"../{FILE}", "--format", "json")
    assert code == 1
    assert [(f["root"], "suppressed" in f) for f in json.loads(out)["findings"]] == [("live/a", True), ("live/b", False)]


def test_each_team_has_a_baseline_beside_its_code(repository: Repository, capsys: Capture) -> None:
    repository.write("posturio-iac.toml", 'baseline = ["known.json", "teams/a/known.json"]\n')
    for name in ("shared", "teams/a", "teams/b"):
        repository.write(f"{name}/iam.tf", flagged())
    assert write(capsys) == "wrote known.json: 2 entries, 2 new\nwrote teams/a/known.json: 1 entry, 1 new\n"
    assert [e["path"] for e in entries(repository.path, "known.json")] == ["shared/iam.tf", "teams/b/iam.tf"]
    assert [e["path"] for e in entries(repository.path / "teams/a", "known.json")] == ["iam.tf"]
    assert run(capsys, "scan", "--as-of", AS_OF)[0] == 0
    (repository.path / "teams/a/known.json").unlink()
    assert "there is no baseline" in run(capsys, "scan", "--as-of", AS_OF)[2]


def test_finding_without_a_baseline_above_it_is_refused_before_anything_is_written(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    repository.write("b/iam.tf", flagged())
    code, _, err = run(capsys, "baseline", "--baseline", "a/known.json", "--baseline", "c/known.json")
    assert code == 2
    assert "there is no baseline in a folder above it" in err
    assert not (repository.path / "a/known.json").exists()


def test_two_baselines_about_one_finding_are_refused(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    write(capsys)
    shutil.copy(FILE, "other.json")
    code, _, err = run(capsys, "scan", "--baseline", FILE, "--baseline", "other.json")
    assert code == 2
    assert f"{FILE} and other.json both have the fingerprint" in err


def test_stale_entries_fail_the_run_on_request(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    repository.write("b/iam.tf", flagged("b"))
    write(capsys)
    assert scan(capsys, "--fail-on-stale")[0] == 0
    repository.write("a/iam.tf", clean())
    code, out, err = scan(capsys, "--fail-on-stale")
    assert code == 1
    assert "aws_iam_access_key.ci in a/iam.tf" in out + err
    assert f"note: {FILE} has 1 known finding left, 1 fewer than when it was written on {AS_OF}" in err
    code, out, _ = scan(capsys, "--fail-on-stale", "--quiet")
    assert code == 1
    assert "no longer matches anything" in out
    assert scan(capsys, "--fail-on-stale", "--exit-zero")[0] == 0
    assert scan(capsys)[0] == 0
    assert run(capsys, "scan", "--changed-since", "HEAD", "--fail-on-stale")[0] == 2


def test_baseline_is_not_searched_as_a_template(repository: Repository, capsys: Capture) -> None:
    repository.write("a/iam.tf", flagged())
    write(capsys)
    searched = scan(capsys, "--format", "json")[1]
    assert json.loads(searched)["summary"]["files"] == 1
    many = tuple(BaselineEntry(f"gone/{n}.tf", "aws_iam_access_key.ci", MISSING, f"{n:032x}", "r" * 900) for n in range(200))
    (repository.path / FILE).write_text(Baseline(many).text())
    code, _, err = scan(capsys, "--max-file-size", "100KB")
    assert code == 1, err
    assert "max-file-size" not in err


def test_only_the_ends_of_paths_tell_many_equal_modules_apart(repository: Repository, capsys: Capture) -> None:
    for n in range(60):
        repository.write(f"envs/m{n:03}/iam.tf", flagged())
    write(capsys)
    with_reasons(repository.path / FILE)
    repository.git("mv", "envs", "all")
    write(capsys)
    assert reasons(repository.path) == {f"all/m{n:03}/iam.tf": f"envs/m{n:03}" for n in range(60)}
