"""Programs of any shape: every kind of block that can concern a key, with arguments that refer to anything."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.grammar import Grammar, filled, listed

RESOURCES = {
    "aws_iam_access_key.k": "user status pgp_key depends_on",
    "aws_iam_user.u": "name tags path provider",
    "time_rotating.r": "rotation_days rfc3339 rotation_rfc3339",
    "time_static.s": "rfc3339 triggers",
    "terraform_data.d": "input triggers_replace",
    "null_resource.n": "triggers",
    "toggles_leapfrog.t": "trigger",
    "aws_ssm_parameter.p": "value type tags",
    "aws_secretsmanager_secret_version.v": "secret_id secret_string",
    "aws_secretsmanager_secret_rotation.r": "secret_id rotation_lambda_arn",
}
OTHERS = {'provider "aws"': "alias default_tags", 'data "aws_iam_user" "d"': "user_name", 'output "o"': "value sensitive"}
GRAMMAR: Grammar = {
    "any": (
        listed("""
            aws_iam_user.u.name  aws_iam_user.u[0].name  aws_iam_user.u[*].name  aws_iam_user.u.*.name  aws_iam_user.u["a"].name
            aws_iam_user.u  aws_iam_access_key.k.secret  aws_iam_access_key.k[0].id  aws_iam_access_key.k  aws_iam_access_key.k.user
            module.m.out  module.m[0].out  module.m  module.m[*].out  module.n.out  var.v  var.none  var.v.a  local.l  local.o  local.o.a
            local.o["a"]  local.l[0]  each.key  each.value  each.value.name  count.index  time_rotating.r.id  time_static.s.id
            time_static.s  null_resource.n.triggers.user  terraform_data.d.output  toggles_leapfrog.t.alpha_timestamp
            data.aws_iam_user.d.user_name  data.x.y.z  path.module  terraform.workspace  "ci"  "2027-01-31"  1  0  2  true  false  null
            []  {}  timestamp()  self.id  ""  "root"
        """),
        listed("""
            [<any>, <any>]  { a = <any>, (local.x) = <any> }  { a = <any>, "${<any>}" = 1 }  (<any> ? <any> : <any>)  "x-${<any>}"
            (<any>)[0]  (<any>).a  (<any>)[*].name  [for x in <any> : x]  { for k, v in <any> : k => v }  [for x in <any> : <any>]
            (<any> == <any>)  (<any>)[<any>]  <two>(<any>, <any>)  <one>(<any>)
        """),
    ),
    "two": (listed("merge  concat  try  coalesce  element  lookup  join  zipmap  format"), []),
    "one": (listed("toset  tomap  keys  values  length  one  flatten  jsonencode  jsondecode  can  nonsensitive"), []),
    "meta": ([""], ["count = <any>\n", "for_each = <any>\n", "for_each = toset(<any>)\n", "lifecycle {\n    enabled = <any>\n  }\n"]),
    "trigger": (listed("time_rotating.r  time_static.s  terraform_data.d  null_resource.n  aws_iam_user.u  var.v  each.value"), []),
    "ignored": (listed('all  [tags]  ["*"]  [tags["a"]]  []'), []),
    "type": (listed("any  set(string)  object({ a = optional(string) })  number"), []),
    "out": (listed("var.v  aws_iam_access_key.i  aws_iam_access_key.i.secret  local.x"), []),
    "values": (["", "v = 1\n", 'v = ["a"]\n', 'v = { a = "b" }\n'], []),
    "lifecycle": (
        ["", ""],
        ["  lifecycle {\n    replace_triggered_by = [<trigger>]\n    ignore_changes = <ignored>\n    create_before_destroy = <any>\n  }\n"],
    ),
    **{
        f"a_{name}": ([""], [f"  {name} = <any>\n"]) for names in (*RESOURCES.values(), *OTHERS.values(), "l o x") for name in names.split()
    },
}


def block(head: str, names: str, more: str = "") -> str:
    return f"{head} {{\n{''.join(f'<a_{name}>' for name in names.split())}{more}}}\n"


PROGRAM = {
    "main.tf": "".join(
        [
            *(
                block(f'resource "{kind}" "{name}"', names, "  <meta><lifecycle>")
                for (kind, name), names in ((address.split("."), names) for address, names in RESOURCES.items())
            ),
            *(block(head, names, "  <meta>") for head, names in OTHERS.items()),
            block("locals", "l o x"),
            'variable "v" {\n  type = <type>\n  default = <any>\n}\n',
            'module "m" {\n  source = "./m"\n  v = <any>\n  <meta>}\n',
            'module "n" {\n  source = "terraform-aws-modules/iam/aws//modules/iam-user"\n  name = <any>\n  tags = <any>\n  <meta>}\n',
        ]
    ),
    "m/main.tf": 'variable "v" {}\noutput "out" {\n  value = <out>\n}\nlocals { x = var.v }\n'
    + block('resource "aws_iam_access_key" "i"', "user", "  <meta><lifecycle>"),
    "terraform.tfvars": "<values>",
}


@st.composite
def programs(draw: st.DrawFn) -> dict[str, str | bytes]:
    return {name: filled(lambda options: draw(st.sampled_from(options)), GRAMMAR, text, 3) for name, text in PROGRAM.items()}
