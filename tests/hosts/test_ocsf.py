"""The format ``ocsf`` against the published schema and the models that others read it with; the nox session ``hosts`` installs them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from posturio_iac.core.finding import JudgedKey, Report, Verdict
from posturio_iac.render.aws.ocsf import VERSION, render
from tests.support import canned
from tests.support.keys import open_question

LATER = ["1.5.0", "1.6.0", "1.7.0", "1.8.0"]


@pytest.fixture(scope="module", params=LATER)
def schema(request: pytest.FixtureRequest) -> Draft202012Validator:
    """Compliance Finding with the profile that we use, as each version describes it; attributes that it does not know are errors."""
    text = OcsfJsonSchemaEmbedded(get_ocsf_schema(request.param)).get_class_schema("compliance_finding", ["cloud"])
    Draft202012Validator.check_schema(text)
    return Draft202012Validator(text)


def events(report: Report, region: str = "eu-west-1", *, mended: bool = False) -> list[Any]:
    context = canned.context(region=region, mended=(canned.MENDED, *canned.hostile_mended()) if mended else ())
    return [json.loads(line) for line in render(report, context).splitlines()]


@pytest.mark.parametrize("report", [canned.deployed(), canned.hostile_deployed()], ids=["deployed", "hostile"])
@pytest.mark.parametrize("region", ["", "eu-west-1"])
def test_events_satisfy_the_schema_and_its_successors(schema: Draft202012Validator, report: Report, region: str) -> None:
    made = events(report, region, mended=True)
    assert [event["type_uid"] for event in made].count(200303) == len(canned.HOSTILE) + 1
    for event in made:
        assert [error.message for error in schema.iter_errors(event)] == []


def test_the_schema_would_complain(schema: Draft202012Validator) -> None:
    event = events(canned.deployed())[0]
    for broken in ({**event, "severity_id": 7}, {**event, "news": 1}, {name: value for name, value in event.items() if name != "time"}):
        assert not schema.is_valid(broken)


def test_others_read_what_we_meant() -> None:
    made = events(canned.deployed())
    read = [ComplianceFinding.model_validate(event) for event in made]
    assert {event.class_uid for event in read} == {2003}
    assert {event.type_uid for event in read} == {200301}
    assert {event.metadata.version for event in read} == {VERSION}
    assert [(e.compliance.status_id.name, e.status_id.name) for e in read if e.compliance.status_id and e.status_id] == [
        ("Fail", "New"), ("Fail", "New"), ("Fail", "New"), ("Fail", "Suppressed"),
        ("Warning", "New"), ("Pass", "New"), ("Warning", "Suppressed"), ("Warning", "New"), ("Warning", "New"),
    ]  # fmt: skip
    assert next(event.resources[0].uid for event in read if event.resources).endswith("user/payments/mailer/****WXYZ")


@settings(max_examples=50)
@given(st.text(st.characters(codec=None)), st.sampled_from([*Verdict]))
def test_any_text_makes_a_valid_event(schema_of_ours: Draft202012Validator, text: str, verdict: Verdict) -> None:
    key = canned.deployed_key(text, owner=text, evidence=(text,), last_used=None)
    report = canned.deployed()
    report = type(report)(report.as_of, (JudgedKey(key, verdict, (open_question(text),)),), (), (), 0)
    for event in events(report):
        assert schema_of_ours.is_valid(event), event


@pytest.fixture(scope="module")
def schema_of_ours() -> Draft202012Validator:
    return Draft202012Validator(OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("compliance_finding", ["cloud"]))
