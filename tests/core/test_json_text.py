"""JSON in pieces is what `json` writes, but for the lines of long lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.contract import write
from posturio_iac.core.text.json_text import pieces
from posturio_iac.render import sarif as log
from tests.support import canned

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
