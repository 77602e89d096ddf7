"""Tags: a resource's own and the provider's defaults, each with its place, and unknown values that may add to them."""

from __future__ import annotations

from posturio_iac.core.keys import account_of, bare
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.place import TagOrigin
from posturio_iac.core.record import dataclass, replace
from posturio_iac.core.unknown import MUST_BE, NOT_APPLIED, NOT_FIXED
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import ignored_changes
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import nested_blocks
from posturio_iac.frontends.terraform.modules.instance import STRICT, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, spelled, walk
from posturio_iac.frontends.terraform.values import PartialMap, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    _Places = dict[str, tuple[hcl.Expr, ModuleScope]]

_MOST_STEPS = 4  # longer chains of references only lose their place


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag."""

    name: str
    value: Value
    origin: TagOrigin
    span: Span
    expression: hcl.Expr | None = None  # the expression of its value, to see whether a clock is in it
    scope: ModuleScope | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one thing."""

    items: tuple[Tag, ...] = ()
    hidden: tuple[Unknown, ...] = ()  # why there may be more

    def over(self, other: Tags) -> Tags:
        names = {item.name for item in self.items}
        return Tags(self.items + tuple(i for i in other.items if i.name not in names), self.hidden + other.hidden)


NO_TAGS = Tags()


def tags_of(block: hcl.Block, scope: ModuleScope, address: str) -> Tags:
    """The tags that a block gives to its resource."""
    expression = hcl.setting(block, "tags")
    if expression is None:
        return NO_TAGS
    tags, ignored = read_map(expression, scope, TagOrigin("", address), f"tags of {address}"), ignored_changes(block)
    # Those whose changes are ignored Terraform sets when it creates the user, and never again.
    kept = (ignored is None or bool(ignored & {"tags", "tags_all", f"tags.{tag.name}"}) for tag in tags.items)
    said = scope.instance.root.folder.settings
    imports = [bare(".".join(_provider_words(to))) for one in said if one.type == "import" and (to := one.get("to")) is not None]
    why = f"{address} is imported, and Terraform ignores changes of it" if bare(address) in imports else ""
    items = (_once(tag, why) if k else tag for tag, k in zip(tags.items, kept, strict=True))
    return replace(tags, items=tuple(items))


def _once(tag: Tag, why: str) -> Tag:
    return replace(tag, value=NOT_APPLIED(why) if why else tag.value, origin=replace(tag.origin, kept=True))


def read_map(expression: hcl.Expr, scope: ModuleScope, carrier: TagOrigin, label: str) -> Tags:
    """The entries of a map of tags, of the origin ``carrier`` but for their names. Defaults count in root modules; others may add more."""
    value = strict = as_map(evaluate_or_unknown(expression, scope))
    if not carrier.default and not scope.instance.root.folder.is_root:
        strict = as_map(evaluate_or_unknown(expression, scope.seen(STRICT)))
    found = (reading.rest if isinstance(reading, PartialMap) else reading for reading in (value, strict))
    hidden = dict.fromkeys(one.about(label) for one in found if isinstance(one, Unknown))
    items = []
    places = _places(expression, scope, {}) if isinstance(value, dict) else {}
    for name, entry in value.items() if isinstance(value, dict) else ():
        if entry is None or strict is not value:
            # Terraform leaves out entries without a value; whoever calls a module may give others than its defaults.
            entry = strict.get(name) if isinstance(strict, dict) else None  # noqa: PLW2901 - the same entry, read strictly
            if entry is None:
                continue
        origin, inner = places.get(name, (None, None))
        span = _literal_place(origin, inner) if origin is not None and inner is not None else expression.span
        items.append(Tag(name, entry, replace(carrier, name=name), span, origin, inner))
    return Tags(tuple(items), tuple(hidden))


def _literal_place(origin: hcl.Expr, scope: ModuleScope) -> Span:
    literal, _ = _followed(origin, scope)
    is_ours = isinstance(literal, hcl.Literal) and scope.instance.program.is_ours(literal.span.path)
    return literal.span if is_ours else origin.span


def _followed(expression: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, ModuleScope]:
    for _ in range(_MOST_STEPS):
        expression, scope = _source(expression, scope) or (expression, scope)
    return expression, scope


def as_map(value: Value, words: str = "") -> Value:
    """A map, also one that is written as a list of keys and values, whose names begin with ``words``."""
    if isinstance(value, tuple):
        name, held = f"{words}key", f"{words}value"
        entries = {e[name]: e.get(held) for e in value if isinstance(e, dict) and isinstance(e.get(name), str)}
        unknown = next((e for e in value if isinstance(e, Unknown)), None)
        return PartialMap(entries, unknown) if unknown is not None else entries
    return {} if value is None else value if isinstance(value, (dict, Unknown)) else MUST_BE("tags", "a map")


def _places(expression: hcl.Expr, scope: ModuleScope, known: dict[tuple[int, int, int], _Places], depth: int = 0) -> _Places:
    """The expression of each entry that is written as ``name = value``, also behind locals and module inputs; later ones win."""
    place = (id(expression), id(scope.instance), depth)
    if place in known:
        return known[place]
    found: _Places = {}
    for part in reversed(list(walk(expression))):
        if isinstance(part, hcl.ObjectExpr):
            found.update((str(key.value), (value, scope)) for key, value in part.items if isinstance(key, hcl.Literal))
        elif depth < _MOST_STEPS and isinstance(part, hcl.GetAttr) and (source := _source(part, scope)) is not None:
            found = {**_places(*source, known, depth + 1), **found}
    known[place] = found
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
        found, inner = _followed(found, inner)
        items = found.items if isinstance(found, hcl.ObjectExpr) else ()
        value = next((value for key, value in items if isinstance(key, hcl.Literal) and key.value == entry), None)
        if value is None:
            return None
        found = value
    return found, inner


def with_defaults(own: Tags, block: hcl.Block, instance: ModuleInstance, kind: str) -> Tags:
    """The tags of a resource and the ``default_tags`` of its provider, in doubt where its ``ignore_tags`` hold their names."""
    provider, owner, _ = _provider_of(block, instance, kind)
    if provider is None or owner is None:
        # One that Terragrunt generates beside a root module may have some.
        unseen = instance.root.folder.unseen_providers if block.get("provider") is None else None
        return own if unseen is None else own.over(Tags((), (unseen,)))
    found, alias = own, evaluate_or_unknown(provider.get("alias"), owner.scope())
    name = f"provider {provider.labels[0]}" + (f".{alias}" if isinstance(alias, str) else "")
    if provider.header.path.endswith(".hcl"):
        name = f"the provider that {provider.header.path} generates"
    label = f"default_tags of {name}"
    for defaults in nested_blocks(provider, "default_tags", owner.scope()):
        expression = hcl.setting(defaults.block, "tags")
        if defaults.unsure is not None:
            found = found.over(Tags((), (defaults.unsure.about(label),)))
        elif expression is not None:
            found = found.over(read_map(expression, defaults.scope, TagOrigin("", name, default=True), label))
    for ignored in nested_blocks(provider, "ignore_tags", owner.scope()):
        names, starts = (evaluate_or_unknown(ignored.block.get(words), ignored.scope) or () for words in ("keys", "key_prefixes"))
        is_open = any(not isinstance(words, tuple) for words in (names, starts))
        doubted = (is_open or tag.name in names or tag.name.startswith(tuple(map(str, starts))) for tag in found.items)
        why = f"{name} ignores tags of that name"
        found = replace(found, items=tuple(_once(t, why) if doubt else t for t, doubt in zip(found.items, doubted, strict=True)))
    return found


_OF_ACCOUNT = ("profile", "access_key", "shared_credentials_files", "shared_config_files")


def made_for(block: hcl.Block, instance: ModuleInstance) -> tuple[Value, ...]:
    """What tells the account in which a resource is made from others, or its provider, where the code does not show the account."""
    provider, owner, name = _provider_of(block, instance, block.labels[0])
    if provider is None or owner is None:  # the implied one of a root module has all from its environment
        return (NOT_FIXED(name),) if "." in name or not instance.root.folder.is_root else (None,) * len(_OF_ACCOUNT)
    scope, inner = owner.scope(), provider.body.blocks
    if "for_each" in provider.body.attributes or any(one.type == "dynamic" for one in inner):
        return (NOT_FIXED(f"{owner.full(name)} at {provider.header}"),)
    roles = [evaluate_or_unknown(one.get("role_arn"), scope) for one in inner if one.type.startswith("assume_role")]
    named = (evaluate_or_unknown(provider.get(name), scope) for name in _OF_ACCOUNT)
    return (*(account_of(role) or role if isinstance(role, str) else role for role in roles), *named)


def _provider_of(block: hcl.Block, instance: ModuleInstance, kind: str) -> tuple[hcl.Block | None, ModuleInstance | None, str]:
    """The provider of a resource, the module that configures it, and its name as the last module that hands it on writes it."""
    chosen = block.get("provider")
    words, name = _provider_words(chosen) if chosen is not None else (kind.partition("_")[0],), ""
    for at in instance.lineage:
        name = (spelled(chosen) if chosen is not None else "") or ".".join(words)
        alias = words[1] if len(words) > 1 else None
        for provider in at.folder.providers:
            if provider.labels == words[:1] and evaluate_or_unknown(provider.get("alias"), at.scope()) == alias:
                return provider, at, name
        passed = _passed(at.call, words) if at.call is not None else None
        if passed is not None:
            chosen, words = passed, _provider_words(passed)
        elif alias is not None:
            break  # an unaliased one is inherited without being passed
    return None, None, name


def _provider_words(expression: hcl.Expr) -> tuple[str, ...]:
    return tuple(str(expression.value).split(".")) if isinstance(expression, hcl.Literal) else references(expression)


def _passed(call: hcl.Block, words: tuple[str, ...]) -> hcl.Expr | None:
    providers = hcl.setting(call, "providers")
    items = providers.items if isinstance(providers, hcl.ObjectExpr) else ()
    return next((value for key, value in items if _provider_words(key) == words), None)
