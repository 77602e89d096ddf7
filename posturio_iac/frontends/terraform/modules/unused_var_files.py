"""Files of variable values that Terraform reads only when they are named: they may hold the value that a verdict lacks."""

from __future__ import annotations

import os
import posixpath
from itertools import islice

from posturio_iac.core.unknown import NO_VALUE, VALUE_IN_FILE
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.modules.folder import is_automatic
from posturio_iac.search.kinds import CODE, VALUES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.core.model import Unknown
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.syntax import hcl

_OF_TESTS = frozenset(("test", "tests", "example", "examples", "fixtures"))


def without_value(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> Unknown:
    """Why a variable of a root module has no value, and which files beside the module would give it one."""
    unknown = no_value(variable)
    if found := unused_values(folder, variable, root, max_size, fence):
        import shlex

        folder.open_values[unknown.subject] = tuple(found)
        named = [*map(shlex.quote, islice(found, 3)), *([f"one of {len(found) - 3} others"] if len(found) > 3 else ())]  # noqa: PLR2004
        return VALUE_IN_FILE(unknown.subject, " or ".join(named))
    return unknown


def unused_values(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> dict[str, hcl.Expr]:
    """What the files beside a root module, or in folders there without code, set a variable to that are read only when they are named."""
    if folder.unused_var_files is None:
        paths = [posixpath.join(folder.path, name) for name in folder.names if name.endswith(VALUES) and not is_automatic(name)]
        paths += _below(folder.path, folder.names, root, fence)
        folder.unused_var_files = {path: files.load(root, path, max_size, fence)[0].attributes for path in paths}
    return {path: values[variable].expression for path, values in folder.unused_var_files.items() if variable in values}


def _below(folder: str, names: Iterable[str], root: str, fence: Fence, depth: int = 2) -> Iterator[str]:
    for place in (posixpath.join(folder, name) for name in names if "." not in name and name not in _OF_TESTS):
        held = fence.names(os.path.normpath(os.path.join(root, place)))
        if not any(name.endswith(CODE) for name in held):
            yield from (posixpath.join(place, name) for name in sorted(held) if name.endswith(VALUES))
            yield from _below(place, sorted(held), root, fence, depth - 1) if depth > 1 else ()


def no_value(variable: str) -> Unknown:
    return NO_VALUE(f"var.{variable}")
