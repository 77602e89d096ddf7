"""What we are built from: actions by their commit, packages of the action by their hash, somebody who approves, newer tags."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from posturio_iac.config.load import parse_toml
from posturio_iac.core.metadata.owners import CodeOwners
from tests.support.command_line import ROOT
from tests.support.repository import Repository

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_actions_are_named_by_commit_and_version(path: Path) -> None:
    used = re.findall(r"^ *-? *uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", one)] == []


def pinned_by(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)(?: ;[^\\\n]*)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))
    assert len(pinned) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))
    return set(pinned)


def named(*extras: str) -> set[str]:
    project = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "")
    lists = [project["project"]["dependencies"], project["build-system"]["requires"]]
    lists += [project["project"]["optional-dependencies"][extra] for extra in extras]
    return {re.split(r"[>=;\[ ]", one)[0].lower() for one in chain(*lists)}


def test_the_image_is_built_from_a_digest_and_from_hashes() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert [
        one for one in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if not re.fullmatch(r"python:3\.13-slim@sha256:[0-9a-f]{64}", one)
    ] == []
    assert [
        words
        for words in re.findall(r"pip install (.*)", text)
        if "--require-hashes" not in words and "--no-deps --no-build-isolation" not in words
    ] == []
    assert named("live", "report") - {"tomli"} <= pinned_by(".ci/image.txt")


def test_the_action_installs_each_dependency_by_hash() -> None:
    assert named() <= pinned_by(".ci/requirements.txt")
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (install,) = (step["run"] for step in action["runs"]["steps"] if "-m pip" in step.get("run", ""))
    assert "wheels=(--require-hashes --no-deps --only-binary :all: --requirement" in install
    assert install.count('"${pip[@]}"') == install.count('"${wheels[@]}"') == 2


INSTALLERS = [*WORKFLOWS, *(ROOT / "docs/examples").rglob("*.yml")] + [
    ROOT / name
    for name in (
        "action.yml",
        "templates/scan.yml",
        "docs/ci.md",
        "docs/checkov.md",
        "docs/cfn-lint.md",
        "posturio_iac/commands/adopt/texts.py",
    )
]


@pytest.mark.promise("strangers' modules")
@pytest.mark.parametrize("path", INSTALLERS, ids=lambda path: path.name)
def test_python_never_starts_in_a_checkout_without_isolation(path: Path) -> None:
    found = re.findall(r"""^[^`\n]*python3?["']? +-(?:m|$| ).*$""", path.read_text(encoding="utf-8"), re.MULTILINE | re.IGNORECASE)
    assert found == []


@pytest.mark.parametrize("path", [".github/workflows/release.yml", ".ci/requirements.txt", "action.yml", "pyproject.toml", "Dockerfile"])
def test_what_runs_with_rights_has_an_owner(path: str) -> None:
    owners = CodeOwners((ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8"))
    assert owners.of(path)


def test_newer_releases_are_proposed() -> None:
    told: dict[str, Any] = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    assert {one["package-ecosystem"] for one in told["updates"]} == {"github-actions", "pip", "docker"}
    assert all(one["cooldown"]["default-days"] >= 7 for one in told["updates"])


def test_a_release_has_provenance_and_a_bill_of_materials() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert text.count("uses: actions/attest-build-provenance@") == 2
    assert "permissions: {}" in text
    assert "secrets." not in text
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    assert any("cyclonedx-py environment" in step.get("run", "") and "sbom.cdx.json" in step["run"] for step in jobs["build"]["steps"])
    steps = jobs["publish"]["steps"]
    (attest,) = (place for place, step in enumerate(steps) if step["uses"].startswith("actions/attest@"))
    assert steps[attest]["with"] == {"subject-path": "dist/*", "sbom-path": "sbom/sbom.cdx.json"}
    assert attest < next(place for place, step in enumerate(steps) if step["uses"].startswith("pypa/"))
    assert [jobs["publish"]["permissions"][name] for name in ("attestations", "id-token")] == ["write", "write"]


def test_newer_tags_of_known_modules_are_named(tmp_path: Path) -> None:
    """The repository of one module is a local one; those of the others cannot be asked."""
    made = Repository(tmp_path / "boldlink/terraform-aws-iam-user")
    made.write("main.tf", "")
    made.commit()
    for tag in ("1.0.4", "1.0.5", "1.0.6", "v2.0", "not-a-version"):
        made.git("tag", tag)
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    for part, said in (("boldlink/", "boldlink/iam-user/aws: 1.0.6, v2.0\n"), ("cytopia/", "cytopia/iam/aws: cannot ask github.com")):
        command = [sys.executable, str(ROOT / ".ci/newer.py"), part]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr, done.stdout[: len(said)]) == (1, "", said)
