"""Programs inside code that make keys: each is one undetermined key at its block, or a note where it ends keys too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.cli import main
from posturio_iac.frontends.terraform.keys import program_texts
from posturio_iac.search import checkout, discover
from posturio_iac.search.programs import end_keys, is_hinted, looked_into, make_keys, program_of
from tests.attack.test_silence import CALL, JOIN, RUNS, STACK, SUB, YAML, resource
from tests.support.attacks import archive, lay, report
from tests.support.fixture_tools import FIXTURES

PYTHON = "import boto3\ndef main(event, context):\n    boto3.client('iam').create_access_key(UserName='joe')\n"
SHELL = "#!/bin/sh\naws iam create-access-key --user-name joe\n"
LAMBDA, SAM, RUN = "AWS::Lambda::Function", "AWS::Serverless::Function", "terraform_data.p"
TASK = "arn:aws:states:::aws-sdk:iam:createAccessKey"
SDK = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": TASK, "End": True}}}
API = {"mainSteps": [{"name": "a", "action": "aws:executeAwsApi", "inputs": {"Service": "iam", "Api": "CreateAccessKey"}}]}
CALLED = CALL.replace("@", "A")


def zipped(code: object, **sections: object) -> dict[str, str]:
    return {"t.json": json.dumps({**sections, **json.loads(resource(LAMBDA, Code={"ZipFile": code}))})}


def of_type(kind: str, **members: object) -> dict[str, str]:
    """A template with a resource that has more than properties."""
    return {"t.json": json.dumps({"Resources": {"R": {"Type": kind, "Properties": {}, **members}}})}


MACHINE, GATEWAY = "AWS::StepFunctions::StateMachine", "arn:aws:apigateway:us-east-1"
LOOP = ["X", ["R"], {"${X}": json.loads(zipped(PYTHON)["t.json"])["Resources"]["R"]}]
CODE = f"Resources:\n  R:\n    Type: {LAMBDA}\n    Properties:\n      Code:\n        ZipFile: "
SERVERLESS = "service: s\nprovider: {name: aws}\nfunctions:\n  R:\n    handler: src/keys.main\n"
SPLIT = SERVERLESS.partition("functions:")[0] + "functions: ${file(fns.yml)}\n"
TEMPLATES = {
    "zip-file": zipped(PYTHON),
    "added": zipped("getattr(iam, 'create_' + 'access_key')(UserName='joe')"),
    "of-a-list": zipped("iam[['create', 'Access', 'Key'].join('')]({UserName: 'joe'})"),
    "filled-in": zipped({SUB: [PYTHON.replace("access", "${word}"), {"word": "access"}]}),
    "default-of-a-word": {"t.yaml": f"Parameters: {{P: {{Default: create}}}}\n{CODE}!Sub boto3.client('iam').${{P}}_access_key()\n"},
    "default": zipped({"Ref": "P"}, Parameters={"P": {"Type": "String", "Default": PYTHON}}),
    "loop": {"t.json": json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::X": LOOP}})},
    "step-functions": {"t.json": resource(MACHINE, Definition=SDK)},
    "step-functions-joined": {"t.json": resource(MACHINE, DefinitionString={JOIN: ["iam:cre", json.dumps(SDK).split("iam:cre")]})},
    "step-functions-file": {"t.json": resource("AWS::Serverless::StateMachine", DefinitionUri="a.json"), "a.json": json.dumps(SDK)},
    "document": {"t.json": resource("AWS::SSM::Document", Content=API)},
    "document-shell": {"t.json": resource("AWS::SSM::Document", Content={"mainSteps": [{"inputs": {"runCommand": [SHELL]}}]})},
    "custom-resource": {"t.json": resource("AWS::CloudFormation::CustomResource", Create=CALLED)},
    "custom-type": {"t.json": resource("Custom::IamUserKey", Create={JOIN: ["", CALLED.split("access")]})},
    "custom-update": {"t.json": resource("AWS::CloudFormation::CustomResource", Update=CALLED, Create="{}")},
    "user-data": {"t.json": resource("AWS::EC2::Instance", UserData={"Fn::Base64": {SUB: SHELL}})},
    "cfn-init": of_type("AWS::EC2::Instance", Metadata={"AWS::CloudFormation::Init": {"config": {"commands": {"a": {"command": SHELL}}}}}),
    "nested": {"t.json": resource("AWS::CloudFormation::Stack", TemplateURL="child.yaml"), "child.yaml": zipped(PYTHON)["t.json"]},
    "code-uri": {"t.json": resource(SAM, CodeUri="src/"), "src/deep/app.py": PYTHON},
    "folder-of-the-template": {"t.json": resource(SAM, Handler="app.main"), "app.py": PYTHON},
    "packaged": {"t.json": resource(LAMBDA, Code="./src"), "src/app.py": PYTHON},
    "asset": {**of_type(LAMBDA, Metadata={"aws:asset:path": "asset.1a2b"}), "asset.1a2b/index.py": PYTHON},
    "serverless": {"serverless.yml": SERVERLESS + "resources: {Resources: {}}\n", "src/keys.py": PYTHON},
    "serverless-alone": {"serverless.yml": SERVERLESS, "src/keys.js": "iam.createAccessKey({UserName: 'joe'})"},
    "image": {**of_type(SAM, Metadata={"DockerContext": "./img"}), "img/app.py": PYTHON},
    "layer": {"t.json": resource("AWS::Lambda::LayerVersion", Content="./src"), "src/app.py": PYTHON},
    "build": {"t.json": resource("AWS::CodeBuild::Project", Source={"BuildSpec": "ci/b.yml"}), "ci/b.yml": SHELL},
    "asset-without-metadata": {
        "cdk.out/t.template.json": resource(LAMBDA, Code={"S3Bucket": "b", "S3Key": "1a2b.zip"}),
        "cdk.out/asset.1a2b/index.js": "iam.createAccessKey({})",
    },
    "serverless-elsewhere": {"serverless.yml": SPLIT, "fns.yml": "R:\n  handler: h.main\n", "h.py": PYTHON},
}
ARCHIVE = 'data "archive_file" "a" {\n  type = "zip"\n  %s\n  output_path = "x.zip"\n}\n'
FUNCTION = 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  filename = "x.zip"\n}\n'
TEXT = f'source {{\n    filename = "a.py"\n    content = {json.dumps(PYTHON)}\n  }}'
PART = 'locals {\n  c = "aws iam create-access"\n}\n'
IN_JSON = {"resource": {"null_resource": {"n": {"provisioner": [{"local-exec": {"command": SHELL}}]}}}}
SHELL_IN_JSON, JOINED = json.dumps(SHELL), '"${local.a}${local.b}${local.c}"'
PIECES = {"locals": {"a": "aws iam c", "b": "reate-acc", "c": "ess-key"}}
HEREDOC = "<<EOF\n%s\nEOF"


def block(address: str, argument: str) -> str:
    *data, kind, name = address.split(".")
    return f'{"data" if data else "resource"} "{kind}" "{name}" {{\n  {argument}\n}}\n'


PASSED = 'locals {\n  c = "aws iam create-access-key"\n}\nmodule m {\n  source = "./m"\n  cmd = local.c\n}\n'
GIVEN = 'variable cmd {}\ndata external e {\n  program = ["sh", "-c", var.cmd]\n}\n'
PROVISIONED = {
    "script": {"main.tf": RUNS % '"./make-key.sh"', "make-key.sh": SHELL},
    "script-of-module": {"main.tf": RUNS % '"bash ${path.module}/bin/make.sh joe"', "bin/make.sh": SHELL},
    "unquoted": {"main.tf": (RUNS % '"sh make.sh"').replace('"local-exec"', "local-exec"), "make.sh": SHELL},
    "script-elsewhere": {"main.tf": RUNS.replace("command", 'working_dir = "bin"\n    command') % '"sh make"', "bin/make": SHELL},
    "makefile": {"main.tf": RUNS % '"make keys"', "Makefile": f"keys:\n\t{SHELL.splitlines()[1]}\n"},
    "npm": {"main.tf": RUNS % '"npm run keys"', "package.json": json.dumps({"scripts": {"keys": SHELL}})},
    "ansible": {"main.tf": RUNS % '"ansible-playbook k.yml"', "k.yml": "- tasks:\n  - amazon.aws.iam_access_key: {user_name: joe}\n"},
    "template": {"main.tf": RUNS % '"aws cloudformation deploy --template-file k.foo"', "k.foo": YAML},
    "template-inside": {"main.tf": RUNS % json.dumps(f"aws cloudformation create-stack --template-body '{STACK}'")},
    "another-folder": {"main.tf": RUNS % '"cd bin && ./make"', "bin/make": SHELL},
    "pieces": {"main.tf": PART + RUNS % '"${local.c}-key"'},
    "pieces-elsewhere": {"l.tf": PART, "main.tf": RUNS % '"${local.c}-key"'},
    "quotes": {"main.tf": RUNS % json.dumps(r"""aws iam create-"access"'-'k\ey""")},
    "format": {"main.tf": RUNS % 'format("aws iam %s-access-key", "create")'},
}
ARCHIVED = {
    "archive-file": {"main.tf": ARCHIVE % 'source_file = "${path.module}/app.py"' + FUNCTION, "app.py": PYTHON},
    "archive-folder": {"main.tf": ARCHIVE % 'source_dir = "${path.module}/src"' + FUNCTION, "src/app.py": PYTHON},
    "archive-text": {"main.tf": ARCHIVE % TEXT + FUNCTION},
}
NAMED, NAME = 'locals {\n  script = "a/b.sh"\n}\n', 'locals {\n  name = "b"\n}\n' + block("aws_s3_object.o", "source = %s")
ARGUMENTS = {
    "scripts": ("null_resource.r", 'provisioner "remote-exec" {\n    scripts = ["a/b.sh"]\n  }'),
    "object": ("aws_s3_object.o", 'source = "${path.module}/a/b.sh"'),
    "object-by-a-local": ("aws_s3_object.o", "source = local.script"),
    "user-data-file": ("aws_instance.i", 'user_data = file("${path.module}/boot.tpl")'),
    "user-data-rendered": ("aws_instance.i", 'user_data = base64encode(templatefile("boot.tpl", {a = var.x}))'),
    "step-functions": ("aws_sfn_state_machine.s", f"definition = {HEREDOC % json.dumps(SDK)}"),
    "step-functions-encoded": ("aws_sfn_state_machine.s", f'definition = jsonencode({{ R = "{TASK}" }})'),
    "document": ("aws_ssm_document.d", f"content = {HEREDOC % json.dumps(API)}"),
    "document-encoded": ("aws_ssm_document.d", 'content = jsonencode({ inputs = { Api = "CreateAccessKey" } })'),
    "stack-by-cloud-control": ("aws_cloudcontrolapi_resource.c", f"desired_state = {json.dumps(json.dumps({'TemplateBody': STACK}))}"),
    "http": ("data.http.h", 'url = "https://iam.amazonaws.com/?Action=CreateAccessKey&UserName=joe"'),
}
MODULE = 'module "l" {\n  source = "terraform-aws-modules/lambda/aws"\n  source_path = "src"\n}\n'
PIECED = json.dumps(IN_JSON).replace(SHELL_IN_JSON, JOINED)
MANY = {f"m{n}/main.tf": block("nomad_job.j", 'jobspec = file("y.hcl")') for n in range(99)} | {"y.sh": "ls", "m0/y.hcl": ""}
TERRAFORM: dict[str, tuple[dict[str, str], str]] = {
    "many": ({**MANY, "x.hcl": SHELL, "z/main.tf": block("nomad_job.j", 'jobspec = file("../x.hcl")')}, "nomad_job.j"),
    **{name: (files, RUN) for name, files in PROVISIONED.items()},
    **{name: (files, "data.archive_file.a") for name, files in ARCHIVED.items()},
    **{name: ({"main.tf": NAMED + block(*made), "a/b.sh": SHELL, "boot.tpl": SHELL}, made[0]) for name, made in ARGUMENTS.items()},
    "put-together": ({"main.tf": NAME % '"a/${local.name}.mjs"', "a/b.mjs": "iam.createAccessKey({})"}, "aws_s3_object.o"),
    "formatted": ({"main.tf": NAME % 'format("%s/%s.sh", "a", local.name)', "a/b.sh": SHELL}, "aws_s3_object.o"),
    "package": (
        {"main.tf": RUNS % '"node app"', "app/package.json": '{"main": "lib/k.js"}', "app/lib/k.js": "iam.createAccessKey({})"},
        RUN,
    ),
    "module-lambda": ({"main.tf": MODULE, "src/app.py": PYTHON}, "module.l"),
    "external": ({"main.tf": 'data external e {\n  program = ["sh", "make.sh"]\n}\n', "make.sh": SHELL}, "data.external.e"),
    "in-a-list": ({"main.tf": PASSED, "m/main.tf": GIVEN}, "module.m.data.external.e"),
    "json": ({"main.tf.json": json.dumps(IN_JSON)}, "null_resource.n"),
    "pieces-in-json": ({"l.tf.json": json.dumps(PIECES), "main.tf.json": PIECED}, "null_resource.n"),
}


def judged(folder: Path, files: Mapping[str, str | bytes], *, git: bool = False) -> tuple[dict[str, str], str]:
    lay(folder, {f"app/{path}": text for path, text in files.items()}, git=git)
    found = report(folder / "app")
    return {key["address"]: key["verdict"] for key in found["keys"]}, str(found["diagnostics"])


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_program_in_a_template_is_an_undetermined_key(tmp_path: Path, name: str, git: bool) -> None:
    seen, said = judged(tmp_path, TEMPLATES[name], git=git)
    address = "R/R" if name == "nested" else "functions.R" if name.startswith("serverless") else "R"
    custom = "flagged" if name.startswith("custom") else "undetermined"
    assert seen == {address: custom}, said


def test_without_git_what_is_named_bounds_a_checkout_whose_path_is_no_part_of_another(tmp_path: Path) -> None:
    code = block("aws_codebuild_project.p", 'buildspec = "k.yml"') + block("data.archive_file.p", f'source_dir = "../x{tmp_path}/app"')
    lay(tmp_path, {"app/infra/main.tf": code, "app/k.yml": "phases: [aws iam create-access-key]", f"app/x{tmp_path}/app/a.py": PYTHON})
    assert [key["verdict"] for key in report(tmp_path, "app")["keys"]] == ["undetermined", "undetermined"]


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize("name", TERRAFORM)
def test_a_program_in_terraform_is_an_undetermined_key(tmp_path: Path, name: str, git: bool) -> None:
    files, address = TERRAFORM[name]
    seen, said = judged(tmp_path, files, git=git)
    assert seen == {address: "undetermined"}, said


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize(
    ("address", "argument"), [("aws_lambda_function.f", 'filename = "k.zip"'), ("aws_s3_object.o", 'source = "${path.module}/k.zip"')]
)
@pytest.mark.parametrize("text", [PYTHON, "f = getattr(iam, 'create_' + 'Access' + 'Key')", "New-IAMServiceSpecificCredential"])
def test_an_archive_that_code_names_is_a_program(tmp_path: Path, address: str, argument: str, text: str, git: bool) -> None:
    files: dict[str, str | bytes] = {"main.tf": block(address, argument), "k.zip": archive(app=text)}
    assert judged(tmp_path, files, git=git)[0] == {address: "undetermined"}


def test_an_archive_that_many_blocks_name_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def seen(file: str, *given: Any) -> Any:
        looked.append(file)
        return looked_into(file, *given)

    monkeypatch.setattr(checkout, "looked_into", seen)
    blocks = "".join(block(f"aws_lambda_function.f{n}", 'filename = "app.py"') for n in range(9))
    lay(tmp_path, {"main.tf": blocks, "app.py": PYTHON})
    assert main(["scan", "--strict", str(tmp_path)]) == 1
    assert looked == [str(tmp_path / "app.py")]


def test_what_many_commands_are_chosen_from_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = count(), program_texts._choices_of
    monkeypatch.setattr(program_texts, "_choices_of", lambda *asked: (next(looks), look(*asked))[1])
    chain = "".join(f"  c{n} = [var.x, local.c{n + 1}]\n" for n in range(40))
    blocks = "".join((RUNS % 'join(" ", local.c0)').replace('"p"', f'"p{n}"') for n in range(9))
    lay(tmp_path, {"main.tf": f'locals {{\n{chain}  c40 = "./a.sh"\n}}\nvariable "x" {{}}\n{blocks}', "a.sh": "", "k.sh": SHELL})
    assert main(["scan", "--strict", str(tmp_path)]) == 0
    assert 80 < next(looks) < 300


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize("maker", ["", PYTHON])
def test_an_open_name_is_evaluated_only_where_a_program_makes_keys(tmp_path: Path, maker: str, git: bool) -> None:
    lay(tmp_path, {"main.tf": NAME % '"a/${local.name}.mjs"', "tools/app.py": maker}, git=git)
    assert discover([str(tmp_path)], cwd=str(tmp_path)).search.terraform == ({"main.tf"} if maker else set())


QUIET = {
    "policy": {"t.json": resource("AWS::IAM::Policy", PolicyDocument={"Statement": [{"Action": ["iam:CreateAccessKey"]}]})},
    "event": {"t.json": resource("AWS::Events::Rule", EventPattern={"detail": {"eventName": ["CreateAccessKey"]}})},
    "filter": {"t.json": resource("AWS::Logs::MetricFilter", FilterPattern="{ ($.eventName = CreateAccessKey) }")},
    "policy-in-terraform": {"main.tf": block("data.aws_iam_policy_document.d", 'statement {\n    actions = ["iam:CreateAccessKey"]\n  }')},
    "input": {"main.tf": 'variable "create_access_key" {\n  default = true\n}\n'},
    "what-runs-nothing": of_type("AWS::S3::Bucket", Metadata={"Comment": SHELL}),
    "other-script": {"main.tf": RUNS % '"./other.sh"', "other.sh": "#!/bin/sh\necho\n", "make-key.sh": SHELL},
    "open-name-without-makers": {"main.tf": RUNS % '"for s in a b; do sh bin/$s.sh; done"', "bin/a.sh": "date"},
    "code-that-is-here": {"main.tf": block("aws_lambda_function.f", 'filename = "f.py"'), "f.py": "", "tools/app.py": PYTHON},
    "tests": {"main.tf": block("aws_lambda_function.f", "image_uri = var.x"), "tests/f.py": PYTHON},
    "rotator": {"main.tf": block("aws_lambda_function.f", "image_uri = var.x"), "f.py": PYTHON + "iam.delete_access_key()\n"},
    "prose": dict.fromkeys(("a.txt", "README.md", "k.sarif", "k.sh.bak"), SHELL) | {"l.sh": SHELL.replace("aws", "awslocal")},
}
IDLE = ("other-script", "code-that-is-here")


@pytest.mark.parametrize("name", QUIET)
def test_what_only_names_the_call_is_no_key(tmp_path: Path, name: str) -> None:
    keys, notes = judged(tmp_path, QUIET[name])
    assert (keys, notes.count("no code was found to run it"), len(notes) > len("[]")) == ({}, name in IDLE, name in IDLE)


SCHEDULED = json.loads(zipped(PYTHON)["t.json"])
ROTATING = {"RotationLambdaARN": {"Fn::GetAtt": ["R", "Arn"]}}
SCHEDULED["Resources"]["S"] = {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": ROTATING}
ROTATED = block("aws_secretsmanager_secret_rotation.r", "rotation_lambda_arn = aws_lambda_function.f.arn")
MADE = FUNCTION.replace('"x.zip"', "data.archive_file.a.output_path")
ROTATORS = {
    "ends-keys": zipped(PYTHON + "    iam.delete_access_key()\n"),
    "named-by-a-schedule": {"t.json": json.dumps(SCHEDULED)},
    "named-by-a-rotation": {"main.tf": ARCHIVE % TEXT + MADE + ROTATED},
    "one-line": {"main.tf": RUNS % '"aws iam create-access-key && aws iam delete-access-key"'},
    "script": {"main.tf": RUNS % '"./rotate.sh"', "rotate.sh": SHELL + "aws iam update-access-key --status Inactive\n"},
}


@pytest.mark.parametrize("name", ROTATORS)
def test_a_rotator_is_a_note(tmp_path: Path, name: str) -> None:
    seen, said = judged(tmp_path, ROTATORS[name])
    assert (seen, "its keys are not judged" in said) == ({}, True)


ACTIONS = "iam:CreateAccessKey|eventName = CreateAccessKey|create_access_point(|create_access_key = false"
ACTIONS += "|iam:DeleteAccessKey|lastUpdate accessKey|# never run aws iam create-access-key here"


@pytest.mark.parametrize("text", ACTIONS.split("|"))
def test_names_of_actions_make_and_end_no_key(text: str) -> None:
    assert (make_keys(text), end_keys(text)) == (False, False)


@pytest.mark.parametrize("mark", ["\\ud800", '", a: ['], ids=["escape", "syntax"])
def test_a_program_in_a_template_that_cannot_be_parsed_is_said(tmp_path: Path, mark: str) -> None:
    template = f'Resources:\n  R: {{Type: AWS::Lambda::Function, Code: {{ZipFile: "create_access_key"}}, D: "{mark}"}}\n'
    assert "an access key in it may not have been checked" in judged(tmp_path, {"t.yaml": template})[1]


def test_no_program_that_makes_keys_is_ruled_out_by_its_hints() -> None:
    texts = [text for file in FIXTURES.glob("*.programs") for text in file.read_text(encoding="utf-8").split("==> ")]
    found = [text for text in texts if any(program_of(text)._replace(ends_keys=False))]
    assert len(found) > 200
    assert [text for text in found if not is_hinted(text.encode())] == []
