"""Where the secret of a key leaves in plain text: outputs, plain parameters, user data, environments, other properties."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posturio_iac.cloudformation.mentions import mentions
from posturio_iac.cloudformation.serverless import FUNCTION
from posturio_iac.model import Exposure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.cloudformation.mentions import Mention
    from posturio_iac.cloudformation.stack import Stack
    from posturio_iac.cloudformation.template import Entry
    from posturio_iac.jsonpos import Node

_SECRET = re.compile(r"secret|password|\*", re.IGNORECASE)
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
_STORE = "hand it to AWS::SecretsManager::Secret in SecretString"
_MAX_DEPTH = 10


def exposures(key: Entry, stack: Stack) -> tuple[Exposure, ...]:
    """Return the places where the secret of ``key`` can be read."""
    found = dict.fromkeys(_search(stack, key.name, key, needs_secret=True, depth=0))
    return tuple(found)


def _search(stack: Stack, name: str, key: Entry | None, *, needs_secret: bool, depth: int) -> Iterator[Exposure]:
    """Search one stack for the value of ``name``; with ``needs_secret`` only for attributes of it that are secret."""
    for section, entries in (("Outputs", stack.outputs), ("Resources", stack.resources)):
        for entry in entries.values():
            if entry is key or not (entry.expanded or name in entry.source.slice(entry.body)):
                continue
            for mention in mentions(entry.body):
                if mention.name == name and (not needs_secret or _SECRET.search(mention.attribute)):
                    yield from _output(mention, entry) if section == "Outputs" else _resource(mention, entry, stack, depth)


def _output(mention: Mention, entry: Entry) -> Iterator[Exposure]:
    if mention.path[:1] in (("Value",), ("Export",)):
        fix = f"delete the output {entry.name} and {_STORE}"
        yield Exposure(entry.source.span(mention.node), f"the output {entry.name}", fix)


def _resource(mention: Mention, entry: Entry, stack: Stack, depth: int) -> Iterator[Exposure]:
    """Yield the exposure that a mention in a resource is, if it is one."""
    area, prop = mention.path[0] if mention.path else "", mention.path[1] if len(mention.path) > 1 else ""
    if area == "Metadata":
        yield _exposure(mention, entry, f"the Metadata of {entry.name}", _STORE)
        return
    if area != "Properties" or _SEALED.get(entry.type) == prop or entry.type.startswith("Custom::"):
        return
    match entry.type:
        case "AWS::CloudFormation::CustomResource" | "AWS::IAM::AccessKey":
            return
        case "AWS::CloudFormation::Stack" | "AWS::Serverless::Application":
            yield from _nested(mention, entry, stack, depth)
        case "AWS::SSM::Parameter":
            if _text(entry.prop("Type")) != "SecureString":
                fix = f"{_STORE} instead, since CloudFormation makes no SecureString"
                yield _exposure(mention, entry, f"the plain SSM parameter {entry.name}", fix)
        case _:
            yield _exposure(mention, entry, _where(mention, entry, prop), _fix(prop, entry.type))


def _nested(mention: Mention, entry: Entry, stack: Stack, depth: int) -> Iterator[Exposure]:
    """Follow a secret into a nested stack; where the template is not here it is unknown what becomes of it."""
    child = stack.children.get(entry.name)
    if child is None or mention.path[1:2] != ("Parameters",) or len(mention.path) < 3 or depth > _MAX_DEPTH:
        return
    name = mention.path[2]
    parameter = child.parameters.get(name)
    if parameter is not None and _text(parameter.get("NoEcho")).lower() != "true":
        fix = f"add NoEcho: true to the parameter {name} of {entry.name}"
        yield _exposure(mention, entry, f"the parameter {name} of the stack {entry.name}", fix)
    yield from _search(child, name, None, needs_secret=False, depth=depth + 1)


def _where(mention: Mention, entry: Entry, prop: str) -> str:
    """Say what holds the secret."""
    if "UserData" in mention.path:
        return f"the user data of {entry.name}"
    if any(part.startswith("Environment") for part in mention.path):
        return f"the environment of {entry.name}"
    return f"{prop or 'a property'} of {entry.name} ({entry.type})"


def _fix(prop: str, kind: str) -> str:
    if prop == "UserData":
        return "give the instance a role in IamInstanceProfile and delete the key, or read the secret from Secrets Manager at start"
    if kind in ("AWS::Lambda::Function", "AWS::Serverless::Function", FUNCTION):
        return "grant the function what it needs through its role and delete the key, or read the secret from Secrets Manager at run time"
    return f"{_STORE} and let the reader fetch it from there"


def _exposure(mention: Mention, entry: Entry, where: str, fix: str) -> Exposure:
    return Exposure(entry.source.span(mention.node), where, fix)


def _text(node: Node | None) -> str:
    """Return a scalar as text."""
    if node is None or isinstance(node.value, tuple):
        return ""
    return "true" if node.value is True else str(node.value)
