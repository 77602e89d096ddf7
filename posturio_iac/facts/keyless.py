"""Where secrets go, and what replaces a key by what its secret is given to. A new consumer is one entry here and one section of keyless.md.

Sources: the documentation in the registry of each provider, which the types name, and that of each service, which the page links.
"""

from __future__ import annotations

from posturio_iac.core.model import Consumer, Place
from posturio_iac.core.record import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posturio_iac.core.finding import Finding

PAGE = "keyless"  # the page of `posturio-iac explain` that has an example of each


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a consumer can use in the place of a key."""

    text: str  # half a sentence that is true of every key given to it, whatever else the key does
    types: Mapping[str, tuple[str, ...]]
    """Types of resources, each with the arguments that give the secret to this consumer; none where a template names the type."""
    when: Mapping[str, str] = field(default_factory=dict)
    """Arguments that must have a value: a variable of another name may be passed on to who knows what."""


_ENV = ("value", "value_wo")
_POD = {
    **{f"kubernetes_secret{v}": ("data", "data_wo", "binary_data", "binary_data_wo") for v in ("", "_v1")},
    **{f"kubernetes_config_map{v}": ("data", "binary_data") for v in ("", "_v1")},
    **{f"kubernetes_{kind}{v}": ("value",) for kind in ("cron_job", "deployment", "job", "pod", "stateful_set") for v in ("", "_v1")},
    **dict.fromkeys(("kubernetes_daemonset", "kubernetes_daemon_set_v1"), ("value",)),
    "helm_release": ("value", "values", "set", "set_sensitive", "set_wo"),
}
_USER_DATA = ("user_data", "user_data_base64")

REPLACEMENTS = {
    "github_actions": Alternative(
        "a role that GitHub Actions assumes by OIDC",
        dict.fromkeys(
            ("github_actions_secret", "github_actions_environment_secret", "github_actions_organization_secret"),
            ("plaintext_value", "encrypted_value", "value", "value_encrypted"),
        )
        | dict.fromkeys(
            ("github_actions_variable", "github_actions_environment_variable", "github_actions_organization_variable"), ("value",)
        ),
    ),
    "gitlab": Alternative(
        "a role that GitLab CI assumes by OIDC",
        dict.fromkeys(("gitlab_project_variable", "gitlab_group_variable", "gitlab_instance_variable"), _ENV),
    ),
    "circleci": Alternative(
        "a role that CircleCI assumes by OIDC",
        dict.fromkeys(
            ("circleci_context_environment_variable", "circleci_project_environment_variable", "circleci_environment_variable"), _ENV
        ),
    ),
    "bitbucket": Alternative(
        "a role that Bitbucket Pipelines assume by OIDC",
        dict.fromkeys(("bitbucket_repository_variable", "bitbucket_deployment_variable", "bitbucket_workspace_variable"), _ENV),
    ),
    "azure_devops": Alternative(
        "a role that the service connection of Azure DevOps assumes by OIDC (use_oidc)",
        {"azuredevops_serviceendpoint_aws": ("secret_access_key",)},
    ),
    "hcp_terraform": Alternative(
        "a role that HCP Terraform assumes by OIDC", {"tfe_variable": _ENV}, {"category": "env", "key": "AWS_SECRET_ACCESS_KEY"}
    ),
    "vercel": Alternative(
        "a role that Vercel assumes by OIDC",
        {
            **dict.fromkeys(("vercel_project_environment_variable", "vercel_shared_environment_variable"), _ENV),
            "vercel_project_environment_variables": ("variables",),
            "vercel_project": ("environment",),
        },
    ),
    "kubernetes": Alternative("for pods that read it, a role of their service account (EKS Pod Identity or IRSA)", _POD),
    "ecs": Alternative(
        "the task's own role",
        {
            "aws_ecs_task_definition": ("container_definitions",),
            "aws_batch_job_definition": ("container_properties",),
            "AWS::ECS::TaskDefinition": (),
            "AWS::Batch::JobDefinition": (),
        },
    ),
    "ec2": Alternative(
        "the instance's own role, which AWS's CLI and SDKs find by themselves",
        {
            **dict.fromkeys(("aws_instance", "aws_launch_configuration", "aws_launch_template", "aws_spot_instance_request"), _USER_DATA),
            "aws_elastic_beanstalk_environment": ("value",),
            **dict.fromkeys(("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::LaunchConfiguration"), ()),
        },
    ),
    "lambda": Alternative(
        "the function's own role", {"aws_lambda_function": ("variables",), "AWS::Lambda::Function": (), "AWS::Serverless::Function": ()}
    ),
    "aws_service": Alternative(
        "the role that the service runs it with",
        {
            "aws_codebuild_project": ("value",),
            "aws_apprunner_service": ("runtime_environment_variables",),
            "aws_glue_job": ("default_arguments", "non_overridable_arguments"),
            "AWS::CodeBuild::Project": (),
            "AWS::AppRunner::Service": (),
            "AWS::Glue::Job": (),
        },
    ),
    "vault": Alternative(
        "Vault's own role, or one that it assumes by its identity token",
        {
            "vault_aws_secret_backend": ("secret_key", "secret_key_wo"),
            "vault_aws_auth_backend_client": ("secret_key", "secret_key_wo"),
            "vault_secrets_sync_aws_destination": ("secret_access_key",),
        },
    ),
    "snowflake": Alternative("a storage integration, whose role Snowflake assumes", {"snowflake_stage": ("credentials",)}),
    "fastly": Alternative(
        "a role that Fastly assumes (s3_iam_role)", dict.fromkeys(("fastly_service_vcl", "fastly_service_compute"), ("s3_secret_key",))
    ),
    "server": Alternative(
        "IAM Roles Anywhere, with a certificate of the server",
        dict.fromkeys(
            ("digitalocean_droplet", "hcloud_server", "openstack_compute_instance_v2", "scaleway_instance_server"), ("user_data",)
        ),
    ),
    "smtp": Alternative("nothing, since SES takes no role over SMTP: rotate this key, or send by its API with a role", {}),
    "image_push": Alternative("a role of what pushes the images; a pipeline assumes it by OIDC", {}),
}
BY_TYPE = {kind: (name, arguments) for name, one in REPLACEMENTS.items() for kind, arguments in one.types.items()}
"""The consumer that a type of resource is, and the arguments that give it a secret."""


def page() -> str:
    """The page, in Markdown."""
    from pathlib import Path

    return Path(__file__).with_name(f"{PAGE}.md").read_text(encoding="utf-8")


def certain(consumers: Iterable[Consumer], pusher: Place | None) -> tuple[Consumer, ...]:
    """The consumers of a key, each once. A user who only pushes images is no pod's: its Kubernetes secret is where people fetch the key."""
    found = tuple(dict.fromkeys(consumers))
    if pusher is not None and all(consumer.name == "kubernetes" for consumer in found):
        return (Consumer("image_push", pusher),)
    return found


def instead(consumers: Iterable[Consumer]) -> str:
    """What replaces a key that is given to these, as half a sentence; empty where nothing is known for certain."""
    texts = list(dict.fromkeys(f"{REPLACEMENTS[one.name].text}{_used(one)}" for one in consumers))
    return f"{', and '.join(texts)}; see `posturio-iac explain {PAGE}`" if texts else ""


def _used(consumer: Consumer) -> str:
    if not consumer.uses:
        return ""
    first, *more = consumer.uses
    return f" (secret {consumer.secret}: {first.path}:{first.line}{f' and {len(more)} more' if more else ''})"


def remediation(finding: Finding) -> str:
    """The change that mends a finding and, in the same paragraph, what is better."""
    better = instead(finding.consumers)
    return f"{finding.remediation} Instead: {better}." if better else finding.remediation


ENCRYPT = 'set type = "SecureString"'
_VCL = "move it to a dictionary with write_only = true, and read it in VCL with table.lookup"
_WORKLOADS = (
    *(f"kubernetes_{kind}" for kind in ("cron_job", "daemonset", "deployment", "job", "pod", "replication_controller", "stateful_set")),
    *(f"kubernetes_{kind}_v1" for kind in ("cron_job", "deployment", "job", "pod", "replication_controller", "stateful_set")),
    "kubernetes_daemon_set_v1",
)
"""Types of the provider for Kubernetes that hold containers, whose environment everyone who may read them sees."""
_STORE = "store it in aws_secretsmanager_secret_version or an aws_ssm_parameter of type SecureString, and read it from there"


@dataclass(frozen=True, slots=True)
class Sink:
    """A resource that shows its arguments in plain text."""

    arguments: tuple[str, ...]  # the arguments that it shows; none means all
    change: str = _STORE  # the change that hides the secret, for a reader


SINKS = {
    "aws_amplify_app": Sink(("environment_variables",)),
    "aws_apprunner_service": Sink(("runtime_environment_variables",)),
    "aws_batch_job_definition": Sink(("container_properties",)),
    "aws_codebuild_project": Sink(("value",)),
    "aws_cloudformation_stack": Sink(("parameters", "template_body")),
    "aws_dynamodb_table_item": Sink(("item",)),
    "aws_ecs_task_definition": Sink(("container_definitions",)),
    "aws_elastic_beanstalk_environment": Sink(("value",)),
    "aws_glue_job": Sink(("default_arguments", "non_overridable_arguments")),
    "aws_instance": Sink(("user_data", "user_data_base64")),
    "aws_lambda_function": Sink(("variables",)),
    "aws_launch_configuration": Sink(("user_data", "user_data_base64")),
    "aws_launch_template": Sink(("user_data",)),
    "aws_lightsail_instance": Sink(("user_data",)),
    "aws_s3_bucket_object": Sink(("content", "content_base64")),
    "aws_s3_object": Sink(("content", "content_base64")),
    "aws_spot_instance_request": Sink(("user_data", "user_data_base64")),
    "aws_ssm_parameter": Sink(("value", "value_wo", "insecure_value"), ENCRYPT),
    "fastly_service_vcl": Sink(("content",), _VCL),
    "github_actions_variable": Sink(("value",), "make it a github_actions_secret"),
    "heroku_app": Sink(("config_vars",), "move it to sensitive_config_vars"),
    "kubernetes_config_map": Sink(("data",), "make it a kubernetes_secret"),
    "kubernetes_config_map_v1": Sink(("data",), "make it a kubernetes_secret_v1"),
    **{kind: Sink(("value",), "read it from a kubernetes_secret with value_from") for kind in _WORKLOADS},
    "local_file": Sink(("content", "content_base64", "sensitive_content")),
    "local_sensitive_file": Sink(("content", "content_base64")),
}
TAG_ARGUMENTS = ("tags", "labels", "annotations")  # arguments that show their values whatever the resource is
