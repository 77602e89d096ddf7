"""What a file's text must hold to matter, against plain patterns."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from posturio_iac.search.kinds import TERRAFORM, SearchTerms

PATTERN = re.compile(rb"""source["\s]*[=:]\s*"([^".\n][^"\n]*)""")
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
