"""JSON with places agrees with the standard decoder, every place slices back to its token, and JSON in pieces is what `json` writes."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract import write
from posturio_iac.core.text.json_nodes import MAX_DEPTH, Array, JsonError, Node, Object, decode
from posturio_iac.core.text.json_text import pieces
from posturio_iac.render import sarif as log
from tests.support import canned

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=20
)
layouts = st.sampled_from(
    [{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": 1, "ensure_ascii": False}]
)


def every_node(node: Node) -> list[Node]:
    """The node and all below it."""
    match node.value:
        case Object():
            below = [n for pair in node.value for n in pair]
        case Array():
            below = list(node.value)
        case _:
            below = []
    return [node, *(n for b in below for n in every_node(b))]


def by_place(text: str, node: Node) -> str:
    """Cut the node out of the text by its lines and columns alone."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if node.line == node.end_line:
        return lines[node.line - 1][node.column - 1 : node.end_column - 1]
    cut = [lines[node.line - 1][node.column - 1 :], *lines[node.line : node.end_line - 1], lines[node.end_line - 1][: node.end_column - 1]]
    return "\n".join(cut)


@given(documents, layouts)
def test_the_data_are_those_of_the_standard_decoder(document: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(document, **layout)
    assert decode(text).data() == json.loads(text)


@given(documents, layouts, st.booleans(), st.booleans())
def test_every_place_slices_back_to_its_token(document: Any, layout: dict[str, Any], bom: bool, crlf: bool) -> None:
    text = ("\ufeff" if bom else "") + json.dumps(document, **layout)
    text = text.replace("\n", "\r\n") if crlf else text
    for node in every_node(decode(text)):
        assert json.loads(text[node.start : node.end]) == node.data()
        assert json.loads(by_place(text, node)) == node.data()


@given(st.text(alphabet=string.printable + '{}[]":,\\u\ufeff', max_size=30))
def test_any_text_is_either_decoded_as_the_standard_decoder_does_or_refused(text: str) -> None:
    try:
        node = decode(text)
    except JsonError as error:
        assert error.line >= 1
        assert error.column >= 1
        with pytest.raises(ValueError, match=r"Expecting|Extra data|control|Unterminated|Invalid|refused|BOM"):
            json.loads(text, parse_constant=_refuse)
    else:
        assert node.data() == json.loads(text.removeprefix("\ufeff"))


def _refuse(name: str) -> None:
    raise ValueError(f"refused {name}")


def test_duplicate_keys_are_kept_and_the_last_one_wins() -> None:
    root = decode('{"a": 1,\n "a": 2, "b": 3}')
    assert isinstance(root.value, Object)
    assert [key.value for key, _ in root.value] == ["a", "a", "b"]
    assert [(key.line, key.column) for key in root.value.duplicates()] == [(2, 2)]
    assert root.data() == {"a": 2, "b": 3}
    last = root.value.get("a")
    assert last is not None
    assert last.value == 2
    assert root.value.get("c") is None


def test_an_exclusive_end_stands_after_the_last_character() -> None:
    node = decode('  {"äöü": "x"}')
    assert (node.line, node.column, node.end_line, node.end_column) == (1, 3, 1, 15)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "the JSON text ends where a value is expected"),
        ('{"a": }', 1, 7, "a JSON value cannot begin with '}'"),
        ('{"a": 1\n "b": 2}', 2, 2, "expected ',' or '}' in an object"),
        ('{"a": 1,\n}', 2, 1, "expected a property name in double quotes"),
        ("[1 2]", 1, 4, "expected ',' or ']' in an array"),
        ("{} {}", 1, 4, "there is more text after the end of the JSON value"),
        ('{"a" 1}', 1, 6, "expected ':' after a property name"),
        ('["a\tb"]', 1, 4, "Invalid control character"),
        ('["a', 1, 2, "Unterminated string starting"),
        ('["\\x"]', 1, 3, "Invalid \\escape"),
        ("[NaN]", 1, 2, "a JSON value cannot begin with 'N'"),
        ("[01]", 1, 3, "expected ',' or ']' in an array"),
        ("// note\n{}", 1, 1, "a JSON value cannot begin with '/'"),
        (f"[{'9' * 5000}]", 1, 2, "the number has too many digits"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(JsonError) as caught:
        decode(text)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, words)


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_bounded_by_an_error_of_its_own(left: str, right: str) -> None:
    assert decode(left * MAX_DEPTH + "1" + right * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 1_500, 100_000):
        with pytest.raises(JsonError, match="nested deeper"):
            decode(left * depth + "1" + right * depth)


def test_a_lone_surrogate_becomes_the_replacement_character_and_a_pair_its_character() -> None:
    assert decode(r'["\ud83d\ude00", "\ud800", "\\ud800"]').data() == ["\U0001f600", "\ufffd", "\\ud800"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.integers(0, 4))
def test_it_is_byte_for_byte_what_json_writes(value: Any, levels: int) -> None:
    assert "".join(pieces(value, levels)) == json.dumps(value, indent=2)


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_each_entry_of_a_long_list_has_a_line(first: list[Any], second: list[Any]) -> None:
    text = "".join(pieces({"a": iter(first), "b": {"c": [{"d": iter(second)}]}}, 4))
    assert json.loads(text) == {"a": first, "b": {"c": [{"d": second}]}}
    lines = [line.strip().removesuffix(",") for line in text.splitlines()]
    assert all(json.dumps(entry) in lines for entry in (*first, *second))


def test_what_json_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        "".join(pieces({1}, 0))


@pytest.mark.parametrize("report", [canned.report(), canned.empty(), canned.deployed(), canned.hostile()])
@pytest.mark.parametrize("stream", [write.stream, log.stream])
def test_no_piece_holds_more_than_one_entry(stream: Any, report: Any) -> None:
    text = list(stream(report, canned.context(text=lambda _path: "\n" * 50)))
    json.loads("".join(text))
    assert max(piece.count('"fingerprint') for piece in text) <= 1
    assert "".join(text).isascii()
