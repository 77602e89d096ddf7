"""YAML with places: documents as nodes of `core.text.json_nodes`, scalars as raw text, CloudFormation's short tags spelled out.

Built from libyaml's events without recursion, so that deep nesting, alias cycles and alias bombs end in one sentence instead of a
crash. `yaml` is imported when the first text is read.
"""

from __future__ import annotations

import re

from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import MAX_DEPTH, Array, Lines, Node, Object, node_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

MAX_VALUES = 1_000_000  # how many values one document may have once its aliases are followed

MAX_PROBLEMS = 50  # how many documents that cannot be read are passed over; the keys behind them are counted by the text of their type

_NEXT_DOCUMENT = lazy_pattern(r"^---(?=\s|$)", re.MULTILINE)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BLOCK = ("|", ">")
_SHORT = {"!Ref": "Ref", "!Condition": "Condition"}


class Plain(str):
    """A scalar without quotes, as it stands: YAML may take it for a date, a number, a boolean or null."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        return self in _NULLS


class Problem(NamedTuple):
    """Why a document was not read, or what is wrong with it. Line and column count from 1."""

    message: str
    line: int
    column: int


class YamlDocument(NamedTuple):
    """One document of a stream."""

    root: Node
    duplicates: tuple[Node, ...]  # keys that repeat an earlier one of the same mapping


class _RefusedError(Exception):
    """The document is valid YAML and asks too much."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def documents(text: str) -> tuple[tuple[YamlDocument, ...], tuple[Problem, ...]]:
    """The documents of ``text``, and why others cannot be read: reading goes on at the next line that begins with ``---``."""
    lines = Lines(text)
    found: list[YamlDocument] = []
    problems: list[Problem] = []
    base = 0
    while len(problems) < MAX_PROBLEMS:
        stream = _stream(text[base:] if base else text, lines, base)
        stopped = _take(stream, found)
        if stopped is None:
            break
        message, offset = stopped
        problems.append(Problem(message, *lines.place(offset)))
        following = _NEXT_DOCUMENT.search(text, max(offset, base + 1))
        if following is None:
            break
        base = following.start()
    return tuple(found), tuple(problems)


def member_at(text: str, at: int) -> tuple[Node, Node] | None:
    """The member of a map that begins at an offset of ``text``, as far as its own lines tell.

    None where they do not: it is no first one of its line, has a syntax error, or refers to an anchor that stands before it.
    """
    import yaml

    base = text.rfind("\n", 0, at) + 1
    if text[base:at].strip(" "):
        return None
    lines = Lines(text)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    composer = _Composer(text[base:], lines, base, yaml)
    try:
        parser = loader(text[base:])
        while (event := parser.get_event()) is not None:
            composer.handlers.get(type(event), composer.pass_over)(event)
            if len(composer.frames) == 1 and len(composer.frames[0].items) == 2:  # noqa: PLR2004 - a name and a value
                key, value = composer.frames[0].items
                return (key, value) if composer.frames[0].mapping and key.start == at else None
    except (_RefusedError, yaml.YAMLError):
        pass
    return None


def _take(stream: Iterator[YamlDocument], found: list[YamlDocument]) -> tuple[str, int] | None:
    """Add the documents of ``stream`` to ``found``; return the message and the offset of what stopped it, or None."""
    try:
        found.extend(stream)
    except _RefusedError as refused:
        return refused.message, refused.offset
    return None


def _stream(text: str, lines: Lines, base: int) -> Iterator[YamlDocument]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    scalar: Any = yaml.ScalarEvent
    composer = _Composer(text, lines, base, yaml)
    try:
        parser = loader(text)
        next_event, handlers, frames = parser.get_event, composer.handlers, composer.frames
        while (event := next_event()) is not None:
            if type(event) is scalar and event.tag is None and event.anchor is None and frames and (style := event.style) not in _BLOCK:
                value, start, end = event.value, base + event.start_mark.index, base + event.end_mark.index
                frames[-1].items.append(node_of((value if style else Plain(value), start, end, lines)))
            elif (document := handlers.get(type(event), composer.pass_over)(event)) is not None:
                yield document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(filter(None, (error.problem, error.context))) or "this is not YAML"
        raise _RefusedError(words, base + min(mark.index if mark else 0, len(text))) from None
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
        at = text.find(chr(code))
        raise _RefusedError(f"the character U+{code:04X} is not allowed in YAML", base + max(at, 0)) from None


class _Frame:
    """A collection that is being read. There are so many that no record is made of each."""

    def __init__(self, event: Any, *, mapping: bool) -> None:
        self.event, self.mapping = event, mapping
        self.items: list[Node] = []
        self.size, self.height = 1, 0  # without what `items` count for by themselves


class _Composer:
    """Builds nodes from events."""

    def __init__(self, text: str, lines: Lines, base: int, yaml: Any) -> None:
        self.text, self.lines, self.base = text, lines, base
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.duplicates: list[Node] = []
        self.root: Node | None = None
        self.handlers: dict[type, Callable[[Any], YamlDocument | None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentEndEvent: self._end,
        }
        self.mapping_start = yaml.MappingStartEvent

    def pass_over(self, _event: Any) -> None:
        """Take an event that says nothing."""

    def _end(self, _event: Any) -> YamlDocument | None:
        document = YamlDocument(self.root, tuple(self.duplicates)) if self.root is not None else None
        self.root, self.anchors, self.duplicates = None, {}, []
        return document

    def _scalar(self, event: Any) -> None:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style
        if style in _BLOCK:
            end = start + len(self.text[start:end].rstrip())
        tag = event.tag
        value = Plain(event.value) if not style and (tag is None or tag[0] == "!") else event.value
        if tag is not None and tag[:1] == "!" and len(tag) > 1:
            inner = end - len(self.text[start:end].removeprefix(tag).lstrip())
            node = self._tagged(tag, node_of((value, self.base + inner, self.base + end, self.lines)), self.base + start)
        else:
            node = node_of((value, self.base + start, self.base + end, self.lines))
        self._add(node, 1, 0, event.anchor)

    def _tagged(self, tag: str, inner: Node, start: int) -> Node:
        """Spell out a short tag: ``!GetAtt x`` is ``{"Fn::GetAtt": x}``."""
        name = _SHORT.get(tag) or "Fn::" + tag[1:].removeprefix("Fn::")
        return node_of((Object(((node_of((name, start, start + len(tag), self.lines)), inner),)), start, inner.end, self.lines))

    def _open(self, event: Any) -> None:
        start = event.start_mark.index
        if len(self.frames) >= MAX_DEPTH:
            raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels", self.base + start)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.frames.append(_Frame(event, mapping=type(event) is self.mapping_start))

    def _close(self, event: Any) -> None:
        frame = self.frames.pop()
        opening, items = frame.event, frame.items
        start, tag = self.base + opening.start_mark.index, opening.tag
        end = self.base + event.end_mark.index if opening.flow_style or not items else items[-1].end
        value = self._members(items) if frame.mapping else Array(items)
        node = node_of((value, start, max(start, end), self.lines))
        if tag is not None and tag[:1] == "!" and len(tag) > 1:
            node = self._tagged(tag, node, start)
        self._add(node, frame.size + len(items), frame.height + 1, opening.anchor)

    def _alias(self, event: Any) -> None:
        at = self.base + event.start_mark.index
        if event.anchor not in self.anchors:
            raise _RefusedError(f"the alias *{event.anchor} names no anchor", at)
        if (target := self.anchors[event.anchor]) is None:
            raise _RefusedError(f"the alias *{event.anchor} stands inside its own anchor", at)
        node, size, height = target
        if len(self.frames) + height > MAX_DEPTH:
            raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels through the alias *{event.anchor}", at)
        if self.frames and self.frames[-1].mapping and len(self.frames[-1].items) % 2 == 0:  # a name, whose place matters
            node = Node(node.value, at, self.base + event.end_mark.index, self.lines)
        self._add(node, size, height, None)

    def _add(self, node: Node, size: int, height: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = (node, size, height)
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.items.append(node)
        frame.size += size - 1
        frame.height = max(frame.height, height)
        if frame.size + len(frame.items) > MAX_VALUES:
            raise _RefusedError(f"aliases multiply the document to more than {MAX_VALUES:,} values", node.start)

    def _written(self, key: Node) -> Node:
        return key._replace(value=Plain(self.text[key.start - self.base : key.end - self.base]))

    def _members(self, items: list[Node]) -> Object:
        keys = [key if isinstance(key.value, str) else self._written(key) for key in items[::2]]
        pairs = [*zip(keys, items[1::2], strict=True)]
        names = {key.value for key in keys}
        if len(names) != len(keys):
            self.duplicates += [key for key in Object(pairs).duplicates() if key.value != "<<"]
        if "<<" in names:
            merged = [pair for key, value in pairs if key.value == "<<" for pair in _merged(value)]
            kept = {key.value: (key, value) for key, value in reversed(merged) if key.value not in names}
            pairs = [*kept.values(), *(pair for pair in pairs if pair[0].value != "<<")]
        return Object(pairs)


def _merged(value: Node) -> tuple[tuple[Node, Node], ...]:
    """The members that a merge key brings, the weightier first."""
    if isinstance(value.value, Object):
        return value.value
    return tuple(pair for item in value.elements for pair in item.members)
