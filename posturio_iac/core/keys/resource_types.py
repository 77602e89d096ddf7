"""Terraform's types of resources that make keys, and what their arguments and attributes are called. Imports nothing."""

from __future__ import annotations

ACCESS_KEY = "aws_iam_access_key"
EXPIRING_KEY = "awsutils_expiring_iam_access_key"
SERVICE_CREDENTIAL = "aws_iam_service_specific_credential"

KEY_TYPES = {ACCESS_KEY: "user", EXPIRING_KEY: "user", SERVICE_CREDENTIAL: "user_name"}
"""Each with the argument that names the user."""
SERVICE, AGE = "service_name", "credential_age_days"
"""Arguments of a service credential: the only service that takes it, and how many days after its creation it ends."""
LONGEST_AGE = 36_600  # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceSpecificCredential.html

_SECRETS = {SERVICE_CREDENTIAL: frozenset(("service_password", "service_credential_secret"))}
_SECRETS_OF_ACCESS_KEYS = frozenset(("secret", "ses_smtp_password_v4", "ses_smtp_password"))
_FORCING = {SERVICE_CREDENTIAL: ("user_name", SERVICE, AGE)}
_ENDLESS = ("codecommit", "cassandra")  # services whose credentials are passwords, which end only when somebody deletes them


def secrets_of(kind: str) -> frozenset[str]:
    """The attributes of a type that hold the secret. ``encrypted_secret`` is safe."""
    return _SECRETS.get(kind, _SECRETS_OF_ACCESS_KEYS)


def forcing(kind: str) -> tuple[str, ...]:
    return _FORCING.get(kind, ("user", "pgp_key"))


def takes_age(service: str) -> bool:
    """True if keys for a service can be given an age: ``bedrock.amazonaws.com`` and newer ones, not CodeCommit and Keyspaces."""
    return service.lower().partition(".")[0] not in _ENDLESS
