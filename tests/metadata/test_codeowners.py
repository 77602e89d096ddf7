"""CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.place import Span
from posturio_iac.metadata.owners import CodeOwners, find, with_code_owners
from tests.support.keys import UNKNOWN, access_key, span

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
