"""True if a value comes from what the code marks as sensitive: variables, outputs, and the function of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Span, Unknown
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope

MAX_STEPS = 10_000
"""How many expressions are looked at; beyond that a value counts as sensitive."""
_MARK = hcl.Call("sensitive", (), expand=False, span=Span("", 1, 1, 1, 1))
"""A marker for something that is sensitive by itself."""
_OF_BLOCK = frozenset({"each", "count", "self"})


def is_sensitive(expression: hcl.Expr | None, scope: ModuleScope) -> bool:
    """True if something sensitive goes into a value, unless ``nonsensitive()`` removes the mark."""
    pending: list[tuple[hcl.Expr | None, ModuleInstance]] = [(expression, scope.instance), (scope.origin, scope.instance)]
    seen: set[tuple[int, tuple[str, ...]]] = set()
    steps = 0
    while pending:
        current, instance = pending.pop()
        steps += 1
        if steps > MAX_STEPS:
            return True
        match current:
            case None | hcl.Call("nonsensitive"):
                continue
            case hcl.Call("sensitive"):
                return True
        words = references(current)
        if len(words) > 1 and (place := (id(instance), words)) not in seen:
            seen.add(place)
            pending += _sources(words, instance)
        pending += [(part, instance) for part in inside(current)]
    return False


def _sources(words: tuple[str, ...], instance: ModuleInstance) -> Iterator[tuple[hcl.Expr | None, ModuleInstance]]:
    """Yield the expressions that a reference stands for, with their scopes."""
    folder = instance.folder
    match words:
        case ("var", name, *_):
            if _is_marked(folder.variables.get(name)):
                yield _MARK, instance
            if instance.call is not None and instance.caller is not None:
                yield instance.call.get(name), instance.caller.instance
                yield instance.caller.origin, instance.caller.instance
        case ("local", name, *_):
            found = folder.locals.get(name)
            yield (found.expression if found else None), instance
        case ("module", name, output, *_):
            yield from _outputs(instance, name, output)
        case ("data", kind, name, attribute, *_):
            yield from _argument(folder.data.get((kind, name)), f"data.{kind}", attribute, instance)
        case (kind, name, attribute, *_) if kind not in _OF_BLOCK:
            yield from _argument(folder.resources.get((kind, name)), kind, attribute, instance)


def _outputs(instance: ModuleInstance, name: str, output: str) -> Iterator[tuple[hcl.Expr | None, ModuleInstance]]:
    try:
        children = instance.children(name)
    except EvaluationError:
        return
    for child in () if isinstance(children, Unknown) else children[1]:
        block = child.folder.outputs.get(output)
        if _is_marked(block):
            yield _MARK, child
        yield (block.get("value") if block is not None else None), child


def _argument(
    block: hcl.Block | None, kind: str, attribute: str, instance: ModuleInstance
) -> Iterator[tuple[hcl.Expr | None, ModuleInstance]]:
    if block is not None:
        yield block.get(SAME.get((kind, attribute), attribute)), instance
        yield block.get("for_each"), instance


def _is_marked(block: hcl.Block | None) -> bool:
    """True if a variable or an output says of itself that it is sensitive."""
    mark = block.get("sensitive") if block is not None else None
    return isinstance(mark, hcl.Literal) and mark.value in (True, "true")
