"""The texts of blocks that may run a program: commands, programs themselves and their names, with what an open one may be."""

from __future__ import annotations

import os
from itertools import islice, product

from posturio_iac.core.record import replace
from posturio_iac.core.unknown import Unknown
from posturio_iac.frontends.terraform.dataflow.origin import of_instance, sources
from posturio_iac.frontends.terraform.evaluation.evaluate import evaluate_or_unknown
from posturio_iac.frontends.terraform.modules.expansion import expand
from posturio_iac.frontends.terraform.modules.instance import USUAL, ModuleInstance, ModuleScope, View, instances_of, resource_value
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import inside, references, walk
from posturio_iac.frontends.terraform.values import Value, first_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    _Asked = tuple[hcl.Expr, ModuleScope, tuple[str, ...]]

_RUN = frozenset(("command", "inline", "program", "query", "environment", "execute", "definition", "content", "buildspec", "working_dir"))
_RUN |= {"user_data", "user_data_base64", "desired_state", "filename", "source", "source_dir", "source_file", "source_path", "context"}
_RUN |= {"script", "scripts", "chart", "playbook"}
"""Arguments whose value is a program, names one, or is given to one."""
_SAID, _WHOLE = ("description", "message", "comment", "title", "tags", "labels"), ("source_dir", "source_path", "context", "chart")
_INNER = {hcl.TemplateExpr: "parts", hcl.TupleExpr: "items", hcl.Call: "arguments"}
MOST_FILES, _MOST_CHOICES = 200, 20  # files of values, or instances, that are looked at; what an open text may be
ROOTS = (b"local.", b"var.", b"module.", b"each.", b"data.")  # to what may hold a program's text


def lines_of(block: hcl.Block, instance: ModuleInstance) -> Iterator[str]:
    """Yield the lines of a block as defaults of variables make it, and as each file of values does that makes it another one."""
    usual = tuple(_lines_in(block, instance, USUAL))
    yield from usual
    views = instance.index(_views, instance.root)
    if views and tuple(_lines_in(block, instance, views[0])) != usual:
        yield from (line for view in views[1:] for line in _lines_in(block, instance, view))


def _views(root: ModuleInstance) -> list[View]:
    files = [values for values in root.unread_values if root.folder.variables.keys() & values.keys()][:MOST_FILES]
    other = hcl.attributes({name: hcl.Literal("\0", values[name].expression.span) for values in files for name in values})
    return [View(values=values) for values in (other, *files)] if files else []


def _lines_in(block: hcl.Block, instance: ModuleInstance, view: View) -> Iterator[str]:
    instances = expand(block, instance.scope(view)).instances
    instances = instances or (instances_of(block, instance).instances if view is USUAL else ())
    for suffix, scope in instances[:MOST_FILES]:
        own = resource_value(block, block.labels[0], ".".join(block.labels) + suffix, scope) if block.type == "resource" else None
        yield from lines_in(block.body, scope.bind(self=own) if own is not None else scope)


def text_in(body: hcl.Expr, scope: ModuleScope, value: Value = None) -> str | None:
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


def lines_in(body: hcl.Body, scope: ModuleScope) -> Iterator[str]:
    """Yield the arguments of a body, and of the blocks in it, as lines with their names."""
    for name, attribute in body.attributes.items():
        if name in ("template_body", "delete") or name.endswith(_SAID):  # it is judged by itself, ends what the block made, or is not run
            continue
        parts = list(walk(attribute.expression))
        is_known = name in _WHOLE and isinstance(evaluate_or_unknown(attribute.expression, scope), str)  # whose parts are no folders
        texts = [part.value for part in parts if isinstance(part, hcl.Literal) and isinstance(part.value, str) and not is_known]
        yield from (f"{name} = {text}" for text in texts)
        for call in parts:
            if isinstance(call, hcl.Call) and call.name == "fileset":
                folder, pattern = (*(_given(argument, scope) for argument in call.arguments), "", "")[:2]
                yield f"fileset = {folder}/{pattern.partition('*')[0].rpartition('/')[0]}"
        if name in _RUN or len(texts) > 1 or any(isinstance(part, hcl.Name) and b"%b." % part.name.encode() in ROOTS for part in parts):
            value = evaluate_or_unknown(attribute.expression, scope)
            yield f"{name} = {(known := _given(attribute.expression, scope, value))}"
            may_be_open = not known or isinstance(attribute.expression, (hcl.TemplateExpr, hcl.TupleExpr, hcl.ObjectExpr))
            if may_be_open and first_unknown(value) is not None:
                yield from (f"{name} = {text}" for text in _open_texts(attribute.expression, scope))
    if {"template", "vars"} <= body.attributes.keys():
        given = tuple(body.attributes[name].expression for name in ("template", "vars"))
        yield _given(hcl.Call("templatestring", given, expand=False, span=given[0].span), scope)
    if {"interpreter", "command"} <= body.attributes.keys():
        yield " ".join(_given(body.attributes[name].expression, scope) for name in ("interpreter", "command"))
    for block in (one for one in body.blocks if one.type != "connection"):
        lines = lines_in(block.body, scope)
        if references(block.get("when"))[:1] == ("destroy",):  # what ends a key with its resource is no rotation
            from posturio_iac.search.programs import make_keys

            lines = filter(make_keys, lines)
        yield from lines
        if block.labels == ("file",) and (source := block.get("source")) is not None:  # of a provisioner: a folder goes as a whole
            yield f"source_dir = {_given(source, scope)}"


def _given(expression: hcl.Expr, scope: ModuleScope, value: Value = None) -> str:
    """The text of an argument of this ``value``, or those of a list; empty for what is not known."""
    value = evaluate_or_unknown(expression, scope) if value is None else value
    text = text_in(expression, scope, value)
    if text is None and isinstance(value, (tuple, dict)):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        told = {str(name): str(one) for name, one in named if not str(name).endswith(".md")}
        text = "\n".join(f"{name}: {one}" for name, one in told.items()) if isinstance(value, dict) else " ".join(told.values())
    return text or ""


class _Choices(dict["tuple[object, ...]", "tuple[_Asked, list[str], list[_Asked]]"]):
    """What `_choices_of` has found in a root module, by what it was asked, which is kept with it."""


def _open_texts(expression: hcl.Expr, scope: ModuleScope) -> Iterator[str]:
    """Yield the texts that an open value may be chosen from, and the files that its paths may name; each is made once for all."""
    known, seen = scope.instance.index(_Choices), set[object]()
    pending: list[_Asked] = [(expression, scope, ())]
    while pending:
        one, there, wanted = asked = pending.pop()
        key = (id(one), there.instance, there.view, wanted, id(there) if there.bindings or there.origin is not None else 0)
        if key not in known:
            known[key] = (asked, *_choices_of(*asked))
        _, texts, parts = known[key]
        yield from texts
        if (place := (there.instance, references(one))) not in seen or not place[1]:
            pending += parts
            seen.add(place)


def _choices_of(expression: hcl.Expr, scope: ModuleScope, wanted: tuple[str, ...]) -> tuple[list[str], list[_Asked]]:
    words = references(expression)
    if first_unknown(value := evaluate_or_unknown(expression, scope)) is None:  # what is known as a whole, but for where the code lies
        return [_given(expression, scope, value) if words[:1] != ("path",) else ""], []
    texts, parts = list[str](), [(one, scope) for one in ([] if words else inside(expression)) if one]
    if words and words[0] in ("local", "var", "module", "each"):
        found = of_instance(expression, scope) if words[0] == "each" else sources(words, scope.instance)
        parts = [(one, instance.scope()) for one, instance in found if one is not None]
    elif isinstance(expression, (hcl.TemplateExpr, hcl.Call)):
        if isinstance(expression, hcl.TemplateExpr):
            parts = [one for one in parts if first_unknown(evaluate_or_unknown(*one)) is not None]
        for text in (evaluate_or_unknown(one, scope) for one in _variants(expression, scope)):
            known = text if isinstance(text, str) else ""
            texts.append("\n".join(_fitting(word, scope) for word in known.split() if "*" in word) if "*" in known else known)
    elif isinstance(expression, hcl.ObjectExpr) and wanted:
        parts = [(one, scope) for name, one in expression.items if isinstance(name, hcl.Literal) and name.value in wanted] or parts
    return texts, [(one, there, words[2:] or wanted) for one, there in reversed(parts)]


def _variants(expression: hcl.Expr, scope: ModuleScope, depth: int = 9) -> list[hcl.Expr]:
    """What an open expression may be: with each choice made that names what is chosen, and a star in the place of each open part."""
    if first_unknown(evaluate_or_unknown(expression, scope)) is None:
        return [expression]
    made: list[hcl.Expr] = []
    instance, parts = scope.instance, _INNER.get(type(expression), "")
    here = os.path.normpath(os.path.join(instance.program.root, instance.root.folder.path))
    match expression:
        case hcl.Conditional():
            made = [*_variants(expression.yes, scope, depth), *_variants(expression.no, scope, depth)]
        case hcl.Index(target) | hcl.Call("lookup", (target, *_)) if isinstance(found := evaluate_or_unknown(target, scope), (dict, tuple)):
            made = [hcl.Literal(one, expression.span) for one in (found.values() if isinstance(found, dict) else found)]
            made += expression.arguments[2:] if isinstance(expression, hcl.Call) else ()
        case hcl.GetAttr(hcl.Name("path"), "cwd"):
            made = [hcl.Literal(one, expression.span) for one in dict.fromkeys((here, instance.program.fence.top_of(here)))]
        case hcl.Call("abspath" | "file" | "filebase64" | "templatefile" as name, (path, *_)):
            found = [one for made in _variants(path, scope, depth) if isinstance(one := evaluate_or_unknown(made, scope), str)]
            found = [os.path.normpath(os.path.join(here, one)) if name == "abspath" else f"file://{one}" for one in found]
            made = [hcl.Literal(one.removeprefix("file://") if "*" in one else one, expression.span) for one in found]
        case hcl.GetAttr(hcl.Name("local" | "var" as kind), name) if depth:
            given = [(one, at.scope()) for one, at in sources((kind, name), instance) if one is not None]
            found = [evaluate_or_unknown(one, there) for one, there in given for one in _variants(one, there, depth - 1)]
            made = [hcl.Literal(one, expression.span) for one in found]
        case hcl.GetAttr(hcl.GetAttr() | hcl.Index() as target):
            made = [replace(expression, target=one) for one in _variants(target, scope, depth)]
        case _ if parts:
            choices = product(*(_variants(one, scope, depth) for one in getattr(expression, parts)))
            inner: list[dict[str, Any]] = [{parts: chosen} for chosen in islice(choices, _MOST_CHOICES)]
            made = [replace(expression, **one) for one in inner]
    star = hcl.Literal("*", expression.span)
    made = [one if first_unknown(evaluate_or_unknown(one, scope)) is None else star for one in made[:_MOST_CHOICES]]
    return list(dict.fromkeys(made)) or [star]


def _fitting(pattern: str, scope: ModuleScope) -> str:
    """The files that a path with open parts may name, and the folders, in lines. Only folders on the way are listed."""
    from fnmatch import filter as fitting

    instance, found = scope.instance, [os.curdir]
    top, fence = os.path.join(instance.program.root, instance.root.folder.path), instance.program.fence
    pattern = os.path.relpath(pattern, top) if pattern.startswith(f"{fence.top}/") else pattern
    is_path = any(map(str.isalnum, pattern)) and "://" not in pattern and pattern[0] != "/"
    for part in pattern.split("/") if is_path else ():
        held = {one: fence.names(os.path.normpath(os.path.join(top, one))) for one in found}
        found = [f"{one}/{name}" for one in found for name in (sorted(fitting(held[one], part)) if "*" in part else (part,))]
    folders = {one for one in found if fence.names(os.path.normpath(os.path.join(top, one)))}
    return "\n".join(f"-\nsource_dir = {one}" if one in folders else f"file://{one}" for one in found if is_path)
