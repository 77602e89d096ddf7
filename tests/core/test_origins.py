"""Where evidence stands: in words, in the JSON contract, and in the part of a fingerprint that must never change; remedies as data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posturio_iac.core import place as o
from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.evidence.lifetime import Effect, Kind, Lifetime, OpenQuestion, Question
from posturio_iac.core.evidence.reason import NEVER_CHANGED, OpenCause, Reason, ReasonKind, crashed
from posturio_iac.core.evidence.remedy import IntervalSetting, SetInterval
from posturio_iac.core.evidence.remedy_text import describe, outline
from posturio_iac.core.model import Declaration
from posturio_iac.core.place import HolderKind, Place, SecretHolder, Span, describe_holder, relocated
from posturio_iac.core.unknown import NO_VALUE

USER, CLOCK = "aws_iam_user.ci", "time_rotating.key"
TURN = "toggles_leapfrog.turn and time_rotating.key"


@pytest.mark.parametrize(
    ("origin", "words", "document", "identity"),
    [
        (
            o.TagOrigin("expires", USER),
            'tag "expires" of aws_iam_user.ci',
            {"kind": "tag", "name": "expires", "holder": USER},
            ("tag", "expires", USER),
        ),
        (
            o.TagOrigin("expires", "provider aws", default=True, set_by=CLOCK),
            'default tag "expires" of provider aws, set by time_rotating.key',
            {"kind": "tag", "name": "expires", "holder": "provider aws", "default": True, "set_by": CLOCK},
            ("tag", "expires", "provider aws"),
        ),
        (
            o.TagOrigin("expires", USER, moved_by="timestamp()"),
            'tag "expires" of aws_iam_user.ci',
            {"kind": "tag", "name": "expires", "holder": USER, "moved_by": "timestamp()"},
            ("tag", "expires", USER),
        ),
        (o.CommentOrigin("rotation"), 'comment "rotation"', {"kind": "comment", "name": "rotation"}, ("comment", "rotation")),
        (
            o.MetadataOrigin("Expires", "Key"),
            'metadata "Expires" of Key',
            {"kind": "metadata", "name": "Expires", "address": "Key"},
            ("metadata", "Expires", "Key"),
        ),
        (o.ArgumentOrigin("age", "a.b"), "age of a.b", {"kind": "argument", "path": "age", "address": "a.b"}, ("argument", "age", "a.b")),
        (o.TriggerOrigin(), "replace_triggered_by", {"kind": "trigger"}, ("trigger", "", "")),
        (
            o.TriggerOrigin("time_static.a", TURN, CLOCK),
            f"replace_triggered_by = [time_static.a] via {TURN}",
            {"kind": "trigger", "reference": "time_static.a", "via": TURN, "clock": CLOCK},
            ("trigger", "time_static.a", TURN),
        ),
        (o.ChangeOrigin("count"), "count", {"kind": "change", "argument": "count"}, ("change", "count", "")),
        (
            o.ChangeOrigin("user", TURN, CLOCK),
            f"user changes with {TURN}",
            {"kind": "change", "argument": "user", "cause": TURN, "clock": CLOCK},
            ("change", "user", TURN),
        ),
        (
            o.SecretRotationOrigin("Rotation"),
            "Rotation",
            {"kind": "secret_rotation", "address": "Rotation"},
            ("secret_rotation", "Rotation", ""),
        ),
        (
            o.SecretRotationOrigin("Rotation", "RotationSchedule"),
            "RotationSchedule Rotation",
            {"kind": "secret_rotation", "address": "Rotation", "label": "RotationSchedule"},
            ("secret_rotation", "Rotation", "RotationSchedule"),
        ),
        (o.DependsOnOrigin("a.b"), "depends_on = [a.b]", {"kind": "depends_on", "reference": "a.b"}, ("depends_on", "a.b")),
        (o.IgnoreChangesOrigin(), "ignore_changes = all", {"kind": "ignore_changes"}, ("ignore_changes",)),
    ],
)
def test_an_origin_in_words_in_json_and_in_fingerprints(
    origin: o.Origin, words: str, document: dict[str, Any], identity: tuple[str, ...]
) -> None:
    assert o.describe_origin(origin) == words
    assert o.document_of(origin) == document
    assert o.identity_of(origin) == "\0".join(identity)
    assert o.with_texts(origin, lambda text: text) == origin


def test_texts_of_an_origin_change_and_nothing_else_does() -> None:
    changed = o.with_texts(o.TagOrigin("a", "b", default=True, set_by="c", moved_by="d"), str.upper)
    assert changed == o.TagOrigin("A", "B", default=True, set_by="C", moved_by="D")


REASON = Reason(ReasonKind.OPEN_VALUE, "{} is open", ("var.x",), OpenCause.INPUT, "var.x")


@pytest.mark.parametrize(
    ("questions", "reason", "origin", "text"),
    [
        ((Question.STATUS,), REASON, None, "whether it is active: var.x is open"),
        ((Question.STATUS, Question.OWNER), REASON, None, "whether it is active and whether it has an owner: var.x is open"),
        ((Question.STATUS, Question.LIFETIME), REASON, None, "var.x is open"),
        ((Question.EXISTENCE,), REASON, None, "var.x is open"),
        ((Question.LIFETIME,), REASON, o.CommentOrigin("rotation"), 'comment "rotation": var.x is open'),
        ((Question.LIFETIME,), None, o.CommentOrigin("rotation"), 'comment "rotation"'),
        ((Question.REPLACEMENT_ORDER,), REASON, None, "whether its replacement exists before it is deleted: var.x is open"),
    ],
)
def test_an_open_question_in_words(questions: tuple[Question, ...], reason: Reason | None, origin: o.Origin | None, text: str) -> None:
    asked = OpenQuestion(questions, reason, origin)
    assert asked.text == text
    masked = asked.with_changed_words(lambda word: f"<{word}>")
    assert masked.questions == questions
    assert masked.reason == (reason and Reason(ReasonKind.OPEN_VALUE, "{} is open", ("<var.x>",)))
    assert masked.origin == (origin and o.CommentOrigin("<rotation>"))


def test_a_reason_keeps_its_cause_and_what_it_is_about() -> None:
    changed = REASON.with_changed_words(str.upper)
    assert (changed.text, changed.cause, changed.subject) == ("VAR.X is open", OpenCause.INPUT, "var.x")
    assert NEVER_CHANGED("a.b").kind is ReasonKind.UNCHANGING
    assert (crashed("iam.x").text, crashed("iam.x").kind, crashed("iam.x").subject) == ("iam.x crashed", ReasonKind.CRASHED, "iam.x")
    unknown = NO_VALUE("var.x")
    assert unknown.as_reason().text == "var.x has no value in this code"
    assert unknown.as_reason().detail == "no_value"
    assert (unknown.as_reason().cause, unknown.as_reason().subject) == (OpenCause.INPUT, "var.x")
    about = unknown.about("the tags")
    assert (about.reason, about.cause, about.subject, about.is_unasked) == (
        "the tags: var.x has no value in this code",
        OpenCause.INPUT,
        "var.x",
        False,
    )


@pytest.mark.parametrize(
    ("kind", "effect", "interval", "is_age", "renews"),
    [
        (Kind.EXPIRY, Effect.ENFORCED, timedelta(days=9), True, False),
        (Kind.EXPIRY, Effect.ENFORCED, None, False, True),
        (Kind.EXPIRY, Effect.DECLARED, timedelta(days=9), False, False),
        (Kind.ROTATION, Effect.ENFORCED, timedelta(days=9), False, True),
        (Kind.ROTATION, Effect.INERT, timedelta(days=9), False, False),
    ],
)
def test_what_replaces_a_key_and_what_only_ends_it(
    kind: Kind, effect: Effect, interval: timedelta | None, is_age: bool, renews: bool
) -> None:
    found = Lifetime(kind, effect, o.CommentOrigin("x"), interval=interval)
    assert (found.is_age, found.renews, found.why, found.value, found.turns) == (is_age, renews, "", "", 1)


@pytest.mark.parametrize(("turns", "days", "shorter"), [(1, 90, 90), (2, 90, 45), (2, 1, 1), (3, 100, 33)])
def test_keys_that_take_turns_need_a_shorter_interval(turns: int, days: int, shorter: int) -> None:
    setting = IntervalSetting(Place("a.b"), "days")
    found = Lifetime(Kind.ROTATION, Effect.ENFORCED, o.CommentOrigin("x"), setting=setting, turns=turns)
    assert found.shortening(days) == SetInterval(setting, shorter, turns)


@pytest.mark.parametrize("setting", [None, IntervalSetting(Place("a.b"), "days", is_stated=False)])
def test_an_interval_that_nothing_states_cannot_be_changed(setting: IntervalSetting | None) -> None:
    assert Lifetime(Kind.ROTATION, Effect.ENFORCED, o.CommentOrigin("x"), setting=setting).shortening(90) is None


PLACES = tuple(Place(f"k.{name}", Span("main.tf", line, 1, line, 2)) for line, name in enumerate("abcde", 1))


@pytest.mark.parametrize(
    ("count", "exact", "text"),
    [
        (1, True, "is declared by k.a (main.tf:1), as state x says"),
        (2, False, "is likely declared by k.a (main.tf:1) or k.b (main.tf:2), as state x says"),
        (3, False, "is likely declared by k.a (main.tf:1) or k.b (main.tf:2) or k.c (main.tf:3), as state x says"),
        (5, False, "is likely declared by k.a (main.tf:1) or k.b (main.tf:2) or k.c (main.tf:3) or one of 2 more, as state x says"),
    ],
)
def test_the_code_that_declares_a_deployed_key(count: int, exact: bool, text: str) -> None:
    found = Declaration(PLACES[:count], exact, "state x")
    assert found.text() == text
    assert found.place == (PLACES[0] if count == 1 else None)
    assert (found.framework, found.restores_status) == ("terraform", True)


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (SecretHolder(HolderKind.OUTPUT, "secret"), 'output "secret"'),
        (SecretHolder(HolderKind.ARGUMENT, "a.b", "value"), "value of a.b"),
        (SecretHolder(HolderKind.ARGUMENT, "a.b"), "a property of a.b"),
        (SecretHolder(HolderKind.STACK_OUTPUT, "Secret"), "the output Secret"),
        (SecretHolder(HolderKind.STACK_PARAMETER, "Child", "Key"), "the parameter Key of the stack Child"),
        (SecretHolder(HolderKind.METADATA, "Host"), "the Metadata of Host"),
        (SecretHolder(HolderKind.SSM_PARAMETER, "Stored"), "the plain SSM parameter Stored"),
        (SecretHolder(HolderKind.USER_DATA, "Host"), "the user data of Host"),
        (SecretHolder(HolderKind.ENVIRONMENT, "Function"), "the environment of Function"),
        (SecretHolder(HolderKind.PROPERTY, "Topic", "DisplayName", "AWS::SNS::Topic"), "DisplayName of Topic (AWS::SNS::Topic)"),
        (SecretHolder(HolderKind.UNKNOWN), "a place that is not protected"),
    ],
)
def test_the_words_for_what_holds_a_secret_are_part_of_fingerprints_and_stay(holder: SecretHolder, words: str) -> None:
    assert describe_holder(holder) == words


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
    there = Place(KEY.address, SPAN._replace(path="infra/iam.tf"))
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
    ],
)
def test_keys_that_are_mended_alike_are_told_what_to_write_once(remedy: Any, does: str, code: str) -> None:
    words, written = outline(remedy)
    assert (words.startswith(f"{does} the key"), written) == (True, code)
