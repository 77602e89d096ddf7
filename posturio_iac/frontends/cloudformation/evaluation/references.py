"""References to resources in an expression."""

from __future__ import annotations

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.conditions import branches
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import sub_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import StackScope


class Mention(NamedTuple):
    """One ``Ref``, ``Fn::GetAtt`` or variable of ``Fn::Sub``."""

    name: str
    attribute: str  # empty for ``Ref``; ``*`` when it is computed
    node: Node
    path: tuple[str, ...]  # the properties on the way to it, without functions and indexes
    written: str = ""  # the variable as it stands in the text of ``node``, for ``Fn::Sub``


def mentions(node: Node | None, path: tuple[str, ...] = (), case: tuple[Evaluator, StackScope] | None = None) -> Iterator[Mention]:
    """Yield the references in ``node``, whatever conditions hold, or in a ``case`` of theirs."""
    if node is None:
        return
    match node.value:
        case Object() if case is not None and node.function[0] == "Fn::If":
            for one in branches(case[0], node, case[1])[0]:
                yield from mentions(one, path, case)
        case Object() as members:
            for key, value in members:
                match key.value:
                    case "Ref" if named := _constant(value):
                        yield Mention(named, "", node, path)
                    case "Fn::GetAtt":
                        yield from _attribute(value, node, path)
                    case "Fn::Sub":
                        yield from _substituted(value, path, case)
                    case str() as name:
                        yield from mentions(value, path if name.startswith("Fn::") else (*path, str(name)), case)
        case Array() as items:
            for item in items:
                yield from mentions(item, path, case)


def _attribute(value: Node, node: Node, path: tuple[str, ...]) -> Iterator[Mention]:
    if isinstance(value.value, str):
        name, _, attribute = value.value.partition(".")
        yield Mention(name, attribute, node, path)
    elif value.elements and (name := _constant(value.elements[0])):
        rest = [_constant(part) or "*" for part in value.elements[1:]]
        yield Mention(name, ".".join(rest), node, path)


def _constant(node: Node) -> str:
    if node.function[0] == "Fn::Sub":
        node = node.function[1]
    return str(node.value) if isinstance(node.value, str) and "${" not in node.value else ""


def _substituted(value: Node, path: tuple[str, ...], case: tuple[Evaluator, StackScope] | None) -> Iterator[Mention]:
    pattern, local = (*value.elements, value, value)[:2]
    if not isinstance(pattern.value, str):
        return
    bound = {str(key.value): inner for key, inner in local.members}
    for variable in dict.fromkeys(variable for _, variable in sub_parts(pattern.value) if variable):
        if variable in bound:
            yield from mentions(bound[variable], path, case)
        else:
            name, _, attribute = variable.partition(".")
            yield Mention(name, attribute, pattern, path, f"${{{variable}}}")
