from __future__ import annotations

import importlib.metadata
import json
import re
from difflib import ndiff
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac import __version__
from posturio_iac.commands.adopt import files
from posturio_iac.commands.adopt.texts import short, with_hook
from posturio_iac.config.load import load
from posturio_iac.config.option_table import OPTIONS
from posturio_iac.errors import UsageError
from tests.support.command_line import Capture, Patch, run

MODULE = 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n'
HOOKS, CONFIGURATION = ".pre-commit-config.yaml", "posturio-iac.toml"
SET_UP = ("adopt", "--write", "config,hook")
EXISTING = """\
# Our hooks.
repos:
  - repo: https://example.com/hooks   # keep
    rev: "v1.0"
    hooks:
      - id: one
        args: [--a,
               --b]
      - id: two
        exclude: |
          a
          b

  # The end of the list.
fail_fast: true
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: Patch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def added(text: str) -> str:
    return with_hook(text, "https://example.com/posturio-iac", "v1", HOOKS)


def test_both_files_are_made_at_the_top_of_the_repository(top: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(top / "infra")
    code, out, _ = run(capsys, *SET_UP)
    assert code == 0
    assert "+    - id: posturio-iac" in out or "+  - id: posturio-iac" in out
    (repository,) = yaml.safe_load((top / HOOKS).read_text())["repos"]
    assert repository == {"repo": files.REPOSITORY, "rev": files.own_revision(), "hooks": [{"id": "posturio-iac"}]}
    assert (top / CONFIGURATION).read_text() == short()
    assert list((top / "infra").iterdir()) == []


def test_existing_hooks_are_kept_to_the_letter(top: Path, capsys: Capture) -> None:
    (top / HOOKS).write_text(EXISTING)
    assert run(capsys, "adopt", "--write", "config,hook", "--repo", "https://example.com/x", "--rev", "v9")[0] == 0
    text = (top / HOOKS).read_text()
    new = "  - repo: https://example.com/x\n    rev: v9\n    hooks:\n      - id: posturio-iac\n"
    assert text == EXISTING.replace("          b\n", f"          b\n{new}")


@pytest.mark.promise("budget")
def test_a_list_whose_values_are_shared_without_end_is_left_alone() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)) + "repos: []\n"
    with pytest.raises(UsageError, match="cannot be extended safely"):
        added(text)


def test_second_run_has_nothing_to_do(top: Path, capsys: Capture) -> None:
    run(capsys, *SET_UP)
    before = {name: (top / name).read_bytes() for name in (HOOKS, CONFIGURATION)}
    code, out, _ = run(capsys, "adopt")
    assert code == 0
    assert "nothing to do: the hook and a configuration are in place" in out
    assert before == {name: (top / name).read_bytes() for name in (HOOKS, CONFIGURATION)}


def test_an_installation_of_unknown_origin_writes_no_hook(top: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.setattr(files, "own_revision", lambda: None)
    code, _, err = run(capsys, *SET_UP)
    assert code == 2
    assert "--rev" in err
    assert not (top / HOOKS).exists()
    assert run(capsys, *SET_UP, "--rev", "v9")[0] == 0


@pytest.mark.parametrize(
    ("record", "revision"),
    [
        (None, f"v{__version__}"),
        ({"url": "https://example.com/x", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}, "c0ffee"),
        ({"url": "file:///nowhere", "dir_info": {}}, None),
        ({"url": "https://example.com/x.whl", "archive_info": {}}, None),
    ],
)
def test_the_hook_is_pinned_to_what_was_installed(monkeypatch: Patch, record: Any, revision: str | None) -> None:
    held = SimpleNamespace(read_text=lambda _name: None if record is None else json.dumps(record))
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _name: held)
    assert files.own_revision() == revision


@pytest.mark.parametrize(("name", "text"), [(CONFIGURATION, "strict = true\n"), ("pyproject.toml", "[tool.posturio-iac]\nstrict = true\n")])
def test_existing_configuration_is_left_alone(top: Path, capsys: Capture, name: str, text: str) -> None:
    (top / name).write_text(text)
    run(capsys, *SET_UP)
    assert (top / name).read_text() == text
    assert name == CONFIGURATION or not (top / CONFIGURATION).exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (CONFIGURATION, "max_lifetime_days = nan\n"),
        (CONFIGURATION, "max_lifetime_days ="),
        (CONFIGURATION, 'baseline = ["known.json"]\n'),
        ("pyproject.toml", "[tool.posturio-iac]\nfail_on = 1\n"),
    ],
)
def test_nothing_is_written_beside_a_configuration_that_is_refused(top: Path, capsys: Capture, name: str, text: str) -> None:
    (top / name).write_text(text)
    (top / "known.json").write_text("[]")
    code, out, err = run(capsys, *SET_UP)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert name in err or "known.json" in err
    assert not (top / HOOKS).exists()


@pytest.mark.parametrize("hook", ["posturio-iac", "posturio-iac-terraform", "posturio-iac-cloudformation"])
def test_any_of_our_hooks_is_enough(hook: str) -> None:
    text = f"repos:\n- repo: local\n  hooks:\n  - id: {hook}\n"
    assert added(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment\nrepos: []\n",
        "repos: [ ] # none yet\nfail_fast: true\n",
        "repos:\n- repo: a\n  hooks: [{id: b}]",
        "repos:\r\n- repo: a\r\n  hooks:\r\n  - id: b\r\n# end\r\n",
        "---\nrepos:\n    -   repo: a\n        hooks:\n        -   id: b\n...\n",
        "\ufeffrepos:\n- {repo: a, hooks: [{id: b}]}\n\n\nci: {}\n",
        "repos:\n- repo: a\n  hooks:\n  - id: b\n    files: >-\n      a # no comment\n\n# comment\n\ndefault_stages: [manual]\n",
        EXISTING,
    ],
)
def test_extended_text_holds_what_was_there_and_the_hook(text: str) -> None:
    after = added(text)
    before = yaml.safe_load(text) or {"repos": []}
    ours = {"repo": "https://example.com/posturio-iac", "rev": "v1", "hooks": [{"id": "posturio-iac"}]}
    assert yaml.safe_load(after) == before | {"repos": [*before["repos"], ours]}
    removed = [line for line in ndiff(text.splitlines(), after.splitlines()) if line.startswith("- ")]
    assert all(line.startswith("- repos: [") for line in removed)
    assert "\r\n" not in text or after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("repos: [{repo: a, hooks: []}]\n", 'cannot be extended safely; add {"repo": "https://example.com'),
        ("repos:\n- &a\n  repo: a\n  hooks:\n  - id: b\n- *a\n", "cannot be extended safely"),
        ("repos: {}\n", "has no list of repos"),
        ("- a\n", "has no list of repos"),
        ("fail_fast: true\n", "has no list of repos"),
        ("repos:\n- [\n", "is not valid YAML"),
        ("repos: &a\n- *a\n- *b\n", "is not valid YAML"),
    ],
)
def test_text_that_cannot_be_extended_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(complaint)):
        added(text)


def test_refused_file_is_untouched(top: Path, capsys: Capture) -> None:
    (top / HOOKS).write_bytes(b"repos: \xff")
    assert run(capsys, *SET_UP)[0] == 2
    assert (top / HOOKS).read_bytes() == b"repos: \xff"
    assert not (top / CONFIGURATION).exists()


NAMES = st.text("abc -#'\"[]{}:,&*!|>%@`\\éß\n\t", min_size=1, max_size=8)


@given(
    st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3)), max_size=4),
    st.sampled_from([None, False]),
    st.integers(2, 6),
    st.text("# \n", max_size=6),
)
def test_any_configuration_is_extended_or_refused(repositories: Any, flow: Any, indent: int, tail: str) -> None:
    data = {"repos": [{"repo": name, "hooks": [{"id": f"h{hook}"} for hook in hooks]} for name, hooks in repositories], "fail_fast": True}
    text = yaml.safe_dump(data, default_flow_style=flow, indent=indent, sort_keys=False, allow_unicode=True) + re.sub("[^\n#]+$", "", tail)
    try:
        before = yaml.safe_load(text)
        after = added(text)
    except (UsageError, yaml.YAMLError):
        return
    assert yaml.safe_load(after)["repos"][:-1] == before["repos"]
    assert flow is None or sorted(text.splitlines()) == sorted(line for line in text.splitlines() if line in after or "[]" in line)


def test_configuration_is_short_and_sets_what_holds_anyway(tmp_path: Path) -> None:
    for text, baseline in ((short(), ()), (short("known.json"), (str(tmp_path / "known.json"),))):
        assert len(text.splitlines()) < 6
        assert "docs/configuration.md" in text
        (tmp_path / CONFIGURATION).write_text(text)
        config = load(str(tmp_path / CONFIGURATION))
        assert all(getattr(config, option.name) == option.default for option in OPTIONS if option.name != "baseline")
        assert config.baseline == baseline


def test_folder_that_is_not_there_is_refused(capsys: Capture) -> None:
    assert run(capsys, "adopt", "nowhere")[0] == 2
