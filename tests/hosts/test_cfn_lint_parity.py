"""The same verdicts from cfn-lint with our pack as from our own scan, on every template that this repository has."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from posturio_iac.core.host_ids import CFN_LINT
from tests.rules.test_pages import cloudformation, states
from tests.support.fixture_tools import forms
from tests.support.hosts.cfn_linting import (
    ENDINGS,
    INCOMPLETE,
    KEY,
    MISSING,
    OWNERLESS,
    REFUSED,
    REMARKS,
    ROOT,
    UNDETERMINED,
    apart,
    lint,
    reported,
    scanned,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.command_line import Capture, Patch
    from tests.support.hosts.cfn_linting import Match, Verdict

    Case = Callable[[Path, Capture], None]

pytestmark = pytest.mark.xdist_group("cfn-lint-parity")

PAGE = (ROOT / "docs/cfn-lint.md").read_text(encoding="utf-8")

NESTED = {
    "main.yaml": """\
Parameters:
  Secret: {Type: String, NoEcho: true}
Resources:
  First:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: keys/keys.yaml}
  Second:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: keys/keys.yaml}
  Own:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: somebody}
Outputs:
  Shown: {Value: !GetAtt First.Outputs.Secret}
""",
    "keys/keys.yaml": KEY + "Outputs:\n  Secret: {Value: !GetAtt Key.SecretAccessKey}\n",
}
"""A stack that nests another one twice, and has a key of its own."""
SOON = f"{datetime.now(timezone.utc) + timedelta(days=7):%Y-%m-%d}"
BROKEN = {
    "expired": "Metadata: {Posturio: {Expires: 2020-01-01}}",
    "overdue": "Metadata: {Posturio: {RotatedOn: 2020-01-01}}",
    "overlong": "Metadata: {Posturio: {Expires: 2099-01-01}}",
    "unreadable": "Metadata: {Posturio: {Expires: soon}}",
    "expiring": f"Metadata: {{Posturio: {{Expires: {SOON}}}}}",
    "lingering": "Properties: {UserName: somebody, Status: Inactive}",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each form of template, program of a rule and example of its page; the configuration forbids all keys."""
    top = tmp_path_factory.mktemp("tree")
    write(top / "posturio-iac.toml", "[forbidden]\n")
    for form in forms():
        shutil.copytree(form.folder, top / form.name)
    for folder in sorted((ROOT / "fixtures").glob("*/*_template")):
        shutil.copytree(folder, top / f"{folder.parent.name}-{folder.name}")
    for rule in CFN_LINT:
        for flagged, parts in states(rule, "CloudFormation"):
            write(top / f"{rule}-{'flagged' if flagged else 'mended'}" / "template.yaml", cloudformation(parts))
    for name, text in NESTED.items():
        write(top / "twice" / name, text)
    for name, line in BROKEN.items():
        write(top / name / "template.yaml", f"Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    {line}\n")
    return top


@pytest.fixture(scope="module")
def matches(tree: Path) -> list[Match]:
    return reported(tree, *(p.relative_to(tree).as_posix() for p in sorted(tree.rglob("*")) if p.suffix in ENDINGS))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def judged(tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> set[Verdict]:
    monkeypatch.chdir(tree)
    return {verdict for folder in sorted(tree.iterdir()) if folder.is_dir() for verdict in scanned(capsys, folder.name)}


def test_every_template_gets_the_same_verdicts(tree: Path, matches: list[Match], monkeypatch: Patch, capsys: Capture) -> None:
    refused = {f"{folder}/{name}" for folder, name in REFUSED.items()}
    verdicts = {v for v in judged(tree, monkeypatch, capsys) if v.file not in refused}
    assert len(verdicts) > 40
    assert apart([m for m in matches if m.file not in refused and m.id != REMARKS], verdicts) == ([], [])
    assert {(m.file, m.id) for m in matches if m.file in refused} == {(name, "E0000") for name in refused}


def test_every_id_of_the_pack_is_seen_in_cfn_lint(matches: list[Match]) -> None:
    assert {m.id for m in matches} >= {*CFN_LINT.values(), UNDETERMINED}


def test_a_match_belongs_to_the_resource_of_its_key(tree: Path, matches: list[Match]) -> None:
    logical = {(m.file, m.line): m.path for m in matches if m.id == MISSING}
    assert {
        place: path for place, path in logical.items() if place[0].startswith(("foreach", "stackset", "twice", "cdk", "serverless"))
    } == {
        ("cdk/cdk.out/Shop.template.json", 9): "Resources/CiKeyA1B2C3D4",
        ("cdk/cdk.out/Shop.template.json", 20): "Resources/CallE5F6A7B8",
        ("foreach/template.yaml", 13): "Resources/Keywriter",
        ("stackset/template.yaml", 11): "Resources/Everywhere",
        ("twice/keys/keys.yaml", 4): "Resources/Key",
        ("twice/main.yaml", 10): "Resources/Own",
        ("serverless/serverless.yml", 14): "Resources",
    }
    exposed = {m.path for m in matches if m.id == "E9373" and m.file == "exposed/template.yaml"}
    assert exposed == {"Resources/Key"}, "so that the key's own list of ignored checks counts, wherever its secret leaves"
    assert (tree / "exposed").is_dir()


# What no adapter can change: each is a line of the table in docs/cfn-lint.md.


def several_documents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "two.yaml", f"{KEY}---\n{KEY.replace('Key:', 'Other:')}")
    assert [m.id for m in lint(folder, "two.yaml")] == ["E0000"]
    assert {v.address for v in scanned(capsys, "two.yaml")} == {"Key", "Other"}


def repeated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "twice.yaml", KEY + "  Key:\n" + KEY.partition("  Key:\n")[2])
    assert {m.id for m in lint(folder, "twice.yaml")} == {"E0000"}
    assert {v.id for v in scanned(capsys, "twice.yaml")} == {MISSING, OWNERLESS}


def wide(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wide.yaml").write_bytes(KEY.encode("utf-16"))
    assert [m.id for m in lint(folder, "wide.yaml", options=())] == ["E0000"]
    assert {v.id for v in scanned(capsys, "wide.yaml")} == {MISSING, OWNERLESS}


def untransformed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "loop.yaml", f"Transform: AWS::LanguageExtensions\n{KEY}  Fn::ForEach::Bad: [A]\n")
    function = "{Handler: a.b, Runtime: python3.12, CodeUri: ., Events: {E: {Type: Nonsense}}}"
    sam = f"Transform: AWS::Serverless-2016-10-31\n{KEY}  F: {{Type: AWS::Serverless::Function, Properties: {function}}}\n"
    write(folder / "sam.yaml", sam)
    assert [m.id for m in lint(folder, "loop.yaml")] == ["E0001"]
    translates = tuple(map(int, version("cfn-lint").split(".")[:2])) < (1, 54)
    assert {m.id for m in lint(folder, "sam.yaml")} == ({"E0001"} if translates else {MISSING, OWNERLESS})
    assert {(v.id, v.file) for v in scanned(capsys, ".")} == {(i, f) for i in (MISSING, OWNERLESS) for f in ("loop.yaml", "sam.yaml")}


def beside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "Resources:\n  {name}:\n    Type: AWS::IAM::AccessKey\n    Properties: {{UserName: shared}}\n"
    tags = "[{Key: expires, Value: 2027-01-31}, {Key: owner, Value: ops}]"
    user = f"  User:\n    Type: AWS::IAM::User\n    Properties: {{UserName: shared, Tags: {tags}}}\n"
    write(folder / "one.yaml", key.format(name="one"))
    write(folder / "two.yaml", key.format(name="two") + user)
    assert {(v.id, v.address) for v in scanned(capsys, ".")} == {(UNDETERMINED, "one")}
    alone = scanned(capsys, "one.yaml") | scanned(capsys, "two.yaml")
    found = lint(folder, "one.yaml", "two.yaml")
    assert {v.id for v in alone} == {m.id for m in found} == {MISSING, OWNERLESS}
    assert apart(found, alone) == ([], [])


def piped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = KEY.replace("  Key:\n", "  # posturio: rotation=60d\n  Key:\n")
    write(folder / "stack.yaml", text)
    assert {v.id for v in scanned(capsys, "stack.yaml")} == {OWNERLESS}
    found = reported(folder, given=text)
    assert {(m.id, m.line, m.path) for m in found} == {(MISSING, 5, "Resources/Key"), (OWNERLESS, 5, "Resources/Key")}
    assert all(m.message.endswith(" Comments are not visible on standard input.") for m in found)


def parameters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "prod.json", '[{"ParameterKey": "Days", "ParameterValue": "60d"}]')
    user = "AWS::IAM::User\n    Properties: {Tags: [{Key: rotation, Value: !Ref Days}, {Key: owner, Value: a}]}\n"
    declared = "Parameters:\n  Days: {Type: String, Default: none}\n"
    write(folder / "stack.yaml", declared + KEY.replace("AWS::IAM::User\n", user))
    assert scanned(capsys, "stack.yaml", "--parameters", "prod.json") == set()
    assert {v.id for v in scanned(capsys, "stack.yaml")} == {"W9381"}
    assert [m.id for m in lint(folder, "stack.yaml", options=("--parameter-files", "prod.json"))] == ["W9381"]


def prefixes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "stack.yaml", "Metadata: {cfn-lint: {config: {ignore_checks: [W937]}}}\n" + KEY)
    assert {v.id for v in scanned(capsys, "stack.yaml")} == {MISSING, OWNERLESS}
    assert lint(folder, "stack.yaml") == []


DIFFERENCES: dict[str, Case] = {
    "a stream of several documents": several_documents,
    "a key that is repeated": repeated,
    "a file in UTF-16": wide,
    "a transform that fails": untransformed,
    "templates beside this one": beside,
    "standard input": piped,
    "parameter files": parameters,
    "ids that are cut short": prefixes,
}


@pytest.mark.parametrize("name", list(DIFFERENCES))
def test_a_difference_is_as_the_table_says(name: str, tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    DIFFERENCES[name](tmp_path, capsys)


def test_the_table_names_every_difference_and_no_other() -> None:
    table = PAGE.partition("## Where both differ\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)[2:] == list(DIFFERENCES)


def test_nothing_is_incomplete(matches: list[Match]) -> None:
    assert [m for m in matches if m.id in (INCOMPLETE, "E0001", "E0002")] == []
