"""Stacks of HCP Terraform: a folder whose components call modules, with the inputs of its deployments.

https://developer.hashicorp.com/terraform/language/stacks
"""

from __future__ import annotations

import posixpath

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import grouped
from posturio_iac.core.unknown import SET_PER_DEPLOYMENT
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.folder import Module, add_block
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.json_syntax import parse_either
from posturio_iac.frontends.terraform.syntax.references import references
from posturio_iac.frontends.terraform.values import Value, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posturio_iac.frontends.terraform.evaluation import Scope

COMPONENTS = (".tfcomponent.hcl", ".tfstack.hcl", ".tfcomponent.json", ".tfstack.json")
DEPLOYMENTS = (".tfdeploy.hcl", ".tfdeploy.json")
_LABELS = {"component": 1, "deployment": 1, "provider": 2}  # how many labels a block of JSON has, beside those of modules


class ComponentStack:
    """The files of one stack."""

    def __init__(self, folder: str, paths: tuple[str, ...], read: Callable[[str], bytes | Diagnostic]) -> None:
        """Stand for the files ``paths`` in one folder; all are relative to the scan root."""
        self.folder = folder
        self.files = frozenset(paths)
        self.problems: list[Diagnostic] = []
        self._deployments: list[tuple[hcl.Block, dict[str, hcl.Attribute]]] = []
        self.module = Module(folder)
        for path in paths:
            self._add(path, read(path))
        for block in list(self.module.calls.values()):
            self.module.calls[block.labels[0]] = _call(block)
        self.module.providers = [_provider(block) for block in self.module.providers]

    @property
    def node(self) -> str:
        return posixpath.join(self.folder, COMPONENTS[0])

    @property
    def shown(self) -> str:
        return min(self.files)

    def folders(self) -> Iterator[str]:
        """Yield the folders of the local modules that components call."""
        for source, _ in self._sources():
            if source.startswith(("./", "../")):
                path = posixpath.normpath(posixpath.join(self.folder, source))
                yield "" if path == "." else path

    def own_folders(self) -> tuple[str, ...]:
        return ()

    def forget(self) -> None:
        """Keep the code: what the stack applies is asked of it, and stacks are few."""

    def called(self) -> Iterator[tuple[str, str | None]]:
        yield from (one for one in self._sources() if not one[0].startswith("."))

    def read_all(self) -> None:
        """Do nothing: all its files are read."""

    def unread(self) -> Iterator[Diagnostic]:
        """Yield a note on each component whose source is computed or missing."""
        for name, block in self.module.calls.items():
            source = block.get("source")
            if not isinstance(source, hcl.Literal):
                text = f"component.{name} has no constant source, so what it calls is not known"
                yield Diagnostic(Level.NOTE, text, block.header.path, block.header.line, block.header.column)

    def _sources(self) -> Iterator[tuple[str, str | None]]:
        for block in self.module.calls.values():
            source, version = block.get("source"), block.get("version")
            if isinstance(source, hcl.Literal) and isinstance(source.value, str):
                text = version.value if isinstance(version, hcl.Literal) and isinstance(version.value, str) else None
                yield source.value, text

    def _add(self, path: str, data: bytes | Diagnostic) -> None:
        if isinstance(data, Diagnostic):
            self.problems.append(data)
            return
        body, problems = parse_either(path, data, _LABELS)
        self.problems += problems
        if path.endswith(DEPLOYMENTS):
            names = {name: one for block in body.all("locals") for name, one in block.body.attributes.items()}
            self._deployments += ((block, names) for block in body.all("deployment"))
            return
        for block in body.blocks:
            if block.type == "component" and block.labels:
                self.module.calls[block.labels[0]] = block
            else:
                add_block(self.module, block)

    def root_module(self, scope_of: Callable[[Module], Scope]) -> Module:
        """The stack as a root module, with the inputs that all deployments give alike."""
        given = [_inputs(block, scope_of(Module(self.folder, locals=names))) for block, names in self._deployments]
        for name in sorted({name for one in given for name in one}):
            self.module.tfvars[name] = _common(name, [one.get(name) for one in given])
        return self.module


def stacks_in(paths: tuple[str, ...], read: Callable[[str], bytes | Diagnostic]) -> Iterator[ComponentStack]:
    """Yield the stacks among ``paths``."""
    ours = (path for path in paths if path.endswith((*COMPONENTS, *DEPLOYMENTS)))
    for folder, found in grouped(ours, posixpath.dirname).items():
        if any(path.endswith(COMPONENTS) for path in found):
            yield ComponentStack(folder, tuple(found), read)


def _inputs(block: hcl.Block, scope: Scope) -> dict[str, tuple[Value, hcl.Expr]]:
    inputs = block.get("inputs") or block.get("variables")
    items = inputs.items if isinstance(inputs, hcl.ObjectExpr) else ()
    return {str(key.value): (evaluate_or_unknown(value, scope), value) for key, value in items if isinstance(key, hcl.Literal)}


def _common(name: str, values: list[tuple[Value, hcl.Expr] | None]) -> hcl.Attribute:
    given = [one for one in values if one is not None]
    value, expression = given[0]
    alike = len(given) == len(values) and first_unknown(value) is None and all(other == value for other, _ in given)
    made = expression if alike else hcl.InvalidExpr(SET_PER_DEPLOYMENT(f"var.{name}"), expression.span)
    if alike and not isinstance(expression, hcl.Literal):
        from posturio_iac.frontends.terraform.terragrunt.merging import written

        made = written(value, expression)
    return hcl.Attribute(name, expression.span, made)


def _call(block: hcl.Block) -> hcl.Block:
    """A component as Terraform writes the call of a module: its inputs are arguments."""
    inputs = block.get("inputs")
    items = inputs.items if isinstance(inputs, hcl.ObjectExpr) else ()
    arguments = {str(key.value): value for key, value in items if isinstance(key, hcl.Literal)}
    own = {name: one for name, one in block.body.attributes.items() if name != "inputs"}
    providers = own.get("providers")
    if providers is not None:
        own["providers"] = hcl.Attribute("providers", providers.span, _plain_providers(providers.expression))
    body = hcl.Body({**hcl.attributes(arguments), **own}, block.body.blocks)
    return hcl.Block(block.type, block.labels, block.header, block.span, body=body, comments=lambda: block.comments)


def _plain_providers(expression: hcl.Expr) -> hcl.Expr:
    """``{ aws = provider.aws.main }`` as Terraform writes it: ``{ aws = aws.main }``."""
    if isinstance(expression, hcl.ObjectExpr):
        return hcl.ObjectExpr(tuple((key, _plain_providers(value)) for key, value in expression.items), expression.span)
    if isinstance(expression, hcl.Literal) and isinstance(expression.value, str):  # JSON writes it in quotes
        return hcl.Literal(expression.value.removeprefix("provider."), expression.span)
    words = references(expression)
    if len(words) < 3 or words[0] != "provider":  # noqa: PLR2004 - provider, type and name
        return expression
    return hcl.GetAttr(hcl.Name(words[1], expression.span), words[2], expression.span)


def _provider(block: hcl.Block) -> hcl.Block:
    """``provider "aws" "main" { config { … } }`` as Terraform writes it, with an alias."""
    config = block.first("config")
    if len(block.labels) < 2:  # noqa: PLR2004 - type and name
        return block
    alias = hcl.Attribute("alias", block.header, hcl.Literal(block.labels[1], block.header))
    inner = config.body if config is not None else hcl.EMPTY
    body = hcl.Body({**inner.attributes, "alias": alias}, inner.blocks)
    return hcl.Block(block.type, block.labels[:1], block.header, block.span, body=body, comments=lambda: block.comments)
