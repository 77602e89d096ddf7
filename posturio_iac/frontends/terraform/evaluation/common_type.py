"""Types that values alone do not show: a list never equals a tuple, and both arms of a conditional have one type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import SetValue, first_unknown, is_heavy

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.values import Value


def of_common_type(value: Value, other: Value) -> Value:
    """Return ``value`` as one arm of a conditional whose other arm is ``other``: ``true ? 1 : "a"`` is text."""
    if value is None or other is None or isinstance(other, Unknown) or type(value) is type(other) in (str, bool, int):
        return value
    if isinstance(value, SetValue) is not isinstance(other, SetValue):
        return value
    from posturio_iac.frontends.terraform.functions.unify import unify

    return unify((value, other))[0]


def are_of_one_type(expression: hcl.Binary) -> bool:
    """True if equal operands surely have one type: they are written alike, or as tuples and objects."""
    return hcl.same(expression.left, expression.right) or (_is_written_out(expression.left) and _is_written_out(expression.right))


def _is_written_out(expression: hcl.Expr) -> bool:
    """True if a tuple or an object stands in the code as it is."""
    match expression:
        case hcl.TupleExpr(items):
            return all(map(_is_written_out, items))
        case hcl.ObjectExpr(items):
            return all(_is_written_out(value) for _, value in items)
        case hcl.For() | hcl.Call() | hcl.GetAttr() | hcl.Index() | hcl.Splat() | hcl.Conditional() | hcl.Name():
            return False
        case _:
            return True


def alike(left: Value, right: Value) -> bool:
    """True if two values are known, the same, and of one type."""
    if left is right or type(left) is not type(right) or is_heavy(left) or is_heavy(right):
        return left is right and first_unknown(left) is None
    return bool(left == right) and first_unknown(left) is None
