"""The further searches: who calls which local module, and where a text stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.search.module_calls import holding, local_calls
from tests.support.search_tree import KEY, MODES, Tree, make


@pytest.fixture(params=MODES)
def tree(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    return make(request.param, tmp_path / "tree", monkeypatch)


def call(source: str) -> str:
    return f'module "m" {{\n  source = {source}\n}}\n'


def test_every_way_to_write_a_local_source_is_understood(tree: Tree) -> None:
    tree.write("main.tf", call('"./modules/a"') + call('"./modules/b/"') + 'module "c" {\n\tsource\t=\t"./modules//c" # c\n}\n')
    tree.write("quoted.tofu", 'module d { source="./modules/d" }\n')
    tree.write("env/prod/x.tf", call('"../../modules/a"') + call('"../test"'))
    tree.write("env/prod/y.tf.json", '{"module": {"e": {"source":\n "../../modules/e"}, "f": {"source":"./f"}}}')
    tree.write("windows.tf", call('".\\\\modules\\\\g"'))
    tree.write("crlf.tf", call('"./modules/h"').replace("\n", "\r\n"))
    assert local_calls(tree.discover(".")) == (
        (".", "modules/a"),
        (".", "modules/b"),
        (".", "modules/c"),
        (".", "modules/d"),
        (".", "modules/g"),
        (".", "modules/h"),
        ("env/prod", "env/prod/f"),
        ("env/prod", "env/test"),
        ("env/prod", "modules/a"),
        ("env/prod", "modules/e"),
    )


def test_other_sources_and_other_files_are_no_local_calls(tree: Tree) -> None:
    tree.write("main.tf", call('"acme/a/aws"') + call('"git::https://example.com/a"') + call("local.source") + call('"./${var.a}"'))
    tree.write("file.tf", 'locals {\n  data_source = "./a"\n  x = file("./b")\n  source = "c"\n}\n')
    tree.write("main.yaml", "source: ./a\n")
    tree.write(".terraform/modules/m/x.tf", call('"./a"'))
    tree.write("vendor/x.tf", call('"./a"'))
    assert local_calls(tree.discover(".", exclude=("vendor/",))) == ()


def test_a_call_out_of_the_root_counts_inside_the_repository(tree: Tree) -> None:
    tree.write("env/x.tf", call('"../modules/a"') + call('"../../outside"') + call('"../"'))
    selection = tree.discover(".", cwd=str(tree.path / "env"))
    in_git = selection.repository is not None
    assert local_calls(selection) == (((".", ".."), (".", "../modules/a")) if in_git else ())


def test_all_of_the_scope_is_searched_and_nothing_else(tree: Tree) -> None:
    tree.write("a/keys.tf")
    tree.write("b/x.tf", call('"../a"'))
    tree.write("c/x.tf", call('"../a"'))
    tree.write("named.tf", call('"./a"'))
    assert local_calls(tree.discover("a", "b", "named.tf")) == ((".", "a"), ("b", "a"))
    assert local_calls(tree.discover(".")) == ((".", "a"), ("b", "a"), ("c", "a"))


def test_a_text_is_found_in_terraform_files(tree: Tree) -> None:
    tree.write("a.tf", KEY)
    tree.write("b/c.tofu", "aws_iam_user.ci")
    tree.write("d.tf.json", '{"aws_iam_user": {}}')
    tree.write("e.json", '{"aws_iam_user": {}}')
    tree.write("-f g.tf", "aws_iam_user")
    selection = tree.discover(".")
    assert holding(selection, (b"aws_iam_user",)) == ("-f g.tf", "b/c.tofu", "d.tf.json")
    assert holding(selection, (b"-nothing",)) == ()


def test_a_file_that_vanished_since_does_no_harm(tree: Tree) -> None:
    path = tree.write("a.tf", call('"./a"'))
    selection = tree.discover(".")
    path.unlink()
    assert set(local_calls(selection)) <= {(".", "a")}  # what was read before is still known


def test_who_calls_whom_is_asked_again_for_fewer_files(tree: Tree) -> None:
    tree.write("a/main.tf", call('"../m"'))
    tree.write("b/main.tf", call('"../m"'))
    selection = tree.discover(".")
    if selection.search.trees:
        pytest.skip("git has searched what it tracks, and knows nothing of fewer files")
    assert local_calls(selection) == (("a", "m"), ("b", "m"))
    selection.search.keep_only(frozenset(("a/main.tf",)))
    assert local_calls(selection) == (("a", "m"),)


def test_a_repository_inside_a_plain_directory_is_searched_again(tmp_path: Path) -> None:
    plain = Tree(tmp_path, git=False)
    Tree(tmp_path / "one", git=True).write("x.tf", call('"./a"'))
    assert local_calls(plain.discover(".")) == (("one", "one/a"),)


def test_symbolic_links_are_calls_of_their_own_directory(tree: Tree) -> None:
    tree.write("shared/main.tf.shared", call('"../modules/a"'))
    tree.link("env/main.tf", "../shared/main.tf.shared")
    assert local_calls(tree.discover(".")) == (("env", "modules/a"),)
