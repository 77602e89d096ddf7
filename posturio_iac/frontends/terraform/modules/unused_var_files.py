"""Files of variable values that Terraform reads only when they are named: they may hold the value that a verdict lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.frontends.terraform.modules import files

if TYPE_CHECKING:
    from posturio_iac.core.text.textfile import Fence
    from posturio_iac.frontends.terraform.modules.folder import Module

_ENDINGS = (".tfvars", ".tfvars.json")


def var_file_hint(folder: Module, variable: str, root: str, max_size: int, fence: Fence) -> str:
    """Return which files beside a root module set a variable, to follow what is said of it; empty when none does."""
    if folder.unused_var_files is None:
        paths = (f"{folder.path}/{name}" if folder.path else name for name in folder.names if name.endswith(_ENDINGS))
        folder.unused_var_files = {path: frozenset(files.load(root, path, max_size, fence)[0].attributes) for path in paths}
    import shlex

    found = [shlex.quote(path) for path, names in folder.unused_var_files.items() if variable in names]
    return f" (--var-file {' or '.join(found)} gives it one)" if found else ""
