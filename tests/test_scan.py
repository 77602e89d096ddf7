"""The library's entry: paths and a time in, a report out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from posturio_iac import scan
from posturio_iac.config import Config
from posturio_iac.core.finding import Exit, Severity, Verdict
from posturio_iac.errors import UsageError
from posturio_iac.frontends.terraform.modules.tree import ModuleTree
from posturio_iac.scan.configuration import configuration_near
from tests.support.command_line import Capture, Patch

ROOT = Path(__file__).parents[1]
AS_OF = datetime(2026, 11, 24, tzinfo=timezone.utc)
KEY = 'resource "aws_iam_access_key" "k" {\n  user = "joe"\n}\n'


def test_paths_are_judged_in_silence_and_without_a_clock(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    monkeypatch.setattr("posturio_iac.core.times.now", lambda: pytest.fail("the clock was read"))
    report = scan.judge_paths(["main.tf"], as_of=AS_OF, cwd=str(tmp_path))
    assert [(judged.key.address, judged.verdict) for judged in report.keys] == [("aws_iam_access_key.k", Verdict.FLAGGED)]
    assert report.exit_code(Severity.MEDIUM) is Exit.FINDINGS
    assert capsys.readouterr() == ("", "")


def test_the_configuration_is_that_which_is_given(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    (tmp_path / "posturio-iac.toml").write_text('ignore = ["iam.ownerless_access_keys"]\n', encoding="utf-8")
    default = scan.judge_paths(["."], as_of=AS_OF, cwd=str(tmp_path))
    own = scan.judge_paths(["."], as_of=AS_OF, cwd=str(tmp_path), config=configuration_near(str(tmp_path)))
    assert {finding.rule.id for finding in default.findings} - {finding.rule.id for finding in own.findings} == {
        "iam.ownerless_access_keys"
    }
    assert scan.judge_paths(["."], as_of=AS_OF, cwd=str(tmp_path), config=Config()).findings == default.findings


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^gone: no such file or directory$"):
        scan.judge_paths(["gone"], as_of=AS_OF, cwd=str(tmp_path))


def test_the_program_on_its_page_runs(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/python-api.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples/main.tf").write_text(KEY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "docs/python-api.md", "exec"), {})  # noqa: S102 - the page's own program is what is tested
    assert capsys.readouterr().out.splitlines() == [
        "medium iam.access_keys_without_lifetime aws_iam_access_key.k",
        "low iam.ownerless_access_keys aws_iam_access_key.k",
    ]


TEMPLATE = "Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: joe\n"


@pytest.mark.parametrize(
    ("module", "library", "rest"),
    [
        ("tree_sitter", "tree-sitter", "cloudformation"),
        ("tree_sitter_hcl", "tree-sitter-hcl", "cloudformation"),
        ("yaml", "PyYAML", "terraform"),
    ],
)
def test_a_library_that_is_missing_is_named_and_the_rest_is_read(module: str, library: str, rest: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY + 'output "text" {\n  value = "%{ if true }%{ endif }"\n}\n', encoding="utf-8")
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    program = f"import sys\nsys.modules[{module!r}] = None\nfrom posturio_iac.cli import main\nsys.exit(main())\n"
    command = [sys.executable, "-c", program, "scan", "--no-config", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert [key["framework"] for key in json.loads(done.stdout)["keys"]] == [rest]
    (said,) = done.stderr.splitlines()
    assert said.endswith(f"no key in them was checked. Run: pip install {library}")
    assert f"cannot be read, because {library} is not installed or does not work on this machine and Python" in said


def test_a_root_module_that_we_fail_on_is_tried_once(tmp_path: Path, monkeypatch: Patch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    monkeypatch.setattr(ModuleTree, "root_module", fail)
    report = scan.judge_paths(["main.tf"], as_of=AS_OF, cwd=str(tmp_path))
    (said,) = report.diagnostics
    assert "(RuntimeError: boom); its keys were not checked" in said.message
    assert report.exit_code(Severity.MEDIUM) is Exit.INCOMPLETE
