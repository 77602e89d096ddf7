"""The shortest changes that mend a key, in the language of its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.place import Place
from posturio_iac.core.remedy import AddMetadata, Remedies, SetProperty, StoreAndRotate

if TYPE_CHECKING:
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry


def remedies(entry: TemplateEntry, address: str) -> Remedies:
    """Return what mends ``entry``."""
    place = Place(address, entry.source.span(entry.key))
    json = entry.source.language == "JSON"
    return Remedies(AddMetadata(place, json=json), StoreAndRotate(place), SetProperty(place, "Status", "Inactive", json=json))
