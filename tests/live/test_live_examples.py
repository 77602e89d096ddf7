"""The examples of docs/examples/live do what they say: templates make the role, the workflow's shell runs, the function runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
import yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.s3.models import s3_backends

from posturio_iac.cli import main
from posturio_iac.live.connection.session import READS
from tests.support.live.aws_cli import typed
from tests.support.live.cloud import AS_OF, Capsys, Cloud, enforced, live

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs/examples/live"
POLICY = json.loads((ROOT / "docs/live-policy.json").read_text(encoding="utf-8"))
GRANTED = {action for statement in POLICY["Statement"] for action in statement["Action"]}
EXTERNAL_ID = "0123456789abcdef"
RUNNER = "arn:aws:iam::123456789012:role/posturio-iac"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what they are short for."""


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {f"Fn::{tag}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    value = loader.construct_scalar(node)
    return {"Ref": value} if tag == "Ref" else {f"Fn::{tag}": value.split(".")}


_Loader.add_multi_constructor("!", _long_form)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def template(name: str = "role.yaml") -> dict[str, Any]:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a safe loader with more tags
    return loaded


def test_our_own_scan_finds_no_key_in_the_examples(capsys: Capsys) -> None:
    assert main(["scan", "--no-config", "--strict", str(EXAMPLES)]) == 0
    assert capsys.readouterr().out.startswith("No access keys are declared in 6 files")


def test_the_templates_grant_what_the_policy_of_the_documentation_grants() -> None:
    (inline,) = template()["Resources"]["Role"]["Properties"]["Policies"]
    assert inline["PolicyDocument"]["Statement"] == POLICY["Statement"]
    assert actions("role.tf") == {*GRANTED, "sts:AssumeRole", "sts:SetSourceIdentity"}
    assert actions("github.tf") == READS - GRANTED - {"sts:GetCallerIdentity"} | {"sts:AssumeRoleWithWebIdentity", "sns:Publish"}
    lambda_role = template("lambda.yaml")["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    granted = {action for statement in lambda_role for action in _listed(statement["Action"])}
    writes = {"s3:PutObject", "sns:Publish", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert granted == READS - {"sts:GetCallerIdentity", *POLICY["Statement"][1]["Action"]} | writes


def test_the_policy_is_within_security_audit() -> None:
    """AWS grants GetCallerIdentity to everybody; assuming roles and proving who asks is no reading."""
    document = json.loads(aws_managed_policies_data)["SecurityAudit"]["Document"]
    granted = [action.lower() for statement in document["Statement"] for action in statement["Action"] if statement["Effect"] == "Allow"]
    needed = (READS | {*POLICY["Statement"][0]["Action"]}) - {"sts:GetCallerIdentity", "sts:AssumeRole"}
    assert [action for action in sorted(needed) if not any(fnmatch(action.lower(), one) for one in granted)] == []


def actions(name: str) -> set[str]:
    """Every action of the policies in a Terraform file."""
    lists = re.findall(r"actions\s*=\s*\[(.*?)\]", (EXAMPLES / name).read_text(encoding="utf-8"), re.DOTALL)
    return {action for text in lists for action in re.findall(r'"(.*?)"', text)}


EVERYWHERE = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")


@pytest.mark.parametrize(("regions", "names"), [(EVERYWHERE, ("role.yaml", "lambda.yaml")), (EVERYWHERE[:2], ("chat.yaml",))])
def test_cfn_lint_has_nothing_to_say(regions: tuple[str, ...], names: tuple[str, ...]) -> None:
    argv = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", *regions, "--", *(str(EXAMPLES / name) for name in names)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def assumed(account: str, role: str = "OrganizationAccountAccessRole") -> dict[str, str]:
    """Credentials in another account of moto, which lets everybody assume every role."""
    granted = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": granted["AccessKeyId"],
        "aws_secret_access_key": granted["SecretAccessKey"],
        "aws_session_token": granted["SessionToken"],
    }


@pytest.fixture
def stack(members: list[Cloud], monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An account in which CloudFormation made the role of role.yaml, as a stack set would."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    member = members[1]
    client = boto3.client("cloudformation", **assumed(member.account))
    values = {"TrustedPrincipal": RUNNER, "ExternalId": EXTERNAL_ID}
    client.create_stack(
        StackName="posturio-iac",
        TemplateBody=(EXAMPLES / "role.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    role = live_role(member)
    role.policies = {name: json.dumps(document) for name, document in role.policies.items()}  # as IAM has them; moto's stacks leave objects
    return member


def live_role(member: Cloud) -> Any:
    (role,) = (role for role in member.backend.roles.values() if role.name == "posturio-iac-live")
    return role


def test_cloudformation_makes_a_role_that_one_principal_may_assume_with_the_external_id(stack: Cloud) -> None:
    role = live_role(stack)
    document = role.assume_role_policy_document
    (trust,) = (document if isinstance(document, dict) else json.loads(document))["Statement"]
    assert trust["Principal"] == {"AWS": RUNNER}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    assert json.loads(role.policies["read-access-keys"])["Statement"] == POLICY["Statement"]


def test_the_role_suffices_where_permissions_are_enforced(stack: Cloud, cloud: Cloud, capsys: Capsys) -> None:
    """The caller may only do what github.tf allows, and the role what role.yaml allows; moto refuses anything else."""
    runner = cloud.backend.create_user(cloud.backend.region_name, user_name="runner", path="/", tags=[])
    key = cloud.backend.create_access_key(user_name=runner.name)
    allowed = sorted(READS - GRANTED)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    cloud.backend.put_user_policy("runner", "may", json.dumps(policy))
    argv = ("--account", stack.account, "--role-name", "posturio-iac-live", "--external-id", EXTERNAL_ID)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
        with enforced():
            answer = live(capsys, *argv)
            own = live(capsys)
    assert (answer.code, [finding["rule"] for finding in answer.json["findings"]]) == (1, ["iam.unused_access_keys"])
    assert "denied" not in answer.err
    assert own.code == 3
    assert "denied" in own.err


def test_the_page_shows_commands_that_run(stack: Cloud, tmp_path: Path) -> None:
    """The stack set of the page, and the run that uses its roles."""
    page = (ROOT / "docs/live-accounts.md").read_text(encoding="utf-8").partition("## The role in each account")[2]
    blocks = re.findall(r"(?s)```sh\n(.*?)```", page)
    shell = "".join(text for text in blocks if "create-stack-set" in text or "--role-name posturio-iac-live" in text)
    (tmp_path / "role.yaml").write_bytes((EXAMPLES / "role.yaml").read_bytes())
    done = typed(shell, tmp_path, AWS_DEFAULT_REGION="us-east-1", ROOT_ID="r-abcd")
    assert done.returncode in (0, 1), done.stderr
    (made,) = boto3.client("cloudformation").list_stack_sets()["Summaries"]
    assert made["StackSetName"] == "posturio-iac"
    assert stack.account in done.stdout


WORKFLOW: dict[Any, Any] = yaml.safe_load((EXAMPLES / "workflow.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]


def steps(job: str) -> dict[str, str]:
    return {step["name"]: step["run"] for step in JOBS[job]["steps"] if "run" in step}


def test_the_workflow_pins_what_it_uses_and_holds_no_key() -> None:
    text = (EXAMPLES / "workflow.yml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)
    assert WORKFLOW["permissions"] == {}
    assert JOBS["read"]["permissions"] == JOBS["tell"]["permissions"] == {"id-token": "write"}
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"POSTURIO_EXTERNAL_ID", "POSTURIO_SLACK_WEBHOOK"}
    scripts = "".join(step.get("run", "") for job in JOBS.values() for step in job["steps"])
    assert "${{" not in scripts, "a value that GitHub pastes into a script can be code"


def test_the_workflow_is_one_and_safe_as_others_see_it() -> None:
    path = str(EXAMPLES / "workflow.yml")
    for argv in (["check-jsonschema", "--builtin-schema", "vendor.github-workflows", path], ["zizmor", "--offline", "--quiet", path]):
        program = str(Path(sys.executable).with_name(argv[0]))
        done = subprocess.run([program, *argv[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_of_the_workflow_reads_every_account_and_reports(members: list[Cloud], tmp_path: Path) -> None:
    members[3].backend.create_access_key(user_name="ci")
    summary = tmp_path / "summary.out"
    done = typed(steps("read")["Read"], tmp_path, EXTERNAL_ID=EXTERNAL_ID, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1, done.stderr
    keys = json.loads((tmp_path / "access-keys.json").read_text(encoding="utf-8"))["keys"]
    assert Counter(key["account"] for key in keys) == {member.account: 2 if member is members[3] else 1 for member in members}
    assert "iam.unused_access_keys" in summary.read_text(encoding="utf-8")
    assert (tmp_path / "access-keys.html").stat().st_size > 1000


RESULT = {
    "scope": {"kind": "aws", "accounts": ["111122223333", "444455556666"], "not_read": 1},
    "findings": [{"severity": "high"}, {"severity": "medium"}, {"severity": "medium"}, {"severity": "low", "suppressed": {}}],
    "diagnostics": [{"level": "error", "message": "was not read"}],
    "summary": {"keys": 12},
}
SUM = "12 access keys in 2 accounts: 1 high, 2 medium"
OPEN = "1 accounts could not be read; the run is incomplete"


def test_the_workflow_tells_slack_and_a_topic(cloud: Cloud, tmp_path: Path) -> None:
    """The summary is made by jq, so that no text of a result becomes part of a script; moto has the topic."""
    (tmp_path / "access-keys.json").write_text(json.dumps(RESULT), encoding="utf-8")
    done = typed(steps("tell")["Sum up"], tmp_path, RUN_URL="https://github.com/acme/keys/actions/runs/1")
    assert done.returncode == 0, done.stderr
    slack = json.loads((tmp_path / "slack.json").read_text(encoding="utf-8"))
    assert slack == {"text": f"{SUM}; {OPEN}\n<https://github.com/acme/keys/actions/runs/1|The whole result>"}
    message = json.loads((tmp_path / "message.json").read_text(encoding="utf-8"))
    assert json.loads(message["default"])["content"]["description"] == message["email"]
    topic = boto3.client("sns", region_name="eu-west-1").create_topic(Name="keys")["TopicArn"]
    assert typed(steps("tell")["Publish"], tmp_path, TOPIC=topic).returncode == 0
    uses = {step["uses"].partition("@")[0]: step for step in JOBS["tell"]["steps"] if "uses" in step}
    assert uses["slackapi/slack-github-action"]["with"]["payload-file-path"] == "slack.json"
    assert cloud.account in topic


@pytest.fixture
def function(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The Lambda function, with a bucket for its results."""
    s3_backends[cloud.account]["aws"].reset()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("REPORT_BUCKET", "posturio-results")
    boto3.client("s3").create_bucket(Bucket="posturio-results")
    spec = importlib.util.spec_from_file_location("lambda_function", EXAMPLES / "lambda_function.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored() -> dict[str, bytes]:
    client = boto3.client("s3")
    names = [item["Key"] for item in client.list_objects_v2(Bucket="posturio-results").get("Contents", [])]
    return {name.rpartition("/")[2]: client.get_object(Bucket="posturio-results", Key=name)["Body"].read() for name in names}


def test_the_function_keeps_what_it_finds(function: ModuleType, cloud: Cloud) -> None:
    cloud.key("ci", age=70, used=60)
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "arguments": ["--as-of", AS_OF.isoformat()]}
    said = function.handler(event, None)
    assert json.loads(json.dumps(said)) == said
    assert (said["exit_code"], said["summary"]["flagged"], len(said["kept"])) == (1, 1, 2)
    kept = stored()
    assert json.loads(kept["access-keys.json"])["findings"][0]["rule"] == "iam.unused_access_keys"
    assert json.loads(kept["access-keys.asff"])[0]["GeneratorId"] == "posturio-iac/iam.unused_access_keys"


def test_the_function_tells_a_topic_and_a_bus(function: ModuleType, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    class Client:
        def publish(self, **given: Any) -> None:
            told["topic"] = given

        def put_events(self, **given: Any) -> dict[str, Any]:
            told["bus"] = given["Entries"][0]
            return {"FailedEntryCount": 0}

    made = boto3.client
    monkeypatch.setattr(function.boto3, "client", lambda name: Client() if name in ("sns", "events") else made(name))
    key = cloud.key("ci", age=70, used=60)
    event = {"arguments": ["--as-of", AS_OF.isoformat()]}
    function.handler(event, None)
    assert told == {}, "nobody is to be told"
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:keys")
    monkeypatch.setenv("EVENT_BUS", "default")
    kept = function.handler(event, None)["kept"]
    message = json.loads(told["topic"]["Message"])
    text = f"1 access keys in 1 accounts: 1 medium\ns3://posturio-results/{kept[0]}"
    assert (message["email"], json.loads(message["default"])["content"]["description"]) == (text, text)
    assert (told["topic"]["MessageStructure"], json.loads(told["bus"]["Detail"])["summary"]["flagged"]) == ("json", 1)
    assert key not in json.dumps(told)


def test_what_the_schedule_says_runs_the_function(function: ModuleType, members: list[Cloud]) -> None:
    """The input of the schedule in lambda.yaml, with the role of the members and the external id in it."""
    resources = template("lambda.yaml")["Resources"]
    (text,) = resources["EveryDay"]["Properties"]["Targets"][0]["Input"]["Fn::Sub"]
    event = json.loads(text.replace("${MemberRoleName}", "posturio-iac-live").replace("${ExternalId}", EXTERNAL_ID))
    event["arguments"] += ["--as-of", AS_OF.isoformat()]
    assert function.handler(event, None)["summary"]["keys"] == len(members)
    made = resources["Function"]["Properties"]
    assert (made["Handler"], set(made["Environment"]["Variables"])) == ("lambda_function.handler", {"REPORT_BUCKET", "TOPIC_ARN"})
    alarms = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    assert {one["MetricName"]: one["TreatMissingData"] for one in alarms.values()} == {"Errors": "notBreaching", "Invocations": "breaching"}
    assert all(one["AlarmActions"] == [{"Ref": "Topic"}] for one in alarms.values())


def test_the_function_fails_when_something_was_not_read_and_keeps_the_rest(function: ModuleType, members: list[Cloud], shut: Any) -> None:
    shut(closed := members[2].account)
    event = {"arguments": ["--organization", "--as-of", AS_OF.isoformat()]}
    with pytest.raises(RuntimeError, match=r"exited with 3 \(incomplete\)"):
        function.handler(event, None)
    assert {key["account"] for key in json.loads(stored()["access-keys.json"])["keys"]} == {m.account for m in members} - {closed}
    with pytest.raises(RuntimeError, match="exited with 2"):
        function.handler({"arguments": ["--nonsense"]}, None)
