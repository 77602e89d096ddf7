"""Damaged templates: whatever cfn-lint still hands to the rules gets the verdicts of our scan, and never crashes our code."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cfnlint.runner.template import run_template_by_file_path

from posturio_iac.core.host_ids import CFN_LINT
from posturio_iac.frontends.cloudformation.syntax.yaml_nodes import documents
from tests.rules.test_pages import cloudformation, states
from tests.support.hosts.cfn_linting import INCOMPLETE, PACK, REMARKS, ROOT, apart, concerns_us, from_object, runner, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cfnlint.runner import Runner

    from tests.support.hosts.cfn_linting import Match

COUNT = 120
"""How many damaged templates each seed makes."""
UNREADABLE = {"E0000", "E0001"}
JUNK: tuple[Any, ...] = (
    *(None, True, 0, 1.5, "", "x", [], {}, "2027-01-31", "90d", ["a", {"Ref": "User"}]),
    *({"Ref": "Nope"}, {"Ref": 3}, {"Fn::If": ["a"]}, {"Fn::Transform": {"Name": "x"}}, {"Fn::Sub": "${Key.SecretAccessKey}"}),
    *({"Fn::GetAtt": ["Key", "SecretAccessKey"]}, {"Fn::ForEach::X": ["A", ["b"], {"K${A}": 1}]}),
)
"""What takes the place of something else."""
NAMES = ("Off", "Metadata", "Key2", "1", "Condition", "DependsOn")


def originals() -> list[Any]:
    """The templates of the fixtures and of the rules' pages as data."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures/cloudformation").rglob("template.*"))]
    texts += [cloudformation(parts) for rule in CFN_LINT for _, parts in states(rule, "CloudFormation")]
    return [json.loads(json.dumps(document.root.data())) for text in texts for document in documents(text)[0]]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value below a node."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def damaged(template: Any, chance: random.Random) -> Any:
    """A copy in which something is missing, is something else, or stands twice."""
    template = copy.deepcopy(template)
    for _ in range(chance.randint(1, 3)):
        *above, last = chance.choice(list(places(template)) or [()]) or (None,)
        node = template
        for key in above:
            node = node[key]
        match chance.randrange(10):
            case _ if last is None:
                continue
            case 0 | 1 | 2:
                del node[last]
            case 3 | 4 | 5 | 6 | 7:
                node[last] = copy.deepcopy(chance.choice(JUNK))
            case _ if isinstance(node, dict):
                node[chance.choice(NAMES)] = copy.deepcopy(node[last])
    return template


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


@pytest.mark.parametrize("seed", [1, 5])
def test_damaged_templates(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(seed)  # noqa: S311 - the same templates in every run
    pool, compared = originals(), 0
    for number in range(COUNT):
        content = damaged(chance.choice(pool), chance)
        write = yaml.safe_dump if chance.random() < 0.5 else json.dumps
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "t.yaml").write_text(write(content), encoding="utf-8")
    names = [f"{number}/t.yaml" for number in range(COUNT)]
    linter = runner("-c", "I", *PACK, "--", *names)
    for name in names:
        matches = judged(linter, name)
        if matches is None or any(match.id in UNREADABLE for match in matches):
            continue
        assert not any(match.id == "E0002" and "posturio" in match.message for match in matches), matches
        found = [match for match in matches if match.id not in (INCOMPLETE, REMARKS, "E0002")]
        assert apart(found, scanned(capsys, name)) == ([], []), (tmp_path / name).read_text()
        compared += 1
    assert compared > COUNT / 2
