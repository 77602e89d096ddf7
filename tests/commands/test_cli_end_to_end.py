"""From the command line to the result, on standard input and with nothing faked."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from posturio_iac.cli import main
from tests.support import canned
from tests.support.command_line import KEY, MISSING, SCHEMA, Capture, Patch, run, shown
from tests.support.search_tree import Tree

pytest_plugins = ["tests.support.cli_fixtures"]


class TestStandardInput:
    USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = { expires = "2027-01-31", owner = "payments" }\n}\n'

    def feed(self, monkeypatch: Patch, data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    @pytest.mark.parametrize(
        ("name", "text", "found"),
        [
            ("infra/user.tf", USER.replace("2027", "2025"), [("infra/user.tf", "expired_access_keys")]),
            ("infra/user.tf", "", [("infra/key.tf", "access_keys_without_lifetime"), ("infra/key.tf", "ownerless_access_keys")]),
            ("infra/key.tf", "", []),
            (
                "infra/new.tf",
                KEY.replace('"ci" {', '"new" {'),
                [(f"infra/{name}.tf", "multiple_active_access_keys") for name in ("key", "new")],
            ),
            ("other/new.tf", KEY, [("other/new.tf", "access_keys_without_lifetime"), ("other/new.tf", "ownerless_access_keys")]),
        ],
    )
    def test_it_stands_for_the_file_of_its_name(
        self, capsys: Capture, tmp_path: Path, monkeypatch: Patch, name: str, text: str, found: list[tuple[str, str]]
    ) -> None:
        """The rest of its module is read from the disk, and other modules do not count."""
        for folder in ("infra", "elsewhere"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "key.tf").write_text(KEY.replace('"ci"\n', "aws_iam_user.ci.name\n"))
        (tmp_path / "infra/user.tf").write_text(self.USER)
        monkeypatch.chdir(tmp_path)
        self.feed(monkeypatch, text.replace('user = "ci"', "user = aws_iam_user.ci.name").encode())
        _, out, _ = run(capsys, "scan", "--as-of", "2026-11-24", "-f", "json", "-", "--stdin-filename", name)
        report = json.loads(out)
        assert [(f["path"], f["rule"].partition(".")[2]) for f in report["findings"]] == found
        assert (tmp_path / "infra/user.tf").read_text() == self.USER

    def test_alone_it_is_in_no_folder(self, capsys: Capture, tree: Path, found: Callable[..., list[Any]], monkeypatch: Patch) -> None:
        calls = found(canned.key("aws_iam_access_key.ci", canned.span("stdin.tf")))
        self.feed(monkeypatch, KEY.encode())
        code, out, _ = run(capsys, "scan", "-")
        ((selection, _),) = calls
        assert (code, selection.terraform) == (1, ("stdin.tf",))
        assert '  1 | resource "aws_iam_access_key" "ci" {\n' in out
        assert sorted(path.name for path in tree.iterdir()) == ["iam.tf"]
        assert not Path(selection.root).exists()

    @pytest.mark.usefixtures("tree", "found")
    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (("-", "infra"), "cannot be combined with other paths"),
            (("-", "--stdin-filename", "../x.tf"), "must be a relative path below this folder"),
            (("-", "--stdin-filename", "/x.tf"), "must be a relative path below this folder"),
            (("--stdin-filename", "x.tf"), "add the path -"),
        ],
    )
    def test_wrong_uses_are_refused(self, capsys: Capture, monkeypatch: Patch, argv: tuple[str, ...], message: str) -> None:
        self.feed(monkeypatch, b"")
        code, _, err = run(capsys, "scan", *argv)
        assert code == 2
        assert message in err

    @pytest.mark.usefixtures("tree", "found")
    def test_it_may_be_closed(self, capsys: Capture, monkeypatch: Patch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        assert run(capsys, "scan", "-") == (2, "", "posturio-iac: standard input is closed\n")

    def test_globs_of_the_configuration_hold_for_it(
        self, capsys: Capture, tree: Path, found: Callable[..., list[Any]], monkeypatch: Patch
    ) -> None:
        found(canned.key("aws_iam_access_key.ci", canned.span("infra/x.tf")))
        (tree / "posturio-iac.toml").write_text(
            f'[[suppressions]]\nrule = "{MISSING}"\npath = "/infra/*.tf"\nreason = "moves to roles"\nuntil = 2099-01-01\n'
        )
        self.feed(monkeypatch, KEY.encode())
        assert run(capsys, "scan", "-", "--stdin-filename", "infra/x.tf")[0] == 0


class TestEndToEnd:
    """Nothing is faked here."""

    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: Patch) -> Path:
        (tmp_path / ".github").mkdir()
        (tmp_path / ".github/CODEOWNERS").write_text("/app/ @acme/payments\n")
        (tmp_path / "app").mkdir()
        (tmp_path / "app/main.tf").write_text(
            'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n\n'
            'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n\n'
            f'# posturio:ignore[{MISSING}] reason="moves to roles"\n'
            'resource "aws_iam_access_key" "old" {\n  user = aws_iam_user.old.name\n}\n\n'
            'resource "aws_iam_user" "old" {\n  name = "old"\n}\n\n'
            'resource "aws_iam_access_key" "late" {\n  user = aws_iam_user.late.name\n}\n\n'
            'resource "aws_iam_user" "late" {\n  name = "late"\n  tags = { "acme:sunset" = "2026-01-31" }\n}\n\n'
        )
        (tmp_path / "stack.yaml").write_text(
            "Resources:\n  User:\n    Type: AWS::IAM::User\n"
            "  Key:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: !Ref User\n"
        )
        (tmp_path / "posturio-iac.toml").write_text('[names]\nprefixes = ["acme"]\nexpiry = ["sunset"]\n')
        monkeypatch.chdir(tmp_path)
        return tmp_path

    @pytest.mark.usefixtures("repository")
    def test_findings_of_both_worlds(self, capsys: Capture) -> None:
        code, out, err = run(capsys, "scan", "--as-of", "2026-11-24", "--format", "json")
        report = json.loads(out)
        jsonschema.validate(report, SCHEMA)
        assert (code, "adds metadata names (2)" in err) == (1, True)
        assert [(f["path"], f["line"], f["rule"].rpartition(".")[2], "suppressed" in f) for f in report["findings"]] == [
            ("app/main.tf", 5, "access_keys_without_lifetime", False),
            ("app/main.tf", 10, "access_keys_without_lifetime", True),
            ("app/main.tf", 24, "expired_access_keys", False),
            ("stack.yaml", 4, "access_keys_without_lifetime", False),
            ("stack.yaml", 4, "ownerless_access_keys", False),
        ]
        assert report["keys"][0]["owner"] == "@acme/payments"
        assert (report["summary"]["keys"], report["summary"]["flagged"], report["summary"]["suppressed"]) == (4, 3, 1)

    @pytest.mark.usefixtures("repository")
    def test_the_time_of_the_run_decides(self, capsys: Capture) -> None:
        assert "expired_access_keys" not in run(capsys, "scan", "--as-of", "2026-01-31")[1]
        assert "expired_access_keys" in run(capsys, "scan", "--as-of", "2026-02-01")[1]

    def test_a_syntax_error_is_placed_and_the_rest_is_judged(self, capsys: Capture, repository: Path) -> None:
        with (repository / "app/main.tf").open("a") as file:
            file.write('resource "aws_s3_bucket" "b" {\n  bucket = = 1\n}\n')
        code, out, err = run(capsys, "scan")
        assert code == 3
        assert err.startswith("app/main.tf:2")
        assert ": error: " in err
        assert ("app/main.tf:5:1", "MEDIUM", MISSING) in shown(out)

    def test_parameters_and_custom_types_reach_the_templates(self, capsys: Capture, repository: Path) -> None:
        (repository / "posturio-iac.toml").write_text('custom_types = ["Custom::Robot"]')
        (repository / "robot.yaml").write_text("Resources:\n  Robot:\n    Type: Custom::Robot\n    Properties: {UserName: ci}\n")
        out = run(capsys, "scan", "robot.yaml")[1]
        assert "in 1 key of 1 file" in out
        code, _, err = run(capsys, "scan", "robot.yaml", "--parameters", "gone.json")
        assert code == 2
        assert "gone.json" in err


USED = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n'
TEMPLATE = "Resources:\n  Bot: {Type: AWS::IAM::User}\n  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref Bot}}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Tree:
    """A repository with a key in Terraform, in a template and in a submodule that a root module calls."""
    library = Tree(tmp_path / "library", git=True)
    library.write("main.tf", USER + USED)
    library.commit()
    made = Tree(tmp_path / "work" / "repository", git=True)
    made.write("infra/user.tf", USER)
    made.write("infra/key.tf", USED)
    made.write("stack.yaml", TEMPLATE)
    made.write(".github/CODEOWNERS", "infra/ @platform\n")
    made.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.root, "vendor")
    made.write("app/main.tf", 'module "user" {\n  source = "../vendor"\n}\n')
    return made


def scanned(path: str, capsys: Capture, *, below: str = "") -> list[tuple[Any, ...]]:
    """The findings, without the folder that leads to the repository."""
    main(["scan", "--no-config", "--exit-zero", "--format", "json", path])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [(f["path"].removeprefix(below), f["line"], f["rule"], f["address"], f["root"], f["fingerprint"]) for f in found]


@pytest.mark.parametrize("part", ["", "infra", "infra/key.tf", "app"])
def test_a_repository_from_outside(part: str, repository: Tree, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(repository.path)
    inside = scanned(part or ".", capsys)
    assert inside
    for cwd, way in ((repository.path.parent, "repository/"), (repository.path.parent.parent, "work/repository/")):
        monkeypatch.chdir(cwd)
        assert scanned(way + part, capsys, below=way) == inside


def test_a_submodule_that_is_named(repository: Tree, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(repository.path)
    assert {found[:2] for found in scanned("vendor", capsys)} == {("vendor/main.tf", 4)}
