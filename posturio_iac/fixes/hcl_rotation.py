"""Rotation in HCL: clocks, the triggers that follow them, and lifecycle blocks."""

from __future__ import annotations

from itertools import chain, count

from posturio_iac.core.evidence.remedy import INSTANCE, HoldTrigger, IntervalSetting, ReplaceTrigger
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.times import plural
from posturio_iac.fixes.hcl_maps import bare, renamed, set_arguments
from posturio_iac.fixes.wanted import CannotFixError, Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from posturio_iac.fixes.hcl_source import Block, HclSource

ORDER, TRIGGERED = "create_before_destroy", "replace_triggered_by"
CLOCK, HOLDER, DATA = "time_rotating", "time_static", "terraform_data"
OVERRIDDEN = "an override file sets it; remove it there"
_INTERVAL = lazy_pattern(r'"?[0-9.]+"?|"rate\([^"$]*\)"')
_PROVIDER = 'time = {\n  source  = "hashicorp/time"\n  version = ">= 0.9"\n}'


def create_first(source: HclSource, block: Block, misspelt: str = "") -> list[Edit]:
    """The edits that let the new key exist before the old one goes."""
    lifecycle = source.nested(block, "lifecycle")
    if lifecycle is None:
        return [source.add_argument(block, f"lifecycle {{\n  {ORDER} = true\n}}", apart=not source.is_empty(block))]
    wrong = source.attribute(lifecycle, misspelt) if misspelt else None
    if wrong is not None:
        return renamed(source, [(wrong, ORDER)])
    return set_arguments(source, lifecycle, (ORDER, "true"))


def set_interval(source: HclSource, block: Block, setting: IntervalSetting, days: int) -> list[Edit]:
    """The edits that shorten an interval which stands as a number."""
    value = str(days * 86_400) if setting.unit == "s" else '"rate({})"'.format(plural(days, "day")) if setting.unit == "rate" else str(days)
    if setting.instead_of:
        return _instead(source, block, setting, value)
    held = next((b for b in (block, *_nested(source, block)) if source.attribute(b, setting.argument) is not None), block)
    attribute = source.attribute(held, setting.argument)
    if attribute is None or not _INTERVAL.fullmatch(source.text(source.value(attribute))):
        raise CannotFixError("the interval is computed; change what it comes from")
    return set_arguments(source, held, (setting.argument, value))


def _instead(source: HclSource, block: Block, setting: IntervalSetting, value: str) -> list[Edit]:
    found = [a for name in setting.instead_of if (a := source.attribute(block, name)) is not None]
    if not found:
        raise CannotFixError(OVERRIDDEN)
    first, *rest = found
    old = source.value(first)
    changes = [(first, setting.argument), *((attribute, "") for attribute in rest)]
    return [source.edit(old.start_byte, old.end_byte, value), *renamed(source, changes)]


def _nested(source: HclSource, block: Block) -> list[Node]:
    return [c for c in source.body(block) if c.type == "block"]


def add_schedule(source: HclSource, block: Block, module: list[HclSource], name: str, days: int) -> list[Edit]:
    """The edits that let a key follow a clock: one of its module with this interval, or a new one."""
    every = [("rotation_days", str(days))]
    for clock in _named(module, CLOCK, every):
        if shared := next(_named(module, HOLDER, [("rfc3339", f"{CLOCK}.{clock}.rfc3339")]), None):
            return _follow(source, block, f"{HOLDER}.{shared}")
    name = _free(module, name, CLOCK, HOLDER)
    blocks = f"{_resource(CLOCK, name, every)}\n\n{_resource(HOLDER, name, [('rfc3339', f'{CLOCK}.{name}.rfc3339')])}"
    return [*_follow(source, block, f"{HOLDER}.{name}"), _before(source, block, blocks), *_provider(module)]


def _instance_of(remedy: ReplaceTrigger) -> tuple[str, str]:
    """The address of a clock without its index, and the index, empty where the clock has one instance or all are meant."""
    clock, bracket, rest = remedy.clock.partition("[")
    if "…" in rest:
        raise CannotFixError("the index of the clock is computed; make the change by hand")
    return clock, f"{bracket}{rest}" if remedy.repeated else ""


def insert_hop(source: HclSource, block: Block, module: list[HclSource], remedy: ReplaceTrigger, max_days: int) -> list[Edit]:
    """The edits that put a ``time_static`` between a key and the clock that it names itself."""
    clock, index = _instance_of(remedy)
    blocks = [(held, found) for held in module for kind, name, found in held.resources() if f"{kind}.{name}" == clock]
    following = [("rfc3339", f"{clock}.rfc3339")]
    if remedy.repeated:
        if not blocks:
            raise CannotFixError("the clock stands in a file of another syntax; make the change by hand")
        following = [_repetition(*blocks[0], remedy.repeated), ("rfc3339", f"{clock}[{INSTANCE[remedy.repeated]}].rfc3339")]
    existing = next(_named(module, HOLDER, following), None)
    name = existing or _free(module, remedy.name, HOLDER)
    depends = source.attribute(block, "depends_on") if remedy.is_dependency else None
    edits = _drop(source, depends, (remedy.clock,)) if depends is not None else []
    edits += _follow(source, block, f"{HOLDER}.{name}{index}", instead_of=remedy.clock)
    if existing is None:
        edits += [_before(source, block, _resource(HOLDER, name, following)), *_provider(module)]
    for held, found in blocks:
        days = held.attribute(found, "rotation_days")
        if days is not None and held.text(held.value(days)).isdigit() and int(held.text(held.value(days))) > max_days:
            edits += set_arguments(held, found, ("rotation_days", str(max_days)))
    return edits


def hold(source: HclSource, block: Block, module: list[HclSource], remedy: HoldTrigger) -> list[Edit]:
    """The edits that put a value that cannot be a trigger into a resource that can."""
    name = _free(module, "rotation", DATA)
    arguments, index = [("input", remedy.reference)], ""
    if remedy.repeated:
        arguments = [_repetition(source, block, remedy.repeated), *arguments]
        index = f"[{INSTANCE[remedy.repeated]}]"
    holder = _before(source, block, _resource(DATA, name, arguments))
    return [*_follow(source, block, f"{DATA}.{name}{index}", instead_of=remedy.reference), holder]


def _repetition(source: HclSource, block: Block, argument: str) -> tuple[str, str]:
    attribute = source.attribute(block, argument)
    if attribute is None:
        raise CannotFixError(f"the block has no {argument}; make the change by hand")
    text = source.text(source.value(attribute))
    if "\n" in text:
        raise CannotFixError(f"its {argument} goes over several lines; give the new block the same by hand")
    return argument, text


def _resource(kind: str, name: str, arguments: list[tuple[str, str]]) -> str:
    """A resource; ``count`` and ``for_each`` stand apart, as HashiCorp's style guide has them."""
    rows = [f"  {argument} = {value}" for argument, value in arguments]
    return "\n".join((f'resource "{kind}" "{name}" {{', "\n\n".join(rows), "}"))


def _follow(source: HclSource, block: Block, trigger: str, instead_of: str = "") -> list[Edit]:
    """The edits that make something a trigger of a key, in place of another one, and let the new key exist first."""
    lifecycle = source.nested(block, "lifecycle")
    if lifecycle is None:
        text = f"lifecycle {{\n  {ORDER} = true\n  {TRIGGERED}  = [{trigger}]\n}}"
        return [source.add_argument(block, text, apart=not source.is_empty(block))]
    attribute = source.attribute(lifecycle, TRIGGERED)
    if attribute is None:
        return set_arguments(source, lifecycle, (ORDER, "true"), (TRIGGERED, f"[{trigger}]"))
    value = source.value(attribute)
    if lifecycle.start_point[0] == lifecycle.end_point[0]:  # one argument on one line
        outer, end = source.indent(lifecycle.start_byte), lifecycle.children[-1].start_byte
        inner = outer + source.unit
        opened = source.edit(lifecycle.children[1].end_byte, value.start_byte, f"\n{inner}{ORDER} = true\n{inner}{TRIGGERED}  = ")
        ordered = [opened, source.edit(value.end_byte, end, f"\n{outer}")]
    else:
        ordered = set_arguments(source, lifecycle, (ORDER, "true"))
    return [*ordered, *_list_with(source, value, trigger, instead_of)]


def _list_with(source: HclSource, value: Node, trigger: str, instead_of: str) -> list[Edit]:
    import re

    items = _items(value)
    if any(source.text(i) == trigger for i in items):
        return []
    old = next((i for i in items if instead_of and re.match(rf"{re.escape(instead_of)}(?![\w-])", source.text(i))), None)
    if old is not None:
        return [source.edit(old.start_byte, old.end_byte, trigger)]
    if not items:
        return [source.edit(value.start_byte, value.end_byte, f"[{trigger}]")]
    at = items[-1].end_byte
    return [source.edit(at, at, f", {trigger}")]


def _items(value: Node) -> list[Node]:
    node = bare(value)
    return [c for c in node.children if c.type == "expression"] if node.type == "tuple" else []


def _drop(source: HclSource, attribute: Node, unwanted: tuple[str, ...]) -> list[Edit]:
    kept = [text for item in _items(source.value(attribute)) if (text := source.text(item)).strip('"') not in unwanted]
    if not kept:
        return renamed(source, [(attribute, "")])
    value = source.value(attribute)
    return [source.edit(value.start_byte, value.end_byte, f"[{', '.join(kept)}]")]


def remove_argument(source: HclSource, block: Block, argument: str) -> list[Edit]:
    """The edit that removes an argument of a block or of its lifecycle block."""
    for held in (block, *_nested(source, block)):
        attribute = source.attribute(held, argument)
        if attribute is not None:
            return renamed(source, [(attribute, "")])
    raise CannotFixError(OVERRIDDEN)


def stop_ignoring(source: HclSource, block: Block, names: tuple[str, ...]) -> list[Edit]:
    """The edits that take names out of ``ignore_changes``."""
    lifecycle = source.nested(block, "lifecycle")
    attribute = source.attribute(lifecycle, "ignore_changes") if lifecycle is not None else None
    if attribute is None:
        raise CannotFixError(OVERRIDDEN)
    return _drop(source, attribute, (*names, "*"))


def _named(module: list[HclSource], kind: str, arguments: list[tuple[str, str]]) -> Iterator[str]:
    for source in module:
        for other, name, block in source.resources():
            if other == kind and len(source.body(block)) == len(arguments):
                found = [(argument, source.attribute(block, argument)) for argument, _ in arguments]
                if [(argument, source.text(source.value(node))) for argument, node in found if node is not None] == arguments:
                    yield name


def _free(module: list[HclSource], name: str, *kinds: str) -> str:
    taken = {other for source in module for kind, other, _ in source.resources() if kind in kinds}
    return next(free for free in chain((name,), (f"{name}_{number}" for number in count(2))) if free not in taken)


def _before(source: HclSource, block: Block, text: str) -> Edit:
    first = source.node_at(block.start_byte)
    previous = _previous(first)
    while previous is not None and previous.type == "comment" and previous.end_point[0] >= first.start_point[0] - 1:
        if source.data[source.line_start(previous.start_byte) : previous.start_byte].strip():
            break
        first, previous = previous, _previous(previous)
    at = source.line_start(first.start_byte)
    lines = "\n".join(source.in_unit(line) if line else "" for line in text.split("\n"))
    gap = "" if at == 0 or not source.data[source.line_start(at - 1) : at].strip() else "\n"
    return source.edit(at, at, f"{gap}{lines}\n\n")


def _previous(node: Node) -> Node | None:
    return node.prev_sibling or (node.parent and node.parent.prev_sibling)


def _provider(module: list[HclSource]) -> list[Edit]:
    blocks = ((source, source.nested(settings, "required_providers")) for source in module for settings in source.blocks("terraform"))
    found = [(source, required) for source, required in blocks if required is not None]
    if not found or any(source.attribute(required, "time") is not None for source, required in found):
        return []
    source, required = found[0]
    return [source.add_argument(required, _PROVIDER)]
