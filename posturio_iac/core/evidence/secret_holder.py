"""What holds the secret of a key in plain text, as data, and the one place that puts it into words."""

from __future__ import annotations

from enum import Enum, auto

from posturio_iac.core.record import dataclass


class HolderKind(Enum):
    """The kind of thing that holds a secret."""

    OUTPUT = auto()
    ARGUMENT = auto()
    STACK_OUTPUT = auto()
    STACK_PARAMETER = auto()
    METADATA = auto()
    SSM_PARAMETER = auto()
    USER_DATA = auto()
    ENVIRONMENT = auto()
    PROPERTY = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class SecretHolder:
    """One thing that holds a secret."""

    kind: HolderKind
    address: str = ""
    """The name of an output, else the address of a resource."""
    argument: str = ""
    """The argument, the property or the parameter."""
    type: str = ""
    """The type of a resource of a template."""


_IDENTITIES = {
    HolderKind.OUTPUT: 'output "{0}"',
    HolderKind.ARGUMENT: "{1} of {0}",
    HolderKind.STACK_OUTPUT: "the output {0}",
    HolderKind.STACK_PARAMETER: "the parameter {1} of the stack {0}",
    HolderKind.METADATA: "the Metadata of {0}",
    HolderKind.SSM_PARAMETER: "the plain SSM parameter {0}",
    HolderKind.USER_DATA: "the user data of {0}",
    HolderKind.ENVIRONMENT: "the environment of {0}",
    HolderKind.PROPERTY: "{1} of {0} ({2})",
    HolderKind.UNKNOWN: "a place that is not protected",
}
"""Parts of fingerprints, so they are permanent; the words that readers see may change."""


def identity_of_holder(holder: SecretHolder) -> str:
    """Return what distinguishes a holder among those of one key."""
    return _IDENTITIES[holder.kind].format(holder.address, holder.argument or "a property", holder.type)


def describe_holder(holder: SecretHolder) -> str:
    """Return what holds a secret, for a reader: ``output "secret"``."""
    address, argument = holder.address, holder.argument or "a property"
    match holder.kind:
        case HolderKind.OUTPUT:
            return f'output "{address}"'
        case HolderKind.ARGUMENT:
            return f"{argument} of {address}"
        case HolderKind.STACK_OUTPUT:
            return f"the output {address}"
        case HolderKind.STACK_PARAMETER:
            return f"the parameter {argument} of the stack {address}"
        case HolderKind.METADATA:
            return f"the Metadata of {address}"
        case HolderKind.SSM_PARAMETER:
            return f"the plain SSM parameter {address}"
        case HolderKind.USER_DATA:
            return f"the user data of {address}"
        case HolderKind.ENVIRONMENT:
            return f"the environment of {address}"
        case HolderKind.PROPERTY:
            return f"{argument} of {address} ({holder.type})"
        case _:
            return "a place that is not protected"
