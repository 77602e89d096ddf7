"""The lexical layer against tree-sitter: the same comments, texts and code. `tests/differential/test_pygohcl.py` asks HashiCorp's lexer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.text.hcl_lexer import headers, labels, literal, masked, pieces
from tests.differential.generate import documents
from tests.fuzz.mutations import HCL, mutated
from tests.support.hcl_programs import programs
from tests.support.lexis import disagreement

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").rglob("*.tf"))
MARKS = ('"', "${", "}", "%{ if a }", "%{ endif }", "\\\\", '\\"', "$${", "#", "//", "/*", "*/", "{", "[", ")", "x = ", "é", " ", "\r\n")
HEREDOCS = ("<<E\n", "E\n", "E", "<<-EOT\n", "  EOT\n", "\n", "a = [\n", "]\n", "b {\n")


@pytest.mark.parametrize("place", range(0, len(FIXTURES), 100))
def test_fixtures_are_read_as_tree_sitter_reads_them(place: int) -> None:
    for path in FIXTURES[place : place + 100]:
        assert disagreement(path.read_bytes()) == "", path


@given(documents(hard=True))
def test_generated_files_are_read_as_tree_sitter_reads_them(document: str) -> None:
    assert disagreement(document.encode()) == ""


@given(programs())
def test_text_that_looks_like_code_is_none(program: tuple[str, list[str]]) -> None:
    data = program[0].encode()
    assert disagreement(data) == ""
    assert b"fake" not in masked(data).replace(b"module.fake", b"")


@given(st.lists(st.sampled_from((*MARKS, *HEREDOCS)), max_size=16).map(lambda parts: "".join(parts).encode()))
def test_marks_in_any_order_are_read_as_tree_sitter_reads_them(data: bytes) -> None:
    assert disagreement(data) == ""


@given(mutated([path.read_bytes() for path in FIXTURES[::40]], HCL))
def test_damaged_files_are_read_as_tree_sitter_reads_them(data: bytes) -> None:
    assert disagreement(data) == ""


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        (b'a = ( "module.m.y # ', b""),
        (b'a = { b = "module.m"\n c = x ', b"c = x"),
        (b"a = [ <<E\nmodule.m\nE\n b", b"b"),
        (b'a = "${ [ b', b"[ b"),
        (b'a = "${ f("}") } module.m\nb = c', b"b = c"),
        (b"a = { /* module.m", b"module.m"),
        (b"a = } <<E\nmodule.m", b"module.m"),
    ],
)
def test_of_torn_code_what_can_be_told_is_told(code: bytes, kept: bytes) -> None:
    assert not pieces(code)[1]
    assert kept in masked(code)
    assert (b"module" in masked(code)) == (b"module" in kept)


def test_blocks_of_torn_code_begin_at_their_lines() -> None:
    code = b'a = {\n/* */ module "a" {\n  x = <<E\nmodule "no" {\nE\n # module "no" {\n locals { \n'
    code += b'resource "a" {\n "module" "a" {\nmodule "b" { x = 1'
    assert [(found[1], labels(found[2])) for found in headers(code)] == [(b"module", ("a",)), (b"locals", ()), (b"module", ("b",))]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (b' "./a" ', "./a"),
        (b'("./a") # c', "./a"),
        (b'/* c */ "./\\u0061\\"\\\\\\n"', './a"\\\n'),
        (b'"./\\U00000061"', "./a"),
        (b'"\\UFFFFFFFF \\ud83d"', "\\UFFFFFFFF \\ud83d"),
        (b'"$${a} %%{b}"', "${a} %{b}"),
        ('"ü"'.encode(), "ü"),
        (b'"5 % of 5 $"', "5 % of 5 $"),
        (b'"./a" + "b"', None),
        (b'"', None),
        (b'"./${a}"', None),
        (b'"./a" == b', None),
        (b'[ "./a" ]', None),
        (b"var.a", None),
        (b"", None),
    ],
)
def test_constant_strings_are_read(expression: bytes, value: str | None) -> None:
    assert literal(expression) == value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\n", "\n"),
        (r"\r", "\r"),
        (r"\t", "\t"),
        (r"\"", '"'),
        (r"\\", "\\"),
        (r"\u00e9", "é"),
        (r"\U0001f511", "🔑"),
        ("$${", "${"),
        ("%%{", "%{"),
    ],
)
def test_each_escape_is_resolved(written: str, text: str) -> None:
    assert literal(f'"a{written}b"'.encode()) == f"a{text}b"
