"""Follows references through function calls: the arguments that a result comes from, and the steps into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.dataflow.terminal_origins import ANY, Step, plain
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl

CLOCKS = ("timestamp", "plantimestamp")
_HIDING = frozenset(
    {"length", "base64sha256", "base64sha512", "bcrypt", "md5", "sha1", "sha256", "sha512", "uuidv5"}
    | {"filebase64sha256", "filebase64sha512", "filemd5", "filesha1", "filesha256", "filesha512"}
)
"""Functions whose result does not show their argument."""
_TRANSPARENT = frozenset(
    ("try", "coalesce", "merge", "concat", "flatten", "tomap", "toset", "tolist", "sensitive", "nonsensitive", "distinct", "sort")
)
"""Functions whose result holds elements of their arguments under the same keys, or as elements again."""


def behind(call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...]) -> Iterator[tuple[hcl.Expr, tuple[Step, ...]]]:
    """Yield the arguments that ``steps`` into the result of ``call`` come from, with the steps into each."""
    arguments = call.arguments
    if call.name in _HIDING:
        return
    if call.name in _SELECTING and arguments:
        yield arguments[0], _selected(call, scope, steps)
        yield from ((fallback, steps) for fallback in arguments[2:])
        return
    yield from ((argument, steps if call.name in _TRANSPARENT else ()) for argument in arguments)


_SELECTING = ("element", "lookup", "one", "values")


def _selected(call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps into the first argument of a function that picks elements of it."""
    if call.name == "values":
        return _keyed(call.arguments[0], steps, scope)
    wanted = evaluate_or_unknown(call.arguments[1], plain(scope)) if len(call.arguments) > 1 else None
    kind = int if call.name == "element" else str
    if call.name == "element" and isinstance(wanted, int):
        elements = evaluate_or_unknown(call.arguments[0], plain(scope))
        wanted = wanted % len(elements) if isinstance(elements, tuple) and elements else wanted
    return (wanted if isinstance(wanted, kind) and call.name != "one" else ANY, *steps)


def _keyed(collection: hcl.Expr, steps: tuple[Step, ...], scope: ModuleScope) -> tuple[Step, ...]:
    """Turn a position in ``values(collection)`` into the key there."""
    head = steps[0] if steps else None
    if not isinstance(head, int):
        return steps
    value = evaluate_or_unknown(collection, plain(scope))
    keys = sorted(value) if isinstance(value, dict) else []
    return (keys[head] if head < len(keys) else ANY, *steps[1:])
