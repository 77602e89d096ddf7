"""The keys of ``for_each``: the part of a map that tells instances apart. Its values may change while the instances stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope


def keys_of(expression: hcl.Expr, scope: ModuleScope, seen: set[tuple[int, ...]] | None = None) -> Iterator[tuple[hcl.Expr, ModuleScope]]:
    """Yield the expressions that the keys of a map come from, or the elements of a set; what is not understood is yielded whole.

    Names in ``seen`` were followed before.
    """
    seen = set() if seen is None else seen
    match expression:
        case hcl.ObjectExpr(items):
            yield from ((key, scope) for key, _ in items if not isinstance(key, hcl.Literal))
        case hcl.For(key=key) if key is not None:
            for part in (key, expression.condition):
                if part is not None and _mentions(part, expression.value_name):
                    yield _each(expression, part), scope
                elif part is not None:
                    yield from keys_of(expression.collection, scope, seen)
                    yield part, scope
        case hcl.Call(("merge" | "tomap" | "toset" | "tolist"), arguments) if expression.name in _OF_MAPS or _asks_for_keys(arguments):
            for argument in arguments:
                yield from keys_of(argument, scope, seen)
        case hcl.Call("keys", (inner,)):
            yield from keys_of(inner, scope, seen)
        case hcl.Call("zipmap", (keys, _)):
            yield keys, scope
        case hcl.Conditional(condition, yes, no):
            yield condition, scope
            yield from keys_of(yes, scope, seen)
            yield from keys_of(no, scope, seen)
        case hcl.GetAttr():
            yield from _behind(expression, scope, seen)
        case _:
            yield expression, scope


_OF_MAPS = ("merge", "tomap")


def _asks_for_keys(arguments: tuple[hcl.Expr, ...]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], hcl.Call) and arguments[0].name == "keys"


def _mentions(expression: hcl.Expr, name: str) -> bool:
    return any(isinstance(part, hcl.Name) and part.name == name for part in walk(expression))


def _each(loop: hcl.For, part: hcl.Expr) -> hcl.Expr:
    """The list of what ``part`` of a ``for`` expression gives for each element."""
    return hcl.For(loop.key_name, loop.value_name, loop.collection, None, part, loop.condition, False, loop.span)


def _behind(expression: hcl.GetAttr, scope: ModuleScope, seen: set[tuple[int, ...]]) -> Iterator[tuple[hcl.Expr, ModuleScope]]:
    """Follow a reference to a local value, to an argument of the module's call, or to a whole resource, whose keys are its own."""
    instance = scope.instance
    match references(expression):
        case (kind, name) if kind not in scope.bindings:
            found, where = None, instance.scope()
            if kind == "local":
                attribute = instance.folder.locals.get(name)
                found = attribute.expression if attribute is not None else None
            elif kind == "var" and instance.call is not None and instance.caller is not None:
                found, where = instance.call.get(name), instance.caller
            elif (block := instance.folder.resources.get((kind, name))) is not None:
                found = block.get("for_each")
        case _:
            found, where = None, scope
    if found is None:
        yield expression, scope
    elif (once := (id(instance), id(found))) not in seen:
        seen.add(once)
        yield from keys_of(found, where, seen)
