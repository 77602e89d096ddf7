"""Which modules are written for callers that are not here."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from posturio_iac.frontends.terraform.modules.folder import Module

_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "demo", "test", "tests", "fixture", "fixtures", "integration_tests"})
"""Names of folders whose calls are examples or tests of a module."""
_BROKERED = ("provision", "bind")
"""The folders of what a service broker applies for each service and each binding."""


def callers_in(folders: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """The folders that call each folder, by those that each one calls."""
    found: dict[str, set[str]] = {}
    for caller, called in folders.items():
        for target in called:
            if target != caller:
                found.setdefault(target, set()).add(caller)
    return found


def is_for_others(folder: str, callers: Mapping[str, Collection[str]], root: str, module: Callable[[str], Module]) -> bool:
    """True if a module is written for callers that are not here, or is applied again and again: of those, nothing here is the last word.

    Only its examples and tests call it, or modules of the same kind do; or nothing does, and it has examples, is one of a collection of
    modules, binds what a service broker provisions, or takes inputs that only a caller can give.
    """
    pending, seen = [folder], {folder}
    while pending:
        one = pending.pop()
        above = callers.get(one, ())
        is_unit = one.endswith(".hcl")
        if not above and (is_unit or not (_is_offered(one, root) or _lacks_inputs(one, root, callers, module(one)))):
            return False
        fresh = {caller for caller in above if not is_example(caller, one)} - seen
        seen |= fresh
        pending += sorted(fresh)
    return True


def _is_offered(folder: str, root: str) -> bool:
    """True if a module that nothing calls shows that it is there to be called or applied by others."""
    here, name = os.path.join(root, folder), posixpath.basename(folder)
    if name in _BROKERED and all(os.path.isdir(os.path.join(here, os.pardir, one)) for one in _BROKERED):
        return True
    return "modules" in folder.split("/")[:-1] or any(os.path.isdir(os.path.join(here, one)) for one in ("examples", "example"))


def _lacks_inputs(folder: str, root: str, callers: Mapping[str, Collection[str]], module: Module) -> bool:
    """True if a module that shows no sign of being applied has variables without values, or stands beside a module with examples.

    One that calls modules outside of its folder is a program all the same.
    """
    if module.is_root or not module.variables or any(folder in held and not one.startswith(f"{folder}/") for one, held in callers.items()):
        return False
    if any("default" not in block.body.attributes for block in module.variables.values()):
        return True
    beside = os.path.dirname(os.path.join(root, folder)) if folder else ""
    return bool(beside) and any(os.path.isdir(os.path.join(beside, one, "examples")) for one in sorted(os.listdir(beside)))


def is_example(caller: str, target: str) -> bool:
    shared = len(posixpath.commonprefix([caller.split("/"), target.split("/")]))
    return any(part.strip("_").lower() in _EXAMPLES for part in caller.split("/")[shared:])
