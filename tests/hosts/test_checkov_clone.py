"""Our checks in a checkov that has neither us nor our parsers: from a clone, by what checkov itself read."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from posturio_iac.core.host_ids import CHECKOV
from tests.support.fixture_tools import cases
from tests.support.hosts.checkov_running import KEY, MISSING, OWNERLESS, ROOT, TEMPLATE, Record, checkov, failed, records, report, write
from tests.support.hosts.hosting import checkout

MISSING_PARSER = "is not installed with checkov, so in Terraform only tags, comments, status and owner are checked"
GRAPHS = [{}, {"CHECKOV_GRAPH_FRAMEWORK": "NETWORKX"}, {"TF_SPLIT_GRAPH": "true"}]
_GOLDEN = re.compile(r"^iam\.(\S+) \w+ (.+)$", re.MULTILINE)
_INDEX = re.compile(r"\[[^\]]*\]")

Found = tuple[str, str, str]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs in a place that no repository is around, without those that mean something else in a larger tree."""
    made = Path(shutil.copytree(ROOT / "fixtures", tmp_path_factory.mktemp("tree") / "fixtures"))
    for case in cases():
        if not case.stands_alone:
            shutil.rmtree(made / str(case))
    return made


@pytest.fixture(scope="module")
def plain(tree: Path) -> list[Record]:
    return report(tree)


@pytest.fixture(scope="module", params=[pytest.param(graph, marks=pytest.mark.xdist_group(str(graph))) for graph in GRAPHS], ids=str)
def seen(request: pytest.FixtureRequest, tree: Path, plain: list[Record], tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What is said of all programs, and with a graph of another form of each sixth."""
    if not request.param:
        return plain
    some = tmp_path_factory.mktemp("some")
    for case in filter(lambda case: case.stands_alone, cases()[::6]):
        shutil.copytree(tree / str(case), some / str(case))
    return report(some, **request.param)


def golden(tree: Path) -> set[Found]:
    """Return what our own scan, with its parsers, is known to find in the programs of the rules."""
    return {
        (f"{file.parent.name}/{file.stem}", CHECKOV[f"iam.{rule}"], _INDEX.sub("", address))
        for file in tree.glob("*/*.out")
        if file.parent.name != "plan"
        for rule, address in _GOLDEN.findall(file.read_text(encoding="utf-8"))
    }


def found(seen: list[Record], result: str) -> set[Found]:
    """Return what is said of Terraform's code; templates and plans need none of our parsers."""
    of_code = (one for one in seen if not one.file.startswith(("cloudformation/", "plan/")) and "_template/" not in one.file)
    of_rules = [one for one in of_code if one.result == result]
    return {("/".join(one.file.split("/")[:2]), one.check, _INDEX.sub("", one.resource)) for one in of_rules}


def test_the_parsers_are_not_here() -> None:
    assert find_spec("tree_sitter") is None, "this file is for the session that installs checkov alone"


def test_nothing_is_found_that_our_scan_would_not_find(tree: Path, seen: list[Record]) -> None:
    """The clock tells checkov what ``timestamp()`` is, and moves away from the day of the golden files: such a life differs in length."""
    code = {file: file.read_text(encoding="utf-8", errors="replace") for file in tree.rglob("*.tf")}
    moving = {"/".join(file.relative_to(tree).parts[:2]) for file, text in code.items() if "timestamp()" in text}
    overlong = {(case, CHECKOV["iam.overlong_access_key_lifetimes"]) for case in moving}
    assert moving
    assert {one for one in found(seen, "failed") - golden(tree) if one[:2] not in overlong} == set()


def test_nothing_passes_since_checkov_read_less_than_there_is(seen: list[Record]) -> None:
    assert found(seen, "passed") == set()


@pytest.mark.xdist_group(str(GRAPHS[0]))
def test_what_the_graph_shows_is_found(plain: list[Record]) -> None:
    """The simplest program of each rule that checkov's graph suffices for."""
    failing = found(plain, "failed")
    sufficient = {
        *("access_keys_without_lifetime/flagged", "access_keys_without_lifetime/flagged_crlf", "expired_access_keys/flagged"),
        *("lingering_inactive_access_keys/flagged", "ownerless_access_keys/flagged", "unreadable_access_key_lifetimes/flagged"),
        "unreadable_access_key_lifetimes/flagged_comment",
    }
    known = {(case, check) for case, check, _ in failing}
    assert {case for case in sufficient if (case, CHECKOV[f"iam.{case.partition('/')[0]}"]) not in known} == set()
    assert len(failing) > 40


def test_templates_and_plans_need_none_of_our_parsers(tree: Path) -> None:
    done = checkov(tree / "plan/modules", "-d", ".", "--framework", "terraform_plan", "-o", "json")
    assert (CHECKOV["iam.expired_access_keys"], "aws_iam_access_key.old") in failed(records(done))
    assert MISSING_PARSER not in done.stderr
    done = checkov(tree / "cloudformation/plain", "-d", ".", "--framework", "cloudformation", "-o", "json")
    assert failed(records(done))
    assert MISSING_PARSER not in done.stderr


def test_what_is_missing_is_said_once(tmp_path: Path) -> None:
    done = checkov(write(tmp_path, {"main.tf": KEY, "more.tf": KEY.replace('"ci"', '"b"').replace(".ci.", ".b.")}), "-d", ".", "-o", "json")
    assert done.stderr.count(MISSING_PARSER) == 1
    assert "install posturio-iac into checkov's environment" in done.stderr
    assert len(failed(records(done))) == 4


def test_threads_share_one_loading_and_one_scan(tmp_path: Path) -> None:
    """Where checkov cannot fork, as on macOS and Windows, its kinds of code load the pack and ask it at the same time."""
    files = {"main.tf": KEY, "stack.yaml": TEMPLATE}
    done = checkov(write(tmp_path, files), "-d", ".", "-o", "json", CHECKOV_PARALLELIZATION_TYPE="thread")
    assert failed(records(done)) == {(check, name) for check in (MISSING, OWNERLESS) for name in ("aws_iam_access_key.ci", "Key")}
    assert done.stderr.count(MISSING_PARSER) == 1


def test_comments_of_ours_count(tmp_path: Path) -> None:
    above = '# posturio: expires=2027-01-31 owner=payments@example.com\nresource "aws_iam_access_key"'
    assert failed(report(write(tmp_path, {"main.tf": KEY.replace('resource "aws_iam_access_key"', above)}))) == set()


def test_the_repository_itself_as_policies(tmp_path: Path) -> None:
    release = checkout(tmp_path / "release", everything=True)
    write(tmp_path / "code", files := {"main.tf": KEY, "stack.yaml": TEMPLATE})
    arguments = ("--framework", "terraform", "cloudformation", "-o", "json", "--external-checks-git", f"file://{release.path}")
    done = checkov(tmp_path, "-d", "code", *arguments, pack=None)
    assert (done.returncode, "ERROR" in done.stderr) == (1, False), done.stderr
    found = {(one.check, one.file) for one in records(done) if one.result == "failed"}
    assert found == {(check, file) for check in (MISSING, OWNERLESS) for file in files}
