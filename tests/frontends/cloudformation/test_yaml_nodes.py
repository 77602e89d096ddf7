"""YAML with places: raw scalars, short tags, aliases within bounds, and errors that leave the rest readable."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.text.json_nodes import MAX_DEPTH, Array, Node, Object
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import Plain, documents

words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=8)
data = st.recursive(
    words | st.integers() | st.booleans() | st.none() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


def root(text: str) -> Node:
    """The root of the only document, which has no problems."""
    (document,), problems = documents(text)
    assert problems == ()
    return document.root


def nodes(node: Node) -> list[Node]:
    return [one for held in node.walk() for one in (held, *(key for key, _ in held.members))]


class Raw(yaml.SafeLoader):
    """The reference: PyYAML without any idea of types."""


def _raw(loader: Any, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {loader.construct_scalar(k): _raw(loader, v) for k, v in node.value}
    return [_raw(loader, n) for n in node.value] if isinstance(node, yaml.SequenceNode) else node.value


for _tag in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"):
    Raw.add_constructor(f"tag:yaml.org,2002:{_tag}", _raw)


@given(data, st.booleans(), st.booleans())
def test_the_data_are_those_of_the_reference_with_every_scalar_as_raw_text(value: Any, flow: bool, wide: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=wide)
    assert root(text).data() == yaml.load(text, Raw)  # noqa: S506 - a subclass of the safe loader


@given(data, st.booleans())
def test_every_place_slices_back_to_its_token(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow)
    for node in nodes(root(text)):
        written = text[node.start : node.end]
        if isinstance(node.value, Plain) and "\n" not in written:
            assert written == node.value
        elif isinstance(node.value, str) and "\n" not in written:
            assert yaml.safe_load(written) == node.value
        elif isinstance(node.value, (Object, Array)) and written[:1] in ("{", "["):
            assert root(written).data() == node.data()
        assert node.end >= node.start


@given(st.text(alphabet="ab:-[]{}&*!|>#'\"\n ,?<%@`\t\\", max_size=40))
def test_any_text_is_read_or_refused_and_never_crashes(text: str) -> None:
    found, problems = documents(text)
    assert all(p.line >= 1 and p.column >= 1 and p.message for p in problems)
    assert all(isinstance(d.root, Node) for d in found)


def test_scalars_stay_as_they_are_written() -> None:
    text = "Off: yes\ndate: 2027-01-31\nzero: 0123\nnothing: ~\nquoted: 'no'\nfolded: >-\n  a\n  b\n"
    assert root(text).data() == {"Off": "yes", "date": "2027-01-31", "zero": "0123", "nothing": "~", "quoted": "no", "folded": "a b"}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("!Ref X", {"Ref": "X"}),
        ("!GetAtt X.Y", {"Fn::GetAtt": "X.Y"}),
        ("!Sub\n  - '${A}'\n  - {A: !If [C, 1, 2]}", {"Fn::Sub": ["${A}", {"A": {"Fn::If": ["C", "1", "2"]}}]}),
        ("!Condition C", {"Condition": "C"}),
        ("!Fn::Join ['', []]", {"Fn::Join": ["", []]}),
        ("!!str 1", "1"),
        ('{"a": ["b\\n\\u00e9", {"c": "\\\\"}]}', {"a": ["b\n\u00e9", {"c": "\\"}]}),
    ],
)
def test_short_tags_are_spelled_out_and_escapes_resolved(text: str, data: Any) -> None:
    assert root(text).data() == data


def test_short_tags_keep_their_places() -> None:
    reference = root("a: !Ref X\n").get("a")
    assert reference is not None
    ((key, name),) = reference.members
    assert (reference.column, reference.end_column) == (4, 10)
    assert (key.column, key.end_column, name.column, name.end_column) == (4, 8, 9, 10)


def test_a_block_ends_with_its_last_value_and_not_with_the_comments_after_it() -> None:
    first = root("a:\n  b: |\n    text\n\n  # comment\n\nc: 1\n").get("a")
    assert first is not None
    assert (first.end_line, first.end_column) == (3, 9)


def test_merge_keys_bring_members_that_own_ones_override() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  c: 5\nw: {<<: *x}\nv: {<<: 7, a: 1}\n"
    x, y = {"a": "1", "b": "2"}, {"b": "3", "c": "4"}
    assert root(text).data() == {"x": x, "y": y, "z": {**x, "c": "5"}, "w": x, "v": {"a": "1"}}


def test_repeated_keys_are_reported_at_their_place() -> None:
    (document,), _ = documents("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert [(k.value, k.line, k.column) for k in document.duplicates] == [("c", 2, 11), ("a", 3, 1)]
    assert document.root.data() == {"a": "3", "b": {"c": "2"}}


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
TOWER = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 400))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: &x [*x]", 1, 8, "inside its own anchor"),
        ("a: *x", 1, 4, "names no anchor"),
        (BOMB, 5, 5, "more than 1,000,000 values"),
        (TOWER, 200, 14, "nested deeper than 200 levels through the alias"),
        ("\n".join(" " * i + "a:" for i in range(1500)), 201, 201, "nested deeper than 200 levels"),
        ("[" * 100_000, 1, None, "nest"),
        ("a:\n\t- b", 2, 1, "cannot start any token"),
        ("a: [1\nb: 2", 2, 2, "did not find expected"),
        ("a: \x01", 1, 4, "U+0001 is not allowed"),
        ("a: b\0", 1, 5, "U+0000 is not allowed"),
        ("k" * 1100 + ": 1", 1, 1101, "not allowed"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, line: int, column: int | None, words: str) -> None:
    found, (problem,) = documents(text)
    assert found == ()
    assert words in problem.message
    assert (problem.line, problem.column if column else None) == (line, column)


def test_a_broken_document_leaves_those_around_it_readable() -> None:
    found, problems = documents("a: 1\n---\nb: [\n---\nc: é\n---\nd: *x\n---\ne: 2\n")
    assert [d.root.data() for d in found] == [{"a": "1"}, {"c": "é"}, {"e": "2"}]
    assert [d.root.line for d in found] == [1, 5, 9]
    assert [p.line for p in problems] == [4, 7]


def test_nesting_up_to_the_bound_is_read() -> None:
    assert root("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)
