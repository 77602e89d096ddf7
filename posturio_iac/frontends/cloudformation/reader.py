"""From the selected files to the keys that their templates declare."""

from __future__ import annotations

import gc
import os

from posturio_iac.core.budget import BudgetError
from posturio_iac.core.closure import closure
from posturio_iac.core.finding import Diagnostic, Level, too_costly
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import UNRESOLVED, conflict_line, markup, spelled_out
from posturio_iac.core.text.json_nodes import Lines
from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.core.unknown import SET_PER_DEPLOYMENT, Attr
from posturio_iac.frontends import Reading, ReadRequest
from posturio_iac.frontends.cloudformation.build import Builder
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator
from posturio_iac.frontends.cloudformation.evaluation.stack import FixedParameter, Stack, StackScope
from posturio_iac.frontends.cloudformation.files import Files, load_parameters, parents_of
from posturio_iac.frontends.cloudformation.keys.assembly import Reader, compared, makes_or_owns_keys
from posturio_iac.frontends.cloudformation.keys.users import TemplateUsers, read_pairs
from posturio_iac.frontends.cloudformation.serverless import Gatherer, is_serverless
from posturio_iac.frontends.cloudformation.syntax import template as syntax
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.search.kinds import TEMPLATE, kind_of, names_file, puts_together, runs_program
from posturio_iac.search.programs import make_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from posturio_iac.core.place import Span
    from posturio_iac.facts.shared_code import KeyOfUser
    from posturio_iac.search import Selection


def read(selection: Selection, request: ReadRequest) -> Reading:
    """The keys that templates declare, and what could not be read. Raises `UsageError` when a file of parameters cannot be read."""
    collecting = gc.isenabled()
    gc.disable()  # garbage collections while many lasting nodes are built would cost as much again and free nothing
    try:
        return _read(selection, request)
    finally:
        if collecting:
            gc.enable()


def _read(selection: Selection, request: ReadRequest) -> Reading:
    problems: list[Diagnostic] = []
    given, tags = load_parameters(request.config.parameters)
    files = Files(selection, request.config.max_file_size)
    scan = _Scan(files, request, problems)
    paths = [path for path in selection.templates if scan.can_matter(path)]
    quiet = {path for path in paths if path not in scan.naming}
    if not paths:
        return Reading((), tuple(problems))
    builder = Builder(files, scan.types, problems, request.budget)
    stacks: list[Stack] = []
    of_programs: list[tuple[str, list[KeyOfUser], list[Diagnostic]]] = []
    above = parents_of(paths, files)
    for path, parent in (*((path, True) for path in above), *((path, False) for path in paths)):
        try:
            for template in scan.templates(path, parent=parent):
                values = _overridden(template, files, problems)
                values |= {e.name: FixedParameter(given[e.name]) for e in template.section("Parameters") if e.name in given}
                own = read_pairs(template.stack_tags, Evaluator([]), StackScope(Stack(template), template.source))
                stack = builder.stack(template, values, (*tags, *own))
                if makes_or_owns_keys(stack, request.custom_types):
                    stacks.append(stack)
                else:
                    of_programs.append((path, *_made((stack,), files, request)))
        except BudgetError as error:
            problems.append(too_costly(f"the template {path}", error, path))
        files.forget(path)
    outer = _outermost((*above, *paths), files) | files.deployed
    found, said = _made([stack for stack in stacks if stack.template.source.path in outer], files, request)
    for path, made, complaints in of_programs:
        if path in outer:
            found += made
            problems += complaints
    problems += said
    keys = compared(found, problems)
    quiet -= {key.span.path for key in keys if key.span is not None}
    if told := selection.embedded:
        keys = tuple(key for key in keys if key.address not in told.get(key.scope, ()))
    loud = dict.fromkeys(p for p in problems if p.path not in quiet or p.level is Level.NOTE)  # it makes no key, whatever else is wrong
    return Reading(tuple(sorted(keys, key=lambda k: (k.span is not None and k.span, k.address))), tuple(loud))


_GIVEN = lazy_pattern(r"(?<!\w)(\w{1,255})=(?=[\\\"']{0,9}([^\s\"'\\,\]]{0,99}))")  # a parameter and its value


def _overridden(template: syntax.Template, files: Files, problems: list[Diagnostic]) -> dict[str, FixedParameter]:
    parameters = template.section("Parameters")
    defaults = {e.name: str(default.value) if (default := e.get("Default")) is not None else "" for e in parameters}
    given: list[tuple[str, str | None]] = []
    for path, said, wrong in files.settings(template.source.path) if parameters else ():
        given += _GIVEN.findall(said.replace("ParameterKey=", "").replace(",ParameterValue=", "="))
        if wrong:
            given += ((name, None) for name in defaults)
            text = f"{wrong}, so the parameters that it may set are open; mend it, or delete it if `sam deploy` does not use it"
            problems.append(Diagnostic(Level.ERROR, text, path))
    return {n: FixedParameter(SET_PER_DEPLOYMENT(f"the parameter {n}")) for n, value in given if value != defaults.get(n, value)}


def read_embedded(
    text: str, place: Span, parameters: Mapping[str, Attr[str]], tags: Sequence[tuple[str, str]], selection: Selection, request: ReadRequest
) -> Reading:
    """The keys of a template in other code, at ``place``, whose stack has ``tags``; an empty name stands for all other ``parameters``."""
    types = (syntax.KEY_TYPE, *request.custom_types)
    parsed = syntax.parse(TemplateSource(place.path, text, within=(-1, place)))
    at = (place.path, place.line, place.column)
    problems = [Diagnostic(Level.ERROR, f"the template in this text cannot be read: {one.message}", *at) for one in parsed.problems]
    files = Files(selection, request.config.max_file_size)
    builder = Builder(files, types, problems, request.budget)

    def given(template: syntax.Template) -> dict[str, FixedParameter]:
        values = ((e.name, parameters.get(e.name, parameters.get(""))) for e in template.section("Parameters"))
        return {name: FixedParameter(value) for name, value in values if value is not None}

    templates = (template for root in parsed.roots if (template := syntax.plain(root, parsed.source, types)) is not None)
    found, said = _made([builder.stack(template, given(template), tuple(tags)) for template in templates], files, request)
    keys = compared(found, said)
    for path in selection.drawn.get(text, ()):
        selection.embedded.setdefault(path, set()).update(key.address for key in keys)
    return Reading(keys, tuple(dict.fromkeys((*problems, *said))))


def _made(roots: Sequence[Stack], files: Files, request: ReadRequest) -> tuple[list[KeyOfUser], list[Diagnostic]]:
    ev = Evaluator([])
    return list(Reader(request, TemplateUsers(roots, ev), ev, files).keys(roots)), ev.problems


class _Scan:
    def __init__(self, files: Files, request: ReadRequest, problems: list[Diagnostic]) -> None:
        self.files = files
        self.problems = problems
        self.types = (syntax.KEY_TYPE, *request.custom_types)
        self.budget = request.budget
        self.naming: set[str] = set()
        """The files that name a type which makes keys, or the call that makes one."""

    def can_matter(self, path: str) -> bool:
        """True if a file names a type that makes keys, or may put one together."""
        try:
            text = self.files.text(path)
        except UnreadableError as error:
            self._error(str(error), path)
            return False
        if syntax.is_other_json(text, self.types):
            return False
        data = spelled_out(text.encode("utf-8", "replace"))
        if any(name.encode() in data for name in self.types) or make_keys(data.decode("utf-8", "replace")):
            self.naming.add(path)
            return True
        folder = self.files.folder_of(path)  # JSON was perhaps selected as a plan, other files by the signs of templates alone
        return kind_of(path) is TEMPLATE or runs_program(data, TEMPLATE) or puts_together(data, folder) or names_file(data, TEMPLATE)

    def templates(self, path: str, *, parent: bool) -> Iterator[syntax.Template]:
        """Yield the templates in a file. A ``parent`` is read only for the files that it may include, so its own problems do not matter."""
        try:
            parsed = self.files.parsed(path)
        except UnreadableError as error:
            self._error(str(error), path)
            return
        if not parent:
            self._unparsed(parsed)
        for root, duplicates in zip(parsed.roots, parsed.duplicates, strict=True):
            if is_serverless(root):
                served = replace(parsed.source, serverless=True)
                try:
                    template: syntax.Template | None = Gatherer(served, self.files, self.problems, self.budget()).template(root)
                except BudgetError as error:
                    self.problems.append(too_costly(f"the template {path}", error, path))
                    continue
            else:
                template = syntax.plain(root, parsed.source, self.types)
            if template is None:
                if not parent and syntax.is_heat(root):
                    said = "this is an OpenStack Heat template: its access keys are not AWS keys and were not checked"
                    self.problems.append(Diagnostic(Level.NOTE, said, path, 1, 1))
                continue
            if not parent:
                repeated = syntax.by_place(duplicates, root, parsed.source)
                for problem in (*template.problems, *syntax.duplicate_problems(repeated.get(False, ()))):
                    self._error(problem.message, path, problem.line, problem.column)
                self.problems += (
                    Diagnostic(Level.WARNING, said, path, line, column)
                    for said, line, column in syntax.duplicate_problems(repeated.get(True, ()))
                )
                self._typeless(template)
            yield template

    def _unparsed(self, parsed: syntax.ParsedFile) -> None:
        """Report documents that cannot be parsed, unless none of them declares a key, or a program that makes one."""
        text = parsed.source.text
        count = (syntax.count_textually(text, self.types) or int("AWS::" in text and make_keys(text))) if parsed.problems else 0
        if not count:
            return
        keys = "an access key" if count == 1 else f"{count} access keys"
        source, first = parsed.source, parsed.problems[0]
        unchecked = f"{keys} in it may not have been checked"
        at = markup(source.text)
        if (conflict := conflict_line(source.text)) is not None:
            self._error(f"{UNRESOLVED}; {unchecked}", source.path, conflict, 1)
        elif at is not None and _is_in_chart(self.files.root, source.path):
            message = f"this Helm chart file is not rendered yet, so {keys} in it cannot be checked"
            self.problems.append(Diagnostic(Level.WARNING, message, source.path, *Lines(source.text).place(at)))
        elif at is not None:
            message = f"this file is a template that is not rendered yet, so {keys} in it cannot be checked"
            message += "; scan the rendered file, or exclude this one"
            self._error(message, source.path, *Lines(source.text).place(at))
        else:
            self._error(f"not valid {source.language}: {first.message}; {unchecked}", source.path, first.line, first.column)

    def _typeless(self, template: syntax.Template) -> None:
        for entry in template.section("Resources"):
            if entry.get("Type") is None and not entry.name.startswith("Fn::") and template.complete:
                line, column = entry.key.lines.place(entry.key.start)
                self._error(f"the resource {entry.name} has no Type", entry.source.path, line, column)

    def _error(self, message: str, path: str, line: int | None = None, column: int | None = None) -> None:
        self.problems.append(Diagnostic(Level.ERROR, message, path, line, column))


def _is_in_chart(root: str, path: str) -> bool:
    parts = path.split("/")[:-1]
    charts = (os.path.join(root, *parts[:depth]) for depth, name in enumerate(parts) if name == "templates")
    return any(os.path.isfile(os.path.join(chart, "Chart.yaml")) for chart in charts)


def _outermost(paths: Iterable[str], files: Files) -> frozenset[str]:
    """The templates that no other one includes; of those that include each other, the first."""
    reach = {path: closure((path,), files.used) for path in paths if path in files.used}
    above: dict[str, list[str]] = {}
    for path, below in reach.items():
        for other in below - {path}:
            above.setdefault(other, []).append(path)
    return frozenset(p for p in paths if all(other in reach.get(p, ()) and p < other for other in above.get(p, ())))
