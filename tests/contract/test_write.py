from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from posturio_iac.contract.read import load
from posturio_iac.contract.write import render
from posturio_iac.core.evidence.lifetime import Question
from posturio_iac.core.evidence.reason import OpenCause, ReasonKind
from posturio_iac.core.finding import JudgedKey, Level, Report, Severity, Verdict
from posturio_iac.core.keys.life import UseKind
from posturio_iac.core.model import Effect, KeyKind, Kind, Privilege
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.fixes.wanted import ChangeLevel
from posturio_iac.retire.earlier import KeyState
from tests.support import canned
from tests.support.command_line import SCHEMA
from tests.support.fixture_tools import FIXTURES, scan

VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def document(report: Report) -> Any:
    made = json.loads(render(report, canned.context()))
    VALIDATOR.validate(made)
    return made


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("key/properties/kind", KeyKind),
        ("key/properties/verdict", Verdict),
        ("key/properties/privilege", Privilege),
        ("key/properties/context/properties/verdict", UseKind),
        ("key/properties/open_questions/items/properties/questions/items", Question),
        ("reason/properties/kind", ReasonKind),
        ("reason/properties/cause", OpenCause),
        ("lifetime/properties/kind", Kind),
        ("lifetime/properties/effect", Effect),
        ("finding/properties/severity", Severity),
        ("finding/properties/fix/properties/level", ChangeLevel),
        ("diagnostic/properties/level", Level),
        ("verified/properties/state", KeyState),
    ],
)
def test_the_schema_knows_every_word_that_can_be_written(place: str, words: type[Enum]) -> None:
    node = SCHEMA["$defs"]
    for step in place.split("/"):
        node = node[step]
    assert set(node["enum"]) - {None} == {word.value if isinstance(word.value, str) else word.name.lower() for word in words}


def test_every_object_of_the_schema_is_closed() -> None:
    def objects(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for child in node.values():
                yield from objects(child)

    found = [node for node in objects(SCHEMA) if "properties" in node]
    assert len(found) == 30
    assert all(node["additionalProperties"] is False and set(node["required"]) <= set(node["properties"]) for node in found)


def test_a_report_with_everything_follows_the_schema() -> None:
    made = document(canned.report())
    assert list(made) == ["version", "tool", "as_of", "keys", "findings", "diagnostics", "summary"]
    assert made["as_of"] == "2026-11-24T12:00:00Z"
    assert made["summary"] == {
        "files": 12, "keys": 5, "flagged": 2, "clean": 1, "undetermined": 1, "suppressed": 1, "score": None,
    }  # fmt: skip


def test_keys_say_what_is_known() -> None:
    ci, _, rotated, accent, undetermined = document(canned.report())["keys"]
    assert (ci["path"], ci["line"], ci["owner"], ci["verdict"]) == ("iam/ci.tf", 1, "payments@example.com", "flagged")
    assert accent["user"] is None
    assert "undecided" not in ci
    assert undetermined["undecided"] == ["var.tags is set by the caller"]
    assert rotated["lifetime"] == [
        {
            "kind": "rotation",
            "value": "90",
            "effect": "enforced",
            "source": "time_rotating.ci",
            "origin": {"kind": "secret_rotation", "address": "time_rotating.ci"},
            "path": "iam/ci.tf",
            "line": 1,
        }
    ]


@pytest.mark.parametrize("service", ["bedrock.amazonaws.com", None])
def test_a_credential_of_a_service_says_which(service: str | None) -> None:
    key = canned.key("bedrock", None, kind=KeyKind.SERVICE_CREDENTIAL, service=service or AS_STATED("var.service is not set"))
    report = replace(canned.report(), keys=(JudgedKey(key, Verdict.CLEAN),), findings=())
    made = document(report)["keys"][0]
    assert (made["kind"], made["service"]) == ("service_credential", service)
    read = load(render(report, canned.context()), "x.json").keys[0]
    assert (read.kind, read.service) == (KeyKind.SERVICE_CREDENTIAL, service)


def test_an_access_key_has_no_service() -> None:
    made = document(canned.report())["keys"][0]
    assert made["kind"] == "access_key"
    assert "service" not in made


def test_findings_carry_their_region_and_their_suppression() -> None:
    first, *_, last = document(canned.report())["findings"]
    assert [first[name] for name in ("line", "column", "end_line", "end_column")] == [1, 1, 1, 36]
    assert "suppressed" not in first
    assert last["suppressed"] == {"reason": "moves to OIDC", "until": "2027-03-01T00:00:00Z", "source": "comment"}


def test_a_deployed_key_has_no_place_and_says_when_it_was_used() -> None:
    judged = canned.report().keys[0]
    deployed = replace(judged.key, span=None, framework="aws", account="123456789012", key_id="…WXYZ", created=canned.AS_OF, last_used=None)
    (made,) = document(replace(canned.report(), keys=(replace(judged, key=deployed),)))["keys"]
    assert (made["path"], made["line"], made["end_line"]) == (None, None, None)
    assert (made["account"], made["key_id"], made["created"]) == ("123456789012", "…WXYZ", "2026-11-24T12:00:00Z")
    assert "last_used" not in made


def test_the_score_is_that_of_the_report_and_null_when_it_is_incomplete() -> None:
    assert document(canned.empty())["summary"]["score"] == 100
    complete = replace(canned.report(), diagnostics=())
    assert document(complete)["summary"]["score"] == complete.score() == 91
    assert document(canned.report())["summary"]["score"] is None


def test_bytes_that_are_not_utf8_are_still_valid_json() -> None:
    finding = canned.finding(canned.WITHOUT, "a", canned.span("caf\udce9.tf"), "\u202e\x1b")
    text = render(replace(canned.report(), findings=(finding,)), canned.context())
    assert text.isascii()
    assert json.loads(text)["findings"][0]["path"] == "caf\\xe9.tf"


@pytest.mark.parametrize("name", ["modules", "replaced", "through_modules", "unknown_and_sensitive"])
def test_reports_of_plans_follow_the_schema(name: str) -> None:
    code, made = scan(FIXTURES / "plan" / name / "plan.json")
    VALIDATOR.validate(made)
    assert code in (1, 3)
    assert {key["framework"] for key in made["keys"]} == {"terraform-plan"}
    assert {finding["framework"] for finding in made["findings"]} <= {"terraform-plan"}
    assert all(key["line"] >= 1 for key in made["keys"])


def test_what_the_contract_does_not_have_is_refused() -> None:
    made = document(canned.report())
    made["keys"][0]["secret"] = "x"  # noqa: S105 - no secret, the schema must refuse it
    with pytest.raises(ValidationError, match="Additional properties"):
        VALIDATOR.validate(made)


def test_the_files_that_would_settle_a_key_are_named_where_they_do(tmp_path: Path) -> None:
    user = 'resource "aws_iam_user" "%s" {\n  name = "%s"\n  tags = { expires = %s, owner = "x" }\n}\n'
    key = 'resource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.%s.name\n}\n'
    values = {"a": "var.end", "b": "data.http.b.response_body", "c": '"2027-01-01"'}
    code = "".join(user % (name, name, value) + key % (name, name) for name, value in values.items())
    (tmp_path / "main.tf").write_text(f'variable "end" {{}}\n{code}', encoding="utf-8")
    (tmp_path / "prod.tfvars").write_text('end = "2027-01-01"\n', encoding="utf-8")
    _, made = scan(tmp_path)
    VALIDATOR.validate(made)
    assert {k["address"].rpartition(".")[2]: k.get("var_files") for k in made["keys"]} == {"a": ["prod.tfvars"], "b": None, "c": None}
