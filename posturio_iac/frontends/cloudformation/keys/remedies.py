"""The shortest changes that mend a key, in the language of its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.place import Place
from posturio_iac.core.remedy import AddMetadata, Advice, CallConstruct, Remedies, SetProperty, StoreAndRotate
from posturio_iac.core.text.json_nodes import Object

if TYPE_CHECKING:
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

_CDK_PATH = "aws:cdk:path"
_CDK_OUTPUT = "cdk.out"


def remedies(entry: TemplateEntry, address: str) -> Remedies:
    """Return what mends ``entry``."""
    place = Place(address, entry.source.span(entry.key))
    if (construct := construct_of(entry)) or _CDK_OUTPUT in entry.source.path.split("/"):
        path = construct or address
        off = Advice(f"set status to AccessKeyStatus.INACTIVE in {path.removesuffix('/Resource')} of the CDK app")
        return Remedies(CallConstruct(place, path), StoreAndRotate(place, construct=path.removesuffix("/Resource")), off)
    json = entry.source.language == "JSON"
    outer, _, name = address.rpartition("/")
    nested = (Advice(f"let the stack {outer} decide the Status of {name}, and make it Inactive there alone"),) if outer else ()
    return Remedies(
        AddMetadata(place, json=json), StoreAndRotate(place), SetProperty(place, "Status", "Inactive", json=json), narrower=nested
    )


def construct_of(entry: TemplateEntry) -> str:
    """Return the path of the construct that CDK made a resource for, or nothing."""
    metadata = entry.get("Metadata")
    node = metadata.value.get(_CDK_PATH) if metadata is not None and isinstance(metadata.value, Object) else None
    return node.value if node is not None and isinstance(node.value, str) else ""
