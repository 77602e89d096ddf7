"""Patterns mean what they mean to Terraform, that is to RE2 and not to Python, or are not evaluated.

``tests/differential/test_terraform_values.py`` asks Terraform itself about generated ones.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, Value

ENVIRONMENT = Environment(read_file=lambda path: path, render=lambda text, names: (text, names))


def find(pattern: str, text: str) -> Value:
    return call("regexall", (pattern, text), ENVIRONMENT)


FOUND = [
    ("a|ab", "ab", ("a",)),
    ("a*?b", "aab", ("aab",)),
    ("a+?", "aa", ("a", "a")),
    ("a??b", "ab", ("ab",)),
    ("a*", "baac", ("", "aa", "")),
    ("a{1,2}", "aaaaa", ("aa", "aa", "a")),
    ("a{2,}?", "aaaaa", ("aa", "aa")),
    ("^a$", "a\n", ()),
    ("a.b", "a\nb a.b", ("a.b",)),
    ("(?i)ab", "aB Ab", ("aB", "Ab")),
    ("(?i)[^a-c]", "aBCd", ("d",)),
    (r"\d+", "12\u0663", ("12",)),
    (r"\w+", "a_1\u00e9", ("a_1",)),
    (r"\s", "\t\u00a0\v", ("\t",)),
    (r"\S", "\t\v", ("\v",)),
    (r"[\s_]", "\v_", ("_",)),
    (r"\bfoo\b", "foo foobar \u00e9foo", ("foo", "foo")),
    (r"o\B", "oo o", ("o",)),
    (r"[\d\-x]+", "1-x2y", ("1-x2",)),
    ("[]a]+", "a]b", ("a]",)),
    ("[^]a]+", "a]bc", ("bc",)),
    ("[a-]+|[--0]", "a-b.", ("a-", ".")),
    ("[[:alpha:]_]+", "a_1\u00e9", ("a_",)),
    (r"\.\$\/\_", ".$/_", (".$/_",)),
    ("(?:)", "ab", ("", "", "")),
    ("(a)|b", "ab", (("a",), (None,))),
    ("(?:ab){1}c?", "ababc", ("ab", "abc")),
    ("([a-z]+)(-[0-9]+)?", "ab-1 c", (("ab", "-1"), ("c", None))),
    ("(?P<x>a)(?<y>b)?", "ab", ({"x": "a", "y": "b"},)),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), FOUND)
def test_matches(pattern: str, text: str, expected: tuple[Value, ...]) -> None:
    assert find(pattern, text) == expected


NOT_EVALUATED = [
    *("(?U)a+", "(?m)^a$", "(?s)a.b", "(?i:a)b", r"\Aa\z", r"a\Z", r"\pL+", r"\Qa\E", r"\x41", r"\C", r"[^\D5]"),
    *("(a*)+", "(a*)*", "(a+)*", "(|a)*", "(a|b)*", "(a*)?", "(ab){2}", "(a?b?)?", "(^a)*", "a**", "a++", "a{2}{3}", "*a", "a|*", "^*"),
    *("(a", "a)", "[a", "[]", "[b-a]", r"[a-\d]", "a{,2}", "a{3,2}", "a{1001}", "(?=a)", "(?<!a)b", r"(a)\1", "a\\", "[[a]"),
    *("(?P<a>x)(?P<a>y)", "(?P<1>x)", "[[:^digit:]]", "[[:foo:]]"),
]


@pytest.mark.parametrize("pattern", NOT_EVALUATED)
def test_what_the_engines_may_read_differently_is_unknown(pattern: str) -> None:
    assert isinstance(find(pattern, "a"), Unknown)


def test_case_is_ignored_in_ascii_alone() -> None:
    """Python's and Go's tables of cases differ: to Go the sign for Kelvin is a k."""
    assert find("(?i)s", "S") == ("S",)
    assert isinstance(find("(?i)s", "\u017f"), Unknown)
    assert isinstance(find("(?i)\u00e9", "E"), Unknown)


@given(pattern=st.text(alphabet="ab()[]{}*+?|^$.\\-:<>P,12dwpLQE=!i", max_size=16), text=st.text("ab1\n", max_size=200))
def test_any_pattern_is_used_or_unknown_and_ends_in_time(pattern: str, text: str) -> None:
    started = time.thread_time()
    try:
        result = find(pattern, text)
    except EvaluationError as error:
        assert str(error).startswith("regexall(): pattern: ")
    else:
        assert isinstance(result, (tuple, Unknown))
    assert time.thread_time() - started < 2


@pytest.mark.parametrize(("pattern", "length"), [("(a?){20}b", 30), ("a*a*a*a*a*b", 200), ("(a+a+)+y", 40), ("a+b", 90_000)])
def test_a_pattern_that_could_take_long_is_unknown(pattern: str, length: int) -> None:
    assert isinstance(find(pattern, "a" * length), Unknown)
