"""What happens to remedies as data. Their words stand in the golden files."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.evidence.remedy_text import describe, outline
from posturio_iac.core.place import Place, Span, relocated
from posturio_iac.core.record import replace

SPAN = Span("iam.tf", 3, 1, 5, 2)
KEY = Place("aws_iam_access_key.ci", SPAN)
UNSEEN = Place("aws_iam_user.ci")
DATE: dict[str, Any] = {"name": "expires", "value": "2027-01-31"}
DAYS = r.IntervalSetting(KEY, "rotation_days")


def test_texts_of_a_remedy_change_wherever_they_are() -> None:
    shouted = r.with_changed_texts(r.RunCommand("say", ("aws", "x")), str.upper)
    assert shouted == r.RunCommand("SAY", ("AWS", "X"))
    assert r.with_changed_texts(r.StopIgnoring(KEY, ("user",)), str.upper) == r.StopIgnoring(KEY, ("USER",))
    assert r.with_changed_texts(r.SetArgument(KEY, "a", "b", is_named=True), str.upper) == r.SetArgument(KEY, "A", "B", is_named=True)


def test_a_remedy_moves_with_its_place() -> None:
    there = Place(KEY.address, replace(SPAN, path="infra/iam.tf"))
    found = (r.SetArgument(KEY, "a", "b"), r.SetInterval(DAYS, 90, 2), r.SetArgument(UNSEEN, "a", "b"), r.Advice("wait"), None)
    inside = r.SetInterval(r.IntervalSetting(there, "rotation_days"), 90, 2)
    assert relocated(found, "infra/{}".format) == (r.SetArgument(there, "a", "b"), inside, *found[2:])


def test_only_changes_of_code_have_a_place() -> None:
    assert r.place_of(r.SetArgument(KEY, "a", "b")) is KEY
    assert r.place_of(r.SetInterval(DAYS, 90, turns=1)) is KEY
    outside = (r.TagUser("ci"), r.UseRole("ci"), r.RunCommand("x", ()), r.Advice("x"))
    assert [r.place_of(one) for one in outside] == [None] * 4


def test_remedies_fill_in_what_they_are_to_state() -> None:
    alone = r.AddComment(KEY)
    mine = r.Remedies(r.AddTag(UNSEEN), r.AddBlock(KEY, "ci"), r.Advice("x"), beside=alone, is_shared=True)
    assert mine.stating("expires", "2027-01-31") == r.AddComment(KEY, **DATE)
    assert mine.stating("owner", "a@b.c") == r.AddTag(UNSEEN, "owner", "a@b.c")
    assert mine.rotating(30) == r.AddBlock(KEY, "ci", 30)
    assert mine.aging(30) is None
    bare = r.Remedies(r.Advice("ask"), r.Advice("wait"), r.Advice("x"), is_shared=True, age=r.SetArgument(KEY, "age", ""))
    assert (bare.stating("expires", "1"), bare.rotating(3)) == (r.Advice("ask"), r.Advice("wait"))
    assert bare.aging(3) == r.SetArgument(KEY, "age", "3")
    shared = r.Remedies(r.AddTag(UNSEEN), r.Advice("wait"), r.Advice("x"), beside=alone)
    assert shared.stating("expires", "2027-01-31") == r.AddTag(UNSEEN, **DATE)


def test_several_entries_to_remove_are_all_named() -> None:
    assert describe(r.StopIgnoring(KEY, ("user", "pgp_key"))) == "remove user, pgp_key from ignore_changes of aws_iam_access_key.ci"


@pytest.mark.parametrize(
    ("remedy", "does", "code"),
    [
        (r.CallConstruct(KEY, "App/Key/Resource", **DATE), "add this call for", 'addMetadata("Posturio", { Expires: "2027-01-31" })'),
        (r.CallConstruct(KEY, "App/Key", "owner", "a@b.c"), "add this call for", 'Tags.of(user).add("owner", "a@b.c")'),
        (r.AddMetadata(KEY, json=True, **DATE), "add this metadata to", '"Metadata": {"Posturio": {"Expires": "2027-01-31"}}'),
        (r.AddComment(KEY, json=True, **DATE), "add this comment to", '"//": "posturio: expires=2027-01-31"'),
        (r.AddTag(KEY, is_shared=True, **DATE), "state this for", 'expires = "2027-01-31"'),
    ],
)
def test_keys_that_are_mended_alike_are_told_what_to_write_once(remedy: Any, does: str, code: str) -> None:
    words, written = outline(remedy)
    assert (words.startswith(f"{does} the key"), written) == (True, code)
