"""One remedy as edits of JSON and YAML: Terraform's JSON, and CloudFormation templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from posturio_iac.core import remedy as r
from posturio_iac.core.remedy_text import describe
from posturio_iac.core.text.json_nodes import Array, Object
from posturio_iac.fixes import hcl_comments, json_rotation
from posturio_iac.fixes.change import PERSON, CannotFixError, ChangeLevel
from posturio_iac.fixes.values import ELSEWHERE, new_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.remedy import Remedy, ReplaceValue
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.node_source import NodeSource
    from posturio_iac.fixes.working_files import WorkingFiles

_CREATE_FIRST = "create_before_destroy"


def in_json(remedy: Remedy, files: WorkingFiles) -> tuple[ChangeLevel, list[Edit]]:
    """Return the edits of Terraform's JSON. Raises `CannotFixError` where no edit can do it."""
    place = r.place_of(remedy)
    if place is None or place.span is None:
        raise CannotFixError("it names no place")
    source = files.nodes(place.span.path)
    if isinstance(remedy, r.ReplaceValue):
        return _replaced(remedy, source, files.start(place.span), files.end(place.span))
    _, block = source.member_at(files.start(place.span))
    match remedy:
        case r.AddComment(name=name, value=value):
            return ChangeLevel.NOTHING, json_rotation.add_comment(source, block, hcl_comments.item(name, value))
        case r.AddTag(name=name, value=value, argument=argument):
            json_rotation.check_not_ignored(block, argument)
            return ChangeLevel.IN_PLACE, source.add(block, {argument: {name: value}})
        case r.HideOutput(is_bared=False):
            return ChangeLevel.NOTHING, source.add(block, {"sensitive": True})
        case r.CreateFirst(is_set=False, misspelt=""):
            return ChangeLevel.NOTHING, source.add(block, {"lifecycle": {_CREATE_FIRST: True}})
        case r.AddBlock(name=name, days=days):
            return ChangeLevel.REPLACES, json_rotation.add_schedule(source, block, name, days)
        case _:
            raise CannotFixError(f"in JSON it takes a person to {describe(remedy)}")


def in_template(remedy: Remedy, files: WorkingFiles) -> tuple[ChangeLevel, list[Edit]]:
    """Return the edits of a CloudFormation template. Raises `CannotFixError` where no edit can do it."""
    place = r.place_of(remedy)
    if place is None or place.span is None:
        raise CannotFixError("it names no place")
    source = files.nodes(place.span.path)
    match remedy:
        case r.ReplaceValue():
            return _replaced(remedy, source, files.start(place.span), files.end(place.span))
        case r.AddMetadata(name=name, value=value):
            _, body = source.member_at(files.start(place.span))
            members = {"Metadata": {"Posturio": {name[:1].upper() + name[1:]: value}}}
            return ChangeLevel.NOTHING, source.add(body, members, after="Type")
        case r.CallConstruct():
            raise CannotFixError(f"CDK makes this file; {describe(remedy)}")
        case _:
            raise CannotFixError(PERSON)


def _replaced(remedy: ReplaceValue, source: NodeSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    """Return the edit of a scalar, or of the value of a tag, that stands between two bytes of the file."""
    new, first, last = new_text(remedy), source.offset(start), source.offset(end)
    found = [n for n in _scalars(source.roots) if first <= n.start and n.end <= last and str(n.value) == remedy.old]
    if len(found) != 1:
        raise CannotFixError(ELSEWHERE)
    node = found[0]
    text = source.text[node.start : node.end]
    shown = json.dumps(new) if source.is_json or not text.startswith("'") else f"'{new}'"
    return ChangeLevel.IN_PLACE, [source.edit(node.start, node.end, shown)]


def _scalars(roots: tuple[Node, ...]) -> Iterator[Node]:
    pending = list(roots)
    while pending:
        node = pending.pop()
        if isinstance(node.value, Object):
            pending += [value for _, value in node.value]
        elif isinstance(node.value, Array):
            pending += node.value
        else:
            yield node
