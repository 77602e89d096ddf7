"""Modules: who calls whom, what is ours, what is only there to be resolved, and where a key is reported then."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.finding import Level
from posturio_iac.core.model import Unknown
from posturio_iac.frontends import Reading
from tests.support.repository import Repository
from tests.support.terraform_programs import KEY, PLAIN, USER, key, keys, reading

KNOWN = 'module "known" {\n  source = "terraform-aws-modules/iam/aws//modules/iam-user"\n  version = "5.30.0"\n  name = "u"\n}\n'
APPLIED = 'provider "aws" {\n  region = "eu-central-1"\n}\nterraform {\n  required_version = "%s"\n}\n'
CALL = 'module "m" {\n  source = "./m"\n}\n'
Files = dict[str, "str | bytes"]


def places(found: Reading) -> list[tuple[str, str, int]]:
    return [(k.address, k.span.path, k.span.line) for k in found.keys if k.span]


INNER = 'variable "on" { default = %s }\nresource "aws_iam_access_key" "k" {\n  count = var.on ? 1 : 0\n  user = "x"\n}\n'
"""A key that an input switches on and off."""


class TestInstances:
    @pytest.mark.parametrize(
        ("more", "suffixes"),
        [
            ("count = 2", ["[0]", "[1]"]),
            ("count = 0", []),
            ("count = true ? 1 : 0", ["[0]"]),
            ("count = length([1, 2, 3])", ["[0]", "[1]", "[2]"]),
            ('count = "2"', ["[0]", "[1]"]),
            ("count = local.on ? 1 : 0", []),
            ("count = false && var.none ? 1 : 0", []),
            ("count = var.on ? 1 : 0", [""]),
            ("count = var.none", [""]),
            ("count = var.many", [""]),
            ('for_each = toset(["b", "a"])', ['["a"]', '["b"]']),
            ("for_each = { x = 1, y = 2 }", ['["x"]', '["y"]']),
            ("for_each = {}", []),
            ("for_each = toset([])", []),
            ("for_each = var.none", [""]),
            ("for_each = { for k, v in { a = true, b = false } : k => v if v }", ['["a"]']),
            (r'for_each = toset(["a\"b"])', [r'["a\"b"]']),
            (r'for_each = toset(["a\\b"])', [r'["a\\b"]']),
            (r'for_each = toset(["a\nb"])', [r'["a\nb"]']),
            (r'for_each = toset(["a$${b}"])', ['["a$${b}"]']),
            (r'for_each = toset(["a%%{b}"])', ['["a%%{b}"]']),
            (r'for_each = toset(["a\tb\r"])', [r'["a\tb\r"]']),
            ('for_each = toset(["é 🔑"])', ['["é 🔑"]']),
            ('for_each = toset(["a.b", "c[0]"])', ['["a.b"]', '["c[0]"]']),
            ("lifecycle {\n    enabled = false\n  }", []),
            ("lifecycle {\n    enabled = true\n  }", [""]),
            ("lifecycle {\n    enabled = var.on\n  }", [""]),
            ("lifecycle {\n    enabled = local.on\n  }", []),
        ],
    )
    def test_addresses_of_instances(self, tmp_path: Path, more: str, suffixes: list[str]) -> None:
        code = 'variable "on" { default = false }\nvariable "none" {}\nvariable "many" { default = 3 }\nlocals { on = false }\n'
        code += f'resource "aws_iam_access_key" "k" {{\n  {more}\n  user = "x"\n}}\n'
        assert list(keys(tmp_path, code)) == [f"aws_iam_access_key.k{suffix}" for suffix in suffixes]

    @pytest.mark.parametrize(
        ("files", "found"),
        [
            ({"main.tf": INNER % "true", "terraform.tfvars": "on = false\n"}, []),
            ({"main.tf": CALL.replace("\n}", "\n  on = false\n}"), "m/main.tf": INNER % "true"}, []),
            ({"main.tf": CALL, "m/main.tf": INNER % "false"}, []),
            ({"main.tf": CALL, "m/main.tf": INNER % "true"}, ["module.m.aws_iam_access_key.k[0]"]),
        ],
        ids=["a variables file", "a call", "a default behind a call", "a default behind a call that makes one"],
    )
    def test_what_fixes_that_there_is_none(self, tmp_path: Path, files: Files, found: list[str]) -> None:
        assert list(keys(tmp_path, files)) == found

    @pytest.mark.parametrize(
        ("more", "suffixes"),
        [("count = 2", ["[0]", "[1]"]), ('for_each = toset(["a"])', ['["a"]']), ("count = 0", []), ("count = var.none", [""]), ("", [""])],
    )
    def test_instances_of_modules(self, tmp_path: Path, more: str, suffixes: list[str]) -> None:
        files = {"main.tf": f'variable "none" {{}}\nmodule "m" {{\n  source = "./m"\n  {more}\n}}\n', "m/main.tf": PLAIN}
        assert list(keys(tmp_path, files)) == [f"module.m{suffix}.aws_iam_access_key.ci" for suffix in suffixes]

    def test_three_levels_with_instances_each(self, tmp_path: Path) -> None:
        files = {
            "main.tf": 'module "a" {\n  source = "./a"\n  for_each = { x = 1, y = 2 }\n  n = each.value\n}\n',
            "a/main.tf": 'variable "n" {}\nmodule "b" {\n  source = "./b"\n  count = var.n\n  name = "u-${count.index}"\n}\n',
            "a/b/main.tf": 'variable "name" {}\nmodule "c" {\n  source = "../../c"\n  name = var.name\n}\n',
            "c/main.tf": 'variable "name" {}\nresource "aws_iam_access_key" "k" {\n  for_each = toset([var.name])\n  user = each.key\n}\n',
        }
        assert list(keys(tmp_path, files)) == [
            'module.a["x"].module.b[0].module.c.aws_iam_access_key.k["u-0"]',
            'module.a["y"].module.b[0].module.c.aws_iam_access_key.k["u-0"]',
            'module.a["y"].module.b[1].module.c.aws_iam_access_key.k["u-1"]',
        ]


def called(folder: str, name: str = "u") -> str:
    return f'module "{name}" {{\n  source = "{folder}"\n}}\n'


OWN, INSIDE = "aws_iam_access_key.ci", "module.u.aws_iam_access_key.ci"
CALLED = {"modules/user/main.tf": PLAIN, "live/main.tf": called("../modules/user")}
BESIDE = {**CALLED, "live/main.tf": called("../modules/user") + PLAIN}
SOURCES = ["./m", "./m/", "././m", "../live/m", ".//m", "${path.module}/m"]


class TestCallers:
    def test_a_module_that_nobody_calls_is_judged_by_itself(self, tmp_path: Path) -> None:
        assert [(k.address, k.scope) for k in reading(tmp_path, {"modules/user/main.tf": PLAIN}).keys] == [(OWN, "modules/user")]

    @pytest.mark.parametrize(
        ("files", "paths", "more", "expected"),
        [
            pytest.param(CALLED, [], {}, [(INSIDE, "modules/user/main.tf", 4)], id="where it is called"),
            pytest.param(CALLED, ["modules"], {}, [(OWN, "modules/user/main.tf", 4)], id="the module alone"),
            pytest.param(CALLED, [], {"exclude": ("live",)}, [(OWN, "modules/user/main.tf", 4)], id="an excluded caller"),
            pytest.param(
                BESIDE, [], {"exclude": ("modules",)}, [(INSIDE, "live/main.tf", 1), (OWN, "live/main.tf", 7)], id="an excluded module"
            ),
            pytest.param(BESIDE, ["."], {"cwd": "live"}, [(INSIDE, "main.tf", 1), (OWN, "main.tf", 7)], id="a module outside of the scan"),
            *(
                pytest.param({"live/main.tf": called(source), "live/m/main.tf": PLAIN}, [], {}, [(INSIDE, "live/m/main.tf", 4)], id=source)
                for source in SOURCES
            ),
        ],
    )
    def test_where_a_key_of_a_module_is_reported(
        self, tmp_path: Path, files: Files, paths: list[str], more: Mapping[str, Any], expected: list[tuple[str, str, int]]
    ) -> None:
        Repository(tmp_path)
        assert sorted(places(reading(tmp_path, files, *paths, **more))) == sorted(expected)

    @pytest.mark.parametrize("folder", ["examples/simple", "tests/unit", "modules/user/examples/x"])
    def test_a_module_that_only_examples_call_is_judged_by_itself_too(self, tmp_path: Path, folder: str) -> None:
        second = KEY.replace('"ci"', '"two"').replace("  user", "  count = var.second ? 1 : 0\n  user")
        inner = 'variable "second" { default = false }\n' + PLAIN + second
        up = "../" * (folder.count("/") + 1)
        files = {"modules/user/main.tf": inner, f"{folder}/main.tf": called(f"{up}modules/user")}
        assert {(path, line) for _, path, line in places(reading(tmp_path, files))} == {("modules/user/main.tf", n) for n in (5, 8)}

    def test_a_call_from_a_file_that_holds_no_key_itself_is_found(self, tmp_path: Path) -> None:
        files = {
            "a/main.tf": 'module "b" {\n  source = "../b"\n  name = "deep"\n}\n',
            "b/main.tf": 'variable "name" {}\nmodule "c" {\n  source = "../c"\n  name = var.name\n}\n',
            "c/main.tf": 'variable "name" {}\nresource "aws_iam_access_key" "k" {\n  user = var.name\n}\n',
        }
        found = key(tmp_path, files)
        assert (found.address, found.user, found.scope) == ("module.b.module.c.aws_iam_access_key.k", "deep", "a")


class TestOutsideAndForeign:
    def initialised(self, tmp_path: Path, source: str = "acme/user/aws", version: str = "1.0.0") -> Files:
        modules = [{"Key": "", "Source": "", "Dir": "."}, {"Key": "u", "Source": source, "Version": version, "Dir": ".terraform/modules/u"}]
        (tmp_path / ".gitignore").write_text(".terraform/\n")
        return {
            "main.tf": f'# posturio: owner=payments\nmodule "u" {{\n  source = "{source}"\n  version = "{version}"\n  name = "given"\n}}\n'
            + PLAIN,
            ".terraform/modules/modules.json": json.dumps({"Modules": modules}),
            ".terraform/modules/u/main.tf": 'variable "name" {}\nresource "aws_iam_access_key" "k" {\n  count = 1\n  user = var.name\n}\n',
        }

    @pytest.mark.parametrize("with_git", [True, False])
    def test_an_initialised_module_is_read_and_reported_at_the_call(self, tmp_path: Path, with_git: bool) -> None:
        if with_git:
            Repository(tmp_path)
        found = reading(tmp_path, self.initialised(tmp_path))
        assert sorted(places(found)) == [("aws_iam_access_key.ci", "main.tf", 10), ("module.u.aws_iam_access_key.k[0]", "main.tf", 2)]
        (inside,) = (k for k in found.keys if k.address.startswith("module"))
        assert (inside.user, inside.owner) == ("given", "payments")

    @pytest.mark.parametrize("calls", [CALL.replace("./m", "acme/user/aws").replace('"m"', '"u"'), KNOWN])
    @pytest.mark.parametrize(("ignored", "exclude"), [(("calls.tf",), ()), ((), ("calls.tf",)), ((), ())])
    def test_no_finding_points_at_a_call_in_a_file_that_is_ignored_or_excluded(
        self, tmp_path: Path, calls: str, ignored: tuple[str, ...], exclude: tuple[str, ...]
    ) -> None:
        Repository(tmp_path)
        files = {**self.initialised(tmp_path), "main.tf": PLAIN, "calls.tf": calls}
        (tmp_path / ".gitignore").write_text("\n".join((".terraform/", *ignored)))
        found = {path for _, path, _ in places(reading(tmp_path, files, exclude=exclude))}
        assert found == ({"main.tf"} if ignored or exclude else {"main.tf", "calls.tf"})

    @pytest.mark.parametrize("path", [".terraform", ".terraform/modules/u", ".terraform/modules/u/main.tf"])
    def test_installed_code_that_is_named_is_judged_itself(self, tmp_path: Path, path: str) -> None:
        found = places(reading(tmp_path, self.initialised(tmp_path), path))
        assert found == [("aws_iam_access_key.k[0]", ".terraform/modules/u/main.tf", 2)]

    def test_modules_inside_an_initialised_module_are_read(self, tmp_path: Path) -> None:
        files = self.initialised(tmp_path)
        files[".terraform/modules/u/main.tf"] = 'module "inner" {\n  source = "./inner"\n}\n'
        files[".terraform/modules/u/inner/main.tf"] = PLAIN
        assert ("module.u.module.inner.aws_iam_access_key.ci", "main.tf", 2) in places(reading(tmp_path, files))

    @pytest.mark.parametrize("text", ["", "{", "[]", "1", "[1]", '[{"Key": "u"}]', '[{"Key": "u", "Dir": "gone"}]'])
    def test_a_broken_list_of_modules_is_none(self, tmp_path: Path, text: str) -> None:
        files = self.initialised(tmp_path)
        files[".terraform/modules/modules.json"] = text if text in ("", "{", "[]") else f'{{"Modules": {text}}}'
        assert [a for a, _, _ in places(reading(tmp_path, files))] == ["aws_iam_access_key.ci"]

    @pytest.mark.parametrize("folder", ["../outside", "/etc"])
    def test_an_installed_folder_outside_of_the_scan_is_no_escape(self, tmp_path: Path, folder: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/main.tf").write_text(PLAIN)
        files = self.initialised(root)
        files[".terraform/modules/modules.json"] = json.dumps({"Modules": [{"Key": "u", "Dir": folder}]})
        assert all(path == "main.tf" for _, path, _ in places(reading(root, files)))

    def test_a_submodule_of_git_is_read_and_reported_at_the_call(self, tmp_path: Path) -> None:
        library, root = Repository(tmp_path / "library"), Repository(tmp_path / "root")
        library.write("main.tf", PLAIN)
        library.commit()
        root.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "vendor")
        found = places(reading(root.path, called("./vendor") + PLAIN))
        assert sorted(found) == [(OWN, "main.tf", 7), (INSIDE, "main.tf", 1)]

    def test_a_module_that_git_ignores_is_reported_at_the_call(self, tmp_path: Path) -> None:
        Repository(tmp_path).write(".gitignore", "/vendor/\n")
        files = {"main.tf": called("./vendor") + PLAIN, "vendor/main.tf": PLAIN}
        assert sorted(places(reading(tmp_path, files))) == [(OWN, "main.tf", 7), (INSIDE, "main.tf", 1)]


class TestKnownModules:
    IAM = "terraform-aws-modules/iam/aws//modules/iam-user"

    def call(self, body: str, source: str = IAM) -> str:
        return f'module "user" {{\n  source = "{source}"\n  {body}\n}}\n'

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ('version = "5.30.0"\n  name = "ci"', ["module.user"]),
            ('version = "5.30.0"\n  name = "ci"\n  create_iam_access_key = false', []),
            ('version = "5.30.0"\n  name = "ci"\n  create_user = false', []),
            ('version = "6.2.0"\n  name = "ci"', ["module.user"]),
            ('version = "6.2.0"\n  name = "ci"\n  create_access_key = false', []),
            ('version = "~> 5.0"\n  name = "ci"\n  count = 2', ["module.user[0]", "module.user[1]"]),
            ('version = "~> 5.0"\n  name = each.key\n  for_each = toset(["a"])', ['module.user["a"]']),
            ('version = "~> 5.0"\n  name = "ci"\n  count = 0', []),
            ('name = "ci"', ["module.user"]),
            ('version = "~> 5.0"\n  name = "ci"\n  create_iam_access_key = var.on', ["module.user"]),
        ],
    )
    def test_a_key_of_a_known_module_is_reported_at_the_call(self, tmp_path: Path, body: str, expected: list[str]) -> None:
        found = reading(tmp_path, 'variable "on" { default = false }\n' + self.call(body))
        assert [k.address for k in found.keys] == expected
        assert all(k.span and (k.span.path, k.span.line) == ("main.tf", 2) for k in found.keys)

    def test_defaults_of_the_provider_hold_for_it(self, tmp_path: Path) -> None:
        provider = 'provider "aws" {\n  default_tags {\n    tags = { owner = "platform" }\n  }\n}\n'
        assert key(tmp_path, provider + self.call('version = "5.30.0"\n  name = "ci"')).owner == "platform"

    def test_the_code_counts_more_than_the_table_when_it_is_here(self, tmp_path: Path) -> None:
        installed = {"Key": "user", "Source": self.IAM, "Version": "5.30.0", "Dir": ".terraform/modules/user"}
        files = {
            "main.tf": self.call('version = "5.30.0"\n  name = "ci"'),
            ".terraform/modules/modules.json": json.dumps({"Modules": [installed]}),
            ".terraform/modules/user/main.tf": 'variable "name" {}\nresource "aws_iam_access_key" "this" {\n  count = 1\n  user = var.name\n}\n',
        }
        assert [k.address for k in reading(tmp_path, files).keys] == ["module.user.aws_iam_access_key.this[0]"]

    def test_a_known_module_inside_a_local_one(self, tmp_path: Path) -> None:
        files = {"main.tf": CALL, "m/main.tf": self.call('version = "5.30.0"\n  name = "ci"')}
        assert places(reading(tmp_path, files)) == [("module.m.module.user", "m/main.tf", 1)]


class TestDirectives:
    IGNORE = '# posturio:ignore[iam.ownerless_access_keys] until=2027-03-01 reason="moves to roles"\n'

    @pytest.mark.parametrize(
        "files",
        [
            {"main.tf": USER + IGNORE + KEY},
            {"main.tf": USER + KEY.replace("\n  user", f"\n  {IGNORE}  user")},
            {"main.tf": IGNORE + CALL, "m/main.tf": PLAIN},
            {"main.tf": CALL, "m/main.tf": USER + IGNORE + KEY},
            {"main.tf": IGNORE + 'module "o" {\n  source = "./o"\n}\n', "o/main.tf": CALL.replace("./m", "../m"), "m/main.tf": PLAIN},
            {"main.tf": IGNORE + TestKnownModules().call('version = "5.30.0"\n  name = "ci"')},
        ],
    )
    def test_they_are_found_at_the_key_and_at_each_call(self, tmp_path: Path, files: Files) -> None:
        (directive,) = key(tmp_path, files).directives
        assert (directive.rules, directive.reason) == (("iam.ownerless_access_keys",), "moves to roles")

    def test_those_of_one_call_are_not_those_of_another(self, tmp_path: Path) -> None:
        files = {"main.tf": self.IGNORE + CALL + CALL.replace('"m"', '"n"', 1), "m/main.tf": PLAIN}
        found = {address: len(one.directives) for address, one in keys(tmp_path, files).items()}
        assert found == {"module.m.aws_iam_access_key.ci": 1, "module.n.aws_iam_access_key.ci": 0}

    def test_a_wrong_one_is_said_once(self, tmp_path: Path) -> None:
        inner = USER + "# posturio:ignore[iam.no_such_rule] reason=x\n" + KEY
        (said,) = reading(tmp_path, {"main.tf": CALL + CALL.replace('"m"', '"n"', 1), "m/main.tf": inner}).diagnostics
        assert (said.level, said.path, said.line) == (Level.WARNING, "m/main.tf", 4)


PARAMETER = 'resource "aws_ssm_parameter" "p" {\n  type = %s\n  value = %s\n}\n'
SHOWN, OUTPUT = ["value of aws_ssm_parameter.p"], 'output "s" {\n  value = SECRET\n}\n'
SENSITIVE = OUTPUT.replace("\n}", "\n  sensitive = true\n}")
OLD = 'terraform {\n  required_version = "%s"\n}\n'
INSTANCE = 'resource "aws_instance" "i" {\n  user_data = %s\n}\n'
FUNCTION = 'resource "aws_lambda_function" "f" {\n  environment {\n    variables = { S = SECRET }\n  }\n}\n'


class TestExposures:
    def where(self, tmp_path: Path, code: str, **more: str) -> list[str]:
        files = {"main.tf": code, **{name.replace("__", "/") + ".tf": text for name, text in more.items()}}
        return [e.where for k in reading(tmp_path, files).keys for e in k.exposures]

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (PARAMETER % ('"String"', "SECRET"), SHOWN),
            (PARAMETER % ('"StringList"', "SECRET"), SHOWN),
            (PARAMETER % ('"SecureString"', "SECRET"), []),
            (PARAMETER % ("var.type", "SECRET"), []),
            (PARAMETER % ('"String"', "ID"), []),
            (PARAMETER % ('"String"', "ENCRYPTED"), []),
            (PARAMETER % ('"String"', "jsonencode({ a = local.s })"), SHOWN),
            (INSTANCE % '"export S=${SECRET}"', ["user_data of aws_instance.i"]),
            (INSTANCE % 'base64encode(templatefile("x", { s = SECRET }))', ["user_data of aws_instance.i"]),
            (FUNCTION, ["variables of aws_lambda_function.f"]),
            ('resource "aws_s3_object" "o" {\n  content = SECRET\n}\n', ["content of aws_s3_object.o"]),
            ('resource "local_file" "f" {\n  content = SMTP\n}\n', ["content of local_file.f"]),
            ('resource "aws_s3_bucket" "b" {\n  tags = { s = SECRET }\n}\n', ["tags of aws_s3_bucket.b"]),
            ('resource "aws_secretsmanager_secret_version" "v" {\n  secret_string = SECRET\n}\n', []),
            (OUTPUT, []),
            (SENSITIVE, []),
            ('output "s" {\n  value = nonsensitive(SECRET)\n}\n', ['output "s"']),
            ('output "s" {\n  value = nonsensitive(ENCRYPTED)\n}\n', []),
            (OLD % "~> 0.12.0" + OUTPUT, ['output "s"']),
            (OLD % "~> 0.12.0" + SENSITIVE, []),
            (OLD % ">= 0.12.0" + OUTPUT, []),
            (APPLIED % ">= 0.12" + OUTPUT, ['output "s"']),
            (APPLIED % "< 2.0.0" + OUTPUT, []),
            (APPLIED % ">= 0.15.0" + OUTPUT, []),
        ],
    )
    def test_sinks(self, tmp_path: Path, code: str, expected: list[str]) -> None:
        key_ = "aws_iam_access_key.ci"
        for word, attribute in (("SECRET", "secret"), ("ID", "id"), ("ENCRYPTED", "encrypted_secret"), ("SMTP", "ses_smtp_password_v4")):
            code = code.replace(word, f"{key_}.{attribute}")
        assert self.where(tmp_path, PLAIN + 'variable "type" {}\nlocals {\n  s = aws_iam_access_key.ci.secret\n}\n' + code) == expected

    def test_through_the_output_of_a_module(self, tmp_path: Path) -> None:
        inner = PLAIN + 'output "secret" {\n  value = aws_iam_access_key.ci.secret\n  sensitive = true\n}\n'
        assert self.where(tmp_path, CALL + PARAMETER % ('"String"', "module.m.secret"), m__main=inner) == SHOWN

    def test_through_the_output_of_a_known_module(self, tmp_path: Path) -> None:
        code = TestKnownModules().call('version = "5.30.0"\n  name = "ci"')
        assert self.where(tmp_path, code + PARAMETER % ('"String"', "module.user.iam_access_key_secret")) == SHOWN

    def test_a_key_encrypted_with_pgp_has_no_plain_secret(self, tmp_path: Path) -> None:
        code = PLAIN.replace("  user", '  pgp_key = "keybase:x"\n  user')
        assert self.where(tmp_path, code + PARAMETER % ('"String"', "aws_iam_access_key.ci.secret")) == []

    def test_each_instance_is_exposed_for_itself(self, tmp_path: Path) -> None:
        code = USER + 'resource "aws_iam_access_key" "k" {\n  for_each = toset(["a", "b"])\n  user = aws_iam_user.ci.name\n}\n'
        found = keys(tmp_path, code + PARAMETER % ('"String"', 'aws_iam_access_key.k["a"].secret'))
        assert {a: len(k.exposures) for a, k in found.items()} == {'aws_iam_access_key.k["a"]': 1, 'aws_iam_access_key.k["b"]': 0}


class TestStatus:
    @pytest.mark.parametrize(("status", "expected"), [("null", "Active"), ("local.s", "Inactive"), ("var.s", None), ("var.d", "Active")])
    def test_it_is_active_unless_the_code_says_otherwise(self, tmp_path: Path, status: str, expected: str | None) -> None:
        code = 'variable "s" {}\nvariable "d" { default = "Active" }\nlocals { s = "Inactive" }\n'
        found = key(tmp_path, code + PLAIN.replace("  user", f"  status = {status}\n  user")).status
        assert isinstance(found, Unknown) if expected is None else found == expected


class TestRepeatedBlocks:
    """Terraform refuses a module in which a block stands twice, whichever of the two would be clean."""

    @pytest.mark.parametrize(
        "block",
        [
            'resource "aws_iam_access_key" "ci" {\n  user = "ci" # posturio: expires=2027-01-31\n}\n',
            'resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n',
            'module "ci" {\n  source = "./m"\n}\n',
        ],
    )
    def test_a_second_one_is_an_error(self, tmp_path: Path, block: str) -> None:
        (said,) = reading(tmp_path, {"a.tf": PLAIN.replace("ci", "x") + block, "b.tf": "\n" + block, "m/m.tf": PLAIN}).diagnostics
        assert (said.level, said.path, said.line) == (Level.ERROR, "b.tf", 2)
        first = PLAIN.count("\n") + 1
        assert said.message.endswith(f" is declared twice, first at a.tf:{first}, so Terraform refuses the module")

    def test_override_files_and_shadowed_files_repeat_nothing(self, tmp_path: Path) -> None:
        (said,) = reading(tmp_path, {"a.tf": PLAIN, "a.tofu": PLAIN, "a_override.tofu": PLAIN}).diagnostics
        assert said.message.startswith("OpenTofu reads this file and Terraform does not")


class TestBlockTypes:
    """Terraform refuses a block of an unknown type, and so what is mistyped must not pass for checked; newer versions may know more types."""

    @pytest.mark.parametrize(
        ("name", "block", "hint"),
        [
            ("a.tf", 'resuorce "aws_iam_access_key" "ci" {}', '"resuorce"; did you mean "resource"?'),
            ("a.tofu", 'Resource "aws_iam_access_key" "ci" {}', '"Resource"; did you mean "resource"?'),
            ("a.tf", 'reosurce "aws_iam_user" "ci" {}', '"reosurce"; did you mean "resource"?'),
            ("a.tf", 'key "aws_iam_access_key" "ci" {}', '"key".'),
            ("a.tf", 'date "aws_iam_user" "ci" {}', None),
            ("a_override.tf", 'modlue "m" {}', '"modlue"; did you mean "module"?'),
            ("a.tf", 'varaible "tags" {}', '"varaible"; did you mean "variable"?'),
            ("a.tf", "local {}", '"local"; did you mean "locals"?'),
            ("a.tf", 'local "a" {}', None),
            ("a.tf", "variables {}", None),
            ("a.tf", 'check "c" {}\nmoved {}\nlanguage {}\nimported {}\nsecret "aws_ssm" "s" {}', None),
            ("a.tf", "\n".join(f'{word} "aws_iam_access_key" "ci" {{}}' for word in ("data", "ephemeral", "action", "list")), None),
            ("a.tf.json", '{"resuorce": {"aws_iam_access_key": {"ci": {"user": "x"}}}}', '"resuorce"; did you mean "resource"?'),
            ("a.tf.json", '{"//": {"a": 1}, "check": {"c": {}}, "language": {"a": 1}}', None),
        ],
    )
    def test_a_mistyped_one_is_an_error(self, tmp_path: Path, name: str, block: str, hint: str | None) -> None:
        said = reading(tmp_path, {"main.tf": PLAIN, name: f"\n{block}\n"}).diagnostics
        expected = f"syntax error: there is no block type {hint} It was not checked."
        assert [(d.level, d.path, d.line, d.message) for d in said] == ([(Level.ERROR, name, 2, expected)] if hint else [])
