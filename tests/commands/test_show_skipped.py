"""``--show-skipped`` lists what a scan did not check, each with the reason, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validate

from posturio_iac.render.text.overview import HEADS
from tests.support.command_line import KEY, ROOT, SCHEMA, Capture, Patch, run
from tests.support.repository import Repository

INSTALLED = (("installed", "acme/queue/aws"), ("local.below", "git::https://example.com/below.git"))
FILES = {
    "main.tf": KEY,
    "vendor/a.tf": KEY,
    "build/b.tf": KEY,
    "pictures/a.png": "no code",
    "secret.tf": KEY.replace('"ci"', '"secret"'),
    "big.tf": KEY + "#" * 1000,
    "broken.tf": KEY.replace('"ci"', '"broken"') + "locals {",
    "calls.tf": """\
module "elsewhere" { source = "acme/users/aws" }
module "computed" { source = var.where }
module "installed" { source = "acme/queue/aws" }
module "known" { source = "terraform-aws-modules/iam/aws//modules/iam-user" }
module "local" { source = "./local" }
# module "comment" { source = "acme/comment/aws" }
""",
    "local/main.tf": 'module "below" { source = "git::https://example.com/below.git" }\nmodule "absent" { source = "acme/absent/aws" }\n',
    ".terraform/modules/modules.json": json.dumps(
        {"Modules": [{"Key": key, "Source": source, "Version": "1.0.0", "Dir": ".terraform/modules/x"} for key, source in INSTALLED]}
    ),
    ".terraform/modules/x/main.tf": "",
    "unit/terragrunt.hcl": 'terraform {\n  source = "tfr:///acme/unit/aws?version=1.0.0"\n}\n',
    ".gitignore": "build/\npictures/\nsecret.tf\n",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A folder with something of each kind, which is the current one."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def skipped(capsys: Capture, *more: str) -> dict[str, list[str]]:
    """Return what a scan lists, by its kind."""
    _, out, _ = run(capsys, "scan", "--show-skipped", "--format", "json", *more)
    document: dict[str, Any] = json.loads(out)
    validate(document, SCHEMA)
    found: dict[str, list[str]] = {}
    for place in document["skipped"]:
        found.setdefault(place["kind"], []).append(place["path"] + (f" {place['text']}" if place["kind"] == "module" else ""))
    return found


MODULES = [
    "calls.tf module.computed: a source that the code does not fix",
    "calls.tf module.elsewhere: acme/users/aws",
    "local/main.tf module.absent: acme/absent/aws",
    "unit/terragrunt.hcl terraform: tfr:///acme/unit/aws?version=1.0.0",
]


def test_in_a_folder_without_git(tree: Path, capsys: Capture) -> None:
    assert tree.is_dir()
    assert skipped(capsys, "--exclude", "vendor/", "--max-file-size", "1000") == {
        "cache": [".terraform/"],
        "excluded": ["vendor/"],
        "module": MODULES,
        "unread": ["big.tf", "broken.tf"],
    }


def test_in_a_repository_git_tells_what_it_ignores(tree: Path, capsys: Capture) -> None:
    made = Repository(tree)
    Repository(tree / "other").git("commit", "-q", "--allow-empty", "-m", "one")
    made.git("add", ".gitignore", "main.tf")
    made.git("update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,sub")
    found = skipped(capsys, "--exclude", "vendor/", "--max-file-size", "1000")
    assert found == {
        "excluded": ["vendor/a.tf"],
        "ignored": ["build/", "secret.tf"],
        "module": MODULES,
        "repository": ["other/"],
        "submodule": ["sub/"],
        "unread": ["big.tf", "broken.tf"],
    }


def test_the_text_lists_them_above_the_last_line(tree: Path, capsys: Capture) -> None:
    assert tree.is_dir()
    code, out, _ = run(capsys, "scan", "--show-skipped", "--exclude", "vendor/", "--exit-zero")
    assert "Not checked:\n" in out
    assert "\n  excluded:\n    vendor/\n" in out
    assert " findings (" in out.splitlines()[-1]
    assert code == run(capsys, "scan", "--exclude", "vendor/", "--exit-zero")[0] == 3


def test_nothing_that_was_left_out_is_said_too(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    (tmp_path / "main.tf").write_text("locals {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "Not checked: nothing was left out.\n" in run(capsys, "scan", "--show-skipped")[1]


def test_a_format_that_cannot_hold_it_is_refused(capsys: Capture) -> None:
    code, _, err = run(capsys, "scan", "--show-skipped", "--format", "sarif")
    assert (code, err) == (2, "posturio-iac: --show-skipped needs the format text or json; add one of them\n")


def test_the_page_shows_the_heads_that_there_are() -> None:
    page = (ROOT / "docs/not-checked.md").read_text(encoding="utf-8")
    example = page.partition("Not checked:\n")[2].partition("```")[0]
    shown = [line.strip(" :") for line in example.splitlines() if line.endswith(":")]
    assert shown == [head for head in HEADS.values() if head in shown]
    assert len(shown) > 3
