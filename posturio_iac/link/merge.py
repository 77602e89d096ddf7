"""Adds the facts of its code to a deployed key. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.origin import ArgumentOrigin, TagOrigin
from posturio_iac.core.evidence.reason import UNCERTAIN_LINK
from posturio_iac.core.model import Effect, Kind
from posturio_iac.core.record import replace
from posturio_iac.judge.suppressions import BORROWED
from posturio_iac.link.remedies import remedies_for

if TYPE_CHECKING:
    from posturio_iac.core.model import AccessKey, Directive, Lifetime
    from posturio_iac.link.model import Link

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
        directives=tuple(map(_borrowed, one.directives)) if one is not None and declaration.exact else (),
        declaration=declaration,
        managed=link.managed,
    )


def _one(code: tuple[AccessKey, ...]) -> AccessKey | None:
    """The declaration if there is one, or if all possible ones agree."""
    same = bool(code) and all(
        (other.span, other.lifetimes, other.status, other.owner) == (code[0].span, code[0].lifetimes, code[0].status, code[0].owner)
        for other in code
    )
    return code[0] if same else None


def _lifetimes(key: AccessKey, code: AccessKey, *, exact: bool) -> tuple[Lifetime, ...]:
    """The evidence of the code that concerns a deployed key: evidence that counts, and that of tags that AWS does not have.

    Where the link is only likely, the evidence is unknown.
    """
    found = tuple(e for e in code.lifetimes if e.effect in COUNTING and _adds(e, key))
    if exact:
        return found
    likely = UNCERTAIN_LINK(code.address)
    return tuple(replace(e, effect=Effect.UNKNOWN, reason=e.reason or likely, holds=_held(e)) for e in found)


def _held(evidence: Lifetime) -> Effect | None:
    return None if evidence.effect is Effect.UNKNOWN else evidence.effect


def _adds(evidence: Lifetime, key: AccessKey) -> bool:
    """True if the code adds something: AWS itself knows the tags of the user, if they were read, and when a service credential ends."""
    if isinstance(evidence.origin, ArgumentOrigin) and evidence.kind is Kind.EXPIRY:
        return False
    if not isinstance(evidence.origin, TagOrigin):
        return True
    return evidence.origin.name not in dict(key.tags) and (evidence.effect is not Effect.UNKNOWN or bool(key.unknown_sources))


def _borrowed(directive: Directive) -> Directive:
    return replace(directive, source=BORROWED)
