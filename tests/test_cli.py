from __future__ import annotations

import errno
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posturio_iac import __version__
from posturio_iac.cli import main
from posturio_iac.cloudformation.custom import SDK_CALL
from posturio_iac.cloudformation.options import CUSTOM_TYPES
from posturio_iac.commands.pipeline import TEMPLATE_NEEDLES
from posturio_iac.finding import Diagnostic, Level
from posturio_iac.model import Unknown
from posturio_iac.reading import Reading
from posturio_iac.rules import all_rules
from tests import canned

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n'
MISSING = "iam.access_keys_without_lifetime"


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

        def read(selection: object, options: object) -> Reading:
            calls.append((selection, options))
            if error is not None:
                raise error
            return Reading(keys, diagnostics)

        monkeypatch.setitem(sys.modules, "posturio_iac.terraform.reader", SimpleNamespace(read=read))
        return calls

    templates = SimpleNamespace(read=lambda _selection, _options: Reading())
    monkeypatch.setitem(sys.modules, "posturio_iac.cloudformation.reader", templates)
    install(a_key())
    return install


def a_key(**more: object) -> Any:
    return canned.key("aws_iam_access_key.ci", canned.span("iam.tf"), **more)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.mark.usefixtures("tree", "found")
class TestFindings:
    def test_a_finding_is_printed_and_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, "scan")
        assert code == 1
        assert out.startswith(f"iam.tf:1:1: MEDIUM {MISSING}\n")
        assert '  1 | resource "aws_iam_access_key" "ci" {\n    | ^^^' in out
        assert out.endswith(" s\n")
        assert err == ""

    def test_every_format_gives_the_same_code(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "scan", "--format", "json")
        assert code == 1
        assert json.loads(out)["findings"][0]["rule"] == MISSING

    @pytest.mark.parametrize(("level", "code"), [("low", 1), ("medium", 1), ("high", 0), ("critical", 0), ("never", 0)])
    def test_the_threshold_decides(self, capsys: pytest.CaptureFixture[str], level: str, code: int) -> None:
        assert run(capsys, "scan", "--fail-on", level)[0] == code

    def test_exit_zero_forgives_findings(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _ = run(capsys, "scan", "--exit-zero")
        assert code == 0
        assert MISSING in out

    def test_select_and_ignore_take_ids_and_their_last_parts(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert MISSING not in run(capsys, "scan", "--ignore", f"{MISSING},ownerless-access-keys")[1]
        code, out, _ = run(capsys, "scan", "--select", "ownerless_access_keys")
        assert (code, out.count(" iam.")) == (0, 1)

    def test_quiet_and_verbose(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "keys of" not in run(capsys, "scan", "--quiet")[1]
        assert "Clean:" in run(capsys, "scan", "--verbose", "--select", "root_access_keys")[1]

    def test_color_is_forced_or_forbidden(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        assert "\x1b[" in run(capsys, "scan", "--color", "always")[1]
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in run(capsys, "scan")[1]
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in run(capsys, "scan")[1]


@pytest.mark.usefixtures("tree")
class TestOpenQuestions:
    def test_undetermined_keys_fail_only_when_strict(self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]]) -> None:
        found(a_key(hiding_places=(Unknown("var.tags is set by the caller"),), owner="team"))
        code, out, _ = run(capsys, "scan")
        assert code == 0
        assert "Undetermined:\n  iam.tf:1:1: aws_iam_access_key.ci\n    var.tags is set by the caller\n" in out
        assert run(capsys, "scan", "--strict")[0] == 1
        assert run(capsys, "scan", "--strict", "--exit-zero")[0] == 0

    def test_incomplete_wins_over_findings_and_is_never_forgiven(
        self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]]
    ) -> None:
        found(a_key(), diagnostics=(Diagnostic(Level.ERROR, "expected }", "b\x1b.tf", 7, 3), Diagnostic(Level.NOTE, "fine")))
        for extra in ((), ("--exit-zero",), ("--fail-on", "never")):
            code, out, err = run(capsys, "scan", *extra)
            assert code == 3
            assert MISSING in out
            assert "incomplete, 1 error" in out
            assert err == "note: fine\nb\\x1b.tf:7:3: error: expected }\n"
        assert run(capsys, "scan", "--quiet")[2] == "b\\x1b.tf:7:3: error: expected }\n"

    def test_the_code_of_a_crash_is_a_sentence(self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]]) -> None:
        found(error=ValueError("boom\nsecond line"))
        code, out, err = run(capsys, "scan")
        assert (code, out) == (3, "")
        assert err.count("\n") == 1
        assert "ValueError: boom)" in err
        assert "report it" in err

    def test_debugging_shows_the_traceback(
        self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found(error=ValueError("boom"))
        monkeypatch.setenv("POSTURIO_IAC_DEBUG", "1")
        assert main(["scan"]) == 3
        assert "Traceback" in capsys.readouterr().err

    @pytest.mark.parametrize("error", [RecursionError(), MemoryError(), OSError(errno.EIO, "input/output error")])
    def test_other_crashes_are_sentences_too(
        self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]], error: Exception
    ) -> None:
        found(error=error)
        assert run(capsys, "scan")[0] == 3

    def test_an_interrupt_is_130(self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]]) -> None:
        found(error=KeyboardInterrupt())
        assert run(capsys, "scan") == (130, "", "posturio-iac: interrupted\n")


@pytest.mark.usefixtures("tree")
class TestSettings:
    def test_options_reach_the_front_end(self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]], tree: Path) -> None:
        calls = found()
        (tree / "posturio-iac.toml").write_text('engine = "opentofu"\nvar_files = ["a.tfvars"]\n[names]\nowner = ["guild"]\n')
        argv = ["--as-of", "2027-01-01", "--var-file", "b.tfvars", "--max-file-size", "1k"]
        assert run(capsys, "scan", *argv)[0] == 0
        ((_, options),) = calls
        assert options.as_of.isoformat() == "2027-01-01T00:00:00+00:00"
        assert options.engine == "opentofu"
        assert options.var_files == (str(tree / "a.tfvars"), str(tree / "b.tfvars"))
        assert options.max_file_size == 1024
        assert "guild" in options.names.owner
        assert "team" in options.names.owner
        assert options.rule_ids == frozenset(all_rules())

    def test_the_command_line_wins_over_the_file(
        self, capsys: pytest.CaptureFixture[str], found: Callable[..., list[Any]], tree: Path
    ) -> None:
        found(a_key())
        (tree / "posturio-iac.toml").write_text('fail_on = "never"\nignore = ["access_keys_without_lifetime"]')
        assert run(capsys, "scan")[0] == 0
        assert run(capsys, "scan", "--fail-on", "low")[0] == 1
        assert MISSING in run(capsys, "scan", "--select", MISSING)[1]
        assert MISSING in run(capsys, "scan", "--no-config")[1]
        (tree / "other.toml").write_text('fail_on = "medium"')
        assert run(capsys, "scan", "--config", "other.toml")[0] == 1

    @pytest.mark.usefixtures("found")
    def test_suppressions_of_the_file_can_be_switched_off(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        entry = '[[suppressions]]\nrule = "{}"\npath = "iam.tf"\nreason = "moves to roles"\n'
        text = "".join(entry.format(rule) for rule in (MISSING, "ownerless_access_keys"))
        (tree / "posturio-iac.toml").write_text(text)
        code, out, _ = run(capsys, "scan", "--verbose")
        assert code == 0
        assert "configuration: moves to roles" in out
        assert run(capsys, "scan", "--no-suppressions")[0] == 1

    @pytest.mark.usefixtures("found")
    def test_globs_of_the_file_count_from_its_folder(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        (tree / ".git").mkdir()
        (tree / "infra/a").mkdir(parents=True)
        (tree / "infra/a/iam.tf").write_text(KEY)
        (tree / "posturio-iac.toml").write_text('exclude = ["/infra/a/"]')
        assert "of 1 file" in run(capsys, "scan")[1]
        os.chdir(tree / "infra")
        assert "there was no file" in run(capsys, "scan")[1]
        (tree / "infra/posturio-iac.toml").write_text('exclude = ["/a/"]')
        os.chdir(tree)
        assert "there was no file" in run(capsys, "scan", "infra")[1]
        (tree / "infra/posturio-iac.toml").write_text('exclude = ["/infra/a/"]')
        assert "of 1 file" in run(capsys, "scan", "infra")[1]


@pytest.mark.usefixtures("tree", "found")
class TestOutputs:
    def test_reports_go_to_files_and_to_standard_output(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        code, out, _ = run(capsys, "scan", "--format", "json", "--output", "r.json", "--format", "text")
        assert code == 1
        assert out.startswith("iam.tf:1:1:")
        assert json.loads((tree / "r.json").read_text())["version"] == 1

    def test_an_output_before_its_format_and_text_by_itself(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        assert run(capsys, "scan", "--output", "r.json", "--format", "json")[1] == ""
        assert json.loads((tree / "r.json").read_text())["version"] == 1
        assert run(capsys, "scan", "--output", "r.txt")[1] == ""
        assert (tree / "r.txt").read_text().startswith("iam.tf:1:1:")

    def test_a_file_is_replaced_with_its_mode(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        report = tree / "r.txt"
        report.write_text("old")
        report.chmod(0o604)
        inode = report.stat().st_ino
        (tree / "link").symlink_to("r.txt")
        run(capsys, "scan", "--output", "link")
        assert report.read_text().startswith("iam.tf:1:1:")
        assert stat.S_IMODE(report.stat().st_mode) == 0o604
        assert report.stat().st_ino != inode
        assert sorted(path.name for path in tree.iterdir()) == ["iam.tf", "link", "r.txt"]

    def test_a_device_is_written_and_not_replaced(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "scan", "--output", os.devnull)[0] == 1
        assert Path(os.devnull).is_char_device()

    def test_what_cannot_be_written_is_incomplete(
        self, capsys: pytest.CaptureFixture[str], tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code, out, err = run(capsys, "scan", "--output", "gone/r.txt", "--format", "json")
        assert (code, out, err) == (3, "", "posturio-iac: cannot write gone/r.txt: No such file or directory\n")
        (tree / "r.txt").write_text("old")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        assert run(capsys, "scan", "--output", "r.txt")[0] == 3
        assert (tree / "r.txt").read_text() == "old"
        assert sorted(path.name for path in tree.iterdir()) == ["iam.tf", "r.txt"]

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (("--format", "text", "--format", "json"), "two reports would go to standard output; give each --format its own --output"),
            (("--format", "text", "--output", "a", "--format", "json", "--output", "a"), "two reports would go to a;"),
            (("--format", "json", "--output", "a", "--output", "b"), "--output b has no --format before it"),
            (("--format", "jsno"), '--format must be one of text, json, not "jsno"; did you mean "json"?'),
        ],
    )
    def test_reports_that_do_not_pair_are_refused(self, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], message: str) -> None:
        code, out, err = run(capsys, "scan", *argv)
        assert (code, out) == (2, "")
        assert message in err


class TestNothingFound:
    def test_it_is_one_line(self, capsys: pytest.CaptureFixture[str], tree: Path) -> None:
        (tree / "iam.tf").write_text('resource "aws_iam_user" "ci" {}')
        code, out, err = run(capsys, "scan")
        assert code == 0
        assert out.startswith("No access keys in 1 file; ")
        assert err == ""
        assert run(capsys, "scan", "--quiet") == (0, "", "")
        assert json.loads(run(capsys, "scan", "--format", "json")[1])["summary"]["files"] == 1

    def test_it_loads_neither_model_nor_rules(self, tree: Path) -> None:
        (tree / "iam.tf").write_text("")
        unneeded = "argparse dataclasses json pathlib subprocess tomllib typing posturio_iac.model"
        code = (
            "import sys; before = set(sys.modules); from posturio_iac.cli import main; assert main(['scan']) == 0;"
            f"print(sorted((set({unneeded.split()!r}) & sys.modules.keys()) - before))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tree, env=environment())
        assert done.stdout.splitlines()[1] == "[]"


class TestStandardInput:
    def feed(self, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    def test_it_is_one_file_by_its_name(
        self, capsys: pytest.CaptureFixture[str], tree: Path, found: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = found(canned.key("aws_iam_access_key.ci", canned.span("infra/x.tf")))
        self.feed(monkeypatch, KEY.encode())
        code, out, _ = run(capsys, "scan", "-", "--stdin-filename", "infra/x.tf")
        ((selection, _),) = calls
        assert code == 1
        assert selection.terraform == ("infra/x.tf",)
        assert '  1 | resource "aws_iam_access_key" "ci" {\n' in out
        assert sorted(path.name for path in tree.iterdir()) == ["iam.tf"]
        assert not Path(selection.root).exists()

    @pytest.mark.usefixtures("tree", "found")
    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (("-", "infra"), "goes with no other path"),
            (("-", "--stdin-filename", "../x.tf"), "must be a relative path below this folder"),
            (("-", "--stdin-filename", "/x.tf"), "must be a relative path below this folder"),
            (("--stdin-filename", "x.tf"), "add the path -"),
        ],
    )
    def test_wrong_uses_are_refused(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], message: str
    ) -> None:
        self.feed(monkeypatch, b"")
        code, _, err = run(capsys, "scan", *argv)
        assert code == 2
        assert message in err

    @pytest.mark.usefixtures("tree", "found")
    def test_it_may_be_closed(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        assert run(capsys, "scan", "-")[0] == 2

    def test_globs_of_the_configuration_hold_for_it(
        self, capsys: pytest.CaptureFixture[str], tree: Path, found: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found(canned.key("aws_iam_access_key.ci", canned.span("infra/x.tf")))
        (tree / "posturio-iac.toml").write_text(f'[[suppressions]]\nrule = "{MISSING}"\npath = "/infra/*.tf"\nreason = "moves to roles"\n')
        self.feed(monkeypatch, KEY.encode())
        assert run(capsys, "scan", "-", "--stdin-filename", "infra/x.tf")[0] == 0


class TestEndToEnd:
    """Nothing is faked here."""

    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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
    def test_findings_of_both_worlds(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, "scan", "--as-of", "2026-11-24", "--format", "json")
        report = json.loads(out)
        jsonschema.validate(report, json.loads((ROOT / "docs/schema/report-1.json").read_text()))
        assert (code, err) == (1, "")
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
    def test_the_time_of_the_run_decides(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "expired_access_keys" not in run(capsys, "scan", "--as-of", "2026-01-31")[1]
        assert "expired_access_keys" in run(capsys, "scan", "--as-of", "2026-02-01")[1]

    def test_a_syntax_error_is_placed_and_the_rest_is_judged(self, capsys: pytest.CaptureFixture[str], repository: Path) -> None:
        with (repository / "app/main.tf").open("a") as file:
            file.write('resource "aws_s3_bucket" "b" {\n  bucket = = 1\n}\n')
        code, out, err = run(capsys, "scan")
        assert code == 3
        assert err.startswith("app/main.tf:2")
        assert ": error: " in err
        assert f"app/main.tf:5:1: MEDIUM {MISSING}" in out

    def test_parameters_and_custom_types_reach_the_templates(self, capsys: pytest.CaptureFixture[str], repository: Path) -> None:
        (repository / "posturio-iac.toml").write_text('custom_types = ["Custom::Robot"]')
        (repository / "robot.yaml").write_text("Resources:\n  Robot:\n    Type: Custom::Robot\n    Properties: {UserName: ci}\n")
        out = run(capsys, "scan", "robot.yaml")[1]
        assert "in 1 key of 1 file" in out
        code, _, err = run(capsys, "scan", "robot.yaml", "--parameters", "gone.json")
        assert code == 2
        assert "gone.json" in err


def test_needles_hold_every_type_of_custom_resource() -> None:
    assert {needle.decode() for needle in TEMPLATE_NEEDLES} == {*CUSTOM_TYPES, SDK_CALL}


MISTAKES = [
    (("scna",), 'there is no command "scna"; did you mean "scan"?'),
    (("iam.tf",), "`posturio-iac scan iam.tf` scans that path"),
    (("--format", "json"), "`posturio-iac scan --format`"),
    (("scan", "--fromat=json"), 'there is no option --fromat; did you mean "--format"?'),
    (("scan", "--fail-on", "hihg"), 'did you mean "high"?'),
    (("scan", "--fail-on"), "--fail-on needs a value: --fail-on SEVERITY"),
    (("scan", "--as-of", "soon"), "must be a date such as 2027-03-01"),
    (("scan", "--as-of", "2027-02-30"), "must be a date such as 2027-03-01"),
    (("scan", "--max-file-size", "big"), "must be bytes"),
    (("scan", "--select", "ownrless_access_keys"), 'did you mean "iam.ownerless_access_keys"?'),
    (("scan", "--ignore", "zzz"), "`posturio-iac explain` lists them"),
    (("scan", "gone"), "gone: no such file or directory"),
    (("scan", "--config", "gone.toml"), "gone.toml: cannot be read: No such file or directory"),
    (("scan", "--config", "bad.toml"), 'bad.toml: unknown key strcit; did you mean "strict"?'),
    (("scan", "--config", "a", "--no-config"), "exclude each other"),
    (("scan", "--quiet", "--verbose"), "exclude each other"),
    (("scan", "--exclude", "[a"), "cannot be read"),
    (("explain", "ownrless"), 'did you mean "iam.ownerless_access_keys"?'),
    (("explain", "a", "b"), 'unexpected "b"'),
]


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(("argv", "message"), MISTAKES, ids=[" ".join(argv) for argv, _ in MISTAKES])
def test_a_mistake_is_one_sentence(capsys: pytest.CaptureFixture[str], tree: Path, argv: tuple[str, ...], message: str) -> None:
    (tree / "bad.toml").write_text("strcit = true")
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.startswith("posturio-iac: ")
    assert err.count("\n") == 1
    assert message in err


WORDS = st.sampled_from(
    ["scan", "explain", "-", "--", "", ".", "gone", "--format", "json", "--output", "--strict", "--as-of", "--select", "=", "-x"]
)


@pytest.mark.usefixtures("tree", "found")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(argv=st.lists(WORDS | st.text(st.characters(exclude_characters="\0/.\\"), max_size=8), max_size=5))
def test_no_command_line_ends_in_a_traceback(argv: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        err = io.StringIO()
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", err)
        patch.setattr("posturio_iac.commands.output.write", lambda _text, _target: None)
        patch.setattr("posturio_iac.commands.reports.write", lambda _text, _target: None)
        assert main(argv) in (0, 1, 2)
        assert "Traceback" not in err.getvalue()


class TestHelp:
    def test_no_command_is_a_mistake(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys)
        assert (code, out) == (2, "")
        assert err.startswith("usage: posturio-iac COMMAND")

    @pytest.mark.parametrize("argv", [("--help",), ("-h",), ("help",), ("scan", "--help"), ("explain", "-h")])
    def test_help_goes_to_standard_output(self, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...]) -> None:
        code, out, err = run(capsys, *argv)
        assert (code, err) == (0, "")
        assert out.startswith("usage: posturio-iac")
        assert all(len(line) <= 140 for line in out.splitlines())

    def test_the_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "--version") == (0, f"posturio-iac {__version__}\n", "")


class TestExplain:
    @pytest.mark.parametrize("rule", all_rules())
    def test_every_rule_has_its_page(self, capsys: pytest.CaptureFixture[str], rule: str) -> None:
        code, out, _ = run(capsys, "explain", rule)
        assert code == 0
        assert out.startswith(f"{rule} (")
        assert all_rules()[rule].page in out
        assert run(capsys, "explain", rule.rpartition(".")[2])[1] == out

    def test_alone_it_lists_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        out = run(capsys, "explain")[1]
        assert [line.split()[0] for line in out.splitlines()] == list(all_rules())


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **more}


class TestProcess:
    def test_a_reader_that_goes_away_is_no_error(self, tree: Path) -> None:
        command = [sys.executable, "-m", "posturio_iac", "explain", "ownerless_access_keys"]
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, cwd=tree, env=environment(), check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
    def test_a_full_disk_is_incomplete(self, tree: Path) -> None:
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "posturio_iac", "explain"],
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=tree,
                env=environment(),
                check=False,
            )
        assert (done.returncode, done.stderr) == (3, b"posturio-iac: cannot write to standard output: No space left on device\n")

    def test_a_terminal_that_knows_only_ascii_gets_escapes(self, tree: Path) -> None:
        (tree / "é.tf").write_text("")
        command = [sys.executable, "-m", "posturio_iac", "scan", "gé"]
        done = subprocess.run(command, capture_output=True, cwd=tree, env=environment(PYTHONIOENCODING="ascii"), check=False)
        assert done.returncode == 2
        assert done.stderr == b"posturio-iac: g\\xe9: no such file or directory\n"
