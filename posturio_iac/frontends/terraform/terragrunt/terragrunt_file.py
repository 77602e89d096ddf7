"""One Terragrunt file as one unit sees it: locals, includes and inputs, evaluated on demand.

Over 300 lines, since a file and the scope of its names define each other.
"""

from __future__ import annotations

import posixpath

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import NamedTuple, dataclass, field
from posturio_iac.core.unknown import CANNOT_BE_READ, DEPENDS_ON, GENERATES, MUST_BE, NOT_EVALUATED, NOT_IN_CODE, REFERS_TO_ITSELF
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate, evaluate_or_unknown
from posturio_iac.frontends.terraform.functions import Environment, known
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse_template
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.frontends.terraform.terragrunt.functions import function_of
from posturio_iac.frontends.terraform.terragrunt.merging import Entries, entries_of, merged, written
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, ResourceValue, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from posturio_iac.core.budget import Budget
    from posturio_iac.frontends.terraform.terragrunt.documents import Documents

_COST = 500  # the steps of the budget that reading one file takes, so that files that include one another over and over come to an end
_NOWHERE = Span("", 1, 1, 1, 1)
_ELSEWHERE = {
    "dependency": "the outputs of another unit",
    "feature": "who runs Terragrunt",
    "unit": "the stack that generates it",
    "stack": "the stack that generates it",
    "values": "the stack that generates this unit",
}


@dataclass(slots=True)
class UnitFindings:
    """Facts from reading the files of one unit, which stay when the files are dropped."""

    files: set[str] = field(default_factory=set)
    problems: dict[Diagnostic, None] = field(default_factory=dict)
    unknown_functions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class UnitContext:
    """The data that all files of one unit share."""

    documents: Documents
    budget: Budget
    folder: str
    values: Value | None  # the values from a stack; None when no stack here generates the unit
    found: UnitFindings = field(default_factory=UnitFindings)
    opened: dict[str, TerragruntFile] = field(default_factory=dict)


class KnownFunctions(dict[str, "Callable[[tuple[Value, ...]], Value]"]):
    """Terragrunt's functions for one file, looked up when called; unknown names are recorded, unless they are Terraform's."""

    def __init__(self, configuration: TerragruntFile) -> None:
        super().__init__()
        self._configuration = configuration

    def get(self, name: str, _default: Any = None) -> Any:
        """A function, if there is one of that name."""
        found = function_of(name, self._configuration)
        if found is None and not known(name):
            self._configuration.context.found.unknown_functions.add(name)
        return found


class Included(NamedTuple):
    """One ``include`` block."""

    name: str  # empty for a block without a label
    configuration: TerragruntFile | Unknown
    strategy: str
    is_exposed: bool


class TerragruntFile:
    """A file as one unit reads it: the unit's own, one that it includes, or one that `read_terragrunt_config` reads."""

    def __init__(self, context: UnitContext, path: str, current: str = "", chain: tuple[str, ...] = ()) -> None:
        """Read the file ``path``. ``current`` is the file that paths are relative to, which includes this one, and ``chain`` all above."""
        self.context = context
        self.path = path
        self.current = current or path
        self.chain = (*chain, path)
        self.body, problems = context.documents.parsed(path)
        self.is_broken = bool(problems)
        context.found.files.add(context.documents.real(path))
        context.found.problems.update(dict.fromkeys(problems))
        self._locals: dict[str, Value] = {}
        self._pending: set[str] = set()
        self._includes: tuple[Included, ...] | None = None
        self._inputs: Entries | None = None
        self._environment: Environment | None = None

    # Names

    def scope(self, bindings: dict[str, Value] | None = None) -> TerragruntScope:
        """The names as the file's own code sees them."""
        values = self.context.values
        known: dict[str, Value] = {} if values is None else {"values": values}
        return TerragruntScope(self, {**known, **(bindings or {})})

    def value(self, expression: hcl.Expr | None) -> Value:
        return evaluate_or_unknown(expression, self.scope({"local": self.locals()} if _names_all_locals(expression) else None))

    def local(self, name: str) -> Value:
        """A local value; one that needs itself is unknown."""
        if name in self._locals:
            return self._locals[name]
        if name in self._pending:
            return REFERS_TO_ITSELF(f"local.{name}")
        found = next((b.body.attributes[name] for b in self.body.all("locals") if name in b.body.attributes), None)
        if found is None:
            if self._fault is not None:
                return self._fault
            raise EvaluationError(f'there is no local value "{name}" in {self.shown}')
        self._pending.add(name)
        try:
            self._locals[name] = evaluate(found.expression, self.scope())
        finally:
            self._pending.discard(name)
        return self._locals[name]

    def locals(self) -> dict[str, Value]:
        names = [name for block in self.body.all("locals") for name in block.body.attributes]
        return {name: self.value(hcl.GetAttr(hcl.Name("local", _NOWHERE), name, _NOWHERE)) for name in names}

    @property
    def shown(self) -> str:
        return self.context.documents.shown(self.context.documents.real(self.path))

    @property
    def environment(self) -> Environment:
        """The environment of functions."""
        if self._environment is None:
            self._environment = Environment(
                read_file=self.read_file,
                render=self._render,
                list_files=lambda _: NOT_EVALUATED("a list of files"),
                spend=self.context.budget.spend,
                functions=KnownFunctions(self),
            )
        return self._environment

    @property
    def documents(self) -> Documents:
        return self.context.documents

    @property
    def unit_folder(self) -> str:
        return self.context.folder

    def included_path(self, name: Value) -> str | Unknown | None:
        """The file that the include called ``name`` draws in, by default the first one; None when there is none."""
        found = next((one.configuration for one in self.includes() if name is None or one.name == name), None)
        return found.path if isinstance(found, TerragruntFile) else found

    def another(self, path: str) -> Value:
        """Another file as a value. One that reads itself again gives the part that is evaluated so far."""
        if path not in self.context.opened:
            self.context.budget.spend(_COST)
            self.context.opened[path] = TerragruntFile(self.context, path)
        return self.context.opened[path].whole()

    def values_file(self, path: str) -> Value:
        """What a file of variable values holds."""
        body, problems = self.documents.parsed(path)
        self.context.found.files.add(self.documents.real(path))
        if problems:
            return CANNOT_BE_READ(self.documents.shown(path))
        return {name: self.value(attribute.expression) for name, attribute in body.attributes.items()}

    def absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))

    def read_file(self, path: str) -> str | Unknown:
        """The text of a file."""
        there = self.absolute(path)
        if not self.context.documents.has_file(there):
            raise EvaluationError(f"there is no file {path}")
        self.context.found.files.add(self.context.documents.real(there))
        self.context.documents.fence.run.setdefault(self.context.documents.real(there), False)
        data = self.context.documents.data(there)
        return CANNOT_BE_READ(path) if isinstance(data, Diagnostic) else data.decode("utf-8", "replace")

    def _render(self, text: str, names: dict[str, Value]) -> Value:
        self.context.budget.enter_render(len(text))
        try:
            return evaluate(parse_template("template", text), self.scope(names))
        finally:
            self.context.budget.leave_render()

    def template_of(self, expression: hcl.Expr) -> tuple[hcl.Expr, TerragruntScope, str | None]:
        """The template that an expression renders, the scope of its parts, and its file; without a file, the expression itself."""
        match expression:
            case hcl.Call("templatefile", (place, variables)):
                name, given = self.value(place), self.value(variables)
                if isinstance(name, str) and isinstance(given, dict):
                    text = self.value(hcl.Call("file", (place,), expand=False, span=expression.span))
                    if isinstance(text, str):
                        path = self.documents.shown(self.documents.real(self.absolute(name)))
                        return parse_template(path, text), self.scope(dict(given)), path
        return expression, self.scope(), None

    # Blocks

    def includes(self) -> tuple[Included, ...]:
        """The includes of this file, in order."""
        if self._includes is None:
            self._includes = ()
            self._includes = tuple(self._included(block) for block in self.body.all("include"))
        return self._includes

    def _included(self, block: hcl.Block) -> Included:
        name = block.labels[0] if block.labels else ""
        path, strategy = self.value(block.get("path")), self.value(block.get("merge_strategy"))
        exposed = self.value(block.get("expose"))
        chosen = strategy if isinstance(strategy, str) else "shallow"
        return Included(name, self._opened(block, path), chosen, exposed is not False and exposed is not None)

    def _opened(self, block: hcl.Block, path: Value) -> TerragruntFile | Unknown:
        if not isinstance(path, str):
            reason = path if isinstance(path, Unknown) else MUST_BE("its path", "text")
            return reason.about(f"what {self.shown} includes on line {block.header.line}")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(self.current), path))
        self.context.budget.spend(_COST)
        if there in self.chain:
            text = f"{self.context.documents.shown(there)} is included by itself; Terragrunt refuses that"
            self.context.found.problems[Diagnostic(Level.ERROR, text, block.header.path, block.header.line, block.header.column)] = None
            return REFERS_TO_ITSELF(self.shown)
        if not self.context.documents.has_file(there):
            return NOT_IN_CODE(self.context.documents.shown(there))
        return TerragruntFile(self.context, there, self.current, self.chain)

    def exposed(self, name: str) -> Value:
        """``include.name``: an included file as a value, or a part of the only one, which has no label."""
        for one in self.includes():
            if one.name not in (name, ""):
                continue
            if isinstance(one.configuration, Unknown):
                return one.configuration
            if not one.is_exposed:
                raise EvaluationError(f"include.{name} is not exposed")
            return one.configuration.part(name) if not one.name else one.configuration.whole()
        raise EvaluationError(f'there is no include "{name}"')

    def whole(self) -> Value:
        return ResourceValue(self.shown, self.part)

    @property
    def _fault(self) -> Unknown | None:
        return CANNOT_BE_READ(f"part of {self.shown}") if self.is_broken else None

    def part(self, name: str) -> Value:
        """One part of the file as a value."""
        match name:
            case "locals":
                return self.locals()
            case "inputs":
                return self.inputs().value()
            case "terraform":
                block = next(iter(self.body.all("terraform")), None)
                return {} if block is None else {n: self.value(a.expression) for n, a in block.body.attributes.items()}
            case _ if name in self.body.attributes:
                return self.value(self.body.attributes[name].expression)
            case _:
                return NOT_EVALUATED(f"{name} of {self.shown}")

    def inputs(self) -> Entries:
        """The inputs of this file over those of what it includes."""
        if self._inputs is None:
            found = Entries({}, None)
            for one in self.includes():
                if one.strategy == "no_merge":
                    continue
                below = Entries({}, one.configuration) if isinstance(one.configuration, Unknown) else one.configuration.inputs()
                found = merged(found, below, deep=one.strategy.startswith("deep"))
            deep = any(one.strategy.startswith("deep") for one in self.includes())
            attribute = self.body.attributes.get("inputs")
            own = Entries({}, self._fault)
            if attribute is not None:
                own = entries_of(self._entries(attribute.expression), attribute.expression, own.rest)
            self._inputs = merged(found, own, deep=deep)
        return self._inputs

    def _entries(self, expression: hcl.Expr) -> Value:
        value = self.value(expression)
        if not isinstance(value, Unknown) or not isinstance(expression, hcl.ObjectExpr):
            return value
        named = [(key.value, entry) for key, entry in expression.items if isinstance(key, hcl.Literal)]
        entries = {str(name): self.value(entry) for name, entry in named}
        return entries if len(named) == len(expression.items) else PartialMap(entries, value)

    def binary(self) -> Value:
        """``terraform_binary``, of this file or of those that it includes."""
        if (own := self.body.attributes.get("terraform_binary")) is not None:
            return self.value(own.expression)
        below = (one.configuration.binary() for one in self.includes() if isinstance(one.configuration, TerragruntFile))
        return next(filter(None, below), None)

    def commands(self) -> Iterator[tuple[hcl.Call, TerragruntFile]]:
        """Yield the calls of ``run_cmd`` in this file, in those that it includes, and in those that were read so far."""
        below = (one.configuration for one in self.includes())
        for file in (*below, *(self.context.opened.values() if len(self.chain) == 1 else ())):
            if isinstance(file, TerragruntFile) and file is not self:
                yield from file.own_commands() if file.path in self.context.opened else file.commands()
        yield from self.own_commands()

    def own_commands(self) -> Iterator[tuple[hcl.Call, TerragruntFile]]:
        """Yield those in the file itself."""
        for part in (part for expression in _expressions(self.body) for part in walk(expression)):
            if isinstance(part, hcl.Call) and part.name == "run_cmd":
                yield part, self

    def program(self, kind: str, labels: tuple[str, ...], place: Span, given: Mapping[str, hcl.Expr]) -> hcl.Block:
        known = {name: written(self.value(one), one) for name, one in given.items()}
        return hcl.Block(kind, labels, place, place, body=hcl.Body(hcl.attributes(known), ()))

    def blocks(self, kind: str) -> Iterator[tuple[hcl.Block, TerragruntFile] | Unknown]:
        """Yield the blocks of one type with the file that each stands in, those of included files first; unknown are files not here."""
        for one in self.includes():
            if isinstance(one.configuration, Unknown):
                yield one.configuration
            elif one.strategy != "no_merge":
                yield from one.configuration.blocks(kind)
        if self._fault is not None:
            yield self._fault
        yield from ((block, self) for block in self.body.all(kind))
        if kind == "generate" and (attribute := self.body.attributes.get(kind)) is not None:
            yield from _as_blocks(attribute.expression, self)


def _as_blocks(generate: hcl.Expr, file: TerragruntFile) -> Iterator[tuple[hcl.Block, TerragruntFile] | Unknown]:
    """Yield the blocks that ``generate = { name = { … } }`` stands for."""
    if not isinstance(generate, hcl.ObjectExpr):
        yield GENERATES(file.shown, "files")
        return
    for key, value in generate.items:
        name = file.value(key)
        if isinstance(name, str) and isinstance(value, hcl.ObjectExpr):
            named = {str(file.value(key)): one for key, one in value.items}
            yield hcl.Block("generate", (name,), value.span, value.span, body=hcl.Body(hcl.attributes(named), ())), file
        else:
            yield GENERATES(file.shown, "files")


def _expressions(body: hcl.Body) -> Iterator[hcl.Expr]:
    yield from (attribute.expression for attribute in body.attributes.values())
    for block in body.blocks:
        yield from _expressions(block.body)


def _names_all_locals(expression: hcl.Expr | None) -> bool:
    """True if an expression uses ``local`` itself, as in ``merge(local, {})``."""
    if expression is None:
        return False
    parts = list(walk(expression))
    named = sum(isinstance(part, hcl.GetAttr) and isinstance(part.target, hcl.Name) and part.target.name == "local" for part in parts)
    return named < sum(isinstance(part, hcl.Name) and part.name == "local" for part in parts)


class TerragruntScope:
    """Names as seen from one place in a file."""

    def __init__(self, configuration: TerragruntFile, bindings: dict[str, Value]) -> None:
        self.configuration = configuration
        self.bindings = bindings

    @property
    def environment(self) -> Environment:
        return self.configuration.environment

    @property
    def budget(self) -> Budget:
        return self.configuration.context.budget

    def bind(self, /, **names: Value) -> TerragruntScope:
        return TerragruntScope(self.configuration, {**self.bindings, **names})

    def kept(self, _name: str, compute: Callable[[], Value]) -> Value:
        return compute()

    def convert(self, value: Value, _constraint: hcl.Expr) -> Value:
        """A value unchanged: Terragrunt has no type constraints of its own."""
        return value

    is_due = False

    def moved(self, call: hcl.Call) -> None:
        """Terragrunt plans nothing."""

    def attribute(self, root: str, name: str) -> Value:
        """``root.name``."""
        if root == "local":
            return self.configuration.local(name)
        if root == "include":
            return self.configuration.exposed(name)
        if root in _ELSEWHERE:
            return DEPENDS_ON(f"{root}.{name}", _ELSEWHERE[root])
        raise EvaluationError(f'Terragrunt knows no "{root}.{name}"')

    def data(self, kind: str, name: str) -> Value:
        raise EvaluationError(f'Terragrunt knows no "data.{kind}.{name}"')
