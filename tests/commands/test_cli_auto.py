"""``--format auto`` picks what the CI service shows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from posturio_iac.commands.ci_environment import source_url
from posturio_iac.core.finding import Diagnostic, Level
from tests.support.command_line import Capture, Patch, run

pytest_plugins = ["tests.support.cli_fixtures"]


@pytest.fixture
def github(monkeypatch: Patch, tmp_path: Path) -> Path:
    """GitHub Actions, with a summary that a step before has begun."""
    summary = tmp_path / "summary" / "step.md"
    summary.parent.mkdir()
    summary.write_text("# before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


@pytest.mark.usefixtures("tree", "found")
class TestAuto:
    def test_elsewhere_it_is_text(self, capsys: Capture) -> None:
        assert run(capsys, "scan", "--format", "auto")[1].startswith("iam.tf:1:1: aws_iam_access_key.ci\n")

    def test_in_github_actions_it_annotates_and_adds_to_the_summary(self, capsys: Capture, github: Path) -> None:
        code, out, _ = run(capsys, "scan", "--format", "auto")
        assert code == 1
        assert out.startswith("::error file=iam.tf,line=1,")
        before, _, added = github.read_text(encoding="utf-8").partition("\n")
        assert (before, added.splitlines()[0]) == ("# before", "## IAM access keys")

    def test_a_summary_that_cannot_be_written_is_incomplete(self, capsys: Capture, github: Path) -> None:
        github.unlink()
        github.parent.rmdir()
        code, _, err = run(capsys, "scan", "--format", "auto")
        assert (code, err) == (3, f"posturio-iac: cannot write {github}: no such file or directory\n")

    @pytest.mark.usefixtures("github")
    def test_without_a_summary_it_annotates(self, capsys: Capture, monkeypatch: Patch) -> None:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY")
        assert run(capsys, "scan", "--format", "auto")[1].startswith("::error ")

    def test_in_gitlab_ci_it_is_the_code_quality_report(self, capsys: Capture, monkeypatch: Patch, tree: Path) -> None:
        monkeypatch.setenv("GITLAB_CI", "true")
        assert run(capsys, "scan", "--format", "auto", "--output", "gl.json", "--format", "text")[1].startswith(
            "iam.tf:1:1: aws_iam_access_key.ci\n"
        )
        assert json.loads((tree / "gl.json").read_text())[0]["check_name"] == "iam.access_keys_without_lifetime"

    @pytest.mark.usefixtures("github")
    def test_other_reports_go_beside_it(self, capsys: Capture, tree: Path) -> None:
        out = run(capsys, "scan", "--format", "auto", "--format", "sarif", "--output", "r.sarif")[1]
        assert out.startswith("::error ")
        assert json.loads((tree / "r.sarif").read_text())["runs"][0]["invocations"][0]["exitCode"] == 1

    @pytest.mark.usefixtures("github")
    def test_the_default_is_text_everywhere(self, capsys: Capture) -> None:
        assert run(capsys, "scan")[1].startswith("iam.tf:1:1: aws_iam_access_key.ci\n")


@pytest.mark.usefixtures("found")
class TestPlaces:
    """Services know paths from the top of the repository, whatever folder the scan starts in."""

    @staticmethod
    def uri(tree: Path) -> str:
        found = json.loads((tree / "r.sarif").read_text())["runs"][0]["results"][0]
        return str(found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])

    @pytest.mark.parametrize("variable", [None, "GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
    def test_they_begin_at_the_top_of_the_work_tree_or_of_the_checkout(
        self, capsys: Capture, monkeypatch: Patch, tree: Path, variable: str | None
    ) -> None:
        if variable:
            monkeypatch.setenv(variable, str(tree))
        else:
            (tree / ".git").mkdir()
            (tree / ".git/HEAD").write_text("ref: refs/heads/main\n")
            (tree / ".git/objects").mkdir()
            (tree / ".git/refs").mkdir()
        (tree / "infra a").mkdir()
        os.rename(tree / "iam.tf", tree / "infra a" / "iam.tf")  # noqa: PTH104 - Path.rename returns what nobody needs
        monkeypatch.chdir(tree / "infra a")
        run(capsys, "scan", "--format", "sarif", "--output", "../r.sarif")
        assert self.uri(tree) == "infra%20a/iam.tf"
        assert run(capsys, "scan")[1].startswith("iam.tf:1:1:")

    def test_elsewhere_they_begin_at_the_scan_root(self, capsys: Capture, monkeypatch: Patch, tree: Path) -> None:
        monkeypatch.setenv("GITHUB_WORKSPACE", str(tree / "elsewhere"))
        run(capsys, "scan", "--format", "sarif", "--output", "r.sarif")
        assert self.uri(tree) == "iam.tf"


@pytest.mark.usefixtures("tree")
def test_what_goes_to_standard_error_is_no_command_either(capsys: Capture, found: Callable[..., object]) -> None:
    found(diagnostics=(Diagnostic(Level.WARNING, "odd ##[add-mask]x\n::error::pwned", "::error title=x::pwned.tf", 3),))
    _, out, err = run(capsys, "scan", "--format", "auto")
    assert err == "\\x3a:error title=x::pwned.tf:3: warning: odd \\x23#[add-mask]x\\n::error::pwned\n"
    assert "pwned" not in out


@pytest.mark.usefixtures("found")
def test_line_hashes_are_of_the_file_as_github_reads_it(capsys: Capture, tree: Path) -> None:
    from posturio_iac.render.sarif import LineHashes  # noqa: PLC0415 - only here

    code = (tree / "iam.tf").read_text()
    for data, expected in (
        (code.encode(), LineHashes(code)[0]),
        (b"\xef\xbb\xbf" + code.encode(), LineHashes("\ufeff" + code)[0]),
        (code.replace("\n", "\r\n").encode(), LineHashes(code)[0]),
        (code.encode("utf-16"), None),
    ):
        (tree / "iam.tf").write_bytes(data)
        run(capsys, "scan", "--format", "sarif", "--output", "r.sarif")
        results = json.loads((tree / "r.sarif").read_text())["runs"][0]["results"]
        assert [r.get("partialFingerprints", {}).get("primaryLocationLineHash") for r in results] == [expected] * len(results)
        assert results


@pytest.mark.usefixtures("tree", "found")
class TestSourceUrl:
    def test_results_say_where_the_code_can_be_read(self, capsys: Capture) -> None:
        url = "https://git.example.com/infra/blob/main/"
        document = json.loads(run(capsys, "scan", "--source-url", url, "--format", "json")[1])
        assert document["scope"]["source_url"] == f"{url}{{path}}#L{{line}}"
        assert "source_url" not in json.loads(run(capsys, "scan", "--format", "json")[1])["scope"]

    def test_an_address_that_is_none_of_the_web_is_refused(self, capsys: Capture) -> None:
        code, _, err = run(capsys, "scan", "--source-url", "javascript:x", "--format", "json")
        assert code == 2
        assert err.endswith('source_url must begin with https:// or http://, not "javascript:x"\n')


@pytest.mark.parametrize(
    ("given", "environment", "url"),
    [
        (None, {}, ""),
        ("https://x/y/{path}?l={line}", {}, "https://x/y/infra/a%20b/{path}?l={line}"),
        (
            None,
            {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/infra", "GITHUB_SHA": "0f"},
            "https://github.com/acme/infra/blob/0f/infra/a%20b/{path}#L{line}",
        ),
        (None, {"GITHUB_ACTIONS": "true"}, ""),
        (
            None,
            {"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.com/acme/infra", "CI_COMMIT_SHA": "0f"},
            "https://gitlab.com/acme/infra/-/blob/0f/infra/a%20b/{path}#L{line}",
        ),
        (
            "https://own",
            {"GITLAB_CI": "true", "CI_PROJECT_URL": "https://g", "CI_COMMIT_SHA": "0f"},
            "https://own/infra/a%20b/{path}#L{line}",
        ),
    ],
)
def test_services_say_where_the_code_can_be_read(given: str | None, environment: dict[str, str], url: str) -> None:
    assert source_url(given, "infra/a b/", environment) == url
