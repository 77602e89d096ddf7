"""Who answers for a key: one list of words for every front end."""

from __future__ import annotations

import pytest

from posturio_iac.metadata.owners import owner_in_path, owner_named


@pytest.mark.parametrize("value", ["payments", " payments ", "team-dev", 42, "nobody@example.com"])
def test_a_value_names_somebody(value: object) -> None:
    assert owner_named(value) == str(value).strip()


NOBODY = ("changeme", "default", "example", "nobody", "none", "owner", "terraform", "true", "false", "TBD", "todo", "-")


@pytest.mark.parametrize("value", [*NOBODY, *map(str.upper, NOBODY), "", "  ", "ChangeMe", True, False, None, {"a": "b"}, []])
def test_an_empty_value_or_a_placeholder_names_nobody(value: object) -> None:
    assert owner_named(value) is None


def test_a_list_names_those_in_it_that_are_named() -> None:
    assert owner_named(["payments", "tbd", "billing"]) == "payments, billing"


@pytest.mark.parametrize("path", ["/payments/", "/dev/payments/", "/teams/payments-dev/", "/applications/billing/"])
def test_a_path_with_a_name_in_it_is_an_owner(path: str) -> None:
    assert owner_in_path(path, "bot", ()) == path


ENVIRONMENTS = "dev prod staging test tests system systems aws cf iam s3 ses smtp tech terraform tf"
KINDS = "access account accounts app application applications apps automation bot bots cd ci deploy key keys machine machines robot robots"
SERVICES = "service serviceaccount serviceaccounts services svc user users"
OTHERS = ["", "/", "//", "/Applications/", "/service-accounts/", "/machine_users/", "/payments-users/", "/payments-user/", "/prod/ci/"]
OTHERS += ["/human/", "/people/", "/production/", "/us-east-1/", "/us-gov-west-1/", "/123456789012/"]


@pytest.mark.parametrize("path", [*OTHERS, *(f"/{word}/" for word in f"{ENVIRONMENTS} {KINDS} {SERVICES}".split())])
def test_a_path_of_environments_and_kinds_of_users_is_none(path: str) -> None:
    assert owner_in_path(path, "bot", ()) is None


@pytest.mark.parametrize(
    ("path", "name", "owner"),
    [
        ("/payments/", "bot", "payments@example.com"),
        ("/payments/", None, "payments@example.com"),
        ("/", "ci-bot", "platform@example.com"),
        ("/SpaceCrab/", "bot", None),
        ("/billing/", "bot", "/billing/"),
    ],
)
def test_the_owner_of_a_path_is_judged_by_what_is_configured(path: str, name: str | None, owner: str | None) -> None:
    users = (("/payments/*", "payments@example.com"), ("/ci-*", "platform@example.com"), ("/SpaceCrab/*", "none"))
    assert owner_in_path(path, name, users) == owner
