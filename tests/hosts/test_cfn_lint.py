"""Our pack in cfn-lint, as its users run it: options, ignores, configuration, other inputs, and what goes wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from posturio_iac.cli import main
from posturio_iac.core.host_ids import CFN_LINT
from tests.support.bombs import nested_sub
from tests.support.hosts.cfn_linting import (
    EXPOSED,
    INCOMPLETE,
    KEY,
    MISSING,
    OVERLONG,
    OWNERLESS,
    PACK,
    REMARKS,
    ROOT,
    UNDETERMINED,
    call,
    lint,
    program,
    reported,
)
from tests.support.repository import Repository

IN_80_DAYS = f"{datetime.now(timezone.utc) + timedelta(days=80):%Y-%m-%d}"
STATED = KEY.replace("    Properties:\n", f"    Metadata: {{Posturio: {{Expires: {IN_80_DAYS}, Owner: team}}}}\n    Properties:\n")
"""A template with a key that nothing is wrong with."""
IGNORED = "{cfn-lint: {config: {ignore_checks: [%s]}}}"
USER = "AWS::IAM::User\n"
TAGGED = KEY.replace(USER, f"{USER}    Properties: {{Tags: [{{Key: rotation, Value: !Ref Days}}%s]}}\n")


def write(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [f"{name}.yaml" for name in files]


def ids(matches: Sequence[object]) -> list[str]:
    return [match.id for match in matches]  # type: ignore[attr-defined] # a list of Match


def by_file(folder: Path, *options: str, **files: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in files}
    for match in lint(folder, *write(folder, **files), options=options):
        found[match.file.removesuffix(".yaml")].add(match.id)
    return found


def test_the_exit_code_is_that_of_cfn_lint(tmp_path: Path) -> None:
    good, bad, worse = write(tmp_path, good=STATED, bad=KEY, worse=KEY + "Outputs:\n  S: {Value: !GetAtt Key.SecretAccessKey}\n")
    codes = {name: call(*PACK, "--", name, cwd=tmp_path).returncode for name in (good, bad, worse)}
    assert codes == {good: 0, bad: 4, worse: 6}
    assert call(*PACK, "--non-zero-exit-code", "error", "--", bad, cwd=tmp_path).returncode == 0


def test_the_program_says_what_cfn_lint_says_to_these_tests(tmp_path: Path) -> None:
    """Most of them fork a process that has imported cfn-lint, which saves its start."""
    write(tmp_path, bad=KEY, broken="Resources: [\n")
    for arguments, given in ((("--", "bad.yaml", "broken.yaml"), ""), ((), KEY)):
        ran, forked = (run("--format", "json", *PACK, *arguments, cwd=tmp_path, given=given) for run in (program, call))
        assert (ran.returncode, ran.stdout, ran.stderr) == (forked.returncode, forked.stdout, forked.stderr)
        assert MISSING in ran.stdout


def test_skips_of_all_sorts(tmp_path: Path) -> None:
    inside = KEY.replace("    Properties:\n", f"    Metadata: {IGNORED % MISSING}\n    Properties:\n")
    ours = "{Posturio: {Ignore: [{Rule: iam.access_keys_without_lifetime, Reason: moves to roles}]}}"
    files = {
        "plain": KEY,
        "resource": inside,
        "template": f"Metadata: {IGNORED % 'W9371, W9379'}\n{KEY}",
        "comment": KEY.replace("  Key:\n", '  # posturio:ignore[iam.access_keys_without_lifetime] reason="moves to roles"\n  Key:\n'),
        "ours": KEY.replace("    Properties:\n", f"    Metadata: {ours}\n    Properties:\n"),
    }
    both, one = {MISSING, OWNERLESS}, {OWNERLESS}
    assert by_file(tmp_path, **files) == {"plain": both, "resource": one, "template": set(), "comment": one, "ours": one}
    assert by_file(tmp_path, "-i", OWNERLESS, **files)["plain"] == {MISSING}
    mandatory = by_file(tmp_path, "-m", MISSING, **files)
    assert mandatory == {"plain": both, "resource": both, "template": {MISSING}, "comment": one, "ours": one}


def test_what_is_undetermined_is_counted_for_all_and_fails_nobody(tmp_path: Path) -> None:
    open_ = KEY.replace("!Ref Bot", "!Ref Elsewhere").replace("Bot:", "Other:")
    write(tmp_path, stack="Parameters:\n  Elsewhere: {Type: String}\n" + open_)
    done = call(*PACK, "--", "stack.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert lint(tmp_path, "stack.yaml", options=()) == []
    (match,) = lint(tmp_path, "stack.yaml", options=("-c", UNDETERMINED))
    assert (match.id, match.line, match.path) == (UNDETERMINED, 6, "Resources/Key")
    advice = "--include-checks I9398 --non-zero-exit-code warning shows why"
    assert f"stack.yaml: something is undetermined about 1 access key; {advice}" in done.stderr
    done = call("--include-checks", "I9398", "--non-zero-exit-code", "warning", *PACK, "--", "stack.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert "Key is undetermined: the parameter Elsewhere is chosen at deployment" in done.stdout


def test_a_user_that_other_code_declares_is_no_excuse(tmp_path: Path) -> None:
    write(tmp_path, stack=KEY.replace("!Ref Bot", "elsewhere").replace("Bot:", "Other:"))
    assert ids(lint(tmp_path, "stack.yaml", options=())) == [MISSING, OWNERLESS]


def test_the_limit_is_configured_in_cfn_lint_in_three_ways(tmp_path: Path) -> None:
    write(tmp_path, stack=STATED)
    assert lint(tmp_path, "stack.yaml") == []
    assert ids(lint(tmp_path, "stack.yaml", options=("-x", f"{OVERLONG}:max_lifetime_days=60"))) == [OVERLONG]
    (tmp_path / ".cfnlintrc").write_text(f"configure_rules: {{{OVERLONG}: {{max_lifetime_days: 30}}}}\n")
    assert ids(lint(tmp_path, "stack.yaml")) == [OVERLONG]
    assert lint(tmp_path, "stack.yaml", options=("-x", f"{OVERLONG}:max_lifetime_days=85")) == []
    (tmp_path / ".cfnlintrc").unlink()
    inside = f"Metadata: {{cfn-lint: {{config: {{configure_rules: {{{OVERLONG}: {{max_lifetime_days: 45}}}}}}}}}}\n"
    assert by_file(tmp_path, first=STATED, strict=inside + STATED, then=STATED) == {"first": set(), "strict": {OVERLONG}, "then": set()}


def test_the_limit_wins_over_our_configuration_which_holds_otherwise(tmp_path: Path) -> None:
    write(tmp_path, stack=STATED)
    (tmp_path / "posturio-iac.toml").write_text("max_lifetime_days = 30\n")
    assert ids(lint(tmp_path, "stack.yaml")) == [OVERLONG]
    assert lint(tmp_path, "stack.yaml", options=("-x", f"{OVERLONG}:max_lifetime_days=85")) == []


def test_a_configuration_below_the_top_does_nothing_and_is_named(tmp_path: Path) -> None:
    Repository(tmp_path)
    (tmp_path / "lax").mkdir()
    write(tmp_path / "lax", stack=KEY)
    (tmp_path / "posturio-iac.toml").write_text('ignore = ["ownerless_access_keys"]\n')
    (tmp_path / "lax" / "posturio-iac.toml").write_text('exclude = ["**"]\n')
    done = call(*PACK, "--", "lax/stack.yaml", cwd=tmp_path)
    assert done.returncode == 4
    assert "lax/posturio-iac.toml: this file is not used" in done.stderr
    assert "posturio-iac.toml checks only" in done.stderr


def test_the_baseline_and_suppressions_of_the_configuration_hold_from_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "infra").mkdir()
    Repository(tmp_path)
    write(tmp_path / "infra", known=KEY, other=KEY)
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "infra/known.yaml", "--reason", "known", "--until", "2099-12-31"]) == 0, capsys.readouterr()
    suppression = '[[suppressions]]\nrule = "ownerless_access_keys"\npath = "infra/other.yaml"\nreason = "agreed"\nuntil = 2099-01-01\n'
    (tmp_path / "posturio-iac.toml").write_text(f'baseline = "posturio-iac-baseline.json"\n{suppression}')
    for folder, names in ((".", ["infra/known.yaml", "infra/other.yaml"]), ("infra", ["known.yaml", "other.yaml"])):
        assert [(m.id, m.file) for m in lint(tmp_path / folder, *names, options=())] == [(MISSING, names[1])]


@pytest.mark.promise("configuration")
def test_what_our_configuration_excludes_is_left_out_aloud(tmp_path: Path) -> None:
    for name in ("vendor", "own"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, stack=KEY)
    (tmp_path / "posturio-iac.toml").write_text('exclude = ["vendor/"]\nignore = ["ownerless_access_keys"]\n')
    assert [(m.id, m.file) for m in lint(tmp_path, "vendor/stack.yaml", "own/stack.yaml")] == [(MISSING, "own/stack.yaml")]
    done = call(*PACK, "--", "vendor/stack.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert "posturio-iac.toml checks only" in done.stderr
    assert "vendor/stack.yaml was not checked" in done.stderr


@pytest.mark.parametrize("limit", ["0", "-3", "ninety", "1.5"])
def test_a_limit_that_is_none_is_one_sentence(tmp_path: Path, limit: str) -> None:
    write(tmp_path, stack=STATED)
    (match,) = lint(tmp_path, "stack.yaml", options=("-x", f"{OVERLONG}:max_lifetime_days={limit}"))
    said = f'The configuration max_lifetime_days of W9378 must be a whole number of days from 1, not "{limit}"; it was left out.'
    assert (match.id, match.line, match.message) == (INCOMPLETE, 1, said)


@pytest.mark.promise("budget")
def test_a_spent_budget_fails(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(nested_sub(25))
    assert [m.id for m in lint(tmp_path, "stack.json", options=())] == [INCOMPLETE]


def test_a_wrong_configuration_of_ours_is_one_sentence_and_fails(tmp_path: Path) -> None:
    write(tmp_path, stack=KEY)
    (tmp_path / "posturio-iac.toml").write_text("max_lifetime = 30\n")
    (match,) = lint(tmp_path, "stack.yaml", options=())
    assert match.id == INCOMPLETE
    assert match.message.startswith("No access key was checked here: posturio-iac.toml: ")
    assert "max_lifetime_days" in match.message


def test_what_our_scan_could_not_read_fails(tmp_path: Path) -> None:
    write(tmp_path, stack=KEY + "  Nameless:\n    Properties: {}\n")
    (match,) = (m for m in lint(tmp_path, "stack.yaml", options=()) if m.id == INCOMPLETE)
    assert (match.line, match.column, match.message) == (8, 3, "the resource Nameless has no Type.")


def test_a_nested_template_that_cannot_be_read_is_a_remark(tmp_path: Path) -> None:
    write(tmp_path, parent=KEY + "  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: child.yaml}\n")
    (match,) = (m for m in lint(tmp_path, "parent.yaml") if m.id == REMARKS)
    assert match.message.startswith("1 template or script was not followed, so it is not known whether it makes keys (parent.yaml Child: ")


def test_remarks_about_a_template_are_said_to_those_who_ask(tmp_path: Path) -> None:
    idle = STATED.replace("Expires", "Ignore: [{Rule: iam.expired_access_keys, Reason: none}], Expires")
    write(tmp_path, stack=idle)
    assert lint(tmp_path, "stack.yaml", options=()) == []
    (match,) = lint(tmp_path, "stack.yaml")
    assert (match.id, match.line) == (REMARKS, 6)
    assert "suppresses nothing" in match.message


def test_standard_input_is_judged_at_the_lines_of_cfn_lint(tmp_path: Path) -> None:
    text = KEY + "Outputs:\n  S: {Value: !GetAtt Key.SecretAccessKey}\n"
    found = reported(tmp_path, given=text)
    assert {(m.id, m.line, m.path) for m in found} == {(i, 4, "Resources/Key") for i in (MISSING, OWNERLESS, EXPOSED)}
    assert not any("stdin.json" in m.message for m in found)
    as_json = json.dumps({"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "x"}}}}, indent=1)
    assert {(m.id, m.line) for m in reported(tmp_path, given=as_json)} == {(MISSING, 3), (OWNERLESS, 3)}
    dated = STATED.replace("Metadata", "# 2027\n    Metadata")
    assert reported(tmp_path, given=dated) == []


def test_deployment_files_give_parameters_and_tags(tmp_path: Path) -> None:
    write(tmp_path, stack="Parameters:\n  Days: {Type: String}\n" + TAGGED % "")
    deployment = "template-file-path: stack.yaml\nparameters: {Days: %s}\ntags: {owner: payments}\n"
    write(tmp_path, good=deployment % "60d", bad=deployment % "800d")
    assert lint(tmp_path, options=("--deployment-files", "good.yaml")) == []
    (match,) = lint(tmp_path, options=("--deployment-files", "good.yaml", "bad.yaml"))
    assert (match.id, match.file) == (OVERLONG, "stack.yaml")


def test_parameters_in_the_configuration_of_cfn_lint_replace_defaults(tmp_path: Path) -> None:
    write(tmp_path, stack="Parameters:\n  Days: {Type: String, Default: never}\n" + TAGGED % ", {Key: owner, Value: a}")
    assert ids(lint(tmp_path, "stack.yaml")) == ["W9381"]
    assert lint(tmp_path, "stack.yaml", options=("--parameters", "Days=60d")) == []
    (tmp_path / ".cfnlintrc").write_text("parameters: [{Days: 60d}, {Days: 500d}]\n")
    assert ids(lint(tmp_path, "stack.yaml")) == [OVERLONG]


def test_a_symbolic_link_is_judged_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    write(tmp_path / "real", stack=KEY)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real" / "stack.yaml")
    assert {(m.id, m.file, m.line) for m in lint(tmp_path, "link.yaml")} == {(MISSING, "link.yaml", 4), (OWNERLESS, "link.yaml", 4)}


def test_templates_outside_the_current_folder_are_judged(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    write(tmp_path, stack=KEY)
    assert ids(lint(tmp_path / "here", "../stack.yaml")) == ids(lint(tmp_path / "here", str(tmp_path / "stack.yaml"))) != []


def test_a_crash_of_ours_is_one_e0002_and_fails(tmp_path: Path) -> None:
    write(tmp_path, one=KEY, two=STATED)
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from posturio_iac.adapters import cfn_lint\n"
        "from posturio_iac.adapters import cfn_lint_host as verdicts\n"
        "def boom(*_): raise RuntimeError('kaput')\n"
        "verdicts.judged = lambda *_, **__: boom()\n"
        "globals().update(cfn_lint.RULES)\n"
    )
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = program("--format", "json", "--append-rules", "broken", "--", "one.yaml", "two.yaml", cwd=tmp_path, **environment)
    assert done.returncode == 2
    failures = [m for m in json.loads(done.stdout) if m["Rule"]["Id"] == "E0002"]
    assert [m["Filename"] for m in failures] == ["one.yaml", "two.yaml"]
    assert all("RuntimeError: kaput" in m["Message"] and "please report it" in m["Message"] for m in failures)


def test_a_template_that_cfn_lint_cannot_parse_stays_its_own_matter(tmp_path: Path) -> None:
    write(tmp_path, stack="Resources:\n  Key: [\n")
    assert ids(lint(tmp_path, "stack.yaml")) == ["E0000"]


def test_the_path_of_the_pack_does_the_same(tmp_path: Path) -> None:
    write(tmp_path, stack=KEY)
    command = [sys.executable, "-m", "posturio_iac", "policies", "cfn-lint"]
    folder = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert lint(tmp_path, "stack.yaml", pack=("--append-rules", folder.rstrip("\n"))) == lint(tmp_path, "stack.yaml")


def test_a_clone_without_any_installation_does_the_same(tmp_path: Path) -> None:
    write(tmp_path, stack=KEY, clean=STATED)
    for name in ("posturio_iac", "policies"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys; sys.modules['tree_sitter'] = sys.modules['tree_sitter_hcl'] = None\n"
        "from cfnlint.runner import main; sys.argv[0] = 'cfn-lint'\n"
        "try: main()\n"
        "finally: print(sys.modules['posturio_iac'].__file__, file=sys.stderr)\n"
    )
    command = [sys.executable, "-S", "-c", code, "--format", "json", "--append-rules", "clone/policies/cfn_lint", "--", "stack.yaml"]
    environment = {"PYTHONPATH": sysconfig.get_path("purelib"), "PATH": ""}  # -S leaves out editable installations
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == str(tmp_path / "clone" / "posturio_iac" / "__init__.py")
    assert {m["Rule"]["Id"] for m in json.loads(done.stdout)} == {MISSING, OWNERLESS}


def test_the_rules_are_listed_with_their_titles_and_pages(tmp_path: Path) -> None:
    listed = call("--list-rules", *PACK, cwd=tmp_path).stdout
    for rule, pack_id in CFN_LINT.items():
        assert f"\n{pack_id}: " in listed, rule
    write(tmp_path, stack=KEY)
    found = json.loads(call("--format", "json", *PACK, "--", "stack.yaml", cwd=tmp_path).stdout)
    page = next(m["Rule"]["Source"] for m in found if m["Rule"]["Id"] == MISSING)
    assert page.endswith("/docs/rules/iam.access_keys_without_lifetime.md")
