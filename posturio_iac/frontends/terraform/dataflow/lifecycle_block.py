"""The arguments of a resource and its ``lifecycle``: what replaces it, what that names, which changes it ignores, and its switches."""

from __future__ import annotations

from posturio_iac.core.evidence.remedy import StopIgnoring
from posturio_iac.core.keys import index as suffix_of
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.evaluation.evaluate import attribute, evaluate_or_unknown, index
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, View, planned
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import listed, mentioned, pairs_in, references, spelled
from posturio_iac.frontends.terraform.values import EvaluationError, SomeInstance, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Step = str | int | None  # a name, an index, or None for an element that is not named: ``[*]``, ``[each.value]``

_STEERING = frozenset({"count", "for_each", "depends_on", "provider", "providers", "lifecycle", "provisioner", "connection", "timeouts"})
"""What Terraform itself reads in a block: how often it is made, when and by whom."""
_ITEM = "the item of a dynamic block"


def arguments_of(block: hcl.Block) -> Iterator[tuple[str, hcl.Expr]]:
    """Yield the arguments of a block and of those inside it, with the names of the blocks around them, but for what only steers a run."""
    pending: list[tuple[str, hcl.Body, tuple[hcl.Block, ...]]] = [("", block.body, ())]
    for way, body, around in pending:
        for name, argument in body.attributes.items():
            if way or name not in _STEERING:
                yield way + name, _repeated(argument.expression, around)
        for inner in body.blocks:
            if inner.type == "dynamic" and inner.labels and (content := inner.first("content")) is not None:
                pending.append((f"{way}{inner.labels[0]}.", content.body, (*around, inner)))
            elif inner.type != "dynamic" and (way or inner.type not in _STEERING):
                pending.append((f"{way}{inner.type}.", inner.body, around))


def compared_arguments(block: hcl.Block) -> Iterator[tuple[str, hcl.Expr]]:
    """Yield the arguments whose change Terraform notices: those that are not ignored or write-only, maps without the entries that are."""
    ignored = ignored_changes(block)
    for path, value in arguments_of(block) if ignored is not None else ():
        names = [one for one in ignored or () if f"{one}.".startswith(f"{path}.")]
        if names and isinstance(value, hcl.ObjectExpr) and path not in names:
            kept = (item for item in value.items if not (isinstance(item[0], hcl.Literal) and f"{path}.{item[0].value}" in names))
            yield path, hcl.ObjectExpr(tuple(kept), value.span)
        elif not (path.endswith("_wo") or any(f"{path}.".startswith(f"{one}.") for one in ignored or ())):
            yield path, value


def _repeated(expression: hcl.Expr, around: tuple[hcl.Block, ...]) -> hcl.Expr:
    for block in reversed(around):
        collection, span = block.get("for_each"), expression.span
        if collection is None:
            continue
        item = ((hcl.Literal("key", span), hcl.Literal(None, span)), (hcl.Literal("value", span), hcl.Name(_ITEM, span)))
        items = hcl.For(None, _ITEM, collection, None, hcl.ObjectExpr(item, span), None, False, span)
        name = ".".join(references(block.get("iterator"))) or block.labels[0]
        expression = hcl.For(None, name, items, None, expression, None, False, span)
    return expression


def is_set(block: hcl.Block, setting: str, scope: ModuleScope, *, to: bool = True) -> bool:
    lifecycle = block.first("lifecycle")
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
    wanted = block.body.attributes.keys() - _STEERING if arguments is None else set(arguments)
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
    lifecycle = block.first("lifecycle")
    expression = lifecycle.get(setting) if lifecycle else None
    return list(listed(expression)) if expression is not None else []


def creates_first(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    """True if a replacement comes before the deletion, by the key's own lifecycle or by that of a resource which needs the key."""
    lifecycle = block.first("lifecycle")
    own = evaluate_or_unknown(lifecycle.get("create_before_destroy"), scope) if lifecycle else None
    return own if isinstance(own, Unknown) else own in (True, "true") or block.labels in _needed_by_such(scope.instance)


def _needed_by_such(instance: ModuleInstance) -> set[tuple[str, ...]]:
    folder, found = instance.folder, set[tuple[str, ...]]()
    pending = [mentioned(block) for block in folder.resources.values() if is_set(block, "create_before_destroy", instance.scope())]
    while pending:
        fresh = pending.pop() - found
        found |= fresh
        pending += [mentioned(folder.resources[name]) for name in fresh if name in folder.resources]
        held = (folder.locals[name].expression for kind, name in fresh if kind == "local" and name in folder.locals)
        pending += map(pairs_in, held)
    return found


class Dotted(str):
    """A step that the code writes behind a dot."""

    __slots__ = ()


class Reached(NamedTuple):
    """An instance of a resource that a trigger names."""

    block: hcl.Block
    kind: str
    local_address: str  # in its module: ``time_static.key[0]``
    scope: ModuleScope
    way: tuple[Step, ...]  # the steps into the resource
    doubt: Unknown | None  # why it may not be there

    @property
    def address(self) -> str:
        return self.scope.instance.full(self.local_address)

    @property
    def attribute(self) -> str | None:
        return str(self.way[0]) if self.way and isinstance(self.way[0], str) else None


def reached(trigger: hcl.Expr, scope: ModuleScope, view: View) -> Iterator[Reached]:
    """Yield what an item of ``replace_triggered_by`` names in a block that ``scope`` belongs to."""
    match _way(trigger, scope):
        case (str() as kind, str() as name, *steps) if (block := scope.instance.folder.resources.get((kind, name))) is not None:
            expansion = planned(block, scope, view)
        case _:
            return
    is_one, head, wanted = expansion.shape == "one", steps[0] if steps else None, ""
    if not is_one and (isinstance(head, int) or (expansion.shape == "map" and isinstance(head, str))):
        wanted = suffix_of(head)
    way = tuple(steps[1:] if wanted or head is None or (is_one and head == 0) else steps)
    for suffix, inner in expansion.instances:
        if not wanted or suffix in ("", wanted):
            yield Reached(block, kind, f"{kind}.{name}{suffix or wanted}", inner, way, expansion.unknown)


def is_map(expression: hcl.Expr | None, scope: ModuleScope) -> bool | None:
    """True if a value is a map, False if it is an object; None where that is open."""
    scope.budget.spend(20)
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


def _way(reference: hcl.Expr, scope: ModuleScope) -> tuple[Step, ...]:
    match reference:
        case hcl.Name(name):
            return (name,)
        case hcl.GetAttr(target, name):
            return (*_way(target, scope), Dotted(name))
        case hcl.Index(target, written):
            key = evaluate_or_unknown(written, scope)
            return (*_way(target, scope), key if isinstance(key, (str, int)) and not isinstance(key, bool) else None)
        case _:
            return ()


def part_of(value: Value, step: Step) -> Value:
    """The part of a value behind a step; null where there is none."""
    try:
        if isinstance(step, str):
            return attribute(value, str(step)) if isinstance(value, (dict, SomeInstance)) else index(value, step)
        return index(value, step) if isinstance(step, int) else value
    except EvaluationError:
        return None
