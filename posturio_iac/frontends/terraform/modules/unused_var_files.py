"""Files of variable values that Terraform reads only when they are named: they may hold the value that a verdict lacks."""

from __future__ import annotations

import posixpath

from posturio_iac.core.unknown import NO_VALUE, VALUE_IN_FILE
from posturio_iac.frontends.terraform.modules import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.model import Unknown
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.modules.folder import Module

_ENDINGS = (".tfvars", ".tfvars.json")


def without_value(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> Unknown:
    """Why a variable of a root module has no value, and which files beside the module would give it one."""
    unknown = no_value(variable)
    if folder.unused_var_files is None:
        paths = (posixpath.join(folder.path, name) for name in folder.names if name.endswith(_ENDINGS))
        folder.unused_var_files = {path: frozenset(files.load(root, path, max_size, fence)[0].attributes) for path in paths}
    found = tuple(path for path, names in folder.unused_var_files.items() if variable in names)
    if found:
        import shlex

        folder.open_values[unknown.subject] = found
        return VALUE_IN_FILE(unknown.subject, " or ".join(map(shlex.quote, found)))
    return unknown


def no_value(variable: str) -> Unknown:
    """The value of a variable that nothing in this code sets."""
    return NO_VALUE(f"var.{variable}")
