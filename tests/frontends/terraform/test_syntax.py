"""Files of HCL: blocks in all layouts, where things stand, whose comment is whose, and what is left of a broken file."""

from __future__ import annotations

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Span
from posturio_iac.frontends.terraform.syntax import hcl, source
from tests.support.terraform_shapes import body_of, outline, parsed, shape


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", ""),
        ("\ufeff", ""),
        ("\r\n\r\n", ""),
        ("# only a comment", ""),
        ('resource "a" "b" {}', 'resource "a" "b"{}'),
        ("resource a b {}", 'resource "a" "b"{}'),
        ('resource a "b" { x = 1 }', 'resource "a" "b"{x}'),
        ("a{x=1}", "a{x}"),
        ("a {\n  x = 1\n  b {\n    c {}\n  }\n}", "a{x b{c{}}}"),
        ("a { b { c {} } }", "a{b{c{}}}"),
        ("a {}\nb {}\n", "a{} b{}"),
        ('tags { Name = "x" }', "tags{Name}"),
        ('dynamic "x" {\n  for_each = []\n  content { y = 1 }\n}', 'dynamic "x"{for_each content{y}}'),
        ('é "ü" { ñ = 1 }', 'é "\\u00fc"{ñ}'),
        ('resource "a.b" "c-d" {}', 'resource "a.b" "c-d"{}'),
        (r'a "q\"u" {}', r'a "q\"u"{}'),
        ("a {\n\tx\t=\t1\n}\n", "a{x}"),
        ("\ufeffa {\r\n  x = 1\r\n}\r\n", "a{x}"),
        ("/* c */ resource /* c */ a /* c */ b /* c */ { # c\n  x = 1 # c\n}", 'resource "a" "b"{x}'),
        ("a { # c = d\n}", "a{}"),
        ("a { /* c */ x = 1 /* d */ }", "a{x}"),
        ("a {\n  x = 1 // c\r\n}", "a{x}"),
        ("x = 1\ny = 2", "x y"),
    ],
)
def test_layouts(code: str, expected: str) -> None:
    assert outline(body_of(code)) == expected


def test_of_two_attributes_of_a_name_the_last_counts() -> None:
    assert shape(body_of("x = 1\nx = 2\n").attributes["x"].expression) == "2"


def test_an_old_block_is_a_setting_like_a_map() -> None:
    (block,) = body_of('a {\n  tags {\n    Name = "x"\n  }\n  other = 1\n}').blocks
    tags, other = hcl.setting(block, "tags"), hcl.setting(block, "other")
    assert tags is not None
    assert other is not None
    assert (shape(tags), shape(other), hcl.setting(block, "none")) == ('{"Name": "x"}', "1", None)


def place(span: Span) -> tuple[int, ...]:
    return span[1:]


@pytest.mark.parametrize(
    ("code", "header", "whole"),
    [
        ('resource "a" "b" {\n}\n', (1, 1, 1, 17), (1, 1, 2, 2)),
        ('  resource "é" "🔑" { }', (1, 3, 1, 19), (1, 3, 1, 23)),
        ('\ufeffresource "a" "b" {\r\n}\r\n', (1, 1, 1, 17), (1, 1, 2, 2)),
        ("\n\n\ta b {\n\n}\n", (3, 2, 3, 5), (3, 2, 5, 2)),
        ("/* ü */ a {}", (1, 9, 1, 10), (1, 9, 1, 13)),
    ],
)
def test_places_of_blocks_count_code_points_and_exclude_their_end(code: str, header: tuple[int, ...], whole: tuple[int, ...]) -> None:
    (block,) = body_of(code).blocks
    assert (place(block.header), place(block.span)) == (header, whole)
    assert block.header.path == "main.tf"


@pytest.mark.parametrize(
    ("code", "attribute", "value"),
    [
        ("x = 1", (1, 1, 1, 6), (1, 5, 1, 6)),
        ('yy = "é"  # ü', (1, 1, 1, 9), (1, 6, 1, 9)),
        ("x = [\n  1,\n]", (1, 1, 3, 2), (1, 5, 3, 2)),
        ("x = a.b[0].c\r\n", (1, 1, 1, 13), (1, 5, 1, 13)),
        ('x = "🔑" + y', (1, 1, 1, 12), (1, 5, 1, 12)),
        ("\ufeffx = <<EOT\nb\nEOT\ny = 1", (1, 1, 3, 4), (1, 5, 3, 4)),
        ("\tx\t= f(1)", (1, 2, 1, 10), (1, 6, 1, 10)),
    ],
)
def test_places_of_attributes(code: str, attribute: tuple[int, ...], value: tuple[int, ...]) -> None:
    found = body_of(code).attributes["x" if "yy" not in code else "yy"]
    assert (place(found.span), place(found.expression.span)) == (attribute, value)


def test_places_inside_a_list_and_an_object() -> None:
    expression = body_of('x = [\n  "ü", { é = a.b }\n]').attributes["x"].expression
    assert isinstance(expression, hcl.TupleExpr)
    first, second = expression.items
    assert isinstance(second, hcl.ObjectExpr)
    ((key, value),) = second.items
    assert [place(e.span) for e in (first, key, value)] == [(2, 3, 2, 6), (2, 10, 2, 11), (2, 14, 2, 17)]


def comments(code: str, index: int = 0) -> list[str]:
    return [c.text.rstrip("\r") for c in body_of(code).blocks[index].comments]


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        ("# one\n\n# two\n# three\na {\n}\n", ["# two", "# three"], None),
        ("# head\na {\n} # tail\nb {\n}\n", ["# head", "# tail"], []),
        (
            "a { # open\n  # in\n  x = 1 # end\n  b {\n    # deep\n  }\n} # tail\n# of b\nb {}",
            ["# open", "# in", "# end", "# deep", "# tail"],
            ["# of b"],
        ),
        ("/* a\n b */\na {}", ["/* a\n b */"], None),
        ("/* a */ a {}", ["/* a */"], None),
        ("a {}\n# after\n", [], None),
        ("a {}\n# between\n\nb {}\n", [], []),
        ("a {} # of a\nb {} # of b\n", ["# of a"], ["# of b"]),
        ("x = 1 # of x\na {}\n", [], None),
        ("x = 1\n# of a\na {}\n", ["# of a"], None),
        ("# of a\r\na {\r\n} # tail\r\nb {}\r\n", ["# of a", "# tail"], []),
        ("\ufeff# of a\na {}", ["# of a"], None),
        ("a {\n  x = [ # list\n    1, # one\n  ]\n  y = f( /* deep */ 1)\n}", ["# list", "# one", "/* deep */"], None),
        ("a /* label */ b {\n}", ["/* label */"], None),
        ('a {\n  x = "# no"\n  y = <<EOT\n# no\nEOT\n}', [], None),
        ("# one\n// two\na {}", ["# one", "// two"], None),
        ("/* one */ # two\na {}", ["/* one */", "# two"], None),
    ],
)
def test_whose_comment_it_is(code: str, first: list[str], second: list[str] | None) -> None:
    assert comments(code) == first
    if second is not None:
        assert comments(code, 1) == second


def test_comments_know_their_place_in_code_points() -> None:
    (block,) = body_of('\ufeffa { x = "é" } # ü!\n').blocks
    (comment,) = block.comments
    assert (comment.path, comment.line, comment.column, comment.end_line, comment.end_column) == ("main.tf", 1, 15, 1, 19)


GOOD = 'resource "t" "good" {\n  a = 1\n}\n'
LAST = 'resource "t" "last" {\n  a = 1\n}\n'
BROKEN = {
    "two signs": ("a = = 1", 5, 7),
    "no value": ("a =", 5, None),
    "no second operand": ("a = 1 +", 5, None),
    "half a conditional": ("a = x ? 1", 5, None),
    "a comma": ("a = 1,", 5, 8),
    "a template engine": ("a = {{ x }}", 5, None),
    "text after a value": ('a = "é" = 1', 5, None),
    "a colon": ("a : 1", 5, None),
    "a wrong for": ("a = [for x l : x]", 5, None),
    "an open bracket": ("a = [1, 2", None, None),
    "an open parenthesis": ("a = f(1", None, None),
    "an open string": ('a = "x', None, None),
    "an open interpolation": ('a = "${x"', None, None),
    "an open heredoc": ("a = <<EOT\n  x", None, None),
    "an open block": ("b {", None, None),
    "a semicolon": ("a = 1;", 5, 8),
    "a wrong escape": (r'a = "\x"', 5, None),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_block_is_one_error_and_its_neighbours_are_read(name: str, ending: str) -> None:
    line, row, column = BROKEN[name]
    code = f'{GOOD}resource "t" "bad" {{\n  {line}\n}}\n# of last\n{LAST}'.replace("\n", ending)
    body, (problem,) = parsed(code)
    assert outline(body) == 'resource "t" "good"{a} resource "t" "last"{a}'
    assert (problem.level, problem.path) == (Level.ERROR, "main.tf")
    assert 'resource "t" "bad"' in problem.message
    assert problem.line is not None
    assert 4 <= problem.line <= 4 + len(code[code.index('resource "t" "bad"') :].split("\n"))
    assert row is None or problem.line == row
    assert column is None or problem.column == column
    last = body.blocks[1]
    assert shape(last.body.attributes["a"].expression) == "1"
    assert last.header.line == code.split(ending).index('resource "t" "last" {') + 1


@pytest.mark.parametrize("name", BROKEN)
def test_the_message_holds_no_word_of_the_grammar(name: str) -> None:
    _, (problem,) = parsed(f'resource "t" "bad" {{\n  {BROKEN[name][0]}\n}}\n')
    told = problem.message.partition(" The block")[0]
    assert not any(internal in told for internal in ('"<<"', "_end", "_identifier", "_lit"))


def test_comments_above_a_block_are_its_own_in_a_broken_file_too() -> None:
    body, _ = parsed(f'resource "t" "bad" {{\n  a = = 1\n}}\n# one\n# two\n{LAST}')
    assert [(c.text, c.line) for c in body.blocks[0].comments] == [("# one", 4), ("# two", 5)]


def test_every_broken_block_is_told_once() -> None:
    code = "".join(f'resource "t" "bad{i}" {{\n  a = = {i}\n}}\n{GOOD.replace("good", f"good{i}")}' for i in range(5))
    body, problems = parsed(code)
    assert len(body.blocks) == 5
    assert [p.line for p in problems] == [2, 8, 14, 20, 26]
    assert [f"bad{i}" in p.message for i, p in enumerate(problems)] == [True] * 5


@pytest.mark.parametrize(("wrong", "kept", "column"), [("}", "good last", 1), ("/* oops", "good", 2), ("oops", "last", 1)])
def test_what_is_wrong_between_blocks_costs_none_that_is_sound(wrong: str, kept: str, column: int) -> None:
    body, (problem,) = parsed(f"{GOOD}{wrong}\n{LAST}")
    assert [name for name in kept.split() if f'resource "t" "{name}"{{a}}' not in outline(body)] == []
    assert (problem.line, problem.column) == (4, column)


def test_conflict_markers_are_errors_at_their_own_lines() -> None:
    code = f'{GOOD}<<<<<<< HEAD\nresource "t" "bad" {{\n  a = 1\n=======\nresource "t" "bad" {{\n  a = 2\n>>>>>>> branch\n}}\n{LAST}'
    body, problems = parsed(code)
    assert 'resource "t" "last"{a}' in outline(body)
    assert problems
    assert all(p.line is not None and p.line >= 4 for p in problems)


def test_blocks_may_be_indented() -> None:
    text = f'{GOOD}resource "t" "bad" {{\n  a = = 1\n}}\n{LAST}'
    body, (problem,) = parsed("".join(f"  {line}\n" for line in text.splitlines()))
    assert outline(body) == 'resource "t" "good"{a} resource "t" "last"{a}'
    assert (problem.line, problem.column) == (5, 9)


@pytest.mark.parametrize("inside", ['a = <<EOT\nresource "x" "y" {\n}\nEOT', '/*\nresource "x" "y" {\n*/\n  a = 1', "b {\n}\na = 1"])
def test_text_that_looks_like_a_block_does_not_tear_a_sound_one(inside: str) -> None:
    body, (problem,) = parsed(f'resource "t" "good" {{\n{inside}\n}}\nresource "t" "bad" {{\n  a = = 1\n}}\n')
    assert [b.labels for b in body.blocks] == [("t", "good")]
    assert "bad" in problem.message


def test_sound_lines_of_a_variables_file_count() -> None:
    body, (problem,) = parsed('a = 1\nb = = 2\nc = "x"\n', "terraform.tfvars")
    assert (problem.line, problem.column) == (2, 5)
    assert set(body.attributes) <= {"a", "c"}


def test_a_byte_order_mark_moves_no_column() -> None:
    _, (problem,) = parsed("\ufeffa { b = = 1\n}\n")
    assert problem.line == 1
    assert problem.column in (1, 9)


def test_the_parser_need_not_see_the_middle_of_a_long_row() -> None:
    assert [end - start > 1_000 for start, end in source.left_out(("x = " + '"é" ' * 2_000).encode())] == [True]
