"""Which of the keys of our scan checkov means by one of its blocks."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from posturio_iac.adapters.checkov.entity import Entity
    from posturio_iac.adapters.checkov.scanning import Scan
    from posturio_iac.core.finding import JudgedKey

MODULE = "module"
_INDEX = re.compile(r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]')


def keys_of(entity: Entity, scan: Scan) -> tuple[JudgedKey, ...]:
    """The keys that a block declares: several where our scan tells instances, parents or root modules apart and checkov does not."""
    here = scan.keys.get(entity.file, ())
    if "::" in entity.kind:
        return tuple(k for k in here if k.key.framework == "cloudformation" and _is_resource(entity, k))
    if planned := tuple(k for k in here if k.key.framework == "terraform-plan"):
        return tuple(k for k in planned if k.key.address == entity.address)
    if entity.kind == MODULE:
        return _narrowed(entity, scan, [k for k in here if _is_call(entity, k)])
    return _narrowed(entity, scan, [k for k in here if _is_block(entity, k)] or _installed(entity, scan))


def plain(address: str) -> str:
    return _INDEX.sub("", address)


def _is_resource(entity: Entity, judged: JudgedKey) -> bool:
    """True if a key is that of a resource, whatever the stacks around it; the key of a stack set stands inside the stack set."""
    name = judged.key.address.partition(" (")[0].rpartition("/")[2]
    return name == entity.name or _within(entity, judged)


def _is_block(entity: Entity, judged: JudgedKey) -> bool:
    return plain(judged.key.address).endswith(plain(f"{entity.kind}.{entity.name}"))


def _is_call(entity: Entity, judged: JudgedKey) -> bool:
    """True if a key stands at a module call, because the code of the module is elsewhere."""
    return _within(entity, judged) and f"module.{plain(entity.name)}" in plain(judged.key.address)


def _installed(entity: Entity, scan: Scan) -> list[JudgedKey]:
    """The keys of modules that Terraform has installed: our scan reports them at the call."""
    if f"{os.sep}.terraform{os.sep}" not in entity.file:
        return []
    return [k for keys in scan.keys.values() for k in keys if plain(k.key.address) == plain(entity.address)]


def _within(entity: Entity, judged: JudgedKey) -> bool:
    first, last = entity.lines
    return judged.key.span is not None and first <= judged.key.span.line <= last


def _narrowed(entity: Entity, scan: Scan, keys: list[JudgedKey]) -> tuple[JudgedKey, ...]:
    """Return those of the keys of one block that checkov means, as far as its address and its root module tell."""
    address = f"module.{entity.address}" if entity.kind == MODULE and not entity.address.startswith("module.") else entity.address
    for means in _tests(entity, scan, address):
        keys = [k for k in keys if means(k)] or keys
    return tuple(keys)


def _tests(entity: Entity, scan: Scan, address: str) -> Iterable[Callable[[JudgedKey], bool]]:
    """Yield what tells keys of one block apart, the weightier first. A test that no key passes counts for nothing."""
    if entity.top is not None:
        yield lambda k: os.path.realpath(os.path.join(scan.root, k.key.scope)) == entity.top
    if address:
        yield lambda k: plain(k.key.address).startswith(plain(address))
        yield lambda k: k.key.address.startswith(address)
