"""From the deployed key to the line that declared it, against moto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from moto.sts.models import STSBackend

from posturio_iac.core.record import replace
from posturio_iac.live.reading import report as reports
from tests.support.command_line import Patch
from tests.support.live.cloud import Capsys, Cloud, ago, live
from tests.support.live.linked import ROTATED, TEMPLATE, Tree, stacks, tree
from tests.support.repository import CI
from tests.support.states import KEY_TYPE, pulled, shown

__all__ = ["stacks", "tree"]

ADDRESS = f"{KEY_TYPE}.ci"


def stale(cloud: Cloud, *names: str, status: str = "Active") -> list[str]:
    """Users, each with a key that nobody has used for 60 days."""
    return [cloud.key(name, age=70, used=60, status=status) for name in names]


def key_of(answer: Any, user: str) -> Any:
    (found,) = [key for key in answer.json["keys"] if key["user"] == user]
    return found


@pytest.mark.parametrize("form", [pulled, shown])
def test_the_id_in_a_state_leads_to_the_line(cloud: Cloud, tree: Tree, capsys: Capsys, form: Callable[..., Any]) -> None:
    (key,) = stale(cloud, "ci")
    tree.write("infra/iam.tf", CI)
    state = tree.state(form((ADDRESS, key, "ci")))
    answer = live(capsys, "--code", "infra", "--state", state)
    assert answer.code == 1
    assert key_of(answer, "ci")["declared_as"] == {
        "address": ADDRESS, "path": "infra/iam.tf", "line": 5, "link": "exact", "framework": "terraform", "source": "state x.tfstate",
    }  # fmt: skip
    (finding,) = answer.json["findings"]
    assert finding["rule"] == "iam.unused_access_keys"
    assert (finding["path"], finding["line"], finding["column"]) == ("infra/iam.tf", 5, 1)
    assert finding["message"].endswith(f"It is declared by {ADDRESS} (infra/iam.tf:5), as state x.tfstate says.")
    assert finding["remediation"] == (
        f'Set status = "Inactive" for {ADDRESS} (infra/iam.tf:5) and apply (if it is only switched off by hand, the next apply switches it '
        f"on again while status is unset or Active), and remove {ADDRESS} (infra/iam.tf:5) from the code 14 days later."
    )
    assert "cloudformation:DescribeStackResources" not in answer.calls(), "the state knows the key"


def test_the_name_of_a_user_is_a_likely_link(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    stale(cloud, "ci")
    tree.write("infra/iam.tf", CI)
    answer = live(capsys, "--code", "infra")
    assert key_of(answer, "ci")["declared_as"]["link"] == "likely"
    (finding,) = answer.json["findings"]
    assert "It is likely declared by" in finding["message"]
    assert f'If {ADDRESS} (infra/iam.tf:5) declares it, set status = "Inactive" for it and apply (' in finding["remediation"]
    assert "if not, switch it off (posturio-iac retire plan DIR --ledger FILE writes the command" in finding["remediation"]


@pytest.mark.parametrize("used", [1, 60])
def test_a_key_that_no_code_declares_is_unmanaged(cloud: Cloud, tree: Tree, capsys: Capsys, used: int) -> None:
    cloud.key("hand", age=70, used=used)
    tree.write("infra/iam.tf", CI)
    answer = live(capsys, "--code", "infra")
    assert ("iam.unmanaged_access_keys", "low") in {(f["rule"], f["severity"]) for f in answer.json["findings"]}
    assert key_of(answer, "hand")["managed"] is False
    assert answer.calls()["cloudformation:DescribeStackResources"] == 1


def test_a_state_that_cannot_be_read_leaves_keys_undetermined_and_the_rest_goes_on(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    key, _ = stale(cloud, "ci", "hand")
    good, bad = tree.state(pulled((ADDRESS, key, "ci"))), tree.write("cut.tfstate", '{"version": 4, "resou')
    answer = live(capsys, "--state", good, "--state", bad)
    assert answer.code == 3
    assert {f["rule"] for f in answer.json["findings"]} == {"iam.unused_access_keys"}
    assert key_of(answer, "ci")["declared_as"]["link"] == "exact"
    assert "cut.tfstate is not complete JSON after line 1" in key_of(answer, "hand")["undecided"][0]


def test_one_declaration_for_two_keys_is_undetermined(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    for age in (70, 5):
        cloud.key("ci", age=age, used=1)
    tree.write("infra/iam.tf", CI)
    answer = live(capsys, "--code", "infra")
    assert answer.json["findings"] == []
    assert all("--state tells which" in key["undecided"][0] for key in answer.json["keys"])


def test_the_rotation_of_the_code_is_held_against_the_age_of_the_key(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    key = cloud.key("ci", age=30, used=1)
    tree.write("infra/iam.tf", ROTATED)
    exact = live(capsys, "--code", "infra", "--state", tree.state(pulled((ADDRESS, key, "ci"))))
    (finding,) = exact.json["findings"]
    assert finding["rule"] == "iam.overdue_access_key_rotations"
    assert "is 30 days old, created on 2026-10-25, but replace_triggered_by" in finding["message"]
    assert finding["remediation"].startswith(f"Replace the key by terraform apply -replace={ADDRESS}, or ")
    assert (finding["path"], finding["line"]) == ("infra/iam.tf", 9), "the header of the block, not what rotates it"
    likely = live(capsys, "--code", "infra")
    assert likely.json["findings"] == []
    assert "declares it only likely" in key_of(likely, "ci")["undecided"][0]


def test_a_key_older_than_any_reading_of_a_likely_link_is_overdue(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    cloud.key("ci", age=400, used=1)
    tree.write("infra/iam.tf", ROTATED)
    assert [f["rule"] for f in live(capsys, "--code", "infra").json["findings"]] == ["iam.overdue_access_key_rotations"]


def test_a_key_that_was_switched_off_by_hand_comes_back(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    (key,) = stale(cloud, "ci", status="Inactive")
    state = tree.state(pulled((ADDRESS, key, "ci")))
    tree.write("infra/iam.tf", CI)
    text = f"is Inactive, and {ADDRESS} (infra/iam.tf:5) makes it Active again at the next apply"
    assert text in live(capsys, "--code", "infra", "--state", state).err
    assert "makes it Active again" in live(capsys, "--state", state).err
    tree.write("infra/iam.tf", CI.replace(".ci.name\n", '.ci.name\n  status = "Inactive"\n'))
    assert "makes it Active again" not in live(capsys, "--code", "infra", "--state", state).err


def test_code_that_says_inactive_already_has_to_be_applied(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    (key,) = stale(cloud, "ci")
    tree.write("infra/iam.tf", CI.replace(".ci.name\n", '.ci.name\n  status = "Inactive"\n'))
    answer = live(capsys, "--code", "infra", "--state", tree.state(pulled((ADDRESS, key, "ci"))))
    assert answer.json["findings"][0]["remediation"].startswith(f"Apply {ADDRESS} (infra/iam.tf:5), which already says Inactive")


def test_what_is_declared_and_gone_is_listed(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    (key,) = stale(cloud, "ci")
    (gone,) = stale(cloud, "gone")
    cloud.backend.delete_access_key(gone, "gone")
    tree.write("infra/iam.tf", CI)
    answer = live(capsys, "--code", "infra", "--state", tree.state(pulled((ADDRESS, key, "ci"), (f"{KEY_TYPE}.gone", gone, "gone"))))
    (said,) = [d for d in answer.json["diagnostics"] if "declares the access key" in d["message"]]
    assert said["level"] == "note"
    assert said["message"].startswith(f"{KEY_TYPE}.gone declares the access key ****{gone[-4:]} of user gone (state x.tfstate), but AWS")
    assert answer.calls()["sts:GetAccessKeyInfo"] == 1


def test_a_key_that_is_newer_than_the_report_is_not_missed(cloud: Cloud, tree: Tree, capsys: Capsys, monkeypatch: Patch) -> None:
    monkeypatch.setattr(reports, "fetch", report_without_keys(reports.fetch))
    made = cloud.key("ci", age=0.01, used=None)
    answer = live(capsys, "--state", tree.state(pulled((ADDRESS, made, "ci"))))
    assert "declares the access key" not in answer.err
    assert key_of(answer, "ci")["declared_as"]["link"] == "exact"


def report_without_keys(fetch: Callable[..., Any]) -> Callable[..., Any]:
    """A report that was made before any key was."""

    def fetched(*arguments: Any) -> Any:
        found = fetch(*arguments)
        return replace(found, rows=tuple(replace(row, keys=()) for row in found.rows))

    return fetched


def test_keys_whose_ids_nobody_asked_for_are_counted(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    cloud.key("ci", age=10, used=1)
    state = tree.state(pulled((ADDRESS, "AKIAIOSFODNN7EXAMPLE", "ci")))
    answer = live(capsys, "--state", state)
    assert "1 access key of a state was not compared" in answer.err
    assert key_of(answer, "ci")["declared_as"]["link"] == "likely"
    assert key_of(live(capsys, "--state", state, "--exact", "--stack-region", "none"), "ci")["managed"] is False


def test_the_stack_of_a_key_leads_to_its_template(cloud: Cloud, tree: Tree, stacks: Callable[..., str], capsys: Capsys) -> None:
    key = stacks("mail", TEMPLATE)
    made = cloud.backend.access_keys[key]
    made.create_date = ago(70)
    tree.write("infra/mail.yaml", TEMPLATE)
    tree.write("infra/other.yaml", TEMPLATE.replace("Key:", "OtherKey:"))
    answer = live(capsys, "--code", "infra")
    (found,) = answer.json["keys"]
    assert found["declared_as"] == {
        "address": "Key", "path": "infra/mail.yaml", "line": 4, "link": "exact", "framework": "cloudformation",
        "source": "stack mail in us-east-1",
    }  # fmt: skip
    unused = next(f for f in answer.json["findings"] if f["rule"] == "iam.unused_access_keys")
    assert unused["remediation"].startswith(
        "Set Status: Inactive on Key (infra/mail.yaml:4) and deploy the stack (CloudFormation does not notice"
    )


def test_of_templates_with_the_same_logical_id_the_one_called_like_the_stack_is_taken(
    cloud: Cloud, tree: Tree, stacks: Callable[..., str], capsys: Capsys
) -> None:
    cloud.backend.access_keys[stacks("mail", TEMPLATE)].create_date = ago(70)
    for name in ("mail", "news"):
        tree.write(f"cdk.out/{name}.template.yaml", TEMPLATE)
    assert live(capsys, "--code", "cdk.out").json["keys"][0]["declared_as"]["path"] == "cdk.out/mail.template.yaml"
    cloud.backend.access_keys[stacks("letters", TEMPLATE)].create_date = ago(70)
    declared = [key["declared_as"] for key in live(capsys, "--code", "cdk.out").json["keys"]]
    assert [len(d.get("candidates", ())) for d in declared if d["source"].startswith("stack letters")] == [2]


def test_stacks_of_other_regions_are_asked_for_by_name(cloud: Cloud, tree: Tree, stacks: Callable[..., str], capsys: Capsys) -> None:
    cloud.backend.access_keys[stacks("mail", TEMPLATE, "eu-west-1")].create_date = ago(70)
    tree.write("infra/iam.tf", CI)
    assert "declared_as" not in live(capsys, "--code", "infra").json["keys"][0]
    answer = live(capsys, "--code", "infra", "--stack-region", "us-east-1,eu-west-1")
    assert answer.json["keys"][0]["declared_as"]["source"] == "stack mail in eu-west-1"
    assert answer.json["keys"][0]["declared_as"]["address"] == "mail/Key"
    assert answer.calls()["cloudformation:DescribeStackResources"] == 2


def test_users_of_the_same_name_in_other_accounts_are_others(cloud: Cloud, tree: Tree, capsys: Capsys, monkeypatch: Patch) -> None:
    other = Cloud("111122223333")
    mine, theirs = (one.user("ci", owner="payments@example.com") and one.key("ci", age=10, used=1) for one in (cloud, other))
    owners = {mine: cloud.account, theirs: other.account}
    monkeypatch.setattr(STSBackend, "get_access_key_info", lambda _self, key: {"Account": owners[key]})
    states = [tree.state(pulled((f"{KEY_TYPE}.{name}", key, "ci")), f"{name}.tfstate") for name, key in (("here", mine), ("there", theirs))]
    argv = [word for state in states for word in ("--state", state)]
    answer = live(capsys, "--account", f"{cloud.account},{other.account}", *argv, "--stack-region", "none")
    assert {key["account"]: key["declared_as"]["address"] for key in answer.json["keys"]} == {
        cloud.account: f"{KEY_TYPE}.here", other.account: f"{KEY_TYPE}.there",
    }  # fmt: skip
    assert answer.calls()["sts:GetAccessKeyInfo"] == 2


def test_keys_that_code_declares_cost_no_calls(cloud: Cloud, tree: Tree, capsys: Capsys) -> None:
    names = [f"user-{number}" for number in range(30)]
    for name in (*names, "hand"):
        cloud.key(name, age=10, used=1)
    listed = ", ".join(f'"{name}"' for name in names)
    tree.write("infra/iam.tf", f'resource "aws_iam_access_key" "all" {{\n  for_each = toset([{listed}])\n  user = each.key\n}}\n')
    answer = live(capsys, "--code", "infra")
    assert [f["rule"] for f in answer.json["findings"]] == ["iam.unmanaged_access_keys"]
    assert {key["declared_as"]["line"] for key in answer.json["keys"] if key["user"] != "hand"} == {1}
    calls = answer.calls()
    assert [calls[f"{name}"] for name in ("iam:ListAccessKeys", "cloudformation:DescribeStackResources")] == [1, 1]
    without = live(capsys, "--code", "infra", "--stack-region", "none")
    assert without.calls()["iam:ListAccessKeys"] == 1, "whether a key has any code is told by its user alone, and its id is for the finding"
    assert [f["rule"] for f in without.json["findings"]] == ["iam.unmanaged_access_keys"]
