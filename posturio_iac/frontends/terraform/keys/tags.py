"""Tags: a resource's own and the provider's defaults, each with its place, and unknown values that may add to them."""

from __future__ import annotations

from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import MUST_BE
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import nested_blocks
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, spelled, walk
from posturio_iac.frontends.terraform.values import PartialMap, Value

_MOST_STEPS = 4
"""Longer chains of references only lose their place."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag."""

    name: str
    value: Value
    origin: TagOrigin
    span: Span
    expression: hcl.Expr | None = None
    """The expression of its value, to see whether a clock is in it."""
    scope: ModuleScope | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one thing."""

    items: tuple[Tag, ...] = ()
    hidden: tuple[Unknown, ...] = ()
    """Why there may be more."""

    def over(self, other: Tags) -> Tags:
        names = {item.name for item in self.items}
        return Tags(self.items + tuple(i for i in other.items if i.name not in names), self.hidden + other.hidden)


NO_TAGS = Tags()


def tags_of(block: hcl.Block, scope: ModuleScope, address: str, instance: ModuleInstance) -> Tags:
    """The tags that a block gives to its resource."""
    expression = hcl.setting(block, "tags")
    if expression is None:
        return NO_TAGS
    root_like = instance.root.folder.is_root
    tags = read_map(expression, scope, TagOrigin("", address), f"tags of {address}", root_like=root_like)
    ignored = ignored_changes(block)
    if ignored is not None and not ignored & {"tags", "tags_all"} and not any(name.startswith("tags.") for name in ignored):
        return tags
    # Terraform sets them when it creates the user, and never again.
    kept = [t for t in tags.items if ignored is None or ignored & {"tags", "tags_all", f"tags.{t.name}"}]
    return Tags(tuple(replace(t, origin=replace(t.origin, kept=True)) if t in kept else t for t in tags.items), tags.hidden)


def read_map(expression: hcl.Expr, scope: ModuleScope, carrier: TagOrigin, label: str, *, root_like: bool) -> Tags:
    """The entries of a map of tags. Defaults of variables count; entries that others may add are unknown.

    ``carrier`` is the origin of every entry but for its name.
    """
    value = _as_map(evaluate_or_unknown(expression, scope))
    strict = value if root_like else _as_map(evaluate_or_unknown(expression, scope.seen(STRICT)))
    found = (reading.rest if isinstance(reading, PartialMap) else reading for reading in (value, strict))
    hidden = dict.fromkeys(one.about(label) for one in found if isinstance(one, Unknown))
    items = []
    if isinstance(value, dict):
        places = _places(expression, scope)
        for name, entry in value.items():
            if entry is None:
                # Terraform leaves out entries without a value; the caller of the module may still give one.
                entry = strict.get(name) if isinstance(strict, dict) else None  # noqa: PLW2901 - the same entry, read strictly
                if not isinstance(entry, Unknown):
                    continue
            origin, inner = places.get(name, (None, None))
            span = _literal_place(origin, inner) if origin is not None and inner is not None else expression.span
            items.append(Tag(name, entry, replace(carrier, name=name), span, origin, inner))
    return Tags(tuple(items), tuple(hidden))


def _literal_place(origin: hcl.Expr, scope: ModuleScope) -> Span:
    """Where a value stands as a literal, when it comes from one alone: the argument of a call, a local value."""
    at: tuple[hcl.Expr, ModuleScope] | None = origin, scope
    for _ in range(_MOST_STEPS):
        at = _source(*at) if at is not None and not isinstance(at[0], hcl.Literal) else at
    is_literal = at is not None and isinstance(at[0], hcl.Literal) and scope.instance.program.is_ours(at[0].span.path)
    return at[0].span if at is not None and is_literal else origin.span


def _as_map(value: Value) -> Value:
    """Return tags as a map, also those that some providers take as a list of keys and values."""
    if isinstance(value, tuple):
        entries = {e["key"]: e.get("value") for e in value if isinstance(e, dict) and isinstance(e.get("key"), str)}
        unknown = next((e for e in value if isinstance(e, Unknown)), None)
        return PartialMap(entries, unknown) if unknown is not None else entries
    return {} if value is None else value if isinstance(value, (dict, Unknown)) else MUST_BE("tags", "a map")


def _places(expression: hcl.Expr, scope: ModuleScope, depth: int = 0) -> dict[str, tuple[hcl.Expr, ModuleScope]]:
    """The expression of each entry that is written as ``name = value``, also behind locals and module inputs; later ones win."""
    found: dict[str, tuple[hcl.Expr, ModuleScope]] = {}
    for part in reversed(list(walk(expression))):
        if isinstance(part, hcl.ObjectExpr):
            found.update((str(key.value), (value, scope)) for key, value in part.items if isinstance(key, hcl.Literal))
        elif depth < _MOST_STEPS and isinstance(part, hcl.GetAttr) and (source := _source(part, scope)) is not None:
            found = {**_places(*source, depth + 1), **found}
    return found


def _source(part: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, ModuleScope] | None:
    """The expression that a local value, an input of a module, ``each.value`` or an entry of one of these stands for."""
    instance, (head, *rest) = scope.instance, (*references(part), "")
    found, inner = None, instance.scope()
    name, way = rest[0] if rest else "", rest[1:-1]
    match head:
        case "local" if name in instance.folder.locals:
            found = instance.folder.locals[name].expression
        case "var" if instance.call is not None and instance.caller is not None:
            found, inner = instance.call.get(name), instance.caller
        case "var" if name in instance.folder.tfvars:
            found = instance.folder.tfvars[name].expression
        case "each" if name == "value" and isinstance(key := scope.bindings.get("each", {}).get("key"), str):
            found, way = scope.origin, [key, *way]
    if found is None or "[" in spelled(part):
        return None
    for entry in way:
        for _ in range(_MOST_STEPS):
            if not isinstance(found, hcl.ObjectExpr) and (source := _source(found, inner)) is not None:
                found, inner = source
        items = found.items if isinstance(found, hcl.ObjectExpr) else ()
        value = next((value for key, value in items if isinstance(key, hcl.Literal) and key.value == entry), None)
        if value is None:
            return None
        found = value
    return found, inner


def default_tags(block: hcl.Block, instance: ModuleInstance, kind: str) -> Tags:
    """The ``default_tags`` of the provider that a resource uses."""
    provider, owner = provider_of(block, instance, kind)
    if provider is None or owner is None:
        return _generated_tags(instance.root) if block.get("provider") is None else NO_TAGS
    return _defaults(provider, owner)


def _generated_tags(root: ModuleInstance) -> Tags:
    """Why a provider that Terragrunt generates beside a root module may have default tags."""
    unseen = root.folder.unseen_providers
    return Tags((), (unseen,) if unseen is not None else ())


def _defaults(provider: hcl.Block, owner: ModuleInstance) -> Tags:
    """The default tags that one provider states."""
    found = NO_TAGS
    alias = evaluate_or_unknown(provider.get("alias"), owner.scope())
    name = f"provider {provider.labels[0]}" + (f".{alias}" if isinstance(alias, str) else "")
    if provider.header.path.endswith(".hcl"):
        name = f"the provider that {provider.header.path} generates"
    label = f"default_tags of {name}"
    for defaults in nested_blocks(provider, "default_tags", owner.scope()):
        expression = hcl.setting(defaults.block, "tags")
        if defaults.unsure is not None:
            found = found.over(Tags((), (defaults.unsure.about(label),)))
        elif expression is not None:
            read = read_map(expression, defaults.scope, TagOrigin("", name, default=True), label, root_like=True)
            found = found.over(read)
    return found


def provider_of(block: hcl.Block, instance: ModuleInstance, kind: str) -> tuple[hcl.Block | None, ModuleInstance | None]:
    """The provider configuration that a resource uses, and the module that holds it."""
    chosen = block.get("provider")
    words = _provider_words(chosen) if chosen is not None else (kind.split("_", maxsplit=1)[0],)
    at: ModuleInstance | None = instance
    while at is not None and words:
        found = next((p for p in at.folder.providers if _matches(p, words, at)), None)
        if found is not None:
            return found, at
        words = _passed(at.call, words) if at.call is not None else ()
        at = at.caller.instance if at.caller is not None else None
    return None, None


def _provider_words(expression: hcl.Expr) -> tuple[str, ...]:
    if isinstance(expression, hcl.Literal):
        return tuple(str(expression.value).split("."))
    return references(expression)


def _matches(provider: hcl.Block, words: tuple[str, ...], instance: ModuleInstance) -> bool:
    if not words or provider.labels != words[:1]:
        return False
    alias = evaluate_or_unknown(provider.get("alias"), instance.scope())
    return bool(alias == (words[1] if len(words) > 1 else None))


def _passed(call: hcl.Block, words: tuple[str, ...]) -> tuple[str, ...]:
    """The caller's name of a provider that a module gets; an unaliased one is inherited without being passed."""
    providers = hcl.setting(call, "providers")
    if isinstance(providers, hcl.ObjectExpr):
        for key, value in providers.items:
            name = (str(key.value),) if isinstance(key, hcl.Literal) else references(key)
            if tuple(".".join(name).split(".")) == words:
                return _provider_words(value)
    return words if len(words) == 1 else ()
