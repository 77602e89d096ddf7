"""A number in the name of a key is a sign of rotation by hand only where it does not number the keys of several users."""

from __future__ import annotations

import pytest

from posturio_iac.core.model import AccessKey
from posturio_iac.facts.shared_code import KeyOfUser, with_siblings
from tests.support.canned import key, span

NOTE = 'the resource name "key_2" ends in the number 2: manual rotation without a schedule'


def notes(*declared: tuple[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The notes on keys that have an address and the identity of a user."""

    def made(address: str) -> AccessKey:
        return key(address, None if address.startswith("arn:") else span("iam.tf"))

    keys = [KeyOfUser(made(f"{address}"), identity) for address, identity in declared]
    return {found.address: found.notes for found in with_siblings(keys, lambda _one, _other: True)}


@pytest.mark.parametrize(
    ("before", "is_noted"),
    [
        ((), True),
        ((("k.key_1", "ci"),), True),
        ((("k.key", "ci"),), True),
        ((("k.key_1", "other"),), False),
        ((("k.key", "other"),), False),
        ((("k.key_1", None),), False),
        ((("k.key_1", "other"), ("k.key_3", "ci")), True),
        ((("k.unlike_1", "other"),), True),
        ((("module.m.k.key_1", "other"),), True),
        ((('k.key_1["a"]', "other"), ('k.key_1["b"]', "third")), False),
    ],
)
def test_the_number_of_a_key(before: tuple[tuple[str, str | None], ...], *, is_noted: bool) -> None:
    assert notes(*before, ("k.key_2", "ci"))["k.key_2"] == ((NOTE,) if is_noted else ())


def test_instances_of_one_block_are_not_counted_against_each_other() -> None:
    assert set(notes(('k.key_2["a"]', "a"), ('k.key_2["b"]', "b")).values()) == {(NOTE,)}


@pytest.mark.parametrize("address", ["k.key_1", "k.s3", "k.ec2", "arn:aws:iam::123456789012:user/ci/key-2"])
def test_no_count(address: str) -> None:
    assert notes((address, "ci")) == {address: ()}
