"""Places in code: regions of files, and declarations."""

from __future__ import annotations

from posturio_iac.core.record import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A region of one file, as editors and SARIF count it."""

    path: str
    """Relative to the scan root, with forward slashes."""
    line: int
    """First line, from 1."""
    column: int
    """First column in code points, from 1."""
    end_line: int
    end_column: int
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class Place:
    """One declaration in code: its address, and where its block stands when the code was read."""

    address: str
    span: Span | None = None

    def text(self) -> str:
        """For a reader: ``aws_iam_access_key.ci (iam.tf:3)``."""
        return f"{self.address} ({self.span.path}:{self.span.line})" if self.span else self.address
