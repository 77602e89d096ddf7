"""Generated documents say what the code says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from posturio_iac.config.load import load
from posturio_iac.core.finding import Exit

ROOT = Path(__file__).parent.parent
GENERATE: dict[str, Any] = runpy.run_path(str(ROOT / "docs/generate.py"))


def test_generated_documents_are_up_to_date() -> None:
    assert [str(path) for path in GENERATE["drift"]()] == [], "run: python docs/generate.py"


def test_the_picture_of_a_terminal_is_a_picture_of_a_finding() -> None:
    picture = ET.fromstring((ROOT / "docs/images/finding.svg").read_text(encoding="utf-8"))  # noqa: S314 - a file of ours
    rows = ["".join(text.itertext()).replace("\u00a0", " ") for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert rows[0] == "$ posturio-iac scan examples/inert-rotation"
    assert any("iam.inert_access_key_rotation" in row for row in rows)
    assert any(row.startswith("    fix: ") for row in rows)


def test_drift_names_what_is_missing_stale_and_different(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("<!-- generated: low checks -->\nold\n<!-- /generated -->\nend\n", encoding="utf-8")
    (tmp_path / "docs/rules").mkdir(parents=True)
    (tmp_path / "docs/fix.md").write_text("fix\n", encoding="utf-8")
    (tmp_path / "docs/security.md").write_text("promises\n", encoding="utf-8")
    (tmp_path / "docs/checkov.md").write_text("<!-- generated: low checks -->\n<!-- /generated -->\n", encoding="utf-8")
    (tmp_path / "posturio_iac/core").mkdir(parents=True)
    (tmp_path / "docs/rules/iam.gone.md").write_text("old", encoding="utf-8")
    (tmp_path / "posturio_iac/frontends/terraform").mkdir(parents=True)
    monkeypatch.setitem(GENERATE["main"].__globals__, "ROOT", tmp_path)
    named = {str(path) for path in GENERATE["drift"]()}
    assert {"README.md", "docs/configuration.md", "docs/rules/README.md", "docs/rules/iam.gone.md"} <= named
    assert GENERATE["main"](["--check"]) == 1
    assert (tmp_path / "docs/rules/iam.gone.md").exists()
    assert GENERATE["main"]([]) == 0
    assert GENERATE["main"](["--check"]) == 0
    assert not (tmp_path / "docs/rules/iam.gone.md").exists()
    assert (tmp_path / "README.md").read_text(encoding="utf-8").startswith("<!-- generated: low checks -->\n```text\n--soft-fail-on CKV")


def test_a_block_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no generated block called nothing"):
        GENERATE["block"]("nothing", {})


def test_the_example_in_the_reference_is_a_valid_file(tmp_path: Path) -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "posturio-iac.toml").write_text(example, encoding="utf-8")
    config = load(str(tmp_path / "posturio-iac.toml"))
    assert (len(config.overrides), len(config.suppressions)) == (2, 1)


def test_the_page_of_exit_codes_has_each_of_them() -> None:
    text = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == [code.value for code in Exit]
