"""What the ledger knows of a key, and what its events tell, in a few words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from posturio_iac.core.keys import forcing, secrets_of, takes_age
from posturio_iac.core.keys.life import KeyLife, KeyUse, UseKind

DAY = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
LATER = DAY + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("life", "answer", "awaited", "late"),
    [
        (KeyLife(), "", False, False),
        (KeyLife(asked=DAY, answer_by=LATER), "", True, False),
        (KeyLife(asked=DAY, answer_by=DAY - timedelta(hours=12)), "", True, False),
        (KeyLife(asked=DAY, answer_by=DAY - timedelta(days=1)), "", False, True),
        (KeyLife(asked=DAY, answer_by=DAY - timedelta(days=1), answered=DAY, is_needed=True), "needed", False, False),
        (KeyLife(is_needed=True, note="nightly export"), "needed (nightly export)", False, False),
        (KeyLife(is_needed=False), "not needed", False, False),
    ],
)
def test_an_answer_is_due_until_its_day_ends(life: KeyLife, answer: str, awaited: bool, late: bool) -> None:
    assert (life.answer(), life.is_awaited(DAY), life.is_late(DAY)) == (answer, awaited, late)


WEST = "eu-west-1"
IDENTITY = "only get caller identity, by 50 events or more of CloudTrail in eu-west-1 and us-east-1"


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        (UseKind.NONE, {}, "CloudTrail in eu-west-1 shows no event of it, and keeps none of calls for data"),
        (
            UseKind.WORKLOAD,
            {"events": 1, "calls": (("s3:PutObject", 1),)},
            "workload, by 1 event of CloudTrail in eu-west-1: mostly s3:PutObject",
        ),
        (
            UseKind.IDENTITY,
            {
                "events": 50,
                "complete": False,
                "regions": (WEST, "us-east-1"),
                "calls": (("sts:GetCallerIdentity", 48), ("iam:ListUsers", 2)),
                "addresses": (("192.0.2.1", 40), ("192.0.2.2", 10)),
                "agents": (("a" * 61, 50),),
            },
            f"{IDENTITY}: mostly sts:GetCallerIdentity, from 192.0.2.1, with {'a' * 60}",
        ),
    ],
)
def test_the_use_of_a_key_in_a_clause(kind: UseKind, more: dict[str, Any], text: str) -> None:
    assert KeyUse(**{"kind": kind, "since": DAY, "regions": (WEST,), **more}).text() == text


def test_what_holds_a_secret_and_what_replaces_a_key_depends_on_the_type() -> None:
    assert secrets_of("aws_iam_access_key") == {"secret", "ses_smtp_password_v4", "ses_smtp_password"}
    assert secrets_of("awsutils_expiring_iam_access_key") == secrets_of("aws_iam_access_key")
    assert secrets_of("aws_iam_service_specific_credential") == {"service_password", "service_credential_secret"}
    assert forcing("aws_iam_access_key") == ("user", "pgp_key")
    assert forcing("aws_iam_service_specific_credential") == ("user_name", "service_name", "credential_age_days")


@pytest.mark.parametrize(
    ("service", "takes"),
    [
        ("bedrock.amazonaws.com", True),
        ("logs.amazonaws.com", True),
        ("codecommit.amazonaws.com", False),
        ("CodeCommit.amazonaws.com", False),
        ("cassandra.amazonaws.com", False),
    ],
)
def test_services_of_api_keys_take_an_age_and_those_of_passwords_do_not(service: str, takes: bool) -> None:
    assert takes_age(service) is takes
