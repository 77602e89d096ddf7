"""The users that the modules of one root module declare, by name."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import SAME
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError, Traced
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleLoader, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

USER_TYPES = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}
"""Resources that declare a user, and the argument that names it."""


class UserOrigins(Origins):
    """The reading in which users, data sources and modules that are not here are unknown."""

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """An attribute of a user, what a data source reads, or a value."""
        if kind.startswith("data.") and hcl.setting(block, SAME.get((kind, name), name)) is None:
            return self.origin(block, kind, address, scope, name)
        return super().attribute(block, kind, address, scope, name)

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """A module whose code is not here, or a user that is not declared."""
        if why is None:
            return Traced((ValueOrigin(scope.instance, kind, name),)) if kind in USER_TYPES else None
        return super().beyond(scope, kind, name, why)


def users_in(instance: ModuleInstance) -> dict[str, list[ValueOrigin]]:
    """The users that a module declares and the code does not rule out, by their names as far as these are known."""
    found: dict[str, list[ValueOrigin]] = {}
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument = block.get(USER_TYPES[kind])
        for suffix, scope in expand(block, instance.scope()).instances if argument is not None else ():
            if isinstance(name := evaluate_or_unknown(argument, scope), str):
                found.setdefault(name, []).append(ValueOrigin(instance, kind, label, suffix, block))
    return found


def users_below(root: ModuleInstance) -> tuple[dict[str, list[ValueOrigin]], list[tuple[ModuleInstance, hcl.Block]]]:
    """The users of a root module and all that it calls, by name, and the calls of modules whose code is not here.

    A root module is one state in one account. Users of another one are others, whatever they are called.
    """
    instances, unread = below(root, (b"iam_user", b"module"), installed=True)
    found: dict[str, list[ValueOrigin]] = {}
    for name, users in (named for instance in instances for named in instance.index(users_in, instance).items()):
        found.setdefault(name, []).extend(users)
    return found, unread


def given_name(calls: list[tuple[ModuleInstance, hcl.Block]], name: str) -> tuple[ModuleInstance, hcl.Block] | None:
    """The first of some calls that is given a name."""
    for instance, call in calls:
        scope = instance.scope()
        if any(evaluate_or_unknown(argument.expression, scope) == name for argument in call.body.attributes.values()):
            return instance, call
    return None


def below(
    root: ModuleInstance, words: tuple[bytes, ...], *, installed: bool
) -> tuple[list[ModuleInstance], list[tuple[ModuleInstance, hcl.Block]]]:
    """A module and those that it calls, local ones only where their text or that of what they call has one of the ``words``.

    Also the calls whose code is not here, where those of ``installed`` modules are followed.
    """
    found, unread, pending, mentioned = [root], [], [root], {}
    while pending:
        instance = pending.pop()
        for name, call in instance.folder.calls.items():
            source = instance.program.source_of(call)  # what is computed is followed
            if source is not None and source.startswith(("./", "../")):
                path = posixpath.normpath(posixpath.join(instance.folder.path, source))
                if ("" if path == "." else path) in instance.ancestors:
                    continue
                if path not in mentioned:
                    mentioned[path] = _mentions(instance.program, path, words)
                if not mentioned[path]:
                    continue
            elif not installed:
                continue
            try:
                children = instance.children(name)
            except EvaluationError:
                continue
            if isinstance(children, Unknown):
                unread.append((instance, call))
            else:
                found += children[1]
                pending += children[1]
    return found, unread


def _mentions(program: ModuleLoader, path: str, words: tuple[bytes, ...]) -> bool:
    """True if the text of a local module, or of those that it calls, has one of some words."""
    pending, seen = [path], {path}
    while pending:
        at = pending.pop()
        folder = os.path.normpath(os.path.join(program.root, at))
        if program.fence.folder(folder) is None:
            continue
        try:
            listed = sorted(os.listdir(folder))
        except OSError:
            continue  # said where the module is loaded
        names = (os.path.join(folder, name) for name in listed if kind_of(name) is TERRAFORM)
        texts = [content(name, program.options.max_file_size, program.fence) or b"" for name in names]
        if any(word in text for word in words for text in texts):
            return True
        sources = {source.decode("utf-8", "replace") for text in texts for source in re.findall(rb'"(\.\.?/[^"$]*)"', text)}
        fresh = {posixpath.normpath(posixpath.join(at, source)) for source in sources} - seen
        seen |= fresh
        pending += fresh
    return False
