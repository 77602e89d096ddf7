from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import shown
from tests.support.hosts.hosting import DEFINITIONS, NOWHERE, ROOT, Host
from tests.support.repository import TEMPLATE, Repository, clean, flagged

MISSING = "iam.access_keys_without_lifetime"
MOST = 250 << 20  # what pre-commit.ci allows for one hook
LIVE = "posturio-iac-live"
FIX = "posturio-iac-fix"


def commit(host: Host, repository: Repository, *arguments: str, code: int = 0) -> str:
    """Commit, which ends with this code; what is said."""
    ended, said = host.commit(repository, *arguments)
    assert ended == code, said
    return said


def committed(repository: Repository) -> int:
    return int(repository.git("rev-list", "--count", "HEAD"))


def test_commit_with_a_finding_is_blocked_and_the_mended_one_passes(host: Host, repository: Repository) -> None:
    repository.write("iam.tf", flagged())
    assert ("iam.tf:5:1", "MEDIUM", MISSING) in shown(commit(host, repository, code=1))
    assert committed(repository) == 1
    repository.write("iam.tf", clean())
    commit(host, repository)
    assert committed(repository) == 2


def test_staged_content_counts_and_not_what_is_on_disk(host: Host, repository: Repository) -> None:
    repository.write("iam.tf", flagged())
    repository.write("iam.tf", clean(), add=False)
    commit(host, repository, code=1)
    repository.write("iam.tf", clean())
    repository.write("iam.tf", flagged(), add=False)
    commit(host, repository)
    assert (repository.path / "iam.tf").read_text() == flagged()


def test_commit_without_relevant_files_skips_the_hook(host: Host, repository: Repository) -> None:
    repository.write("README.md", "hello\n")
    repository.write("main.py", "")
    assert re.search(r"no files to check\)\s*Skipped", commit(host, repository))


def test_other_yaml_passes(host: Host, repository: Repository) -> None:
    repository.write("values.yaml", "{{ broken: [\n")
    repository.write("package.json", "{")
    assert "Passed" in commit(host, repository)


def test_odd_names_reach_the_hook(host: Host, repository: Repository) -> None:
    json_code = '{"resource": {"aws_iam_user": {"j": {"name": "j"}}, "aws_iam_access_key": {"j": {"user": "${aws_iam_user.j.name}"}}}}'
    names = ("with space.tf", "ümläut.tofu", "-dash.tf", "--strict.tf", "quo'te.tf")
    files = {name: flagged().replace('"ci"', f'"k{number}"').replace("user.ci", f"user.k{number}") for number, name in enumerate(names)}
    files |= {"main.tf.json": json_code, "x.template": TEMPLATE}
    for name, text in files.items():
        repository.write(name, text)
    said = commit(host, repository, code=1)
    assert [name for name in files if not re.search(rf"(?m)^ *{re.escape(name)}:\d+:\d+: ", said)] == []


def test_init_writes_what_the_host_accepts(host: Host, repository: Repository) -> None:
    command = [executable(host), "adopt", "--write", "hook,config", "--repo", "https://example.com/x", "--rev", "v1"]
    subprocess.run(command, cwd=repository.path, check=True, capture_output=True)
    assert "posturio-iac" in (repository.path / ".pre-commit-config.yaml").read_text()
    code, said = host.run(repository, "validate-config", ".pre-commit-config.yaml")
    assert code == 0, said


def test_definitions_are_valid(host: Host, repository: Repository) -> None:
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", repository.path)
    code, said = host.run(repository, "validate-manifest", ".pre-commit-hooks.yaml")
    assert code == 0, said


def executable(host: Host) -> str:
    programs = [path for path in host.home.rglob("posturio-iac*") if path.is_file() and path.parent.name in ("bin", "Scripts")]
    (found,) = [path for path in programs if not any(path.parent.parent.glob("[lL]ib/**/boto3"))]
    return str(found)


def test_environment_is_small_enough_for_pre_commit_ci(host: Host) -> None:
    environment = Path(executable(host)).parent.parent
    size = sum(path.lstat().st_size for path in environment.rglob("*") if not path.is_symlink())
    assert size < MOST / 4


def test_live_hook_runs_only_when_it_is_asked_for(host: Host, repository: Repository) -> None:
    repository.write(".pre-commit-config.yaml", host.configuration(LIVE, args="[]"))
    assert "AWS" not in commit(host, repository)
    account = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": NOWHERE, "AWS_MAX_ATTEMPTS": "1"}
    code, said = host.run(repository, "run", "--hook-stage", "manual", LIVE, more=account)
    assert code == 1, said
    assert "exit code: 3" in said
    assert "127.0.0.1:9" in said
    assert "Traceback" not in said


JUDGING = [one for one in DEFINITIONS if one["id"] not in (LIVE, FIX)]


@pytest.mark.parametrize("definition", JUDGING, ids=lambda definition: str(definition["id"]))
def test_entry_line_judges_what_the_hook_is_for(host: Host, repository: Repository, definition: dict[str, str]) -> None:
    repository.write("iam.tf", flagged())
    repository.write("stack.yaml", TEMPLATE)
    program, *arguments = shlex.split(definition["entry"])
    assert program == "posturio-iac"
    files = [name for name in ("iam.tf", "stack.yaml") if re.search(definition["files"], name)]
    command = [executable(host), *arguments, "--as-of", "2026-12-01", *files]
    done = subprocess.run(command, cwd=repository.path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.count(MISSING) == len(files) > 0


def test_fixer_writes_into_the_module_and_fails_until_that_is_added(host: Host, repository: Repository) -> None:
    repository.write(".pre-commit-config.yaml", host.configuration(FIX))
    repository.write("elsewhere/iam.tf", flagged("other"), add=False)
    repository.write("iam.tf", flagged())
    said = commit(host, repository, code=1)
    assert "files were modified by this hook" in said
    assert "Fixed 1 finding" in said
    assert (repository.path / "iam.tf").read_text() == clean().replace("2027-01-31", "2027-02-28")
    assert (repository.path / "elsewhere/iam.tf").read_text() == flagged("other")
    repository.git("add", "iam.tf")
    commit(host, repository)


def test_commit_of_one_path_or_of_all_is_judged_by_its_own_index(host: Host, repository: Repository) -> None:
    repository.write("a/iam.tf", clean("a"))
    repository.write("b/iam.tf", clean("b"))
    repository.commit()
    repository.write("a/iam.tf", flagged("a"), add=False)
    repository.write("b/outputs.tf", 'output "x" {\n  value = 1\n}\n')
    commit(host, repository, "--", "b/outputs.tf")
    assert "a/iam.tf:5:1" in commit(host, repository, "-a", code=1)


def test_linked_work_tree_is_judged(host: Host, repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    tree = Repository(tmp_path / "tree")
    tree.write("iam.tf", flagged())
    commit(host, tree, code=1)
    assert committed(tree) == 1
