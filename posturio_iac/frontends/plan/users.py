"""The user of a key in a plan: by the value of ``user``, or by what its expression refers to; and the tags that the plan gives it."""

from __future__ import annotations

from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.unknown import AFTER_APPLY, DECLARED_ELSEWHERE, NAMES_NO, NOT_FIXED, ONE_OF, SENSITIVE, TAGS_UNSEEN
from posturio_iac.facts import MetadataItem, UserFacts, ends_permission, quoted
from posturio_iac.frontends.plan.document import PlanDocument, Resource, mapping, mappings
from posturio_iac.frontends.plan.references import Configuration, instances_of
from posturio_iac.frontends.terraform.keys.users import USER_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PlanTags = tuple[tuple[MetadataItem, ...], tuple[Unknown, ...]]
"""The tags of a user, and why it may have others."""


class PlanUsers:
    """The users that one plan declares, and the policies that it gives them."""

    def __init__(self, document: PlanDocument) -> None:
        self.document = document
        self.by_name: dict[str, list[Resource]] = {}
        self.policies: dict[str, list[Resource]] = {}
        for user in document.of_type(*USER_TYPES):
            if isinstance(name := user.raw(USER_TYPES[user.type]), str):
                self.by_name.setdefault(name, []).append(user)
        for policy in document.of_type("aws_iam_user_policy"):
            if isinstance(name := policy.raw("user"), str):
                self.policies.setdefault(name, []).append(policy)
        self.read = {name: user for user in document.users_read() if isinstance(name := user.raw("user_name"), str)}
        """What data sources say of users that are declared elsewhere, by their names."""


def find_user(key: Resource, users: PlanUsers, configuration: Configuration) -> UserFacts:
    """The user of a key."""
    argument = KEY_TYPES[key.type]
    value, shown = key.raw(argument), key.get(argument)
    linked = _linked(key, users.document, configuration)
    if isinstance(value, str):
        same = users.by_name.get(value, [])
        found = [u for u in same if u in linked] or same
        # A name that only apply generates can still turn out to be this one.
        found = found or [u for u in linked if isinstance(u.raw(USER_TYPES[u.type]), Unknown)]
    else:
        found = linked
    if len(found) == 1:
        return _declared(found[0], shown, configuration)
    if found:
        return _one_of(found, shown, configuration)
    if isinstance(value, str) and isinstance(shown, str) and value in users.read:
        own, rest = users.read[value].entries("tags")
        return UserFacts(shown, None, value, None, *_tags(users.read[value], own, own, rest, ""))
    return _foreign(value, shown)


def permission_note(user: UserFacts, users: PlanUsers) -> Iterator[str]:
    """Yield a sentence when a policy of the user ends by date: the permission ends, the key does not."""
    declared = users.document.resources.get(user.address or "")
    name = declared.raw(USER_TYPES[declared.type]) if declared is not None else None
    if not isinstance(name, str):
        return
    for policy in users.policies.get(name, ()):
        text = policy.raw("policy")
        lowered = text.lower() if isinstance(text, str) else ""
        if "aws:currenttime" in lowered and "datelessthan" in lowered:
            yield ends_permission(policy.address)


def _linked(key: Resource, document: PlanDocument, configuration: Configuration) -> list[Resource]:
    block = configuration.of(key)
    expressions = block.get("expressions")
    if not isinstance(expressions, dict):
        return []
    modules = tuple(name for name, _ in key.modules)
    found: dict[str, Resource] = {}
    for target in configuration.targets(expressions.get(KEY_TYPES[key.type]), modules, block):
        if target.block.partition(".")[0] in USER_TYPES:
            found.update((r.address, r) for r in instances_of(document, target, key))
    return list(found.values())


def _declared(user: Resource, shown: Any, configuration: Configuration) -> UserFacts:
    name = user.get(USER_TYPES[user.type])
    if not isinstance(name, str):
        name = shown if isinstance(shown, str) else name if isinstance(name, Unknown) else NOT_FIXED(f"the name of {user.address}")
    path = user.get("path")
    tags, hidden = tags_of(user, configuration)
    return UserFacts(
        name,
        address=user.address,
        identity=user.address,
        path=path if path is None or isinstance(path, (str, Unknown)) else None,
        tags=tags,
        hidden=hidden,
    )


def _one_of(users: list[Resource], shown: Any, configuration: Configuration) -> UserFacts:
    addresses = ", ".join(sorted(u.address for u in users))
    each = [_declared(u, shown, configuration) for u in users]
    hidden = (*(h for u in each for h in u.hidden), ONE_OF(addresses))
    return UserFacts(shown if isinstance(shown, str) else ONE_OF(addresses), hidden=hidden)


def _foreign(value: Any, shown: Any) -> UserFacts:
    if isinstance(value, str) and value:
        name = shown if isinstance(shown, str) else SENSITIVE("the user's name")
        return UserFacts(name, identity=value, unseen=DECLARED_ELSEWHERE(quoted(shown)))
    why = value if isinstance(value, Unknown) else NAMES_NO("the plan", "user")
    reason = TAGS_UNSEEN(why)
    return UserFacts(why, hidden=(reason,), unseen=reason)


def tags_of(user: Resource, configuration: Configuration) -> PlanTags:
    """The tags of a user: ``tags_all``, which holds the provider's defaults as well, or what there is before it is known."""
    if user.type != "aws_iam_user":
        return _listed(user)
    own, rest = user.entries("tags")
    if "tags_all" not in user.values and "tags_all" not in mapping(user.unknown):
        return _tags(user, own, own, rest, "")  # the provider is older than default tags
    merged, hidden = user.entries("tags_all")
    provider = _provider(user, configuration)
    if hidden is not None:
        merged = {**_defaults(provider, configuration), **own, **merged}
    known = {name: own[name] if isinstance(value, Unknown) and name in own else value for name, value in merged.items()}
    return _tags(user, {**own, **known}, own, hidden, provider.rpartition(":")[2])


def _tags(user: Resource, entries: dict[str, Any], own: dict[str, Any], rest: Unknown | None, provider: str) -> PlanTags:
    def origin(name: str) -> TagOrigin:
        return TagOrigin(name, user.address) if name in own else TagOrigin(name, f"provider {provider or 'aws'}", default=True)

    items = tuple(MetadataItem(name, value, origin(name), user.span) for name, value in entries.items())
    return items, (rest,) if rest is not None else ()


def _listed(user: Resource) -> PlanTags:
    value = user.get("tags")
    if isinstance(value, Unknown):
        return (), (value,)
    pairs = mappings(value)
    entries = {pair["key"]: pair.get("value", AFTER_APPLY(f'tags["{pair["key"]}"]')) for pair in pairs if isinstance(pair.get("key"), str)}
    unfinished = len(entries) < len(pairs)
    return _tags(user, entries, entries, AFTER_APPLY(f"part of tags of {user.address}") if unfinished else None, "")


def _provider(user: Resource, configuration: Configuration) -> str:
    found = configuration.of(user).get("provider_config_key")
    return found if isinstance(found, str) else ""


def _defaults(provider: str, configuration: Configuration) -> dict[str, Any]:
    expressions = configuration.document.part("configuration", "provider_config", provider, "expressions")
    found: dict[str, Any] = {}
    for block in mappings(expressions.get("default_tags")):
        found |= mapping(mapping(block.get("tags")).get("constant_value"))
    return found
