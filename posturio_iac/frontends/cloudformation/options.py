"""Options for reading templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from posturio_iac.core.budget import Budget
from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posturio_iac.metadata.names import Names

CUSTOM_TYPES = ("Custom::AccessKey", "Custom::IAMAccessKey", "Custom::IamAccessKey")
"""Types of custom resources that create an access key, as public providers name them."""
MAX_FILE_SIZE = 10 * 1024 * 1024


class Common(Protocol):
    """The options that all front ends take."""

    @property
    def names(self) -> Names:
        """The names of metadata that state a lifetime or an owner."""

    @property
    def as_of(self) -> datetime:
        """The time of the run."""

    @property
    def rule_ids(self) -> frozenset[str]:
        """Ids that a comment or metadata may ignore."""

    @property
    def max_file_size(self) -> int:
        """In bytes."""

    @property
    def budget(self) -> Callable[[], Budget]:
        """Makes what reading one root module or template may cost."""


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """Options of one reading."""

    names: Names
    """The names of metadata that state a lifetime or an owner."""
    as_of: datetime
    """The time of the run; reading needs it only to say how old a date in a name is."""
    rule_ids: frozenset[str] = frozenset()
    """Ids that a comment or metadata may ignore."""
    parameters: tuple[str, ...] = ()
    """Paths of ``--parameters`` files, relative to the current directory: they hold for every template that declares their names."""
    custom_types: tuple[str, ...] = CUSTOM_TYPES
    """Types of custom resources that create an access key."""
    max_file_size: int = MAX_FILE_SIZE
    """In bytes; holds for files that a template names."""
    budget: Callable[[], Budget] = Budget
    """Makes what reading one template may cost, with all that it nests."""

    @staticmethod
    def like(common: Common) -> TemplateOptions:
        """Options of which only those that all front ends take are set."""
        return TemplateOptions(common.names, common.as_of, common.rule_ids, max_file_size=common.max_file_size, budget=common.budget)
