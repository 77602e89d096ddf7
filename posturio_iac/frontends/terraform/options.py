"""Options for reading Terraform."""

from __future__ import annotations

from posturio_iac.core.budget import Budget
from posturio_iac.core.record import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from posturio_iac.core.metadata.names import Names
    from posturio_iac.core.place import Span
    from posturio_iac.frontends import Reading

MAX_FILE_SIZE = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TerraformOptions:
    """Options of one reading."""

    names: Names
    as_of: datetime
    """The time of the run; reading needs it only to say how old a date in a name is."""
    engine: str = "auto"
    """``auto``, ``terraform`` or ``opentofu``."""
    engine_version: str | None = None
    var_files: tuple[str, ...] = ()
    """Paths of ``--var-file``, relative to the current directory."""
    known_modules: tuple[dict[str, Any], ...] = ()
    """More entries for the table of known modules, as configuration holds them."""
    rule_ids: frozenset[str] = frozenset()
    max_file_size: int = MAX_FILE_SIZE
    """In bytes."""
    budget: Callable[[], Budget] = Budget
    read_template: Callable[[str, Span, Mapping[str, str]], Reading] | None = None
    """Reads a CloudFormation template in the code: its text, the place of that, and the parameters that it is given."""
