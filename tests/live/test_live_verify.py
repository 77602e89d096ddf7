"""What became of an earlier result: asked key by key, and never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from moto.iam.models import AccessKeyLastUsed

from posturio_iac.live.connection.calls import AwsError
from posturio_iac.retire.compare import MISSED
from tests.support.command_line import SCHEMA
from tests.support.live.cloud import ACCOUNT, Capsys, Cloud, ago, kept, retire


@pytest.fixture
def earlier(capsys: Capsys, tmp_path: Path) -> Callable[..., str]:
    """Run the check and keep its result, which a test may change; what this returns is the path."""

    def result(*argv: str, change: Callable[[Any], object] = lambda _: None) -> str:
        path = Path(kept(capsys, tmp_path, *argv))
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return result


def states(answer: Any) -> list[tuple[str, str, str]]:
    return [(r["state"], r["user"], r["rule"].partition(".")[2]) for r in answer.results]


def stale(cloud: Cloud, *users: str) -> list[str]:
    return [cloud.key(name, age=70, used=60) for name in users]


def test_what_was_done_is_told_from_what_was_not(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    off, gone, used, left, _open = stale(cloud, "off", "gone", "used", "left", "open")
    path = earlier("--show-key-ids")
    cloud.backend.access_keys[off].status = "Inactive"
    cloud.backend.delete_access_key(gone, "gone")
    cloud.backend.access_keys[used].last_used = AccessKeyLastUsed(ago(1), "s3", "eu-west-1")
    cloud.backend.delete_access_key(left, "left")
    cloud.backend.delete_user("left")
    cloud.key("open", age=70, used=1)
    answer = retire(capsys, "verify", path)
    jsonschema.validate(answer.json, SCHEMA)
    assert answer.code == 3, "moto has no CloudTrail, which tells who switched it off"
    assert states(answer) == [
        ("still_open", "open", "unused_access_keys"),
        ("resolved", "gone", "unused_access_keys"),
        ("resolved", "left", "unused_access_keys"),
        ("resolved", "off", "unused_access_keys"),
        ("resolved", "used", "unused_access_keys"),
    ]
    why = {result["user"]: result["why"] for result in answer.results if result["state"] == "resolved"}
    assert why == {
        "gone": "the key no longer exists; who deleted it, and when, is not known",
        "left": "user left no longer exists",
        "off": f"switched off; since when is not known; {MISSED[0].lower()}{MISSED[1:-1]}",
        "used": "no earlier finding holds any longer",
    }
    assert not any("Report" in operation for operation in answer.calls())
    before = {f["fingerprint"] for f in json.loads(Path(path).read_text(encoding="utf-8"))["findings"]}
    assert before == {r["fingerprint"] for r in answer.results}


def test_the_text_says_it_for_people(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    off, still = stale(cloud, "off", "still")
    path = earlier()
    cloud.backend.access_keys[off].status = "Inactive"
    answer = retire(capsys, "verify", path, json_format=False)
    assert answer.out.startswith(f"Still open:\n  MEDIUM {ACCOUNT} still/****{still[-4:]}  owner payments@example.com\n")
    assert f"Resolved:\n  MEDIUM {ACCOUNT} off/****{off[-4:]}" in answer.out
    assert answer.out.endswith("2 keys of 2026-11-24 12:00 UTC: 1 still open, 1 resolved\n")
    assert off not in answer.out + answer.err
    assert still in retire(capsys, "verify", path, "--show-key-ids", json_format=False).out


def renamed(cloud: Cloud, key_id: str, new: str) -> None:
    """Give a key the id that a test wants."""
    key = cloud.backend.access_keys.pop(key_id)
    key.access_key_id = new
    cloud.backend.access_keys[new] = key


def test_two_keys_that_a_masked_id_could_mean_are_not_guessed(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    (old,) = stale(cloud, "ci")

    def forget(result: Any) -> None:
        for key in result["keys"]:
            del key["created"]
        for finding in result["findings"]:
            finding["fingerprint"] = "0" * 32

    path = earlier(change=forget)
    renamed(cloud, cloud.key("ci", age=1, used=0), "AKIAZZZZZZZZZZZZ" + old[-4:])
    answer = retire(capsys, "verify", path)
    assert answer.code == 3
    assert ("cannot_tell", "ci", "unused_access_keys") in states(answer)
    assert "it is not clear from the earlier result whether it means" in answer.results[0]["why"]


def test_the_day_of_creation_and_the_fingerprint_tell_alike_ids_apart(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    (old,) = stale(cloud, "ci")
    path = earlier()
    renamed(cloud, cloud.key("ci", age=1, used=0), "AKIAZZZZZZZZZZZZ" + old[-4:])
    assert states(retire(capsys, "verify", path))[0] == ("still_open", "ci", "unused_access_keys")
    cloud.backend.delete_access_key(old, "ci")
    answer = retire(capsys, "verify", path)
    assert (answer.code, states(answer)) == (0, [("resolved", "ci", "unused_access_keys")])


def test_keys_that_only_the_report_told_of(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    cloud.user("ownerless")
    cloud.user("tagged")
    for name in ("ownerless", "tagged"):
        cloud.key(name, age=20, used=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posturio_iac.live.reading.usage.list_keys", refused)
        path = earlier()
    assert {f["address"].rpartition("/")[2] for f in json.loads(Path(path).read_text(encoding="utf-8"))["findings"]} == {"key-1"}
    cloud.tag("tagged", "owner", "payments@example.com")
    answer = retire(capsys, "verify", path)
    assert (answer.code, states(answer)) == (
        1,
        [("still_open", "ownerless", "ownerless_access_keys"), ("resolved", "tagged", "ownerless_access_keys")],
    )
    assert answer.results[0]["address"].rpartition("/")[2].startswith("****")


def refused(*_: Any) -> None:
    raise AwsError("iam:ListAccessKeys", "AccessDenied", "no")


@pytest.mark.parametrize("operation", ["ListAccessKeys", "GetAccessKeyLastUsed"])
def test_what_cannot_be_asked_cannot_be_told(cloud: Cloud, earlier: Callable[..., str], deny: Any, capsys: Capsys, operation: str) -> None:
    stale(cloud, "ci")
    path = earlier()
    deny(operation)
    answer = retire(capsys, "verify", path)
    assert (answer.code, states(answer)) == (3, [("cannot_tell", "ci", "unused_access_keys")])
    assert f"iam:{operation} is denied" in answer.results[0]["why"]


def test_an_account_that_cannot_be_read_hides_no_other(
    members: list[Cloud], earlier: Callable[..., str], capsys: Capsys, shut: Any
) -> None:
    path = earlier("--organization")
    for member in members[:2]:
        member.backend.access_keys[member.keys[0]].status = "Inactive"
    answer = retire(capsys, "verify", path)
    assert (answer.code, sorted(r["state"] for r in answer.results)) == (3, ["resolved"] * 2 + ["still_open"] * 3)
    shut(members[1].account)
    answer = retire(capsys, "verify", path, "--role-name", "Audit")
    told = {r["account"]: r["state"] for r in answer.results}
    assert (answer.code, told[members[0].account], told[members[1].account]) == (3, "resolved", "cannot_tell")
    again = Path(path).with_name("again.json")
    again.write_text(answer.out, encoding="utf-16")
    shut()
    answer = retire(capsys, "verify", str(again))
    assert answer.code == 3
    assert {r["account"]: r["state"] for r in answer.results}[members[1].account] == "resolved"


def test_the_organization_says_which_accounts_are_left(members: list[Cloud], earlier: Callable[..., str], capsys: Capsys) -> None:
    def elsewhere(result: Any) -> None:
        for entry in (*result["keys"], *result["findings"]):
            entry["address"] = entry["address"].replace(members[3].account, "999999999999")

    path = earlier("--organization", change=elsewhere)
    answer = retire(capsys, "verify", path, "--organization")
    told = {r["account"]: r["why"] for r in answer.results}
    assert (answer.code, told["999999999999"]) == (3, "account 999999999999 is not an active account of the organization")


def test_credentials_of_an_account_that_the_file_does_not_name_are_noted(
    members: list[Cloud], earlier: Callable[..., str], capsys: Capsys
) -> None:
    path = earlier("--account", members[1].account)
    answer = retire(capsys, "verify", path, "--role-name", "Audit")
    assert (answer.code, [s[0] for s in states(answer)]) == (1, ["still_open"])
    assert f"the credentials belong to account {ACCOUNT}, which is not in the file; its accounts are read as Audit" in answer.err


def test_a_finding_that_is_accepted_now_is_resolved_and_says_so(
    cloud: Cloud, earlier: Callable[..., str], capsys: Capsys, tmp_path: Path
) -> None:
    stale(cloud, "ci")
    path = earlier()
    config = tmp_path / "posturio-iac.toml"
    entry = '[[suppressions]]\nrule = "unused_access_keys"\naddress = "*"\nreason = "quarter end"\nuntil = 2027-06-30\n'
    config.write_text(entry, encoding="utf-8")
    answer = retire(capsys, "verify", path, "--config", str(config))
    (result,) = answer.results
    assert (answer.code, result["state"], result["why"]) == (0, "resolved", "it is suppressed: quarter end")


def test_a_rule_that_nobody_knows_cannot_be_told(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    stale(cloud, "ci")
    path = earlier(change=lambda result: result["findings"][0].update(rule="iam.quantum_access_keys", fingerprint="0" * 32))
    answer = retire(capsys, "verify", path)
    assert answer.code == 3
    assert states(answer)[0] == ("cannot_tell", "ci", "quantum_access_keys")
    assert answer.results[0]["why"] == "this version has no rule iam.quantum_access_keys"


def test_an_earlier_run_that_was_incomplete_is_named(cloud: Cloud, earlier: Callable[..., str], capsys: Capsys) -> None:
    stale(cloud, "ci")
    error = {"level": "error", "message": "denied"}
    answer = retire(capsys, "verify", earlier(change=lambda result: result["diagnostics"].append(error)))
    assert (answer.code, "is incomplete: what its own run could not read" in answer.err) == (1, True)
    empty = earlier(change=lambda result: result.update(keys=[], findings=[], diagnostics=[error]))
    answer = retire(capsys, "verify", empty)
    assert (answer.code, "contains nothing to verify" in answer.err) == (3, True)


@pytest.mark.usefixtures("cloud")
def test_a_clean_result_has_nothing_to_verify(earlier: Callable[..., str], capsys: Capsys) -> None:
    answer = retire(capsys, "verify", earlier(), json_format=False)
    assert (answer.code, answer.out, answer.err) == (0, "There was nothing to verify\n", "0 calls to AWS\n")


EMPTY: dict[str, Any] = {
    "version": 1,
    "tool": {"name": "posturio-iac", "version": "0.1.0"},
    "as_of": "2026-01-01T00:00:00Z",
    "keys": [],
    "findings": [],
    "diagnostics": [],
    "summary": {"files": 0},
}
KEY: dict[str, Any] = dict.fromkeys(("path", "line", "user", "status", "owner")) | {"verdict": "clean", "lifetime": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid JSON"),
        (json.dumps({**EMPTY, "summary": {"files": 3}}), "a scan of code"),
        (json.dumps({**EMPTY, "keys": [{**KEY, "framework": "terraform", "address": "aws_iam_access_key.ci"}]}), "a scan of code"),
        (json.dumps({**EMPTY, "keys": [{**KEY, "framework": "aws", "address": "ci/key-1"}]}), "no address of a deployed key"),
        (json.dumps({**EMPTY, "keys": [{**KEY, "framework": "aws"}]}), "'address' is missing"),
        (
            json.dumps({**EMPTY, "findings": [{"framework": "aws", "address": "arn:aws:iam::123456789012:user/a/key-1"}]}),
            "does not follow the contract",
        ),
        ("\ud800", "is not UTF-8 text"),
    ],
)
@pytest.mark.usefixtures("cloud")
def test_other_files_are_refused(capsys: Capsys, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "earlier.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    answer = retire(capsys, "verify", str(path))
    assert (answer.code, answer.out, said in answer.err) == (2, "", True)
    assert answer.err.count("\n") == 1


@pytest.mark.usefixtures("cloud")
def test_what_is_no_step_of_the_process_is_refused(capsys: Capsys, tmp_path: Path) -> None:
    for words, said in (
        (("delete",), 'retire needs a step: ask, plan, verify, evidence, not "delete"'),
        (("verify",), "retire verify needs the folder of a plan, or a JSON result"),
        (("plan", "a", "b"), 'unexpected "b"'),
        (("verify", "a", "--again"), "--again is for retire ask"),
        (("evidence", "a"), "retire evidence needs --ledger"),
        (("verify", str(tmp_path / "none.json")), "cannot be read: no such file"),
    ):
        answer = retire(capsys, *words)
        assert (answer.code, said in answer.err) == (2, True), answer.err


def test_each_profile_verifies_its_own_account(
    cloud: Cloud, earlier: Callable[..., str], capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stale(cloud, "ci")
    path = earlier()
    credentials = "[a]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    (tmp_path / "credentials").write_text(credentials, encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    answer = retire(capsys, "verify", path, "--profile", "a")
    assert (answer.code, "sts:AssumeRole" in answer.calls()) == (1, False)
