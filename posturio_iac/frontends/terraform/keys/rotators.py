"""Rotators that manage the keys of a user themselves: a key declared beside them is one that they never rotate, or that they delete."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.model import Unknown
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin
from posturio_iac.frontends.terraform.keys.users import find_user
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.values import EvaluationError
from posturio_iac.search.kinds import TERRAFORM, kind_of
from posturio_iac.search.module_calls import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.keys.declared_users import RootUsers
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleLoader, ModuleScope

OF_USERS = {
    # https://registry.terraform.io/providers/hashicorp/vault/latest/docs/resources/aws_secret_backend_static_role
    "vault_aws_secret_backend_static_role": ("username",),
    # https://registry.terraform.io/providers/DopplerHQ/doppler/latest/docs/resources/rotated_secret_aws_iam_user_keys
    "doppler_rotated_secret_aws_iam_user_keys": ("username",),
    # https://registry.terraform.io/providers/Infisical/infisical/latest/docs/resources/secret_rotation_aws_iam_user_secret
    "infisical_secret_rotation_aws_iam_user_secret": ("parameters", "user_name"),
}
"""Resources that make and rotate keys of a user, and the way to its name in their arguments."""

OF_KEYS = {
    # https://registry.terraform.io/providers/akeyless-community/akeyless/latest/docs/resources/rotated_secret_aws
    # https://docs.akeyless.io/docs/create-an-aws-rotated-secret: it makes a key of its own and revokes the one that it was given.
    "akeyless_rotated_secret_aws": "api_id",
}
"""Resources that take over a key, and the argument that is given its id."""


class Rotators:
    """The rotators of one root module and of the modules that it calls, found once."""

    def __init__(self) -> None:
        self._found: list[tuple[str, hcl.Block, ModuleScope]] | None = None

    def of(self, root: ModuleInstance) -> list[tuple[str, hcl.Block, ModuleScope]]:
        """The address, the block and the scope of each."""
        if self._found is None:
            self._found = []
            pending, seen = [root], {root}
            while pending:
                instance = pending.pop()
                for (kind, name), block in instance.resources(*OF_USERS, *OF_KEYS):
                    address = instance.full(f"{kind}.{name}")
                    self._found += [(address, block, scope) for _, scope in instances_of(block, instance).instances]
                fresh = [child for child in _children(instance) if child not in seen]
                seen.update(fresh)
                pending += fresh
        return self._found


def _children(instance: ModuleInstance) -> Iterator[ModuleInstance]:
    """Yield the local modules that a module calls and whose text, or that of what they call, mentions a rotator."""
    program = instance.program
    for name, call in instance.folder.calls.items():
        source = program.source_of(call) or ""
        if not source.startswith(("./", "../")) or not _mentions(program, posixpath.join(instance.folder.path, source), set()):
            continue
        try:
            children = instance.children(name)
        except EvaluationError:
            continue
        yield from () if isinstance(children, Unknown) else children[1]


def _mentions(program: ModuleLoader, path: str, seen: set[str]) -> bool:
    folder = os.path.normpath(os.path.join(program.root, path))
    if folder in seen or program.fence.folder(folder) is None:
        return False
    seen.add(folder)
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return False  # said where the module is loaded
    names = (os.path.join(folder, name) for name in found if kind_of(name) is TERRAFORM)
    texts = [content(name, program.options.max_file_size, program.fence) or b"" for name in names]
    if any(kind.encode() in text for kind in (*OF_USERS, *OF_KEYS) for text in texts):
        return True
    sources = {source.decode("utf-8", "replace") for text in texts for source in re.findall(rb'"(\.\.?/[^"$]*)"', text)}
    return any(_mentions(program, posixpath.join(path, source), seen) for source in sources)


def instead_of_key(key: hcl.Block, user: TerraformUser, instance: ModuleInstance, users: RootUsers) -> Advice | None:
    """The advice to remove a key that a rotator of the program replaces, or whose user it manages."""
    label = ".".join(key.labels)
    for rotator, block, scope in instance.index(Rotators).of(instance.root):
        kind = block.labels[0]
        if kind in OF_USERS and _is_of(user, block, OF_USERS[kind], scope, users):
            return Advice(
                f"remove {label}: {rotator} creates and rotates this user's keys itself, and this key takes one of the user's two slots"
            )
        if kind in OF_KEYS and _reaches(block.get(OF_KEYS[kind]), scope, key):
            return Advice(
                f"give {rotator} a key that is not in code, and remove {label}: after a rotation it is "
                "gone, and the next apply creates it again"
            )
    return None


def _is_of(user: TerraformUser, block: hcl.Block, way: tuple[str, ...], scope: ModuleScope, users: RootUsers) -> bool:
    """True if a rotator names the user: by the value of the name, or by the way it is written."""
    expression = block.get(way[0])
    for step in way[1:]:
        items = expression.items if isinstance(expression, hcl.ObjectExpr) else ()
        inner = next((value for name, value in items if isinstance(name, hcl.Literal) and name.value == step), None)
        expression = inner if inner is not None or expression is None else hcl.GetAttr(expression, step, expression.span)
    if expression is None:
        return False
    named = find_user(expression, scope, users)
    return (user.identity is not None and named.identity == user.identity) or (isinstance(user.name, str) and named.name == user.name)


def _reaches(expression: hcl.Expr | None, scope: ModuleScope, key: hcl.Block) -> bool:
    return expression is not None and any(isinstance(r, ResourceOrigin) and r.block is key for r in origins_of(expression, scope))
