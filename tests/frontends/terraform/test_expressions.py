"""HCL expressions: operators, steps, calls, collections and ``for``, and what they are when they are broken."""

from __future__ import annotations

import pytest

from posturio_iac.frontends.terraform.syntax import hcl
from tests.support.terraform_shapes import body_of, expression, parsed, shape

SHAPES = {
    "operators": [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 * 2 + 3", "((1 * 2) + 3)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b % c", "((a / b) % c)"),
        ("a || b && c", "(a || (b && c))"),
        ("a && b || c", "((a && b) || c)"),
        ("a == b && c != d", "((a == b) && (c != d))"),
        ("a < b == c >= d", "((a < b) == (c >= d))"),
        ("a + b <= c", "((a + b) <= c)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("((a))", "a"),
        ("-a.b", "(-a.b)"),
        ("!a.b && c", "((!a.b) && c)"),
        ("-a[0]", "(-a[0])"),
        ("-1 + 2", "((-1) + 2)"),
        ("-a * b", "((-a) * b)"),
        ("!a == b", "((!a) == b)"),
        ("- -1", "(-(-1))"),
        ("!!a", "(!(!a))"),
        ("a-1", "a-1"),
        ("a - 1", "(a - 1)"),
        ("a.b-c", "a.b-c"),
    ],
    "conditionals, which chain to the right": [
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
        ("(a ? b : c) ? d : e", "((a ? b : c) ? d : e)"),
        ("a ? b : (c ? d : e)", "(a ? b : (c ? d : e))"),
        ("a || b ? c : d + e", "((a || b) ? c : (d + e))"),
        ("a ? b : c ? d : e ? f : g", "(a ? b : (c ? d : (e ? f : g)))"),
        ("a == 1 ? b : c == 2 ? d : e", "((a == 1) ? b : ((c == 2) ? d : e))"),
        ("(\n  a ? b\n  : c\n)", "(a ? b : c)"),
        ("[a ? b : c ? d : e]", "[(a ? b : (c ? d : e))]"),
    ],
    "steps into a value": [
        ("a.b.c", "a.b.c"),
        ('a["k"].b', 'a["k"].b'),
        ("a[b.c]", "a[b.c]"),
        ("a[0][1]", "a[0][1]"),
        ('a["${x}"]', "a[x]"),
        ("a.0", "a[0]"),
        ("a.0.b", "a[0].b"),
        ("a.b.0.c", "a.b[0].c"),
        ("a.0.1.b", "<an index after another one without brackets is not evaluated here>"),
        ("a.*.0.b", "a[*](*[0].b)"),
        ("a.*.*", "<an attribute splat in another one is not evaluated here>"),
        ("a.*.b[*]", "a[*](*.b)[*](*)"),
        ("{ null = 1 }", '{"null": 1}'),
        ("a[*]", "a[*](*)"),
        ("a.*", "a[*](*)"),
        ("a[*].b.c", "a[*](*.b.c)"),
        ("a.*.b.c", "a[*](*.b.c)"),
        ("a[*].b[0]", "a[*](*.b[0])"),
        ("a.*.b[0]", "a[*](*.b)[0]"),
        ("a[*][0]", "a[*](*[0])"),
        ("a[*].b[*].c", "a[*](*.b[*](*.c))"),
        ("a.b[*].c", "a.b[*](*.c)"),
        ("f(x)[*].y", "f(x)[*](*.y)"),
        ('f(g(x).y)["k"].z', 'f(g(x).y)["k"].z'),
        ("[for o in l : o.x][0]", "(for o in l: o.x)[0]"),
        ("{ a = b }.a", '{"a": b}.a'),
        ("(a).b", "a.b"),
    ],
    "calls": [
        ("f()", "f()"),
        ("f(a, b)", "f(a, b)"),
        ("f(a,)", "f(a)"),
        ("f(a...)", "f(a...)"),
        ("f(a, b...)", "f(a, b...)"),
        ("f(\n  a, # one\n  b,\n)", "f(a, b)"),
        ("core::max(1, 2)", "core::max(1, 2)"),
        ("provider::x::f(1)", "provider::x::f(1)"),
    ],
    "lists and objects": [
        ("[]", "[]"),
        ("[a, b,]", "[a, b]"),
        ("[\n  a, # one\n  b\n  ,\n]", "[a, b]"),
        ("{}", "{}"),
        ("{ a = 1, b = 2 }", '{"a": 1, "b": 2}'),
        ("{ a: 1 }", '{"a": 1}'),
        ("{\n  a = 1\n  b = 2,\n}", '{"a": 1, "b": 2}'),
        ('{ "a b" = 1 }', '{"a b": 1}'),
        ("{ a-b = 1 }", '{"a-b": 1}'),
        ("{ if = 1 }", '{"if": 1}'),
        ("{ 1 = 2 }", "{1: 2}"),
        ("{ (a) = 1 }", "{a: 1}"),
        ("{ (var.a) = 1 }", "{var.a: 1}"),
        ('{ "${a}" = 1 }', "{a: 1}"),
        ('{ "${a}-x" = 1 }', '{(a ~ "-x"): 1}'),
        ('{ "x" : { y = [1, { z = 2 }] } }', '{"x": {"y": [1, {"z": 2}]}}'),
    ],
    "for": [
        ("[for x in l : x]", "(for x in l: x)"),
        ("[for k, v in m : k]", "(for k, v in m: k)"),
        ("[for x in l : x if x > 1]", "(for x in l: x if (x > 1))"),
        ("{for k, v in m : k => v}", "(for k, v in m: k => v)"),
        ("{for k, v in m : k => v if v != null}", "(for k, v in m: k => v if (v != null))"),
        ("{for v in l : v.id => v...}", "(for v in l: v.id => v...)"),
        ("[for x in [for y in z : y] : x]", "(for x in (for y in z: y): x)"),
        ("[\n  for x in l :\n  x\n  if x\n]", "(for x in l: x if x)"),
        ("[for x in l: x ? a : b]", "(for x in l: (x ? a : b))"),
        ("{ for k, v in m : k => { a = v } }", '(for k, v in m: k => {"a": v})'),
    ],
}
CODE = [pytest.param(*case, id=f"{kind}: {case[0]}") for kind, cases in SHAPES.items() for case in cases]


@pytest.mark.parametrize(("code", "expected"), CODE)
def test_shapes(code: str, expected: str) -> None:
    assert shape(expression(code)) == expected


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("007", 7),
        ("1.5", 1.5),
        ("1.0", 1),
        ("1.0e3", 1000),
        ("2.5e-1", 0.25),
        ("123456789012345678901234567890", 123456789012345678901234567890),
    ],
)
def test_literals(code: str, value: object) -> None:
    found = expression(code)
    assert isinstance(found, hcl.Literal)
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize("code", ["0x1F", "9" * 5000, "1.5e400", f"{'9' * 400}.5", "1.0e99999999999"])
def test_numbers_that_python_cannot_hold_are_no_crash(code: str) -> None:
    body, problems = parsed(f"x = {code}\n")
    assert (problems, shape(body.attributes["x"].expression)) == ((), "<a number that is not decimal, or too long is not evaluated here>")


NESTING = [("(", ")"), ("[", "]"), ("{ a = ", " }"), ("f(", ")"), ("!", ""), ("", ".a.a.a"), ("", "[0][0][0]")]


@pytest.mark.parametrize("depth", [200, 3000, 20_000])
@pytest.mark.parametrize(("start", "end"), NESTING)
def test_nesting_is_opaque_beyond_a_depth_and_never_a_crash(start: str, end: str, depth: int) -> None:
    body = body_of(f"x = {start * depth}1{end * depth}\ny = 2\n")
    assert "<an expression is nested too deeply>" in shape(body.attributes["x"].expression)
    assert shape(body.attributes["y"].expression) == "2"


@pytest.mark.parametrize(("start", "end"), [*NESTING, ('"${', '}"'), ("true ? 1 : ", ""), ("[for x in ", " : x]")])
def test_nesting_that_people_write_is_read(start: str, end: str) -> None:
    assert "<" not in shape(expression(f"{start * 20}1{end * 20}"))


def test_templates_in_templates_have_an_end_and_it_is_said() -> None:
    _, (problem,) = parsed("x = " + '"${' * 3000 + "1" + '}"' * 3000)
    assert problem.message.startswith("syntax error")


@pytest.mark.parametrize("link", ["a + ", "a && ", "a || ", "a == ", "a ? 1 : "])
def test_a_chain_is_no_nesting(link: str) -> None:
    assert "<" not in shape(expression(link * (300 if "?" in link else 60) + "2"))


def test_comments_may_stand_between_all_parts() -> None:
    code = "f( /* a */ 1, # one\n  // two\n  [ # three\n    2, /* b */ 3 // 4\n  ], { # 5\n    a /* c */ = /* d */ 4 # 6\n  }) /* e */"
    assert shape(expression(code)) == 'f(1, [2, 3], {"a": 4})'
    assert shape(expression("a /* x */ + /* y */ b")) == "(a + b)"
    assert shape(expression("a[/* x */ 0 /* y */].b")) == "a[0].b"
    assert shape(expression("(/* x */ a /* y */)")) == "a"
    assert shape(expression("[for /* x */ k, /* y */ v in /* z */ m : /* p */ k if /* q */ v]")) == "(for k, v in m: k if v)"
    assert shape(expression("a /* p */ ? /* q */ b /* r */ : /* s */ c")) == "(a ? b : c)"
