"""Serverless Framework files: the template that their ``resources`` make, with the files that they include."""

from __future__ import annotations

import posixpath

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Array, Node, Object
from posturio_iac.core.text.textfile import UnreadableError
from posturio_iac.frontends.cloudformation.syntax.template import SECTIONS, Template, TemplateEntry, describe
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from posturio_iac.core.budget import Budget
    from posturio_iac.frontends.cloudformation.files import Files
    from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource

FUNCTION = "serverless function"  # the type given to entries below ``functions`` and ``provider``, which no template has

_EXTENSIONS = "extensions"
_FILE = lazy_pattern(r"\$\{file\(([^){}]+)\)(?::([\w.-]+))?(?:,[^}]*)?\}\s*")
_MARKS = ("service", "provider")
_MAX_DEPTH = 20
_MAX_TEXT = 10_000
_STEPS_A_PART = 10
_VARIABLE = lazy_pattern(r"\$\{([^${}]+)\}")
_OWN = lazy_pattern(r"\$\{self:([\w.-]+)\}\s*")
_SETTINGS = ("custom.scripts", "custom.scriptHooks", "custom.scriptable")
_RUN = (*_SETTINGS, "stepFunctions.stateMachines", "provider.ecr.images", "layers", "plugins")
"""What plugins and functions run beside the programs of ``functions``."""
_PACKED = "CodeUri"  # a folder, as templates name it
_PROGRAMS = (".js", ".cjs", ".mjs", ".ts", ".py")


def is_serverless(root: Node) -> bool:
    """True if a document is a Serverless Framework file with resources, functions or scripts."""
    there = [root.get(mark) is not None for mark in ("resources", "functions", "custom", "stepFunctions", "layers", "plugins", *_MARKS)]
    return any(there[:6]) and any(there[6:])


class Gatherer:
    """Gathers the sections of one Serverless Framework file."""

    def __init__(self, source: TemplateSource, files: Files, problems: list[Diagnostic], budget: Budget) -> None:
        self.budget = budget
        self.source = source
        self.files = files
        self.problems = problems
        self.home = posixpath.dirname(source.path)
        self.found: dict[str, dict[str, TemplateEntry]] = {name: {} for name in (*SECTIONS, _EXTENSIONS)}

    def template(self, root: Node) -> Template:
        """The template that the file at ``root`` makes. Raises `BudgetError`."""
        self.root = root
        resources, provider = root.get("resources"), root.get("provider")
        if resources is not None:
            self._part(resources, self.source)
        for more in self.found.pop(_EXTENSIONS).values():
            if (old := self.found["Resources"].get(more.name)) is not None:
                self.found["Resources"][more.name] = self._joined(old, more, 2)
        self._functions(root)
        tags = provider.get("stackTags") if provider is not None else None
        return Template(self.source, {name: tuple(found.values()) for name, found in self.found.items()}, tags)

    def _part(self, node: Node, source: TemplateSource, name: str = "") -> None:
        what, form = (name, "of names") if name else ("resources", "or a list")
        for part, origin, _ in self._followed(node, source):
            match part.value:
                case Object() as members:
                    for key, value in members:
                        if name:
                            self._entry(name, key, value, origin)
                        elif key.value in self.found:
                            self._part(value, origin, str(key.value))
                        elif key.value == "Transform":
                            for one in (text for held in value.walk() if isinstance(text := held.value, str) and text[:5] != "AWS::"):
                                self._not_followed(origin, f"Transform: the macro {one}")
                case Array() as items:
                    for item in items:
                        self._part(item, origin, name)
                case str() as text if self._is_elsewhere(what, text):
                    continue
                case _:
                    self._report(part, origin, f"{what} is {describe(part)}, not a map {form}")

    def _entry(self, section: str, key: Node, body: Node, source: TemplateSource) -> None:
        for inner, where, named in self._followed(body, source, key):
            new = TemplateEntry(str(key.value), named or _start(inner, key), self._typed(inner, str(key.value)), where)
            self.found[section][new.name] = self._joined(self.found[section].get(new.name), new)

    def _joined(self, old: TemplateEntry | None, new: TemplateEntry, depth: int = _MAX_DEPTH) -> TemplateEntry:
        """Two entries of one name as Serverless merges parts and extensions; what stands in another file is named."""
        if old is None or old.source.path == new.source.path:
            return new if old is None else replace(old, body=_merged(old.body, new.body, depth))
        self._not_followed(new.source, f"{new.name} of {old.source.path}")
        return new if new.type else old

    def _is_elsewhere(self, where: str, held: object) -> bool:
        """True if a text in place of a map is a variable, which is named, or none at all."""
        is_variable = isinstance(held, str) and "${" in held
        if is_variable:
            self._not_followed(self.source, f"{where}: {held}")
        return is_variable or not held or (isinstance(held, Plain) and held.is_null)

    def _typed(self, body: Node, name: str) -> Node:
        """An entry whose type may be put together from variables; what else it may be is named."""
        if not isinstance(body.value, Object):
            self._is_elsewhere(name, body.value)
            return body
        kind = body.get("Type")
        if kind is None or not isinstance(kind.value, str) or "${" not in kind.value:
            return body
        text = self.filled_in(kind.value)
        self._is_elsewhere(name, text)
        members = tuple((key, value._replace(value=text) if key.value == "Type" else value) for key, value in body.value)
        return body._replace(value=Object(members))

    def filled_in(self, text: str) -> str:
        """A text with the variables in it that this file fixes, or gives a default; they may stand in each other."""
        for _ in range(_MAX_DEPTH):
            self.budget.spend(len(text))
            changed = _VARIABLE.sub(self._variable, text)
            if changed == text or len(changed) > _MAX_TEXT:
                break
            text = changed
        return text

    def _variable(self, found: re.Match[str]) -> str:
        for value in found[1].split(","):
            source, _, path = value.strip().partition(":")
            if value.strip()[:1] in ("'", '"'):
                return value.strip()[1:-1]
            inside = {"self": path, "param": f"params.default.{path}"}.get(source)
            target = self._at(inside) if inside else None
            if target is not None and isinstance(target.value, str):
                return str(target.value)
        return found[0]

    def _at(self, path: str) -> Node | None:
        node: Node | None = self.root
        for step in path.split("."):
            if node is not None and isinstance(node.value, str) and (found := _FILE.fullmatch(node.value)) is not None:
                node = next(self._included(found, node, self.source), (None,))[0]
            node = _inside(node, step)[0] if node is not None else None
        return node

    def _followed(
        self, node: Node, source: TemplateSource, key: Node | None = None, depth: int = 0
    ) -> Iterator[tuple[Node, TemplateSource, Node | None]]:
        self.budget.spend(_STEPS_A_PART)
        own = _OWN.fullmatch(node.value) if isinstance(node.value, str) else None
        target, above = _inside(self.root, own[1]) if own else (None, None)
        if target is not None and depth < _MAX_DEPTH:
            yield from self._followed(target, self.source, above, depth + 1)
            return
        found = _FILE.fullmatch(self.filled_in(node.value)) if isinstance(node.value, str) else None
        if found is None or depth > _MAX_DEPTH:
            yield node, source, key
            return
        for root, origin, above in self._included(found, node, source):
            yield from self._followed(root, origin, above, depth + 1)

    def _included(self, found: re.Match[str], node: Node, source: TemplateSource) -> Iterator[tuple[Node, TemplateSource, Node | None]]:
        name = found[1].strip().strip("'\"")
        if name.lower().endswith(_PROGRAMS):
            self._not_followed(source, f"resources: {name}")
            return
        try:
            path = self.files.locate(name, self.home)
            parsed = self.files.parsed(path, serverless=True)
        except UnreadableError as error:
            self._report(node, source, f"{name} {error}")
            self._not_followed(source, f"resources: {name}")
            return
        self.files.used[self.source.path].add(path)
        for problem in parsed.problems:
            self.problems.append(Diagnostic(Level.ERROR, problem.message, path, problem.line, problem.column))
        self.budget.enter_render(0)
        try:
            for root in parsed.roots:
                target, above = _inside(root, found[2])
                if target is not None:
                    yield target, parsed.source, above
        finally:
            self.budget.leave_render()

    def _functions(self, root: Node) -> None:
        provider, functions = root.get("provider"), root.get("functions")
        for where in _RUN:
            held, above = _inside(root, where)
            if held is None and where not in _SETTINGS:
                held, above = self._at(where), _inside(root, where.partition(".")[0])[1]
            if held is not None and above is not None:
                if where == "plugins" and isinstance(held.value, Array):
                    packed = (*held.value, *(one._replace(value=f".serverless_plugins/{one.value}") for one in held.value))
                    held = held._replace(value=Object((above._replace(value=_PACKED), one) for one in packed))
                self.found["Resources"][where] = TemplateEntry(where, above, self._whole(held), self.source).as_resource(FUNCTION)
        if run := [one[1].strip() for one in _FILE.finditer(self.source.text) if one[1].strip().endswith(_PROGRAMS)]:  # for a variable
            key = root.members[0][0]
            held = key._replace(value=Array(key._replace(value=one) for one in run))
            self.found["Resources"]["variables"] = TemplateEntry("variables", key, held, self.source).as_resource(FUNCTION)
        if provider is not None and provider.get("environment") is not None:
            self._function("provider", provider, provider, self.source)
        for node, origin, _ in self._followed(functions, self.source) if functions is not None else ():
            for one in node.elements or (node,):
                for part, source, _ in self._followed(one, origin):
                    self._is_elsewhere("functions", part.value)
                    for key, body in part.members:
                        for inner, place, named in self._followed(body, source, key):
                            self._function(f"functions.{key.value}", named or _start(inner, key), inner, place)

    def _whole(self, node: Node, depth: int = 0) -> Node:
        """A node with the files in it that it names, and with folders that are packed under the name that they have in templates."""
        node = next((part for part, _, _ in self._followed(node, self.source)), node) if depth < _MAX_DEPTH else node
        if isinstance(node.value, str) and "${" in node.value:
            return node._replace(value=self.filled_in(node.value))
        if isinstance(node.value, Object):
            named = ((key._replace(value=_PACKED) if key.value in ("path", "localPath") else key, value) for key, value in node.value)
            return node._replace(value=Object((key, self._whole(value, depth + 1)) for key, value in named))
        return node._replace(value=Array(self._whole(one, depth + 1) for one in node.value)) if isinstance(node.value, Array) else node

    def _function(self, name: str, key: Node, body: Node, source: TemplateSource) -> None:
        packed = _inside(body, "package.artifact")[0] or _inside(self.root, "package.artifact")[0]
        whole, inner, packed = (node and self._whole(node) for node in (body.get("handler"), body.get("module"), packed))
        if whole is not None and inner is not None:  # the folder that serverless-python-requirements packs for one function
            whole = whole._replace(value=f"{inner.value}/{whole.value}")
        self._is_elsewhere(name, whole.value if whole is not None else body.value)
        named = (("Environment", body.get("environment")), ("Handler", whole), ("Artifact", packed))
        properties = body._replace(value=Object((key._replace(value=to), value) for to, value in named if value is not None))
        self.found["Resources"][name] = TemplateEntry(name, key, properties, source).as_resource(FUNCTION)

    def _not_followed(self, source: TemplateSource, what: str) -> None:
        self.problems.append(Diagnostic(Level.NOTE, what, source.path, about=CALLS_NOT_FOLLOWED))

    def _report(self, node: Node, source: TemplateSource, message: str) -> None:
        span = source.span(node)
        self.problems.append(Diagnostic(Level.ERROR, message, span.path, span.line, span.column))


def _inside(root: Node, path: str | None) -> tuple[Node | None, Node | None]:
    target: Node | None = root
    above: Node | None = None
    for step in path.split(".") if path else ():
        members = reversed(target.members) if target is not None else ()
        above, target = next(((key, value) for key, value in members if key.value == step), (None, None))
    return target, above


def _merged(old: Node, new: Node, depth: int) -> Node:
    """A map with the members of another one in it, as deep as ``depth``; else the other value."""
    if not depth or not isinstance(old.value, Object) or not isinstance(new.value, Object):
        return new
    held = {str(key.value): (key, value) for key, value in old.value}
    for key, value in new.value:
        first, before = held.get(str(key.value), (key, None))
        held[str(key.value)] = first, _merged(before, value, depth - 1) if before is not None else value
    return old._replace(value=Object(held.values()))


def _start(body: Node, key: Node) -> Node:
    return body._replace(value=key.value, end=body.start)
