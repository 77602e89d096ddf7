"""Secrets that are followed between modules: a program and the same split into modules show the same, and following takes linear work."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posturio_iac.core.model import AccessKey
from tests.support.terraform_programs import KEY, Counted, keys, reading

HOPS: dict[str, tuple[str, str]] = {
    "local": ("locals {{\n  v{n} = {value}\n}}\n", "local.v{n}"),
    "object": ('locals {{\n  v{n} = {{ id = "x", secret = {value} }}\n}}\n', "local.v{n}.secret"),
    "other part": ('locals {{\n  v{n} = {{ id = "x", secret = {value} }}\n}}\n', "local.v{n}.id"),
    "text": ('locals {{\n  v{n} = "a ${{{value}}} b"\n}}\n', "local.v{n}"),
    "json": ("locals {{\n  v{n} = jsonencode([{value}])\n}}\n", "local.v{n}"),
    "hash": ("locals {{\n  v{n} = sha256({value})\n}}\n", "local.v{n}"),
    "resource": ('resource "terraform_data" "v{n}" {{\n  input = {value}\n}}\n', "terraform_data.v{n}.output"),
}
SINKS = {
    "plain": 'resource "aws_ssm_parameter" "sink" {{\n  name = "s"\n  type = "String"\n  value = {value}\n}}\n',
    "encrypted": 'resource "aws_ssm_parameter" "sink" {{\n  name = "s"\n  type = "SecureString"\n  value = {value}\n}}\n',
    "user data": 'resource "aws_instance" "sink" {{\n  user_data = {value}\n}}\n',
    "tag": 'resource "aws_s3_bucket" "sink" {{\n  tags = {{ a = {value} }}\n}}\n',
    "not here": 'module "sink" {{\n  source = "git::https://example.com/m.git?ref=v1"\n  value = {value}\n}}\n',
}
INPUT = 'variable "value" {\n}\n'
SHOWN = 'variable "secret" {\n}\nresource "aws_instance" "this" {\n  user_data = var.secret\n}\n'


def flat(hops: list[str], sink: str) -> dict[str, str]:
    """A program in one module, whose key's secret takes some hops to a sink."""
    code, value = [KEY], "aws_iam_access_key.ci.secret"
    for number, hop in enumerate(hops):
        block, made = HOPS[hop]
        code.append(block.format(n=number, value=value))
        value = made.format(n=number)
    return {"main.tf": "".join((*code, SINKS[sink].format(value=value)))}


def split(hops: list[str], sink: str, apart: list[bool]) -> dict[str, str]:
    """The same program with some of its parts in modules of their own: the key, each hop, and the sink."""
    files = {}
    main: list[str] = []

    def module(name: str, code: str, result: str, given: str = "") -> str:
        files[f"{name}/main.tf"] = code + (f'output "value" {{\n  value = {result}\n  sensitive = true\n}}\n' if result else "")
        argument = f"  value = {given}\n" if given else ""
        main.append(f'module "{name}" {{\n  source = "./{name}"\n{argument}}}\n')
        return f"module.{name}.value"

    value = "aws_iam_access_key.ci.secret"
    if apart[0]:
        value = module("key", KEY, value)
    else:
        main.append(KEY)
    for number, (hop, away) in enumerate(zip(hops, apart[2:], strict=True)):
        block, made = HOPS[hop]
        if away:
            value = module(f"hop{number}", INPUT + block.format(n=number, value="var.value"), made.format(n=number), value)
        else:
            main.append(block.format(n=number, value=value))
            value = made.format(n=number)
    if apart[1]:
        module("deep", INPUT + SINKS[sink].format(value="var.value"), "", value)
    else:
        main.append(SINKS[sink].format(value=value))
    return {**files, "main.tf": "".join(main)}


def shown(files: dict[str, str]) -> tuple[int, int]:
    """Return in how many places the secret of the only key leaves, and in how many it may."""
    with tempfile.TemporaryDirectory() as folder:
        (found,) = keys(Path(folder), files).values()
    return len(found.exposures), len(found.possible_exposures)


@given(st.data())
def test_splitting_a_program_into_modules_keeps_what_is_shown(data: st.DataObject) -> None:
    hops = data.draw(st.lists(st.sampled_from(sorted(HOPS)), max_size=4))
    sink = data.draw(st.sampled_from(sorted(SINKS)))
    apart = data.draw(st.lists(st.booleans(), min_size=len(hops) + 2, max_size=len(hops) + 2))
    hidden = {"hash", "other part"} & set(hops) or sink == "encrypted"
    expected = (0, 0) if hidden else (0, 1) if sink == "not here" else (1, 0)
    assert shown(flat(hops, sink)) == expected
    assert shown(split(hops, sink, apart)) == expected


def pairs(size: int) -> dict[str, str]:
    """Return keys that each give their secret to a module of their own, through one map of all."""
    entries = "".join(f"    k{n} = aws_iam_access_key.k{n}.secret\n" for n in range(size))
    blocks = "".join(
        f'resource "aws_iam_access_key" "k{n}" {{\n  user = "u{n}"\n}}\n'
        f'module "m{n}" {{\n  source = "./m"\n  name = var.name\n  secret = local.all.k{n}\n}}\n'
        for n in range(size)
    )
    return {"main.tf": f"locals {{\n  all = {{\n{entries}  }}\n}}\n{blocks}", "m/main.tf": SHOWN}


def chain(size: int) -> dict[str, str]:
    """A secret that goes down from module to module, each of which shows it."""
    files = {"main.tf": f'{KEY}module "m" {{\n  source = "./m0"\n  secret = aws_iam_access_key.ci.secret\n}}\n'}
    for n in range(size):
        call = f'module "m" {{\n  source = "../m{n + 1}"\n  secret = var.secret\n}}\n' if n + 1 < size else ""
        files[f"m{n}/main.tf"] = SHOWN + call
    return files


def many_names(size: int) -> dict[str, str]:
    """A module whose calls are given many names, none of which holds a secret."""
    names = "".join(f"  n{n} = local.n{n - 1}\n" if n else "  n0 = 1\n" for n in range(size))
    calls = "".join(f'module "m{n}" {{\n  source = "./m"\n  name = local.n{n}\n}}\n' for n in range(size))
    return {"main.tf": f"{KEY}locals {{\n{names}}}\n{calls}", "m/main.tf": 'variable "name" {\n}\n'}


def entries(size: int) -> dict[str, str]:
    values = "".join(f"    k{n} = aws_iam_access_key.ci.secret\n" for n in range(size))
    arguments = '  name = each.key\n  type = "String"\n  value = each.value\n'
    return {"main.tf": f'{KEY}resource "aws_ssm_parameter" "all" {{\n  for_each = {{\n{values}  }}\n{arguments}}}\n'}


def work(root: Path, files: dict[str, str]) -> tuple[int, tuple[AccessKey, ...]]:
    steps, budget = Counter[str](), Counted()
    sys.setprofile(lambda frame, *_: steps.update((frame.f_code.co_name,)))
    found = reading(root, files, budget=lambda: budget)
    sys.setprofile(None)
    assert not found.diagnostics
    return budget.steps() + steps["evaluate"], found.keys


@pytest.mark.parametrize(("program", "exposed"), [(pairs, 40), (many_names, 0), (entries, 1)])
def test_following_secrets_takes_linear_work(tmp_path: Path, program: Callable[[int], dict[str, str]], exposed: int) -> None:
    small, _ = work(tmp_path / "small", program(20))
    large, found = work(tmp_path / "large", program(40))
    assert sum(len(key.exposures) for key in found) == exposed
    assert large < 2.4 * small


def test_secret_goes_down_through_modules(tmp_path: Path) -> None:
    small, _ = work(tmp_path / "small", chain(10))
    large, (found,) = work(tmp_path / "large", chain(20))
    assert len(found.exposures) == 20
    assert large < 4.5 * small, "each module asks those above it"


def test_whole_key_that_is_given_shows_only_what_is_read_of_it() -> None:
    inner = 'variable "key" {\n}\nresource "aws_instance" "this" {\n  user_data = var.key.%s\n}\n'
    main = f'{KEY}module "m" {{\n  source = "./m"\n  key = aws_iam_access_key.ci\n}}\n'
    shown_parts = {part: shown({"main.tf": main, "m/main.tf": inner % part}) for part in ("id", "secret", "encrypted_secret")}
    assert shown_parts == {"id": (0, 0), "secret": (1, 0), "encrypted_secret": (0, 0)}


@pytest.mark.parametrize("value", ['join("", local.key.*.secret)', "local.key[0].secret", "jsonencode(local.key)"])
def test_keys_of_an_open_number_show_their_secret(value: str) -> None:
    key = 'variable "n" {\n}\nresource "aws_iam_access_key" "ci" {\n  count = var.n\n  user = "ci"\n}\n'
    held = "locals {\n  key = true ? aws_iam_access_key.ci : null\n}\n"
    assert shown({"main.tf": f'{key}{held}resource "aws_instance" "this" {{\n  user_data = {value}\n}}\n'}) == (1, 0)


@pytest.mark.parametrize("value", ['join("", [file("x"), SECRET])', "local.text", '"${tonumber("q")} ${SECRET}"'])
def test_what_terraform_would_refuse_hides_no_secret(value: str) -> None:
    held = f'{KEY}locals {{\n  text = "${{file("x")}} ${{SECRET}}"\n}}\n'
    code = f'{held}resource "aws_instance" "this" {{\n  user_data = {value}\n}}\n'.replace("SECRET", "aws_iam_access_key.ci.secret")
    assert shown({"main.tf": code}) == (1, 0)


def test_part_that_terraform_would_refuse_hides_no_secret_beside_another(tmp_path: Path) -> None:
    held = 'resource "terraform_data" "t" {\n  input = "${tonumber("q")} ${aws_iam_access_key.ci.secret}"\n}\n'
    other = 'resource "aws_iam_access_key" "b" {\n  user = "b"\n}\n'
    sink = 'resource "aws_instance" "i" {\n  user_data = [terraform_data.t.output, aws_iam_access_key.b.secret]\n}\n'
    assert [len(key.exposures) for key in keys(tmp_path, {"main.tf": KEY + other + held + sink}).values()] == [1, 1]


CALLED_TWICE = {
    "main.tf": 'module "both" {\n  for_each = toset(["a", "b"])\n  source = "./both"\n}\n'
    'module "shown" {\n  source = "./shown"\n  secret = module.both["b"].secret\n}\n',
    "both/main.tf": f'{KEY}output "secret" {{\n  value = aws_iam_access_key.ci.secret\n  sensitive = true\n}}\n',
}
ELEMENTS = {
    "main.tf": 'resource "aws_iam_access_key" "ci" {\n  for_each = toset(["a", "b"])\n  user = each.key\n}\n'
    'module "shown" {\n  for_each = { x = aws_iam_access_key.ci["b"].secret }\n  source = "./shown"\n  secret = each.value\n}\n'
}


@pytest.mark.parametrize(
    ("files", "address"),
    [(CALLED_TWICE, 'module.both["{}"].aws_iam_access_key.ci'), (ELEMENTS, 'aws_iam_access_key.ci["{}"]')],
    ids=["of each call of a module", "of each element"],
)
def test_a_secret_leads_to_its_own_key(tmp_path: Path, files: dict[str, str], address: str) -> None:
    found = {key.address: len(key.exposures) for key in keys(tmp_path, {**files, "shown/main.tf": SHOWN}).values()}
    assert found == {address.format("a"): 0, address.format("b"): 1}


def test_module_that_is_given_a_secret_and_is_broken_is_said(tmp_path: Path) -> None:
    main = f'{KEY}module "m" {{\n  source = "./m"\n  secret = aws_iam_access_key.ci.secret\n}}\n'
    found = reading(tmp_path, {"main.tf": main, "m/main.tf": 'resource "aws_instance" "this" {\n  user_data = var.\n}\n'})
    assert [(one.path, one.line) for one in found.diagnostics] == [("m/main.tf", 2)]
