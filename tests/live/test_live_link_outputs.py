"""What a linked key looks like in each format, in the plan and on standard error; and that no secret of a state is anywhere."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import jsonschema
import pytest

from posturio_iac.render import FORMATS
from tests.support.command_line import SCHEMA
from tests.support.live.cloud import ACCOUNT, Capsys, Cloud, at, live, retire
from tests.support.live.linked import ROTATED, Tree, stacks, tree
from tests.support.repository import CI
from tests.support.states import KEY_TYPE, SECRETS, pulled, shown

__all__ = ["stacks", "tree"]

ADDRESS = f"{KEY_TYPE}.ci"
NEEDS_JINJA = set() if find_spec("jinja2") else {"html"}


@pytest.fixture
def key(cloud: Cloud, tree: Tree) -> str:
    """A stale key of ``ci``, with its code and its state."""
    made = cloud.key("ci", age=70, used=60)
    tree.write("infra/iam.tf", CI)
    tree.state(pulled((ADDRESS, made, "ci")))
    return made


LINKED = ("--code", "infra", "--state", "x.tfstate")


@pytest.mark.usefixtures("key")
def test_text_names_the_place(capsys: Capsys) -> None:
    head, row, *_ = (line for line in live(capsys, *LINKED, json_format=False).out.splitlines() if line[:1] in "sM")
    assert head.split()[-2:] == ["code", "findings"]
    assert row.split()[-2:] == ["infra/iam.tf:5", "unused_access_keys"]
    likely = live(capsys, "--code", "infra", json_format=False).out
    assert "likely infra/iam.tf:5" in likely


def test_text_says_of_which_keys_there_is_no_code(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    cloud.key("hand", age=70, used=60)
    tree.write("infra/iam.tf", CI)
    (row,) = (line for line in live(capsys, "--code", "infra", json_format=False).out.splitlines() if line.startswith("MEDIUM"))
    assert row.split()[-3:] == ["none", "unmanaged_access_keys,", "unused_access_keys"]


@pytest.mark.usefixtures("key")
def test_json_follows_the_schema(tree: Tree, capsys: Capsys) -> None:
    tree.write("infra/other/iam.tf", CI)
    for argv in (LINKED, ("--code", "infra"), LINKED[2:]):
        jsonschema.validate(live(capsys, *argv).json, SCHEMA)


@pytest.mark.usefixtures("key")
def test_sarif_points_at_the_header_from_the_top_of_the_repository(tree: Tree, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tree.root)], check=True)
    monkeypatch.chdir(tree.root / "infra")
    log = json.loads(live(capsys, "--format", "sarif", "--code", ".", "--state", "../x.tfstate", json_format=False).out)
    assert log["runs"][0]["automationDetails"] == {"id": "posturio-iac/live/"}
    (result,) = log["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "infra/iam.tf"
    assert location["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 35}
    assert location["logicalLocations"][1] == {"fullyQualifiedName": ADDRESS, "kind": "resource"}
    assert result["partialFingerprints"]["primaryLocationLineHash"]


@pytest.mark.usefixtures("key")
def test_code_beside_the_current_folder_is_found_by_the_services(tree: Tree, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tree.root)], check=True)
    (tree.root / "tools").mkdir()
    monkeypatch.chdir(tree.root / "tools")
    log = json.loads(live(capsys, "--format", "sarif", "--code", "../infra", "--state", "../x.tfstate", json_format=False).out)
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "infra/iam.tf"


@pytest.mark.usefixtures("key")
def test_csv_and_markdown_name_address_and_place(capsys: Capsys) -> None:
    (row,) = csv.DictReader(io.StringIO(live(capsys, "--format", "csv", *LINKED, json_format=False).out))
    assert (row["path"], row["line"], row["declared_as"], row["link"]) == ("infra/iam.tf", "5", ADDRESS, "exact")
    out = live(capsys, "--format", "markdown", *LINKED, json_format=False).out
    assert "`infra/iam.tf:5`" in out
    assert f"It is declared by {ADDRESS.replace('_', chr(95))} (infra/iam.tf:5)" in out.replace("\\", "")


@pytest.mark.usefixtures("key")
def test_a_fingerprint_is_the_same_with_and_without_the_link(capsys: Capsys) -> None:
    assert len({live(capsys, *argv).json["findings"][0]["fingerprint"] for argv in ((), LINKED, ("--code", "infra"))}) == 1


def plan(capsys: Capsys, tree: Tree, *argv: str) -> list[str]:
    """The lines of a plan about keys, without their indentation."""
    folder = tree.root / f"plan-{len(list(tree.root.glob('plan-*')))}"
    retire(capsys, "plan", str(folder), "--ledger", str(folder.with_suffix(".jsonl")), *argv)
    path = folder / f"{ACCOUNT}.sh"
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    return [line.strip() for line in path.read_text().partition("# Owner: ")[2].splitlines()]


def test_the_plan_changes_nothing_by_hand_that_code_declares(key: str, tree: Tree, capsys: Capsys) -> None:
    lines = plan(capsys, tree, *LINKED)
    assert not [line for line in lines if line.startswith("disable ")]
    assert "#   keep: Code declares it and would undo changes made by hand, so nothing is planned here. Change the code." in lines
    assert any(line.startswith(f'#     Set status = "Inactive" for {ADDRESS} (infra/iam.tf:5) and apply') for line in lines)
    assert any(line.endswith(f"user/ci/{key}") for line in lines)


def test_the_plan_warns_where_code_may_declare_the_key(key: str, tree: Tree, capsys: Capsys) -> None:
    lines = plan(capsys, tree, "--code", "infra")
    (step,) = (number for number, line in enumerate(lines) if line.startswith("disable user=ci "))
    assert key in lines[step]
    text = f"#   disable: Look at the code first, because it would undo changes made by hand: the key is likely declared by {ADDRESS}"
    assert any(line.startswith(text) for line in lines[:step])


def test_the_plan_deletes_no_key_that_terraform_would_make_anew(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    made = cloud.key("ci", age=70, used=60, status="Inactive")
    tree.write("infra/iam.tf", CI)
    tree.state(pulled((ADDRESS, made, "ci")))
    argv = ("--ledger", "state.json")
    retire(capsys, "ask", "letters", *argv, *at(-54))
    assert len([line for line in plan(capsys, tree, *argv) if line.startswith("delete ")]) == 1
    linked = plan(capsys, tree, *argv, *LINKED)
    assert not [line for line in linked if line.startswith("delete ")]
    assert any(line.startswith(f"#     Remove {ADDRESS} (infra/iam.tf:5) from the code, or ") for line in linked)


@pytest.mark.parametrize("ignored", ["[status]", "all"])
def test_where_code_ignores_the_status_it_is_switched_by_hand(key: str, tree: Tree, capsys: Capsys, ignored: str) -> None:
    tree.write("infra/iam.tf", CI.replace(".ci.name\n", f".ci.name\n  lifecycle {{\n    ignore_changes = {ignored}\n  }}\n"))
    (finding,) = live(capsys, *LINKED).json["findings"]
    told = "Switch it off (posturio-iac retire plan DIR --ledger FILE writes the command, --show-key-ids shows it)"
    assert finding["remediation"].startswith(told)
    assert finding["remediation"].endswith(
        f"({ADDRESS} (infra/iam.tf:5) ignores changes of the status), and remove {ADDRESS} (infra/iam.tf:5) from the code 14 days later."
    )
    assert [line for line in plan(capsys, tree, *LINKED) if line.startswith("disable user=ci ") and key in line]


@pytest.mark.usefixtures("key")
def test_a_suppression_at_the_block_counts_for_an_exact_link(tree: Tree, capsys: Capsys) -> None:
    comment = '# posturio:ignore[iam.unused_access_keys, iam.root_access_keys] until=2027-03-01 reason="quarter end"\n'
    tree.write("infra/iam.tf", CI.replace('resource "aws_iam_access_key"', f'{comment}resource "aws_iam_access_key"'))
    exact = live(capsys, *LINKED)
    assert exact.json["findings"][0]["suppressed"] == {"reason": "quarter end", "until": "2027-03-02T00:00:00Z", "source": "code"}
    assert "suppresses nothing" not in exact.err, "what is of no use here may be of use to the scan"
    jsonschema.validate(exact.json, SCHEMA)
    assert "suppressed" not in live(capsys, "--code", "infra").json["findings"][0]


@pytest.mark.usefixtures("key")
def test_an_override_for_a_path_holds_for_the_keys_of_its_code(tree: Tree, capsys: Capsys) -> None:
    tree.write("posturio-iac.toml", '[[overrides]]\npaths = ["infra/"]\nunused_days = 70\nreason = "batch"\nuntil = 2027-01-01\n')
    answer = live(capsys, "--config", "posturio-iac.toml", *LINKED)
    assert (answer.code, answer.json["findings"]) == (0, [])


def everything(tree: Tree) -> Iterator[str]:
    """All files that were written."""
    for path in sorted(tree.root.rglob("*")):
        if path.is_file() and path.suffix not in (".tf", ".tfstate") and ".git" not in path.parts:
            yield path.read_text(errors="replace")


@pytest.mark.promise("states")
@pytest.mark.parametrize("form", [pulled, shown])
@pytest.mark.parametrize("flags", [(), ("--show-key-ids", "--verbose", "--exact")])
def test_no_secret_of_a_state_is_in_any_output(
    cloud: Cloud, tree: Tree, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, form: Any, flags: tuple[str, ...]
) -> None:
    monkeypatch.setenv("POSTURIO_IAC_DEBUG", "1")
    made = cloud.key("ci", age=70, used=60)
    tree.write("infra/iam.tf", ROTATED)
    odd = (f"{KEY_TYPE}.odd", SECRETS[0], SECRETS[0])
    text = json.dumps(form((ADDRESS, made, "ci"), (f"{KEY_TYPE}.gone", "AKIAIOSFODNN7EXAMPLE", "gone"), odd), indent=1)
    assert all(secret in text for secret in SECRETS[:2])
    tree.write("x.tfstate", text)
    tree.write("cut.tfstate", text[: len(text) - 40])
    tree.write("torn.tfstate", text.replace('"status"', 'status"'))
    tree.write("plan.tfstate", json.dumps({"format_version": "1.2", "planned_values": json.loads(text)}))
    tree.write("encrypted.tfstate", json.dumps({"serial": 1, "encrypted_data": SECRETS[0], "encryption_version": "v0"}))
    states = [word for name in ("x", "cut", "torn", "plan", "encrypted") for word in ("--state", f"{name}.tfstate")]
    outputs = [word for name in FORMATS if name not in NEEDS_JINJA for word in ("--format", name, "--output", f"out.{name}")]
    answer = live(capsys, *flags, "--code", "infra", *states, *outputs, "--ledger", "own.json", json_format=False)
    more = [flag for flag in flags if flag != "--exact"]
    assert retire(capsys, "plan", "plan", *more, "--code", "infra", *states, "--ledger", "own.json").code == 3
    assert answer.code == 3, "four states are none"
    assert answer.err.count("error: ") == 4
    written = [answer.out, answer.err, *everything(tree)]
    assert len(written) == len(FORMATS) - len(NEEDS_JINJA) + 9
    assert any(ADDRESS in text for text in written)
    for secret in SECRETS:
        assert not [text for text in written if secret in text]


def test_a_denied_call_to_cloudformation_is_a_warning_and_asked_once(cloud: Cloud, tree: Tree, capsys: Capsys, deny: Any) -> None:
    for name in ("a", "b"):
        cloud.key(name, age=70, used=60)
    tree.write("infra/iam.tf", CI)
    deny("DescribeStackResources")
    answer = live(capsys, "--code", "infra")
    assert answer.code == 1
    assert {f["rule"] for f in answer.json["findings"]} == {"iam.unused_access_keys"}, "nobody knows whether a stack declares them"
    assert "warning: cloudformation:DescribeStackResources is denied" in answer.err
    assert answer.calls()["cloudformation:DescribeStackResources"] == 1
    assert all(key["undecided"][0].endswith("DescribeStackResources is denied in us-east-1") for key in answer.json["keys"])
    assert "managed" not in answer.json["keys"][0]
    without = live(capsys, "--code", "infra", "--stack-region", "none")
    assert "iam.unmanaged_access_keys" in {f["rule"] for f in without.json["findings"]}


def test_a_call_to_cloudformation_that_fails_makes_the_run_incomplete(cloud: Cloud, tree: Tree, capsys: Capsys, deny: Any) -> None:
    cloud.key("a", age=70, used=60)
    tree.write("infra/iam.tf", CI)
    deny("DescribeStackResources", code="InternalFailure")
    answer = live(capsys, "--code", "infra", "--stack-region", "eu-west-1")
    assert answer.code == 3
    assert "error: cloudformation:DescribeStackResources failed with InternalFailure" in answer.err
    assert "this was in eu-west-1" in answer.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--code", "nowhere"), "--code nowhere: no such folder"),
        (("--state", "none.tfstate"), "--state none.tfstate: there is no such file"),
        (("--state", "infra"), "--state infra is a folder; run `terraform state pull` in it"),
        (("--state", "-", "--state", "-"), "--state - was given twice"),
        (("--stack-region", "eu-west-1"), "--stack-region needs --code or --state"),
        (("--code", "infra", "--stack-region", "none,eu-west-1"), "--stack-region none and a region cannot be combined"),
        (("--code", "infra", "--stack-region", "Ireland!"), 'must be the name of a region, or none, not "Ireland!"'),
    ],
)
def test_mistakes_on_the_command_line_are_one_sentence(cloud: Cloud, tree: Tree, capsys: Capsys, argv: tuple[str, ...], said: str) -> None:
    assert cloud.account
    tree.write("infra/iam.tf", CI)
    answer = live(capsys, *argv)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_code_that_cannot_be_read_is_said_and_leaves_keys_undetermined(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    cloud.key("hand", age=10, used=1)
    tree.write("infra/iam.tf", CI)
    tree.write("infra/b.tf", 'resource "aws_iam_access_key" "x" {\n  user = \n')
    answer = live(capsys, "--code", "infra")
    assert answer.code == 3
    assert "infra/b.tf:" in answer.err
    assert answer.json["findings"] == []
    assert "infra/b.tf" in answer.json["keys"][0]["undecided"][0]


def test_a_folder_without_keys_is_said(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    assert cloud.account
    (tree.root / "infra").mkdir()
    assert "warning: no code below infra declares an access key" in live(capsys, "--code", "infra").err


@pytest.mark.usefixtures("key")
def test_verification_without_the_code_cannot_tell_what_only_code_said(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    cloud.key("hand", age=70, used=1)
    tree.write("earlier.json", live(capsys, *LINKED).out)
    told = {(r["user"], r["state"]) for r in retire(capsys, "verify", "earlier.json").results}
    assert told == {("hand", "cannot_tell"), ("ci", "still_open")}
    again = retire(capsys, "verify", "earlier.json", *LINKED).results
    assert {(r["user"], r["state"]) for r in again} == {("hand", "still_open"), ("ci", "still_open")}
