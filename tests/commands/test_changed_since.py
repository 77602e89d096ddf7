from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import MISSING, Capture, Patch, run
from tests.support.repository import AS_OF, KEY, TEMPLATE, Repository, clean, flagged

Scan = Callable[..., list[str]]


CALLED = 'module "user" {\n  source = "../m"\n}\n'
OUTSIDE: dict[str, tuple[dict[str, str], list[str]]] = {  # what calls ../m, with the files of what is found once that changed
    "module": ({"live/main.tf": CALLED, "live/other.tf": flagged("own")}, ["main.tf"]),
    "module-of-a-module": ({"live/main.tf": CALLED.replace("../m", "../n"), "n/main.tf": CALLED}, ["main.tf"]),
    "link": ({"live/main.tf": CALLED.replace("../m", "../lm"), "live/other.tf": flagged("own")}, ["main.tf", "other.tf"]),
    "beside-a-key": ({"live/a/main.tf": flagged("a"), "live/b/main.tf": CALLED.replace("../m", "../../m")}, ["b/main.tf"]),
    "unit": ({"live/u/terragrunt.hcl": 'terraform {\n  source = "../../m"\n}\n'}, ["u/terragrunt.hcl"]),
    "unit-of-a-module": ({"live/terragrunt.hcl": 'terraform {\n  source = "..//n"\n}\n', "n/main.tf": CALLED}, ["terragrunt.hcl"]),
    "other-module": ({"live/main.tf": CALLED.replace("../m", "../n"), "n/main.tf": flagged("n")}, []),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: Patch) -> Repository:
    """A repository with two modules and a template with keys, committed on main, and a branch with nothing on it."""
    made = Repository(tmp_path / "repository")
    made.write("a/iam.tf", flagged("a"))
    made.write("b/iam.tf", flagged("b"))
    made.write("stack.yaml", TEMPLATE)
    made.write("README.md", "")
    made.commit()
    made.git("switch", "-q", "-c", "branch")
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def scan(capsys: Capture) -> Scan:
    """Scan what changed since main; return the files of what is found."""

    def call(*argv: str, since: str = "main") -> list[str]:
        code, out, err = run(capsys, "scan", "--as-of", AS_OF, "--changed-since", since, "--format", "json", *argv)
        assert code in (0, 1), err
        return sorted(f["path"] for f in json.loads(out)["findings"] if f["rule"] == MISSING)

    return call


def test_ignored_files_and_pages_do_not_count(repository: Repository, scan: Scan) -> None:
    repository.write("README.md", "more")
    repository.write(".git/info/exclude", "*.auto.tfvars\n", add=False)
    repository.write("a/x.auto.tfvars", "", add=False)
    assert scan() == []


def test_staged_unstaged_and_untracked_changes_count(repository: Repository, scan: Scan) -> None:
    repository.write("a/outputs.tf", "")
    assert scan() == ["a/iam.tf"]
    repository.write("b/iam.tf", flagged("b") + "\n", add=False)
    assert scan() == ["a/iam.tf", "b/iam.tf"]
    repository.write("new/iam.tf", flagged("c"), add=False)
    assert scan() == ["a/iam.tf", "b/iam.tf", "new/iam.tf"]


@pytest.mark.parametrize("name", ["user.tf", ".opentofu-version", "env/prod.tfvars"])
def test_deleted_file_changes_its_module(repository: Repository, scan: Scan, name: str) -> None:
    repository.write(f"a/{name}", "")
    repository.git("branch", "-f", "main", repository.commit())
    repository.git("rm", "-q", f"a/{name}")
    assert scan() == ["a/iam.tf"]


def test_renamed_module_counts_in_both_places(repository: Repository, scan: Scan) -> None:
    repository.write("live/main.tf", 'module "a" {\n  source = "../a"\n}\n')
    repository.git("branch", "-f", "main", repository.commit())
    repository.git("mv", "a", "renamed")
    repository.write("live/main.tf", 'module "a" {\n  source = "../renamed"\n}\n')
    repository.commit()
    assert scan() == ["renamed/iam.tf"]


def test_what_main_did_since_the_branch_left_it_does_not_count(repository: Repository, scan: Scan) -> None:
    repository.git("switch", "-q", "main")
    repository.write("b/outputs.tf", "")
    repository.commit()
    repository.git("switch", "-q", "branch")
    repository.write("a/outputs.tf", "")
    repository.commit()
    assert scan() == ["a/iam.tf"]


def test_scan_of_a_part_sees_changes_from_there(repository: Repository, scan: Scan, monkeypatch: Patch) -> None:
    repository.write("a/outputs.tf", "")
    repository.write("stack.yaml", f"# more\n{TEMPLATE}")
    assert scan("a") == ["a/iam.tf"]
    monkeypatch.chdir(repository.path / "a")
    assert scan() == ["iam.tf"]


def test_change_above_the_scanned_folder_counts(repository: Repository, scan: Scan, monkeypatch: Patch) -> None:
    repository.write(
        "live/main.tf", 'module "labels" {\n  source = "../labels"\n}\n' + flagged().replace('{ owner = "team" }', "module.labels.tags")
    )
    repository.write("labels/main.tf", 'output "tags" {\n  value = { owner = "team" }\n}\n')
    repository.git("branch", "-f", "main", repository.commit())
    repository.write("labels/main.tf", 'output "tags" {\n  value = { owner = "teams" }\n}\n')
    monkeypatch.chdir(repository.path / "live")
    assert scan() == ["main.tf"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_module_outside_of_the_scanned_folder_counts(repository: Repository, scan: Scan, monkeypatch: Patch, name: str) -> None:
    files, found = OUTSIDE[name]
    for path, text in {**files, "m/main.tf": clean("m"), "shared.tf": clean("s")}.items():
        repository.write(path, text)
    (repository.path / "live" / "l").mkdir()
    for link, target in {"live/l/link.tf": "../../shared.tf", "lm": "m"}.items():
        (repository.path / link).symlink_to(target)
        repository.add(link)
    repository.git("branch", "-f", "main", repository.commit())
    repository.write("m/main.tf", flagged("m"))
    assert scan("live") == ["n/main.tf" if name.endswith("of-a-module") else f"live/{path}" for path in found]
    monkeypatch.chdir(repository.path / "live")
    assert scan() == found
    repository.write("shared.tf", flagged("s"))
    assert "l/link.tf" in scan()


@pytest.mark.parametrize("name", ["with space", "line\nbreak", "ümläut", "-dash", 'quo"te'])
def test_odd_names_are_understood(repository: Repository, scan: Scan, name: str) -> None:
    repository.write(f"{name}/iam.tf", flagged(name.encode().hex()))
    repository.commit()
    assert scan() == [f"{name}/iam.tf"]


def test_a_function_whose_code_a_change_makes_elsewhere_is_said(repository: Repository, capsys: Capture) -> None:
    repository.write("src/app.py", "iam.create_access_key()")
    assert "no code was found to run it (src/app.py)" in run(capsys, "scan", "--changed-since", "main")[1]
    repository.git("branch", "-f", "main", repository.commit())
    repository.write("f.tf", 'resource "terraform_data" "f" {\n  provisioner "local-exec" {\n    command = "bb x"\n  }\n}\n')
    assert all("found to run it (src/app.py)" in run(capsys, "scan", *one)[1] for one in (["--changed-since", "main"], ["f.tf"]))


def test_fingerprints_are_those_of_a_whole_scan(repository: Repository, capsys: Capture) -> None:
    repository.write("a/outputs.tf", "")

    def found(*argv: str) -> set[tuple[str, str]]:
        _, out, _ = run(capsys, "scan", "--as-of", AS_OF, "--format", "json", *argv)
        return {(f["path"], f["fingerprint"]) for f in json.loads(out)["findings"]}

    part = found("--changed-since", "main")
    assert part == {one for one in found() if one[0].startswith("a/")}
    assert part


def test_user_configuration_of_git_changes_nothing(repository: Repository, scan: Scan) -> None:
    for name, value in (("diff.relative", "true"), ("diff.renames", "copies"), ("diff.noprefix", "true"), ("diff.external", "false")):
        repository.git("config", name, value)
    repository.write("a/outputs.tf", "")
    repository.commit()
    assert scan() == ["a/iam.tf"]


def complaint(capsys: Capture, *argv: str) -> str:
    code, out, err = run(capsys, "scan", *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("revision", ["-nope", "", "main:a/iam.tf", "--all", "a\0b"])
def test_missing_revision_is_one_sentence(capsys: Capture, revision: str) -> None:
    assert "posturio-iac: " in complaint(capsys, f"--changed-since={revision}")
    assert 'there is no commit "nope" here' in complaint(capsys, "--changed-since", "nope")


def test_folder_without_commits_is_one_sentence(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is not in a git repository" in complaint(capsys, "--changed-since", "HEAD")
    Repository(tmp_path).write("iam.tf", clean())
    assert "has none yet" in complaint(capsys, "--changed-since", "HEAD")


def test_unrelated_histories_are_one_sentence(repository: Repository, capsys: Capture) -> None:
    repository.git("switch", "-q", "--orphan", "other")
    repository.write("x.tf", "")
    repository.commit()
    assert "no commit in common" in complaint(capsys, "--changed-since", "main")


def test_shallow_clone_is_one_sentence(repository: Repository, tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    first = repository.git("rev-parse", "HEAD").strip()
    repository.write("a/outputs.tf", "")
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.write("b/outputs.tf", "")
    repository.commit()
    repository.git("switch", "-q", "branch")
    source = f"file://{repository.path}"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", "--no-single-branch", source, "shallow"], cwd=tmp_path, check=True, capture_output=True
    )
    monkeypatch.chdir(tmp_path / "shallow")
    assert "this clone is shallow" in complaint(capsys, "--changed-since", first)
    assert "does not reach back" in complaint(capsys, "--changed-since", "origin/main")


@pytest.mark.usefixtures("repository")
def test_git_that_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git cannot be started" in complaint(capsys, "--changed-since", "main")


@pytest.mark.usefixtures("repository")
def test_standard_input_has_no_history(capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr("posturio_iac.commands.scan.command._stdin", KEY.encode)
    assert "standard input" in complaint(capsys, "--changed-since", "main", "-")


def test_a_change_of_lines_in_the_diff_is_a_suggestion(repository: Repository, capsys: Capture) -> None:
    repository.write("c/iam.tf", "\n" * 9 + flagged("c") + "\n# more\n# below\n")
    text = (repository.path / "a/iam.tf").read_text(encoding="utf-8")
    repository.write("a/iam.tf", f"{text}# Seen.\n")
    _, page, _ = run(capsys, "scan", "--as-of", AS_OF, "--changed-since", "main", "-f", "markdown", "--select", MISSING)
    blocks = {part.partition("</summary>")[0]: part for part in page.split("<details>")[1:]}
    (new,) = [part for where, part in blocks.items() if "c/iam.tf" in where]
    (old,) = [part for where, part in blocks.items() if "a/iam.tf" in where]
    assert "```diff" in old
    assert "```suggestion" not in old
    head, _, block = new.partition("```suggestion\n")
    place = head.rpartition("`c/iam.tf:")[2].partition("`")[0]
    first, _, last = place.partition("-")
    lines = (repository.path / "c/iam.tf").read_text(encoding="utf-8").split("\n")
    lines[int(first) - 1 : int(last or first)] = block.partition("\n```")[0].split("\n")
    repository.write("c/iam.tf", "\n".join(lines))
    assert run(capsys, "fix", "c", "--as-of", AS_OF, "--select", MISSING)[:2] == (0, "")
