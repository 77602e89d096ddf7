"""HCL expressions: operators, steps, calls, collections and ``for``, and what they are when they are broken."""

from __future__ import annotations

import pytest

from posturio_iac.frontends.terraform.syntax import hcl
from tests.support.terraform_shapes import body_of, expression, parsed, shape


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
