"""What code that several keys share tells of one: a change that switches off no other, numbers in names, resources in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.evidence.remedy import SetArgument
from posturio_iac.core.evidence.remedy_text import describe
from posturio_iac.core.model import AccessKey
from posturio_iac.core.place import Place
from posturio_iac.core.record import replace
from posturio_iac.facts.keyless import SINKS
from posturio_iac.facts.shared_code import KeyOfUser, with_own_remedies, with_siblings
from tests.support import canned
from tests.support.keys import REMEDIES, access_key, span
from tests.support.terraform_programs import PLAIN, reading


def disable(argument: str, line: int = 1, value: str = '"Inactive"', address: str = "module.keys") -> SetArgument:
    return SetArgument(Place(address, span(line)), argument, value)


@pytest.mark.parametrize(
    ("one", "other", "own"),
    [
        (disable("status"), disable("status"), False),
        (disable("status"), disable("status", address="module.same_place_by_another_name"), False),
        (disable("a_status"), disable("b_status"), True),
        (disable("status", line=1), disable("status", line=2), True),
        (disable("status", value='"Inactive"'), disable("status", value="0"), True),
    ],
)
def test_the_first_change_that_is_about_one_key_alone_switches_it_off(one: SetArgument, other: SetArgument, own: bool) -> None:
    narrow = disable("enabled", line=9)
    first, second = (
        replace(
            access_key(address=f"aws_iam_access_key.{name}"),
            remedies=replace(REMEDIES, disable=change, narrower=(replace(narrow, argument=name),)),
        )
        for name, change in (("a", one), ("b", other))
    )
    found = [key.remedies.disable for key in with_own_remedies([first, second])]
    assert found == ([one, other] if own else [replace(narrow, argument="a"), replace(narrow, argument="b")])


def shown(folder: Path, code: str) -> dict[str, str]:
    """Return what holds the secret of the only key, each with the change that hides it."""
    (found,) = reading(folder, {"main.tf": PLAIN + code}).keys
    return {e.where: describe(e.remedy) for e in found.exposures}


def test_each_type_shows_its_arguments(tmp_path: Path) -> None:
    """An ``aws_ssm_parameter`` is shown unless it is encrypted, which a test below covers."""
    others = {kind: sink for kind, sink in SINKS.items() if kind != "aws_ssm_parameter"}
    blocks = [
        f'resource "{kind}" "r" {{\n'
        + "".join(f"  {name} = aws_iam_access_key.ci.secret\n" for name in (*sink.arguments, "another"))
        + "}\n"
        for kind, sink in others.items()
    ]
    expected = {f"{name} of {kind}.r" for kind, sink in others.items() for name in sink.arguments or ("another",)}
    assert shown(tmp_path, "".join(blocks)).keys() == expected


def test_tags_labels_and_annotations_show_their_values_in_any_resource(tmp_path: Path) -> None:
    names = ("tags", "labels", "annotations", "notes")
    code = "".join(f'resource "any" "{name}" {{\n  {name} = {{ a = aws_iam_access_key.ci.secret }}\n}}\n' for name in names)
    assert shown(tmp_path, code) == {f"{name} of any.{name}": "remove it" for name in names[:3]}


def test_a_parameter_is_shown_unless_it_is_encrypted(tmp_path: Path) -> None:
    code = "".join(
        f'resource "aws_ssm_parameter" "{name}" {{\n  type  = "{kind}"\n  {argument} = aws_iam_access_key.ci.secret\n}}\n'
        for name, kind, argument in [("a", "String", "value"), ("b", "SecureString", "value"), ("c", "SecureString", "insecure_value")]
    )
    encrypt = 'set type = "SecureString"'
    assert shown(tmp_path, code) == {
        "value of aws_ssm_parameter.a": encrypt,
        "insecure_value of aws_ssm_parameter.c": f"{encrypt}, and write value instead of insecure_value",
    }


NOTE = 'the resource name "key_2" ends in the number 2: manual rotation without a schedule'


def notes(*declared: tuple[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The notes on keys that have an address and the identity of a user."""

    def made(address: str) -> AccessKey:
        return canned.key(address, None if address.startswith("arn:") else canned.span("iam.tf"))

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
