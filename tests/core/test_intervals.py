"""Which texts name an interval, and how the others are explained."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core import unreadable_times
from posturio_iac.core.times import LONGEST, SPELLINGS, describe_interval, parse_interval
from posturio_iac.core.unreadable_times import interval_reading, interval_trouble

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_592_000, "y": 31_536_000}
INTERVAL_LIKE = st.from_regex(r"[pPtT]?[0-9]{0,20}[ _-]?[a-zA-Z]{0,4}[0-9]{0,3}[a-z]?", fullmatch=True)


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        (90, timedelta(days=90)),
        (90.0, timedelta(days=90)),
        ("90", timedelta(days=90)),
        ("090", timedelta(days=90)),
        (" 90d ", timedelta(days=90)),
        ("90 days", timedelta(days=90)),
        ("90-days", timedelta(days=90)),
        ("90_DAYS", timedelta(days=90)),
        ("1 day", timedelta(days=1)),
        ("12h", timedelta(hours=12)),
        ("12 Hours", timedelta(hours=12)),
        ("6w", timedelta(weeks=6)),
        ("3mo", timedelta(days=90)),
        ("3 months", timedelta(days=90)),
        ("1y", timedelta(days=365)),
        ("30min", timedelta(minutes=30)),
        ("2592000s", timedelta(days=30)),
        ("1y 6mo", timedelta(days=365 + 180)),
        ("720h0m0s", timedelta(days=30)),
        ("P90D", timedelta(days=90)),
        ("p3m", timedelta(days=90)),
        ("PT12H", timedelta(hours=12)),
        ("PT90M", timedelta(minutes=90)),
        ("P1Y2M", timedelta(days=365 + 60)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT12H", timedelta(hours=36)),
        ("rate(90 days)", timedelta(days=90)),
        ("Rate(1 day)", timedelta(days=1)),
        ("rate(12 hours)", timedelta(hours=12)),
        (0, timedelta(0)),
        ("0d", timedelta(0)),
    ],
)
def test_an_interval_is_read(value: str | float, interval: timedelta) -> None:
    assert parse_interval(value) == interval
    assert interval_trouble(str(value)) is None or isinstance(value, float)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("90m", 'the m of "90m" can mean minutes or months; write it as 90min or 90mo'),
        ("3 M", 'the m of "3 M" can mean minutes or months; write it as 3min or 3mo'),
        ("cron(0 0 1 * ? *)", '"cron(0 0 1 * ? *)" is a schedule, not an interval; write '),
        ("-90", '"-90" is negative; write '),
        ("1.5d", '"1.5d" is not a whole number; write '),
        ("P0.5D", '"P0.5D" is not a whole number; write '),
        ("9" * 30, '"999999999999999999999999999999" is longer than a thousand years; write '),
        ("1001y", '"1001y" is longer than a thousand years; write '),
        ("monthly", '"monthly" is not a number with a unit; write it as 30d'),
        ("true", '"true" is not an interval; write '),
        ("never", '"never" says that the key never ends; write '),
        ("", "the value is empty; write "),
        ("soon", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("90 fortnights", None),
        ("d90", None),
        ("\u0669\u0660", None),
    ],
)
def test_another_text_is_no_interval_and_is_explained(text: str, trouble: str | None) -> None:
    assert parse_interval(text) is None
    found = interval_trouble(text)
    assert (
        found is None
        if trouble is None
        else (found.text() if found else "").removesuffix("an interval such as 90d, 12h, 6w, 3mo, 1y or P90D") == trouble
    )


@pytest.mark.parametrize(("spelled", "unit"), SPELLINGS.items())
def test_a_unit_is_spelled_in_many_ways(unit: str, spelled: str) -> None:
    for text in (f"3{spelled}", f"3 {spelled.upper()}", f"3-{spelled}", f"3_{spelled.title()}"):
        assert parse_interval(text) == timedelta(seconds=3 * UNITS[unit])
    trouble = interval_trouble(f"{'9' * 12} {spelled}" if unit != "s" else f"{'9' * 18} {spelled}")
    assert trouble is not None
    assert trouble.why.endswith("is longer than a thousand years")


@pytest.mark.parametrize(("word", "meant"), unreadable_times._ADVERBS.items())
def test_a_word_for_an_interval_is_explained(word: str, meant: str) -> None:
    assert parse_interval(word) is None
    assert parse_interval(meant) is not None
    assert interval_reading(f" {word.title()} ") == meant
    trouble = interval_trouble(word.upper())
    assert trouble is not None
    assert trouble.readings == (meant,)


SWITCHED_ON = "true yes on enable enabled auto automatic automated manual required"


@pytest.mark.parametrize("word", SWITCHED_ON.split())
def test_a_word_that_only_switches_on_names_no_interval(word: str) -> None:
    for text in (word, word.upper()):
        trouble = interval_trouble(text)
        assert trouble is not None
        assert trouble.why == f'"{text}" is not an interval'


@pytest.mark.parametrize("value", [True, False, -1, 1.5, float("nan"), float("inf"), 1e300, 10**500])
def test_other_numbers_are_no_intervals(value: float) -> None:
    assert parse_interval(value) is None


@pytest.mark.parametrize(("unit", "seconds"), list(UNITS.items()))
def test_a_bare_number_counts_the_default_unit(unit: str, seconds: int) -> None:
    assert parse_interval("2", unit) == parse_interval(2, unit) == parse_interval(f"2{unit}") == timedelta(seconds=2 * seconds)
    assert parse_interval("2d", unit) == timedelta(days=2)


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (timedelta(days=90), "90 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(0), "0 days"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(days=94, hours=12), "94 days"),
        (timedelta(days=94, seconds=12_345, microseconds=6), "94 days"),
        (timedelta(days=1, seconds=3601), "25 hours"),
        (timedelta(seconds=8000), "2 hours"),
        (timedelta(days=-3), "3 days"),
    ],
)
def test_an_interval_is_shown(interval: timedelta, shown: str) -> None:
    assert describe_interval(interval) == shown


@given(st.integers(0, LONGEST.days) | st.integers(0, 10).map(lambda n: n * 30))
def test_whole_days_survive_the_round_trip(days: int) -> None:
    assert parse_interval(describe_interval(timedelta(days=days))) == timedelta(days=days)
    assert parse_interval(f"P{days}D") == parse_interval(f"rate({days} days)") == parse_interval(days) == timedelta(days=days)


@given(st.integers(1, 95))
def test_hours_survive_the_round_trip(hours: int) -> None:
    assert parse_interval(describe_interval(timedelta(hours=hours))) == timedelta(hours=hours)


@given(st.timedeltas())
def test_what_is_shown_is_never_longer_than_the_interval(interval: timedelta) -> None:
    shown = parse_interval(describe_interval(interval))
    assert shown is None or shown <= abs(interval)


@given(st.text() | INTERVAL_LIKE, st.sampled_from(list(UNITS)))
def test_nothing_raises_and_what_is_read_can_be_added_to_a_date(text: str, unit: str) -> None:
    interval, trouble = parse_interval(text, unit), interval_trouble(text, unit)
    if interval is not None:
        assert trouble is None
        assert datetime(8999, 12, 31, tzinfo=timezone.utc) + interval < datetime.max.replace(tzinfo=timezone.utc)
