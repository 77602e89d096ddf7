"""CloudFormation's answers about a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.model import Unknown
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class StackKey:
    """A key that a stack holds."""

    stack: str
    """The name of the stack; that of the inner one when it is nested."""
    region: str
    logical_id: str
    """Empty where CloudFormation names the stack and not the resource, as in a stack of more than 100 resources."""


@dataclass(frozen=True, slots=True)
class Stacks:
    """True if and where CloudFormation is asked."""

    ask: bool = True
    regions: tuple[str, ...] = ()
    """Where, as the user says; empty for the region of the other calls alone."""


StackAnswer = Union[StackKey, Unknown, None]
"""The stack; None where no region knows one; or why it is unknown."""
TYPE = "AWS::IAM::AccessKey"

if TYPE_CHECKING:
    Answers = Mapping[str, StackAnswer]
    """By key id."""
