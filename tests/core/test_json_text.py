"""JSON in pieces is what `json` writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract import write
from posturio_iac.core.text.json_text import pieces, text_of
from posturio_iac.render.sarif import log
from tests.support import canned

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.integers(0, 4))
def test_it_is_byte_for_byte_what_json_writes(value: Any, levels: int) -> None:
    expected = json.dumps(value, indent=2)
    assert "".join(pieces(value, levels)) == expected
    assert text_of(value) == expected


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_iterators_are_lists(first: list[Any], second: list[Any]) -> None:
    lazy = {"a": iter(first), "b": {"c": [{"d": iter(second)}]}}
    assert "".join(pieces(lazy, 4)) == json.dumps({"a": first, "b": {"c": [{"d": second}]}}, indent=2)


def test_what_json_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="set is nothing that JSON has"):
        text_of({1})


@pytest.mark.parametrize("report", [canned.report(), canned.empty(), canned.deployed(), canned.hostile()])
@pytest.mark.parametrize("stream", [write.stream, log.stream])
def test_no_piece_holds_more_than_one_entry(stream: Any, report: Any) -> None:
    text = list(stream(report, canned.context(text=lambda _path: "\n" * 50)))
    json.loads("".join(text))
    assert max(piece.count('"fingerprint') for piece in text) <= 1
    assert "".join(text).isascii()
