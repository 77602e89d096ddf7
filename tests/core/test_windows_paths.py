"""Paths as Windows has them: what reports, globs and configurations hold is written with slashes, whatever the machine writes.

Windows itself is not needed: the functions see its rules for paths in place of this machine's.
"""

from __future__ import annotations

import ntpath
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from posturio_iac.commands import ci_environment
from posturio_iac.commands import report as files
from posturio_iac.config import Config
from posturio_iac.core.text import gitignore, textfile

ROOT = r"C:\src\infra"


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the modules under test see the paths of Windows; no link of this machine is followed."""
    names: dict[str, Any] = {name: getattr(ntpath, name) for name in dir(ntpath) if not name.startswith("_")}
    path = SimpleNamespace(
        **names
        | {"realpath": lambda path: ntpath.normpath(ntpath.join(ROOT, path)), "isdir": lambda _path: False, "lexists": lambda _path: True}
    )
    made = SimpleNamespace(path=path, sep="\\", curdir=".", pardir="..", getcwd=lambda: ROOT)
    modules: tuple[ModuleType, ...] = (ci_environment, files, gitignore, textfile)
    for module in modules:
        monkeypatch.setattr(module, "os", made)


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("root", "top", "found"),
    [
        (r"C:\src\infra\envs\prod", r"C:\src\infra", "envs/prod/"),
        (r"C:\src\infra", r"C:\src\infra", ""),
        (r"D:\elsewhere", r"C:\src\infra", ""),
        (r"C:\src\infrastructure", r"C:\src\infra", ""),
    ],
)
def test_what_leads_to_the_scan_root_has_slashes(root: str, top: str, found: str) -> None:
    assert ci_environment.prefix(root, top, {}) == found
    assert ci_environment.source_url("https://x", found, {}) == f"https://x/{found}{{path}}#L{{line}}"


@pytest.mark.usefixtures("windows")
def test_a_checkout_of_a_service_is_found() -> None:
    assert ci_environment.prefix(r"C:\src\infra\envs", None, {"GITHUB_WORKSPACE": r"C:\src\infra"}) == "envs/"


@pytest.mark.usefixtures("windows")
def test_what_was_scanned_is_named_with_slashes() -> None:
    selection: Any = SimpleNamespace(root=ROOT, repository=ROOT, search=SimpleNamespace(left_out=()))
    for words, paths in (([r"modules\user", "envs"], ("envs", "modules/user")), ([], (".",))):
        assert ci_environment.scope(ROOT, selection, words, Config(), narrowed=False, source_url="").paths == paths


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("folder", "root", "covered"),
    [
        (r"C:\src\infra", r"C:\src\infra", ["legacy/a/x.tf", "b/y.bak", "a [1]/b/y.bak"]),
        (r"C:\src\infra\a [1]", r"C:\src\infra", ["a [1]/legacy/x.tf", "a [1]/b/y.bak"]),
        (r"C:\src\infra", r"C:\src\infra\legacy", ["legacy/a/x.tf", "a [1]/legacy/x.tf", "b/y.bak", "a [1]/b/y.bak", "x.tf"]),
        (r"D:\other", r"C:\src\infra", ["legacy/a/x.tf", "b/y.bak", "a [1]/b/y.bak"]),
    ],
)
def test_globs_of_a_configuration_count_from_its_folder(folder: str, root: str, covered: list[str]) -> None:
    exclusions = gitignore.Exclusions((), ("legacy/**", "*.bak"), folder, root)
    paths = ("legacy/a/x.tf", "a [1]/legacy/x.tf", "b/y.bak", "a [1]/b/y.bak", "x.tf")
    assert [path for path in paths if exclusions.cover(path)] == [path for path in paths if path in covered]


@pytest.mark.usefixtures("windows")
def test_results_are_named_without_the_folders_of_the_machine() -> None:
    unread: list[Any] = []
    named = [shown for _, shown in files._named([r"results\live.json", r"C:\Users\joe\code.json", r"results\..\results\live.json"], unread)]
    assert named == ["results/live.json", "code.json"]
    assert unread == []
