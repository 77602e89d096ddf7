"""Files of variable values that Terraform reads only when they are named: they may hold the value that a verdict lacks."""

from __future__ import annotations

import posixpath

from posturio_iac.core.unknown import NO_VALUE, VALUE_IN_FILE
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.modules.folder import is_automatic
from posturio_iac.search.kinds import VALUES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.model import Unknown
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.syntax import hcl


def without_value(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> Unknown:
    """Why a variable of a root module has no value, and which files beside the module would give it one."""
    unknown = no_value(variable)
    if found := unused_values(folder, variable, root, max_size, fence):
        import shlex

        folder.open_values[unknown.subject] = tuple(found)
        return VALUE_IN_FILE(unknown.subject, " or ".join(map(shlex.quote, found)))
    return unknown


def unused_values(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> dict[str, hcl.Expr]:
    """What the files beside a root module set a variable to that are read only when they are named."""
    if folder.unused_var_files is None:
        paths = [posixpath.join(folder.path, name) for name in folder.names if name.endswith(VALUES) and not is_automatic(name)]
        folder.unused_var_files = {path: files.load(root, path, max_size, fence)[0].attributes for path in paths}
    return {path: values[variable].expression for path, values in folder.unused_var_files.items() if variable in values}


def no_value(variable: str) -> Unknown:
    return NO_VALUE(f"var.{variable}")
