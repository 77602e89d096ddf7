"""Places in code: regions of files, declarations, where evidence of a lifetime stands, and what holds a secret in plain text.

Each as data, with the one function that puts it into words. Nothing reads the words back: rewording them changes no verdict and no link.
"""

from __future__ import annotations

from functools import partial

from posturio_iac.core.record import Enum, NamedTuple, dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union


class Span(NamedTuple):
    """A region of one file, as editors and SARIF count it."""

    path: str  # relative to the scan root, with forward slashes
    line: int  # first line, from 1
    column: int  # first column in code points, from 1
    end_line: int
    end_column: int  # exclusive


span_of: Callable[[tuple[str, int, int, int, int]], Span] = partial(tuple.__new__, Span)
"""Makes a region of a tuple, in half of the time."""


def relocated(value: Any, path: Callable[[str], str]) -> Any:
    """A record with ``path`` applied to the paths of all regions that it holds."""
    if isinstance(value, Span):
        return value._replace(path=path(value.path))
    if type(value) is tuple:
        return tuple(relocated(one, path) for one in value)
    names = getattr(type(value), "__match_args__", ())
    return replace(value, **{name: relocated(getattr(value, name), path) for name in names}) if names else value


@dataclass(frozen=True, slots=True)
class Place:
    """One declaration in code: its address, and where its block stands when the code was read."""

    address: str
    span: Span | None = None

    def text(self) -> str:
        """For a reader: ``aws_iam_access_key.ci (iam.tf:3)``."""
        return f"{self.address} ({self.span.path}:{self.span.line})" if self.span else self.address


@dataclass(frozen=True, slots=True)
class TagOrigin:
    """A tag."""

    name: str
    holder: str  # what carries it, for a reader: ``aws_iam_user.ci``, ``provider aws``, ``user ci``
    default: bool = False  # it is one of a provider's ``default_tags``
    set_by: str = ""  # the address of the clock that fixes its value
    moved_by: str = ""  # the function or clock that moves its value on, while the key stays
    kept: bool = False  # Terraform sets it once and ignores its changes


@dataclass(frozen=True, slots=True)
class CommentOrigin:
    """An item of a comment that begins with ``posturio:``."""

    name: str


@dataclass(frozen=True, slots=True)
class MetadataOrigin:
    """An entry of a CloudFormation resource's ``Metadata``."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ArgumentOrigin:
    """An argument of a resource, or an input of a module call."""

    path: str
    address: str


@dataclass(frozen=True, slots=True)
class TriggerOrigin:
    """An item of ``lifecycle.replace_triggered_by``."""

    reference: str = ""  # as it is written; empty where it is no reference
    via: str = ""  # what it leads to, where it is not that itself: ``toggles_leapfrog.turn and time_rotating.key``
    clock: str = ""  # the address of what it leads to in the end


@dataclass(frozen=True, slots=True)
class ChangeOrigin:
    """An argument whose change replaces the key, or the key's address."""

    argument: str  # ``user``, ``pgp_key``, ``for_each`` or ``count``
    cause: str = ""  # what it changes with: ``toggles_leapfrog.turn and time_rotating.key``
    clock: str = ""  # the address of what it changes with in the end


@dataclass(frozen=True, slots=True)
class SecretRotationOrigin:
    """The rotation of the secret that stores the key."""

    address: str
    label: str = ""  # CloudFormation's name for it; empty where the address shows the type


@dataclass(frozen=True, slots=True)
class DependsOnOrigin:
    """An item of ``depends_on``."""

    reference: str


@dataclass(frozen=True, slots=True)
class IgnoreChangesOrigin:
    """``ignore_changes = all`` on a key that something else rotates."""


if TYPE_CHECKING:
    Origin = Union[
        TagOrigin,
        CommentOrigin,
        MetadataOrigin,
        ArgumentOrigin,
        TriggerOrigin,
        ChangeOrigin,
        SecretRotationOrigin,
        DependsOnOrigin,
        IgnoreChangesOrigin,
    ]

KINDS = {
    TagOrigin: "tag",
    CommentOrigin: "comment",
    MetadataOrigin: "metadata",
    ArgumentOrigin: "argument",
    TriggerOrigin: "trigger",
    ChangeOrigin: "change",
    SecretRotationOrigin: "secret_rotation",
    DependsOnOrigin: "depends_on",
    IgnoreChangesOrigin: "ignore_changes",
}
"""The name of each kind in the JSON contract."""


def describe_origin(origin: Origin) -> str:
    """Where evidence stands, for a reader: ``tag "expires" of aws_iam_user.ci``."""
    match origin:
        case TagOrigin(name, holder, default, set_by):
            text = f'{"default " if default else ""}tag "{name}" of {holder}'
            return f"{text}, set by {set_by}" if set_by else text
        case CommentOrigin(name):
            return f'comment "{name}"'
        case MetadataOrigin(name, address):
            return f'metadata "{name}" of {address}'
        case ArgumentOrigin(path, address):
            return f"{path} of {address}"
        case TriggerOrigin(reference, via, _):
            text = f"replace_triggered_by = [{reference}]" if reference else "replace_triggered_by"
            return f"{text} via {via}" if via else text
        case ChangeOrigin(argument, cause, _):
            return f"{argument} changes with {cause}" if cause else argument
        case SecretRotationOrigin(address, label):
            return f"{label} {address}" if label else address
        case DependsOnOrigin(reference):
            return f"depends_on = [{reference}]"
        case _:
            return "ignore_changes = all"


def document_of(origin: Origin) -> dict[str, Any]:
    """An origin as the JSON contract has it: its kind and its fields, without empty ones."""
    fields = {name: getattr(origin, name) for name in origin.__match_args__}
    return {"kind": KINDS[type(origin)], **{name: value for name, value in fields.items() if value}}


def identity_of(origin: Origin) -> str:
    """What distinguishes an origin among those of one key. It is part of fingerprints, so its form is permanent."""
    return "\0".join((KINDS[type(origin)], *(str(getattr(origin, name)) for name in origin.__match_args__[:2])))


def with_texts(origin: Origin, change: Callable[[str], str]) -> Origin:
    """An origin with ``change`` applied to its texts, such as to mask key ids."""
    values: Any = [getattr(origin, name) for name in origin.__match_args__]
    make: Any = type(origin)
    changed: Origin = make(*(change(value) if isinstance(value, str) else value for value in values))
    return changed


class HolderKind(Enum):
    """What kind of thing holds a secret, in the words that readers see and fingerprints hold: they are permanent."""

    OUTPUT = 'output "{0}"'
    ARGUMENT = "{1} of {0}"
    STACK_OUTPUT = "the output {0}"
    STACK_PARAMETER = "the parameter {1} of the stack {0}"
    METADATA = "the Metadata of {0}"
    SSM_PARAMETER = "the plain SSM parameter {0}"
    USER_DATA = "the user data of {0}"
    ENVIRONMENT = "the environment of {0}"
    PROPERTY = "{1} of {0} ({2})"
    UNKNOWN = "a place that is not protected"


@dataclass(frozen=True, slots=True)
class SecretHolder:
    """One thing that holds a secret."""

    kind: HolderKind
    address: str = ""  # the name of an output, else the address of a resource
    argument: str = ""  # the argument, the property or the parameter
    type: str = ""  # the type of a resource of a template


def describe_holder(holder: SecretHolder) -> str:
    """The name of what holds a secret, which no other holder of the key has: ``output "secret"``."""
    return holder.kind.value.format(holder.address, holder.argument or "a property", holder.type)
