"""Our checks inside checkov: its options, formats and skips hold, and what goes wrong is a failed check."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from posturio_iac.core.host_ids import CHECKOV
from posturio_iac.render.wording import page_url
from posturio_iac.rules import all_rules
from tests.support.bombs import nested_sub
from tests.support.hosts.checkov_running import (
    KEY,
    MISSING,
    OWNERLESS,
    PACK,
    ROOT,
    RULES,
    TEMPLATE,
    checkov,
    checkov_program,
    failed,
    records,
    report,
    write,
)
from tests.support.hosts.hosting import checkout
from tests.support.hosts.linters_inside import linter_in_fork
from tests.support.repository import Repository

BOTH = {(MISSING, "aws_iam_access_key.ci"), (OWNERLESS, "aws_iam_access_key.ci")}
PLAN = ROOT / "fixtures/plan/modules/plan.json"
CODE = ("-d", ".", "--framework", "terraform")  # else it starts a process for each of thirty kinds of files


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("terraform"), {"main.tf": KEY})


def test_a_finding_says_what_is_wrong_and_how_to_mend_it(terraform: Path) -> None:
    found = report(terraform)
    failing = {one.check: one for one in found if one.result == "failed"}
    missing, change = failing[MISSING], 'Add tags = { expires = "2027-02-19" } to aws_iam_user.ci (main.tf:1).'
    why = "never expires: the code states neither an end date nor a rotation."
    assert missing.name == f"aws_iam_access_key.ci {why} {change}"
    assert (missing.severity, failing[OWNERLESS].severity) == ("MEDIUM", "LOW")
    assert {one.check: one.guideline for one in found} == {check: page_url(rule) for check, rule in RULES.items()}
    titles = {check: all_rules()[rule].rule.title for check, rule in RULES.items()}
    assert {one.check: one.name for one in found if one.result == "passed"} == {c: t for c, t in titles.items() if c not in failing}


def test_the_program_says_what_checkov_says_to_these_tests(terraform: Path) -> None:
    """Most of them fork a process that has imported checkov, which saves its start."""
    program, fork = (run(terraform, "-d", ".", "-o", "json") for run in (checkov_program, checkov))
    assert (program.returncode, program.stderr) == (fork.returncode, fork.stderr) == (1, "")
    assert program.stdout == fork.stdout
    assert failed(records(program)) == BOTH


def test_command_line_choices_hold(terraform: Path) -> None:
    def ids(*arguments: str) -> set[str]:
        return {one.check for one in records(checkov(terraform, *CODE, "--output", "json", *arguments, ids=None))}

    everything = ids()
    assert set(RULES) <= everything
    assert ids("--skip-check", f"{MISSING},{OWNERLESS}") == everything - {MISSING, OWNERLESS}
    assert ids("--check", MISSING) == {MISSING}
    assert ids("--check", "CKV_POSTURIO_*") == set(RULES)
    assert checkov(terraform, *CODE, "--soft-fail").returncode == 0
    assert checkov(terraform, *CODE, ids="CKV_POSTURIO_11").returncode == 0


def test_skips_of_checkov_hold(tmp_path: Path) -> None:
    skip = f"  # checkov:skip={MISSING}:moves to roles\n  user"
    metadata = f"    Metadata: {{checkov: {{skip: [{{id: {MISSING}, comment: moves}}]}}}}\n    Properties"
    write(tmp_path, {"main.tf": KEY.replace("  user", skip), "stack.yaml": TEMPLATE.replace("    Properties", metadata)})
    found = report(tmp_path)
    assert failed(found) == {(OWNERLESS, "aws_iam_access_key.ci"), (OWNERLESS, "Key")}
    skipped = {(one.check, one.resource): one.reason for one in found if one.result == "skipped"}
    assert skipped == {(MISSING, "aws_iam_access_key.ci"): "moves to roles", (MISSING, "Key"): "moves"}


@pytest.mark.promise("budget")
def test_a_spent_budget_fails(tmp_path: Path) -> None:
    write(tmp_path, {"stack.json": nested_sub(25)})
    done = checkov(tmp_path, "-d", ".", "--framework", "cloudformation")
    assert done.returncode == 1
    assert "K may not have been checked: stack.json:1: the template stack.json" in done.stdout


def test_a_baseline_of_checkov_holds(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": KEY})
    assert checkov(tmp_path, *CODE, "--create-baseline").returncode == 1
    assert checkov(tmp_path, *CODE, "--baseline", ".checkov.baseline").returncode == 0
    write(tmp_path, {"more.tf": KEY.replace('"ci"', '"new"').replace(".ci.", ".new.")})
    done = checkov(tmp_path, *CODE, "--baseline", ".checkov.baseline", "--output", "json")
    assert done.returncode == 1
    assert {resource for _, resource in failed(records(done))} == {"aws_iam_access_key.new"}


def test_sarif_and_junit_hold_the_findings(terraform: Path, tmp_path: Path) -> None:
    checkov(terraform, "-d", ".", "--framework", "terraform", "-o", "sarif", "-o", "junitxml", "--output-file-path", str(tmp_path))
    (run,) = json.loads((tmp_path / "results_sarif.sarif").read_text(encoding="utf-8"))["runs"]
    assert {r["ruleId"] for r in run["results"]} == {MISSING, OWNERLESS}
    assert all("attachments" not in r or r["attachments"] == [] for r in run["results"])
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["helpUri"] == page_url(RULES[rule["id"]])
        assert len(rule["name"]) <= 255, "GitHub takes no longer ones"
        assert rule["properties"]["security-severity"]
    cases = ET.parse(tmp_path / "results_junitxml.xml").iter("testcase")  # noqa: S314 - checkov wrote it just now
    names = [case.attrib["name"] for case in cases if case.find("failure") is not None]
    assert sorted(name.partition("]")[2].partition("]")[0] for name in names) == [f"[{OWNERLESS}", f"[{MISSING}"]


def test_variable_files_of_checkov_count(tmp_path: Path) -> None:
    counted = KEY.replace('"aws_iam_access_key" "ci" {', '"aws_iam_access_key" "ci" {\n  count = var.on ? 1 : 0')
    code = 'variable "on" {\n  default = true\n}\n' + counted
    write(tmp_path, {"main.tf": code, "prod.tfvars": "on = false\n"})
    assert failed(report(tmp_path)) == {(check, "aws_iam_access_key.ci[0]") for check, _ in BOTH}
    assert failed(report(tmp_path, "--var-file", "prod.tfvars")) == set()


def test_files_instead_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"code/keys.tf": KEY.partition("\n\n")[2], "code/users.tf": KEY.partition("\n\n")[0], "stack.yaml": TEMPLATE})
    done = checkov(tmp_path, "-f", "code/keys.tf", "-f", "stack.yaml", "--framework", "terraform", "cloudformation", "-o", "json")
    assert failed(records(done)) == BOTH | {(MISSING, "Key"), (OWNERLESS, "Key")}


@pytest.mark.parametrize(
    "environment",
    [
        {"TF_SPLIT_GRAPH": "true", "CHECKOV_WORKERS_NUMBER": "16"},
        {"CHECKOV_GRAPH_FRAMEWORK": "NETWORKX", "CHECKOV_PARALLELIZATION_TYPE": "thread"},  # as on macOS and Windows
        {"CHECKOV_PARALLELIZATION_TYPE": "none"},
    ],
    ids=str,
)
def test_whatever_checkov_is_told_the_verdicts_are_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    plan = PLAN.read_text(encoding="utf-8")
    write(tmp_path, {"code/main.tf": KEY, "stack.yaml": TEMPLATE, "plan/plan.json": plan})
    found = failed(report(tmp_path, **environment))
    assert found >= BOTH | {(MISSING, "Key"), (OWNERLESS, "Key"), (CHECKOV["iam.expired_access_keys"], "aws_iam_access_key.old")}


LOAD = """\
import checkov.main, importlib.util, sys
before = set(sys.modules)
spec = importlib.util.spec_from_file_location("posturio_iac_checks", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""


def loaded(code: str) -> str:
    done = linter_in_fork(ROOT, LOAD + code, ["", f"{PACK}/posturio_iac_checks.py"], os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_loading_the_pack_imports_nothing_that_judges() -> None:
    """Each of checkov's processes loads it, most of them for nothing."""
    names = loaded("print(*sorted(set(sys.modules) - before))").split()
    assert {name for name in names if name.startswith("posturio_iac")} == {
        "posturio_iac",
        "posturio_iac.adapters",
        "posturio_iac.adapters.checkov",
        "posturio_iac.adapters.checkov.checks",
        "posturio_iac.core",
        "posturio_iac.core.host_ids",
        "posturio_iac.core.keys",  # the types of resources that a check is asked about
        "posturio_iac.core.text",  # and patterns, which nothing compiles
    }


TOLD = """\
import threading
from checkov.terraform.checks.resource.registry import resource_registry
check = resource_registry.get_check_by_id("CKV_POSTURIO_2")
title = check.name
check.name = "of this thread"
other = threading.Thread(target=lambda: print(check.name == title))
other.start()
other.join()
print(check.name)
"""


def test_what_a_check_says_in_one_thread_is_not_shown_by_another() -> None:
    assert loaded(TOLD).splitlines()[-2:] == ["True", "of this thread"]


BROKEN = {
    "template": {"stack.yaml": TEMPLATE + "  Broken: {Type: [}\n"},
    "code": {"bad.tf": 'resource "aws_iam_access_key" {{{\n'},
    "plan": {"plan.json": PLAN.read_text(encoding="utf-8")[:2000]},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_does_not_hide_the_others(broken: dict[str, str], tmp_path: Path) -> None:
    assert failed(report(write(tmp_path, {"main.tf": KEY, **broken}))) >= BOTH


# What goes wrong with us is a failed check, never exit code 0


CRASH = """\
import posturio_iac.{module} as crashing

def crash(*_arguments, **_named):
    raise RuntimeError("boom")

crashing.{function} = crash
"""


CRASHES = [("adapters.checkov.answers", "answer"), ("adapters.checkov.entity", "entity_of")]
CRASHES += [("frontends.terraform.reader", name) for name in ("read", "keys_of")]


@pytest.mark.parametrize(("module", "function"), CRASHES)
def test_a_crash_of_our_code_fails_the_checks(module: str, function: str, terraform: Path) -> None:
    done = checkov(terraform, *CODE, "--output", "json", first=_late(CRASH.format(module=module, function=function)))
    assert done.returncode == 1
    found = [one for one in records(done) if one.resource == "aws_iam_access_key.ci"]
    assert {one.check for one in found if one.result == "failed"} == set(RULES)
    (name,) = {one.name for one in found}
    said = r"posturio-iac stopped on an internal error \(.*RuntimeError: boom\).* and did not check ci; please report it\."
    assert re.fullmatch(said, name)


def test_a_rule_that_crashes_fails_its_check_alone(terraform: Path) -> None:
    code = """\
from posturio_iac.rules import Registered, _registry, all_rules

def crash(key, context):
    raise RuntimeError("boom")

old = all_rules()["iam.expired_access_keys"]
_registry["iam.expired_access_keys"] = Registered(old.rule, crash, old.page)
"""
    found = [one for one in report(terraform, first=code) if one.result == "failed"]
    assert {one.check for one in found} == {MISSING, OWNERLESS, CHECKOV["iam.expired_access_keys"]}
    said = "iam.expired_access_keys crashed on aws_iam_access_key.ci and checked nothing; please report it."
    assert said in {one.name for one in found}


def test_a_package_that_cannot_be_loaded_fails_every_key(terraform: Path, tmp_path: Path) -> None:
    write(tmp_path, {"posturio_iac/__init__.py": "raise RuntimeError('half an installation')\n"})
    done = checkov(terraform, "-d", ".", "--output", "json", first=f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
    assert done.returncode == 1
    (only,) = records(done)
    why = "the rules of posturio-iac cannot be loaded: RuntimeError: half an installation"
    assert only.name == f"Access keys that were not checked, because {why}"


def _late(code: str) -> str:
    """Return code that runs when our checks are loaded, however early it is read."""
    body = "".join(f"            {line}\n" for line in code.splitlines())
    return f"""\
import builtins
_import, _state = builtins.__import__, []

def _hooked(name, *rest, **named):
    module = _import(name, *rest, **named)
    if name == "posturio_iac.adapters.checkov.checks" and not _state:
        _state.append(1)
{body.replace("            ", "        ")}
    return module

builtins.__import__ = _hooked
"""


# Where the pack comes from


def test_the_pack_of_a_clone(tmp_path: Path) -> None:
    """Checkov fetches the whole repository, with all that is in it, and says nothing about what is not for it."""
    release = checkout(tmp_path / "release", everything=True)
    folder = write(tmp_path / "code", files := {"main.tf": KEY, "stack.yaml": TEMPLATE})
    fetched = ("--external-checks-git", f"file://{release.path}", "--skip-path", "_checks/", "--framework", "terraform", "cloudformation")
    for place, at in ((folder, "."), (tmp_path, "code")):  # from the folder itself, in which checkov makes its clone, and from elsewhere
        done = checkov(place, "-d", at, "-o", "json", *fetched, pack=None)
        assert done.returncode == 1
        assert "ERROR" not in done.stderr
        assert "posturio-iac" not in done.stderr
        found = {(one.check, one.file) for one in records(done) if one.result == "failed"}
        assert found == {(check, file) for check in (MISSING, OWNERLESS) for file in files}


def test_no_module_of_ours_hides_one_of_checkovs_libraries() -> None:
    """A cloned repository is on Python's path, folder by folder, before the libraries of checkov."""
    from importlib.metadata import packages_distributions  # noqa: PLC0415 - slow, and only here

    package = ROOT / "posturio_iac"
    ours = {path.stem for path in package.rglob("*.py")} | {path.name for path in package.iterdir() if path.is_dir()}
    assert ours & (packages_distributions().keys() - {"posturio_iac"}) <= {"rules"}


def test_suppressions_of_ours_hold(tmp_path: Path) -> None:
    ignored = '# posturio:ignore[iam.access_keys_without_lifetime] until=2027-03-01 reason="moves to roles"\nresource "aws_iam_access_key"'
    configured = '[[suppressions]]\nrule = "iam.ownerless_access_keys"\naddress = "*"\nreason = "one team"\nuntil = 2099-01-01\n'
    write(tmp_path, {"main.tf": KEY.replace('resource "aws_iam_access_key"', ignored), "posturio-iac.toml": configured})
    found = report(tmp_path)
    assert failed(found) == set()
    assert {one.check: one.reason for one in found if one.result == "skipped"} == {MISSING: "moves to roles", OWNERLESS: "one team"}
    assert checkov(tmp_path, *CODE).returncode == 0


def test_a_mistake_in_the_configuration_fails_the_checks(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": KEY, "posturio-iac.toml": "max_lifetime = 3\n"})
    done = checkov(tmp_path, "-d", ".", "--output", "json")
    assert done.returncode == 1
    (name,) = {one.name for one in records(done)}
    assert name.startswith("No access key was checked here: ")
    assert "max_lifetime" in name


def test_nothing_is_said_about_a_repository_without_keys(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "plain")
    repository.write("main.tf", 'module "user" {\n  source = "./user"\n}\n')
    repository.write("user/main.tf", 'resource "aws_iam_user" "u" {\n  name = "u"\n}\n')
    done = checkov(repository.path, "-d", ".", "--compact", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
