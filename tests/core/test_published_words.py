"""Words that results, ledgers and fingerprints hold are those of the published schema, since programs of others read them."""

from __future__ import annotations

from posturio_iac.core import unknown
from posturio_iac.core.evidence import reason
from posturio_iac.core.evidence.lifetime import OpenQuestion, Question
from posturio_iac.core.unknown import OpenKind
from posturio_iac.metadata.names import Meaning, Names


def test_each_meaning_but_none_other_is_a_list_of_names_in_the_configuration() -> None:
    assert {one.value for one in Meaning} == set(Names.default().__match_args__) - {"prefixes", "users", "lookup", "stems"}


def test_a_kind_of_unknown_value_is_named_as_its_constant_and_shows_its_subject() -> None:
    for name, one in vars(unknown).items():
        if isinstance(one, OpenKind):
            values = [f"value {place}" for place in range(one.template.count("{}"))]
            assert one.name == name.lower().removeprefix("as_")
            assert (one(*values).subject, one(*values).is_unasked) == (values[0] if one.is_named else "", one.is_unasked)


def test_each_question_that_the_reason_leaves_unclear_is_stated() -> None:
    stated = [OpenQuestion((question,), reason.NOT_HERE()).text for question in Question]
    assert all(text.endswith("it is not in this code") for text in stated)
