"""Remedies as edits of JSON and YAML: Terraform's JSON, and CloudFormation templates."""

from __future__ import annotations

import json
import re

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.evidence.remedy_text import describe, pascal
from posturio_iac.core.keys import AGE, quoted
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.times import plural
from posturio_iac.fixes.hcl_maps import item
from posturio_iac.fixes.wanted import ELSEWHERE, CannotFixError, ChangeLevel, Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.core.evidence.remedy import IntervalSetting, Remedy, ReplaceValue
    from posturio_iac.core.place import Span
    from posturio_iac.fixes.node_source import NodeSource
    from posturio_iac.fixes.working_files import WorkingFiles

BY_HAND = "change the rotation of Terraform's JSON in the program that writes it, or by hand"
_SAID = ("Metadata", "//")
_INTERVAL = re.compile(r"[0-9.]+|rate\([^$]*\)")


def in_json(remedy: Remedy, span: Span, files: WorkingFiles) -> tuple[ChangeLevel, list[Edit]]:
    """The edits of Terraform's JSON, which leave rotations to people. Raises `CannotFixError` where no edit can do it."""
    source = files.nodes(span.path)
    if isinstance(remedy, r.ReplaceValue):
        return _replaced(remedy, source, files.start(span), files.end(span))
    _, block = source.member_at(files.start(span))
    match remedy:
        case r.AddComment(name=name, value=value):
            return ChangeLevel.NOTHING, add_comment(source, block, item(name, value))
        case r.AddTag(name=name, value=value, argument=argument) | r.MergeTags(name=name, value=value, argument=argument):
            check_not_ignored(block, argument)
            return ChangeLevel.IN_PLACE, add_tag(source, block, argument, name, value)
        case r.HideOutput():
            return ChangeLevel.NOTHING, hidden_output(source, block)
        case r.SetInterval(setting, days):
            return ChangeLevel.REPLACES, set_interval(source, block, setting, days)
        case r.SetArgument(argument=argument, value=value) if argument == AGE:
            return ChangeLevel.REPLACES, source.put(block, argument, int(value))
        case _:
            raise CannotFixError(BY_HAND)


def in_template(remedy: Remedy, span: Span, files: WorkingFiles) -> tuple[ChangeLevel, list[Edit]]:
    """The edits of a CloudFormation template. Raises `CannotFixError` where no edit can do it."""
    source = files.nodes(span.path)
    match remedy:
        case r.ReplaceValue():
            return _replaced(remedy, source, files.start(span), files.end(span))
        case r.AddMetadata(name=name, value=value):
            _, body = source.member_at(files.start(span))
            return ChangeLevel.NOTHING, source.add(body, {"Metadata": {"Posturio": {pascal(name): value}}}, after="Type")
        case r.SetInterval(setting, days):
            _, body = source.member_at(files.start(span))
            return ChangeLevel.REPLACES, set_interval(source, body, setting, days)
        case r.CallConstruct():
            raise CannotFixError(f"CDK makes this file; {describe(remedy)}")
        case _:
            raise CannotFixError


def _replaced(remedy: ReplaceValue, source: NodeSource, start: int, end: int) -> tuple[ChangeLevel, list[Edit]]:
    new, first, last = remedy.written or remedy.value, source.offset(start), source.offset(end)
    found = [(n, said) for n, said in _scalars(source.roots) if first <= n.start and n.end <= last and str(n.value) == remedy.old]
    if len(found) != 1:
        raise CannotFixError(ELSEWHERE)
    node, is_said = found[0]
    text = source.text[node.start : node.end]
    shown = json.dumps(new) if source.is_json or not text.startswith("'") else f"'{new}'"
    level = ChangeLevel.REPLACES if remedy.replaces else ChangeLevel.NOTHING if is_said else ChangeLevel.IN_PLACE
    return level, [source.edit(node.start, node.end, shown)]


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


def add_comment(source: NodeSource, block: Node, text: str, *, joined: bool = True) -> list[Edit]:
    """The edit that states metadata in the ``"//"`` member of a block, ``joined`` to metadata that is there."""
    ours = f"posturio: {text}" if joined else f"posturio:{text}"
    found = block.get("//")
    if found is None:
        return source.add(block, {"//": ours})
    if not isinstance(found.value, str):
        raise CannotFixError('its "//" is not text; write the comment by hand')
    if joined and found.value.strip().startswith("posturio:") and "\n" not in found.value:
        return [source.edit(found.start, found.end, json.dumps(f"{found.value.rstrip()} {text}", ensure_ascii=False))]
    return [source.edit(found.start, found.end, json.dumps(f"{found.value}\n{ours}", ensure_ascii=False))]


def add_tag(source: NodeSource, block: Node, argument: str, name: str, value: str) -> list[Edit]:
    """The edits that add an entry to a map; where an expression makes it, by ``merge()``."""
    found = block.get(argument)
    expression = _expression(found)
    if found is None or expression is None:
        return source.add(block, {argument: {name: value}})
    key = name if name.isidentifier() else quoted(name)
    shown = f"${{merge({{ {key} = {quoted(value)} }}, {expression})}}"
    return [source.edit(found.start, found.end, json.dumps(shown, ensure_ascii=False))]


def check_not_ignored(block: Node, argument: str) -> None:
    """Raise `CannotFixError` when the block ignores changes of an argument."""
    for lifecycle in _blocks(block.get("lifecycle")):
        ignored = lifecycle.get("ignore_changes")
        names = ignored.data() if ignored is not None else []
        held = {str(name).partition("[")[0] for name in ([names] if isinstance(names, str) else names)}
        if held & {"all", argument, f"{argument}_all"}:
            raise CannotFixError(f"its ignore_changes keeps Terraform from applying new {argument}")


def _blocks(node: Node | None) -> list[Node]:
    found = node.value if node is not None and isinstance(node.value, Array) else [] if node is None else [node]
    return [one for one in found if isinstance(one.value, Object)]


def hidden_output(source: NodeSource, block: Node) -> list[Edit]:
    """The edits that make an output sensitive, and take its value out of ``nonsensitive()`` where that is the whole expression."""
    found = block.get("value")
    edits = source.put(block, "sensitive", value=True)
    expression = _expression(found)
    if found is None or expression is None or "nonsensitive" not in expression:
        return edits
    bared = re.fullmatch(r"nonsensitive\(([^()]*)\)", expression)
    if bared is None:
        raise CannotFixError("nonsensitive() is only part of the value; remove it by hand")
    return [*edits, source.edit(found.start, found.end, json.dumps(f"${{{bared[1]}}}", ensure_ascii=False))]


def set_interval(source: NodeSource, block: Node, setting: IntervalSetting, days: int) -> list[Edit]:
    """The edits that shorten an interval which stands as a number or as ``rate()``, in a block or a map inside of it."""
    value: int | str = f"rate({plural(days, 'day')})" if setting.unit == "rate" else days * 86_400 if setting.unit == "s" else days
    if setting.instead_of:
        raise CannotFixError(BY_HAND)
    found = next((node for held in _inside(block) if (node := held.get(setting.argument)) is not None), None)
    if found is None or not _INTERVAL.fullmatch(str(found.value)):
        raise CannotFixError("the interval is computed; change what it comes from")
    is_quoted = source.text[found.start : found.start + 1] in ('"', "'")
    return [source.replace(found, str(value) if is_quoted else value)]


def _inside(block: Node) -> Iterator[Node]:
    pending = [block]
    for node in pending:
        if isinstance(node.value, Object):
            yield node
            pending += [value for _, value in node.value]


def _expression(node: Node | None) -> str | None:
    text = node.value if node is not None and isinstance(node.value, str) else ""
    inner = text[2:-1] if text.startswith("${") and text.endswith("}") else ""
    return inner if inner and "${" not in inner and "%{" not in inner else None
