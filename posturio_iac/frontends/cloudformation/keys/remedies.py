"""The shortest changes that mend a key, in the language of its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import AddMetadata, Advice, CallConstruct, Remedies, SetProperty, StoreAndRotate
from posturio_iac.core.place import Place
from posturio_iac.frontends.cloudformation.keys.cdk import construct_of, is_from_cdk

if TYPE_CHECKING:
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack
    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry


def remedies(entry: TemplateEntry, address: str, stack: Stack) -> Remedies:
    """The remedies for the key ``entry`` of a stack."""
    place = Place(address, entry.source.span(entry.key))
    if is_from_cdk(entry, stack):
        path = construct_of(entry) or address
        off = Advice(f"set status to AccessKeyStatus.INACTIVE in {path.removesuffix('/Resource')} of the CDK app")
        return Remedies(CallConstruct(place, path), StoreAndRotate(place, construct=path.removesuffix("/Resource")), off)
    json = entry.source.language == "JSON"
    outer, _, name = address.rpartition("/")
    nested = (Advice(f"let the stack {outer} set the Status of {name}, and make it Inactive only there"),) if outer else ()
    return Remedies(
        AddMetadata(place, json=json), StoreAndRotate(place), SetProperty(place, "Status", "Inactive", json=json), narrower=nested
    )
