"""Follows references: from an expression to the resources, variables and literals that its value comes from.

A value alone does not tell where it came from: ``user = local.names["ci"]`` may be the name of a user declared three modules away.

Over 300 lines: one walk, with one arm a kind of expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import AS_STATED, EACH_RUN, NOT_DECLARED, NOT_FIXED, TOO_DEEP
from posturio_iac.frontends.terraform.dataflow.origin import generic
from posturio_iac.frontends.terraform.dataflow.terminal_origins import (
    ANY,
    CLOCKS,
    ResourceOrigin,
    Step,
    Symbol,
    TerminalOrigin,
    behind,
    default_of,
    flatten,
    plain,
    select,
    steps_of,
)
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import STRICT, USUAL, ModuleInstance, ModuleScope
from posturio_iac.frontends.terraform.operators import truth
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, Value

if TYPE_CHECKING:
    from collections.abc import Iterator


MAX_DEPTH = 60
"""Longer chains of references, and longer ways into a value, end in `TerminalOrigin` with kind ``deep``."""


def origins_of(expression: hcl.Expr, scope: ModuleScope, steps: tuple[Step, ...] = ()) -> Iterator[ResourceOrigin | TerminalOrigin]:
    """Yield the origins of the value of ``expression``, after ``steps`` into it."""
    try:
        yield from _Follower().go(expression, scope, steps, 0)
    except BudgetError as error:
        raise error.located(expression.span)  # noqa: B904 - the same error


class _Follower:
    """One walk, which remembers the places that it has visited."""

    def __init__(self) -> None:
        self.seen: set[tuple[object, ...]] = set()

    def go(  # noqa: C901, PLR0912 - one arm a kind of expression
        self, expression: hcl.Expr, scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        scope.budget.spend()
        if depth > MAX_DEPTH or len(steps) > MAX_DEPTH:
            yield TerminalOrigin("deep", TOO_DEEP("a chain of references"), "a long chain of references", expression.span)
            return
        depth += 1
        match expression:
            case hcl.Literal(value, span):
                yield TerminalOrigin("literal", value, str(value), span)
            case hcl.TemplateExpr(parts):
                for part in parts:
                    yield from self.go(part, scope, (), depth)
            case hcl.GetAttr() | hcl.Index():
                yield from self._chain(expression, scope, steps, depth)
            case hcl.Name():
                yield from self._root(expression, (), scope, steps, depth)
            case hcl.Splat(target, each):
                first, rest = (steps[0], steps[1:]) if steps and not isinstance(steps[0], str) else (ANY, steps)
                yield from self.go(target, scope, (first, *steps_of(each, scope), *rest), depth)
            case hcl.Call():
                yield from self._call(expression, scope, steps, depth)
            case hcl.Conditional():
                yield from self._conditional(expression, scope, steps, depth)
            case hcl.TupleExpr(items):
                yield from self._list(items, scope, steps, depth)
            case hcl.ObjectExpr(items):
                yield from self._object(items, scope, steps, depth)
            case hcl.For():
                yield from self._for(expression, scope, steps, depth)
            case hcl.Unary(_, operand):
                yield from self.go(operand, scope, (), depth)
            case hcl.Binary(_, left, right):
                yield from self.go(left, scope, (), depth)
                yield from self.go(right, scope, (), depth)
            case hcl.InvalidExpr(unknown, span):
                yield TerminalOrigin("other", unknown, unknown.reason, span)

    def _chain(
        self, expression: hcl.Expr, scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        base, own = flatten(expression, scope)
        if isinstance(base, hcl.Name):
            yield from self._root(base, own, scope, steps, depth)
        else:
            yield from self.go(base, scope, (*own, *steps), depth)

    def _root(
        self, base: hcl.Name, own: tuple[Step, ...], scope: ModuleScope, more: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        steps = (*own, *more)
        bound = scope.bindings.get(base.name)
        if isinstance(bound, Symbol):
            yield from self.go(bound.collection, bound.scope, (bound.step, *steps), depth)
            return
        if base.name in ("each", "count"):
            yield from self._each(base, steps, scope, depth)
            return
        head = steps[0] if steps else None
        if not isinstance(head, str):
            yield TerminalOrigin("other", NOT_FIXED(base.name), base.name, base.span)
            return
        key = (id(scope.instance), base.name, *steps)
        if key in self.seen and base.name in ("local", "var", "module", "component"):
            return
        self.seen.add(key)
        match base.name:
            case "var":
                yield from self._variable(base, head, scope.instance, steps[1:], depth)
            case "local":
                yield from self._local(base, head, scope, steps[1:], depth)
            case "module" | "component":
                yield from self._module(base, head, scope.instance, steps[1:], depth)
            case "path" | "terraform" | "self":
                yield TerminalOrigin(
                    "other", evaluate_or_unknown(hcl.GetAttr(base, head, base.span), scope), f"{base.name}.{head}", base.span
                )
            case "data":
                if len(steps) > 1:
                    yield from self._resource(f"data.{head}", str(steps[1]), scope.instance.folder.data, scope, base, steps[2:])
            case kind:
                yield from self._resource(kind, head, scope.instance.folder.resources, scope, base, steps[1:])

    def _each(self, base: hcl.Name, steps: tuple[Step, ...], scope: ModuleScope, depth: int) -> Iterator[ResourceOrigin | TerminalOrigin]:
        bound = scope.bindings.get(base.name)
        head = steps[0] if steps else None
        value = bound.get(str(head)) if isinstance(bound, dict) else NOT_FIXED(f"{base.name}.{head}")
        if scope.origin is not None and head == "value":
            key = bound.get("key") if isinstance(bound, dict) else None
            step: Step = key if isinstance(key, str) else ANY
            outer = ModuleScope(scope.instance, scope.view, {k: v for k, v in scope.bindings.items() if k not in ("each", "count")})
            yield from self.go(scope.origin, outer, (step, *steps[1:]), depth)
        else:
            yield TerminalOrigin("literal" if not isinstance(value, Unknown) else "other", value, f"{base.name}.{head}", base.span)

    def _variable(
        self, base: hcl.Name, name: str, instance: ModuleInstance, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        argument = instance.call.get(name) if instance.call is not None else None
        if argument is not None and instance.caller is not None:
            yield from self.go(argument, instance.caller, steps, depth)
            return
        given = instance.folder.tfvars.get(name) if instance.caller is None else None
        if given is not None:
            yield from self.go(given.expression, instance.scope(), steps, depth)
            return
        if instance.caller is not None and (default := default_of(instance, name)) is not None:
            yield from self.go(default, instance.scope(), steps, depth)
            return
        try:
            value = instance.scope().attribute("var", name)
        except EvaluationError as error:
            value = AS_STATED(str(error))
        yield TerminalOrigin("variable", value, f"var.{name}", base.span, instance=instance)

    def _local(
        self, base: hcl.Name, name: str, scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        found = scope.instance.folder.locals.get(name)
        if found is None:
            yield TerminalOrigin("missing", NOT_DECLARED(f"local.{name}"), f"local.{name}", base.span)
        else:
            yield from self.go(found.expression, scope.instance.scope(), steps, depth)

    def _module(
        self, base: hcl.Name, name: str, instance: ModuleInstance, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        try:
            children = instance.children(name)
        except EvaluationError as error:
            yield TerminalOrigin("missing", AS_STATED(str(error)), f"module.{name}", base.span)
            return
        if isinstance(children, Unknown):
            output = next((s for s in steps if isinstance(s, str)), "")
            call = instance.folder.calls.get(name)
            yield TerminalOrigin("module", children, f"module.{name}.{output}", base.span, call=call, instance=instance)
            return
        expansion, instances = children
        wanted, rest = select(expansion.shape, steps)
        for (suffix, _), child in zip(expansion.instances, instances, strict=True):
            if wanted is not None and suffix and suffix != wanted:
                continue
            declared = child.folder.outputs.get(str(rest[0])) if rest else None
            value = declared.get("value") if declared else None
            if value is not None:
                yield from self.go(value, child.scope(), rest[1:], depth)

    def _resource(
        self,
        kind: str,
        name: str,
        table: dict[tuple[str, str], hcl.Block],
        scope: ModuleScope,
        base: hcl.Name,
        steps: tuple[Step, ...],
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        instance = scope.instance
        block = table.get((kind.removeprefix("data."), name))
        if block is None:
            yield TerminalOrigin("missing", NOT_DECLARED(f"{kind}.{name}"), f"{kind}.{name}", base.span)
            return
        expansion = expand(block, instance.scope())
        wanted, rest = select(expansion.shape, steps)
        attribute = rest[0] if rest and isinstance(rest[0], str) else None
        if not expansion.instances and expansion.unknown is None and expand(block, instance.scope(STRICT)).unknown is None:
            return  # The code fixes that there is none.
        found = [(suffix, inner) for suffix, inner in expansion.instances if wanted is None or suffix == wanted]
        suffix, inner = found[0] if len(found) == 1 else ("", generic(block, instance))
        yield ResourceOrigin(instance, kind, name, block, inner, suffix or (wanted or ""), attribute, rest[1:])

    def _call(self, call: hcl.Call, scope: ModuleScope, steps: tuple[Step, ...], depth: int) -> Iterator[ResourceOrigin | TerminalOrigin]:
        if call.name in CLOCKS:
            yield TerminalOrigin("function", EACH_RUN(f"{call.name}()"), f"{call.name}()", call.span)
        elif call.name == "formatdate" and len(call.arguments) == 2:  # noqa: PLR2004 - format and time
            yield from self._formatted(call, scope, depth)
        else:
            for argument, inner in behind(call, scope, steps):
                yield from self.go(argument, scope, inner, depth)

    def _formatted(self, call: hcl.Call, scope: ModuleScope, depth: int) -> Iterator[ResourceOrigin | TerminalOrigin]:
        pattern = evaluate_or_unknown(call.arguments[0], scope)
        for end in self.go(call.arguments[1], scope, (), depth):
            if isinstance(end, TerminalOrigin) and end.kind == "function" and isinstance(pattern, str):
                yield TerminalOrigin("function", pattern, f'formatdate("{pattern}", {end.text})', call.span)
            else:
                yield end

    def _conditional(
        self, expression: hcl.Conditional, scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        try:
            condition = truth(evaluate_or_unknown(expression.condition, plain(scope).seen(USUAL)))
        except EvaluationError:
            condition = NOT_FIXED("the condition")
        if not isinstance(condition, Unknown):
            yield from self.go(expression.yes if condition else expression.no, scope, steps, depth)
            return
        for branch in (expression.yes, expression.no):
            for found in self.go(branch, scope, steps, depth):
                yield found._replace(open=True)

    def _list(
        self, items: tuple[hcl.Expr, ...], scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        head = steps[0] if steps else None
        if isinstance(head, int) and head < len(items):
            items = (items[head],)
        rest = steps[1:] if head is ANY or isinstance(head, int) else steps
        for item in items:
            yield from self.go(item, scope, rest, depth)

    def _object(
        self, items: tuple[tuple[hcl.Expr, hcl.Expr], ...], scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        head = steps[0] if steps else None
        for key_expression, value in items:
            key = key_expression.value if isinstance(key_expression, hcl.Literal) else evaluate_or_unknown(key_expression, plain(scope))
            if not isinstance(head, str) or isinstance(key, Unknown) or str(key) == head:
                yield from self.go(value, scope, steps[1:], depth)

    def _for(
        self, expression: hcl.For, scope: ModuleScope, steps: tuple[Step, ...], depth: int
    ) -> Iterator[ResourceOrigin | TerminalOrigin]:
        by_key = isinstance(expression.key, hcl.Name) and expression.key.name == expression.key_name and bool(steps)
        symbol = Symbol(expression.collection, scope, steps[0] if by_key else ANY)
        names: dict[str, Value] = {expression.value_name: symbol}
        if expression.key_name:
            names[expression.key_name] = NOT_FIXED(f"the key {expression.key_name} of a for expression")
        yield from self.go(expression.value, scope.bind(**names), steps[1:], depth)
