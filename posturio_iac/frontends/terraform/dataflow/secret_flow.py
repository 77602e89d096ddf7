"""Where the secrets of keys end: what mentions a key, and what mentions that, through local values, modules and resources."""

from __future__ import annotations

from posturio_iac.core.keys import KEY_TYPES, secrets_of
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.unknown import AFTER_APPLY, Unknown
from posturio_iac.frontends.terraform.dataflow.lifecycle_block import arguments_of
from posturio_iac.frontends.terraform.dataflow.origin import Origins, ValueOrigin
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import references, walk
from posturio_iac.frontends.terraform.values import EvaluationError, due_of, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Union

    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope
    from posturio_iac.frontends.terraform.values import Value

    _Name = tuple[str, str]
    _Node = tuple[ModuleInstance, str, str]
    _Holder = Union[hcl.Block, str]

PASSING = frozenset(("terraform_data", "null_resource", "data.template_file", "data.template_cloudinit_config", "data.cloudinit_config"))
"""Resources whose outputs are made of their arguments alone."""
_KINDS = {
    **{kind: kind for kind in ("local", "var", "module", *KEY_TYPES)},
    "component": "module",
    **{kind.removeprefix("data."): kind for kind in PASSING},
}
"""Words that a name begins with which can stand for a secret, and the kind of each."""
_NAMED = lazy_pattern(rf"(?<![\w-])({'|'.join(_KINDS)})(?![\w-])((?:\.[A-Za-z_\x80-\xff][\w\x80-\xff-]*){{0,2}})".encode("latin-1"))
"""Such a word with its name and attribute, which are missing where the code writes it in an unusual way."""


class SecretEnd(NamedTuple):
    """A place where the secret of a key ends: an output, or an argument of a resource, a data source or a call whose code is not here."""

    instance: ModuleInstance
    block: hcl.Block
    argument: str
    expression: hcl.Expr
    scope: ModuleScope
    origin: ValueOrigin
    """The key, or the call of the known module that makes it."""


class SecretOrigins(Origins):
    """The reading in which the secrets of keys, and outputs of modules that are not here, are unknown."""

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
        known = call is not None and scope.instance.program.known_module(scope.instance, call) is not None
        return super().beyond(scope, kind, name, why) if known else why


class Secrets:
    """Where the secrets of one root module's keys end. What can hold one is looked at once, and nothing else is."""

    def __init__(self) -> None:
        self._seen: set[_Node | tuple[ModuleInstance, _Holder]] = set()
        self._ends: dict[hcl.Block, dict[SecretEnd, None]] = {}

    def of(self, block: hcl.Block, instance: ModuleInstance) -> list[SecretEnd]:
        """The ends of the secrets of the keys that a block, or the call of a known module, makes."""
        kind, name = ("module", block.labels[0]) if block.type != "resource" else block.labels
        pending: list[_Node] = [(instance, kind, name)]
        while pending:
            node = pending.pop(0)
            if node not in self._seen:
                self._seen.add(node)
                node[0].budget.spend()
                for holder in node[0].index(Mentions).by(node[0].folder, *node[1:]):
                    pending += self._hold(node[0], holder)
        return sorted((end for end in self._ends.get(block, ()) if end.origin.instance is instance), key=_in_order)

    def _hold(self, instance: ModuleInstance, holder: _Holder) -> Iterator[_Node]:
        """Look at something that mentions what can hold a secret, and yield what it passes the secret to."""
        if (instance, holder) in self._seen:
            return
        self._seen.add((instance, holder))
        if isinstance(holder, str):
            if _is_open(instance.folder.locals[holder].expression, instance.scope()):
                yield instance, "local", holder
        elif holder.type in ("module", "component"):
            yield from self._give(instance, holder)
        elif self._look(instance, holder):
            if holder.type != "output":
                yield instance, ("data." if holder.type == "data" else "") + holder.labels[0], holder.labels[1]
            elif instance.caller is not None and instance.call is not None:
                yield instance.caller.instance, "module", instance.call.labels[0]

    def _give(self, instance: ModuleInstance, call: hcl.Block) -> Iterator[_Node]:
        try:
            children = instance.children(call.labels[0])
        except EvaluationError:
            return
        if isinstance(children, Unknown):
            self._look(instance, call)
            return
        for (_, scope), child in zip(children[0].instances, children[1], strict=True):
            yield from ((child, "var", name) for name, value in arguments_of(call) if _is_open(value, scope))

    def _look(self, instance: ModuleInstance, block: hcl.Block) -> bool:
        """Keep the secrets that end in a block. True if one may go through it: not all of its arguments are known."""
        origins = instance.index(SecretOrigins, *KEY_TYPES)
        scopes = [scope for _, scope in instances_of(block, instance).instances] if block.type != "output" else [instance.scope()]
        ways = [(name, e, scope) for name, e in arguments_of(block) for scope in scopes if _is_open(e, scope)]
        for argument, expression, scope in ways:
            for origin in origins.of(expression, scope):
                if origin.block is not None and (origin.kind == "module" or origin.attribute in (None, *secrets_of(origin.kind))):
                    end = SecretEnd(instance, block, argument, expression, scope, origin)
                    self._ends.setdefault(origin.block, {})[end] = None
        return bool(ways)


def _is_open(expression: hcl.Expr, scope: ModuleScope) -> bool:
    """True if a secret may be in a value."""
    return first_unknown(scope.instance.index(SecretOrigins, *KEY_TYPES).value(expression, scope)) is not None


def _in_order(end: SecretEnd) -> tuple[str, bool, str, int, int]:
    """Outputs of a module before its resources, each in the order of the code."""
    place = end.expression.span
    return end.instance.address, end.block.type != "output", place.path, place.line, place.column


class Mentions:
    """Which blocks and local values of a folder mention each name that can hold a secret."""

    def __init__(self) -> None:
        self._folders: dict[int, dict[_Name, list[_Holder]]] = {}

    def by(self, folder: Module, kind: str, name: str) -> Sequence[_Holder]:
        """What mentions a name in a folder."""
        if id(folder) not in self._folders:
            found = self._folders[id(folder)] = {}
            for holder in holders(folder):
                words = _words_in(holder) if isinstance(holder, hcl.Block) else _names(folder.locals[holder].expression)
                for word in dict.fromkeys(words):
                    found.setdefault(word, []).append(holder)
        return self._folders[id(folder)].get((kind, name), ())


def holders(folder: Module) -> list[_Holder]:
    """What a secret can go to: blocks, and local values by their names."""
    return [*folder.outputs.values(), *folder.resources.values(), *folder.data.values(), *folder.calls.values(), *folder.locals]


def _words_in(block: hcl.Block) -> list[_Name]:
    """The kinds and names in a block that can stand for a secret, by its text where that is clear."""
    text = None if block.is_read else block.text
    found = dict.fromkeys(_NAMED.findall(text, text.find(b"{"))) if text is not None else None
    if found is None or not all(rest for _, rest in found):
        expressions = (*(argument for _, argument in arguments_of(block)), block.get("for_each"))
        return [word for e in expressions if e is not None for word in _names(e)]
    words = ((_KINDS[kind.decode()], *rest.decode("utf-8", "replace").split(".")[1:]) for kind, rest in found)
    return [(word[0], word[1]) for word in words if _may_be_secret(*word)]


def _names(expression: hcl.Expr) -> Iterator[_Name]:
    for part in walk(expression):
        match references(part):
            case ("data", kind, name, *_):
                yield f"data.{kind}", name
            case (kind, name, *rest) if _may_be_secret(kind, name, *rest[:1]):
                yield "module" if kind == "component" else kind, name


def _may_be_secret(kind: str, _name: str, attribute: str = "") -> bool:
    """True if a reference may stand for a secret: not if it is to another attribute of a key."""
    return not attribute or kind not in KEY_TYPES or attribute in secrets_of(kind)
