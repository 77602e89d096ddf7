"""From the resources of a plan to access keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.directive import Parsed
from posturio_iac.model import AccessKey, Unknown
from posturio_iac.record import dataclass, replace
from posturio_iac.terraform import evidence
from posturio_iac.terraform.keys import KEY_TYPES, ROOT_USER, Declared, max_age_lifetime, related
from posturio_iac.terraform.plan_exposures import exposures_in
from posturio_iac.terraform.plan_references import Configuration
from posturio_iac.terraform.plan_source import joined
from posturio_iac.terraform.plan_users import Users, find_user, permission_note
from posturio_iac.terraform.remedies import remedies_in_code
from posturio_iac.terraform.rotation import Rotation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.model import Attr, Exposure, Lifetime
    from posturio_iac.terraform.options import Options
    from posturio_iac.terraform.plan_document import Document, Resource
    from posturio_iac.terraform.plan_source import Source
    from posturio_iac.terraform.users import User

NO_LIFECYCLE = Unknown("a plan shows neither lifecycle blocks nor comments; give --source DIR, the folder of its code")
_NOT_ROTATED = Rotation((), (), None, False, frozenset())
_TRIGGERED = "replace_by_triggers"
"""The ``action_reason`` of what ``replace_triggered_by`` replaces."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all keys of one plan."""

    options: Options
    scope: str
    """Where the plan stands, which becomes part of the fingerprint of keys without code."""
    source: Source | None


def keys_of(document: Document, setting: Setting) -> Iterator[AccessKey]:
    """Yield the keys that exist after a plan, with what the code says about them where it is given."""
    resources = document.of_type(*KEY_TYPES)
    configuration = Configuration(document)
    exposures = exposures_in(document, configuration, resources) if resources else {}
    users = Users(document)
    apart: set[str] = set()
    declared = []
    for resource in resources:
        user = find_user(resource, users, configuration)
        key = _key(resource, user, users, configuration, setting, exposures.get(resource.address, ()))
        code = setting.source.find(resource.address) if setting.source is not None else NO_LIFECYCLE
        if isinstance(code, Unknown):
            apart.add(key.address)
            owner = code if key.owner is None else key.owner
            key = replace(key, hiding_places=(*key.hiding_places, code), replacement=code, owner=owner)
        else:
            key = joined(key, code, document)
        declared.append(Declared(key, user, _NOT_ROTATED, document))
    for key in related(declared):
        # A rotation that is not seen could explain the other key.
        hidden = key.address in apart and isinstance(key.active_siblings, tuple) and bool(key.active_siblings)
        yield replace(key, active_siblings=NO_LIFECYCLE) if hidden else key


def _key(
    resource: Resource,
    user: User,
    users: Users,
    configuration: Configuration,
    setting: Setting,
    exposures: tuple[Exposure, ...],
) -> AccessKey:
    options = setting.options
    nothing = Parsed()
    lifetimes: list[Lifetime] = [*_max_age(resource), *evidence.of_tags(user, options.names)]
    notes = [
        *_triggered(resource),
        *evidence.notes_on(resource.name, user, options.names, options.as_of),
        *permission_note(user, users),
    ]
    return AccessKey(
        address=resource.address,
        framework="terraform-plan",
        span=resource.span,
        user=user.name,
        user_address=user.address,
        status=_status(resource, configuration),
        remedies=remedies_in_code(resource.name, _declare(user)),
        lifetimes=tuple(dict.fromkeys(lifetimes)),
        hiding_places=tuple(dict.fromkeys((*user.tags.hidden, *user.hidden))),
        unseen_tags=user.unseen,
        notes=tuple(dict.fromkeys(notes)),
        owner=evidence.owner_of(user, nothing, options.names),
        is_root=user.name == ROOT_USER and user.address is None,
        exposures=exposures,
        tags=tuple((t.name, t.value) for t in user.tags.items if isinstance(t.value, str)),
        scope=setting.scope,
    )


def _declare(user: User) -> str:
    if user.address is None:
        return "write # posturio: {name}={value} above the block in the code, and give its folder with --source"
    return f'add {{name}} = "{{value}}" to the tags of {user.address} in the code'


def _status(resource: Resource, configuration: Configuration) -> Attr[str]:
    """Return the status; one that the configuration leaves out is Active, whatever older providers say before apply."""
    status: Any = resource.get("status")
    if isinstance(status, Unknown):
        expressions = configuration.of(resource).get("expressions")
        return "Active" if isinstance(expressions, dict) and "status" not in expressions else status
    return status if isinstance(status, str) and status else "Active"


def _max_age(resource: Resource) -> Iterator[Lifetime]:
    if resource.type == "awsutils_expiring_iam_access_key":
        age = resource.get("max_age")
        known = Unknown(age.reason.replace(f"max_age of {resource.address}", "it")) if isinstance(age, Unknown) else age
        yield max_age_lifetime(known, "max_age", f"{resource.type}.{resource.name}", resource.span)


def _triggered(resource: Resource) -> Iterator[str]:
    if resource.reason == _TRIGGERED:
        yield "this plan replaces it by replace_triggered_by, and does not show what triggers that, nor how often"
