"""Text that looks like code changes no verdict, and neither does a root module beside the others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.fixture_tools import FIXTURES, scan

LOOKALIKES = (
    'resource "aws_iam_access_key" "fake" {\n  user = "fake"\n}',
    'module "fake" {\n  source = "./fake"\n}',
    'provider "aws" {\n  default_tags {\n    tags = { expires = "2026-12-01", owner = "fake" }\n  }\n}',
    'resource "aws_iam_user" "ci" {\n  name = "ci"\n  tags = { expires = "2020-01-01" }\n}',
    "}}}} {{ ${ %{ if",
    "lifecycle { replace_triggered_by = [time_static.x] }",
    'user = "root"\nstatus = "Inactive"',
)
PROGRAMS = ("flagged", "clean", "flagged_for_each", "clean_module_input", "flagged_module_called_twice", "clean_merged_locals", "unknown")


def hidden(text: str, way: str, number: int) -> str:
    """HCL in which a text is no code: in a comment, a string or a heredoc."""
    match way:
        case "#" | "//":
            return "".join(f"{way} {line}\n" for line in text.splitlines())
        case "/*":
            return f"/*\n{text}\n*/\n"
        case "string":
            escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("${", "$${").replace("%{", "%%{")
            return f'locals {{\n  inserted_{number} = "{escaped}"\n}}\n'
        case _:
            escaped = text.replace("${", "$${").replace("%{", "%%{")
            return f"locals {{\n  inserted_{number} = <<-END_OF_TEXT\n{escaped}\n  END_OF_TEXT\n}}\n"


def verdicts(folder: Path) -> list[tuple[Any, ...]]:
    _, report = scan(folder)
    keys = [(k["path"], k["address"], k["verdict"], k["user"], k["owner"]) for k in report["keys"]]
    return sorted([*keys, *((f["path"], f["address"], f["rule"], f["message"].split("(")[0], "") for f in report["findings"])], key=str)


INSERTED = st.lists(st.tuples(st.sampled_from(LOOKALIKES), st.sampled_from(("#", "//", "/*", "string", "heredoc"))), min_size=1, max_size=4)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(inserted=INSERTED)
@example(inserted=[(text, way) for text in LOOKALIKES for way in ("#", "//", "/*", "string", "heredoc")])
def test_text_that_looks_like_code_is_none(tmp_path: Path, program: str, inserted: list[tuple[str, str]]) -> None:
    folder = tmp_path / "p"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FIXTURES / "access_keys_without_lifetime" / program, folder)
    before = verdicts(folder)
    assert before
    for file in folder.rglob("*.tf"):
        with file.open("a", encoding="utf-8") as out:
            out.write("\n\n" + "\n".join(hidden(text, way, n) for n, (text, way) in enumerate(inserted)))
    assert verdicts(folder) == before


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unrelated_root_module_changes_nothing(tmp_path: Path, program: str) -> None:
    shutil.copytree(FIXTURES / "access_keys_without_lifetime" / program, tmp_path / "one")
    before = verdicts(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    code = 'resource "aws_iam_user" "z" {\n  name = "somebody-else"\n  tags = { expires = "2027-01-01" }\n}\n'
    (other / "main.tf").write_text(code + 'resource "aws_iam_access_key" "z" {\n  user = aws_iam_user.z.name\n}\n', encoding="utf-8")
    after = verdicts(tmp_path)
    assert [one for one in after if not one[0].startswith("other/")] == before
    assert len(after) > len(before)


def movable() -> list[Path]:
    """Programs of one file that mean the same wherever they stand: no variables, providers, settings or calls."""
    rules = ("access_keys_without_lifetime", "inert_access_key_rotation", "overlong_access_key_lifetimes", "exposed_access_key_secrets")
    found = sorted(path for rule in rules for path in (FIXTURES / rule).glob("*/main.tf") if len(list(path.parent.iterdir())) == 1)
    bound = ("variable ", "provider ", "terraform {", "module ", "path.", "output ")
    texts = ((path, path.read_text(encoding="utf-8")) for path in found)
    return [path.parent for path, text in texts if not any(line.startswith(bound) or "path." in line for line in text.splitlines())]


@pytest.mark.parametrize("program", movable(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_program_split_into_modules_keeps_its_verdicts(tmp_path: Path, program: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    shutil.copytree(program, whole)
    shutil.copytree(program, parts / "inner/most")
    (parts / "inner/main.tf").write_text('module "most" {\n  source = "./most"\n}\n', encoding="utf-8")
    (parts / "main.tf").write_text('module "inner" {\n  source = "./inner"\n}\n', encoding="utf-8")

    def seen(folder: Path) -> list[tuple[str, ...]]:
        _, report = scan(folder)
        found = [(k["address"], k["verdict"]) for k in report["keys"]] + [(f["address"], f["rule"]) for f in report["findings"]]
        return sorted((address.removeprefix("module.inner.module.most."), what) for address, what in found)

    assert seen(parts) == seen(whole)
