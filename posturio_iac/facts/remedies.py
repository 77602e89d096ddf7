"""The shortest changes that mend a key of Terraform whose block is not seen: in a plan, or in another linter's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import AddBlock, CreateFirst, Remedies, SetArgument
from posturio_iac.core.place import Place
from posturio_iac.facts.credential_age import age_of

if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Declaring

INACTIVE = '"Inactive"'
"""The status of a disabled key, as HCL writes it."""


def remedies_in_code(kind: str, name: str, declare: Declaring, service: object = None) -> Remedies:
    """The changes for a key of a type, called ``name``, whose block is not seen; ``declare`` states a lifetime."""
    key = Place(f"{kind}.{name}")
    disable = SetArgument(key, "status", INACTIVE, needs_person=True)
    return Remedies(declare, AddBlock(key, name), disable, CreateFirst(key), age=age_of(key, service))
