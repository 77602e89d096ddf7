"""The values of expressions against HashiCorp's own evaluator, through pygohcl: ours are equal or unknown, and what it refuses has none.

``nox -s oracle`` looks at 20,000 expressions; the usual run at a few.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pygohcl
import pytest
from hypothesis import HealthCheck, given, settings

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.frontends.terraform.values import EvaluationError, SetValue, first_unknown
from tests.differential.expressions import VARIABLE, expressions
from tests.support.terraform_programs import value_of
from tests.support.terraform_shapes import parsed

EXAMPLES = int(os.environ.get("POSTURIO_ORACLE_EXAMPLES", "300"))
HELD = value_of(VARIABLE)
REFUSED = "refused"
OPEN = "open"


def theirs(source: str) -> Any:
    """Return what HCL makes of an expression: JSON as text, in the message of a condition that never holds."""
    with pytest.raises(pygohcl.ValidationError) as raised:
        pygohcl.eval_var_condition("false", f"jsonencode({source}\n)", "a", VARIABLE)
    text = str(raised.value)
    if text.startswith("panic HCL"):  # the value is unknown, and has no JSON
        return OPEN
    if text.startswith(("jsonencode(", "cannot process")):
        return OPEN if _is_taken(source) else REFUSED
    return [json.loads(text)]


LENIENT = ("Incorrect condition type; The condition expression must be of type bool.", "bool required, but have number.")
"""Complaints of HCL that we do not repeat: before 0.12, Terraform took 1 and 0 for true and false."""


def _is_taken(source: str) -> bool:
    """True if HCL refuses only what we take on purpose."""
    with pytest.raises(pygohcl.ValidationError) as raised:
        pygohcl.eval_var_condition(f"jsonencode({source}\n) == null", "x", "a", VARIABLE)
    return any(complaint in str(raised.value) for complaint in LENIENT)


def ours(source: str) -> Any:
    """Return what we make of it: refused, open where something in it is unknown, or the value in a list."""
    body, problems = parsed(f"x = {source}\n")
    if problems:
        return REFUSED
    return _value(body.attributes["x"].expression)


def _value(expression: hcl.Expr) -> Any:
    try:
        value = value_of(expression, var={"a": HELD})
    except EvaluationError:
        return REFUSED
    return OPEN if first_unknown(value) is not None else [value]


def _parts(source: str) -> list[hcl.Expr]:
    return list(walk(parsed(f"x = {source}\n")[0].attributes["x"].expression))


def _is_left(part: hcl.Expr) -> bool:
    """True if HCL may refuse a whole expression for a part that its value does not depend on, where we do not: one mistake hides no key.

    That is bad syntax, a wrong right operand (newer versions of HCL stop at a left one that decides), and an arm of a conditional that is
    wrong or of another type, which for lists, maps and null we do not follow.
    """
    match part:
        case hcl.InvalidExpr():
            return True
        case hcl.Conditional(_, yes, no):
            return any(not isinstance(found := _value(arm), list) or isinstance(found[0], (tuple, dict, type(None))) for arm in (yes, no))
        case hcl.Binary("&&" | "||", _, right):
            return not _is_truth(right)
        case hcl.Splat(target):
            return _value(target) in ([()], OPEN, REFUSED)
        case hcl.Call(_, arguments):
            return any(map(_has_hidden_type, arguments))
        case _:
            return False


def _has_hidden_type(expression: hcl.Expr) -> bool:
    """True if a value does not show its whole type: nulls and empty collections are typed in HCL, and so is what has no value."""
    found = _value(expression)
    pending = list(found) if isinstance(found, list) else [None]
    while pending:
        value = pending.pop()
        if value is None or value in ((), {}):
            return True
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return False


def _may_differ(part: hcl.Expr) -> bool:
    """True if a value may differ for a reason that is known.

    A conditional has an arm, or concat a list, of a type that we do not see, to which HCL converts the other one, or a number is a
    condition. Or a left operand decides, and `can` and `try` see in older versions of HCL that the right one is wrong.
    """
    match part:
        case hcl.Conditional(condition, yes, no):
            return any(map(_has_hidden_type, (yes, no))) or not _is_truth(condition)
        case hcl.Call("concat", arguments):
            return any(map(_has_hidden_type, arguments))
        case hcl.Binary("&&" | "||", _, right):
            return not _is_truth(right)
        case _:
            return False


def _is_truth(expression: hcl.Expr) -> bool:
    found = _value(expression)
    return isinstance(found, list) and isinstance(found[0], bool)


def alike(mine: Any, other: Any) -> bool:
    """True if a value of ours is the one that JSON holds; a set has an order of its own there."""
    match mine:
        case bool() | None | str():
            return type(mine) is type(other) and bool(mine == other)
        case int() | float():
            return type(other) in (int, float) and float(other) == pytest.approx(float(mine), rel=1e-12, abs=1e-300)
        case SetValue():
            left = list(other) if isinstance(other, list) else [None, *mine]
            return len(left) == len(mine) and all(any(alike(item, found) for found in left) for item in mine)
        case tuple() | list():
            return isinstance(other, list) and len(mine) == len(other) and all(map(alike, mine, other))
        case dict():
            return isinstance(other, dict) and mine.keys() == other.keys() and all(alike(mine[key], other[key]) for key in mine)
        case Unknown():
            return True
        case _:
            return False


def compare(source: str) -> None:
    """Fail where we have a value that HCL does not have, or another one."""
    mine, other = ours(source), theirs(source)
    if not isinstance(mine, list) or other == OPEN:
        return
    if other == REFUSED:
        assert any(map(_is_left, _parts(source))), f"HCL refuses {source}, and we make {mine[0]!r} of it"
        return
    if not re.search(r"-0(?![.\d])", json.dumps(other)):  # HCL knows a negative zero, and writes it so
        is_alike = alike(mine, other) or any(map(_may_differ, _parts(source)))
        assert is_alike, f"{source} is {other[0]!r}, and we make {mine[0]!r} of it"


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(expressions())
def test_no_value_is_wrong(source: str) -> None:
    compare(source)
