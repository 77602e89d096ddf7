"""Skips that are written for checkov count for our own scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from posturio_iac.core.metadata import parse
from posturio_iac.core.metadata.comments import Comment
from posturio_iac.core.metadata.directives import RULES, skips_in
from posturio_iac.core.place import Span
from tests.support.fixture_tools import scan

MISSING, OWNERLESS = "iam.access_keys_without_lifetime", "iam.ownerless_access_keys"
KEY = """\
resource "aws_iam_access_key" "ci" {{
  {comment}
  user = aws_iam_user.ci.name
}}
resource "aws_iam_user" "ci" {{
  name = "ci"
}}
"""


def comment(text: str) -> Comment:
    below = text.count("\n")
    return Comment(text, "main.tf", 3, 5, 3 + below, 5 + len(text))


@pytest.mark.parametrize(
    ("text", "rules", "reason"),
    [
        ("# checkov:skip=CKV_POSTURIO_2:moves to roles", (MISSING,), "moves to roles"),
        ("#checkov:skip=CKV_POSTURIO_2,CKV_POSTURIO_10: for now ", (MISSING, OWNERLESS), "for now"),
        ("// bridgecrew:skip= CKV_POSTURIO_10:x", (OWNERLESS,), "x"),
        ("/* checkov:skip=CKV_POSTURIO_10:x */", (OWNERLESS,), "x"),
        ("# checkov:skip=CKV_AWS_1,CKV_POSTURIO_10:x", (OWNERLESS,), "x"),
        ("# checkov:skip=CKV_POSTURIO_10", (OWNERLESS,), ""),
    ],
)
def test_what_a_comment_skips(text: str, rules: tuple[str, ...], reason: str) -> None:
    (found,) = skips_in(comment(text))
    assert (found.rules, found.reason, found.until) == (rules, reason, None)


@pytest.mark.parametrize(
    "text", ["# checkov:skip=CKV_AWS_1:x", "# checkov:skip=CKV_POSTURIO_99:x", "# skip=CKV_POSTURIO_2:x", "# checkov:skip="]
)
def test_what_skips_nothing_of_ours(text: str) -> None:
    assert list(skips_in(comment(text))) == []


def test_place_of_a_skip_in_a_longer_comment() -> None:
    (found,) = skips_in(comment("/* first\n  checkov:skip=CKV_POSTURIO_2:x\n*/"))
    assert found.span == Span("main.tf", 4, 3, 4, 32)


def test_a_skip_without_a_reason_is_said_to_have_no_effect_here() -> None:
    parsed = parse([comment("# checkov:skip=CKV_POSTURIO_2")], frozenset(RULES.values()))
    assert parsed.directives == ()
    assert [said.message for said in parsed.problems] == ["checkov:skip without a reason works only in checkov; add one after a colon"]


def test_a_scan_counts_skips_of_checkov(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY.format(comment="# checkov:skip=CKV_POSTURIO_2:moves to roles"), encoding="utf-8")
    found = {f["rule"]: f.get("suppressed") for f in scan(tmp_path)[1]["findings"]}
    assert found == {MISSING: {"reason": "moves to roles", "until": None, "source": "checkov skip"}, OWNERLESS: None}


def test_a_scan_counts_skips_in_metadata(tmp_path: Path) -> None:
    skip = "Metadata: {checkov: {skip: [{id: CKV_POSTURIO_2, comment: moves}, {id: CKV_POSTURIO_10}]}}"
    user = "  Bot:\n    Type: AWS::IAM::User\n"
    template = f"Resources:\n{user}  Key:\n    Type: AWS::IAM::AccessKey\n    {skip}\n    Properties: {{UserName: !Ref Bot}}\n"
    (tmp_path / "stack.yaml").write_text(template, encoding="utf-8")
    found = {f["rule"]: f.get("suppressed", {}).get("source") for f in scan(tmp_path)[1]["findings"]}
    assert found == {MISSING: "checkov skip", OWNERLESS: None}
