"""A configuration that comes with the code says what it does to the verdict, in every format, and cannot switch it off in silence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from posturio_iac.rules import all_rules
from tests.support.attacks import FORMATS, SOUND, put, scan, tracked
from tests.support.repository import Repository

pytestmark = pytest.mark.promise("configuration")

WEAK = """\
exclude = ["legacy/"]
fail_on = "high"
max_lifetime_days = 36500
ignore = ["ownerless_access_keys"]
[names]
expiry = ["Name"]
"""
RULES = len(all_rules())
SAID = (
    f"posturio-iac.toml lets keys live 36500 days, fails on high and critical only, checks only {RULES - 1} of {RULES} rules, leaves out "
    "1 folder and adds metadata names (1); --no-config ignores it"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, "sound.tf", SOUND)
    put(tmp_path, "legacy/a.tf", SOUND)
    return tmp_path


@pytest.mark.parametrize("more", [(), ("--quiet",)])
@pytest.mark.parametrize("name", sorted({*FORMATS} - {"concise"}))  # which says it on standard error
def test_what_a_configuration_does_is_said_in_every_format(root: Path, name: str, more: tuple[str, ...]) -> None:
    put(root, "posturio-iac.toml", WEAK)
    code, _, err = scan(root, *more, "--format", name, "--output", "report")
    assert code == 0
    report = (root / "report").read_text(encoding="utf-8").replace("\\-", "-").replace("\\.", ".").replace("\\_", "_")
    assert SAID in re.sub(r"</?span[^>]*>", "", report)
    assert SAID in err


def test_it_is_said_once_on_a_terminal(root: Path) -> None:
    put(root, "posturio-iac.toml", WEAK)
    _, out, err = scan(root)
    assert (out.count(SAID), err.count(SAID)) == (1, 0)


def test_files_are_counted_where_git_lists_them(tmp_path: Path) -> None:
    files = {f"legacy/{number}.tf": SOUND for number in range(12)}
    files |= {"legacy/k.sh": "aws iam create-access-key\n", "legacy/a.py": ""}  # only a program that makes keys counts
    tracked(tmp_path, files | {"sound.tf": SOUND, "posturio-iac.toml": 'exclude = ["legacy/"]\n'})
    assert "note: posturio-iac.toml leaves out 13 files; --no-config" in scan(tmp_path)[1]


@pytest.mark.parametrize("text", ["", 'fail_on = "low"\n', "max_lifetime_days = 30\n", 'exclude = ["nothing"]\n'])
def test_a_configuration_that_hides_nothing_is_not_told(root: Path, text: str) -> None:
    put(root, "posturio-iac.toml", text)
    _, out, err = scan(root)
    assert "posturio-iac.toml" not in out + err


def test_what_the_command_line_chooses_anew_is_not_told(root: Path) -> None:
    put(root, "posturio-iac.toml", 'fail_on = "never"\nignore = ["ownerless_access_keys"]\n')
    code, out, err = scan(root, "--fail-on", "medium", "--select", "access_keys_without_lifetime")
    assert (code, "posturio-iac.toml" in out + err) == (1, False)
    code, out, err = scan(root, "--config", "posturio-iac.toml")
    assert (code, "posturio-iac.toml" in out + err) == (0, False)
    code, out, err = scan(root, "--no-config")
    assert (code, "posturio-iac.toml" in out + err) == (1, False)


@pytest.mark.parametrize("pattern", ["**", "*", "*.tf", "/**"])
@pytest.mark.parametrize("file", ["posturio-iac.toml", "pyproject.toml"])
@pytest.mark.parametrize("git", [False, True])
def test_config_hides_everything(tmp_path: Path, pattern: str, file: str, git: bool) -> None:
    if git:
        Repository(tmp_path)
    put(tmp_path, "sound.tf", SOUND)
    put(tmp_path, "m/sound.tf", SOUND)
    table = "[tool.posturio-iac]\n" if file == "pyproject.toml" else ""
    put(tmp_path, file, f"{table}exclude = {json.dumps([pattern])}\n")
    code, out, err = scan(tmp_path)
    assert (code, out) == (2, "")
    assert "exclude leaves out everything; --no-config ignores it" in err


def test_a_configuration_that_leaves_no_rule_is_refused(root: Path) -> None:
    put(root, "posturio-iac.toml", f"ignore = {json.dumps(sorted(all_rules()))}\n")
    code, out, err = scan(root)
    assert (code, out, "select and ignore leave no rule to check" in err) == (2, "", True)


def test_excludes_of_the_command_line_may_leave_nothing(root: Path) -> None:
    assert scan(root, "--exclude", "**")[0] == 0


@pytest.mark.promise("changed configuration")
@pytest.mark.parametrize("name", sorted({*FORMATS} - {"concise"}))  # which says it on standard error
def test_a_configuration_that_changed_with_the_code_is_a_warning(tmp_path: Path, name: str) -> None:
    repository = tracked(tmp_path / "repository", {"a.txt": ""})
    base = repository.commit()
    repository.write("sound.tf", SOUND)
    repository.write("pyproject.toml", "[tool.posturio-iac]\nmax_lifetime_days = 30\n")
    repository.commit()
    scan(repository.path, "--changed-since", base, "--format", name, "--output", "report")
    report = (repository.path / "report").read_text(encoding="utf-8").replace("\\-", "-").replace("\\.", ".")
    assert "the configuration pyproject.toml changed together with the code that it applies to" in report


@pytest.mark.promise("changed configuration")
def test_a_configuration_that_changed_behind_a_link_or_went_is_a_warning(tmp_path: Path) -> None:
    files = {"policy/c.toml": "", "posturio-iac.toml": "-> policy/c.toml", "pyproject.toml": "[tool.posturio-iac]\n"}
    repository = tracked(tmp_path / "repository", files)
    base = repository.commit()
    repository.write("sound.tf", SOUND)
    repository.write("policy/c.toml", 'fail_on = "never"\n')
    repository.commit()
    _, out, _ = scan(repository.path, "--changed-since", base)
    assert "the configuration policy/c.toml changed together with the code that it applies to" in out
    repository.git("rm", "-q", "posturio-iac.toml")
    repository.write("pyproject.toml", "[tool.another]\n")
    told = scan(repository.path, "--changed-since", base)[1]
    assert all(f"the configuration {name} changed together" in told for name in ("posturio-iac.toml", "pyproject.toml"))


def test_a_configuration_that_did_not_change_is_no_warning(tmp_path: Path) -> None:
    repository = tracked(tmp_path / "repository", {"posturio-iac.toml": "max_lifetime_days = 30\n"})
    base = repository.commit()
    repository.write("sound.tf", SOUND)
    repository.commit()
    _, out, err = scan(repository.path, "--changed-since", base)
    assert "posturio-iac.toml" not in out + err
