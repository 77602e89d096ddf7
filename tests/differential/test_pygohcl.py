"""Our Terraform front end against HashiCorp's own HCL parser, through pygohcl.

pygohcl folds blocks into JSON objects, so what we read is folded the same way before it is compared. Expressions arrive as their
source text, and a string's literal parts are looked for in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pygohcl
import pytest
from hypothesis import given

from posturio_iac.core.text import hcl_lexer
from posturio_iac.search.hcl_scanner import blocks
from tests.differential import generate
from tests.differential.shape import FILES, ROOT, Body, Dynamic, Value, ours, text
from tests.fuzz.mutations import HCL, mutated

Json = Any

LENIENT = {
    "Attribute redefined": "the last one counts",
    "Invalid argument name": "a map may be a block whose names are quoted, as Terraform 0.11 had it",
    "Invalid block definition": "the opening brace may stand on the next line",
    "Invalid escape sequence": "half a character stays as it is written",
    "Invalid single-argument block definition": "a line may hold more than one argument of a block",
    "Missing attribute separator": "the items of an object may stand side by side",
    "Missing newline after block definition": "a line may hold more than one block",
}
"""Complaints of HCL that we do not repeat, and what we do instead: a key in such a file is worth judging."""


class UnfoldableError(Exception):
    """Blocks of one type with and without labels have no place in pygohcl's JSON."""


def fold(body: Body) -> dict[Any, Value]:
    """The body as pygohcl writes it: labels as nested keys, repeated blocks as lists."""
    folded: dict[Any, Value] = dict(body.attributes)
    for kind, labels, inner in body.blocks:
        target, content, *path = folded, fold(inner), kind, *labels
        for name in path[:-1]:
            target = target.setdefault(name, {})
            if not isinstance(target, dict):
                raise UnfoldableError
        last = path[-1]
        if last not in target:
            target[last] = content
        elif isinstance(target[last], list):
            target[last] = [*target[last], content]
        else:
            target[last] = [target[last], content]
    return folded


def differences(mine: Value, theirs: Json, where: str = "") -> list[str]:
    match mine, theirs:
        case Dynamic(texts), str() if not theirs.startswith("("):
            position = 0
            for part in texts:
                position = theirs.find(part, position)
                if position < 0:
                    return [f"{where}: {part!r} is not in {theirs!r}"]
                position += len(part)
            return []
        case Dynamic(), str():
            return []
        case dict(), dict():
            return _keys(mine, theirs, where)
        case list(), list() if len(mine) == len(theirs):
            return [d for n, (a, b) in enumerate(zip(mine, theirs, strict=True)) for d in differences(a, b, f"{where}[{n}]")]
        case _, str() if mine != theirs and theirs.startswith("("):
            return differences(mine, parenthesized(theirs), where)
        case (int() | float(), int() | float()) if type(mine) is not bool and type(theirs) is not bool:
            return [] if float(mine) == pytest.approx(float(theirs), rel=1e-12) else [f"{where}: {mine!r} is {theirs!r}"]
        case _:
            return [] if mine == theirs and type(mine) is type(theirs) else [f"{where}: {mine!r} is {theirs!r}"]


def parenthesized(source: str) -> Json:
    """The literal inside parentheses, which pygohcl gives as source text on one line."""
    return pygohcl.loads(f"x = {source[1:-1]}\n")["x"]


def _keys(mine: dict[Any, Value], theirs: dict[str, Json], where: str) -> list[str]:
    theirs = {text(name): value for name, value in theirs.items()}
    known = {k for k in mine if isinstance(k, str)}
    computed = any(isinstance(name, Dynamic) for name in mine) or any(name.startswith("(") for name in theirs)
    unmatched = [] if computed else sorted(known ^ set(theirs))
    lone = [f"{where}: only one of us reads {name!r}" for name in unmatched]
    return lone + [d for name in known & set(theirs) for d in differences(mine[name], theirs[name], f"{where}.{name}")]


def compare(data: bytes) -> None:
    """Fail unless both parsers accept the file and agree on it, or both refuse it."""
    body, broken = ours(data)
    try:
        theirs = pygohcl.loadb(data)
    except pygohcl.HCLParseError as error:
        lenient = any(f" {summary};" in str(error) for summary in LENIENT)
        assert broken or lenient, f"we accept what HCL refuses: {error}"
        return
    except pygohcl.HCLInternalError:
        with pytest.raises(UnfoldableError):
            fold(body)
        return
    assert not broken, "we refuse what HCL accepts"
    assert differences(fold(body), theirs) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_fixture(path: Path) -> None:
    compare(path.read_bytes())


GRAMMAR = pytest.mark.xfail(strict=True, reason="tree-sitter-hcl 1.2 reads it otherwise; nobody was seen to write it")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("a = <<-END\n  \n  b\n  END\n", id="line of white space in an indented heredoc"),
        pytest.param("a = <<-END\r\n\r\n  b\r\n  END\r\n", id="empty line in an indented heredoc with CRLF"),
        pytest.param('a = "\\n ${~ b ~}"\n', id="strip marker after an escaped line break"),
        pytest.param('a = "x %{~ if b ~} y %{~ endif ~} z"\n', id="strip markers around a directive"),
        pytest.param('a = "\\ud83d"\n', id="escape of half a character"),
        pytest.param("a = 1e3\nb = 25E-2\n", id="exponent without a fraction"),
        pytest.param("a {\n  b = 1e3\n  c {\n  }\n}\n", id="exponent without a fraction before a nested block", marks=GRAMMAR),
        pytest.param("a = {\n  b = c\n  (d) = 1\n}\n", id="bare name before a computed key", marks=GRAMMAR),
    ],
)
def test_corner(source: str) -> None:
    compare(source.encode())


def folded(data: bytes) -> Json | None:
    try:
        return pygohcl.loadb(data)
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError, UnicodeDecodeError):
        return None


def lexed(data: bytes) -> None:
    """Fail unless what the layer calls a comment can go, what it calls text can be any text, and blocks are where HashiCorp sees them."""
    theirs = None if b"\0" in data else folded(data)
    if not theirs:
        return
    pieces, is_sound = hcl_lexer.pieces(data)
    assert is_sound, "torn for the layer, sound for HashiCorp"
    bare, other = bytearray(data), bytearray(data)
    for begin, end, kind in pieces:
        if kind == hcl_lexer.COMMENT:
            bare[begin:end] = re.sub(rb"[^\n]", b" ", data[begin:end])
            continue
        first, last = begin + (data[begin : begin + 1] == b'"'), end - (kind == hcl_lexer.STRING and data[end - 1 : end] == b'"')
        if kind == hcl_lexer.HEREDOC:
            last = max(first, data.rfind(b"\n", begin, end))
        other[first:last] = re.sub(rb"[^\r\n]", b"x", data[first:last])
    assert folded(bytes(bare)) == theirs
    pygohcl.loadb(bytes(other))
    assert {block.type for block in blocks(data)} <= set(theirs)


@pytest.mark.parametrize("place", range(0, len(FILES), 100))
def test_fixtures_are_read_as_hashicorp_reads_them(place: int) -> None:
    for path in FILES[place : place + 100]:
        lexed(path.read_bytes())


@given(generate.documents(hard=True))
def test_generated_files_are_read_as_hashicorp_reads_them(document: str) -> None:
    compare(document.encode())
    lexed(document.encode())


@given(mutated([path.read_bytes() for path in FILES[::40]], HCL))
def test_damaged_files_are_read_as_hashicorp_reads_them(data: bytes) -> None:
    lexed(data)
