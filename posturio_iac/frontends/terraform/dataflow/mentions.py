"""Everything that goes into a value: the expressions behind its references, and theirs, through modules and resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span, Unknown
from posturio_iac.facts.schedulers import HOLDERS, ROTATING
from posturio_iac.frontends.terraform.dataflow.secret_flow import arguments_of
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance
from posturio_iac.frontends.terraform.operators import truth
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references, walk
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope

    Place = tuple[hcl.Expr | None, ModuleInstance]

MAX_STEPS = 10_000
"""How many expressions are looked at; beyond that a value counts as sensitive, and holds no more clocks."""
_MARK = hcl.Call("sensitive", (), expand=False, span=Span("", 1, 1, 1, 1))
"""A marker for something that is sensitive by itself."""
_HELD = frozenset({"var", "local", "module", "component"}) | HOLDERS
"""What merely holds values."""
_OF_BLOCK = frozenset({"each", "count", "self"})


def is_sensitive(expression: hcl.Expr | None, scope: ModuleScope) -> bool:
    """True if something sensitive goes into a value, unless ``nonsensitive()`` removes the mark."""
    found = mentions([(expression, scope.instance), (scope.origin, scope.instance)], hidden_by=("nonsensitive",))
    for steps, (current, _, _) in enumerate(found, 1):
        if steps > MAX_STEPS or (isinstance(current, hcl.Call) and current.name == "sensitive"):
            return True
    return False


def mentions(
    start: Iterable[Place], *, hidden_by: tuple[str, ...] = (), computed: bool = False, only_held: bool = False
) -> Iterator[tuple[hcl.Expr, ModuleInstance, tuple[str, ...]]]:
    """Yield each expression with its module and its words, if it is a reference.

    What a call of ``hidden_by`` holds is left out. With ``computed`` a computed attribute leads to all arguments of its resource, and of
    a conditional whose condition the code fixes only one arm is looked at. With ``only_held`` no resource is looked into but those that
    merely hold values.
    """
    pending = list(reversed(list(start)))
    seen: set[tuple[int, tuple[str, ...]]] = set()
    while pending:
        current, instance = pending.pop()
        if current is None or (isinstance(current, hcl.Call) and current.name in hidden_by):
            continue
        instance.budget.spend()
        words = references(current)
        yield current, instance, words
        if len(words) > 1 and (not only_held or words[0] in _HELD) and (place := (id(instance), words)) not in seen:
            seen.add(place)
            pending += _sources(words, instance, computed=computed)
        pending += [(part, instance) for part in (_keys(current) if words else _arms(current, instance) if computed else inside(current))]


def _keys(reference: hcl.Expr) -> list[hcl.Expr | None]:
    """The expressions in the brackets of a reference."""
    found: list[hcl.Expr | None] = []
    while isinstance(reference, (hcl.GetAttr, hcl.Index)):
        if isinstance(reference, hcl.Index):
            found.append(reference.key)
        reference = reference.target
    return found


def _arms(expression: hcl.Expr, instance: ModuleInstance) -> list[hcl.Expr | None]:
    if isinstance(expression, hcl.Conditional):
        try:
            condition = truth(evaluate_or_unknown(expression.condition, instance.scope()))
        except EvaluationError:
            return inside(expression)
        return inside(expression) if isinstance(condition, Unknown) else [expression.yes if condition else expression.no]
    return inside(expression)


def _sources(words: tuple[str, ...], instance: ModuleInstance, *, computed: bool) -> Iterator[Place]:
    """Yield the expressions that a reference stands for, with their modules."""
    folder = instance.folder
    match words:
        case ("var", name, *_):
            yield from _given(name, instance, computed=computed)
        case ("local", name, *_):
            found = folder.locals.get(name)
            yield (found.expression if found else None), instance
        case ("module" | "component", name, output, *_):
            yield from _outputs(instance, name, output)
        case ("data", kind, name, attribute, *_):
            yield from _argument(folder.data.get((kind, name)), f"data.{kind}", attribute, instance, computed=computed)
        case (kind, name, *rest) if kind not in _OF_BLOCK:
            yield from _argument(folder.resources.get((kind, name)), kind, rest[0] if rest else "", instance, computed=computed)


def of_instance(expression: hcl.Expr | None, scope: ModuleScope) -> Iterator[Place]:
    """Yield a value, and what its block is repeated over if it tells the instances apart."""
    yield expression, scope.instance
    if (
        scope.origin is not None
        and expression is not None
        and any(references(part)[:1] in (("each",), ("count",)) for part in walk(expression))
    ):
        yield scope.origin, scope.instance


def _given(name: str, instance: ModuleInstance, *, computed: bool) -> Iterator[Place]:
    """Yield what a variable is given."""
    variable = instance.folder.variables.get(name)
    if _is_marked(variable):
        yield _MARK, instance
    if instance.call is not None and instance.caller is not None:
        given = instance.call.get(name)
        if computed:
            yield from of_instance(given, instance.caller)
        else:
            yield from ((given, instance.caller.instance), (instance.caller.origin, instance.caller.instance))
        if given is not None:
            return
    elif (value := instance.folder.tfvars.get(name)) is not None:
        yield value.expression, instance
        return
    if instance.caller is not None:  # what a root module's own variable holds is known where it is mentioned
        yield (variable.get("default") if variable is not None else None), instance


def _outputs(instance: ModuleInstance, name: str, output: str) -> Iterator[Place]:
    try:
        children = instance.children(name)
    except EvaluationError:
        return
    for child in () if isinstance(children, Unknown) else children[1]:
        block = child.folder.outputs.get(output)
        if _is_marked(block):
            yield _MARK, child
        yield (block.get("value") if block is not None else None), child


def _argument(block: hcl.Block | None, kind: str, attribute: str, instance: ModuleInstance, *, computed: bool) -> Iterator[Place]:
    if block is None or (computed and kind == ROTATING):
        return  # What a clock starts at is not what it shows.
    argument = hcl.setting(block, SAME.get((kind, attribute), attribute)) if attribute else None
    yield argument, instance
    yield block.get("for_each"), instance
    if argument is None and computed:
        yield from ((value, instance) for _, value in arguments_of(block))
        lifecycle = block.body.first("lifecycle")
        yield (lifecycle.get("replace_triggered_by") if lifecycle is not None else None), instance


def _is_marked(block: hcl.Block | None) -> bool:
    """True if a variable or an output says of itself that it is sensitive."""
    mark = block.get("sensitive") if block is not None else None
    return isinstance(mark, hcl.Literal) and mark.value in (True, "true")
