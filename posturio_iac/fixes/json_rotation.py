"""Rotation and comments in Terraform's JSON syntax."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.fixes.change import CannotFixError

if TYPE_CHECKING:
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.node_source import NodeSource


def add_comment(source: NodeSource, block: Node, item: str, *, joined: bool = True) -> list[Edit]:
    """Return the edit that states metadata in the ``"//"`` member of a block, ``joined`` to metadata that is there."""
    ours = f"posturio: {item}" if joined else f"posturio:{item}"
    found = block.value.get("//") if isinstance(block.value, Object) else None
    if found is None:
        return source.add(block, {"//": ours})
    if not isinstance(found.value, str):
        raise CannotFixError('its "//" is no text; write the comment by hand')
    if joined and found.value.strip().startswith("posturio:") and "\n" not in found.value:
        return [source.edit(found.start, found.end, json.dumps(f"{found.value.rstrip()} {item}", ensure_ascii=False))]
    return [source.edit(found.start, found.end, json.dumps(f"{found.value}\n{ours}", ensure_ascii=False))]


def check_not_ignored(block: Node, argument: str) -> None:
    """Raise `CannotFixError` when Terraform is told to ignore changes of an argument."""
    lifecycle = block.value.get("lifecycle") if isinstance(block.value, Object) else None
    ignored = lifecycle.value.get("ignore_changes") if lifecycle is not None and isinstance(lifecycle.value, Object) else None
    names = ignored.data() if ignored is not None else []
    if any(str(name).partition("[")[0] in ("all", argument, f"{argument}_all") for name in ([names] if isinstance(names, str) else names)):
        raise CannotFixError(f"its ignore_changes keeps Terraform from applying new {argument}")


def add_schedule(source: NodeSource, block: Node, name: str, days: int) -> list[Edit]:
    """Return the edits that let a key follow a new clock."""
    root = source.roots[0]
    resources = root.value.get("resource") if isinstance(root.value, Object) else None
    if resources is None or not isinstance(resources.value, Object):
        raise CannotFixError("its resources are a list; write the change by hand")
    for kind in ("time_rotating", "time_static"):
        held = resources.value.get(kind)
        if held is not None and (isinstance(held.value, Array) or (isinstance(held.value, Object) and held.value.get(name) is not None)):
            raise CannotFixError(f"there is a {kind}.{name} already; write the change by hand")
    clock = {"time_rotating": {name: {"rotation_days": days}}, "time_static": {name: {"rfc3339": f"${{time_rotating.{name}.rfc3339}}"}}}
    trigger = {"lifecycle": {"create_before_destroy": True, "replace_triggered_by": [f"time_static.{name}"]}}
    return [*source.add(block, trigger), *source.add(resources, clock)]
