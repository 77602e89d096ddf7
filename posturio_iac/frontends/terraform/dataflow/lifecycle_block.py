"""The arguments of a resource and its ``lifecycle``: what replaces it, what that names, which changes it ignores, and its switches."""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import StopIgnoring
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.evaluation.evaluate import attribute, evaluate_or_unknown, index
from posturio_iac.frontends.terraform.modules.expansion import suffix_of
from posturio_iac.frontends.terraform.modules.instance import View, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import listed, mentioned, references, spelled, walk
from posturio_iac.frontends.terraform.values import EvaluationError, SomeInstance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from typing import TypeAlias

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

META = frozenset({"count", "for_each", "depends_on", "provider", "lifecycle", "provisioner", "connection", "timeouts"})
"""What Terraform itself reads in the block of a resource."""
_ITEM = "the item of a dynamic block"
_STEERING = frozenset(("count", "depends_on", "for_each", "provider", "providers", "source", "version"))


def arguments_of(block: hcl.Block, names: Container[str] | None = None) -> Iterator[tuple[str, hcl.Expr]]:
    """Yield the arguments of a block, and of those inside it, or those called ``names``, but for what only steers a run."""
    pending: list[tuple[hcl.Body, tuple[hcl.Block, ...]]] = [(block.body, ())]
    while pending:
        body, around = pending.pop(0)
        for name, argument in body.attributes.items():
            if name not in _STEERING and (names is None or name in names):  # only then is the expression built
                yield name, repeated(argument.expression, around)
        inner = (b for b in body.blocks if b.type not in ("lifecycle", "provisioner", "connection"))
        pending += [(b.body, (*around, b) if b.type == "dynamic" else around) for b in inner]


def repeated(expression: hcl.Expr, around: tuple[hcl.Block, ...]) -> hcl.Expr:
    """The values that an expression takes in ``dynamic`` blocks, as the ``for`` expression that these stand for."""
    for block in reversed(around):
        collection, span = block.get("for_each"), expression.span
        if collection is None or not block.labels:
            continue
        item = ((hcl.Literal("key", span), hcl.Literal(None, span)), (hcl.Literal("value", span), hcl.Name(_ITEM, span)))
        items = hcl.For(None, _ITEM, collection, None, hcl.ObjectExpr(item, span), None, False, span)
        name = ".".join(references(block.get("iterator"))) or block.labels[0]
        expression = hcl.For(None, name, items, None, expression, None, False, span)
    return expression


def is_set(block: hcl.Block, setting: str, scope: ModuleScope, *, to: bool = True) -> bool:
    lifecycle = block.body.first("lifecycle")
    return lifecycle is not None and evaluate_or_unknown(lifecycle.get(setting), scope) in (to, str(to).lower())


def ignored_changes(block: hcl.Block) -> frozenset[str] | None:
    """The arguments in ``ignore_changes``, one entry of a map as ``tags.name``; None when it is ``all``."""
    names = ignored_as_written(block)
    return None if names.keys() & {"all", "*"} else frozenset(names)


def ignored_as_written(block: hcl.Block) -> dict[str, str]:
    """The entries of ``ignore_changes`` by their names, each as the code spells it."""
    return {_ignored(item): spelled(item) for item in stated(block, "ignore_changes")}


def stop_ignoring(block: hcl.Block, address: str, arguments: Iterable[str] | None = None) -> StopIgnoring | None:
    """The entries of ``ignore_changes`` to remove for changes of ``arguments``, or of all that are set, to count; None for none."""
    written = ignored_as_written(block)
    place = Place(address, block.header)
    if written.keys() & {"all", "*"}:
        return StopIgnoring(place, ("all",))
    wanted = {a for a in block.body.attributes if a not in META} if arguments is None else set(arguments)
    names = sorted(text for name, text in written.items() if name.partition(".")[0] in wanted)
    return StopIgnoring(place, tuple(names)) if names else None


def _ignored(item: hcl.Expr) -> str:
    if isinstance(item, hcl.Index) and isinstance(item.target, hcl.Name) and isinstance(item.key, hcl.Literal):
        return f"{item.target.name}.{item.key.value}"
    return ".".join(references(item))


def own_triggers(block: hcl.Block) -> list[hcl.Expr]:
    """The items of ``replace_triggered_by``, as far as it stands in the resource's own block."""
    return [trigger for trigger in stated(block, "replace_triggered_by") if trigger.span.path == block.header.path]


def stated(block: hcl.Block, setting: str) -> list[hcl.Expr]:
    """The items of a list in ``lifecycle``, those in override files too, which Terraform and OpenTofu read and do not all merge."""
    lifecycle = block.body.first("lifecycle")
    expression = lifecycle.get(setting) if lifecycle else None
    return list(listed(expression)) if expression is not None else []


def creates_first(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    """True if a replacement comes before the deletion, by the key's own lifecycle or by that of a resource which needs the key."""
    return _before_destroy(block, scope) or tuple(block.labels) in _needed_by_such(scope.instance)


def _before_destroy(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    lifecycle = block.body.first("lifecycle")
    value = evaluate_or_unknown(lifecycle.get("create_before_destroy"), scope) if lifecycle else False
    return value if isinstance(value, Unknown) else value is True or value == "true"


def _needed_by_such(instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources that a ``create_before_destroy`` resource depends on: Terraform extends the order to them."""
    resources = instance.folder.resources
    pending = [b for b in resources.values() if _before_destroy(b, instance.scope()) is True]
    found: set[tuple[str, str]] = set()
    while pending:
        for target in _needs(pending.pop(), instance) - found:
            found.add(target)
            pending.append(resources[target])
    return found


def _needs(block: hcl.Block, instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources of the module that a block refers to, through local values as well."""
    folder, found, fresh = instance.folder, set(), mentioned(block)
    while fresh:
        found |= fresh
        held = [folder.locals[name].expression for kind, name in fresh if kind == "local" and name in folder.locals]
        fresh = {(words[0], words[1]) for e in held for part in walk(e) if len(words := references(part)) > 1} - found
    return found & folder.resources.keys()


class Any:
    """A step to an element that is not named: ``[*]``, ``one(…)``, ``each.value``."""


ANY = Any()
Step: TypeAlias = "str | int | Any"


class Reached(NamedTuple):
    """An instance of a resource that a trigger names."""

    block: hcl.Block
    kind: str
    local_address: str
    """In its module: ``time_static.key[0]``."""
    scope: ModuleScope
    way: tuple[Step, ...]
    """The steps into the resource."""
    doubt: Unknown | None
    """Why it may not be there."""

    @property
    def address(self) -> str:
        return self.scope.instance.full(self.local_address)

    @property
    def attribute(self) -> str | None:
        """The attribute that is read; None for the whole resource."""
        return str(self.way[0]) if self.way and isinstance(self.way[0], str) else None


def reached(trigger: hcl.Expr, scope: ModuleScope, view: View) -> Iterator[Reached]:
    """Yield what an item of ``replace_triggered_by`` names in a block that ``scope`` belongs to."""
    base, steps = _way(trigger, scope)
    kind, name = base.name if isinstance(base, hcl.Name) else "", steps[0] if steps else ""
    block = scope.instance.folder.resources.get((kind, name)) if isinstance(name, str) else None
    if block is None:
        return
    expansion = planned(block, scope.instance, view)
    wanted, rest = _select(expansion.shape, steps[1:])
    for suffix, inner in expansion.instances:
        if wanted is None or suffix in ("", wanted):
            yield Reached(block, kind, f"{kind}.{name}{suffix or wanted or ''}", inner, rest, expansion.unknown)


def _select(shape: str, steps: tuple[Step, ...]) -> tuple[str | None, tuple[Step, ...]]:
    """The wanted address suffix, if it is fixed, and the steps after it."""
    head = steps[0] if steps else None
    if head is ANY or (shape == "one" and head == 0):
        return None, steps[1:]
    if shape != "one" and (isinstance(head, int) or (shape == "map" and isinstance(head, str))):
        return suffix_of(head), steps[1:]
    return None, steps


def is_map(expression: hcl.Expr | None, scope: ModuleScope) -> bool | None:
    """True if a value is a map, False if it is an object; None where that is open."""
    match expression:
        case hcl.ObjectExpr() | hcl.For():
            return False
        case hcl.Call("tomap"):
            return True
        case hcl.Call("zipmap", (_, hcl.TupleExpr())):
            return False
        case hcl.Call("merge" | "try", arguments):
            kinds = [is_map(argument, scope) for argument in arguments]
            return False if False in kinds else None if None in kinds else True
        case hcl.Index(hcl.TupleExpr(items), hcl.Literal(int() as place)) if place < len(items):
            return is_map(items[place], scope)
        case hcl.GetAttr(hcl.Name("local"), name) if name in scope.instance.folder.locals:
            return is_map(scope.instance.folder.locals[name].expression, scope.instance.scope(scope.view))
        case _:
            return None


class Dotted(str):
    """A step that the code writes behind a dot."""

    __slots__ = ()


def _way(trigger: hcl.Expr, scope: ModuleScope) -> tuple[hcl.Expr, tuple[Step, ...]]:
    """The base of a reference and the steps after it, a dot and brackets told apart."""
    if isinstance(trigger, hcl.Splat):
        base, own = _way(trigger.target, scope)
        return base, (*own, ANY, *_way(trigger.each, scope)[1])
    steps: list[Step] = []
    while isinstance(trigger, (hcl.GetAttr, hcl.Index)):
        key = Dotted(trigger.name) if isinstance(trigger, hcl.GetAttr) else evaluate_or_unknown(trigger.key, scope)
        steps.append(key if isinstance(key, (str, int)) and not isinstance(key, bool) else ANY)
        trigger = trigger.target
    return trigger, tuple(reversed(steps))


def part_of(value: Value, step: Step) -> Value:
    """The part of a value behind a step; null where there is none."""
    try:
        if isinstance(step, str):
            return attribute(value, str(step)) if isinstance(value, (dict, SomeInstance)) else index(value, step)
        return index(value, step) if isinstance(step, int) else value
    except EvaluationError:
        return None
