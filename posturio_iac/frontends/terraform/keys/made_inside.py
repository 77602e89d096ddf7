"""Keys that something inside Terraform code makes: a CloudFormation stack, or a program that calls IAM."""

from __future__ import annotations

import os

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import holds_any, spelled_out
from posturio_iac.core.unknown import SET_PER_DEPLOYMENT, Attr, Unknown
from posturio_iac.facts import FactOptions
from posturio_iac.facts.access_key import facts_of_program, key_of_user, rotator
from posturio_iac.facts.shared_code import KeyOfUser
from posturio_iac.frontends.terraform.dataflow.origin import Origins
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext, comments_for
from posturio_iac.frontends.terraform.keys.program_texts import ROOTS, lines_in, lines_of, text_in
from posturio_iac.frontends.terraform.keys.tags import as_map, tags_of, with_defaults
from posturio_iac.frontends.terraform.keys.users import below
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.operators import text_of
from posturio_iac.frontends.terraform.syntax.references import references, references_in
from posturio_iac.search.kinds import RUNNING, TERRAFORM, names_program, runs_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.instance import ModuleLoader
    from posturio_iac.frontends.terraform.syntax import hcl
    from posturio_iac.frontends.terraform.values import Value

STACKS = tuple(f"{provider}_cloudformation_stack{suffix}" for provider in ("aws", "awscc") for suffix in ("", "_set"))
_INSTANCES = ("aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances")
_PRODUCTS = tuple(f"aws_servicecatalog_{name}" for name in ("product", "provisioned_product", "provisioning_artifact"))
_PRODUCTS += ("aws_serverlessapplicationrepository_cloudformation_stack",)
_NAMED = ("template_url", "product_name", "product_id", "template_physical_id", "application_id")
_SIGNS = (*RUNNING[TERRAFORM], b"user_data", b"buildspec", b"desired_state", b'"local_file"', b'"local_sensitive_file"')
_BUILDERS = ("_code", "_apprunner_", "_amplify_", "flux_", "argocd_")
_INSIDE = (b'"aws_iam_access_key"', b"::IAM::AccessKey")  # in a manifest of another tool
_CARRIERS = frozenset(("external", "aws_lambda_function", "aws_lambda_layer_version", "aws_s3_object", "aws_s3_bucket_object"))
"""What carries a program of the checkout, by a name that other code may hold."""
_IDLE_NETWORK = ("aws_security_group", "aws_lb", "aws_elb", "aws_route", "aws_subnet", "aws_vpc", "aws_wafv2", "aws_acm_")
_IDLE_DATA = ("aws_s3_bucket", "aws_ssm_parameter", "aws_secretsmanager_", "aws_db_", "aws_rds_", "aws_cloudwatch_log", "aws_kms_")
_IDLE = ("aws_iam_", "aws_cloudwatch_metric", *_IDLE_NETWORK, *_IDLE_DATA)
"""Beginnings of the types of resources that run nothing that they are given."""


def keys_made_inside(instance: ModuleInstance, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    """Yield the keys that stacks of one module instance make, and its programs, if the root module may run some."""
    for _, block in instance.resources(*STACKS):
        for suffix, scope in instances_of(block, instance).instances:
            yield from _of_stack(block, scope, instance.full(f"{'.'.join(block.labels)}{suffix}"), setting)
    for _, block in instance.resources(*_PRODUCTS):
        bodies = (block.body, *(inner.body for inner in block.body.blocks))
        written = [body.attributes[name].expression for body in bodies for name in _NAMED if name in body.attributes]
        _not_followed(block, instance, instance.full(".".join(block.labels)), *(evaluate_or_unknown(e, instance.scope()) for e in written))
    refers = setting.runs(instance.folder)
    for block, names in instance.index(_programs, instance.folder, instance.program) if refers is not None else ():
        if names or (refers and not (block.type == "module" and instance.program.may_hold_keys(instance, block))):
            yield from _of_program(block, instance, setting, names=names)


def _programs(folder: Module, program: ModuleLoader) -> list[tuple[hcl.Block, bool]]:
    """The blocks of a folder that may hold a program, each with whether it may name one. Others, by their texts, need not be parsed."""
    blocks = (*folder.resources.values(), *folder.data.values(), *folder.calls.values(), *folder.providers)
    return [(block, names) for block in blocks if (names := _may_run(block, program)) is not None]


def _may_run(block: hcl.Block, program: ModuleLoader) -> bool | None:
    text, path = block.text, os.path.join(program.root, block.header.path)
    is_idle = block.labels[0].startswith(_IDLE) and block.labels[0] not in _CARRIERS
    if is_idle and text is not None and b"provisioner" not in text and block.labels[0] != "aws_ssm_parameter":  # which may hold a script
        return None
    if text is None or block.labels[0] in _CARRIERS or holds_any(text, _SIGNS) or (not is_idle and holds_any(text, _INSIDE)):
        return True
    if any(runs_program(one, TERRAFORM) for one in {text, spelled_out(text)}) or names_program(text, TERRAFORM, path, program.fence):
        return True
    return None if is_idle or not holds_any(text, ROOTS) else False


def _of_stack(block: hcl.Block, scope: ModuleScope, address: str, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    program = scope.instance.program
    body, read = block.get("template_body"), program.request.read_template
    text = text_in(body, scope) if body is not None else None
    place = own_place(block.header, scope.instance)
    if text is None or body is None or read is None:
        url = evaluate_or_unknown(block.get("template_url"), scope) if body is None else None
        _not_followed(block, scope.instance, address, url)
        return
    own = with_defaults(tags_of(block, scope, address), block, scope.instance, block.labels[0])
    tags = tuple((tag.name, tag.value) for tag in own.items if isinstance(tag.value, str))
    reading = read(text, body.span if program.is_ours(body.span.path) else place, _parameters(block, scope), tags)
    for problem in reading.diagnostics:
        program.report(problem)
    for key in reading.keys:
        yield KeyOfUser(replace(key, address=f"{address}/{key.address}", framework="terraform", scope=setting.scope), None)


def _parameters(block: hcl.Block, scope: ModuleScope) -> dict[str, Attr[str]]:
    """What a stack is given, by an empty name what it may be given beside that; what instances of a stack set override is open."""
    found: dict[str, Attr[str]] = {}
    own = evaluate_or_unknown(block.get("parameters"), scope)
    for place, given in enumerate(as_map(one, "parameter_") for one in (own, *_overrides(block, scope))):
        if (rest := getattr(given, "rest", given if isinstance(given, Unknown) else None)) is not None:
            found = {"": rest}
        for name, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, (str, int, float, Unknown)):
                text = value if isinstance(value, Unknown) else text_of(value)
                found[name] = text if not place or found.get(name) == text else SET_PER_DEPLOYMENT(f"the parameter {name}")
    return found


def _overrides(block: hcl.Block, scope: ModuleScope) -> Iterator[Value]:
    groups = evaluate_or_unknown(block.get("stack_instances_group"), scope)
    for group in groups if isinstance(groups, tuple) else () if groups is None else (groups,):
        yield group.get("parameter_overrides") if isinstance(group, dict) else group
    kind, name = block.labels[0], evaluate_or_unknown(block.get("name"), scope)
    instances = below(scope.instance.root, b"parameter_overrides", installed=True)[0] if kind.endswith("_set") else ()
    found = ((one, inner) for at in instances for _, one in at.resources(*_INSTANCES) for _, inner in instances_of(one, at).instances)
    for one, inner in found:
        ends = inner.instance.index(Origins, kind).of(named := one.get("stack_set_name"), inner)
        if evaluate_or_unknown(named, inner) == name or any(end.block is block for end in ends):
            yield evaluate_or_unknown(one.get("parameter_overrides"), inner)


def _not_followed(block: hcl.Block, instance: ModuleInstance, address: str, *names: Value) -> None:
    said = f"{address}: {next((name for name in names if isinstance(name, str)), '') or 'a template that the code does not fix'}"
    instance.program.report(Diagnostic(Level.NOTE, said, own_place(block.header, instance).path, about=CALLS_NOT_FOLLOWED))


def _of_program(block: hcl.Block, instance: ModuleInstance, setting: RootModuleContext, *, names: bool) -> Iterator[KeyOfUser]:
    from posturio_iac.frontends.terraform.terragrunt import FILLED_IN
    from posturio_iac.search.checkout import is_without_makers, note_run
    from posturio_iac.search.named_programs import programs_named
    from posturio_iac.search.programs import BOOTING, GETTING, fetched, program_of

    program = instance.program
    lines = dict.fromkeys(lines_of(block, instance))
    own = "\n".join((block.labels[0] if block.type == "data" or any(one in block.labels[0] for one in _BUILDERS) else "", *lines))
    root, path = instance.root.folder, os.path.join(program.root, block.header.path)
    tops = (os.path.join(program.root, one) for one in (root.path, root.unit.folder if root.unit is not None else root.path))
    homes = tuple(dict.fromkeys(map(os.path.normpath, (f"{path}/..", *tops))))
    is_led = (names or "file://" in own) and not is_without_makers(own + path, homes[0], program.fence)
    programs = [("", program_of(own)), *(programs_named(own, homes, program.fence, path) if is_led else ())]
    words = block.labels if block.type == "resource" else (block.type, *block.labels)
    address = instance.full(".".join(words))
    note_run(programs, homes[0], program.fence)
    fills = "file://" in own and b"templatefile(" in (block.text or b"")  # by an open name, so with what is not known here
    makers = [name for name, one in programs if one.makes_keys or one.deploys_key or (fills and one.in_parts)]
    if not makers:
        if not any(sign in own for sign in GETTING):
            return
        is_run = block.type not in ("resource", "data", "module") or words[:2] == ("data", "external")
        commands = (line for one in (block, *block.body.all("provisioner"))[not is_run :] for line in lines_in(one.body, instance.scope()))
        if url := fetched("\n".join((*commands, *(one for one in lines if one.startswith(BOOTING) or BOOTING[-1] in one)))):
            _not_followed(block, instance, address, url.replace(FILLED_IN, "…"))
        return
    place = own_place(block.header, instance)
    if (ends := any(one.ends_keys for _, one in programs)) or _is_run_to_rotate(words, instance):
        told: set[object] = instance.index(set)  # the programs that notes on functions, which come first, and archives have named
        if not told.issuperset(named := {(instance, name) for name in makers}) or not makers[0]:
            program.report(rotator(address, place, ends_keys=ends))
        told |= named
        return
    directives = comments_for(block, instance).directives
    facts = facts_of_program(address, makers[0], "terraform", place, block.labels[-1], directives, setting.scope)
    yield key_of_user(facts, FactOptions(program.request.names, program.request.as_of))


def _is_run_to_rotate(own: tuple[str, ...], instance: ModuleInstance) -> bool:
    for _, rotation in instance.resources("aws_secretsmanager_secret_rotation"):
        name = references(rotation.get("rotation_lambda_arn"))[:2]
        function = next((found for _, found in instance.resources("aws_lambda_function") if found.labels == name), None)
        arguments = function.body.attributes.values() if function is not None else ()
        if own == name or any(words[: len(own)] == own for argument in arguments for words in references_in(argument.expression)):
            return True
    return False
