"""What every test shares: a clean environment, no network beyond this machine, and hypothesis' settings."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest

from tests.support.figures import record_passed

hypothesis.settings.register_profile("fixed", deadline=None, max_examples=50, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=500, print_blob=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("fixed")

LEAKY = ("AWS_", "CI", "CODEBUILD_", "FORCE_COLOR", "GIT_", "GITHUB_", "GITLAB_", "NO_COLOR", "POSTURIO_", "PRE_COMMIT", "TF_")
"""Starts of the names of environment variables that change what the tool, git or Terraform code does."""


MEMORY = 4 << 30
"""Bytes of address space that a process of the tests may take: a test that needs more fails with its program, and the machine lives."""


def pytest_configure() -> None:
    """Limit the memory of this process, a worker of xdist included, and of those that it starts."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such module
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let reports tell which promises of docs/security.md a test holds."""
    for item in items:
        item.user_properties += [("promise", mark.args[0]) for mark in item.iter_markers("promise")]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write down how many cases of each promise passed, where that is asked for."""
    if os.environ.get("POSTURIO_FIGURES"):
        record_passed([report for report in terminalreporter.stats.get("passed", []) if report.when == "call"])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, nor afterwards among what they are made of: a million objects that stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each test independent of where it runs: no CI service, cloud account, git or terminal settings."""
    for name in [n for n in os.environ if n.startswith(LEAKY)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.com")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse connections that leave this machine, so that no test depends on the network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            msg = f"a test tried to connect to {address[0]}"
            raise AssertionError(msg)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
