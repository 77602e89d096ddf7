"""Words that results, ledgers and fingerprints hold are those of the published schema, since programs of others read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posturio_iac.core.evidence.lifetime import Effect, Kind
from posturio_iac.core.evidence.open_question import Question
from posturio_iac.core.evidence.reason import OpenCause, ReasonKind
from posturio_iac.core.finding import Exit, Level, Severity, Verdict
from posturio_iac.core.keys.use import UseKind
from posturio_iac.core.model import KeyKind, Privilege
from posturio_iac.metadata.names import Meaning, Names

if TYPE_CHECKING:
    from enum import Enum

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/report-1.json").read_text(encoding="utf-8"))


PLACES: dict[type[Enum], str] = {
    KeyKind: "key kind",
    Verdict: "key verdict",
    Question: "key open_questions items questions items",
    Privilege: "key privilege",
    UseKind: "key context verdict",
    ReasonKind: "reason kind",
    OpenCause: "reason cause",
    Kind: "lifetime kind",
    Effect: "lifetime effect",
    Severity: "finding severity",
    Level: "diagnostic level",
}


def test_enumerations_are_those_of_the_schema() -> None:
    for words, place in PLACES.items():
        start, *names = place.split()
        at: Any = SCHEMA["$defs"][start]
        for name in names:
            at = at["items"] if name == "items" else at["properties"][name]
        assert [one.value for one in words] == [word for word in at["enum"] if word is not None], words


def test_exit_codes_are_permanent() -> None:
    assert list(map(int, Exit)) == [0, 1, 2, 3, 130]


def test_each_meaning_but_none_other_is_a_list_of_names_in_the_configuration() -> None:
    assert {one.value for one in Meaning} == set(Names.default().__match_args__) - {"prefixes", "lookup", "stems"}
