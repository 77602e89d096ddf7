"""Keys that something inside Terraform code makes: a CloudFormation stack, or a program that calls IAM."""

from __future__ import annotations

import os

from posturio_iac.core.finding import CALLS_NOT_FOLLOWED, Diagnostic, Level
from posturio_iac.core.record import replace
from posturio_iac.core.text.decoding import holds_any, spelled_out
from posturio_iac.core.unknown import SET_PER_DEPLOYMENT, Unknown
from posturio_iac.facts import FactOptions
from posturio_iac.facts.access_key import facts_of_program, key_of_user, rotator
from posturio_iac.facts.shared_code import KeyOfUser
from posturio_iac.frontends.terraform.dataflow.origin import Origins, of_instance, sources
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.keys.assembly import RootModuleContext, comments_for
from posturio_iac.frontends.terraform.keys.tags import as_map, tags_of, with_defaults
from posturio_iac.frontends.terraform.keys.users import below
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import ModuleInstance, ModuleScope, instances_of, own_place
from posturio_iac.frontends.terraform.operators import text_of
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references, references_in, walk
from posturio_iac.frontends.terraform.values import first_unknown
from posturio_iac.search.kinds import RUNNING, TERRAFORM, names_program, runs_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posturio_iac.core.unknown import Attr
    from posturio_iac.frontends.terraform.modules.folder import Module
    from posturio_iac.frontends.terraform.modules.instance import ModuleLoader
    from posturio_iac.frontends.terraform.values import Value

STACKS = tuple(f"{provider}_cloudformation_stack{suffix}" for provider in ("aws", "awscc") for suffix in ("", "_set"))
_INSTANCES = ("aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances")
_PRODUCTS = tuple(f"aws_servicecatalog_{name}" for name in ("product", "provisioned_product", "provisioning_artifact"))
_PRODUCTS += ("aws_serverlessapplicationrepository_cloudformation_stack",)
_NAMED = ("template_url", "product_name", "product_id", "template_physical_id", "application_id")
_RUN = frozenset(("command", "inline", "program", "query", "environment", "execute", "definition", "content", "buildspec", "working_dir"))
_RUN |= {"user_data", "user_data_base64", "desired_state", "filename", "source", "source_dir", "source_file", "source_path", "context"}
_RUN |= {"script", "scripts", "chart", "playbook"}
"""Arguments whose value is a program, names one, or is given to one."""
_SIGNS = (*RUNNING[TERRAFORM], b"user_data", b"buildspec", b"desired_state", b"local_file", b"local_sensitive_file")
_ROOTS = (b"local.", b"var.", b"module.", b"each.", b"data.")  # to what may hold a program's text
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
    blocks = (*folder.resources.values(), *folder.data.values(), *folder.calls.values())
    return [(block, names) for block in blocks if (names := _may_run(block, program)) is not None]


def _may_run(block: hcl.Block, program: ModuleLoader) -> bool | None:
    text, path = block.text, os.path.join(program.root, block.header.path)
    if text is None or block.labels[0] in _CARRIERS or holds_any(text, _SIGNS):
        return True
    if any(runs_program(one, TERRAFORM) for one in {text, spelled_out(text)}) or names_program(text, TERRAFORM, path, program.fence):
        return True
    return None if block.labels[0].startswith(_IDLE) or not holds_any(text, _ROOTS) else False


def _of_stack(block: hcl.Block, scope: ModuleScope, address: str, setting: RootModuleContext) -> Iterator[KeyOfUser]:
    program = scope.instance.program
    body, read = block.get("template_body"), program.request.read_template
    text = _text(body, scope) if body is not None else None
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
    """Yield what instances of a stack set are given in the place of its own parameters."""
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


def _text(body: hcl.Expr, scope: ModuleScope, value: Value = None) -> str | None:
    """The text of a template of this ``value``, with a word in the place of each part that is not known; None when none of it is."""
    if isinstance(body, hcl.Call) and body.name in ("jsonencode", "yamlencode") and len(body.arguments) == 1:
        import json

        held = evaluate_or_unknown(body.arguments[0], scope)
        return None if isinstance(held, Unknown) else json.dumps(held, default=lambda _: "unknown")
    value = evaluate_or_unknown(body, scope) if value is None else value
    if isinstance(value, str):
        return value
    if not isinstance(body, hcl.TemplateExpr):
        return None
    from posturio_iac.frontends.terraform.terragrunt.unit import text_of

    return text_of(body, lambda part: evaluate_or_unknown(part, scope))


def _of_program(block: hcl.Block, instance: ModuleInstance, setting: RootModuleContext, *, names: bool) -> Iterator[KeyOfUser]:
    from posturio_iac.search.checkout import MOST_FILES
    from posturio_iac.search.named_programs import programs_named
    from posturio_iac.search.programs import BOOTING, GETTING, fetched, program_of

    program = instance.program
    instances = expand(block, instance.scope()).instances or instances_of(block, instance).instances
    lines = dict.fromkeys(line for _, scope in instances[:MOST_FILES] for line in _lines(block.body, scope))
    own = "\n".join((block.labels[0] if block.type == "data" or "codebuild" in block.labels[0] else "", *lines))
    root, path = instance.root.folder, os.path.join(program.root, block.header.path)
    tops = (os.path.join(program.root, one) for one in (root.path, root.unit.folder if root.unit is not None else root.path))
    homes = tuple(dict.fromkeys(map(os.path.normpath, (f"{path}/..", *tops))))
    programs = [("", program_of(own)), *(programs_named(own, homes, program.fence, path) if names or "file://" in own else ())]
    words = block.labels if block.type == "resource" else (block.type, *block.labels)
    address = instance.full(".".join(words))
    fills = "file://" in own and b"templatefile(" in (block.text or b"")  # by an open name, so with what is not known here
    makers = [name for name, one in programs if one.makes_keys or one.deploys_key or (fills and one.in_parts)]
    if not makers:
        if not any(sign in own for sign in GETTING):
            return
        is_run = block.type not in ("resource", "data", "module") or words[:2] == ("data", "external")
        commands = (line for one in (block, *block.body.all("provisioner"))[not is_run :] for line in _lines(one.body, instance.scope()))
        if url := fetched("\n".join((*commands, *(line for line in lines if line.startswith(BOOTING))))):
            _not_followed(block, instance, address, url)
        return
    place = own_place(block.header, instance)
    if (ends := any(one.ends_keys for _, one in programs)) or _is_run_to_rotate(words, instance):
        program.report(rotator(address, place, ends_keys=ends))
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


def _lines(body: hcl.Body, scope: ModuleScope) -> Iterator[str]:
    for name, attribute in body.attributes.items():
        if name in ("template_body", "delete"):  # it is judged by itself, or ends what the block has made
            continue
        parts = list(walk(attribute.expression))
        texts = [part.value for part in parts if isinstance(part, hcl.Literal) and isinstance(part.value, str)]
        yield from (f"{name} = {text}" for text in texts)
        for call in parts:
            if isinstance(call, hcl.Call) and call.name == "fileset":
                folder, pattern = (*(_given(argument, scope) for argument in call.arguments), "", "")[:2]
                yield f"fileset = {folder}/{pattern.partition('*')[0].rpartition('/')[0]}"
        if name in _RUN or len(texts) > 1 or any(isinstance(part, hcl.Name) and b"%b." % part.name.encode() in _ROOTS for part in parts):
            value = evaluate_or_unknown(attribute.expression, scope)
            yield f"{name} = {(known := _given(attribute.expression, scope, value))}"
            may_be_open = not known or isinstance(attribute.expression, (hcl.TemplateExpr, hcl.TupleExpr, hcl.ObjectExpr))
            if may_be_open and first_unknown(value) is not None:
                yield from (f"{name} = {text}" for text in _open_texts(attribute.expression, scope, set()))
    if {"template", "vars"} <= body.attributes.keys():
        given = tuple(body.attributes[name].expression for name in ("template", "vars"))
        yield _given(hcl.Call("templatestring", given, expand=False, span=given[0].span), scope)
    if {"interpreter", "command"} <= body.attributes.keys():
        yield " ".join(_given(body.attributes[name].expression, scope) for name in ("interpreter", "command"))
    for block in (one for one in body.blocks if one.type != "connection"):
        lines = _lines(block.body, scope)
        if references(block.get("when"))[:1] == ("destroy",):  # what ends a key with its resource is no rotation
            from posturio_iac.search.programs import make_keys

            lines = filter(make_keys, lines)
        yield from lines
        if block.labels == ("file",) and (source := block.get("source")) is not None:  # of a provisioner: a folder goes as a whole
            yield f"source_dir = {_given(source, scope)}"


def _given(expression: hcl.Expr, scope: ModuleScope, value: Value = None) -> str:
    """The text of an argument of this ``value``, or those of a list; empty for what is not known."""
    value = evaluate_or_unknown(expression, scope) if value is None else value
    text = _text(expression, scope, value)
    if text is None and isinstance(value, (tuple, dict)):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        text = " ".join(str(one) for name, one in named if not str(name).endswith(".md"))
    return text or ""


def _open_texts(expression: hcl.Expr, scope: ModuleScope, seen: set[object], wanted: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the texts that an open value may be chosen from, of objects by ``wanted`` names, and the files that its paths may name."""
    if first_unknown(value := evaluate_or_unknown(expression, scope)) is None:
        is_choice = seen and references(expression)[:1] != ("path",)  # what is known as a whole is none, nor where the code lies
        yield _given(expression, scope, value) if is_choice else ""
        return
    words = references(expression)
    place, parts = (id(scope.instance), words or id(expression)), [(one, scope) for one in ([] if words else inside(expression)) if one]
    if words and words[0] in ("local", "var", "module", "each") and place not in seen:
        found = of_instance(expression, scope) if words[0] == "each" else sources(words, scope.instance)
        parts = [(one, instance.scope()) for one, instance in found if one is not None]
    elif isinstance(expression, (hcl.TemplateExpr, hcl.Call)):
        if isinstance(expression, hcl.TemplateExpr):
            parts = [one for one in parts if first_unknown(evaluate_or_unknown(*one)) is not None]
        text = evaluate_or_unknown(_starred(expression, scope), scope)
        yield "\n".join(_fitting(word, scope) for word in (text.split() if isinstance(text, str) else ()) if "*" in word)
    elif isinstance(expression, hcl.ObjectExpr) and wanted:
        parts = [(one, scope) for name, one in expression.items if isinstance(name, hcl.Literal) and name.value in wanted] or parts
    seen.add(place)
    for part, there in parts:
        yield from _open_texts(part, there, seen, words[2:] or wanted)


def _starred(expression: hcl.Expr, scope: ModuleScope) -> hcl.Expr:
    """An expression with a star in the place of each part that is open."""
    if first_unknown(evaluate_or_unknown(expression, scope)) is None:
        return expression
    parts = {hcl.TemplateExpr: "parts", hcl.TupleExpr: "items", hcl.Call: "arguments"}.get(type(expression), "")
    inner: dict[str, Any] = {parts: tuple(_starred(one, scope) for one in getattr(expression, parts))} if parts else {}
    made = replace(expression, **inner)
    return made if first_unknown(evaluate_or_unknown(made, scope)) is None else hcl.Literal("*", expression.span)


def _fitting(pattern: str, scope: ModuleScope) -> str:
    """The files that a path with open parts may name, and the folders, in lines. Only folders on the way are listed."""
    from fnmatch import filter as fitting

    instance, found = scope.instance, [os.curdir]
    top, fence = os.path.join(instance.program.root, instance.root.folder.path), instance.program.fence
    is_path = any(map(str.isalnum, pattern)) and "://" not in pattern and pattern[0] != "/"
    for part in pattern.split("/") if is_path else ():
        held = {one: fence.names(os.path.normpath(os.path.join(top, one))) for one in found}
        found = [f"{one}/{name}" for one in found for name in (sorted(fitting(held[one], part)) if "*" in part else (part,))]
    folders = {one for one in found if fence.names(os.path.normpath(os.path.join(top, one)))}
    return "\n".join(f"-\nsource_dir = {one}" if one in folders else f"file://{one}" for one in found if is_path)
