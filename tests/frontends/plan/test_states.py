"""A state that is given to `scan` is called one, whatever resources it holds, and the reader learns what to give instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Capture, run
from tests.support.plan_shapes import KEY, plan, resource

SERVICE = "aws_iam_service_specific_credential"
FOREIGN = "acme_iam_access_key"
SAID = "error: this is a Terraform state, not a plan: it records what exists, not what the code creates. Scan the folder of the code, "


def stored(kind: str) -> dict[str, Any]:
    found = {"mode": "managed", "type": kind, "name": "ci", "instances": [{"attributes": {"id": "x"}}]}
    return {"version": 4, "terraform_version": "1.9.8", "serial": 1, "lineage": "x", "outputs": {}, "resources": [found]}


def shown(kind: str) -> dict[str, Any]:
    """A state as ``terraform show -json`` prints it."""
    found = {"address": f"{kind}.ci", "mode": "managed", "type": kind, "name": "ci", "values": {}}
    return {"format_version": "1.0", "terraform_version": "1.9.8", "values": {"root_module": {"resources": [found]}}}


ENCRYPTED = {"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "e30=", "encryption_version": "v0"}


@pytest.mark.parametrize("kind", [KEY, SERVICE, FOREIGN, "null_resource"])
@pytest.mark.parametrize("make", [stored, shown])
@pytest.mark.parametrize("name", ["terraform.tfstate", "state.json", "state"])
def test_a_named_state(capsys: Capture, tmp_path: Path, name: str, make: Any, kind: str) -> None:
    (tmp_path / name).write_text(json.dumps(make(kind)), encoding="utf-8")
    code, _, err = run(capsys, "scan", str(tmp_path / name))
    assert code == 3
    assert SAID in err
    assert "posturio-iac live --state takes the state" in err


FOREIGN_PLAN = plan(resource(f"{FOREIGN}.ci", {"user_name": "ci"}))
NESTED = {"nested": {"format_version": 1, "values": 2, "lineage": 3, "serial": 4}}


@pytest.mark.parametrize(
    ("content", "options", "status", "said"),
    [
        pytest.param(ENCRYPTED, (), 3, SAID, id="an encrypted state of OpenTofu's"),
        pytest.param(stored(SERVICE), ("--max-file-size", "100"), 3, "raise --max-file-size", id="a large state is not passed over"),
        pytest.param(FOREIGN_PLAN, (), 0, "", id="a plan of other credentials holds no key"),
        pytest.param({**FOREIGN_PLAN, "planned_values": {}, "prior_state": {"values": {}}}, (), 0, "", id="the same with a state in it"),
        pytest.param(NESTED, (), 0, "", id="other JSON is no state"),
    ],
)
def test_named_json(capsys: Capture, tmp_path: Path, content: object, options: tuple[str, ...], status: int, said: str) -> None:
    (tmp_path / "state.json").write_text(json.dumps(content, indent=40), encoding="utf-8")
    code, _, err = run(capsys, "scan", *options, str(tmp_path / "state.json"))
    assert (code, said in err, bool(err)) == (status, True, bool(said))


def test_a_state_in_a_folder_is_refused_only_with_a_key(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps(stored(FOREIGN)), encoding="utf-8")
    assert run(capsys, "scan", str(tmp_path))[0] == 0
    for kind in (KEY, SERVICE):
        (tmp_path / "state.json").write_text(json.dumps(stored(kind)), encoding="utf-8")
        code, _, err = run(capsys, "scan", str(tmp_path))
        assert (code, SAID in err) == (3, True)
