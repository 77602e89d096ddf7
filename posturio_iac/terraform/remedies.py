"""The shortest changes that mend a key, in the words of its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.model import Remedies
from posturio_iac.terraform import ast

if TYPE_CHECKING:
    from posturio_iac.terraform.users import User


def remedies_for(block: ast.Block, user: User) -> Remedies:
    """Return the changes for a key that a block declares."""
    name = block.labels[1] if len(block.labels) > 1 else block.labels[0]
    in_json = block.span.path.endswith(".json")
    return Remedies(
        declare=_declare(user, in_json=in_json),
        rotate=(
            f'add resource "time_rotating" "{name}" {{ rotation_days = {{value}} }} and '
            f'resource "time_static" "{name}" {{ rfc3339 = time_rotating.{name}.rfc3339 }}, and put '
            f"replace_triggered_by = [time_static.{name}] and create_before_destroy = true into the lifecycle block of the key"
        ),
        disable='set status = "Inactive"',
        overlap="add create_before_destroy = true to its lifecycle block",
    )


def _declare(user: User, *, in_json: bool) -> str:
    if user.block is not None and user.address is not None and user.span is not None:
        place = f"{user.address} ({user.span.path}:{user.span.line})"
        if ast.setting(user.block, "tags") is not None:
            return f'add {{name}} = "{{value}}" to the tags of {place}'
        return f'add tags = {{ {{name}} = "{{value}}" }} to {place}'
    if in_json:
        return 'add "//": "posturio: {name}={value}" to the block'
    return "write # posturio: {name}={value} above the block"
