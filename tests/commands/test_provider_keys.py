"""A scan without declared keys points to secret scanners where a provider holds a key itself, once and with the id masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import KEY, Capture, Patch, run

ID = "AKIA" + "ABCDEFGHIJKL" + "WXYZ"
PROVIDER = f'provider "aws" {{\n  region     = "eu-west-1"\n  access_key = "{ID}"\n}}\n'
SAID = ":3: the provider block contains the access key ****WXYZ itself; secret scanners such as gitleaks find keys in code\n"


def scanned(capsys: Capture, folder: Path, text: str, *more: str, name: str = "main.tf") -> str:
    """Return what a scan of one file says on standard error; it passes and prints no id."""
    (folder / name).write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "scan", str(folder), *more)
    assert code == 0
    assert ID not in out + err
    return err


@pytest.mark.parametrize("more", [(), ("--format", "json")])
def test_a_key_in_a_provider(capsys: Capture, tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "second.tf").write_text(PROVIDER, encoding="utf-8")
    assert scanned(capsys, tmp_path, PROVIDER, *more) == f"note: main.tf{SAID}"


def test_a_key_in_a_provider_in_json(capsys: Capture, tmp_path: Path) -> None:
    text = f'{{"provider": {{"aws": {{\n"region": "x",\n"access_key": "{ID}"}}}}}}'
    assert scanned(capsys, tmp_path, text, name="main.tf.json") == f"note: main.tf.json{SAID}"


@pytest.mark.parametrize(
    "text",
    [
        PROVIDER.replace(f'"{ID}"', "var.key"),
        PROVIDER.replace(ID, "AKIA"),
        PROVIDER.replace(ID, "mock_access_key"),
        PROVIDER.replace("  access_key", "  # access_key"),
        PROVIDER.replace('provider "aws"', "locals"),
        f"locals {{\n  text = <<EOT\n{PROVIDER}EOT\n}}\n",
    ],
)
def test_no_key_in_a_provider(capsys: Capture, tmp_path: Path, text: str) -> None:
    assert scanned(capsys, tmp_path, text) == ""


def test_quiet_is_quiet(capsys: Capture, tmp_path: Path) -> None:
    assert scanned(capsys, tmp_path, PROVIDER, "--quiet") == ""


def test_a_scan_with_keys_says_nothing_of_it(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(PROVIDER + KEY, encoding="utf-8")
    code, _, err = run(capsys, "scan", str(tmp_path))
    assert (code, err) == (1, "")


@pytest.mark.parametrize(
    ("more", "changed", "expected"), [((), "main.tf", f"note: main.tf{SAID}"), ((), "other.tf", ""), (("-q",), "main.tf", "")]
)
def test_a_hook_says_so_of_files_that_change(
    capsys: Capture, tmp_path: Path, monkeypatch: Patch, more: tuple[str, ...], changed: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.tf").write_text(PROVIDER, encoding="utf-8")
    (tmp_path / "other.tf").write_text(KEY, encoding="utf-8")
    _, out, err = run(capsys, "hook", *more, changed)
    assert err == expected
    assert ID not in out
