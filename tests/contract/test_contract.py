"""The JSON contract: what a run writes follows the schema and can be read, and what does not is refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from posturio_iac.contract.read import NotAResultError, load
from posturio_iac.contract.write import render
from posturio_iac.core.evidence.lifetime import Question
from posturio_iac.core.evidence.reason import OpenCause, ReasonKind
from posturio_iac.core.finding import JudgedKey, Level, Report, Severity, Verdict
from posturio_iac.core.keys.life import UseKind
from posturio_iac.core.model import Effect, KeyKind, Kind, Privilege
from posturio_iac.core.record import replace
from posturio_iac.core.unknown import AS_STATED
from posturio_iac.fixes.wanted import ChangeLevel
from posturio_iac.render.report.mends import declared_end
from posturio_iac.render.report.view import join
from posturio_iac.render.text.overview import HEADS
from posturio_iac.retire.earlier import KeyState
from tests.support import canned
from tests.support.command_line import SCHEMA
from tests.support.fixture_tools import FIXTURES, scan
from tests.support.report_results import code, declared, deployed, finding, joined, result

VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def document(report: Report) -> Any:
    made = json.loads(render(report, canned.context()))
    VALIDATOR.validate(made)
    return made


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]["skipped"]["items"]["properties"]["kind"]["enum"]) == set(HEADS)


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


def refused(text: str) -> str:
    with pytest.raises(NotAResultError) as error:
        load(text, "x.json")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(result([deployed("a")]))[:-30], "is not valid JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('"text"', "not a posturio-iac result"),
        ("null", "not a posturio-iac result"),
        ("1e9999", "not a posturio-iac result"),
        ('{"version": "2.1.0", "runs": []}', "not a posturio-iac result"),
        ('{"posturio-iac-state": 1, "inactive": {}}', "not a posturio-iac result"),
    ],
)
def test_what_is_no_result(text: str, why: str) -> None:
    assert why in refused(text)


def damaged() -> list[tuple[str, Callable[[Any], object]]]:
    return [
        ("as_of", lambda d: d.pop("as_of")),
        ("as_of", lambda d: d.update(as_of="yesterday")),
        ("number", lambda d: d.update(as_of=5) or d["keys"][0].update(line="x")),
        ("address", lambda d: d["keys"][0].pop("address")),
        ("text", lambda d: d["keys"][0].update(address=None)),
        ("", lambda d: d["keys"].append("key")),
        ("text", lambda d: d["findings"][0].update(message=["x"])),
        ("", lambda d: d.update(scope="infra")),
        ("", lambda d: d.update(summary=None)),
    ]


@pytest.mark.parametrize(("word", "damage"), damaged())
def test_a_damaged_result_is_refused_whole(word: str, damage: Callable[[Any], object]) -> None:
    key = deployed("a")
    document = json.loads(json.dumps(result([key], [finding(key)])))
    damage(document)
    text = refused(json.dumps(document))
    assert "does not follow the contract" in text
    assert word in text or word in ("number", "as_of")


def test_fields_that_are_not_known_are_passed_over() -> None:
    key = deployed("a", declared_as={"address": "aws_iam_access_key.a", "path": "iam.tf", "line": 7, "more": 1}, new=[1])
    document = {**result([key], [{**finding(key), "new": {}}], [{"level": "note", "message": "m", "new": 1}]), "new": None}
    document["scope"] = {"kind": "aws", "accounts": [], "new": 3}
    read = load(json.dumps(document), "x.json")
    assert read.keys[0].declared_at == "aws_iam_access_key.a (iam.tf:7)"


PLACES = [{"address": "a", "path": "a.tf", "line": 1}, {"address": "b", "path": None, "line": None}]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"declared_as": {"address": "a", "path": "a.tf", "line": 7, "link": "exact"}}, "a (a.tf:7)"),
        ({"declared_as": {"address": "a", "path": None, "line": None, "link": "likely"}}, "a, likely"),
        ({"declared_as": {"address": None, "path": "a.tf", "line": 7, "link": "exact"}}, "a.tf:7"),
        ({"declared_as": {"address": None, "path": None, "line": None, "link": "likely", "candidates": PLACES}}, "one of a (a.tf:1), b"),
        ({"managed": False}, "no code declares it"),
        ({"managed": True}, ""),
        ({}, ""),
    ],
)
def test_the_link_to_code_is_shown_as_far_as_it_is_known(more: Any, shown: str) -> None:
    assert load(json.dumps(result([deployed("a", **more)])), "x").keys[0].place == shown


@pytest.mark.parametrize("report", [canned.report, canned.repeated, canned.hostile, canned.empty, canned.deployed, canned.hostile_deployed])
def test_whatever_a_run_writes_can_be_read(report: Callable[[], Report]) -> None:
    made = report()
    read = load(render(made, canned.context()), "x.json")
    assert len(read.keys) == len(made.keys)
    assert len(join([read]).rows) == len(made.keys)
    assert sum(len(row.found) for row in join([read]).rows) == len(made.findings)


KEY_ID = "AKIAIOSFODNN7EXAMPLE"


def test_ids_are_masked_wherever_they_stand() -> None:
    odd = "LOCALKEYWITHOUTPREFIX1"
    keys = [deployed("a", label=KEY_ID, undecided=[f"{KEY_ID} is odd"]), deployed("b", label=odd, owner=f"tag {odd}", evidence=[odd])]
    text = json.dumps(result(keys, [finding(keys[0], message=f"{KEY_ID} of a, beside {odd}")]))
    assert KEY_ID not in repr(load(text, "x"))
    assert odd not in repr(load(text, "x"))
    assert "****MPLE" in repr(load(text, "x"))
    assert KEY_ID in repr(load(text, "x", show_key_ids=True))


@pytest.mark.parametrize("before", ["\n", "\u2014", "\t", '"', "\x7f"])
def test_ids_are_masked_though_an_escape_stands_before_them(before: str) -> None:
    key = deployed("a", owner=f"owner{before}{KEY_ID}")
    assert KEY_ID not in repr(load(json.dumps(result([key])), "x"))
    assert KEY_ID not in repr(load(json.dumps(result([key])).replace("AKIA", "\\u0041KIA"), "x"))


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda e: st.lists(e) | st.dictionaries(st.text(), e))
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for document in (value, {**result(), "keys": value}, {**result(), "scope": value}, {**result(), "findings": [value]}):
        try:
            load(json.dumps(document), "x.json")
        except NotAResultError as error:
            assert str(error)


def evidence(kind: str, value: str, effect: str = "declared") -> dict[str, Any]:
    return {"kind": kind, "value": value, "effect": effect, "source": "tag", "path": None, "line": None}


@pytest.mark.parametrize(
    ("lifetime", "end"),
    [
        ([evidence("expiry", "2027-01-31")], "2027-02-01"),
        ([evidence("expiry", "2027-01-31"), evidence("expiry", "2026-12-31", "enforced")], "2027-01-01"),
        ([evidence("rotation", "90d")], "2026-11-14"),
        ([evidence("rotation", "90"), evidence("expiry", "soon", "unreadable")], "2026-11-14"),
        ([evidence("expiry", "2027-01-31", "inert")], None),
        ([evidence("rotation", "")], None),
        ([evidence("rotated", "2026-10-01")], None),
        ([], None),
    ],
)
def test_the_declared_end_is_the_first_that_counts(lifetime: Any, end: str | None) -> None:
    (row,) = joined(result([deployed("a", age=100, lifetime=lifetime)])).rows
    found = declared_end(row.key)
    assert (found.date().isoformat() if found else None) == end


def test_an_interval_without_a_creation_date_gives_no_end() -> None:
    (row,) = joined(result([declared("k", lifetime=[evidence("rotation", "90")])], scope=code())).rows
    assert declared_end(row.key) is None
