from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from posturio_iac.core.finding import Report
from posturio_iac.render.gitlab import render
from tests.support import canned

TEXT = {"type": "string", "minLength": 1}
VALIDATOR = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                **dict.fromkeys(("description", "check_name", "fingerprint"), TEXT),
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                        "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                    },
                },
            },
        },
    }
)
"""What GitLab's page on Code Quality demands of a report."""


def issues(report: Report, **more: object) -> Any:
    text = render(report, canned.context(**more))
    assert text.isascii()
    made = json.loads(text)
    VALIDATOR.validate(made)
    fingerprints = [issue["fingerprint"] for issue in made]
    assert len(set(fingerprints)) == len(fingerprints)
    return made


def test_findings_and_errors_are_issues() -> None:
    assert [issue["check_name"] for issue in issues(canned.report())][-1:] == ["incomplete"]
