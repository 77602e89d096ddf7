"""Entries of maps and comments above blocks in HCL, aligned as ``terraform fmt`` would."""

from __future__ import annotations

from posturio_iac.core.keys import quoted
from posturio_iac.core.text import lazy_pattern
from posturio_iac.fixes.wanted import ELSEWHERE, CannotFixError, Edit, clash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Node

    from posturio_iac.fixes.hcl_source import Block, HclSource

_WORD = lazy_pattern(r"\w+")
_OURS = lazy_pattern(r"(?i)[ \t]*(?:#+|//+)[ \t]*posturio[ \t]*:(?![ \t]*ignore\b)(?P<body>.*)")
_MEANING = frozenset("\"'“”=[],;")
_OPEN = lazy_pattern(rb"\b(?:var|each|module|data)\.")  # values that may hold an entry of the same name, which a later one would overrule


def add_entry(source: HclSource, block: Block, argument: str, name: str, value: str) -> list[Edit]:
    """The edits that put ``name = value`` into a map of a block; none when it has an entry of that name."""
    attribute = source.attribute(block, argument)
    if attribute is not None:
        return _into(source, source.value(attribute), name, value)
    nested = source.nested(block, argument)
    if nested is not None:  # Terraform 0.11 wrote tags { }
        if source.attribute(nested, name) is not None:
            raise CannotFixError(f"its {name} is empty; give it a value")
        return set_arguments(source, nested, (name, quoted(value)))
    return [source.add_argument(block, f"{argument} = {{\n  {_pair(name, value)}\n}}", apart=not source.is_empty(block))]


def check_not_ignored(source: HclSource, block: Block, argument: str) -> None:
    """Raise `CannotFixError` when the block ignores changes of an argument."""
    lifecycle = source.nested(block, "lifecycle")
    ignored = source.attribute(lifecycle, "ignore_changes") if lifecycle is not None else None
    if ignored is not None and not {"all", argument, f"{argument}_all"}.isdisjoint(_WORD.findall(source.text(source.value(ignored)))):
        raise CannotFixError(f"its ignore_changes keeps Terraform from applying new {argument}")


def add_to_map(source: HclSource, offset: int, name: str, value: str) -> list[Edit]:
    """The edits that put an entry into the map that begins at a byte of the file."""
    at = offset - source.base
    node = source.root.descendant_for_byte_range(at, at + 1)
    while node is not None and node.type != "object" and node.start_byte == at:
        node = node.parent
    if node is None or node.type != "object" or node.has_error:
        raise CannotFixError(ELSEWHERE)
    return _into_object(source, node, name, value)


def _into(source: HclSource, expression: Node, name: str, value: str) -> list[Edit]:
    found = _object(expression)
    if found is not None:
        return _into_object(source, found, name, value)
    call = expression.children[0] if expression.child_count == 1 and expression.children[0].type == "function_call" else None
    if call is not None and source.text(call.children[0]) == "merge":
        arguments = next((c for c in call.children if c.type == "function_arguments"), None)
        given = [c for c in arguments.children if c.type == "expression"] if arguments is not None else []
        found = next((held for held in map(_object, reversed(given)) if held is not None), None)
        if found is not None and not _OPEN.search(source.data, given[0].start_byte, found.start_byte):
            return _into_object(source, found, name, value)
        if any(_states(source, held, name) for held in map(_object, given) if held is not None):
            raise CannotFixError(f"its {name} is empty; give it a value")
        if given:  # first, so that it overrules nothing
            at = given[0].start_byte
            line = source.data[source.line_start(at) : at]
            gap = "\n" + source.indent(at) if not line.strip() else " "
            return [source.edit(at, at, f"{{ {_pair(name, value)} }},{gap}")]
    start, end = expression.start_byte, expression.end_byte
    return [source.edit(start, start, f"merge({{ {_pair(name, value)} }}, "), source.edit(end, end, ")")]


def _pair(name: str, value: str) -> str:
    return f"{name if _is_bare(name) else quoted(name)} = {quoted(value)}"


def _is_bare(name: str) -> bool:
    return name.isascii() and name[:1] != "-" and name.replace("-", "_").isidentifier()


def _object(expression: Node) -> Node | None:
    node = bare(expression)
    return node if node.type == "object" else None


def bare(expression: Node) -> Node:
    """What an expression is, without the nodes that only hold it."""
    node = expression
    while node.child_count == 1 and node.type in ("expression", "collection_value"):
        node = node.children[0]
    return node


def _states(source: HclSource, node: Node, name: str) -> bool:
    return any(c.type == "object_elem" and source.text(c.children[0]).strip('"') == name for c in node.children)


def _into_object(source: HclSource, node: Node, name: str, value: str) -> list[Edit]:
    elements = [c for c in node.children if c.type == "object_elem"]
    if _states(source, node, name):
        raise CannotFixError(f"its {name} is empty; give it a value")
    end = next(c for c in reversed(node.children) if c.type == "object_end")
    if not elements:
        start = next(c for c in node.children if c.type == "object_start")
        comments = [c for c in node.children if c.type == "comment"]
        if comments or start.start_point[0] != end.start_point[0]:
            outer = source.indent(end.start_byte)
            at = source.line_end((comments[-1] if comments else start).end_byte)
            return [source.edit(at, at, f"\n{outer}{source.unit}{_pair(name, value)}")]
        return [source.edit(start.end_byte, end.start_byte, f" {_pair(name, value)} ")]
    last = elements[-1]
    comma = last.next_sibling if last.next_sibling is not None and last.next_sibling.type == "," else None
    key = quoted(name) if source.text(last.children[0]).startswith('"') or not _is_bare(name) else name
    sign = next(source.text(c) for c in last.children if c.type in ("=", ":"))
    if node.start_point[0] == end.start_point[0] or last.end_point[0] == end.start_point[0]:
        pair = f"{key}: {quoted(value)}" if sign == ":" else f"{key} = {quoted(value)}"
        at = (comma or last).end_byte
        return [source.edit(at, at, f" {pair}" if comma else f", {pair}")]
    return _on_lines(source, elements, [(key, f"{quoted(value)}{',' if comma else ''}")], sign)


def set_arguments(source: HclSource, block: Block, *pairs: tuple[str, str]) -> list[Edit]:
    """The edits that give arguments of a block their values, which are written as code; none for those that have them."""
    edits, missing = [], []
    for name, value in pairs:
        attribute = source.attribute(block, name)
        if attribute is None:
            missing.append((name, value))
        elif source.text(old := source.value(attribute)) != value:
            edits.append(source.edit(old.start_byte, old.end_byte, value))
    if not missing:
        return edits
    found = [c for c in source.body(block) if c.type == "attribute"]
    end = next(c for c in reversed(block.children) if c.type == "block_end")
    if found and found[-1].end_point[0] != end.start_point[0] and found[-1].start_point[0] != block.start_point[0]:
        return [*edits, *_on_lines(source, found, missing, "=")]
    names = [source.text(c.children[0]) for c in found] if found and found[-1].start_point[0] == block.start_point[0] else []
    width = max(map(len, (*names, *(name for name, _ in missing))))
    return [*edits, source.add_argument(block, "\n".join(f"{name.ljust(width)} = {value}" for name, value in missing), width=width)]


def hidden_output(source: HclSource, block: Block) -> list[Edit]:
    """The edits that make an output sensitive, and take its value out of ``nonsensitive()``."""
    edits = set_arguments(source, block, ("sensitive", "true"))
    value = source.attribute(block, "value")
    pending = [source.value(value)] if value is not None else []
    while pending:
        node = pending.pop()
        pending += node.children
        if node.type == "function_call" and source.text(node.children[0]) == "nonsensitive":
            inner = next(c for c in node.children if c.type == "function_arguments")
            if node.start_point[0] != inner.start_point[0]:
                raise CannotFixError("nonsensitive() stands on lines of its own; make the change by hand")
            bare = [source.edit(node.start_byte, inner.start_byte, ""), source.edit(inner.end_byte, node.end_byte, "")]
            if edits and clash(edits[0], bare[0]):  # a block on one line is written anew
                edits[0] = edits[0]._replace(text=edits[0].text.replace(source.text(node), source.text(inner)))
            else:
                edits += bare
    return edits


def _on_lines(source: HclSource, elements: list[Node], pairs: list[tuple[str, str]], sign: str) -> list[Edit]:
    last = elements[-1]
    at = source.line_end(source.end_of(last))
    indent = source.indent(last.start_byte)
    if sign == ":":
        return [source.edit(at, at, "".join(f"\n{indent}{key}: {value}" for key, value in pairs))]
    is_one_line = last.start_point[0] == last.end_point[0]
    chain = [*_neighbours({e.start_point[0]: e for e in elements}, last, -1), last] if is_one_line else []
    width = max((len(source.text(e.children[0])) for e in chain), default=0)
    longest = max(len(key) for key, _ in pairs)
    signs = {next(c for c in e.children if c.type == "=").start_point[1] - e.start_point[1] for e in chain}
    is_aligned = bool(chain) and signs == {width + 1}

    def lines(column: int) -> str:
        return "".join(f"\n{indent}{key.ljust(column)} = {value}" for key, value in pairs)

    if not is_aligned:  # nothing to align with, or not aligned before
        return [source.edit(at, at, lines(longest))]
    if longest <= width:
        return [source.edit(at, at, lines(width))]
    if any(source.data[e.end_byte : source.line_end(e.end_byte)].strip(b" \t,") for e in chain):
        return [source.edit(at, at, f"\n{lines(longest)}")]  # comments at the ends of lines would have to move too
    more = " " * (longest - width)
    spaces = [source.edit(e.children[0].end_byte, e.children[0].end_byte, more) for e in chain]
    return [*spaces, source.edit(at, at, lines(longest))]


def renamed(source: HclSource, changes: Sequence[tuple[Node, str]]) -> list[Edit]:
    """The edits that give arguments other names, or remove them with their lines where a name is empty; the others stay aligned."""
    edits = []
    for attribute, name in changes:
        word = attribute.children[0]
        edits += [source.edit(word.start_byte, word.end_byte, name)] if name else _removed(source, attribute)
    names = {attribute.id: name for attribute, name in changes}
    return [*edits, *dict.fromkeys(gap for attribute, _ in changes for gap in _gaps(source, attribute, names))]


def _removed(source: HclSource, attribute: Node) -> list[Edit]:
    start, end = source.line_start(attribute.start_byte), source.line_end(attribute.end_byte)
    if source.data[start : attribute.start_byte].strip() or source.data[attribute.end_byte : end].strip():
        return [source.edit(attribute.start_byte, attribute.end_byte, "")]
    return [source.edit(source.line_end(max(start - 1, 0)), end, "")]


def _gaps(source: HclSource, attribute: Node, names: Mapping[int, str]) -> Iterator[Edit]:
    """Yield the edits of the spaces before the signs around an argument, as ``terraform fmt`` would set them."""
    lines = {node.start_point[0]: node for node in attribute.parent.children if node.type == "attribute"} if attribute.parent else {}
    run = [*_neighbours(lines, attribute, -1), attribute, *_neighbours(lines, attribute, 1)]
    old = [source.text(node.children[0]) for node in run]
    signs = [next(c for c in node.children if c.type == "=") for node in run]
    if {sign.start_point[1] - node.start_point[1] for sign, node in zip(signs, run, strict=True)} != {max(map(len, old)) + 1}:
        return  # not aligned before
    new = [names.get(node.id, name) for node, name in zip(run, old, strict=True)]
    for node, sign, name in zip(run, signs, new, strict=True):
        gap = max(map(len, new)) - len(name) + 1
        if name and gap != sign.start_byte - node.children[0].end_byte:
            yield source.edit(node.children[0].end_byte, sign.start_byte, " " * gap)


def _neighbours(lines: dict[int, Node], attribute: Node, step: int) -> list[Node]:
    found: list[Node] = []
    at = attribute.start_point[0] + step
    while attribute.start_point[0] == attribute.end_point[0] and (node := lines.get(at)) is not None and node.end_point[0] == at:
        found.append(node)
        at += step
    return found[::step]


def item(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{name}={value}" if value.split() == [value] and _MEANING.isdisjoint(value) else f'{name}="{escaped}"'


def add_metadata(source: HclSource, block: Block, name: str, value: str) -> list[Edit]:
    """The edit that states metadata above a block: in the comment of ours that ends there, or in one of its own."""
    above, start = _line_above(source, block)
    found = _OURS.fullmatch(above) if "posturio" in above.lower() else None
    if found is None:
        return [add_comment(source, block, f"posturio: {item(name, value)}")]
    import re

    if said := re.search(rf"(?i)(?:^|[\s,;]){re.escape(name)}[ \t]*=(\S*)", found["body"]):
        if not said[1]:
            raise CannotFixError(f"its {name} is empty; give it a value")
        return []
    at = start + len(above.rstrip().encode())
    return [source.edit(at, at, f" {item(name, value)}")]


def add_comment(source: HclSource, block: Block, text: str) -> Edit:
    """The edit that puts a comment right above a block, with the marker of the comment that is there."""
    above, _ = _line_above(source, block)
    marker = "//" if above.lstrip().startswith("//") else "#"
    at = source.line_start(block.start_byte)
    return source.edit(at, at, f"{source.indent(block.start_byte)}{marker} {text}\n")


def _line_above(source: HclSource, block: Block) -> tuple[str, int]:
    at = source.line_start(block.start_byte)
    start = source.line_start(at - 1) if at else 0
    return source.data[start : max(at - 1, 0)].decode("utf-8", "replace"), start
