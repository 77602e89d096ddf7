"""Terraform's JSON syntax reads as the same blocks as HCL, with places and comments."""

from __future__ import annotations

import json

import pytest

from tests.support.terraform_shapes import body_of, outline, parsed, shape

TEXT = """{
  "//": "of the file",
  "resource": {
    "aws_iam_user": {
      "//": "no label",
      "ci": {"name": "ci", "tags": {"a": "${var.b}", "//": "no tag"}},
      "é": [{"//": "posturio: expires=2027-01-31", "name": "x"}, {"name": "y"}]
    }
  },
  "variable": [{"b": {"type": "string", "default": "$${c}"}}, {"d": {}}],
  "locals": {"e": [1, true, null, 1.5, "f"]},
  "terraform": {"required_version": ">= 1"}
}
"""


def test_blocks() -> None:
    body = body_of(TEXT, "main.tf.json")
    blocks = [(b.type, *b.labels) for b in body.blocks]
    assert blocks == [
        ("resource", "aws_iam_user", "ci"),
        ("resource", "aws_iam_user", "é"),
        ("resource", "aws_iam_user", "é"),
        ("variable", "b"),
        ("variable", "d"),
        ("locals",),
        ("terraform",),
    ]
    assert [(b.header.line, b.header.column) for b in body.blocks[:3]] == [(6, 7), (7, 7), (7, 7)]


def test_strings_are_templates() -> None:
    body = body_of(TEXT, "main.tf.json")
    user, variable, values = body.blocks[0], body.blocks[3], body.blocks[5]
    assert shape(user.body.attributes["tags"].expression) == '{"a": var.b}'
    assert shape(variable.body.attributes["default"].expression) == '"${c}"'
    assert shape(values.body.attributes["e"].expression) == '[1, true, null, 1.5, "f"]'
    assert user.body.attributes["tags"].expression.span.line == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x${a}y", '("x" ~ a ~ "y")'),
        ("${a.b[0]}", "a.b[0]"),
        ('${f("x")}', 'f("x")'),
        ("%{ if a }b%{ endif }", '(a ? "b" : "")'),
        ("a\nb\\n", '"a\\nb\\\\n"'),
        ("${", "<a syntax error>"),
        ("$ %", '"$ %"'),
        ("${a}\n${b}", '(a ~ "\\n" ~ b)'),
    ],
)
def test_templates(text: str, expected: str) -> None:
    body = body_of(json.dumps({"locals": {"x": text}}), "main.tf.json")
    assert shape(body.blocks[0].body.attributes["x"].expression) == expected


@pytest.mark.parametrize("name", ["depends_on", "ignore_changes", "replace_triggered_by", "provider", "source", "version"])
def test_references_are_no_templates(name: str) -> None:
    body = body_of(json.dumps({"resource": {"a": {"b": {name: ["x.y"]}}}}), "main.tf.json")
    assert shape(body.blocks[0].body.attributes[name].expression) == '["x.y"]'


def test_comments() -> None:
    body = body_of(TEXT, "main.tf.json")
    (comment,) = body.blocks[1].comments
    assert (comment.text, comment.line) == ("// posturio: expires=2027-01-31", 7)
    assert [c.text for c in body.blocks[0].comments] == ["// no tag"]


def test_nested_objects_are_attributes_and_blocks() -> None:
    body = body_of('{"resource": {"a": {"b": {"lifecycle": {"ignore_changes": ["all"]}, "c": [{"d": 1}, {"d": 2}]}}}}', "x.tf.json")
    assert outline(body.blocks[0].body) == "lifecycle c lifecycle{ignore_changes} c{d} c{d}"


WRONG = {"{": 2, '{"a": }': 7, '{"a": 1,\n}': 1, "[1": 3, "": 1, '{"a": 1} x': 10, "{'a': 1}": 2, "[" * 5000: None}


@pytest.mark.parametrize(("text", "column"), WRONG.items())
def test_errors_have_a_place(text: str, column: int | None) -> None:
    body, (problem,) = parsed(text, "main.tf.json")
    assert (outline(body), problem.path, problem.line) == ("", "main.tf.json", 1 + text.count("\n"))
    assert column is None or problem.column == column


@pytest.mark.parametrize("text", ["{}", "[]", "[{}]", "1", "null", '"x"', '{"x": 1}', '{"resource": {"a": 1}}', '{"x": []}', "\ufeff{}"])
def test_what_holds_no_blocks_has_none(text: str) -> None:
    assert body_of(text, "main.tf.json").blocks == ()


def test_what_is_not_utf8_is_said() -> None:
    _, (problem,) = parsed(b'{"a": "\xe9"}', "main.tf.json")
    assert "UTF-8" in problem.message
