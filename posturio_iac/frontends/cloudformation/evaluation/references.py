"""References to resources in an expression, whatever conditions hold."""

from __future__ import annotations

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import sub_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Mention(NamedTuple):
    """One ``Ref``, ``Fn::GetAtt`` or variable of ``Fn::Sub``."""

    name: str
    attribute: str
    """Empty for ``Ref``; ``*`` when it is computed."""
    node: Node
    path: tuple[str, ...]
    """The properties on the way to it, without functions and indexes."""
    written: str = ""
    """The variable as it stands in the text of ``node``, for ``Fn::Sub``."""


def mentions(node: Node, path: tuple[str, ...] = ()) -> Iterator[Mention]:
    """Yield the references in ``node``."""
    match node.value:
        case Object() as members:
            for key, value in members:
                match key.value:
                    case "Ref" if named := _constant(value):
                        yield Mention(named, "", node, path)
                    case "Fn::GetAtt":
                        yield from _attribute(value, node, path)
                    case "Fn::Sub":
                        yield from _substituted(value, path)
                    case str() as name:
                        yield from mentions(value, path if name.startswith("Fn::") else (*path, str(name)))
        case Array() as items:
            for item in items:
                yield from mentions(item, path)


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


def _substituted(value: Node, path: tuple[str, ...]) -> Iterator[Mention]:
    pattern, local = (*value.elements, value, value)[:2]
    if not isinstance(pattern.value, str):
        return
    bound = {str(key.value): inner for key, inner in local.members}
    for variable in dict.fromkeys(variable for _, variable in sub_parts(pattern.value) if variable):
        if variable in bound:
            yield from mentions(bound[variable], path)
        else:
            name, _, attribute = variable.partition(".")
            yield Mention(name, attribute, pattern, path, f"${{{variable}}}")
