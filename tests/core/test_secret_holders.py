"""What holds a secret: in the words of a reader, and in the part of a fingerprint that must never change."""

from __future__ import annotations

import pytest

from posturio_iac.core.evidence.secret_holder import HolderKind, SecretHolder, describe_holder, identity_of_holder

IN_STACK = "the parameter Key of the stack Child"
A_PLACE = "a place that is not protected"


@pytest.mark.parametrize(
    ("holder", "identity", "shown"),
    [
        (SecretHolder(HolderKind.OUTPUT, "secret"), 'output "secret"', 'output "secret"'),
        (SecretHolder(HolderKind.ARGUMENT, "a.b", "value"), "value of a.b", "value of a.b"),
        (SecretHolder(HolderKind.ARGUMENT, "a.b"), "a property of a.b", "a property of a.b"),
        (SecretHolder(HolderKind.STACK_OUTPUT, "Secret"), "the output Secret", "the output Secret"),
        (SecretHolder(HolderKind.STACK_PARAMETER, "Child", "Key"), IN_STACK, IN_STACK),
        (SecretHolder(HolderKind.METADATA, "Host"), "the Metadata of Host", "the Metadata of Host"),
        (SecretHolder(HolderKind.SSM_PARAMETER, "Stored"), "the plain SSM parameter Stored", "the plain SSM parameter Stored"),
        (SecretHolder(HolderKind.USER_DATA, "Host"), "the user data of Host", "the user data of Host"),
        (SecretHolder(HolderKind.ENVIRONMENT, "Function"), "the environment of Function", "the environment of Function"),
        (
            SecretHolder(HolderKind.PROPERTY, "Topic", "DisplayName", "AWS::SNS::Topic"),
            "DisplayName of Topic (AWS::SNS::Topic)",
            "DisplayName of Topic (AWS::SNS::Topic)",
        ),
        (SecretHolder(HolderKind.UNKNOWN), A_PLACE, A_PLACE),
    ],
)
def test_a_holder_is_named_in_fingerprints_and_for_readers(holder: SecretHolder, identity: str, shown: str) -> None:
    assert (identity_of_holder(holder), describe_holder(holder)) == (identity, shown)
