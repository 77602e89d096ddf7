"""Sensitive values that a report on a key could show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.dataflow.mentions import is_sensitive
from posturio_iac.frontends.terraform.syntax import hcl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleScope


def secrets_of(expression: hcl.Expr | None, scope: ModuleScope, user: TerraformUser) -> Iterator[str]:
    """Yield the name of a key's user and the values of the user's tags, those that come from something sensitive."""
    if isinstance(user.name, str) and is_sensitive(expression, scope):
        yield user.name
    tags = user.block.get("tags") if user.block is not None else None
    whole = tags is not None and user.scope is not None and not isinstance(tags, hcl.ObjectExpr) and is_sensitive(tags, user.scope)
    for tag in user.tags.items:
        if isinstance(tag.value, (str, int, float)) and (whole or (tag.scope is not None and is_sensitive(tag.expression, tag.scope))):
            yield str(tag.value)
