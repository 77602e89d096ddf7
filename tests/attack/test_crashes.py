"""A crash of ours, in whatever is not foreseen, ends no more than the judgement of one root module or one kind of code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from posturio_iac.frontends.cloudformation import reader as templates
from posturio_iac.frontends.plan import scan as plans
from posturio_iac.frontends.terraform import reader as terraform
from posturio_iac.frontends.terraform.keys.assembly import keys_of as real
from tests.support.attacks import SOUND, put
from tests.support.command_line import MISSING, Capture, Patch, run, shown

pytestmark = pytest.mark.promise("the rest")

TEMPLATE = "Resources:\n  K: {Type: AWS::IAM::AccessKey, Properties: {UserName: joe}}\n"
PLAN = '{"format_version": "1.2", "resource_changes": [], "x": "aws_iam_access_key"}'


def crash(*_: Any, **__: Any) -> NoReturn:
    raise LookupError("boom")


def test_a_crash_in_one_root_module_hides_no_other(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    put(tmp_path, "bad/a.tf", SOUND)
    put(tmp_path, "good/a.tf", SOUND)

    def keys_of(instance: Any, setting: Any) -> Any:
        return crash() if instance.folder.path == "bad" else real(instance, setting)

    monkeypatch.setattr(terraform, "keys_of", keys_of)
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "scan")
    assert (code, ("good/a.tf:1:1", "MEDIUM", MISSING) in shown(out)) == (3, True)
    said = "reading this root module stopped on an internal error (LookupError: boom); its keys were not checked. Please report it"
    assert err == f"bad: error: {said}\n"


@pytest.mark.parametrize(("module", "name", "what"), [(templates, "_read", "templates"), (plans, "_document", "plans")])
def test_a_crash_in_one_kind_of_code_hides_no_other(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, module: Any, name: str, what: str
) -> None:
    put(tmp_path, "sound.tf", SOUND)
    put(tmp_path, "a.yaml", TEMPLATE)
    put(tmp_path, "plan.json", PLAN)
    monkeypatch.setattr(module, name, crash)
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "scan")
    assert (code, ("sound.tf:1:1", "MEDIUM", MISSING) in shown(out)) == (3, True)
    assert f"error: reading {what} stopped on an internal error (LookupError: boom); no key in them was checked" in err
