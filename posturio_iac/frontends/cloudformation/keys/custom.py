"""Resources that make access keys: the type itself, custom resources, and CDK's calls of the API; and what an expression refers to."""

from __future__ import annotations

import re

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.conditions import branches, cases
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import FUNCTIONS, Evaluator, sub_parts
from posturio_iac.frontends.cloudformation.syntax.template import KEY_TYPE, TemplateEntry, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack, StackScope

_PATH = "aws:cdk:path"
_OUTPUT = "cdk.out"
_VERSION = "/cdk-bootstrap/"  # where the default of ``BootstrapVersion`` points, a parameter that CDK adds to each template


def construct_of(entry: TemplateEntry) -> str:
    """The path of the construct that CDK made a resource for, or nothing."""
    metadata = entry.get("Metadata")
    node = metadata.get(_PATH) if metadata is not None else None
    return node.value if node is not None and isinstance(node.value, str) else ""


def is_from_cdk(entry: TemplateEntry, stack: Stack) -> bool:
    """True if CDK wrote a member of a template; in snapshots for tests, paths of constructs may be missing."""
    version, metadata = stack.parameters.get("BootstrapVersion"), stack.resources.get("CDKMetadata")
    default = version.get("Default") if version is not None else None
    is_synthesized = (metadata and metadata.type == "AWS::CDK::Metadata") or (default and str(default.value).startswith(_VERSION))
    return bool(construct_of(entry) or is_synthesized) or _OUTPUT in entry.source.path.split("/")


_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
"""Of CDK's AwsCustomResource: its properties hold a call of the API as JSON text."""
_CALL = lazy_pattern(r'"?action"?\s*:\s*"?create(AccessKey|ServiceSpecificCredential)', re.IGNORECASE)
_USER = lazy_pattern(r'"UserName"\s*:\s*"([^"$]+)"')
_USER_NAMES = ("UserName", "Username", "User", "IAMUserName")


def users_of(entry: TemplateEntry, custom_types: tuple[str, ...]) -> tuple[Node | None, ...]:
    """The user of the key that a resource makes, or None where it names none; nothing for any other resource."""
    kind = entry.type
    if kind == KEY_TYPE:
        return (entry.prop("UserName"),)
    if kind in custom_types:
        return (next(filter(None, map(entry.prop, _USER_NAMES)), None),)
    calls = filter(None, map(entry.prop, ("Create", "Update"))) if kind.startswith(_CUSTOM) else ()
    return next(((_named_in(call),) for call in calls if any(map(_CALL.search, _texts(call)))), ())


def said_by(entry: TemplateEntry, ev: Evaluator, scope: StackScope, *shared: Node) -> str:
    """What a resource says in its properties and Metadata, and in ``shared`` ones, in lines, as far as the code fixes it."""

    def value_of(node: Node) -> object:
        value = ev.value(node, scope) if node.function[0] in FUNCTIONS else None
        text = " ".join(map(str, map(ev.text, value))) if isinstance(value, tuple) else ev.text(value)
        is_open = not isinstance(text, str) and node.function[0] == "Fn::FindInMap"
        return _entries(node.function[1].elements, scope) if is_open else text if node.function[0] in FUNCTIONS else None

    def known(node: Node) -> object:
        name, given = node.function
        if isinstance(text := value_of(node), str) or name != "Fn::Sub" or not given.elements:
            return text
        said = written(given.elements[0]) or ""
        for key, one in given.elements[1].members if given.elements[1:] else ():
            said = said.replace(f"${{{key.value}}}", written(one, value_of) or "")
        return said

    def texts(node: Node) -> tuple[str, ...]:
        """The text of a node, and those that conditions and parameters choose from."""
        made: list[object] = cases(ev, lambda case: case.text(case.value(node, scope)), most=10) if node.function[0] in FUNCTIONS else []
        if not made or not all(isinstance(text, str) for text in made):
            made.append(written(node, known))
        return tuple(dict.fromkeys(text for text in made if isinstance(text, str) and text))

    nodes = (*filter(None, map(entry.get, ("Properties", "Metadata"))), *shared)
    return "\n".join(line for node in nodes for line in _lines(node, texts))


def _entries(path: Array, scope: StackScope) -> str:
    """The texts that a mapping has under the name that a path ends with, in lines, or all of them where that is computed."""
    mapping, last = scope.stack.mappings.get(str(path[0].value)) if path else None, path[-1].value if path else None
    rows = (value.get(last) if isinstance(last, str) else value for _, value in mapping.body.members) if mapping else ()
    return "\n".join(str(one.value) for row in rows if row is not None for one in row.walk() if isinstance(one.value, str))


def _lines(node: Node, texts: Callable[[Node], Iterable[str]]) -> Iterator[str]:
    match node.value:
        case str() as text:
            yield _spelled(text)
        case Array() as items:
            for item in items:
                yield from _lines(item, texts)
        case Object() as members:
            yield from map(_spelled, texts(node) if len(members) == 1 else ())
            for key, value in members:
                made = texts(value)
                yield from (f"{key.value}: {_spelled(' '.join(one.split()) if key.value == 'Description' else one)}" for one in made)
                if not made or value.function[0] == "Fn::If":
                    yield from _lines(value, texts)


def _spelled(text: str) -> str:
    return spelled_out(text.encode("utf-8", "replace")).decode("utf-8", "replace") if "\\" in text else text


def _named_in(call: Node) -> Node | None:
    for text in _texts(call):
        if found := _USER.search(text):
            return call._replace(value=found[1])
    named = {mention.name: mention.node for mention in mentions(call)}
    return next(iter(named.values())) if len(named) == 1 else None


def _texts(node: Node) -> Iterator[str]:
    """Yield the strings in a node, whose JSON may write its letters as escapes, and those that it puts together."""
    yield from (_spelled(text) for held in node.walk() if (text := written(held)))


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
