"""What names and comments hint at without being a lifetime."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.metadata.lifetime import counted_name, date_in_name, mentions_rotation

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("name", "text", "at"),
    [
        ("key_2023", "holds the year 2023, 1058 days ago", (2024, 1, 1)),
        ("2023_key", "holds the year 2023, 1058 days ago", (2024, 1, 1)),
        ("ci-2023-09", "holds the date 2023-09, 1150 days ago", (2023, 10, 1)),
        ("ci_2023_09", "holds the date 2023-09, 1150 days ago", (2023, 10, 1)),
        ("ci_202309", "holds the date 2023-09, 1150 days ago", (2023, 10, 1)),
        ("ci-2023-12", "holds the date 2023-12, 1058 days ago", (2024, 1, 1)),
        ("ci-2023-09-01", "holds the date 2023-09-01, 1179 days ago", (2023, 9, 2)),
        ("k20230901", "holds the date 2023-09-01, 1179 days ago", (2023, 9, 2)),
        ("key_v2_2026-11-22", "holds the date 2026-11-22, 1 day ago", (2026, 11, 23)),
        ("key_2026", "holds the year 2026", (2027, 1, 1)),
        ("key_2006-12-31", "holds the date 2006-12-31, 7267 days ago", (2007, 1, 1)),
        ("key_2027-01", "holds the date 2027-01", (2027, 2, 1)),
    ],
)
def test_a_date_in_a_name_is_noted_with_its_age(name: str, text: str, at: tuple[int, int, int]) -> None:
    mark = date_in_name(name, NOW)
    assert mark is not None
    assert (mark.text, mark.at) == (text, datetime(*at, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("key_v2", "ends in the version v2"),
        ("key-v10", "ends in the version v10"),
        ("ci.V3", "ends in the version v3"),
        ("keyV2", "ends in the version v2"),
        ("key_v1", "ends in the version v1"),
        ("v2", "ends in the version v2"),
    ],
)
def test_a_version_at_the_end_is_noted(name: str, text: str) -> None:
    mark = date_in_name(name, NOW)
    assert mark is not None
    assert (mark.text, mark.at) == (text, None)


@pytest.mark.parametrize(
    "name",
    [
        *("ci", "s3", "ec2", "route53", "log4j", "sha256", "sha-256", "x86", "ipv4", "sesv2", "v1", "key_1", "key_2", "key-02", "a1b2c3d4"),
        *("us-east-2", "eu-west-3", "utf-8", "route-53", "windows-2019", "sql_2022", "api_v2", "account_123456789012", "key_123", ""),
        *(
            "key_2050",
            "key_2028",
            "key_2005-12-31",
            "key_1999",
            "key_20231399",
            "key_2023131",
            "v2_key",
            "rev2",
            "test-20200125-create-update",
        ),
    ],
)
def test_other_digits_are_no_date_and_no_version(name: str) -> None:
    assert date_in_name(name, NOW) is None


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("key_2", ("key", "2")),
        ("ci-access_keys-02", ("ci-access_keys", "02")),
        ("a.KEY_1", ("a.KEY", "1")),
        *((other, None) for other in ("s3", "ec2", "key2", "route_53", "key_123", "user_2", "key_v2", "")),
    ],
)
def test_a_number_after_a_word_for_keys_counts_them(name: str, counted: tuple[str, str] | None) -> None:
    assert counted_name(name) == counted


@pytest.mark.parametrize(
    "text",
    [
        "# Rotated by a Lambda",
        "// the key is rotated out of band, not by Terraform",
        "/* rotation happens\n * outside of Terraform */",
        "# rotated not by us but by the rotator",
        "# key-rotator does it",
        "# No automatic expiry here. Rotated by the vault",
        "# ROTATION: every 90 days",
        "# keys rotate weekly; nobody does it by hand",
    ],
)
def test_a_comment_that_states_rotation(text: str) -> None:
    assert mentions_rotation(text)


@pytest.mark.parametrize(
    "text",
    [
        "# not rotated",
        "# this key is not\n# rotated",
        "# never automatically rotated",
        "# isn't rotated",
        "# isn\u2019t rotated",
        "# no rotation",
        "# non-rotating key",
        "# rotation is disabled",
        "# rotation: none",
        "# rotation isn't set up",
        "# TODO rotate",
        "# TODO(ci): this key is to be rotated",
        "# should be rotated",
        "# please rotate",
        "# for log rotation",
        "# see time_rotating.ci",
        "# logrotate user",
        "# the CI user",
        "# posturio: rotation=90d",
        "/* CI\n * posturio: rotation=90d\n */",
        "",
    ],
)
def test_a_comment_that_does_not_state_rotation(text: str) -> None:
    assert not mentions_rotation(text)


NEGATIONS = "not never no non none without cannot cant can't dont isnt arent wasnt doesnt wont nobody nothing neither nor"
WISHES = "should must need needs please remember ought could might"
ENDINGS = "not never disabled off none missing impossible unsupported false"
LINKS = "is are was were has have been be does do will currently"
KEY_WORDS = "key keys accesskey accesskeys cred creds credential credentials token tokens secret secrets rotation rotated new next"
PRODUCTS = "windows win sql mssql server exchange office sharepoint vs msvc ecma es"
PROTOCOLS = "api oauth http ip ipv imds sig tls saml ses"


@pytest.mark.parametrize("word", f"{NEGATIONS} {WISHES}".split())
def test_a_negation_or_a_wish_before_the_word_takes_it_back(word: str) -> None:
    assert not mentions_rotation(f"# {word} rotated")
    assert not mentions_rotation(f"# {word.upper()} one two three four rotated")
    assert mentions_rotation(f"# {word} one two three four five rotated")


@pytest.mark.parametrize("word", ENDINGS.split())
@pytest.mark.parametrize("link", ["", *LINKS.split()])
def test_an_ending_after_the_word_takes_it_back_unless_somebody_else_does_it(link: str, word: str) -> None:
    assert not mentions_rotation(f"# rotation {link} {word}")
    assert mentions_rotation(f"# rotated {link} {word} by hand")


@pytest.mark.parametrize("word", ["TODO", "fixme", "xxx", "Hack"])
def test_what_follows_a_task_is_no_statement(word: str) -> None:
    assert not mentions_rotation(f"# {word}: rotated weekly")
    assert mentions_rotation(f"# rotated weekly, {word}: say by whom")


@pytest.mark.parametrize("word", KEY_WORDS.split())
def test_each_word_for_keys_counts_them(word: str) -> None:
    assert counted_name(f"ci_{word}_2") == (f"ci_{word}", "2")


@pytest.mark.parametrize("word", PRODUCTS.split())
def test_the_year_of_a_product_is_no_date(word: str) -> None:
    assert date_in_name(f"{word}_2022", NOW) is None
    assert date_in_name(f"for-{word.upper()}-2022", NOW) is None


@pytest.mark.parametrize("word", PROTOCOLS.split())
def test_the_version_of_a_protocol_is_none_of_a_key(word: str) -> None:
    assert date_in_name(f"{word}_v2", NOW) is None
    assert date_in_name(f"for-{word.upper()}-v2", NOW) is None


@given(st.text() | st.from_regex(r"[a-z0-9_vV./-]{0,40}", fullmatch=True), st.datetimes(timezones=st.just(timezone.utc)))
def test_no_name_and_no_time_raises(name: str, as_of: datetime) -> None:
    mark = date_in_name(name, as_of)
    assert mark is None or mark.text
