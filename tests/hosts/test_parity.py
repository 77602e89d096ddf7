"""One verdict from three programs: our scan, checkov with our pack and cfn-lint with our pack, in one environment.

What a host makes unavoidable, older hosts included, is in test_checkov_parity.py and test_cfn_lint_parity.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.core.host_ids import CFN_LINT
from tests.support.hosts.cfn_linting import ENDINGS, FAILURES, REFUSED, reported
from tests.support.hosts.checkov_running import RULES, case_of, differences_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.hosts.checkov_running import Record

pytestmark = pytest.mark.xdist_group("checkov-parity")

Saying = tuple[str, str, str]
"""Folder of the program, rule and address of the key."""

NO_TEMPLATES = {f"cloudformation/{folder}/{name}" for folder, name in REFUSED.items()}
IN_CFN_LINT = {pack_id: rule for rule, pack_id in CFN_LINT.items()}
ADDRESS = re.compile(r"(?:The secret of )?(?P<address>\S+(?: \([^)]+\))?) ")
"""How each message begins."""


def from_our_scan(scanned: dict[str, Any]) -> tuple[set[Saying], set[Saying]]:
    found = [(f, (case_of(f["path"]), f["rule"], f["address"])) for f in scanned["findings"] if "suppressed" not in f]
    in_templates = {saying for f, saying in found if f["framework"] == "cloudformation" and f["path"] not in NO_TEMPLATES}
    return {saying for _, saying in found}, in_templates


def from_checkov(seen: list[Record]) -> set[Saying]:
    return {(case_of(one.file), RULES[one.check], one.resource) for one in seen if one.result == "failed"}


def from_cfn_lint(tree: Path) -> set[Saying]:
    templates = (*(tree / "cloudformation").rglob("*"), *tree.glob("*/*_template/**/*"))
    files = sorted(path.relative_to(tree).as_posix() for path in templates if path.suffix in ENDINGS)
    matches = reported(tree, *(file for file in files if file not in NO_TEMPLATES))
    assert not [match for match in matches if match.id in FAILURES]
    named = [(match, ADDRESS.match(match.message)) for match in matches if match.id in IN_CFN_LINT]
    return {(case_of(match.file), IN_CFN_LINT[match.id], found["address"] if found else match.message) for match, found in named}


def test_every_program_gets_one_verdict(programs: Path, scanned: dict[str, Any], seen: list[Record]) -> None:
    """All three agree on (rule, address); checkov's other names and what it does not see are the listed differences, nothing else."""
    ours, in_templates = from_our_scan(scanned)
    in_checkov, in_cfn_lint = from_checkov(seen), from_cfn_lint(programs)
    assert (len(ours) > 150, len(in_templates) > 20) == (True, True)
    assert in_cfn_lint == in_templates
    listed = {(row["case"], resource) for row in differences_here() for resource in (*row["ours"], *row["checkov"])}
    assert {saying for saying in ours ^ in_checkov if (saying[0], saying[2]) not in listed} == set()
    assert in_templates & in_checkov & in_cfn_lint, "and what all three name alike is not nothing"
