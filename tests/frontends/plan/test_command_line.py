"""Plans on the command line: named, found, piped in, saved in binary form, too large, and beside their code."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from posturio_iac import search
from tests.support.command_line import Capture, run
from tests.support.plan_shapes import KEY, USER, key, plan, user

PLAN = json.dumps(plan(user(f"{USER}.ci"), key(f"{KEY}.ci")))
CODE = f'resource "{USER}" "ci" {{\n  name = "ci"\n}}\n\nresource "{KEY}" "ci" {{\n  user = {USER}.ci.name\n}}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "plan.json").write_text(PLAN, encoding="utf-8")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.tf").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(capsys: Capture, *words: str) -> tuple[int, Any]:
    code, out, _ = run(capsys, "scan", "--as-of", "2026-11-24", "--format", "json", *words)
    return code, json.loads(out)


def keys(made: Any) -> list[tuple[str, str, str]]:
    return [(k["framework"], k["path"], k["verdict"]) for k in made["keys"]]


def test_a_plan_alone_leaves_its_keys_undetermined_and_is_never_green(capsys: Capture) -> None:
    code, made = report(capsys, "plan.json")
    assert (code, keys(made)) == (3, [("terraform-plan", "plan.json", "undetermined")])
    assert made["findings"] == []
    (said,) = made["diagnostics"]
    assert said["message"] == "1 key cannot be judged from the plan alone: add --source DIR, the folder of its code, or --plan-only"


def test_nothing_but_the_plan_may_count(folder: Path, capsys: Capture) -> None:
    code, made = report(capsys, "plan.json", "--plan-only")
    assert (code, keys(made), made["diagnostics"]) == (1, [("terraform-plan", "plan.json", "flagged")], [])
    assert "the plan shows neither" in made["findings"][0]["message"]
    clock = {"address": "time_rotating.r", "type": "time_rotating", "name": "r", "change": {"actions": ["create"], "after": {}}}
    triggered = {**key(f"{KEY}.ci", actions=("delete", "create")), "action_reason": "replace_by_triggers"}
    for resources in ([key(f"{KEY}.ci"), clock], [triggered]):
        planned = plan(user(f"{USER}.ci", tags={"owner": "x"}), *resources)
        (folder / "plan.json").write_text(json.dumps(planned), encoding="utf-8")
        assert keys(report(capsys, "plan.json", "--plan-only")[1]) == [("terraform-plan", "plan.json", "undetermined")]


@pytest.mark.parametrize("at", [".", "plans"])
def test_code_beside_the_plan_or_in_the_current_folder_counts_if_it_declares_its_keys(at: str, folder: Path, capsys: Capture) -> None:
    (folder / "plans").mkdir()
    (folder / "plan.json").rename(folder / at / "plan.json")
    (folder / "main.tf").write_text(CODE, encoding="utf-8")
    code, made = report(capsys, f"{at}/plan.json")
    assert (code, keys(made)) == (1, [("terraform-plan", "main.tf", "flagged")])
    (folder / "main.tf").write_text(CODE.replace('"ci" {', '"other" {').replace(".ci.", ".other."), encoding="utf-8")
    assert report(capsys, f"{at}/plan.json")[0] == 3


def test_code_beside_many_plans_is_read_once(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "main.tf").write_text(CODE, encoding="utf-8")
    (folder / "without-code").mkdir()
    for place in (folder, folder / "without-code"):
        for number in range(3):
            (place / f"plan{number}.json").write_text(PLAN, encoding="utf-8")
    searched: list[object] = []
    real = search.discover

    def counted(*given: Any, **more: Any) -> search.Selection:
        searched.append(given)
        return real(*given, **more)

    monkeypatch.setattr("posturio_iac.frontends.plan.scan.discover", counted)
    made = report(capsys, ".")[1]
    planned = [k["path"] for k in made["keys"] if k["framework"] == "terraform-plan"]
    assert planned == ["main.tf"] * 7, "four beside the code, three below the current folder"
    assert len(searched) == 1


def test_a_key_that_the_code_does_not_declare_is_named(folder: Path, capsys: Capture) -> None:
    (folder / "plan.json").write_text(json.dumps(plan(key(f"{KEY}.ci"), key(f"{KEY}.other"))), encoding="utf-8")
    code, made = report(capsys, "plan.json", "--source", "code")
    assert code == 3
    assert [d["message"].partition(":")[0] for d in made["diagnostics"]] == [f"{KEY}.other cannot be judged"]


def test_a_key_of_a_plan_and_of_its_code_is_one_key(capsys: Capture) -> None:
    assert [f for f, _, _ in keys(report(capsys, ".", "--source", "code")[1])] == ["terraform-plan"]
    assert sorted(f for f, _, _ in keys(report(capsys, ".")[1])) == ["terraform", "terraform-plan"]


def test_fingerprints_with_the_code_do_not_depend_on_the_plan(folder: Path, capsys: Capture) -> None:
    (folder / "other.json").write_text(PLAN, encoding="utf-8")
    first, second = (report(capsys, name, "--source", "code")[1]["findings"] for name in ("plan.json", "other.json"))
    assert [f["fingerprint"] for f in first] == [f["fingerprint"] for f in second]


def test_the_configuration_may_name_the_source(folder: Path, capsys: Capture) -> None:
    (folder / "posturio-iac.toml").write_text('source = "code"\n', encoding="utf-8")
    assert keys(report(capsys, "plan.json")[1]) == [("terraform-plan", "code/main.tf", "flagged")]
    (folder / "posturio-iac.toml").write_text('source = "gone"\n', encoding="utf-8")
    code, _, err = run(capsys, "scan", "plan.json")
    assert code == 2
    assert "no such folder" in err


@pytest.mark.parametrize("source", ["nowhere", "plan.json"])
def test_a_source_that_is_no_folder(source: str, capsys: Capture) -> None:
    code, _, err = run(capsys, "scan", ".", "--source", source)
    assert (code, err) == (2, f"posturio-iac: --source {source}: no such folder\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_plan_on_standard_input(encoding: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for words, said in (((), ("stdin.json", "undetermined")), (("--source", "code"), ("code/main.tf", "flagged"))):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PLAN.encode(encoding))))
        assert keys(report(capsys, "-", *words)[1]) == [("terraform-plan", *said)]


@pytest.mark.parametrize("name", ["saved.tfplan", "saved.json"])
def test_a_saved_plan_in_its_binary_form(name: str, folder: Path, capsys: Capture) -> None:
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("tfplan", "x")
    said = f"{name}: error: a saved plan in binary form; pass the output of terraform show -json instead\n"
    assert run(capsys, "scan", name)[::2] == (3, said)


def test_a_plan_that_is_too_large(folder: Path, capsys: Capture) -> None:
    (folder / "plan.json").write_text(PLAN + " " * 2_000_000, encoding="utf-8")
    code, _, err = run(capsys, "scan", "plan.json", "--max-file-size", "1MB")
    assert code == 3
    assert "raise --max-file-size to read it" in err
    assert "raise" not in run(capsys, "scan", "plan.json", "--max-file-size", "3MB")[2]


@pytest.mark.parametrize("data", [PLAN[:-9], PLAN.replace('"1.2"', '"2.0"'), PLAN[:-1] + ', "errored": true}', "[command]x\n" + PLAN])
def test_what_cannot_be_read_is_incomplete(data: str, folder: Path, capsys: Capture) -> None:
    (folder / "plan.json").write_text(data, encoding="utf-8")
    code, _, err = run(capsys, "scan", "plan.json")
    assert (code, err[:10]) == (3, "plan.json:")


def test_a_template_in_a_plan_is_no_template(folder: Path, capsys: Capture) -> None:
    body = json.dumps({"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "x"}}}})
    change = {"actions": ["create"], "after": {"template_body": body}}
    stack = {"address": "aws_cloudformation_stack.s", "type": "aws_cloudformation_stack", "name": "s", "change": change}
    (folder / "plan.json").write_text(json.dumps(plan(stack, key(f"{KEY}.ci"))), encoding="utf-8")
    code, made = report(capsys, "plan.json")
    assert (code, [k["address"] for k in made["keys"]], len(made["diagnostics"])) == (3, [f"{KEY}.ci"], 2)


def test_thousands_of_resources_on_one_line(folder: Path, capsys: Capture) -> None:
    many = [change for n in range(1_500) for change in (user(f"{USER}.u{n}", f"u{n}"), key(f"{KEY}.k{n}", f"u{n}"))]
    (folder / "plan.json").write_text(json.dumps(plan(*many)), encoding="utf-8")
    _, made = report(capsys, "plan.json")
    assert made["summary"]["undetermined"] == 1_500
