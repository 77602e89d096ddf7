"""The scanner against the parser, and on code that neither can parse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from posturio_iac.core.text.hcl_lexer import literal, masked
from posturio_iac.frontends.terraform.syntax import hcl, json_syntax, parsing
from posturio_iac.search import hcl_scanner, json_scanner
from posturio_iac.search.hcl_scanner import ScannedBlock, blocks
from tests.support.hcl_programs import CALL, programs

FIXTURES = sorted(path for path in (Path(__file__).parents[2] / "fixtures").rglob("*") if path.suffix in (".tf", ".tofu"))
JSON_FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").rglob("*.tf.json"))


def seen(found: list[ScannedBlock]) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """Return what the scanner knows of blocks: type, labels, constant sources."""
    return [(block.type, block.labels, block.literals("source")) for block in found]


def parsed(body: hcl.Body) -> list[tuple[str, tuple[str, ...], list[str]]]:
    """The same of what a parser returns."""

    def source(block: hcl.Block) -> list[str]:
        value = block.get("source")
        return [value.value] if isinstance(value, hcl.Literal) and isinstance(value.value, str) else []

    return [(block.type, block.labels, source(block)) for block in body.blocks]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: "/".join(path.parts[-3:]))
def test_fixtures_have_the_blocks_that_the_parser_sees(path: Path) -> None:
    data = path.read_bytes()
    body, problems = parsing.parse(path.name, data)
    if problems:
        assert {(kind, labels) for kind, labels, _ in parsed(body)} <= {(kind, labels) for kind, labels, _ in seen(blocks(data))}
    else:
        assert seen(blocks(data)) == parsed(body)


def test_ordinary_code_has_the_arguments_that_patterns_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hcl_scanner, "ORDINARY_UP_TO", 0)
    texts = [data for path in FIXTURES if hcl_scanner.ordinary(data := path.read_bytes()) is not None]
    for data in texts:
        both = (hcl_scanner.ordinary(data) or [], blocks(data))
        ours, theirs = ([(b.type, b.labels, [(n, literal(e)) for n, e in b.arguments()]) for b in found] for found in both)
        assert ours == theirs, data
    assert len(texts) > 0.7 * len(FIXTURES)


@pytest.mark.parametrize("path", JSON_FIXTURES, ids=lambda path: "/".join(path.parts[-3:]))
def test_json_fixtures_have_the_blocks_that_the_parser_sees(path: Path) -> None:
    data = path.read_bytes()
    kinds = {"resource", "data", "module", "output", "locals", "provider", "variable", "terraform"}
    body, _ = json_syntax.parse(path.name, data)
    assert [b for b in seen(json_scanner.blocks(data)) if b[0] in kinds] == [b for b in parsed(body) if b[0] in kinds]


@given(programs())
def test_generated_programs_have_the_blocks_that_the_parser_sees(program: tuple[str, list[str]]) -> None:
    text, sources = program
    data = text.encode()
    body, problems = parsing.parse("main.tf", data)
    assert not problems
    found = seen(blocks(data))
    assert found == parsed(body)
    assert [source for kind, _, literals in found if kind == "module" for source in literals] == sources


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('resource "a" "b" {\n  x = {\n', ""),
        ("}\n", ""),
        ('locals {\n  a = "no end\n}\n', ""),
        ("locals {\n  a = <<EOT\n  text\n}\n", ""),
        ("locals {\n  a = (]\n}\n", ""),
        ("/* closed */ /* not\n", ""),
        ("", "/* not closed"),
        ("", '\nmodule "last" {\n'),
        ("<<<<<<< HEAD\n", "=======\n>>>>>>> theirs\n"),
        ('a = "${\n', ""),
    ],
)
def test_calls_in_a_torn_file_are_seen(before: str, after: str) -> None:
    found = [b for b in blocks((before + CALL + "\n" + after).encode()) if b.labels == ("fake",)]
    assert seen(found) == [("module", ("fake",), ["./fake"])]


def test_a_torn_file_has_no_calls_in_its_comments_and_heredocs() -> None:
    text = f'locals {{\n  a = <<E\n{CALL}\n  E\n/*\n{CALL}\n*/\n  b = "${{x}} \\" # {{"\n  c = {{\n'
    assert [block.type for block in blocks(text.encode())] == ["locals"]


def test_arguments_of_nested_blocks_and_objects_are_not_those_of_the_block() -> None:
    text = b'module "m" {\n  a = { source = "./1" }\n  b {\n    source = "./2"\n  }\n  source = "./3"\n}\n'
    assert seen(blocks(text)) == [("module", ("m",), ["./3"])]


HOSTILE = (
    b"a=<<b\n",
    b"a=<<b\nb\n{",
    b"/*",
    b"/* */ /*\n",
    b'"${',
    b'"$',
    b"{",
    b"}",
    b"a ",
    b'a "b" ',
    b"a/**/",
    b'"\\',
    b" ",
    b"a =",
    b"<",
    b"$",
)
"""Repeated, each would take a search that starts again at each of them minutes."""


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_scanned_once(piece: bytes) -> None:
    data = piece * (60_000 // len(piece))
    assert seen(blocks(CALL.encode() + b"\n" + data))[:1] == [("module", ("fake",), ["./fake"])]
    assert len(masked(data)) == len(data)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    text = f"{CALL}\n/* x */ locals {{\n  a = <<E\n{CALL}\nE\n}}\n"
    windows = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    assert seen(blocks(windows)) == seen(blocks(text.encode())) == [("module", ("fake",), ["./fake"]), ("locals", (), [])]


@pytest.mark.parametrize("text", [b"{", b"[]", b'"x"', b"\xff", b'{"module": 1}', b'{"module": {"m": "./x"}}', b"[" * 5000])
def test_broken_json_has_no_blocks(text: bytes) -> None:
    assert json_scanner.blocks(text) == []


def test_json_is_read_in_all_its_forms() -> None:
    third = '{"c": {"//": {"source": "./no"}, "x": {"source": "./no"}}}'
    text = f'[{{"module": {{"a": {{"source": "./1"}}}}}}, {{"module": [{{"b": [{{"source": "./2"}}]}}, {third}]}}]'.encode()
    assert seen(json_scanner.blocks(text)) == [("module", ("a",), ["./1"]), ("module", ("b",), ["./2"]), ("module", ("c",), [])]


def test_strings_of_json_are_code() -> None:
    text = b'{"//": "${module.no.x}", "output": {"a": {"value": "${module.yes.x} \\"quoted\\" \\n"}}}'
    code = masked(json_scanner.expressions(text))
    assert b"module.yes.x" in code
    assert b"module.no" not in code
    assert b"quoted" not in code
