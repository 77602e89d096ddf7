"""A front end that is added from outside is searched, judged, hooked and reported, without a line about it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from posturio_iac import frontends
from posturio_iac.search import kinds
from tests.support.command_line import run
from tests.support.repository import AS_OF, Repository

TOY = frontends.FrontEnd(
    "toy",
    "toys",
    "toy",
    "tests.support.toy_front_end:read",
    frameworks=("toy",),
    impact="tests.support.toy_front_end:Impact",
    endings=("toy",),
    search_terms=(b"toy_key",),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(frontends, "FRONT_ENDS", frontends.FRONT_ENDS)
    before, endings, added = dict(frontends.FRONT_ENDS), dict(kinds._ENDINGS), dict(kinds._ADDED)
    frontends.register(TOY)
    yield
    for kept, original in ((frontends.FRONT_ENDS, before), (kinds._ENDINGS, endings), (kinds._ADDED, added)):
        kept.clear()
        kept.update(original)  # type: ignore[arg-type]  # each is put back as it was


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path)
    for name, text in {"a.toy": "toy_key one joe\n", "b.toy": "toy_key two ann 2027-01-31\n", "sub/c.toy": "nothing\n"}.items():
        made.write(name, text)
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.usefixtures("repository")
def test_its_keys_are_judged_and_reported(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "scan", "--as-of", AS_OF, "--format", "json")
    report = json.loads(out)
    assert code == 1
    seen = [(key["address"], key["framework"], key["verdict"]) for key in report["keys"]]
    assert seen == [("toy.one", "toy", "flagged"), ("toy.two", "toy", "clean")]
    assert [finding["rule"] for finding in report["findings"]] == ["iam.access_keys_without_lifetime"]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(("changed", "code", "shown"), [("a.toy", 1, "toy.one"), ("b.toy", 0, ""), ("sub/c.toy", 0, "")])
def test_the_hook_judges_what_changed(capsys: pytest.CaptureFixture[str], changed: str, code: int, shown: str) -> None:
    found, out, _ = run(capsys, "hook", "--as-of", AS_OF, changed)
    assert (found, "toy." in out) == (code, bool(shown))
    assert shown in out


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["text", "sarif", "junit", "github", "gitlab", "markdown", "csv"])
def test_every_format_shows_it(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert "toy.one" in run(capsys, "scan", "--as-of", AS_OF, "--format", name)[1]
