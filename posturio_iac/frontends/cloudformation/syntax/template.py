"""From the text of a file to the templates in it, whatever the file is called."""

from __future__ import annotations

import json
import re

from posturio_iac.core.record import NamedTuple, dataclass, field, grouped, replace
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.json_nodes import Array, JsonError, Node, Object, decode
from posturio_iac.frontends.cloudformation.syntax.source import TemplateSource
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Problem, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BEANSTALK, _RUN = "/.ebextensions/", ("commands", "container_commands", "files")
"""Where files configure an environment of Elastic Beanstalk, and their parts that it runs."""
_LITERAL = lazy_pattern(r"\|[-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")
_INDENT = lazy_pattern(r"^( +)\S", re.MULTILINE)


def written(node: Node, known: Callable[[Node], object] = lambda _: None) -> str | None:
    """The text that an expression writes, with gaps for what is computed and not ``known``, or None; ``Fn::Sub`` counts as its text."""
    if isinstance(node.value, str):
        return str(node.value)
    name, given = node.function
    if name and isinstance(text := known(node), str):
        return text
    items = given.elements
    if name in ("Fn::Sub", "Fn::Base64"):
        return written(items[0] if items else given, known)
    if name == "Fn::Join" and len(items) > 1 and isinstance(items[0].value, str) and isinstance(items[1].value, Array):
        return str(items[0].value).join(written(item, known) or "" for item in items[1].elements)
    return None


def embedded(node: Node, source: TemplateSource) -> ParsedFile | None:
    """The template in a property's text, or None when it is not text."""
    inner = node.function[1] if node.function[0] == "Fn::Sub" else node
    if not isinstance(inner.value, str):
        text = written(node)
        return parse(TemplateSource(source.path, text, serverless=source.serverless, within=(-1, source.span(node)))) if text else None
    outer = source.span(inner)
    raw = source.text[inner.start : inner.end]
    indent = -1
    if source.within is None and (head := _LITERAL.match(raw)) is not None and (found := _INDENT.search(raw, head.end())):
        indent = len(found[1])
    return parse(TemplateSource(source.path, str(inner.value), serverless=source.serverless, within=(indent, outer)))


NESTING = {
    "AWS::CloudFormation::Stack": ("TemplateURL",),
    "AWS::Serverless::Application": ("Location",),
    "AWS::CloudFormation::StackSet": ("TemplateURL",),
}

KEY_TYPE = "AWS::IAM::AccessKey"
SECTIONS = ("Metadata", "Globals", "Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Modules")

_DECLARED = r"""["']?Type["']?\s*:\s*["']?(?:%s)(?![\w:])"""
_MAX_DUPLICATES = 20
_WITHOUT_KEYS = ("Mappings", "Metadata")  # sections that make no resource and show none

_ROOTS = frozenset(("Resources", "Transform", "resources", "functions", "HeatTemplateFormatVersion"))
"""Members of which each template that is no mere map of resources has one, and those that are told not to be ours."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateEntry:
    """One member of a section: a resource, a parameter, an output."""

    name: str
    key: Node
    body: Node
    source: TemplateSource
    type: str = field(init=False)

    def __post_init__(self) -> None:
        node = self.get("Type")
        object.__setattr__(self, "type", node.value if node is not None and isinstance(node.value, str) else "")

    def get(self, name: str) -> Node | None:
        return self.body.get(name)

    def prop(self, name: str) -> Node | None:
        return properties.get(name) if (properties := self.body.get("Properties")) is not None else None

    def as_resource(self, kind: str) -> TemplateEntry:
        """An entry whose body is properties, in the shape of a resource."""
        members = ((self.key._replace(value="Type"), self.key._replace(value=kind)), (self.key._replace(value="Properties"), self.body))
        return replace(self, body=self.body._replace(value=Object(members)))


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The sections of one template. Serverless Framework files may gather theirs from several files."""

    source: TemplateSource
    sections: dict[str, tuple[TemplateEntry, ...]]
    stack_tags: Node | None = None  # tags that the file gives to the whole stack
    problems: tuple[Problem, ...] = ()
    transforms: tuple[Node, ...] = ()  # what the whole template is given to
    complete: bool = True  # False for a mere map of resources, whose parameters and other sections are elsewhere

    def section(self, name: str) -> tuple[TemplateEntry, ...]:
        return self.sections.get(name, ())


class ParsedFile(NamedTuple):
    """The content of a text."""

    source: TemplateSource
    roots: tuple[Node, ...]
    problems: tuple[Problem, ...]
    duplicates: tuple[tuple[Node, ...], ...] = ()  # repeated keys, one tuple for each root


def parse(source: TemplateSource) -> ParsedFile:
    """The documents in the text of ``source``: JSON when it looks like it and is, else YAML, which takes trailing commas too."""
    if source.text.lstrip()[:1] not in ("{", "["):
        return _from_yaml(source)
    try:
        root = decode(source.text)
    except JsonError as error:
        parsed = _from_yaml(source)
        if parsed.problems:
            return ParsedFile(replace(source, language="JSON"), (), (Problem(error.message, error.line, error.column),))
        return ParsedFile(replace(source, language="JSON"), parsed.roots, (), parsed.duplicates)
    repeated = tuple(key for held in root.walk() if isinstance(held.value, Object) for key in held.value.duplicates())
    return ParsedFile(replace(source, language="JSON"), (root,), (), (repeated,))


def is_other_json(text: str, types: tuple[str, ...]) -> bool:
    """True if a text is JSON and no template, which the standard library tells in a tenth of the time and memory that places take."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        root = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(root, dict) or not _ROOTS.isdisjoint(root):
        return not isinstance(root, dict)
    return not any(isinstance(one, dict) and one.get("Type") in types for one in root.values())


def _from_yaml(source: TemplateSource) -> ParsedFile:
    found, problems = documents(source.text)
    return ParsedFile(source, tuple(d.root for d in found), problems, tuple(d.duplicates for d in found))


def by_place(duplicates: Sequence[Node], root: Node, source: TemplateSource) -> dict[bool, list[Node]]:
    """Repeated keys, by whether no key of IAM can stand there: in a section without resources, none of whose parts an alias repeats."""
    sections = [range(value.start, value.end) for name, value in root.members if name.value in _WITHOUT_KEYS] if duplicates else []
    apart = [one for one in sections if source.language == "JSON" or "&" not in source.text[one.start : one.stop]]
    return grouped(duplicates, lambda key: any(key.start in one for one in apart))


def duplicate_problems(duplicates: Sequence[Node]) -> Iterator[Problem]:
    """Say which keys are repeated."""
    for key in duplicates[:_MAX_DUPLICATES]:
        yield Problem(f"the key {key.value} repeats an earlier one; the last one counts", *key.lines.place(key.start))
    if (more := len(duplicates) - _MAX_DUPLICATES) > 0:
        what = "key repeats an earlier one" if more == 1 else "keys repeat earlier ones"
        yield Problem(f"{more} more {what}", *duplicates[_MAX_DUPLICATES].lines.place(duplicates[_MAX_DUPLICATES].start))


def entries(section: Node, source: TemplateSource) -> tuple[TemplateEntry, ...]:
    """The members of a section, of repeated ones the last."""
    return tuple({str(key.value): TemplateEntry(str(key.value), key, body, source) for key, body in section.members}.values())


def plain(root: Node, source: TemplateSource, types: tuple[str, ...]) -> Template | None:
    """The template that a document is, or None when it is none.

    A map of resources without sections counts when one of them has one of ``types``: other tools put such files into templates.
    """
    if not isinstance(root.value, Object) or is_heat(root):
        return None
    resources = root.value.get("Resources")
    if _BEANSTALK in f"/{source.path}":
        run = (one.as_resource("AWS::ElasticBeanstalk::Environment") for one in entries(root, source) if one.name in _RUN)
        return Template(source, {"Resources": (*run, *(entries(resources, source) if resources is not None else ()))})
    transforms = tuple(filter(None, map(root.value.get, ("Transform", "Fn::Transform"))))
    is_foreign = root.get("apiVersion") is not None or root.get("typeName") is not None  # Kubernetes', or a schema of a resource type
    if is_foreign and not (resources is not None and isinstance(resources.value, Object)):
        return None
    if resources is None and not transforms:
        if not any(e.type in types for e in entries(root, source)):
            return None
        return Template(source, {"Resources": entries(root, source)}, complete=False)
    if resources is not None and not isinstance(resources.value, Object):
        problem = Problem(f"Resources is {describe(resources)}, not a map of logical ids", *resources.lines.place(resources.start))
        return Template(source, _sections(root.value, source), problems=(problem,))
    return Template(source, _sections(root.value, source), transforms=transforms)


def _sections(root: Object, source: TemplateSource) -> dict[str, tuple[TemplateEntry, ...]]:
    return {name: entries(node, source) for name in SECTIONS if (node := root.get(name)) is not None}


def is_heat(root: Node) -> bool:
    """True if a document is a template of OpenStack Heat, whose access keys are credentials of a user of OpenStack."""
    return root.get("HeatTemplateFormatVersion") is not None


_KINDS = ((Object, "a map"), (Array, "a list"), (str, "text"), (bool, "a boolean"), ((int, float), "a number"))
_NULLS = (None, "", "null", "Null", "NULL", "~")  # a scalar of YAML keeps its text


def describe(node: Node) -> str:
    return "null" if node.value in _NULLS else next(words for kind, words in _KINDS if isinstance(node.value, kind))


def count_textually(text: str, types: tuple[str, ...]) -> int:
    return len(re.findall(_DECLARED % "|".join(map(re.escape, types)), text))
