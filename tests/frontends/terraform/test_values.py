"""What names mean in a module: variables and what sets them, types, locals, resources, modules, paths and files."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import NO_CODE, NO_VALUE, UNREAD_VALUES, VALUE_IN_FILE
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import ModuleScope
from posturio_iac.frontends.terraform.values import EvaluationError
from tests.support.terraform_programs import local, module, value_of
from tests.support.terraform_shapes import expression

VARIABLE = 'variable "v" {\n  default = "default"\n}\nlocals { x = var.v }\n'


def value(scope: ModuleScope, code: str) -> Any:
    return evaluate_or_unknown(expression(code), scope)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("10 / 4", 2.5),
        ("7 % 3", 1),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("1 == 1.0", True),
        ('1 == "1"', False),
        ('true == "true"', False),
        ("null == null", True),
        (r'"e\u0301" == "\u00e9"', True),
        ('"e${"\u0301"}" == "\u00e9"', True),
        (r'{ "e\u0301" = 1 }["\u00e9"]', 1),
        ('contains(["e\u0301"], "\u00e9")', True),
        ("[1, [2]] == [1, [2]]", True),
        ("{ a = 1 } == { a = 1 }", True),
        ("[] == {}", False),
        ('"1" + 1', 2),
        ('"2" > 1', True),
        ('!"true"', False),
        ('"true" && true', True),
        ("true ? 1 : fail", 1),
        ('{ a = 1 }["a"]', 1),
        ('{ "1" = 2 }[1]', 2),
        ('{ "true" = 2 }[true]', 2),
        ('[1, 2]["1"]', 2),
        ("null[*]", ()),
        ("{ a = 1 }[*].a", (1,)),
        ("[{ a = [1, 2] }].*.a[0]", (1, 2)),
        ("[{ a = [1, 2] }][*].a[0]", (1,)),
        ("[for k, v in { b = 1, a = 2 } : k]", ("a", "b")),
        ("[for i, v in [5, 6] : i * v]", (0, 6)),
        ('{ for s in ["a", "b", "aa"] : substr(s, 0, 1) => s... }', {"a": ("a", "aa"), "b": ("b",)}),
        ('[for s in toset(["b", "a"]) : s]', ("a", "b")),
        ('[for k in ["a"] : { "${k}" = 1 }]', ({"a": 1},)),
        ("try([][0], {}.a, 3)", 3),
        ('can(1 + "x")', False),
        ("can({ a = 1 }.a)", True),
        ("max([1, 5, 3]...)", 5),
        ("merge([{ a = 1 }, { b = 2 }]...)", {"a": 1, "b": 2}),
        ("60 * 60 * 24 * 30", 2592000),
        ("0.1 + 0.2 == 0.3", True),
        ('"${0.1 + 0.2}s"', "0.3s"),
        ("floor(10 / 3)", 3),
        ("[[1, 2], [3]].*.0", (1, 3)),
        ('[{ name = "a" }].*.name', ("a",)),
        ('[[{ name = "a" }]].*.0.name', ("a",)),
        ("{ null = 1, true = 2 }", {"null": 1, "true": 2}),
        ('true ? 1 : "a"', "1"),
        ('true ? { a = 1 } : { a = "b" }', {"a": "1"}),
        ('convert("5", number)', 5),
        ("convert([1, 1], set(string))[*]", ("1",)),
        ('assumestringprefix(assumenotnull("vpc-1"), "vpc-")', "vpc-1"),
        ('yamlencode({ b = [1, { x = "y", z = null }], a = {} })', '"a": {}\n"b":\n- 1\n- "x": "y"\n  "z": null\n'),
        ("yamldecode(yamlencode({ a = { b = [true] } }))", {"a": {"b": (True,)}}),
        ("[1] == [1]", True),
        ('[1, [2]] == [1, ["2x"]]', False),
        ("[[1], { a = [2] }] == [[1], { a = [1 + 1] }]", True),
        ("{ a = 1 } == { a = 2 - 1 }", True),
    ],
)
def test_expressions(code: str, expected: object) -> None:
    found = value_of(code)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "code",
    [
        *('1 + "x"', "[1][1]", "[1][-1]", "[1][0.5]", "{}.a", '{}["a"]', "null.a", '"a".b', "1 + null", "null ? 1 : 2", "{ var.a = 1 }"),
        *("true ? [] : 1", "true ? { a = 1, b = [] } : {}", "[{ a = [] }].*.a.0", "!1.5", "[1] * 1", '"x${null}"', '"x${[1]}"', "nothing"),
        *("{ for s in [1, 1] : s => s }", "[for x in 5 : x]", "null[0]", "toset(1)[0]"),
    ],
)
def test_what_terraform_refuses_is_an_error(code: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(code)


@pytest.mark.parametrize(
    "code",
    [
        *("1 / 0", "5 % 0", "[1].*.*", "[[1]].0.0", '"${1 / 3}s"', "1 / 3 + 0.1", "jsonencode(1 / 3)", 'yamlencode("a\\nb")'),
        *("distinct([1]) == [1]", "[1] == distinct([1])", "[[1]] == [distinct([1])]", "{ a = [1] } == { a = distinct([1]) }"),
    ],
)
def test_what_is_not_computed_is_unknown(code: str) -> None:
    assert isinstance(value_of(code), Unknown)


class TestVariables:
    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({}, "default"),
            ({"terraform.tfvars": 'v = "1"\n'}, "1"),
            ({"terraform.tfvars": 'v = "1"\n', "terraform.tfvars.json": '{"v": "2"}'}, "2"),
            ({"terraform.tfvars.json": '{"v": "2"}', "a.auto.tfvars": 'v = "3"\n'}, "3"),
            ({"b.auto.tfvars": 'v = "4"\n', "a.auto.tfvars": 'v = "3"\n'}, "4"),
            ({"a.auto.tfvars.json": '{"v": "5"}', "a.auto.tfvars": 'v = "3"\n'}, "5"),
            ({"other.tfvars": 'v = "6"\n'}, "default"),
            ({"sub/terraform.tfvars": 'v = "7"\n'}, "default"),
        ],
    )
    def test_files_set_them_in_terraforms_order(self, tmp_path: Path, files: dict[str, str | bytes], expected: str) -> None:
        assert local(tmp_path, {"main.tf": VARIABLE, **files}) == expected

    def test_files_of_the_command_line_come_last(self, tmp_path: Path) -> None:
        files = {"main.tf": VARIABLE, "z.auto.tfvars": 'v = "1"\n', "a.tfvars": 'v = "2"\n', "b.tfvars": 'v = "3"\n'}
        names = (str(tmp_path / "b.tfvars"), str(tmp_path / "a.tfvars"))
        assert local(tmp_path, files, var_files=names) == "2"

    def test_a_default_is_no_fact_in_the_strict_reading(self, tmp_path: Path) -> None:
        assert isinstance(module(tmp_path, VARIABLE, strict=True).attribute("local", "x"), Unknown)
        assert module(tmp_path, {"terraform.tfvars": 'v = "1"\n'}, strict=True).attribute("local", "x") == "1"

    @pytest.mark.parametrize(
        ("type_", "expected"),
        [(text, {"a": "1", "b": "true"}) for text in ("map(string)", "object({ a = string, b = string, c = optional(string) })")]
        + [("map(any)", {"a": 1, "b": True})],
    )
    def test_what_is_known_of_an_open_map_is_converted(self, tmp_path: Path, type_: str, expected: dict[str, object]) -> None:
        files = {
            "main.tf": 'variable "more" {}\nmodule "m" {\n  source = "./m"\n  v = merge(var.more, { a = 1, b = true })\n}\n',
            "m/main.tf": f'variable "v" {{ type = {type_} }}\noutput "o" {{ value = var.v }}\n',
        }
        scope = module(tmp_path, files)
        assert {name: value(scope, f"module.m.o.{name}") for name in expected} == expected
        assert isinstance(value(scope, "module.m.o.c"), Unknown)

    def test_without_a_default_nothing_is_known(self, tmp_path: Path) -> None:
        scope = module(tmp_path, 'variable "v" {}\nvariable "n" { default = null }\n')
        assert value(scope, "var.v") == NO_VALUE("var.v")
        assert value(scope, "var.n") is None
        assert isinstance(value(scope, "var.none"), Unknown)

    def test_files_beside_the_root_that_would_give_the_value_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "bad.tfvars").write_bytes(b"\xff")
        beside = {"a b.tfvars": 'v = "1"\n', "c.tfvars.json": '{"v": "2"}', "other.tfvars": "w = 1\n"}
        scope = module(tmp_path, {"main.tf": 'variable "v" {}\nvariable "n" {}\n', **beside})
        assert value(scope, "var.v") == VALUE_IN_FILE("var.v", "'a b.tfvars' or c.tfvars.json")
        assert value(scope, "var.n") == NO_VALUE("var.n")

    def test_files_beside_a_called_module_give_its_variables_nothing(self, tmp_path: Path) -> None:
        child = {"m/main.tf": 'variable "v" {}\noutput "o" { value = var.v }\n', "m/prod.tfvars": 'v = "1"\n', "prod.tfvars": 'v = "1"\n'}
        scope = module(tmp_path, {"main.tf": 'module "m" { source = "./m" }\n', **child})
        assert value(scope, "module.m.o") == NO_VALUE("var.v")

    def test_a_variables_file_that_cannot_be_read_may_set_anything(self, tmp_path: Path) -> None:
        scope = module(tmp_path, {"main.tf": VARIABLE, "terraform.tfvars": b"\0GITCRYPT\0\xff"})
        assert value(scope, "var.v") == UNREAD_VALUES("terraform.tfvars")

    @pytest.mark.parametrize(
        ("kind", "default", "expected"),
        [
            ("string", "1", "1"),
            ("string", "true", "true"),
            ("string", "1.5", "1.5"),
            ("number", '"5"', 5),
            ("number", '"1.5"', 1.5),
            ("bool", '"true"', True),
            ("bool", '"false"', False),
            ("any", "1", 1),
            ("list(string)", "[1, true]", ("1", "true")),
            ("map(number)", '{ a = "1" }', {"a": 1}),
            ('"string"', "1", "1"),
            ("list", '["a"]', ("a",)),
            ("map", "{ a = 1 }", {"a": 1}),
            ("object({ a = string })", "{ a = 1 }", {"a": "1"}),
            ("object({ a = optional(string), b = optional(number, 5) })", "{}", {"a": None, "b": 5}),
            ("object({ a = optional(bool, true) })", "{ a = null }", {"a": True}),
            ("object({ a = object({ b = optional(number, 1) }) })", "{ a = {} }", {"a": {"b": 1}}),
            ("object({ a = optional(object({ b = optional(number, 1) }), {}) })", "{}", {"a": {"b": 1}}),
            ("map(object({ a = optional(number, 1) }))", "{ k = {} }", {"k": {"a": 1}}),
            ("list(object({ a = optional(number, 1) }))", "[{}]", ({"a": 1},)),
            ("object({ a = string })", '{ a = "1", b = 2 }', {"a": "1"}),
            ("tuple([string, number])", '[1, "2"]', ("1", 2)),
        ],
    )
    def test_types_convert(self, tmp_path: Path, kind: str, default: str, expected: object) -> None:
        code = f'variable "v" {{\n  type = {kind}\n  default = {default}\n}}\nlocals {{ x = var.v }}\n'
        found = local(tmp_path, code)
        assert found == expected
        assert type(found) is type(expected)

    @pytest.mark.parametrize("code", ["length(var.v)", "[for e in var.v : e]", "tolist(var.v)[0]"])
    def test_a_set_holds_each_element_once_and_in_order(self, tmp_path: Path, code: str) -> None:
        text = f'variable "v" {{\n  type = set(string)\n  default = ["b", "a", "b"]\n}}\nlocals {{ x = {code} }}\n'
        assert local(tmp_path, text) == {"l": 2, "[": ("a", "b"), "t": "a"}[code[0]]

    def test_types_convert_what_files_and_calls_give(self, tmp_path: Path) -> None:
        typed = 'variable "v" { type = number }\noutput "o" { value = var.v }\nlocals { x = var.v }\n'
        call = 'module "m" {\n  source = "./m"\n  v = "7"\n}\nlocals { y = module.m.o }\n'
        files = {"main.tf": typed + call, "terraform.tfvars": 'v = "5"\n', "m/main.tf": typed}
        assert local(tmp_path, files) == 5
        assert local(tmp_path, files, "y") == 7


def chain(length: int) -> str:
    links = "".join(f"  l{i} = local.l{i + 1}\n" for i in range(length))
    return f"locals {{\n{links}  l{length} = 1\n  x = local.l0\n}}\n"


RING = "x = local.l0\n" + "".join(f"l{i} = local.l{(i + 1) % 3000}\n" for i in range(3000))
DEEP = {
    "main.tf": 'module "a" {\n  source = "./a"\n  name = "top"\n}\nlocals { x = module.a.name }\n',
    "a/main.tf": 'variable "name" {}\nmodule "b" {\n  source = "./b"\n  name = "${var.name}-a"\n}\noutput "name" { value = module.b.name }\n',
    "a/b/main.tf": 'variable "name" {}\nmodule "c" {\n  source = "../../c"\n  name = "${var.name}-b"\n}\noutput "name" { value = module.c.name }\n',
    "c/main.tf": 'variable "name" {}\noutput "name" { value = "${var.name}-c" }\n',
}
ONE, OTHER, JSON = "locals { x = 1 }\n", "locals { x = 2 }\n", '{"locals": {"x": %s}}'
LOCALS: dict[str, tuple[dict[str, str], object]] = {
    "in many blocks and any order": ({"b.tf": "locals { x = local.y + 1 }", "a.tf": "locals {\n  y = local.z\n  z = 1\n}"}, 2),
    "a long chain": ({"main.tf": chain(5000)}, 1),
    "an error inside that is caught outside": ({"main.tf": "locals {\n  y = {}.a\n  x = try(local.y, 1)\n}\n"}, 1),
    "down and up three levels of modules": (DEEP, "top-a-b-c"),
    "beside files that Terraform passes over": ({"main.tf": ONE, ".hidden.tf": OTHER, "b.tf~": "", "#c.tf": OTHER}, 1),
    "in a file that hides its twin": ({"main.tf": ONE, "main.tofu": OTHER}, 2),
    "in a file of OpenTofu's alone": ({"other.tofu": OTHER}, 2),
    "in a file in JSON that hides its twin": ({"main.tf.json": JSON % 1, "main.tofu.json": JSON % 2}, 2),
}


@pytest.mark.parametrize(("files", "expected"), LOCALS.values(), ids=LOCALS)
def test_locals(tmp_path: Path, files: dict[str, str], expected: object) -> None:
    assert local(tmp_path, files) == expected


class TestLocals:
    @pytest.mark.parametrize("code", ["x = local.x", "x = local.y\ny = local.x", "x = [local.y]\ny = { a = local.z }\nz = local.x", RING])
    def test_a_circle_is_unknown(self, tmp_path: Path, code: str) -> None:
        scope = module(tmp_path, f"locals {{\n{code}\n}}\n")
        found = value(scope, "local.x")
        assert isinstance(found, (Unknown, tuple))
        assert "refers_to_itself" in repr(found)

    def test_a_chain_beyond_all_bounds_is_unknown(self, tmp_path: Path) -> None:
        assert isinstance(value(module(tmp_path, chain(5000).replace("= local", "= -local")), "local.x"), Unknown)


class TestUnknowns:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("false && var.v", False),
            ("var.v && false", False),
            ("true || var.v", True),
            ("var.v ? 1 : 1", 1),
            ("[var.v, 1][1]", 1),
            ("{ a = var.v, b = 1 }.b", 1),
            ("length([var.v])", 1),
            ("keys({ a = var.v })", ("a",)),
            ("[var.v] == null", False),
            ("merge({ a = 1 }, { a = var.v, b = 2 }).b", 2),
        ],
    )
    def test_they_do_not_hide_what_is_fixed(self, tmp_path: Path, code: str, expected: object) -> None:
        assert value(module(tmp_path, 'variable "v" {}\n'), code) == expected

    @pytest.mark.parametrize(
        "code",
        [
            *("var.v", "!var.v", "var.v == 1", "var.v != 1", "var.v == null", "var.v && true", "false || var.v", "var.v ? 1 : 2"),
            *("var.v[0]", "var.v.a", "var.v[*].a", '"x${var.v}"', "[var.v][0]", "{ a = var.v }.a", "[for x in var.v : 1]", "length(var.v)"),
            *("try(var.v, 1)", "can(var.v)", 'coalesce(var.v, "a")', "merge({ a = 1 }, var.v).a", 'lookup(var.v, "a", 1)', "[1, 2][var.v]"),
            *('{ "${var.v}" = 1 }.a', "[var.v] == [1]", "toset([var.v])", "nothing_known(1)", "timestamp()", "uuid()", "1 + var.v"),
            *("[for x in [1] : x if var.v]", "{ for x in [1] : var.v => x }.a", "element([1, 2], var.v)", "contains([1], var.v)"),
            *("try(var.v.a.b, 1)", 'can(regex("a", var.v))'),
        ],
    )
    def test_they_are_never_true_and_never_false(self, tmp_path: Path, code: str) -> None:
        assert isinstance(value(module(tmp_path, 'variable "v" {}\n'), code), Unknown)


RESOURCES = """
variable "on" { default = true }
resource "aws_iam_user" "one" {
  name = "one"
  tags = { a = "b" }
}
resource "aws_iam_user" "many" {
  count = 2
  name  = "many-${count.index}"
}
resource "aws_iam_user" "each" {
  for_each = { x = "1", y = "2" }
  name     = "${each.key}-${each.value}"
}
resource "aws_iam_user" "set" {
  for_each = toset(["p", "q"])
  name     = each.value
}
resource "aws_iam_user" "none" {
  count = 0
  name  = "none"
}
resource "terraform_data" "d" { input = "kept" }
"""


class TestResources:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("aws_iam_user.one.name", "one"),
            ("aws_iam_user.one.id", "one"),
            ('aws_iam_user.one.tags["a"]', "b"),
            ("aws_iam_user.one[*].name", ("one",)),
            ("aws_iam_user.many[1].name", "many-1"),
            ("aws_iam_user.many[*].name", ("many-0", "many-1")),
            ("aws_iam_user.many.*.name", ("many-0", "many-1")),
            ("aws_iam_user.many.1.name", "many-1"),
            ("length(aws_iam_user.many)", 2),
            ('aws_iam_user.each["x"].name', "x-1"),
            ("[for u in aws_iam_user.each : u.name]", ("x-1", "y-2")),
            ("values(aws_iam_user.each)[*].name", ("x-1", "y-2")),
            ('[for k in ["x", "y"] : one(aws_iam_user.each[k][*].name)]', ("x-1", "y-2")),
            ("{ for k, u in aws_iam_user.set : k => u.name }", {"p": "p", "q": "q"}),
            ("length(aws_iam_user.none)", 0),
            ('try(aws_iam_user.none[0].name, "no")', "no"),
            ('element(concat(aws_iam_user.none.*.name, [""]), 0)', ""),
            ("one(aws_iam_user.none[*].name)", None),
            ('join("", aws_iam_user.none.*.name)', ""),
            ("terraform_data.d.output", "kept"),
            ("aws_iam_user.one == null", False),
        ],
    )
    def test_arguments_are_known(self, tmp_path: Path, code: str, expected: object) -> None:
        assert value(module(tmp_path, RESOURCES), code) == expected

    @pytest.mark.parametrize("code", ["aws_iam_user.one.arn", "aws_iam_user.one.unique_id", "data.aws_iam_user.x.user_name"])
    def test_computed_attributes_are_not(self, tmp_path: Path, code: str) -> None:
        assert isinstance(value(module(tmp_path, RESOURCES), code), Unknown)

    def test_how_many_there_are_is_no_fact_when_a_default_decides(self, tmp_path: Path) -> None:
        code = 'variable "n" { default = 2 }\nresource "aws_iam_user" "u" {\n  count = var.n\n  name = "u"\n}\n'
        assert value(module(tmp_path, code), "length(aws_iam_user.u)") == 2
        assert isinstance(value(module(tmp_path, code, strict=True), "length(aws_iam_user.u)"), Unknown)


CALLED = """
variable "name" { default = "default" }
variable "strict" {
  default  = "filled"
  nullable = false
}
output "name" { value = var.name }
output "strict" { value = var.strict }
output "path" { value = path.module }
output "root" { value = path.root }
"""


class TestModules:
    @pytest.mark.parametrize(
        ("call", "code", "expected"),
        [
            ('name = "x"', "module.m.name", "x"),
            ("", "module.m.name", "default"),
            ("name = null", "module.m.name", None),
            ("strict = null", "module.m.strict", "filled"),
            ("count = 2\nname = count.index", "module.m[*].name", (0, 1)),
            ("count = 2\nname = count.index", "module.m[1].name", 1),
            ("count = 0", "length(module.m)", 0),
            ('for_each = { a = "1", b = "2" }\nname = each.value', 'module.m["b"].name', "2"),
            ('for_each = toset(["a", "b"])\nname = each.key', "[for k, v in module.m : v.name]", ("a", "b")),
            ('for_each = toset(["a", "b"])\nname = each.key', "values(module.m)[*].name", ("a", "b")),
            ("", "module.m.path", "m"),
            ("", "module.m.root", "."),
        ],
    )
    def test_outputs(self, tmp_path: Path, call: str, code: str, expected: object) -> None:
        scope = module(tmp_path, {"main.tf": f'module "m" {{\n  source = "./m"\n{call}\n}}\n', "m/main.tf": CALLED})
        assert value(scope, code) == expected

    def test_the_path_of_a_root_module_is_a_dot(self, tmp_path: Path) -> None:
        assert value(module(tmp_path, {"live/main.tf": ""}, "live"), "path.module") == "."

    def test_what_a_call_leaves_out_is_a_fact_for_the_module(self, tmp_path: Path) -> None:
        files = {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": CALLED}
        assert value(module(tmp_path, files, strict=True), "module.m.name") == "default"

    def test_a_module_that_is_not_here_is_unknown(self, tmp_path: Path) -> None:
        scope = module(tmp_path, 'module "m" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n')
        assert value(scope, "module.m.name") == NO_CODE("module.m")

    @pytest.mark.parametrize("code", ["module.none.x", "module.m.none"])
    def test_what_is_not_declared_is_an_error(self, tmp_path: Path, code: str) -> None:
        scope = module(tmp_path, {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": CALLED})
        assert value(scope, f"can({code})") is False


class TestFiles:
    def test_files_inside_the_root_are_read(self, tmp_path: Path) -> None:
        files = {
            "live/main.tf": 'module "m" {\n  source = "../m"\n}\nlocals {\n  x = file("a.txt")\n  y = module.m.o\n'
            '  z = templatefile("${path.module}/t.tftpl", { n = "N", l = [1, 2] })\n  w = fileexists("a.txt")\n}\n',
            "live/a.txt": "A\n",
            "live/t.tftpl": "${n}:%{ for i in l }${i}%{ endfor }\n",
            "m/main.tf": 'output "o" { value = file("${path.module}/b.txt") }\n',
            "m/b.txt": "B",
        }
        scope = module(tmp_path, files, "live")
        assert [value(scope, f"local.{n}") for n in "xyzw"] == ["A\n", "B", "N:12\n", True]

    @pytest.mark.parametrize("path", ["../outside.txt", "/etc/hostname", "link.txt", "sub/../../outside.txt"])
    def test_files_outside_the_root_are_refused_aloud(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "outside.txt").write_text("secret")
        (tmp_path / "root/sub").mkdir(parents=True)
        (tmp_path / "root/link.txt").symlink_to("../outside.txt")
        scope = module(tmp_path / "root", "")
        assert isinstance(value(scope, f'file("{path}")'), Unknown)
        assert isinstance(value(scope, f'fileexists("{path}")'), Unknown)
        (said,) = scope.instance.program.diagnostics
        assert said.level is Level.WARNING
        assert path in said.message

    def test_a_missing_large_or_binary_file_is_unknown(self, tmp_path: Path) -> None:
        scope = module(tmp_path, {"main.tf": "", "large": "x" * 100, "binary": b"\xff\xfe"}, max_file_size=50)
        assert all(isinstance(value(scope, f'file("{name}")'), Unknown) for name in ("none", "large", "binary", ".", "a\\u0000b"))

    def test_templates_see_only_what_they_are_given(self, tmp_path: Path) -> None:
        scope = module(tmp_path, {"main.tf": 'locals { x = 1 }\nvariable "v" { default = 1 }\n', "t": "${local.x}", "u": "${v}", "w": "${"})
        assert all(isinstance(value(scope, f'templatefile("{name}", {{}})'), Unknown) for name in "tuw")

    def test_a_template_that_calls_itself_has_an_end(self, tmp_path: Path) -> None:
        scope = module(tmp_path, {"main.tf": "", "t": '${templatefile("t", {})}'})
        with pytest.raises(BudgetError, match="more than 20 deep"):
            value(scope, 'templatefile("t", {})')

    def test_sets_of_files_are_known(self, tmp_path: Path) -> None:
        scope = module(tmp_path, {"main.tf": "", "users/a.json": "{}", "users/b.json": "{}", "users/sub/c.json": "{}", "users/d.txt": ""})
        assert value(scope, '[for f in fileset("${path.module}/users", "*.json") : f]') == ("a.json", "b.json")
        assert value(scope, 'length(fileset(path.module, "users/**/*.json"))') == 3


class TestOverridesAndShadows:
    BASE = 'resource "aws_iam_user" "u" {\n  name = "base"\n  path = "/base/"\n  tags = { a = 1 }\n}\nvariable "v" { default = 1 }\nlocals { x = 1 }\n'

    def test_override_files_replace_arguments(self, tmp_path: Path) -> None:
        over = 'resource "aws_iam_user" "u" {\n  name = "over"\n  tags = { b = 2 }\n}\nvariable "v" { default = 2 }\nlocals {\n  x = 2\n  y = 3\n}\n'
        scope = module(tmp_path, {"main.tf": self.BASE, "override.tf": over, "z_override.tf": 'variable "v" { default = 3 }\n'})
        code = "[aws_iam_user.u.name, aws_iam_user.u.path, aws_iam_user.u.tags, var.v, local.x, local.y]"
        assert value(scope, code) == ("over", "/base/", {"b": 2}, 3, 2, 3)

    def test_override_files_may_be_json(self, tmp_path: Path) -> None:
        over = '{"resource": {"aws_iam_user": {"u": {"name": "json"}}}}'
        assert value(module(tmp_path, {"main.tf": self.BASE, "a_override.tf.json": over}), "aws_iam_user.u.name") == "json"


def test_the_only_instance_is_meant_without_its_index(tmp_path: Path) -> None:
    """As Terraform 0.11 wrote it."""
    scope = module(tmp_path, 'resource "aws_iam_user" "u" {\n  count = 1\n  name = "ci"\n  path = "/p/"\n}\n')
    assert (value(scope, "aws_iam_user.u.name"), value(scope, "aws_iam_user.u.path")) == ("ci", "/p/")


@pytest.mark.parametrize(("code", "known"), [('["a", "b"]', True), ('split(",", "a,b")', True), ('["a", "c"]', False), ("var.open", False)])
def test_of_two_arms_that_are_alike_it_does_not_matter_which(tmp_path: Path, code: str, known: bool) -> None:
    scope = module(tmp_path, 'variable "open" {}\n')
    found = value(scope, f'var.open ? split("-", "a-b") : {code}')
    assert found == ("a", "b") if known else isinstance(found, Unknown)
