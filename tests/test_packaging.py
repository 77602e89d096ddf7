"""What the package promises about itself: metadata, the commands of the README, what a run loads, and what docs/upgrading.md keeps."""

from __future__ import annotations

import json
import os
import pkgutil
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import posturio_iac
from docs.pack_pages import promises
from posturio_iac.commands import COMMANDS
from posturio_iac.config.load import parse_toml
from posturio_iac.config.option_table import ARGUMENTS, LIVE_GROUPS, NAMES, OPTIONS, OVERRIDE, OWNERS, RETIRE_GROUPS, SUPPRESSION
from posturio_iac.core.finding import Exit
from posturio_iac.rules import all_rules
from tests.support.readme import ACCOUNT, INSTALL, RELEASED, REPOSITORY, TEST, block, blocks

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "")["project"]
KEY = """\
resource "aws_iam_access_key" "ci" {
  user = "ci"
}
"""

HEAVY = {"asyncio", "boto3", "cfnlint", "checkov", "concurrent", "http", "importlib.metadata", "importlib.resources", "jinja2"}
HEAVY |= {"logging", "socket", "ssl", "unittest", "urllib.request", "xml"}
"""Never loaded by a scan in text format."""
PARSERS = {"tree_sitter", "tree_sitter_hcl", "yaml"}
UNNEEDED = {"argparse", "pathlib", "subprocess", "tempfile", "tomllib", "tomli", "json"}


RARE = {"core.host_ids", "core.text.gitignore", "metadata.comments", "metadata.directives", "scan.skipped"}
RARE |= {"frontends.terraform.modules.values_given", "fixes.hcl_rotation"}
RARE |= {f"frontends.terraform.{name}" for name in ("modules.component_stacks", "known_modules.versions", "syntax.templates")}
"""Modules of ours that a key without comments, in a module without override files, owners and calls, has no use for."""


def loaded(*argv: str, cwd: Path = ROOT) -> set[str]:
    code = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv.pop(1))\n"
        "from posturio_iac.cli import main\n"
        "main(sys.argv[1:])\n"
        "print('\\n' + ' '.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), *argv], cwd=cwd, capture_output=True, text=True, check=True)
    assert "stopped on an internal error" not in done.stderr
    return set(done.stdout.splitlines()[-1].split())


def public_modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages(posturio_iac.__path__, "posturio_iac.")]
    return [name for name in found if not name.startswith(("posturio_iac.adapters.", "posturio_iac.live.", "posturio_iac.__main__"))]


def readme_commands() -> list[str]:
    commands: list[str] = runpy.run_path(str(ROOT / ".ci" / "readme.py"))["commands"]((ROOT / "README.md").read_text(encoding="utf-8"))
    return commands


def test_base_dependencies_are_the_two_parsers() -> None:
    names = [re.split(r"[><=; ]", d)[0] for d in PROJECT["dependencies"]]
    assert names == ["tree-sitter", "tree-sitter-hcl", "PyYAML", "tomli"]


def test_no_module_bears_the_name_of_one_of_python() -> None:
    """A cloned repository of policies is loaded by bare names in checkov, where an ``ast`` of ours would replace that of Python."""
    names = {path.stem for path in (ROOT / "posturio_iac").rglob("*.py")}
    assert names & sys.stdlib_module_names == set()


def test_tomli_is_for_python_without_tomllib() -> None:
    (tomli,) = (d for d in PROJECT["dependencies"] if d.startswith("tomli"))
    assert tomli.endswith("; python_version < '3.11'")


def test_every_dependency_has_a_lower_bound() -> None:
    extras = PROJECT["optional-dependencies"]
    assert all(">=" in d for d in [*PROJECT["dependencies"], *(d for extra in extras.values() for d in extra)])


def test_version_is_a_release() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", posturio_iac.__version__)


@pytest.mark.parametrize("page", ["README.md", "docs/ci.md", "docs/pre-commit.md", "docs/examples/live/workflow.yml", "templates/scan.yml"])
def test_pages_install_this_version(page: str) -> None:
    """A release changes `__version__`, and this names each place that has yet to follow."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(
        r"(?:rev: v|posturio-iac@v|posturio-iac==|posturio-iac/scan@|VERSION: \"|posturio-iac:|default: \")(\d+\.\d+\.\d+)", text
    )
    assert set(named) == {posturio_iac.__version__}


def test_changelog_opens_with_unreleased_or_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] in ("Unreleased", posturio_iac.__version__)


def test_console_script_and_module_are_the_same_program() -> None:
    assert PROJECT["scripts"] == {"posturio-iac": "posturio_iac.cli:program"}
    done = subprocess.run([sys.executable, "-m", "posturio_iac", "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"posturio-iac {posturio_iac.__version__}\n"


def test_readme_opens_with_the_command_that_installs_and_ends_with_the_one_that_tests() -> None:
    install, *_, test = readme_commands()
    assert "pip install" in install
    assert "posturio-iac scan" in install
    assert "examples/" in install
    assert test.endswith("nox")


def test_every_shell_block_of_the_readme_is_one_that_a_test_runs() -> None:
    """The sessions `live` and `hosts` run them as printed, CI the first and the last; nobody would run another one."""
    known = (INSTALL, REPOSITORY, RELEASED, ACCOUNT, TEST)
    assert [text.startswith(start) for text, start in zip(blocks("sh"), known, strict=True)] == [True] * 5


@pytest.mark.parametrize("beginning", [INSTALL, TEST])
def test_the_readme_says_how_long_a_command_takes(beginning: str) -> None:
    (note,) = (line for line in block(beginning).splitlines() if line.startswith("#"))
    assert re.search(r"about \d+ (seconds|minutes)", note)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```sh\na\n\n# note\nb\n```\n", ["a", "b"]),
        ("```console\n$ a\noutput\n$ b\n```\n", ["a", "b"]),
        ("```python\na\n```\n```text\n$ b\n```\n", []),
    ],
)
def test_commands_of_a_readme(markdown: str, expected: list[str]) -> None:
    assert runpy.run_path(str(ROOT / ".ci" / "readme.py"))["commands"](markdown) == expected


IMPORT_EACH = """
import importlib, os, sys, traceback
failed = []
for name in sys.argv[1:]:
    child = os.fork()  # a process that has imported nothing of ours, without the cost of starting one
    if not child:
        try:
            said = importlib.import_module(name).__doc__
        except BaseException:
            traceback.print_exc()
            said = None
        os._exit(not (said or "").strip())
    if os.waitpid(child, 0)[1]:
        failed.append(name)
sys.exit(" ".join(failed) or 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_each_module_imports_alone_and_says_what_it_is() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_EACH, *public_modules()], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rules_and_engine_run_on_the_standard_library_alone() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import posturio_iac.judge.engine, posturio_iac.core.metadata.lifetime, posturio_iac.core.metadata.directives\n"
        "from posturio_iac.rules import all_rules\n"
        "assert all_rules()"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_version_loads_nothing_but_the_command_line() -> None:
    modules = loaded("--version")
    assert modules & (HEAVY | PARSERS | UNNEEDED | {"dataclasses", "inspect"}) == set()
    assert {m for m in modules if m.startswith("posturio_iac.rules")} == set()


def test_scan_without_keys_loads_no_parser_no_model_and_no_rules(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "b" {\n}\n', encoding="utf-8")
    modules = loaded("scan", str(tmp_path))
    assert modules & (HEAVY | PARSERS | UNNEEDED) == set()
    assert (
        modules & {"posturio_iac.core.model", "posturio_iac.judge.engine", "posturio_iac.frontends.terraform.syntax.parsing", "dataclasses"}
        == set()
    )


def test_scan_of_ordinary_terraform_loads_no_parser_and_no_patterns(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    modules = loaded("scan", str(tmp_path))
    assert modules & (HEAVY | PARSERS | {"typing", "re", "pathlib", "subprocess", "tempfile"}) == set()
    assert modules & {f"posturio_iac.{name}" for name in RARE} == set()
    assert {m for m in modules if m.startswith("posturio_iac.frontends.cloudformation")} == set()


def test_scan_compiles_no_code(tmp_path: Path) -> None:
    """The first compilation of a text makes all classes of Python's own syntax trees; `typing` compiles each name in quotes."""
    (tmp_path / "main.tf").write_text(KEY, encoding="utf-8")
    code = (
        "import sys, tree_sitter; sys.path.insert(0, sys.argv.pop(1)); compiled = []\n"
        "sys.addaudithook(lambda event, given: event == 'compile' and given[1] == '<string>' and compiled.append(given[0]))\n"
        "from posturio_iac.cli import main\n"
        "main(sys.argv[1:])\n"
        "sys.exit(repr(compiled) if compiled else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), "scan", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_scan_of_json_template_loads_no_parser(tmp_path: Path) -> None:
    template = {"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "ci"}}}}
    (tmp_path / "stack.json").write_text(json.dumps(template), encoding="utf-8")
    assert loaded("scan", str(tmp_path)) & (HEAVY | PARSERS) == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_of_a_command_loads_no_parser(command: str) -> None:
    assert loaded(command, "--help") & (PARSERS | {"boto3"}) == set()


RULES = json.loads((ROOT / "docs/rules/promised.json").read_text(encoding="utf-8"))
"""Severities and ids by rule. docs/generate.py adds new rules and never changes what stands there."""
KEYS = """
    max_lifetime_days unused_days grace_days require fail_on strict select ignore exclude max_file_size engine engine_version var_files
    source parameters baseline custom_types names known_modules overrides suppressions owners
    prefixes expiry rotation rotate_by rotated_on owner exempt paths tags users reason until rule path address
"""
FLAGS = """
    --fail-on --strict --select --ignore --exclude --max-file-size --engine --var-file --source --parameters --baseline --changed-since
    --exit-zero --no-suppressions --as-of --config --no-config --stdin-filename --color --verbose --quiet
    --unused --profile --exact --ledger --context --resume --fail-on-new --organization --ou --account-tag --account
    --exclude-account --role-name --external-id --dask
    --code --state --stack-region --group-by --owners-file --show-key-ids
    --answers --again --ask-ownerless --reply-to --include-in-use --valid --check --stats --all
"""


def test_severities_and_ids_of_rules_are_permanent() -> None:
    assert {name: {"severity": entry.rule.severity.name, **entry.rule.host_ids} for name, entry in all_rules().items()} == RULES


def test_a_promise_is_not_changed_by_the_generator() -> None:
    altered = {**RULES, "iam.root_access_keys": {"severity": "LOW", "checkov": "CKV_POSTURIO_99"}}
    del altered["iam.expired_access_keys"]
    again = json.loads(promises(all_rules(), altered))
    assert again == {**altered, "iam.expired_access_keys": RULES["iam.expired_access_keys"]}
    assert again["iam.root_access_keys"]["severity"] == "LOW"


def test_keys_of_the_configuration_stay() -> None:
    assert {option.name for options in (OPTIONS, NAMES, OVERRIDE, SUPPRESSION, OWNERS) for option in options} >= set(KEYS.split())


def test_options_of_the_command_line_stay() -> None:
    groups = (ARGUMENTS, *LIVE_GROUPS.values(), *RETIRE_GROUPS.values())
    assert {option.flag for options in groups for option in options} >= set(FLAGS.split())


def test_exit_codes_stay() -> None:
    assert {code.name: code.value for code in Exit} == {"CLEAN": 0, "FINDINGS": 1, "USAGE": 2, "INCOMPLETE": 3, "INTERRUPTED": 130}
