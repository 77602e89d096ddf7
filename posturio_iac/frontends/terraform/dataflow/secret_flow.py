"""Where the secrets of keys end: what mentions a key, and what mentions that, through local values, modules and resources."""

from __future__ import annotations

from posturio_iac.core.keys import KEY_TYPES, secrets_of
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import AFTER_APPLY, Unknown
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references_in
from posturio_iac.frontends.terraform.values import ResourceValue, Traced, Value, due_of, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from posturio_iac.frontends.terraform.modules.folder import Module

    _Name = tuple[str, str]
    _Node = tuple[ModuleInstance, str, str]
    _Holder = hcl.Block | str

PASSING = frozenset(("terraform_data", "null_resource", "data.template_file", "data.template_cloudinit_config", "data.cloudinit_config"))
"""Resources whose outputs are made of their arguments alone."""
_KINDS = {kind.removeprefix("data."): kind for kind in ("local", "var", "module", *KEY_TYPES, *PASSING)} | {"component": "module"}
"""Words that a name begins with which can stand for a secret, and the kind of each."""
_WORDS = "|".join(rf"{word}(?<![\w-]{word})" for word in _KINDS)  # ``re`` looks fast for letters at the beginning
_NAMED = lazy_pattern(rf"({_WORDS})(?![\w-])((?:\.[A-Za-z_\x80-\xff][\w\x80-\xff-]*){{0,2}})".encode("latin-1"))
"""Such a word with its name and attribute, which are missing where the code writes it in an unusual way."""


class SecretEnd(NamedTuple):
    """A place where the secret of a key ends: an output, or an argument of a resource, a data source or a call whose code is not here."""

    instance: ModuleInstance
    block: hcl.Block
    argument: str
    expression: hcl.Expr
    scope: ModuleScope
    origin: ValueOrigin  # the key, or the call of the known module that makes it


class SecretOrigins(Origins):
    """The reading in which the secrets of keys, and outputs of modules that are not here, are unknown."""

    strict = True

    def starts(self, kind: str, attribute: str) -> bool:
        return kind in KEY_TYPES and attribute in secrets_of(kind)

    def attribute(self, block: hcl.Block, kind: str, address: str, scope: ModuleScope, name: str) -> Value:
        """An origin, what goes through resources that pass it on, or a value without any secret."""
        if kind in PASSING and kind.startswith("data.") and hcl.setting(block, name) is None:
            return due_of(*(evaluate_or_unknown(e, scope) for _, e in arguments_of(block))) or AFTER_APPLY(f"{address}.{name}")
        value = super().attribute(block, kind, address, scope, name)
        is_kept = kind in KEY_TYPES or kind in PASSING or due_of(value) is None
        return value if is_kept else AFTER_APPLY(f"{address}.{name}")

    def beyond(self, scope: ModuleScope, kind: str, name: str, why: Unknown | None) -> Value:
        """A call of a known module; others hold no secret."""
        call = scope.instance.folder.calls.get(name) if why is not None else None
        whole = super().beyond(scope, kind, name, why)
        if call is None or not isinstance(whole, Traced) or scope.instance.program.known_module(scope.instance, call) is None:
            return why
        expansion, address = instances_of(call, scope.instance), scope.instance.full(f"module.{name}")
        return scope.collected(expansion, [ResourceValue(address + suffix, whole.part) for suffix, _ in expansion.instances])


class Secrets:
    """Where the secrets of one root module's keys end. What can hold one is looked at once, and nothing else is."""

    def __init__(self) -> None:
        self._seen: set[_Node | tuple[ModuleInstance, _Holder]] = set()
        self._ends: dict[hcl.Block, dict[SecretEnd, None]] = {}
        self._mentions: dict[int, dict[_Name, dict[_Holder, None]]] = {}  # by folder and name

    def of(self, block: hcl.Block, instance: ModuleInstance) -> list[SecretEnd]:
        """The ends of the secrets of the keys that a block, or the call of a known module, makes."""
        kind, name = ("module", block.labels[0]) if block.type != "resource" else block.labels
        pending: list[_Node] = [(instance, kind, name)]
        while pending:
            node = pending.pop(0)
            if node not in self._seen:
                self._seen.add(node)
                node[0].budget.spend()
                for holder in self.mentioning(node[1:], node[0].folder):
                    pending += self._hold(node[0], holder)
        ends = (end for end in self._ends.get(block, ()) if end.origin.instance is instance)
        return sorted(ends, key=lambda end: (end.instance.address, end.block.type != "output", end.expression.span))

    def mentioning(self, name: _Name, folder: Module) -> Iterable[_Holder]:
        """The blocks and local values of a folder that mention a name which can hold a secret; another attribute of a key holds none."""
        if id(folder) not in self._mentions:
            found = self._mentions[id(folder)] = {}
            for holder in holders(folder):
                for kind, label, *attribute in _words_in(holder if isinstance(holder, hcl.Block) else folder.locals[holder]):
                    if kind not in KEY_TYPES or not attribute or attribute[0] in secrets_of(kind):
                        found.setdefault((kind, label), {})[holder] = None
        return self._mentions[id(folder)].get(name, ())

    def _hold(self, instance: ModuleInstance, holder: _Holder) -> Iterator[_Node]:
        if (instance, holder) in self._seen:
            return
        self._seen.add((instance, holder))
        if isinstance(holder, str):
            if _may_hold_secret(instance.folder.locals[holder].expression, instance.scope()):
                yield instance, "local", holder
        elif holder.type in ("module", "component"):
            yield from self._give(instance, holder)
        elif self._look(instance, holder) and holder.type != "removed":  # which nothing refers to
            if holder.type != "output":
                yield instance, ("data." if holder.type == "data" else "") + holder.labels[0], holder.labels[1]
            elif instance.caller is not None and instance.call is not None:
                yield instance.caller.instance, "module", instance.call.labels[0]

    def _give(self, instance: ModuleInstance, call: hcl.Block) -> Iterator[_Node]:
        children = instance.children(call.labels[0])
        if isinstance(children, Unknown):
            self._look(instance, call)
            return
        for (_, scope), child in zip(children[0].instances, children[1], strict=True):
            yield from ((child, "var", name) for name, value in arguments_of(call) if _may_hold_secret(value, scope))

    def _look(self, instance: ModuleInstance, block: hcl.Block) -> bool:
        """Keep the secrets that end in a block. True if one may go through it: not all of its arguments are known."""
        origins = instance.index(SecretOrigins, *KEY_TYPES)
        scopes = [scope for _, scope in instances_of(block, instance).instances] if block.type != "output" else [instance.scope()]
        ways = [(path, e, scope) for path, e in arguments_of(block) for scope in scopes if _may_hold_secret(e, scope)]
        for path, expression, scope in ways:
            for origin in origins.of(expression, scope):
                if origin.block is not None and (origin.kind == "module" or origin.attribute in (None, *secrets_of(origin.kind))):
                    end = SecretEnd(instance, block, path.rpartition(".")[2], expression, scope, origin)
                    self._ends.setdefault(origin.block, {})[end] = None
        return bool(ways)


def holders(folder: Module) -> list[_Holder]:
    return [*folder.outputs.values(), *folder.resources.values(), *folder.data.values(), *folder.calls.values(), *folder.locals]


def _may_hold_secret(expression: hcl.Expr, scope: ModuleScope) -> bool:
    return first_unknown(scope.instance.index(SecretOrigins, *KEY_TYPES).value(expression, scope)) is not None


def _words_in(holder: hcl.Block | hcl.Attribute) -> Iterable[tuple[str, ...]]:
    """The references in a block or a local value that can stand for a secret, by its text where that is clear."""
    text = None if isinstance(holder, hcl.Block) and holder.is_read else holder.text
    found = dict.fromkeys(_NAMED.findall(text, text.find(b"{" if isinstance(holder, hcl.Block) else b"="))) if text is not None else None
    if found is None or not all(rest for _, rest in found):
        if isinstance(holder, hcl.Attribute):
            return _named_in(holder.expression)
        expressions = (*(argument for _, argument in arguments_of(holder)), holder.get("for_each"))
        return [words for e in expressions if e is not None for words in _named_in(e)]
    return [(_KINDS[kind.decode()], *rest.decode("utf-8", "replace").split(".")[1:]) for kind, rest in found]


def _named_in(expression: hcl.Expr) -> Iterator[tuple[str, ...]]:
    for words in references_in(expression):
        match words:
            case ("data", kind, name, *_):
                yield f"data.{kind}", name
            case (kind, name, *rest):
                yield "module" if kind == "component" else kind, name, *rest
