"""Parses the ``source`` of a module block, in each of the forms that Terraform and OpenTofu accept."""

from __future__ import annotations

import os
import posixpath
from functools import cached_property, lru_cache

from posturio_iac.core.record import Enum, dataclass, kept
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.textfile import LIMIT
from posturio_iac.frontends.terraform.known_modules import LOCAL, decoded
from posturio_iac.search.git_tree.git_search import is_at, remotes
from posturio_iac.search.locations import repository_of
from posturio_iac.search.module_calls import content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

    from posturio_iac.search.file_search import FileSearch

_SCP = lazy_pattern(r"(?:[\w.+-]+@)([\w.-]+):(?!//)(.+)")
_URL = lazy_pattern(r"(?i)(?:https?|ssh|git)://(?:[^@/]*@)?([^/:]+)(?::\d+)?/(.*)")
_REGISTRY_PART = lazy_pattern(r"[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])?")
_HOST = lazy_pattern(r"(?a)(?=.*[.:])[\w.-]+(?::\d+)?|localhost")
_ARCHIVE = lazy_pattern(
    r"(?:archive|tarball|zipball|(?:legacy\.)?tar\.gz|(?:legacy\.)?zip)/(?:refs/(?:tags|heads)/)?(.+?)(?:\.(?:tar\.gz|tgz|zip|tar))?"
)
_WEB_HOSTS = {"www.github.com": "github.com", "codeload.github.com": "github.com", "ssh.github.com": "github.com"}
_PUBLIC = frozenset(("registry.terraform.io", "registry.opentofu.org"))
_SHORTHANDS = ("github.com/", "bitbucket.org/")


class SourceKind(Enum):
    """Where a module comes from."""

    LOCAL = "local"
    REGISTRY = "registry"  # a module registry; the version stands in the block
    REPOSITORY = "repository"  # a repository or an archive of one; the version stands in the source
    OTHER = "other"  # a bucket, another archive, or no source that can be read


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A source, taken apart."""

    origin: SourceKind
    address: str  # in lower case: ``namespace/name/provider`` without the registry's host, or ``github.com/owner/name``
    submodule: str = ""  # the folder inside, without slashes at its ends
    ref: str | None = None  # REPOSITORY: the tag, branch or commit, OTHER: the query; None when the source names none
    is_public: bool = True  # REGISTRY: one that anybody reads, whose names mean the same to all


class OwnSources:
    """Sources that name the repository of the scan itself, whose modules are in the checkout."""

    def __init__(self, search: FileSearch, known: Callable[[str], bool]) -> None:
        """``known`` tells whether the table has a source, and so what each version of it makes, which the checkout does not tell."""
        self._known, self._folders = known, dict[str, str | None]()
        self._search, self._top = search, repository_of(search.root)

    def folder(self, source: str) -> str | None:
        """The folder in the checkout that a source means, relative to the scan root; None for another repository."""
        return kept(self._folders, source, lambda text: self._folder(text, parse_source(text)))

    def _folder(self, text: str, source: ModuleSource) -> str | None:
        address = source.address
        if source.origin is SourceKind.REGISTRY:  # the public registry takes repositories of this name only
            namespace, name, provider = address.split("/")
            address = f"github.com/{namespace}/terraform-{provider}-{name}"
        elif source.origin is not SourceKind.REPOSITORY:
            return None
        if self._top is None or not any(sign in self._configured for sign in ("%", "\\", address.partition("/")[2])):
            return None  # git need not be asked for the remotes
        if address not in self._addresses or ((source.ref or source.address != address) and self._known(text)):
            return None
        folder = os.path.relpath(os.path.join(self._top, source.submodule), self._search.root).replace(os.sep, "/")
        return "" if folder == "." else folder

    def is_at(self, source: str, folders: Collection[str]) -> bool:
        """True if the folders are as the source means them, which may name a tag, a branch or a commit."""
        ref = parse_source(source).ref
        return not ref or is_at(self._search, ref, folders)

    @cached_property
    def _configured(self) -> str:
        return os.fsdecode(content(f"{self._top}/.git/config", LIMIT) or b"%").lower()

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(parse_source(f"git::{url}").address for url in remotes(self._search))

    def calls(self) -> Iterator[tuple[str, str]]:
        """Yield the calls by such sources: the folders of the callers, and those that they mean."""
        for path, sources in self._search.elsewhere.items():
            targets = (self.folder(os.fsdecode(source)) for source in sources)
            yield from ((posixpath.dirname(path), target) for target in targets if target is not None)


@lru_cache(maxsize=1024)
def parse_source(source: str) -> ModuleSource:
    """Parse ``source``; one in no known form comes back as ``OTHER``."""
    text = source.strip()
    if text.startswith(LOCAL):
        return ModuleSource(SourceKind.LOCAL, text)
    package, submodule, query = _split(text)
    for read in (_repository, _registry):
        if (found := read(package, submodule, query)) is not None:
            return found
    return ModuleSource(SourceKind.OTHER, package, submodule, query or None)


def _split(text: str) -> tuple[str, str, str]:
    """The package, the folder inside it and the query; the query may stand before or after the folder.

    Terraform cleans the folder (``moduleAddrs.ParseModuleSource``): ``//a/../b`` and ``//./b`` are ``//b``.
    """
    start = text.find("://") + 3 if "://" in text else 0
    package, _, submodule = text[start:].partition("//")
    package, _, first = package.partition("?")
    submodule, _, second = submodule.partition("?")
    folder = posixpath.normpath(submodule.strip("/"))
    return text[:start] + package, "" if folder == "." else folder, "&".join(q for q in (first, second) if q)


def _registry(package: str, submodule: str, _query: str) -> ModuleSource | None:
    parts = package.split("/")
    is_public = True
    if len(parts) == 4 and _HOST.fullmatch(parts[0]):  # noqa: PLR2004 - host, namespace, name, provider
        is_public = parts.pop(0).lower() in _PUBLIC
    if len(parts) != 3 or not all(_REGISTRY_PART.fullmatch(part) for part in parts):  # noqa: PLR2004
        return None
    return ModuleSource(SourceKind.REGISTRY, "/".join(parts).lower(), submodule, is_public=is_public)


def _repository(package: str, submodule: str, query: str) -> ModuleSource | None:
    forced, _, rest = package.rpartition("::")
    if forced.lower() not in {"", "git", "http", "https"}:
        return None
    url = _URL.fullmatch(rest) if "://" in rest else None
    if url is not None:
        host, path = url.groups()
    elif "@" in rest and (scp := _SCP.fullmatch(rest)) is not None:
        host, path = scp.groups()
    elif rest.lower().startswith(_SHORTHANDS):
        host, _, path = rest.partition("/")
    else:
        return None
    host = host.lower()
    parts = (decoded(path) if url is not None else path).strip("/").split("/")
    if host == "api.github.com" and parts[0] == "repos":
        host, parts = "github.com", parts[1:]
    return _in_repository(_WEB_HOSTS.get(host, host), parts, submodule, query)


def _in_repository(host: str, parts: list[str], submodule: str, query: str) -> ModuleSource | None:
    if len(parts) < 2 or not all(parts[:2]) or ".." in parts:  # noqa: PLR2004 - owner and name
        return None
    owner, name = parts[0], parts[1].removesuffix(".git")
    archive = _ARCHIVE.fullmatch("/".join(parts[2:])) if parts[2:] else None
    if len(parts) > 2 and archive is None:  # noqa: PLR2004
        return None
    ref = archive[1] if archive else _reference(query)
    if archive:
        top, _, inner = submodule.partition("/")
        submodule = inner if top == "*" or top.lower().startswith(f"{name}-".lower()) else submodule
    return ModuleSource(SourceKind.REPOSITORY, f"{host}/{owner}/{name}".lower(), submodule, ref)


def _reference(query: str) -> str | None:
    found = (value for name, _, value in (pair.partition("=") for pair in query.split("&")) if name == "ref")
    return next(found, "").replace("%2F", "/").replace("%2f", "/") or None


BUILT_IN = (
    "terraform-aws-modules/*",
    "github.com/terraform-aws-modules/*",
    "terraform-google-modules/*/google",
    "github.com/terraform-google-modules/terraform-google-*",
    "azure/*/azurerm",
    "github.com/azure/terraform-azurerm-*",
    "cloudposse/label/null",
    "github.com/cloudposse/terraform-null-label",
    "github.com/cloudposse/terraform-terraform-label",
    "cloudposse/stack-config/yaml",
    "cloudposse/ssm-parameter-store/aws",
    "github.com/cloudposse/terraform-aws-ssm-parameter-store",
    "cloudposse/security-group/aws",
    "cloudposse/helm-release/aws",
)
"""Modules that make no key: of vendors, those for their own cloud, of which the most called were searched for resources of AWS; others by
their main files.

Of terraform-aws-modules only the submodules for users make keys.
"""
_USERS = ("terraform-aws-modules/iam/aws", "github.com/terraform-aws-modules/terraform-aws-iam")


def makes_no_key(source: str, configured: Iterable[Mapping[str, Any]] = (), built_in: Iterable[str] = BUILT_IN) -> bool:
    """True if the module at ``source`` is one of those, or of those that a configuration names with ``creates = false``."""
    from fnmatch import fnmatchcase  # which imports re

    parsed = parse_source(source)
    if built_in and parsed.address in _USERS and "user" in parsed.submodule:
        return False
    full = f"{parsed.address}//{parsed.submodule}" if parsed.submodule else parsed.address
    globs = {*(built_in if parsed.origin is not SourceKind.OTHER and parsed.is_public else ()), *_globs(configured)}
    wild = {glob for glob in globs if any(sign in glob for sign in "*?[")}
    names = {parsed.address, full}
    return not names.isdisjoint(globs - wild) or any(fnmatchcase(name, glob) for glob in wild for name in names)


def _globs(configured: Iterable[Mapping[str, Any]]) -> list[str]:
    given = (entry.get(name, ()) for entry in configured if entry.get("creates") is False for name in ("registry", "repository"))
    return [glob.lower() for value in given for glob in ([value] if isinstance(value, str) else value)]


def local_folder(base: str, source: str) -> str | None:
    """The folder of the local module that code in the folder ``base`` calls by ``source``; None when it is no local one."""
    if not source.startswith(LOCAL):
        return None
    path = posixpath.normpath(posixpath.join(base, source.replace("\\", "/")))
    return "" if path == "." else path
