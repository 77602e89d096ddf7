"""Facts of every front end become the same key: nothing of them is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posturio_iac.core.evidence.remedy import AddBlock, AddTag, CreateFirst, IntervalSetting, RemoveArgument, SetArgument
from posturio_iac.core.metadata.names import Names
from posturio_iac.core.model import Directive, Effect, Exposure, KeyKind, Kind, Replacement
from posturio_iac.core.place import CommentOrigin, HolderKind, Place, SecretHolder, TagOrigin
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.facts import FactOptions, KeyFacts, MetadataItem, UserFacts
from posturio_iac.facts.access_key import access_key, age_lifetime, age_of, is_root, remedies_in_code
from tests.support.keys import AS_OF, REMEDIES, expires, span

OPTIONS = FactOptions(Names.default(), AS_OF)
NOTE = "days after its creation; AWS sets it once, so the next apply replaces the key"
ONE, TWO, THREE = AS_STATED("one"), AS_STATED("two"), AS_STATED("three")
USER = UserFacts("ci", "aws_iam_user.ci")
FACTS = KeyFacts("aws_iam_access_key.ci", "terraform", span(), USER, None, REMEDIES)


def test_every_fact_reaches_the_key() -> None:
    tag = MetadataItem("team", "payments@example.com", TagOrigin("team", "aws_iam_user.ci"), span(1))
    comment = MetadataItem("rotation", "30d", CommentOrigin("rotation"), span(4))
    exposure = Exposure(span(9), SecretHolder(HolderKind.OUTPUT, "secret"), SetArgument(Place("output.secret"), "sensitive", "true"))
    directive = Directive(("iam.expired_access_keys",), "known", None, span(3), "comment")
    enforced = expires("2026-12-31")
    facts = KeyFacts(
        address="aws_iam_access_key.ci",
        framework="terraform",
        span=span(),
        user=replace(USER, tags=(tag,), hidden=(ONE, TWO), unseen=THREE),
        status="Inactive",
        remedies=REMEDIES,
        label="ci_2024_01",
        beside=(comment,),
        unread=(TWO,),
        lifetimes=(enforced, enforced),
        hidden=(THREE, ONE),
        notes=("a note", "a note"),
        is_root=ONE,
        existence=TWO,
        replacement=Replacement(span(), THREE, takes_turns=False),
        exposures=(exposure, ONE),
        directives=(directive,),
        scope="module",
        restores_status=False,
        secrets=("aws_iam_access_key.ci.secret",),
        kind=KeyKind.SERVICE_CREDENTIAL,
        service="bedrock.amazonaws.com",
        open_values=(("status", ("var.s",)),),
    )
    key = access_key(facts, OPTIONS)
    assert (key.address, key.framework, key.span, key.scope) == ("aws_iam_access_key.ci", "terraform", span(), "module")
    assert (key.user, key.user_address, key.status, key.remedies) == ("ci", "aws_iam_user.ci", "Inactive", REMEDIES)
    assert key.lifetimes[0] is enforced
    assert [one.interval for one in key.lifetimes[1:]] == [timedelta(days=30)]
    assert (key.unknown_sources, key.unseen_tags, key.existence) == ((ONE, TWO, THREE), THREE, TWO)
    assert key.notes == (
        "a note",
        'the resource name "ci_2024_01" holds the date 2024-01, 1027 days ago: manual rotation without a schedule',
    )
    assert (key.owner, key.owner_origin, key.is_root) == ("payments@example.com", tag.origin, ONE)
    assert (key.replacement, key.exposures, key.possible_exposures) == (Replacement(span(), THREE, takes_turns=False), (exposure,), (ONE,))
    assert (key.directives, key.tags) == ((directive,), (("team", "payments@example.com"),))
    assert (key.restores_status, key.secrets) == (False, ("aws_iam_access_key.ci.secret",))
    assert (key.kind, key.service) == (KeyKind.SERVICE_CREDENTIAL, "bedrock.amazonaws.com")
    assert key.open_values == (("status", ("var.s",)),)


@pytest.mark.parametrize(("stated", "status"), [(None, "Active"), ("", "Active"), ("Inactive", "Inactive"), (1, "1"), (ONE, ONE)])
def test_a_key_is_active_unless_the_code_states_another_status(stated: object, status: object) -> None:
    assert access_key(replace(FACTS, status=stated), OPTIONS).status == status


@pytest.mark.parametrize(
    ("user", "stated", "expected"),
    [
        (UserFacts("root"), None, True),
        (UserFacts("ROOT"), None, False),
        (UserFacts("root", "aws_iam_user.root"), None, False),
        (UserFacts("ci"), True, True),
        (UserFacts("root"), False, False),
        (UserFacts(ONE), ONE, ONE),
    ],
)
def test_the_root_user_is_known_by_its_name_unless_code_declares_it(user: UserFacts, stated: Any, expected: object) -> None:
    assert is_root(replace(FACTS, user=user, is_root=stated)) == expected


@pytest.mark.parametrize("service", [None, "bedrock.amazonaws.com", "codecommit.amazonaws.com"])
def test_remedies_of_a_key_whose_block_is_not_seen(service: str | None) -> None:
    declare, key = AddTag(Place("aws_iam_user.ci")), Place("some_key.ci")
    found = remedies_in_code("some_key", "ci", declare, service)
    assert (found.declare, found.rotate, found.overlap) == (declare, AddBlock(key, "ci"), CreateFirst(key))
    assert found.disable == SetArgument(key, "status", '"Inactive"', needs_person=True)
    assert found.age == (SetArgument(key, "credential_age_days", "", NOTE) if service == "bedrock.amazonaws.com" else None)
    assert age_of(key, "bedrock.amazonaws.com", "Age", given=True) == SetArgument(key, "Age", "", NOTE, needs_person=True)


@pytest.mark.parametrize(
    ("value", "service", "effect", "days"),
    [
        (None, "bedrock.amazonaws.com", None, None),
        (1, "bedrock.amazonaws.com", Effect.ENFORCED, 1),
        ("36600", "bedrock.amazonaws.com", Effect.ENFORCED, 36_600),
        (90.0, ONE, Effect.ENFORCED, 90),
        (0, "bedrock.amazonaws.com", Effect.UNREADABLE, None),
        (36_601, "bedrock.amazonaws.com", Effect.UNREADABLE, None),
        (1.5, "bedrock.amazonaws.com", Effect.UNREADABLE, None),
        (True, "bedrock.amazonaws.com", Effect.UNREADABLE, None),
        ("soon", None, Effect.UNREADABLE, None),
        (ONE, "bedrock.amazonaws.com", Effect.UNKNOWN, None),
        (ONE, "codecommit.amazonaws.com", None, None),
        (90, "codecommit.amazonaws.com", Effect.INERT, None),
    ],
)
def test_an_age_is_a_whole_number_of_days_from_1_to_36600(value: object, service: object, effect: Effect | None, days: int | None) -> None:
    found = age_lifetime(value, service, Place("a.b"), span(), "age")
    assert (found.effect if found else None) == effect
    assert (found.interval if found else None) == (timedelta(days=days) if days else None)
    if found is None:
        return
    assert (found.kind, found.span) == (Kind.EXPIRY, span())
    assert found.source == "age of a.b"
    advice = {
        Effect.UNREADABLE: SetArgument(Place("a.b"), "age", "90", "days after its creation", is_named=True),
        Effect.INERT: RemoveArgument(Place("a.b"), "age", "a.b"),
    }
    assert found.remedy == advice.get(found.effect)
    assert (found.setting == IntervalSetting(Place("a.b"), "age")) is (effect is Effect.ENFORCED)
