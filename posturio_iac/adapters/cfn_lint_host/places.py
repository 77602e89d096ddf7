"""Places as cfn-lint counts them, and the resource of a template that a key belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posturio_iac.core.model import Span


class HostPlace(NamedTuple):
    """A region of a file; lines and columns count from 0, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span) -> HostPlace:
        """A span in cfn-lint's counting."""
        return cls(span.line - 1, span.column - 1, span.end_line - 1, span.end_column - 1)


def resource_of(resources: Mapping[str, Any], address: str, place: HostPlace | None) -> tuple[str, ...]:
    """The logical id, as the template has it, of the resource in which a key stands; nothing when there is none.

    The key of a stack set stands in a text of the stack set. A loop gives several resources the same place.
    """
    name = address.partition(" (")[0].rpartition("/")[2]
    around = [] if place is None else list(_around(resources, place))
    if name in (around or resources):
        return (name,)
    return tuple(around[:1])


def _around(resources: Mapping[str, Any], place: HostPlace) -> Iterator[str]:
    """Yield the resources whose text holds a place."""
    for name, body in resources.items():
        start, end = getattr(name, "start_mark", None), getattr(body, "end_mark", None)
        if start is not None and end is not None and (start.line, start.column) <= place[:2] < (end.line, end.column):
            yield name
