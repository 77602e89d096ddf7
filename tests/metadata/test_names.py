"""Words in names of tags: who or what an owner is, and which units a name fixes."""

from __future__ import annotations

import pytest

from posturio_iac.metadata.names import Meaning, Names, classify, names_a_thing, normalise, unit_in_name, words_of

NAMES = Names.default()
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
    assert {normalise(name) for name in ("Rotate-By", "rotate_by", "ROTATE:BY", "rotate.by", "rotate/by", "rotate  by")} == {"rotateby"}
    assert NAMES.stems == ("iamrotatecredentials", "posturio", "ikr")


def test_more_names_are_added_once_to_those_there_are() -> None:
    more = NAMES.with_extra(owner=("guild", "owner"))
    assert more.owner == (*NAMES.owner, "guild")
    assert set(more.spellings()) == {*NAMES.spellings(), "guild"}
    assert (classify("guild", more), classify("guild", NAMES)) == (Meaning.OWNER, None)
