"""Many accounts: listed, read by roles, and none of them hides another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from posturio_iac.cli import main
from posturio_iac.live.connection import session
from posturio_iac.live.connection.calls import AwsError
from tests.support.command_line import Patch
from tests.support.live.cloud import Capsys, Cloud, answer_for, live, refusal

STALE = "iam.unused_access_keys"


def accounts(answer: Any) -> set[str]:
    return {finding["address"].split(":")[4] for finding in answer.json["findings"] if finding["rule"] == STALE}


def test_every_account_of_the_organization_is_read(members: list[Cloud], capsys: Capsys) -> None:
    answer = live(capsys, "--organization")
    assert (answer.code, accounts(answer)) == (1, {member.account for member in members})
    assert answer.calls()["sts:AssumeRole"] == 4


def test_roles_are_assumed_with_the_least_policy_and_in_the_name_of_the_caller(
    members: list[Cloud], capsys: Capsys, monkeypatch: Patch
) -> None:
    call, asked = session.Connection.call, []

    def told(self: session.Connection, operation: str, **given: Any) -> Any:
        if operation == "sts:AssumeRole":
            asked.append(given)
            if "SourceIdentity" in given and denied:
                raise AwsError(operation, "AccessDenied", "not authorized to perform: sts:SetSourceIdentity")
        return call(self, operation, **given)

    monkeypatch.setattr(session.Connection, "call", told)
    documented = json.loads((Path(__file__).parents[2] / "docs/live-policy.json").read_text(encoding="utf-8"))
    for denied in (False, True):
        asked.clear()
        assert live(capsys, "--organization", "--workers", "1").code == 1
        assert all(json.loads(given["Policy"]) == documented for given in asked)
        assert {given["RoleSessionName"] for given in asked} == {"posturio-iac-moto"}
        assert {given["RoleArn"].split(":")[4] for given in asked} == {member.account for member in members[1:]}
        said = [given.get("SourceIdentity") for given in asked]
        assert said == (["moto", *[None] * 4] if denied else ["moto"] * 4), "once it was refused nobody tries again"


def test_units_and_tags_choose_accounts_and_names_are_shown(members: list[Cloud], capsys: Capsys) -> None:
    client = boto3.client("organizations", region_name="us-east-1")
    (root,) = client.list_roots()["Roots"]
    outer = client.create_organizational_unit(ParentId=root["Id"], Name="prod")["OrganizationalUnit"]["Id"]
    inner = client.create_organizational_unit(ParentId=outer, Name="eu")["OrganizationalUnit"]["Id"]
    client.move_account(AccountId=members[2].account, SourceParentId=root["Id"], DestinationParentId=inner)
    chosen = live(capsys, "--organization", "--ou", outer)
    assert accounts(chosen) == {members[2].account}
    assert {key["account_name"] for key in chosen.json["keys"]} == {"member-1"}
    assert f"Account {members[2].account} (member-1)" in live(capsys, "--organization", "--ou", outer, json_format=False).out
    assert accounts(live(capsys, "--organization", "--account-tag", "owner=platform@*")) == {members[1].account}
    nothing = live(capsys, "--organization", "--account-tag", "owner=nobody")
    assert (nothing.code, "no active account matches the given units" in nothing.err) == (3, True)
    for argv in (("--ou", outer), ("--organization", "--ou", "prod"), ("--organization", "--account-tag", "owner")):
        assert live(capsys, *argv).code == 2


def test_what_is_the_same_in_many_accounts_is_said_once(members: list[Cloud], deny: Callable[..., None], capsys: Capsys) -> None:
    deny("GetAccountSummary")
    answer = live(capsys, "--organization")
    assert sum("it was not checked whether the list of users is complete" in line for line in answer.err.splitlines()) == 1
    assert f"the same holds for {len(members) - 1} more accounts" in answer.err
    assert len({said["account"] for said in answer.json["diagnostics"] if "was not checked" in said["message"]}) == len(members)


def test_one_account_of_fifty_that_cannot_be_reached_is_listed_and_hides_nothing(
    organization: Callable[[int], list[Cloud]], capsys: Capsys, monkeypatch: Patch
) -> None:
    members = organization(50)
    bad = members[17].account

    def drop(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam")

    answer_for(monkeypatch, bad, drop)
    answer = live(capsys, "--organization")
    assert (answer.code, accounts(answer)) == (3, {member.account for member in members} - {bad})
    assert any(said.get("account") == bad and said["level"] == "error" for said in answer.json["diagnostics"])


def test_an_organization_that_lists_nobody_fails(members: list[Cloud], capsys: Capsys, monkeypatch: Patch) -> None:
    pages = session.Connection.pages

    def nobody(self: session.Connection, operation: str, **given: Any) -> Any:
        return iter([{"Accounts": []}]) if operation == "organizations:ListAccounts" else pages(self, operation, **given)

    monkeypatch.setattr(session.Connection, "pages", nobody)
    answer = live(capsys, "--organization", json_format=False)
    assert (answer.code, len(members)) == (3, 5)
    assert "returned no active account, so nothing was read" in answer.err
    assert "No account could be read; incomplete, 1 error" in answer.out


def test_an_account_that_shows_nothing_was_not_read_and_has_not_no_keys(members: list[Cloud], capsys: Capsys, monkeypatch: Patch) -> None:
    """The role can be assumed, and may do nothing."""
    denied = members[1].account
    answer_for(monkeypatch, denied, lambda *, event_name, **_: refusal(event_name.split(".")[1], "AccessDenied", "no"))
    answer = live(capsys, "--organization")
    assert (answer.code, denied in answer.json["scope"]["accounts"], answer.json["scope"]["not_read"]) == (3, False, 1)
    assert f"error: {denied} (member-0) was not read: neither its credential report nor its users could be read" in answer.err
    assert "4 of 5 accounts read" in live(capsys, "--organization", json_format=False).out


def test_accounts_have_their_names_everywhere(members: list[Cloud], deny: Callable[..., None], capsys: Capsys, tmp_path: Path) -> None:
    account = members[1].account
    deny("GetAccountSummary")
    paths = {name: tmp_path / f"keys.{name}" for name in ("json", "csv", "asff", "ocsf")}
    argv = [word for name, path in paths.items() for word in ("--format", name, "--output", str(path))]
    answer = live(capsys, "--organization", "--account-tag", "owner=platform@*", *argv, json_format=False)
    told = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
    assert json.loads(told["json"])["scope"]["account_names"] == {account: "member-0"}
    assert all("member-0" in text for text in told.values())
    assert f"{account} (member-0): error:" in answer.err or f"{account} (member-0): warning:" in answer.err
    assert main(["report", "--format", "markdown", str(paths["json"])]) in (0, 1, 3)
    assert f"account {account} (member-0)" in capsys.readouterr().out.replace("\\", "")


def test_suspended_accounts_are_skipped_and_listed(members: list[Cloud], capsys: Capsys, monkeypatch: Patch) -> None:
    pages = session.Connection.pages

    def by_state(self: session.Connection, operation: str, **parameters: Any) -> Any:
        for page in pages(self, operation, **parameters):
            for listed in page.get("Accounts", ()):
                listed["State"] = "SUSPENDED" if listed["Id"] == members[1].account else listed.pop("Status")
            yield page

    monkeypatch.setattr(session.Connection, "pages", by_state)
    answer = live(capsys, "--organization")
    assert accounts(answer) == {member.account for member in members} - {members[1].account}
    assert "is SUSPENDED and was skipped" in answer.err


def test_accounts_are_named_and_left_out(members: list[Cloud], capsys: Capsys) -> None:
    named = [member.account for member in members[1:3]]
    assert accounts(live(capsys, "--account", ",".join(named), "--role-name", "Audit", "--external-id", "xyz")) == set(named)
    answer = live(capsys, "--organization", "--exclude-account", named[0])
    assert accounts(answer) == {member.account for member in members} - {named[0]}


def test_an_account_tag_names_the_owner_of_last_resort(members: list[Cloud], capsys: Capsys) -> None:
    members[1].user("orphan")
    members[1].key("orphan", age=70, used=60)
    found = {(key["account"], key["user"]): key["owner"] for key in live(capsys, "--organization").json["keys"]}
    assert found[members[1].account, "orphan"] == "platform@example.com"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--account", "12"), "12 digits"),
        (("--organization", "--account", "111122223333"), "cannot be combined"),
        (("--unused", "soon"), "whole number from 1"),
    ],
)
@pytest.mark.usefixtures("cloud")
def test_bad_arguments_are_named(capsys: Capsys, arguments: tuple[str, ...], said: str) -> None:
    answer = live(capsys, *arguments)
    assert (answer.code, said in answer.err) == (2, True)


def test_two_profiles_of_one_account_count_once(cloud: Cloud, capsys: Capsys, monkeypatch: Patch, tmp_path: Path) -> None:
    cloud.key("ci", age=70, used=60)
    text = "".join(f"[{name}]\naws_access_key_id = testing\naws_secret_access_key = testing\n" for name in ("a", "b"))
    (tmp_path / "credentials").write_text(text, encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    answer = live(capsys, "--profile", "a", "--profile", "b")
    assert (answer.code, len(answer.json["keys"])) == (1, 1)
    assert "lead to the same account" in answer.err


def test_a_profile_that_wants_a_second_factor_is_named(cloud: Cloud, capsys: Capsys, monkeypatch: Patch, tmp_path: Path) -> None:
    role = f"role_arn = arn:aws:iam::{cloud.account}:role/x\nsource_profile = base\nmfa_serial = arn:aws:iam::{cloud.account}:mfa/me\n"
    (tmp_path / "config").write_text(
        f"[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n[profile mfa]\n{role}", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    answer = live(capsys, "--profile", "mfa")
    assert (answer.code, "requires an MFA code" in answer.err) == (2, True)
