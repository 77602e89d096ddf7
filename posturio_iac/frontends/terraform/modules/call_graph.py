"""The call graph of modules that hold keys or lead to some, by the text of the code and by Terragrunt units."""

from __future__ import annotations

import os
import posixpath

from posturio_iac.core.budget import Budget
from posturio_iac.core.closure import CallGraph, closure
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import Span, Unknown
from posturio_iac.core.text.textfile import Fence
from posturio_iac.core.unknown import GENERATES
from posturio_iac.frontends.terraform.known_modules.module_source import local_folder
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.modules.published import is_example
from posturio_iac.search import Selection, is_initialised
from posturio_iac.search.kinds import CODE, TERRAFORM, VALUES, names_file, runs_program
from posturio_iac.search.module_calls import call_blocks, explore, local_calls, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from posturio_iac.frontends import ReadRequest
    from posturio_iac.frontends.terraform.known_modules.lookup import KnownModules, Match
    from posturio_iac.frontends.terraform.known_modules.table import KnownKey
    from posturio_iac.frontends.terraform.modules.component_stacks import ComponentStack
    from posturio_iac.frontends.terraform.modules.tree import ModuleTree
    from posturio_iac.frontends.terraform.terragrunt.unit import GeneratedFile
    from posturio_iac.frontends.terraform.terragrunt.units import AppliedUnit
    from posturio_iac.search.hcl_scanner import ScannedBlock

    ModuleCaller = AppliedUnit | ComponentStack


def without_keys(selection: Selection, request: ReadRequest) -> set[str]:
    """The folders of selected files that make no key, whatever the other inputs of the calls are.

    A folder with an override file is none, since that may set another version, nor is one below an initialised root module, which fixes it.
    """
    search, search_terms = selection.search, selection.search.search_terms
    idle: dict[str, bool] = {}
    known: KnownModules | None = None
    for path in selection.terraform if search_terms.modules else ():
        folder = posixpath.dirname(path)
        if not idle.get(folder, True):
            continue
        idle[folder] = False
        if path in search.computing or not any(map(search_terms.holds_known_module, search.elsewhere.get(path, ()))):
            continue
        if known is None:
            from posturio_iac.frontends.terraform.known_modules.lookup import load

            known = load(request.config.known_modules)
        data = text(selection, path)
        calls = [
            block for block in call_blocks(selection, path, data) if any(map(search_terms.holds_known_module, block.expressions("source")))
        ]
        if calls and all(_is_idle(block, known) for block in calls):
            idle[folder] = not (search_terms.make_keys(data, TERRAFORM) or names_file(data, TERRAFORM))
    names, at = search.fence.names, selection.root
    found = {folder for folder, is_idle in idle.items() if is_idle}
    found -= {one for one in found if any(name.partition(".")[0].endswith("override") for name in names(os.path.join(at, one)))}
    graph = graph_of(local_calls(selection))
    return {folder for folder in found if not any(is_initialised(os.path.join(selection.root, top)) for top in graph.above(folder))}


def _is_idle(block: ScannedBlock, known: KnownModules) -> bool:
    from posturio_iac.frontends.terraform.known_modules.lookup import Match

    sources, versions = block.literals("source"), block.literals("version")
    if len(sources) != 1 or len(versions) != len(block.expressions("version")) or len(versions) > 1:
        return False
    match = known.match(sources[0], *versions)
    if not isinstance(match, Match) or match.decided is None:
        return False
    return all(_is_switched_off(key, block) for key in match.decided.keys)


def _is_switched_off(key: KnownKey, block: ScannedBlock) -> bool:
    given = (block.expressions(choice.paths[0]) for choice in key.enabled_by if choice.paths)
    return any([text.partition(b"#")[0].partition(b"//")[0].strip() for text in found] == [b"false"] for found in given)


def units_of(
    selection: Selection, max_file_size: int, budget: Callable[[], Budget] = Budget
) -> tuple[dict[str, ModuleCaller], list[Diagnostic]]:
    """The units and stacks that call modules, by their files, and diagnostics about them."""
    problems: list[Diagnostic] = []
    if not selection.search.hcl or not selection.terraform:
        return {}, problems
    paths = tuple(sorted(selection.search.hcl))

    def read(path: str) -> bytes | Diagnostic:
        return files.read(selection.root, path, max_file_size, selection.search.fence)

    found: dict[str, ModuleCaller] = {}
    if any(".tfcomponent." in path or ".tfstack." in path for path in paths):
        from posturio_iac.frontends.terraform.modules.component_stacks import stacks_in

        found.update((stack.node, stack) for stack in stacks_in(paths, read))
    if not any(posixpath.basename(path).startswith("terragrunt.") for path in paths):
        return found, problems
    from posturio_iac.frontends.terraform.terragrunt.documents import Documents
    from posturio_iac.frontends.terraform.terragrunt.units import Units

    # Functions may name any file, so those of a repository stay inside of it, wherever the scan was started.
    fence = Fence(selection.repository) if selection.repository is not None else selection.search.fence
    fence.run = selection.search.fence.run
    documents = Documents(selection.root, selection.repository, fence, read)
    return {**found, **Units(documents, paths, budget, problems.append).all()}, problems


def unread_call(caller: str, source: str, known: str, span: Span | None) -> Diagnostic:
    """The note on a call of a module that has the name of a known one and whose code is not here."""
    text = f"{caller} uses {source}, whose code is not here; it has the name of {known}, which creates access keys"
    return Diagnostic(Level.NOTE, text, *((span.path, span.line, span.column) if span is not None else (caller,)))


def unread_units(units: Mapping[str, ModuleCaller], known_name: Callable[[str], str | None]) -> Iterator[Diagnostic]:
    """Yield a note on each unit that may apply a module with keys, which cannot be read."""
    for unit in units.values():
        yield from unit.unread()
        for source, _ in unit.called():
            name = known_name(source)
            if name is not None:
                yield unread_call(unit.shown, source, name, None)


def misspelt_input(match: Match, name: str, meant: str, span: Span) -> Diagnostic:
    """The warning about an input that a known module does not have."""
    module = " ".join(filter(None, (match.module.name, match.version)))
    text = f'{module} has no input "{name}"; did you mean "{meant}"?'
    return Diagnostic(Level.WARNING, text, span.path, span.line, span.column)


def calls_that_matter(program: ModuleTree) -> dict[str, set[str]]:
    """The folders with candidates, and the folders and units that lead to them, each with the folders it calls."""
    selection, request, units = program.selection, program.request, program.units
    wanted = {posixpath.dirname(path) for path in selection.terraform if path.endswith(CODE)}
    idle = without_keys(selection, request)
    wanted -= idle
    making = _making(units, selection)
    wanted |= _calling_known(units, request) | set(making)
    found = set(local_calls(selection))
    found |= {(node, target) for node, targets in making.items() for target in targets}
    applied = ((node, folder) for node, unit in units.items() for folder in unit.folders())
    found |= {*applied, *_copied(units, selection), *_computed_calls(program), *program.own.calls()}
    # Modules that the search does not enter are read here: submodules, ignored modules, modules above the root.
    elsewhere = {target for _, target in found} - wanted - {"."}
    apart = selection.apart if elsewhere else None
    holding, edges = explore(selection, elsewhere, idle | apart() if apart else idle)
    wanted |= holding
    graph = graph_of(found | edges)
    wanted = graph.all_above(wanted) - {real for real in map(program.behind_link, elsewhere) if real not in graph.callers}
    nothing: set[str] = set()  # one for all that call nothing: each would take 216 bytes
    return {folder: graph.calls[folder] & wanted if folder in graph.calls else nothing for folder in wanted}


def _computed_calls(program: ModuleTree) -> Iterator[tuple[str, str]]:
    for folder in sorted({posixpath.dirname(path) for path in program.selection.search.computing}):
        instance = program.root_module(folder)
        for block in instance.folder.calls.values():
            source = program.source_of(block, instance)
            if source is not None and (target := local_folder(folder, source)) is not None:
                yield folder, target
    program.diagnostics.clear()  # those of a folder are reported where its keys are read


def roots_of(folders: dict[str, set[str]]) -> list[str]:
    """The folders that no other one calls; of modules that only call each other, the first."""
    called = {target for folder, targets in folders.items() for target in targets if target != folder}
    roots = sorted(set(folders) - called)
    reached = closure(roots, folders)
    for folder in sorted(folders):
        if folder not in reached:
            roots.append(folder)
            reached |= closure([folder], folders)
    return roots


def _applied_units(units: Mapping[str, ModuleCaller]) -> dict[str, AppliedUnit]:
    from posturio_iac.frontends.terraform.modules.component_stacks import ComponentStack

    return {node: unit for node, unit in units.items() if not isinstance(unit, ComponentStack)}


def _copied(units: Mapping[str, ModuleCaller], selection: Selection) -> Iterator[tuple[str, str]]:
    """Yield the calls that lead to a folder only from where Terragrunt copies the module to."""
    if not units:
        return
    calls: dict[str, list[str]] = {}
    for path, found in selection.search.sources.items():
        calls.setdefault(posixpath.dirname(path), []).extend(target for _, target in found)
    for unit in _applied_units(units).values():
        pending = [unit.module] if unit.module is not None else []
        seen = set(pending)
        while pending:
            folder = pending.pop()
            for target in calls.get(folder, ()):
                there = unit.folder_of(folder, _way(selection.root, folder, target))
                if there is not None and there != target and not os.path.isdir(os.path.join(selection.root, target)):
                    yield folder, there
                if (following := there or target) not in seen:
                    seen.add(following)
                    pending.append(following)


_DEEP = "/_" * 64  # folders above the root, so that no ``..`` of a source is lost at the top of the disk


def _way(root: str, folder: str, target: str) -> str:
    top = f"{_DEEP}/{root}".replace(os.sep, "/")
    return posixpath.relpath(f"{top}/{target}", f"{top}/{folder}")


def _calling_known(units: Mapping[str, ModuleCaller], request: ReadRequest) -> set[str]:
    called = [(node, source, version) for node, unit in units.items() for source, version in unit.called()]
    if not called:
        return set()
    from posturio_iac.frontends.terraform.known_modules.lookup import Match, load

    known = load(request.config.known_modules)
    return {node for node, source, version in called if isinstance(known.match(source, version), Match)}


def _making(units: Mapping[str, ModuleCaller], selection: Selection) -> dict[str, set[str]]:
    generates, runs = False, set[str]()
    applied, searched = _applied_units(units) if units else {}, selection.search.hcl
    for path in {path for one in applied.values() for path in one.files - searched}.union(selection.terraform):
        if not path.endswith((*CODE, *VALUES)):
            data = text(selection, path)
            generates = generates or b"generate" in data
            runs |= {path} if runs_program(data, TERRAFORM) or names_file(data, TERRAFORM) else set()
    found: dict[str, set[str]] = {}
    for node, one in applied.items() if generates or runs else ():
        written = [file for file in one.unit.generated() if _matters(file)] if generates else []
        if not written and not (runs and (any(True for _ in one.unit.programs()) or runs & one.files)):
            continue
        calls = (source for file in written if not isinstance(file, Unknown) for _, source in file.calls())
        targets = (local_folder(one.module or one.folder, source) for source in calls)
        found[node] = {target for target in targets if target is not None}
    return found


def _matters(written: GeneratedFile | Unknown) -> bool:
    if isinstance(written, Unknown):
        return written.kind is GENERATES
    return any(block.type in ("resource", "data", "module") for block in written.blocks)


def graph_of(calls: Iterable[tuple[str, str]]) -> CallGraph:
    """Calls of local modules as a graph, in which the scan root has an empty name."""
    return CallGraph(("" if caller == "." else caller, "" if target == "." else target) for caller, target in calls)


def tops_above(folder: str, graph: CallGraph) -> set[str]:
    """The folders that lead to a module and that nothing calls; the module itself when it is only part of a circle."""
    return {path for path in graph.above(folder) if not graph.callers.get(path, set()) - {path}} or {folder}


def published_in(folders: dict[str, set[str]]) -> list[str]:
    callers = CallGraph((folder, target) for folder, targets in folders.items() for target in targets - {folder}).callers
    return sorted(target for target, found in callers.items() if all(is_example(caller, target) for caller in found))
