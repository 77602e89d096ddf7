"""One remedy as edits of JSON and YAML: Terraform's JSON, and CloudFormation templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.evidence.remedy_text import describe, pascal
from posturio_iac.core.keys.resource_types import AGE
from posturio_iac.core.text.json_nodes import Array, Object
from posturio_iac.fixes.change import PERSON, CannotFixError, ChangeLevel
from posturio_iac.fixes.hcl import comments
from posturio_iac.fixes.nodes import json_values
from posturio_iac.fixes.values import ELSEWHERE, new_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import Remedy, ReplaceValue
    from posturio_iac.core.place import Span
    from posturio_iac.core.text.json_nodes import Node
    from posturio_iac.fixes.change import Edit
    from posturio_iac.fixes.nodes.source import NodeSource
    from posturio_iac.fixes.working_files import WorkingFiles

_SAID = ("Metadata", "//")


def in_json(remedy: Remedy, span: Span, files: WorkingFiles, _max_days: int) -> tuple[ChangeLevel, list[Edit]]:
    """The edits of Terraform's JSON, which leave rotations to people. Raises `CannotFixError` where no edit can do it."""
    source = files.nodes(span.path)
    if isinstance(remedy, r.ReplaceValue):
        return _replaced(remedy, source, files.start(span), files.end(span))
    _, block = source.member_at(files.start(span))
    match remedy:
        case r.AddComment(name=name, value=value):
            return ChangeLevel.NOTHING, json_values.add_comment(source, block, comments.item(name, value))
        case r.AddTag(name=name, value=value, argument=argument) | r.MergeTags(name=name, value=value, argument=argument):
            json_values.check_not_ignored(block, argument)
            return ChangeLevel.IN_PLACE, json_values.add_tag(source, block, argument, name, value)
        case r.HideOutput():
            return ChangeLevel.NOTHING, json_values.hidden_output(source, block)
        case r.SetInterval(setting, days):
            return ChangeLevel.REPLACES, json_values.set_interval(source, block, setting, days)
        case r.SetArgument(argument=argument, value=value) if argument == AGE:
            return ChangeLevel.REPLACES, source.put(block, argument, int(value))
        case r.RunCommand() | r.Advice():
            raise CannotFixError(PERSON)
        case _:
            raise CannotFixError("change the rotation of Terraform's JSON in the program that writes it, or by hand")


def in_template(remedy: Remedy, span: Span, files: WorkingFiles, _max_days: int) -> tuple[ChangeLevel, list[Edit]]:
    """The edits of a CloudFormation template. Raises `CannotFixError` where no edit can do it."""
    source = files.nodes(span.path)
    match remedy:
        case r.ReplaceValue():
            return _replaced(remedy, source, files.start(span), files.end(span))
        case r.AddMetadata(name=name, value=value):
            _, body = source.member_at(files.start(span))
            members = {"Metadata": {"Posturio": {pascal(name): value}}}
            return ChangeLevel.NOTHING, source.add(body, members, after="Type")
        case r.SetInterval(setting, days):
            _, body = source.member_at(files.start(span))
            return ChangeLevel.REPLACES, json_values.set_interval(source, body, setting, days)
        case r.CallConstruct():
            raise CannotFixError(f"CDK makes this file; {describe(remedy)}")
        case _:
            raise CannotFixError(PERSON)


def _replaced(remedy: ReplaceValue, source: NodeSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    """The edit of a scalar, or of the value of a tag, that stands between two bytes of the file."""
    new, first, last = new_text(remedy), source.offset(start), source.offset(end)
    found = [(n, said) for n, said in _scalars(source.roots) if first <= n.start and n.end <= last and str(n.value) == remedy.old]
    if len(found) != 1:
        raise CannotFixError(ELSEWHERE)
    node, is_said = found[0]
    text = source.text[node.start : node.end]
    shown = json.dumps(new) if source.is_json or not text.startswith("'") else f"'{new}'"
    return ChangeLevel.NOTHING if is_said else ChangeLevel.IN_PLACE, [source.edit(node.start, node.end, shown)]


def _scalars(roots: tuple[Node, ...]) -> Iterator[tuple[Node, bool]]:
    """Yield the values that are no maps and no lists, and whether each is metadata that no resource reads."""
    pending = [(root, False) for root in roots]
    while pending:
        node, is_said = pending.pop()
        if isinstance(node.value, Object):
            pending += [(value, is_said or key.value in _SAID) for key, value in node.value]
        elif isinstance(node.value, Array):
            pending += [(item, is_said) for item in node.value]
        else:
            yield node, is_said
