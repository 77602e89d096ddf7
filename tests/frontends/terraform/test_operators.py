"""Operators on values, of which some or parts of them may be unknown."""

from __future__ import annotations

import pytest

from posturio_iac.core.unknown import AS_STATED, NOT_EVALUATED
from posturio_iac.frontends.terraform.operators import binary, truth, unary
from posturio_iac.frontends.terraform.values import EvaluationError, Value

X, Y = AS_STATED("var.x is set by the caller"), AS_STATED("var.y is set by the caller")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (None, None, True),
        (None, "", False),
        (("a",), ("a",), True),
        ({"a": 1}, {"a": 2}, False),
        (None, (X,), False),
        ({"a": X}, None, False),
        (None, X, X),
        (X, None, X),
        (X, "a", X),
        ("a", X, X),
        ("a", (X,), X),
        (("a", X), ("a", "b"), X),
        (X, Y, X),
        ((Y,), X, Y),
    ],
)
def test_equality(left: Value, right: Value, equal: Value) -> None:
    assert binary("==", left, right) == equal
    assert binary("!=", left, right) == (not equal if isinstance(equal, bool) else equal)


@pytest.mark.parametrize(
    ("left", "operator", "right", "result"),
    [
        (7, "+", 2, 9),
        (7, "-", 2, 5),
        (7, "*", 2, 14),
        (7, "/", 2, 3.5),
        (8, "/", 2, 4),
        (7, "%", 2, 1),
        (-7, "%", 2, -1),
        (7, "%", -2, 1),
        (0.1, "+", 0.2, 0.3),
        (0.2, "-", 0.2, NOT_EVALUATED("a number with so many digits")),
        (0.5, "*", 4, 2),
        ("7", "+", "2", 9),
        (2, "<", 2, False),
        (2, "<=", 2, True),
        (2, ">", 2, False),
        (2, ">=", 2, True),
        (1, "<", 2, True),
        (2, ">", 1, True),
        (True, "&&", "true", True),
        (True, "&&", False, False),
        (False, "||", True, True),
        (False, "||", "0", False),
        (X, "+", 1, X),
        (1, "<", X, X),
        (True, "&&", X, X),
        (Y, "||", X, Y),
        (1, "/", 0, NOT_EVALUATED("a division by zero")),
        (1, "%", 0, NOT_EVALUATED("a division by zero")),
    ],
)
def test_arithmetic_comparison_and_logic(left: Value, operator: str, right: Value, result: Value) -> None:
    found = binary(operator, left, right)
    assert (found, type(found)) == (result, type(result))


def test_an_operator_of_one_operand() -> None:
    assert [unary("-", value) for value in (2, "2", X)] == [-2, -2, X]
    assert [unary("!", value) for value in (True, "false", X)] == [False, True, X]


def test_what_counts_as_true_and_false() -> None:
    assert [truth(value) for value in (True, "true", "1", 1, X)] == [True] * 4 + [X]
    assert [truth(value) for value in (False, "false", "0", 0)] == [False] * 4


@pytest.mark.parametrize("value", [None, "yes", "True", 2, (), {}])
def test_another_value_is_neither(value: Value) -> None:
    with pytest.raises(EvaluationError, match=r"^true or false is needed$"):
        truth(value)


@pytest.mark.parametrize(("operator", "message"), [("**", "is not an operator"), ("+", "a number is")])
def test_what_cannot_be_computed_is_refused(operator: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        binary(operator, 1, 2 if operator == "**" else None)
