"""Which change switches off one key and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posturio_iac.core.evidence.remedy import SetArgument
from posturio_iac.core.place import Place
from posturio_iac.facts.shared_code import with_own_remedies
from tests.support.keys import REMEDIES, access_key, span


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
