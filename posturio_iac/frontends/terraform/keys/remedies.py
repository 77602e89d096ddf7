"""The shortest changes that mend a key, in the language of its own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.place import Place
from posturio_iac.core.remedy import AddBlock, AddComment, AddTag, CreateFirst, MergeTags, Remedies, SetArgument
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import spelled, walk

if TYPE_CHECKING:
    from posturio_iac.core.remedy import Declaring
    from posturio_iac.frontends.terraform.keys.users import TerraformUser
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

_ORDER = "create_before_destroy"


def remedies_for(block: hcl.Block, scope: ModuleScope, user: TerraformUser) -> Remedies:
    """Return the changes for a key that a block declares and ``scope`` makes an instance of."""
    key = Place(".".join(block.labels), block.header)
    beside = _comment(block, scope)
    return Remedies(
        declare=_tags(scope, user) or beside,
        rotate=AddBlock(key, block.labels[1]),
        disable=SetArgument(key, "status", '"Inactive"', needs_person=True),
        overlap=_overlap(block, key),
        beside=beside,
    )


def remedies_in_code(name: str, declare: Declaring) -> Remedies:
    """Return the changes for a key called ``name`` whose block is not seen; ``declare`` states a lifetime."""
    key = Place(f"aws_iam_access_key.{name}")
    return Remedies(declare, AddBlock(key, name), SetArgument(key, "status", '"Inactive"', needs_person=True), CreateFirst(key))


def _overlap(block: hcl.Block, key: Place) -> CreateFirst:
    lifecycle = block.body.first("lifecycle")
    if lifecycle is None:
        return CreateFirst(key, has_lifecycle=False)
    misspelt = next((n for n in lifecycle.body.attributes if n != _ORDER and n.startswith("create_before")), "")
    return CreateFirst(key, is_set=_ORDER in lifecycle.body.attributes, misspelt=misspelt)


def _tags(scope: ModuleScope, user: TerraformUser) -> AddTag | MergeTags | None:
    """Return how to add a tag to the user, when its code is the scan's own."""
    if user.block is None or user.scope is None or user.span is None or not scope.instance.program.is_ours(user.span.path):
        return None
    place = Place(str(user.address), user.span)
    return _added("tags", hcl.setting(user.block, "tags"), place, user.scope.instance)


def _comment(block: hcl.Block, scope: ModuleScope) -> AddComment:
    if not scope.instance.program.is_ours(block.header.path):
        return _above_the_call(scope.instance)
    return AddComment(Place(".".join(block.labels), block.header), json=block.header.path.endswith(".json"))


def _above_the_call(instance: ModuleInstance) -> AddComment:
    """State it for a key whose code is somebody else's: at the nearest call that is ours."""
    at = instance
    while at.call is not None and at.caller is not None and not at.program.is_ours(at.call.header.path):
        at = at.caller.instance
    if at.call is None:
        return AddComment(Place(instance.address))
    call = Place(f"module.{at.call.labels[0]}", at.call.header)
    return AddComment(call, target=call.text())


def _added(argument: str, expression: hcl.Expr | None, place: Place, instance: ModuleInstance) -> AddTag | MergeTags:
    """Return how to add an entry to a map: at the call of the module when the map is one of its inputs."""
    name = _input(expression) if instance.call is not None and instance.caller is not None else None
    if name is not None and instance.call is not None and instance.caller is not None:
        call = Place(f"module.{instance.call.labels[0]}", instance.call.header)
        return _added(name, hcl.setting(instance.call, name), call, instance.caller.instance)
    if expression is None:
        return AddTag(place, argument=argument, is_new=True)
    if any(isinstance(part, hcl.ObjectExpr) for part in walk(expression)) or not spelled(expression):
        return AddTag(place, argument=argument)
    return MergeTags(place, argument, spelled(expression))


def _input(expression: hcl.Expr | None) -> str | None:
    """Return the module input that a map is, or is merged from."""
    match expression:
        case hcl.GetAttr(hcl.Name("var"), name):
            return name
        case hcl.Call("merge", arguments):
            return next(filter(None, map(_input, arguments)), None)
        case _:
            return None
