"""The values of CloudFormation expressions, as far as a template alone fixes them."""

from __future__ import annotations

from posturio_iac.core import unknown as why
from posturio_iac.core.budget import BudgetError
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import kept
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.stack import KnownValues, Reference, Stack, StackScope, StackValue
from posturio_iac.frontends.cloudformation.syntax.source import filled_in
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

MAX_STEPS = 80  # how deep expressions may nest, references followed

_STEPS_A_FUNCTION = 10  # what a function costs: about ten times a step of Terraform's evaluation
SSM = "AWS::SSM::Parameter::"
_DEPLOYED = frozenset(("ImportValue", "GetAZs", "Cidr", "Transform", "RefAll", "ValueOf", "ValueOfAll", "GetStackOutput"))
"""Functions whose values are known only at deployment."""


class WrongArgumentsError(Exception):
    """A function cannot work with its arguments; the message is a clause."""


class OpenError(Exception):
    """What a function needs is unknown; its value is the same `Unknown`."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


class Evaluator:
    """Evaluates expressions and collects problems.

    With ``assumed`` parameters count as open unless they are given or assumed; without, their defaults hold.
    """

    def __init__(
        self, problems: list[Diagnostic], assumed: dict[tuple[int, str], str] | None = None, *, known: KnownValues | None = None
    ) -> None:
        self.problems = problems
        self.assumed = assumed
        self.known = known
        """What follows from the conditions under which the expressions matter."""
        self.asked: dict[tuple[int, str], tuple[TemplateEntry, Stack]] = {}
        """Parameters that expressions asked for and nothing fixes."""
        self.conditions = dict(known.conditions) if known is not None else {}
        """Conditions that were decided, by their stacks and names."""
        self.steps = 0
        self._given: dict[tuple[int, str], StackValue] = {}  # the values of parameters that other stacks give
        self._opened: Evaluator | None = None
        self._reported: set[Diagnostic] = set()

    def open(self) -> Evaluator:
        """An evaluator for which defaults fix nothing."""
        if self.assumed is not None:
            return self
        if self._opened is None:
            self._opened = Evaluator(self.problems, {}, known=self.known)
        self._opened.steps = self.steps
        return self._opened

    def value(self, node: Node | None, scope: StackScope) -> StackValue:
        """The value of an expression, which nothing has where it is missing."""
        if node is None:
            return None
        if self.steps >= MAX_STEPS:
            return why.TOO_LARGE("the expression")
        self.steps += 1
        try:
            scope.stack.budget.spend()
            value = self._value(node, scope)
            if isinstance(node.value, Object):
                if isinstance(value, str):
                    scope.stack.budget.add_text(len(value))
                elif isinstance(value, tuple):
                    scope.stack.budget.spend(len(value))
        except WrongArgumentsError as error:
            self.report(str(error), node, scope)
            return why.AS_STATED(str(error))
        except OpenError as error:
            return error.unknown
        except BudgetError as error:
            error.span = error.span or scope.source.span(node)
            raise
        else:
            return value
        finally:
            self.steps -= 1

    def _value(self, node: Node, scope: StackScope) -> StackValue:
        match node.value:
            case Object() as members:
                name, argument = node.function
                if (function := FUNCTIONS.get(name)) is not None:
                    scope.stack.budget.spend(_STEPS_A_FUNCTION)
                    return function(self, argument, scope)
                if name.startswith("Fn::"):
                    return why.AT_DEPLOYMENT(name) if name[4:] in _DEPLOYED else why.NOT_EVALUATED(name)
                return {str(key.value): self.value(item, scope) for key, item in members}
            case Array() as items:
                return tuple(v for item in items if (v := self.value(item, scope)) is not None)
            case scalar:
                return self.scalar(scalar, serverless=scope.source.serverless)

    def scalar(self, raw: Any, *, serverless: bool = False) -> StackValue:
        """The value of a scalar: text, nothing, or unknown when something else fills it in."""
        match raw:
            case Plain() if raw.is_null:
                return None
            case str():
                return filled_in(raw, serverless=serverless) or str(raw)
            case None:
                return None
            case bool():
                return "true" if raw else "false"
            case _:
                return str(raw)

    def report(self, message: str, node: Node, scope: StackScope) -> None:
        """Report an expression that is wrong, once."""
        span = scope.source.span(node)
        problem = Diagnostic(Level.ERROR, message, span.path, span.line, span.column)
        if problem not in self._reported:
            self._reported.add(problem)
            self.problems.append(problem)

    def text(self, value: StackValue) -> str | Unknown:
        """A value as text."""
        match value:
            case str() | Unknown():
                return value
            case None:
                return ""
            case Reference():
                return self._name(value)
            case _:
                return why.MUST_BE("the value", "text, not a list or a map")

    def text_of(self, node: Node | None, scope: StackScope) -> str | Unknown | None:
        return self.text(self.value(node, scope)) if node is not None else None

    def known_text(self, value: StackValue) -> str:
        """A value as text. Raise `OpenError` when it is unknown."""
        text = self.text(value)
        if isinstance(text, Unknown):
            raise OpenError(text)
        return text

    def fixed(self, node: Node, scope: StackScope) -> str:
        """The value of an expression as text. Raise `OpenError` when it is unknown."""
        return self.known_text(self.value(node, scope))

    def items(self, node: Node, scope: StackScope, form: str) -> tuple[Any, ...]:
        """The items of a list. Raise `OpenError` when it is unknown, and an error with ``form`` when it is none."""
        value = self.value(node, scope)
        if isinstance(value, (Reference, Unknown)):
            raise OpenError(value.unknown if isinstance(value, Reference) else value)
        if not isinstance(value, tuple):
            raise WrongArgumentsError(form)
        return value

    def _name(self, reference: Reference) -> str | Unknown:
        name = reference.entry.prop("UserName") if reference.entry.type == "AWS::IAM::User" and not reference.attribute else None
        if name is None or self.steps >= MAX_STEPS:
            return reference.unknown
        self.steps += 1
        try:
            return self.text(self.value(name, reference.stack.scope(reference.entry)))
        finally:
            self.steps -= 1

    def named(self, name: str, scope: StackScope) -> StackValue:
        """The value of ``Ref`` for a name."""
        stack = scope.stack
        if name == "AWS::NoValue":
            return None
        if name.startswith("AWS::"):
            return why.DEPENDS_ON(name, "where the stack is deployed")
        if (parameter := stack.parameters.get(name)) is not None or name in stack.given:
            return self.parameter(name, parameter, stack)
        if (resource := stack.resources.get(name)) is not None:
            return Reference(resource, stack)
        if name in stack.loops:
            return why.NOT_FIXED(f"the list whose items {name} stands for")
        return why.NOT_DECLARED(name)

    def parameter(self, name: str, entry: TemplateEntry | None, stack: Stack) -> StackValue:
        """The value of a parameter."""
        kind = entry.type if entry is not None else ""
        if (given := stack.given.get(name)) is not None and not kind.startswith(SSM):
            at = given.scope
            value = kept(self._given, (id(stack), name), lambda _: self.value(given.node, at)) if at is not None else given.text
            if value is not None:  # else it is AWS::NoValue, and the default holds
                return _typed(value, kind)
        if self.known is not None and (known := self.known.parameters.get((id(stack), name))) is not None:
            return _typed(known, kind)
        if self.assumed is not None and (assumed := self.assumed.get((id(stack), name))) is not None:
            return assumed
        if entry is not None:
            self.asked[id(stack), name] = entry, stack
        default = entry.get("Default") if entry is not None else None
        if self.assumed is not None or default is None or kind.startswith(SSM):
            return why.PARAMETER(name)
        return _typed(self.scalar(default.value), kind)

    def attribute(self, name: str, attribute: str, scope: StackScope) -> StackValue:
        """The value of ``Fn::GetAtt``."""
        entry = scope.stack.resources.get(name)
        if entry is None:
            return why.NOT_DECLARED(name)
        child = scope.stack.children.get(name)
        if child is not None and attribute.startswith("Outputs."):
            output = child.outputs.get(attribute.removeprefix("Outputs."))
            node = output.get("Value") if output is not None else None
            if node is None or output is None:
                return why.HAS_NO(name, f"output {attribute.removeprefix('Outputs.')}")
            return self.value(node, child.scope(output))
        return Reference(entry, scope.stack, attribute)

    def joined(self, parts: list[StackValue], delimiter: str = "") -> StackValue:
        """Parts as one text; a reference that stands alone stays one. Raise `OpenError` when one is unknown."""
        return parts[0] if len(parts) == 1 else delimiter.join(map(self.known_text, parts))


_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
"""Unquoted scalars that YAML 1.1 takes for booleans, in lower case, and the text that AWS makes of each."""


def as_deployed(text: str) -> str:
    """A scalar without quotes as AWS takes it: ``True``, ``yes`` and ``on`` are the text ``true``."""
    return _BOOLEANS.get(text.lower(), text)


def sub_parts(text: str) -> list[tuple[str, str]]:
    """Split a text of ``Fn::Sub`` into (literal, "") and ("", name)."""
    parts: list[tuple[str, str]] = []
    at, last = 0, text.rfind("}")
    while 0 <= (start := text.find("${", at)) < last:
        if start > at:
            parts.append((text[at:start], ""))
        at = text.index("}", start) + 1
        name = text[start + 2 : at - 1].strip()
        parts.append((f"${{{name[1:]}}}", "") if name.startswith("!") else ("", name) if name else (text[start:at], ""))
    if at < len(text):
        parts.append((text[at:], ""))
    return parts


def _typed(value: StackValue, kind: str) -> StackValue:
    if isinstance(value, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
        return tuple(part.strip() for part in value.split(",")) if value.strip() else ()
    return value


FUNCTIONS: dict[str, Callable[[Evaluator, Node, StackScope], StackValue]] = {}
"""Functions by name, which `posturio_iac.frontends.cloudformation.evaluation.functions` and `conditions` add."""
