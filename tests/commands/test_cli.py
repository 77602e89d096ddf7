"""What the command line says and what it answers."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posturio_iac import __version__
from posturio_iac.cli import main
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.host_ids import CFN_LINT, CHECKOV
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.rules import all_rules
from tests.support.command_line import KEY, MISSING, Capture, Patch, a_key, run
from tests.support.fixture_tools import FIXTURES

pytest_plugins = ["tests.support.cli_fixtures"]


@pytest.mark.usefixtures("tree", "found")
class TestFindings:
    @pytest.mark.parametrize(("level", "code"), [("low", 1), ("medium", 1), ("HIGH", 0), ("critical", 0), ("never", 0)])
    def test_the_threshold_decides_in_every_format(self, capsys: Capture, level: str, code: int) -> None:
        assert run(capsys, "scan", "--fail-on", level)[0] == run(capsys, "scan", "--fail-on", level, "--format", "json")[0] == code

    def test_select_and_ignore_take_ids_and_their_last_parts(self, capsys: Capture) -> None:
        assert MISSING not in run(capsys, "scan", "--ignore", f"{MISSING},ownerless-access-keys")[1]
        code, out, _ = run(capsys, "scan", "--select", "ownerless_access_keys")
        assert (code, out.count(" iam.")) == (0, 1)

    def test_quiet_and_verbose(self, capsys: Capture) -> None:
        assert "keys of" not in run(capsys, "scan", "--quiet")[1]
        assert "Clean:" in run(capsys, "scan", "--verbose", "--select", "root_access_keys")[1]

    def test_color_is_forced_or_forbidden(self, capsys: Capture, monkeypatch: Patch) -> None:
        assert "\x1b[" in run(capsys, "scan", "--color", "always")[1]
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in run(capsys, "scan")[1]
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in run(capsys, "scan")[1]


@pytest.mark.usefixtures("tree")
class TestOpenQuestions:
    def test_undetermined_keys_fail_only_when_strict(self, capsys: Capture, found: Callable[..., list[Any]]) -> None:
        found(a_key(unknown_sources=(AS_STATED("var.tags is set by the caller"),), owner="team"))
        code, out, _ = run(capsys, "scan")
        assert code == 0
        assert "Undetermined:\n  iam.tf:1:1: aws_iam_access_key.ci\n    var.tags is set by the caller\n" in out
        assert run(capsys, "scan", "--strict")[0] == 1
        assert run(capsys, "scan", "--strict", "--exit-zero")[0] == 0

    def test_incomplete_wins_over_findings_and_is_never_forgiven(self, capsys: Capture, found: Callable[..., list[Any]]) -> None:
        found(a_key(), diagnostics=(Diagnostic(Level.ERROR, "expected }", "b\x1b.tf", 7, 3), Diagnostic(Level.NOTE, "fine")))
        for extra in ((), ("--exit-zero",), ("--fail-on", "never")):
            code, out, err = run(capsys, "scan", *extra)
            assert code == 3
            assert MISSING in out
            assert "incomplete, 1 error" in out
            assert err == "note: fine\nb\\x1b.tf:7:3: error: expected }\n"
        assert run(capsys, "scan", "--quiet")[2] == "b\\x1b.tf:7:3: error: expected }\n"

    def test_the_code_of_a_crash_is_a_sentence(self, capsys: Capture, found: Callable[..., list[Any]]) -> None:
        found(error=ValueError("boom\nsecond line"))
        code, out, err = run(capsys, "scan")
        assert (code, "incomplete, 1 error" in out) == (3, True)
        assert err.count("\n") == 1
        assert "ValueError: boom\\nsecond line)" in err
        assert "report it" in err

    def test_debugging_shows_the_traceback(self, capsys: Capture, found: Callable[..., list[Any]], monkeypatch: Patch) -> None:
        found(error=ValueError("boom"))
        monkeypatch.setenv("POSTURIO_IAC_DEBUG", "1")
        assert main(["scan"]) == 3
        assert "Traceback" in capsys.readouterr().err

    @pytest.mark.parametrize("error", [RecursionError(), MemoryError(), OSError(errno.EIO, "input/output error")])
    def test_other_crashes_are_sentences_too(self, capsys: Capture, found: Callable[..., list[Any]], error: Exception) -> None:
        found(error=error)
        assert run(capsys, "scan")[0] == 3


@pytest.mark.usefixtures("tree")
class TestSettings:
    def test_options_reach_the_front_end(self, capsys: Capture, found: Callable[..., list[Any]], tree: Path) -> None:
        calls = found()
        (tree / "posturio-iac.toml").write_text('engine = "opentofu"\nvar_files = ["a.tfvars"]\n[names]\nowner = ["guild"]\n')
        (tree / "b.tfvars").touch()
        argv = ["--as-of", "2027-01-01", "--var-file", "b.tfvars", "--max-file-size", "1k", "--max-lifetime", "90d"]
        assert run(capsys, "scan", *argv)[0] == 0
        ((_, options),) = calls
        assert options.as_of.isoformat() == "2027-01-01T00:00:00+00:00"
        assert options.config.engine == "opentofu"
        assert options.config.var_files == (str(tree / "a.tfvars"), str(tree / "b.tfvars"))
        assert options.config.max_file_size == 1024
        assert "guild" in options.names.owner
        assert "team" in options.names.owner
        assert options.rule_ids == frozenset(all_rules())

    def test_the_command_line_wins_over_the_file(self, capsys: Capture, found: Callable[..., list[Any]], tree: Path) -> None:
        found(a_key())
        (tree / "posturio-iac.toml").write_text('fail_on = "never"\nignore = ["access_keys_without_lifetime"]')
        assert run(capsys, "scan")[0] == 0
        assert run(capsys, "scan", "--fail-on", "low")[0] == 1
        assert MISSING in run(capsys, "scan", "--select", MISSING)[1]
        assert MISSING in run(capsys, "scan", "--no-config")[1]
        (tree / "other.toml").write_text('fail_on = "medium"')
        assert run(capsys, "scan", "--config", "other.toml")[0] == 1

    @pytest.mark.usefixtures("found")
    def test_suppressions_of_the_file_can_be_switched_off(self, capsys: Capture, tree: Path) -> None:
        entry = '[[suppressions]]\nrule = "{}"\npath = "iam.tf"\nreason = "moves to roles"\nuntil = 2099-01-01\n'
        (tree / "posturio-iac.toml").write_text("".join(entry.format(rule) for rule in (MISSING, "ownerless_access_keys")))
        code, out, _ = run(capsys, "scan", "--verbose")
        assert (code, "configuration until 2099-01-01: moves to roles" in out) == (0, True)
        assert run(capsys, "scan", "--no-suppressions")[0] == 1

    @pytest.mark.usefixtures("found")
    def test_globs_of_the_file_count_from_its_folder(self, capsys: Capture, tree: Path) -> None:
        (tree / ".git").mkdir()
        (tree / ".git/HEAD").touch()
        (tree / "infra/a").mkdir(parents=True)
        (tree / "infra/a/iam.tf").write_text(KEY)
        (tree / "posturio-iac.toml").write_text('exclude = ["/infra/a/"]')
        assert "of 1 file" in run(capsys, "scan")[1]
        os.chdir(tree / "infra")
        assert "leaves out everything" in run(capsys, "scan")[2]
        os.chdir(tree)
        assert "leaves out everything" in run(capsys, "scan", "infra")[2]


MISTAKES = re.findall(r"^\$ posturio-iac (.*)$", (FIXTURES / "mistakes.out").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_sentence(capsys: Capture, monkeypatch: Patch, line: str) -> None:
    monkeypatch.chdir(FIXTURES / "access_keys_without_lifetime/flagged")
    code, out, err = run(capsys, *shlex.split(line))
    assert (code, out, err.count("\n"), err.startswith("posturio-iac: ")) == (2, "", 1, True)


WORDS = st.sampled_from(
    ["scan", "explain", "-", "--", "", ".", "gone", "--format", "json", "--output", "--strict", "--as-of", "--select", "=", "-x"]
)


@pytest.mark.usefixtures("tree", "found")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argv=st.lists(WORDS | st.text(st.characters(exclude_characters="\0/.\\"), max_size=8), max_size=5))
def test_no_command_line_ends_in_a_traceback(argv: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        err = io.StringIO()
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", err)
        patch.setattr("posturio_iac.commands.output.write", lambda _text, _target: "")
        patch.setattr("posturio_iac.commands.reporting.reports.write", lambda _text, _target: "")
        assert main(argv) in (0, 1, 2)
        assert "Traceback" not in err.getvalue()


class TestHelp:
    def test_no_command_is_a_mistake(self, capsys: Capture) -> None:
        code, out, err = run(capsys)
        assert (code, out) == (2, "")
        assert err.startswith("usage: posturio-iac COMMAND")

    @pytest.mark.parametrize("columns", [24, 60, 100])
    @pytest.mark.parametrize("command", ["scan", "live", "report", "explain", "adopt", "hook"])
    def test_help_is_as_wide_as_the_terminal(self, capsys: Capture, monkeypatch: Patch, command: str, columns: int) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))
        usage, *listed = run(capsys, command, "--help")[1].splitlines()
        assert usage.startswith(f"usage: posturio-iac {command} ")
        assert max(map(len, listed)) <= max(columns, 40)
        assert "  -h, --help" in "\n".join(listed)

    def test_help_of_a_command_is_that_of_the_command(self, capsys: Capture) -> None:
        for name in ("scan", "explain"):
            assert run(capsys, "help", name) == run(capsys, name, "--help") == run(capsys, name, "-h")
        assert run(capsys, "help", "nothing") == run(capsys, "help") == run(capsys, "--help") == run(capsys, "-h")
        assert run(capsys, "-h")[::2] == (0, "")

    def test_the_version(self, capsys: Capture) -> None:
        assert run(capsys, "--version") == (0, f"posturio-iac {__version__}\n", "")


@pytest.mark.usefixtures("tree")
class TestSelectedRules:
    def test_beside_one_that_code_can_break_they_are_not_in_the_way(self, capsys: Capture) -> None:
        assert run(capsys, "scan", "--select", "unused_access_keys", "--select", "access_keys_without_lifetime")[0] in (0, 1)


class TestExplain:
    @pytest.mark.parametrize("rule", all_rules())
    def test_every_rule_has_its_page(self, capsys: Capture, rule: str) -> None:
        code, out, _ = run(capsys, "explain", rule)
        assert code == 0
        assert out.startswith(f"{rule} (")
        assert all_rules()[rule].page in out
        assert run(capsys, "explain", rule.rpartition(".")[2])[1] == out

    @pytest.mark.parametrize(("host_id", "rule"), [(host_id, rule) for ids in (CHECKOV, CFN_LINT) for rule, host_id in ids.items()])
    def test_ids_of_other_linters_have_the_page_too(self, capsys: Capture, host_id: str, rule: str) -> None:
        assert run(capsys, "explain", host_id.lower())[1] == run(capsys, "explain", rule)[1]

    def test_a_part_of_an_id_is_enough_and_lists_the_rules_that_hold_it(self, capsys: Capture) -> None:
        assert run(capsys, "explain", "inert")[1].startswith("iam.inert_access_key_rotation (")
        out = run(capsys, "explain", "lifetime")[1]
        assert [line.split()[0] for line in out.splitlines()] == [rule for rule in all_rules() if "lifetime" in rule]


@pytest.mark.parametrize("words", ["scan", "hook a.tf", "fix --write", "adopt"])
def test_a_folder_that_is_gone_is_said(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (gone := tmp_path / "gone").mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(words.split()) == 3
    assert capsys.readouterr().err == "posturio-iac: the current folder no longer exists; change to one that does\n"
