"""What functions can still say when some of what they are given is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.core.unknown import AS_STATED, DEPENDS_ON, EACH_RUN, NOT_EVALUATED, Unknown
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, ResourceValue, Value, equal, first_unknown, make_set

X = AS_STATED("var.x is set by the caller")
Y = AS_STATED("var.y is set by the caller")
OPEN = PartialMap({"a": 1, "b": X}, Y)
ENVIRONMENT = Environment(read_file=lambda _: X, render=lambda text, names: (text, names))


def evaluate(name: str, *arguments: Value) -> Value:
    return call(name, arguments, ENVIRONMENT)


RESOURCE = ResourceValue("aws_iam_user.ci", lambda name: name)


@pytest.mark.parametrize(
    ("maps", "result", "rest"),
    [
        (({"a": X}, {"b": 1}), {"a": X, "b": 1}, None),
        ((None, {"a": 1}, None), {"a": 1}, None),
        (({"a": 1, "b": 2}, X, {"b": 3, "c": 4}), {"a": X, "b": 3, "c": 4}, X),
        (({"a": 1}, None, X), {"a": X}, X),
        ((X, Y), {}, X),
        (({"a": 0, "c": 3}, OPEN, {"d": 4}), {"a": 1, "c": Y, "b": X, "d": 4}, Y),
        (({"a": 1}, RESOURCE, {"b": 2}), {"a": RESOURCE.rest, "b": 2}, RESOURCE.rest),
    ],
)
def test_merge_of_what_is_unknown_is_open_and_hides_what_came_before_it(maps: Any, result: Any, rest: Unknown | None) -> None:
    found = evaluate("merge", *maps)
    assert (dict(found), getattr(found, "rest", None)) == (result, rest)


KNOWN_DESPITE_UNKNOWN = [
    ("lookup", (OPEN, "a", "z"), 1),
    ("lookup", (OPEN, "b", "z"), X),
    ("lookup", (OPEN, "c", "z"), Y),
    ("lookup", (OPEN, "c"), Y),
    ("lookup", ({"a": 1, "b": X}, "a", Y), 1),
    ("lookup", ({"a": 1}, "c", Y), Y),
    ("lookup", (X, "c", "z"), X),
    ("lookup", ({"a": 1}, X, "z"), X),
    ("coalesce", ("", "a", X), "a"),
    ("coalesce", (None, X, "a"), X),
    ("coalesce", (None, "", X), X),
    ("coalescelist", ((), (X,), Y), (X,)),
    ("coalescelist", ((), X, ("a",)), X),
    ("concat", (("a", X), ("b",)), ("a", X, "b")),
    ("concat", (("a",), X), X),
    ("keys", ({"b": X, "a": 1},), ("a", "b")),
    ("keys", (OPEN,), Y),
    ("values", ({"b": X, "a": 1},), (1, X)),
    ("values", (OPEN,), Y),
    ("length", ((X, 1),), 2),
    ("length", ({"a": X},), 1),
    ("length", (OPEN,), Y),
    ("length", (X,), X),
    ("contains", (("a", X), "a"), True),
    ("contains", (("a", X), "b"), X),
    ("contains", (("a",), X), X),
    ("contains", ((), X), False),
    ("contains", (({"a": 1, "b": X},), {"a": 2, "b": 3}), False),
    ("contains", ((OPEN,), {"a": 2, "b": 3}), False),
    ("contains", ((OPEN,), {"a": 1, "b": 3}), X),
    ("contains", ((make_set(("a",)), X), make_set(("a",))), True),
    ("element", ((X, "b"), 3), "b"),
    ("element", ((X, "b"), 0), X),
    ("element", (("a",), X), X),
    ("one", ((X,),), X),
    ("index", (("a", X, "b"), "a"), 0),
    ("index", (("a", X, "b"), "b"), X),
    ("flatten", (("a", X),), X),
    ("flatten", ((("a",), (OPEN,)),), ("a", OPEN)),
    ("slice", ((1, X, 3), 1, 2), (X,)),
    ("reverse", ((1, X),), (X, 1)),
    ("zipmap", (("a", "b"), (1, X)), {"a": 1, "b": X}),
    ("zipmap", (("a", X), (1, 2)), X),
    ("compact", (("a", X),), X),
    ("distinct", (("a", X),), X),
    ("sort", (("a", X),), X),
    ("toset", (("a", X),), X),
    ("toset", (({"a": X},),), X),
    ("tolist", (("a", X),), ("a", X)),
    ("tomap", ({"a": "y", "b": X},), {"a": "y", "b": X}),
    ("tostring", (X,), X),
    ("tonumber", (X,), X),
    ("tobool", (X,), X),
    ("list", ("a", X), ("a", X)),
    ("map", ("a", X), {"a": X}),
    ("map", (X, "a"), X),
    ("sensitive", (X,), X),
    ("alltrue", ((True, X),), X),
    ("alltrue", ((X, False),), False),
    ("anytrue", ((X, True),), True),
    ("anytrue", ((X, False),), X),
    ("join", (",", ("a", X)), X),
    ("format", ("%s", X), X),
    ("format", ("%v", {"a": X}), X),
    ("formatlist", ("%s-%s", "a", ("b", X)), ("a-b", X)),
    ("formatlist", ("%s", X), X),
    ("setunion", (("a",), ("b", X)), X),
    ("setproduct", (("a",), (X,)), (("a", X),)),
    ("setproduct", (make_set(("a",)), (X,)), X),
    ("setsubtract", (("a",), ("b", X)), X),
    ("setsubtract", (("a", X), ("b",)), X),
    ("setintersection", (("a",), ("a", X)), X),
    ("jsonencode", ({"a": OPEN},), Y),
    ("jsondecode", (X,), X),
    ("upper", (X,), X),
    ("max", (1, X), X),
    ("timeadd", (X, "1h"), X),
    ("regex", ("a", X), X),
    ("file", (X,), X),
    ("file", ("a",), X),
    ("fileexists", ("a",), X),
    ("filemd5", ("a",), X),
    ("filebase64", ("a",), X),
    ("templatefile", ("a", {}), X),
    ("templatestring", ("a", {"x": X}), ("a", {"x": X})),
    ("templatestring", ("a", X), X),
]


def test_an_open_map_stays_open_as_a_map_of_one_type() -> None:
    result = evaluate("tomap", PartialMap({"a": 1, "b": "x"}, Y))
    assert (dict(result), result.rest) == ({"a": "1", "b": "x"}, Y)


@pytest.mark.parametrize("name", ["lower", "max", "join", "element", "lookup", "merge"])
def test_what_is_wrong_whatever_the_unknown_is_stays_an_error(name: str) -> None:
    with pytest.raises(EvaluationError):
        evaluate(name, X, () if name == "lookup" else "x")


NEVER_KNOWN: list[tuple[str, tuple[Value, ...], Unknown]] = [
    ("timestamp", (), EACH_RUN("timestamp()")),
    ("plantimestamp", (), EACH_RUN("plantimestamp()")),
    ("uuid", (), EACH_RUN("uuid()")),
    ("yamlencode", ("é",), NOT_EVALUATED("text that yamlencode() escapes")),
    ("abspath", ("a",), DEPENDS_ON("abspath()", "where Terraform runs")),
    ("pathexpand", ("~/a",), DEPENDS_ON("pathexpand()", "who runs Terraform")),
    ("fileset", (".", "*"), NOT_EVALUATED("a list of files")),
    *(("fileset", (".", pattern), NOT_EVALUATED(f"the pattern {pattern} of fileset()")) for pattern in ["[ab]", r"\*"]),
    *(("format", (f"%{verb}", 1), NOT_EVALUATED(f'"%{verb}" in format()')) for verb in [*"boxXeEgG", ".1d"]),
    *(("format", ("%v", number), NOT_EVALUATED("a number with an exponent in format()")) for number in [10**6, -1e7, 1e-5]),
    ("timeadd", ("2026-01-01T00:00:00.0000001Z", "1h"), NOT_EVALUATED("a time of less than a microsecond")),
    ("yamldecode", ("2026-10-01 10:00:00",), NOT_EVALUATED("a time of day in YAML")),
    ("yamldecode", ("[&a 1, &a 2]",), NOT_EVALUATED("YAML with an anchor that is defined twice")),
    ("yamldecode", (".inf",), NOT_EVALUATED("an infinite number")),
    ("regex", (r"\pL", "a"), NOT_EVALUATED(r'the pattern "\pL"')),
    *(("pow", (2, exponent), NOT_EVALUATED("such a power")) for exponent in (53, -1, 0.5)),
    ("parseint", ("1" * 501, 2), NOT_EVALUATED("such a number")),
    ("bcrypt", ("secret",), NOT_EVALUATED("bcrypt()")),
    *((name, ("e\u0301",), NOT_EVALUATED("text with such characters")) for name in ("length", "strrev", "upper", "title")),
    ("length", ("a\r\nb",), NOT_EVALUATED("text with such characters")),
    ("upper", ("\u019b",), NOT_EVALUATED("text with such characters")),  # Unicode 16 gave it a capital
]


@pytest.mark.parametrize(("name", "arguments", "expected"), [*KNOWN_DESPITE_UNKNOWN, *NEVER_KNOWN])
def test_an_unknown_part_makes_unknown_only_what_it_decides(name: str, arguments: tuple[Value, ...], expected: Value) -> None:
    assert evaluate(name, *arguments) == expected


def test_equality_is_decided_by_known_parts_first() -> None:
    assert equal(("a", X), ("b", "c")) is False
    assert equal(("a", X), ("a", "c")) == X
    assert equal(("a", X), ("a",)) is False
    assert equal(X, None) == X
    assert equal(OPEN, {"c": 1}) is False
    assert equal(OPEN, OPEN) == X
    assert equal(PartialMap({}, Y), PartialMap({}, X)) == Y
    assert equal(1, True) is False
    assert equal(1, 1.0) is True
    assert equal(make_set((1, 2)), make_set((2, 1))) is True
    assert equal(make_set((1,)), (1,)) is False


def test_the_first_unknown_is_found_in_order() -> None:
    assert first_unknown({"a": (1, {"b": X}), "c": Y}) == X
    assert first_unknown((OPEN, X)) == Y
    assert first_unknown(("a", None, {})) is None


def test_shared_values_are_walked_once() -> None:
    value: Value = X
    for _ in range(200):
        value = (value, value)
    assert first_unknown(value) == X
