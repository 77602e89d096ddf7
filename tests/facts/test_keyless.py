"""The page of what replaces a key: each example is scanned, each trust is asked for good and for hostile tokens."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from posturio_iac.cli import main
from posturio_iac.commands.explain import run as explain
from posturio_iac.core.model import Consumer, Place
from posturio_iac.facts.keyless import BY_TYPE, REPLACEMENTS, certain, page

FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
SECTIONS = {part.partition("\n")[0].strip("# "): part for part in re.split(r"(?m)^(?=##)", page())}
KEY = FENCE.findall(page())[0][1]
BEFORE = {title: text for title, text in SECTIONS.items() if "Before:\n" in text}
NAMES = {
    "GitHub Actions": "github_actions",
    "GitLab CI": "gitlab",
    "CircleCI": "circleci",
    "Bitbucket": "bitbucket",
    "Azure DevOps": "azure_devops",
    "HCP Terraform": "hcp_terraform",
    "Vercel": "vercel",
    "Vault": "vault",
    "Pods in Kubernetes": "kubernetes",
    "ECS": "ecs",
    "EC2": "ec2",
    "Lambda": "lambda",
    "CodeBuild, App Runner, Glue": "aws_service",
    "Fastly": "fastly",
    "Snowflake": "snowflake",
    "Servers elsewhere": "server",
    "Mail over SMTP": "smtp",
    "A user who only pushes images": "image_push",
}


class Trust(NamedTuple):
    """A statement of a trust policy."""

    actions: list[str]
    kind: str
    principals: list[str]
    conditions: list[tuple[str, str, list[str]]]

    def admits(self, action: str, principal: str, context: dict[str, str]) -> bool:
        """As IAM evaluates it: a condition whose key the request lacks does not hold."""
        return action in self.actions and principal in self.principals and all(holds(*one, context) for one in self.conditions)


def holds(test: str, variable: str, values: list[str], context: dict[str, str]) -> bool:
    given = context.get(variable)
    if given is None:
        return False
    if test == "StringEquals":
        return given in values
    assert test in ("StringLike", "ArnEquals")
    return any(re.fullmatch(re.escape(value).replace(r"\*", ".*").replace(r"\?", "."), given) for value in values)


def texts(hcl: str) -> list[str]:
    return [value.strip().strip('"') for value in hcl.split(",")]


def trusts(hcl: str, values: dict[str, str]) -> list[Trust]:
    """The statements of the documents in a program, with the values of its locals."""
    for name, value in values.items():
        hcl = hcl.replace(f"${{local.{name}}}", value).replace(f"local.{name}", f'"{value}"')
    found = []
    for document in re.findall(r'data "aws_iam_policy_document".*?\n}\n', hcl, re.DOTALL):
        (actions,) = re.findall(r"actions = \[(.*?)]", document)
        ((kind, principals),) = re.findall(r'type\s+= "(\w+)"\s+identifiers = \[(.*?)]', document)
        conditions = re.findall(r'test\s+= "(\w+)"\s+variable = "(.*?)"\s+values\s+= \[(.*?)]', document)
        assert document.count("condition {") == len(conditions)
        found.append(Trust(texts(actions), kind, texts(principals), [(test, key, texts(values)) for test, key, values in conditions]))
    return found


def program_of(title: str, language: str = "hcl") -> list[str]:
    return [code for fence, code in FENCE.findall(SECTIONS[title]) if fence == language]


OIDC = "OIDC for a pipeline, a platform or a pod"
ROWS = [re.findall(r"`(.*?)`", line) for line in SECTIONS[OIDC].splitlines() if line.startswith("| ") and "`" in line]
PROVIDER = "aws_iam_openid_connect_provider.shop.arn"
WEB = "sts:AssumeRoleWithWebIdentity"


def test_every_consumer_has_an_example_and_every_type_is_one_consumer() -> None:
    assert set(BEFORE) == set(NAMES)
    assert set(NAMES.values()) == set(REPLACEMENTS)
    assert not [kind for kind, number in Counter(kind for one in REPLACEMENTS.values() for kind in one.types).items() if number > 1]
    assert len(BY_TYPE) == sum(len(one.types) for one in REPLACEMENTS.values())


@pytest.mark.parametrize("title", BEFORE)
def test_before_is_flagged_with_its_line_and_after_holds_no_key(title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, *after = program_of(title)
    (tmp_path / "main.tf").write_text(KEY + before, encoding="utf-8")
    assert main(["scan", str(tmp_path)]) == 1
    assert re.findall("instead: (.*)", capsys.readouterr().out) == [
        f"{REPLACEMENTS[NAMES[title]].text}; see `posturio-iac explain keyless`"
    ]
    assert main(["scan", str(tmp_path), "--format", "json"]) == 1
    (found,) = [finding["instead"] for finding in json.loads(capsys.readouterr().out)["findings"] if "instead" in finding]
    assert [one["consumer"] for one in found] == [NAMES[title]]
    assert after or "```yaml" in SECTIONS[title].partition("After")[2]
    (tmp_path / "main.tf").write_text("\n".join(after), encoding="utf-8")
    assert main(["scan", str(tmp_path), "--format", "json"]) == 0
    keys = json.loads(capsys.readouterr().out)["keys"]
    assert [key["verdict"] for key in keys] == (["flagged"] if title == "Mail over SMTP" else [])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2])
def test_a_token_of_the_branch_is_admitted_and_no_other(row: list[str]) -> None:
    issuer, audience, subject = row
    (trust,) = trusts(program_of(OIDC)[0], {"issuer": issuer, "audience": audience, "subject": subject})
    good = subject.replace("*", "3")

    def admits(sub: str | None, aud: str | None = audience, action: str = WEB, principal: str = PROVIDER) -> bool:
        claims = {f"{issuer}:sub": sub, f"{issuer}:aud": aud}
        return trust.admits(action, principal, {name: value for name, value in claims.items() if value is not None})

    assert admits(good)
    hostile = {f"x{good}", good.upper(), good.replace("shop", "other"), good.replace("acme", "evil"), "", "*"}
    hostile |= {
        good.replace("main", "dev"),
        good.replace("main", "main-2"),
        good.replace("ORG-ID", "EVIL"),
        good.replace("production", "preview"),
    }
    hostile |= {re.sub(r":ref:.*", ":pull_request", good), re.sub(r"(ref:)?refs/heads/main$", "pull_request", good), f"{good}x"} - {good}
    if subject.endswith("*"):
        hostile.discard(f"{good}x")
    assert not [sub for sub in hostile - {good} if admits(sub)]
    assert not admits(None)
    assert not admits(good, None)
    assert not admits(good, "https://github.com/evil")
    assert not admits(good, action="sts:AssumeRole")
    assert not admits(good, principal="arn:aws:iam::999999999999:oidc-provider/evil.example")


@pytest.mark.parametrize(
    ("title", "principal", "context"),
    [
        (
            "Pods in Kubernetes",
            "pods.eks.amazonaws.com",
            {"aws:RequestTag/kubernetes-namespace": "shop", "aws:RequestTag/kubernetes-service-account": "web"},
        ),
        ("Code that runs in AWS", "ecs-tasks.amazonaws.com", {"aws:SourceAccount": "111122223333"}),
        ("Another AWS account", "arn:aws:iam::444455556666:role/shop", {}),
        ("Services of others", "717331877981", {"sts:ExternalId": "FASTLY-CUSTOMER-ID"}),
        (
            "Servers elsewhere",
            "rolesanywhere.amazonaws.com",
            {"aws:SourceArn": "aws_rolesanywhere_trust_anchor.shop.arn", "aws:PrincipalTag/x509Subject/CN": "shop.acme.example"},
        ),
    ],
)
def test_a_service_is_admitted_for_what_is_named_and_nothing_else(title: str, principal: str, context: dict[str, str]) -> None:
    (trust,) = [trust for code in program_of(title) for trust in trusts(code, {})]
    assert trust.admits("sts:AssumeRole", principal, context)
    assert not trust.admits("sts:AssumeRole", "arn:aws:iam::999999999999:root", context)
    for name in context:
        assert not trust.admits("sts:AssumeRole", principal, {**context, name: "other"})
        assert not trust.admits("sts:AssumeRole", principal, {key: value for key, value in context.items() if key != name})


def test_the_workflow_is_one_that_zizmor_has_nothing_to_say_about(tmp_path: Path) -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor is not installed")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    before, after = program_of("GitHub Actions", "yaml")
    assert "secrets." in before
    assert "secrets." not in after
    (tmp_path / ".github/workflows/deploy.yml").write_text(after, encoding="utf-8")
    command = [str(zizmor), "--offline", "--no-progress", "--persona", "pedantic", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(["keyless"]) == 0
    assert capsys.readouterr().out == page()


def test_pods_do_not_push_images() -> None:
    pods, ci, user = Consumer("kubernetes", Place("a")), Consumer("gitlab", Place("b")), Place("aws_iam_user.x")
    assert certain([pods, pods], None) == (pods,)
    assert certain([pods], user) == (Consumer("image_push", user),)
    assert certain([ci], user) == (ci,)


def test_a_pipeline_of_the_repository_that_names_the_secret_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(KEY + program_of("GitHub Actions")[0] + program_of("GitLab CI")[0], encoding="utf-8")
    pipelines = {
        ".github/workflows/a.yml": "# secrets.AWS_SECRET_ACCESS_KEY\n\nsecrets.AWS_SECRET_ACCESS_KEY\nsecrets['aws_secret_access_key']\n",
        ".github/workflows/b.txt": "${{ secrets.AWS_SECRET_ACCESS_KEY }}",
        ".github/workflows/c.yaml": "${{ secrets.AWS_SECRET_ACCESS_KEY_2 }}",
        ".gitlab-ci.yml": "script:\n  - test -n ${AWS_SECRET_ACCESS_KEY}\n",
    }
    for path, text in pipelines.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    main(["scan", str(folder), "--format", "json"])
    (found,) = [finding["instead"] for finding in json.loads(capsys.readouterr().out)["findings"] if "instead" in finding]
    used = {one["consumer"]: [(at["path"], at["line"]) for at in one["used_at"]] for one in found}
    workflow = "../.github/workflows/a.yml"
    assert used == {"github_actions": [(workflow, 3), (workflow, 4)], "gitlab": [("../.gitlab-ci.yml", 2)]}
    main(["scan", str(folder)])
    assert "by OIDC (secret AWS_SECRET_ACCESS_KEY: ../.github/workflows/a.yml:3 and 1 more)" in capsys.readouterr().out


PODS = 'resource "kubernetes_secret" "s" {\n  data = { k = aws_iam_access_key.shop.secret }\n}\n'
VARIABLE = 'resource "tfe_variable" "v" {{\n  category = "{}"\n  key = "{}"\n  value = aws_iam_access_key.shop.secret\n}}\n'


@pytest.mark.parametrize(
    "given",
    [
        PODS.replace(".secret", ".id"),
        PODS.replace("aws_iam_access_key.shop.secret", 'var.on ? aws_iam_access_key.shop.secret : ""') + 'variable "on" {}\n',
        PODS + 'output "smtp" {\n  sensitive = true\n  value = aws_iam_access_key.shop.ses_smtp_password_v4\n}\n',
        VARIABLE.format("terraform", "AWS_SECRET_ACCESS_KEY"),
        VARIABLE.format("env", "TF_VAR_handed_on"),
        PODS.replace("kubernetes_secret", "vault_kv_secret_v2"),
    ],
    ids=["id alone", "perhaps", "SMTP and otherwise", "an input", "an input of the environment", "a store"],
)
def test_silence_where_it_is_not_certain(given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "main.tf").write_text(KEY + given, encoding="utf-8")
    main(["scan", str(tmp_path)])
    assert "instead:" not in capsys.readouterr().out


def test_a_credential_of_a_service_may_be_all_that_its_consumer_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = 'resource "aws_iam_service_specific_credential" "b" {\n  user_name = "b"\n  service_name = "bedrock.amazonaws.com"\n}\n'
    secret = PODS.replace("aws_iam_access_key.shop.secret", "aws_iam_service_specific_credential.b.service_credential_secret")
    (tmp_path / "main.tf").write_text(code + secret, encoding="utf-8")
    assert main(["scan", str(tmp_path)]) == 1
    assert "instead:" not in capsys.readouterr().out


def test_a_template_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stack.yaml").write_text(
        "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties: {UserName: shop}\n  Web:\n    Type: AWS::Lambda::Function\n"
        "    Properties:\n      Environment: {Variables: {K: !GetAtt Key.SecretAccessKey}}\n",
        encoding="utf-8",
    )
    assert main(["scan", str(tmp_path)]) == 1
    assert f"instead: {REPLACEMENTS['lambda'].text}" in capsys.readouterr().out
