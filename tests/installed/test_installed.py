"""The wheel, tested in a folder from which the source cannot be seen; the nox session `wheel` copies this file there."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import posturio_iac

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / "fixtures"
SCRIPT = str(Path(sysconfig.get_path("scripts")) / "posturio-iac")
PACKAGE = Path(posturio_iac.__file__).parent
KEY = """\
resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}
"""


def run(*argv: str, cwd: Path = HERE) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *argv], cwd=cwd, capture_output=True, text=True, check=False)


def test_package_comes_from_the_environment() -> None:
    assert PACKAGE.parent == Path(sysconfig.get_path("purelib"))


def test_script_and_metadata_and_module_agree_on_the_version() -> None:
    assert run("--version").stdout == f"posturio-iac {importlib.metadata.version('posturio-iac')}\n"
    assert importlib.metadata.version("posturio-iac") == posturio_iac.__version__


def test_module_runs_like_the_script() -> None:
    done = subprocess.run([sys.executable, "-m", "posturio_iac", "--version"], cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout


def test_base_requirements_are_the_parsers_alone() -> None:
    requires = importlib.metadata.requires("posturio-iac") or []
    base = {r.split(";")[0].split(">")[0].strip().lower() for r in requires if "extra ==" not in r}
    assert base == {"tree-sitter", "tree-sitter-hcl", "pyyaml", "tomli"}


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "frontends/terraform/known_modules/known_modules.toml",
        "render/report/page/report.html",
        "_policies/README.md",
        "_policies/cfn_lint/posturio.py",
        "_policies/guard_rails/access-keys.json",
    ],
)
def test_data_is_in_the_package(name: str) -> None:
    assert (PACKAGE / name).is_file()


def test_the_path_of_a_pack_is_inside_the_package() -> None:
    assert run("policies", "cfn-lint").stdout == f"{PACKAGE / '_policies' / 'cfn_lint'}\n"


def test_licence_is_in_the_metadata() -> None:
    files = importlib.metadata.files("posturio-iac") or []
    assert any(f.name == "LICENSE" for f in files)
    assert importlib.metadata.metadata("posturio-iac")["License-Expression"] == "Apache-2.0"


def test_nothing_but_the_package_is_installed() -> None:
    files = importlib.metadata.files("posturio-iac") or []
    tops = {f.parts[0] for f in files if ".." not in f.parts}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"posturio_iac"}


def test_scan_finds_a_key(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    done = run("scan", "--format", "json", str(tmp_path))
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert [k["address"] for k in report["keys"]] == ["aws_iam_access_key.ci"]
    assert "iam.access_keys_without_lifetime" in {f["rule"] for f in report["findings"]}


def test_scan_of_the_fixtures_finds_keys() -> None:
    report = json.loads(run("scan", "--format", "json", "--exit-zero", str(FIXTURES)).stdout)
    assert report["summary"]["flagged"] > 0


def test_explain_works_without_the_source() -> None:
    done = run("explain", "iam.access_keys_without_lifetime")
    assert done.returncode == 0, done.stderr
    assert "iam.access_keys_without_lifetime" in done.stdout
