"""Where a planned key's secret leaves in plain text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.plan_shapes import KEY, block, key, one, plan, read, refers, resource

SECRET = (f"{KEY}.ci.secret", f"{KEY}.ci")


def exposed(folder: Path, *changes: dict[str, Any], **configuration: Any) -> list[str]:
    return [e.where for e in one(folder, plan(key(f"{KEY}.ci"), *changes, configuration=configuration)).exposures]


def output(*references: str, **more: Any) -> dict[str, Any]:
    return {"out": {"expression": refers(*references), **more}}


def test_outputs(tmp_path: Path) -> None:
    assert exposed(tmp_path, outputs=output(*SECRET)) == ['output "out"']
    assert exposed(tmp_path, outputs=output(*SECRET, sensitive=True)) == []
    assert exposed(tmp_path, outputs=output(f"{KEY}.ci.id", f"{KEY}.ci")) == []
    assert exposed(tmp_path, outputs=output(f"{KEY}.ci")) == []


def test_an_output_stands_in_the_configuration(tmp_path: Path) -> None:
    (exposure,) = one(tmp_path, plan(key(f"{KEY}.ci"), configuration={"outputs": output(*SECRET)})).exposures
    lines = (tmp_path / "plan.json").read_text(encoding="utf-8").splitlines()
    assert lines[exposure.span.line - 1].strip() == '"out": {'


def test_outputs_of_modules_are_followed_to_the_root(tmp_path: Path) -> None:
    inner = {"outputs": output(*SECRET, sensitive=True), "resources": [block(f"{KEY}.ci", {})]}
    configuration = {"outputs": output("module.m.out", "module.m"), "module_calls": {"m": {"module": inner}}}
    (found,) = read(tmp_path, plan(key(f"module.m.{KEY}.ci"), configuration=configuration)).keys
    assert [e.where for e in found.exposures] == ['output "out"']


@pytest.mark.parametrize(("kind", "exposes"), [("String", True), ("StringList", True), ("SecureString", False), (None, False)])
def test_parameters(tmp_path: Path, kind: str | None, *, exposes: bool) -> None:
    change = resource("aws_ssm_parameter.p", {"type": kind}, {"value": True}, {"value": True})
    where, written = ["value of aws_ssm_parameter.p"] if exposes else [], [block("aws_ssm_parameter.p", {"value": refers(*SECRET)})]
    assert exposed(tmp_path, change, resources=written) == where
    assert exposed(tmp_path, resource("aws_ssm_parameter.p", None, actions=("delete",)), resources=written) == []


@pytest.mark.parametrize(
    ("address", "expressions", "where"),
    [
        ("aws_lambda_function.f", {"environment": [{"variables": refers(*SECRET)}]}, ["variables of aws_lambda_function.f"]),
        ("aws_instance.i", {"user_data": refers("data.template_file.t.rendered", "data.template_file.t")}, ["user_data of aws_instance.i"]),
        ("aws_instance.i", {"ami": refers(*SECRET)}, []),
        ("aws_vpc.v", {"tags": refers(*SECRET)}, ["tags of aws_vpc.v"]),
        ("aws_secretsmanager_secret_version.s", {"secret_string": refers(*SECRET)}, []),
    ],
)
def test_resources(tmp_path: Path, address: str, expressions: dict[str, Any], where: list[str]) -> None:
    passing = {**block("template_file.t", {"vars": refers(*SECRET)}), "mode": "data"}
    assert exposed(tmp_path, resource(address, {}), resources=[block(address, expressions), passing]) == where


def test_a_reference_to_a_whole_key_counts_where_the_value_is_sensitive(tmp_path: Path) -> None:
    written = block("aws_lambda_function.f", {"environment": [{"variables": refers(f"{KEY}.ci", "each.key")}]})
    marked = resource("aws_lambda_function.f", {}, {}, {"environment": [{"variables": {"SECRET": True}}]})
    assert exposed(tmp_path, marked, resources=[written]) == ["variables of aws_lambda_function.f"]
    plain = resource("aws_lambda_function.f", {}, {}, {"environment": [{"variables": {}}], "other": True})
    assert exposed(tmp_path, plain, resources=[written]) == []


@pytest.mark.parametrize(("value", "exposes"), [("planted-secret", True), ("AKIA", False)])
def test_a_parameter_is_compared_with_the_secret(tmp_path: Path, value: str, *, exposes: bool) -> None:
    written = block("aws_ssm_parameter.p", {"value": refers(f"{KEY}.ci", "count.index")})
    change = resource("aws_ssm_parameter.p", {"type": "String", "value": value}, {}, {"value": True})
    kept = key(f"{KEY}.ci")
    kept["change"]["after"]["secret"] = "planted-secret"  # noqa: S105 - planted to see that it is not told
    (found,) = read(tmp_path, plan(kept, change, configuration={"resources": [written]})).keys
    assert bool(found.exposures) is exposes
    assert "planted" not in repr(found)


def test_each_instance_shows_its_own_key(tmp_path: Path) -> None:
    shows = {"environment": [{"variables": {"S": True}}]}
    changes = [change for n in "ab" for change in (key(f'{KEY}.ci["{n}"]', n), resource(f'aws_lambda_function.f["{n}"]', {}, {}, shows))]
    written = block("aws_lambda_function.f", {"environment": [{"variables": refers(f"{KEY}.ci", "each.key")}]})
    keys = read(tmp_path, plan(*changes, configuration={"resources": [written]})).keys
    assert [[e.where for e in k.exposures] for k in keys] == [[f'variables of aws_lambda_function.f["{n}"]'] for n in "ab"]


def test_an_encrypted_secret_is_safe(tmp_path: Path) -> None:
    found = one(tmp_path, plan(key(f"{KEY}.ci", pgp_key="keybase:ci"), configuration={"outputs": output(*SECRET)}))
    assert found.exposures == ()
