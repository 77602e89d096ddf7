"""``baseline --live``: what live found is accepted by name, and only that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posturio_iac.cli import main
from tests.support.command_line import ends
from tests.support.live.cloud import Capsys, Cloud, live


@pytest.fixture
def result(cloud: Cloud, capsys: Capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The result of an account with one finding, in the current folder; its ids are shown, as nobody should keep them."""
    monkeypatch.chdir(tmp_path)
    cloud.key("ci", age=70, used=60)
    assert live(capsys, "--show-key-ids", "--output", "keys.json").code == 1
    return tmp_path / "keys.json"


def baseline(capsys: Capsys, *argv: str) -> tuple[int, str]:
    code = main(["baseline", "--no-config", "--live", "keys.json", *ends(argv)])
    out, err = capsys.readouterr()
    return code, out + err


def test_known_findings_of_live_no_longer_fail_and_new_ones_do(result: Path, cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    code, said = baseline(capsys, "--reason", "before the project", "--until", "2027-06-30")
    assert (code, said) == (0, "wrote posturio-iac-baseline.json: 1 entry, 1 new\n")
    text = (tmp_path / "posturio-iac-baseline.json").read_text(encoding="utf-8")
    (entry,) = json.loads(text)["findings"]
    assert (entry["reason"], entry["owner"], entry["until"], cloud.keys[0] in text) == (
        "before the project",
        "payments@example.com",
        "2027-06-30",
        False,
    )
    assert entry["fingerprint"] == json.loads(result.read_bytes())["findings"][0]["fingerprint"]
    argv = ("--baseline", "posturio-iac-baseline.json")
    known = live(capsys, *argv)
    assert (known.code, known.json["findings"][0]["suppressed"]["source"]) == (0, "baseline")
    cloud.key("new", age=70, used=60)
    assert live(capsys, *argv).code == 1
    assert baseline(capsys) == (0, "nothing to change in posturio-iac-baseline.json: 1 entry\n")


def test_what_is_gone_is_pruned_by_a_live_result_and_not_by_a_scan(result: Path, cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    baseline(capsys)
    path = tmp_path / "posturio-iac-baseline.json"
    before = path.read_text(encoding="utf-8")
    (tmp_path / "main.tf").write_text("", encoding="utf-8")
    assert main(["baseline", "--no-config", "--prune"]) == 0
    assert main(["scan", "--no-config", "--baseline", str(path), "--fail-on-stale"]) == 0
    capsys.readouterr()
    assert path.read_text(encoding="utf-8") == before
    document = json.loads(result.read_bytes())
    for account, errors, left in (
        ("999999999999", (), 1),
        (cloud.account, ({"level": "error", "message": "x"},), 1),
        (cloud.account, (), 0),
    ):
        told = document | {"findings": [], "scope": {"kind": "aws", "accounts": [account]}, "diagnostics": errors}
        result.write_text(json.dumps(told), encoding="utf-8")
        code, _ = baseline(capsys, "--prune")
        assert (code, len(json.loads(path.read_bytes())["findings"])) == (3 if errors else 0, left)


@pytest.mark.parametrize(
    ("text", "why"), [("{}", "not a posturio-iac result"), (None, "is the result of a scan"), ("[", "is not valid JSON")]
)
@pytest.mark.usefixtures("result")
def test_anything_else_is_refused(capsys: Capsys, tmp_path: Path, text: str | None, why: str) -> None:
    if text is None:
        (tmp_path / "main.tf").write_text("", encoding="utf-8")
        main(["scan", "--no-config", "--format", "json", "main.tf"])
        text = capsys.readouterr().out
    (tmp_path / "keys.json").write_text(text, encoding="utf-8")
    code, said = baseline(capsys)
    assert (code, why in said) == (2, True)
