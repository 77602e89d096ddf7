"""A module as one call makes it: names get their values here.

Every value exists in several readings. In the strict one a variable that no code sets is unknown, whatever its default; existence is
decided in it. In the usual one defaults hold; what a tag or a date says is read in it. In a planned one clocks are due as well.

Over 300 lines, since instances and their scopes define each other.
"""

from __future__ import annotations

import os
from types import MappingProxyType

from posturio_iac.core import unknown as why
from posturio_iac.core.keys import index as suffix_of
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import kept, replace
from posturio_iac.frontends.terraform.evaluation import conform
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import Expansion, expand
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, ResourceValue, SomeInstance, Traced, Value, due_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any, Protocol, TypeVar

    from posturio_iac.core.budget import Budget
    from posturio_iac.core.finding import Diagnostic
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.terraform.functions import Environment
    from posturio_iac.frontends.terraform.known_modules.lookup import Match
    from posturio_iac.frontends.terraform.modules.folder import Module

    T = TypeVar("T")

    class Planner(Protocol):
        """Knows what a plan makes of resources, and of functions that differ in each run."""

        def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str, /) -> Value: ...
        def whole(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, /) -> Unknown | None: ...  # why clocks change it
        def moved(self, call: hcl.Call, /) -> Value: ...  # of an impure function; None where it is only known to differ in each run
        def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None, /) -> Value:
            """The value of a module whose code is not here, for the reason ``why``, or of an undeclared resource; None for none."""

    class ModuleLoader(Protocol):
        """What an instance asks of the `ModuleTree` that loads modules."""

        @property
        def fence(self) -> Fence: ...
        @property
        def root(self) -> str: ...
        @property
        def request(self) -> ReadRequest: ...
        @property
        def diagnostics(self) -> dict[Diagnostic, None]: ...
        def environment(self, root: ModuleInstance, /) -> Environment: ...
        def report(self, diagnostic: Diagnostic, /) -> None: ...
        def is_ours(self, path: str, /) -> bool: ...
        def is_for_others(self, folder: str, /) -> bool: ...
        def known_module(self, instance: ModuleInstance, block: hcl.Block, /) -> Match | None: ...
        def unread_module(self, source: str, /) -> str | None: ...
        def may_hold_keys(self, instance: ModuleInstance, block: hcl.Block, /) -> bool: ...
        def source_of(self, block: hcl.Block, instance: ModuleInstance | None = None, /) -> str | None: ...
        def call(self, instance: ModuleInstance, name: str, /) -> tuple[Expansion[ModuleScope], tuple[ModuleInstance, ...]] | Unknown: ...


_LONG_CHAIN = 20  # so many names that hand on a value are gone through without recursion
SAME = {
    ("aws_iam_user", "id"): "name",
    ("terraform_data", "output"): "input",
    ("data.aws_iam_user", "id"): "user_name",
    ("aws_iam_access_key", "user_name"): "user",
}


class View:
    """A reading of the code: which values variables have, with ``values`` of root modules, and what a plan changes."""

    def __init__(
        self, *, strict: bool = False, planner: Planner | None = None, values: Mapping[str, hcl.Attribute] = MappingProxyType({})
    ) -> None:
        self.strict, self.planner, self.values = strict, planner, values


USUAL, STRICT = View(), View(strict=True)


class ModuleInstance:
    """One module instance: a folder with the inputs of one call, or a root module without any."""

    def __init__(
        self,
        program: ModuleLoader,
        folder: Module,
        *,
        call: hcl.Block | None = None,
        caller: ModuleScope | None = None,
        address: str = "",
        budget: Budget | None = None,
    ) -> None:
        """Stand for the module in ``folder`` as ``call`` instantiates it in ``caller``; a root module has neither.

        A root module has a ``budget`` of its own unless one is given, and all that it calls share it.
        """
        self.program = program
        self.folder = folder
        self.call = call
        self.caller = caller
        self.address = address
        self.budget: Budget = caller.instance.budget if caller is not None else budget or program.request.budget()
        self._environment: Environment | None = None
        self._values: dict[tuple[View, str, str], Value] = {}
        self._pending: set[tuple[View, str, str]] = set()
        self._children: dict[str, tuple[Expansion[ModuleScope], tuple[ModuleInstance, ...]] | Unknown] = {}
        self._indexes: dict[tuple[object, ...], Any] = {}
        self._resources: dict[tuple[str, ...], list[tuple[tuple[str, str], hcl.Block]]] = {}

    def resources(self, *kinds: str) -> list[tuple[tuple[str, str], hcl.Block]]:
        """The addresses and the blocks of the module's resources of these types, in the order of the code."""
        return kept(self._resources, kinds, lambda _: [one for one in self.folder.resources.items() if one[0][0] in kinds])

    @property
    def root(self) -> ModuleInstance:
        return self.caller.instance.root if self.caller else self

    def index(self, kind: Callable[..., T], *arguments: object) -> T:
        """The one index of this kind, made with these arguments, that the root module has, as long as it lives itself."""
        key, indexes = (kind, *arguments), self.root._indexes  # noqa: SLF001 - its own class
        if key not in indexes:
            indexes[key] = kind(*arguments)
        return indexes[key]  # type: ignore[no-any-return]  # it was made so

    @property
    def lineage(self) -> Iterator[ModuleInstance]:
        """It and the modules that lead to it, the nearest first."""
        at: ModuleInstance | None = self
        while at is not None:
            yield at
            at = at.caller.instance if at.caller is not None else None

    @property
    def ancestors(self) -> tuple[str, ...]:
        return tuple(at.folder.path for at in self.lineage)

    @property
    def environment(self) -> Environment:
        """What functions may do, the same below one root module."""
        root = self.root
        if root._environment is None:  # noqa: SLF001 - its own class
            root._environment = self.program.environment(root)  # noqa: SLF001
        return root._environment  # noqa: SLF001

    @property
    def unread_values(self) -> Collection[Mapping[str, hcl.Attribute]]:
        """What files of values beside its root module would set, where none of them is named."""
        from posturio_iac.frontends.terraform.modules.values_given import unread_values

        folder, program = self.root.folder, self.program
        if folder.unit is not None or program.request.config.var_files:
            return ()
        return unread_values(folder, program.root, program.request.config.max_file_size, program.fence).values()

    def scope(self, view: View = USUAL) -> ModuleScope:
        return ModuleScope(self, view, {})

    def call_path(self, name: str) -> str:
        """The names of the calls that lead from the root module to the call ``name`` here: ``mail.user``."""
        names = [part for part in self.address.split(".") if part not in ("module", "component")] if self.address else []
        return ".".join([*(part.split("[")[0] for part in names), name])

    def full(self, local_address: str) -> str:
        return f"{self.address}.{local_address}" if self.address else local_address

    def cached(self, view: View, root: str, name: str, compute: Callable[[], Value]) -> Value:
        """A value that is computed once; a value that needs itself is unknown."""
        key = (view, root, name)
        if key in self._values:
            return self._values[key]
        if key in self._pending:
            return why.REFERS_TO_ITSELF(f"{root}.{name}")
        self.budget.spend()
        self._pending.add(key)
        try:
            value = compute()
        finally:
            self._pending.discard(key)
        self._values[key] = value
        return value

    def children(self, name: str) -> tuple[Expansion[ModuleScope], tuple[ModuleInstance, ...]] | Unknown:
        """The instances of a module call, or why its code is not here."""
        return kept(self._children, name, lambda _: self.program.call(self, name))


class ModuleScope:
    """Names as seen from one place in a module instance."""

    __slots__ = ("bindings", "instance", "origin", "view")

    def __init__(self, instance: ModuleInstance, view: View, bindings: dict[str, Value], origin: hcl.Expr | None = None) -> None:
        self.instance = instance
        self.view = view
        self.bindings = bindings
        self.origin = origin

    @property
    def environment(self) -> Environment:
        return self.instance.environment

    def bind(self, /, **names: Value) -> ModuleScope:
        return ModuleScope(self.instance, self.view, {**self.bindings, **names}, self.origin)

    @property
    def budget(self) -> Budget:
        return self.instance.budget

    @property
    def is_due(self) -> bool:
        return self.view.planner is not None

    def moved(self, call: hcl.Call) -> Value:
        """The planned value of an impure function; None without a plan."""
        return None if self.view.planner is None else self.view.planner.moved(call)

    def seen(self, view: View) -> ModuleScope:
        """The same names in another reading."""
        each, origin = self.bindings.get("each"), self.origin
        if view.planner is None or view is self.view or origin is None or not isinstance(each, dict):
            return ModuleScope(self.instance, view, self.bindings, origin)
        planned = self.instance.cached(view, "for_each", str(origin.span), lambda: evaluate_or_unknown(origin, self.instance.scope(view)))
        if isinstance(planned, dict) and isinstance(each.get("key"), str):
            value = planned.get(each["key"])
        else:
            value = traced if isinstance(traced := due_of(planned), Traced) else None
        bindings = {**self.bindings, "each": {**each, "value": value}} if value is not None else self.bindings
        return ModuleScope(self.instance, view, bindings, origin)

    def attribute(self, root: str, name: str) -> Value:
        """``root.name``."""
        match root:
            case "var" | "local":
                self._hand_down(root, name)
                compute = self._variable if root == "var" else self._local
                return self.instance.cached(self.view, root, name, lambda: compute(name))
            case "module" | "component":
                return self.instance.cached(self.view, "module", name, lambda: self._module(name))
            case "path":
                return self._path(name)
            case "terraform":
                return why.DEPENDS_ON(f"terraform.{name}", "the run")
            case "terragrunt":
                return why.FILLED_IN("Terragrunt", "the value")
            case "each" | "count" | "self":
                return why.NOT_FIXED(f"{root}.{name}")
            case _:
                return self.instance.cached(self.view, root, name, lambda: self._resource(root, name))

    def _hand_down(self, root: str, name: str) -> None:
        """Evaluate what variables and locals only hand on from where it begins, so that long chains need no deep recursion."""
        instance, chain = self.instance, dict[tuple[ModuleInstance, str, str], None]()
        while (key := (self.view, root, name)) not in instance._values and key not in instance._pending:  # noqa: SLF001 - its own class
            if (instance, root, name) in chain:
                return  # a circle, which is said where it closes
            chain[instance, root, name] = None
            expression: hcl.Expr | None = None
            if root == "local" and name in instance.folder.locals:
                expression = instance.folder.locals[name].expression
            elif root == "var" and instance.call is not None and instance.caller is not None:
                expression, instance = instance.call.get(name), instance.caller.instance
            match expression:
                case hcl.GetAttr(hcl.Name("var" | "local" as root), name):
                    continue
            break
        for above, *handed in reversed([*chain][1:] if len(chain) > _LONG_CHAIN else []):
            try:
                above.scope(self.view).attribute(*handed)
            except EvaluationError:  # said where it is asked for
                return

    def kept(self, name: str, compute: Callable[[], Value]) -> Value:
        return self.instance.cached(self.view, "*", name, compute)

    def convert(self, value: Value, constraint: hcl.Expr) -> Value:
        return conform(value, constraint, self)

    def data(self, kind: str, name: str) -> Value:
        """``data.kind.name``."""
        block = self.instance.folder.data.get((kind, name))
        address = f"data.{kind}.{name}"
        if block is None:
            return why.NOT_IN_CODE(address)
        return self.instance.cached(self.view, "data", f"{kind}.{name}", lambda: self._instances(block, f"data.{kind}", address))

    def _variable(self, name: str) -> Value:
        instance = self.instance
        block = instance.folder.variables.get(name)
        if block is None:
            raise EvaluationError(f'there is no variable "{name}" in this module')
        argument = instance.call.get(name) if instance.call is not None and instance.caller is not None else None
        if argument is not None and instance.caller is not None:
            value = evaluate_or_unknown(argument, instance.caller.seen(self.view))
            if value is not None:
                return conform(value, block.get("type"), self)
            if block.get("nullable") is None or evaluate_or_unknown(block.get("nullable"), self) is not False:
                return None
        if instance.caller is None and (given := self.view.values.get(name) or instance.folder.tfvars.get(name)) is not None:
            value = evaluate_or_unknown(given.expression, self)
            others = (values[name].expression for values in instance.unread_values if name in values) if self.view.strict else ()
            if any(evaluate_or_unknown(other, self) != value for other in others):
                return why.MAY_BE_SET(f"var.{name}")
            return conform(value, block.get("type"), self)
        return self._default(name, block)

    def _default(self, name: str, block: hcl.Block) -> Value:
        instance = self.instance
        if instance.caller is None and instance.folder.unreadable_tfvars is not None:
            return instance.folder.unreadable_tfvars
        if "default" not in block.body.attributes and name not in instance.folder.given:
            return self._without_value(name)
        if instance.caller is None and name in instance.folder.given:
            return why.SET_BY_CALLS(f"var.{name}")
        if self.view.strict and instance.caller is None and instance.folder.unit is None:
            return why.MAY_BE_SET(f"var.{name}")
        return conform(evaluate_or_unknown(block.get("default"), self), block.get("type"), self)

    def _without_value(self, name: str) -> Unknown:
        """Why a variable has no value; of a root module with the files that would give it one, unless a unit names its own."""
        from posturio_iac.frontends.terraform.modules.values_given import no_value, without_value

        folder, program = self.instance.folder, self.instance.program
        if self.instance.caller is not None or folder.unit is not None:
            return no_value(name)
        return without_value(folder, name, program.root, program.request.config.max_file_size, program.fence)

    def _local(self, name: str) -> Value:
        found = self.instance.folder.locals.get(name)
        if found is None:
            raise EvaluationError(f'there is no local value "{name}" in this module')
        return evaluate(found.expression, ModuleScope(self.instance, self.view, {}))

    def _path(self, name: str) -> Value:
        if name == "cwd":
            return why.DEPENDS_ON("path.cwd", "where Terraform runs")
        if name != "module":
            return "."
        return os.path.relpath(f"/{self.instance.folder.path}", f"/{self.instance.root.folder.path}").replace(os.sep, "/")

    def _module(self, name: str) -> Value:
        children = self.instance.children(name)
        if isinstance(children, Unknown):
            label = self._label(name)
            if label is None and self.view.planner is not None:
                return self.view.planner.beyond(self, "module", name, children)
            return children if label is None else label
        expansion, instances = children
        return self.collected(expansion, [ResourceValue(child.address, self._output_of(child)) for child in instances])

    def collected(
        self,
        expansion: Expansion[ModuleScope],
        values: list[ResourceValue],
        at: Callable[[str | int], Callable[[str], Value]] | None = None,
    ) -> Value:
        """The instances of a block as an expression sees them."""
        if self.is_due and expansion.unknown is not None and not expansion.likely and values:
            whole = values[0].rest
            return SomeInstance(expansion.unknown, values[0].get_attribute, at, whole if isinstance(whole, Traced) else None)
        return expansion.collect(values, strict=self.view.strict)

    def _label(self, name: str) -> Value:
        call = self.instance.folder.calls[name]
        source = self.instance.program.source_of(call, self.instance)
        if source is None or source.startswith("."):
            return None
        from posturio_iac.frontends.terraform.modules.values_given import label_outputs

        address = self.instance.full(f"module.{name}")
        expansion = expand(call, ModuleScope(self.instance, self.view, {}))
        outputs = [label_outputs(source, call, scope, address) for _, scope in expansion.instances]
        values = [ResourceValue(address, get) for get in outputs if get is not None]
        return expansion.collect(values) if values else None

    def _output_of(self, child: ModuleInstance) -> Callable[[str], Value]:
        def output(name: str) -> Value:
            block = child.folder.outputs.get(name)
            if block is None:
                raise EvaluationError(f'{child.address} has no output "{name}"')
            value = block.get("value")
            return child.cached(self.view, "output", name, lambda: None if value is None else evaluate(value, child.scope(self.view)))

        return output

    def _resource(self, kind: str, name: str) -> Value:
        block = self.instance.folder.resources.get((kind, name))
        if block is None:
            if self.view.planner is not None and (missing := self.view.planner.beyond(self, kind, name, None)) is not None:
                return missing
            raise EvaluationError(f"there is no resource {kind}.{name} in this module")
        return self._instances(block, kind, f"{kind}.{name}")

    def _instances(self, block: hcl.Block, kind: str, address: str) -> Value:
        expansion = planned(block, self, self.view) if self.is_due else expand(block, ModuleScope(self.instance, self.view, {}))
        values = [resource_value(block, kind, address + suffix, scope) for suffix, scope in expansion.instances]
        if not self.is_due:
            return expansion.collect(values)
        return self.collected(
            expansion, values, lambda key: attributes_of(block, kind, address + suffix_of(key), expansion.instances[0][1])
        )


def resource_value(block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> ResourceValue:
    """A resource instance, whose attributes are evaluated by their names."""
    planner = scope.view.planner
    rest = planner.whole(block, kind, address, scope) if planner is not None else None
    return ResourceValue(address, attributes_of(block, kind, address, scope), rest or later(kind, address))


def later(kind: str, address: str) -> Unknown:
    return (why.READ_BY_PLAN if kind.startswith("data.") else why.AFTER_APPLY)(address)


def attributes_of(block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Callable[[str], Value]:
    """The function that evaluates one attribute of a resource instance by its name."""

    def attribute(name: str) -> Value:
        if scope.view.planner is not None:
            return scope.view.planner.attribute(block, kind, address, scope, name)
        argument = SAME.get((kind, name), name)
        expression = hcl.setting(block, argument)
        if expression is None:
            return later(kind, f"{address}.{name}")
        return scope.instance.cached(scope.view, address, argument, lambda: evaluate_or_unknown(expression, scope))

    return attribute


def planned(block: hcl.Block, seen_from: ModuleScope, view: View) -> Expansion[ModuleScope]:
    """The instances of a block in a plan, as a block sees them that is there; open where only defaults say that there are none."""
    expansion = expand(block, seen_from.instance.scope(view))
    if not expansion.instances and expansion.unknown is None:
        asked = expand(block, seen_from.instance.scope(STRICT))
        if asked.unknown is None:
            return expansion
        told = why.ABSENT_BY_DEFAULT(".".join(block.labels))
        expansion = replace(asked, instances=tuple((s, scope.seen(view)) for s, scope in asked.instances), unknown=told)
    match block.get("count"):
        case hcl.Conditional(_, hcl.Literal(0 | 1), hcl.Literal(0 | 1)) as count if hcl.same(count, seen_from.origin):
            only = expansion.instances[0][1].bind(count={"index": 0})
            return replace(expansion, instances=((suffix_of(0), only),), unknown=None)
    return expansion


def instances_of(block: hcl.Block, instance: ModuleInstance) -> Expansion[ModuleScope]:
    """The instances that exist whatever anybody sets; one without an index when their number is not fixed.

    That one sees the names of the only instance which the defaults make, if it is only one.
    """
    fixed = expand(block, instance.scope(STRICT))
    if fixed.unknown is None:
        return replace(fixed, instances=tuple((suffix, scope.seen(USUAL)) for suffix, scope in fixed.instances))
    usual = expand(block, instance.scope())
    if usual.unknown is None and len(usual.instances) == 1:
        return replace(usual, instances=(("", usual.instances[0][1]),), unknown=fixed.unknown, likely=True)
    return replace(fixed, instances=(("", fixed.instances[0][1].seen(USUAL)),))


def own_place(span: Span, instance: ModuleInstance) -> Span:
    """Where something in a module is reported: where it stands, or at the nearest call or unit that is the scan's own code."""
    for at in instance.lineage:
        if at.program.is_ours(span.path):
            break
        if at.call is not None:
            span = at.call.header
        elif at.folder.unit is not None and (source := at.folder.unit.place) is not None:
            span = source
    return span
