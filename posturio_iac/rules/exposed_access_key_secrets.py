"""Access key secrets exposed in plain text.

Flags each place where people without permission on the key can read its secret: an output, a plain parameter, user data,
the environment of a function, a file, a tag. Secrets Manager and encrypted parameters are fine. API keys and passwords of
services (`service_credential_secret`, `service_password`) are followed in the same way.

## Why it matters

Everybody with access to the stack can read its outputs and parameters. They are copied to logs, and nobody rotates the
copies.

## Terraform

Without `pgp_key` the secret is in the state as well, in plain text, whatever the code does with it: who reads the state has the
key. The secret of an `aws_iam_service_specific_credential` is always there.

Flagged:

    resource "aws_ssm_parameter" "secret" {
      name  = "/ci/secret"
      type  = "String"
      value = aws_iam_access_key.ci.secret
    }

Fixed:

    resource "aws_ssm_parameter" "secret" {
      name  = "/ci/secret"
      type  = "SecureString"
      value = aws_iam_access_key.ci.secret
    }

## CloudFormation

Instead of an output whose value is the secret itself, fixed by storing it in Secrets Manager and reading it from there:

    Resources:
      Secret:
        Type: AWS::SecretsManager::Secret
        Properties:
          SecretString: !GetAtt Key.SecretAccessKey
    Outputs:
      Secret:
        Value: !Ref Secret

## Undetermined

A place whose protection is not known from the code, such as `sensitive = var.hide`, and a module or nested stack that
receives the secret but whose code is not here.

## Configuration

None. The status of the key does not matter, because an inactive key can be switched on again.
"""

from __future__ import annotations

from posturio_iac.core.finding import Rule, Severity, Violation
from posturio_iac.core.model import AccessKey, about
from posturio_iac.rules import Context, Violations, register
from posturio_iac.rules._shared import LEAKAGE, sentence

RULE = Rule(
    id="iam.exposed_access_key_secrets",
    severity=Severity.HIGH,
    title="Access key secrets exposed in plain text",
    checkov=4,
    cfn_lint="E9373",
    requirements=LEAKAGE,
)


@register(RULE)
def check(key: AccessKey, _context: Context) -> Violations:
    """Yield one violation for each place, at the place."""
    for exposure in key.exposures:
        message = about(
            key, f"is exposed in plain text through {exposure.where}, so anyone who can read that can use the key.", "The secret of"
        )
        yield Violation(message, sentence(exposure.remedy), exposure.span, exposure.remedy, mark=exposure.where)
