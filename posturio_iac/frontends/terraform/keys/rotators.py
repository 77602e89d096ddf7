"""Rotators that manage the keys of a user themselves: a key declared beside them is one that they never rotate, or that they delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.frontends.terraform.dataflow.origin import Origins
from posturio_iac.frontends.terraform.keys.declared_users import below
from posturio_iac.frontends.terraform.keys.users import find_user
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.keys.declared_users import RootUsers
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

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


class KeyOrigins(Origins):
    """The reading in which keys are unknown."""

    kinds = frozenset(KEY_TYPES)


class Rotators:
    """The rotators of one root module and of the modules that it calls, found once."""

    def __init__(self) -> None:
        self._found: list[tuple[str, hcl.Block, ModuleScope]] | None = None

    def of(self, root: ModuleInstance) -> list[tuple[str, hcl.Block, ModuleScope]]:
        """The address, the block and the scope of each."""
        if self._found is None:
            words = tuple(kind.encode() for kind in (*OF_USERS, *OF_KEYS))
            self._found = [
                (instance.full(f"{kind}.{name}"), block, scope)
                for instance in below(root, words, installed=False)[0]
                for (kind, name), block in instance.resources(*OF_USERS, *OF_KEYS)
                for _, scope in instances_of(block, instance).instances
            ]
        return self._found


def instead_of_key(key: hcl.Block, user: TerraformUser, instance: ModuleInstance, users: RootUsers) -> Advice | None:
    """The advice to remove a key that a rotator of the program replaces, or whose user it manages."""
    label = ".".join(key.labels)
    for rotator, block, scope in instance.index(Rotators).of(instance.root):
        kind = block.labels[0]
        if kind in OF_USERS and _is_of(user, block, OF_USERS[kind], scope, users):
            return Advice(
                f"remove {label}: {rotator} creates and rotates this user's keys itself, and this key takes one of the user's two slots"
            )
        if kind in OF_KEYS and any(one.block is key for one in scope.instance.index(KeyOrigins).of(block.get(OF_KEYS[kind]), scope)):
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
