"""Plans that are cut off, written in UTF-16, of another format or no plans at all: one sentence each, and the rest is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.finding import Diagnostic, Level
from posturio_iac.frontends.plan import looks_like_plan
from posturio_iac.frontends.plan.text import PlanTextError, parse, text_of
from tests.support.plan_shapes import KEY, USER, key, plan, read, resource, user

TempPaths = pytest.TempPathFactory
GOOD = json.dumps(plan(user(f"{USER}.ci"), key(f"{KEY}.ci")))


def only(folder: Path, data: Any) -> Diagnostic:
    (said,) = read(folder, data).diagnostics
    assert (said.level, said.path) == (Level.ERROR, "plan.json")
    return said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    reading = read(tmp_path, mark + GOOD.replace("plan", "é").encode(encoding))
    assert [k.address for k in reading.keys] == [f"{KEY}.ci"]
    assert reading.diagnostics == ()


CUT = "the plan is cut off; create it again"
NO_JSON = GOOD.replace('"mode": "managed"', "mode: managed", 1)


@pytest.mark.parametrize(
    ("data", "message", "column"),
    [
        (GOOD.encode().replace(b"1.9.8", b"\xff"), "the plan is not UTF-8 text (byte", None),
        (GOOD.encode("utf-16") + b"\x00", "the plan is not UTF-16 text (byte", None),
        (GOOD[:-40], CUT, len(GOOD) - 41),
        (GOOD[: GOOD.rindex('"Active')] + '"Act', CUT, GOOD.rindex('"Active') + 1),
        (NO_JSON, "the plan is not valid JSON: expecting property name", NO_JSON.index("mode: managed") + 1),
        (GOOD.replace('"1.9.8"', "[" * 100_000 + "]" * 100_000), "the plan is nested too deeply to be read", None),
        (GOOD.replace('"1.9.8"', "9" * 5_000), "the plan holds a number with too many digits", None),
    ],
    ids=["UTF-8", "UTF-16", "cut off", "cut in a text", "no JSON", "deep", "digits"],
)
def test_what_is_no_json_is_said_with_its_place(tmp_path: Path, data: Any, message: str, column: int | None) -> None:
    said = only(tmp_path, data)
    assert (said.message[: len(message)], said.column) == (message, column)


def test_lone_surrogates_do_not_reach_the_output(tmp_path: Path) -> None:
    text = json.dumps(plan(user(f"{USER}.ci", tags={"owner": "\ud83d"}), key(f"{KEY}.ci")))
    assert read(tmp_path, text).keys[0].owner == "\ufffd"
    assert read(tmp_path, text.replace("\\ud83d", "\\ud83d\\ude00")).keys[0].owner == "\U0001f600"


@pytest.mark.parametrize("version", ["2.0", "10.1", "x", 3, [1]])
def test_other_formats_are_not_read(tmp_path: Path, version: Any) -> None:
    assert "only 1.x is supported, so it was not read" in only(tmp_path, {**json.loads(GOOD), "format_version": version}).message


@pytest.mark.parametrize("version", ["0.2", "1.0", "1.1", "1.2", "1.9", None])
def test_formats_that_are_read(tmp_path: Path, version: str | None) -> None:
    reading = read(tmp_path, {**json.loads(GOOD), "format_version": version})
    assert (len(reading.keys), reading.diagnostics) == (1, ())


def test_a_state_is_not_a_plan(tmp_path: Path) -> None:
    values = {"root_module": {"resources": [{"address": f"{KEY}.ci", "mode": "managed", "type": KEY, "name": "ci", "values": {}}]}}
    shown = only(tmp_path, {"format_version": "1.0", "terraform_version": "1.9.8", "values": values})
    raw = only(tmp_path, {"version": 4, "terraform_version": "1.9.8", "serial": 1, "lineage": "x", "resources": [{"type": KEY}]})
    assert shown.message == raw.message
    assert shown.message.startswith("this is a Terraform state, not a plan: ")


def test_the_log_of_a_plan_is_not_a_plan(tmp_path: Path) -> None:
    log = '{"@level":"info","@message":"Plan","type":"planned_change","change":{"resource":{"addr":"aws_iam_access_key.ci"}}}\n'
    assert only(tmp_path, log * 2).message.startswith("this is the log of terraform plan -json, not a plan")


RESULTS = {"results": [{"resource": f"{KEY}.ci", "planned_values": 1}]}
SCHEMAS = {"format_version": "1.0", "provider_schemas": {KEY: {"values": {}}}}


@pytest.mark.parametrize("data", [RESULTS, SCHEMAS, [plan(key(f"{KEY}.ci"))]], ids=["results", "schemas", "a list of plans"])
def test_other_json_is_left_alone(tmp_path: Path, data: Any) -> None:
    reading = read(tmp_path, data)
    assert (reading.keys, reading.diagnostics) == ((), ())


@pytest.mark.parametrize(
    ("errored", "level", "text"),
    [(True, Level.ERROR, "the plan failed (errored is true)"), (False, Level.WARNING, "the plan covers only part of the code (-target")],
)
def test_a_plan_that_failed_or_is_a_part_is_judged_and_said(tmp_path: Path, errored: bool, level: Level, text: str) -> None:
    reading = read(tmp_path, {**json.loads(GOOD), "errored": errored, "complete": False})
    assert len(reading.keys) == 1
    assert [(d.level, d.message.partition(",")[0]) for d in reading.diagnostics] == [(level, text)]


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (1, "resource_changes[1] is not an object"),
        ({}, "resource_changes[1] has no address and type"),
        ({"address": "a.b", "type": 1, "change": {}}, "resource_changes[1] has no address and type"),
        ({"address": f"{KEY}.x", "type": KEY}, f"{KEY}.x has no change, so nothing is known about it"),
    ],
)
def test_a_broken_change_beside_a_key(tmp_path: Path, broken: Any, text: str) -> None:
    reading = read(tmp_path, plan(key(f"{KEY}.ci"), broken))
    assert [k.address for k in reading.keys] == [f"{KEY}.ci"]
    assert [d.message for d in reading.diagnostics] == [f"the plan is not complete: {text}"]


@pytest.mark.parametrize("address", [{}, {"address": ""}, {"address": 1}])
def test_a_planned_key_without_an_address_is_said(tmp_path: Path, address: dict[str, Any]) -> None:
    nameless = {"mode": "managed", "type": KEY, "name": "k", "values": {"user": "ci"}} | address
    planned = {"root_module": {"resources": [nameless, {"mode": "managed", "type": USER, "name": "u"}]}}
    found = read(tmp_path, plan(key(f"{KEY}.ci"), planned_values=planned))
    assert [k.address for k in found.keys] == [f"{KEY}.ci"]
    assert [said.message for said in found.diagnostics] == [f"the plan is not complete: an {KEY} in planned_values has no address"]


@pytest.mark.parametrize("section", ["resource_changes", "planned_values", "deferred_changes"])
def test_sections_of_another_type(tmp_path: Path, section: str) -> None:
    said = only(tmp_path, {**plan(), section: f"{KEY}.ci"})
    assert said.message.startswith(f"the plan is not complete: {section} is not a")


def test_a_change_without_actions_counts_unless_nothing_is_left(tmp_path: Path) -> None:
    kept, gone = key(f"{KEY}.ci"), resource(f"{KEY}.gone", None)
    for change in (kept, gone):
        del change["change"]["actions"]
    assert [k.address for k in read(tmp_path, plan(kept, gone)).keys] == [f"{KEY}.ci"]


def test_values_of_another_type_are_borne(tmp_path: Path) -> None:
    strange = {"user": ["ci"], "status": {"a": 1}, "pgp_key": 0}
    odd = resource(f"{USER}.ci", {"name": 1, "tags": "x", "tags_all": ["y"], "path": 3}, {"tags": "z"}, "s")
    configuration = {"resources": [3, {"type": 1}], "module_calls": {"a": 1}, "outputs": [1]}
    (found,) = read(tmp_path, plan(resource(f"{KEY}.ci", strange), odd, configuration=configuration)).keys
    assert found.status == "Active"


NAMES = """
address change after after_unknown after_sensitive actions mode type name tags tags_all user values root_module resources expressions
references outputs expression module_calls module
""".split()  # noqa: SIM905 - a list literal would be a screen long
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "ci", f"{KEY}.ci", f"{USER}.ci.name", "var.x", "module.a.b", "["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(changes=JSON, planned=JSON, configuration=JSON)
def test_anything_in_the_place_of_a_plan_is_borne(tmp_path_factory: TempPaths, changes: Any, planned: Any, configuration: Any) -> None:
    folder = tmp_path_factory.mktemp("plan")
    real = [key(f"{KEY}.ci", None), user(f"{USER}.ci", None)]
    data = {
        "format_version": "1.2",
        "resource_changes": [*real, *(changes if isinstance(changes, list) else [changes])],
        "planned_values": planned,
        "configuration": {"root_module": {"resources": [configuration], "outputs": configuration, "module_calls": configuration}},
    }
    assert f"{KEY}.ci" in {k.address for k in read(folder, data).keys}


@given(st.text())
def test_any_text_is_json_or_one_sentence(text: str) -> None:
    try:
        parse(text)
    except PlanTextError as error:
        assert str(error)


@given(st.binary())
def test_any_bytes_are_text_or_one_sentence(data: bytes) -> None:
    looks_like_plan(data)
    try:
        text_of(data)
    except PlanTextError as error:
        assert "text" in str(error)
