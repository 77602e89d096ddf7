"""The users that the modules of one root module declare, by name."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.values import EvaluationError
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.syntax import hcl

USER_TYPES = {"aws_iam_user": "name", "awscc_iam_user": "user_name"}
"""Resources that declare a user, and the argument that names it."""


class RootUsers:
    """The users of one root module and all that it calls, by name: for keys that repeat the name of a user in another module.

    A root module is one state in one account. Users of another one are others, whatever they are called.
    """

    def __init__(self, root: ModuleInstance) -> None:
        """Read the modules below ``root`` at the first request for a name."""
        self._root = root
        self._first: dict[ModuleInstance, dict[object, ResourceOrigin]] = {}
        self._declared: dict[str, list[ResourceOrigin]] | None = None
        self._unread: list[tuple[ModuleInstance, hcl.Block]] = []
        """Calls of modules whose code is not here."""

    def within(self, instance: ModuleInstance, name: str) -> ResourceOrigin | None:
        """The first user of that name that a module itself declares."""
        if instance not in self._first:
            first = self._first[instance] = {}
            for user, known in _names(instance):
                first.setdefault(known, user)
        return self._first[instance].get(name)

    def named(self, name: str) -> list[ResourceOrigin]:
        """The users of that name."""
        if self._declared is None:
            self._declared = {}
            self._read(self._root)
        return self._declared.get(name, [])

    def possible(self, name: str) -> tuple[ModuleInstance, hcl.Block] | None:
        """The call of a module whose code is not here and that is given the name: the user may be declared there."""
        self.named(name)
        for instance, call in self._unread:
            scope = instance.scope()
            if any(evaluate_or_unknown(argument.expression, scope) == name for argument in call.body.attributes.values()):
                return instance, call
        return None

    def _read(self, instance: ModuleInstance) -> None:
        for user, name in _names(instance):
            if self._declared is not None:
                self._declared.setdefault(name, []).append(user)
        for name, call in instance.folder.calls.items():
            children = self._children(instance, name, call)
            if isinstance(children, Unknown):
                self._unread.append((instance, call))
            else:
                for child in children:
                    self._read(child)

    def _children(self, instance: ModuleInstance, name: str, call: hcl.Block) -> tuple[ModuleInstance, ...] | Unknown:
        source = instance.program.source_of(call)  # what is computed is followed
        if source is not None and source.startswith(("./", "../")) and not _may_lead_to_users(instance, source):
            return ()
        try:
            children = instance.children(name)
        except EvaluationError:
            return ()
        return children if isinstance(children, Unknown) else children[1]


def _may_lead_to_users(instance: ModuleInstance, source: str) -> bool:
    """True if the code of a local module mentions users or modules, by its text. One that calls itself is reported elsewhere."""
    program, path = instance.program, posixpath.normpath(posixpath.join(instance.folder.path, source))
    folder, limit = os.path.join(program.root, path), program.options.max_file_size
    if ("" if path == "." else path) in instance.ancestors or program.fence.folder(folder) is None or not os.path.isdir(folder):
        return False
    try:
        names = os.listdir(folder)
    except OSError:  # reported where the module is loaded
        return False
    texts = (content(os.path.join(folder, name), limit, program.fence) or b"" for name in names if kind_of(name) is TERRAFORM)
    return any(b"iam_user" in text or b"module" in text for text in texts)


def _users_of(instance: ModuleInstance) -> Iterator[ResourceOrigin]:
    """Yield the users that a module declares, unless the code fixes that there is none."""
    for (kind, label), block in instance.resources(*USER_TYPES):
        for suffix, inner in expand(block, instance.scope()).instances:
            yield ResourceOrigin(instance, kind, label, block, inner, suffix, None)


def _names(instance: ModuleInstance) -> Iterator[tuple[ResourceOrigin, str]]:
    """Yield the users that a module declares whose names are known, each with its name."""
    for user in _users_of(instance):
        argument = user.block.get(USER_TYPES[user.kind])
        name = evaluate_or_unknown(argument, user.scope) if argument is not None else None
        if isinstance(name, str):
            yield user, name
