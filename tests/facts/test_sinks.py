"""Each type of resource that shows its arguments in plain text: which ones, and what hides a secret that stands in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.facts.sinks import SINKS
from tests.support.terraform_programs import PLAIN, key

if TYPE_CHECKING:
    from pathlib import Path

STORE = "store it in aws_secretsmanager_secret_version or an aws_ssm_parameter of type SecureString, and read it from there"
WORKLOADS = (
    "cron_job cron_job_v1 daemonset daemon_set_v1 deployment deployment_v1 job job_v1 pod pod_v1 "
    "replication_controller replication_controller_v1 stateful_set stateful_set_v1"
)
READ = "read it from a kubernetes_secret with value_from"
TYPES = {
    "aws_amplify_app": ("environment_variables", STORE),
    "aws_apprunner_service": ("runtime_environment_variables", STORE),
    "aws_batch_job_definition": ("container_properties", STORE),
    "aws_cloudformation_stack": ("parameters template_body", STORE),
    "aws_codebuild_project": ("value", STORE),
    "aws_dynamodb_table_item": ("item", STORE),
    "aws_ecs_task_definition": ("container_definitions", STORE),
    "aws_glue_job": ("default_arguments non_overridable_arguments", STORE),
    "aws_elastic_beanstalk_environment": ("value", STORE),
    "aws_instance": ("user_data user_data_base64", STORE),
    "aws_lambda_function": ("variables", STORE),
    "aws_launch_configuration": ("user_data user_data_base64", STORE),
    "aws_launch_template": ("user_data", STORE),
    "aws_lightsail_instance": ("user_data", STORE),
    "aws_s3_bucket_object": ("content content_base64", STORE),
    "aws_s3_object": ("content content_base64", STORE),
    "aws_spot_instance_request": ("user_data user_data_base64", STORE),
    "fastly_service_vcl": (
        "content",
        "move it to a dictionary with write_only = true, and read it in VCL with table.lookup",
    ),
    "github_actions_variable": ("value", "make it a github_actions_secret"),
    "heroku_app": ("config_vars", "move it to sensitive_config_vars"),
    "kubernetes_config_map": ("data", "make it a kubernetes_secret"),
    "kubernetes_config_map_v1": ("data", "make it a kubernetes_secret_v1"),
    **dict.fromkeys((f"kubernetes_{kind}" for kind in WORKLOADS.split()), ("value", READ)),
    "local_file": ("content content_base64 sensitive_content", STORE),
    "local_sensitive_file": ("content content_base64", STORE),
}
"""By the providers' documentation. An ``aws_ssm_parameter`` is shown unless it is encrypted, which the test below covers."""


def shown(folder: Path, code: str) -> dict[str, str]:
    """Return what holds the secret of the only key, each with the change that hides it."""
    return {e.where: describe(e.remedy) for e in key(folder, {"main.tf": PLAIN + code}).exposures}


def test_each_type_shows_these_arguments(tmp_path: Path) -> None:
    blocks = [
        f'resource "{kind}" "r" {{\n' + "".join(f"  {name} = aws_iam_access_key.ci.secret\n" for name in names.split()) + "}\n"
        for kind, (names, _) in TYPES.items()
    ]
    expected = {f"{name} of {kind}.r": advice for kind, (names, advice) in TYPES.items() for name in names.split()}
    assert shown(tmp_path, "".join(blocks)) == expected
    assert SINKS.keys() - TYPES.keys() == {"aws_ssm_parameter"}


def test_tags_labels_and_annotations_show_their_values_in_any_resource(tmp_path: Path) -> None:
    names = ("tags", "labels", "annotations", "notes")
    code = "".join(f'resource "any" "{name}" {{\n  {name} = {{ a = aws_iam_access_key.ci.secret }}\n}}\n' for name in names)
    assert shown(tmp_path, code) == {f"{name} of any.{name}": "remove it" for name in names[:3]}


def test_a_parameter_is_shown_unless_it_is_encrypted(tmp_path: Path) -> None:
    code = "".join(
        f'resource "aws_ssm_parameter" "{name}" {{\n  type  = "{kind}"\n  {argument} = aws_iam_access_key.ci.secret\n}}\n'
        for name, kind, argument in [("a", "String", "value"), ("b", "SecureString", "value"), ("c", "SecureString", "insecure_value")]
    )
    encrypt = 'set type = "SecureString"'
    assert shown(tmp_path, code) == {
        "value of aws_ssm_parameter.a": encrypt,
        "insecure_value of aws_ssm_parameter.c": f"{encrypt}, and write value instead of insecure_value",
    }
