"""Conditions: true, false or open, and whether they can all hold at once for the values that parameters may take."""

from __future__ import annotations

import itertools
import math
from functools import partial

from posturio_iac.core.model import Unknown
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.unknown import ALIKE_TO_AWS, AS_STATED, AT_DEPLOYMENT, MUST_BE, NOT_DECLARED, PARAMETER
from posturio_iac.frontends.cloudformation.evaluation.functions import arguments
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import FUNCTIONS, SSM, Evaluator, WrongArgumentsError, as_deployed
from posturio_iac.frontends.cloudformation.evaluation.stack import KnownValues, Stack, StackScope, StackValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry

    T = TypeVar("T")


class Implied:
    """Collects what follows from conditions."""

    def __init__(self, conditions: Iterable[tuple[str, StackScope]]) -> None:
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
        scope.stack.budget.spend(_STEPS_A_CONDITION)
        function, argument = node.function
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
        for reference, literal in ((one, other), (other, one)):
            function, argument = reference.function
            if function == "Ref" and not isinstance(literal.value, Object):
                name, value = str(argument.value), Evaluator([]).scalar(literal.value)
                entry = scope.stack.parameters.get(name)
                if entry is not None and name not in scope.stack.given and isinstance(value, str):
                    earlier = self.known.parameters.setdefault((id(scope.stack), name), value)
                    possible = allowed_values(entry, scope.stack) or (value,)
                    self.contradicts |= any(as_deployed(value) not in map(as_deployed, texts) for texts in (possible, (earlier,)))


def under(conditions: Iterable[tuple[str, StackScope]], ev: Evaluator) -> Evaluator:
    """An evaluator for what exists only where these conditions hold; ``ev`` itself where there are none."""
    wanted = tuple(conditions)
    return Evaluator(ev.problems, known=Implied(wanted).known) if wanted else ev


def allowed_values(entry: TemplateEntry, stack: Stack) -> tuple[str, ...]:
    """The values that a parameter may take, or nothing when there is no list of them."""
    node = entry.get("AllowedValues")
    elements = node.elements if node is not None and not entry.type.startswith(SSM) else ()  # whose value is stored elsewhere
    stack.budget.spend(len(elements))
    texts = [*map(Evaluator([]).scalar, (item.value for item in elements))]
    known = tuple(text for text in texts if isinstance(text, str))
    return known if len(known) == len(texts) else ()


_STEPS_A_CONDITION = 20
MAX_CASES = 4096  # how many combinations of allowed values are tried

_WORDS = {"true": True, "false": False}


def truth(ev: Evaluator, node: Node, scope: StackScope) -> bool | Unknown:
    """True if an expression holds."""
    value = ev.value(node, scope)
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return value if isinstance(value, Unknown) else MUST_BE("the condition", "true or false")


def named(ev: Evaluator, name: str, scope: StackScope) -> bool | Unknown:
    """True if the condition ``name`` holds."""
    entry = scope.stack.conditions.get(name)
    if entry is None:
        return NOT_DECLARED(f"the condition {name}")
    key = (id(scope.stack), name)
    if key not in ev.conditions:
        ev.conditions[key] = AT_DEPLOYMENT(f"the condition {name}")  # its own value, if it refers to itself
        found = truth(ev, entry.body, scope.stack.scope(entry))
        if not isinstance(found, Unknown):
            ev.conditions[key] = found
    return ev.conditions[key]


def conditions_of(entry: TemplateEntry | None, stack: Stack | None) -> tuple[tuple[str, StackScope], ...]:
    """The conditions under which a resource exists, those of the stacks around it included."""
    found: list[tuple[str, StackScope]] = []
    while entry is not None and stack is not None:
        node = entry.get("Condition")
        if node is not None and isinstance(node.value, str):
            found.append((str(node.value), stack.scope(entry)))
        entry, stack = stack.via, stack.parent
    return tuple(found)


def existence(entry: TemplateEntry | None, stack: Stack | None, ev: Evaluator) -> bool | Unknown:
    """True if a resource of a stack exists, under what ``ev`` knows: a default fixes no condition."""
    held = [named(ev.open(), name, scope) for name, scope in conditions_of(entry, stack)]
    return False if False in held else next((one for one in held if isinstance(one, Unknown)), True)


def _ways(case: Evaluator) -> tuple[Unknown | None, list[KnownValues]]:
    """The first condition or listed parameter that an expression left open, and each way in which it may turn out."""
    known = case.known or KnownValues({}, {})
    for key, holds in case.open().conditions.items():
        if isinstance(holds, Unknown):
            return holds, [known._replace(conditions={**known.conditions, key: one}) for one in (True, False)]
    for key, (entry, stack) in case.asked.items():
        if values := allowed_values(entry, stack):
            return PARAMETER(entry.name), [known._replace(parameters={**known.parameters, key: one}) for one in values]
    return None, []


def cases(ev: Evaluator, found: Callable[[Evaluator], T], most: int = 32) -> list[T]:
    """What is found for each way in which conditions and listed parameters turn out; beyond so many they stay open."""
    case = Evaluator([], ev.assumed, known=ev.known)
    answer, (_, ways) = found(case), _ways(case)
    each = (cases(Evaluator([], ev.assumed, known=way), found, most // len(ways)) for way in ways)
    return [one for ones in each for one in ones] if 0 < len(ways) <= most else [answer]


def in_each_case(ev: Evaluator, found: Callable[[Evaluator], bool | Unknown]) -> bool | Unknown:
    """What is found however conditions and listed parameters turn out, or why that is not the same."""

    def sure(case: Evaluator) -> bool | Unknown:
        answer = found(case)
        return _ways(case)[0] or answer

    answers = {*cases(ev, sure)}
    return answers.pop() if len(answers) == 1 else sure(Evaluator([], ev.assumed, known=ev.known))


def possible(conditions: Iterable[tuple[str, StackScope]]) -> bool:
    """True if all the named conditions can hold together, whatever parameters are chosen among the allowed values."""
    wanted = tuple(conditions)
    if not wanted:
        return True
    implied = Implied(wanted)
    known = KnownValues({}, implied.known.parameters)  # each condition is to follow from the parameters
    probe = Evaluator([], {}, known=known)
    found = [named(probe, name, scope) for name, scope in wanted]
    if implied.contradicts or any(result is False for result in found):
        return False
    choices = {asked: values for asked, (entry, stack) in probe.asked.items() if (values := allowed_values(entry, stack))}
    if math.prod(map(len, choices.values())) > MAX_CASES:
        return True
    tried = (Evaluator([], dict(zip(choices, case, strict=True)), known=known) for case in itertools.product(*choices.values()))
    return any(all(named(ev, name, scope) is not False for name, scope in wanted) for ev in tried)


def _word(value: bool | Unknown) -> StackValue:  # noqa: FBT001 - the value is the point
    return value if isinstance(value, Unknown) else "true" if value else "false"


def _equals(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    left, right = arguments(node, range(2, 3), "Fn::Equals takes two values")
    if left.data() == right.data():
        return "true"
    one, other = ev.fixed(left, scope), ev.fixed(right, scope)
    is_open = as_deployed(one) == as_deployed(other) or "Fn::ToJsonString" in (left.function[0], right.function[0])
    return ALIKE_TO_AWS(one, other) if one != other and is_open else _word(one == other)


def _not(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    (inner,) = arguments(node, range(1, 2), "Fn::Not takes a list of one condition")
    found = truth(ev, inner, scope)
    return found if isinstance(found, Unknown) else _word(not found)


def _decided(ev: Evaluator, node: Node, scope: StackScope, *, name: str, decisive: bool) -> StackValue:
    found = [truth(ev, item, scope) for item in arguments(node, range(1, 11), f"{name} takes a list of up to ten conditions")]
    if any(result is decisive for result in found):
        return _word(decisive)
    return next((result for result in found if isinstance(result, Unknown)), _word(not decisive))


def _condition(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    if not isinstance(node.value, str):
        raise WrongArgumentsError("Condition takes the name of a condition")
    return _word(named(ev, node.value, scope))


def branches(ev: Evaluator, node: Node, scope: StackScope) -> tuple[tuple[Node, ...], Unknown | None]:
    """The possible values of ``Fn::If``, and why it is open when there are two; any other node stands for itself."""
    name, argument = node.function
    if name != "Fn::If":
        return (node,), None
    try:
        return _chosen(ev, argument, scope)
    except WrongArgumentsError as error:
        ev.report(str(error), node, scope)
        return (), AS_STATED(str(error))


def _chosen(ev: Evaluator, node: Node, scope: StackScope) -> tuple[tuple[Node, ...], Unknown | None]:
    name, yes, no = arguments(node, range(3, 4), "Fn::If takes a condition and two values")
    if not isinstance(name.value, str):
        raise WrongArgumentsError("Fn::If takes the name of a condition first")
    holds = named(ev.open(), name.value, scope)
    return ((yes, no), holds) if isinstance(holds, Unknown) else ((yes if holds else no,), None)


def _if(ev: Evaluator, node: Node, scope: StackScope) -> StackValue:
    chosen, unknown = _chosen(ev, node, scope)
    values = [ev.value(one, scope) for one in chosen]
    return values[0] if unknown is None or values[0] == values[1] else unknown


FUNCTIONS.update({"Fn::Equals": _equals, "Fn::Not": _not, "Condition": _condition, "Fn::If": _if})
FUNCTIONS.update((name, partial(_decided, name=name, decisive=name == "Fn::Or")) for name in ("Fn::And", "Fn::Or"))
