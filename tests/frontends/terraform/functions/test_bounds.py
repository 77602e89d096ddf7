"""No call takes long or much memory: what would is unknown."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from posturio_iac.core.record import replace
from posturio_iac.core.unknown import TOO_LARGE
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.values import SetValue, Value, equal, is_heavy, make_set, to_number, to_text

FILES = tuple(map(str, range(20_000)))
ENVIRONMENT = Environment(read_file=lambda _: "x" * 2_000_000, render=lambda text, names: (text, names), list_files=lambda _: FILES)
LONG = "a" * 900_000
MANY = tuple(map(str, range(9_000)))


def _shared(depth: int, leaf: Value = "x") -> Value:
    value: Value = (leaf,)
    for _ in range(depth):
        value = (value, value)
    return value


def _deep(depth: int) -> Value:
    value: Value = "x"
    for _ in range(depth):
        value = (value,)
    return value


def _alias_bomb() -> str:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]" for before, name in pairwise("abcdefghi")]
    return "\n".join(lines)


BEYOND_BOUNDS = [
    ("concat", (MANY, MANY)),
    ("merge", (dict.fromkeys(MANY), {f"x{name}": 1 for name in MANY})),
    ("flatten", (_shared(60),)),
    ("flatten", (_shared(60, ()),)),
    ("distinct", ((_shared(60),),)),
    ("tolist", ((_shared(60), _shared(60)),)),
    ("jsonencode", (_shared(60),)),
    ("yamlencode", (_shared(60),)),
    ("format", ("%v", _shared(60))),
    ("setproduct", (MANY, MANY)),
    ("setproduct", ((1, 2),) * 40),
    ("setunion", (MANY, MANY)),
    ("join", (LONG, ("a", "b", "c"))),
    ("join", (",", (LONG, LONG))),
    ("replace", (LONG, "a", "bb")),
    ("replace", ("aaaaaaaaaaaa", "/a/", "b" * 100_000)),
    ("replace", (LONG, "/a+/", "b")),
    ("split", ("", LONG)),
    ("format", ("%999999s", "a")),
    ("format", ("%.99999999999f", 1)),
    ("format", (f"%s{LONG}", LONG)),
    ("sum", ((10**5_000, 0.5),)),
    ("jsondecode", ("[" * 100_000,)),
    ("jsondecode", ("[" * 900 + "]" * 900,)),
    ("csvdecode", ("a\n" * 125_001,)),
    ("yamldecode", ("[" * 100 + "x" + "]" * 100,)),
    ("yamldecode", ("&a [*a]",)),
    ("yamldecode", (f"- &a [{'x,' * 5_000}]\n- [{'*a,' * 50_000}]",)),
    ("yamldecode", (_alias_bomb(),)),
    ("fileset", (".", "*")),
    ("fileset", (".", "{a,b}" * 20)),
    ("filebase64", ("a",)),
    ("timeadd", ("9999-12-31T23:59:59Z", "1h")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), BEYOND_BOUNDS, ids=[f"{place}-{name}" for place, (name, _) in enumerate(BEYOND_BOUNDS)])
def test_what_would_be_too_large_is_unknown_within_seconds(name: str, arguments: tuple[Value, ...]) -> None:
    start = time.monotonic()
    result = call(name, arguments, ENVIRONMENT)
    assert result == TOO_LARGE(f"the result of {name}()")
    assert time.monotonic() - start < 5


def test_nesting_beyond_what_python_can_walk_is_unknown() -> None:
    assert call("jsonencode", (_deep(50_000),), ENVIRONMENT) == TOO_LARGE("the result of jsonencode()")
    assert call("length", (_deep(50_000),), ENVIRONMENT) == 1


def test_numbers_too_large_to_print_or_read_are_unknown() -> None:
    unknown = TOO_LARGE("the number")
    assert to_text(10**5_000) == unknown
    assert to_number("9" * 5_000) == unknown
    assert to_number("1e9999") == unknown
    assert to_number("-0.1e-99999999999999999999") == unknown
    assert to_number("1e3000") == 10**3000
    assert call("upper", (10**5_000,), ENVIRONMENT) == unknown
    assert call("jsondecode", ("1e5000",), ENVIRONMENT) == unknown


def test_huge_values_are_neither_compared_nor_made_into_sets() -> None:
    assert is_heavy(_shared(60))
    assert not is_heavy(_shared(5))
    assert equal(_shared(60), _shared(60)) == TOO_LARGE("the comparison")
    assert make_set((_shared(60),)) == TOO_LARGE("the set")
    assert make_set(MANY) == SetValue(sorted(MANY))


HALF = "a" * 500_000
ROW = tuple(range(5_000))


def test_a_result_of_exactly_the_bound_is_known() -> None:
    assert call("range", (1024,), ENVIRONMENT) == tuple(range(1024))
    assert call("concat", (ROW, ROW), ENVIRONMENT) == (*ROW, *ROW)
    assert call("join", ("", (HALF, HALF)), ENVIRONMENT) == HALF * 2
    assert call("concat", (ROW, ROW, (1,)), ENVIRONMENT) == TOO_LARGE("the result of concat()")
    assert call("join", ("", (HALF, HALF, "a")), ENVIRONMENT) == TOO_LARGE("the result of join()")


def test_what_costs_more_than_its_size_takes_steps_and_yaml_only_when_it_was_not_read_before() -> None:
    spent: list[int] = []
    counted = replace(ENVIRONMENT, spend=spent.append)
    for name, *arguments in (*(("yamldecode", "- steps" + " " * 793),) * 2, ("jsondecode", "1" * 80), ("regexall", "^a+a+b", "a" * 999)):
        call(name, tuple(arguments), counted)
    assert spent == [200, 0, 10, 1000]
