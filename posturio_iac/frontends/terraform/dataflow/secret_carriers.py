"""Names of a root module that can carry the secret of a key, in whatever part of their values.

A first pass that costs each name one step, so that only names that may hold a secret are followed part by part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posturio_iac.core.keys.resource_types import KEY_TYPES
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance

PASSING = frozenset(("terraform_data", "null_resource", "data.template_file", "data.template_cloudinit_config", "data.cloudinit_config"))
"""Resources whose outputs are made of their arguments alone."""

_ITEM = "the item of a dynamic block"
"""A name that no code can hold."""
_STEERING = frozenset(("count", "depends_on", "for_each", "provider", "providers", "source", "version"))
_KINDS = {
    **{kind: kind for kind in ("local", "var", "module", *KEY_TYPES)},
    "component": "module",
    **{kind.removeprefix("data."): kind for kind in PASSING},
}
"""Words that a name begins with which can stand for a secret, and the kind of each as `ScopedName` has it."""
_NAMED = lazy_pattern(rf"(?<![\w-])({'|'.join(_KINDS)})(?![\w-])(?:\.([A-Za-z_\x80-\xff][\w\x80-\xff-]*))?".encode("latin-1"))
"""Such a word with its name, which is empty where the code writes it in an unusual way."""


class ScopedName(NamedTuple):
    """A name in one module instance: ``var.x``, ``local.x``, ``module.x``, ``terraform_data.x``."""

    instance: ModuleInstance
    kind: str
    name: str


class SecretCarriers:
    """Explores names on demand, each once."""

    def __init__(self) -> None:
        """Explore nothing yet."""
        self._users: dict[ScopedName, list[ScopedName]] = {}
        self._carrying: set[ScopedName] = set()
        self._explored: set[ScopedName] = set()
        self._words: dict[hcl.Block, tuple[tuple[str, str], ...] | None] = {}
        self._arguments: dict[tuple[ModuleInstance, hcl.Block], list[tuple[str, hcl.Expr]]] = {}

    def may_reach(self, block: hcl.Block, instance: ModuleInstance) -> bool:
        """True if the secret of a key can be part of anything in a block, by the words in its text, so that most are not parsed."""
        words = self._words_in(block)
        return words is None or any(self._carries(ScopedName(instance, kind, name)) for kind, name in words)

    def _words_in(self, block: hcl.Block) -> tuple[tuple[str, str], ...] | None:
        if block not in self._words:
            self._words[block] = _words_in(block)
        return self._words[block]

    def _carries(self, name: ScopedName) -> bool:
        self._explore(name)
        return name in self._carrying

    def given(self, call: hcl.Block, instance: ModuleInstance) -> list[tuple[str, hcl.Expr]]:
        """The arguments of a call that the secret of a key can be part of."""
        place = instance, call
        if place not in self._arguments:
            self._arguments[place] = self.arguments(call, instance) if self.may_reach(call, instance) else []
        return self._arguments[place]

    def arguments(self, block: hcl.Block, instance: ModuleInstance, names: Container[str] | None = None) -> list[tuple[str, hcl.Expr]]:
        """The arguments of a block, or those called ``names``, that the secret of a key can be part of."""
        repeated = block.get("for_each")
        every = repeated is not None and self.may_carry(repeated, instance)
        return [(name, value) for name, value in arguments_of(block, names) if every or self.may_carry(value, instance)]

    def may_carry(self, expression: hcl.Expr, instance: ModuleInstance) -> bool:
        """True if the secret of a key can be part of a value."""
        names = _names(expression, instance)
        for name in names:
            self._explore(name)
        return any(name in self._carrying for name in names)

    def _explore(self, start: ScopedName) -> None:
        pending = [start]
        while pending:
            name = pending.pop()
            if name in self._explored:
                continue
            self._explored.add(name)
            name.instance.budget.spend()
            if _holds_key(name):
                self._mark(name)
            for source in self._sources(name):
                self._users.setdefault(source, []).append(name)
                if source in self._carrying:
                    self._mark(name)
                pending.append(source)

    def _sources(self, name: ScopedName) -> Iterator[ScopedName]:
        """Yield the names that a name gets its value from."""
        instance, kind, own = name
        folder = instance.folder
        if kind == "local":
            found = folder.locals.get(own)
            if found is not None:
                yield from _names(found.expression, instance)
        elif kind == "var" and instance.call is not None and instance.caller is not None:
            for expression in (instance.call.get(own), instance.call.get("for_each")):
                if expression is not None:
                    yield from _names(expression, instance.caller.instance)
        elif kind == "module" or kind in PASSING:
            table = folder.data if kind.startswith("data.") else folder.resources
            block = folder.calls.get(own) if kind == "module" else table.get((kind.removeprefix("data."), own))
            words = self._words_in(block) if block is not None else ()
            if words is not None:
                yield from (ScopedName(instance, *word) for word in words)
            elif block is not None:
                expressions = (*(argument for _, argument in arguments_of(block)), block.get("for_each"))
                yield from (one for expression in expressions if expression is not None for one in _names(expression, instance))

    def _mark(self, start: ScopedName) -> None:
        pending = [start]
        while pending:
            name = pending.pop()
            if name not in self._carrying:
                self._carrying.add(name)
                pending += self._users.get(name, ())


def _words_in(block: hcl.Block) -> tuple[tuple[str, str], ...] | None:
    """The kinds and names in the text of a block that can stand for a secret; None where a parser has to tell."""
    found = None if block.text is None else dict.fromkeys(_NAMED.findall(block.text, block.text.find(b"{")))
    if found is None or not all(name for _, name in found):
        return None
    return tuple((_KINDS[kind.decode()], name.decode("utf-8", "replace")) for kind, name in found)


def _names(expression: hcl.Expr, instance: ModuleInstance) -> list[ScopedName]:
    """The names that an expression mentions."""
    found: dict[ScopedName, None] = {}
    for part in walk(expression):
        match references(part):
            case ("data", kind, name, *_):
                found[ScopedName(instance, f"data.{kind}", name)] = None
            case (kind, name, *_):
                found[ScopedName(instance, "module" if kind == "component" else kind, name)] = None
    return list(found)


def _holds_key(name: ScopedName) -> bool:
    """True if a name stands for a key, or for a module that may make one."""
    if name.kind != "module":
        return name.kind in KEY_TYPES
    call = name.instance.folder.calls.get(name.name)
    program = name.instance.program
    return call is not None and (program.may_hold_keys(name.instance, call) or program.known_module(name.instance, call) is not None)


def arguments_of(block: hcl.Block, names: Container[str] | None = None) -> Iterator[tuple[str, hcl.Expr]]:
    """Yield the arguments of a block, and of those inside it, or those called ``names``, but for what only steers a run."""
    pending: list[tuple[hcl.Body, tuple[hcl.Block, ...]]] = [(block.body, ())]
    while pending:
        body, around = pending.pop(0)
        for name, attribute in body.attributes.items():
            if name not in _STEERING and (names is None or name in names):  # only then is the expression built
                yield name, repeated(attribute.expression, around)
        inner = (b for b in body.blocks if b.type not in ("lifecycle", "provisioner", "connection"))
        pending += [(b.body, (*around, b) if b.type == "dynamic" else around) for b in inner]


def repeated(expression: hcl.Expr, around: tuple[hcl.Block, ...]) -> hcl.Expr:
    """The values that an expression takes in ``dynamic`` blocks, as the ``for`` expression that these stand for."""
    for block in reversed(around):
        collection, span = block.get("for_each"), expression.span
        if collection is None or not block.labels:
            continue
        item = ((hcl.Literal("key", span), hcl.Literal(None, span)), (hcl.Literal("value", span), hcl.Name(_ITEM, span)))
        items = hcl.For(None, _ITEM, collection, None, hcl.ObjectExpr(item, span), None, False, span)
        name = ".".join(references(block.get("iterator"))) or block.labels[0]
        expression = hcl.For(None, name, items, None, expression, None, False, span)
    return expression
