"""The posture score never falls when something is mended."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, JudgedKey, Level, Report, Severity, Verdict
from posturio_iac.core.model import Kind, Unknown
from posturio_iac.core.record import replace
from tests.support import keys as k
from tests.support.rule_cases import OWNERLESS, PAST, SOON, WITHOUT


def test_scores() -> None:
    assert k.run().score() == 100
    assert k.run(k.access_key(k.enforced())).score() == 100
    assert k.run(k.access_key(k.enforced(), owner=None)).score() == 98
    assert k.run(k.access_key()).score() == 91
    assert k.run(k.access_key(PAST)).score() == 83
    assert k.run(k.access_key(is_root=True)).score() == 77
    assert k.run(k.access_key(unknown_sources=(k.UNKNOWN,))).score() == 91
    assert k.run(k.access_key(k.enforced(), owner=k.UNKNOWN)).score() == 98
    assert k.run(k.access_key(PAST, status=k.UNKNOWN)).score() == 91
    assert k.run(k.access_key(directives=(k.ignore(WITHOUT),))).score() == 91
    assert k.run(*(k.access_key(address=str(n)) for n in range(10))).score() == 50
    assert k.run(diagnostics=(Diagnostic(Level.ERROR, "unread"),)).score() is None


def scored(keys: list[JudgedKey]) -> int:
    """The score of a complete run over ``keys``."""
    score = Report(k.AS_OF, tuple(keys), (), (), 1).score()
    assert score is not None
    return score


judged_keys = st.builds(
    lambda worst, undecided, suspected: JudgedKey(
        k.access_key(), Verdict.UNDETERMINED if undecided else Verdict.CLEAN, undecided, worst, suspected if undecided else None
    ),
    st.sampled_from([None, *Severity]),
    st.sampled_from([(), (k.open_question("var.tags"),)]),
    st.sampled_from([None, *Severity]),
)


@given(st.lists(judged_keys, min_size=1), st.data())
def test_mending_never_lowers_the_score_and_a_good_key_more_never_raises_it(keys: list[JudgedKey], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(keys) - 1))
    better = [None, *(s for s in Severity if keys[at].worst is not None and s <= keys[at].worst)]
    milder = replace(keys[at], worst=data.draw(st.sampled_from(better)))
    decided = replace(milder, open_questions=(), verdict=Verdict.CLEAN)
    before = scored(keys)
    assert 0 <= before <= 100
    for mended in ([milder], [decided], []):
        assert scored([*keys[:at], *mended, *keys[at + 1 :]]) >= before
    assert scored([*keys, JudgedKey(k.access_key(), Verdict.CLEAN)]) == before


EVIDENCE = (
    PAST,
    SOON,
    k.expires("2099-01-01"),
    k.rotates(365),
    k.enforced(),
    k.enforced(None),
    k.unreadable(),
    k.inert(),
    k.open_evidence(Kind.ROTATION),
)


@given(
    st.lists(st.sampled_from(EVIDENCE), max_size=3),
    st.sampled_from([(), (k.UNKNOWN,)]),
    st.sampled_from([None, k.UNKNOWN, "payments"]),
    st.booleans(),
    st.sampled_from([("b",), k.UNKNOWN]),
    st.sampled_from([(), (k.ignore(WITHOUT),), (k.ignore(OWNERLESS),)]),
)
def test_mending_the_code_never_lowers_the_score(
    lifetimes: list[Any], hiding: tuple[Unknown, ...], owner: Any, exposed: bool, siblings: Any, directives: tuple[Any, ...]
) -> None:
    key = k.access_key(
        *lifetimes,
        unknown_sources=hiding,
        owner=owner,
        exposures=(k.exposure(),) if exposed else (),
        directives=directives,
        active_siblings=siblings,
    )
    before = k.run(key).score() or 0
    mended = [
        replace(key, lifetimes=(*key.lifetimes, k.enforced(30))),
        replace(key, lifetimes=(k.enforced(30),)),
        replace(key, owner="payments"),
        replace(key, exposures=()),
        replace(key, active_siblings=()),
        replace(key, directives=()),
    ]
    assert all((k.run(better).score() or 0) >= before for better in mended)
    assert (k.run().score() or 0) >= before
