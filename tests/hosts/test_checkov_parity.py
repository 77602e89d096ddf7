"""The same verdicts from checkov with our pack as from our own scan, on every program in ``fixtures/``."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from posturio_iac.cli import main
from posturio_iac.core.host_ids import CHECKOV
from tests.support.fixture_tools import AS_OF
from tests.support.hosts.checkov_running import (
    DIFFERENT,
    KEY,
    MISSING,
    OWNERLESS,
    ROOT,
    RULES,
    TEMPLATE,
    case_of,
    checkov,
    differences_here,
    failed,
    report,
    scan,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts.checkov_running import Record

Saying = tuple[str, str, str, str]

pytestmark = pytest.mark.xdist_group("checkov-parity")
OPEN = "undetermined: "
"""How the reason of a skip begins that nobody has written."""

PAGE = (ROOT / "docs/checkov.md").read_text(encoding="utf-8")
HERE = differences_here()


def ours(scanned: dict[str, Any]) -> set[Saying]:
    return {
        (case_of(f["path"]), "skipped" if "suppressed" in f else "failed", CHECKOV[f["rule"]], f["address"]) for f in scanned["findings"]
    }


def theirs(seen: list[Record]) -> set[Saying]:
    decided = [one for one in seen if one.result != "passed" and not one.reason.startswith(OPEN)]
    return {(case_of(one.file), one.result, one.check, one.resource) for one in decided}


def test_every_program_gets_the_same_verdicts(scanned: dict[str, Any], seen: list[Record]) -> None:
    """What only one of both says is in the list of differences, and there is nothing in the list that both say."""
    one, other = ours(scanned), theirs(seen)
    assert len(one & other) > 150
    alone = {(case, resource) for case, _, _, resource in one - other}
    others = {(case, resource) for case, _, _, resource in other - one}
    assert alone == {(row["case"], resource) for row in HERE for resource in row["ours"]}
    assert others == {(row["case"], resource) for row in HERE for resource in row["checkov"]}


@pytest.mark.parametrize("row", [r for r in HERE if r["checkov"]], ids=lambda row: str(row["case"]))
def test_a_key_by_another_name_gets_the_same_verdicts(row: dict[str, Any], scanned: dict[str, Any], seen: list[Record]) -> None:
    def verdicts(sayings: set[Saying], resources: list[str]) -> set[tuple[str, str]]:
        return {(result, check) for case, result, check, resource in sayings if case == row["case"] and resource in resources}

    both = verdicts(ours(scanned), row["ours"])
    assert both == verdicts(theirs(seen), row["checkov"])
    assert both


def test_no_check_that_passes_is_a_finding_of_ours(scanned: dict[str, Any], seen: list[Record]) -> None:
    found = {(f["path"], CHECKOV[f["rule"]], f["address"]) for f in scanned["findings"]}
    assert [one for one in seen if one.result == "passed" and (one.file, one.check, one.resource) in found] == []


def test_every_check_fails_somewhere(seen: list[Record], tmp_path: Path) -> None:
    """One only in a repository whose configuration forbids keys."""
    forbidding = shutil.copytree(ROOT / "fixtures/forbidden_access_keys/flagged", tmp_path / "forbidding")
    assert {check for check, _ in failed([*seen, *report(forbidding)])} == set(RULES)


# What no adapter can change, and the programs in fixtures/ do not show.


def nested(folder: Path) -> None:
    main_ = "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: child.yaml}\n"
    write(folder, {"main.yaml": main_, "child.yaml": TEMPLATE})
    assert {f["address"] for f in scan(folder)["findings"]} == {"Child/Key"}
    assert failed(report(folder)) == {(MISSING, "Key"), (OWNERLESS, "Key")}


def several_documents(folder: Path) -> None:
    write(folder, {"two.yaml": f"{TEMPLATE}---\n{TEMPLATE.replace('Key:', 'Other:')}"})
    assert {f["address"] for f in scan(folder)["findings"]} == {"Key", "Other"}
    assert report_or_nothing(folder) == []


def low(folder: Path) -> None:
    write(folder, {"main.tf": KEY.replace("resource", "# posturio: rotation=60d\nresource", 2)})
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["scan", "--as-of", AS_OF, str(folder)]) == 0
    assert checkov(folder, "-d", ".").returncode == 1
    assert checkov(folder, "-d", ".", "--soft-fail-on", OWNERLESS).returncode == 0


def ignored(folder: Path) -> None:
    write(folder, {".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "", ".git/refs/x": "", ".gitignore": "*.tf\n", "main.tf": KEY})
    assert scan(folder)["keys"] == []
    assert failed(report(folder)) == {(MISSING, "aws_iam_access_key.ci"), (OWNERLESS, "aws_iam_access_key.ci")}


def shared(folder: Path) -> None:
    call = 'module "ci" {\n  source = "../module"\n}\n'
    write(folder, {"module/main.tf": KEY, "dev/main.tf": call, "prod/main.tf": call})
    address = "module.ci.aws_iam_access_key.ci"
    found = [(f["root"], f["address"]) for f in scan(folder)["findings"] if CHECKOV[f["rule"]] == MISSING]
    assert sorted(found) == [("dev", address), ("prod", address)]
    assert [(one.file, one.resource) for one in report(folder) if one.check == MISSING] == [("module/main.tf", address)]


def repeated(folder: Path) -> None:
    parameter = 'resource "aws_ssm_parameter" "%s" {\n  type  = "String"\n  value = aws_iam_access_key.ci.secret\n}\n'
    write(folder, {"main.tf": KEY + parameter % "one" + parameter % "two"})
    exposed = CHECKOV["iam.exposed_access_key_secrets"]
    assert [CHECKOV[f["rule"]] for f in scan(folder)["findings"]].count(exposed) == 2
    (one,) = [one for one in report(folder) if one.check == exposed]
    assert "one" in one.name


def report_or_nothing(folder: Path) -> list[Record]:
    """Return what checkov reports where it may read nothing at all, in which case it prints no list of records."""
    done = checkov(folder, "-d", ".", "--framework", "cloudformation", "--output", "json")
    assert "Traceback" not in done.stderr
    return [] if '"results"' not in done.stdout else report(folder)


DIFFERENCES: dict[str, Callable[[Path], None]] = {
    "a key of a nested stack": nested,
    "a stream of several documents": several_documents,
    "LOW findings": low,
    "files that git ignores": ignored,
    "a module that several root modules call": shared,
    "several findings of one rule about one key": repeated,
}


@pytest.mark.parametrize("name", list(DIFFERENCES))
def test_a_difference_is_as_the_table_says(name: str, tmp_path: Path) -> None:
    DIFFERENCES[name](tmp_path)


def test_the_table_names_every_difference_and_no_other() -> None:
    table = PAGE.partition("## Where both differ\n")[2].partition("\n## ")[0]
    names = re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)[2:]
    assert sorted(names) == sorted({row["kind"] for row in DIFFERENT} | DIFFERENCES.keys())
