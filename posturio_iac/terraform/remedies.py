"""The shortest changes that mend a key, in the words of its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.model import Remedies
from posturio_iac.terraform import ast
from posturio_iac.terraform.references import spelled, walk

if TYPE_CHECKING:
    from posturio_iac.terraform.instance import Instance
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
    if user.block is None or user.scope is None or user.address is None or user.span is None:
        return 'add "//": "posturio: {name}={value}" to the block' if in_json else "write # posturio: {name}={value} above the block"
    place = f"{user.address} ({user.span.path}:{user.span.line})"
    return _added("tags", ast.setting(user.block, "tags"), place, user.scope.instance)


def _added(argument: str, expression: ast.Expr | None, place: str, instance: Instance) -> str:
    """Say how to add an entry to a map: at the call of the module when the map is one of its inputs."""
    name = _input(expression) if instance.call is not None and instance.caller is not None else None
    if name is not None and instance.call is not None and instance.caller is not None:
        header = instance.call.header
        call = f"module.{instance.call.labels[0]} ({header.path}:{header.line})"
        return _added(name, ast.setting(instance.call, name), call, instance.caller.instance)
    if expression is None:
        return f'add {argument} = {{ {{name}} = "{{value}}" }} to {place}'
    if any(isinstance(part, ast.ObjectOf) for part in walk(expression)) or not spelled(expression):
        return f'add {{name}} = "{{value}}" to the {argument} of {place}'
    return f'set {argument} = merge({spelled(expression)}, {{ {{name}} = "{{value}}" }}) in {place}'


def _input(expression: ast.Expr | None) -> str | None:
    """Return the module input that a map is, or is merged from."""
    match expression:
        case ast.GetAttr(ast.Name("var"), name):
            return name
        case ast.Call("merge", arguments):
            return next(filter(None, map(_input, arguments)), None)
        case _:
            return None
