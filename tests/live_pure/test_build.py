"""What the live check makes of what AWS says; nothing here needs boto3."""

from __future__ import annotations

import itertools
import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.evidence.remedy_text import command
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import AccessKey, Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.live.build import access_keys
from posturio_iac.live.connection.calls import Bucket, CallBudget
from posturio_iac.live.connection.session import POLICY, policy_text, session_name, source_identity
from posturio_iac.live.model import Account, DeployedKey, DeployedUser, Mask
from posturio_iac.live.reading.report import ReportUnavailableError, parse
from tests.support.command_line import run
from tests.support.keys import AS_OF, CONTEXT, ENFORCED_ONLY, flagged, violations

HEADER = (
    "user,arn,user_creation_time,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_3_active,access_key_3_last_rotated,news"
)
ROOT_ROW = "<root_account>,arn:aws:iam::123456789012:root,x,true,2020-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,x"
USER_ROW = (
    "ci,arn:aws:iam::123456789012:user/a/ci,x,true,2026-01-01T00:00:00+00:00,no_information,N/A,N/A,false,2025-01-01T00:00:00+00:00,x"
)
USER = DeployedUser("ci", "arn:aws:iam::123456789012:user/a/ci", (("owner", "payments@example.com"),))
KEY = DeployedKey(USER, "AKIAIOSFODNN7EXAMPLE", "Active", AS_OF - timedelta(days=10), AS_OF, key_id="AKIAIOSFODNN7EXAMPLE")


DEPLOYED_RULES = {
    "access_keys_without_lifetime", "expired_access_keys", "lingering_inactive_access_keys", "multiple_active_access_keys",
    "overdue_access_key_rotations", "overlong_access_key_lifetimes", "ownerless_access_keys", "unreadable_access_key_lifetimes",
    "unused_access_keys",
}  # fmt: skip


def report(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows)).encode()


def built(*keys: DeployedKey, owner: str = "") -> tuple[AccessKey, ...]:
    return access_keys(keys, Account("123456789012", tags=(("team", owner),) if owner else ()), Names.default(), AS_OF)


def test_the_root_row_is_a_root_key() -> None:
    root = parse(report(ROOT_ROW), AS_OF).root()
    assert root is not None
    (key,) = built(*root.keys)
    assert (key.address, flagged(key)) == ("arn:aws:iam::123456789012:root/key-1", {"root_access_keys"})


def test_columns_that_nobody_knows_and_untold_dates() -> None:
    (row,) = parse(report(USER_ROW), AS_OF).rows
    first, third = row.keys
    assert isinstance(first.last_used, Unknown)
    assert (third.label, third.status) == ("key-3", "Inactive")
    assert isinstance(third.last_used, Unknown)


@given(st.integers(min_value=0, max_value=len(report(ROOT_ROW, USER_ROW)) - 1))
def test_a_report_cut_off_anywhere_is_refused_or_has_whole_rows(length: int) -> None:
    whole = {row.user.name: row.keys for row in parse(report(ROOT_ROW, USER_ROW), AS_OF).rows}
    try:
        rows = parse(report(ROOT_ROW, USER_ROW)[:length], AS_OF).rows
    except ReportUnavailableError:
        return
    assert all(row.keys == whole[row.user.name] for row in rows)


def test_tokens_spread_calls_over_time() -> None:
    now = [0.0]
    waits: list[float] = []
    bucket = Bucket(10, 2, clock=lambda: now[0], sleep=waits.append)
    for _ in range(4):
        bucket.take()
    assert waits == pytest.approx([0.1, 0.2])
    for later, waited in ((0.3, 0.0), (1.0, 0.0)):  # it fills again, to no more than it holds
        waits.clear()
        now[0] += later
        bucket.take()
        assert sum(waits) == pytest.approx(waited)
    bucket.take()
    bucket.take()
    assert waits == pytest.approx([0.1])


def test_the_budget_counts_by_operation() -> None:
    budget = CallBudget()
    for operation in ("iam:ListUsers", "iam:ListAccessKeys", "iam:ListAccessKeys"):
        budget.spend(operation)
    assert budget.line() == "3 calls to AWS: iam:ListAccessKeys 2, iam:ListUsers 1"


def test_a_key_expires_by_the_tag_of_its_user() -> None:
    (key,) = built(replace(KEY, user=replace(USER, tags=(("expires", "2026-01-01"), ("owner", "x@example.com")))))
    assert flagged(key) == {"expired_access_keys"}


TAGS = (
    "",
    "expires=2026-01-01",
    "expires=2099-01-01",
    "expires=soon",
    "rotation=365d",
    "rotated-on=2026-01-01",
    "key-rotation-exempt=true",
    "expires=2026-12-31",
)


def test_what_is_said_about_a_deployed_key_speaks_of_aws_and_never_of_code() -> None:
    said: dict[str, set[str]] = {}
    for tag, status, last_used in itertools.product(TAGS, ("Active", "Inactive"), (None, AS_OF - timedelta(days=200), AS_OF)):
        name, _, value = tag.partition("=")
        user = DeployedUser("ci", "arn:aws:iam::123456789012:user/ci", ((name, value),) if tag else ())
        seen = replace(KEY, user=user, status=status, last_used=last_used)
        for age, key_id in itertools.product((10, 400), (KEY.key_id, None)):
            seen = replace(seen, created=AS_OF - timedelta(days=age), key_id=key_id, disabled_since=AS_OF - timedelta(days=age))
            for key, context in itertools.product(built(seen, replace(seen, status="Active", label="key-2")), (CONTEXT, ENFORCED_ONLY)):
                for rule, found in violations(key, context).items():
                    said.setdefault(rule, set()).update(text for v in found for text in (v.message, v.remediation))
                    assert all(("aws iam" in v.remediation) == bool(v.otherwise or (v.remedy and command(v.remedy))) for v in found), rule
    assert said.keys() == DEPLOYED_RULES
    for text in set().union(*said.values()):
        assert not re.search(r"(?i)\b(code|block|resource|lifecycle|metadata|comment|module)s?\b", text), text
        assert "{" not in text


def test_a_deployed_key_without_a_lifetime_is_told_what_its_tags_lack() -> None:
    (key,) = built(KEY)
    (violation,) = violations(key)["access_keys_without_lifetime"]
    assert violation.message == f"{key.address} never expires: the tags of user ci state neither an end date nor a rotation."
    assert violation.remediation == "Tag the user: aws iam tag-user --user-name ci --tags Key=expires,Value=2027-02-19."
    (enforced,) = violations(key, ENFORCED_ONLY)["access_keys_without_lifetime"]
    assert enforced.remediation == "Use a role instead of user ci, or let Terraform or CloudFormation replace its keys every 90 days."


def test_tags_that_were_not_read_leave_the_end_open() -> None:
    (key,) = built(replace(KEY, user=replace(USER, tags=AS_STATED("denied"))))
    assert key.unknown_sources == (AS_STATED("denied"),)


def test_accounts_own_what_nobody_else_does() -> None:
    (key,) = built(replace(KEY, user=DeployedUser("ci", "arn:aws:iam::123456789012:user/ci", (("owner", "TBD"),))), owner="platform")
    assert key.owner == "platform"


def test_siblings_are_the_other_active_keys() -> None:
    other = replace(KEY, label="key-2", status="Inactive")
    assert [key.active_siblings for key in built(KEY, other)] == [(), (f"{USER.arn}/{KEY.label}",)]


@given(st.from_regex(r"(AKIA|ASIA)[A-Z0-9]{16}", fullmatch=True), st.text(alphabet=' /"=-', max_size=3))
def test_no_id_survives_the_mask(key_id: str, around: str) -> None:
    text = Mask([key_id]).text(f"{around}{key_id}{around}")
    assert key_id not in text
    assert f"****{key_id[-4:]}" in text


def test_without_boto3_one_sentence_says_what_to_install(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    code, out, err = run(capsys, "live", "--no-config")
    assert (code, out) == (2, "")
    assert err == "posturio-iac: the live check needs boto3, which is not installed: pip install boto3\n"


def test_without_dask_one_sentence_says_what_to_install(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="the extra live is not installed")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    code, out, err = run(capsys, "live", "--no-config", "--dask", "tcp://127.0.0.1:1")
    assert (code, out) == (2, "")
    assert err == ('posturio-iac: the option --dask needs dask.distributed, which is not installed: pip install "dask[distributed]"\n')


def test_the_policy_is_the_documented_one_and_short_enough() -> None:
    assert json.loads((Path(__file__).parents[2] / "docs/live-policy.json").read_text(encoding="utf-8")) == POLICY
    assert len(policy_text()) <= 2048


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("", "posturio-iac"),
        ("arn:aws:iam::111122223333:user/teams/ada", "ada"),
        ("arn:aws:sts::111122223333:assumed-role/Audit/ada@example.com", "ada@example.com"),
        ("arn:aws:iam::111122223333:root", "root"),
    ],
)
def test_the_caller_is_named(caller: str, expected: str) -> None:
    assert source_identity(caller) == expected


@given(st.text())
def test_aws_takes_every_name(caller: str) -> None:
    for name in (session_name(caller), source_identity(caller)):
        assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)
        assert not name.startswith("aws:")
