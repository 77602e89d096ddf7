"""What the names and values of metadata say about the life of a key, and what the words of a name mean."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.evidence.remedy import place_of
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.metadata import lifetime
from posturio_iac.core.metadata.lifetime import as_text, exemption, read, resembling
from posturio_iac.core.metadata.names import Meaning, Names, classify, names_a_thing, unit_in_name, words_of
from posturio_iac.core.model import Effect, Kind, Lifetime, Span, Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.unknown import AS_STATED, MAY_BE_SET

NAMES = Names.default()
TAG = TagOrigin("expires", "aws_iam_user.ci")


def stated(text: str) -> Unknown:
    return AS_STATED(text)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text().map(stated)
SOME_NAMES = st.text() | st.sampled_from(NAMES.spellings())


def said(name: str, value: object) -> Lifetime:
    found = read(name, value, origin=TAG, names=NAMES)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("expires", Meaning.EXPIRY),
        ("Expires-On", Meaning.EXPIRY),
        ("valid until", Meaning.EXPIRY),
        ("Posturio/Expires", Meaning.EXPIRY),
        ("posturio:expires", Meaning.EXPIRY),
        ("posturioExpires", Meaning.EXPIRY),
        ("IKR:ROTATE_AFTER_DAYS", Meaning.ROTATION),
        ("IKR:DELETE_AFTER_DAYS", Meaning.ROTATION),
        ("IamRotateCredentials:Email", Meaning.OWNER),
        ("key_rotation", Meaning.ROTATION),
        ("delete_after", Meaning.EXPIRY),
        ("delete_after_days", Meaning.ROTATION),
        ("expires_in_days", Meaning.ROTATION),
        ("rotation_months", Meaning.ROTATION),
        ("max_age_seconds", Meaning.ROTATION),
        ("NextRotation", Meaning.ROTATE_BY),
        ("last.rotated", Meaning.ROTATED_ON),
        ("Team", Meaning.OWNER),
        ("acme-contact-email", Meaning.OWNER),
        ("TechnicalOwner", Meaning.OWNER),
        ("AWSOwner", Meaning.OWNER),
        ("rotation_owner", Meaning.OWNER),
        ("key-rotation-exempt", Meaning.EXEMPT),
        ("KeyAutoExpire", Meaning.EXEMPT),
        ("ownership", None),
        ("contactless", None),
        ("Name", None),
        ("posturio", None),
        ("IKR:", None),
        ("rotation_day", None),
        ("days", None),
        ("owner_days", Meaning.OWNER),
        ("rotated_on_days", None),
        ("acme:expires", None),
        ("", None),
        ("-", None),
    ],
)
def test_a_name_means(name: str, meaning: Meaning | None) -> None:
    assert classify(name, NAMES) is meaning


@pytest.mark.parametrize("meaning", Meaning)
def test_each_known_name_has_its_meaning_with_and_without_a_prefix(meaning: Meaning) -> None:
    for name in getattr(NAMES, meaning.value):
        for spelled in (name, name.upper(), f"posturio:{name}", f"IKR:{name}", f"IamRotateCredentials:{name}"):
            assert classify(spelled, NAMES) is meaning
        assert classify(f"x{name}", NAMES) is not meaning or meaning is Meaning.OWNER


def test_a_configured_prefix_is_dropped_and_names_are_added() -> None:
    names = NAMES.with_extra(prefixes=("acme:", ""), owner=("guild",), expiry=("sunset-date",))
    assert classify("acme:expires", names) is Meaning.EXPIRY
    assert classify("AcmeGuild", names) is Meaning.OWNER
    assert classify("SunsetDate", names) is Meaning.EXPIRY
    assert classify("acme", names) is None
    assert classify("IKR:EMAIL", names) is Meaning.OWNER
    assert classify("guild", NAMES) is None


def test_an_unknown_list_of_names_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^there is no list of names called owners$"):
        NAMES.with_extra(owners=("guild",))


def test_a_name_in_two_lists_means_the_stricter_one() -> None:
    assert classify("rotation", NAMES.with_extra(exempt=("rotation",))) is Meaning.EXEMPT


@given(st.sampled_from(NAMES.spellings()), st.sampled_from(["", "posturio", "IKR"]), st.data())
def test_case_separators_and_prefix_change_no_meaning(name: str, prefix: str, data: st.DataObject) -> None:
    gap = st.text("-_:./ ", max_size=2)
    spelled = "".join(data.draw(gap) + data.draw(st.sampled_from([c.upper(), c])) for c in prefix + name) + data.draw(gap)
    assert classify(spelled, NAMES) is classify(name, NAMES)
    assert unit_in_name(spelled, NAMES) == unit_in_name(name, NAMES)


@pytest.mark.parametrize(
    ("name", "value", "at"),
    [
        ("expires", "2027-01-31", datetime(2027, 2, 1, tzinfo=timezone.utc)),
        ("expires", 20270131, datetime(2027, 2, 1, tzinfo=timezone.utc)),
        ("rotate-by", "2027-01-31T12:00:00+02:00", datetime(2027, 1, 31, 10, tzinfo=timezone.utc)),
        ("rotation", "2027-01-01", datetime(2027, 1, 2, tzinfo=timezone.utc)),
    ],
)
def test_a_date_is_an_end(name: str, value: object, at: datetime) -> None:
    assert said(name, value) == Lifetime(Kind.EXPIRY, Effect.DECLARED, TAG, str(value), at=at)


@pytest.mark.parametrize(
    ("name", "value", "days"),
    [
        ("rotation", 90, 90),
        ("rotation", 90.0, 90),
        ("rotation", "90 days", 90),
        ("expires", "90d", 90),
        ("delete_after", 30, 30),
        ("max_age_seconds", 2592000, 30),
        ("rotation_weeks", "6", 42),
        ("rotation_mins", 1440, 1),
        ("rotation_secs", "86400", 1),
        ("rotation_hrs", 48, 2),
        ("rotation_weeks", "6d", 6),
        ("rotation_days", 2027, 2027),
    ],
)
def test_an_interval_is_how_long_a_key_lives(name: str, value: object, days: int) -> None:
    found = said(name, value)
    assert (found.kind, found.effect, found.interval) == (Kind.ROTATION, Effect.DECLARED, timedelta(days=days))


def test_a_rotated_on_date_may_be_followed_by_a_counter() -> None:
    found = said("rotated_on", "20260319#2")
    assert (found.kind, found.effect, found.at) == (Kind.ROTATED, Effect.DECLARED, datetime(2026, 3, 20, tzinfo=timezone.utc))


@pytest.mark.parametrize("value", [0, 0.0, "0", "0d", False, "off", "No", "disabled"])
def test_a_rotation_that_is_turned_off_is_inert(value: object) -> None:
    found = said("rotation", value)
    assert (found.kind, found.effect, found.at, found.interval) == (Kind.ROTATION, Effect.INERT, None, None)
    assert found.why.endswith("turns rotation off")
    assert found.remedy is not None
    assert describe(found.remedy) == 'set tag "expires" of aws_iam_user.ci to an interval such as 90d, 12h, 6w, 3mo, 1y or P90D'


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("expires", "", "the value is empty; write a date such as 2027-01-31"),
        ("expires", None, "the value is empty; write a date such as 2027-01-31"),
        ("expires", "never", '"never" says that the key never ends; write a date such as 2027-01-31'),
        ("expires", False, '"false" says that the key never ends; write a date such as 2027-01-31'),
        ("expires", "TBD", '"TBD" is a placeholder; write a date such as 2027-01-31'),
        ("expires", 0, '"0" sets no end; write a date such as 2027-01-31'),
        ("expires", 2027, '"2027" names only a year; write a date such as 2027-12-31'),
        ("expires", True, '"true" is neither a date nor an interval; write a date such as 2027-01-31'),
        ("expires", "soon", '"soon" is neither a date nor an interval; write a date such as 2027-01-31'),
        ("expires", "31-12-2027", '"31-12-2027" is not an ISO 8601 date; write it as 2027-12-31'),
        ("expires", "90m", 'the m of "90m" can mean minutes or months; write it as 90min or 90mo'),
        ("expires", ("2027-01-31",), "a list or a map is not a value; write a date such as 2027-01-31"),
        ("rotation", "n/a", '"n/a" is a placeholder; write an interval such as 90d, 12h, 6w, 3mo, 1y or P90D'),
        ("rotation", True, '"true" is not an interval; write an interval such as 90d, 12h, 6w, 3mo, 1y or P90D'),
        ("rotation", 2027, '"2027" names only a year; write a date such as 2027-12-31'),
        ("rotation", "quarterly", '"quarterly" is not a number with a unit; write it as 90d'),
        ("rotation", "31/12/2027", '"31/12/2027" is not an ISO 8601 date; write it as 2027-12-31'),
        ("rotation_years", 5000, '"5000" is longer than a thousand years; write an interval such as 90d, 12h, 6w, 3mo, 1y or P90D'),
        ("rotated_on", "never", '"never" is not a date; write a date such as 2027-01-31'),
        ("rotated_on", "90d", '"90d" is not a date; write a date such as 2027-01-31'),
        ("rotated_on", "01/02/2027", 'day and month of "01/02/2027" are ambiguous; write it as 2027-01-02 or 2027-02-01'),
    ],
)
def test_an_unreadable_value_says_why_and_what_it_can_mean(name: str, value: object, text: str) -> None:
    found = said(name, value)
    why, _, advice = text.partition("; write ")
    readings = tuple(advice.removeprefix("it as ").split(" or ")) if advice.startswith("it as ") else ()
    assert (found.effect, found.why, found.readings, found.at, found.interval) == (Effect.UNREADABLE, why, readings, None, None)
    assert found.kind is {"expires": Kind.EXPIRY, "rotated_on": Kind.ROTATED}.get(name, Kind.ROTATION)


def test_an_unknown_value_is_unknown_and_keeps_its_reason() -> None:
    span = Span("main.tf", 3, 5, 3, 20)
    value = MAY_BE_SET("var.expires")
    found = read("expires", value, origin=TAG, span=span, names=NAMES)
    assert found == Lifetime(Kind.EXPIRY, Effect.UNKNOWN, TAG, span=span, reason=value.as_reason())


@pytest.mark.parametrize("name", ["Name", "owner", "key-rotation-exempt"])
def test_other_names_are_no_lifetime(name: str) -> None:
    assert read(name, "2027-01-31", origin=TAG, names=NAMES) is None


@pytest.mark.parametrize(
    ("name", "value", "exempts"),
    [
        ("key-rotation-exempt", "true", True),
        ("key-rotation-exempt", "", True),
        ("key-rotation-exempt", False, False),
        ("KeyAutoExpire", "False", True),
        ("KeyAutoExpire", True, False),
        ("KeyAutoExpire", 0, True),
        ("owner", "true", False),
    ],
)
def test_an_exemption_is_quoted(name: str, value: object, exempts: bool) -> None:
    sentence = exemption(name, value, origin=TagOrigin(name, "aws_iam_user.ci"), names=NAMES)
    assert (sentence is not None) is exempts
    if sentence is not None:
        assert sentence == f'tag "{name}" of aws_iam_user.ci = "{as_text(value)}" exempts the key from rotation, which is not a lifetime'


def test_an_unknown_exemption_is_neither_yes_nor_no() -> None:
    assert (
        exemption("KeyAutoExpire", AS_STATED("var.x"), origin=TAG, names=NAMES)
        == 'tag "expires" of aws_iam_user.ci may exempt the key from rotation (var.x), which is not a lifetime'
    )


@given(SOME_NAMES, SCALARS)
def test_nothing_raises_and_every_verdict_is_complete(name: str, value: object) -> None:
    exemption(name, value, origin=TAG, names=NAMES)
    found = read(name, value, origin=TAG, names=NAMES)
    if found is None:
        return
    match found.effect:
        case Effect.DECLARED:
            assert (found.at is None) is (found.kind is Kind.ROTATION)
            assert bool(found.interval) is (found.kind is Kind.ROTATION)
        case Effect.UNKNOWN:
            assert isinstance(value, Unknown)
        case Effect.UNREADABLE | Effect.INERT:
            assert found.why
            assert (found.at, found.interval) == (None, None)
        case Effect.ENFORCED:
            pytest.fail("metadata enforces nothing")


def test_a_huge_number_is_not_spelled_out() -> None:
    assert said("rotation", 10**5000).effect is Effect.UNREADABLE


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("KeyExpiry", "2027-01-31", 'call it "expires", or add "KeyExpiry" to names.expiry'),
        ("end_date", "2027-01-31", "names.expiry"),
        ("ttl", "30d", 'call it "rotation", or add "ttl" to names.rotation'),
        ("lifetime", 90, "names.rotation"),
        ("expires", "2027-01-31", None),
        ("owner-until", "2027-01-31", None),
        ("ttl", "short", None),
        ("ttl", "", None),
        ("ttl", AS_STATED("var.x"), None),
        ("backend", "2027-01-31", None),
        ("Name", "2027-01-31", None),
    ],
)
def test_a_name_that_plainly_means_an_end_is_said(name: str, value: object, found: str | None) -> None:
    said = resembling(name, value, origin=TagOrigin(name, "aws_iam_user.ci"), names=NAMES)
    assert said is None if found is None else said is not None and found in said


@pytest.mark.parametrize("word", sorted(lifetime._END_WORDS))
def test_each_word_for_an_end_is_found_inside_a_name(word: str) -> None:
    assert resembling(f"Acme{word.title()}Info", "2027-01-31", origin=TAG, names=NAMES) is not None


@pytest.mark.parametrize(
    ("name", "value", "change"),
    [("expires", "31-12-2027", "2027-12-31"), ("expires", "31 Dec 2027", "2027-12-31"), ("rotation", "quarterly", "90d")],
)
def test_the_change_of_an_unreadable_value_names_its_place(name: str, value: str, change: str) -> None:
    span = Span("iam.tf", 3, 5, 3, 20)
    found = read(name, value, origin=TAG, span=span, names=NAMES)
    assert found is not None
    assert found.remedy is not None
    place = place_of(found.remedy)
    assert place is not None
    assert place.span == span
    assert describe(found.remedy) == f'set tag "expires" of aws_iam_user.ci to {change}'


UNITS = {
    "seconds": "s",
    "secs": "s",
    "minutes": "min",
    "mins": "min",
    "hours": "h",
    "hrs": "h",
    "days": "d",
    "weeks": "w",
    "months": "mo",
    "years": "y",
}


@pytest.mark.parametrize(
    ("name", "is_thing"),
    [
        *((name, True) for name in ("application", "App", "service", "posturio:app", "IKR:Application")),
        *((name, False) for name in ("owner", "team", "applications", "my-app", "contact")),
    ],
)
def test_an_owner_may_be_a_thing(name: str, is_thing: bool) -> None:
    assert names_a_thing(name, NAMES) is is_thing


def test_each_word_for_an_owner_within_a_name_means_one() -> None:
    for word in ("owner", "owners", "contact", "contacts"):
        assert classify(f"cost-{word}", NAMES) is Meaning.OWNER
        assert classify(f"Cost{word.title()}Id", NAMES) is Meaning.OWNER
    assert [classify(name, NAMES) for name in ("ownership", "contacted", "disowner")] == [None] * 3


def test_each_unit_at_the_end_of_a_name_is_fixed_by_it() -> None:
    for word, unit in UNITS.items():
        for name in (f"rotation_{word}", f"ExpiresIn{word.title()}", f"posturio:rotate-every-{word}"):
            assert (unit_in_name(name, NAMES), classify(name, NAMES)) == (unit, Meaning.ROTATION), name
        assert unit_in_name(f"owner_{word}", NAMES) is None
        assert unit_in_name(word, NAMES) is None
    assert [unit_in_name(name, NAMES) for name in ("rotation", "expires", "owner")] == [None] * 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KeyExpiry", {"key", "expiry"}),
        ("AWSKeyOwner", {"aws", "key", "owner"}),
        ("cost-center_2", {"cost", "center"}),
        ("key1Owner", {"key", "owner"}),
        ("", set()),
    ],
)
def test_a_name_is_made_of_words(name: str, words: set[str]) -> None:
    assert words_of(name) == words


def test_separators_and_case_do_not_count() -> None:
    assert {classify(name, NAMES) for name in ("Rotate-By", "rotate_by", "ROTATE:BY", "rotate.by", "rotate  / by")} == {Meaning.ROTATE_BY}
    assert NAMES.stems == ("iamrotatecredentials", "posturio", "ikr")


def test_more_names_are_added_once_to_those_there_are() -> None:
    more = NAMES.with_extra(owner=("guild", "owner"))
    assert more.owner == (*NAMES.owner, "guild")
    assert set(more.spellings()) == {*NAMES.spellings(), "guild"}
    assert (classify("guild", more), classify("guild", NAMES)) == (Meaning.OWNER, None)
