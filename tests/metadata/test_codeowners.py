"""CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posturio_iac.metadata.owners import CodeOwners, find

if TYPE_CHECKING:
    from pathlib import Path

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
