"""What fix writes into templates is no error to cfn-lint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixes.test_nodes import TEMPLATE, YAML
from tests.support.fixing import OWNER, fix
from tests.support.fixture_tools import FIXTURES

api = pytest.importorskip("cfnlint.api")
TEMPLATES = {
    **{f"{kind}.yaml": f"Resources:\n  User: {{Type: AWS::IAM::User}}\n{YAML[kind][0]}" for kind in ("block", "braces")},
    "made.json": json.dumps(TEMPLATE, indent=2),
    "sam.yaml": (FIXTURES / "cloudformation/sam/template.yaml").read_text(encoding="utf-8"),
}


def matches(path: Path) -> list[str]:
    return sorted(f"{match.rule.id} {match.message}" for match in api.lint_file(path))


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_new_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(TEMPLATES[name], encoding="utf-8")
    before = matches(path)
    fix(tmp_path, "--write", "--owner", OWNER)
    assert path.read_text(encoding="utf-8") != TEMPLATES[name]
    assert matches(path) == before
