"""Each kind of change in words: what a finding advises, what a report says once for all keys that are mended alike, and its command."""

from __future__ import annotations

from typing import Any

import pytest

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.evidence.remedy_text import command, describe, outline
from posturio_iac.core.place import Place, Span

SPAN = Span("iam.tf", 3, 1, 5, 2)
KEY = Place("aws_iam_access_key.ci", SPAN)
UNSEEN = Place("aws_iam_user.ci")
DATE: dict[str, Any] = {"name": "expires", "value": "2027-01-31"}
DAYS = r.IntervalSetting(KEY, "rotation_days")
STATIC = 'resource "time_static" "ci" { rfc3339 = time_rotating.ci.rfc3339 }'
TRIGGER = "replace_triggered_by = [time_static.ci]"
LABEL = 'add expires = "2027-01-31" to the labels of aws_iam_user.ci'
FIRST = "create_before_destroy"
INTO = "in the lifecycle block of the key"
TAG = ("add this tag to the user", 'expires = "2027-01-31"')
COMMENT = "add this comment to the key"
METADATA = "add this metadata to the key"
CALL = "add this call for the key or its user to the CDK app"
DATED = 'addMetadata("Posturio", { Expires: "2027-01-31" })'
OWNED = 'Tags.of(user).add("owner", "a@b.c")'
AWS = "aws iam tag-user --user-name 'a b' --tags Key=expires,Value=2027-01-31"
ROLE = "let Terraform or CloudFormation replace its keys every 90 days"
SCHEDULE = "with your own RotationLambdaARN and AutomaticallyAfterDays of 90"

WORDS = [
    (r.Advice("delete the key"), "delete the key", None),
    (r.RunCommand("switch it off", ("aws", "--x", "a b")), "switch it off: aws --x 'a b'", ("switch it off", "")),
    (r.AddTag(UNSEEN, **DATE), 'add expires = "2027-01-31" to the tags of aws_iam_user.ci', TAG),
    (r.AddTag(KEY, **DATE, is_new=True), 'add tags = { expires = "2027-01-31" } to aws_iam_access_key.ci (iam.tf:3)', TAG),
    (r.AddTag(UNSEEN, **DATE, argument="labels", is_seen=False), f"{LABEL} in the code", TAG),
    (r.MergeTags(UNSEEN, "tags", "local.t", **DATE), 'set tags = merge({ expires = "2027-01-31" }, local.t) in aws_iam_user.ci', TAG),
    (r.AddComment(KEY, **DATE), "write # posturio: expires=2027-01-31 above the block", (COMMENT, "# posturio: expires=2027-01-31")),
    (
        r.AddComment(KEY, **DATE, target="the user", json=True),
        'add "//": "posturio: expires=2027-01-31" to the user',
        (COMMENT, '"//": "posturio: expires=2027-01-31"'),
    ),
    (
        r.AddMetadata(UNSEEN, **DATE),
        'add Metadata: {Posturio: {Expires: "2027-01-31"}} to aws_iam_user.ci',
        (METADATA, 'Metadata: {Posturio: {Expires: "2027-01-31"}}'),
    ),
    (
        r.AddMetadata(UNSEEN, "owner", "a@b.c", json=True),
        'add "Metadata": {"Posturio": {"Owner": "a@b.c"}} to aws_iam_user.ci',
        (METADATA, '"Metadata": {"Posturio": {"Owner": "a@b.c"}}'),
    ),
    (r.CallConstruct(KEY, "App/Key/Resource", **DATE), f"call {DATED} on the node.defaultChild of App/Key in the CDK app", (CALL, DATED)),
    (r.CallConstruct(KEY, "App/Key", **DATE), f"call {DATED} on App/Key in the CDK app", (CALL, DATED)),
    (r.CallConstruct(KEY, "App/Key/Resource", "owner", "a@b.c"), f"call {OWNED} in the CDK app, for the user of App/Key", (CALL, OWNED)),
    (r.TagUser("a b", **DATE), f"tag the user: {AWS}", ("tag the user with expires = 2027-01-31", "")),
    (
        r.AddBlock(KEY, "ci", 90),
        f'add resource "time_rotating" "ci" {{ rotation_days = 90 }} and {STATIC}, and put {TRIGGER} and {FIRST} = true {INTO}',
        None,
    ),
    (
        r.ReplaceTrigger(KEY, "time_rotating.ci", "ci"),
        f"put a resource in between: {STATIC}, and put {TRIGGER} {INTO}",
        None,
    ),
    (
        r.ReplaceTrigger(KEY, "time_rotating.ci", "ci", is_dependency=True),
        f"remove it, add {STATIC}, and put {TRIGGER} {INTO}",
        None,
    ),
    (
        r.HoldTrigger(KEY, "var.day"),
        "put var.day into terraform_data.rotation { input = var.day } and refer to terraform_data.rotation instead",
        None,
    ),
    (r.CreateFirst(KEY), "add create_before_destroy = true to its lifecycle block", None),
    (r.CreateFirst(KEY, is_set=True), "set create_before_destroy = true in its lifecycle block", None),
    (r.CreateFirst(KEY, misspelt="create_first"), "correct create_first to create_before_destroy", None),
    (r.CreateFirst(KEY, has_lifecycle=False), "add lifecycle { create_before_destroy = true } to the key", None),
    (r.SetArgument(KEY, "status", '"Inactive"'), 'set status = "Inactive"', None),
    (r.SetArgument(KEY, "age", "90", "days", is_named=True), "set age = 90 (days) in aws_iam_access_key.ci", None),
    (r.HideOutput(KEY), "set sensitive = true", None),
    (r.HideOutput(KEY, is_bared=True), "remove nonsensitive() and set sensitive = true", None),
    (r.SetProperty(UNSEEN, "Status", "Inactive"), "set Status: Inactive in the properties of aws_iam_user.ci", None),
    (r.SetProperty(UNSEEN, "Status", "Inactive", json=True), 'set "Status": "Inactive" in the properties of aws_iam_user.ci', None),
    (r.SetMaxAge(KEY, "max_age", 90), "set max_age to 90 days in seconds", None),
    (r.ReplaceValue(UNSEEN, "2027-01-31"), "set aws_iam_user.ci to 2027-01-31", ("set the stated value to 2027-01-31", "")),
    (
        r.ReplaceValue(UNSEEN, "90d", suffix="or less"),
        "set aws_iam_user.ci to 90d or less",
        ("set the stated value to 90d or less", ""),
    ),
    (r.RemoveArgument(KEY, "depends_on", "the key"), "remove depends_on from the key", None),
    (r.StopIgnoring(KEY, ("user", "status")), "remove user, status from ignore_changes of aws_iam_access_key.ci", None),
    (r.SetInterval(DAYS, 90, turns=1), "set rotation_days of aws_iam_access_key.ci to 90 or less", None),
    (
        r.SetInterval(r.IntervalSetting(KEY, "rotation_days", instead_of=("hours", "years")), 90, turns=1),
        "write rotation_days = 90 instead of hours and years of aws_iam_access_key.ci",
        None,
    ),
    (
        r.SetInterval(r.IntervalSetting(KEY, "max_age", "s"), 90, turns=2),
        "set max_age of aws_iam_access_key.ci to 7776000 or less (90 days in seconds), because a key lives for 2 of these intervals",
        None,
    ),
    (
        r.SetInterval(r.IntervalSetting(KEY, "schedule", "rate"), 90, turns=1),
        "set schedule of aws_iam_access_key.ci to rate(90 days) or less",
        None,
    ),
    (
        r.StoreAndRotate(UNSEEN, 90),
        f"store aws_iam_user.ci in an AWS::SecretsManager::Secret and give that an AWS::SecretsManager::RotationSchedule {SCHEDULE}",
        None,
    ),
    (
        r.StoreAndRotate(UNSEEN, 90, "App/Key"),
        "store App/Key in a Secret of the CDK app and call addRotationSchedule on that, with automaticallyAfter 90 days",
        None,
    ),
    (
        r.UseRole("a b", 90),
        f"use a role instead of user 'a b', or {ROLE}",
        (f"use a role instead of the user, or {ROLE}", ""),
    ),
]
COMMANDS = {r.RunCommand: "aws --x 'a b'", r.TagUser: AWS}


@pytest.mark.parametrize(("remedy", "clause", "outlined"), WORDS, ids=[f"{type(one).__name__}-{text[:30]}" for one, text, _ in WORDS])
def test_a_remedy_in_words(remedy: r.Remedy, clause: str, outlined: tuple[str, str] | None) -> None:
    assert describe(remedy) == clause
    assert outline(remedy) == (outlined or (clause, ""))
    assert command(remedy) == COMMANDS.get(type(remedy), "")


def test_every_kind_of_remedy_has_its_words() -> None:
    made = {one for one in vars(r).values() if isinstance(one, type) and one.__module__ == r.__name__}
    assert {type(one) for one, _, _ in WORDS} == made - {r.IntervalSetting, r.Remedies}


def test_a_remedy_says_no_more_than_it_is_given() -> None:
    assert r.AddTag(KEY) == r.AddTag(KEY, "", "", "tags", is_new=False, is_seen=True)
    assert r.MergeTags(KEY, "tags", "{}") == r.MergeTags(KEY, "tags", "{}", "", "")
    assert r.AddComment(KEY) == r.AddComment(KEY, "", "", "the block", json=False)
    assert r.AddMetadata(KEY) == r.AddMetadata(KEY, "", "", json=False)
    assert r.CallConstruct(KEY, "App") == r.CallConstruct(KEY, "App", "", "")
    assert (r.TagUser("ci"), r.UseRole("ci")) == (r.TagUser("ci", "", ""), r.UseRole("ci", 0))
    assert (r.AddBlock(KEY, "ci"), r.SetMaxAge(KEY, "age")) == (r.AddBlock(KEY, "ci", 0), r.SetMaxAge(KEY, "age", 0))
    assert r.ReplaceTrigger(KEY, "c", "n") == r.ReplaceTrigger(KEY, "c", "n", is_dependency=False)
    assert r.CreateFirst(KEY) == r.CreateFirst(KEY, has_lifecycle=True, is_set=False, misspelt="")
    assert r.SetArgument(KEY, "a", "b") == r.SetArgument(KEY, "a", "b", "", is_named=False, needs_person=False)
    assert (r.HideOutput(KEY), r.StoreAndRotate(KEY)) == (r.HideOutput(KEY, is_bared=False), r.StoreAndRotate(KEY, 0, ""))
    assert r.SetProperty(KEY, "a", "b") == r.SetProperty(KEY, "a", "b", json=False)
    assert r.ReplaceValue(KEY, "a") == r.ReplaceValue(KEY, "a", "", "", needs_person=False, written="")
    assert r.SetInterval(DAYS, 9, 1) == r.SetInterval(r.IntervalSetting(KEY, "rotation_days", "d", (), is_stated=True), 9, 1)
    state, turn = r.AddTag(KEY), r.AddBlock(KEY, "ci")
    said = r.Remedies(state, turn, r.DELETE, None, "the code states", r.REPLACE, r.DELETE, "", None, False, (), None, None)
    assert r.Remedies(state, turn, r.DELETE) == said
    assert (r.Advice("delete the key"), r.Advice("replace the key"), "team@example.com") == (r.DELETE, r.REPLACE, r.EXAMPLE_OWNER)


def test_texts_of_a_remedy_change_wherever_they_are() -> None:
    shouted = r.with_changed_texts(r.RunCommand("say", ("aws", "x")), str.upper)
    assert shouted == r.RunCommand("SAY", ("AWS", "X"))
    assert r.with_changed_texts(r.StopIgnoring(KEY, ("user",)), str.upper) == r.StopIgnoring(KEY, ("USER",))
    assert r.with_changed_texts(r.SetArgument(KEY, "a", "b", is_named=True), str.upper) == r.SetArgument(KEY, "A", "B", is_named=True)


def test_a_remedy_moves_with_its_place() -> None:
    there = Span("other.tf", 1, 1, 1, 2)
    assert r.moved(r.SetArgument(KEY, "a", "b"), lambda _: there) == r.SetArgument(Place(KEY.address, there), "a", "b")
    moved = r.moved(r.SetInterval(DAYS, 90, 2), lambda _: there)
    assert moved == r.SetInterval(r.IntervalSetting(Place(KEY.address, there), "rotation_days"), 90, 2)
    for still in (r.SetArgument(UNSEEN, "a", "b"), r.Advice("wait"), None):
        assert r.moved(still, lambda _: there) is still


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
