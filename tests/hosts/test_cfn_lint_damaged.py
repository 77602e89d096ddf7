"""Damaged templates: whatever cfn-lint still hands to the rules gets the verdicts of our scan, and never crashes our code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from cfnlint.runner.template import run_template_by_file_path
from hypothesis import HealthCheck, given, seed, settings

from posturio_iac.core.host_ids import CFN_LINT
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents
from tests.fuzz.mutations import documents as damaged
from tests.rules.test_pages import cloudformation, states
from tests.support.attacks import put
from tests.support.hosts.cfn_linting import INCOMPLETE, PACK, REMARKS, ROOT, apart, concerns_us, from_object, runner, scanned

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from cfnlint.runner import Runner

    from tests.support.hosts.cfn_linting import Match

COUNT = 240
UNREADABLE = {"E0000", "E0001"}


def originals() -> list[Any]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures/cloudformation").rglob("template.*"))]
    texts += [cloudformation(parts) for rule in CFN_LINT for _, parts in states(rule, "CloudFormation")]
    return [json.loads(json.dumps(document.root.data())) for text in texts for document in documents(text)[0]]


def judged(linter: Runner, name: str) -> list[Match] | None:
    """Return what cfn-lint says, or None when its own code crashes outside of any rule."""
    try:
        return [
            match for match in map(from_object, run_template_by_file_path(name, linter.config, linter.rules, False)) if concerns_us(match)
        ]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        frame = error.__traceback__
        while frame is not None:
            assert "posturio_iac" not in frame.tb_frame.f_code.co_filename
            frame = frame.tb_next
        return None


def test_damaged_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    made: list[Any] = []

    @seed(1)
    @settings(max_examples=COUNT, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(damaged(originals()))
    def collect(template: Any) -> None:
        made.append(template)

    collect()
    names = [f"{number}/t.yaml" for number in range(len(made))]
    for number, (name, template) in enumerate(zip(names, made, strict=True)):
        put(tmp_path, name, (yaml.safe_dump if number % 2 else json.dumps)(template))
    linter, compared = runner("-c", "I", *PACK, "--", *names), 0
    for name in names:
        matches = judged(linter, name)
        if matches is None or any(match.id in UNREADABLE for match in matches):
            continue
        assert not any(match.id == "E0002" and "posturio" in match.message for match in matches), matches
        found = [match for match in matches if match.id not in (INCOMPLETE, REMARKS, "E0002")]
        assert apart(found, scanned(capsys, name)) == ([], []), (tmp_path / name).read_text()
        compared += 1
    assert compared > COUNT / 3
