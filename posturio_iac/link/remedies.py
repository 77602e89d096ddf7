"""The shortest remedies for a deployed key that code declares: changes of that code, since changes by hand do not last."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice, Remedies
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Declaration

RETURNS = "if it is only switched off by hand, the next apply switches it on again while status is unset or Active"
UNSEEN = "CloudFormation does not notice a key that is switched off by hand, and a later change of the resource can switch it on again"


def remedies_for(key: AccessKey, declaration: Declaration, code: AccessKey | None, *, shared: bool = False) -> Remedies:
    """The changes for ``key``; ``code`` is what was read of its declaration, when that is certain or all the same.

    ``shared`` tells whether its block makes other keys as well, which must stay as they are.
    """
    shown = declaration.shown()
    alone = " alone, whose block makes other keys too," if shared else ""
    if code is not None and declaration.exact and _is_call(code):
        shown = Place(code.address, code.span).text()
    stack = declaration.framework == "cloudformation"
    change = _in_template if stack else _in_terraform
    told = code.remedies if code is not None else key.remedies
    if not declaration.restores_status:
        disable = Advice(f"{describe(key.remedies.disable)} ({shown} ignores changes of the status)")
        remove = Advice(f"remove {shown}{alone} from the code")
        return replace(key.remedies, declare=told.declare, rotate=told.rotate, disable=disable, remove=remove)
    if not declaration.exact:
        disable = Advice(f"if {shown} declares it, {change(f'it{alone}', code)}; if not, {describe(key.remedies.disable)}")
        return replace(key.remedies, declare=told.declare, rotate=told.rotate, disable=disable)
    return Remedies(
        declare=told.declare,
        rotate=told.rotate,
        disable=Advice(change(f"{shown}{alone}", code)),
        overlap=told.overlap,
        replace=Advice(_replace(shown, declaration, stack=stack)),
        remove=Advice(f"remove {shown}{alone} from the {'template' if stack else 'code'}"),
        age=told.age,
    )


def _in_terraform(shown: str, code: AccessKey | None) -> str:
    if code is not None and code.status == "Inactive":
        return f"apply {shown}, which already says Inactive"
    if code is not None and _is_call(code):
        return f"switch it off through the inputs of {shown} and apply ({RETURNS})"
    return f'set status = "Inactive" for {shown} and apply ({RETURNS})'


def _in_template(shown: str, code: AccessKey | None) -> str:
    if code is not None and code.status == "Inactive":
        return f"deploy the stack of {shown}, which already says Inactive"
    return f"set Status: Inactive on {shown} and deploy the stack ({UNSEEN})"


def _replace(shown: str, declaration: Declaration, *, stack: bool) -> str:
    if stack:
        return f"raise Serial of {shown} by one and deploy the stack, which replaces the key"
    place = declaration.place
    address = shlex.quote(place.address) if place else shown
    return f"replace the key by terraform apply -replace={address}"


def _is_call(code: AccessKey) -> bool:
    return code.framework == "terraform" and not any(f"{kind}." in code.address for kind in KEY_TYPES)
