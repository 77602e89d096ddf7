"""What follows from conditions that hold: other conditions, and values of parameters.

A resource exists only where its conditions hold, and so what else its template says is read under these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator, as_deployed
from posturio_iac.frontends.cloudformation.evaluation.stack import KnownValues, StackScope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry


class Implied:
    """Collects what follows from conditions."""

    __slots__ = ("_within", "contradicts", "known")

    def __init__(self, conditions: Iterable[tuple[str, StackScope]]) -> None:
        """Let the named conditions hold."""
        self.known = KnownValues({}, {})
        self.contradicts = False
        """True if these conditions never hold together."""
        self._within: set[tuple[int, str]] = set()
        for name, scope in conditions:
            self._condition(name, scope, holds=True)

    def _condition(self, name: str, scope: StackScope, *, holds: bool) -> None:
        entry = scope.stack.conditions.get(name)
        key = (id(scope.stack), name)
        if entry is None or key in self._within:  # CloudFormation refuses a condition that refers to itself
            return
        if key in self.known.conditions:
            self.contradicts |= self.known.conditions[key] is not holds
            return
        self.known.conditions[key] = holds
        self._within.add(key)
        self._expression(entry.body, scope.stack.scope(entry), holds=holds)
        self._within.discard(key)

    def _expression(self, node: Node, scope: StackScope, *, holds: bool) -> None:
        if not isinstance(node.value, Object) or len(node.value) != 1:
            return
        function, argument = str(node.value[0][0].value), node.value[0][1]
        if function == "Condition" and isinstance(argument.value, str):
            self._condition(argument.value, scope, holds=holds)
        elif isinstance(argument.value, Array):
            if function == "Fn::Not":
                holds = not holds
            if function == "Fn::Not" or (function == "Fn::And" and holds) or (function == "Fn::Or" and not holds):
                for item in argument.value:
                    self._expression(item, scope, holds=holds)
            elif function == "Fn::Equals" and holds and len(argument.value) == 2:  # noqa: PLR2004 - two values
                self._equal(*argument.value, scope)

    def _equal(self, one: Node, other: Node, scope: StackScope) -> None:
        """Note that a parameter has a value, where a parameter is compared with a text."""
        for reference, literal in ((one, other), (other, one)):
            members = reference.value
            if isinstance(members, Object) and len(members) == 1 and members[0][0].value == "Ref" and not isinstance(literal.value, Object):
                name, value = str(members[0][1].value), Evaluator([]).scalar(literal.value)
                entry = scope.stack.parameters.get(name)
                if entry is not None and name not in scope.stack.given and isinstance(value, str):
                    earlier = self.known.parameters.setdefault((id(scope.stack), name), value)
                    possible = allowed_values(entry) or (value,)
                    self.contradicts |= any(as_deployed(value) not in map(as_deployed, texts) for texts in (possible, (earlier,)))


def under(conditions: Iterable[tuple[str, StackScope]], ev: Evaluator) -> Evaluator:
    """An evaluator for what exists only where these conditions hold; ``ev`` itself where there are none."""
    wanted = tuple(conditions)
    return Evaluator(ev.problems, known=Implied(wanted).known) if wanted else ev


def allowed_values(entry: TemplateEntry) -> tuple[str, ...]:
    """The values that a parameter may take, or nothing when there is no list of them."""
    node = entry.get("AllowedValues")
    if node is None or not isinstance(node.value, Array):
        return ()
    texts = [Evaluator([]).scalar(item.value) for item in node.value]
    return tuple(t for t in texts if isinstance(t, str)) if all(isinstance(t, str) for t in texts) else ()
