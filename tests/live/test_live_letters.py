"""Letters to owners: everything that they need, for nobody else's eyes, and written into the ledger."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from tests.support.live.cloud import Cloud, live

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    Capsys = pytest.CaptureFixture[str]


def test_each_owner_gets_the_keys_the_dates_and_commands_that_can_be_run(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci", owner="payments@example.com")
    mine = cloud.key("ci", age=80, used=60)
    cloud.user("b", owner="=cmd|' /C calc'![x](http://evil)\n# head")
    cloud.key("b", age=80, used=60)
    folder, ledger = tmp_path / "letters", tmp_path / "ledger.jsonl"
    answer = live(capsys, "--letters", str(folder), "--ledger", str(ledger))
    assert (answer.code, mine in answer.out) == (1, False)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (letter,) = folder.glob("payments-example-com-*.md")
    text = letter.read_text(encoding="utf-8")
    assert text.startswith("# 1 access key of payments@<!-- -->example.com: answer by 2026-12-08\n")
    assert f"aws iam update-access-key --user-name ci --access-key-id {mine} --status Inactive" in text
    assert "- From 2026-12-22 on:" in text
    assert "****" not in text
    (odd,) = (path for path in folder.glob("*.md") if path != letter)
    assert "\n# head" not in odd.read_text(encoding="utf-8")
    with next(folder.glob("payments*.csv")).open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["user"], row["key_id"], row["action"], row["answer_by"]) == ("ci", mine, "disable", "2026-12-08")
    asked = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines() if '"asked"' in line]
    assert {(line["owner"], line["how"], line["answer_by"]) for line in asked} >= {
        ("payments@example.com", "letter", "2026-12-08T12:00:00Z")
    }
    assert live(capsys, "--letters", str(folder)).code == 2


def test_a_file_names_owners_that_tags_do_not(cloud: Cloud, capsys: Capsys, tmp_path: Path) -> None:
    cloud.user("ci")
    cloud.key("ci", age=20, used=1)
    path = tmp_path / "owners.csv"
    path.write_text("\ufeffusers,owner\nci*,platform@example.com\n", encoding="utf-8")
    assert live(capsys).json["keys"][0]["owner"] is None
    assert live(capsys, "--owners-file", str(path)).json["keys"][0]["owner"] == "platform@example.com"
    for text in ("users,owner\nci,\n", "name\nci\n", "\xff"):
        path.write_bytes(text.encode("latin-1"))
        answer = live(capsys, "--owners-file", str(path))
        assert (answer.code, answer.err.count("\n")) == (2, 1)
