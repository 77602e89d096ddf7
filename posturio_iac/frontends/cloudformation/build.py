"""From a template to the stack that it makes, nested stacks included."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from posturio_iac.core.budget import Budget, BudgetError
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.model import Unknown
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.frontends.cloudformation.evaluation.intrinsics import Evaluator, sub_parts
from posturio_iac.frontends.cloudformation.evaluation.stack import FixedParameter, Stack, StackScope
from posturio_iac.frontends.cloudformation.files import too_costly
from posturio_iac.frontends.cloudformation.keys.tags import read_pairs
from posturio_iac.frontends.cloudformation.syntax.embedded import embedded
from posturio_iac.frontends.cloudformation.syntax.nested_types import NESTING
from posturio_iac.frontends.cloudformation.syntax.template import TemplateEntry, plain
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posturio_iac.frontends.cloudformation.files import Files
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
    from posturio_iac.frontends.cloudformation.syntax.template import Template
    from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Problem

MAX_ENTRIES = 500
"""How many members one loop may make; CloudFormation allows no more resources in a template."""

_PREFIX = "Fn::ForEach::"
_OTHER = lazy_pattern(r"[^A-Za-z0-9]")


def expand(entries: Iterable[TemplateEntry], ev: Evaluator, scope: StackScope) -> dict[str, TemplateEntry]:
    """The members of a section by name, loops written out. Of repeated names the last one counts."""
    found: dict[str, TemplateEntry] = {}
    for entry in entries:
        if entry.name.startswith(_PREFIX):
            _loop(entry, ev, scope, found)
        else:
            found[entry.name] = entry
    return found


def _loop(entry: TemplateEntry, ev: Evaluator, scope: StackScope, found: dict[str, TemplateEntry]) -> None:
    """Add the members that one loop makes to ``found``."""
    match tuple(entry.body.value) if isinstance(entry.body.value, Array) else ():
        case (Node(value=str() as name), listed, Node(value=Object() as members)):
            values = _values(listed, ev, scope)
        case _:
            ev.report(f"{entry.name} takes a name, a list and a map", entry.key, scope)
            return
    if values is None:
        scope.stack.loops.add(name)
    before, size = len(found), sum(_size(body) for _, body in members)
    for value in values if values is not None else [None]:
        scope.stack.budget.spend(2 * size)
        for key, body in members:
            if len(found) - before >= MAX_ENTRIES:
                ev.report(f"{entry.name} creates more than {MAX_ENTRIES:,} members; the rest was not checked", entry.key, scope)
                return
            new_key, new_body = (key, body) if value is None else (substituted(key, name, value), substituted(body, name, value))
            member = TemplateEntry(str(new_key.value), new_key, new_body, entry.source, expanded=True)
            for made_name, made in expand((member,), ev, scope).items():
                if found.setdefault(made_name, made) is not made:
                    ev.report(f"{entry.name} repeats {made_name}; the first one counts", entry.key, scope)


def _values(node: Node, ev: Evaluator, scope: StackScope) -> tuple[str, ...] | None:
    """The items of the loop, or None when the template does not fix them."""
    value = ev.value(node, scope)
    if not isinstance(value, (tuple, Unknown)):
        ev.report("the list of Fn::ForEach is no list", node, scope)
        return None
    if isinstance(value, Unknown):
        return None
    texts = [ev.text(item) for item in value]
    fixed = ev.open().value(node, scope)
    if any(isinstance(t, Unknown) for t in texts) or (not texts and isinstance(fixed, Unknown)):
        return None
    return tuple(dict.fromkeys(str(t) for t in texts))


def _size(node: Node) -> int:
    """How many nodes a node consists of."""
    match node.value:
        case Object() as members:
            return 1 + sum(_size(key) + _size(value) for key, value in members)
        case Array() as items:
            return 1 + sum(map(_size, items))
        case _:
            return 1


def substituted(node: Node, name: str, value: str) -> Node:
    """Return ``node`` with ``value`` in place of ``${name}``, of ``&{name}`` (letters and digits alone) and of ``Ref`` to it."""
    match node.value:
        case Object() as members:
            if len(members) == 1 and members[0][0].value == "Ref" and members[0][1].value == name:
                return node._replace(value=value)
            return node._replace(value=Object((substituted(k, name, value), substituted(v, name, value)) for k, v in members))
        case Array() as items:
            return node._replace(value=Array(substituted(item, name, value) for item in items))
        case str() as text if "{" in text:
            changed = text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", _OTHER.sub("", value))
            return node if changed == text else node._replace(value=Plain(changed) if isinstance(text, Plain) else changed)
        case _:
            return node


MAX_NESTING = 20
"""How deep stacks may nest."""

_ASSET = "aws:asset:path"
_REMOTE = ("://", "arn:")
_ENDINGS = (".yaml", ".yml", ".json", ".template", ".txt", ".cfn")


class Builder:
    """Builds stacks from the files of one scan."""

    __slots__ = ("budget", "files", "problems", "types")

    def __init__(self, files: Files, types: tuple[str, ...], problems: list[Diagnostic], budget: Callable[[], Budget] = Budget) -> None:
        """Add what is wrong to ``problems``; each stack that stands by itself has a ``budget``."""
        self.budget = budget
        self.files = files
        self.types = types
        self.problems = problems

    def stack(self, template: Template, given: dict[str, FixedParameter], tags: tuple[tuple[str, str], ...] = ()) -> Stack:
        """The stack of a template that stands by itself, with all that it nests."""
        stack = Stack(template, given=given, tags=tags, budget=self.budget())
        try:
            self._fill(stack, (template.source.path,))
        except BudgetError as error:
            self.problems.append(too_costly(error, template.source.path))
        return stack

    def _fill(self, stack: Stack, chain: tuple[str, ...]) -> None:
        """Expand the sections of a stack, and build its children."""
        ev, template = Evaluator(self.problems), stack.template
        scope = StackScope(stack, template.source)
        stack.parameters.update({e.name: e for e in template.section("Parameters")})
        stack.mappings.update({e.name: e for e in template.section("Mappings")})
        for name, target in (("Conditions", stack.conditions), ("Resources", stack.resources), ("Outputs", stack.outputs)):
            entries = template.section(name)
            stack.budget.spend(len(entries))
            target.update(expand(entries, ev, scope))
        for entry in (entry for kind in NESTING for entry in stack.of_type(kind)):
            self._nest(stack, entry, ev, chain)

    def _nest(self, parent: Stack, entry: TemplateEntry, ev: Evaluator, chain: tuple[str, ...]) -> None:
        """Build the stack that a resource of ``parent`` makes, if its template is here."""
        found = self._inline(parent, entry, ev) or self._file(parent, entry, ev)
        if found is None:
            return
        template, step = found
        if step in chain or len(chain) > MAX_NESTING:
            why = "nests itself" if step in chain else f"is nested deeper than {MAX_NESTING} stacks"
            ev.report(f"the stack {entry.name} {why}, and was not followed", entry.key, parent.scope(entry))
            return
        tags = (*parent.tags, *read_pairs(entry.prop("Tags"), ev, parent.scope(entry)))
        prefix = f"{parent.prefix}{entry.name}/"
        parent.budget.add_instance(entry.source.span(entry.key))
        child = Stack(template, prefix, dict(self._given(parent, entry)), parent, entry, tags, budget=parent.budget)
        parent.children[entry.name] = child
        self._fill(child, (*chain, step))

    def _given(self, parent: Stack, entry: TemplateEntry) -> Iterator[tuple[str, FixedParameter]]:
        """Yield the parameters that a resource gives to the stack that it makes."""
        scope, node = parent.scope(entry), entry.prop("Parameters")
        match node.value if node is not None else None:
            case Object() as members:
                for key, value in members:
                    yield str(key.value), FixedParameter(node=value, scope=scope)
            case Array() as items:
                for pair in (item.value for item in items if isinstance(item.value, Object)):
                    name, given = pair.get("ParameterKey"), pair.get("ParameterValue")
                    if name is not None and given is not None:
                        yield str(name.value), FixedParameter(node=given, scope=scope)
            case _:
                return

    def _inline(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> tuple[Template, str] | None:
        """The template in ``TemplateBody``, and its name."""
        body = entry.prop("TemplateBody")
        if body is None:
            return None
        text = ev.value(body, parent.scope(entry)) if isinstance(body.value, Object) else None
        parsed = embedded(body._replace(value=text), entry.source) if isinstance(text, str) else embedded(body, entry.source)
        if parsed is None:
            if isinstance(body.value, Object):
                said = f"the template of {entry.name} is not known from the code, so it is not known whether it makes keys"
                place = entry.source.span(body)
                self.problems.append(Diagnostic(Level.NOTE, said, place.path, place.line, place.column))
            return None
        self._wrong(parsed.problems, parsed.source, body)
        templates = [t for root in parsed.roots if (t := plain(root, parsed.source, self.types)) is not None]
        return (templates[0], f"{entry.source.path}#{parent.address(entry)}") if templates else None

    def _wrong(self, problems: Iterable[Problem], source: TemplateSource, body: Node) -> None:
        """Report an inline template that cannot be read, at the string that holds it."""
        for problem in problems:
            line, column = body.lines.place(body.start)
            message = f"the template in this text cannot be read: {problem.message}"
            self.problems.append(Diagnostic(Level.ERROR, message, source.path, line, column))

    def _file(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> tuple[Template, str] | None:
        """The template in the local file that a resource names, and its path."""
        name = self._location(parent, entry, ev)
        if name is None:
            return None
        try:
            path = self.files.locate(name, posixpath.dirname(entry.source.path))
            if not self.files.exists(path):
                self._missing(entry, name)
                return None
            parsed = self.files.parsed(path)
        except UnreadableError as error:
            self._warn(entry, f"the template {name} of {entry.name} {error}")
            return None
        for root in parsed.roots:
            if (template := plain(root, parsed.source, self.types)) is not None:
                self.files.use(path, parent.template.source.path)
                return template, path
        return None

    def _location(self, parent: Stack, entry: TemplateEntry, ev: Evaluator) -> str | None:
        """The local file that a resource names, or that the end of its URL names; None when there is none."""
        metadata = entry.get("Metadata")
        asset = metadata.value.get(_ASSET) if metadata is not None and isinstance(metadata.value, Object) else None
        nodes = [asset, *(entry.prop(name) for name in NESTING[entry.type])]
        node = next((n for n in nodes if n is not None), None)
        value = ev.value(node, parent.scope(entry)) if node is not None else None
        if isinstance(value, str) and value and not any(mark in value for mark in _REMOTE) and not value.startswith("/"):
            return value
        url = value if isinstance(value, str) else _literal_end(node) if node is not None else ""
        return self._uploaded(url, posixpath.dirname(entry.source.path))

    def _uploaded(self, url: str, directory: str) -> str | None:
        """The file here that the end of a URL names, from ``directory``: beside the template, or by its folders somewhere above.

        Templates are uploaded with their folders, and a URL ends with the path of a file in the repository.
        """
        rest = url.partition("?")[0].rpartition("://")
        parts = [part for part in rest[2].split("/")[1 if rest[1] else 0 :] if part]
        if not parts or not parts[-1].lower().endswith(_ENDINGS) or ".." in parts:
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

    def _missing(self, entry: TemplateEntry, name: str) -> None:
        if name.lower().endswith(_ENDINGS):
            self._warn(entry, f"the template {name} of {entry.name} is not here, so keys in it are not checked")

    def _warn(self, entry: TemplateEntry, message: str) -> None:
        line, column = entry.key.lines.place(entry.key.start)
        self.problems.append(Diagnostic(Level.WARNING, message, entry.source.path, line, column))


def _literal_end(node: Node) -> str:
    """The text that an expression ends with, as far as it is written out."""
    if isinstance(node.value, str):
        return str(node.value)
    if not isinstance(node.value, Object) or len(node.value) != 1:
        return ""
    name, items = node.value[0][0].value, node.value[0][1].value
    match str(name), items:
        case "Fn::Sub", str() as text:
            return _end_of_pattern(text)
        case "Fn::Sub", Array() if items and isinstance(items[0].value, str):
            return _end_of_pattern(items[0].value)
        case "Fn::Join", Array() if len(items) > 1 and isinstance(items[0].value, str) and isinstance(items[1].value, Array):
            ends: list[str] = []
            for item in reversed(items[1].value):
                ends.insert(0, _literal_end(item))
                if not isinstance(item.value, str):
                    break
            return str(items[0].value).join(ends)
        case _:
            return ""


def _end_of_pattern(text: str) -> str:
    return sub_parts(text)[-1][0] if text else ""
