"""Rotators that keep the keys of a user themselves: a key that code declares beside them is one that they never rotate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.remedy import Advice
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance

ROTATORS = {
    # https://registry.terraform.io/providers/hashicorp/vault/latest/docs/resources/aws_secret_backend_static_role
    "vault_aws_secret_backend_static_role": "username",
    # https://registry.terraform.io/providers/DopplerHQ/doppler/latest/docs/resources/rotated_secret_aws_iam_user_keys
    "doppler_rotated_secret_aws_iam_user_keys": "username",
}
"""Resources that rotate the keys of a user, and the argument that names it."""


def instead_of_key(label: str, user: TerraformUser, instance: ModuleInstance) -> Advice | None:
    """Return the advice to remove a key whose user a rotator of the module takes care of."""
    for (kind, name), block in instance.folder.resources.items() if isinstance(user.name, str) else ():
        if kind in ROTATORS and evaluate_or_unknown(block.get(ROTATORS[kind]), instance.scope()) == user.name:
            rotator = instance.full(f"{kind}.{name}")
            return Advice(f"remove {label}: {rotator} makes and rotates keys of that user itself, and this one takes one of two places")
    return None
