"""Properties: what is written is read, what is computed is right, the unknown decides nothing, and no text is a crash."""

# ruff: noqa: E501 - a program stands on one line of its table

from __future__ import annotations

import json
import math
import unicodedata
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.core.model import Unknown
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.frontends.terraform.modules import files
from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.references import walk
from posturio_iac.frontends.terraform.values import EvaluationError, PartialMap, first_unknown
from tests.support.terraform_programs import value_of
from tests.support.terraform_shapes import body_of

# Values, and the code that means them


def quote(text: str) -> str:
    escaped = "".join(f"\\u{ord(c):04x}" if (ord(c) < 32 and c not in "\n\r\t") or ord(c) in (0x7F, 0x2028) else c for c in text)
    for plain, escape in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ('"', '\\"')):
        escaped = escaped.replace(plain, escape)
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


texts = st.text(st.characters(codec="utf-8", exclude_characters="\\\0"), max_size=12) | st.sampled_from(
    ["${a}", "%{ if }", "$$", "$", "%", '"', "#", "//", "/*", "{", "}", "\n", "a\nb\n", "\t", " ", "é", "🔑", "EOT", "null", "a b"]
)
texts = texts.map(partial(unicodedata.normalize, "NFC"))  # as Terraform keeps strings; tests/differential has others
texts = texts.filter(lambda text: "$${" not in text and "%%{" not in text)  # escaped they are another test's
names = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda n: n not in ("for", "null", "true", "false", "in", "if"))
scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-1e6, 1e6).filter(lambda f: "e" not in repr(f)) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    gap = draw(st.sampled_from(["", " ", " /* c */ "]))
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return repr(value)
        case str():
            return draw(_text(value))
        case tuple():
            inner = [draw(written(element)) for element in value]
            line = draw(st.sampled_from([" ", "\n", " # c\n", " // c\n", "\r\n"]))
            end = draw(st.sampled_from(["", ","])) if inner else ""
            return f"[{gap}{line if inner else ''}{f',{line}'.join(inner)}{end}{line}]"
        case dict():
            sign = draw(st.sampled_from([" = ", "=", ": ", " : "]))
            between = draw(st.sampled_from([", ", "\n", ",\n", " # c\n", "\r\n"]))
            pairs = [f"{draw(_key(key))}{sign}{draw(written(element))}" for key, element in value.items()]
            return f"{{{gap}{between.lstrip(', ') if pairs else ''}{between.join(pairs)}{between.lstrip(', ')}}}"
    raise AssertionError


@st.composite
def _key(draw: st.DrawFn, key: str) -> str:
    forms = [quote(key), f"({quote(key)})"]
    if key.isascii() and key.isidentifier() and key not in ("for", "null", "true", "false"):
        forms.append(key)
    return draw(st.sampled_from(forms))


@st.composite
def _text(draw: st.DrawFn, text: str) -> str:
    if text.endswith("\n") and all(c.isprintable() or c == "\n" for c in text) and "EOT" not in text and draw(st.booleans()):
        return f"<<EOT\n{text.replace('${', '$${').replace('%{', '%%{')}EOT\n"
    return quote(text)


def same(found: Any, wanted: Any) -> bool:
    """Compare values; a number and a boolean differ."""
    if isinstance(wanted, tuple):
        return isinstance(found, tuple) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return isinstance(found, dict) and found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, float) and not isinstance(found, bool) and isinstance(found, (int, float)):
        return math.isclose(found, wanted, abs_tol=1e-9)
    return type(found) is type(wanted) and bool(found == wanted)


def heredoc_in_a_line(code: str) -> bool:
    """True if something follows the end of a heredoc where only a new line may."""
    return "EOT\n" in code and any(line.strip()[:1] in (",", "]", "}", "#", "/") for line in code.split("EOT\n")[1:])


@given(value=values, data=st.data())
def test_what_is_written_is_what_is_read(value: Any, data: st.DataObject) -> None:
    code = data.draw(written(value))
    found = value_of(body_of(f"x = {code}\n").attributes["x"].expression)
    assert same(found, value)


bare = names | texts.filter(lambda text: "${" not in text)


@given(contents=st.dictionaries(names, values, max_size=4), labels=st.lists(bare, max_size=3), data=st.data())
def test_blocks_hold_what_was_written(contents: dict[str, Any], labels: list[str], data: st.DataObject) -> None:
    lines = "".join(f"  {name} = {data.draw(written(value))}\n" for name, value in contents.items())
    quoted = " ".join(map(quote, labels))
    text = f"# above\nfirst {{}}\nblock {quoted} {{ # open\n{lines}  inner {{\n{lines}  }}\n}}\nlast {{}}\n"
    ending = data.draw(st.sampled_from(["\n", "\r\n"])) if "<<" not in text else "\n"
    first, block, last = body_of(data.draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", ending)).blocks
    assert (first.type, last.type, block.labels) == ("first", "last", tuple(labels))
    for body in (block.body, block.body.all("inner")[0].body):
        assert {n: a.name for n, a in body.attributes.items()} == {n: n for n in contents}
        assert all(same(value_of(body.attributes[name].expression), value) for name, value in contents.items())
    assert [c.text.rstrip("\r") for c in first.comments] == ["# above"]


# No text is a crash

pieces = st.sampled_from(
    [
        *('resource "a" "b" {', "}", "{", "[", "]", "(", ")", "\n", "\r\n", " ", "=", "==", "?", ":", ",", ".", "...", "*", "-", "!", "&&"),
        *('"', '"${', "${", "}", "%{ if a }", "%{ endif }", "%{ for x in y }", "%{ else }", "~}", "<<EOT\n", "<<-EOT\n", "\nEOT\n", "EOT"),
        *("for", "in", "if", "=>", "null", "true", "a", "var.x", "x = ", "0", "1.5", "1e5", "0x1", "9" * 20, "#", "/*", "*/", "//"),
        *("a.*.b", "a[*].b", "a.0", "a.0.1", "f(", "provider::a::b(", "\\u12", "\\", "\\ud800", "é", "\U0001f511", "\u2028", ";", "@"),
        *("\ufeff", "\0", "\x0c"),
    ]
)


def visit(body: hcl.Body) -> None:
    for attribute in body.attributes.values():
        for part in walk(attribute.expression):
            assert part.span.line >= 1
            assert part.span.column >= 1
    for block in body.blocks:
        assert (block.header.line, block.header.column) <= (block.span.end_line, block.span.end_column)
        assert all(c.line >= 1 for c in block.comments)
        visit(block.body)


def evaluated(body: hcl.Body) -> None:
    """Evaluate every attribute; only the one kind of error may come."""
    for attribute in body.attributes.values():
        try:
            value_of(attribute.expression)
        except EvaluationError:
            continue


@given(st.lists(pieces, max_size=25).map("".join))
@example("x = 0x1F\n")
@example("x = " + "9" * 5000 + "\n")
def test_no_text_is_a_crash(text: str) -> None:
    for name in ("main.tf", "main.tf.json", "terraform.tfvars"):
        data = text.encode()
        if files.unreadable(name, data) is None:
            body, problems = files.parse(name, data)
            visit(body)
            evaluated(body)
            lines = len(text.split("\n"))
            assert all(p.line is None or 1 <= p.line <= lines + 1 for p in problems)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda t: f"x = {t}\n".encode("utf-8", "surrogatepass")))
@example(b"\xff\xfex")
@example(b"\xed\xa0\x80")
def test_no_bytes_are_a_crash(data: bytes) -> None:
    for name in ("main.tf", "main.tf.json"):
        body, problems = files.parse(name, data)
        visit(body)
        assert all(p.message for p in problems)


# Expressions of known meaning: trees, a printer and a small evaluator

Tree = tuple[Any, ...]
PRECEDENCE = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "%": 6}
REFERENCE: dict[str, Any] = {
    "==": lambda a, b: a == b and type(a) is type(b),
    "!=": lambda a, b: not (a == b and type(a) is type(b)),
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": lambda a, b: int(math.fmod(a, b)),
}


def meaning(tree: Tree, names: dict[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912 - one arm a kind
    match tree:
        case ("literal", value):
            return value
        case ("name", name):
            return names[name]
        case ("-", operand):
            return -meaning(operand, names)
        case ("!", operand):
            return not meaning(operand, names)
        case ("&&", left, right):
            return meaning(left, names) and meaning(right, names)
        case ("||", left, right):
            return meaning(left, names) or meaning(right, names)
        case ("?", condition, yes, no):
            return meaning(yes if meaning(condition, names) else no, names)
        case ("list", *items):
            return tuple(meaning(item, names) for item in items)
        case ("object", *items):
            return {key: meaning(item, names) for key, item in items}
        case ("index", target, key):
            return meaning(target, names)[meaning(key, names)]
        case ("attribute", target, key):
            return meaning(target, names)[key]
        case ("splat", target, key):
            return tuple(element[key] for element in meaning(target, names))
        case ("for", collection, value, condition):
            each = [{**names, "each_": element} for element in meaning(collection, names)]
            return tuple(meaning(value, inner) for inner in each if meaning(condition, inner))
        case ("map", collection, value):
            elements = meaning(collection, names)
            if len(set(elements)) < len(elements):
                raise ValueError  # two entries of one key
            return {f"k{e}": meaning(value, {**names, "each_": e}) for e in elements}
        case ("template", *parts):
            values = [meaning(part, names) for part in parts]
            return "".join(json.dumps(value) if isinstance(value, bool) else str(value) for value in values)
        case (operator, left, right):
            return REFERENCE[operator](meaning(left, names), meaning(right, names))
    raise AssertionError


def code_of(tree: Tree, outer: int = 0) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm a kind
    """Write a tree with as few parentheses as its operators need."""
    match tree:
        case ("literal", value):
            return quote(value) if isinstance(value, str) else json.dumps(value)
        case ("name", name):
            return str(name)
        case ("-" | "!" as operator, operand):
            return f"{operator}{code_of(operand, 8)}"
        case ("?", condition, yes, no):
            text = f"{code_of(condition, 1)} ? {code_of(yes)} : {code_of(no)}"
            return f"({text})" if outer > 0 else text
        case ("list", *items):
            return f"[{', '.join(map(code_of, items))}]"
        case ("object", *items):
            return f"{{ {', '.join(f'{key} = {code_of(item)}' for key, item in items)} }}"
        case ("index", target, key):
            return f"{code_of(target, 9)}[{code_of(key)}]"
        case ("attribute", target, key):
            return f"{code_of(target, 9)}.{key}"
        case ("splat", target, key):
            text = f"{code_of(target, 9)}[*].{key}"
            return f"({text})" if outer == 9 else text
        case ("for", collection, value, condition):
            return f"[for each_ in {code_of(collection)} : {code_of(value)} if {code_of(condition)}]"
        case ("map", collection, value):
            return f'{{for each_ in {code_of(collection)} : "k${{each_}}" => {code_of(value)}}}'
        case ("template", *parts):
            return '"' + "".join(f"${{{code_of(part)}}}" for part in parts) + '"'
        case (operator, left, right):
            level = PRECEDENCE[operator]
            text = f"{code_of(left, level)} {operator} {code_of(right, level + 1)}"
            return f"({text})" if level < outer else text
    raise AssertionError


def literal(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    return strategy.map(lambda value: ("literal", value))


def tagged(tag: str, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    return st.tuples(st.just(tag), *parts)


numbers: st.SearchStrategy[Tree] = st.deferred(
    lambda: (
        literal(st.integers(0, 9))
        | st.tuples(st.sampled_from(["+", "-", "*"]), numbers, numbers)
        | tagged("%", numbers, literal(st.integers(1, 9)))
        | tagged("-", numbers)
        | tagged("?", booleans, numbers, numbers)
        | tagged("index", tagged("list", numbers, numbers), literal(st.integers(0, 1)))
        | tagged("attribute", objects, st.sampled_from(["a", "b"]))
        | tagged("index", tagged("splat", tagged("list", objects, objects), st.just("a")), literal(st.integers(0, 1)))
    )
)
booleans: st.SearchStrategy[Tree] = st.deferred(
    lambda: (
        literal(st.booleans())
        | st.tuples(st.sampled_from(["<", ">", "<=", ">=", "==", "!="]), numbers, numbers)
        | st.tuples(st.sampled_from(["==", "!="]), strings, strings)
        | st.tuples(st.sampled_from(["&&", "||", "==", "!="]), booleans, booleans)
        | tagged("!", booleans)
    )
)
strings: st.SearchStrategy[Tree] = st.deferred(
    lambda: literal(texts) | tagged("template", literal(texts) | strings, numbers | booleans) | tagged("?", booleans, strings, strings)
)
objects: st.SearchStrategy[Tree] = st.deferred(lambda: tagged("object", st.tuples(st.just("a"), numbers), st.tuples(st.just("b"), numbers)))
lists: st.SearchStrategy[Tree] = st.deferred(
    lambda: (
        tagged("list", numbers, numbers)
        | tagged("splat", tagged("list", objects, objects), st.sampled_from(["a", "b"]))
        | tagged("for", lists, inside, tests)
        | tagged("?", booleans, lists, lists)
    )
)
inside: st.SearchStrategy[Tree] = st.just(("name", "each_")) | tagged("*", st.just(("name", "each_")), numbers)
tests: st.SearchStrategy[Tree] = booleans | tagged("<", st.just(("name", "each_")), numbers)
trees = numbers | booleans | strings | lists | objects | tagged("map", lists, inside) | tagged("object", st.tuples(st.just("x"), lists))


@given(trees)
def test_expressions_have_their_meaning(tree: Tree) -> None:
    try:
        wanted = meaning(tree, {})
    except ValueError:
        with pytest.raises(EvaluationError):
            value_of(code_of(tree))
    else:
        assert same(value_of(code_of(tree)), wanted)


def paths(tree: Any, at: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    found = [at] if isinstance(tree, tuple) and tree[0] not in ("a", "b", "x") else []
    if isinstance(tree, tuple) and tree[0] not in ("literal", "name"):
        for position, part in enumerate(tree):
            if isinstance(part, tuple):
                found += paths(part, (*at, position))
    return found


def replaced(tree: Any, path: tuple[int, ...]) -> Any:
    if not path:
        return ("name", "unknown")
    head, *rest = path
    return (*tree[:head], replaced(tree[head], tuple(rest)), *tree[head + 1 :])


def allows(found: Any, value: Any) -> bool:
    """True if a value that holds unknowns may turn out as another one."""
    match found:
        case Unknown():
            return True
        case PartialMap():
            return isinstance(value, dict) and all(key in value and allows(entry, value[key]) for key, entry in found.items())
        case dict():
            return isinstance(value, dict) and found.keys() == value.keys() and all(allows(found[k], value[k]) for k in value)
        case tuple():
            return isinstance(value, tuple) and len(found) == len(value) and all(map(allows, found, value))
        case _:
            return same(found, value)


@given(tree=trees, data=st.data())
def test_the_unknown_decides_nothing(tree: Tree, data: st.DataObject) -> None:
    try:
        value = meaning(tree, {})
    except ValueError:
        return
    hidden = replaced(tree, data.draw(st.sampled_from(paths(tree))))
    found = value_of(code_of(hidden), unknown=AS_STATED("hidden"))
    assert allows(found, value)


HOLES = ["length(%s)", "coalesce(%s, 1)", "try(%s, 1)", "can(%s)", "merge({ a = 1 }, { b = %s })", 'lookup({ a = %s }, "a", 2)', "keys({ a = %s })",
         "values({ a = %s })", "flatten([[%s], [1]])", "concat([1], [%s])", "contains([1], %s)", "tostring(%s)", 'format("%%s", %s)', "max(1, %s)",
         "[for x in [%s] : x if x == 1]", "{ for x in [%s] : x => 1 }", "%s == null", "%s != null", "[%s] == [1]", "true || %s", "false && %s",
         "%s || true", "%s && false", "%s ? 1 : 1", "[%s][0]", "{ a = %s }.a", '"${%s}"', "toset([%s])", "distinct([%s, 1])", "element([%s], 0)",
         "zipmap([%s], [1])", "one([%s])", "compact([%s])", 'join(",", [%s])', "alltrue([%s])", "anytrue([true, %s])", "alltrue([false, %s])",
         "sort([%s])", "reverse([1, %s])", "setunion([%s], [1])", "jsonencode({ a = %s })", "index([1], %s)", "sum([%s])", "[1, 2][%s]", "-%s", "!%s"]  # fmt: skip
"""Code with a hole. What is in the hole decides most of them, and some of them not at all."""
FILLERS = ("1", "2", "true", "false", '"a"', "null", "[]", "{}", "0", '""')


def attempt(code: str, **bound: Any) -> Any:
    try:
        return value_of(code, **bound)
    except EvaluationError:
        return EvaluationError


@pytest.mark.parametrize("hole", HOLES)
def test_what_is_said_of_an_unknown_holds_for_whatever_it_turns_out_to_be(hole: str) -> None:
    found = attempt(hole % "u", u=AS_STATED("hidden"))
    outcomes = [value for filler in FILLERS if (value := attempt(hole % filler)) is not EvaluationError]
    assert found is not EvaluationError
    assert all(first_unknown(value) is None and allows(found, value) for value in outcomes)
