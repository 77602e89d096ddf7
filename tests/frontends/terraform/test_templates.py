"""Templates: quoted strings and heredocs, their escapes, interpolations, directives and strip markers."""

from __future__ import annotations

import pytest

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse_expression, parse_template
from tests.support.terraform_programs import value_of
from tests.support.terraform_shapes import expression, parsed, shape

THE_GRAMMAR = pytest.mark.xfail(reason="the grammar takes these for open interpolations; docs/terraform.md says so", strict=True)


@pytest.mark.parametrize(("code", "expected"), [('"%%%{"', '"%%{"'), ('"$$${"', '"$${"')])
@THE_GRAMMAR
def test_shapes(code: str, expected: str) -> None:
    assert shape(expression(code)) == expected


@pytest.mark.parametrize("code", [r'"\ud800"', r'"\udfff\ud800"', r'"\U00110000"', r'"\U0000D800"'])
def test_an_escape_that_is_no_character_can_still_be_printed(code: str) -> None:
    body, problems = parsed(f"x = {code}\n")
    assert (problems, shape(body.attributes["x"].expression)) == ((), code.replace("\\", "\\\\"))


@pytest.mark.parametrize("code", [r'"\x"', r'"\${a}"', '"${a"', '"%{ if a }"', '"%{ endif }"', '"%{ for x in }%{ endfor }"'])
def test_wrong_strings_are_one_problem_each(code: str) -> None:
    _, problems = parsed(f"x = {code}\n")
    assert len(problems) == 1


VALUES: dict[str, list[tuple[str, object]]] = {
    "directives and unwrapping": [
        ('"a ${~ "x" ~} b"', "axb"),
        ('"a ${~ "x"} b"', "ax b"),
        ('"a ${"x" ~} b"', "a xb"),
        ('"a ${~ "x" ~} ${~ "y" ~} b"', "axyb"),
        ('"%{ if true }x%{ endif }"', "x"),
        ('"%{ if false }x%{ endif }"', ""),
        ('"%{ if false }x%{ else }y%{ endif }"', "y"),
        ('"%{if true}x%{else}y%{endif}"', "x"),
        ('"p %{ if true } x %{ endif } q"', "p  x  q"),
        ('"p %{ if true ~} x %{~ endif } q"', "p x q"),
        ('"p %{ if false ~} x %{~ else ~} y %{~ endif } q"', "p y q"),
        ('"%{ for x in ["a", "b"] }<${x}>%{ endfor }"', "<a><b>"),
        ('"%{ for k, v in { b = 1, a = 2 } }${k}=${v};%{ endfor }"', "a=2;b=1;"),
        ('"%{ for x in [1, 2, 3] }%{ if x > 1 }${x}%{ endif }%{ endfor }"', "23"),
        ('"%{ if true }%{ if false }a%{ else }b%{ endif }%{ else }c%{ endif }"', "b"),
        ('"%{ if true }$${b}%{ endif }"', "${b}"),
        (r'"%{ if true }\n%{ endif }"', "\n"),
        ('"${1}"', 1),
        ('"${true}"', True),
        ('"${[1]}"', (1,)),
        ('"${1}${true}"', "1true"),
    ],
    "white space that markers and indentation take away": [
        ('"p %{~ if true ~} x %{~ endif ~} q"', "pxq"),
        ('"p %{~ if true } x %{ endif } q"', "p x  q"),
        ('"p %{ if true } x %{ endif ~} q"', "p  x q"),
        ('"p %{~ for x in [1, 2] ~} ${x} %{~ endfor ~} q"', "p12q"),
        ('"a %{ if true }%{~ if true ~} b%{ endif }%{ endif }"', "a b"),
        (r'"\n ${~ "x"}"', "x"),
        ('" ${~ 1 ~} "', "1"),
        (r'"${"x" ~}\n\n z"', "xz"),
        ('<<EOT\na\n\n  ${~ "x" ~}\n\n  b\nEOT', "a\n\nx\n  b\n"),
        ("<<-EOT\r\n  a\r\n\r\n  b\r\n  EOT\r", "a\r\n\r\nb\r\n"),
        ("<<-EOT\n    a\n  \n    b\n  EOT", "a\n  \nb\n"),
        ("<<EOT\n%{ if true ~}\nyes\n%{ else ~}\nno\n%{ endif ~}\nend\nEOT", "yes\nend\n"),
        ("<<EOT\n%{ if true }\\n%{ endif }\nEOT", "\\n\n"),
        ("<<-EOT\n    %{ if true }\n    a\n    %{ endif }\n    end\n  EOT", "\na\n\nend\n"),
    ],
}


@pytest.mark.parametrize(("code", "expected"), [row for rows in VALUES.values() for row in rows])
def test_values(code: str, expected: object) -> None:
    assert value_of(code) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ("a\n", '"a\\n"'),
        ("\n", '"\\n"'),
        ("${a}", "a"),
        ("${a}\n", '(a ~ "\\n")'),
        ("x ${a} y", '("x " ~ a ~ " y")'),
        ("$${a}", '"${a}"'),
        ('"q" \\n', '"\\"q\\" \\\\n"'),
        ("%{ if a }x%{ endif }", '(a ? "x" : "")'),
        ("END", '"END"'),
    ],
)
def test_templates_outside_of_code(text: str, expected: str) -> None:
    assert shape(parse_template("t", text)) == expected


def test_a_wrong_template_is_opaque() -> None:
    assert isinstance(parse_template("t", "${"), hcl.InvalidExpr)
    assert isinstance(parse_template("t", "%{ if a }"), hcl.InvalidExpr)
    assert isinstance(parse_expression("a..b", expression("1").span), hcl.InvalidExpr)


def test_a_quoted_reference_stands_where_its_quotes_do() -> None:
    span = expression("1").span
    found = parse_expression("aws_iam_user.ci[0].name", span)
    assert (shape(found), found.span) == ("aws_iam_user.ci[0].name", span)


@pytest.mark.parametrize("text", ["END_OF_TEMPLATE", "a\nEND_OF_TEMPLATE\nb", "  END_OF_TEMPLATE\n"])
def test_no_text_ends_a_template_early(text: str) -> None:
    value = value_of(parse_template("t", text))
    assert isinstance(value, Unknown) or value == text
