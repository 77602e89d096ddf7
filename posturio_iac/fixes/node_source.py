"""JSON and YAML files that get edits: the members of their maps with their places, and new members in the file's own style."""

from __future__ import annotations

import codecs
import json
from functools import cached_property

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import UTF16
from posturio_iac.core.text.json_nodes import Array, JsonError, Node, Object, decode
from posturio_iac.fixes.wanted import CannotFixError, Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

Members: TypeAlias = "dict[str, Any]"  # new members: names with texts, or with members of their own; in JSON with any data

_SAFE = lazy_pattern(r"[A-Za-z_][A-Za-z0-9_ ./@()-]*[A-Za-z0-9_/)-]|[A-Za-z_]")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class NodeSource:
    """The text of a JSON or YAML file and its nodes. Edits count in bytes from the start of the file."""

    def __init__(self, path: str, data: bytes) -> None:
        """Take ``data``. Raises `CannotFixError` when it is not UTF-8."""
        self.path = path
        if data.startswith(UTF16):
            raise CannotFixError(f"{path} is UTF-16; save it as UTF-8 first")
        self.base = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        self.text = data[self.base :].decode("utf-8")
        self.newline = "\r\n" if "\r\n" in self.text else "\n"
        self._has_braces = self.text.lstrip()[:1] in ("{", "[")

    @property
    def roots(self) -> tuple[Node, ...]:
        """The documents of the file. Raises `CannotFixError` when it has a syntax error."""
        return self._whole[0]

    @property
    def is_json(self) -> bool:
        """True if the file is JSON. Raises `CannotFixError` when it has a syntax error."""
        return self._has_braces and self._whole[1]

    @cached_property
    def _whole(self) -> tuple[tuple[Node, ...], bool]:
        if self._has_braces:
            try:
                return (decode(self.text),), True
            except JsonError:  # it may be YAML
                pass
        from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents

        found, problems = documents(self.text)
        if problems:
            raise CannotFixError(f"{self.path} has a syntax error; fix that first")
        return tuple(document.root for document in found), False

    def edit(self, start: int, end: int, text: str) -> Edit:
        first = self.base + len(self.text[:start].encode())
        return Edit(self.path, first, first + len(self.text[start:end].encode()), text.replace("\n", self.newline))

    def offset(self, byte: int) -> int:
        return len(self.text.encode()[: byte - self.base].decode("utf-8", "replace"))

    def member_at(self, byte: int) -> tuple[Node, Node]:
        """The key at a byte of the file, and its map, which may be the only one of a list. Raises `CannotFixError` where there is none."""
        at = self.offset(byte)
        found = self._alone(at) or self._keys.get(at)
        if found is None:
            raise CannotFixError("a text in the file holds its template; make the change there by hand")
        key, value = found
        if isinstance(value.value, Array):
            if len(value.value) != 1:
                raise CannotFixError("the block is a list of several; make the change by hand")
            value = value.value[0]
        if not key.end <= value.start or not isinstance(value.value, Object):
            raise CannotFixError("the resource is a YAML alias; make the change by hand")
        return key, value

    @cached_property
    def _keys(self) -> dict[int, tuple[Node, Node]]:
        return {key.start: (key, value) for key, value in members(self.roots)}

    def _alone(self, at: int) -> tuple[Node, Node] | None:
        """A member of a file of one YAML document without a look at the others; None where only the whole file can tell."""
        if "_whole" in self.__dict__ or self._has_braces or "\n---" in self.text:
            return None
        from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import member_at

        return member_at(self.text, at)

    def add(self, holder: Node, members: Members, *, after: str = "") -> list[Edit]:
        """The edits that add members to a map, after the member ``after`` or last; maps that it has already get the members inside."""
        edits: list[Edit] = []
        held = holder.value if isinstance(holder.value, Object) else Object()
        for name, value in members.items():
            found = next((pair for pair in held if str(pair[0].value).casefold() == name.casefold()), None)
            if found is None:
                edits.append(self._new(holder, name, value, after))
            elif isinstance(value, dict):
                if not isinstance(found[1].value, Object) or _is_function(found[1]):
                    raise CannotFixError(f"{name} is computed; make the change by hand")
                if found[1].start < found[0].end:
                    raise CannotFixError(f"{name} is a YAML alias; make the change by hand")
                edits += self.add(found[1], value)
            else:
                raise CannotFixError(f"it has {name} already; change it by hand")
        return edits

    def put(self, holder: Node, name: str, value: bool | int | str) -> list[Edit]:  # noqa: FBT001 - a value of JSON
        """The edits that give a member of a map a plain value."""
        found = holder.get(name)
        if found is None:
            return [self._new(holder, name, value, "")]
        return [] if found.value == value and isinstance(found.value, bool) is isinstance(value, bool) else [self.replace(found, value)]

    def replace(self, node: Node, value: bool | int | str) -> Edit:  # noqa: FBT001 - a value of JSON
        """The edit that puts another value in place of a plain one, in quotes where it has some."""
        if isinstance(node.value, (Object, Array)) or (isinstance(node.value, str) and "${" in node.value):
            raise CannotFixError("the value is computed; change what it comes from")
        text = json.dumps(value, ensure_ascii=False)
        if not self.is_json and isinstance(value, str) and self.text[node.start : node.start + 1] not in ('"', "'"):
            text = scalar(value)
        return self.edit(node.start, node.end, text)

    def _new(self, holder: Node, name: str, value: Any, after: str) -> Edit:
        held = [pair for pair in (holder.value if isinstance(holder.value, Object) else ()) if holder.start <= pair[0].start < holder.end]
        if self.text[holder.start : holder.start + 1] == "{":
            return self._in_braces(holder, held, name, value, after)
        if not held:
            raise CannotFixError("the map has no member of its own; make the change by hand")
        place = next((pair for pair in held if pair[0].value == after), held[-1])
        column = self._column(held[0][0].start)
        at = self._line_end(place[1].end)
        return self.edit(at, at, "\n" + "\n".join(" " * column + line for line in _block_lines(name, value, self._step(held))))

    def _in_braces(self, holder: Node, held: list[tuple[Node, Node]], name: str, value: Any, after: str) -> Edit:
        start, end = holder.start, holder.end - 1
        if not held:
            return self.edit(start + 1, end, self._flow(name, value) if self.is_json else f" {self._flow(name, value)} ")
        place = next((pair for pair in held if pair[0].value == after), held[-1])
        first = held[0][0]
        spread = "\n" in self.text[start : first.start]
        if not spread:
            return self.edit(place[1].end, place[1].end, f", {self._flow(name, value)}")
        margin = self.text[self.text.rfind("\n", 0, first.start) + 1 : first.start]
        outer = self.text[self.text.rfind("\n", 0, end) + 1 : end]
        outer = outer if not outer.strip() else ""
        unit = margin.removeprefix(outer) or "  "
        lines = json.dumps({name: value}, indent=unit, ensure_ascii=False).split("\n")[1:-1] if self.is_json else []
        shown = "\n".join(margin + line.removeprefix(unit) for line in lines) or margin + self._flow(name, value)
        return self.edit(place[1].end, place[1].end, f",\n{shown}")

    def _flow(self, name: str, value: Any) -> str:
        return json.dumps({name: value}, ensure_ascii=False)[1:-1] if self.is_json else flow({name: value})[1:-1]

    def _column(self, offset: int) -> int:
        return offset - (self.text.rfind("\n", 0, offset) + 1)

    def _line_end(self, offset: int) -> int:
        at = offset - 1 if self.text[offset - 1 : offset] == "\n" else offset
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def _step(self, held: list[tuple[Node, Node]]) -> int:
        outer = self._column(held[0][0].start)
        for _, value in held:
            if isinstance(value.value, Object) and value.value and self.text[value.start : value.start + 1] != "{":
                inner = self._column(value.value[0][0].start)
                if inner > outer:
                    return inner - outer
        return 2


def scalar(text: str) -> str:
    """Text as YAML writes it: plain where it stays text."""
    return text if _SAFE.fullmatch(text) and text.casefold() not in _WORDS else json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """Data as YAML writes it in braces and brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {flow(held)}" for name, held in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else scalar(value)


def _block_lines(name: str, value: Any, step: int) -> list[str]:
    if isinstance(value, str):
        return [f"{scalar(name)}: {scalar(value)}"]
    if isinstance(value, list):
        return [f"{scalar(name)}:", *(f"{' ' * step}- {flow(item)}" for item in value)]
    inner = [line for key, held in value.items() for line in _block_lines(key, held, step)]
    return [f"{scalar(name)}:", *(" " * step + line for line in inner)]


def _is_function(node: Node) -> bool:
    names = [str(key.value) for key, _ in node.value] if isinstance(node.value, Object) else []
    return len(names) == 1 and (names[0] == "Ref" or names[0].startswith("Fn::"))


def members(roots: tuple[Node, ...]) -> Iterator[tuple[Node, Node]]:
    """Yield every member of every map."""
    pending = list(roots)
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node.value) in seen:
            continue
        seen.add(id(node.value))
        if isinstance(node.value, Object):
            yield from node.value
            pending += [value for _, value in node.value]
        elif isinstance(node.value, Array):
            pending += node.value
