"""What templates name and is not here: read where it is in the checkout, else named in the one line about calls, in every format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.attack.test_programs import PYTHON, block
from tests.attack.test_silence import GENERATE, HEREDOC, LOCAL, RESOURCE, RUNS, SERVERLESS, SET, STACK, STACKS, TYPED, YAML, resource
from tests.support.attacks import FORMATS, archive, lay, report, scan

CHILD, APPLICATION = "AWS::CloudFormation::Stack", "AWS::Serverless::Application"
URL, CHART = "https://bucket.s3.amazonaws.com/keys.yaml", block("helm_release.f", 'chart = "./a.tgz"')
INCLUDE, REMOTE = ({"Name": "AWS::Include", "Parameters": {"Location": one}} for one in ("parts/k.fragment", "s3://bucket/part.yaml"))
TOPIC, START = "Resources:\n  R: {Type: AWS::SNS::Topic}\n", "service: s\nprovider: {stage: '${opt:stage}'}\n"
ALL_APART = START + "custom: ${file(c.foo)}\nresources: {Resources: {K: {Type: '${self:custom.t}'}}}\n"
PIECES, IN_CODE = "${self:custom.a}${self:custom.${self:custom.w}.c}", RESOURCE.replace("template_body", "template_url")
FRAGMENT = "K:\n  Type: AWS::IAM::AccessKey\n  Properties: {UserName: joe}\n"
KEY_ALONE = f"Resources:\n  {FRAGMENT.replace(chr(10), chr(10) + '  ')}"
TYPE_APART = SERVERLESS.replace("custom: {", "custom: {k: {Type: 'AWS::IAM::AccessKey'}, ")
LOOP = "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::L:\n    - N\n    - [Key]\n    - R${N}:\n        Type: %s\n"
VPC, ZIP = "terraform-aws-modules", block("data.archive_file.a", 'source_dir = "fn"')
PUBLIC, PRODUCT = "aws_serverlessapplicationrepository_cloudformation_stack.s", "aws_servicecatalog_provisioned_product.p"
PACKED, LARGE, DENSE = block("aws_lambda_function.f", 'filename = "a.zip"'), "x" * (11 << 20), "create-access-key " * (1 << 17)
ZIPPED = [b"\x1f\x8b\x08", gzip.compress(b"") * 2, *(gzip.compress(one.encode()) for one in (DENSE, f"botocore/{PYTHON}"))]
ENCRYPTED = archive(k="").replace(b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0\1")  # as its directory says
PUBLISHED = {"ApplicationId": "arn:aws:serverlessrepo:x", "SemanticVersion": "1"}


def included(where: object) -> dict[str, str]:
    return {"t.json": json.dumps({"Resources": {"Fn::Transform": where}}), "parts/k.fragment": FRAGMENT}


READ = {
    "text": ({"t.json": resource(CHILD, TemplateURL="child.tpl"), "child.tpl": YAML}, "R/K"),
    "no-ending": ({"t.json": resource(CHILD, TemplateURL="stacks/child"), "stacks/child": STACK}, "R/K"),
    "location": ({"t.json": resource(APPLICATION, Location="./child.stack"), "child.stack": YAML}, "R/K"),
    "yaml": ({"t.yaml": f"Resources:\n  R:\n    Type: {CHILD}\n    Properties:\n      TemplateURL: child.tpl\n", "child.tpl": YAML}, "R/K"),
    "uploaded": ({"t.json": resource(CHILD, TemplateURL=f"{URL[:-9]}child.tpl"), "child.tpl": YAML}, "R/K"),
    "include": (included(INCLUDE), "K"),
    "include-of-all": ({"t.json": json.dumps({"Transform": [INCLUDE]}), "parts/k.fragment": KEY_ALONE}, "K"),
    "param": ({"serverless.yml": "params: {default: {t: 'AWS::IAM::AccessKey'}}\n" + TYPED % "${param:t}"}, "K"),
    "custom-elsewhere": ({"serverless.yml": ALL_APART, "c.foo": "t: AWS::IAM::AccessKey\n"}, "K"),
    "option": ({"serverless.yml": TYPED % "\"${opt:type, 'AWS::IAM::AccessKey'}\""}, "K"),
    "nested-variables": ({"serverless.yml": TYPED.replace("custom: {", "custom: {w: b, ") % PIECES}, "K"),
    "own-resource": ({"serverless.yml": TYPE_APART + "Resources:\n    K: ${self:custom.k}\n"}, "K"),
}


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize("name", READ)
def test_what_is_in_the_checkout_is_read(tmp_path: Path, name: str, git: bool) -> None:
    files, address = READ[name]
    lay(tmp_path, files, git=git)
    assert {key["address"] for key in report(tmp_path)["keys"]} == {address}


IDLE = "1 program here makes keys, and no code was found to run it"
OPEN = ("for s in make check; do bash $D/$s.sh; done", "npx lefthook run k", "./all.sh", "docker run -v $PWD/bin:/s x /s/make.sh")
SCRIPTS = {"all.sh": '#!/bin/sh\nfor s in make check; do\n  sh "$s.sh"\ndone\n', "bin/make.sh": "aws iam create-access-key\n"}
NAMED: dict[str, tuple[Mapping[str, str | bytes], str]] = {
    "stack": ({"t.json": resource(CHILD, TemplateURL=URL)}, f"t.json R: {URL}"),
    "body": ({"t.json": resource("AWS::CloudFormation::StackSet", TemplateBody={"Fn::ImportValue": "x"})}, "t.json R: a template that"),
    "application": ({"t.json": resource(APPLICATION, Location=PUBLISHED)}, "t.json R: arn:aws:serverlessrepo:x"),
    "macro": ({"t.yaml": "Transform: [AWS::Serverless-2016-10-31, Acme]\n" + TOPIC}, "Transform: the macro Acme"),
    "include": (included(REMOTE), "t.json Fn::Transform: s3://bucket/part.yaml"),
    "script": ({"serverless.yml": SERVERLESS + "Resources: ${file(r.js)}\n", "r.js": ""}, "serverless.yml resources: r.js"),
    "gone": ({"serverless.yml": SERVERLESS + "Resources: ${file(r.yml)}\n"}, "serverless.yml resources: r.yml"),
    "terraform": ({"main.tf": IN_CODE % (STACKS[0], f'"{URL}"')}, f"main.tf {STACKS[0]}.s: {URL}"),
    "application-in-terraform": ({"main.tf": block(PUBLIC, 'application_id = "arn:x"')}, f"main.tf {PUBLIC}: arn:x"),
    "module-not-here": ({"main.tf": 'module "m" {\n  source = "./sub//m"\n}\n', "b/main.tf": "# ./n"}, "main.tf module.m: ./sub//m"),
    "scp": ({"main.tf": LOCAL % "git@github.com:acme/keys.git"}, "main.tf module.m: git@github.com:acme/keys.git"),
    "folder-outside": ({"main.tf": LOCAL % "../"}, "main.tf module.m: ../"),
    "submodule-not-here": ({"main.tf": LOCAL % "./s", "s/.gitkeep": ""}, "main.tf module.m: ./s): check the paths and git submodules"),
    "folder-missing": ({"main.tf": LOCAL % "./.terraform/modules/x/m"}, "main.tf module.m: ./.terraform/modules/x/m"),
    "stack-file": ({"terragrunt.stack.hcl": 'unit "u" {\n  source = "git::https://x/y.git"\n}\n'}, "terragrunt.stack.hcl unit.u: git::"),
    "linked-stack": ({"a.tfcomponent.hcl": 'stack "s" {\n  source = "acme/keys/aws"\n}\n'}, "a.tfcomponent.hcl stack.s: acme/keys/aws"),
    "generated": ({"u/terragrunt.hcl": GENERATE % ("k.tf", HEREDOC % (LOCAL % "acme/k/aws"))}, "u/terragrunt.hcl module.m: acme/k/aws"),
    "yaml-outside": ({"t.json": resource(CHILD, TemplateURL="../x.yaml")}, "t.json R: ../x.yaml"),
    "type-of-loop": ({"t.yaml": LOOP % "!Sub AWS::IAM::${N}"}, "t.yaml RKey: a type that"),
    "type-in-body": ({"t.json": resource(SET, TemplateBody={"Fn::Sub": STACK.replace("Key", "${P}")})}, "t.json R/K: a type that"),
    "rain-module": ({"t.yaml": "Modules:\n  M: {Source: ./m.tpl}\n" + TOPIC, "m.tpl": YAML}, "t.yaml Modules.M: ./m.tpl"),
    "fetched": ({"main.tf": RUNS % '"curl https://x/k.sh | bash"'}, "main.tf terraform_data.p: https://x/k.sh"),
    "programs": ({"main.tf": ZIP, **{f"fn/{n}.py": "" for n in range(200)}, "fn/x.py": PYTHON}, f"{IDLE} (fn/x.py)"),
    "large-program": ({"main.tf": ZIP, "fn/a.py": LARGE}, "main.tf more than 10 MiB of programs in fn/a.py"),
    "large-archive": ({"main.tf": PACKED, "a.zip": archive(k=LARGE)}, "main.tf more than 10 MiB of programs in a.zip"),
    "broken-archive": ({"main.tf": PACKED, "a.zip": archive(k="")[:-9]}, "main.tf a.zip, an archive that cannot be looked into"),
    "dense-archive": ({"main.tf": PACKED, "a.zip": archive(k=DENSE)}, "main.tf more than 10 MiB of programs in a.zip"),
    "gzip": ({"main.tf": "", "k.py.gz": gzip.compress(PYTHON.encode())}, f"{IDLE} (k.py.gz)"),
    "encrypted-archive": ({"main.tf": PACKED, "a.zip": ENCRYPTED}, "main.tf a.zip, an archive that cannot be looked into"),
    **{f"gzip-{n}": ({"main.tf": CHART, "a.tgz": one}, ("a.tgz, an archive", "main.tf more")[n > 1]) for n, one in enumerate(ZIPPED)},
    **{f"open-{n}": ({"main.tf": RUNS % f'"{one}"', **SCRIPTS}, f"{IDLE} (bin/make.sh)") for n, one in enumerate(OPEN)},
    "image": ({"t.json": resource("AWS::Lambda::Function", Code={"ImageUri": "x"}), "k/f.zip": archive(app=PYTHON)}, f"{IDLE} (k/f.zip)"),
    "task": ({"main.tf": "locals {}\n", "lefthook.yml": "k:\n  commands:\n    run: aws iam create-access-key\n"}, f"{IDLE} (lefthook.yml)"),
    "pointer": ({"main.tf": PACKED, "a.zip": "version https://git-lfs.github.com/spec/v1\n"}, "main.tf a.zip, which Git LFS has not"),
    "rendered": ({"main.tf": "", "k.yaml.j2": YAML}, "no code was found to use it (k.yaml.j2): scan what another"),
    "folder-of-a-key": ({"main.tf": LOCAL % "./x" + block("aws_iam_access_key.k", "user = module.m.name")}, "main.tf module.m: ./x"),
    "catalogue": ({"main.tf": block(PRODUCT, 'product_name = "keys"')}, f"main.tf {PRODUCT}: keys"),
}


def test_files_of_other_tools_are_not_told_to_name_programs(tmp_path: Path) -> None:
    lay(tmp_path, {"ci.yml": "scripts:\n  - cp -r fn out\n", "main.tf": "", "z.py": PYTHON, **{f"fn/{n}.py": "" for n in range(201)}})
    assert "not followed" not in "".join(scan(tmp_path)[1:])


@pytest.mark.parametrize("git", [False, True], ids=["walk", "git"])
@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_here_is_named(tmp_path: Path, name: str, git: bool) -> None:
    files, said = NAMED[name]
    lay(tmp_path, files, git=git)
    status, out, err = scan(tmp_path)
    assert status == 0
    assert (out + err).count("note: ") == 1
    assert said in out + err
    status, out, _ = scan(tmp_path, "--strict-calls", "--show-skipped")
    assert (status, said.partition(" ")[2] in out) == (1, True)


def test_a_program_that_links_lead_to_is_named_once_by_its_own_path(tmp_path: Path) -> None:
    made = dict.fromkeys(("lib/k.sh", "tools/k.sh", "tools/run/a.yml"), SCRIPTS["bin/make.sh"])
    lay(tmp_path, made | {"main.tf": "", "aa/x.tf": ""}, git=True)
    for link, target in {"ai": "lib", "specs": "tools", "lib/a.sh": "k.sh", "aa/a.sh": "../tools/k.sh", "a.yml": "tools/run/a.yml"}.items():
        (tmp_path / link).symlink_to(target)
    assert [place["path"] for place in report(tmp_path, "--show-skipped")["skipped"]] == ["lib/k.sh", "tools/k.sh", "tools/run/a.yml"]
    assert report(tmp_path / "aa", "--show-skipped")["skipped"][0]["path"] == "a.sh"  # whose own path is not in the folder


UNITS = 'unit "u" {\n  path = "u"\n}\nunit "v" {\n  source = "./v"\n  path = "v"\n}\n'
FOLLOWED = {
    "generated": {"u/terragrunt.hcl": GENERATE % ("k.tf", HEREDOC % 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n')},
    "transform": {"t.yaml": "Transform: [AWS::Serverless-2016-10-31, 'AWS::LanguageExtensions']\n" + TOPIC},
    "child": {"t.json": resource(CHILD, TemplateURL="child.yaml"), "child.yaml": TOPIC},
    "uploaded": {"t.json": resource(CHILD, TemplateURL=URL), "keys.yaml": TOPIC},
    "deployment": {"d.yaml": "kind: Deployment\nspec:\n  Transform: Acme\n"},
    "units": {"terragrunt.stack.hcl": UNITS, "v/main.tf": block("aws_iam_access_key.k", 'user = "ci"')},
    **{f"unit{n}": {"terragrunt.hcl": f"terraform {{ source = {one} }}", "m/m.tf": ""} for n, one in enumerate(('"."', '"m"'))},
    "sentinel": {"sentinel.hcl": LOCAL % "./m.sentinel"},
    "settings": {"serverless.yml": START + "custom: '${file(c.js)}'\nresources: {Resources: {}}\n", "c.js": ""},
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_was_followed_is_not_named(tmp_path: Path, name: str) -> None:
    lay(tmp_path, FOLLOWED[name], git=True)
    assert "note: " not in "".join(scan(tmp_path)[1:])


def test_templates_and_calls_share_one_line(tmp_path: Path) -> None:
    lay(tmp_path, {"t.json": resource(CHILD, TemplateURL=URL), "main.tf": 'module "m" {\n  source = "acme/users/aws"\n}\n'})
    _, out, err = scan(tmp_path)
    assert (out + err).count("1 module call and 1 template or script were not followed") == 1
    for form in FORMATS:
        _, out, err = scan(tmp_path, "--format", form)
        assert "1 template or script" in out + err, form


SOURCES = {
    "cdk": {"app/cdk.json": "{}", "app/lib/s.ts": "new iam.CfnAccessKey(this, 'K', {userName: 'joe'})"},
    "pulumi-yaml": {"p/Pulumi.yml": "", "p/Pulumi.yaml": "resources: {k: {type: 'aws:iam:AccessKey'}}\n"},
    "cdk-resource": {"app/cdk.json": "{}", "app/s.py": 'CfnResource(self, "K", type="AWS::IAM::AccessKey")'},
    "cdk-python": {"cdk.json": "{}", "stack.py": "iam.AccessKey(self, 'K', user=u)"},
    "cdk-library": {"package.json": "{}", "src/k.ts": "import * as iam from 'aws-cdk-lib/aws-iam';\nnew iam.CfnAccessKey(this, 'K')"},
    "pulumi": {"p/Pulumi.yaml": "name: p\nruntime: go\n", "p/main.go": 'key, err := iam.NewAccessKey(ctx, "k", nil)'},
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources_of_other_tools_that_make_a_key_are_listed(tmp_path: Path, name: str) -> None:
    lay(tmp_path, {**SOURCES[name], "other/x.ts": "new iam.CfnAccessKey()"})
    out = scan(tmp_path, "--show-skipped")[1]
    assert list(SOURCES[name])[1] in out
    assert ("other/x.ts" in out) == (name == "cdk-python")
    assert "source" in {place["kind"] for place in report(tmp_path, "--show-skipped")["skipped"]}
