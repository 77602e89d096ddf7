"""How `fix` ends API keys of services: by an age, which replaces the key, or by what somebody asks to be stated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fixing import fix, mended

TYPE = "aws_iam_service_specific_credential"
USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n  tags = { owner = "ml" }\n}\n'


def credential(more: str = "", service: str = "bedrock.amazonaws.com") -> str:
    return f'{USER}\nresource "{TYPE}" "k" {{\n  service_name = "{service}"\n  user_name    = aws_iam_user.u.name\n{more}}}\n'


def test_an_age_and_a_rotation_are_held_until_somebody_allows_the_key_to_be_replaced(tmp_path: Path) -> None:
    assert mended(tmp_path, credential()).decode() == credential()
    assert "1 more with --unsafe" in fix(tmp_path)[2]
    made = mended(tmp_path, credential(), "--unsafe").decode()
    assert '  service_name        = "bedrock.amazonaws.com"\n' in made
    assert "  credential_age_days = 90\n" in made
    again = mended(tmp_path, made, "--unsafe").decode()
    assert 'resource "time_rotating" "k" {\n  rotation_days = 60\n}' in again
    assert mended(tmp_path, again, "--unsafe").decode() == again
    assert fix(tmp_path, "--unsafe")[0] == 0


@pytest.mark.parametrize("option", [("--expires", "2027-01-31"), ("--in", "60d"), ("--rotate", "60d")])
def test_what_somebody_asks_to_be_stated_is_stated(tmp_path: Path, option: tuple[str, str]) -> None:
    made = mended(tmp_path, credential(), *option).decode()
    assert "credential_age_days" not in made
    assert ("rotation" if option[0] == "--rotate" else "expires") in made


def test_an_age_that_is_computed_is_left_to_a_person(tmp_path: Path) -> None:
    code = credential("  credential_age_days = local.days\n") + "\nlocals {\n  days = null\n}\n"
    assert mended(tmp_path, code, "--unsafe").decode() == code
    assert "credential_age_days = 90" in fix(tmp_path, "--unsafe")[2]


@pytest.mark.parametrize(
    ("given", "service", "wanted"),
    [
        ("36600", "bedrock.amazonaws.com", "  credential_age_days = 90\n"),
        ("0", "logs.amazonaws.com", "  credential_age_days = 90\n"),
        ("30", "codecommit.amazonaws.com", ""),
    ],
)
def test_an_age_that_does_not_hold_is_corrected(tmp_path: Path, given: str, service: str, wanted: str) -> None:
    made = mended(tmp_path, credential(f"  credential_age_days = {given}\n", service), "--unsafe").decode()
    assert (wanted in made) if wanted else ("credential_age_days" not in made)


def test_json_gets_no_age_whose_rotation_would_be_missing(tmp_path: Path) -> None:
    user = {"u": {"name": "u", "tags": {"owner": "ml"}}}
    key = {"k": {"service_name": "bedrock.amazonaws.com", "user_name": "${aws_iam_user.u.name}"}}
    code = json.dumps({"resource": {"aws_iam_user": user, TYPE: key}}, indent=2)
    assert mended(tmp_path, code, "--unsafe", name="main.tf.json").decode() == code
