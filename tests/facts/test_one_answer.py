"""One fact, one answer: each fact about a key is written in every world that can express it, and judged alike in all of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from posturio_iac.core.model import AccessKey, Lifetime, Unknown
from posturio_iac.core.times import describe_date
from posturio_iac.judge.engine import judge
from tests.support import worlds
from tests.support.keys import AS_OF
from tests.support.worlds import Fact

WITHOUT = "access_keys_without_lifetime"
OWNERLESS = "ownerless_access_keys"
CODE = (worlds.terraform, worlds.terraform_json, worlds.plan_with_code, worlds.cloudformation, worlds.cloudformation_json)
TERRAFORM = (worlds.terraform, worlds.terraform_json, worlds.plan_with_code, worlds.checkov_graph, worlds.plan_alone)
WORLDS = (*CODE, worlds.plan_alone, worlds.known_module, worlds.live, worlds.checkov_graph)


class Answer(NamedTuple):
    """What is known of a key, as far as every world can know it."""

    owner: str | None = None
    lifetimes: tuple[str, ...] = ()
    """Kind, effect and what it says: ``expiry declared 2027-01-01``."""
    status: str = "Active"
    is_root: bool = False
    siblings: int = 0
    rules: tuple[str, ...] = (WITHOUT, OWNERLESS)
    """What finds something, without ``iam.``."""
    notes: tuple[str, ...] = ()
    """A part of each."""


def owned(owner: str | None) -> Answer:
    return Answer(owner, rules=(WITHOUT,) if owner else (WITHOUT, OWNERLESS))


def living(*lifetimes: str, rules: tuple[str, ...] = ()) -> Answer:
    return Answer(lifetimes=lifetimes, rules=(*rules, OWNERLESS))


FACTS: dict[str, tuple[Fact, Answer]] = {
    # Owners in paths.
    "no path": (Fact(), owned(None)),
    "the path /": (Fact(path="/"), owned(None)),
    "a team in the path": (Fact(path="/payments/"), owned("/payments/")),
    "a team below an environment": (Fact(path="/prod/payments/"), owned("/prod/payments/")),
    "an environment in the path": (Fact(path="/dev/"), owned(None)),
    "two environments in the path": (Fact(path="/staging/test/"), owned(None)),
    "applications in the path": (Fact(path="/applications/"), owned(None)),
    "a tool in the path": (Fact(path="/cf/"), owned(None)),
    "kinds of users in the path": (Fact(path="/service-accounts/"), owned(None)),
    "users of a team in the path": (Fact(path="/payments-users/"), owned(None)),
    # Owners in tags.
    "a tag owner": (Fact({"owner": "payments"}), owned("payments")),
    "a tag with an owner and spaces": (Fact({"owner": " payments "}), owned("payments")),
    "a tag Team": (Fact({"Team": "payments"}), owned("payments")),
    "a tag with owner as a word": (Fact({"acme-owner-mail": "a@example.com"}), owned("a@example.com")),
    "a tag with contact in camel case": (Fact({"primaryContact": "a@example.com"}), owned("a@example.com")),
    "a tag that only sounds like an owner": (Fact({"ownership": "payments"}), owned(None)),
    "a tag with the prefix": (Fact({"posturio:owner": "payments"}), owned("payments")),
    "an owner changeme": (Fact({"owner": "changeme"}), owned(None)),
    "an owner TBD": (Fact({"owner": "TBD"}), owned(None)),
    "an owner none": (Fact({"owner": "none"}), owned(None)),
    "an owner terraform": (Fact({"owner": "Terraform"}), owned(None)),
    "an owner true": (Fact({"owner": "true"}), owned(None)),
    "an empty owner": (Fact({"owner": ""}), owned(None)),
    "a placeholder beside a team": (Fact({"owner": "todo", "team": "payments"}), owned("payments")),
    "a placeholder beside a path": (Fact({"owner": "changeme"}, path="/payments/"), owned("/payments/")),
    "a tag goes before the path": (Fact({"owner": "billing"}, path="/payments/"), owned("billing")),
    "a comment with an owner": (Fact(comment="owner=payments"), owned("payments")),
    "a comment with a placeholder": (Fact(comment="owner=changeme"), owned(None)),
    "a comment goes before the tag": (Fact({"owner": "billing"}, comment="owner=payments"), owned("payments")),
    "a comment at the user": (Fact(comment_at_user="owner=payments"), owned("payments")),
    # Ends.
    "an end in a tag": (Fact({"expires": "2026-12-31"}), living("expiry declared 2026-12-31")),
    "an end in another spelling": (Fact({"Valid-Until": "2026-12-31T12:00:00Z"}), living("expiry declared 2026-12-31 12:00 UTC")),
    "an end that has passed": (Fact({"expires": "2026-11-01"}), living("expiry declared 2026-11-01", rules=("expired_access_keys",))),
    "the last day": (Fact({"expires": "2026-11-24"}), living("expiry declared 2026-11-24", rules=("expiring_access_keys",))),
    "an end that is too far": (
        Fact({"expires": "2099-01-01"}),
        living("expiry declared 2099-01-01", rules=("overlong_access_key_lifetimes",)),
    ),
    "an end that cannot be read": (Fact({"expires": "soon"}), living("expiry unreadable soon", rules=("unreadable_access_key_lifetimes",))),
    "an interval in a tag": (Fact({"rotation": "90d"}), living("rotation declared 90 days")),
    "an interval by the unit in its name": (Fact({"rotation-weeks": "8"}), living("rotation declared 56 days")),
    "a rotation that is off": (Fact({"rotation": "false"}), living("rotation inert false", rules=("inert_access_key_rotation",))),
    "a rotation that is due on a date": (Fact({"rotate-by": "2026-12-31"}), living("expiry declared 2026-12-31")),
    "a day of rotation": (
        Fact({"last-rotated": "2026-05-01"}, age=timedelta(days=207)),
        living("rotated declared 2026-05-01", rules=("overdue_access_key_rotations",)),
    ),
    "an end in a comment": (Fact(comment="expires=2026-12-31"), living("expiry declared 2026-12-31")),
    "an end in a comment at the user": (Fact(comment_at_user="expires=2026-12-31"), living("expiry declared 2026-12-31")),
    "an end in a comment, the user elsewhere": (
        Fact(comment="expires=2026-12-31", is_declared=False),
        living("expiry declared 2026-12-31"),
    ),
    "a name that is in no list": (Fact({"KeyExpiry": "2026-12-31"}), Answer(notes=("looks like a lifetime",))),
    "an exemption": (Fact({"key-rotation-exempt": "true"}), Answer(notes=("exempts the key from rotation",))),
    "an exemption that is false": (Fact({"key-rotation-exempt": "false"}), Answer()),
    # API keys of services, which only Terraform has.
    "an API key": (Fact(service="bedrock.amazonaws.com"), Answer()),
    "an API key with an age": (
        Fact({"owner": "ml"}, service="bedrock.amazonaws.com", days=30),
        Answer("ml", ("expiry enforced 30 days",), rules=("access_key_rotation_outages",)),
    ),
    "an API key with an age as text": (
        Fact({"owner": "ml"}, service="logs.amazonaws.com", days="30"),
        Answer("ml", ("expiry enforced 30 days",), rules=("access_key_rotation_outages",)),
    ),
    "an API key with an age and an end that is meant": (
        Fact({"owner": "ml", "expires": "2026-12-31"}, service="bedrock.amazonaws.com", days=60),
        Answer("ml", ("expiry enforced 60 days", "expiry declared 2026-12-31"), rules=()),
    ),
    "an API key with an age that is too long": (
        Fact(service="bedrock.amazonaws.com", days=36_600),
        living("expiry enforced 36600 days", rules=("overlong_access_key_lifetimes",)),
    ),
    "an API key with an age of 0": (
        Fact(service="bedrock.amazonaws.com", days=0),
        living("expiry unreadable 0", rules=("unreadable_access_key_lifetimes",)),
    ),
    "a password with an age": (
        Fact(service="codecommit.amazonaws.com", days=30),
        living("expiry inert 30", rules=("inert_access_key_rotation",)),
    ),
    "a password with an end": (Fact({"expires": "2026-12-31"}, service="cassandra.amazonaws.com"), living("expiry declared 2026-12-31")),
    "two API keys for one service": (
        Fact(service="bedrock.amazonaws.com", second=""),
        Answer(siblings=1, rules=(WITHOUT, "multiple_active_access_keys", OWNERLESS)),
    ),
    "API keys for two services": (Fact(service="bedrock.amazonaws.com", second="", second_service="logs.amazonaws.com"), Answer()),
    # Statuses, other keys, root, names.
    "a status Active": (Fact(status="Active"), Answer()),
    "a status Inactive": (Fact(status="Inactive"), Answer(status="Inactive", rules=("lingering_inactive_access_keys", OWNERLESS))),
    "a status that AWS refuses": (Fact(status="inactive"), Answer(status="inactive")),
    "two active keys": (Fact(second=""), Answer(siblings=1, rules=(WITHOUT, "multiple_active_access_keys", OWNERLESS))),
    "a second key that says it is active": (
        Fact(second="Active"),
        Answer(siblings=1, rules=(WITHOUT, "multiple_active_access_keys", OWNERLESS)),
    ),
    "a second key that is off": (Fact(second="Inactive"), Answer()),
    "two keys of a user who is elsewhere": (
        Fact(second="", is_declared=False),
        Answer(siblings=1, rules=(WITHOUT, "multiple_active_access_keys", OWNERLESS)),
    ),
    "the root user": (Fact(user="root", is_declared=False), Answer(is_root=True, rules=("root_access_keys",))),
    "a user who is called root": (Fact(user="root"), Answer()),
    "a user who is elsewhere": (Fact(is_declared=False), Answer()),
    "a version in the user's name": (Fact(user="ci-v2"), Answer(notes=('the user name "ci-v2" ends in the version v2',))),
    "a date in the user's name": (Fact(user="ci-2023-09"), Answer(notes=('the user name "ci-2023-09" holds the date 2023-09',))),
    "a year in the block's name": (Fact(label="Key2023"), Answer(notes=('"Key2023" holds the year 2023',))),
}


def can_express(world: Any, fact: Fact) -> bool:
    """True if a world has words for a fact."""
    commented = bool(fact.comment or fact.comment_at_user)
    if fact.service and world not in TERRAFORM:
        return False
    if world is worlds.live:
        return fact.is_declared and not commented and fact.user != "root" and fact.label == "k1" and fact.status != "inactive"
    if world is worlds.known_module:
        return fact.is_declared and not fact.comment_at_user and fact.status is None and fact.second is None
    if world is worlds.checkov_graph and not (fact.is_declared and fact.second is None):
        return False
    return world is not worlds.plan_alone or not commented


def described(lifetime: Lifetime) -> str:
    value = describe_date(lifetime.at) if lifetime.at else f"{lifetime.interval.days} days" if lifetime.interval else lifetime.value
    return f"{lifetime.kind.value} {lifetime.effect.value} {value}"


def answer(keys: list[AccessKey]) -> Answer:
    """Return what is known of the first key, which is judged with the others."""
    (key, *_) = keys
    report = judge(keys, as_of=AS_OF)
    rules = sorted(f.rule.id.removeprefix("iam.") for f in report.findings if f.address == key.address)
    assert not isinstance(key.owner, Unknown)
    assert isinstance(key.status, str)
    assert isinstance(key.is_root, bool)
    assert isinstance(key.active_siblings, tuple)
    return Answer(
        key.owner, tuple(map(described, key.lifetimes)), key.status, key.is_root, len(key.active_siblings), tuple(rules), key.notes
    )


def expressible(*among: Any) -> list[Any]:
    """Each fact with each of these worlds that has words for it."""
    return [
        pytest.param(world, name, id=f"{name}, {world.__name__}") for name in FACTS for world in among if can_express(world, FACTS[name][0])
    ]


@pytest.mark.parametrize(("world", "name"), expressible(*(w for w in WORLDS if w is not worlds.plan_alone)))
def test_a_fact_has_one_answer_in_every_world(world: Any, name: str, tmp_path: Path) -> None:
    fact, expected = FACTS[name]
    found = answer(world(fact, tmp_path))
    assert found._replace(notes=()) == expected._replace(rules=tuple(sorted(expected.rules)), notes=())
    assert len(found.notes) == len(expected.notes)
    assert all(part in note for part, note in zip(expected.notes, found.notes, strict=True))


@pytest.mark.parametrize("name", [name for name in FACTS if can_express(worlds.plan_alone, FACTS[name][0])])
def test_a_plan_alone_knows_the_same_or_leaves_it_open(name: str, tmp_path: Path) -> None:
    """It shows no comments and no lifecycle: what is missing from it is unknown, and what it shows is what the others say."""
    fact, expected = FACTS[name]
    key, *_ = keys = worlds.plan_alone(fact, tmp_path)
    assert key.owner == expected.owner if expected.owner else isinstance(key.owner, Unknown)
    assert tuple(map(described, key.lifetimes)) == expected.lifetimes
    assert (key.status, key.is_root) == (expected.status, expected.is_root)
    assert isinstance(key.active_siblings, Unknown) if expected.siblings else key.active_siblings == ()
    assert {f.rule.id.removeprefix("iam.") for f in judge(keys, as_of=AS_OF).findings} <= {*expected.rules, OWNERLESS}


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(FACTS) >= 40
    assert all(sum(can_express(world, fact) for world in WORLDS) >= (4 if fact.service else 5) for fact, _ in FACTS.values())
