"""An edit changes what its finding is about, and no other key, now or on the day after an end that it states."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posturio_iac.commands.fix.arguments import COMMAND, wishes
from posturio_iac.commands.fix.command import chosen, planned
from posturio_iac.commands.fix.summary import unified
from posturio_iac.commands.parser import parse
from tests.fixes.test_fixtures_mended import PROGRAMS
from tests.support.fixing import OWNER, edited, fix
from tests.support.fixture_tools import AS_OF, scan
from tests.support.terraform_programs import write

BOT = """\
variable "tags" {
  type    = map(string)
  default = {}
}

resource "aws_iam_user" "bot" {
  name = "bot"
  tags = var.tags
}

resource "aws_iam_access_key" "bot" {
  user = aws_iam_user.bot.name
}
"""
UNIT = 'terraform {\n  source = "../../modules/bot"\n}\n\ninputs = {%s}\n'
EACH = """\
resource "aws_iam_user" "bot" {
  for_each = { old = { expires = "2024-02-01" }, mailer = { expires = "2026-12-01" }, nobody = {} }
  name     = each.key
  tags     = each.value
}

resource "aws_iam_access_key" "bot" {
  for_each = aws_iam_user.bot
  user     = each.value.name
}
"""
CI = 'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = { owner = "ci@example.com" }\n}\n'
OLD_AND_NEW = (
    'resource "aws_iam_access_key" "ci" {\n  for_each = { old = "Inactive", new = "Active" }\n'
    "  user     = aws_iam_user.ci.name\n  status   = each.value\n}\n"
)
TWO = "".join(f'resource "aws_iam_access_key" "{name}" {{\n  user = aws_iam_user.ci.name\n}}\n' for name in ("v1", "v2"))


def test_an_end_in_a_module_does_not_revive_the_expired_key_of_another_unit(tmp_path: Path) -> None:
    prod = UNIT % '\n  tags = { expires = "2026-03-01" }\n'
    write(tmp_path, {"modules/bot/main.tf": BOT, "live/prod/terragrunt.hcl": prod, "live/stage/terragrunt.hcl": UNIT % ""})
    expired = {f["fingerprint"] for f in scan(tmp_path)[1]["findings"] if f["rule"] == "iam.expired_access_keys"}
    fix(tmp_path, "--write")
    assert (tmp_path / "live/stage/terragrunt.hcl").read_text().startswith("# posturio: expires=")
    assert len(expired) == 1
    assert expired <= {f["fingerprint"] for f in scan(tmp_path)[1]["findings"]}


def test_an_end_beside_computed_tags_overrules_none_of_them(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": EACH})
    findings = scan(tmp_path)[1]["findings"]
    assert not any("merge(" in f["remediation"] for f in findings)
    fix(tmp_path, "--write")
    assert "merge({ expires" in (tmp_path / "main.tf").read_text(encoding="utf-8")
    left = {f["fingerprint"] for f in findings if f["rule"] != "iam.access_keys_without_lifetime"}
    assert {f["fingerprint"] for f in scan(tmp_path)[1]["findings"]} == left


def test_the_end_of_a_disabled_key_does_not_end_an_active_one_nor_keeps_others_from_theirs(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": CI + OLD_AND_NEW, "z.tf": BOT.replace("var.tags", "{}")})
    assert fix(tmp_path, "--select", "iam.lingering_inactive_access_keys")[:2] == (0, "")
    fix(tmp_path, "--write")
    assert (tmp_path / "a.tf").read_text() == CI + OLD_AND_NEW
    assert "expires" in (tmp_path / "z.tf").read_text()


def test_two_keys_of_one_user_get_no_rotation(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": CI + TWO, "posturio-iac.toml": 'require = "enforced"\n'})
    code, diff, said = fix(tmp_path, "--unsafe")
    assert (code, diff) == (0, "")
    assert "two keys take turns" in said


def test_a_template_that_a_stack_reads_too_is_not_mended_for_itself(tmp_path: Path) -> None:
    key = "Resources:\n  K: {Type: AWS::IAM::AccessKey, Properties: {UserName: u}}\n"
    write(tmp_path, {"t.yaml": key, "main.tf": 'resource "aws_cloudformation_stack" "s" {\n  template_body = file("t.yaml")\n}\n'})
    assert not any("fix" in f for f in scan(tmp_path)[1]["findings"])
    assert fix(tmp_path, "--owner", OWNER)[:2] == (0, "")


def test_a_call_of_fetched_code_gets_a_comment_of_its_own(tmp_path: Path) -> None:
    calls = "".join(f'module "{n}" {{\n  source = "git::https://x.example/y.git"\n}}\n' for n in "ab")
    held = [{"Key": n, "Source": "git::https://x.example/y.git", "Dir": f".terraform/modules/{n}"} for n in "ab"]
    write(tmp_path, {"main.tf": calls, ".terraform/modules/modules.json": json.dumps({"Modules": held})})
    write(tmp_path, {f".terraform/modules/{n}/main.tf": BOT for n in "ab"})
    fix(tmp_path, "--write", "--expires", "2026-12-31")
    assert (tmp_path / "main.tf").read_text() == calls.replace("module", "# posturio: expires=2026-12-31\nmodule")


def facts(folder: Path, as_of: str = AS_OF) -> dict[tuple[str, str], tuple[str, str | None, list[Any], list[str]]]:
    """The verdict, the owner, the end and the findings of each key, by its root module or template and its address."""
    report = scan(folder, "--as-of", as_of)[1]
    found: dict[tuple[str, str], list[str]] = {}
    for finding in report["findings"]:
        if "suppressed" not in finding:
            found.setdefault((finding["root"], finding["address"]), []).append(finding["fingerprint"])
    ends = {(key["root"], key["address"]): [(e["kind"], e["effect"], e.get("value")) for e in key["lifetime"]] for key in report["keys"]}
    return {
        place: (key["verdict"], key.get("owner"), ends[place], sorted(found.get(place, [])))
        for key in report["keys"]
        for place in [(key["root"], key["address"])]
    }


def stated(diff: str) -> set[str]:
    """The days after the ends that a diff adds."""
    ends = re.findall(r"^\+.*expires\"?\W+(20\d\d-\d\d-\d\d)", diff, re.MULTILINE | re.IGNORECASE)
    return {(date.fromisoformat(end) + timedelta(days=1)).isoformat() for end in ends}


def check_afterwards(folder: Path) -> None:
    """Mend a folder: a scan says afterwards what the proof said, now and on the day after each end."""
    before = facts(folder)
    given = parse(COMMAND, ["--unsafe", "--owner", OWNER, "--write", "--as-of", AS_OF, str(folder)])
    run = chosen(given)
    report = run.report()
    outcomes, changed = planned(run, report, wishes(given, report.as_of, run.config))
    named = {(o.finding.root, o.finding.address) for o in outcomes if o.is_made}
    gone = {o.finding.fingerprint for o in outcomes if o.is_made}
    days = stated("".join(unified(changed)))
    later = {day: facts(folder, day) for day in days}
    for path, (_, now) in changed.items():
        (folder / path).write_bytes(now)
    after = facts(folder)
    assert {f for one in before.values() for f in one[3]} - {f for one in after.values() for f in one[3]} == gone
    assert {f for one in after.values() for f in one[3]} <= {f for one in before.values() for f in one[3]}
    for day, then in [(AS_OF, before), *later.items()]:
        now_ = facts(folder, day)
        assert {key: one for key, one in now_.items() if key not in named} == {key: one for key, one in then.items() if key not in named}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_scan_says_afterwards_what_the_proof_said(tmp_path: Path, program: Path) -> None:
    check_afterwards(Path(shutil.copytree(program, tmp_path / program.name)))


TAGS = st.sampled_from(
    ["{}", "var.tags", '{ expires = "2026-03-01" }', '{ expires = "2027-01-01", owner = "a@b.c" }', 'merge(var.tags, { team = "a" })']
)
REPEATED = st.sampled_from(["", "count = 2", 'for_each = { a = {}, b = { expires = "2026-03-01" } }'])


@st.composite
def shared_programs(draw: st.DrawFn) -> dict[str, str]:
    """Root modules that share a module, and users with several keys."""

    def user(name: str, tags: str, status: str) -> str:
        lines = f'resource "aws_iam_user" "{name}" {{\n  name = "{name}"\n  tags = {tags}\n}}\n'
        key = 'resource "aws_iam_access_key" "%s" {\n  user = aws_iam_user.%s.name\n  %s\n}\n'
        two = key % (f"{name}_2", name, status) if draw(st.booleans()) else ""
        return lines + key % (name, name, "") + two

    variable = 'variable "tags" {\n  default = {}\n}\n'
    files = {"modules/bot/main.tf": variable + user("bot", draw(TAGS), draw(st.sampled_from(["", 'status = "Inactive"'])))}
    for root in draw(st.sampled_from([("a",), ("a", "b")])):
        calls = [
            f'module "m{number}" {{\n  source = "../modules/bot"\n  tags = {draw(TAGS)}\n  {draw(REPEATED)}\n}}\n'
            for number in range(draw(st.integers(0, 2)))
        ]
        files[f"{root}/main.tf"] = "".join([variable, 'provider "aws" {\n  region = "eu-west-1"\n}\n', *calls, user(root, draw(TAGS), "")])
    return files


@settings(max_examples=15)
@given(shared_programs())
def test_shared_code_is_mended_as_the_proof_said(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("shared")
    write(folder, files)
    check_afterwards(folder)


REAL_CODE = os.environ.get("POSTURIO_IAC_REAL_CODE", "")  # a folder of checkouts to mend copies of as well


@pytest.mark.skipif(not REAL_CODE, reason="POSTURIO_IAC_REAL_CODE names no folder of checkouts")
def test_real_code_is_mended_as_the_proof_said(tmp_path: Path) -> None:
    for checkout in sorted(Path(REAL_CODE).iterdir()):
        check_afterwards(Path(shutil.copytree(checkout, tmp_path / checkout.name, symlinks=True)))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_scan_shows_is_harmless(tmp_path: Path, program: Path) -> None:
    shutil.copytree(program, tmp_path / "before")
    before = facts(tmp_path / "before")
    for number, finding in enumerate(scan(tmp_path / "before")[1]["findings"]):
        if "fix" not in finding:
            continue
        folder = tmp_path / str(number)
        shutil.copytree(program, folder)
        for path in {edit["path"] for edit in finding["fix"]["edits"]}:
            (folder / path).write_bytes(edited((folder / path).read_bytes(), [e for e in finding["fix"]["edits"] if e["path"] == path]))
        after, mine = facts(folder), (finding["root"], finding["address"])
        assert finding["fingerprint"] not in after[mine][3]
        assert {key: one for key, one in after.items() if key != mine} == {key: one for key, one in before.items() if key != mine}
        assert [f for f in before[mine][3] if f not in after[mine][3]] == [finding["fingerprint"]]


@pytest.mark.parametrize("folder", ["terraform/s3/bind", "modules/user", ".", "user"])
def test_a_module_for_callers_elsewhere_gets_no_end(tmp_path: Path, folder: str) -> None:
    name = f"{folder}/main.tf".replace("./", "")
    write(tmp_path, {name: BOT.replace("var.tags", "{}") + 'variable "name" {}\n' * (folder == "user")})
    (tmp_path / "terraform/s3/provision").mkdir(parents=True)
    full = {"examples/full/main.tf": 'module "bot" {\n  source = "../.."\n}\n', "keys.tf": 'module "joe" {\n  source = "./joe"\n}\n'}
    joe = {"joe/main.tf": 'resource "aws_iam_access_key" "joe" {\n  user = "joe"\n}\n'}
    write(tmp_path, {**full, **joe} if folder == "." else {"examples/full/main.tf": ""})
    before = (tmp_path / name).read_text(encoding="utf-8")
    assert not any("posturio: " in finding["remediation"] for finding in scan(tmp_path)[1]["findings"])
    fix(tmp_path, "--write", "--unsafe")
    assert (tmp_path / name).read_text(encoding="utf-8") == before
    example = (tmp_path / "examples/full/main.tf").read_text(encoding="utf-8")
    assert example.startswith("# posturio: expires=") is (folder == ".")


@pytest.mark.parametrize("named", ["live/stage/terragrunt.hcl", "modules/bot/main.tf", "live"])
@pytest.mark.parametrize("inputs", ["merge({}, {})", "{}"])
def test_a_part_is_mended_as_the_whole_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, inputs: str) -> None:
    write(tmp_path, {"modules/bot/main.tf": BOT, "live/prod/terragrunt.hcl": UNIT % '\n  tags = { expires = "2026-12-31" }\n'})
    write(tmp_path, {"live/stage/terragrunt.hcl": UNIT.replace("{%s}", inputs)})
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    _, whole, _ = fix(tmp_path)
    assert "b/modules/bot" not in whole
    fix(tmp_path / named, *(["--write", "--allow-dirty"] if named == "live" else ["--hook"]))
    part = subprocess.run(["git", "diff", "-U0"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert [line for line in part.splitlines() if line[:2] == "+ "] == [line for line in whole.splitlines() if line[:2] == "+ "]


NAMED = BOT.replace('"bot"\n  tags', "var.name\n  tags") + 'variable "name" {}\n'
OF_A_TEAM = UNIT % '\n  name = "ci"\n  tags = {\n    team = "payments"\n  }\n'
SHARED = 'inputs = {\n  tags = {\n    team = "payments"\n  }\n}\n'
INCLUDING = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n\n' + UNIT % '\n  name = "b"\n'


def test_each_unit_gets_its_own_end_in_its_own_file(tmp_path: Path) -> None:
    units = {f"live/{name}/terragrunt.hcl": OF_A_TEAM.replace('"ci"', f'"{name}"') for name in "ab"}
    write(tmp_path, {"modules/bot/main.tf": NAMED, **units})
    assert fix(tmp_path, "--write", "--expires", "2026-12-31")[0] == 0
    for path, unit in units.items():
        after = unit.replace('team = "payments"', 'team    = "payments"\n    expires = "2026-12-31"')
        assert (tmp_path / path).read_text() == after
    assert (tmp_path / "modules/bot/main.tf").read_text() == NAMED
    assert scan(tmp_path)[1]["findings"] == []


def test_inputs_that_units_share_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"modules/bot/main.tf": NAMED, "live/root.hcl": SHARED, "live/b/terragrunt.hcl": INCLUDING})
    fix(tmp_path, "--write", "--in", "60d", "--owner", OWNER)
    assert (tmp_path / "live/root.hcl").read_text() == SHARED
    assert (tmp_path / "live/b/terragrunt.hcl").read_text() == INCLUDING
    assert "expires" in (tmp_path / "modules/bot/main.tf").read_text()
