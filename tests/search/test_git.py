"""What git changes: what it ignores, what is not ours, and what happens when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.text import textfile
from posturio_iac.search import git_tree
from posturio_iac.search.git_tree import git_search
from tests.support.command_line import Patch, executable
from tests.support.search_tree import KEY, TEMPLATE, Tree, complaints, found, make


@pytest.fixture(params=("read", "searched"))
def repository(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Patch) -> Tree:
    return make(request.param, tmp_path / "repository", monkeypatch)


def test_tracked_and_untracked_files_are_found_and_ignored_ones_are_not(repository: Tree) -> None:
    repository.write(".gitignore", "ignored*\nbuild/\n")
    for name, add in (("a.tf", True), ("b.tf", False), ("ignored.tf", False), ("build/c.tf", False), ("ignored_but_tracked.tf", True)):
        repository.write(name, add=add)
    selection = repository.discover(".")
    assert found(selection) == ["a.tf", "b.tf", "ignored_but_tracked.tf"]
    assert (selection.repository, selection.searched) == (repository.root, 3)
    repository.commit()
    assert found(repository.discover(".")) == ["a.tf", "b.tf", "ignored_but_tracked.tf"]


def test_the_work_tree_counts_and_not_the_index(repository: Tree) -> None:
    repository.write("gone.tf")
    repository.write("mended.tf")
    repository.write("broken.tf", "locals {}\n")
    repository.commit()
    (repository.path / "gone.tf").unlink()
    repository.write("mended.tf", "locals {}\n", add=False)
    repository.write("broken.tf", add=False)
    selection = repository.discover(".")
    assert (found(selection), selection.searched, selection.diagnostics) == (["broken.tf"], 2, ())


def test_files_that_git_believes_unchanged_are_read_as_they_are(repository: Tree) -> None:
    repository.write("broken.tf", "locals {}\n")
    repository.write("mended.tf")
    repository.git("update-index", "--assume-unchanged", "broken.tf", "mended.tf")
    repository.write("broken.tf", add=False)
    repository.write("mended.tf", "locals {}\n", add=False)
    selection = repository.discover(".")
    assert (found(selection), selection.searched) == (["broken.tf"], 2)


def test_a_sparse_checkout_is_searched_as_far_as_it_is_there(repository: Tree) -> None:
    repository.write("in/a.tf")
    repository.write("out/b.tf")
    repository.commit()
    repository.git("sparse-checkout", "set", "in")
    selection = repository.discover(".")
    assert (found(selection), selection.searched, selection.diagnostics) == (["in/a.tf"], 1, ())


def test_a_conflict_counts_as_one_file(repository: Tree) -> None:
    repository.write("a.tf")
    repository.commit()
    repository.git("checkout", "-q", "-b", "other")
    repository.write("a.tf", KEY + "# other\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a.tf", KEY + "# main\n")
    repository.commit()
    assert subprocess.run(["git", "merge", "-q", "other"], cwd=repository.path, check=False, capture_output=True).returncode == 1
    selection = repository.discover(".")
    assert (found(selection), selection.searched) == (["a.tf"], 1)


def test_submodules_and_repositories_inside_are_not_ours(repository: Tree, tmp_path: Path) -> None:
    other = Tree(tmp_path / "other", git=True)
    other.write("m.tf")
    other.commit()
    repository.write("a.tf")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", other.root, "modules/m")
    Tree(repository.path / "clone", git=True).write("x.tf")
    repository.git("config", "submodule.recurse", "true")
    selection = repository.discover(".")
    assert (found(selection), selection.searched) == (["a.tf"], 1)


def test_a_submodule_may_be_named(repository: Tree, tmp_path: Path) -> None:
    other = Tree(tmp_path / "other", git=True)
    other.write("m.tf")
    other.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", other.root, "modules/m")
    repository.write("a.tf")
    assert found(repository.discover("modules/m")) == ["modules/m/m.tf"]
    assert found(repository.discover(".", "modules/m")) == ["a.tf", "modules/m/m.tf"]
    inside = repository.discover(".", cwd=str(repository.path / "modules" / "m"))
    assert (found(inside), inside.repository) == (["m.tf"], f"{repository.root}/modules/m")


def test_a_repository_is_the_same_one_from_outside(tmp_path: Path) -> None:
    inner = Tree(tmp_path / "inner", git=True)
    inner.write("infra/a.tf")
    for path in ("inner", "inner/infra", "inner/infra/a.tf"):
        selection = Tree(tmp_path, git=False).discover(path)
        assert (found(selection), selection.repository) == (["inner/infra/a.tf"], inner.root)
        assert selection.search.repositories == {"inner"}


def test_each_repository_in_a_plain_directory_is_searched_by_its_own_rules(tmp_path: Path) -> None:
    plain = Tree(tmp_path / "plain", git=False)
    plain.write("a.tf")
    for name in ("one", "deep/two"):
        inner = Tree(plain.path / name, git=True)
        inner.write(".gitignore", "b.tf\n")
        inner.write("a.tf")
        inner.write("b.tf", add=False)
        Tree(inner.path / "nested", git=True).write("n.tf")
    selection = plain.discover(".")
    assert (found(selection), selection.repository, selection.searched) == (["a.tf", "deep/two/a.tf", "one/a.tf"], None, 3)
    assert found(plain.discover(".", exclude=("/one", "/deep/two/"))) == ["a.tf"]


def test_a_linked_work_tree_is_a_repository(repository: Tree, tmp_path: Path) -> None:
    repository.write(".gitignore", "b.tf\n")
    repository.write("a.tf")
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Tree(tmp_path / "linked", git=False)
    linked.write("b.tf")
    selection = linked.discover(".")
    assert (found(selection), selection.repository) == (["a.tf"], linked.root)


@pytest.mark.parametrize("below", [".", "cdk.out"])
def test_an_ignored_directory_that_is_named_is_searched(repository: Tree, below: str) -> None:
    repository.write(".gitignore", "cdk.out/\n*.bak.yaml\n")
    repository.write("a.tf")
    repository.write("cdk.out/stack.template.json", TEMPLATE, add=False)
    repository.write("empty/x.md")
    repository.write("saved/x.bak.yaml", TEMPLATE, add=False)
    cwd = str(repository.path / below)
    name = "." if below == "cdk.out" else "cdk.out"
    assert [Path(f).name for f in found(repository.discover(name, cwd=cwd))] == ["stack.template.json"]
    assert found(repository.discover("cdk.out", "empty", "saved")) == ["cdk.out/stack.template.json"]
    assert found(repository.discover("saved")) == []
    assert found(repository.discover("saved/x.bak.yaml")) == ["saved/x.bak.yaml"]
    assert found(repository.discover(".")) == ["a.tf"]


def test_a_directory_that_became_a_link_out_of_the_root_is_not_followed(repository: Tree, tmp_path: Path) -> None:
    repository.write("moved/a.tf")
    repository.write("kept/a.tf")
    repository.commit()
    shutil.move(repository.path / "moved", tmp_path / "moved")
    (repository.path / "moved").symlink_to("../moved")
    shutil.rmtree(repository.path / "kept")
    (repository.path / "kept").symlink_to("real")
    repository.write("real/a.tf", add=False)
    selection = repository.discover(".")
    assert (found(selection), selection.search.aliases) == (["real/a.tf"], {"kept/a.tf": "real/a.tf"})
    assert [path for _, path, _ in complaints(selection)] == ["moved/a.tf"]


def test_a_hook_in_another_repository_does_not_disturb(repository: Tree, tmp_path: Path, monkeypatch: Patch) -> None:
    other = Tree(tmp_path / "other", git=True)
    other.write("o.tf")
    repository.write("a.tf")
    repository.write("b.tf", add=False)
    for name, value in (("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/next-index-1.lock"), ("GIT_WORK_TREE", "."), ("GIT_PREFIX", "x/")):
        monkeypatch.setenv(name, value if name == "GIT_PREFIX" else f"{other.root}/{value}")
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS"):
        monkeypatch.setenv(name, "1")
    selection = repository.discover(".")
    assert (found(selection), selection.diagnostics) == (["a.tf", "b.tf"], ())


@pytest.mark.parametrize(
    "arguments", [("commit", "-q", "-m", "x"), ("commit", "-q", "-m", "x", "-a"), ("commit", "-q", "-m", "x", "--", "new.tf")]
)
def test_inside_a_real_hook_new_and_changed_files_are_found(repository: Tree, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    repository.write("old.tf", "locals {}\n")
    repository.commit()
    repository.write("old.tf")
    repository.write("new.tf")
    hook = repository.path / ".git" / "hooks" / "pre-commit"
    script = "from posturio_iac.search import discover; print(*discover(['.'], cwd='.').terraform, file=open(r'{}', 'w'))"
    executable(hook, f'PYTHONPATH="{Path.cwd()}" exec {sys.executable} -c "{script.format(tmp_path / "seen")}"')
    repository.git(*arguments)
    assert (tmp_path / "seen").read_text() == "new.tf old.tf\n"


@pytest.mark.parametrize("options", ["grep.fullName", "grep.lineNumber", "grep.column", "core.quotePath", "submodule.recurse"])
def test_the_configuration_of_the_user_does_not_disturb(repository: Tree, options: str) -> None:
    repository.git("config", options, "true")
    repository.git("config", "grep.patternType", "perl")
    repository.git("config", "color.grep", "always")
    repository.write("sub/käse.tf")
    repository.write("sub/call.tf", 'source = "acme/iam"\n')
    selection = repository.discover("sub", cwd=str(repository.path), search_terms=(b"acme/iam",))
    assert found(selection) == ["sub/call.tf", "sub/käse.tf"]
    assert found(repository.discover(".", cwd=str(repository.path / "sub"), search_terms=(b"acme/iam",))) == ["call.tf", "käse.tf"]


def test_the_configuration_of_a_repository_starts_no_program(repository: Tree, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    program = executable(tmp_path / "program", f"touch {witness}")
    repository.write("a.tf")
    repository.write(".gitattributes", "* diff=x filter=x\n")
    for option in ("core.fsmonitor", "core.pager", "pager.grep", "diff.x.textconv", "filter.x.clean", "filter.x.smudge", "core.sshCommand"):
        repository.git("config", option, str(program))
    assert found(repository.discover(".")) == ["a.tf"]
    assert not witness.exists()


def test_without_git_ignored_files_are_searched_too_and_that_is_said(repository: Tree, monkeypatch: Patch, tmp_path: Path) -> None:
    repository.write(".gitignore", "b.tf\n")
    repository.write("a.tf")
    repository.write("b.tf", add=False)
    Tree(repository.path / "nested", git=True).write("n.tf")
    monkeypatch.setenv("PATH", str(tmp_path))
    selection = repository.discover(".")
    assert found(selection) == ["a.tf", "b.tf"]
    why = "git cannot be started: there is no git on PATH outside of the scanned folder"
    said = f"git cannot list the files of {repository.root}, so ignored files are searched too: {why}"
    assert complaints(selection) == [("warning", None, said)]


def test_a_damaged_index_falls_back_to_a_walk(repository: Tree) -> None:
    repository.write("a.tf")
    (repository.path / ".git" / "index").write_bytes(b"nonsense" * 9)
    selection = repository.discover(".")
    assert found(selection) == ["a.tf"]
    ((level, path, message),) = complaints(selection)
    assert (level, path) == ("warning", None)
    assert "index" in message


def test_a_repository_of_another_user_falls_back_to_a_walk(repository: Tree, monkeypatch: Patch) -> None:
    repository.write("a.tf")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    selection = repository.discover(".")
    assert found(selection) == ["a.tf"]
    ((level, _, message),) = complaints(selection)
    assert level == "warning"
    said = f"detected dubious ownership in repository at '{repository.root}'"
    assert message.endswith(f"{said}; if you trust it: git config --global --add safe.directory {repository.root}")


def test_git_that_fails_without_a_word_falls_back_to_a_walk(repository: Tree, monkeypatch: Patch) -> None:
    repository.write("a.tf")
    monkeypatch.setattr(git_tree, "run", lambda commands, environment: [(-9, b"", b"") for _ in (commands, environment)])
    selection = repository.discover(".")
    assert found(selection) == ["a.tf"]
    assert complaints(selection)[0][2].endswith("git failed and did not say why")


def test_a_complaint_of_git_is_passed_on(repository: Tree, monkeypatch: Patch) -> None:
    repository.write("a.tf")
    real_run = git_tree.run

    def run(commands: Sequence[list[str | bytes]], environment: Mapping[str, str]) -> list[git_tree.Exited]:
        return [(code, output, b"warning: strange weather\n") for code, output, _ in real_run(commands, environment)]

    monkeypatch.setattr(git_tree, "run", run)
    selection = repository.discover(".")
    assert (found(selection), complaints(selection)) == (["a.tf"], [("warning", None, "git says: strange weather")])


def test_names_with_tabs_are_whole(repository: Tree) -> None:
    repository.write("tracked\ta.tf")
    repository.write("untracked\tb.tf", add=False)
    unit = 'terraform {\n  source = "tfr:///terraform-aws-modules/iam/aws//modules/iam-user?version=5.34.0"\n}\n'
    repository.write("unit\there/terragrunt.hcl", unit, add=False)
    selection = repository.discover(".")
    assert found(selection) == ["tracked\ta.tf", "untracked\tb.tf"]
    assert selection.search.hcl == {"unit\there/terragrunt.hcl"}


def test_a_repository_without_an_index_is_searched(repository: Tree) -> None:
    repository.write("a.tf", add=False)
    assert found(repository.discover(".")) == ["a.tf"]


@pytest.mark.parametrize("open_refuses_links", [pytest.param(True, id="where open refuses links"), pytest.param(False, id="elsewhere")])
def test_a_file_that_became_a_link_is_one(repository: Tree, tmp_path: Path, monkeypatch: Patch, *, open_refuses_links: bool) -> None:
    if not open_refuses_links:
        monkeypatch.setattr(textfile, "_NO_LINK", 0)
    repository.write("a.tf").unlink()
    (tmp_path / "outside.tf").write_text(KEY)
    (repository.path / "a.tf").symlink_to("../outside.tf")
    assert found(repository.discover(".")) == []


@pytest.mark.parametrize("git_directory", ["empty directory", "file that names nothing"])
def test_a_directory_that_only_looks_like_a_repository_is_walked(tmp_path: Path, git_directory: str) -> None:
    plain = Tree(tmp_path / "plain", git=False)
    plain.write("a.tf")
    if git_directory == "empty directory":
        (plain.path / ".git").mkdir()
    else:
        (plain.path / ".git").write_text("gitdir: /nowhere\n")
    assert found(plain.discover(".")) == ["a.tf"]


def test_children_without_posix_spawn_do_the_same(repository: Tree, monkeypatch: Patch) -> None:
    repository.write(".gitignore", "b.tf\n")
    repository.write("a.tf")
    repository.write("b.tf", add=False)
    monkeypatch.delattr(os, "posix_spawnp")
    selection = repository.discover(".")
    assert (found(selection), selection.searched, selection.diagnostics) == (["a.tf"], 1, ())


def test_much_output_on_both_pipes_of_several_children_is_read() -> None:
    noisy: list[str | bytes] = ["sh", "-c", "head -c 300000 /dev/zero >&2; head -c 500000 /dev/zero; exit 3"]
    outcomes = git_tree.run([noisy, ["true"], noisy, ["sh", "-c", "kill -9 $$"]], os.environ)
    assert [(code, len(out), len(err)) for code, out, err in outcomes] == [(3, 500000, 300000), (0, 0, 0), (3, 500000, 300000), (-9, 0, 0)]


def open_files() -> set[str]:
    return {entry.name for entry in Path("/dev/fd").iterdir()}


def test_a_child_that_cannot_start_leaves_no_other_behind(monkeypatch: Patch) -> None:
    started: list[int] = []
    start = os.posix_spawnp

    def noted(*arguments: Any, **named: Any) -> int:
        started.append(start(*arguments, **named))
        return started[-1]

    monkeypatch.setattr(os, "posix_spawnp", noted)
    before = open_files()
    with pytest.raises(FileNotFoundError):
        git_tree.run([["sleep", "60"], ["no-such-program"]], os.environ)
    assert open_files() == before
    (sleeping,) = started
    with pytest.raises(ChildProcessError):
        os.waitpid(sleeping, os.WNOHANG)


def test_environment_that_the_user_chose_stays(monkeypatch: Patch) -> None:
    seen: dict[str, str] = {}

    def run(_: Sequence[list[str | bytes]], environment: Mapping[str, str]) -> list[git_tree.Exited]:
        seen.update(environment)
        return []

    monkeypatch.setattr(git_tree, "run", run)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "0")
    monkeypatch.setenv("GIT_DIR", "/x")
    git_search.run([])
    assert seen["GIT_CONFIG_COUNT"] == "0"
    assert "GIT_DIR" not in seen
    assert seen["LC_ALL"] == "C"
