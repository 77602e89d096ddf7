"""What each built-in function gives for known arguments, as Terraform's and OpenTofu's documentation describes it."""

from __future__ import annotations

import ast
import calendar
import subprocess
import sys
from pathlib import Path

import pytest

from posturio_iac.core.unknown import NOT_EVALUATED
from posturio_iac.frontends.terraform import functions
from posturio_iac.frontends.terraform.functions import MODULES, Environment, call, known
from posturio_iac.frontends.terraform.values import SetValue, Value, make_set

NAMES = [name for names in MODULES.values() for name in names.split()]
ENVIRONMENT = Environment(read_file=lambda path: f"content of {path}", render=lambda text, variables: (text, dict(variables)))


def evaluate(name: str, *arguments: Value) -> Value:
    return call(name, arguments, ENVIRONMENT)


NUMBERS: list[tuple[str, tuple[Value, ...], Value]] = [
    *(("abs", (number,), 2.5) for number in (2.5, "-2.5")),
    *(("signum", (number,), sign) for number, sign in (("-9", -1), (0, 0), (7, 1))),
    *(("pow", tuple(numbers), result) for *numbers, result in ((2, 10, 1024), (-3, "3", -27), (0, 0, 1), (9, 0, 1), (2, 52, 1 << 52))),
    *(("parseint", ("-fF", base), number) for base, number in ((16, -255), (36, -555), (62, -(15 * 62 + 41)))),
    ("ceil", ("5.1",), 6),
    ("ceil", (-0.5,), 0),
    ("floor", (-0.5,), -1),
    ("floor", (-4.1,), -5),
    ("max", (12, "54", 3.5), 54),
    ("min", (12, "54", 3.5), 3.5),
    ("sum", ((10, 13, "6", 4.5),), 33.5),
    ("sum", ((0.1, 0.2),), 0.3),
    ("range", (3,), (0, 1, 2)),
    ("range", (-2,), (0, -1)),
    ("range", (1, 4), (1, 2, 3)),
    ("range", (4, 1), (4, 3, 2)),
    ("range", (1, 8, 2), (1, 3, 5, 7)),
    ("range", (1, 2, 0.5), (1, 1.5)),
    ("range", (0,), ()),
    ("range", (1, 1), ()),
    ("range", (4, 1, -2), (4, 2)),
]
STRINGS = [
    ("chomp", ("hello\r\n\n",), "hello"),
    ("endswith", ("hello world", "world"), True),
    ("startswith", ("hello world", "world"), False),
    ("strcontains", ("hello world", "o w"), True),
    ("join", ("-", ("foo", 1, True)), "foo-1-true"),
    ("join", (", ", ("a",), make_set(("c", "b"))), "a, b, c"),
    ("join", (",", ()), ""),
    ("lower", ("H\u00c9LLO",), "h\u00e9llo"),
    ("upper", ("h\u00e9llo",), "H\u00c9LLO"),
    ("upper", ("\u00df\u0149",), "\u00df\u0149"),
    ("lower", ("\u0130\u0391\u03a3",), "i\u03b1\u03c3"),
    ("join", ("", ("e", "\u0301")), "\u00e9"),
    ("jsondecode", ('{"e\\u0301": ["e\\u0301"]}',), {"\u00e9": ("\u00e9",)}),
    ("split", (",", "foo,bar,"), ("foo", "bar", "")),
    ("split", (",", ""), ("",)),
    ("split", ("", "ab"), ("a", "b")),
    ("substr", ("hello world", 1, 4), "ello"),
    ("substr", ("hello world", -5, -1), "world"),
    ("substr", ("hello world", 6, 100), "world"),
    ("substr", ("hello", 9, 2), ""),
    ("substr", ("hello", 1, 0), ""),
    ("substr", ("hello", -2, 0), "lo"),
    ("substr", ("hello", -2, 1), "l"),
    ("substr", (12345, 1, 2), "23"),
    ("title", ("hello big-world it_is 3d d'e \u00e9a \u00dfb",), "Hello Big-World It_is 3d D'E \u00c9a \u00dfb"),
    ("trim", ("?!hello?!", "!?"), "hello"),
    ("trim", ("foobar", ""), "foobar"),
    ("trimprefix", ("aahello", "a"), "ahello"),
    ("trimsuffix", ("hello.tf", ".tf"), "hello"),
    ("trimspace", ("\u2003 hello\n\x1c\t",), "hello\n\x1c"),
    ("format", ("Hello, %s! %d%%", "Ander", 4), "Hello, Ander! 4%"),
    ("format", ("%v %v %v %v %v", "x", 1.5, True, None, (1, "a")), 'x 1.5 true null [1,"a"]'),
    ("format", ("%#v|%q|%t", {"b": "<", "a": None}, 'say "hi"', "true"), '{"a":null,"b":"\\u003c"}|"say \\"hi\\""|true'),
    ("format", ("%05d|%-05d|%-5d|%+d|% d|%3d", -42, 7, 7, 7, 7, 7), "-0042|7    |7    |+7| 7|  7"),
    ("format", ("%08.2f|%-8.2f|%+.1f|% .1f|%f", -1.5, 1.5, 1.25, 1.5, 2), "-0001.50|1.50    |+1.2| 1.5|2.000000"),
    ("format", ("%.2f|%.0f", 3.14159, 10**30), "3.14|1" + "0" * 30),
    ("format", ("%v %v %v %v", 100000.5, 999999, 0.0001, 0), "100000.5 999999 0.0001 0"),
    ("format", ("%d %s", 123456789012, 123456789012), "123456789012 123456789012"),
    ("format", ("%5s|%-5s|%.2s|%05s|%5q", "ab", "ab", "abc", "ab", "a"), '   ab|ab   |ab|000ab|  "a"'),
    ("format", ("%[2]s %[1]s %s", "a", "b"), "b a b"),
    ("formatlist", ("%s/%s", "root", ("a", "b")), ("root/a", "root/b")),
    ("formatlist", ("hello",), ("hello",)),
    ("formatlist", ("%s", ()), ()),
]
REGEXES = [
    ("regex", ("[a-z]+", "123abc456def"), "abc"),
    ("regex", (r"(\d{4})-(\d\d)(-x)?", "on 2026-10-01"), ("2026", "10", None)),
    ("regex", (r"^(?P<scheme>[^:/?#]+)://(?P<host>[^/?#]*)", "https://a.com/x"), {"scheme": "https", "host": "a.com"}),
    ("regexall", ("[a-z]+", "12ab34cd"), ("ab", "cd")),
    ("regexall", ("(.)=(.)", "a=1,b=2"), (("a", "1"), ("b", "2"))),
    ("regexall", (r"\B^", ""), ("",)),
    ("regexall", ("z", "abc"), ()),
    ("regexall", (r"[\s\d\w-]", "a\u000b1-\f"), ("a", "1", "-", "\f")),  # Go's \\s knows no vertical tab
    ("replace", ("1 + 2 + 3", "+", "-"), "1 - 2 - 3"),
    ("replace", ("a.b.c", "/[.]/", "_"), "a_b_c"),
    ("replace", ("hello world", "/(h)(?P<rest>\\w+)/", "$2$$${rest}-$1x$9"), "ello$ello- world"),
    ("replace", ("abc", "/x*/", "-"), "-a-b-c-"),
    ("replace", ("a/b", "/", "-"), "a-b"),
    ("replace", ("a1b22", "/[0-9]+/", "<$0>"), "a<1>b<22>"),
]
COLLECTIONS = [
    ("alltrue", (("true", True),), True),
    ("alltrue", ((True, None),), False),
    ("alltrue", ((),), True),
    ("anytrue", ((None, "false", "true"),), True),
    ("anytrue", ((),), False),
    ("coalesce", (None, "", "b", "c"), "b"),
    ("coalesce", (None, 0, 5), 0),
    ("coalesce", ("", 1), "1"),
    ("coalesce", (None, False), False),
    ("coalescelist", ((), None, ("c",)), ("c",)),
    ("compact", (("a", "", None, 1),), ("a", "1")),
    ("concat", (("a", ""), (1,)), ("a", "", 1)),
    ("contains", (("a", "b"), "a"), True),
    ("contains", ((1, 2), "1"), False),
    ("contains", ((True,), 1), False),
    ("contains", (({"a": 1},), {"a": 1.0}), True),
    ("contains", (make_set(("a",)), None), False),
    ("distinct", (("a", "b", "a", "c", "b"),), ("a", "b", "c")),
    ("distinct", ((1, "1", 2),), ("1", "2")),
    ("element", (("a", "b", "c"), 4), "b"),
    ("element", (("a", "b", "c"), -1), "c"),
    ("flatten", ((("a",), (), (("b", None), make_set(("d", "c")))),), ("a", "b", None, "c", "d")),
    ("index", (("a", "b", "b"), "b"), 1),
    ("keys", ({"c": 2, "a": 1, "B": None},), ("B", "a", "c")),
    ("values", ({"c": 2, "a": 1},), (1, 2)),
    ("length", ((),), 0),
    ("length", ({"a": 1},), 1),
    ("length", (make_set(("a", "a")),), 1),
    ("lookup", ({"a": "ay"}, "a", "what?"), "ay"),
    ("lookup", ({"a": "ay"}, "c", "what?"), "what?"),
    ("lookup", ({"a": "ay"}, "a"), "ay"),
    ("lookup", ({"1": "one"}, 1, None), "one"),
    ("lookup", ({"a": None}, "a", "x"), None),
    ("merge", ({"a": "b", "c": "d"}, {"e": "f", "c": "z"}), {"a": "b", "c": "z", "e": "f"}),
    ("merge", (None, {"a": 1}, {}), {"a": 1}),
    ("merge", (), {}),
    ("one", ((),), None),
    ("one", (make_set(("x",)),), "x"),
    ("reverse", ((1, 2, "x"),), ("x", 2, 1)),
    ("slice", (("a", "b", "c", "d"), 1, 3), ("b", "c")),
    ("slice", (("a",), 1, 1), ()),
    ("sort", (("e", "d", "a", "x", 10),), ("10", "a", "d", "e", "x")),
    ("zipmap", (("a", 1), (True, "x")), {"a": True, "1": "x"}),
    ("setintersection", (("a", "b"), ("b", "c"), ("b", "d")), make_set(("b",))),
    ("setsubtract", (("a", "b", "c"), ("a", "c")), make_set(("b",))),
    ("setunion", (("a", "b"), ("b", "c"), (1,)), make_set(("1", "a", "b", "c"))),
    ("setproduct", (("dev", "prod"), ("a", 1)), (("dev", "a"), ("dev", "1"), ("prod", "a"), ("prod", "1"))),
    ("setproduct", (make_set(("b", "a")), (1,)), make_set((("a", 1), ("b", 1)))),
    ("setproduct", (("a",), ()), ()),
]
CONVERSIONS = [
    ("tostring", (1,), "1"),
    ("tostring", (0.1,), "0.1"),
    ("tostring", (1.5e-7,), "0.00000015"),
    ("tostring", (10**25,), "1" + "0" * 25),
    ("tostring", (True,), "true"),
    ("tostring", (None,), None),
    ("tonumber", ("1.50",), 1.5),
    ("tonumber", ("2e3",), 2000),
    ("tonumber", (7,), 7),
    ("tobool", ("true",), True),
    ("tobool", ("0",), False),
    ("tobool", (None,), None),
    ("tolist", (("a", 1, True, None),), ("a", "1", "true", None)),
    ("tolist", (make_set(("b", "a")),), ("a", "b")),
    ("tolist", (({"a": 1}, {"b": "x", "c": 2}),), ({"a": "1"}, {"b": "x", "c": "2"})),
    ("tolist", (((1,), ("a", "b"), (2, 3, 4)),), (("1",), ("a", "b"), ("2", "3", "4"))),
    ("tolist", ((("a", 1), (2, 3)),), (("a", 1), ("2", 3))),
    ("toset", (("c", "b", "c"),), make_set(("b", "c"))),
    ("toset", ((10, 9),), make_set((9, 10))),
    ("toset", ((),), make_set(())),
    ("tomap", ({"a": 1, "b": "x", "c": False},), {"a": "1", "b": "x", "c": "false"}),
    ("tomap", (None,), None),
    ("list", ("a", 1), ("a", "1")),
    ("map", ("a", 1, "b", 2), {"a": 1, "b": 2}),
    ("sensitive", (("x",),), ("x",)),
    ("nonsensitive", (None,), None),
    ("ephemeralasnull", ("x",), "x"),
]
ENCODINGS = [
    ("base64encode", ("h\u00e9",), "aMOp"),
    ("base64decode", ("aM\nOp",), "h\u00e9"),
    ("urlencode", ("a b&c=\u2603~",), "a+b%26c%3D%E2%98%83~"),
    ("urldecode", ("a+b%26c%3d%E2%98%83",), "a b&c=\u2603"),
    ("jsonencode", ({"b": (1, 2.5, None, True), "a": "<\u00e9>\n\u2028"},), '{"a":"\\u003c\u00e9\\u003e\\n\\u2028","b":[1,2.5,null,true]}'),
    ("jsonencode", ('\b\f\n\r\t"\\<>&\u2028\u2029\x00\x1f',), r'"\b\f\n\r\t\"\\\u003c\u003e\u0026\u2028\u2029\u0000\u001f"'),
    ("jsonencode", ({"b": (), "a": None, "c": {"d": (1, 1.5, True)}},), '{"a":null,"b":[],"c":{"d":[1,1.5,true]}}'),
    ("jsonencode", (make_set(("b", "a")),), '["a","b"]'),
    ("jsondecode", ('{"a": [1, 2.0, 1e2, 0.5, "\\ud800", null, true]}',), {"a": (1, 2, 100, 0.5, "\ufffd", None, True)}),
    ("jsondecode", ('"x"',), "x"),
    ("yamldecode", ("[1, +1, -2, 1., .5, 1e3, 1.5e-1, 0x1F, 0o17]",), (1, 1, -2, 1, 0.5, 1000, 0.15, 31, 15)),
    *(("yamldecode", (word,), True) for word in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]),
    *(("yamldecode", (word,), False) for word in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]),
    *(("yamldecode", (word,), None) for word in ["~", "null", "Null", "NULL"]),
    *(("yamldecode", (word,), word) for word in ["yES", "nO", "trUE", "nULL", "nope"]),
    ("yamldecode", ("a:",), {"a": None}),
    ("yamldecode", ("[2026-10-01, 2026-1-2, 2026-13-01, '1']",), ("2026-10-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-13-01", "1")),
    ("yamldecode", ("[!!str 1, !!int 2, !!float 1.5, !!bool true, !!null x, !!binary aGk=]",), ("1", 2, 1.5, True, None, "aGk=")),
    ("yamldecode", (f"[{', '.join(['[]'] * 200)}]",), ((),) * 200),
    ("yamlencode", (' ~"\\',), '" ~\\"\\\\"\n'),
    ("yamlencode", ({"a": (), "b": {}, "c": None, "d": (True, 1.5)},), '"a": []\n"b": {}\n"c": null\n"d":\n- true\n- 1.5\n'),
    ("yamlencode", (({"a": {"b": ("c", ("d",))}},),), '- "a":\n    "b":\n    - "c"\n    - - "d"\n'),
    ("yamlencode", (True,), "true\n...\n"),
    ("yamldecode", ("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\n1: one\ny: 2",),
     {"base": {"x": 1, "z": 2}, "use": {"x": 1, "z": 3}, "1": "one", "true": 2}),
    ("yamldecode", ("a: |\n  one\n  two\nb: >-\n  12\nc: !!str 7",), {"a": "one\ntwo\n", "b": "12", "c": "7"}),
]  # fmt: skip
DATES = [
    ("formatdate", ("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z"), "02 Jan 2018 23:12 UTC"),
    ("formatdate", ("EEEE, D-MMMM-YY H:m:s AA", "2018-01-02T03:02:01-08:00"), "Tuesday, 2-January-18 3:2:1 AM"),
    ("formatdate", ("EEE MM M hh h HH ss aa", "2018-01-02T23:12:01-08:30"), "Tue 01 1 23 23 11 01 pm"),
    ("formatdate", ("Z ZZZ ZZZZ ZZZZZ", "2018-01-02T23:12:01-08:30"), "-08:30 -0830 -0830 -08:30"),
    ("formatdate", ("YYYY-MM-DD'T'hh:mm:ssZ", "2026-10-01T00:00:00.25+00:00"), "2026-10-01T00:00:00Z"),
    ("formatdate", ("H 'o''clock' '' \u2603", "2018-01-02T00:12:01Z"), "12 o'clock ' \u2603"),
    *(
        ("formatdate", ("MMMM MMM", f"2026-{month:02}-01T00:00:00Z"), f"{calendar.month_name[month]} {calendar.month_abbr[month]}")
        for month in range(1, 13)
    ),
    *(
        ("formatdate", ("EEEE EEE", f"2026-06-{day:02}T00:00:00Z"), f"{calendar.day_name[day - 1]} {calendar.day_abbr[day - 1]}")
        for day in range(1, 8)
    ),
    ("formatdate", ("HH:mm aa", "2026-01-31T12:05:00Z"), "12:05 pm"),
    ("formatdate", ("ZZZZZ ZZZZ ZZZ Z", "2026-01-31T23:59:59Z"), "+00:00 +0000 UTC Z"),
    ("timeadd", ("2017-11-22T00:00:00Z", "-1h30m59s"), "2017-11-21T22:29:01Z"),
    ("timeadd", ("2026-01-31T23:59:59+01:30", "1s"), "2026-02-01T00:00:00+01:30"),
    ("timeadd", ("2026-01-31T23:59:59Z", "999999\u00b5s1\u03bcs"), "2026-02-01T00:00:00Z"),
    ("timeadd", ("2026-01-31T12:00:00.9+02:00", "2160h0.2s"), "2026-05-01T12:00:01+02:00"),
    ("timeadd", ("2026-01-01T00:00:00Z", "1.5h2m3s4ms5us6\u00b5s7ns"), "2026-01-01T01:32:03Z"),
    ("timeadd", ("2026-01-01T00:00:00Z", "0"), "2026-01-01T00:00:00Z"),
    ("timecmp", ("2017-11-22T00:00:00Z", "2017-11-22T02:00:00+02:00"), 0),
    ("timecmp", ("2017-11-22T00:00:00Z", "2017-11-22T00:00:00-00:01"), -1),
    ("timecmp", ("2017-11-22T00:00:00.2Z", "2017-11-22T00:00:00.1Z"), 1),
]
HASHES = [
    ("md5", ("hello world",), "5eb63bbbe01eeed093cb22bb8f5acdc3"),
    ("sha1", ("hello world",), "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
    ("sha256", ("",), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("base64sha256", ("hello world",), "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="),
    (
        "sha512",
        ("",),
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ),
    ("base64sha512", ("hello world",), "MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw=="),
]
TABLE = NUMBERS + STRINGS + REGEXES + COLLECTIONS + CONVERSIONS + ENCODINGS + DATES + HASHES


def _label(case: tuple[str, tuple[Value, ...], Value]) -> str:
    return f"{case[0]}-{case[1]!r}"[:60]


@pytest.mark.parametrize(("name", "arguments", "expected"), TABLE, ids=map(_label, TABLE))
def test_documented_results(name: str, arguments: tuple[Value, ...], expected: Value) -> None:
    result = evaluate(name, *arguments)
    assert result == expected
    assert isinstance(result, SetValue) == isinstance(expected, SetValue)
    assert isinstance(result, bool) == isinstance(expected, bool)


def test_sets_are_sorted_and_hold_each_element_once() -> None:
    assert tuple(evaluate("toset", ("b", None, "a", "b"))) == ("a", "b", None)
    assert tuple(evaluate("toset", (10, 9, 9.5, 10))) == (9, 9.5, 10)
    assert tuple(evaluate("toset", ({"a": 1}, {"a": 1}))) == ({"a": 1},)


def test_every_function_of_the_table_is_declared_in_its_module_and_no_other() -> None:
    declared = {
        module: {
            node.args[0].value
            for node in ast.walk(ast.parse(Path(functions.__file__).with_name(f"{module}.py").read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("function") and isinstance(node.args[0], ast.Constant)
        }
        for module in MODULES
    }
    hashes = {f"{file}{name}" for file in ("", "file") for name in ("md5", "sha1", "sha256", "sha512", "base64sha256", "base64sha512")}
    declared["files"] |= hashes
    assert declared == {module: set(names.split()) for module, names in MODULES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_function_of_the_table_is_known_with_and_without_namespace(name: str) -> None:
    assert known(name)
    assert known(f"core::{name}")
    assert not known(f"provider::aws::{name}")


def test_a_function_that_is_not_there_gives_unknown() -> None:
    assert not known("frobnicate")
    assert evaluate("frobnicate", 1) == NOT_EVALUATED("frobnicate()")
    assert evaluate("provider::aws::arn_parse", "x") == NOT_EVALUATED("provider::aws::arn_parse()")
    assert evaluate("core::upper", "x") == "X"


def test_nothing_heavy_is_loaded_before_a_function_needs_it() -> None:
    heavy = ["json", "yaml", "decimal", "ipaddress", "hashlib", "uuid", "unicodedata", "zlib", "pathlib", "subprocess"]
    program = (
        "import sys\n"
        "from posturio_iac.frontends.terraform.functions import Environment, call\n"
        "env = Environment(read_file=str, render=lambda text, names: text)\n"
        "call('merge', ({'a': 1}, {'b': 2}), env)\n"
        "call('lookup', ({'a': 1}, 'a'), env)\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    command = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path}\n{program}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
