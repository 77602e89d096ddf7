"""From a template to the stack that it makes, nested stacks included."""

from __future__ import annotations

import posixpath

from posturio_iac.core.budget import Budget, BudgetError
from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level, too_costly
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.textfile import OutsideError, UnreadableError
from posturio_iac.core.unknown import SET_PER_DEPLOYMENT
from posturio_iac.frontends.cloudformation.evaluation.conditions import conditions_of, possible
from posturio_iac.frontends.cloudformation.evaluation.functions import expand
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator, sub_parts
from posturio_iac.frontends.cloudformation.evaluation.stack import FixedParameter, Stack, StackScope
from posturio_iac.frontends.cloudformation.keys.users import read_pairs
from posturio_iac.frontends.cloudformation.syntax.template import NESTING, Template, TemplateEntry, embedded, entries, plain, written
from posturio_iac.search.kinds import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeGuard

    from posturio_iac.frontends.cloudformation.files import Files
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource

MAX_NESTING = 20  # how deep stacks may nest

_STEPS_A_MEMBER = 4
_ASSET = "aws:asset:path"
_REMOTE = ("://", "arn:")
_TRANSFORM, _INCLUDE = "Fn::Transform", "AWS::Include"
_RUN = ("UserData", "ZipFile", "DefinitionString", "Content")  # properties whose text is a program
_TRANSFORMS = ("::Transform", "!Transform", "\\")  # how the text of a template writes one that is no part of the whole
_PRODUCTS = dict.fromkeys(
    (f"AWS::ServiceCatalog::CloudFormation{kind}" for kind in ("Product", "ProvisionedProduct")), ("ProductName", "ProductId", "Name")
)
_MODULE = "::MODULE"
_OPEN = "a template that the code does not fix"
_GAP = "\0"


class Builder:
    """Builds stacks from the files of one scan."""

    def __init__(self, files: Files, types: tuple[str, ...], problems: list[Diagnostic], budget: Callable[[], Budget]) -> None:
        self._transforming: dict[TemplateSource, bool] = {}
        self._templates: dict[str, Template | None] = {}
        self.budget = budget
        self.files = files
        self.types = types
        self.problems = problems

    def stack(self, template: Template, given: dict[str, FixedParameter], tags: tuple[tuple[str, str], ...] = ()) -> Stack:
        """The stack of a template that stands by itself, with all that it nests."""
        stack = Stack(template, given=given, tags=tags, budget=self.budget())
        self._transforming.clear()
        self._templates.clear()
        try:
            self._fill(stack, (template.source.path,))
        except BudgetError as error:
            self.problems.append(too_costly(f"the template {template.source.path}", error, template.source.path))
        return stack

    def _fill(self, stack: Stack, chain: tuple[str, ...]) -> None:
        ev, template = Evaluator(self.problems), stack.template
        scope = StackScope(stack, template.source)
        stack.parameters.update({e.name: e for e in template.section("Parameters")})
        stack.mappings.update({e.name: e for e in template.section("Mappings")})
        added = self._transformed(template, ev, scope)
        for name, target in (("Conditions", stack.conditions), ("Resources", stack.resources), ("Outputs", stack.outputs)):
            members = [one for entry in template.section(name) for one in self._members(entry, ev, scope)] + added.get(name, [])
            stack.budget.spend(_STEPS_A_MEMBER * len(members))
            target.update(expand(members, ev, scope))
        for entry in (entry for kind in NESTING for entry in stack.of_type(kind)):
            self._nest(stack, entry, ev, chain)
        for entry in stack.resources.values():
            if entry.type.endswith(_MODULE):
                self._unfollowed(stack.address(entry), entry.type, entry.source.path)
            elif (names := _PRODUCTS.get(entry.type)) is not None:
                given = _within(entry.body, "LoadTemplateFromURL") or next(filter(None, map(entry.prop, names)), None)
                self._unfollowed(stack.address(entry), _shown(given), entry.source.path)
            elif _is_open(entry):
                included = _within(entry.body, "Location") if entry.get(_TRANSFORM) is not None else None
                said = "a type that the code does not fix" if included is None else _shown(included)
                self._unfollowed(stack.address(entry), said, entry.source.path)
        for entry in template.section("Modules"):
            if not _is_local(source := _shown(entry.get("Source"))) or kind_of(source) is None:
                self._unfollowed(f"Modules.{entry.name}", source, entry.source.path)

    def _unfollowed(self, address: str, what: str, path: str) -> None:
        self.problems.append(Diagnostic(Level.NOTE, f"{address}: {what}", path, about=CALLS_NOT_FOLLOWED))

    def _transformed(self, template: Template, ev: Evaluator, scope: StackScope) -> dict[str, list[TemplateEntry]]:
        added: dict[str, list[TemplateEntry]] = {}
        for one in template.transforms:
            for node in _each(one):
                for root, source in self._included(node, "Transform", ev, scope):
                    for name, section in root.members:
                        added.setdefault(str(name.value), []).extend(entries(section, source))
        return added

    def _members(self, entry: TemplateEntry, ev: Evaluator, scope: StackScope) -> Iterator[TemplateEntry]:
        if entry.name != _TRANSFORM:
            if entry.source not in self._transforming:
                text = entry.source.text
                self._transforming[entry.source] = _TRANSFORM[4:] in text and any(sign in text for sign in _TRANSFORMS)
            if self._transforming[entry.source]:
                run = {id(part) for held in entry.body.walk() for key, value in held.members if key.value in _RUN for part in value.walk()}
                held = (value for held in entry.body.walk() for key, value in held.members if key.value == _TRANSFORM)
                for node in (one for value in held for one in _each(value)):
                    if _shown(node.get("Name")) != _INCLUDE or id(node) in run:  # which else adds properties alone
                        tuple(self._included(node, entry.name, ev, scope))
            yield entry
            return
        for root, source in self._included(entry.body, entry.name, ev, scope):
            yield from entries(root, source)

    def _included(self, node: Node, where: str, ev: Evaluator, scope: StackScope) -> Iterator[tuple[Node, TemplateSource]]:
        parameters = node.get("Parameters")
        macro = _shown(node.get("Name") if isinstance(node.value, Object) else node)
        location = parameters.get("Location") if parameters is not None else None
        path = ev.value(location, scope) if location is not None else None
        if macro != _INCLUDE or location is None:
            if not macro.startswith("AWS::"):
                self._unfollowed(f"{scope.stack.prefix}{where}", macro if macro == _OPEN else f"the macro {macro}", scope.source.path)
            return
        file = ""
        try:
            file = self.files.locate(path, posixpath.dirname(scope.source.path)) if _is_local(path) else ""
            parsed = self.files.parsed(file) if file and self.files.exists(file) else None
        except UnreadableError:
            parsed = None
        if parsed is None or not parsed.roots:
            self._unfollowed(f"{scope.stack.prefix}{where}", _shown(location), scope.source.path)
            return
        self.files.used[scope.source.path].add(file)
        yield from ((root, parsed.source) for root in parsed.roots)

    def _nest(self, parent: Stack, entry: TemplateEntry, ev: Evaluator, chain: tuple[str, ...]) -> None:
        said = len(self.problems)
        found = self._inline(parent, entry, ev) or self._file(parent, entry, ev)
        if found is None:
            if said == len(self.problems):
                nodes = map(entry.prop, (*NESTING[entry.type], "TemplateBody"))
                self._unfollowed(parent.address(entry), _shown(next(filter(None, nodes), None)), entry.source.path)
            return
        template, step = found
        if step in chain or len(chain) > MAX_NESTING:
            why = "nests itself" if step in chain else f"is nested deeper than {MAX_NESTING} stacks"
            ev.report(f"the stack {entry.name} {why}, and was not followed", entry.key, parent.scope(entry))
            return
        tags = (*parent.tags, *read_pairs(entry.prop("Tags"), ev, parent.scope(entry)))
        parent.budget.add_instance(entry.source.span(entry.key))
        child = Stack(template, f"{parent.address(entry)}/", dict(self._given(parent, entry)), parent, entry, tags, budget=parent.budget)
        parent.children[entry.name] = child
        self._fill(child, (*chain, step))

    def _given(self, parent: Stack, entry: TemplateEntry) -> Iterator[tuple[str, FixedParameter]]:
        scope, node = parent.scope(entry), entry.prop("Parameters")
        match node.value if node is not None else None:
            case Object() as members:
                yield from ((str(key.value), FixedParameter(node=value, scope=scope)) for key, value in members)
            case Array() as items:
                for item in items:
                    name, given = item.get("ParameterKey"), item.get("ParameterValue")
                    if name is not None and given is not None:
                        yield str(name.value), FixedParameter(node=given, scope=scope)
        for held in groups.walk() if (groups := entry.prop("StackInstancesGroup")) is not None else ():
            if (name := held.get("ParameterKey")) is not None:
                yield str(name.value), FixedParameter(SET_PER_DEPLOYMENT(f"the parameter {name.value}"))

    def _inline(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> tuple[Template, str] | None:
        body = entry.prop("TemplateBody")
        if body is None:
            return None
        text = ev.value(body, parent.scope(entry)) if isinstance(body.value, Object) else None
        parsed = embedded(body._replace(value=text), entry.source) if isinstance(text, str) else embedded(body, entry.source)
        if parsed is None:
            return None
        parent.budget.spend(len(parsed.source.text) // 4)
        for problem in parsed.problems:
            message = f"the template in this text cannot be read: {problem.message}"
            self.problems.append(Diagnostic(Level.ERROR, message, parsed.source.path, *body.lines.place(body.start)))
        templates = [t for root in parsed.roots if (t := plain(root, parsed.source, self.types)) is not None]
        return (templates[0], f"{entry.source.path}#{parent.address(entry)}") if templates else None

    def _file(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> tuple[Template, str] | None:
        name = self._location(parent, entry, ev)
        if name is None:
            return None
        try:
            path = self.files.locate(name, posixpath.dirname(entry.source.path))
            if not self.files.exists(path):
                return None
            parsed = self.files.parsed(path)
        except OutsideError:
            return None  # and is named as one that was not followed
        except UnreadableError as error:
            message = f"the template {name} of {entry.name} {error}"
            self.problems.append(Diagnostic(Level.WARNING, message, entry.source.path, *entry.key.lines.place(entry.key.start)))
            return None
        if path not in self._templates:
            found = (template for root in parsed.roots if (template := plain(root, parsed.source, self.types)) is not None)
            self._templates[path] = next(found, None)
        if (template := self._templates[path]) is None:
            return None
        if possible(conditions_of(entry, parent)):
            self.files.used[parent.template.source.path].add(path)
        return template, path

    def _location(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> str | None:
        """The local file that a resource names, or that the end of its URL names; None when there is none."""
        metadata = entry.get("Metadata")
        asset = metadata.get(_ASSET) if metadata is not None else None
        node = next((n for n in (asset, *map(entry.prop, NESTING[entry.type])) if n is not None), None)
        value = ev.value(node, parent.scope(entry)) if node is not None else None
        if _is_local(value):
            return str(value)
        url = value if isinstance(value, str) else _literal_end(node) if node is not None else ""
        return self._uploaded(url, posixpath.dirname(entry.source.path))

    def _uploaded(self, url: str, directory: str) -> str | None:
        """The file here that the end of a URL names, since folders are uploaded as they are: beside the template or somewhere above."""
        rest = url.partition("?")[0].rpartition("://")
        parts = [part for part in rest[2].split("/")[1 if rest[1] else 0 :] if part]
        if not parts or "." not in parts[-1] or ".." in parts:
            return None
        above = [directory]
        while above[-1]:
            above.append(posixpath.dirname(above[-1]))
        for first in range(len(parts)):
            name = "/".join(parts[first:])
            for folder in above if "/" in name else above[:1]:
                if self.files.exists(posixpath.join(folder, name)):
                    return posixpath.relpath(posixpath.join(folder, name), directory or ".")
        return None


def _is_open(entry: TemplateEntry) -> bool:
    """True if a resource takes its type from a function, or from what such puts in its place."""
    if entry.type:
        return "${" in entry.type and not entry.source.serverless
    return entry.get("Type") is not None or any(str(key.value).startswith("Fn::") for key, _ in entry.body.members)


def _is_local(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and not any(mark in value for mark in _REMOTE) and not value.startswith(("/", "$"))


def _each(node: Node) -> Sequence[Node]:
    return node.elements if isinstance(node.value, Array) else (node,)


def _shown(node: Node | None) -> str:
    return (written(node.get("ApplicationId") or node) if node is not None else None) or _OPEN


def _within(node: Node, name: str) -> Node | None:
    return next((found for held in node.walk() if (found := held.get(name)) is not None), None)


def _literal_end(node: Node) -> str:
    text = written(node, lambda held: None if held.function[0] in ("Fn::Sub", "Fn::Join") else _GAP) or ""
    return sub_parts(text.rpartition(_GAP)[2])[-1][0] if text and not text.endswith(_GAP) else ""
