"""Functions at the edges of what they take: the last value that counts, and the first one that does not."""

from __future__ import annotations

import calendar

import pytest

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.functions import Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, Value

ENVIRONMENT = Environment(read_file=lambda path: path, render=lambda text, names: (text, names))
AT = "2026-01-31T23:59:59Z"

EDGES: list[tuple[str, tuple[Value, ...], Value]] = [
    ("format", ("%5.0d|%.0d|%.3d|%05d|%-5d|%+d|% d", 0, 0, 7, -7, 7, 7, 7), "     ||007|-0007|7    |+7| 7"),
    ("format", ("%.0d|%.1d|%.0d", 1, 0, 10), "1|0|10"),
    ("format", ("%x|%X|%o|%b|%#x|%#X|%#o|%#b", 255, 255, 8, 5, 255, 255, 8, 5), "ff|FF|10|101|0xff|0XFF|010|101"),
    ("format", ("%05x|%-5x|%#6x|%+x", 255, 255, 255, 255), "000ff|ff   |  0xff|+ff"),
    ("format", ("%g|%g|%g|%g", 0.0001, 0.00001, 100000.5, 1000000.5), "0.0001|1e-05|100000.5|1.0000005e+06"),
    ("format", ("%.3g|%.3g|%.10g|%.0g|%g", 999, 1000, 123456, 7.5, 0), "999|1e+03|123456|8|0"),
    ("format", ("%e|%.0e|%E|%.2e", 0, 12345, 0.00012, 1e100), "0.000000e+00|1e+04|1.200000E-04|1.00e+100"),
    ("format", ("%08.2f|%-8.2f|%+.1f|% .1f|%f", -1.5, 1.5, 1.25, 1.5, 2), "-0001.50|1.50    |+1.2| 1.5|2.000000"),
    ("format", ("%5s|%-5s|%.2s|%5q|%%", "ab", "ab", "abc", "a"), '   ab|ab   |ab|  "a"|%'),
    ("format", ("%[2]s %[1]s", "a", "b"), "b a"),
    ("formatdate", ("ZZZZZ ZZZZ ZZZ Z", AT), "+00:00 +0000 UTC Z"),
    ("formatdate", ("ZZZZZ ZZZZ ZZZ Z", "2026-01-31T23:59:59-00:30"), "-00:30 -0030 -0030 -00:30"),
    ("formatdate", ("ZZZZZ", "2026-01-31T23:59:59+14:00"), "+14:00"),
    ("formatdate", ("YYYY YY MMMM MMM MM M DD D EEEE EEE", AT), "2026 26 January Jan 01 1 31 31 Saturday Sat"),
    ("formatdate", ("hh h HH H mm m ss s AA aa", AT), "23 23 11 11 59 59 59 59 PM pm"),
    *(
        ("formatdate", ("MMMM MMM", f"2026-{month:02}-01T00:00:00Z"), f"{calendar.month_name[month]} {calendar.month_abbr[month]}")
        for month in range(1, 13)
    ),
    *(
        ("formatdate", ("EEEE EEE", f"2026-06-{day:02}T00:00:00Z"), f"{calendar.day_name[day - 1]} {calendar.day_abbr[day - 1]}")
        for day in range(1, 8)
    ),
    ("formatdate", ("HH:mm AA", "2026-01-31T00:05:00Z"), "12:05 AM"),
    ("formatdate", ("HH:mm aa", "2026-01-31T12:05:00Z"), "12:05 pm"),
    ("formatdate", ("'it''s' D", AT), "it's 31"),
    ("timeadd", (AT, "999999\u00b5s1\u03bcs"), "2026-02-01T00:00:00Z"),
    ("timeadd", (AT, "1s"), "2026-02-01T00:00:00Z"),
    ("timeadd", (AT, "-1h30m59s"), "2026-01-31T22:29:00Z"),
    ("timeadd", ("2026-01-31T23:59:59+01:30", "1s"), "2026-02-01T00:00:00+01:30"),
    ("timeadd", ("2026-01-01T00:00:00Z", "1.5h"), "2026-01-01T01:30:00Z"),
    ("timecmp", ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"), 0),
    ("timecmp", ("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00Z"), 1),
    ("timecmp", ("2026-01-01T00:00:00-00:01", "2026-01-01T00:00:00Z"), 1),
    ("substr", ("abc", 0, 0), ""),
    ("substr", ("abc", -2, 1), "b"),
    ("substr", ("abc", 1, -1), "bc"),
    ("substr", ("abc", 3, 1), ""),
    ("substr", ("abc", 2, 5), "c"),
    ("title", ("a b-c d'e",), "A B-C D'E"),
    ("trim", ("?!hello?!", "!?"), "hello"),
    ("trimprefix", ("hellohello", "hello"), "hello"),
    ("trimsuffix", ("hellohello", "hello"), "hello"),
    ("trimspace", ("\t a \n",), "a"),
    ("chomp", ("a\r\n\n",), "a"),
    ("indent", (2, "a\nb\n\nc"), "a\n  b\n  \n  c"),
    ("jsonencode", ('\b\f\n\r\t"\\<>&\u2028\u2029\x00\x1f',), r'"\b\f\n\r\t\"\\\u003c\u003e\u0026\u2028\u2029\u0000\u001f"'),
    ("jsonencode", ({"b": (), "a": None, "c": {"d": (1, 1.5, True)}},), '{"a":null,"b":[],"c":{"d":[1,1.5,true]}}'),
    ("yamldecode", ("!!binary aGk=",), "aGk="),
    ("yamldecode", ("[!!str 1, !!int 2, !!float 1.5, !!bool true, !!null x]",), ("1", 2, 1.5, True, None)),
    ("yamldecode", ("a: &x {b: 1}\nc: {<<: *x, d: 2}",), {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
    ("yamldecode", (f"[{', '.join(['[]'] * 200)}]",), ((),) * 200),
    ("yamldecode", ("0x10",), 16),
    ("yamldecode", ("0o17",), 15),
    *(("yamldecode", (word,), True) for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]),
    *(("yamldecode", (word,), False) for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]),
    *(("yamldecode", (word,), None) for word in ["~", "null", "Null", "NULL"]),
    *(("yamldecode", (word,), word) for word in ["yES", "nO", "trUE", "nULL", "oN'"] if word != "oN'"),
    ("yamldecode", ("a:",), {"a": None}),
    ("yamldecode", ("[1, +1, -1, 1., .5, 1e3, 1.5e-1]",), (1, 1, -1, 1, 0.5, 1000, 0.15)),
    ("yamlencode", (' ~"\\',), '" ~\\"\\\\"\n'),
    ("yamlencode", ({"a": (), "b": {}, "c": None, "d": (True, 1.5)},), '"a": []\n"b": {}\n"c": null\n"d":\n- true\n- 1.5\n'),
    ("yamldecode", ("2026-1-2",), "2026-01-02T00:00:00Z"),
    ("range", (3,), (0, 1, 2)),
    ("range", (1, 4), (1, 2, 3)),
    ("range", (1, 8, 2), (1, 3, 5, 7)),
    ("range", (4, 1), (4, 3, 2)),
    ("range", (1, 1), ()),
    ("range", (4, 1, -2), (4, 2)),
    ("element", (("a", "b"), 2), "a"),
    ("element", (("a", "b"), -1), "b"),
    ("slice", (("a", "b"), 0, 2), ("a", "b")),
    ("slice", (("a", "b"), 2, 2), ()),
    ("index", (("a", "b", "b"), "b"), 1),
    ("coalesce", (None, "", "a"), "a"),
    ("coalesce", (0, 1), 0),
    ("coalescelist", ((), ("a",)), ("a",)),
    ("compact", (("a", "", None, "b"),), ("a", "b")),
    ("replace", ("a.b.c", ".", "-"), "a-b-c"),
    ("replace", ("a1b22", "/[0-9]+/", "<$0>"), "a<1>b<22>"),
    ("replace", ("/a/", "/", "-"), "-a-"),
    ("split", (",", ""), ("",)),
    ("split", ("", "ab"), ("a", "b")),
    ("join", ("-", ("a", "b"), ("c",)), "a-b-c"),
    ("one", ((),), None),
    ("one", (("a",),), "a"),
    ("sum", ((1, 2.5, "3"),), 6.5),
    ("lookup", ({"a": None}, "a", "x"), None),
    ("transpose", ({"a": ("x", "y"), "b": ("y",)},), {"x": ("a",), "y": ("a", "b")}),
    ("zipmap", (("a", "b"), (1, 2)), {"a": 1, "b": 2}),
    ("setproduct", (("a", "b"), ("c",)), (("a", "c"), ("b", "c"))),
    ("startswith", ("abc", ""), True),
    ("endswith", ("abc", "bc"), True),
    ("strcontains", ("abc", "ac"), False),
    ("regexall", ("a*", "baa"), ("", "aa")),
    ("tolist", (((1,), ("a", "b"), (2, 3, 4)),), (("1",), ("a", "b"), ("2", "3", "4"))),
    ("tolist", (({"a": 1}, {"b": "x", "c": 2}),), ({"a": "1"}, {"b": "x", "c": "2"})),
    ("title", ("éa ßb a_b 1c",), "Éa ßb A_b 1c"),
    ("ceil", (-0.5,), 0),
    ("floor", (-0.5,), -1),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), EDGES, ids=[f"{name}-{arguments!r}"[:60] for name, arguments, _ in EDGES])
def test_the_last_value_that_counts(name: str, arguments: tuple[Value, ...], expected: Value) -> None:
    assert call(name, arguments, ENVIRONMENT) == expected


REFUSED: list[tuple[str, tuple[Value, ...], str]] = [
    ("slice", (("a",), 0, 2), ""),
    ("slice", (("a",), 1, 0), ""),
    ("slice", (("a",), -1, 1), ""),
    ("one", (("a", "b"),), ""),
    ("tolist", ("a",), "cannot convert a string to a list"),
    ("toset", (1,), "cannot convert a number to a set"),
    ("tomap", (True,), "cannot convert a bool to a map"),
    ("range", (1, 2, 0), ""),
    ("formatdate", ("X", AT), ""),
    ("formatdate", ("'a", AT), ""),
    ("timeadd", ("2026-02-30T00:00:00Z", "1s"), 'not a valid RFC 3339 timestamp: "2026-02-30T00:00:00Z"'),
    ("regex", ("a", "b"), ""),
    ("regex", ("(?P<y>[0-9]+)-([0-9]+)?", "x12-"), "pattern: either all groups have names, or none"),
    ("yamldecode", ("!x 1",), "the tag !x is not supported"),
    ("yamldecode", ("!!set {a}",), "a map cannot have the tag tag:yaml.org,2002:set"),
    ("yamldecode", ("!!omap [a]",), "a list cannot have the tag tag:yaml.org,2002:omap"),
    ("yamldecode", ("[a]: b",), "only strings are allowed as keys"),
    ("yamldecode", ("a\n---\nb",), "only one document is allowed"),
    ("yamldecode", ("*a",), 'the alias "a" has no anchor before it'),
]


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSED, ids=[f"{name}-{arguments!r}"[:60] for name, arguments, _ in REFUSED])
def test_the_first_value_that_does_not_count(name: str, arguments: tuple[Value, ...], message: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        call(name, arguments, ENVIRONMENT)
    assert str(refusal.value).startswith(f"{name}(): {message}")


@pytest.mark.parametrize(("depth", "is_open"), [(99, False), (100, True)])
def test_yaml_is_read_a_hundred_lists_deep(depth: int, is_open: bool) -> None:
    found = call("yamldecode", ("[" * depth + "x" + "]" * depth,), ENVIRONMENT)
    assert isinstance(found, Unknown) is is_open
