"""Where values come from: a reading of the code in which what is asked for is unknown, and each unknown carries its origin.

A value alone does not tell where it came from: ``user = local.names["ci"]`` may be the name of a user declared three modules away.
"""

from __future__ import annotations

from functools import cache

from posturio_iac.core.model import Span
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.unknown import AS_STATED, INVALID_LINE, NOT_FIXED, TOO_DEEP, TOO_LARGE, Unknown
from posturio_iac.facts.schedulers import HOLDERS, ROTATING
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of, stated
from posturio_iac.frontends.terraform.evaluation.evaluate import HIDING, evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import SAME, ModuleInstance, ModuleScope, View, later
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import indexes, inside, references, references_in
from posturio_iac.frontends.terraform.values import EvaluationError, Traced, Value, due_of, unknowns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    Placed = tuple[hcl.Expr | None, ModuleInstance]


class ValueOrigin(NamedTuple):
    """What a value comes from."""

    instance: ModuleInstance
    kind: str  # the resource type, ``data.`` in front for a data source; ``module`` for a call whose code is not here
    name: str
    suffix: str = ""  # ``[0]``, ``["a"]``, or empty
    block: hcl.Block | None = None  # None where it is not declared
    attribute: str | None = None  # the attribute or output that is read; None for the whole
    seen_in: ModuleScope | None = None  # the scope that it is to be seen in, where no instance of its own fixes that
    is_conditional: bool = False  # True if a condition that the code does not fix stands in between

    @property
    def address(self) -> str:
        return self.instance.full(f"{self.kind}.{self.name}{self.suffix}")

    @property
    def key(self) -> tuple[int, str, str, str]:
        return id(self.instance), self.kind, self.name, self.suffix

    @property
    def scope(self) -> ModuleScope:
        """The scope of its own code, in the very instance where that is fixed."""
        if self.seen_in is not None:
            return self.seen_in
        assert self.block is not None  # noqa: S101 - asked of what is declared
        if (found := self.instance.index(_scopes, self.block, self.instance).get(self.suffix)) is not None:
            return found
        unfixed = {"key": NOT_FIXED("the instance"), "value": NOT_FIXED("the instance"), "index": NOT_FIXED("the instance")}
        scope = self.instance.scope().bind(each=unfixed, count=unfixed)
        scope.origin = self.block.get("for_each") or self.block.get("count")
        return scope

    def part(self, name: str) -> ValueOrigin:
        return self._replace(attribute=name) if self.attribute is None else self

    def conditional(self) -> ValueOrigin:
        return self._replace(is_conditional=True)

    def is_of(self, block: hcl.Block, instance: ModuleInstance, suffix: str) -> bool:
        """True if it is this instance of a block; an index that the code does not fix may be any."""
        return self.block is block and self.instance is instance and (self.suffix == suffix or not self.suffix or not suffix)


def _scopes(block: hcl.Block, instance: ModuleInstance) -> dict[str, ModuleScope]:
    return dict(expand(block, instance.scope()).instances)


_NOT_SEEN = (AS_STATED, INVALID_LINE, TOO_DEEP, TOO_LARGE)
"""Kinds of values of which evaluation shows nothing: a part of them is wrong, or too much."""
DATA = "data"


class Origins:
    """A reading in which attributes of resources of some kinds are unknown. As a `Planner` it answers for them."""

    strict = False

    def __init__(self, *kinds: str) -> None:
        """Trace the resources of ``kinds``, data sources with ``data.`` in front, and with `DATA` what any data source reads."""
        self.view = View(planner=self, strict=self.strict)
        self.kinds = frozenset(kinds)

    def of(self, expression: hcl.Expr | None, scope: ModuleScope) -> tuple[ValueOrigin, ...]:
        """What the value of an expression comes from."""
        unknown = list(unknowns(self.value(expression, scope)))
        found = due_of(*unknown)
        causes = found.causes if found is not None else ()
        if any(one.kind in _NOT_SEEN for one in unknown):
            causes = tuple(dict.fromkeys((*causes, *self._in_parts(expression, scope))))
        return causes  # type: ignore[return-value]  # they are origins

    def _in_parts(self, expression: hcl.Expr | None, scope: ModuleScope) -> Iterator[ValueOrigin]:
        for part, instance, words in mentions([(expression, scope.instance)], hidden_by=HIDING):
            if len(words) > 1:
                inner = scope.seen(self.view) if instance is scope.instance else instance.scope(self.view)
                found = due_of(evaluate_or_unknown(part, inner))
                yield from found.causes if found is not None else ()  # type: ignore[misc]  # they are origins

    def value(self, expression: hcl.Expr | None, scope: ModuleScope) -> Value:
        return evaluate_or_unknown(expression, scope.seen(self.view))

    def starts(self, kind: str, attribute: str) -> bool:
        """True if a value that is read from a resource comes from there."""
        del attribute
        return kind in self.kinds

    def moved(self, call: hcl.Call) -> Value:
        del call

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """A module whose code is not here, with its call, or a resource that is not declared."""
        if why is None and kind not in self.kinds:
            return None
        return Traced((ValueOrigin(scope.instance, kind, name, block=scope.instance.folder.calls[name] if why is not None else None),))

    def whole(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope) -> Traced | None:
        return self.origin(block, kind, address, scope, None) if kind in self.kinds else None

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """The origin of an attribute, or its value."""
        argument = SAME.get((kind, name), name)
        expression = hcl.setting(block, argument)
        if self.starts(kind, name) or (expression is None and kind.startswith("data.") and DATA in self.kinds):
            return self.origin(block, kind, address, scope, name)
        if expression is None:
            return later(kind, f"{address}.{name}")
        return scope.instance.cached(self.view, address, argument, lambda: evaluate_or_unknown(expression, scope))

    def origin(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str | None) -> Traced:
        own = block.labels[1]
        return Traced((ValueOrigin(scope.instance, kind, own, address[len(kind) + len(own) + 1 :], block, name),))


def may_say(instance: ModuleInstance, *words: bytes) -> bool:
    """False if a module neither is called nor calls any, and no block, by its text alone, has one of some words in small letters."""
    if instance.caller is not None or instance.folder.calls:
        return True
    return any(map(instance.index(_says, instance), words))


def _says(instance: ModuleInstance) -> Callable[[bytes], bool]:
    folder = instance.folder
    tables = (folder.resources, folder.data, folder.variables, folder.outputs)
    texts = [block.text for table in tables for block in table.values()]
    code = b"\n".join(text for text in texts if text is not None).lower()
    return (lambda _: True) if None in texts or b"\\u" in code else cache(code.__contains__)


class StrictOrigins(Origins):
    """The same where a variable may have any value that nothing in the code fixes."""

    strict = True


_MARK = hcl.Call("sensitive", (), expand=False, span=Span("", 1, 1, 1, 1))  # a marker for something that is sensitive by itself
_HELD = frozenset({"var", "local", "module", "component"}) | HOLDERS  # what merely holds values


def is_sensitive(expression: hcl.Expr | None, scope: ModuleScope) -> bool:
    """True if something sensitive goes into a value, unless ``nonsensitive()`` removes the mark."""
    if not scope.instance.folder.locals and not may_say(scope.instance, b"sensitive"):
        return False
    found = mentions(of_instance(expression, scope), hidden_by=("nonsensitive",))
    return any(isinstance(current, hcl.Call) and current.name == "sensitive" for current, _, _ in found)


def mentions(
    start: Iterable[Placed], *, hidden_by: Container[str] = (), computed: bool = False, only_held: bool = False
) -> Iterator[tuple[hcl.Expr, ModuleInstance, tuple[str, ...]]]:
    """Yield each expression with its module and its words, if it is a reference.

    Calls of ``hidden_by`` hide what they hold. With ``computed`` a computed attribute leads to all arguments of its resource, and a
    conditional to the arm that the code fixes. With ``only_held`` of all resources only those that hold values are looked into.
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
            pending += sources(words, instance, computed=computed)
        parts = inside(current) if not words else indexes(current)
        if computed and isinstance(current, hcl.Conditional):
            condition = evaluate_or_unknown(current.condition, instance.scope())
            parts = [current.yes if condition else current.no] if isinstance(condition, bool) else parts
        pending += [(part, instance) for part in parts]


def sources(words: tuple[str, ...], instance: ModuleInstance, *, computed: bool = False) -> Iterator[Placed]:
    """Yield what a reference stands for: each expression that it may be, with its module."""
    folder = instance.folder
    match words:
        case ("var", name, *_):
            yield from _given(name, instance)
        case ("local", name, *_):
            yield (folder.locals[name].expression if name in folder.locals else None), instance
        case ("module" | "component", name, output, *_):
            yield from _outputs(instance, name, output)
        case ("data", kind, name, attribute, *_):
            yield from _argument(folder.data.get((kind, name)), f"data.{kind}", attribute, instance, computed=computed)
        case (kind, name, *rest):
            yield from _argument(folder.resources.get((kind, name)), kind, rest[0] if rest else "", instance, computed=computed)


def of_instance(expression: hcl.Expr | None, scope: ModuleScope) -> Iterator[Placed]:
    """Yield a value, and what its block is repeated over if it tells the instances apart."""
    yield expression, scope.instance
    if expression is not None and scope.origin is not None and varies(expression):
        yield scope.origin, scope.instance


def varies(expression: hcl.Expr) -> bool:
    return any(words[0] in ("each", "count") for words in references_in(expression))


def _given(name: str, instance: ModuleInstance) -> Iterator[Placed]:
    variable = instance.folder.variables.get(name)
    yield _marked(variable), instance
    if instance.call is not None and instance.caller is not None:
        given = instance.call.get(name)
        yield from of_instance(given, instance.caller)
        if given is None and variable is not None:  # what a root module's own variable holds is known where it is mentioned
            yield variable.get("default"), instance
    elif (value := instance.folder.tfvars.get(name)) is not None:
        yield value.expression, instance


def _outputs(instance: ModuleInstance, name: str, output: str) -> Iterator[Placed]:
    try:
        children = instance.children(name)
    except EvaluationError:
        return
    for child in () if isinstance(children, Unknown) else children[1]:
        block = child.folder.outputs.get(output)
        yield _marked(block), child
        yield (block.get("value") if block is not None else None), child


def _argument(block: hcl.Block | None, kind: str, attribute: str, instance: ModuleInstance, *, computed: bool) -> Iterator[Placed]:
    if block is None or (computed and kind == ROTATING):
        return  # What a clock starts at is not what it shows.
    argument = hcl.setting(block, SAME.get((kind, attribute), attribute)) if attribute else None
    yield argument, instance
    yield block.get("for_each"), instance
    if argument is None and computed:
        yield from ((value, instance) for _, value in arguments_of(block))
        yield from ((item, instance) for item in stated(block, "replace_triggered_by"))


def _marked(block: hcl.Block | None) -> hcl.Expr | None:
    mark = block.get("sensitive") if block is not None else None
    return _MARK if isinstance(mark, hcl.Literal) and mark.value in (True, "true") else None
