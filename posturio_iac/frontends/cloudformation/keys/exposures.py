"""Where the secret of a key leaves in plain text: outputs, plain parameters, user data, environments, other properties."""

from __future__ import annotations

import re

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.model import Consumer, Exposure, Span, Unknown
from posturio_iac.core.place import HolderKind, Place, SecretHolder
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import GIVEN_SECRET, NO_CODE
from posturio_iac.facts.keyless import BY_TYPE
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import as_deployed
from posturio_iac.frontends.cloudformation.keys.custom import Mention, is_from_cdk, mentions
from posturio_iac.frontends.cloudformation.serverless import FUNCTION
from posturio_iac.frontends.cloudformation.syntax.template import NESTING, TemplateEntry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.frontends.cloudformation.evaluation.stack import Stack

    Seen = set[tuple[int, str]]
    Places = dict[str, list[tuple[str, TemplateEntry, Mention]]]
    """The references to a name, each with the section and the entry that it stands in."""

SECRET = lazy_pattern(r"secret|password|\*", re.IGNORECASE)
"""Attributes that hold the secret: ``SecretAccessKey``, and what custom resources derive from it."""
_SEALED = {
    "AWS::SecretsManager::Secret": "SecretString",
    "AWS::DataSync::LocationObjectStorage": "SecretKey",
    "AWS::AppFlow::ConnectorProfile": "ConnectorProfileConfig",
    "AWS::AmazonMQ::Broker": "Users",
    "AWS::CodeBuild::SourceCredential": "Token",
    "AWS::Glue::Connection": "ConnectionInput",
}
"""Properties that are write-only or encrypted by their service, so that nobody reads the secret there."""
_KEPT = ("AWS::CloudFormation::CustomResource", "AWS::IAM::AccessKey")
_PARAMETER_PATH = 3
_OF_A_LIST = "ParameterValue"  # the property that gives a value in a list of parameters, beside `ParameterKey`


class _Words(NamedTuple):
    lead: str
    store: str


_TEMPLATE = _Words("", "put the secret in the SecretString of an AWS::SecretsManager::Secret")
_CDK_APP = _Words("in the CDK app, ", "pass the secret to a Secret as secretStringValue")


class Exposures:
    """Finds exposures in the stacks of one scan, each of which is indexed once."""

    def __init__(self) -> None:
        self._places: dict[int, Places] = {}

    def of(self, key: TemplateEntry, stack: Stack) -> tuple[Exposure | Unknown | Consumer, ...]:
        """The places where the secret of ``key`` can be read; `Unknown` stands for a stack that may show it."""
        return tuple(dict.fromkeys(self._search(stack, key.name, key, set())))

    def _search(self, stack: Stack, name: str, key: TemplateEntry | None, seen: Seen) -> Iterator[Exposure | Unknown | Consumer]:
        if (id(stack), name) in seen:
            return
        seen.add((id(stack), name))
        if (places := self._places.get(id(stack))) is None:
            stack.budget.spend(len(stack.template.source.text) // 20)
            places = self._places[id(stack)] = _references(stack)
        for section, entry, mention in places.get(name, ()):
            if entry is key or (key is not None and not SECRET.search(mention.attribute)):
                continue
            words = _CDK_APP if is_from_cdk(entry, stack) else _TEMPLATE
            if section == "Outputs":
                yield from _output(mention, entry, words)
            elif entry.type in NESTING:
                yield from self._nested(mention, entry, stack, seen)
            else:
                yield from _resource(mention, entry, words)

    def _nested(self, mention: Mention, entry: TemplateEntry, stack: Stack, seen: Seen) -> Iterator[Exposure | Unknown | Consumer]:
        child, path = stack.children.get(entry.name), mention.path
        if path[:2] != ("Properties", "Parameters") or len(path) < _PARAMETER_PATH:
            return
        if child is None:
            name = "a parameter" if path[2] == _OF_A_LIST else path[2]
            yield GIVEN_SECRET(f"{name} of {stack.address(entry)}", NO_CODE(stack.address(entry)))
            return
        nodes = [(name, child.given[name].node) for name in child.parameters if name in child.given]
        given = [name for name, node in nodes if node and node.start <= mention.node.start and mention.node.end <= node.end]
        for name in given or path[2:3]:
            parameter = child.parameters.get(name)
            if parameter is not None and as_deployed(_text(parameter.get("NoEcho"))) != "true":
                fix = f"add NoEcho: true to the parameter {name} of {entry.name}"
                yield Exposure(_span(mention, entry), SecretHolder(HolderKind.STACK_PARAMETER, entry.name, name), Advice(fix))
            yield from self._search(child, name, None, seen)


def _references(stack: Stack) -> Places:
    found: Places = {}
    named = (("Outputs", stack.outputs), ("Resources", stack.resources))
    entries = [(section, entry) for section, members in named for entry in members.values()]
    entries += [("Resources", one.as_resource(f"AWS::Serverless::{one.name}")) for one in stack.template.section("Globals")]
    for section, entry in sorted(entries, key=lambda one: one[1].body.start):
        for mention in mentions(entry.body):
            found.setdefault(mention.name, []).append((section, entry, mention))
    return found


def _output(mention: Mention, entry: TemplateEntry, words: _Words) -> Iterator[Exposure]:
    if mention.path[:1] in (("Value",), ("Export",)):
        fix = f"{words.lead}delete the output {entry.name} and {words.store}"
        yield Exposure(_span(mention, entry), SecretHolder(HolderKind.STACK_OUTPUT, entry.name), Advice(fix))


def _resource(mention: Mention, entry: TemplateEntry, words: _Words) -> Iterator[Exposure | Consumer]:
    area, prop = (*mention.path, "", "")[:2]
    if area == "Metadata":
        yield Exposure(_span(mention, entry), SecretHolder(HolderKind.METADATA, entry.name), Advice(words.lead + words.store))
        return
    is_foreign = entry.type != FUNCTION and not entry.type.startswith("AWS::")  # Custom::…, third parties: its handler decides
    if area != "Properties" or _SEALED.get(entry.type) == prop or is_foreign or entry.type in _KEPT:
        return
    if entry.type != "AWS::SSM::Parameter":
        if entry.type in BY_TYPE:
            yield Consumer(BY_TYPE[entry.type][0], Place(entry.name, _span(mention, entry)))
        yield Exposure(_span(mention, entry), _holder(mention, entry, prop), Advice(words.lead + _change(mention, entry.type, words)))
    elif _text(entry.prop("Type")) != "SecureString":
        fix = f"{words.lead}{words.store} instead, because CloudFormation cannot create a SecureString"
        yield Exposure(_span(mention, entry), SecretHolder(HolderKind.SSM_PARAMETER, entry.name), Advice(fix))


def _holder(mention: Mention, entry: TemplateEntry, prop: str) -> SecretHolder:
    if "UserData" in mention.path:
        return SecretHolder(HolderKind.USER_DATA, entry.name)
    if any(part.startswith("Environment") for part in mention.path):
        return SecretHolder(HolderKind.ENVIRONMENT, entry.name)
    return SecretHolder(HolderKind.PROPERTY, entry.name, prop, entry.type)


def _change(mention: Mention, kind: str, words: _Words) -> str:
    if "UserData" in mention.path:
        return "give the instance a role in IamInstanceProfile and delete the key, or read the secret from Secrets Manager at startup"
    if kind in ("AWS::Lambda::Function", "AWS::Serverless::Function", FUNCTION):
        return "grant its role what the function needs and delete the key, or read the secret from Secrets Manager at run time"
    return f"{words.store} and let its consumer read it from there"


def _span(mention: Mention, entry: TemplateEntry) -> Span:
    at = entry.source.text.find(mention.written, mention.node.start, mention.node.end) if mention.written else -1
    return entry.source.span(mention.node if at < 0 else mention.node._replace(start=at, end=at + len(mention.written)))


def _text(node: Node | None) -> str:
    if node is None or isinstance(node.value, tuple):
        return ""
    return "true" if node.value is True else str(node.value)
