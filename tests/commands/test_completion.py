"""Completion, in the shells that are here."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from posturio_iac.commands import COMMANDS
from posturio_iac.commands.completion import SHELLS, commands
from tests.support.command_line import run

if TYPE_CHECKING:
    from pathlib import Path


def completion(capsys: pytest.CaptureFixture[str], shell: str) -> str:
    code, out, err = run(capsys, "completion", shell)
    assert (code, err) == (0, "")
    return out


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_there(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    text = completion(capsys, shell)
    for name, command in commands().items():
        (line,) = (text,) if shell == "fish" else (line for line in text.splitlines() if line.startswith(f"    {name})"))
        for option in command.options:
            assert (f"-l {option.flag[2:]}" if shell == "fish" else option.flag) in line
            assert not option.short or (f"-s {option.short[1:]}" if shell == "fish" else option.short) in line
    assert commands().keys() == COMMANDS.keys()


@needs("bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ba"], "baseline"),
        (["scan", "--forma"], "--format"),
        (["scan", "-f", "sa"], "sarif"),
        (["live", "--group"], "--group-by"),
        (["scan", "--select", "root"], "root_access_keys"),
        (["explain", "inert"], "inert_access_key_rotation"),
        (["policies", "ch"], "checkov"),
        (["completion", "z"], "zsh"),
        (["scan", "nothing-like-this"], ""),
    ],
)
def test_bash_completes(capsys: pytest.CaptureFixture[str], tmp_path: Path, typed: list[str], offered: str) -> None:
    (tmp_path / "completion").write_text(completion(capsys, "bash"))
    script = 'source ./completion; COMP_WORDS=(posturio-iac "$@"); COMP_CWORD=$#; compopt() { :; }; _posturio_iac; echo "${COMPREPLY[*]}"'
    done = subprocess.run(["bash", "-c", script, "bash", *typed], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{offered}\n", "")


@needs("fish")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("ba", "baseline"), ("scan --forma", "--format"), ("scan -f sa", "sarif"), ("explain inert", "inert_access_key_rotation")],
)
def test_fish_completes(capsys: pytest.CaptureFixture[str], tmp_path: Path, typed: str, offered: str) -> None:
    (tmp_path / "completion.fish").write_text(completion(capsys, "fish"))
    script = f'source completion.fish; complete -C "posturio-iac {typed}"'
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [offered]


@needs("zsh")
def test_zsh_completes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each call of `_arguments` is made with its arguments printed, since completing needs a terminal."""
    (tmp_path / "completion").write_text(completion(capsys, "zsh"))
    script = (
        "compdef() { :; }; source ./completion; _arguments() { print -rl -- $@; }; CURRENT=3; words=(posturio-iac scan ''); _posturio_iac"
    )
    done = subprocess.run(["zsh", "-f", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    listed = done.stdout.splitlines()
    assert done.stderr == ""
    assert "*-f[Report format; auto detects the CI service; repeatable, each with its own --output]:NAME:" in listed[0]
    assert "--strict[Exit with 1 for undetermined keys too]" in listed


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("completion",), "completion needs the name of a shell: bash, zsh, fish"),
        (("completion", "zhs"), 'there is no completion for "zhs"; did you mean "zsh"?'),
    ],
)
def test_a_shell_must_be_named(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], message: str) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err
