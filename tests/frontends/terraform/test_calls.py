"""Which modules are roots: those that no call gets to, whatever the text around it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hcl_programs import blocks, calls
from tests.support.terraform_programs import PLAIN, reading

CALL = 'module "m" {\n  source = "./m"\n}\n'
INNER = 'module "n" {\n  source = "../n"\n}\n'
BROKEN = 'module "m" {\n  source = "./m"\n  tags = = {}\n}\n'


def addresses(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    return [key.address for key in reading(root, files).keys]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BROKEN, id="a syntax error"),
        pytest.param(CALL.replace("}", ""), id="no end"),
        pytest.param('resource "a" "b" {\n  x = {\n' + CALL.replace('"m"', '"m" "second"'), id="a block that never ends"),
        pytest.param('data "a" "b" {\n' + CALL + "}\n", id="a nested block"),
        pytest.param('locals {\n  module = "m"\n  source = "./m"\n}\n', id="arguments"),
        pytest.param('locals {\n  x = "module m { source = ${"./m"} }"\n}\n', id="a string with an interpolation"),
        pytest.param("/* it's */ # /*\n// module m {\n", id="comments"),
        pytest.param('module "m" {\n  # source = "./m"\n  source = "acme/m/aws"\n}\n', id="a comment in a call of another module"),
        pytest.param('module "m" {\n  x = { source = "./m" }\n  source = "acme/m/aws"\n}\n', id="an argument of a call of another module"),
        pytest.param('{"//": {"module": {"m": {"source": "./m"}}}}', id="a comment"),
        pytest.param('{"module": {"//": {"source": "./m"}}}', id="a comment among calls"),
        pytest.param('{"module": {"m": {"//": {"source": "./m"}, "source": "acme/m/aws"}}}', id="a comment in a call"),
        pytest.param('{"module": {"m": {"x": {"source": "./m"}, "source": "acme/m/aws"}}}', id="an argument"),
        pytest.param('{"output": {"x": {"value": "{\\"source\\": \\"./m\\"}"}}}', id="a string"),
        pytest.param('{"module": {"m": {"source": "./m"}}', id="a syntax error"),
    ],
)
def test_a_call_that_is_none_leaves_the_module_a_root(tmp_path: Path, text: str) -> None:
    code = {"main.tf.json": text} if text[0] == "{" else {"main.tf": text + "# ./m\n"}
    assert "aws_iam_access_key.ci" in addresses(tmp_path, {**code, "m/main.tf": PLAIN})


@pytest.mark.parametrize("absent", ["count = 0", "for_each = {}", "for_each = toset([])", "count = local.no ? 1 : 0"])
def test_what_a_call_without_an_instance_leads_to_is_no_root(tmp_path: Path, absent: str) -> None:
    caller = f'locals {{\n  no = false\n}}\nmodule "m" {{\n  source = "./m"\n  {absent}\n}}\n'
    assert addresses(tmp_path, {"main.tf": caller, "m/main.tf": INNER + PLAIN, "n/main.tf": PLAIN}) == []


def test_a_module_that_one_caller_leaves_out_and_another_cannot_be_read_is_no_root(tmp_path: Path) -> None:
    absent = CALL.replace("}", "  count = 0\n}").replace("./m", "../m")
    files = {"a/main.tf": absent, "b/main.tf": BROKEN.replace("./m", "../m"), "m/main.tf": PLAIN}
    found = reading(tmp_path, files)
    assert found.keys == ()
    assert [d.path for d in found.diagnostics] == ["b/main.tf"]


def test_of_modules_behind_a_call_that_is_none_only_the_first_is_a_root(tmp_path: Path) -> None:
    files = {"main.tf": BROKEN, "m/main.tf": INNER + PLAIN, "n/main.tf": PLAIN}
    assert addresses(tmp_path, files) == ["aws_iam_access_key.ci", "module.n.aws_iam_access_key.ci"]


def test_modules_behind_a_call_that_is_none_may_call_each_other(tmp_path: Path) -> None:
    back = 'module "back" {\n  source = "../m"\n}\n'
    files = {"main.tf": BROKEN, "m/main.tf": INNER + PLAIN, "n/main.tf": back + PLAIN}
    found = addresses(tmp_path, files)
    assert found == ["aws_iam_access_key.ci", "module.n.aws_iam_access_key.ci"]


@given(st.lists(blocks(), max_size=3), calls("./m"), st.lists(blocks(), max_size=3))
def test_text_that_looks_like_code_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], call: str, after: list[str]
) -> None:
    root = tmp_path_factory.mktemp("code")
    text = "".join((*before, call, *after))
    files: dict[str, str | bytes] = {"main.tf": text.encode(), "m/main.tf": PLAIN, "fake/main.tf": PLAIN, "real/main.tf": PLAIN}
    found = sorted((key.span.path, key.address.startswith("module.")) for key in reading(root, files).keys if key.span)
    assert found == [("fake/main.tf", False), ("m/main.tf", True), ("real/main.tf", False)]
