"""Trees of code to measure on, made up from a seed: the same files on every machine. Tests count work on small ones."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ONE_KEY = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n\nresource "aws_iam_access_key" "ci" {\n  user = aws_iam_user.ci.name\n}\n'
EXPIRING = '# posturio: owner="payments" expires="2027-01-31"\nresource "aws_iam_access_key" "ci" {\n  user = "ci"\n}\n'
VARIABLES = 'variable "tags" {\n  type    = map(string)\n  default = {}\n}\n'
OUTPUTS = 'output "key_id" {\n  value = aws_iam_access_key.ci.id\n}\n'
KEY_MODULE = (
    'variable "name" {\n  type = string\n}\n\nvariable "create" {\n  type    = bool\n  default = true\n}\n\n'
    'resource "aws_iam_user" "this" {\n  name = var.name\n}\n\n'
    'resource "aws_iam_access_key" "this" {\n  count = var.create ? 1 : 0\n  user  = aws_iam_user.this.name\n}\n'
)
PUBLISHED = (
    'module "user" {\n  source  = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version = "5.34.0"\n\n  name = "svc-%d"\n'
    "  create_iam_access_key = %s\n}\n"
)
"""A module that Terraform's registry publishes, which makes a key unless it is told not to."""


def bucket(name: str, chance: random.Random) -> str:
    """Return some resources that have nothing to do with keys."""
    rules = "".join(
        f'  ingress {{\n    from_port   = {port}\n    to_port     = {port}\n    protocol    = "tcp"\n    cidr_blocks = [var.cidr]\n  }}\n'
        for port in chance.sample(range(1024, 9000), chance.randint(1, 6))
    )
    return (
        f'resource "aws_s3_bucket" "{name}" {{\n  bucket = "${{var.name}}-{name}"\n'
        f'  tags   = merge(var.tags, {{ part = "{name}" }})\n}}\n\n'
        f'resource "aws_security_group" "{name}" {{\n  name = "{name}"\n{rules}}}\n\n'
        f'data "aws_iam_policy_document" "{name}" {{\n  statement {{\n    actions   = ["s3:GetObject", "s3:PutObject"]\n'
        f'    resources = ["${{aws_s3_bucket.{name}.arn}}/*"]\n  }}\n}}\n\n'
    )


class Tree:
    """A folder that gets files."""

    def __init__(self, place: Path, seed: int = 15) -> None:
        """Begin with an empty folder."""
        self.place = place
        self.chance = random.Random(seed)  # noqa: S311 - the same files in each run
        self.files: list[str] = []

    def write(self, path: str, text: str) -> None:
        """Write one file."""
        whole = self.place / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text, encoding="utf-8")
        self.files.append(path)

    def code(self, path: str, resources: int) -> None:
        """Write a Terraform file without keys."""
        self.write(path, "".join(bucket(f"part{number}", self.chance) for number in range(resources)))


def one_key(place: Path, _scale: int = 1) -> Tree:
    """Make the smallest tree that has a key."""
    tree = Tree(place)
    tree.write("main.tf", ONE_KEY)
    return tree


def modules(place: Path, scale: int = 200, *, files: int = 3, caller: bool = False) -> Tree:
    """Make ``scale`` modules that all hold a key, in up to three ``files`` each; with a ``caller``, one root module calls all of them."""
    tree = Tree(place)
    for number in range(scale):
        texts = {"main.tf": ONE_KEY.replace('name = "ci"', f'name = "service-{number}"'), "variables.tf": VARIABLES, "outputs.tf": OUTPUTS}
        for name, text in list(texts.items())[:files]:
            tree.write(f"modules/m{number:04}/{name}", text)
    if caller:
        calls = (f'module "m{number:04}" {{\n  source = "../modules/m{number:04}"\n}}\n' for number in range(scale))
        tree.write("live/main.tf", "".join(calls))
    return tree


def monorepo(place: Path, scale: int = 100) -> Tree:
    """Make ``scale`` root modules, of which one in twelve leads to a key: through a module beside them, or through a published one.

    Half of the others call the published module as well, and tell it to make no key. Each has files of other resources.
    """
    tree = Tree(place)
    tree.write("modules/user/main.tf", KEY_MODULE)
    for number in range(20):
        tree.code(f"modules/part{number}/main.tf", 6)
    for number in range(scale):
        root = f"live/account{number % 12}/unit{number}"
        part = f'module "part" {{\n  source = "../../../modules/part{number % 20}"\n  name   = "unit{number}"\n}}\n\n'
        user = f'module "user" {{\n  source = "../../../modules/user"\n  name   = "svc-{number}"\n}}\n'
        if number % 12 == 0:
            part += user if number % 24 else PUBLISHED % (number, "true")
        elif number % 2:
            part += PUBLISHED % (number, "false")
        tree.write(f"{root}/main.tf", part)
        tree.write(f"{root}/variables.tf", VARIABLES)
        for name in ("network", "storage", "queues"):
            tree.code(f"{root}/{name}.tf", tree.chance.randint(1, 8))
    return tree


def registry(place: Path, scale: int = 40) -> Tree:
    """Make ``scale`` published modules side by side, each with submodules and examples that call it; one in ten makes keys."""
    tree = Tree(place)
    for number in range(scale):
        top = f"terraform-aws-thing{number}"
        tree.write(f"{top}/main.tf", KEY_MODULE if number % 10 == 0 else bucket("this", tree.chance))
        tree.write(f"{top}/variables.tf", VARIABLES)
        tree.code(f"{top}/modules/inner/main.tf", 3)
        for example in ("complete", "minimal"):
            call = f'module "example" {{\n  source = "../../"\n  name   = "{example}"\n}}\n'
            tree.write(f"{top}/examples/{example}/main.tf", call)
        tree.write(f"{top}/README.md", f"# Thing {number}\n\nCreates things, but no aws_iam_access_key.\n")
    return tree


def noise(place: Path, scale: int = 200) -> Tree:
    """Make ``scale`` files of each kind that hold nothing of ours: code, manifests that are no templates, and JSON, some of it large."""
    tree = Tree(place)
    for number in range(scale):
        folder = f"area{number % 17}/team{number % 5}"
        tree.code(f"{folder}/infra{number}/main.tf", tree.chance.randint(1, 12))
        lines = "".join(f"    - name: VALUE_{n}\n      value: {tree.chance.randint(1, 10**9)}\n" for n in range(60))
        tree.write(f"{folder}/deploy{number}.yaml", f"apiVersion: apps/v1\nkind: Deployment\nspec:\n  env:\n{lines}")
        data = {f"item{n}": {"id": tree.chance.randint(1, 10**9), "tags": ["a", "b"]} for n in range(10_000 if number % 50 == 0 else 40)}
        tree.write(f"{folder}/data{number}.json", json.dumps(data))
    return tree


def mixed(place: Path, scale: int = 10) -> Tree:
    """Make ``scale`` parts of everything above side by side: the tree that one would find in a folder of repositories."""
    whole = Tree(place)
    for number in range(scale):
        for make, size in ((modules, 3), (monorepo, 24), (registry, 10), (noise, 60)):
            part = f"{make.__name__}{number}"
            whole.files += [f"{part}/{path}" for path in make(place / part, size).files]
    return whole


def units(place: Path, scale: int = 300) -> Tree:
    """Make ``scale`` units of Terragrunt's that include a common file and apply one of ten modules, of which one makes a key."""
    tree = Tree(place)
    tree.write("root.hcl", 'locals {\n  team = "payments"\n}\n\ninputs = {\n  tags = { part = "all" }\n}\n')
    for number in range(10):
        tree.write(f"modules/part{number}/main.tf", KEY_MODULE if number == 0 else bucket("this", tree.chance))
        tree.write(f"modules/part{number}/variables.tf", VARIABLES)
    for number in range(scale):
        include = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n\n'
        source = f'terraform {{\n  source = "${{get_repo_root()}}/modules/part{number % 10}"\n}}\n\n'
        tree.write(f"live/account{number % 7}/unit{number}/terragrunt.hcl", f'{include}{source}inputs = {{\n  name = "svc-{number}"\n}}\n')
    return tree


def template(place: Path, scale: int = 2000) -> Tree:
    """Make a CloudFormation template of 1 MB with ``scale`` resources and one key."""
    tree = Tree(place)
    lines = ["Resources:", "  User:", "    Type: AWS::IAM::User", "  Key:", "    Type: AWS::IAM::AccessKey", "    Properties:"]
    lines.append("      UserName: !Ref User")
    for number in range(scale):
        lines += [f"  Topic{number}:", "    Type: AWS::SNS::Topic", "    Metadata:", f"      Note: {'x' * 420}", "    Properties:"]
        lines.append(f"      DisplayName: !Sub '${{AWS::StackName}}-{number}'")
    tree.write("template.yaml", "\n".join(lines) + "\n")
    return tree


TREES = {make.__name__.replace("_", "-"): make for make in (one_key, modules, monorepo, units, registry, noise, mixed, template)}
