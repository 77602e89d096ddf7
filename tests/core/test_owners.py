"""Who answers for a key: one list of words for every front end, and CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.metadata.owners import CodeOwners, find, owner_in_path, owner_named, with_code_owners
from posturio_iac.core.place import Span
from tests.support.keys import UNKNOWN, access_key, span


@pytest.mark.parametrize("value", ["payments", " payments ", "team-dev", 42, "nobody@example.com", "<ann@example.com>"])
def test_a_value_names_somebody(value: object) -> None:
    assert owner_named(value) == str(value).strip()


NOBODY = ("changeme", "default", "example", "nobody", "none", "owner", "terraform", "true", "false", "TBD", "n.a.", "<owner>")


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
        ("/", None, None),
        ("/SpaceCrab/", "bot", None),
        ("/billing/", "bot", "/billing/"),
    ],
)
def test_the_owner_of_a_path_is_judged_by_what_is_configured(path: str, name: str | None, owner: str | None) -> None:
    users = (("/payments/*", "payments@example.com"), ("/ci-*", "platform@example.com"), ("/SpaceCrab/*", "none"), ("/N*", "x"))
    assert owner_in_path(path, name, users) == owner


TEXT = """
# comment
*            @org/everyone
/infra/      @org/platform   # trailing comment
*.tf         @org/terraform ops@example.com
/infra/open/
docs/My\\ File.md @org/docs
[Broken
[Data][2] @org/data
/warehouse/
/warehouse/own/ @org/own
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", "@org/everyone"),
        ("infra/README.md", "@org/platform"),
        ("infra/main.tf", "@org/terraform ops@example.com"),
        ("infra/open/main.tf", None),
        ("docs/My File.md", "@org/docs"),
        ("warehouse/a/b.sql", "@org/data"),
        ("warehouse/own/b.sql", "@org/own"),
    ],
)
def test_the_last_rule_that_matches_counts(path: str, owners: str | None) -> None:
    assert CodeOwners(TEXT).of(path) == owners


def test_a_repository_without_the_file_has_no_code_owners(tmp_path: Path) -> None:
    assert find(str(tmp_path)) is None


PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_of_several_files_the_first_of_the_places_counts(tmp_path: Path, first: int) -> None:
    for place in PLACES[first:]:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(f"* @{place.partition('/')[0].strip('.').lower()}\n")
    found = find(str(tmp_path))
    assert found is not None
    assert found.of("a.tf") == ("@github", "@codeowners", "@docs", "@gitlab")[first]


@pytest.mark.parametrize(
    ("place", "owner", "found"),
    [
        (span(1, "a.tf"), None, "@org/all"),
        (span(1, "a.tf"), UNKNOWN, "@org/all"),
        (span(1, "a.tf"), "payments", "payments"),
        (span(1, "free/a.tf"), None, None),
        (None, None, None),
    ],
)
def test_a_key_without_an_owner_has_that_of_its_file(tmp_path: Path, place: Span | None, owner: Any, found: str | None) -> None:
    (tmp_path / "CODEOWNERS").write_text("* @org/all\n/free/\n")
    keys = (access_key(span=span(1, "b.tf"), owner=None), access_key(span=place, owner=owner))
    assert [key.owner for key in with_code_owners(keys, str(tmp_path), None)] == ["@org/all", found]
