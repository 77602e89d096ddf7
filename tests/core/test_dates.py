"""Which texts name a moment, and how the others are explained."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.cli import main
from posturio_iac.core import times, unreadable_times
from posturio_iac.core.finding import Exit
from posturio_iac.core.text import quote
from posturio_iac.core.times import FIRST_YEAR, LAST_YEAR, describe_date, leading_date, parse_date
from posturio_iac.core.unreadable_times import date_trouble, says_never, silence
from tests.support.attacks import put
from tests.support.command_line import Capture, Patch

DATES = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
MOMENTS = st.datetimes(datetime(FIRST_YEAR, 1, 2), datetime(LAST_YEAR, 12, 30), timezones=st.just(timezone.utc))  # noqa: DTZ001 - as asked
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATE_LIKE = st.from_regex(r"[0-9TZ:+./ -]{1,30}", fullmatch=True) | st.from_regex(
    r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}.?", fullmatch=True
)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=timezone.utc)


@pytest.mark.parametrize("command", ["scan", "fix", "live"])
def test_a_clock_that_is_too_late_is_refused(tmp_path: Path, command: str, monkeypatch: Patch, capsys: Capture) -> None:
    put(tmp_path, "main.tf", 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(times, "datetime", Mock(now=lambda _: utc(LAST_YEAR + 1, 1, 1)))
    assert main([command]) == Exit.USAGE
    assert "the clock of this machine says 9000-01-01; set it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", utc(2027, 2, 1)),
        (" 2027-12-31\n", utc(2028, 1, 1)),
        ("20270131", utc(2027, 2, 1)),
        ("2027-01", utc(2027, 2, 1)),
        ("2027-12", utc(2028, 1, 1)),
        ("2028-02-29", utc(2028, 3, 1)),
        ("2027-01-31T12:30Z", utc(2027, 1, 31, 12, 30)),
        ("2027-01-31t12:30:15z", utc(2027, 1, 31, 12, 30, 15)),
        ("2027-01-31 12:30:15", utc(2027, 1, 31, 12, 30, 15)),
        ("2027-01-31 12:30 UTC", utc(2027, 1, 31, 12, 30)),
        ("2027-01-31T12:30:15.25+02:00", utc(2027, 1, 31, 10, 30, 15, 250_000)),
        ("2027-01-31T12:30:15,123456789-0530", utc(2027, 1, 31, 18, 0, 15, 123_456)),
        ("2027-01-31T00:30:00+01", utc(2027, 1, 30, 23, 30)),
        ("20270131T120000Z", utc(2027, 1, 31, 12)),
        ("20270131T1200", utc(2027, 1, 31, 12)),
        ("2027-01-31T24:00:00Z", utc(2027, 2, 1)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),
    ],
)
def test_iso_8601_is_read(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("2027-02-30", '"2027-02-30" is not a date in the calendar; write a date such as 2027-01-31'),
        ("2027-13", '"2027-13" is not a date in the calendar; write a date such as 2027-01-31'),
        ("0000-01-01", '"0000-01-01" is not a date in the calendar; write a date such as 2027-01-31'),
        ("2027-01-31T25:00Z", '"2027-01-31T25:00Z" is not a date in the calendar; write a date such as 2027-01-31'),
        ("2027-01-31T12:00+24:00", '"2027-01-31T12:00+24:00" is not a date in the calendar; write a date such as 2027-01-31'),
        ("9999-12-31", '"9999-12-31" says that the key never ends; write a date such as 2027-01-31'),
        ("9999-12-31T23:59:59Z", '"9999-12-31T23:59:59Z" says that the key never ends; write a date such as 2027-01-31'),
        ("never", '"never" says that the key never ends; write a date such as 2027-01-31'),
        ("-", '"-" is a placeholder; write a date such as 2027-01-31'),
        ("", "the value is empty; write a date such as 2027-01-31"),
        ("2027/01/31", '"2027/01/31" is not an ISO 8601 date; write it as 2027-01-31'),
        ("2027-1-5", '"2027-1-5" is not an ISO 8601 date; write it as 2027-01-05'),
        ("31-12-2027", '"31-12-2027" is not an ISO 8601 date; write it as 2027-12-31'),
        ("12/31/2027", '"12/31/2027" is not an ISO 8601 date; write it as 2027-12-31'),
        ("05.05.2027", '"05.05.2027" is not an ISO 8601 date; write it as 2027-05-05'),
        ("01/02/2027", 'day and month of "01/02/2027" are ambiguous; write it as 2027-01-02 or 2027-02-01'),
        ("99/99/2027", '"99/99/2027" is not a date in the calendar; write a date such as 2027-01-31'),
        ("31 January 2027", '"31 January 2027" is not an ISO 8601 date; write it as 2027-01-31'),
        ("Jan 5th, 2027", '"Jan 5th, 2027" is not an ISO 8601 date; write it as 2027-01-05'),
        ("Fri, 01 Jan 2027 10:00:00 GMT", '"Fri, 01 Jan 2027 10:00:00 GMT" is not an ISO 8601 date; write it as 2027-01-01'),
        ("2027", '"2027" names only a year; write a date such as 2027-12-31'),
        ("1801353600", '"1801353600" looks like a count of seconds; write it as 2027-01-31'),
        ("1801353600000", '"1801353600000" looks like a count of seconds; write it as 2027-01-31'),
        ("soon", None),
        ("90d", None),
    ],
)
def test_another_text_is_no_date_and_is_explained(text: str, trouble: str | None) -> None:
    assert parse_date(text) is None
    found = date_trouble(text)
    assert (found and found.text()) == trouble


MONTHS = "January February March April May June July August September October November December"


@pytest.mark.parametrize(("month", "name"), list(enumerate(MONTHS.split(), 1)))
def test_the_name_of_each_month_is_read(month: int, name: str) -> None:
    for spelled in (name, name[:3], name.upper(), f"{name[:3].lower()}."):
        for text in (f"5 {spelled} 2027", f"{spelled} 5, 2027"):
            trouble = date_trouble(text)
            assert trouble is not None
            assert trouble.readings == (f"2027-{month:02}-05",)


@pytest.mark.parametrize(
    "text", [*sorted(unreadable_times._NEVER), " Never ", "9999-12-31", " 9999-12-31T23:59:59Z ", f"{LAST_YEAR + 1}-01-01"]
)
def test_a_text_says_that_there_is_no_end(text: str) -> None:
    assert says_never(text)
    trouble = date_trouble(text)
    assert trouble is not None
    assert trouble.why.endswith("says that the key never ends")


@pytest.mark.parametrize("text", ["", "-", "tbd", "soon", "2027-01-31", f"{LAST_YEAR}-12-31", "99", "never ever"])
def test_another_text_does_not_say_that_there_is_no_end(text: str) -> None:
    assert not says_never(text)


@pytest.mark.parametrize("text", [*sorted(unreadable_times._PLACEHOLDER), " TBD ", "N/A"])
def test_a_placeholder_is_named_as_one(text: str) -> None:
    found = silence(text)
    assert found is not None
    assert found.why.endswith("is a placeholder")


@pytest.mark.parametrize(
    "text", ["\u0662\u0660\u0662\u0667-01-31", "2027-01-31T", "2027-01T12:00", "202701", "2027-01-31Z", "2027-01-31 and later", "27-01-31"]
)
def test_look_alikes_are_no_dates(text: str) -> None:
    assert parse_date(text) is None


def test_a_leading_date_may_be_followed_by_anything_but_digits() -> None:
    assert leading_date("20260319#2") == utc(2026, 3, 20)
    assert leading_date("2026-03-19-b") == utc(2026, 3, 20)
    assert leading_date("2026-03-19T12:00:00Z") == utc(2026, 3, 19, 12)
    assert leading_date("202603191") is None
    assert leading_date("v20260319") is None


def test_a_midnight_is_shown_as_the_day_that_it_closes() -> None:
    assert describe_date(utc(2027, 2, 1)) == "2027-01-31"
    assert describe_date(utc(2027, 2, 1, 9, 5)) == "2027-02-01 09:05 UTC"
    assert describe_date(datetime(2027, 2, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == "2027-01-31"


def test_a_quotation_is_short_and_on_one_line() -> None:
    assert quote(" a\nb\x1b[31m\u202e ") == '"a b [31m"'
    assert quote("x" * 50) == f'"{"x" * 40}…"'


@given(DATES)
def test_a_date_survives_the_round_trip(day: date) -> None:
    moment = parse_date(day.isoformat())
    assert moment is not None
    assert describe_date(moment) == day.isoformat()
    assert parse_date(day.strftime("%Y%m%d")) == moment
    assert moment.date() == day + timedelta(days=1)


@given(MOMENTS, OFFSETS, st.sampled_from("T "))
def test_a_moment_survives_the_round_trip_in_any_zone(moment: datetime, zone: timezone, gap: str) -> None:
    assert parse_date(moment.astimezone(zone).isoformat(sep=gap)) == moment


@given(DATES, st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y"]))
def test_what_an_explanation_offers_is_readable_and_holds_the_date(day: date, form: str) -> None:
    text = day.strftime(form)
    assert parse_date(text) is None
    trouble = date_trouble(text)
    assert trouble is not None
    offered = [parse_date(word) for word in trouble.readings]
    assert datetime(day.year, day.month, day.day, tzinfo=timezone.utc) + timedelta(days=1) in offered


@given(st.text() | DATE_LIKE)
def test_nothing_raises(text: str) -> None:
    silence(text)
    leading_date(text)
    trouble, moment = date_trouble(text), parse_date(text)
    assert trouble is None or trouble.text()
    assert moment is None or (moment.utcoffset() == timedelta(0) and describe_date(moment))
