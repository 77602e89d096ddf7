"""Our Terraform front end against python-hcl2, which keeps blocks apart and tells a literal from an expression."""

from __future__ import annotations

import re
from pathlib import Path

import hcl2
import pytest
from hypothesis import given
from lark import Token, Tree
from lark.exceptions import LarkError

from tests.differential import generate
from tests.differential.shape import FILES, ROOT, Body, Dynamic, Value, key, number, ours, text

REFUSALS = {
    "byte order mark": re.compile(r"\A\ufeff"),
    "strip marker in an interpolation": re.compile(r"\$\{~|\$\{[^}]*~\}"),
    "quoted name in a block, as Terraform 0.11 had them": re.compile(r'^\s*"[^"]*"\s*=', re.MULTILINE),
    "comment between the words of a block's header": re.compile(r'^[\w-]+(?:\s+(?:"[^"]*"|[\w-]+))*\s*/\*', re.MULTILINE),
}
"""HCL, new and old, that python-hcl2 8 refuses and we read; a file is left out only if it holds one of these and is indeed refused."""

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def theirs(source: str) -> Body:
    (body,) = hcl2.parses_to_tree(source).children
    return _body(body)


def _body(tree: Tree[Token]) -> Body:
    read = Body({}, [])
    for child in _trees(tree):
        match child.data:
            case "attribute":
                name, value = _trees(child)
                read.attributes[_word(name)] = _value(value)
            case "block":
                *words, body = _trees(child)
                kind, *labels = [_word(word) for word in words]
                read.blocks.append((kind, tuple(labels), _body(body)))
    return read


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [c for c in tree.children if isinstance(c, Tree) and c.data != "new_line_or_comment"]


def _word(tree: Tree[Token]) -> str:
    value = _string(tree) if tree.data == "string" else str(tree.children[0])
    assert isinstance(value, str)
    return value


def _value(tree: Tree[Token]) -> Value:
    match tree.data:
        case "expr_term":
            return _value(_trees(tree)[0])
        case "int_lit" | "float_lit":
            return number(str(tree.children[0]))
        case "literal_value":
            return {"true": True, "false": False, "null": None}[str(tree.children[0])]
        case "string":
            return _string(tree)
        case "heredoc_template" | "heredoc_template_trim":
            return _heredoc(str(tree.children[0]))
        case "unary_op":
            return _unary(str(tree.children[0]), _value(_trees(tree)[0]))
        case "tuple":
            return [_value(item) for item in _trees(tree)]
        case "object":
            return dict(_pair(item) for item in _trees(tree))
        case _:
            return Dynamic()


def _pair(tree: Tree[Token]) -> tuple[str | Dynamic, Value]:
    name, value = _trees(tree)
    (inner,) = _trees(name)
    while inner.data == "expr_term" and len(_trees(inner)) == 1 and len(inner.children) == 1:
        (inner,) = _trees(inner)
    bare = inner.data in ("identifier", "keyword")
    return (str(inner.children[0]) if bare else key(_value(inner))), _value(value)


def _unary(operator: str, operand: Value) -> Value:
    match operator, operand:
        case "!", bool():
            return not operand
        case "-", int() | float() if not isinstance(operand, bool):
            return -operand
        case _:
            return Dynamic()


def _string(tree: Tree[Token]) -> str | Dynamic:
    parts = [part.children[0] for part in _trees(tree)]
    if any(isinstance(part, Tree) for part in parts):
        return Dynamic()
    return text("".join(_literal(part) for part in parts if isinstance(part, Token)))


def _literal(part: Token) -> str:
    if part.type in ("ESCAPED_INTERPOLATION", "ESCAPED_DIRECTIVE"):
        return _unescape(part[1:])
    return _unescape(str(part))


def _unescape(raw: str) -> str:
    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))",
        lambda found: chr(int(found[1] or found[2], 16)) if found[3] is None else ESCAPES[found[3]],
        raw,
    )


def _heredoc(token: str) -> str | Dynamic:
    """The text of a heredoc; python-hcl2 hands over its source."""
    opening, *lines = token.removesuffix("\n").removesuffix("\r").split("\n")
    content = lines[:-1]
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", "\n".join(content)):
        return Dynamic()
    if opening.startswith("<<-"):
        margin = min((len(line) - len(line.lstrip()) for line in content if line.strip()), default=0)
        content = [line[margin:] if line.strip() else line for line in content]
    whole = "".join(f"{line}\n" for line in content)
    return text(whole.replace("$${", "${").replace("%%{", "%{"))


def compare(data: bytes) -> None:
    """Fail unless both parsers read the same, or python-hcl2 refuses the file for a reason that we know."""
    source = data.decode("utf-8")
    body, broken = ours(data)
    try:
        expected = theirs(source)
    except LarkError as error:
        known = [reason for reason, pattern in REFUSALS.items() if pattern.search(source)]
        assert broken or known, f"python-hcl2 refuses what we accept: {error}"
        return
    assert not broken, "we refuse what python-hcl2 accepts"
    assert body == expected


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_fixture(path: Path) -> None:
    compare(path.read_bytes())


@given(generate.documents(hard=False))
def test_generated(document: str) -> None:
    compare(document.encode())


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("\ufeffa = 1\n", id="byte order mark"),
        pytest.param('a = "x ${~ var.y ~} z"\n', id="strip marker in an interpolation"),
        pytest.param('a {\n  "b" = 1\n}\n', id="quoted name in a block, as Terraform 0.11 had them"),
        pytest.param('a /* note */ "b" {\n}\n', id="comment between the words of a block's header"),
    ],
)
def test_known_refusal_is_still_one(source: str) -> None:
    assert any(pattern.search(source) for pattern in REFUSALS.values())
    assert not ours(source.encode())[1]
    with pytest.raises(LarkError):
        theirs(source)
