"""Patterns mean what they mean to Terraform, that is to RE2 and not to Python."""

from __future__ import annotations

import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.model import Unknown
from posturio_iac.core.open_kinds import NOT_EVALUATED
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.functions.re2.machine import compile_pattern
from posturio_iac.frontends.terraform.values import EvaluationError, Value

ENVIRONMENT = Environment(read_file=lambda path: path, render=lambda text, names: (text, names))


def find(pattern: str, text: str) -> Value:
    return call("regexall", (pattern, text), ENVIRONMENT)


FOUND = [
    ("a|ab", "ab", ("a",)),
    ("ab|a", "ab", ("ab",)),
    ("a*?b", "aab", ("aab",)),
    ("a+?", "aa", ("a", "a")),
    ("a??b", "ab", ("ab",)),
    ("(?U)a+", "aa", ("a", "a")),
    ("(?U)a+?", "aa", ("aa",)),
    ("a{2}", "aaaaa", ("aa", "aa")),
    ("a{1,2}", "aaaaa", ("aa", "aa", "a")),
    ("a{2,}?", "aaaaa", ("aa", "aa")),
    ("^a$", "a\n", ()),
    ("a$", "ba", ("a",)),
    ("(?m)^a$", "a\na\n", ("a", "a")),
    (r"\Aa\z", "a", ("a",)),
    (r"a\z", "a\n", ()),
    ("a.b", "a\nb a.b", ("a.b",)),
    ("(?s)a.b", "a\nb", ("a\nb",)),
    ("(?i)ab", "aB Ab", ("aB", "Ab")),
    ("(?i:a)b", "Ab AB", ("Ab",)),
    ("(?i)a(?-i)b", "Ab AB", ("Ab",)),
    ("(?i)[^a-c]", "aBCd", ("d",)),
    (r"\d+", "12\u0663", ("12",)),
    (r"\w+", "a_1\u00e9", ("a_1",)),
    (r"\s", "\t\u00a0\v", ("\t",)),
    (r"\bfoo\b", "foo foobar \u00e9foo", ("foo", "foo")),
    (r"o\B", "oo o", ("o",)),
    (r"[\d\-x]+", "1-x2y", ("1-x2",)),
    ("[]a]+", "a]b", ("a]",)),
    ("[^]a]+", "a]bc", ("bc",)),
    ("[a-]+", "a-b", ("a-",)),
    (r"[^\D5]", "a57", ("7",)),
    ("[[:alpha:]_]+", "a_1\u00e9", ("a_",)),
    ("[[:^digit:]]+", "a1", ("a",)),
    (r"\pL+", "a\u00e91", ("a\u00e9",)),
    (r"\p{Lu}|\P{L}", "aB1", ("B", "1")),
    (r"\p{^L}", "a1", ("1",)),
    (r"\Qa.b*\E+", "a.b** axb*", ("a.b**",)),
    (r"\x41\x{1F600}\101\t", "A\U0001f600A\t", ("A\U0001f600A\t",)),
    (r"\.\$\/\_", ".$/_", (".$/_",)),
    ("a{,2}|x{|}", "a{,2} x{ }", ("a{,2}", "x{", "}")),
    ("(?:)", "ab", ("", "", "")),
    ("(a)|b", "ab", (("a",), (None,))),
    ("(a*)+", "aab", (("aa",), ("",))),
    # Go's (x*)* is (?:(?:x*)+)?, so that the group takes part even where it matches nothing: https://github.com/golang/go/issues/46123
    ("(a*)*", "b", (("",), ("",))),
    ("(a+)*", "b", ((None,), (None,))),
    ("(|a)*", "a", (("",), ("",))),
    ("(?P<x>a)(?<y>b)?", "ab", ({"x": "a", "y": "b"},)),
    ("(a|b)*", "ab", (("b",),)),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), FOUND)
def test_matches(pattern: str, text: str, expected: tuple[Value, ...]) -> None:
    assert find(pattern, text) == expected


REFUSED = {
    "(a": "a parenthesis is not closed",
    "a)": "a closing parenthesis has no opening one",
    "[a": "a bracket is not closed",
    "[": "a bracket is not closed",
    "[b-a]": "the range b-a is out of order",
    "[[:foo:]]": "there is no class [:foo:]",
    "*a": "a repetition has nothing to repeat",
    "a|*": "a repetition has nothing to repeat",
    "a**": "a repetition has nothing to repeat",
    "a++": "a repetition has nothing to repeat",
    "a{2}{3}": "a repetition has nothing to repeat",
    "a{3,2}": "{3,2} is not a valid repetition",
    "a{1001}": "{1001} is not a valid repetition",
    "(?=a)": "look-around and other extensions after (? are not supported by Terraform",
    "(?<!a)b": "look-around and other extensions after (? are not supported by Terraform",
    r"(a)\1": r"\1 is not supported by Terraform",
    r"\Z": r"\Z is not supported by Terraform",
    "a\\": "a backslash stands at the end",
    r"\x{110000}": r"\x{110000} is no character",
    "(?P<a>x)(?P<a>y)": 'two groups have the name "a"',
}


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_re2_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        find(pattern, "a")
    assert str(refusal.value) == f"regexall(): pattern: {REFUSED[pattern]}"


def test_what_re2_knows_and_we_do_not_is_unknown() -> None:
    assert find(r"\C", "a") == NOT_EVALUATED(r"\C in a pattern")
    assert find(r"\p{Greek}", "a") == NOT_EVALUATED(r"\p{Greek} in a pattern")


ASCII = "".join(map(chr, range(128)))
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
CLASSES = {
    "alnum": string.digits + string.ascii_letters,
    "alpha": string.ascii_letters,
    "ascii": ASCII,
    "blank": "\t ",
    "cntrl": "".join(char for char in ASCII if char not in PRINTABLE),
    "digit": string.digits,
    "graph": PRINTABLE[1:],
    "lower": string.ascii_lowercase,
    "print": PRINTABLE,
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "word": string.digits + string.ascii_letters + "_",
    "xdigit": string.hexdigits,
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_named_class_holds_exactly_these_characters(name: str) -> None:
    text = ASCII + "\xe9\u0661\u2028"
    held = find(f"[[:{name}:]]", text)
    assert held == tuple(sorted(CLASSES[name]))
    assert find(f"[[:^{name}:]]", text) == tuple(char for char in text if char not in CLASSES[name])


@pytest.mark.parametrize(
    ("pattern", "held"), [(r"\d", string.digits), (r"\w", string.digits + string.ascii_letters + "_"), (r"\s", "\t\n\f\r ")]
)
def test_a_class_of_perl_holds_ascii_alone(pattern: str, held: str) -> None:
    text = ASCII + "\xe9\u0661\u2028"
    assert find(pattern, text) == tuple(sorted(held))
    assert find(pattern.upper(), text) == tuple(char for char in text if char not in held)


@pytest.mark.parametrize(
    ("pattern", "char"),
    [
        *((rf"\{letter}", char) for letter, char in zip("afnrtv", "\a\f\n\r\t\v", strict=True)),
        *((r"\x41", "A"), (r"\x{1F511}", "\U0001f511"), (r"\101", "A"), (r"\012", "\n"), (r"\07", "\a"), (r"\.", "."), (r"\-", "-")),
    ],
)
def test_an_escape_is_one_character(pattern: str, char: str) -> None:
    text = ASCII + "\U0001f511"
    assert find(pattern, text) == find(f"[{pattern}]", text) == (char,)


@pytest.mark.parametrize("category", ["L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "N", "Nd", "Nl", "P", "Pd", "S", "Sc", "Sm", "Z", "Zs"])
def test_a_category_holds_what_unicode_says(category: str) -> None:
    text = ASCII + "\xe9\xc9\u01c5\u02b0\u05d0\u0301\u0661\u2160\u2014\u20ac\xb1\xa0\u2028"
    held = tuple(char for char in text if unicodedata.category(char).startswith(category))
    rest = tuple(char for char in text if char not in held)
    assert find(rf"\p{{{category}}}", text) == find(rf"\P{{^{category}}}", text) == held
    assert find(rf"\P{{{category}}}", text) == find(rf"\p{{^{category}}}", text) == rest


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", "1"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["?", "??", "{2}", "{1,2}"])).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=6,
)
BODIES = PATTERNS.filter(lambda pattern: re.fullmatch(pattern, "") is None)  # the engines differ about loops over nothing
LOOPS = st.tuples(BODIES, st.sampled_from(["*", "+", "*?", "+?", "{1,}", ""]), PATTERNS).map(
    lambda parts: f"({parts[0]}){parts[1]}{parts[2]}"
)


@given(pattern=st.one_of(PATTERNS, LOOPS), text=st.text("ab1 \n", max_size=12))
def test_where_both_engines_read_a_pattern_alike_they_find_the_same(pattern: str, text: str) -> None:
    ours = next(compile_pattern(pattern).find_all(text), None)
    theirs = re.search(pattern, text)
    assert (ours and ours[:2]) == (theirs and theirs.span())


@given(pattern=st.text(alphabet="ab()[]{}*+?|^$.\\-:<>P,12dwpLQE=!i", max_size=12), text=st.text("ab1\n", max_size=6))
def test_any_pattern_is_used_or_refused(pattern: str, text: str) -> None:
    try:
        result = find(pattern, text)
    except EvaluationError as error:
        assert str(error).startswith("regexall(): pattern: ")
    else:
        assert isinstance(result, (tuple, Unknown))
