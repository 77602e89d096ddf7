"""One plan as ``terraform show -json`` prints it: the resources after it, and their places in the file.

The format, which OpenTofu shares: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.core.record import dataclass, grouped
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import AFTER_APPLY, SENSITIVE
from posturio_iac.frontends.plan.text import PlanPlaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posturio_iac.core.model import Span, Unknown

GONE = frozenset({"delete", "forget"})
"""Actions after which the plan's resource is no longer managed; with ``create`` beside them it is replaced."""
DEPTH = 200  # how deep modules may stand in one another
_INDEX = r'\[(?:-?[0-9]+|\*|"(?:[^"\\]|\\.)*")\]'
_STEP = lazy_pattern(rf"module\.([^.\[]+)({_INDEX})?\.?")
_LAST = lazy_pattern(rf"({_INDEX})$")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One instance of a resource, as it will be."""

    address: str
    type: str
    name: str
    places: PlanPlaces
    values: dict[str, Any]
    unknown: Any  # ``after_unknown``: true for whatever is known only after apply
    sensitive: Any  # ``after_sensitive``: true for whatever must not be shown
    partial: bool = False  # True if it comes from ``planned_values``, which leaves out unknown values
    reason: str = ""  # why Terraform replaces it, as ``action_reason`` has it

    @property
    def span(self) -> Span:
        return self.places.of(self.address)

    @property
    def modules(self) -> tuple[tuple[str, str], ...]:
        """The module calls that lead to it, each with its index or nothing."""
        return modules_of(self.address)[0]

    @property
    def block(self) -> tuple[tuple[str, ...], str]:
        """The module calls that lead to its block, and the block in them."""
        return tuple(name for name, _ in self.modules), f"{self.type}.{self.name}"

    @property
    def index(self) -> str:
        """``[0]``, ``["a"]``, or nothing."""
        found = _LAST.search(modules_of(self.address)[1])
        return found[1] if found else ""

    def raw(self, name: str, shown: str = "") -> Any:
        """An attribute for comparison only: it may be sensitive. `Unknown` before apply, with what it is called in the reason."""
        if name not in self.values and (is_any(_part(self.unknown, name)) or self.partial):
            return AFTER_APPLY(shown or f"{name} of {self.address}")
        return self.values.get(name)

    def get(self, name: str, shown: str = "") -> Any:
        """An attribute that may be shown, or `Unknown`: before apply, or because it is sensitive."""
        if is_any(_part(self.sensitive, name)):
            return SENSITIVE(shown or f"{name} of {self.address}")
        return self.raw(name, shown)

    def entries(self, name: str) -> tuple[dict[str, Any], Unknown | None]:
        """The entries of a map, unknown and sensitive ones as `Unknown`, and why there may be more."""
        unknown, sensitive = _part(self.unknown, name), _part(self.sensitive, name)
        if sensitive is True:
            return {}, SENSITIVE(f"the value of {name} of {self.address}")
        found = dict(mapping(self.values.get(name)))
        for kind, flags in ((AFTER_APPLY, unknown), (SENSITIVE, sensitive)):
            for entry, flag in mapping(flags).items():
                if is_any(flag):
                    found[entry] = kind(f'{name}["{entry}"]')
        rest = unknown is True or (self.partial and name not in self.values)
        return found, AFTER_APPLY(f"the value of {name} of {self.address}") if rest else None


def _part(flags: Any, name: str) -> Any:
    return flags.get(name, False) if isinstance(flags, dict) else flags


def is_any(flags: Any) -> bool:
    return any(flag is True for flag in within(flags))


def within(tree: Any) -> Iterator[Any]:
    """Yield a value of JSON and all that it holds."""
    pending = [tree]
    while pending:
        yield (value := pending.pop())
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def modules_of(address: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Split an address into its module calls, each with its index, and the rest."""
    steps = []
    at = 0
    while found := _STEP.match(address, at):
        steps.append((found[1], found[2] or ""))
        at = found.end()
    return tuple(steps), address[at:]


class PlanDocument:
    """One parsed plan."""

    def __init__(self, path: str, text: str, data: dict[str, Any]) -> None:
        """Read the resources of a plan; what is wrong with some of them is in ``problems``."""
        self.path, self.text = path, text
        self.data = data
        self.places = PlanPlaces(path, text)
        self.problems: list[tuple[str, Span | None]] = []
        self.resources: dict[str, Resource] = {}
        """Managed resources that exist after the plan, by address."""
        gone = set(self._changes())
        for resource in self._planned():
            if resource.address not in gone:
                self.resources.setdefault(resource.address, resource)
        self._by_type = grouped(self.resources.values(), lambda one: one.type)
        self._by_block = grouped(self.resources.values(), lambda one: one.block)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        return tuple(r for t in types for r in self._by_type.get(t, ()))

    def instances(self, modules: tuple[str, ...], block: str) -> tuple[Resource, ...]:
        """The instances of one block, such as ``aws_iam_user.ci``, in all instances of a module."""
        return tuple(self._by_block.get((modules, block), ()))

    def users_read(self) -> Iterator[Resource]:
        """Yield the users that data sources read before the plan was made: nothing else in it holds their tags."""
        for entry in within(self.part("prior_state", "values")):
            if isinstance(entry, dict) and (entry.get("mode"), entry.get("type")) == ("data", "aws_iam_user"):
                values, flags = mapping(entry.get("values")), entry.get("sensitive_values", {})
                yield Resource(
                    str(entry.get("address")), "aws_iam_user", str(entry.get("name")), self.places, values, {}, flags, partial=True
                )

    def part(self, *names: str) -> dict[str, Any]:
        """A part of the plan; empty where it is missing."""
        found = self.data
        for name in names:
            found = mapping(found.get(name))
        return found

    def _changes(self) -> Iterator[str]:
        for place, change in self._entries():
            address, change_of = change.get("address"), change.get("change")
            if change.get("mode", "managed") != "managed" or "deposed" in change:
                continue
            if not isinstance(address, str) or not address or not isinstance(change.get("type"), str):
                self.problems.append((f"{place} has no address and type", None))
            elif isinstance(change_of, dict):
                if _removes(change_of):
                    yield address
                else:
                    self.resources[address] = self._resource(address, change, change_of)
            elif change["type"] in KEY_TYPES and all(resource.address != address for resource in self._planned()):
                self.problems.append((f"{address} has no change, so nothing is known about it", self.places.of(address)))

    def _entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the entries of the changes, the deferred ones included, each with its place for a reader."""
        for section in ("resource_changes", "deferred_changes"):
            entries = self.data.get(section)
            if entries is not None and not isinstance(entries, list):
                self.problems.append((f"{section} is not a list", None))
                continue
            for number, entry in enumerate(entries or ()):
                found = entry.get("resource_change") if section == "deferred_changes" and isinstance(entry, dict) else entry
                if isinstance(found, dict):
                    yield f"{section}[{number}]", found
                else:
                    self.problems.append((f"{section}[{number}] is not an object", None))

    def _resource(self, address: str, change: dict[str, Any], of: dict[str, Any]) -> Resource:
        return Resource(
            address,
            change["type"],
            _name(change, address),
            self.places,
            mapping(of.get("after")),
            of.get("after_unknown", {}),
            of.get("after_sensitive", {}),
            reason=str(change.get("action_reason") or ""),
        )

    def _planned(self) -> Iterator[Resource]:
        planned = self.data.get("planned_values")
        if planned is not None and not isinstance(planned, dict):
            self.problems.append(("planned_values is not an object", None))
        pending = [(self.part("planned_values", "root_module"), 0)]
        while pending:
            module, depth = pending.pop()
            for entry in mappings(module.get("resources")):
                address = entry.get("address")
                if entry.get("mode", "managed") != "managed" or not isinstance(entry.get("type"), str):
                    continue
                if isinstance(address, str) and address:
                    known, flags = mapping(entry.get("values")), entry.get("sensitive_values", {})
                    yield Resource(address, entry["type"], _name(entry, address), self.places, known, {}, flags, partial=True)
                elif (
                    entry["type"] in KEY_TYPES
                    and (problem := (f"an {entry['type']} in planned_values has no address", None)) not in self.problems
                ):
                    self.problems.append(problem)
            if depth < DEPTH:
                pending += [(child, depth + 1) for child in mappings(module.get("child_modules"))]


def _name(entry: dict[str, Any], address: str) -> str:
    name = entry.get("name")
    return name if isinstance(name, str) else _LAST.sub("", modules_of(address)[1]).rpartition(".")[2]


def _removes(change: dict[str, Any]) -> bool:
    actions = change.get("actions")
    if isinstance(actions, list) and actions:
        return set(map(str, actions)) <= GONE
    return change.get("after", ()) is None
