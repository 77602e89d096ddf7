"""Resources that make access keys: the type itself, custom resources, and CDK's calls of the API."""

from __future__ import annotations

import re

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import FUNCTIONS
from posturio_iac.frontends.cloudformation.evaluation.references import mentions
from posturio_iac.frontends.cloudformation.syntax.template import KEY_TYPE, TemplateEntry, written
from posturio_iac.search.kinds import spelled_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack, StackScope

_PATH = "aws:cdk:path"
_OUTPUT = "cdk.out"
_VERSION = "/cdk-bootstrap/"
"""Where the default of ``BootstrapVersion`` points, a parameter that CDK adds to each template."""


def construct_of(entry: TemplateEntry) -> str:
    """The path of the construct that CDK made a resource for, or nothing."""
    metadata = entry.get("Metadata")
    node = metadata.get(_PATH) if metadata is not None else None
    return node.value if node is not None and isinstance(node.value, str) else ""


def is_from_cdk(entry: TemplateEntry, stack: Stack) -> bool:
    """True if CDK wrote a member of a template; in snapshots for tests, paths of constructs may be missing."""
    return bool(construct_of(entry)) or _OUTPUT in entry.source.path.split("/") or _is_synthesized(stack)


def _is_synthesized(stack: Stack) -> bool:
    version, metadata = stack.parameters.get("BootstrapVersion"), stack.resources.get("CDKMetadata")
    default = version.get("Default") if version is not None else None
    if metadata is not None and metadata.type == "AWS::CDK::Metadata":
        return True
    return default is not None and str(default.value).startswith(_VERSION)


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

    def known(node: Node) -> object:
        return ev.text(ev.value(node, scope)) if node.function[0] in FUNCTIONS else None

    said: list[str] = []
    for node in (*filter(None, map(entry.get, ("Properties", "Metadata"))), *shared):
        _say(node, known, said)
    return "\n".join(said)


def _say(node: Node, known: Callable[[Node], object], said: list[str]) -> None:
    match node.value:
        case str() as text:
            said.append(_spelled(text))
        case Array() as items:
            for item in items:
                _say(item, known, said)
        case Object() as members:
            if len(members) == 1 and (made := written(node, known)) is not None:
                said.append(_spelled(made))
            for key, value in members:
                if (made := written(value, known)) is not None:
                    said.append(f"{key.value}: {_spelled(' '.join(made.split()) if key.value == 'Description' else made)}")
                else:
                    _say(value, known, said)


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
