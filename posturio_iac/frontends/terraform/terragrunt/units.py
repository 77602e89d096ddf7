"""The units of one scan, and the folders of the modules that they apply."""

from __future__ import annotations

import posixpath

from posturio_iac.core.budget import Budget, BudgetError, free_last_part
from posturio_iac.core.closure import closure
from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level, too_costly
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.record import dataclass
from posturio_iac.core.unknown import NOT_IN_CODE
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.terragrunt.documents import Documents, UnitSource, as_copied, source_of
from posturio_iac.frontends.terraform.terragrunt.terragrunt_file import TerragruntFile, UnitContext
from posturio_iac.frontends.terraform.terragrunt.unit import UNIT_FILE, TerragruntUnit
from posturio_iac.search.file_search import PRUNED
from posturio_iac.search.kinds import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.frontends.terraform.values import Value

STACK_FILE = "terragrunt.stack.hcl"
_MAX_DEPTH = 10


class TerragruntStack:
    """One stack file, at the place where it is generated or stands."""

    def __init__(self, documents: Documents, path: str, budget: Callable[[], Budget], values: Value | None = None, depth: int = 0) -> None:
        self._documents, self._budget, self._depth = documents, budget, depth
        self.folder = posixpath.dirname(path)
        self._context = UnitContext(documents, budget(), self.folder, values)
        self._configuration = TerragruntFile(self._context, path)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return tuple(self._context.found.problems)

    @property
    def files(self) -> frozenset[str]:
        return frozenset(map(self._documents.shown, self._context.found.files))

    def units(self) -> Iterator[tuple[TerragruntUnit, frozenset[str], Span]]:
        """Yield the units that it generates, and those of the stacks in it, each with the files of the stacks and the block here."""
        for block in self._configuration.body.all("unit"):
            place = self._generated(block)
            if place is not None and self._documents.has_file(f"{place}/{UNIT_FILE}"):
                yield TerragruntUnit(self._documents, f"{place}/{UNIT_FILE}", self._budget, self._values(block)), self.files, block.header
        for block in self._configuration.body.all("stack"):
            place = self._generated(block) if self._depth < _MAX_DEPTH else None
            if place is not None and self._documents.has_file(f"{place}/{STACK_FILE}"):
                inner = TerragruntStack(self._documents, f"{place}/{STACK_FILE}", self._budget, self._values(block), self._depth + 1)
                self._context.found.problems.update(dict.fromkeys(inner.problems))
                yield from ((unit, files | self.files, block.header) for unit, files, _ in inner.units())

    def _values(self, block: hcl.Block) -> Value:
        expression = block.get("values")
        return {} if expression is None else self._configuration.value(expression)

    def _generated(self, block: hcl.Block) -> str | None:
        expression = block.get("source")
        source, path = self._configuration.value(expression), self._configuration.value(block.get("path"))
        found = source_of(source, self.folder, block.header) if isinstance(source, str) and isinstance(path, str) else None
        if found is None or not found.is_local or not self._documents.has_folder(found.module):
            why = next((one.reason for one in (source, path) if isinstance(one, Unknown)), source)
            if expression is not None and not (why is source and isinstance(expression, hcl.Literal)):  # which is named as it is written
                said = f"{block.type}.{'.'.join(block.labels)}: {why}"
                self._context.found.problems[Diagnostic(Level.NOTE, said, block.header.path, about=CALLS_NOT_FOLLOWED)] = None
            return None
        below = self.folder
        if self._configuration.value(block.get("no_dot_terragrunt_stack")) is not True:
            below = posixpath.join(below, ".terragrunt-stack")
        place = posixpath.normpath(posixpath.join(below, path))
        return place if self._documents.copy(self._documents.real(found.module), place) else None


MOST = 50_000


@dataclass(frozen=True, slots=True)
class AppliedUnit:
    """A unit and the module that it applies."""

    unit: TerragruntUnit
    folder: str  # the folder of the unit, relative to the scan root: the root of its keys
    module: str | None  # the folder of its module, relative to the scan root; None when its code is not here
    source: UnitSource | Unknown | None
    stack_files: frozenset[str]
    stack_place: Span | None  # the block of the stack file that generates it

    @property
    def node(self) -> str:
        return self.unit.node

    @property
    def files(self) -> frozenset[str]:
        return self.unit.files | self.stack_files

    @property
    def shown(self) -> str:
        return self.unit.shown

    @property
    def place(self) -> Span | None:
        """The source, or the block of the stack where the unit itself lies in a cache; the first block of a unit without a source."""
        if self.stack_place is not None and not PRUNED.isdisjoint(self.shown.split("/")):
            return self.stack_place
        first = next((block.header for block in self.unit.configuration.body.blocks), None)
        return self.source.span if isinstance(self.source, UnitSource) else first

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Its problems, when they hide the module that it applies."""
        if not isinstance(self.source, Unknown):
            return ()
        unknown = self.unit.unknown_functions
        text = f"{', '.join(f'{name}()' for name in unknown)} is not a known function, so it is not known what the unit applies"
        return (*self.unit.problems, *((Diagnostic(Level.ERROR, text, self.shown),) if unknown else ()))

    def unread(self) -> Iterator[Diagnostic]:
        if isinstance(self.source, Unknown) and not self.problems:
            yield Diagnostic(Level.NOTE, f"the unit applies a module that is not known: {self.source.reason}", self.shown)

    def own_folders(self) -> tuple[str, ...]:
        return tuple(self.folders())

    def called(self) -> Iterator[tuple[str, str | None]]:
        """Yield the source and the version of its module, when that is not here."""
        if isinstance(self.source, UnitSource) and not self.source.is_local:
            yield self.source.text, self.source.version

    def read_all(self) -> None:
        self.unit.read_all()

    def forget(self) -> None:
        self.unit.forget()

    def folders(self) -> Iterator[str]:
        """Yield the folders of the root module's code: that of the module, and that of the unit."""
        if self.module is not None:
            yield self.module
            documents = self.unit.documents
            beside = documents.shown(documents.real(self.unit.folder))
            if beside != self.module and documents.holds(self.unit.folder, CODE):
                yield beside

    @property
    def has_values(self) -> bool:
        return self.unit.documents.holds(self.unit.folder, (".tfvars", ".tfvars.json"))

    def folder_of(self, folder: str, source: str) -> str | None:
        """The folder that a local source in the code of the module means where Terragrunt copies it; None when it is not copied."""
        if not isinstance(self.source, UnitSource) or not self.source.is_local:
            return None
        documents = self.unit.documents
        here = posixpath.normpath(posixpath.join(documents.root, folder))
        if here != self.source.package and not here.startswith(f"{self.source.package}/"):
            return None
        there = as_copied(self.source.package, self.unit.folder, here, source)
        return documents.shown(there) if documents.has_folder(there) else None


class Units:
    """The units of one scan."""

    def __init__(
        self, documents: Documents, paths: tuple[str, ...], budget: Callable[[], Budget], report: Callable[[Diagnostic], None]
    ) -> None:
        self._documents, self._budget, self._report = documents, budget, report
        self._paths = paths

    def all(self) -> dict[str, AppliedUnit]:
        """The units by their files."""
        found: list[AppliedUnit] = []
        below: dict[str, set[str]] = {}
        for one in self._found():
            found.append(one)
            below[one.shown] = set(one.unit.included())
            one.forget()
            free_last_part()
        circular = {path for path in below if path in closure(below[path], below)}
        for problem in (problem for one in found if one.shown in circular for problem in one.unit.problems):
            self._report(problem)
        # An included file is part of others and not applied itself; of a circle all are reported and none is left out.
        parts = {path for included in below.values() for path in included} - circular
        return {one.node: one for one in found if one.shown not in parts}

    def _found(self) -> Iterator[AppliedUnit]:
        made: set[str] = set()
        for path in (path for path in self._paths if posixpath.basename(path) == STACK_FILE):
            stack = TerragruntStack(self._documents, posixpath.join(self._documents.root, path), self._budget)
            try:
                for unit, files, header in stack.units():
                    made.add(unit.shown)
                    yield from self._guarded(unit, files, header)
            except BudgetError as error:
                self._report(too_costly("the stack", error, path, "not all of its units were checked; split it"))
            for problem in stack.problems:
                self._report(problem)
            own = TerragruntUnit(self._documents, posixpath.join(self._documents.root, path), self._budget)
            if isinstance(data := self._documents.data(own.path), bytes) and b"run_cmd" in data:
                yield from self._guarded(own, frozenset())
        named = {path for path in self._paths if posixpath.basename(path) == UNIT_FILE}
        in_json = (path for path in self._paths if posixpath.basename(path) == f"{UNIT_FILE}.json")
        paths = sorted({*named, *(path for path in in_json if path.removesuffix(".json") not in named)})
        if len(paths) > MOST:
            text = f"this unit and {len(paths) - MOST - 1:,} more were not read, since there are more than {MOST:,}; scan a part at a time"
            self._report(Diagnostic(Level.ERROR, text, paths[MOST]))
        for path in paths[:MOST]:
            unit = TerragruntUnit(self._documents, posixpath.join(self._documents.root, path), self._budget)
            data = unit.documents.data(unit.path) if path in made else b""
            if isinstance(data, Diagnostic) or b"values." not in data:  # it is made for stacks
                yield from self._guarded(unit, frozenset())

    def _guarded(self, unit: TerragruntUnit, files: frozenset[str], header: Span | None = None) -> Iterator[AppliedUnit]:
        try:
            yield from self._applied(unit, files, header)
        except BudgetError as error:
            self._report(too_costly("the unit", error, unit.shown, "the module that it applies was not checked; simplify it"))
        except RecursionError:
            self._report(
                Diagnostic(Level.ERROR, "the unit is nested too deeply to read, so the module that it applies was not checked", unit.shown)
            )

    def _missing(self, source: UnitSource) -> bool:
        """Report that the folder of a module is missing; one outside of the repository, or one to fill in, is noted later."""
        is_ours = self._documents.has_repository and "{{" not in source.text and source.module.startswith(f"{self._documents.repository}/")
        if is_ours:
            text = f"the unit applies {source.text}, but that folder does not exist; correct its source"
            self._report(Diagnostic(Level.ERROR, text, source.span.path, source.span.line, source.span.column))
        return is_ours

    def _applied(self, unit: TerragruntUnit, files: frozenset[str], header: Span | None) -> Iterator[AppliedUnit]:
        documents = self._documents
        source = unit.source()
        module: str | None = None
        if isinstance(source, UnitSource) and source.is_local:
            if not documents.has_folder(source.module):
                if self._missing(source):
                    return
                source = NOT_IN_CODE(f"the folder {source.text}")
            else:
                module = documents.shown(documents.real(source.module))
        elif source is None:
            if not documents.holds(unit.folder, CODE) and not unit.acts():
                return
            module = documents.shown(documents.real(unit.folder))
        yield AppliedUnit(unit, documents.shown(unit.folder), module, source, files, header)
