"""The search turned round: whatever spelling the parsers understand, of every program of the fixtures, it lets through."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.config import Config
from posturio_iac.core.keys import KEY_TYPES
from posturio_iac.scan.reading import search_terms_of
from posturio_iac.search.kinds import JSON, TEMPLATE, TERRAFORM, SearchTerms, kind_of
from posturio_iac.search.written_sources import sources_in

FIXTURES = Path(__file__).parents[2] / "fixtures"
TERMS = SearchTerms(search_terms_of(Config()))
TYPE = re.compile("|".join((*KEY_TYPES, "AWS::IAM::AccessKey", "Custom::(?:Iam|IAM)?AccessKey")))
PROGRAMS = [
    path
    for path in sorted(FIXTURES.rglob("*.*"))
    if path.suffix != ".txt" and kind_of(path.name) and TYPE.search(path.read_text(encoding="utf-8", errors="replace"))
]
HCL = ("\\u%04x", "\\U%08x")
IN_JSON = ("\\u%04x",)
PUT_TOGETHER = ("%s${self:x.y}", "# why\n        '%s${X}'", "&x %s${X}", "|-\n        %s${X}", "\n        Fn::Sub: %s${X}", "%s::MODULE")
IN_YAML = ("\\x%02x", "\\u%04x", "\\U%08x", "\\\n    %c")


def escaped(text: str, forms: tuple[str, ...], chance: random.Random) -> str:
    """A text with some letters as escapes, at least one of those in the middle."""
    chosen = {chance.randrange(2, len(text) - 1), *(at for at in range(len(text)) if chance.random() < 0.2)}
    return "".join(chance.choice(forms) % ord(c) if at in chosen else c for at, c in enumerate(text))


def in_texts(text: str, depth: int) -> str:
    """A template as the body of a stack set in another, and so on."""
    for _ in range(depth):
        body = {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": text}}
        text = json.dumps({"Resources": {"S": body}})
    return text


def spellings(path: Path, chance: random.Random) -> dict[str, tuple[str, str]]:
    """Other spellings of a program, each with the name of the file."""
    text = path.read_text(encoding="utf-8")
    replace: Callable[[Callable[[str], str]], str] = lambda change: TYPE.sub(lambda found: change(found[0]), text)  # noqa: E731
    if path.suffix == ".json":
        cut = chance.randrange(3, 15)
        joined = '{"Fn::Join": ["", ["%s", "%s"]]}'
        found = {"escaped": replace(lambda word: escaped(word, IN_JSON, chance)), "in-a-text": in_texts(text, chance.randrange(1, 4))}
        if kind_of(path.name) is JSON:
            body = {"TemplateBody": {"Fn::Join": [text[cut], text.split(text[cut])]}}
            found["joined-body"] = json.dumps({"Resources": {"S": {"Type": "AWS::CloudFormation::StackSet", "Properties": body}}})
            found["joined-call"] = json.dumps({"Resources": {"S": {"Type": "Custom::AWS", "Create": joined % ("create", "AccessKey")}}})
        return {name: (spelt, path.name) for name, spelt in found.items()}
    if kind_of(path.name) is TEMPLATE:
        quoted = re.compile(rf"(Type: *)[\"']?({TYPE.pattern})[\"']?")
        found = {
            "escaped": quoted.sub(lambda found: f'{found[1]}"{escaped(found[2], IN_YAML, chance)}"', text),
            "in-a-text": in_texts(text, 1),
            "tagged": quoted.sub(lambda found: f"{found[1]}!!str {found[2]}", text),
            "block": quoted.sub(lambda found: f"{found[1]}>-\n        {found[2]}", text),
            "anchored": quoted.sub(lambda found: f"{found[1]}&x {found[2]}", text),
            **{way: quoted.sub(lambda found: found[1] + way % found[2][:14], text) for way in PUT_TOGETHER},  # noqa: B023 - called at once
        }
        return {name: (spelt, path.name) for name, spelt in found.items()}
    found = {"escaped": replace(lambda word: escaped(word, HCL, chance)), "unquoted": re.sub(rf'"({TYPE.pattern})"', r"\1", text)}
    heredoc = 'resource "aws_cloudformation_stack" "s" {\n  template_body = <<EOF\nResources: {K: {Type: AWS::IAM::${local.k}}}\nEOF\n}\n'
    return {name: (spelt, path.name) for name, spelt in {**found, "heredoc": heredoc}.items()}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_every_spelling_is_let_through(path: Path) -> None:
    chance = random.Random(path.as_posix())  # noqa: S311 - nothing secret
    for name, (text, file) in spellings(path, chance).items():
        data, kind = text.encode(), kind_of(file)
        assert kind is not None
        found = TERMS.are_in_code(data, sources_in(data, file)) if kind is TERRAFORM else TERMS.are_in(data, kind)
        assert found, (name, text)


def test_there_are_programs_of_every_kind() -> None:
    assert {kind_of(path.name) for path in PROGRAMS} == {TERRAFORM, TEMPLATE, JSON}


PATTERN = re.compile(rb"""(?<![a-z])source["\s]*[=:]\s*"([^".\n][^"\n]*)""")
PARTS = ["source", " = ", "=", ": ", '"', "\n", "a/b", "./m", ".", " ", "\t", "//", "resource", '"source"', "x"]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
@example('source = "a/sources/b?ref=1" # source = "c"')
@example('"source": "a/b", "version": "1"')
@example('source="a/b')
@example('source = "source = "a/b"')
def test_a_call_of_a_known_module_is_found_where_the_pattern_finds_it(code: str) -> None:
    data = code.encode()
    expected = any(b"a/b" in source for source in PATTERN.findall(data))
    assert SearchTerms([b"a/b"]).are_in(data, TERRAFORM) or not expected


def test_an_address_elsewhere_is_no_call() -> None:
    terms = SearchTerms([b"a/b"])
    for code in (b'name = "a/b"', b"source = a/b", b'source = "./a/b"', b'# source\n"a/b"', b'sources = "a/b"'):
        assert not terms.are_in(code, TERRAFORM)
