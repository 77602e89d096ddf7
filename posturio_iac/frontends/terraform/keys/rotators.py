"""Rotators that manage the keys of a user themselves: a key declared beside them is one that they never rotate, or that they delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import Advice
from posturio_iac.frontends.terraform.dataflow.origins import origins_of
from posturio_iac.frontends.terraform.dataflow.terminal_origins import ResourceOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import instances_of

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.syntax import hcl

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


def instead_of_key(key: hcl.Block, user: TerraformUser, instance: ModuleInstance) -> Advice | None:
    """The advice to remove a key that a rotator of the module replaces, or whose user it manages."""
    label = ".".join(key.labels)
    for (kind, name), block in instance.resources(*OF_USERS, *OF_KEYS):
        rotator = instance.full(f"{kind}.{name}")
        scopes = [scope for _, scope in instances_of(block, instance).instances]
        if kind in OF_USERS and isinstance(user.name, str) and any(_value(block, OF_USERS[kind], s) == user.name for s in scopes):
            return Advice(
                f"remove {label}: {rotator} creates and rotates this user's keys itself, and this key takes one of the user's two slots"
            )
        if kind in OF_KEYS and any(_reaches(block.get(OF_KEYS[kind]), s, key) for s in scopes):
            return Advice(
                f"give {rotator} a key that is not in code, and remove {label}: after a rotation it is "
                "gone, and the next apply creates it again"
            )
    return None


def _value(block: hcl.Block, way: tuple[str, ...], scope: ModuleScope) -> object:
    found: object = evaluate_or_unknown(block.get(way[0]), scope)
    for step in way[1:]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _reaches(expression: hcl.Expr | None, scope: ModuleScope, key: hcl.Block) -> bool:
    return expression is not None and any(isinstance(r, ResourceOrigin) and r.block is key for r in origins_of(expression, scope))
