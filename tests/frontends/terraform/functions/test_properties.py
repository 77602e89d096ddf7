"""Whatever the arguments, a function gives a value or refuses them, always alike, and changes nothing that it was given."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.frontends.terraform.functions import MODULES, Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, SetValue, Value, canonical, equal, first_unknown, make_set

NAMES = [name for names in MODULES.values() for name in names.split()]
KINDS = (type(None), bool, int, float, str, tuple, dict, Unknown)

TELLING = st.sampled_from(
    [
        *("", "a", "b", "1", "-1.5", "1e400", "true", "a,b", "/a*/", "(a", "[a-", "(?P<x>a)|b", "%s", "%05.2f%%", "%[2]v", "$1", "{{"),
        *("2026-10-01T00:00:00Z", "2026-02-30T00:00:00+05:30", "YYYY-MM-DD'T'hh", "1h30m", "-10000h", "~/x", "*.{yaml,yml}"),
        *('{"a":[1,{"b":null}]}', "a: &x [1]\nb: *x", "aGVsbG8=", "\u00e9\U0001f468\u200d\U0001f4bb"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 70),
    st.just(10**300),
    st.sampled_from([0.5, -2.25, 1e-9, 1.5e-300]),
    TELLING,
    st.text(max_size=8),
    st.just(AS_STATED("var.x is set by the caller")),
)


def _collections(children: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    entries = st.dictionaries(TELLING, children, max_size=3)
    return st.one_of(
        st.lists(children, max_size=3).map(tuple),
        st.lists(children, max_size=3).map(make_set),
        entries,
        entries.map(lambda known_ones: PartialMap(known_ones, AS_STATED("var.more is set by the caller"))),
    )


DEPTH_1 = st.one_of(LEAVES, _collections(LEAVES))
DEPTH_2 = st.one_of(DEPTH_1, _collections(DEPTH_1))
VALUES = st.one_of(DEPTH_2, _collections(DEPTH_2))


def _read_file(path: str) -> str | Unknown:
    if path == "missing":
        raise EvaluationError("there is no such file")
    return AS_STATED("outside the scan root") if path.startswith("..") else f"content of {path}"


ENVIRONMENT = Environment(_read_file, lambda text, variables: first_unknown(variables) or text, lambda _: ("a.yaml", "b/c.yml"))


def _outcome(name: str, arguments: tuple[Value, ...]) -> Value:
    try:
        return call(name, arguments, ENVIRONMENT)
    except EvaluationError as error:
        return str(error)


def _is_value(value: Value) -> bool:
    match value:
        case dict():
            return all(isinstance(key, str) and _is_value(element) for key, element in value.items())
        case SetValue():
            return first_unknown(tuple(value)) is None and all(_is_value(element) for element in value)
        case tuple():
            return all(_is_value(element) for element in value)
        case float():
            return not value.is_integer()
        case _:
            return isinstance(value, KINDS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=settings().max_examples * 2 // 5, suppress_health_check=[HealthCheck.too_slow])
@given(
    arguments=st.one_of(st.lists(VALUES, max_size=4), st.lists(TELLING, min_size=1, max_size=3), st.lists(LEAVES, max_size=3)).map(tuple)
)
def test_any_call_gives_a_value_or_an_error_and_is_repeatable(name: str, arguments: tuple[Value, ...]) -> None:
    before = copy.deepcopy(arguments)
    first = _outcome(name, arguments)
    assert _is_value(first)
    assert _outcome(name, arguments) == first
    assert arguments == before


@given(left=VALUES, right=VALUES)
def test_equality_is_symmetric_and_agrees_with_the_canonical_form(left: Value, right: Value) -> None:
    forwards, backwards = equal(left, right), equal(right, left)
    assert isinstance(forwards, Unknown) == isinstance(backwards, Unknown)
    if first_unknown((left, right)) is None:
        assert forwards is backwards is (canonical(left) == canonical(right))


@given(value=VALUES)
def test_a_known_value_is_equal_to_itself(value: Value) -> None:
    unknown = first_unknown(value)
    assert (equal(value, value) is True) if unknown is None else isinstance(equal(value, value), Unknown)


@given(value=VALUES)
def test_json_that_was_written_reads_back(value: Value) -> None:
    text = _outcome("jsonencode", (value,))
    if first_unknown(value) is None:
        assert _outcome("jsonencode", (_outcome("jsondecode", (text,)),)) == text
    else:
        assert isinstance(text, Unknown)


@given(value=st.lists(LEAVES, max_size=5).map(tuple))
def test_a_set_made_of_its_own_elements_is_the_same(value: tuple[Value, ...]) -> None:
    members = _outcome("toset", (value,))
    if isinstance(members, SetValue):
        assert make_set(reversed(members)) == members
    else:
        assert isinstance(members, (Unknown, str))


@given(moment=st.datetimes(timezones=st.just(timezone.utc)), hours=st.integers(-50_000, 50_000))
def test_adding_hours_agrees_with_python(moment: datetime, hours: int) -> None:
    written = moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    result = _outcome("timeadd", (written, f"{hours}h"))
    try:
        expected = (moment.replace(microsecond=0) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        assert isinstance(result, Unknown)
    else:
        assert result == expected
        assert _outcome("timecmp", (written, result)) == (hours < 0) - (hours > 0)
