"""Programs of any shape: every kind of block that can concern a key, with arguments that refer to anything."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

from hypothesis import strategies as st

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
