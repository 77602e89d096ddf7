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
    from collections.abc import Iterator

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


class RootUsers:
    """The users of one root module and all that it calls, by name: for keys that repeat the name of a user in another module.

    A root module is one state in one account. Users of another one are others, whatever they are called.
    """

    def __init__(self, root: ModuleInstance) -> None:
        """Read the modules below ``root`` at the first request for a name."""
        self._root = root
        self._first: dict[ModuleInstance, dict[object, ValueOrigin]] = {}
        self._declared: dict[str, list[ValueOrigin]] | None = None
        self._unread: list[tuple[ModuleInstance, hcl.Block]] = []
        """Calls of modules whose code is not here."""

    def within(self, instance: ModuleInstance, name: str) -> ValueOrigin | None:
        """The first user of that name that a module itself declares."""
        if instance not in self._first:
            first = self._first[instance] = {}
            for user, known in _names(instance):
                first.setdefault(known, user)
        return self._first[instance].get(name)

    def named(self, name: str) -> list[ValueOrigin]:
        """The users of that name."""
        if self._declared is None:
            self._declared = {}
            instances, self._unread = below(self._root, (b"iam_user", b"module"), installed=True)
            for user, known in (found for instance in instances for found in _names(instance)):
                self._declared.setdefault(known, []).append(user)
        return self._declared.get(name, [])

    def possible(self, name: str) -> tuple[ModuleInstance, hcl.Block] | None:
        """The call of a module whose code is not here and that is given the name: the user may be declared there."""
        self.named(name)
        for instance, call in self._unread:
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


def _names(instance: ModuleInstance) -> Iterator[tuple[ValueOrigin, str]]:
    """Yield the users that a module declares and the code does not rule out, whose names are known, each with its name."""
    for (kind, label), block in instance.resources(*USER_TYPES):
        argument = block.get(USER_TYPES[kind])
        for suffix, scope in expand(block, instance.scope()).instances if argument is not None else ():
            name = evaluate_or_unknown(argument, scope)
            if isinstance(name, str):
                yield ValueOrigin(instance, kind, label, suffix, block), name
