"""What the tests of the command line run on; they name this module as a plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from posturio_iac.core.finding import Diagnostic
from posturio_iac.frontends import Reading
from tests.support.command_line import KEY, a_key
from tests.support.repository import Repository


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one key, which is the current one."""
    (tmp_path / "iam.tf").write_text(KEY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Let the Terraform front end find what a test says, and keep the options that it was given."""

    def install(*keys: Any, diagnostics: tuple[Diagnostic, ...] = (), error: BaseException | None = None) -> list[Any]:
        calls: list[Any] = []

        def read(selection: object, options: object, _roots: object = None) -> Reading:
            calls.append((selection, options))
            if error is not None:
                raise error
            return Reading(keys, diagnostics)

        monkeypatch.setitem(sys.modules, "posturio_iac.frontends.terraform.reader", SimpleNamespace(read=read))
        return calls

    templates = SimpleNamespace(read=lambda _selection, _options: Reading())
    monkeypatch.setitem(sys.modules, "posturio_iac.frontends.cloudformation.reader", templates)
    install(a_key())
    return install


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty one, which is the current folder."""
    made = Repository(tmp_path / "repository")
    monkeypatch.chdir(made.path)
    return made
