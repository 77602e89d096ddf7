"""`posturio-iac fix`: what it writes, what it refuses, and what it exits with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from posturio_iac.commands import guard
from posturio_iac.core.evidence.remedy import EXAMPLE_OWNER
from tests.fixes.test_nodes import TEMPLATE
from tests.support.command_line import run
from tests.support.repository import Repository

Fix = Callable[..., tuple[int, str, str]]

USER = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  path = "/payments/"\n}\n\n'
KEY = 'resource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
INERT = (
    'resource "time_rotating" "k" {\n  rotation_days = 30\n}\n\nresource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n\n'
    "  lifecycle {\n    replace_triggered_by = [time_rotating.k.id]\n  }\n}\n"
)
INJECTED = "a\n--- a/victim.sh\n+++ b/victim.sh\n@@ -1 +1 @@\n-old\n+new\n"  # a folder whose name is a diff
AS_OF = ("--as-of", "2026-11-24")
REST = ("--write", "--baseline-rest", "--until", "2027-01-31")


@pytest.fixture
def fix(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Fix:
    """Runs `fix` in the test's folder: its exit code, the diff and what it says."""
    monkeypatch.chdir(tmp_path)
    return lambda *options: run(capsys, "fix", *AS_OF, *options)


def place(folder: Path, text: str = USER + KEY, name: str = "main.tf") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("argv", "is_terminal"), [((), False), ((), True), (("--color", "always"), False)])
def test_the_diff_is_exact_for_programs_and_shows_people_what_is_invisible(
    tmp_path: Path, fix: Fix, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], is_terminal: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    text = USER.replace("\n}", "\n\tforce_destroy = true\t# \u202eneddih \x1b[2K\n}", 1) + KEY
    (tmp_path / "main.tf").write_bytes(text.replace("\n", "\r\n").encode())
    _, diff, _ = fix(*argv)
    if argv or is_terminal:
        assert "\tforce_destroy = true\t# \\u202eneddih \\x1b[2K\r" in diff
        assert "\u202e" not in diff
        assert "\x1b[2K" not in diff
    else:
        subprocess.run(["git", "apply", "-"], input=diff.encode(), check=True, cwd=tmp_path)
        assert (tmp_path / "main.tf").read_bytes().count(b"\r\n") > text.count("\n")


def test_the_diff_changes_nothing_and_applies(tmp_path: Path, fix: Fix) -> None:
    file = place(tmp_path)
    code, diff, said = fix()
    assert (code, file.read_text(encoding="utf-8")) == (1, USER + KEY)
    assert "Would fix 1 finding: at the next apply this updates a resource in place." in said
    subprocess.run(["git", "apply", "-"], input=diff.encode(), check=True, cwd=tmp_path)
    assert fix()[:2] == (0, "")


def test_what_was_written_is_judged_again(tmp_path: Path, fix: Fix) -> None:
    place(tmp_path)
    assert fix("--write")[0] == 0
    place(tmp_path, INERT + USER)
    code, _, said = fix("--write")
    assert code == 1
    assert "1 more with --unsafe" in said
    assert fix("--write", "--unsafe")[0] == 0


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (("--expires", "2026-12-31"), 'expires = "2026-12-31"'),
        (("--in", "60d"), 'expires = "2027-01-23"'),
        (("--rotate", "60d"), 'rotation = "60d"'),
    ],
)
def test_an_end_that_was_asked_for(tmp_path: Path, fix: Fix, options: tuple[str, ...], written: str) -> None:
    file = place(tmp_path)
    assert fix("--write", *options)[0] == 0
    assert written in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("keys", "options", "first"), [(9, ("--in", "60d"), "2027-01-17"), (40, (), "2027-02-16")])
def test_the_ends_of_one_owner_are_spread_over_a_week(tmp_path: Path, fix: Fix, keys: int, options: tuple[str, ...], first: str) -> None:
    file = place(tmp_path, "".join((USER + KEY).replace("ci", f"c{n}") for n in range(keys)))
    assert fix("--write", *options)[0] == 0
    ends = {line.split('"')[1] for line in file.read_text(encoding="utf-8").splitlines() if "expires" in line}
    assert ends == {(date.fromisoformat(first) + timedelta(days=day)).isoformat() for day in range(7)}


def test_whoever_is_named_owner_is_written(tmp_path: Path, fix: Fix) -> None:
    file = place(tmp_path, USER.replace('  path = "/payments/"\n', "") + KEY)
    fix("--write", "--owner", EXAMPLE_OWNER)
    assert f'owner   = "{EXAMPLE_OWNER}"' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--expires", "soon"), "--expires must be a date"),
        (("--expires", "2020-01-01"), "has passed"),
        (("--in", "x"), "--in must be"),
        (("--in", "91d"), "a key may live until 2027-02-22"),
        (("--owner", "a & b"), '"a & b" cannot be a tag in IAM'),
        (("--in", "2w"), "too near: a key is reported 14 days before its end"),
        (("--rotate", "1y"), "exceeds max_lifetime_days (90)"),
        (("--expires", "2027-02-23"), "exceeds max_lifetime_days (90)"),
        (("--in", "1d", "--rotate", "1d"), "cannot be combined"),
        (("--suppress-rest", "--reason", "x"), "--until DATE"),
        (("--reason", "x"), "belong to --suppress"),
        (("--write", "--until", "2027-01-31"), "belong to --suppress"),
        (REST[1:], "add --write"),
        (("--write", "--baseline-rest"), "needs the last day"),
        (("--write", "--baseline-rest", "--until", "2026-01-31"), "has passed"),
        ((*REST, "--suppress-rest", "--reason", "x"), "cannot be combined"),
        ((*REST, "--address", "*"), "leave out --address"),
        (("--address", "*.ci", "--address", "*.cl"), 'no key has the address "*.cl"'),
    ],
)
def test_wrong_usage_is_said(tmp_path: Path, fix: Fix, options: tuple[str, ...], message: str) -> None:
    file = place(tmp_path)
    code, out, said = fix(*options)
    assert (code, out, file.read_text(encoding="utf-8")) == (2, "", USER + KEY)
    assert message in said


EXPIRED = USER.replace("}\n\n", '  tags = { expires = "2026-01-31" }\n}\n\n') + KEY


def test_an_expired_key_is_never_mended_by_a_later_date(tmp_path: Path, fix: Fix) -> None:
    place(tmp_path, EXPIRED)
    code, diff, said = fix("--unsafe", "--expires", "2027-01-31")
    assert (code, diff) == (0, "")
    assert "1 finding left for you:" in said
    assert "Replace the key and set" in said


@pytest.mark.parametrize("name", ["main.tf", "t.yaml", "t.json", "main.tf.json", "terragrunt.hcl"])
def test_the_rest_is_suppressed_with_a_reason_and_an_end(tmp_path: Path, fix: Fix, capsys: pytest.CaptureFixture[str], name: str) -> None:
    data = {"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Metadata": {"Posturio": {"Expires": "2026-01-31"}}}}}
    text = {
        "main.tf": EXPIRED,
        "t.yaml": "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Metadata: {Posturio: {Expires: 2026-01-31}}\n",
        "t.json": json.dumps(data, indent=2),
        "main.tf.json": '{"resource": {"aws_iam_access_key": {"ci": {"//": "posturio: expires=2026-01-31", "user": "ci"}}}}',
        "terragrunt.hcl": 'terraform {\n  source = "tfr:///cloudposse/iam-s3-user/aws"\n}\ninputs = {tags = { expires = "2026-01-31" }}\n',
    }[name]
    file = place(tmp_path, text, name)
    options = ("--suppress-rest", "--until", "2027-01-31", "--reason", 'moves "soon"', "--owner", "team@x.com")
    code, _, said = fix("--write", *options)
    assert code == 0, said + file.read_text(encoding="utf-8")
    assert fix(*options)[:2] == (0, "")
    code, out, _ = run(capsys, "scan", "--format", "json", str(tmp_path), *AS_OF)
    (found,) = json.loads(out)["findings"]
    assert found["suppressed"]["reason"] == 'moves "soon"'


def test_what_git_does_not_hold_is_left_alone(tmp_path: Path, fix: Fix) -> None:
    file = place(tmp_path)
    Repository(tmp_path).commit_all()
    changed = file.read_text(encoding="utf-8") + "# more\n"
    file.write_text(changed, encoding="utf-8")
    code, _, said = fix("--write")
    assert (code, file.read_text(encoding="utf-8")) == (2, changed)
    assert "main.tf has unstaged changes" in said
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert fix("--write")[0] == 0


def test_what_fix_wrote_a_moment_ago_is_no_foreign_change(tmp_path: Path, fix: Fix) -> None:
    file = place(tmp_path, USER.replace("/payments/", "/") + KEY)
    Repository(tmp_path).commit_all()
    assert fix("--write")[0] == 1
    assert fix("--write", "--owner", "x")[0] == 0
    assert 'owner   = "x"' in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace('"x"', '""'), encoding="utf-8")
    assert fix("--write", "--owner", "x")[0] == 2
    planted = tmp_path / ".git/posturio-iac-fixed"
    planted.unlink()
    planted.symlink_to(tmp_path / "elsewhere")
    subprocess.run(["git", "checkout", "-q", "."], cwd=tmp_path, check=True)
    assert fix("--write", "--owner", "x")[0] == 0
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.promise("fix")
def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    place(root, KEY, "here.tf")
    (root / "there.tf").symlink_to(place(tmp_path))
    refused = guard.Guard(str(root), lambda _: b"").refusal
    assert "outside" in refused("there.tf")
    assert "outside" in refused("../main.tf")
    assert not refused("here.tf")


@pytest.mark.promise("fix")
@pytest.mark.parametrize("kind", ["generated", "made", "read-only"])
def test_files_that_are_not_ours_are_refused(tmp_path: Path, fix: Fix, kind: str) -> None:
    root = tmp_path / "root"
    if kind == "generated":
        file = place(root, f"# Code generated by x. DO NOT EDIT.\n\n{USER}{KEY}")
    elif kind == "made":
        file = place(root, json.dumps(TEMPLATE), "cdk.out/a.template.json")
    else:
        file = place(root)
        file.chmod(0o444)
    before = file.read_bytes()
    code, _, said = fix(str(root), "--write", "--owner", "x")
    assert code == 1
    assert file.read_bytes() == before
    assert {"generated": "generated", "made": "CDK app", "read-only": "read-only"}[kind] in said


@pytest.mark.promise("fix")
def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path, fix: Fix, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place(tmp_path)
    real = guard.refuse_dirty

    def meanwhile(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        file.write_text("# another\n", encoding="utf-8")

    monkeypatch.setattr(guard, "refuse_dirty", meanwhile)
    code, _, said = fix("--write")
    assert (code, file.read_text(encoding="utf-8")) == (3, "# another\n")
    assert said.startswith("stopped after writing 0 of 1 files\nposturio-iac: main.tf has changed since it was read")


def test_a_tag_never_ends_another_key_of_the_user(tmp_path: Path, fix: Fix) -> None:
    other = KEY.replace('"ci"', '"b"').replace("{\n", "{\n  # posturio: rotation=30d\n", 1)
    file = place(tmp_path, USER + other + KEY)
    fix("--write", "--select", "access_keys_without_lifetime")
    assert file.read_text(encoding="utf-8") == USER + other + f"# posturio: expires=2027-02-19\n{KEY}"


def test_the_hook_writes_what_is_safe_and_fails(tmp_path: Path, fix: Fix) -> None:
    file = place(tmp_path)
    other = place(tmp_path, USER + KEY, "elsewhere/main.tf")
    Repository(tmp_path).commit_all()
    assert fix("--hook", "main.tf")[0] == 1
    assert "expires" in file.read_text(encoding="utf-8")
    assert other.read_text(encoding="utf-8") == USER + KEY
    assert fix("--hook", "main.tf")[0] == 0


@pytest.mark.promise("fix")
@pytest.mark.parametrize("name", ["--exclude=*.tf", "--write.tf", "--as-of=x.tf", "-q.tf"])
def test_the_hook_takes_names_that_look_like_options_for_files(tmp_path: Path, fix: Fix, name: str) -> None:
    file = place(tmp_path, name=name)
    Repository(tmp_path).commit_all()
    assert fix("--hook", name)[0] == 1
    assert "expires" in file.read_text(encoding="utf-8")


@pytest.mark.promise("fix")
@pytest.mark.parametrize("program", ["git", "patch"])
@pytest.mark.parametrize("name", ["with space", "ümlaut", "tab\there", 'q"uo\\te', INJECTED])
def test_no_name_of_a_file_makes_the_diff_change_another(tmp_path: Path, fix: Fix, name: str, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    (tmp_path / "victim.sh").write_text("old\n", encoding="utf-8")
    file = place(tmp_path, name=f"{name}/main.tf")
    _, diff, _ = fix()
    command = ["git", "apply", "-"] if program == "git" else ["patch", "-p1", "--quiet", "--force"]
    subprocess.run(command, input=diff.encode(), check=False, cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert (tmp_path / "victim.sh").read_text(encoding="utf-8") == "old\n"
    assert (program == "patch" and name != "with space") or "expires" in file.read_text(encoding="utf-8")


def test_the_diff_holds_no_command_of_a_ci_service(tmp_path: Path, fix: Fix) -> None:
    text = USER.replace('  name = "ci"\n', '  name = "ci" # ##vso[task.setvariable variable=x]y\n') + KEY
    file = place(tmp_path, text)
    code, diff, _ = fix()
    assert code == 1
    assert "##vso[" not in diff
    assert fix("--write")[0] == 0
    assert "##vso[" in file.read_text(encoding="utf-8")


def test_a_sensitive_value_is_shown_by_no_diff(tmp_path: Path, fix: Fix) -> None:
    variable = 'provider "aws" {\n  region = "x"\n}\nvariable "who" {\n  sensitive = true\n  default   = "hunter2@example.com"\n}\n'
    tags = USER.replace("}\n\n", "  tags = { owner = var.who }\n}\n\n")
    file = place(tmp_path, variable + tags + KEY)
    code, diff, said = fix()
    assert (code, diff) == (0, "")
    assert "sensitive value" in said
    assert "hunter2" not in said
    assert fix("--write")[0] == 0
    assert "{ owner = var.who, expires" in file.read_text(encoding="utf-8")


def test_only_the_addresses_that_were_asked_for(tmp_path: Path, fix: Fix) -> None:
    place(tmp_path, (USER + KEY) + (USER + KEY).replace("ci", "mail"))
    _, diff, _ = fix("--address", "*.mail")
    assert diff.count("+    expires") == 1


def test_what_could_not_be_read_wins_over_changes(tmp_path: Path, fix: Fix) -> None:
    place(tmp_path)
    place(tmp_path, 'resource "aws_iam_access_key" "x" {\n', "broken.tf")
    code, diff, said = fix()
    assert code == 3
    assert "expires" in diff
    assert "error" in said


def test_what_remains_goes_into_the_baseline_and_the_next_scan_passes(tmp_path: Path, fix: Fix, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, USER + KEY, "a/main.tf")
    place(tmp_path, EXPIRED.replace("/payments/", "/old/"), "b/main.tf")
    place(tmp_path, INERT + USER, "c/main.tf")
    code, out, said = fix(*REST, "--accept", "high", "--reason", "until the move to OIDC")
    assert code == 0
    assert "wrote posturio-iac-baseline.json: 2 entries (1 high), 2 new" in out
    assert "Fixed 1 finding" in said
    entries = json.loads((tmp_path / "posturio-iac-baseline.json").read_text())["findings"]
    assert {(e["path"], e["rule"], e["reason"], e["until"]) for e in entries} == {
        ("b/main.tf", "iam.expired_access_keys", "until the move to OIDC", "2027-01-31"),
        ("c/main.tf", "iam.inert_access_key_rotation", "until the move to OIDC", "2027-01-31"),
    }
    assert run(capsys, "scan", "--baseline", "posturio-iac-baseline.json", *AS_OF)[0] == 0
    assert run(capsys, "scan", *AS_OF)[0] == 1


def test_nothing_is_written_where_nothing_remains(tmp_path: Path, fix: Fix) -> None:
    place(tmp_path)
    assert fix(*REST)[0] == 0
    assert not (tmp_path / "posturio-iac-baseline.json").exists()


def test_entries_that_are_there_stay(tmp_path: Path, fix: Fix, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, EXPIRED.replace("/payments/", "/old/"), "b/main.tf")
    run(capsys, "baseline", "--reason", "agreed", "--until", "2026-12-31", "--accept", "high", *AS_OF)
    place(tmp_path, INERT + USER, "c/main.tf")
    code, out, _ = fix(*REST, "--baseline", "posturio-iac-baseline.json", "--reason", "new")
    assert code == 0
    assert "2 entries (1 high), 1 new" in out
    entries = json.loads((tmp_path / "posturio-iac-baseline.json").read_text())["findings"]
    assert {(e["reason"], e["until"]) for e in entries} == {("agreed", "2026-12-31"), ("new", "2027-01-31")}


def test_what_codeowners_says_is_not_written(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "CODEOWNERS").write_text("* @acme/payments\n")
    file = place(tmp_path, USER.replace('  path = "/payments/"\n', "") + KEY)
    assert fix("--write")[0] == 0
    assert "owner" not in file.read_text()


def test_alike_leftovers_name_their_root_modules_and_none_is_sent_back_to_fix(tmp_path: Path, fix: Fix) -> None:
    module = 'variable "tags" {\n  default = {}\n}\n' + USER.replace('"/payments/"', '"/b/"\n  tags = var.tags') + KEY
    place(tmp_path, module, "modules/bot/main.tf")
    place(tmp_path, 'terraform {\n  source = "../../modules/bot"\n}\ninputs = {}\n', "live/root.hcl")
    for unit in ("prod", "stage"):
        place(tmp_path, 'include "root" {\n  path = "../root.hcl"\n}\n', f"live/{unit}/terragrunt.hcl")
    said = fix()[2]
    for unit in ("prod", "stage"):
        assert f"access_keys_without_lifetime (root module live/{unit})" in said
    assert "which says where" not in said


def test_what_the_baseline_accepts_is_not_more_than_nothing(tmp_path: Path, fix: Fix, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, USER + KEY)
    assert run(capsys, "baseline", "--reason", "r", "--until", "2027-01-31", *AS_OF)[0] == 0
    said = fix("--baseline", "posturio-iac-baseline.json")[2]
    assert said == "Nothing to fix.\n1 is in the baseline: --no-baseline fixes it too.\n"


@pytest.mark.parametrize("words", [("a",), ("a/main.tf",), (".",)])
def test_a_repository_below_the_current_folder_is_mended_and_nothing_beside_it_read(
    tmp_path: Path, fix: Fix, words: tuple[str, ...]
) -> None:
    for folder, text in (("a", USER + KEY), ("b", KEY[:-2])):
        subprocess.run(("git", "init", "-q", place(tmp_path / folder, text).parent), check=True)
    code, diff, said = fix(*words)
    assert ("+++ b/a/main.tf" in diff, "b/main.tf" in said, code) == (True, words == (".",), 3 if words == (".",) else 1), said
