"""Where the expressions of a plan's configuration lead.

A plan shows of an expression only what it refers to (``references``), each reference followed by what it is a part of; local values
it does not show at all. ``aws_iam_user.ci[each.key].name`` is shown as ``aws_iam_user.ci`` and ``each.key``.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from posturio_iac.core.record import dataclass, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.frontends.plan.document import PlanDocument, Resource, mapping, mappings
from posturio_iac.frontends.terraform.dataflow.secret_flow import PASSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_PART = lazy_pattern(r'([^.\[\]]+)|\[(-?[0-9]+|"(?:[^"\\]|\\.)*")\]|\.|\[[^\[\]]*\]')
_DEPTH, _DEEPEST = 16, 200  # references, and modules, in one another
"""How many variables, outputs and passing resources a reference is followed through."""
Path = tuple[str, ...]
"""The names of the module calls that lead to a module."""


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """A managed resource that an expression refers to."""

    modules: Path
    block: str  # ``aws_iam_user.ci``
    index: str  # the instance, where the reference names it
    attribute: str | None  # None for the whole resource, or for an instance that is chosen by an expression
    calls: tuple[tuple[str, str], ...] = ()  # module calls on the way whose instance the reference names


@dataclass(frozen=True, slots=True)
class _Reference:
    words: tuple[str, ...]
    indexes: dict[int, str]  # indexes by the number of words before them


class Configuration:
    """The configuration of one plan."""

    def __init__(self, document: PlanDocument) -> None:
        self.document = document
        self.root = document.part("configuration", "root_module")
        self._modules: dict[Path, dict[str, Any]] = {(): self.root}
        self._blocks: dict[Path, dict[str, dict[str, Any]]] = {}
        self._known: dict[object, tuple[ReferenceTarget, ...]] = {}

    def module(self, path: Path) -> dict[str, Any]:
        """The configuration of a module; empty where the plan has none."""
        return kept(self._modules, path, lambda one: mapping(self.call(one).get("module")))

    def call(self, path: Path) -> dict[str, Any]:
        return mapping(mapping(self.module(path[:-1]).get("module_calls")).get(path[-1])) if len(path) < _DEEPEST else {}

    def block(self, path: Path, name: str) -> dict[str, Any]:
        """The configuration of a resource, such as ``aws_iam_user.ci``."""
        found = kept(self._blocks, path, lambda one: {_block_name(e): e for e in mappings(self.module(one).get("resources"))})
        return found.get(name, {})

    def of(self, resource: Resource) -> dict[str, Any]:
        return self.block(tuple(name for name, _ in resource.modules), f"{resource.type}.{resource.name}")

    def targets(self, expression: Any, path: Path, owner: dict[str, Any]) -> Iterator[ReferenceTarget]:
        yield from dict.fromkeys(self._follow(_references(expression), path, owner, 0))

    def _follow(self, references: list[_Reference], path: Path, owner: dict[str, Any], depth: int) -> Iterator[ReferenceTarget]:
        if depth > _DEPTH:
            return
        for reference in references:
            key = (reference.words, tuple(reference.indexes.items()), path, id(owner) if owner else 0, depth)
            if key not in self._known:
                self._known[key] = tuple(dict.fromkeys(self._one(reference, path, owner, depth)))
            yield from self._known[key]

    def _one(self, reference: _Reference, path: Path, owner: dict[str, Any], depth: int) -> Iterator[ReferenceTarget]:
        words = reference.words
        match words[0]:
            case "var" if path and len(words) > 1:
                given = mapping(self.call(path).get("expressions")).get(words[1])
                yield from self._inner(self._follow(_references(given), path[:-1], self.call(path), depth + 1), words[2:])
            case "module" if len(words) > 1:
                yield from self._output(reference, path, depth)
            case "each" | "count" if owner:
                yield from self._follow(_references(owner.get("for_each_expression")), path, {}, depth + 1)
            case "data" if len(words) > 2:  # noqa: PLR2004 - data, type and name
                yield from self._through(path, ".".join(words[:3]), depth)
            case _ if len(words) > 1:
                block = ".".join(words[:2])
                if words[0] in PASSING:
                    yield from self._through(path, block, depth)
                else:
                    yield ReferenceTarget(path, block, reference.indexes.get(2, ""), words[2] if len(words) > 2 else None)  # noqa: PLR2004

    def _output(self, reference: _Reference, path: Path, depth: int) -> Iterator[ReferenceTarget]:
        words, inner = reference.words, (*path, reference.words[1])
        outputs = mapping(self.module(inner).get("outputs"))
        named = [outputs.get(words[2])] if len(words) > 2 else list(outputs.values())  # noqa: PLR2004 - module, name, output
        index = reference.indexes.get(2, "")
        for output in named:
            found = self._follow(_references(mapping(output).get("expression")), inner, {}, depth + 1)
            for target in self._inner(found, words[3:]):
                calls = (*target.calls, (".".join(inner), index)) if index else target.calls
                attribute = target.attribute if len(words) > 2 else None  # noqa: PLR2004
                yield ReferenceTarget(target.modules, target.block, target.index, attribute, calls)

    def _inner(self, targets: Iterator[ReferenceTarget], steps: tuple[str, ...]) -> Iterator[ReferenceTarget]:
        """Targets for an attribute of the whole resources in a variable or an output."""
        for target in targets:
            attribute = target.attribute or (steps[0] if steps else None)
            yield ReferenceTarget(target.modules, target.block, target.index, attribute, target.calls)

    def _through(self, path: Path, block: str, depth: int) -> Iterator[ReferenceTarget]:
        if ".".join(block.split(".")[:-1]) in PASSING:
            owner = self.block(path, block)
            for _, expression in arguments_of(owner):
                yield from self._follow(_references(expression), path, owner, depth + 1)


def arguments_of(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the arguments of a block and of the blocks in it, each with its expression."""
    pending: list[Any] = [block.get("expressions")]
    while pending:
        match pending.pop():
            case list() as blocks:
                pending += reversed(blocks)
            case dict() as entries:
                for name, entry in entries.items():
                    if isinstance(entry, dict) and entry.keys() <= {"references", "constant_value"}:
                        yield name, entry
                    else:
                        pending.append(entry)


def instances_of(document: PlanDocument, target: ReferenceTarget, seen_from: Resource) -> tuple[Resource, ...]:
    """The instances that a target can mean in an expression of ``seen_from``: those that share most of its indexes."""
    own = seen_from.modules
    found = [r for r in document.instances(target.modules, target.block) if _fits(r, target, own)]
    if len(found) < 2 or target.index:  # noqa: PLR2004 - nothing to choose
        return tuple(found)
    indexes = [i for _, i in own if i] + ([seen_from.index] if seen_from.index else [])
    alike = [r for r in found if r.index and r.index == seen_from.index] or [
        r for r in found if indexes and [i for _, i in r.modules if i] + ([r.index] if r.index else []) == indexes
    ]
    return tuple(alike or found)


def _fits(resource: Resource, target: ReferenceTarget, own: tuple[tuple[str, str], ...]) -> bool:
    if target.index and resource.index != target.index:
        return False
    named = dict(target.calls)
    path = ""
    shared = True
    for number, (name, index) in enumerate(resource.modules):
        path = f"{path}.{name}" if path else name
        shared = shared and number < len(own) and own[number][0] == name
        wanted = own[number][1] if shared else named.get(path, index)
        if index != wanted:
            return False
    return True


def _references(expression: Any) -> list[_Reference]:
    listed = mapping(expression).get("references")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    ordered = sorted(texts)

    def goes_on(start: str) -> bool:
        at = bisect_left(ordered, start)
        return at < len(ordered) and ordered[at].startswith(start)

    return [_parsed(text) for text in texts if not (goes_on(f"{text}.") or goes_on(f"{text}["))]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> _Reference:
    words: list[str] = []
    indexes: dict[int, str] = {}
    for part in _PART.finditer(text):
        if part[1]:
            words.append(part[1])
        elif part[2]:
            indexes.setdefault(len(words), f"[{part[2]}]")
    return _Reference(tuple(words) or ("",), indexes)


def _block_name(entry: dict[str, Any]) -> str:
    name = f"{entry.get('type')}.{entry.get('name')}"
    return f"data.{name}" if entry.get("mode") == "data" else name
