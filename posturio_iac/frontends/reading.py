"""The request to a front end, and its result for the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from datetime import datetime

    from posturio_iac.config.model import Config
    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.model import AccessKey, Span
    from posturio_iac.metadata.names import Names


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The request to a front end."""

    config: Config
    as_of: datetime
    names: Names
    rule_ids: frozenset[str]
    budget: Callable[[], Budget]
    """Makes what reading one root module or template may cost."""
    place: str
    """Absolute path that places of findings become relative to."""
    search_terms: tuple[bytes, ...]
    read_template: Callable[[str, Span, Mapping[str, str]], Reading] | None = None
    """Reads a CloudFormation template that stands in other code: its text, the place of that, and the parameters that it is given."""
    roots: Container[str] | None = None
    """The folders of the root modules whose keys can count; None when all can."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading the selected files of one framework."""

    keys: tuple[AccessKey, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    replaced: frozenset[tuple[Span | None, str]] = frozenset()
    """Span and scope of keys that other front ends read as well, and that this one knows better."""
