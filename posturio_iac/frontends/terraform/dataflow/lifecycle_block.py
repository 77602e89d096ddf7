"""The ``lifecycle`` block of a resource: what replaces it, which changes it ignores, and its switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.evidence.remedy import StopIgnoring
from posturio_iac.core.model import Unknown
from posturio_iac.core.place import Place
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import listed, mentioned, references, spelled, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

META = frozenset({"count", "for_each", "depends_on", "provider", "lifecycle", "provisioner", "connection", "timeouts"})
"""What Terraform itself reads in the block of a resource."""


def is_set(block: hcl.Block, setting: str, scope: ModuleScope, *, to: bool = True) -> bool:
    lifecycle = block.body.first("lifecycle")
    return lifecycle is not None and evaluate_or_unknown(lifecycle.get(setting), scope) in (to, str(to).lower())


def ignored_changes(block: hcl.Block) -> frozenset[str] | None:
    """The arguments in ``ignore_changes``, one entry of a map as ``tags.name``; None when it is ``all``."""
    names = ignored_as_written(block)
    return None if names.keys() & {"all", "*"} else frozenset(names)


def ignored_as_written(block: hcl.Block) -> dict[str, str]:
    """The entries of ``ignore_changes`` by their names, each as the code spells it."""
    lifecycle = block.body.first("lifecycle")
    expression = lifecycle.get("ignore_changes") if lifecycle else None
    return {_ignored(item): spelled(item) for item in listed(expression)} if expression is not None else {}


def stop_ignoring(block: hcl.Block, address: str, arguments: Iterable[str] | None = None) -> StopIgnoring | None:
    """The entries of ``ignore_changes`` to remove for changes of ``arguments``, or of all that are set, to count; None for none."""
    written = ignored_as_written(block)
    place = Place(address, block.header)
    if written.keys() & {"all", "*"}:
        return StopIgnoring(place, ("all",))
    wanted = {a for a in block.body.attributes if a not in META} if arguments is None else set(arguments)
    names = sorted(text for name, text in written.items() if name.partition(".")[0] in wanted)
    return StopIgnoring(place, tuple(names)) if names else None


def _ignored(item: hcl.Expr) -> str:
    match item:
        case hcl.Index(hcl.Name(name), hcl.Literal(key)):
            return f"{name}.{key}"
        case _:
            return ".".join(references(item))


def own_triggers(block: hcl.Block) -> tuple[hcl.Expr, ...]:
    """The items of ``replace_triggered_by``, as far as it stands in the resource's own block."""
    return tuple(trigger for trigger in stated_triggers(block) if trigger.span.path == block.header.path)


def stated_triggers(block: hcl.Block) -> tuple[hcl.Expr, ...]:
    """The items of ``replace_triggered_by``, those in override files too, which Terraform and OpenTofu read and do not merge."""
    lifecycle = block.body.first("lifecycle")
    expression = lifecycle.get("replace_triggered_by") if lifecycle else None
    return tuple(listed(expression)) if expression is not None else ()


def creates_first(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    """True if a replacement comes before the deletion, by the key's own lifecycle or by that of a resource which needs the key."""
    own = _before_destroy(block, scope)
    if own is not False:
        return own
    target = (block.labels[0], block.labels[1])
    return target in _needed_by_such(scope.instance)


def _before_destroy(block: hcl.Block, scope: ModuleScope) -> bool | Unknown:
    lifecycle = block.body.first("lifecycle")
    value = evaluate_or_unknown(lifecycle.get("create_before_destroy"), scope) if lifecycle else False
    return value if isinstance(value, Unknown) else value is True or value == "true"


def _needed_by_such(instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources that a ``create_before_destroy`` resource depends on: Terraform extends the order to them."""
    resources = instance.folder.resources
    pending = [b for b in resources.values() if _before_destroy(b, instance.scope()) is True]
    found: set[tuple[str, str]] = set()
    while pending:
        for target in _needs(pending.pop(), instance) - found:
            found.add(target)
            pending.append(resources[target])
    return found


def _needs(block: hcl.Block, instance: ModuleInstance) -> set[tuple[str, str]]:
    """The resources of the module that a block refers to, through local values as well."""
    folder = instance.folder
    pending = list(mentioned(block))
    seen = set(pending)
    while pending:
        kind, name = pending.pop()
        local = folder.locals.get(name) if kind == "local" else None
        fresh = {references(part)[:2] for part in walk(local.expression)} if local is not None else set()
        more = {(words[0], words[1]) for words in fresh if len(words) > 1} - seen
        seen |= more
        pending += more
    return seen & folder.resources.keys()
