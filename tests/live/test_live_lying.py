"""AWS, or whoever stands in between, tells what cannot be: it is refused with a sentence, hides nothing else, and names no file."""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path
from pickle import dumps
from typing import Any

import pytest

from posturio_iac import __version__
from posturio_iac.commands.retire.evidence import check
from posturio_iac.errors import UsageError
from posturio_iac.live import dask_executor
from posturio_iac.live.connection import session
from posturio_iac.live.model import Account
from posturio_iac.live.reading import organization
from posturio_iac.live.request import Request
from posturio_iac.live.survey import AccountTarget, Surveyor
from posturio_iac.render import FORMATS
from tests.support.command_line import Patch
from tests.support.live.cloud import ACCOUNT, AS_OF, Answer, Capsys, live, retire
from tests.support.live.lying import KEY_ID, OTHER, SECRETS, answering, caller, details, granted, honest, keys, made_report, report

WRITTEN = ("--ledger", "ledger.jsonl")
ORGANIZATION = ("--organization", *WRITTEN)
NO_ACCOUNTS = ["../../x", "/x", "..", "", "12345678901", "1" * 5000, "$(touch x)", f"{ACCOUNT}\n1", "\u202e1", "\u0661" * 12]
STRANGE_ARNS = [
    "",
    "x",
    "arn:aws:iam",
    "arn:aws:iam::999999999999:user/ci",
    f"arn:../x:iam::{ACCOUNT}:user/ci",
    f"arn:aws:s3::{ACCOUNT}:user/ci",
]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: Patch) -> Path:
    """Work in a folder that others are above."""
    folder = tmp_path / "a" / "work"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("POSTURIO_IAC_DEBUG", "1")
    return folder


def refused(answer: Answer, work: Path, capsys: Capsys) -> str:
    """Check that a run read nothing, said so, and wrote its outputs alone; return what it said."""
    assert answer.code == 3
    assert "internal error" not in answer.err
    assert answer.json["keys"] == []
    assert [path.name for path in work.parent.iterdir()] == ["work"]
    for step in ("plan", "ask"):
        taken = retire(capsys, step, step, *WRITTEN)
        assert taken.code in (2, 3)
        assert "internal error" not in taken.err
    assert not (work / "plan").exists() or {path.name for path in (work / "plan").iterdir()} == {"plan.json"}
    assert not (work / "ask").exists()
    return answer.err


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize("account", NO_ACCOUNTS)
def test_what_is_no_account_names_no_script(work: Path, capsys: Capsys, account: str) -> None:
    with answering(GetCallerIdentity=caller(account)):
        assert "is not an AWS account" in refused(live(capsys, *WRITTEN), work, capsys) or account in ("", "$(touch x)")


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize("account", [*NO_ACCOUNTS, None, 5, ["a"], {}, f"{OTHER}:role/x"])
def test_what_is_no_account_of_an_organization_is_not_read(capsys: Capsys, account: Any) -> None:
    listed = [{"Id": account, "Status": "ACTIVE"}, {"Id": ACCOUNT, "Name": 7, "Status": "ACTIVE"}, {"Id": ACCOUNT, "Status": "ACTIVE"}]
    with answering(ListAccounts={"Accounts": listed}):
        answer = live(capsys, "--organization")
    assert (answer.code, [key["account"] for key in answer.json["keys"]]) == (3, [ACCOUNT])
    assert "organizations:ListAccounts returned an invalid account, which was not read" in answer.err


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize("arn", STRANGE_ARNS)
@pytest.mark.parametrize("operation", ["GetCredentialReport", "GetAccountAuthorizationDetails"])
def test_what_is_no_user_of_the_account_is_refused_and_hides_no_other_account(capsys: Capsys, operation: str, arn: str) -> None:
    calm, made = honest()[operation], {"GetCredentialReport": report, "GetAccountAuthorizationDetails": details}[operation]
    strange = made(arn=arn) if arn else made().replace(f"arn:aws:iam::{ACCOUNT}:user/ci", "") if made is details else made(arn=",")
    with answering(**{operation: lambda asked: strange if asked["signed_by"] == "ASIA" else calm(asked)}):
        answer = live(capsys, "--organization")
    assert (answer.code, [key["account"] for key in answer.json["keys"]]) == (3, [ACCOUNT])
    assert f"{OTHER} (one) was not read: the response from AWS was not understood (ValueError: " in answer.err


EXPIRED = granted("1970-01-01T00:00:00Z")
UNIT = ("--ou", "ou-abcd-12345678")
SUMMARY = "<SummaryMap><entry>{}</entry></SummaryMap>"
OTHERWISE: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "no ARN of the caller": ((), "GetCallerIdentity", caller(arn="")),
    "an ARN of no parts": ((), "GetCallerIdentity", caller(arn="x")),
    "a partition that is none": ((), "GetCallerIdentity", caller(arn=f"arn:../x:iam::{ACCOUNT}:user/me")),
    "two ARNs of the caller": ((), "GetCallerIdentity", caller() + caller()),
    "a summary without names": ((), "GetAccountSummary", SUMMARY.format("<value>1</value>")),
    "a summary without values": ((), "GetAccountSummary", SUMMARY.format("<key>Users</key>")),
    "a key of the first year": ((), "ListAccessKeys", keys(created="0001-01-01T00:00:00Z")),
    "a key of the last year": ((), "ListAccessKeys", keys(created="9999-12-31T23:59:59Z")),
    "used in the first year": (
        (),
        "GetAccessKeyLastUsed",
        "<AccessKeyLastUsed><LastUsedDate>0001-01-01T00:00:00Z</LastUsedDate></AccessKeyLastUsed>",
    ),
    "a unit without an id": (UNIT, "ListOrganizationalUnitsForParent", {"OrganizationalUnits": [{}]}),
    "accounts that are words": (("--organization",), "ListAccounts", {"Accounts": "x"}),
    "accounts of deep nesting": (("--organization",), "ListAccounts", b"[" * 5000),
    "a role whose time is over": (("--organization",), "AssumeRole", EXPIRED),
    "a role without a secret": (("--organization",), "AssumeRole", "<Credentials><AccessKeyId>x</AccessKeyId></Credentials>"),
    "a role whose time is a word": (("--organization",), "AssumeRole", granted("soon")),
    "a report of NUL": ((), "GetCredentialReport", made_report(b"\0" * 500)),
    "a report with 9,000 digits": ((), "GetCredentialReport", made_report(b"access_key_" + b"9" * 9000 + b"_active\nx")),
}


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize(("argv", "operation", "said"), OTHERWISE.values(), ids=OTHERWISE)
def test_an_answer_that_is_built_otherwise_is_a_sentence(capsys: Capsys, argv: tuple[str, ...], operation: str, said: Any) -> None:
    argv = ("--organization", *argv) if argv == UNIT else argv
    with answering(**{operation: said}):
        answer = live(capsys, *argv, *WRITTEN)
    assert answer.code in ((1, 3) if operation in ("GetCredentialReport", "GetAccountSummary") else (3,))
    assert "internal error" not in answer.err
    assert not [secret for secret in SECRETS if secret in answer.out + answer.err]


def truncated(page: str) -> str:
    """A page that says that another one follows, each with a mark of its own."""
    return page.replace("<IsTruncated>false</IsTruncated>", f"<IsTruncated>true</IsTruncated><Marker>{next(COUNT)}</Marker>")


COUNT = itertools.count(1)
ENDLESS: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "credentials": ((), "ListServiceSpecificCredentials", lambda _: truncated(honest()["ListServiceSpecificCredentials"])),
    "users": ((), "GetAccountAuthorizationDetails", lambda _: truncated(details())),
    "keys": ((), "ListAccessKeys", lambda _: truncated(keys())),
    "accounts": (("--organization",), "ListAccounts", lambda _: {"Accounts": [{"Id": ACCOUNT}], "NextToken": str(next(COUNT))}),
    "units": (
        ("--organization", *UNIT),
        "ListOrganizationalUnitsForParent",
        lambda _: {"OrganizationalUnits": [{"Id": f"ou-abcd-{next(COUNT):08}"}]},
    ),
}


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize(("argv", "operation", "said"), ENDLESS.values(), ids=ENDLESS)
def test_an_answer_without_an_end_is_left(capsys: Capsys, monkeypatch: Patch, argv: tuple[str, ...], operation: str, said: Any) -> None:
    monkeypatch.setattr(session, "MOST_PAGES", 20)
    monkeypatch.setattr(organization, "MOST_UNITS", 20)
    with answering(**{operation: said}):
        answer = live(capsys, *argv)
    assert answer.code == (1 if operation == "GetAccountAuthorizationDetails" else 3), "users are listed in another way then"
    assert f"{operation} failed with a response that is not from AWS (it " in answer.err
    assert max(answer.calls().values()) <= 21


def test_an_odd_date_warns_nobody_of_a_library(capsys: Capsys, recwarn: pytest.WarningsRecorder) -> None:
    with answering(ListAccessKeys=keys(created="2020-01-02T00:00:00 XYZ")):
        answer = live(capsys, "--exact")
    assert (answer.code, "site-packages" in answer.err, "dateutil" in answer.err) == (1, False, False)
    assert [one for one in recwarn if "dateutil" in str(one.filename)] == []


NAMES = [
    "=cmd|x",
    "@x",
    "-rf",
    "$(id)",
    "`id`",
    "'; id; '",
    "../../x",
    "<script>alert(1)</script>",
    "![x](http://x)",
    "a\u202eb",
    "a b",
    "x" * 900,
]


@pytest.mark.promise("lying AWS")
@pytest.mark.parametrize("name", NAMES)
def test_names_of_accounts_users_and_owners_are_text_everywhere(work: Path, capsys: Capsys, name: str) -> None:
    listed = [{"Id": number, "Name": name, "Status": "ACTIVE"} for number in (ACCOUNT, OTHER)]
    formats = [word for form in FORMATS for word in ("--format", form, "--output", f"out.{form}")]
    with answering(**{**honest(name, name), "ListAccounts": {"Accounts": listed}}):
        answer = live(capsys, *ORGANIZATION, *formats, json_format=False)
        for step in ("plan", "ask", "evidence"):
            assert retire(capsys, step, step, *ORGANIZATION).code == 0
    assert (answer.code, "Traceback" in answer.err) == (1, False)
    written = {path.relative_to(work).as_posix(): path.read_text(encoding="utf-8") for path in work.rglob("*") if path.is_file()}
    assert {path.split("/")[0] for path in written} == {"plan", "ask", "evidence", "ledger.jsonl", *(f"out.{form}" for form in FORMATS)}
    assert [path.name for path in work.parent.iterdir()] == ["work"]
    assert len(json.loads(written["out.json"])["keys"]) == 2
    for text in (answer.err, *written.values()):
        assert not {"\u202e", "\x1b"} & set(text)
        assert not [secret for secret in SECRETS if secret in text]
    assert "<script>alert" not in written["out.html"] + written["out.markdown"]
    cells = [cell for table in ("out.csv", *(path for path in written if path.endswith(".csv"))) for cell in _cells(written[table])]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r")) or "\n" in cell]


def _cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


@pytest.mark.promise("lying AWS")
def test_what_a_dask_worker_sends_back_holds_no_secret() -> None:
    target = AccountTarget(None, Account(OTHER), f"arn:aws:iam::{OTHER}:role/audit", "an id")
    for replaced in ({}, {"AssumeRole": EXPIRED}, {"GetAccountAuthorizationDetails": details(arn="x")}, {"ListAccessKeys": b"<"}):
        with answering(**replaced):
            outcome = dask_executor.read_elsewhere(Surveyor(Request(as_of=AS_OF)), target, version=__version__)
        sent = dumps(outcome)
        assert (KEY_ID.encode() in sent) == (not replaced)
        assert not [secret for secret in SECRETS if secret.encode() in sent]


@pytest.mark.parametrize("manifest", ["[" * 100_000, "[]", '{"files": null}', '{"files": {"../../x": ""}}', '{"files": {"/dev/zero": ""}}'])
def test_evidence_of_a_stranger_is_one_sentence_and_names_no_other_file(work: Path, manifest: str) -> None:
    run = work / "evidence" / "20261124T110000Z"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(UsageError, match="is damaged: the manifest of 20261124T110000Z cannot be read"):
        check("evidence")
