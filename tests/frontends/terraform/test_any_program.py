"""Programs of any shape: reading them has an end, raises nothing, and says of each key where it stands."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posturio_iac.core.model import Span, Unknown
from tests.support.command_line import environment
from tests.support.terraform_programs import keys, reading, write

if TYPE_CHECKING:
    from pathlib import Path

REFERENCES = st.sampled_from(
    [
        *(
            "aws_iam_user.u.name",
            "aws_iam_user.u[0].name",
            "aws_iam_user.u[*].name",
            "aws_iam_user.u.*.name",
            'aws_iam_user.u["a"].name',
            "aws_iam_user.u",
        ),
        *(
            "aws_iam_access_key.k.secret",
            "aws_iam_access_key.k[0].id",
            "aws_iam_access_key.k",
            "aws_iam_access_key.k.user",
            "module.m.out",
            "module.m[0].out",
        ),
        *(
            "module.m",
            "module.m[*].out",
            "module.n.out",
            "var.v",
            "var.none",
            "var.v.a",
            "local.l",
            "local.o",
            "local.o.a",
            'local.o["a"]',
            "local.l[0]",
        ),
        *(
            "each.key",
            "each.value",
            "each.value.name",
            "count.index",
            "time_rotating.r.id",
            "time_static.s.id",
            "time_static.s",
            "null_resource.n.triggers.user",
        ),
        *(
            "terraform_data.d.output",
            "toggles_leapfrog.t.alpha_timestamp",
            "data.aws_iam_user.d.user_name",
            "data.x.y.z",
            "path.module",
            "terraform.workspace",
        ),
        *('"ci"', '"2027-01-31"', "1", "0", "2", "true", "false", "null", "[]", "{}", "timestamp()", "self.id", '""', '"root"'),
    ]
)
EXPRESSIONS = st.recursive(
    REFERENCES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("[{0[0]}, {0[1]}]".format),
        st.tuples(inner, inner).map("{{ a = {0[0]}, (local.x) = {0[1]} }}".format),
        st.tuples(inner, inner).map('{{ a = {0[0]}, "${{{0[1]}}}" = 1 }}'.format),
        st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        inner.map('"x-${{{0}}}"'.format),
        inner.map("({0})[0]".format),
        inner.map("({0}).a".format),
        inner.map("({0})[*].name".format),
        inner.map("[for x in {0} : x]".format),
        inner.map("{{ for k, v in {0} : k => v }}".format),
        st.tuples(inner, inner).map("[for x in {0[0]} : {0[1]}]".format),
        st.tuples(inner, inner).map("({0[0]} == {0[1]})".format),
        st.tuples(inner, inner).map("({0[0]})[{0[1]}]".format),
        st.tuples(
            st.sampled_from(["merge", "concat", "try", "coalesce", "element", "lookup", "join", "zipmap", "format"]), inner, inner
        ).map("{0[0]}({0[1]}, {0[2]})".format),
        st.tuples(
            st.sampled_from(
                ["toset", "tomap", "keys", "values", "length", "one", "flatten", "jsonencode", "jsondecode", "can", "nonsensitive"]
            ),
            inner,
        ).map("{0[0]}({0[1]})".format),
    ),
    max_leaves=5,
)
META = st.sampled_from(["", "count = {}\n", "for_each = {}\n", "for_each = toset({})\n", "lifecycle {{\n    enabled = {}\n  }}\n"])


@st.composite
def blocks(draw: st.DrawFn, head: str, arguments: tuple[str, ...], lifecycle: bool = True) -> str:  # noqa: FBT002
    lines = [f"  {name} = {draw(EXPRESSIONS)}\n" for name in arguments if draw(st.booleans())]
    lines.append("  " + draw(META).format(draw(EXPRESSIONS)))
    if lifecycle and draw(st.booleans()):
        trigger = draw(
            st.sampled_from(
                ["time_rotating.r", "time_static.s", "terraform_data.d", "null_resource.n", "aws_iam_user.u", "var.v", "each.value"]
            )
        )
        ignored = draw(st.sampled_from(["all", "[tags]", '["*"]', '[tags["a"]]', "[]"]))
        lines.append(
            f"  lifecycle {{\n    replace_triggered_by = [{trigger}]\n    ignore_changes = {ignored}\n    create_before_destroy = {draw(EXPRESSIONS)}\n  }}\n"
        )
    return f"{head} {{\n{''.join(lines)}}}\n"


@st.composite
def programs(draw: st.DrawFn) -> dict[str, str | bytes]:
    main = [
        draw(blocks('resource "aws_iam_access_key" "k"', ("user", "status", "pgp_key", "depends_on"))),
        draw(blocks('resource "aws_iam_user" "u"', ("name", "tags", "path", "provider"))),
        draw(blocks('resource "time_rotating" "r"', ("rotation_days", "rfc3339", "rotation_rfc3339"))),
        draw(blocks('resource "time_static" "s"', ("rfc3339", "triggers"))),
        draw(blocks('resource "terraform_data" "d"', ("input", "triggers_replace"))),
        draw(blocks('resource "null_resource" "n"', ("triggers",))),
        draw(blocks('resource "toggles_leapfrog" "t"', ("trigger",))),
        draw(blocks('resource "aws_ssm_parameter" "p"', ("value", "type", "tags"))),
        draw(blocks('resource "aws_secretsmanager_secret_version" "v"', ("secret_id", "secret_string"))),
        draw(blocks('resource "aws_secretsmanager_secret_rotation" "r"', ("secret_id", "rotation_lambda_arn"))),
        draw(blocks('provider "aws"', ("alias", "default_tags"), lifecycle=False)),
        draw(blocks('data "aws_iam_user" "d"', ("user_name",), lifecycle=False)),
        draw(blocks('output "o"', ("value", "sensitive"), lifecycle=False)),
        draw(blocks("locals", ("l", "o", "x"), lifecycle=False)).replace("count =", "c =").replace("for_each =", "f ="),
        f'variable "v" {{\n  type = {draw(st.sampled_from(["any", "set(string)", "object({ a = optional(string) })", "number"]))}\n  default = {draw(EXPRESSIONS)}\n}}\n',
        f'module "m" {{\n  source = "./m"\n  v = {draw(EXPRESSIONS)}\n  {draw(META).format(draw(EXPRESSIONS))}}}\n',
        f'module "n" {{\n  source = "terraform-aws-modules/iam/aws//modules/iam-user"\n  name = {draw(EXPRESSIONS)}\n  tags = {draw(EXPRESSIONS)}\n  {draw(META).format(draw(EXPRESSIONS))}}}\n',
    ]
    inner = f'variable "v" {{}}\noutput "out" {{\n  value = {draw(st.sampled_from(["var.v", "aws_iam_access_key.i", "aws_iam_access_key.i.secret", "local.x"]))}\n}}\n'
    inner += "locals { x = var.v }\n" + draw(blocks('resource "aws_iam_access_key" "i"', ("user",)))
    return {
        "main.tf": "".join(main),
        "m/main.tf": inner,
        "terraform.tfvars": draw(st.sampled_from(["", "v = 1\n", 'v = ["a"]\n', 'v = { a = "b" }\n'])),
    }


@settings(max_examples=40)
@given(files=programs())
def test_any_program_is_read(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str | bytes]) -> None:
    root = tmp_path_factory.mktemp("any")
    found = reading(root, files)
    for key in found.keys:
        assert isinstance(key.span, Span)
        assert key.span.path in files
        assert isinstance(key.user, (str, Unknown))
        assert isinstance(key.status, (str, Unknown))
        assert key.owner is None or isinstance(key.owner, (str, Unknown))
        assert all(e.source for e in key.lifetimes)
        assert "\n" not in key.address
    assert len({(k.scope, k.address) for k in found.keys}) == len(found.keys)


@pytest.mark.parametrize(
    "code",
    [
        "locals {\n  a = local.b\n  b = local.a\n}\n",
        'resource "terraform_data" "a" { input = terraform_data.b.output }\nresource "terraform_data" "b" { input = terraform_data.a.output }\nlocals { a = terraform_data.a.output }\n',
        'module "x" {\n  source = "./x"\n  in = module.x.out\n}\nlocals { a = module.x.out }\n',
        'resource "aws_iam_user" "a" { name = aws_iam_access_key.k.user }\nlocals { a = aws_iam_user.a.name }\n',
        'resource "aws_iam_user" "a" {\n  for_each = aws_iam_user.a\n  name = each.key\n}\nlocals { a = aws_iam_user.a["x"].name }\n',
        'resource "aws_iam_user" "a" {\n  count = length(aws_iam_user.a)\n  name = "x"\n}\nlocals { a = aws_iam_user.a[0].name }\n',
        "locals {\n  a = [for x in local.a : x]\n}\n",
        "locals {\n" + "".join(f"  l{i} = local.l{i + 1}\n" for i in range(3000)) + "  l3000 = 1\n  a = local.l0\n}\n",
        'locals {\n  d0 = "x"\n' + "".join(f'  d{i + 1} = "${{local.d{i}}}${{local.d{i}}}"\n' for i in range(40)) + "  a = local.d40\n}\n",
        'locals {\n  d0 = ["x"]\n'
        + "".join(f"  d{i + 1} = [local.d{i}, local.d{i}]\n" for i in range(40))
        + "  a = flatten(local.d40)[0]\n}\n",
        'locals {\n  d0 = ["x"]\n'
        + "".join(f"  d{i + 1} = concat(local.d{i}, local.d{i})\n" for i in range(40))
        + "  a = local.d40[0]\n}\n",
        "".join(
            f'resource "terraform_data" "d{i}" {{ input = [terraform_data.d{i + 1}.output, terraform_data.d{i + 1}.id] }}\n'
            for i in range(40)
        )
        + 'resource "terraform_data" "d40" { input = 1 }\nlocals { a = terraform_data.d0.output }\n',
        "".join(
            f'resource "terraform_data" "d{i}" {{\n  triggers_replace = [terraform_data.d{(i + 1) % 30}.id, terraform_data.d{(i + 7) % 30}.id, terraform_data.d{(i + 11) % 30}.id]\n}}\n'
            for i in range(30)
        )
        + 'locals { a = "${terraform_data.d0.id}" }\n',
        'locals { a = join("", [for x in range(100000) : "x"]) }\n',
        "locals { a = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : z]]][0] }\n",
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        "user = local.a",
        'user = "x"\n  lifecycle {\n    replace_triggered_by = [terraform_data.last]\n  }',
        "user = aws_iam_user.tagged.name",
    ],
)
def test_circles_and_explosions_have_an_end(tmp_path: Path, code: str, where: str) -> None:
    rest = 'resource "terraform_data" "last" { input = local.a }\nresource "aws_iam_user" "tagged" {\n  name = "x"\n  tags = { expires = local.a }\n}\n'
    files: dict[str, str | bytes] = {
        "main.tf": code + rest + f'resource "aws_iam_access_key" "k" {{\n  {where}\n}}\n',
        "x/main.tf": 'variable "in" {}\noutput "out" { value = var.in }\n',
    }
    write(tmp_path, files)
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode in (0, 1, 3), done.stderr[-500:]
    assert "error of its own" not in done.stderr
    report = json.loads(done.stdout)
    assert report["keys"] or report["diagnostics"]


def limit() -> None:
    """Keep a run that has no end from taking the machine with it."""
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))


def test_keys_with_special_characters_lead_to_their_own_instance(tmp_path: Path) -> None:
    code = r"""
    locals {
      ends = { "a\"b" = "2027-01-01", "c\\d" = "2027-01-02", "e\nf" = "2027-01-03", "g$${h}" = "2027-01-04" }
    }
    resource "aws_iam_user" "u" {
      for_each = local.ends
      name     = each.key
      tags     = { expires = each.value }
    }
    resource "aws_iam_access_key" "k" {
      for_each = local.ends
      user     = aws_iam_user.u[each.key].name
    }
    """
    found = keys(tmp_path, code)
    assert {a: (k.user_address, [e.value for e in k.lifetimes]) for a, k in found.items()} == {
        f"aws_iam_access_key.k{suffix}": (f"aws_iam_user.u{suffix}", [f"2027-01-0{day}"])
        for day, suffix in enumerate((r'["a\"b"]', r'["c\\d"]', r'["e\nf"]', '["g$${h}"]'), start=1)
    }


@pytest.mark.parametrize("good", [20_000, 0])
def test_a_large_broken_file_is_read_in_time(tmp_path: Path, good: int) -> None:
    bad = 'resource "a" "b" {\n  a = = 1\n}\n'
    text = (
        'resource "aws_iam_access_key" "k" {\n  user = "x"\n}\n' + 'resource "a" "b" {\n  a = 1\n}\n' * good + bad * (1 if good else 5000)
    )
    (tmp_path / "main.tf").write_text(text)
    command = [sys.executable, "-m", "posturio_iac", "scan", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 3
    assert [k["address"] for k in json.loads(done.stdout)["keys"]] == ["aws_iam_access_key.k"]
