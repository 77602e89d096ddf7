"""Different readings of one folder: by Terraform, by OpenTofu, by itself although a module calls it, and for programs that it may run.

``.tofu`` files count on OpenTofu alone. Where the engine is not known both readings are judged, and the worse one holds.
"""

from __future__ import annotations

import os
import posixpath
from functools import cache

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import dataclass, grouped, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import spelled_out
from posturio_iac.core.text.textfile import LIMIT, Fence, UnreadableError, read
from posturio_iac.frontends.terraform.known_modules.module_source import local_folder
from posturio_iac.frontends.terraform.modules.files import TOFU, is_automatic
from posturio_iac.frontends.terraform.modules.folder import TABLES, Module, constant
from posturio_iac.frontends.terraform.syntax.references import mentioned, pairs_in
from posturio_iac.search.checkout import has_maker
from posturio_iac.search.kinds import CODE, STATED, TERRAFORM, VALUES, kind_of, names_program, runs_program
from posturio_iac.search.module_calls import content
from posturio_iac.search.programs import fetched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence

    from posturio_iac.core.model import AccessKey
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance
    from posturio_iac.frontends.terraform.modules.tree import ModuleTree
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.search.file_search import FileSearch

_VERSION = lazy_pattern(r"\s*v?(\d{1,18})\.(\d{1,18})(?!\d)")
_READ = r"\b(?:file|templatefile|base64decode|base64gunzip|textdecodebase64|urldecode|strrev)\("
_TORN = r"(?<![a-z_])_?access[\"'$}-]|ss[^a-z]{0,9}key|reate[-_]?a[ces]*[\"'$]|specific[^a-z]{0,9}cred"
_PARTS = lazy_pattern(f"(?i){_READ}|{_TORN}".encode())
"""What composes the name of a call, beside the word create; and functions that read it from elsewhere."""
_FETCHES = "fetches"  # what a file does that only runs a script from elsewhere
APART = "where the folder is applied by itself, as its backend, imports, state, lock file or values say"


def told_apart(opentofu: list[AccessKey], terraform: list[AccessKey]) -> list[AccessKey]:
    """The keys of both readings: those that are alike once, the others marked with the engine that makes them so."""
    if not terraform:
        return opentofu
    found = []
    for engine, ours, others in (("OpenTofu", opentofu, terraform), ("Terraform", terraform, opentofu)):
        same = {key.address: key for key in others}
        found += [marked(key, f"as {engine} reads the code") for key in ours if same.get(key.address) != key]
    return [*(key for key in opentofu if key in terraform), *found]


def marked(key: AccessKey, reading: str) -> AccessKey:
    return replace(key, reading=reading)


def two_readings(folders: Iterable[Module], keys: Iterable[AccessKey]) -> Iterator[Diagnostic]:
    """Yield a note on each folder that Terraform and OpenTofu read in two ways, where that makes different ``keys``."""
    for folder in folders if any(key.reading for key in keys) else ():
        name = next((name for name in folder.names if name.endswith(TOFU)), None)
        if name is not None:
            text = "OpenTofu reads this file and Terraform does not; both readings are judged, since it is not certain which one applies"
            advice = 'the code: set engine = "opentofu" or "terraform"'
            yield Diagnostic(Level.NOTE, f"{text} {advice}", posixpath.join(folder.path, name))


def is_torn(one: Module, other: Module) -> bool:
    """True if a reading of a folder refers to what only the other declares, so that no engine takes it."""
    return not (_used(one) & _declared(other)) <= _declared(one)


def _blocks(folder: Module) -> Iterator[hcl.Block]:
    for name in TABLES.values():
        yield from getattr(folder, name).values()
    yield from folder.providers


def _used(folder: Module) -> set[tuple[str, str]]:
    found = {pair for block in _blocks(folder) for pair in mentioned(block)}
    for attribute in folder.locals.values():
        found |= pairs_in(attribute.expression)
    return found


def _declared(folder: Module) -> set[tuple[str, str]]:
    found = {("var", name) for name in folder.variables} | {("local", name) for name in folder.locals}
    return found | set(folder.resources) | {("module", name) for name in folder.calls} | {("data", kind) for kind, _ in folder.data}


def parts_of_others(program: ModuleTree) -> set[str]:
    """The folders whose files links make part of modules that declare what these files need: by themselves no engine takes them."""
    links = ((posixpath.dirname(name), posixpath.dirname(path)) for path, name in program.selection.search.aliases.items())
    pairs = {(own, other) for own, other in links if own != other and {own, other} <= program.leading.keys()}
    return {own for own, other in pairs if is_torn(program.folder(own), program.folder(other))}


def standing_alone(program: ModuleTree, called: Collection[str]) -> list[str]:
    """Those of the folders that modules call which are applied by themselves all the same."""
    applied = {folder for unit in program.units.values() for folder in unit.folders()}
    found = sorted(set(called) - set(program.units))
    for path in found:
        if path not in program.standing:
            program.folder(path)
    return [path for path in found if program.standing[path][path in applied]]


def is_refused(instance: ModuleInstance, block: hcl.Block, program: ModuleTree) -> bool:
    """True for a call that Terraform refuses: a module takes neither number nor order if it, or one below it, configures a provider."""
    if block.body.attributes.keys().isdisjoint(("count", "for_each", "depends_on")):
        return False
    source = program.source_of(block, instance)
    path = local_folder(instance.folder.path, source) if source is not None else None
    pending, seen = [path] if path is not None else [], set[str]()
    while pending:
        one = pending.pop()
        if program.folder(one).has_configured_provider:
            return True
        seen.add(one)
        pending += set(program.leading.get(one, ())) - seen
    return False


def inputs_given(program: ModuleTree, folder: str, callers: Collection[str]) -> frozenset[str]:
    """The inputs that the calls of a folder set."""
    found: set[str] = set()
    for caller in callers:
        for block in program.folder(caller).calls.values():
            source = program.source_of(block)
            if source is not None and local_folder(caller, source) == folder:
                found |= block.body.attributes.keys()
    return frozenset(found)


_TOFU_VERSION = ".opentofu-version"
_COUNTS_CREATION = (1, 12)
"""https://github.com/opentofu/opentofu/pull/3848: from this OpenTofu on, ``replace_triggered_by`` reacts to creations."""
_LOWER = lazy_pattern(r"(?:>=|~>|=|>|^)\s*v?(\d{1,18})\.(\d{1,18})(?!\d)")


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine, as far as it is known."""

    name: str | None  # ``terraform`` or ``opentofu``; None when the code does not tell
    at_least: tuple[int, int] | None

    @property
    def counts_creation(self) -> bool:
        """True if ``replace_triggered_by`` certainly reacts to a resource that is created anew."""
        return self.name == "opentofu" and self.at_least is not None and self.at_least >= _COUNTS_CREATION

    @property
    def may_count_creation(self) -> bool:
        """True if it may do so, as OpenTofu of an unknown version may."""
        return self.name == "opentofu" and not self.counts_creation

    @property
    def suffix(self) -> str:
        return "" if self.name == "terraform" else " on Terraform"


def told_engine(root: str, folder: Module, configured: str, fence: Fence) -> str | None:
    """The engine that the configuration, the unit, the lock file or a file for version managers names; None when none does.

    Files that only OpenTofu reads contradict one that speaks for Terraform, as the lock file of either may.
    """
    if configured in ("terraform", "opentofu"):
        return configured
    unit = folder.unit
    if unit is None:
        found = _by_files(root, folder.path, folder.names, fence)
        return None if found == "terraform" and any(name.endswith(TOFU) for name in folder.names) else found
    # Terragrunt copies the unit's files over those of the module.
    own = _by_files(root, unit.folder, fence.names(os.path.join(root, unit.folder)), fence)
    return unit.unit.engine() or own or _by_files(root, folder.path, folder.names, fence)


def engine_of(root: str, folder: Module, found: str | None, version: str | None, fence: Fence) -> Engine:
    """The engine of a root module, of which ``found`` is what is told, and ``version`` comes from configuration.

    Files that cannot be read, or are outside of ``fence``, are ignored.
    """
    if found is None and any(n.endswith(TOFU) for n in folder.names):
        found = "opentofu"
    pinned = next((_text(root, folder.path, n, fence) for n in (_TOFU_VERSION, ".terraform-version") if n in folder.names), "")
    return Engine(found, _version(version) if version else _lowest(folder) or (_version(pinned) if pinned else None))


def decided_by_file(engine: Engine, folder: Module, configured: str) -> Iterator[Diagnostic]:
    """Yield the note on the file for version managers by which triggers count that Terraform ignores."""
    if engine.counts_creation and configured == "auto" and _TOFU_VERSION in folder.names:
        text = "this file decides that OpenTofu applies the code, where a trigger that is created anew counts; Terraform ignores it"
        yield Diagnostic(Level.NOTE, text, posixpath.join(folder.path, _TOFU_VERSION))


def _by_files(root: str, folder: str, names: Container[str], fence: Fence) -> str | None:
    if ".terraform.lock.hcl" in names:
        text = _text(root, folder, ".terraform.lock.hcl", fence)
        if '"registry.opentofu.org/' in text:
            return "opentofu"
        if '"registry.terraform.io/' in text:
            return "terraform"
    return "opentofu" if _TOFU_VERSION in names else "terraform" if ".terraform-version" in names else None


def _text(root: str, folder: str, name: str, fence: Fence) -> str:
    try:
        return read(os.path.join(root, folder, name), LIMIT, fence).decode("utf-8", "replace")
    except UnreadableError:
        return ""


def _version(text: str) -> tuple[int, int] | None:
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


def _lowest(folder: Module) -> tuple[int, int] | None:
    lows = []
    for block in folder.settings:
        if (constraint := constant(block, "required_version")) is not None:
            lows += [(int(m[1]), int(m[2])) for part in constraint.split(",") if (m := _LOWER.match(part.strip()))]
    return max(lows, default=None)


class Programs:
    """Tells which modules may run programs that make keys, by what the search knows of their files."""

    def __init__(self, search: FileSearch, var_files: Sequence[str]) -> None:
        self._search = search
        self._has_var_files = bool(var_files)
        self._searched = search.folders()
        self._files = grouped(search.terraform, posixpath.dirname)
        self._holds_text = cache(self._says)
        self._has_part = cache(
            lambda path: (data := content(path, search.max_file_size, search.fence)) is None or bool(_PARTS.search(data))
        )

    def below(self, root: Module, folders: set[str]) -> Callable[[Module], bool | None]:
        """What tells whether a module may run some: False if no text but its own blocks' can be one; ``folders`` are those of all."""
        values = (posixpath.join(root.path, name) for name in root.names if is_automatic(name))
        files = (path for folder in folders for path in self._files.get(folder, ()))
        given = root.unit.files | self._search.hcl if root.unit is not None else ()  # of Terragrunt, of which any may be part of a unit
        is_open = self._has_var_files or not folders <= self._searched
        found = {True} if is_open else set(map(self._holds_text, (*values, *files, *given)))
        if False in found and found.isdisjoint((True, _FETCHES)) and not given and not self._may_compose(root, folders):
            found.discard(False)

        def runs(module: Module) -> bool | None:
            code = (posixpath.join(module.path, name) for name in module.names if kind_of(name) is TERRAFORM)
            unseen = any(path in self._search.symlinks or not self._search.has_searched(path) for path in code)
            return True if unseen or True in found else None if found.isdisjoint((False, _FETCHES)) else False

        return runs

    def _may_compose(self, root: Module, folders: set[str]) -> bool:
        from posturio_iac.frontends.terraform.modules.values_given import files_of_values

        search = self._search
        places = (os.path.normpath(search.prefix + folder) for folder in folders)
        paths = [os.path.join(place, name) for place in places for name in search.fence.names(place) if name.endswith((*CODE, *VALUES))]
        paths += (os.path.normpath(search.prefix + path) for path in files_of_values(root, search.root, search.fence))
        return has_maker(search.root, search.fence) or any(map(self._has_part, paths))

    def _says(self, path: str) -> bool | str | None:
        """True if a file holds or names a program that makes keys, or pieces of one; False if it only runs one that is put together."""
        place, fence, kept = self._search.prefix + path, self._search.fence, self._search.texts.get(path)
        data = spelled_out((content(place, self._search.max_file_size, fence) or b"") if kept is None else kept)
        names = names_program(data, TERRAFORM, place, fence)
        others = data.replace(b'_object"', b"")  # an object is a program by itself
        named = names and (others == data or names_program(others, TERRAFORM, place, fence))
        data = data if b"<<" in data else data.replace(b'resource "aws_iam_access_key"', b"")  # its own, and no text
        holds = STATED in data or named or runs_program(data, TERRAFORM, computed=False)
        fetches = _FETCHES if fetched(data.decode("utf-8", "replace")) else None
        return holds or fetches or (False if names or runs_program(data, TERRAFORM) else None)
