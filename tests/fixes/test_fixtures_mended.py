"""Every program of the fixtures is mended: what was done is gone, nothing else is found, and a second time changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from posturio_iac.frontends.terraform.syntax import hcl
from posturio_iac.frontends.terraform.syntax.parsing import parse
from posturio_iac.frontends.terraform.syntax.references import references, spelled, walk
from posturio_iac.frontends.terraform.syntax.tree import is_sound, tree_of
from tests.support.fixing import OPTIONS, OWNER, fix
from tests.support.fixture_tools import FIXTURES, cases, edits, scan, written_edits

PROGRAMS = [*(case.folder for case in cases() if case.kind == "flagged"), *sorted((FIXTURES / "cloudformation").glob("*/"))]


def found(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(f["rule"], f["address"]) for f in report["findings"] if "suppressed" not in f}


def errors(report: dict[str, Any]) -> int:
    return [d["level"] for d in report["diagnostics"]].count("error")


def blocks(folder: Path) -> dict[tuple[str, bytes], tuple[range, bytes]]:
    """The blocks of HCL that a program consists of, by file and header: their lines and their text."""
    made: dict[tuple[str, bytes], tuple[range, bytes]] = {}
    for path in sorted(folder.rglob("*.tf")):
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        for block in (b for body in tree_of(data).root_node.children for b in body.children if b.type == "block"):
            text = data[block.start_byte : block.end_byte]
            lines = range(block.start_point[0] + 1, block.end_point[0] + 2)
            made[path.relative_to(folder).as_posix(), text.partition(b"{")[0]] = lines, text
    return made


def places(report: dict[str, Any]) -> set[tuple[str, int]]:
    """The lines that the findings of a report and their changes are about."""
    edits = [(e["path"], e["line"]) for f in report["findings"] for e in f.get("fix", {}).get("edits", ())]
    keys = [(k["path"], k["line"]) for k in report["keys"] if k["verdict"] == "flagged"]
    return {*edits, *keys, *((f["remedy"]["path"], f["remedy"]["line"]) for f in report["findings"] if f.get("remedy"))}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_mended_is_gone_and_nothing_else_is_found(tmp_path: Path, program: Path) -> None:
    folder = tmp_path / program.name
    shutil.copytree(program, folder)
    _, before = scan(folder)
    old, misused = blocks(folder), misuses(folder)
    code, diff, _ = fix(folder, *OPTIONS)
    assert code == (3 if errors(before) else 1 if diff else 0)
    if program.parent.name != "cloudformation":
        assert edits(diff) == written_edits(program.parent.name).get(program.name, "")
    fix(folder, *OPTIONS, "--write")
    _, after = scan(folder)
    assert found(after) <= found(before)
    assert misuses(folder) <= misused
    assert fix(folder, *OPTIONS)[1] == ""
    assert errors(after) == errors(before)
    rules = sorted({rule for rule, _ in found(before)})
    changed = {place: old[place][0] for place, (_, text) in blocks(folder).items() if place in old and text != old[place][1]}

    def untouched(report: dict[str, Any]) -> list[tuple[str, bytes]]:
        return [place for place, lines in changed.items() if not any(path == place[0] and line in lines for path, line in places(report))]

    assert not untouched(before) or not untouched(mended_alone(program, tmp_path / "alone" / program.name, rules))


def mended_alone(program: Path, copy: Path, rules: list[str]) -> dict[str, Any]:
    """The report once only the findings of some rules are mended: what it shows then was hidden by them."""
    shutil.copytree(program, copy)
    fix(copy, *OPTIONS, "--write", "--select", ",".join(rules))
    return scan(copy)[1]


def misuses(folder: Path) -> set[str]:
    """What Terraform refuses about ``count`` and ``for_each``: ``each`` without it, and an attribute of all instances at once."""
    made = set()
    for place in {path.parent for path in folder.rglob("*.tf")}:
        bodies = [parse(path.name, path.read_bytes())[0] for path in sorted(place.glob("*.tf"))]
        resources = [block for body in bodies for block in body.all("resource")]
        repeated = {tuple(block.labels) for block in resources if block.get("count") or block.get("for_each")}
        for block in resources:
            held = [block.body, *(b.body for b in block.body.blocks if b.type not in ("lifecycle", "dynamic"))]
            used = [one for body in held for attribute in body.attributes.values() for one in walk(attribute.expression)]
            names = {one.name for one in used if isinstance(one, hcl.Name)}
            for name, argument in (("each", "for_each"), ("count", "count")):
                if name in names and block.get(argument) is None:
                    made.add(f"{'.'.join(block.labels)} has {name} and no {argument}")
            for one in used:
                if isinstance(one, hcl.GetAttr) and isinstance(one.target, hcl.GetAttr) and references(one.target) in repeated:
                    made.add(f"{'.'.join(block.labels)} has {spelled(one)}, which has several instances")
    return made


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_safe_levels_add_no_resource_and_leave_keys_alone(tmp_path: Path, program: Path) -> None:
    folder = tmp_path / program.name
    shutil.copytree(program, folder)
    old = blocks(folder)
    fix(folder, "--owner", OWNER, "--write")
    new = blocks(folder)
    assert old.keys() == new.keys()
    for place, (_, text) in new.items():
        assert text.count(b"replace_triggered_by") == old[place][1].count(b"replace_triggered_by")
    for path in folder.rglob("*.tf"):
        if is_sound(tree_of((program / path.relative_to(folder)).read_bytes().removeprefix(b"\xef\xbb\xbf")).root_node):
            assert is_sound(tree_of(path.read_bytes().removeprefix(b"\xef\xbb\xbf")).root_node)
