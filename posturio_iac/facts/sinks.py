"""Terraform's types of resources that show their arguments in plain text. A new one is one entry here."""

from __future__ import annotations

from posturio_iac.core.record import dataclass

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
