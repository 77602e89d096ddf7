"""Programs that make a key and try to pass in silence: what the tools read is read, and what is not followed is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.attacks import FORMATS, bounded_scan, fill, lay, posturio, put, report, scan, tracked
from tests.support.grammar import listed
from tests.support.repository import Repository

USER = 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n'
KEY = 'resource "aws_iam_access_key" "k" {\n%s  user = "joe"\n}\n'
BARE = KEY % ""
LOCAL = 'module "m" {\n  source = "%s"\n}\n'
KNOWN = 'module "m" {\n  source  = "%s"\n  version = "5.30.0"\n  name    = "joe"\n}\n'
IAM_USER = "terraform-aws-modules/iam/aws//modules/iam-user"
OWN, COUNTED, CALLED = ("aws_iam_access_key.k",), ("aws_iam_access_key.k[0]",), ("module.m",)
M_KEY, DEEP_KEY = ("module.m.aws_iam_access_key.k",), ("module.m.module.m.aws_iam_access_key.k",)


class Program(NamedTuple):
    """Files by their names, and the addresses of the keys that they really make."""

    files: dict[str, str]
    keys: tuple[str, ...]
    words: tuple[str, ...] = ()


NAMES = {
    "hash": Program({"#keys.tf": BARE}, OWN),
    "hash-json": Program({"#k.tf.json": '{"resource": {"aws_iam_access_key": {"k": {"user": "joe"}}}}'}, OWN),
    "hash-override": Program({"main.tf": KEY % "  count = 0\n", "#_override.tf": KEY % "  count = 1\n"}, COUNTED),
    "hash-tofu": Program({"#x.tofu": BARE}, OWN),
    "hash-caller": Program({"#call.tf": KNOWN % IAM_USER}, CALLED),
    "hash-module": Program({"main.tf": LOCAL % "./#m", "#m/#k.tf": BARE}, M_KEY),
    "heredoc-mark": Program({"main.tf": f"locals {{\n  a = <<E\n\u00a0E\n}}\n{BARE}locals {{\n  b = <<E\nE\n}}\n"}, OWN),
    "tilde-inside": Program({"a~b.tf": BARE}, OWN),
}
MODULES = "terraform-aws-modules/iam/aws//modules"
SOURCES = {
    "dot": f"{MODULES}/./iam-user",
    "up": f"{MODULES}/../modules/iam-user",
    "up-from-elsewhere": "terraform-aws-modules/iam/aws//examples/../modules/iam-user/.",
    "slashes": f"{MODULES}//iam-user",
    "empty-template": f'${{""}}{IAM_USER}',
    "template": '${"terraform-aws-modules"}/iam/aws//modules/iam-${"user"}',
    "directive": f"{MODULES}/iam-%{{ if true }}user%{{ endif }}",
    "escape": f"{MODULES}/iam\\u002duser",
    "git-path": "git::https://github.com/terraform-aws-modules/terraform-aws-iam.git//modules/x/../iam-user?ref=v5.30.0",
}
ADDRESSES = {
    **{name: Program({"main.tf": KNOWN % source}, CALLED) for name, source in SOURCES.items()},
    "parentheses": Program({"main.tf": (KNOWN % IAM_USER).replace(f'"{IAM_USER}"', f'("{IAM_USER}")')}, CALLED),
    "local-template": Program({"main.tf": LOCAL % '${"./m"}', "m/k.tf": BARE}, M_KEY),
    "local-empty-template": Program({"main.tf": LOCAL % '${""}./m', "m/k.tf": BARE}, M_KEY),
    "local-json": Program({"main.tf.json": json.dumps({"module": {"m": {"source": '${"./m"}'}}}), "m/k.tf": BARE}, M_KEY),
    "known-json": Program({"main.tf.json": json.dumps({"module": {"m": {"source": f'${{""}}{IAM_USER}', "name": "joe"}}})}, CALLED),
}


def installed(**entry: str) -> Program:
    """A call of a module that makes a key, and a list of installed modules that says something else of it."""
    listed = {"Modules": [{"Key": "", "Source": "", "Dir": "."}, {"Key": "m", "Dir": "harmless", **entry}]}
    files = {"main.tf": KNOWN % IAM_USER, ".terraform/modules/modules.json": json.dumps(listed)}
    return Program({**files, "harmless/main.tf": 'output "x" {\n  value = 1\n}\n'}, CALLED)


INSTALLED = {
    "source": installed(Source="./harmless"),
    "version": installed(Source=f"registry.terraform.io/{IAM_USER}", Version="4.0.0"),
    "no-version": installed(Source=f"registry.terraform.io/{IAM_USER}"),
}
FLAG = "  count = fileexists(%s) ? 1 : 0\n"
AFTER_INIT = {
    "fileexists": Program({"main.tf": KEY % (FLAG % '"${path.root}/.terraform/modules/modules.json"')}, OWN),
    "lock": Program({"main.tf": KEY % (FLAG % '".terraform.lock.hcl"')}, OWN),
    "from-module": Program({"main.tf": LOCAL % "./m", "m/k.tf": KEY % (FLAG % '"${path.root}/.terraform/x"')}, M_KEY),
    "other-root": Program({"a/main.tf": KEY % (FLAG % '"../b/.terraform/environment"'), "b/x.tf": ""}, OWN),
    "providers": Program({"main.tf": KEY % '  count = length(fileset("${path.root}/.terraform", "providers/**")) > 0 ? 1 : 0\n'}, OWN),
    "wide": Program({"main.tf": KEY % '  count = length(fileset(path.module, "**/terraform-provider-aws*"))\n'}, OWN),
    "star": Program({"main.tf": KEY % '  for_each = fileset(".", "{x,.terra*.hcl}")\n'}, OWN),
    "state": Program({"main.tf": KEY % (FLAG % '"terraform.tfstate"')}, OWN),
    "template": Program({"main.tf": KEY % '  count = try(file(".terraform/environment"), "") == "" ? 0 : 1\n'}, OWN),
    "working-folder": Program({"main.tf": KEY % '  count = basename(path.cwd) == "prod" ? 1 : 0\n'}, OWN),
    "hash": Program({"main.tf": KEY % '  count = can(filemd5(".terraform/x")) ? 1 : 0\n'}, OWN),
    "home": Program({"main.tf": KEY % (FLAG % '"~/.aws/x"')}, OWN),
    "below-home": Program({"main.tf": KEY % '  for_each = fileset("~/keys", "*")\n'}, OWN),
}
LINKED = {"u": "-> v", "v/x.json": "{}"}
IGNORED = {
    "file": Program({".gitignore": "flag\n", "main.tf": KEY % (FLAG % '"flag"')}, OWN),
    "pattern": Program({".gitignore": "gen/\n", "main.tf": KEY % '  for_each = fileset(".", "gen/*.json")\n'}, OWN),
    "link": Program({**LINKED, "main.tf": KEY % '  for_each = fileset(path.module, "u/*.json")\n'}, ('aws_iam_access_key.k["u/x.json"]',)),
    "folder": Program({".gitignore": "users/\n", "main.tf": KEY % '  for_each = fileset("users", "*.json")\n'}, OWN),
}
HIDDEN_CALL = LOCAL % "./.terraform/m"
UNSEARCHED = {
    "terraform": Program({"main.tf": HIDDEN_CALL, ".terraform/m/k.tf": BARE}, M_KEY),
    "modules": Program({"app/main.tf": LOCAL % "../.terraform/modules/m", ".terraform/modules/m/k.tf": BARE}, M_KEY),
    "cache": Program({"main.tf": LOCAL % "./.terragrunt-cache/m", ".terragrunt-cache/m/k.tf": BARE}, M_KEY),
    "git": Program({"main.tf": LOCAL % "./x/.git/m", "x/.git/m/k.tf": BARE}, M_KEY),
    "node": Program({"main.tf": LOCAL % "./node_modules/m", "node_modules/m/k.tf": BARE}, M_KEY),
    "two-steps": Program({"main.tf": LOCAL % "./a", "a/x.tf": LOCAL % "../.terraform/m", ".terraform/m/k.tf": BARE}, DEEP_KEY),
    "inside": Program({"main.tf": LOCAL % "./.terraform/a", ".terraform/a/x.tf": LOCAL % "./m", ".terraform/a/m/k.tf": BARE}, DEEP_KEY),
    "override": Program({"main.tf": LOCAL % "./a", "a/x.tf": "", "o_override.tf": HIDDEN_CALL, ".terraform/m/k.tf": BARE}, M_KEY),
    "json": Program({"main.tf.json": '{"module": {"m": {"source":\n "./.terraform/m"}}}', ".terraform/m/k.tf": BARE}, M_KEY),
    "comment": Program({"main.tf": LOCAL.replace("source", "source /* here */") % "./.terraform/m", ".terraform/m/k.tf": BARE}, M_KEY),
    "known": Program({"main.tf": LOCAL % "./.terraform/m", ".terraform/m/k.tf": KNOWN % IAM_USER}, ("module.m.module.m",)),
    "computed": Program({"main.tf": HIDDEN_CALL, ".terraform/m/k.tf": LOCAL % '${"./b"}', ".terraform/m/b/k.tf": BARE}, DEEP_KEY),
    "below": Program({"infra/main.tf": LOCAL % "../m", "m/k.tf": BARE}, M_KEY, ("infra",)),
}
LOCK = 'provider "registry.%s.%s/hashicorp/aws" {\n  version = "5.0.0"\n}\n'
ENDS = "# posturio: expires=2026-12-24 owner=a@example.com\n"
SWITCH = "locals {\n  on = %s\n}\n"
TOFU = {
    "empty": Program({"main.tf": BARE, "main.tofu": ""}, OWN),
    "engine": Program({"main.tf": BARE, "main.tofu": ""}, OWN, ("--engine", "terraform")),
    "lock": Program({"main.tf": BARE, "main.tofu": "", ".terraform.lock.hcl": LOCK % ("terraform", "io")}, OWN),
    "version": Program({"main.tf": BARE, "main.tofu": "", ".terraform-version": "1.9.0"}, OWN),
    "json": Program({"main.tf.json": '{"resource": {"aws_iam_access_key": {"k": {"user": "joe"}}}}', "main.tofu.json": "{}"}, OWN),
    "override": Program({"main.tf": KEY % "  count = 0\n", "a_override.tf": KEY % "  count = 1\n", "a_override.tofu": ""}, COUNTED),
    "only-tofu": Program({"main.tofu": BARE}, OWN),
    "module": Program({"main.tf": LOCAL % "./m", "m/k.tf": BARE, "m/k.tofu": ""}, M_KEY),
    "call": Program({"main.tf": LOCAL % "./m", "main.tofu": "", "m/k.tf": BARE}, M_KEY),
    "count-in-tofu": Program({"main.tf": BARE, "main.tofu": KEY % "  count = 0\n"}, OWN),
    "end-in-tofu": Program({"main.tf": BARE, "main.tofu": ENDS + BARE}, OWN),
    "end-in-tf": Program({"main.tf": ENDS + BARE, "main.tofu": BARE}, OWN),
    "local": Program({"main.tf": KEY % "  count = local.on\n", "l.tf": SWITCH % 1, "l.tofu": SWITCH % 0}, COUNTED),
}
PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
SET_UP = 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n' + PROVIDER
ON = 'variable "on" {\n  default = %s\n}\n' + KEY % "  count = var.on ? 1 : 0\n"
DECOY = 'module "m" {\n  source = "../prod"\n%s}\n'
ABSENT = DECOY.replace("../prod", "%s") % ("%s", "  count = 0\n")
COMPONENT = 'component "m" {\n  source = "../prod"\n  inputs = { on = false }\n}\n'


def decoy(code: str, arguments: str, keys: tuple[str, ...] = OWN, **more: str) -> Program:
    """A folder that Terraform applies, and a call of it that seems to switch its key off."""
    return Program({"prod/main.tf": code, "z/main.tf": DECOY % arguments, **more}, keys)


OFF = "  on = false\n"
DECOYS = {
    "count": decoy(SET_UP + BARE, "  count = 0\n"),
    "tfvars": decoy(ON % "false", OFF, COUNTED, **{"prod/terraform.tfvars": "on = true\n"}),
    "tfvars-beside": Program({"main.tf": ON % "true", "terraform.tfvars": "on = false\n", "prod.tfvars": "on = true\n"}, OWN),
    "auto": decoy(ON % "false", OFF, COUNTED, **{"prod/x.auto.tfvars.json": '{"on": true}'}),
    "backend": decoy(SET_UP + ON % "false", OFF),
    "cloud": decoy('terraform {\n  cloud {\n    organization = "o"\n  }\n}\n' + ON % "false", OFF),
    "lock-file": decoy(PROVIDER + ON % "false", OFF, OWN, **{"prod/.terraform.lock.hcl": ""}),
    "provider": decoy(PROVIDER + BARE, "  count = 0\n"),
    "for-each": decoy(PROVIDER + BARE, "  for_each = {}\n"),
    "depends-on": decoy(PROVIDER + ON % "true", OFF + "  depends_on = [terraform_data.x]\n"),
    "json": Program({"prod/main.tf": SET_UP + BARE, "z/main.tf.json": '{"module": {"m": {"source": "../prod", "count": 0}}}'}, OWN),
    "component": Program({"prod/main.tf": SET_UP + ON % "false", "z/x.tfcomponent.hcl": COMPONENT}, OWN),
    "through-a-module": Program({"prod/main.tf": PROVIDER + BARE, "z/main.tf": ABSENT % "./w", "z/w/main.tf": LOCAL % "../../prod"}, M_KEY),
    "other-source": Program({"m/main.tf": BARE, "app/main.tf": LOCAL % '${"../m"}', "z/main.tf": ABSENT % "../m"}, M_KEY),
}
UNIT = 'terraform {\n  source = "../m"\n}\n'
GENERATE = 'generate "x" {\n  path      = "%s"\n  if_exists = "overwrite"\n  contents  = %s\n}\n'
HEREDOC = "<<EOF\n%sEOF\n"
EMPTY = {"m/main.tf": "locals {\n  a = 1\n}\n"}
CODE = json.dumps({"resource": {"aws_iam_access_key": {"k": {"user": "joe"}}}})
KNOWN_UNIT = f"tfr:///{IAM_USER}?version=5.30.0"
BUILT = """jsonencode({ resource = { "aws_iam_access_${"key"}" = { k = { user = "joe" } } } })"""
WRITES = GENERATE % ("k.tf", HEREDOC % BARE)
INCLUDE = 'include "r" {\n  path = "%s"\n}\n'
PIECES = KNOWN_UNIT.replace("-user", '-${"user"}')
ON_FALSE = "inputs = {\n  on = false\n}\n"


def unit(text: str) -> dict[str, str]:
    return {"u/terragrunt.hcl": UNIT + text, **EMPTY}


def in_json(name: str = "u/terragrunt.hcl.json", **members: object) -> dict[str, str]:
    return {name: json.dumps(members)}


STACK = json.dumps({"Resources": {"K": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "joe"}}}})
STACK_IN_CODE = {"resource": {"aws_cloudformation_stack": {"s": {"name": "s", "template_body": STACK}}}}
LOCAL_TEXT = f"locals {{\n  t = {HEREDOC % BARE}}}\n"
WRITTEN = {"path": "k.tf", "if_exists": "skip", "contents": BARE}
GENERATED = f'    path = "k.tf"\n    if_exists = "skip"\n    contents = {json.dumps(BARE)}\n'
HOOK = 'terraform {\n  %s_hook "h" {\n    commands = ["apply"]\n    execute  = %s\n  }\n}\n'
LOCAL_COMMAND = 'locals {\n  c = "aws iam create-access-key"\n}\n'
WORDS, MAKES, LINE_5 = ["aws", "iam", "create-access-key"], "aws iam create-access-key\n", ("run_cmd.line_5",)
BEFORE = HOOK % ("before", json.dumps(WORDS))
RUN = 'run_cmd("aws", "iam", "create-access-key")'
OTHER_FILE = 'locals {\n  c = read_terragrunt_config("../c.hcl")\n}\n'
OF_REPOSITORY = UNIT.replace("..", "${get_repo_root()}")
BELOW = in_json(include={"path": "../root.hcl.json"}, inputs={"name": "j"})
CACHE, CACHED = "s/.terraform/k", 'unit "k" {\n  source = "./.terraform/k"\n  path = "k"\n}\n'
THEIRS = ("aws_iam_access_key.this",)
EXTRA = 'terraform {\n  source = "../m"\n  extra_arguments "x" {\n    commands  = ["apply"]\n    arguments = [%s]\n  }\n}\n'
TERRAGRUNT = {
    "heredoc": Program(unit(WRITES), OWN),
    "quoted": Program(unit(GENERATE % ("k.tf", json.dumps(BARE))), OWN),
    "json-file": Program(unit(GENERATE % ("k.tf.json", json.dumps(CODE))), OWN),
    "encoded": Program(unit(GENERATE % ("k.tf.json", BUILT)), OWN),
    "file": Program(unit(GENERATE % ("k.tf", 'file("k.tpl")')) | {"u/k.tpl": BARE}, OWN),
    "local": Program(unit(LOCAL_TEXT + GENERATE % ("k.tf", "local.t")), OWN),
    "rendered": Program(unit(GENERATE % ("k.tf", 'templatefile("k.tpl", {})')) | {"u/k.tpl": BARE}, OWN),
    "as-an-argument": Program(unit(f"generate = {{\n  x = {{\n{GENERATED}  }}\n}}\n"), OWN),
    "stack-inside": Program(unit(GENERATE % ("s.tf.json", json.dumps(json.dumps(STACK_IN_CODE)))), ("aws_cloudformation_stack.s/K",)),
    "other-file": Program(unit(OTHER_FILE + GENERATE % ("k.tf", "local.c.locals.t")) | {"c.hcl": LOCAL_TEXT}, OWN),
    "var-apart": Program({"u/terragrunt.hcl": EXTRA % '"-var", "on=true"', "m/main.tf": ON % "false"}, COUNTED),
    "var-file-apart": Program({"u/terragrunt.hcl": EXTRA % '"-var-file", "v"', "m/main.tf": ON % "false", "u/v": "on = true\n"}, COUNTED),
    "included": Program(unit(INCLUDE % "../root.hcl") | {"root.hcl": WRITES}, OWN),
    "known-module": Program(unit(GENERATE % ("k.tf", HEREDOC % (KNOWN % IAM_USER))), CALLED),
    "no-source": Program({"u/terragrunt.hcl": WRITES, "u/main.tf": ""}, OWN),
    "nothing-else": Program({"u/terragrunt.hcl": WRITES}, OWN),
    "nothing-else-included": Program({"u/terragrunt.hcl": INCLUDE % "../r.hcl", "r.hcl": WRITES}, OWN),
    "call": Program({"u/terragrunt.hcl": GENERATE % ("k.tf", HEREDOC % (LOCAL % "./.terraform/m")), "u/.terraform/m/k.tf": BARE}, M_KEY),
    "source-of-a-local": Program(
        {"u/terragrunt.hcl": 'locals {\n  s = "../.terraform/m"\n}\nterraform {\n  source = local.s\n}\n', ".terraform/m/k.tf": BARE}, OWN
    ),
    "run-cmd-alone": Program({"u/terragrunt.hcl": 'locals {\n  k = run_cmd("aws", "iam", "create-access-key")\n}\n'}, ("run_cmd.line_2",)),
    "tfvars": Program(unit(GENERATE % ("x.auto.tfvars", '"on = true\\n"') + ON_FALSE) | {"m/main.tf": ON % "false"}, COUNTED),
    "unit-in-json": Program(in_json(terraform={"source": "../m"}, inputs={"on": True}) | {"m/main.tf": ON % "false"}, COUNTED),
    "known-in-json": Program(in_json(terraform={"source": KNOWN_UNIT}, inputs={"name": "j"}), THEIRS),
    "generate-in-json": Program(in_json(terraform={"source": "../m"}, generate={"x": WRITTEN}) | EMPTY, OWN),
    "include-in-json": Program(BELOW | in_json("root.hcl.json", terraform={"source": KNOWN_UNIT}), THEIRS),
    "labelled-include-in-json": Program(in_json(include={"r": {"path": "../root.hcl"}}) | EMPTY | {"root.hcl": UNIT + WRITES}, OWN),
    "stack-of-a-cache": Program({"s/terragrunt.stack.hcl": CACHED, f"{CACHE}/terragrunt.hcl": "", f"{CACHE}/main.tf": BARE}, OWN),
    "hook": Program(unit(BEFORE), ("before_hook.h",)),
    "hook-local": Program(unit(HOOK % ("after", '["sh", "-c", local.c]') + LOCAL_COMMAND), ("after_hook.h",)),
    "hook-script": Program(unit(HOOK % ("error", '["./make.sh"]')) | {"u/make.sh": MAKES}, ("error_hook.h",)),
    "hook-in-json": Program(in_json(terraform={"source": "../m", "before_hook": {"h": {"execute": WORDS}}}) | EMPTY, ("before_hook.h",)),
    "run-cmd-elsewhere": Program(unit(OTHER_FILE) | {"c.hcl": f"locals {{\n  k = {RUN}\n}}\n"}, ("run_cmd.line_2",)),
    "run-cmd-script": Program(unit('locals {\n  c = run_cmd("--terragrunt-quiet", "./mk.sh")\n}\n') | {"u/mk.sh": MAKES}, LINE_5),
    "hook-included": Program({"u/terragrunt.hcl": INCLUDE % "../root.hcl", "u/main.tf": "", "root.hcl": BEFORE}, ("before_hook.h",)),
    "run-cmd": Program(unit(f"inputs = {{\n  k = {RUN}\n}}\n"), LINE_5),
    "run-cmd-local": Program(unit('locals {\n  k = run_cmd("sh", "-c", local.c)\n}\n' + LOCAL_COMMAND), LINE_5),
    "pieces": Program({"u/terragrunt.hcl": UNIT.replace("../m", PIECES)}, THEIRS),
    "above": Program({"infra/u/terragrunt.hcl": INCLUDE % "../../root.hcl", "root.hcl": OF_REPOSITORY, "m/main.tf": BARE}, OWN, ("infra",)),
}
HIDDEN, HOLLOW = STACK.replace("AccessKey", "AccessKe\\u0079"), STACK.replace("AccessKey", "${x}")
CALL = json.dumps({"service": "IAM", "action": "create@ccessKey", "parameters": {"UserName": "joe"}})
STACKS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set")


def resource(kind: str, **properties: object) -> str:
    return json.dumps({"Resources": {"R": {"Type": kind, "Properties": properties}}})


JOIN, SUB = "Fn::Join", "Fn::Sub"
SET, SDK = "AWS::CloudFormation::StackSet", "Custom::AWS"
SERVERLESS = "service: s\nprovider: {name: aws}\ncustom: {a: 'AWS::IAM::Access', b: {c: Key}}\nresources:\n  "
FOUND = {"Mappings": {"M": {"a": {"b": HIDDEN}}}, **json.loads(resource(SET, TemplateBody={"Fn::FindInMap": ["M", "a", "b"]}))}
MAPPED = json.dumps(FOUND)
TYPED = SERVERLESS + "Resources:\n    K:\n      Type: %s\n"
FROM_FILE = SERVERLESS + "Resources:\n    K: ${file(r.tmpl)}\n"
TEMPLATES = {
    "stack-set": Program({"t.json": resource(SET, TemplateBody=HIDDEN)}, ("R/K",)),
    "stack-set-joined": Program({"t.json": resource(SET, TemplateBody={JOIN: ["", [STACK[:60], STACK[60:]]]})}, ("R/K",)),
    "stack-set-torn": Program({"t.json": resource(SET, TemplateBody={JOIN: ["Key", STACK.split("Key")[:2]]})}, ("R/K",)),
    "stack-set-sub": Program({"t.json": resource(SET, TemplateBody={SUB: [HIDDEN, {}]})}, ("R/K",)),
    "stack-set-filled-in": Program({"t.json": resource(SET, TemplateBody={SUB: [HOLLOW, {"x": "AccessKey"}]})}, ("R/K",)),
    "stack-set-mapped": Program({"t.json": MAPPED}, ("R/K",)),
    "stack-set-yaml": Program({"t.yaml": f"Resources:\n  R:\n    Type: {SET}\n    Properties: {{TemplateBody: '{HIDDEN}'}}\n"}, ("R/K",)),
    "custom-aws": Program({"t.json": resource(SDK, Create=CALL.replace("@", "\\u0041"))}, ("R",)),
    "custom-aws-joined": Program({"t.json": resource(SDK, Create={JOIN: ["", CALL.replace("@", "A@").split("@")]})}, ("R",)),
    "custom-aws-command": Program({"t.json": resource(SDK, Create=CALL.replace("create@ccessKey", "CreateAccessKeyCommand"))}, ("R",)),
    "custom-aws-update": Program({"t.json": resource(SDK, Update=CALL.replace("@", "\\u0041"))}, ("R",)),
    "serverless-self": Program({"serverless.yml": TYPED % "'${self:custom.a}${self:custom.b.c}'"}, ("K",)),
    "serverless-part": Program({"serverless.yml": TYPED % "AWS::IAM::Access${self:custom.b.c}"}, ("K",)),
    "serverless-file": Program({"serverless.yml": FROM_FILE, "r.tmpl": "Type: AWS::IAM::AccessKey\n"}, ("K",)),
    "folded": Program({"t.yaml": 'Resources:\n  K:\n    Type: "AWS::IAM::Access\\\n      Key"\n'}, ("K",)),
    "folded-cr": Program({"t.yaml": 'Resources:\n  K:\n    Type: "AWS::IAM::Access\\\r      Key"\n'}, ("K",)),
    "folded-nel": Program({"t.yaml": 'Resources:\n  K:\n    Type: "AWS::IAM::Access\\\u0085      Key"\n'}, ("K",)),
}
RESOURCE = 'resource "%s" "s" {\n  name = "s"\n  template_body = %s\n}\n'
IN_STACK = ("aws_cloudformation_stack.s/K",)
OBJECT = '{ Resources = { K = { Type = "AWS::IAM::AccessKey", Properties = { UserName = aws_iam_user.u.unique_id } } } }'
YAML = "Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: joe}\n"
RUNS = 'resource "terraform_data" "p" {\n  provisioner "local-exec" {\n    command = %s\n  }\n}\n'
INSIDE = {
    "beanstalk": Program({".ebextensions/k.config": YAML}, ("K",)),
    "heredoc": Program({"main.tf": RESOURCE % (STACKS[0], HEREDOC % YAML)}, IN_STACK),
    "encoded": Program({"main.tf": USER + RESOURCE % (STACKS[0], f"jsonencode({OBJECT})")}, IN_STACK),
    "yaml": Program({"main.tf": USER + RESOURCE % (STACKS[0], f"yamlencode({OBJECT})")}, IN_STACK),
    "file": Program({"main.tf": RESOURCE % (STACKS[0], 'file("s.tpl")'), "s.tpl": YAML}, IN_STACK),
    "rendered": Program({"main.tf": RESOURCE % (STACKS[0], 'templatefile("s.tpl", {})'), "s.tpl": YAML}, IN_STACK),
    "set": Program({"main.tf": RESOURCE % (STACKS[1], HEREDOC % YAML)}, ("aws_cloudformation_stack_set.s/K",)),
    "in-json": Program({"main.tf.json": json.dumps({"resource": {STACKS[0]: {"s": {"name": "s", "template_body": STACK}}}})}, IN_STACK),
    "pieces": Program({"main.tf": RESOURCE % (STACKS[0], HEREDOC % YAML.replace("Access", '${"Access"}'))}, IN_STACK),
    "in-module": Program({"main.tf": LOCAL % "./m", "m/s.tf": RESOURCE % (STACKS[0], HEREDOC % YAML)}, ("module.m." + IN_STACK[0],)),
    "provisioner": Program({"main.tf": RUNS % '"aws iam create-access-key --user-name joe"'}, ("terraform_data.p",)),
    "provisioner-list": Program({"main.tf": RUNS % 'join(" ", ["aws", "iam", "create-access-key"])'}, ("terraform_data.p",)),
    "cloud-control": Program({"main.tf": RESOURCE % ("awscc_cloudformation_stack", HEREDOC % YAML)}, ("awscc_cloudformation_stack.s/K",)),
    "provisioner-python": Program({"main.tf": RUNS % "\"boto3.client('iam').create_access_key(UserName='u')\""}, ("terraform_data.p",)),
    "external": Program({"main.tf": 'data "external" "e" {\n  program = ["aws", "iam", "create-access-key"]\n}\n'}, ("data.external.e",)),
}
TABLES = {
    "inside": INSIDE,
    "templates": TEMPLATES,
    "names": NAMES,
    "address": ADDRESSES,
    "installed": INSTALLED,
    "init": AFTER_INIT,
    "ignored": IGNORED,
    "unsearched": UNSEARCHED,
    "tofu": TOFU,
    "decoy": DECOYS,
    "terragrunt": TERRAGRUNT,
}
PROGRAMS = {f"{kind}-{name}": program for kind, table in TABLES.items() for name, program in table.items()}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("mode", ["walk", "git", "changed"])
def test_a_key_that_is_made_is_seen(tmp_path: Path, name: str, mode: str) -> None:
    program, words = PROGRAMS[name], tuple[str, ...]()
    if mode == "changed":
        Repository(tmp_path).write("readme", "")
        words = ("--changed-since", Repository(tmp_path).commit())
    lay(tmp_path, program.files)
    if mode == "git":
        fill(tmp_path)
    if mode != "walk" or name.startswith("ignored"):
        Repository(tmp_path).git("add", "-A" if name.startswith("ignored") else "-Af")
    status, out, err = scan(tmp_path, *program.words, *words, "--format", "json")
    seen = {key["address"]: key["verdict"] for key in json.loads(out)["keys"]}
    assert set(program.keys) <= seen.keys(), err
    assert "clean" not in seen.values()
    assert status != 3, out


ONCE = {
    "both alike": {"main.tf": BARE, "x.tofu": "locals {\n  a = 1\n}\n"},
    "known as OpenTofu": {"main.tf": BARE, "main.tofu": ENDS + BARE, ".terraform.lock.hcl": LOCK % ("opentofu", "org")},
    "torn": {"main.tf": KEY % "  count = local.on ? 1 : 0\n", "l.tofu": "locals {\n  on = false\n}\n"},
    "call and folder alike": {"prod/main.tf": SET_UP + BARE, "z/main.tf": DECOY % ""},
}


@pytest.mark.parametrize("name", ONCE)
def test_two_readings_give_one_entry(tmp_path: Path, name: str) -> None:
    lay(tmp_path, ONCE[name])
    keys = report(tmp_path)["keys"]
    assert len(keys) == (name != "torn")
    assert all(key["verdict"] == ("clean" if "OpenTofu" in name else "flagged") for key in keys)


def test_a_file_that_decides_the_engine_is_named(tmp_path: Path) -> None:
    rotation = 'resource "time_rotating" "t" {\n  rotation_days = 30\n}\n'
    put(tmp_path, "main.tf", rotation + KEY % "  lifecycle {\n    replace_triggered_by = [time_rotating.t]\n  }\n")
    put(tmp_path, ".opentofu-version", "1.12.0\n")
    _, out, err = scan(tmp_path)
    assert ".opentofu-version: note: this file decides that OpenTofu applies the code" in out + err
    assert "this file decides" not in "".join(scan(tmp_path, "--engine", "opentofu")[1:])


FORK = "git::https://token@git.example.com/platform/modules.git//user"


def test_calls_that_are_not_followed_are_named(tmp_path: Path) -> None:
    put(tmp_path, "main.tf", LOCAL % FORK + LOCAL.replace('"m"', '"vpc"') % "terraform-aws-modules/vpc/aws")
    status, out, err = scan(tmp_path)
    said = out + err
    assert status == 0
    assert "module.m: git::https://git.example.com" in said
    assert "token" not in said
    assert "vpc" not in said
    assert scan(tmp_path, "--strict-calls")[0] == 1
    for form in FORMATS:
        _, out, err = scan(tmp_path, "--format", form)
        assert "1 module call was not followed" in out + err, form


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("git@github.com:acme/infra.git", "git::https://github.com/acme/infra.git//modules/u?ref=v1"),
        ("https://token@github.com/Acme/infra", "git::https://github.com/acme/infra.git//modules/u?ref=v1"),
        ("https://github.com/acme/inf%72a", "git::https://github.com/acme/infra.git//modules/u?ref=v1"),
        ("ssh://git@github.com/acme/infra.git", "git::https://github.com/acme/infra.git//modules/u?ref=v1"),
        ("https://github.com/acme/terraform-aws-users", "acme/users/aws//modules/u"),
    ],
)
def test_a_source_in_this_repository_is_read_from_the_checkout(tmp_path: Path, url: str, source: str) -> None:
    files = {"modules/u/k.tf": KEY % "  count = var.on ? 1 : 0\n" + 'variable "on" {\n  default = false\n}\n'}
    repository = tracked(tmp_path, files | {"app/main.tf": (LOCAL % source).replace("}\n", "  on = true\n}\n")})
    repository.git("remote", "add", "origin", url)
    repository.commit()
    repository.git("tag", "v1")
    found = report(tmp_path)
    assert [key["address"] for key in found["keys"]] == ["module.m.aws_iam_access_key.k[0]"]
    assert "is called by an address of this repository" in str(found["diagnostics"])
    assert "not followed" not in str(found["diagnostics"])
    repository.write("modules/u/k.tf", "")
    assert ("not followed" in str(report(tmp_path)["diagnostics"])) is ("ref=v1" in source)
    app = tmp_path.joinpath("app").rename(tmp_path / "installed")
    entry = {"Source": source} if "::" in source else {"Source": f"registry.terraform.io/{source}", "Version": "1.0.0"}
    listed = {"Modules": [{"Key": "m", "Dir": ".terraform/modules/m", **entry}]}
    lay(app, {".terraform/modules/modules.json": json.dumps(listed), ".terraform/modules/m/k.tf": BARE})
    found = report(tmp_path)
    assert ([key["address"] for key in found["keys"]], found["diagnostics"]) == ([M_KEY[0]], [])


def test_a_version_of_this_repository_that_made_a_key_is_no_reading_of_the_checkout(tmp_path: Path) -> None:
    name = "ministryofjustice/cloud-platform-terraform-ecr-credentials"
    files = {"main.tf": 'resource "aws_ecr_repository" "r" {\n  name = "r"\n}\n'}
    repository = tracked(tmp_path, files | {"examples/main.tf": LOCAL % f"github.com/{name}?ref=5.2.0"})
    repository.git("remote", "add", "origin", f"https://github.com/{name}.git")
    assert [key["address"] for key in report(tmp_path)["keys"]] == ["module.m"]


def test_the_hook_names_calls_in_changed_files(tmp_path: Path) -> None:
    tracked(tmp_path, {f"{name}/x.tf": LOCAL % f"https://example.com/{file}.zip" for name, file in (("a", "m"), ("b", "n"))})
    _, out, err = posturio(tmp_path, "hook", "--as-of", "2026-11-24", "a/x.tf")
    assert "a/x.tf module.m: https://example.com/m.zip" in out + err
    assert "n.zip" not in out + err


def test_the_hook_names_settings_that_cannot_be_read_beside_changed_templates(tmp_path: Path) -> None:
    template = f"Parameters: {{A: {{Type: String}}}}\n{YAML}"
    tracked(tmp_path, {f"{name}/{file}": text for name in "ab" for file, text in (("t.yaml", template), ("samconfig.toml", "[x"))})
    status, out, err = posturio(tmp_path, "hook", "--as-of", "2026-11-24", "a/t.yaml")
    assert (status, "a/samconfig.toml" in out + err, "b/samconfig.toml" in out + err) == (3, True, False)


def test_a_configuration_names_modules_that_make_no_key(tmp_path: Path) -> None:
    put(tmp_path, "main.tf", LOCAL % FORK)
    put(tmp_path, "posturio-iac.toml", '[[known_modules]]\nrepository = "git.example.com/platform/*"\ncreates = false\n')
    assert scan(tmp_path, "--strict-calls")[0] == 0


def test_a_text_that_only_terragrunt_knows_is_named_once(tmp_path: Path) -> None:
    put(tmp_path, "root.hcl", GENERATE % ("k.tf", 'run_cmd("x")'))
    for name in ("a", "b"):
        put(tmp_path, f"{name}/terragrunt.hcl", INCLUDE % "../root.hcl")
        put(tmp_path, f"{name}/main.tf", "")
    _, out, err = scan(tmp_path)
    assert (out + err).count("so it is not known whether it makes keys") == 1


def test_loops_within_loops_spend_the_budget_in_time(tmp_path: Path) -> None:
    inner = 'join("", [for b in range(700) : "${a}${b}"])'
    put(tmp_path, "main.tf", BARE.replace('"joe"', f'join("", [for a in range(700) : {inner}])'))
    status, out, err = bounded_scan(tmp_path)
    assert status == 3
    assert "to read" in out + err


READ = 'fileexists("fl\\u0061g.txt")  can(filemd5("flag.txt"))  length(fileset(".", "*t")) > 0  fileexists(join("", ["../a", "/flag.txt"]))'


@pytest.mark.parametrize("call", listed(READ))
def test_a_file_that_a_function_reads_is_a_change_of_its_module(tmp_path: Path, call: str) -> None:
    repository = tracked(tmp_path, {"a/main.tf": KEY % f"  count = {call} ? 1 : 0\n", "b/main.tf": BARE})
    start = repository.commit()
    repository.write("a/flag.txt", "")
    assert [key["path"] for key in report(tmp_path, "--changed-since", start)["keys"]] == ["a/main.tf"]


HELD, SERVICE = json.dumps({"scripts": {"go": "bin/k.sh"}}), "service: s\nprovider: {name: aws}\n"
BUILD = 'resource "aws_codebuild_project" "p" {\n  source {\n    type = "GITHUB"\n    %s\n  }\n}\n'
AFTER, OPEN = HOOK % ("after", '["./a.sh"]'), 'locals {\n  d = "."\n  c = "sh ${local.d}/a.sh b"\n}\n'
STEPS: dict[str, tuple[dict[str, str], str]] = {
    "script": ({"main.tf": RUNS % '"sh ${path.module}/a.sh"', "a.sh": "sh c/b.sh\n", "c/b.sh": "sh bin/k.sh\n"}, "terraform_data.p"),
    "makefile": ({"main.tf": RUNS % '"make keys"', "Makefile": "keys:\n\tbin/k.sh\n"}, "terraform_data.p"),
    "package": ({"main.tf": RUNS % '"npm run go"', "package.json": HELD}, "terraform_data.p"),
    "image": ({"main.tf": RUNS % '"docker build ."', "Dockerfile": "COPY bin/k.sh /\n"}, "terraform_data.p"),
    "left-open": ({"main.tf": RUNS % "local.c", "l.tf": OPEN, "a.sh": "bin/k.sh"}, "terraform_data.p"),
    "build": ({"t.json": resource("AWS::CodeBuild::Project", Source={"BuildSpec": "b.yml"}), "b.yml": "run: [bin/k.sh]"}, "R"),
    "build-from-top": ({"main.tf": BUILD % 'buildspec = "a/ci/b.yml"', "ci/b.yml": "run: [a/bin/k.sh]"}, "aws_codebuild_project.p"),
    "commands": ({"main.tf": BUILD % 'buildspec = "phases: {build: {commands: [a/bin/k.sh]}}"'}, "aws_codebuild_project.p"),
    "context": ({"t.json": resource("AWS::Lambda::Function", Metadata={"DockerContext": "."}), "Dockerfile": "COPY bin /\n"}, "R"),
    "serverless": ({"serverless.yml": SERVICE + "custom:\n  scripts: {a: ./a.sh}\n", "a.sh": "bin/k.sh\n"}, "custom.scripts"),
    "layer": ({"serverless.yml": SERVICE + "layers:\n  R: {path: bin}\n"}, "layers"),
    "hook": (unit(AFTER) | {"u/a.sh": "../bin/k.sh"}, "after_hook.h"),
    "hook-included": ({"r.hcl": AFTER, "u/terragrunt.hcl": INCLUDE % "../r.hcl", **EMPTY, "u/a.sh": "../bin/k.sh"}, "after_hook.h"),
}
"""Code in a folder that leads to a script there, for the most part in more than one step."""
TAKE_ANY = {"left-open", "commands", "serverless", "layer", "build-from-top", "handler"}  # to any program
GIVEN = ("u.yaml ../u.yaml file(var.f)", 'r/b.yaml b file("${path.root}/${var.f}.yaml")', 'u/a ../u fileset(var.f, "*")')
DRAWN_IN = {
    **{name: ({f"a/{file}": text for file, text in files.items()}, "a/bin/k.sh", MAKES, key) for name, (files, key) in STEPS.items()},
    "build-by-default": ({"i/main.tf": BUILD % ""}, "buildspec.yml", f"run: {MAKES}", "aws_codebuild_project.p"),
    "nested": ({"t.json": resource("AWS::CloudFormation::Stack", TemplateURL="k.tpl")}, "k.tpl", YAML, "R/K"),
    "include": ({"t.yaml": "Transform: [{Name: AWS::Include, Parameters: {Location: ./k.foo}}]\n"}, "k.foo", YAML, "K"),
    "deleted-script": ({"m/main.tf": RUNS % '"sh k.sh || sh l.sh"', "m/l.sh": MAKES}, "m/k.sh", MAKES, "terraform_data.p"),
    "deleted-settings": ({"t.yaml": YAML}, "samconfig.toml", 'parameter_overrides = "A=b"', "K"),
    "deleted-settings-above": ({"i/t.yaml": YAML}, "samconfig.yaml", "t: {template_file: i/t.yaml}", "K"),
    "deleted": ({"t.json": resource("AWS::Serverless::Function", CodeUri="src"), "src/b.py": MAKES}, "src/a.py", MAKES, "R"),
    "handler": ({"t.json": resource("AWS::Serverless::Function", Handler="a.main")}, "a.js", "iam.createAccessKey({})\n", "R"),
}


def concerned(folder: Path, start: str, path: str) -> list[list[str]]:
    """The keys that a change of one file since ``start`` concerns, for a scan and for a hook."""
    hooked = json.loads(posturio(folder, "hook", "--as-of", "2026-11-24", "--format", "json", path)[1])
    return [[key["address"] for key in found["keys"]] for found in (report(folder, "--changed-since", start), hooked)]


@pytest.mark.parametrize("name", DRAWN_IN)
def test_a_file_that_a_template_or_a_program_draws_in_is_a_change_of_it(tmp_path: Path, name: str) -> None:
    files, path, text, address = DRAWN_IN[name]
    repository = Repository(tmp_path)
    lay(tmp_path, files, git=True)
    start = repository.commit()
    repository.write(path, text)
    assert concerned(tmp_path, start, path) == [[address]] * 2
    later, other = repository.commit(), "other/z.md" if name in TAKE_ANY else "other/z.py"
    repository.write(other, text)
    assert concerned(tmp_path, later, other) == [[], []]
    later = repository.commit()
    repository.git("rm", "-q", path)
    assert concerned(tmp_path, later, path) == [[address] * name.startswith("deleted")] * 2


@pytest.mark.parametrize("case", GIVEN)
def test_a_file_that_an_argument_of_a_module_names_is_a_change_of_the_module(tmp_path: Path, case: str) -> None:
    named, given, read = case.split(" ", 2)
    module = f'variable "f" {{}}\nresource "aws_iam_access_key" "k" {{\n  for_each = {read}\n  user = each.key\n}}\n'
    repository = tracked(tmp_path, {"r/main.tf": (LOCAL % "../m").replace("}", f'  f = "{given}"\n}}'), "m/main.tf": module})
    for path, is_read in ((named, True), ("z/a.yaml", False)):
        start = repository.commit()
        tracked(tmp_path, {path: "[a]"})
        assert bool(report(tmp_path, "--changed-since", start)["keys"]) is is_read


def test_the_target_of_a_link_is_a_change_of_the_link(tmp_path: Path) -> None:
    texts = {"shared/keys.txt": "locals {}\n", "m/k.tf": "locals {}\n", "shared/on": "on = false\n", "r/main.tf": RUNS % '"sh now.sh"'}
    links = {"a/main.tf": "-> ../shared/way", "shared/way": "-> keys.txt", "c/terraform.tfvars": "-> ../shared/on", "link": "-> m"}
    links |= {"r/now.sh": "-> ../shared/x.sh", "shared/x.sh": "echo\n"}
    start = tracked(tmp_path, {**texts, **links, "c/main.tf": ON % "true", "app/main.tf": LOCAL % "../link"}).commit()
    tracked(tmp_path, {"shared/keys.txt": BARE, "m/k.tf": BARE, "shared/on": "on = true\n", "shared/x.sh": MAKES})
    keys = {key["address"] for key in report(tmp_path, "--changed-since", start)["keys"]}
    assert {"aws_iam_access_key.k", "aws_iam_access_key.k[0]", "module.m.aws_iam_access_key.k", "terraform_data.p"} <= keys


def test_a_submodule_that_moves_on_is_a_change(tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.write("m/k.tf", "locals {}\n")
    first = inner.commit()
    inner.write("m/k.tf", BARE)
    second = inner.commit()
    repository = Repository(tmp_path / "outer")
    repository.git("clone", "-q", "../inner", "sub")
    repository.write(".gitmodules", '[submodule "sub"]\n\tpath = sub\n\turl = ../inner\n\tignore = all\n')
    sub = Repository(repository.path / "sub")
    sub.git("checkout", "-q", first)
    repository.write("app/main.tf", LOCAL % "../sub/m")
    repository.git("add", "-A")
    start = repository.commit()
    sub.git("checkout", "-q", second)
    repository.git("add", "sub")
    assert [key["address"] for key in report(repository.path, "--changed-since", start)["keys"]] == ["module.m.aws_iam_access_key.k"]
