"""Exclusions mean what git's own ignore rules mean."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from posturio_iac.core.text.gitignore import Exclusions
from posturio_iac.errors import UsageError
from tests.support.search_tree import Tree

NAMES = ("a", "b", "ab", "a.b", "-", "[", "\\")
PATHS = (*NAMES, *(f"d{n}/{m}" for n in NAMES for m in NAMES), *(f"d{n}/e/{m}" for n in NAMES for m in NAMES))
PARTS = ("a", "b", "d", "e", ".", "*", "**", "/", "/**/", "?", "[", "[ab]", "[!a]", "[^b]", "[a-b]", "[]-]", "[\\]]", "!", "\\", "-", "]")


@pytest.fixture(scope="module")
def ignoring(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    tree = Tree(tmp_path_factory.mktemp("ignoring"), git=True)
    for path in PATHS:
        tree.write(path, "", add=False)
    return tree


def ignored(tree: Tree, patterns: list[str]) -> set[str]:
    """Ask git which of the paths the patterns ignore."""
    (tree.path / ".gitignore").write_text("".join(f"{p}\n" for p in patterns))
    asked = "\0".join(PATHS).encode()
    command = ["git", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, cwd=tree.path, input=asked, capture_output=True, check=False)
    return set(done.stdout.decode().split("\0")) - {""}


@given(st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("".join), min_size=1, max_size=3))
def test_a_pattern_excludes_what_git_ignores(ignoring: Tree, patterns: list[str]) -> None:
    assume(not any(p.removeprefix("!").startswith("./") for p in patterns))
    try:
        exclusions = Exclusions(patterns)
    except UsageError:
        reject()
    assert {p for p in PATHS if exclusions.cover(p)} == ignored(ignoring, patterns)


@pytest.mark.parametrize(
    ("patterns", "excluded"),
    [
        (["./vendor/"], {"vendor/x.tf", "a/vendor/x.tf"}),
        (["vendor/"], {"vendor/x.tf", "a/vendor/x.tf"}),
        (["/vendor"], {"vendor/x.tf"}),
        (["a/*/x.tf"], {"a/vendor/x.tf"}),
        (["?.tf"], {"a/y.tf", "vendor/x.tf", "a/vendor/x.tf"}),
        (["?/y.tf", "/vendor?x.tf"], {"a/y.tf"}),
        (["\\y.tf", "vendo[!a-q]/"], {"a/y.tf", "vendor/x.tf", "a/vendor/x.tf"}),
        (["a/**"], {"a/vendor/x.tf", "a/y.tf"}),
        (["**/y.tf", ""], {"a/y.tf"}),
        (["a/", "!a/y.tf"], {"a/vendor/x.tf", "a/y.tf"}),
        (["a/*", "!a/y.tf"], {"a/vendor/x.tf"}),
        (["*.TF"], set()),
        (["/"], set()),
    ],
)
def test_examples(patterns: list[str], excluded: set[str]) -> None:
    exclusions = Exclusions(patterns)
    assert {p for p in ("vendor/x.tf", "a/vendor/x.tf", "a/y.tf") if exclusions.cover(p)} == excluded


@pytest.mark.parametrize("pattern", ["a[", "a\\", "[b-a]", "[!", "[a", "x/[\\"])
def test_a_pattern_that_cannot_be_read_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        Tree(tmp_path, git=False).discover(".", exclude=("ok", pattern))
    assert str(caught.value).startswith(f'the exclude pattern "{pattern}" cannot be read')


def test_a_hyphen_may_end_a_range() -> None:
    """Hypothesis found ``--`` in brackets, which Python reads as a difference of sets some day."""
    assert Exclusions(["[+--]"]).cover("-")
    assert not Exclusions(["[+--]"]).cover("a")
    with pytest.raises(UsageError):
        Exclusions(["[a--[ab]"])
