"""Follows references through function calls: the arguments that a result comes from, and the steps into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.record import NamedTuple
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ANY, Step, plain
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl

CLOCKS = ("timestamp", "plantimestamp")
_HASHES = frozenset(
    {"base64sha256", "base64sha512", "bcrypt", "md5", "sha1", "sha256", "sha512", "uuidv5"}
    | {"filebase64sha256", "filebase64sha512", "filemd5", "filesha1", "filesha256", "filesha512"}
)
"""Functions whose result does not show their argument."""
_TRANSPARENT = frozenset(
    ("try", "coalesce", "merge", "concat", "flatten", "tomap", "toset", "tolist", "sensitive", "nonsensitive", "distinct", "sort")
)
"""Functions whose result holds elements of their arguments under the same keys, or as elements again."""

_FAITHFUL = _HASHES | frozenset(
    {"base64encode", "format", "formatlist", "join", "jsonencode", "lower", "parseint", "timeadd", "title", "tobool", "tonumber"}
    | {"tostring", "trimspace", "upper", "urlencode", "yamlencode", "zipmap", "templatefile", "setunion", "cidrsubnet"}
)
"""Functions whose result changes whenever an argument does, for the arguments that people give them."""


class ArgumentFlow(NamedTuple):
    """An argument that the result of a call comes from."""

    argument: hcl.Expr
    steps: tuple[Step, ...]
    lossy: bool = False
    """True if the function can hide a change of the argument."""


def behind(call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...], *, deep: bool) -> Iterator[ArgumentFlow]:
    """Yield the arguments that ``steps`` into the result of ``call`` come from; with ``deep`` those that it merely depends on as well."""
    arguments = call.arguments
    if call.name == "length" or (call.name in _HASHES and not deep):
        return  # How many there are does not change with what they are, and a hash does not show its argument.
    if call.name in _SELECTING and arguments:
        yield ArgumentFlow(arguments[0], _selected(call, scope, steps))
        yield from (ArgumentFlow(fallback, steps) for fallback in arguments[2:])
        return
    for argument in arguments:
        if call.name in _TRANSPARENT:
            yield ArgumentFlow(argument, steps)
        else:
            yield ArgumentFlow(argument, (), lossy=call.name not in _FAITHFUL)


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
