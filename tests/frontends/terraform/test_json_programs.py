"""A program in Terraform's JSON syntax says the same as in HCL."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.core.model import Effect, Replacement
from tests.support.terraform_programs import key, keys, reading

USER = {"ci": {"name": "ci", "tags": {"owner": "payments"}}}


def program(**more: Any) -> dict[str, str | bytes]:
    resources = {"aws_iam_user": USER, "aws_iam_access_key": {"ci": {"user": "${aws_iam_user.ci.name}"}}}
    document: dict[str, Any] = {"resource": {**resources, **more.pop("resource", {})}, **more}
    return {"main.tf.json": json.dumps(document, indent=2)}


@pytest.mark.parametrize("user", ["${aws_iam_user.ci.name}", "${aws_iam_user.ci.id}", "ci", "${local.name}", "${one([local.name])}"])
def test_a_key_leads_to_its_user(tmp_path: Path, user: str) -> None:
    files = program(resource={"aws_iam_access_key": {"ci": {"user": user}}}, locals={"name": "${aws_iam_user.ci.name}"})
    found = key(tmp_path, files)
    assert (found.user, found.user_address, found.owner) == ("ci", "aws_iam_user.ci", "payments")


def test_the_place_is_that_of_the_name(tmp_path: Path) -> None:
    span = key(tmp_path, program()).span
    assert span is not None
    text = str(program()["main.tf.json"]).split("\n")
    assert '"ci": {' in text[span.line - 1]
    assert text[span.line - 1][span.column - 1 : span.end_column - 1] == '"ci"'


QUOTED = [{"replace_triggered_by": ["${time_static.s}"], "create_before_destroy": "true"}]


@pytest.mark.parametrize("lifecycle", [{"replace_triggered_by": ["time_static.s"], "create_before_destroy": True}, QUOTED])
def test_a_schedule_is_reached(tmp_path: Path, lifecycle: Any) -> None:
    resource = {
        "aws_iam_access_key": {"ci": {"user": "${aws_iam_user.ci.name}", "lifecycle": lifecycle}},
        "time_rotating": {"r": {"rotation_days": 90}},
        "time_static": {"s": {"rfc3339": "${time_rotating.r.rfc3339}"}},
    }
    found = key(tmp_path, program(resource=resource))
    assert [(e.effect, e.interval) for e in found.lifetimes] == [(Effect.ENFORCED, timedelta(days=90))]
    assert isinstance(found.replacement, Replacement)
    assert found.replacement.create_before_destroy is True


def test_instances_modules_and_providers(tmp_path: Path) -> None:
    providers = [{"default_tags": {"tags": {"a": "plain"}}}, {"alias": "x", "default_tags": [{"tags": {"a": "x"}}]}]
    call = {"source": "./m", "for_each": '${toset(["p", "q"])}', "name": "${each.key}", "providers": {"aws": "aws.x"}}
    made = {"k": {"count": 1, "user": "${aws_iam_user.u.name}"}, "off": {"count": 0, "user": "x"}}
    inner = {"aws_iam_user": {"u": {"name": "${var.name}"}}, "aws_iam_access_key": made}
    files = {
        "main.tf.json": json.dumps({"provider": {"aws": providers}, "module": {"m": call}}),
        "m/main.tf.json": json.dumps({"variable": {"name": {"type": "string"}}, "resource": inner}),
    }
    found = {address: (one.user, dict(one.tags)) for address, one in keys(tmp_path, files).items()}
    assert found == {f'module.m["{n}"].aws_iam_access_key.k[0]': (n, {"a": "x"}) for n in ("p", "q")}


def test_comments_are_members(tmp_path: Path) -> None:
    ignored = {"//": 'posturio:ignore[iam.ownerless_access_keys] reason="moves to roles"', "user": "x"}
    assert len(key(tmp_path, program(resource={"aws_iam_access_key": {"ci": ignored}})).directives) == 1


def test_variables_in_json(tmp_path: Path) -> None:
    files = program(variable={"on": {"type": "bool"}}, resource={"aws_iam_access_key": {"ci": {"count": "${var.on ? 1 : 0}", "user": "x"}}})
    assert [k.address for k in reading(tmp_path, files).keys] == ["aws_iam_access_key.ci"]
    (tmp_path / "x.auto.tfvars.json").write_text('{"on": false}')
    assert reading(tmp_path, {}).keys == ()


@pytest.mark.parametrize("ending", [".tf.json", ".tofu.json"])
def test_both_endings(tmp_path: Path, ending: str) -> None:
    assert key(tmp_path, {f"main{ending}": str(program()["main.tf.json"])}).user == "ci"


@pytest.mark.parametrize(
    "resource",
    [
        [{"aws_iam_access_key": {"ci": {"user": "x"}}}],
        {"aws_iam_access_key": [{"ci": {"user": "x"}}]},
        {"aws_iam_access_key": {"ci": [{"user": "x"}]}},
        [{"aws_iam_access_key": [{"ci": [{"user": "x"}]}]}],
    ],
)
def test_lists_of_one_may_stand_anywhere(tmp_path: Path, resource: Any) -> None:
    assert key(tmp_path, {"main.tf.json": json.dumps({"resource": resource})}).address == "aws_iam_access_key.ci"
