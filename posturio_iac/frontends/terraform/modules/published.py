"""Which modules are written for callers that are not here."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.closure import CallGraph
from posturio_iac.core.record import kept
from posturio_iac.frontends.terraform.modules.folder import Module, constant
from posturio_iac.frontends.terraform.syntax import hcl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from posturio_iac.core.text.textfile import Fence

_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "demo", "test", "tests", "fixture", "fixtures", "integration_tests"})
_BROKERED = ("provision", "bind")  # the folders of what a service broker applies for each service and each binding


class Published:
    """Tells the modules that are written for callers elsewhere, by the calls of a scan: the folders that each folder calls."""

    def __init__(self, calls: Mapping[str, Collection[str]], root: str, fence: Fence, module: Callable[[str], Module]) -> None:
        self._root, self._fence, self._module = root, fence, module
        self._callers = CallGraph((caller, target) for caller, called in calls.items() for target in called if target != caller).callers
        self._besides: dict[str, bool] = {}
        self._known: dict[str, bool] = {}

    def is_for_others(self, folder: str) -> bool:
        """True if callers that are not here have the last word on a module, or it is applied again and again.

        Only its examples, tests or modules of the same kind call it; or nothing does, and it has examples, is one of several modules, binds
        what a service broker provisions, or takes inputs that only a caller can give.
        """
        if folder not in self._known:
            module = self._module(folder)
            is_program = bool(module.tfvars) or module.has_backend or module.unit is not None
            self._known[folder] = not is_program and self._serves_others(folder)
        return self._known[folder]

    def _serves_others(self, folder: str) -> bool:
        pending, seen = [folder], {folder}
        while pending:
            one = pending.pop()
            above = self._callers.get(one, ())
            if not above and (one.endswith((".hcl", ".hcl.json")) or not (self._is_offered(one) or self._lacks_inputs(one))):
                return False
            fresh = {caller for caller in above if not is_example(caller, one)} - seen
            seen |= fresh
            pending += sorted(fresh)
        return True

    def _is_offered(self, folder: str) -> bool:
        """True if a module that nothing calls shows that it is there to be called or applied by others."""
        here, name = os.path.join(self._root, folder), posixpath.basename(folder)
        if name in _BROKERED and all(os.path.isdir(os.path.join(here, os.pardir, one)) for one in _BROKERED):
            return True
        return "modules" in folder.split("/")[:-1] or any(os.path.isdir(os.path.join(here, one)) for one in ("examples", "example"))

    def _lacks_inputs(self, folder: str) -> bool:
        """True if a module is written to be called: it takes providers of its caller, or has none and variables without values.

        So is one with variables beside a module with examples; one that calls modules outside of its folder is a program all the same.
        """
        module = self._module(folder)
        if module.has_configured_provider or not module.variables:
            return False
        blocks = (block for settings in module.settings for block in settings.body.blocks)
        required = [one.expression for block in blocks if block.type == "required_providers" for one in block.body.attributes.values()]
        keys = (key for given in required if isinstance(given, hcl.ObjectExpr) for key, _ in given.items)
        if any(isinstance(key, hcl.Literal) and key.value == "configuration_aliases" for key in keys):
            return True
        if any("alias" not in one.body.attributes for one in module.providers) or any(".tfvars" in name for name in module.names):
            return False
        if any((constant(block, "source") or "").startswith("../") for block in module.calls.values()):
            return False
        if any("default" not in block.body.attributes for block in module.variables.values()):
            return True
        return bool(folder) and self._has_examples_below(posixpath.dirname(folder))

    def _has_examples_below(self, folder: str) -> bool:
        above = os.path.join(self._root, folder).rstrip("/")
        beside = (os.path.join(above, one, "examples") for one in self._fence.names(above))
        return kept(self._besides, folder, lambda _: any(map(os.path.isdir, beside)))


def is_example(caller: str, target: str) -> bool:
    shared = len(posixpath.commonprefix([caller.split("/"), target.split("/")]))
    return any(part.strip("_").lower() in _EXAMPLES for part in caller.split("/")[shared:])
