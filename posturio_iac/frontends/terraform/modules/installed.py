"""Modules that ``terraform init`` has downloaded, as ``.terraform/modules/modules.json`` lists them."""

from __future__ import annotations

import os

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import NamedTuple, kept
from posturio_iac.core.text.textfile import LIMIT, OUTSIDE, Fence, UnreadableError, read
from posturio_iac.search import MANIFEST
from posturio_iac.search.kinds import TERRAFORM, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class InstalledModule(NamedTuple):
    """An entry of the list."""

    folder: str  # relative to the root module
    version: str | None
    source: str

    def fits(self, source: str, version: str | None) -> bool:
        """True if the call of ``source`` at a constraint means this entry; ``terraform init`` installs anew where it does not."""
        from posturio_iac.frontends.terraform.known_modules.module_source import SourceKind, parse_source

        called, listed = parse_source(source), parse_source(self.source)
        if called.origin is SourceKind.LOCAL:
            return os.path.normpath(source) == os.path.normpath(self.source)
        if called != listed:
            return False
        if called.origin is not SourceKind.REGISTRY:
            return True
        from posturio_iac.frontends.terraform.known_modules.versions import Interval, parse_constraint, parse_version

        exact = parse_version(self.version or "")
        allowed = parse_constraint(version) if version else Interval()
        return exact is not None and allowed is not None and allowed.holds(exact)

    def is_here(self, root: str, fence: Fence) -> bool:
        """True if the folder of the module below its root module (absolute) holds code."""
        return any(kind_of(name) is TERRAFORM for name in fence.names(os.path.normpath(os.path.join(root, self.folder))))


InstalledModules = dict[str, InstalledModule]
_cache: dict[str, tuple[InstalledModules, str]] = {}


def manifest(folder: str, fence: Fence) -> tuple[InstalledModules, str]:
    """The installed modules of the root module at ``folder`` (absolute), by their call paths.

    The text says why the list could not be read, and is empty when it could, or nothing is installed.
    """
    path = os.path.join(folder, *MANIFEST.split("/"))
    return kept(_cache, path, lambda one: _read(one, fence))


def _read(path: str, fence: Fence) -> tuple[InstalledModules, str]:
    if not os.path.lexists(path):
        return {}, ""
    import json

    try:
        entries = json.loads(read(path, LIMIT, fence).decode("utf-8"))["Modules"]
        listed = {
            str(e["Key"]): InstalledModule(str(e["Dir"]), str(e["Version"]) if e.get("Version") else None, str(e["Source"]))
            for e in entries
            if e.get("Key")
        }
    except UnreadableError as error:
        return {}, str(error)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, "is not what terraform init writes; run terraform init again"
    return listed, ""


class Installed:
    """The modules that ``terraform init`` has installed below one scan root."""

    def __init__(self, root: str, fence: Fence, report: Callable[[Diagnostic], None]) -> None:
        self._root, self._fence, self._report = root, fence, report

    def folder(self, module: str, call_path: str, source: str, version: str | None) -> str | None:
        """The folder of an installed module, relative to the scan root, or None when it is not installed.

        ``module`` is the root module's folder, ``call_path`` the names of calls: ``mail.user``. One outside is refused, with a diagnostic.
        """
        entry = self.entry(module, call_path, source, version)
        if entry is None:
            return None
        path = os.path.normpath(os.path.join(module, entry.folder)).replace(os.sep, "/")
        there = os.path.join(self._root, path)
        if self._fence.holds(there):
            return path if entry.is_here(os.path.join(self._root, module), self._fence) else None
        self._say(module, f'the folder of module "{call_path.rpartition(".")[2]}" {OUTSIDE}')
        return None

    def entry(self, module: str, call_path: str, source: str, version: str | None) -> InstalledModule | None:
        """What is installed for a call, if it fits its source and its version constraint."""
        listed, problem = manifest(os.path.join(self._root, module), self._fence)
        if problem:
            self._say(module, f"{problem}; the code of installed modules was not checked")
        found = listed.get(call_path)
        return found if found is not None and found.fits(source, version) else None

    def _say(self, module: str, text: str) -> None:
        self._report(Diagnostic(Level.ERROR, text, f"{module}/{MANIFEST}" if module else MANIFEST))
