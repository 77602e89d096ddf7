"""Adds the facts of its code to a deployed key, and remedies that change that code, since changes by hand do not last. Pure."""

from __future__ import annotations

import shlex

from posturio_iac.core.evidence.reason import UNCERTAIN_LINK
from posturio_iac.core.evidence.remedy import Advice, Remedies
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import AccessKey, Attr, Declaration, Effect, Kind, Lifetime
from posturio_iac.core.place import ArgumentOrigin, Place, TagOrigin
from posturio_iac.core.record import NamedTuple, replace
from posturio_iac.judge.suppressions import BORROWED


class Link(NamedTuple):
    """The code of one deployed key, as far as it is known."""

    declaration: Declaration | None
    code: tuple[AccessKey, ...]
    """The declarations that were read; several where one block makes them all, or where it is open which one it is."""
    managed: Attr[bool]
    by_id: bool = False
    shared: bool = False


RETURNS = "if it is only switched off by hand, the next apply switches it on again while status is unset or Active"
UNSEEN = "CloudFormation does not notice a key that is switched off by hand, and a later change of the resource can switch it on again"


def remedies_for(key: AccessKey, declaration: Declaration, code: AccessKey | None, *, shared: bool = False) -> Remedies:
    """The changes for ``key``; ``code`` is its declaration where that is certain, ``shared`` that its block makes other keys too."""
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


COUNTING = (Effect.ENFORCED, Effect.DECLARED, Effect.UNKNOWN)
"""Effects that count for a deployed key: inert and unreadable evidence is reported by the scan of the code."""


def merged(key: AccessKey, link: Link) -> AccessKey:
    """A deployed key with the facts of its code: its declaration, lifetimes, owner and remedies."""
    declaration = link.declaration
    if declaration is None:
        return replace(key, managed=None if key.is_root is True else link.managed)
    one = _one(link.code)
    if one is not None and not one.restores_status:
        declaration = replace(declaration, restores_status=False)
    place = declaration.place
    owner = one.owner if one is not None and isinstance(one.owner, str) and not isinstance(key.owner, str) else key.owner
    return replace(
        key,
        span=place.span if place else None,
        remedies=remedies_for(key, declaration, one, shared=link.shared),
        lifetimes=(*key.lifetimes, *(_lifetimes(key, one, exact=declaration.exact) if one is not None else ())),
        owner=owner,
        directives=tuple(replace(d, source=BORROWED) for d in one.directives) if one is not None and declaration.exact else (),
        consumers=link.code[0].consumers if declaration.exact and len({code.consumers for code in link.code}) == 1 else (),
        declaration=declaration,
        managed=link.managed,
    )


def _one(code: tuple[AccessKey, ...]) -> AccessKey | None:
    same = bool(code) and all(
        (other.span, other.lifetimes, other.status, other.owner) == (code[0].span, code[0].lifetimes, code[0].status, code[0].owner)
        for other in code
    )
    return code[0] if same else None


def _lifetimes(key: AccessKey, code: AccessKey, *, exact: bool) -> tuple[Lifetime, ...]:
    """The evidence of the code that AWS does not know and that counts; it is unknown where the link is only likely."""
    found = tuple(e for e in code.lifetimes if e.effect in COUNTING and _adds(e, key))
    if exact:
        return found
    likely = UNCERTAIN_LINK(code.address)
    ours = {Effect.UNKNOWN: None}
    return tuple(replace(e, effect=Effect.UNKNOWN, reason=e.reason or likely, effect_if_ours=ours.get(e.effect, e.effect)) for e in found)


def _adds(evidence: Lifetime, key: AccessKey) -> bool:
    """True if the code adds something: AWS itself knows the tags of the user, if they were read, and when a service credential ends."""
    if isinstance(evidence.origin, ArgumentOrigin) and evidence.kind is Kind.EXPIRY:
        return False
    if not isinstance(evidence.origin, TagOrigin):
        return True
    return evidence.origin.name not in dict(key.tags) and (evidence.effect is not Effect.UNKNOWN or bool(key.unknown_sources))
