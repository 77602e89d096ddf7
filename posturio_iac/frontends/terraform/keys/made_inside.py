"""Keys that something inside Terraform code makes: a CloudFormation stack, or a program that calls IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posturio_iac.core.evidence.remedy import Advice, Remedies
from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import MADE_BY_PROGRAM, NOT_FIXED, Unknown
from posturio_iac.facts.access_key import key_of_user
from posturio_iac.facts.model import FactOptions, KeyFacts, UserFacts
from posturio_iac.facts.siblings import KeyOfUser
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.assembly import comments_for, place_of
from posturio_iac.frontends.terraform.modules.instance import instances_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.frontends.terraform.terragrunt.generated import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext
    from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope

STACKS = tuple(f"{provider}_cloudformation_stack{suffix}" for provider in ("aws", "awscc") for suffix in ("", "_set"))
_MAKES = ("create-access-key", "create_access_key", "createaccesskey", "create-service-specific-credential")
_ENDS = ("delete-access-key", "delete_access_key", "deleteaccesskey", "update-access-key", "update_access_key")
"""What a program that makes keys calls besides if it is a rotator."""


def keys_made_inside(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    """Yield the keys that stacks and programs of one module instance make."""
    for _, block in instance.resources(*STACKS):
        for suffix, scope in instances_of(block, instance).instances:
            yield from _of_stack(block, scope, instance.full(f"{'.'.join(block.labels)}{suffix}"), setting)
    blocks = (*instance.folder.resources.values(), *(b for (kind, _), b in instance.folder.data.items() if kind == "external"))
    for block in blocks:
        if block.type == "data" or (b"provisioner" in (block.text or b"provisioner") and block.body.all("provisioner")):
            yield from _of_program(block, instance, setting)


def _of_stack(block: hcl.Block, scope: ModuleScope, address: str, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    program = scope.instance.program
    body, read = block.get("template_body"), program.options.read_template
    text = _text(body, scope) if body is not None else None
    place = place_of(block, scope.instance)
    if text is None or body is None or read is None:
        said = f"the template of {address} is not known from the code, so it is not known whether it makes keys"
        program.report(Diagnostic(Level.NOTE, said, place.path, place.line, place.column))
        return
    given = evaluate_or_unknown(block.get("parameters"), scope)
    parameters = {name: value for name, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}
    reading = read(text, body.span if program.is_ours(body.span.path) else place, parameters)
    for problem in reading.diagnostics:
        program.report(problem)
    for key in reading.keys:
        found = replace(key, address=f"{address}/{key.address}", framework="terraform", scope=setting.scope)
        yield KeyOfUser(found, None)


def _text(body: hcl.Expr, scope: ModuleScope) -> str | None:
    """The text of a template, with a word in the place of each part that is not known; None when none of it is."""
    if isinstance(body, hcl.Call) and body.name in ("jsonencode", "yamlencode") and len(body.arguments) == 1:
        import json

        value = evaluate_or_unknown(body.arguments[0], scope)
        return None if isinstance(value, Unknown) else json.dumps(_plain(value))
    value = evaluate_or_unknown(body, scope)
    if isinstance(value, str):
        return value
    return text_of(body, lambda part: evaluate_or_unknown(part, scope)) if isinstance(body, hcl.TemplateExpr) else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(member) for member in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else "unknown"


def _of_program(block: hcl.Block, instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    texts = " ".join(_texts(block.body)).lower()
    if not any(mark in texts for mark in _MAKES):
        return
    program = instance.program
    address = instance.full(".".join(block.labels if block.type == "resource" else (block.type, *block.labels)))
    place = place_of(block, instance)
    if any(mark in texts for mark in _ENDS):
        said = f"{address} runs a program that makes access keys and ends others: it looks like a rotator, and its keys are not judged"
        program.report(Diagnostic(Level.NOTE, said, place.path, place.line, place.column))
        return
    advice = Advice("make the key by a resource, whose lifetime can be stated, or use a role")
    open_ = NOT_FIXED(f"the user of {address}")
    facts = KeyFacts(
        address=address,
        framework="terraform",
        span=place,
        user=UserFacts(open_, hidden=(open_,)),
        status="Active",
        remedies=Remedies(advice, advice, Advice("end the key in IAM")),
        label=block.labels[-1],
        hidden=(MADE_BY_PROGRAM(address),),
        existence=MADE_BY_PROGRAM(address),
        directives=comments_for(block, instance).directives,
        scope=setting.scope,
    )
    yield key_of_user(facts, FactOptions(program.options.names, program.options.as_of))


def _texts(body: hcl.Body) -> Iterator[str]:
    for attribute in body.attributes.values():
        for part in walk(attribute.expression):
            if isinstance(part, hcl.Literal) and isinstance(part.value, str):
                yield part.value
    for block in body.blocks:
        yield from _texts(block.body)
