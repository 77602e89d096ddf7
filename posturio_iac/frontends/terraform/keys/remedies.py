"""The shortest changes that mend a key, in the words of its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.model import Remedies
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import spelled, walk

if TYPE_CHECKING:
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

_ORDER = "create_before_destroy"


def remedies_for(block: hcl.Block, scope: ModuleScope, user: TerraformUser) -> Remedies:
    """Return the changes for a key that a block declares and ``scope`` makes an instance of."""
    name = block.labels[1]
    return Remedies(
        declare=_declare(block, scope, user),
        rotate=f"add {_clock(name)}, and put {_lifecycle(name)}",
        disable='set status = "Inactive"',
        overlap=_overlap(block),
    )


def remedies_in_code(name: str, declare: str) -> Remedies:
    """Return the changes for a key called ``name`` whose block is not seen; ``declare`` states a lifetime."""
    return Remedies(
        declare=declare,
        rotate=f"add {_clock(name)}, and put {_lifecycle(name)}",
        disable='set status = "Inactive"',
        overlap=f"add {_ORDER} = true to its lifecycle block",
    )


def _clock(name: str) -> str:
    return (
        f'resource "time_rotating" "{name}" {{ rotation_days = {{value}} }} and '
        f'resource "time_static" "{name}" {{ rfc3339 = time_rotating.{name}.rfc3339 }}'
    )


def _lifecycle(name: str) -> str:
    return f"replace_triggered_by = [time_static.{name}] and create_before_destroy = true into the lifecycle block of the key"


def _overlap(block: hcl.Block) -> str:
    lifecycle = block.body.first("lifecycle")
    if lifecycle is None:
        return "add lifecycle { create_before_destroy = true } to the key"
    misspelt = next((n for n in lifecycle.body.attributes if n != _ORDER and n.startswith("create_before")), None)
    if misspelt is not None:
        return f"correct {misspelt} to {_ORDER}"
    if _ORDER in lifecycle.body.attributes:
        return f"set {_ORDER} = true in its lifecycle block"
    return f"add {_ORDER} = true to its lifecycle block"


def _declare(block: hcl.Block, scope: ModuleScope, user: TerraformUser) -> str:
    program = scope.instance.program
    if user.block is not None and user.scope is not None and user.span is not None and program.is_ours(user.span.path):
        place = f"{user.address} ({user.span.path}:{user.span.line})"
        return _added("tags", hcl.setting(user.block, "tags"), place, user.scope.instance)
    if not program.is_ours(block.header.path):
        return _above_the_call(scope.instance)
    if block.header.path.endswith(".json"):
        return 'add "//": "posturio: {name}={value}" to the block'
    return "write # posturio: {name}={value} above the block"


def _above_the_call(instance: ModuleInstance) -> str:
    """Say it for a key whose code is somebody else's: at the nearest call that is ours."""
    at = instance
    while at.call is not None and at.caller is not None and not at.program.is_ours(at.call.header.path):
        at = at.caller.instance
    header = at.call.header if at.call is not None else None
    where = f"module.{at.call.labels[0]} ({header.path}:{header.line})" if at.call is not None and header is not None else "the block"
    return f"write # posturio: {{name}}={{value}} above {where}"


def _added(argument: str, expression: hcl.Expr | None, place: str, instance: ModuleInstance) -> str:
    """Say how to add an entry to a map: at the call of the module when the map is one of its inputs."""
    name = _input(expression) if instance.call is not None and instance.caller is not None else None
    if name is not None and instance.call is not None and instance.caller is not None:
        header = instance.call.header
        call = f"module.{instance.call.labels[0]} ({header.path}:{header.line})"
        return _added(name, hcl.setting(instance.call, name), call, instance.caller.instance)
    if expression is None:
        return f'add {argument} = {{ {{name}} = "{{value}}" }} to {place}'
    if any(isinstance(part, hcl.ObjectExpr) for part in walk(expression)) or not spelled(expression):
        return f'add {{name}} = "{{value}}" to the {argument} of {place}'
    return f'set {argument} = merge({spelled(expression)}, {{ {{name}} = "{{value}}" }}) in {place}'


def _input(expression: hcl.Expr | None) -> str | None:
    """Return the module input that a map is, or is merged from."""
    match expression:
        case hcl.GetAttr(hcl.Name("var"), name):
            return name
        case hcl.Call("merge", arguments):
            return next(filter(None, map(_input, arguments)), None)
        case _:
            return None
