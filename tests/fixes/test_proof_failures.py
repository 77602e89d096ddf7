"""Each difference that an edit must not make fails its proof; the code before and after it is given as keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from posturio_iac.core.evidence.remedy import AddTag
from posturio_iac.core.finding import Diagnostic, Level, Report
from posturio_iac.core.model import AccessKey, Effect, Kind, Lifetime
from posturio_iac.core.place import Place, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.fixes.proof import Proof, claim_of
from posturio_iac.judge.engine import judge
from tests.support import canned

AS_OF = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
END = datetime(2027, 2, 1, tzinfo=timezone.utc)
MINE = canned.key("aws_iam_access_key.mine", canned.span("a.tf"), user="mine", owner="me", scope="a")
OTHER = canned.key("aws_iam_access_key.other", canned.span("b.tf"), user="other", owner="me", scope="b")
ROTATES = Lifetime(Kind.ROTATION, Effect.DECLARED, TagOrigin("rotation", "u"), "90d", interval=timedelta(days=90))

LATER = {(("late", "yes"),): None, (("healed", "yes"),): "somebody"}  # the owners that keys have once the end has passed, by their tags


def ends(key: AccessKey, at: datetime = END, effect: Effect = Effect.DECLARED) -> AccessKey:
    return replace(key, lifetimes=(*key.lifetimes, Lifetime(Kind.EXPIRY, effect, TagOrigin("expires", "u"), f"{at:%Y-%m-%d}", at=at)))


class Code:
    """Code with two keys, of which edits make others; a rule of its own flags a key with a tag from a day on."""

    def __init__(self, before: tuple[AccessKey, ...], after: tuple[AccessKey, ...], said: tuple[Diagnostic, ...] = ()) -> None:
        self.keys: Sequence[AccessKey] = before
        self._after, self._said = after, said
        self.diagnostics: list[Diagnostic] = []

    def read(self, edited: object, scopes: object = None) -> tuple[Sequence[AccessKey], list[Diagnostic]]:  # noqa: ARG002
        return self._after, [*self._said]

    def judge(self, keys: Iterable[AccessKey], as_of: datetime) -> Report:
        return judge([replace(key, owner=LATER[key.tags]) if as_of > END and key.tags in LATER else key for key in keys], as_of=as_of)


def failures(before: tuple[AccessKey, ...], after: tuple[AccessKey, ...], name: str = "expires", **more: Any) -> list[str]:
    """Why an edit that names the first finding of the first key fails."""
    code = Code(before, after, **more)
    wanted = "iam.ownerless_access_keys" if name == "owner" else "iam.access_keys_without_lifetime"
    named = next(f for f in judge(before, as_of=AS_OF).findings if f.rule.id == wanted and f.address == MINE.address)
    proof = Proof(code, AS_OF)
    claim = claim_of(named, AddTag(Place("aws_iam_user.mine"), name, "2027-01-31" if name == "expires" else "me"))
    return [f"{f.identity[2].rpartition('.')[2] if f.identity else ''}: {f.why}" for f in proof.failures([claim], {"a.tf": b""})]


def test_the_named_fact_of_the_named_key_may_change() -> None:
    assert failures((MINE, OTHER), (ends(MINE), OTHER)) == []
    bare = replace(MINE, owner=None)
    assert failures((bare, OTHER), (MINE, OTHER), "owner") == []


def test_lines_that_move_are_no_difference() -> None:
    moved = replace(OTHER, span=canned.span("b.tf", 9), active_siblings=("aws_iam_access_key.x (b.tf:12)",))
    before = replace(OTHER, active_siblings=("aws_iam_access_key.x (b.tf:3)",))
    assert failures((MINE, before), (ends(MINE), moved)) == []


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ((MINE, OTHER), "mine: the finding would stay"),
        ((ends(MINE), ends(OTHER)), "other: its end would change"),
        ((ends(MINE), replace(OTHER, lifetimes=(ROTATES,))), "other: its rotation would change"),
        ((ends(MINE), replace(OTHER, owner="you")), "other: its owner would change"),
        ((replace(ends(MINE), owner="you"), OTHER), "mine: its owner would change"),
        ((replace(ends(MINE), owner=None), OTHER), "mine: iam.ownerless_access_keys would be found"),
        (
            (replace(ends(MINE), exposures=()), replace(OTHER, active_siblings=("x",))),
            "other: iam.multiple_active_access_keys would be found",
        ),
        ((ends(MINE),), "other: it would be another key"),
        ((ends(MINE), OTHER, replace(OTHER, address="aws_iam_access_key.third")), "third: it would be another key"),
        ((replace(MINE, unknown_sources=(AS_STATED("var.tags"),)), OTHER), "mine: the finding would stay"),
        ((ends(MINE), replace(OTHER, existence=AS_STATED("var.on"))), "other: another finding of it would go as well"),
        ((ends(MINE), replace(OTHER, tags=(("late", "yes"),))), "other: its verdict would change on 2027-02-02"),
    ],
)
def test_any_other_difference_fails(after: tuple[AccessKey, ...], why: str) -> None:
    assert why in failures((MINE, OTHER), after)


def test_a_finding_that_goes_unnamed_fails() -> None:
    bare = replace(MINE, owner=None)
    assert "mine: another finding of it would go as well" in failures((bare, OTHER), (ends(MINE), OTHER))
    healed = replace(ends(bare), tags=(("healed", "yes"),))
    assert failures((bare, OTHER), (healed, OTHER)) == ["mine: another finding of it would go on 2027-02-02"]


def test_a_question_that_is_new_fails() -> None:
    clean = ends(OTHER)
    hidden = replace(clean, possible_exposures=(AS_STATED("var.hide"),))
    assert "other: its verdict would change" in failures((MINE, clean), (ends(MINE), hidden))


def test_what_can_no_longer_be_read_fails() -> None:
    said = (Diagnostic(Level.ERROR, "syntax error", "a.tf", 3),)
    assert failures((MINE, OTHER), (ends(MINE), OTHER), said=said) == [": then syntax error"]
