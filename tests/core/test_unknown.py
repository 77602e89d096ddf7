"""Unknown values: their kind is data, named in the published schema, and their sentence is written on demand."""

from __future__ import annotations

import copy
import pickle

import pytest

from posturio_iac.core import unknown
from posturio_iac.core.evidence import reason
from posturio_iac.core.evidence.lifetime import OpenQuestion, Question
from posturio_iac.core.evidence.reason import OpenCause
from posturio_iac.core.metadata.names import Meaning, Names
from posturio_iac.core.unknown import AFTER_APPLY, GIVEN_SECRET, NO_CODE, NOT_ASKED, TAGS_UNSEEN, OpenKind, Unknown

APPLY = AFTER_APPLY("aws_iam_user.ci.name")


@pytest.mark.parametrize(
    ("unknown", "reason", "cause", "subject", "is_unasked"),
    [
        (APPLY, "aws_iam_user.ci.name is known only after apply", OpenCause.APPLY, "aws_iam_user.ci.name", False),
        (
            TAGS_UNSEEN(APPLY),
            "aws_iam_user.ci.name is known only after apply, so the user's tags cannot be seen",
            OpenCause.APPLY,
            "aws_iam_user.ci.name",
            False,
        ),
        (
            GIVEN_SECRET("password of module.x", NO_CODE("module.x")),
            "password of module.x is given the secret, and the code of module.x is not here",
            OpenCause.ABSENT_CODE,
            "module.x",
            False,
        ),
        (NO_CODE("module.{x}"), "the code of module.{x} is not here", OpenCause.ABSENT_CODE, "module.{x}", False),
        (NOT_ASKED("AWS"), "AWS was not asked", OpenCause.NOT_READ, "", True),
    ],
)
def test_the_kind_and_its_arguments_make_the_sentence_the_cause_and_the_subject(
    unknown: Unknown, reason: str, cause: OpenCause | None, subject: str, is_unasked: bool
) -> None:
    assert (unknown.reason, unknown.cause, unknown.subject, unknown.is_unasked) == (reason, cause, subject, is_unasked)
    assert unknown.as_reason().text == reason


def test_of_a_chain_the_outermost_and_the_innermost_are_named() -> None:
    value = APPLY
    for number in range(5_000):
        value = value.about(f"v{number}")
    assert value.reason == "v4999: v0: aws_iam_user.ci.name is known only after apply"
    assert (value.cause, value.subject) == (APPLY.cause, APPLY.subject)
    assert hash(value) == hash(copy.deepcopy(value))


def test_values_are_equal_by_kind_and_arguments_and_survive_pickling_and_copying() -> None:
    same, other = AFTER_APPLY("aws_iam_user.ci.name"), AFTER_APPLY("aws_iam_user.ci.arn")
    assert (same, hash(same)) == (APPLY, hash(APPLY))
    assert other != APPLY
    held = TAGS_UNSEEN(APPLY.about("user"))
    assert pickle.loads(pickle.dumps(held)) == copy.deepcopy(held) == held  # noqa: S301 - made a line above
    assert repr(APPLY) == "Unknown(kind=after_apply, arguments=('aws_iam_user.ci.name',))"


def test_making_one_writes_no_sentence() -> None:
    class Loud(str):
        __slots__ = ()

        def __format__(self, _spec: str) -> str:
            raise AssertionError

    assert AFTER_APPLY(Loud("x")).about("y").cause is OpenCause.APPLY


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
