"""Completion, in the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from posturio_iac.commands import COMMANDS
from posturio_iac.commands.completion import SHELLS, commands
from tests.support.command_line import Capture, run


def completion(capsys: Capture, shell: str) -> str:
    code, out, err = run(capsys, "completion", shell)
    assert (code, err) == (0, "")
    return out


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_there(capsys: Capture, shell: str) -> None:
    text = completion(capsys, shell)
    for name, command in commands().items():
        (line,) = (text,) if shell == "fish" else (line for line in text.splitlines() if line.startswith(f"    {name})"))
        for option in command.options:
            assert (f"-l {option.flag[2:]}" if shell == "fish" else option.flag) in line
            assert not option.short or (f"-s {option.short[1:]}" if shell == "fish" else option.short) in line
    assert commands().keys() == COMMANDS.keys()


TYPED = {
    "ba": "baseline",
    "scan --forma": "--format",
    "scan -f sa": "sarif",
    "live --group": "--group-by",
    "scan --select root": "root_access_keys",
    "explain inert": "inert_access_key_rotation",
    "policies ch": "checkov",
    "completion z": "zsh",
}
"""What is typed after the program, and the last word that it completes to: commands, options, and values of both."""


@needs("bash")
@pytest.mark.parametrize(("typed", "offered"), [*TYPED.items(), ("scan nothing-like-this", "")])
def test_bash_completes(capsys: Capture, tmp_path: Path, typed: str, offered: str) -> None:
    (tmp_path / "completion").write_text(completion(capsys, "bash"))
    script = 'source ./completion; COMP_WORDS=(posturio-iac "$@"); COMP_CWORD=$#; compopt() { :; }; _posturio_iac; echo "${COMPREPLY[*]}"'
    done = subprocess.run(["bash", "-c", script, "bash", *typed.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{offered}\n", "")


@needs("fish")
@pytest.mark.parametrize(("typed", "offered"), TYPED.items())
def test_fish_completes(capsys: Capture, tmp_path: Path, typed: str, offered: str) -> None:
    (tmp_path / "completion.fish").write_text(completion(capsys, "fish"))
    script = f'source completion.fish; complete -C "posturio-iac {typed}"'
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [offered]


@needs("zsh")
def test_zsh_completes(capsys: Capture, tmp_path: Path) -> None:
    """On a terminal, with the Tab key: the program is a function that prints its words, quoted so that the echo does not match."""
    import pty  # noqa: PLC0415 - not on Windows
    import select  # noqa: PLC0415

    (tmp_path / "completion").write_text(completion(capsys, "zsh"))
    terminal, inside = pty.openpty()
    environment = {"TERM": "dumb", "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=inside, stdout=inside, stderr=inside, cwd=tmp_path, env=environment, start_new_session=True
    )
    os.close(inside)

    def answer(line: str, end: str) -> str:
        os.write(terminal, f"{line}\n".encode())
        told = ""
        while end not in told and select.select([terminal], [], [], 30)[0]:
            told += os.read(terminal, 65536).decode("utf-8", "replace")
        return told

    try:
        answer("autoload -Uz compinit; compinit -u -D; source ./completion; print rea''dy", "ready")
        answer("posturio-iac() { print -r -- go''t=$* e''nd }; print ma''de", "made")
        for typed, offered in TYPED.items():
            told = answer(f"posturio-iac {typed}\t", " end")
            words = told.rpartition("got=")[2].partition(" end")[0].split()
            assert words == [*typed.split()[:-1], offered], told
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("completion",), "completion needs the shell: bash, zsh or fish"),
        (("completion", "zhs"), 'completion needs the shell: bash, zsh or fish, not "zhs"; did you mean "zsh"?'),
    ],
)
def test_a_shell_must_be_named(capsys: Capture, argv: tuple[str, ...], message: str) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err
