"""The root module of a Terragrunt unit: the module that it applies, its inputs, and the files generated beside it."""

from __future__ import annotations

import posixpath
from copy import copy

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level
from posturio_iac.core.model import Unknown
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import GENERATES
from posturio_iac.frontends.terraform.known_modules import LOCAL
from posturio_iac.frontends.terraform.modules.files import is_override
from posturio_iac.frontends.terraform.modules.folder import TABLES, Module, put_block
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.terragrunt.documents import UnitSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from posturio_iac.frontends.terraform.terragrunt.merging import Entries
    from posturio_iac.frontends.terraform.terragrunt.unit import GeneratedFile
    from posturio_iac.frontends.terraform.terragrunt.units import AppliedUnit


def applied_module(one: AppliedUnit, load: Callable[[str], Module], report: Callable[[Diagnostic], None]) -> Module:
    """The root module of a unit: the code of its module with the unit's inputs, and with the files that are beside it then."""
    unit = one.unit
    module = load(one.module) if one.module is not None else Module(one.folder)
    given, forced = unit.inputs()
    rest = given.rest or forced.rest or module.unreadable_tfvars
    own = {name: copy(getattr(module, name)) for name in ("locals", "providers", "settings", *TABLES.values())}
    result = replace(module, unit=one, unreadable_tfvars=rest, **own)
    folders = tuple(one.folders())
    for beside in folders[1:]:
        _lay_over(result, load(beside))
    if one.folder not in folders and one.has_values:  # Terragrunt copies files of values without code too
        values = load(one.folder)
        result.tfvars = {**result.tfvars, **values.tfvars}
        result.unreadable_tfvars = rest or values.unreadable_tfvars
    for written in sorted(unit.generated(), key=lambda one: not isinstance(one, Unknown) and is_override(one.name)):
        if isinstance(written, Unknown):
            result.unseen_providers = written
            if written.kind is GENERATES:
                file, name = written.arguments
                said = f"only Terragrunt knows the text of {name}, which this generates, so it is not known whether it makes keys"
                report(Diagnostic(Level.NOTE, said, str(file)))
        else:
            _add(result, written)
            for name, source in written.calls():
                if not source.startswith(LOCAL):
                    report(Diagnostic(Level.NOTE, f"module.{name}: {source}", unit.shown, about=CALLS_NOT_FOLLOWED))
    below = {**_handed_over(given, result), **result.tfvars}
    if forced.rest is not None:  # a file of values that is not known here may set each of them again
        below = hcl.attributes({name: hcl.InvalidExpr(forced.rest, one.expression.span) for name, one in below.items()})
    result.tfvars = {**below, **forced.attributes()}
    if one.module is None and isinstance(one.source, UnitSource):
        result.calls[_label(one)] = _call(one, one.source, result.tfvars)
    result.data.update({(block.type, ".".join(block.labels)): block for block in unit.programs()})
    for problem in unit.problems:
        report(problem)
    return result


def _handed_over(given: Entries, module: Module) -> dict[str, hcl.Attribute]:
    """Inputs as environment variables give them: one without a type is a text, which is JSON unless the input is a text."""
    found = given.attributes()
    for name, (value, _) in given.known.items():
        variable = module.variables.get(name)
        if variable is not None and variable.get("type") is None and value is not None and not isinstance(value, str):
            held = found[name].expression
            found |= hcl.attributes({name: hcl.Call("jsonencode", (held,), expand=False, span=held.span)})
    return found


def _lay_over(module: Module, other: Module) -> None:
    module.locals.update(other.locals)
    named = (block for table in TABLES.values() for block in getattr(other, table).values())
    for block in (*named, *other.providers, *other.settings):
        put_block(module, block, posixpath.basename(block.header.path))
    module.tfvars = {**module.tfvars, **other.tfvars}


def _add(module: Module, written: GeneratedFile) -> None:
    replaced = posixpath.join(module.path, written.name)
    if written.name in module.names:
        if not written.overwrites:
            return
        module.providers = [block for block in module.providers if block.header.path != replaced]
        module.settings = [block for block in module.settings if block.header.path != replaced]
        for name in TABLES.values():
            kept = {key: block for key, block in getattr(module, name).items() if block.header.path != replaced}
            setattr(module, name, kept)
    module.tfvars = {**module.tfvars, **{value.name: value for value in written.values}}
    for block in written.blocks:
        put_block(module, block, written.name)


def _label(one: AppliedUnit) -> str:
    return posixpath.basename(one.folder) or "unit"


def _call(one: AppliedUnit, source: UnitSource, inputs: dict[str, hcl.Attribute]) -> hcl.Block:
    own: dict[str, hcl.Expr] = {"source": hcl.Literal(source.text, source.span)}
    if source.version is not None:
        own["version"] = hcl.Literal(source.version, source.span)
    headers = one.unit.headers()
    return hcl.Block(
        "module",
        (_label(one),),
        source.span,
        source.span,
        body=hcl.Body({**inputs, **hcl.attributes(own)}, ()),
        comments=tuple(comment for block in headers for comment in block.comments),
    )
